"""Which inputs lead to a call of a model, what an input's ids stand for, and which layer a person means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dlcli.config.catalogue.live import layer_traits
from dlcli.data import Schema
from dlcli.errors import UsageError
from dlcli.keras_internals import node_of_tensor
from dlcli.layers.calls import Call, calls_of, leading_to, parts_of_call
from dlcli.spec import near

MOST_NAMED = 20
PLACES = frozenset({2, 3})
"""Axes of an output (places, units) or (height, width, units)."""

GIVEN = frozenset({"adapts", "fixed"})
"""Traits of layers whose weights are known before a training."""


@dataclass(frozen=True)
class ModelParts:
    """A model with the calls of its layers, those inside others too."""

    model: Any
    schema: Schema

    @cached_property
    def parts(self) -> list[tuple[str, Call, Call]]:
        """All calls with the names of their layers and the call of the model itself that each is or stands in.

        Inputs and what is the same for all samples are none, and what only leads to that. A layer that is called again is
        `dense:2`, `dense:3`, ….
        """
        times, parts = Counter[str](), list[tuple[str, Call, Call]]()
        for outer in calls_read(self.model):
            for name, call in parts_of_call(outer):
                if not call.is_input and not call.is_same_for_all:
                    times[name] += 1
                    parts.append((name if times[name] == 1 else f"{name}:{times[name]}", call, outer))
        return parts

    @property
    def named_calls(self) -> list[tuple[str, Call]]:
        """All calls with their names."""
        return [(name, call) for name, call, _ in self.parts]

    @property
    def calls(self) -> list[Call]:
        """The calls of layers."""
        return [call for _, call in self.named_calls]

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The symbolic inputs by their names."""
        taken = self.model.input
        return taken if isinstance(taken, dict) else {self.schema.inputs[0].name: taken}

    def place(self, name: str) -> int:
        """The first call of the layer of a name, which may be the end of that of a layer inside a model.

        Raises `UsageError` for a name that no layer has, or several have.
        """
        names = [each for each, _ in self.named_calls]
        if name in names:
            return names.index(name)
        ends = sorted({each for each in names if each.endswith(f"/{name}")})
        if len(ends) == 1:
            return names.index(ends[0])
        different = [*dict.fromkeys(names)]
        listed = ", ".join(different[:MOST_NAMED]) + (", …" if len(different) > MOST_NAMED else "")
        likely = ends[0] if ends else near(name, different) or different[0]
        raise UsageError(
            f"the model has no layer '{name}'; it has: {listed}", hint=f"write --layer {likely}", kind="no_such_layer"
        )

    def outer(self, place: int) -> Call:
        """The call of the model itself that a call is or stands in."""
        return self.parts[place][2]

    def leading(self, place: int) -> list[str]:
        """The inputs from which a call comes."""
        nodes = leading_to(self.outer(place).tensors)
        return [name for name, tensor in self.inputs.items() if id(node_of_tensor(tensor)) in nodes]

    def traits(self, place: int) -> Mapping[str, Any]:
        """What the catalogue knows of the class of a call."""
        return layer_traits(type(self.calls[place].layer))

    @cached_property
    def learnt(self) -> list[int]:
        """The calls of layers with weights that a training moves, here or where they are from."""
        return [
            place
            for place, call in enumerate(self.calls)
            if getattr(call.layer, "weights", None) and not GIVEN & self.traits(place).keys()
        ]

    def first_learnt(self) -> int:
        """The first call that has learnt something, which others only lead to; of a model without one the first."""
        return self.learnt[0] if self.learnt else 0

    def last_convolution(self) -> int | None:
        """The last call of a convolution over one or two axes of places, or None of a model without one."""
        found = [
            place
            for place, call in enumerate(self.calls)
            if self.traits(place).get("group") == "convolution" and len(call.outputs[0]) in PLACES
        ]
        return found[-1] if found else None

    def embedding_of(self, name: str) -> int | None:
        """The first call that makes vectors of the ids of an input."""
        found = [place for place in range(len(self.calls)) if self.traits(place).get("ids")]
        return next((place for place in found if self.leading(place) == [name]), None)

    def pictured(self, place: int, drawable: Sequence[str]) -> list[int] | None:
        """The shape of the picture whose pixels a call takes one behind the other, with what leaves them where they are."""
        names = self.leading(place)
        shape = [*self.inputs[names[0]].shape[1:]] if len(names) == 1 and names[0] in drawable else []
        kernel = getattr(self.calls[place].layer, "kernel", None)
        if kernel is None or len(shape) not in {2, 3} or None in shape or (len(shape) == 3 and shape[-1] not in {1, 3}):
            return None
        size = shape[0] * shape[1] * (shape[2] if len(shape) == 3 else 1)
        return shape if kernel.shape[0] == size and self.only_moved(self.outer(place)) else None

    def only_moved(self, call: Call) -> bool:
        """Whether what stands between an input and a call leaves its numbers where they are."""
        calls = calls_of(self.model)
        while True:
            if len(call.takes) != 1:
                return False
            call = calls[call.takes[0]]
            if call.is_input:
                return True
            traits = layer_traits(type(call.layer))
            if not (traits.get("views") or traits.get("drops") or traits.get("scales")):
                return False


def calls_read(model: Any) -> list[Call]:
    """The calls of layers, and the operations on whose numbers an output depends: of others the shape alone is read."""
    calls, ends = calls_of(model), {id(tensor) for tensor in model.outputs}
    waiting = [at for at, call in enumerate(calls) if any(id(tensor) in ends for tensor in call.tensors)]
    found = set[int]()
    while waiting:
        at = waiting.pop()
        if at not in found and not layer_traits(type(calls[at].layer)).get("constant"):
            found.add(at)
            waiting += calls[at].takes
    return [call for at, call in enumerate(calls) if at in found or hasattr(call.layer, "weights")]


def vocabulary_of(preparation: Any, name: str) -> list[str] | None:
    """The words that the ids of an input stand for, where its preparation knows them."""
    if preparation is None:
        return None
    taken = preparation.input if isinstance(preparation.input, dict) else {name: preparation.input}
    for call in calls_of(preparation):
        if hasattr(call.layer, "get_vocabulary") and name in taken:
            nodes = leading_to(call.tensors)
            if id(node_of_tensor(taken[name])) in nodes:
                return [str(each) for each in call.layer.get_vocabulary()]
    return None
