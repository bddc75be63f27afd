"""The command line: the list of commands in the order of the help, and the one place where errors are shown."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from typing import Annotated, NoReturn

import typer

from dlcli import __version__
from dlcli.cli.asked import as_far_as_can_be_told, asked, begin, for_debug, words_asked
from dlcli.cli.baseline import COMMAND as BASELINE
from dlcli.cli.board import COMMAND as BOARD
from dlcli.cli.check import COMMAND as CHECK
from dlcli.cli.compare import COMMAND as COMPARE
from dlcli.cli.doctor import COMMAND as DOCTOR
from dlcli.cli.eject import COMMAND as EJECT
from dlcli.cli.evaluate import COMMAND as EVALUATE
from dlcli.cli.everywhere import Color, Colour, with_options_of_all
from dlcli.cli.export import COMMAND as EXPORT
from dlcli.cli.init import COMMAND as INIT
from dlcli.cli.inspect import COMMAND as INSPECT
from dlcli.cli.inspect_data import COMMAND as INSPECT_DATA
from dlcli.cli.list import COMMAND as LIST
from dlcli.cli.look import COMMAND as LOOK
from dlcli.cli.many import COMMAND as MANY
from dlcli.cli.output import emit, err, leave_quietly
from dlcli.cli.predict import COMMAND as PREDICT
from dlcli.cli.remove import COMMAND as REMOVE
from dlcli.cli.report import COMMAND as REPORT
from dlcli.cli.reproduce import COMMAND as REPRODUCE
from dlcli.cli.resume import COMMAND as RESUME
from dlcli.cli.runs import COMMAND as RUNS
from dlcli.cli.schema import COMMAND as SCHEMA
from dlcli.cli.serve import COMMAND as SERVE
from dlcli.cli.shells import COMPLETE, answer_shell, own_scripts
from dlcli.cli.show import COMMAND as SHOW
from dlcli.cli.signals import hear_signals, signal_of
from dlcli.cli.stopped import draw_stopped, unheard
from dlcli.cli.streams import open_missing_streams, whole
from dlcli.cli.sweep import COMMAND as SWEEP
from dlcli.cli.train import COMMAND as TRAIN
from dlcli.cli.validate import COMMAND as VALIDATE
from dlcli.errors import DlcliError, Stopped, UsageError
from dlcli.progress import show_progress_with

COMMANDS = (
    INIT,
    VALIDATE,
    INSPECT_DATA,
    INSPECT,
    CHECK,
    TRAIN,
    RESUME,
    MANY,
    SWEEP,
    EVALUATE,
    PREDICT,
    RUNS,
    COMPARE,
    REPORT,
    EXPORT,
    BOARD,
    SERVE,
    REPRODUCE,
    REMOVE,
    BASELINE,
    EJECT,
    LOOK,
    LIST,
    SHOW,
    SCHEMA,
    DOCTOR,
)
"""All commands in the order of the help. A new one costs a file here, its import and its line."""

app = typer.Typer(
    name="dlcli",
    help="Trains Keras models: one YAML file describes an experiment in the four steps of deep learning.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in COMMANDS:
    app.command(command.name, rich_help_panel=command.panel, no_args_is_help=False)(
        whole(with_options_of_all(command.run))
    )


def show_version(wanted: bool) -> None:
    """Prints the version and ends."""
    if wanted:
        typer.echo(f"dlcli {__version__}")
        raise typer.Exit


@app.callback()
def general(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", callback=for_debug, is_eager=True, help="Show the traceback of an error.")
    ] = False,
    color: Color = Colour.AUTO,
) -> None:
    """Trains Keras models: one YAML file describes an experiment in the four steps of deep learning."""


def program() -> None:
    """Runs a command as a process of its own, which ends at once: all that was opened is closed by now, and a thread of XLA
    may still be compiling what a stopped training no longer needs. Nothing below this door ends the process.

    Garbage is looked for rarely: what a start makes is kept, and looking costs it a tenth.
    """
    gc.set_threshold(100_000)
    own_scripts()
    open_missing_streams()
    hear_signals()
    try:
        sys.exit(answer_shell(app)) if os.environ.get(COMPLETE) else main()
    except SystemExit as end:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        if "multiprocessing.forkserver" in sys.modules:  # whose socket lies in a folder that is removed at a usual end
            from multiprocessing.util import _exit_function  # type: ignore[attr-defined]

            _exit_function()
        os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))


def watch_progress() -> None:
    """From here on what takes long is shown, on a terminal alone."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        show_progress_with(None)
        return
    from dlcli.view.console.progress_line import ProgressLine

    show_progress_with(ProgressLine(err(), begun=time.monotonic(), wanted=lambda: not asked.quiet))


def main() -> None:
    """Runs a command; every error ends here, with its exit code, and so does Ctrl-C."""
    begin()
    watch_progress()
    try:
        end_of_command()
    except KeyboardInterrupt as error:
        say_stopped(signal_of(error))
    except typer.Abort:
        say_stopped()


def say_stopped(received: signal.Signals = signal.SIGINT) -> NoReturn:
    """Ends a command that a signal has ended before anything else could, its options perhaps not yet read."""
    stopped = Stopped(received, f"stopped by {received.name}")
    with unheard():
        as_far_as_can_be_told(words_asked())
        show_error(stopped)
    sys.exit(stopped.code)


def end_of_command() -> None:
    """Runs a command to its end, whatever that is."""
    try:
        sys.exit(app(standalone_mode=False))
    except DlcliError as error:
        if asked.debug:
            traceback.print_exc()
        show_error(error)
        sys.exit(error.code)
    except BrokenPipeError:
        leave_quietly(141)
    except OSError as error:
        from dlcli.unexpected import refused_by_system

        refused = refused_by_system(error)
        show_error(refused)
        if isinstance(refused, UsageError):
            sys.exit(refused.code)
        leave_quietly(refused.code)
    except Exception as error:
        if hasattr(error, "format_message"):
            as_far_as_can_be_told(words_asked())
            show_error(
                UsageError(
                    error.format_message(), hint="dlcli --help, or dlcli COMMAND --help", kind="bad_command_line"
                )
            )
            sys.exit(UsageError.code)
        if asked.debug:
            raise
        from dlcli.unexpected import unexpected

        failure = unexpected(error)
        show_error(failure)
        sys.exit(failure.code)


def show_error(error: DlcliError) -> None:
    """The error as JSON on standard output where JSON was asked for, otherwise in words on standard error."""
    from dlcli.view.console.console import supports_unicode
    from dlcli.view.console.labelled import line_width, whole_lines
    from dlcli.view.problems import error_text

    if asked.json:
        from dlcli.view.error_json import error_json

        with suppress(OSError):  # Where the error is that standard output cannot be written, the words below must do.
            emit({"error": error_json(error)})
    console = err(always=True)
    whole_lines(console, error_text(error, unicode=supports_unicode(console.file), width=line_width(console)))
    if isinstance(error, Stopped) and error.run is not None:
        draw_stopped(err(), error.run)
    elif error.verdict:
        from dlcli.view.sentences import judgement_read
        from dlcli.view.verdict import draw_verdict

        draw_verdict(console, [judgement_read(each) for each in error.verdict])
