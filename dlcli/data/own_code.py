"""Runs a Python file of the person's own, which only `--allow-code` lets happen."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from dlcli.errors import DataError, DlcliError
from dlcli.first_line import named_line


def run_file(path: Path, *, name: str) -> ModuleType:
    """The module that a file makes under a name. Raises `DataError` at the line of the file at which it fails."""
    module = ModuleType(name)
    module.__file__ = str(path)
    with inside(path):
        # As a file alone, it leaves no folder of compiled code behind.
        exec(compile(path.read_bytes(), str(path), "exec"), vars(module))
    return module


@contextlib.contextmanager
def inside(path: Path) -> Iterator[None]:
    """While it is open, what the code prints goes to standard error and what it raises becomes an error at its line."""
    with contextlib.redirect_stdout(sys.stderr):  # What it prints is no result of dlcli's.
        try:
            yield
        except DlcliError:
            raise
        except (Exception, SystemExit) as error:
            raise raised_inside(error, path) from error


def raised_inside(error: BaseException, path: Path) -> DataError:
    """The error of code of the person's own, at the line in their file."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else (lines or [None])[-1]
    return DataError(f"it raised {named_line(error)}", file=path, line=line, kind="own_code_raised")
