"""The source `triplets`: a handwritten digit, another that says the same, and one that does not; made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.samples.bundled import DIGITS
from dlcli.data.sources.samples.generated import Samples
from dlcli.data.sources.samples.made import Made
from dlcli.data.sources.samples.written_digits import written_digits

if TYPE_CHECKING:
    import numpy as np

NAMES = ["anchor", "like", "unlike"]


class Triplets(Made):
    """Three handwritten digits, 8×8 grey values from 0 to 1: two of one kind and one of another.

    The label says which kind the first is; whoever compares them leaves it out.
    """

    word: ClassVar[str] = "triplets"

    samples: Samples = 3000
    """How many times three pictures."""

    def drawn(self, generator: np.random.Generator) -> Fields:
        import numpy as np

        pictures, labels = written_digits()
        kinds = [np.flatnonzero(labels == digit) for digit in range(10)]
        first = generator.integers(10, size=self.samples)
        other = (first + generator.integers(1, 10, self.samples)) % 10
        same = [generator.choice(kinds[kind], 2, replace=False) for kind in first]
        chosen = np.column_stack([np.array(same), [generator.choice(kinds[kind]) for kind in other]])
        arrays = {name: pictures[rows] for name, rows in zip(NAMES, chosen.T, strict=True)}
        return self.fields(
            {**arrays, "label": first},
            "label",
            axes=dict.fromkeys(NAMES, ("samples", "height", "width")),
            classes={"label": DIGITS},
        )

    def input_names(self) -> list[str] | None:
        return NAMES
