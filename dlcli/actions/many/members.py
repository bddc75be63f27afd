"""The runs of a group as they are planned: one for each seed, or one for each fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dlcli.actions.many.asked import Asked
from dlcli.config import Config
from dlcli.config.schema import LARGEST_SEED
from dlcli.errors import ArtifactError, UsageError
from dlcli.runs.groups import Group, GroupKind


@dataclass(frozen=True, kw_only=True)
class GroupPlan:
    """What the runs of a group are trained with: `settings` all of them, `members` each of its own, by name.

    So many `side_by_side`, with so many `threads` each; `folder` is the working folder, from which files are named.
    """

    settings: Sequence[str]
    members: Mapping[str, Sequence[str]]
    side_by_side: int
    threads: int
    folder: str

    def plain(self) -> dict[str, Any]:
        """As `group.json` holds it."""
        return asdict(self)

    def is_same(self, other: GroupPlan) -> bool:
        """Whether the same runs are planned, however many at a time."""
        return self.is_begin_of(other) and len(self.members) == len(other.members)

    def is_begin_of(self, other: GroupPlan) -> bool:
        """Whether the other plans the same runs, and perhaps more of them."""
        same = all([*each] == [*other.members.get(name, ())] for name, each in self.members.items())
        return same and [*self.settings] == [*other.settings]


def plan_of(group: Group) -> GroupPlan:
    """The plan of a group. Raises `ArtifactError` where it has none."""
    try:
        return GroupPlan(**group.read().plan)
    except TypeError:
        message = f"what '{group.name}' was to train is not to be read"
        raise ArtifactError(message, file=group.record_file, kind="damaged_group") from None


def members_asked_for(
    config: Config, *, seeds: int | None, folds: int | None
) -> tuple[GroupKind, dict[str, list[str]]]:
    """The runs of so many seeds, or so many folds, each with its settings. Raises `UsageError` for both at once,
    and for a fold that is chosen already.
    """
    if seeds is not None and folds is not None:
        raise UsageError(
            "seeds and folds vary two things at once, and one deviation would mix them",
            hint=f"--folds {folds} --set seed=1 --set data.split.seed={config.seed} trains the same folds with another seed",
            kind="options_exclude_each_other",
        )
    if folds is not None and config.data.split.fold is not None:
        raise UsageError(
            f"'data.split.fold' is {config.data.split.fold}, and --folds trains each fold in turn",
            hint="leave one of them out",
            kind="options_exclude_each_other",
        )
    if folds is not None:
        return GroupKind.FOLDS, {f"fold-{n}": [f"data.split.fold={n}/{folds}"] for n in range(1, folds + 1)}
    assert seeds is not None
    last = config.seed + seeds - 1
    if last > LARGEST_SEED:
        raise UsageError(
            f"{seeds} seeds from {config.seed} on end at {last}, and the largest is {LARGEST_SEED}",
            hint="begin at another: --set seed=0",
            kind="out_of_range",
        )
    # The mean is one over first weights and orders on one split: a split of its own for each seed would be another question.
    fixed = [] if config.data.split.seed is not None else [f"data.split.seed={config.seed}"]
    return GroupKind.SEEDS, {f"seed-{n}": [f"seed={n}", *fixed] for n in range(config.seed, last + 1)}


def trainings_of_group(group: Group, *, allow_code: bool) -> dict[str, Asked]:
    """What each member asks of `dlcli train`, by name. Raises `ArtifactError` where the group has no such plan."""
    plan, record = plan_of(group), group.read()
    here = record.config == "-" or plan.folder == str(Path.cwd())
    file = record.config if here else str(Path(plan.folder) / record.config)
    content = group.content()
    asked = {}
    for number, (name, own) in enumerate(plan.members.items(), start=1):
        settings = [*plan.settings, *own]
        words = [word for each in settings for word in ("--set", each)]
        words += ["--allow-code"] if allow_code else []
        asked[name] = Asked(
            line=number,
            words=[file, *words, "--name", name, "--runs", str(group.path)],
            file=file,
            content=content,
            settings=settings,
            runs=group.path,
            name=name,
            rename=False,
            allow_code=allow_code,
            threads={"inter": plan.threads, "intra": plan.threads},
        )
    return asked
