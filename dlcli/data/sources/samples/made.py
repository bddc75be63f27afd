"""What all sets of samples have that are made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from dlcli.data.fields.fields import Fields, Place
from dlcli.data.sources.samples.generated import Samples, Seed
from dlcli.data.sources.source import Origin, Reading, SourceBlock

if TYPE_CHECKING:
    import numpy as np


class Made(SourceBlock):
    """Samples from a seed alone."""

    origin: ClassVar[Origin] = Origin.GENERATED

    samples: Samples = 1000
    """How many samples."""
    seed: Seed = 0
    """Where the randomness starts."""

    def read(self, reading: Reading) -> Fields:
        import numpy as np

        return self.drawn(np.random.default_rng(self.seed))

    def drawn(self, generator: np.random.Generator) -> Fields:
        """Everything that there is, from what is drawn."""
        raise NotImplementedError

    def fields(self, arrays: dict[str, np.ndarray[Any, Any]], target: str | None, **known: Any) -> Fields:
        """The arrays as fields; all but the target are inputs."""
        inputs = tuple(name for name in arrays if name != target)
        return Fields(arrays, [Place("", self.samples)], inputs=inputs, target=target, **known)


class MadeText(Made):
    """Columns of text from a seed alone."""

    columns: ClassVar[tuple[str, str]]
    """What is read, and what is to be said of it."""

    def drawn(self, generator: np.random.Generator) -> Fields:
        import numpy as np

        rows = self.rows(generator)
        arrays = {
            name: np.array(values, object) for name, values in zip(self.columns, zip(*rows, strict=True), strict=True)
        }
        return self.fields(arrays, self.columns[1], texts=frozenset(self.columns))

    def rows(self, generator: np.random.Generator) -> list[tuple[str, str]]:
        """As many pairs of text as there are samples."""
        raise NotImplementedError

    def input_names(self) -> list[str] | None:
        return [self.columns[0]]
