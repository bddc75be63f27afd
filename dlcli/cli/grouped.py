"""What `train` and `resume` share of groups: the options of seeds and folds, and the members as they end."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli import options
from dlcli.cli.asked import words_asked
from dlcli.cli.output import err, give
from dlcli.errors import UsageError

if TYPE_CHECKING:
    from dlcli.runs.groups import Group
    from dlcli.training.train import Request

PARTIAL = 9
"""The exit code where some trainings have failed."""

Seeds = Annotated[
    int | None, typer.Option(min=2, metavar="N", help="Train with N seeds on one split: mean and deviation.")
]
Folds = Annotated[
    int | None,
    typer.Option(min=2, max=10_000, metavar="K", help="Cross-validate: K trainings, each judged by another part."),
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, metavar="N", help="Of seeds or folds train so many side by side.")
]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=options.MOST_THREADS,
        metavar="N",
        help="Threads of each of them; by default the processors shared out.",
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Of seeds or folds keep what is done, and go on with what was stopped.")
]


def check_alone(*, jobs: int | None, threads: int | None, resume: bool) -> None:
    """Raises `UsageError` for options of groups where one run is trained."""
    given = [name for name, value in (("--jobs", jobs), ("--threads", threads), ("--resume", resume)) if value]
    if given:
        hint = "dlcli resume RUN goes on with one" if given[0] == "--resume" else "add --seeds N or --folds K"
        raise UsageError(f"{given[0]} is for --seeds and --folds", hint=hint, kind="option_without_effect")


def train_members(
    request: Request,
    *,
    seeds: int | None,
    folds: int | None,
    jobs: int | None,
    threads: int | None,
    resume: bool,
    json: bool,
    verbose: bool,
) -> None:
    """Trains a configuration with several seeds, or cross-validates it."""
    from dlcli.actions.many.grouping import group_of
    from dlcli.config.devices import check_begun_here
    from dlcli.view.console.labelled import note

    with request.config.locating():
        check_begun_here(request.config.train.distribute)
    side_by_side = jobs or 1
    group = group_of(
        request,
        seeds=seeds,
        folds=folds,
        side_by_side=side_by_side,
        threads=threads,
        resume=resume,
        words=words_asked(),
    )
    if resume and not group.members():
        note(err(), f"note: no group was begun with these settings; all of {group.name} is trained")
    show_group(group, side_by_side=side_by_side, allow_code=request.allow_code, json=json, verbose=verbose)


def show_group(group: Group, *, side_by_side: int, allow_code: bool, json: bool, verbose: bool) -> None:
    """Trains what is left of a group, and gives what has come of it."""
    from dlcli.actions.many.trained_group import train_group
    from dlcli.view.group import draw_group, draw_member

    console = err()
    shown = train_group(
        group,
        lambda member, count, of: draw_member(console, member, count, of, verbose=verbose),
        side_by_side=side_by_side,
        allow_code=allow_code,
    )
    console.print()
    give(shown, draw_group, as_json=json)
    if shown.stopped is not None:
        raise typer.Exit(128 + signal.Signals[shown.stopped])
    if shown.failed:
        raise typer.Exit(PARTIAL)


def group_named(root: Path, name: str, one_run: Mapping[str, object]) -> Group | None:
    """The group of a name, if it is that of one. Raises `UsageError` for options of `one_run` alone that have been given."""
    from dlcli.runs.groups import Group

    group = Group.found(root, name)
    given = [option for option, value in one_run.items() if value]
    if group is not None and given:
        message = f"{given[0]} is for one run, and '{group.name}' is a group"
        hint = f"leave it out, or name one of the group: {group.name}/…"
        raise UsageError(message, hint=hint, kind="option_without_effect")
    return group


def evaluated_as_group(
    root: Path, name: str, one_run: Mapping[str, object], *, split: str, data: str | None, allow_code: bool, json: bool
) -> bool:
    """Evaluates a group, if the name is that of one, and says whether it was."""
    group = group_named(root, name, one_run)
    if group is None:
        return False
    from dlcli.actions.evaluated_group import evaluate_group
    from dlcli.view.console.labelled import note as say_note
    from dlcli.view.evaluated_group import draw_evaluated_group
    from dlcli.view.group import left_out_words

    shown = evaluate_group(group, split=split, data=data, allow_code=allow_code)
    for note in [*(f"without {words}" for words in left_out_words(shown.left_out)), *shown.notes]:
        say_note(err(), f"note: {note}")
    give(shown, draw_evaluated_group, as_json=json)
    return True


def resume_group(
    root: Path, name: str, one_run: Mapping[str, object], *, allow_code: bool, json: bool, verbose: bool
) -> bool:
    """Goes on with a group, if the name is that of one, and says whether it was."""
    group = group_named(root, name, one_run)
    if group is None:
        return False
    from dlcli.actions.many.members import plan_of
    from dlcli.runs.groups import ALIKE

    record = group.read()
    if record.kind not in ALIKE:
        message = f"'{group.name}' goes on by the command that began it"
        raise UsageError(message, hint=shlex.join(["dlcli", *group.words_here(record)]), kind="group_goes_on_otherwise")
    plan = plan_of(group)
    show_group(group, side_by_side=plan.side_by_side, allow_code=allow_code, json=json, verbose=verbose)
    return True
