"""A finding: what a rule has seen in data, in a model or in a training, as a code with its numbers.

It holds no sentence: what a person reads is made of `code` and `facts` in `dlcli.view.sentences`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Severity = Literal["note", "warning", "error"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A key of the configuration to change, as `--set` takes it: from what, to what, and why."""

    key: str = field(metadata={"json": "set"})
    old: Any = field(metadata={"json": "from"})
    new: Any = field(metadata={"json": "to"})
    why: str
    joined: bool = False
    """Whether it helps together with the advice before it alone."""

    @property
    def about(self) -> str:
        """What is proposed: an advice is given once for each of these."""
        return self.key


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command line to paste, and why."""

    command: str
    why: str

    @property
    def about(self) -> str:
        """What is proposed: an advice is given once for each of these."""
        return self.command


Advice: TypeAlias = Setting | Command


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a rule has seen.

    `where` is what it is about, if it is one thing: a column, tensor, split, layer, or a key of the configuration. `facts`
    are the names and numbers by which a rule came to it, as plain data.
    """

    code: str
    severity: Severity
    where: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    advice: Sequence[Advice] = ()


def only_name(names: Sequence[str]) -> str | None:
    """The one name of a list that holds no more: what a finding about it is about."""
    return names[0] if len(names) == 1 else None
