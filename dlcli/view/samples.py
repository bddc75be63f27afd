"""Samples as a person can look at them: images as half-blocks, series as curves, text as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from rich.console import Console
from rich.text import Text

from dlcli.view.console.console import printable, supports_unicode
from dlcli.view.drawing.curve import curve
from dlcli.view.drawing.halfblocks import gallery

WIDEST = 100
CURVE_HEIGHT = 10
MOST_CHANNELS = 4
LONGEST = 500
"""So many steps of a series are drawn, where waves can be seen."""
QUIET = 0.5
"""A long series is drawn from its beginning, unless that moves less than this share of what its liveliest piece does."""


class Shown(Protocol):
    """A sample with its kind (image, series or text) and a caption; of a series the names of its channels, if they have any."""

    @property
    def kind(self) -> str: ...
    @property
    def caption(self) -> str: ...
    @property
    def values(self) -> Any: ...
    @property
    def names(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class ShownPicture:
    """A picture (height, width, …) with a caption."""

    caption: str
    values: Any
    kind: str = "image"
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Piece:
    """What is drawn of a series of so many `steps`, from `start` on: its first channels (time,) by name."""

    steps: int
    start: int
    channels: dict[str, list[float]]

    @property
    def length(self) -> int:
        """How many steps are drawn."""
        return len(next(iter(self.channels.values()), []))

    @property
    def label(self) -> str:
        """What the axis of time is called."""
        if self.length == self.steps:
            return "time"
        if not self.start:
            return f"time, the first {self.length:,} of {self.steps:,} steps"
        return f"time, {self.length:,} of {self.steps:,} steps"


def drawn_piece(values: Any, names: Sequence[str] = ()) -> Piece:
    """The piece of a series (time, features) that is drawn; of a long one the beginning, or where it moves most."""
    start, width = liveliest(values[:, :MOST_CHANNELS]), values.shape[1]
    called = names if len(names) == width else [f"channel {at}" for at in range(width)]
    part = values[start : start + LONGEST]
    return Piece(len(values), start, {called[at]: part[:, at].tolist() for at in range(min(width, MOST_CHANNELS))})


def liveliest(values: Any) -> int:
    """Where the piece begins that is drawn of a series (time, features)."""
    import numpy as np

    if len(values) <= LONGEST:
        return 0
    starts = np.minimum(np.arange(0, len(values), LONGEST // 2), len(values) - LONGEST)
    moves = np.array([float(np.std(values[start : start + LONGEST], axis=0).sum()) for start in starts])
    return 0 if moves[0] >= QUIET * moves.max() else int(starts[moves.argmax()])


def draw_samples(console: Console, samples: Sequence[Shown]) -> None:
    """All samples, images beside each other."""
    unicode, width = supports_unicode(console.file), min(console.width, WIDEST)
    for kind, of_kind in groupby(samples, key=lambda each: each.kind):
        console.print()
        if kind == "image":
            coloured = console.is_terminal and not console.no_color
            images = [(each.caption, each.values) for each in of_kind]
            console.print(gallery(images, width=width, unicode=unicode, colour=coloured))
            continue
        for each in of_kind:
            console.print(Text(printable(each.caption), style="bold"))
            console.print(series(each, width, unicode) if kind == "series" else Text(printable(each.values)))


def series(sample: Shown, width: int, unicode: bool) -> Text:
    """A piece of a series (time, features) as curves."""
    piece = drawn_piece(sample.values, sample.names)
    return curve(
        piece.channels,
        width=width,
        height=CURVE_HEIGHT,
        x_label=piece.label,
        first=piece.start,
        unicode=unicode,
    )
