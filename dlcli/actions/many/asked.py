"""What one line asks of `dlcli train`, as plain values that another process takes, and the request that they make there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dlcli.config import config_of
from dlcli.training.train import Request


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A training of a line. `content` is the configuration's file as it was when all lines were checked."""

    line: int
    words: Sequence[str]
    """What `dlcli train` would be told; the run records it."""
    file: str
    content: bytes
    settings: Sequence[str]
    runs: Path
    name: str | None
    rename: bool
    allow_code: bool
    number: int | None = None
    threads: Mapping[str, int] = field(default_factory=dict)
    resume: Path | None = None
    """The folder of the run to go on with, where this is not the beginning."""

    def request(self) -> Request:
        """What it asks, with its configuration read. Raises `ConfigError`."""
        return Request(
            config_of(self.content, file=self.file, settings=self.settings),
            self.content,
            self.file,
            self.runs,
            name=self.name,
            rename=self.rename,
            allow_code=self.allow_code,
            settings=self.settings,
            number=self.number,
            threads=self.threads,
        )
