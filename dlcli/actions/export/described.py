"""What an artefact takes and gives, as its schema.json says it: names, shapes, types, axes, and what each number means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["number", "name", "code", "time", "text", "array", "prepared"]
"""What an input holds. `number`, `name`, `time`: the cells of a column. `code`: which of the names it is. `prepared`: what the
preparation has made of it, which stays outside."""
Says = Literal["classes", "yes_or_no", "labels", "scores", "sign", "numbers"]
"""What an output holds: the probability of each class; that of the second of two; that of each label; scores of which the
largest decides, or the sign; numbers."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """An input: `name` is what a person calls it, `tensor` what the file does; `shape` is that of one sample."""

    name: str
    tensor: str
    shape: Sequence[int]
    dtype: str
    axes: Sequence[str]
    kind: Kind
    meaning: str
    names: Sequence[str] | None = None
    """The names that training knew, in the order of their codes."""
    missing: float | str | None = None
    """What stands for an empty cell (NaN, or an empty text); None where there may be none."""
    padding: float | None = None
    """What stands at the places behind the end of a shorter sample."""
    blanks: str | None = None
    """The pattern whose finds in a text are to be replaced by a blank before it is given."""
    prepared_by: Sequence[Mapping[str, Any]] | None = None
    """The layers that prepare it, where that is left outside: each with its arguments, and with what it has learnt."""
    seen: tuple[float, float] | None = None
    """The least and the greatest number of the training rows, where that is known."""
    example: Any = None
    """A value such as a person might give."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """An output: `name` is that of the target, `tensor` that in the file; `shape` is that of one sample."""

    name: str
    tensor: str
    shape: Sequence[int]
    dtype: str
    says: Says
    meaning: str
    classes: Sequence[str] | None = None
    """What the last axis stands for, in its order; of `yes_or_no` the two that one number decides between."""
    threshold: float | None = None
    """Above which number it is the second of the two; None of other outputs."""


@dataclass(frozen=True, kw_only=True)
class Described:
    """The keys of schema.json."""

    run: str
    format: str
    file: str
    takes_raw_data: bool
    """Whether all preparation is inside; otherwise the inputs of kind `prepared` or `code` say what is left outside."""
    samples_at_a_time: int | None
    """How many samples it takes in one call; None where it takes any number."""
    inputs: Sequence[Taken]
    outputs: Sequence[Given]
    trained_with: Mapping[str, str] = field(default_factory=dict)
    """The versions that it was trained with."""
