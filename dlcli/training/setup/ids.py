"""Ids, before anything trains or answers: those that an Embedding or an encoding of categories takes are whole and in its range.

Keras cuts fractions, lets -1 read the last row, and says too large ids in words of a graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.config.catalogue.live import layer_traits, written_class
from dlcli.errors import BlockError, DataError
from dlcli.keras_internals import leaf_layers
from dlcli.layers.graph import Built
from dlcli.layers.rows import is_same_for_all
from dlcli.named_inputs import model_of
from dlcli.training.setup.feed import Arrays, Feed

if TYPE_CHECKING:
    import numpy as np

ROWS = 4096  # unseen: time and memory alone
"""Samples that are looked at in one go."""
STREAMED = 2 * ROWS
"""The most samples that are looked at of a split that is read anew each time."""


@dataclass(frozen=True)
class WrongId:
    """The id of a sample that a layer cannot take; `largest` is that of all looked at, where it is too large."""

    layer: Any
    argument: str
    size: int
    row: int
    value: float
    largest: int | None

    @property
    def message(self) -> str:
        word = written_class(type(self.layer))
        if self.largest is not None:
            return f"the ids that {word} takes reach {self.largest}, and its {self.argument} is {self.size}"
        if self.value < 0:
            return f"{word} takes ids from 0 on, and row {self.row + 1} holds {self.value:g}"
        return f"{word} takes ids, which are whole numbers, and row {self.row + 1} holds {self.value:g}"


def check_ids(built: Built, splits: Mapping[str, Feed]) -> None:
    """Raises `BlockError` at the layer that cannot take the ids of a split.

    Of a split that is read anew each time the first are looked at now, and the others when they are read.
    """
    wrong = [each for feed in splits.values() for each in wrong_ids(built.model, feed)]
    if wrong:
        raise id_error(built, max(wrong, key=lambda each: (each.largest is None, each.largest or 0)))


def id_error(built: Built, worst: WrongId) -> BlockError:
    """The error of an id at the layer that cannot take it."""
    thing, place = built.things.get(worst.layer.name), built.places.get(worst.layer.name, ("layers",))
    path = (*place, thing.written) if thing is not None else place
    if worst.largest is not None:
        hint = f"write {worst.argument}: {worst.largest + 1}"
        return BlockError((*path, worst.argument), worst.message, hint=hint, kind="ids_do_not_fit")
    hint = (
        "ids are counted from 0 and are not scaled: leave Normalization and Rescaling out, or write Dense for numbers"
    )
    return BlockError(path, worst.message, hint=hint, kind="ids_do_not_fit")


def guard_ids(model: Any, feeds: Iterable[Feed], refuse: Callable[[WrongId], Exception]) -> None:
    """Lets what is read anew each time be looked at as it is read: the inputs that are ids themselves."""
    layers = [(layer, layer_traits(type(layer)).get("ids")) for layer in layers_and_operations(model)]
    taken = [
        (name, layer, argument, int(getattr(layer, argument)))
        for layer, argument in layers
        if argument is not None and any(layer is each for each in model.operations)
        for name, tensor in model.input.items()
        if tensor is layer.input
    ]

    def guard(inputs: Arrays, targets: Arrays, rows: np.ndarray[Any, Any]) -> None:
        for name, layer, argument, size in taken:
            wrong = wrong_in(layer, argument, size, inputs[name], rows)
            if wrong is not None:
                raise refuse(wrong)

    for feed in feeds:
        if feed.streams and taken:
            feed.guards.append(guard)


def wrong_in(
    layer: Any, argument: str, size: int, ids: np.ndarray[Any, Any], numbers: np.ndarray[Any, Any]
) -> WrongId | None:
    """The worst id (samples, …) that a layer cannot take, with the number of its row among `numbers` (samples,)."""
    import numpy as np

    rows = ids.reshape(len(ids), math.prod(ids.shape[1:]))
    wrong = (rows < 0) | (rows != np.floor(rows))
    if wrong.any():
        row, place = np.argwhere(wrong)[0]
        return WrongId(layer, argument, size, int(numbers[row]), float(rows[row, place]), None)
    largest = int(rows.max()) if rows.size else -1
    if largest < size:
        return None
    return WrongId(layer, argument, size, int(numbers[rows.max(axis=1).argmax()]), largest, largest)


def check_new_ids(model: Any, feed: Feed) -> None:
    """Raises `DataError` for samples with ids that a trained model does not know."""

    def refused(wrong: WrongId) -> DataError:
        hint = f"it was trained with ids from 0 to {wrong.size - 1}"
        return DataError(wrong.message, hint=hint, kind="ids_do_not_fit")

    for wrong in wrong_ids(model, feed):
        raise refused(wrong)
    guard_ids(model, [feed], refused)


def layers_and_operations(model: Any) -> list[Any]:
    """All layers of a model, those inside others too, and its own operations."""
    layers = leaf_layers(model)
    known = {id(each) for each in (*layers, *model.layers)}
    return [*layers, *(each for each in model.operations if id(each) not in known)]


def wrong_ids(model: Any, feed: Feed) -> Iterator[WrongId]:
    """Of each layer that takes ids the worst that it is given: one that is none, or the largest of those that are too large."""
    for layer in layers_and_operations(model):
        argument = layer_traits(type(layer)).get("ids")
        if argument is None or is_same_for_all(layer):
            continue
        size, values = int(getattr(layer, argument)), ids_of(model, layer)
        worst: WrongId | None = None
        for start in range(0, min(len(feed), STREAMED) if feed.streams else len(feed), ROWS):
            ids = values(feed.take(slice(start, start + ROWS))[0])
            found = wrong_in(layer, argument, size, ids, feed.rows[start : start + ROWS])
            if found is not None and (worst is None or found.largest is None or found.value > worst.value):
                worst = found
            if worst is not None and worst.largest is None:
                break
        if worst is not None:
            yield worst


def ids_of(model: Any, layer: Any) -> Callable[[Mapping[str, Any]], np.ndarray[Any, Any]]:
    """What gives the ids (samples, …) that a layer takes of inputs by name: the input itself, or what stands before it."""
    import numpy as np

    if not any(layer is each for each in model.operations):
        return lambda inputs: recorded_ids(model, layer, inputs)
    direct = [name for name, tensor in model.input.items() if tensor is layer.input]
    if direct:
        return lambda inputs: np.asarray(inputs[direct[0]])
    before = model_of(model.input, layer.input)
    return lambda inputs: np.asarray(before(dict(inputs), training=False))


def recorded_ids(model: Any, layer: Any, inputs: Mapping[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """The ids (samples, …) that a layer inside another one takes while the model answers; none where it does not show them."""
    import numpy as np

    samples, call, seen = len(next(iter(inputs.values()))), layer.call, list[np.ndarray[Any, Any]]()

    def recording(ids: Any, *arguments: Any, **named: Any) -> Any:
        seen.append(np.asarray(ids))
        return call(ids, *arguments, **named)

    object.__setattr__(layer, "call", recording)
    try:
        model(dict(inputs), training=False)
    except Exception:  # what the ids do to the layer is told of the ids
        pass
    finally:
        object.__delattr__(layer, "call")
    whole = [each for each in seen if len(each) == samples]
    return whole[0] if whole else np.zeros((0, 1), np.int64)
