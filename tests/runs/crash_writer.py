"""Commits checkpoints until it is killed.

Each line of standard input, `[mode, at, rounds, folder]` in JSON, forks a worker that commits so many rounds into the
folder. It prints `PID n`, a dot before every call that changes the disk, and `=ROUND` after each commit; where `at` is
not 0 it prints no dots but kills itself before call number `at`. `END SIGNAL` closes its output.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.runs import Run
from dlcli.runs.atomic import remove_folder
from dlcli.runs.checkpoint import save

CALLS = ["open", "write", "fsync", "rename", "replace", "mkdir", "unlink", "rmdir"]
OUTPUT = 1
say = os.write


def arrays_of(number: int) -> dict[str, Any]:
    return {"weights": np.full((64, 64), number, "float32"), "층/bias": np.arange(number, dtype="int64")}


def forward(run: Run, number: int) -> None:
    """A checkpoint a step, as training does."""
    save(run, step=number, arrays=arrays_of(number), state={"round": number}, keep=2)


def again(run: Run, number: int) -> None:
    """The same step saved over and over."""
    save(run, step=7, arrays=arrays_of(number), state={"round": number}, keep=2)


def deleting_first(run: Run, number: int) -> None:
    """The wrong way to save a step again."""
    if (run.checkpoints / "step-0000000007").exists():
        remove_folder(run.checkpoints / "step-0000000007")
    again(run, number)


def in_place(run: Run, number: int) -> None:
    """The wrong way to write: under the final name from the start."""
    folder = run.checkpoints / f"step-{number:010d}"
    folder.mkdir(parents=True)
    buffer = io.BytesIO()
    np.savez(buffer, **{f"a{place}": array for place, array in enumerate(arrays_of(number).values())})
    described = [{"name": name, "dtype": str(array.dtype)} for name, array in arrays_of(number).items()]
    state = json.dumps({"step": number, "arrays": described, "state": {"round": number}})
    contents = {"vars.npz": buffer.getvalue(), "state.json": state.encode()}
    manifest = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    }
    for name, content in {**contents, "MANIFEST.json": json.dumps(manifest).encode()}.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT)
        os.write(descriptor, content[: len(content) // 2])
        os.write(descriptor, content[len(content) // 2 :])
        os.fsync(descriptor)
        os.close(descriptor)


MODES: dict[str, Callable[[Run, int], None]] = {
    "forward": forward,
    "again": again,
    "deleting first": deleting_first,
    "in place": in_place,
}


def watch(at: int) -> None:
    """Makes the calls that change the disk known, or deadly."""
    passed = 0

    def before() -> None:
        nonlocal passed
        passed += 1
        if at == 0:
            say(OUTPUT, b".")
        elif passed == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            before()
            return real(*arguments, **options)

        return call

    for name in CALLS:
        setattr(os, name, watched(getattr(os, name)))


def work(mode: str, at: int, rounds: int, folder: str) -> None:
    say(OUTPUT, f"PID {os.getpid()}\n".encode())
    watch(at)
    for number in range(1, rounds + 1):
        MODES[mode](Run(Path(folder)), number)
        say(OUTPUT, f"={number}\n".encode())


def main() -> None:
    for line in sys.stdin:
        worker = os.fork()
        if worker == 0:
            try:
                work(*json.loads(line))
            finally:
                sys.stderr.flush()
                os._exit(0)
        _, status = os.waitpid(worker, 0)
        say(OUTPUT, f"\nEND {os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}\n".encode())


if __name__ == "__main__":
    main()
