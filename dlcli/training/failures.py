"""What ends a training before its end: a bug leaves its traceback in the run, used-up memory says what to change."""

from __future__ import annotations

import dataclasses
import traceback

from dlcli.errors import DlcliError, InternalError, ResourceError
from dlcli.first_line import named_line
from dlcli.foreign_error import plugin_error
from dlcli.runs import Run, RunState
from dlcli.runs.atomic import write_bytes
from dlcli.unexpected import is_used_up


def recorded_bug(run: Run, state: RunState, error: BaseException) -> DlcliError:
    """The error to raise for one that nobody expected: its traceback is in the run, or memory is used up."""
    failure = out_of_memory(error) or plugin_error(error)
    if failure is None:
        write_bytes(run.error_log, "".join(traceback.format_exception(error)).encode())
        message = f"a bug in dlcli: {named_line(error)}"
        failure = InternalError(message, file=run.error_log, hint="please report it with the traceback in this file")
    dataclasses.replace(state, status="failed", reason=failure.message, exit_code=failure.code).write(run)
    return failure


def out_of_memory(error: BaseException) -> DlcliError | None:
    """The error to raise if this one says that memory is used up."""
    if is_used_up(error):
        return ResourceError(
            "training does not fit in memory",
            hint="lower train.batch_size, or make the layers smaller",
            kind="out_of_memory",
        )
    return None
