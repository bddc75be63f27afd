"""Masks on their way to the loss: Keras hands them to layers, but what an operation puts out loses its own while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlcli.errors import TreePath
from dlcli.keras_internals import call_has_mask, has_mask, node_of_tensor
from dlcli.spec import Mistake

MASK = "mask"
"""The name of what gives an output its mask again."""
COPY = "copy"
"""The name of what keeps a mask that a layer takes away."""
ATTENDED = ("query", "value", "key")
"""The arguments whose masks attention takes away."""


def mask_dropped(word: str, path: TreePath) -> Mistake:
    """The note on what takes a mask and hands none on."""
    message = f"{word} drops the mask: what stands in padded places counts from here on"
    return Mistake(message, (*path, word), kind="mask_dropped")


def with_arriving_mask(output: Any, name: Callable[[str], str]) -> Any:
    """An output whose mask is there while the model runs, so that loss and metrics leave the same places out.

    A model that does nothing takes it, for models are handed the mask that belongs to a tensor. `name` makes a name free.
    """
    if isinstance(output, dict):
        return {key: with_arriving_mask(each, name) for key, each in output.items()}
    return output if not has_mask(output) or mask_arrives(output) else with_mask(output, name)


def with_mask(output: Any, name: Callable[[str], str]) -> Any:
    """An output behind a model that does nothing, to which Keras hands the mask that the output has now."""
    import keras

    taken = keras.Input(output.shape[1:], dtype=output.dtype)
    hands_on = keras.Model(taken, keras.layers.Identity()(taken), name=name(MASK))
    hands_on.supports_masking = hands_on.hands_on_mask = True
    return hands_on(output)


def copied(taken: Any, copy: Callable[[Any], Any]) -> Any:
    """What a layer that takes masks away is handed: copies, so that others that take the same tensors still have theirs."""
    if isinstance(taken, dict):
        named = {key: each for key, each in taken.items() if key in ATTENDED}
        return taken | dict(zip(named, copied([*named.values()], copy), strict=True))
    if not isinstance(taken, list):
        return copy(taken)
    copies = {id(each): copy(each) for each in taken}
    return [copies[id(each)] for each in taken]


def with_same_values(tensor: Any, name: Callable[[str], str]) -> Any:
    """A tensor of the same values and mask; an Identity would put out the tensor itself."""
    import keras

    return keras.layers.Rescaling(1.0, name=name(COPY))(tensor)


def call_with_end_masked(model: Any, values: Any) -> Any:
    """What a model makes of values (samples, places, …) the last place of which is masked."""
    import keras

    there = keras.ops.arange(values.shape[1]) < values.shape[1] - 1
    values._keras_mask = keras.ops.broadcast_to(there, values.shape[:2])
    return model(values)


def mask_arrives(tensor: Any) -> bool:
    """Whether a symbolic tensor with a mask has it while the model runs: handed to its layer, or from what that takes."""
    import keras

    node = node_of_tensor(tensor)
    if not isinstance(node.operation, keras.Layer):
        return False
    masked = [each for each in node.input_tensors if has_mask(each)]
    return call_has_mask(node) or not masked or any(mask_arrives(each) for each in masked)


def name_others(outputs: Any, known: Sequence[Any], name: Callable[[str], str]) -> None:
    """Gives the operations that Keras adds for masks, none of those `known`, names that are free.

    Keras counts by itself, and might come to a name that one of a configuration has.
    """
    import keras

    waiting, seen, named = keras.tree.flatten(outputs), set[int](), {id(each) for each in known}
    while waiting:
        node = node_of_tensor(waiting.pop())
        if id(node) in seen:
            continue
        seen.add(id(node))
        waiting += node.input_tensors
        operation = node.operation
        if not isinstance(operation, keras.Layer) and id(operation) not in named:
            named.add(id(operation))
            operation.name = name(operation.name)
