"""A layer of Keras in a list of layers, with the names of what it takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from dlcli.errors import TreePath
from dlcli.layers.axis_of_samples import check_axis_of_samples
from dlcli.layers.backbone import is_backbone, make_backbone
from dlcli.layers.build_errors import building
from dlcli.layers.from_key import Takes, read_takes, wrong_call
from dlcli.layers.memory import check_sample_fits
from dlcli.layers.misplaced import misplaced
from dlcli.layers.samples_apart import flat_tensors
from dlcli.layers.stack import Graph
from dlcli.per_sample import per_sample
from dlcli.spec import KerasObject, Language, details_of, fail, plain, split_idiom


@dataclass(frozen=True)
class Layer:
    """`takes` is what its `from` says; None takes what stands above."""

    keras: KerasObject
    takes: Takes | None = None

    @property
    def name(self) -> str | None:
        """The name that the configuration gives it."""
        name = self.keras.arguments.get("name")
        return str(name) if name is not None else None

    def idiom(self) -> Any:
        """The entry as a configuration holds it."""
        arguments = plain(self.keras.arguments)
        return {self.keras.written: arguments if self.takes is None else {**arguments, "from": self.takes}}

    @property
    def parts(self) -> tuple[()]:
        return ()

    @property
    def ends_inside(self) -> bool:
        return False

    def connect(self, taken: Any, *, graph: Graph, path: TreePath) -> Any:
        """Calls the layer; one whose name is known already is the same layer once more."""
        taken = graph.with_channel(taken, self.keras, path)
        made = graph.shared(self.name, lambda: self.made(taken, graph, path))
        thing = None if is_backbone(self.keras) else self.keras
        output = graph.call(made, taken, path, self.keras.written, traits=self.keras.traits, thing=thing)
        if thing is not None:
            check_sample_fits(thing.written, flat_tensors({"output": output}), path, memory=graph.memory)
            check_axis_of_samples(thing, made, taken, output, path)
        return output if thing is not None else graph.with_inner_names(output, self.name)

    def made(self, taken: Any, graph: Graph, path: TreePath) -> Any:
        """The Keras layer, under a name that the model does not have yet."""
        thing = self.keras
        # Without its `weights` a backbone would be downloaded.
        attempt = None if is_backbone(thing) else partial(KerasObject.build, facts=graph.facts)
        with building(thing.written, taken, path, traits=thing.traits, thing=thing, attempt=attempt):
            if is_backbone(self.keras):
                return graph.inside(make_backbone(self.keras, taken, graph, path), self.name)
            layer = named_layer(self.keras, self.name, graph)
            return per_sample(layer, taken.shape) if hasattr(taken, "shape") else layer


def named_layer(thing: KerasObject, name: str | None, graph: Graph) -> Any:
    """A layer of Keras under the name given to it, or Keras's own, made free in the model."""
    if name is not None:
        free = graph.free_name(name, given=True)
    else:
        layer = thing.build(graph.facts)
        free = graph.free_name(layer.name)
        if free == layer.name:
            return layer
    return replace(thing, arguments={**thing.arguments, "name": free}).build(graph.facts)


def read_layer(value: Any, language: Language) -> Layer:
    """A layer in the idiom; `from` is dlcli's own argument and is taken out before Keras's are checked."""
    word, arguments = split_idiom(value, expected="a layer")
    if not isinstance(arguments, dict) or "from" not in arguments:
        return placed_layer(Layer(language.keras("layers", value)))
    details: list[Any] = []
    takes: Takes | None = None
    try:
        takes = read_takes(arguments["from"])
    except ValidationError as error:
        details += details_of(error, word, "from")
    try:
        layer = language.keras("layers", {word: {key: each for key, each in arguments.items() if key != "from"}})
    except ValidationError as error:
        details += details_of(error)
    if details:
        raise ValidationError.from_exception_data("dlcli", details)
    check_call(takes, layer, language.call_arguments(layer.name))
    return placed_layer(Layer(layer, takes))


def placed_layer(layer: Layer) -> Layer:
    """The layer, if it can stand in the list. Raises `ValidationError` where it belongs elsewhere."""
    mistake = misplaced(layer.keras)
    if mistake is not None:
        fail(mistake)
    return layer


def check_call(takes: Takes | None, layer: KerasObject, arguments: list[str] | None) -> None:
    """Refuses names of arguments with which the layer is not called, and a call without its first."""
    if not isinstance(takes, dict) or not arguments:
        return
    mistakes = wrong_call(layer.written, takes, arguments)
    if mistakes:
        fail(*(replace(each, path=(layer.written, *each.path)) for each in mistakes))
