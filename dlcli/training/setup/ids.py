"""Ids, before anything trains or answers: those that an Embedding or an encoding of categories takes are whole and in its range.

Keras cuts fractions, lets -1 read the last row, and says too large ids in words of a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.config.catalogue.live import layer_traits
from dlcli.errors import BlockError, DataError
from dlcli.keras_internals import leaf_layers
from dlcli.layers.graph import Built
from dlcli.training.setup.feed import Feed

if TYPE_CHECKING:
    import numpy as np

ROWS = 4096
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
        word = type(self.layer).__name__
        if self.largest is not None:
            return f"the ids that {word} takes reach {self.largest}, and its {self.argument} is {self.size}"
        if self.value < 0:
            return f"{word} takes ids from 0 on, and row {self.row + 1} holds {self.value:g}"
        return f"{word} takes ids, which are whole numbers, and row {self.row + 1} holds {self.value:g}"


def check_ids(built: Built, splits: Mapping[str, Feed]) -> None:
    """Raises `BlockError` at the layer that cannot take the ids of a split."""
    wrong = [each for feed in splits.values() for each in wrong_ids(built.model, feed)]
    if not wrong:
        return
    worst = max(wrong, key=lambda each: (each.largest is None, each.largest or 0))
    thing, place = built.things.get(worst.layer.name), built.places.get(worst.layer.name, ("layers",))
    path = (*place, thing.written) if thing is not None else place
    if worst.largest is not None:
        hint = f"write {worst.argument}: {worst.largest + 1}"
        raise BlockError((*path, worst.argument), worst.message, hint=hint, kind="ids_do_not_fit")
    hint = (
        "ids are counted from 0 and are not scaled: leave Normalization and Rescaling out, or write Dense for numbers"
    )
    raise BlockError(path, worst.message, hint=hint, kind="ids_do_not_fit")


def check_new_ids(model: Any, feed: Feed) -> None:
    """Raises `DataError` for samples with ids that a trained model does not know."""
    for wrong in wrong_ids(model, feed):
        hint = f"it was trained with ids from 0 to {wrong.size - 1}"
        raise DataError(wrong.message, hint=hint, kind="ids_do_not_fit")


def wrong_ids(model: Any, feed: Feed) -> Iterator[WrongId]:
    """Of each layer that takes ids the worst that it is given: one that is none, or the largest of those that are too large."""
    import numpy as np

    for layer in leaf_layers(model):
        argument = layer_traits(type(layer)).get("ids")
        if argument is None:
            continue
        size, values = int(getattr(layer, argument)), ids_of(model, layer)
        largest, at = -1, 0
        for start in range(0, min(len(feed), STREAMED) if feed.streams else len(feed), ROWS):
            ids = values(feed.take(slice(start, start + ROWS))[0])
            rows = ids.reshape(len(ids), -1)
            wrong = (rows < 0) | (rows != np.floor(rows))
            if wrong.any():
                row, place = np.argwhere(wrong)[0]
                yield WrongId(layer, argument, size, int(feed.rows[start + row]), float(rows[row, place]), None)
                break
            if rows.size and rows.max() > largest:
                largest, at = int(rows.max()), int(feed.rows[start + rows.max(axis=1).argmax()])
        else:
            if largest >= size:
                yield WrongId(layer, argument, size, at, largest, largest)


def ids_of(model: Any, layer: Any) -> Callable[[Mapping[str, Any]], np.ndarray[Any, Any]]:
    """What gives the ids (samples, …) that a layer takes of inputs by name: the input itself, or what stands before it."""
    import keras
    import numpy as np

    if not any(layer is each for each in model.layers):
        return lambda inputs: recorded_ids(model, layer, inputs)
    direct = [name for name, tensor in model.input.items() if tensor is layer.input]
    if direct:
        return lambda inputs: np.asarray(inputs[direct[0]])
    before = keras.Model(model.input, layer.input)
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
