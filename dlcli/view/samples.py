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


class Shown(Protocol):
    """A sample with its kind (image, series or text) and a caption."""

    @property
    def kind(self) -> str: ...
    @property
    def caption(self) -> str: ...
    @property
    def values(self) -> Any: ...


@dataclass(frozen=True)
class ShownPicture:
    """A picture (height, width, …) with a caption."""

    caption: str
    values: Any
    kind: str = "image"


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
            console.print(series(each.values, width, unicode) if kind == "series" else Text(printable(each.values)))


def series(values: Any, width: int, unicode: bool) -> Text:
    """The first channels of a series (time, features) as curves; of a long one its beginning, where waves can be seen."""
    length, count = min(len(values), LONGEST), min(values.shape[1], MOST_CHANNELS)
    channels = {f"channel {number}": values[:length, number].tolist() for number in range(count)}
    label = "time" if length == len(values) else f"time, the first {length:,} of {len(values):,} steps"
    return curve(channels, width=width, height=CURVE_HEIGHT, x_label=label, first=0, unicode=unicode)
