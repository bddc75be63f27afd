"""`token`: one learnt row in front of a sequence, from which the whole can be read (BERT, https://arxiv.org/abs/1810.04805)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from dlcli.errors import TreePath
from dlcli.layers.from_key import From, Name, Names
from dlcli.layers.rows import UNIFORM, embedded_rows, place_and_features
from dlcli.layers.stack import Entry, Graph
from dlcli.spec import KerasObject, Named, keras_thing


class Token(Named):
    """Puts one learnt row in front of a sequence (place, features); `ops.take: {indices: 0, axis: 1}` reads it again."""

    word: ClassVar[str] = "token"
    example: ClassVar[str] = "token: {name: cls}"
    stacks: ClassVar[tuple[str, ...]] = ()
    names: ClassVar[Names] = "outer"
    ends_inside: ClassVar[bool] = False
    parts: ClassVar[Sequence[tuple[TreePath, Sequence[Entry]]]] = ()

    name: Name = None
    """What the sequence with the row in front, and the layer with the row, is called."""
    takes: From = None
    """What it takes; by default what stands above."""
    initializer: Annotated[KerasObject, keras_thing("initializers")] = UNIFORM
    """The first values of the row, as of an Embedding."""

    def connect(self, taken: Any, *, graph: Graph, path: TreePath) -> Any:
        """Puts the row in front; a mask grows by one place. Raises `BlockError` for what is no sequence."""
        import keras

        place_and_features(taken, self.word, path)
        name = graph.free_name(self.name or self.word, given=self.name is not None)
        row, _ = embedded_rows(
            taken, 1, name=name, graph=graph, path=path, word=self.word, initializer=self.initializer
        )
        # The row is the same for all samples, and Concatenate takes one for each: it is added to a place of zeros.
        place = graph.operate(keras.ops.get_item, taken, (slice(None), slice(0, 1)), path=path)
        empty = graph.operate(keras.ops.zeros_like, place, path=path)
        each = graph.operate(keras.ops.add, empty, row, path=path)
        joined = keras.layers.Concatenate(axis=1, name=graph.free_name(f"{name}_in_front"))
        return graph.call(joined, [each, taken], path, self.word, traits={"merges": True})
