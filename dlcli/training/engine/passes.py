"""Epochs of so many steps as parts of passes: each pass goes once over all samples, in an order of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Begin:
    """How many epochs, steps and passes over the samples were done, or begun, before a phase of training."""

    epoch: int = 0
    step: int = 0
    passes: int = 0


@dataclass(frozen=True)
class Span:
    """Some steps that lie in one pass: from its batch `position` on, before `end`. `number` counts passes from 0."""

    number: int
    position: int
    end: int


def spans(first: int, last: int, *, batches: int) -> Iterator[Span]:
    """The steps `first` to `last` of a phase, in passes of so many batches."""
    while first < last:
        number, position = divmod(first, batches)
        end = min(batches, position + last - first)
        yield Span(number, position, end)
        first += end - position
