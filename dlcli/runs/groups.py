"""Groups of runs: a folder in the folder of runs that holds runs of one command, and says in `group.json` what they are."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any

from dlcli.errors import ArtifactError, UsageError
from dlcli.first_line import first_line, some_names
from dlcli.runs.atomic import UNREADABLE, read_plain, write_bytes, write_json
from dlcli.runs.folder import (
    GROUP,
    USUAL,
    Run,
    claimed,
    group_folders,
    is_group,
    named_folder,
    next_number,
    places_of_name,
    runs_in,
)
from dlcli.runs.upgrades import numbered, upgraded


class GroupKind(StrEnum):
    """What the runs of a group have in common."""

    FOLDS = "folds"
    SEEDS = "seeds"
    SWEEP = "sweep"


ALIKE = frozenset({GroupKind.FOLDS, GroupKind.SEEDS})
"""Groups whose members are trained with the same configuration, so that a mean over them says something."""


@dataclass(frozen=True)
class GroupRecord:
    """What is known of a group: `number` is that of its first run, `words` are those of its command behind `dlcli`, `config` is
    its configuration by name, and `plan` has what its kind needs to go on with it. `created` is UTC.
    """

    kind: str
    number: int
    created: str
    words: Sequence[str]
    config: str
    plan: Mapping[str, Any] = field(default_factory=dict)

    @property
    def members(self) -> Sequence[str] | None:
        """The names of its runs as they were planned; None where they come as they are begun, as trials do."""
        planned = self.plan.get("members")
        return [*planned] if isinstance(planned, dict) else None


FORMS: dict[str, Any] = {"kind": str, "number": int, "created": str, "words": list, "config": str, "plan": dict}


@dataclass(frozen=True)
class Group:
    """A folder of runs that belong together; a member is claimed with `Run.claim(group.path, …)`."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def root(self) -> Path:
        """The folder of runs that it is in."""
        return self.path.parent

    @property
    def record_file(self) -> Path:
        return self.path / GROUP

    @property
    def config(self) -> Path:
        """The configuration as the person wrote it, byte for byte."""
        return self.path / "config.yaml"

    @classmethod
    def claim(
        cls,
        root: Path,
        name: str,
        kind: GroupKind,
        *,
        words: Sequence[str],
        config: str,
        content: bytes,
        plan: Mapping[str, Any] | None = None,
        rename: bool = True,
    ) -> Group:
        """Makes the folder of a new group, with its record; `content` is the configuration's file.

        Raises what `Run.claim` raises, and `UsageError` in a group.
        """
        if is_group(root):
            raise UsageError(
                f"{root} is a group of runs, and none lies in another",
                hint="choose another folder with --runs",
                kind="group_in_group",
            )
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = GroupRecord(kind, next_number(root), now, [*words], config, plan or {})

        def fill(path: Path) -> None:
            group = cls(path)
            write_bytes(group.config, content)
            group.write(record)

        return cls(claimed(root, name, fill, rename=rename))

    @classmethod
    def find(cls, root: Path, text: str) -> Group:
        """The group of a name or a folder. Raises `ArtifactError` with near names."""
        group = cls.found(root, text)
        if group is not None:
            return group
        names = [path.name for path in group_folders(root)]
        near = get_close_matches(text, names, n=3)
        hint = f"near it: {', '.join(near)}" if near else f"there are: {some_names(names) or 'none'}"
        raise ArtifactError(f"there is no group of runs '{text}' in {root}", file=root, hint=hint, kind="no_such_group")

    @classmethod
    def found(cls, root: Path, text: str) -> Group | None:
        """The group of a name or a folder, None where that is none."""
        return next((cls(named_folder(path)) for path in places_of_name(root, text) if is_group(path)), None)

    def words_here(self, record: GroupRecord) -> list[str]:
        """The words of the command that began it, a search, for where it lies now and what it is called now: it may have been
        copied or renamed since.
        """
        words = [*record.words]
        for option in ("--name", "--runs"):
            if option in words:
                at = words.index(option)
                del words[at : at + 2]
        is_named = "--name" in record.words or Path(str(record.plan.get("storage"))).parent.name != self.name
        folder = str(self.root)
        return [
            *words,
            *(["--name", self.name] if is_named else []),
            *([] if folder == USUAL else ["--runs", folder]),
        ]

    def content(self) -> bytes:
        """The configuration as the person wrote it. Raises `ArtifactError` where it is gone or cannot be read."""
        try:
            return read_plain(self.config)
        except UNREADABLE as error:
            fault = (error.strerror if isinstance(error, OSError) else None) or first_line(error)
        there = next((run.config for run in self.members() if run.config.is_file()), None)
        raise ArtifactError(
            f"{self.config.name} of '{self.name}' cannot be read: {fault}",
            file=self.config,
            hint="put it back" if there is None else f"put it back: {there} is the same",
            kind="damaged_group",
        )

    def members(self) -> list[Run]:
        """Its runs, in the order in which they were started."""
        return [Run(path) for path in runs_in(self.path)]

    def kind(self) -> str | None:
        """What its runs have in common; None where its record is damaged."""
        record = self.record()
        return None if record is None else record.kind

    def record(self) -> GroupRecord | None:
        """Its record, None where that is damaged."""
        with contextlib.suppress(ArtifactError):
            return self.read()
        return None

    def write(self, record: GroupRecord) -> None:
        """Replaces its record."""
        write_json(self.record_file, numbered(GROUP, dataclasses.asdict(record)))

    def read(self) -> GroupRecord:
        """Its record. Raises `ArtifactError` where that is damaged."""
        try:
            content = upgraded(self.record_file, json.loads(read_plain(self.record_file)), run=Run(self.path))
            other = [name for name, form in FORMS.items() if not isinstance(content.get(name), form)]
            fault = f"its '{other[0]}' is missing or has another form" if other else None
        except UNREADABLE as error:
            fault = (error.strerror if isinstance(error, OSError) else None) or first_line(error)
        if fault is not None:
            message = f"{GROUP} of '{self.name}' cannot be read: {fault}"
            raise ArtifactError(message, file=self.record_file, kind="damaged_group")
        return GroupRecord(**{name: content[name] for name in FORMS})


def groups_in(root: Path) -> list[tuple[Group, GroupRecord]]:
    """The groups of a folder of runs with their records, in the order of their numbers, without those that cannot be read."""
    found = []
    for path in group_folders(root):
        with contextlib.suppress(ArtifactError):
            found.append((Group(path), Group(path).read()))
    return sorted(found, key=lambda each: (each[1].number, each[0].name))
