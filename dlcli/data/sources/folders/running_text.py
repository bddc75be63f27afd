"""Windows over running text: so many characters or words each, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dlcli.data.fields.fields import Fields, Place, Spans
from dlcli.data.fields.lazy import Lazy
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

Pieces = Literal["character", "whitespace"]


@dataclass(frozen=True)
class Cut:
    """How text is cut: windows of so many `pieces`, of which two begin `stride` pieces after each other."""

    window: int
    stride: int
    pieces: Pieces

    def pieces_of(self, text: str) -> Sequence[str]:
        """A text in its pieces."""
        return text if self.pieces == "character" else text.split()


class RunningText(Lazy):
    """The windows of some texts, as text: (samples,) of objects."""

    def __init__(self, texts: Sequence[Sequence[str]], starts: Sequence[np.ndarray[Any, Any]], cut: Cut) -> None:
        import numpy as np

        super().__init__((sum(map(len, starts)),), object)
        self.texts, self.starts, self.cut = texts, starts, cut
        self.first = np.cumsum([0, *map(len, starts)])

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        found = np.empty(len(rows), object)
        between = "" if self.cut.pieces == "character" else " "
        numbers = np.searchsorted(self.first, rows, side="right") - 1
        for at, (row, number) in enumerate(zip(rows.tolist(), numbers.tolist(), strict=True)):
            start = int(self.starts[number][row - self.first[number]])
            found[at] = between.join(self.texts[number][start : start + self.cut.window])
        return found


def running_text(name: str, files: Sequence[str], texts: Sequence[str], cut: Cut) -> Fields:
    """The windows of some files as the field `name`. Raises `DataError` where no file holds as many pieces as a window."""
    import numpy as np

    pieces = [cut.pieces_of(text) for text in texts]
    starts = [np.arange(0, len(each) - cut.window + 1, cut.stride) for each in pieces]
    longest = max(map(len, pieces))
    if longest < cut.window:
        what = "characters" if cut.pieces == "character" else "words"
        raise DataError(
            f"a window takes {cut.window} {what}, with what follows it, but the longest text has {longest}",
            file=files[0],
            hint="take a longer text; a smaller window is written before training",
            kind="window_too_long",
        )
    before = np.cumsum([0, *map(len, pieces)])
    spans = Spans(
        np.concatenate([own + start for own, start in zip(starts, before, strict=False)]), cut.window, cut.pieces
    )
    places = [Place(file, len(own)) for file, own in zip(files, starts, strict=True)]
    return Fields(
        {name: RunningText(pieces, starts, cut)},
        places,
        axes={name: ("samples",)},
        inputs=(name,),
        texts=frozenset({name}),
        spans=spans,
    )
