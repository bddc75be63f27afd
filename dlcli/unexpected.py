"""Errors that nobody expected: memory that is used up says so, all others are bugs, of which the traceback is in a file."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path

from dlcli.errors import DlcliError, InternalError, ResourceError, UsageError
from dlcli.first_line import first_line, named_line
from dlcli.foreign_error import plugin_error


def unexpected(error: Exception) -> DlcliError:
    """The error to show in place of one that nobody expected: a plugin's, used-up memory, or a bug."""
    return plugin_error(error) or used_up(error) or bug(error)


def refused_by_system(error: OSError) -> DlcliError:
    """The error to show for what the system refuses: the working directory is gone, or something cannot be written."""
    try:
        Path.cwd()
    except FileNotFoundError:
        message, hint = "the working directory does not exist any more", "cd to a folder that exists"
        return UsageError(message, hint=hint, kind="no_working_directory")
    return ResourceError(
        f"cannot write: {error.strerror or first_line(error)}", file=error.filename, kind="not_writable"
    )


def used_up(error: BaseException) -> ResourceError | None:
    """The error to show if this one says that memory is used up; what it asked for is quoted."""
    if not is_used_up(error):
        return None
    return ResourceError(
        f"memory does not do: {first_line(error)}",
        hint="make sizes, lengths or the batch smaller",
        kind="out_of_memory",
    )


def is_used_up(error: BaseException) -> bool:
    """Whether an error says that memory is used up."""
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"


def bug(error: Exception) -> InternalError:
    """An unexpected error as one line, its traceback in a file."""
    with tempfile.NamedTemporaryFile("w", prefix="dlcli-error-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    return InternalError(
        f"a bug in dlcli: {named_line(error)}",
        file=Path(file.name),
        hint="please report it with the traceback in this file",
    )
