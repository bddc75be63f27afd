"""Every error that dlcli raises, each with the exit code it ends the process with.

    DlcliError                    1  internal    never raised itself
    ├── InternalError             1  internal    a bug; names the file with the traceback
    ├── UsageError                2  usage       a bad flag or run name
    ├── ConfigError               3  config      problems of a configuration file, all at once
    │   ├── LinesError         2, 3              problems of the lines of `many`
    │   └── BlockError            3  config      a problem known by its place in the tree, not yet by its line
    ├── DataError                 4  data        missing, unreadable or malformed data
    ├── ArtifactError             5  artifact    a model or run that is missing, damaged or of another version
    ├── DivergedError             6  diverged    the loss or the weights are no longer finite
    ├── ResourceError             7  resources   memory, disk, quota
    ├── ConflictError             8  conflict    a run in use, a taken name, changed data
    ├── UnsafeError              10  unsafe      refused for safety
    └── Stopped        129, 130, 143  stopped     ended by a signal after the state was saved

Each also carries its `kind`, a word for the mistake itself (`missing_file`, `no_such_column`): scripts, reports and
translations go by it, so a kind once given is kept.

An error says what was found, where, what was expected and what to write instead. It is raised where the fact is known
and shown in one place, the boundary in `dlcli.cli`.
"""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system calls it that there is no room for what is written."""
TreePath = tuple[str | int, ...]
"""The way to a value in a configuration: `("layers", 1, "Dense", "units")`."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a configuration, located.

    `line` and `column` count from 1; both are 0 where the problem belongs to the file as a whole. `text` is the line
    itself and `length` the number of characters under the caret. `file` is a path, `-` for standard input, or the
    option (`--set metrics=…`) that the value came from. `kind` is the word for this sort of mistake (`unknown_key`).
    """

    message: str
    file: str
    line: int = 0
    column: int = 0
    length: int = 1
    text: str = ""
    path: TreePath = ()
    suggestion: str | None = None
    see: str | None = None
    _: KW_ONLY
    kind: str


@dataclass(frozen=True)
class Place:
    """Where something is written: a file, or an option, in which there are no lines."""

    file: str
    line: int | None
    column: int | None


class DlcliError(Exception):
    """What all errors of dlcli share: a message, a kind, a place and a hint on how to mend it."""

    code = 1
    name = "internal"

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        hint: str | None = None,
        file: str | Path | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.hint = hint
        self.file = str(file) if file is not None and str(file) else None  # data that is made has no file
        self.line = line
        self.column = column
        self.named: Place | None = None
        """Where the configuration names `file`."""
        self.about: TreePath = ()
        """The value of the configuration that it goes with, if not with the whole of the data."""
        self.verdict: Sequence[Mapping[str, Any]] = ()
        """What is said of a training that ended with it, as the run records it."""

    def __reduce__(self) -> tuple[Any, ...]:
        """How another process gets it: as it is, without being made anew."""
        return as_it_was, (type(self), self.args, self.__dict__)


def as_it_was(kind: type[DlcliError], arguments: Sequence[Any], held: Mapping[str, Any]) -> DlcliError:
    """An error with all that it held."""
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(held)
    return error


@contextmanager
def concerning(path: TreePath) -> Iterator[None]:
    """Tells errors that are met within which value of the configuration they go with."""
    try:
        yield
    except DlcliError as error:
        error.about = error.about or path
        raise


class InternalError(DlcliError):
    """A bug: an error that nobody expected, its traceback in `file`."""

    kind = "bug"

    def __init__(self, message: str, *, hint: str | None = None, file: str | Path | None = None) -> None:
        super().__init__(message, kind=self.kind, hint=hint, file=file)


class UsageError(DlcliError):
    """The command line is wrong."""

    code = 2
    name = "usage"


class ConfigError(DlcliError):
    """The configuration is wrong; `problems` holds every mistake that was found, in the order of the file."""

    code = 3
    name = "config"

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(
            first.message,
            kind=first.kind,
            hint=first.suggestion or first.see,
            file=first.file,
            line=first.line or None,
            column=first.column or None,
        )
        self.problems = list(problems)


class LinesError(ConfigError):
    """Lines of trainings are wrong, all of them at once; the exit code is that of a wrong command line where all mistakes are."""

    def __init__(self, problems: Sequence[Problem], *, file: str, usage: bool) -> None:
        super().__init__(problems)
        self.lines = file
        if usage:
            self.code, self.name = UsageError.code, UsageError.name


class BlockError(DlcliError):
    """A block cannot be built or does not fit the others; `path` is its place in the configuration.

    The blocks know no lines: `Config.located` turns this into a `ConfigError` at the line of the block.
    """

    code = 3
    name = "config"

    def __init__(self, path: TreePath, message: str, *, kind: str, hint: str | None = None) -> None:
        super().__init__(message, kind=kind, hint=hint)
        self.path = path


class DataError(DlcliError):
    """The data is missing, unreadable or not what the configuration says."""

    code = 4
    name = "data"


class ArtifactError(DlcliError):
    """A model, checkpoint or run is missing, damaged or of an incompatible version."""

    code = 5
    name = "artifact"


class DivergedError(DlcliError):
    """The loss or a weight became NaN or infinite."""

    code = 6
    name = "diverged"


class ResourceError(DlcliError):
    """Memory, disk or another resource is used up."""

    code = 7
    name = "resources"


class ConflictError(DlcliError):
    """Somebody else holds the run, the name is taken, or the data is not the data of the run."""

    code = 8
    name = "conflict"


class UnsafeError(DlcliError):
    """Refused because it could run code or reach files; the message names the flag that allows it."""

    code = 10
    name = "unsafe"


class Stopped(DlcliError):
    """A signal ended the training after its state was saved; the exit code is 128 plus the signal's number.

    `run` is the folder of the run, where steps had begun.
    """

    run: Path | None = None

    name = "stopped"
    kind = "stopped_by_signal"

    def __init__(self, received: signal.Signals, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, kind=self.kind, hint=hint)
        self.code = 128 + received
        self.signal = received
