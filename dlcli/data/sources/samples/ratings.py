"""The source `ratings`: how many stars readers gave to books, after tastes that are not shown; made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.samples.generated import Noise, Samples
from dlcli.data.sources.samples.made import Made

if TYPE_CHECKING:
    import numpy as np

Many = Annotated[int, Field(ge=2, le=100_000)]


class Ratings(Made):
    """A reader, a book, and one to five stars: two tastes that meet, and how generous a reader and how good a book is."""

    word: ClassVar[str] = "ratings"

    samples: Samples = 6000
    """How many ratings."""
    readers: Many = 100
    """How many readers there are."""
    books: Many = 60
    """How many books there are."""
    noise: Noise = 0.3
    """The standard deviation of what moves a rating at random, in stars."""

    def drawn(self, generator: np.random.Generator) -> Fields:
        import numpy as np

        reader, book = (generator.integers(many, size=self.samples) for many in (self.readers, self.books))
        taste, kind = generator.normal(size=(self.readers, 2)), generator.normal(size=(self.books, 2))
        generous, good = generator.normal(0, 0.4, self.readers), generator.normal(0, 0.4, self.books)
        stars = 3 + generous[reader] + good[book] + 0.7 * (taste[reader] * kind[book]).sum(axis=1)
        stars += generator.normal(0, self.noise, self.samples)
        names = {"reader": [f"reader {number}" for number in reader], "book": [f"book {number}" for number in book]}
        arrays = {name: np.array(values, object) for name, values in names.items()}
        return self.fields({**arrays, "stars": stars.round().clip(1, 5)}, "stars")
