"""The group that a command of several seeds or folds trains: a new one, or that of the same command before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dlcli.actions.many.members import GroupPlan, members_asked_for, plan_of
from dlcli.actions.many.trained_lines import threads_each
from dlcli.errors import ArtifactError
from dlcli.runs import Run
from dlcli.runs.folder import GROUP, LAST, is_group, is_run, runs_in
from dlcli.runs.groups import Group, GroupKind, groups_in
from dlcli.training.train import Request, asked_name


def group_of(
    request: Request,
    *,
    seeds: int | None,
    folds: int | None,
    side_by_side: int,
    threads: int | None,
    resume: bool,
    words: Sequence[str],
) -> Group:
    """A new group for what is asked, or with `resume` the newest of its name that was begun with the same, which may have had
    fewer seeds. Without a number of threads the processors are shared out, or those are taken that it was begun with.

    Raises `UsageError` for what cannot be asked together.
    """
    kind, members = members_asked_for(request.config, seeds=seeds, folds=folds)
    plan = GroupPlan(
        settings=[*request.settings, *named_weights(request)],
        members=members,
        side_by_side=side_by_side,
        threads=threads_each(side_by_side) if threads is None else threads,
        folder=str(Path.cwd()),
    )
    name = request.name or f"{asked_name(request)}-{kind}"
    if resume:
        check_readable(request.runs / name)
    before = [(each, plan_of(each)) for each in begun_before(request, name, kind)] if resume else []
    fitting = [(each, begun) for each, begun in before if begun.is_begin_of(plan) and threads in {None, begun.threads}]
    if fitting:
        group, begun = max(reversed(fitting), key=lambda each: len(each[1].members))
        return grown(group, begun, plan, words)
    return Group.claim(
        request.runs,
        name,
        kind,
        words=words,
        config=request.file,
        content=request.content,
        plan=plan.plain(),
        rename=request.rename,
    )


def grown(group: Group, begun: GroupPlan, plan: GroupPlan, words: Sequence[str]) -> Group:
    """A group that has begun what is planned, with the members that are planned beside."""
    if not begun.is_same(plan):
        whole = replace(begun, members=plan.members)
        group.write(replace(group.read(), words=[*words], plan=whole.plain()))
    return group


def check_readable(path: Path) -> None:
    """Raises `ArtifactError` for a group that cannot be gone on with: its record or configuration is damaged, or gone from beside
    its runs.
    """
    if is_group(path):
        Group(path).read()
        Group(path).content()
    elif not is_run(path) and runs_in(path):
        raise ArtifactError(
            f"'{path.name}' holds runs, and its {GROUP} is gone",
            file=path / GROUP,
            hint="put it back, or give the new group another --name",
            kind="damaged_group",
        )


def named_weights(request: Request) -> list[str]:
    """The setting that names the run whose weights all members begin with, where that is the last one now: for the second member
    it would be the first. Raises `ArtifactError` where there is none.
    """
    weights = request.config.weights
    if weights is None or weights.source != LAST:
        return []
    return [f"weights.from={Run.find(request.runs, LAST).name}"]


def begun_before(request: Request, name: str, kind: GroupKind) -> list[Group]:
    """The groups of a kind that have a name, or it with a number, and the same configuration, the newest last."""
    called = re.compile(rf"{re.escape(name)}(-\d+)?")
    found = []
    for group, record in groups_in(request.runs):
        if record.kind == kind and called.fullmatch(group.name) and record.config == request.file:
            try:
                found += [group] if group.content() == request.content else []
                plan_of(group)
            except ArtifactError:
                continue
    return found
