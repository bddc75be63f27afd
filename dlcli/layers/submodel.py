"""`submodel`: a model inside the model, which can be shared by its name, frozen, or wrapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import Field

from dlcli.errors import TreePath
from dlcli.keras_internals import has_mask, pass_mask
from dlcli.layers.build_errors import LayerFault
from dlcli.layers.from_key import From, Name, Names
from dlcli.layers.layer import Layer
from dlcli.layers.masks import call_with_end_masked, mask_dropped, with_mask
from dlcli.layers.samples_apart import Passage, passage_of_places
from dlcli.layers.stack import Entry, Graph, Stack
from dlcli.spec import Facts, Mistake, Named


class Submodel(Named):
    """A model inside the model: shared where its name stands twice, frozen as a whole, or wrapped in TimeDistributed."""

    word: ClassVar[str] = "submodel"
    example: ClassVar[str] = "submodel: {name: tower, layers: [Dense: 32, ReLU, Dense: 16]}"
    stacks: ClassVar[tuple[str, ...]] = ("layers",)
    names: ClassVar[Names] = "apart"
    ends_inside: ClassVar[bool] = True

    layers: Annotated[Stack, Field(min_length=1)]
    """Its layers; inside a wrapper such as TimeDistributed a plain stack."""
    name: Name = None
    """Its name; one that stands twice is one model, with the same weights."""
    takes: From = None
    """What it takes; by default what stands above."""
    trainable: bool = True
    """Whether its weights are trained."""

    @property
    def parts(self) -> Sequence[tuple[TreePath, Sequence[Entry]]]:
        return ((("layers",), self.layers),)

    def connect(self, taken: Any, *, graph: Graph, path: TreePath) -> Any:
        made = graph.shared(self.name, lambda: self.made(taken, graph, (*path, self.word, "layers")))
        output = graph.call(made, taken, path, self.word)
        return graph.with_inner_names(self.with_mask(made, taken, output, graph, path), self.name)

    def with_mask(self, made: Any, taken: Any, output: Any, graph: Graph, path: TreePath) -> Any:
        """The output of the model with the mask of what it takes, which an operation in it has dropped; what has let padding
        count inside is noted."""
        if isinstance(taken, list) or isinstance(output, list) or not has_mask(taken) or has_mask(output):
            return output

        def passage(call: Callable[[Any], Any]) -> Passage:
            return passage_of_places(lambda values: call(values[self.word]), {self.word: taken}, taken, output)

        passages = passage(made), passage(partial(call_with_end_masked, made))
        if "apart" in passages:
            pass_mask(taken, output)
            return with_mask(output, graph.free_name)
        if passages[1] != "unread":
            graph.note(mask_dropped(self.word, path))
        return output

    def made(self, taken: Any, graph: Graph, path: TreePath) -> Any:
        """The functional model over inputs like those that are taken."""
        import keras

        name = graph.free_name(self.name or self.word, given=self.name is not None)
        if self.name is not None and self.name in graph.within:
            graph.note(made_anew(self.name, path[:-1]), once=True)
        like = taken if isinstance(taken, list) else [taken]
        inputs = [keras.Input(tensor.shape[1:], dtype=tensor.dtype) for tensor in like]
        with graph.own_names(apart=True, may_be_masked=any(map(has_mask, like))):
            output = graph.stack(self.layers, inputs if isinstance(taken, list) else inputs[0], path)
        graph.name_others(output)
        model = keras.Model(inputs if isinstance(taken, list) else inputs[0], output, name=name)
        model.trainable = self.trainable
        return graph.inside(model, self.name)

    def build(self, facts: Facts) -> Any:
        """The model as an argument of a wrapper, where only Keras knows its input: a plain stack.

        Raises `LayerFault` for a graph.
        """
        import keras

        if any(entry.takes is not None or not isinstance(entry, Layer) for entry in self.layers):
            raise LayerFault("a submodel inside a wrapper is a plain stack of Keras layers")
        return keras.Sequential([entry.keras.build(facts) for entry in self.layers], name=self.name)


def made_anew(name: str, path: TreePath) -> Mistake:
    """The note on a name that stands in several uses of a block, whose names hold for one use each."""
    message = (
        f"each use of what holds the submodel '{name}' has one with weights of its own; "
        "outside of blocks a name that stands twice is one model"
    )
    return Mistake(message, path, kind="not_shared")
