"""Pages on runs, each made by a process of its own, so that the table answers meanwhile; kept until its run changes."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dlcli.actions.board.watched import files_seen
from dlcli.runs import Run, read_state, status_of
from dlcli.runs.state import ALIVE

AT_ONCE = 1
"""Pages that are made at a time: each takes a processor and the memory of TensorFlow."""
OLD = 60.0
"""Seconds after which the page of a run that trains is made again when somebody asks."""


@dataclass(frozen=True)
class MadePage:
    """A page as it was made; `fault` says why there is none."""

    seen: Sequence[int]
    at: float
    content: str
    fault: str | None


class MadePages:
    """The pages on the runs of a folder, those that are ready and those that are being made."""

    def __init__(self, folder: Path, *, allow_code: bool) -> None:
        self.folder, self.allow_code = folder, allow_code
        self.ready: dict[Path, MadePage] = {}
        self.making: dict[Path, asyncio.Task[None]] = {}
        self.turn = asyncio.Semaphore(AT_ONCE)

    def page(self, run: Run) -> MadePage | None:
        """The page on a run as it stands; None where it has to be made, which begins with it."""
        made = self.ready.get(run.path)
        if made is not None and (made.seen == files_seen(run.path) or (is_alive(run) and age(made) < OLD)):
            return made
        if run.path not in self.making:
            self.making[run.path] = asyncio.create_task(self.make(run))
        return None

    async def make(self, run: Run) -> None:
        """Makes a page, when it is its turn."""
        try:
            async with self.turn:
                seen = files_seen(run.path)
                content, fault = await self.content_of(run)
                self.ready[run.path] = MadePage(seen, time.monotonic(), content, fault)
        finally:
            del self.making[run.path]

    async def content_of(self, run: Run) -> tuple[str, str | None]:
        """What `dlcli report` writes of a run, or why it writes nothing."""
        file = self.folder / f"{run.flat_name}.html"
        words = ["report", str(run.path.absolute()), "-o", str(file), "--json", "-q"]
        words += ["--allow-code"] if self.allow_code else []
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "dlcli", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            out, _ = await process.communicate()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if process.returncode:
            return "", fault_in(out)
        return file.read_text(encoding="utf-8"), None

    async def stop(self) -> None:
        """Ends what is being made."""
        tasks = [*self.making.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def fault_in(out: bytes) -> str:
    """The message of the error that a command has written as JSON."""
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(out)["error"]["message"])
    return "the page could not be made"


def is_alive(run: Run) -> bool:
    """Whether a run trains. Raises `ArtifactError` where its record is damaged."""
    return status_of(run, read_state(run)) in ALIVE


def age(made: MadePage) -> float:
    """Seconds since a page was made."""
    return time.monotonic() - made.at
