"""`positions`: where in a sequence something stands, added to it (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from dlcli.errors import BlockError, TreePath
from dlcli.keras_internals import pass_mask
from dlcli.layers.from_key import From, Name, Names
from dlcli.layers.rows import UNIFORM, embedded_rows, place_and_features
from dlcli.layers.stack import Entry, Graph
from dlcli.spec import KerasObject, Named, keras_thing

if TYPE_CHECKING:
    import numpy as np

WAVELENGTHS = 10_000
"""The longest wave is so many times the shortest."""


class Positions(Named):
    """Adds a row of its own to each place of a sequence (…, place, features): learnt, or fixed waves."""

    word: ClassVar[str] = "positions"
    example: ClassVar[str] = "positions: {kind: learnt, name: where}"
    stacks: ClassVar[tuple[str, ...]] = ()
    names: ClassVar[Names] = "outer"
    ends_inside: ClassVar[bool] = False
    parts: ClassVar[Sequence[tuple[TreePath, Sequence[Entry]]]] = ()

    kind: Literal["learnt", "sine"] = "learnt"
    """Whether the rows are learnt, or sine on even and cosine on odd features."""
    name: Name = None
    """What the sum, and the layer with the rows, is called."""
    takes: From = None
    """What it takes; by default what stands above."""
    initializer: Annotated[KerasObject, keras_thing("initializers")] = UNIFORM
    """The first values of learnt rows, as of an Embedding."""

    def connect(self, taken: Any, *, graph: Graph, path: TreePath) -> Any:
        """Adds the rows; the mask of what is taken passes. Raises `BlockError` where the places cannot be counted."""
        import keras

        count, features = place_and_features(taken, self.word, path)
        if count is None:
            message = f"{self.word} needs to know how many places there are, and the length is open"
            hint = "write the length where the sequence is made, as TextVectorization: {output_sequence_length: 100}"
            raise BlockError((*path, self.word), message, hint=hint, kind="layer_refuses")
        name = graph.free_name(self.name or self.word, given=self.name is not None)
        rows, layer = embedded_rows(
            taken, count, name=name, graph=graph, path=path, word=self.word, initializer=self.initializer
        )
        if self.kind == "sine":
            layer.set_weights([waves(count, features)])
            layer.trainable = False
        total = graph.operate(keras.ops.add, taken, rows, path=path)
        pass_mask(taken, total)
        return total


def waves(places: int, features: int) -> np.ndarray[Any, Any]:
    """The fixed rows (places, features): sine on even features, cosine on odd, two and two of one wavelength."""
    import numpy as np

    place, feature = np.arange(places)[:, None], np.arange(features)[None]
    angle = place * np.exp((feature // 2 * 2) * (-math.log(WAVELENGTHS) / features))
    rows: np.ndarray[Any, Any] = np.where(feature % 2, np.cos(angle), np.sin(angle))
    return rows
