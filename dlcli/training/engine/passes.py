"""Epochs of so many steps as parts of passes: each pass goes once over all samples, in an order of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Begin:
    """How many epochs and steps were done before a phase of training, how many passes begun, and how many samples seen."""

    epoch: int = 0
    step: int = 0
    passes: int = 0
    samples: int = 0


BEGIN = Begin()
"""Before the first phase."""


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


def samples_of(steps: int, *, samples: int, batch_size: int) -> int:
    """How many samples so many steps of a phase take, of passes over `samples` of them."""
    passes, batches = divmod(steps, math.ceil(samples / batch_size))
    return passes * samples + batches * batch_size


def behind(begin: Begin, *, epoch: int, step: int, samples: int, batch_size: int) -> Begin:
    """What was done before the next phase, where one ends after an epoch and a step; it begins with a pass of its own."""
    steps = step - begin.step
    passes = begin.passes + math.ceil(steps / math.ceil(samples / batch_size))
    return Begin(epoch, step, passes, begin.samples + samples_of(steps, samples=samples, batch_size=batch_size))
