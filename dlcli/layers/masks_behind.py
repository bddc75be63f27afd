"""The mask of what a layer puts out: Keras hands on that of what it takes, though places may have moved, or have been joined."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from dlcli.errors import TreePath
from dlcli.keras_internals import give_mask, has_mask, pass_mask, symbolic_mask
from dlcli.layers.masks import mask_dropped, with_mask
from dlcli.layers.samples_apart import passage_of_places
from dlcli.layers.stack import Graph

ELEMENTS = "elements"
"""The trait of layers whose mask is one of elements, for which they would take that of places."""


def without_mask(taken: Any, path: TreePath, *, graph: Graph, traits: Mapping[str, Any]) -> Any:
    """What a layer is called with: one whose mask is of elements with the same values without a mask of places."""
    import keras

    if not traits.get(ELEMENTS) or isinstance(taken, list | dict) or not (graph.may_be_masked or has_mask(taken)):
        return taken
    return graph.operate(keras.ops.copy, taken, path=path)


def with_mask_behind(
    layer: Any, taken: Any, output: Any, place: TreePath, *, graph: Graph, traits: Mapping[str, Any]
) -> Any:
    """What a layer puts out, with the mask that belongs to it; a note where padding counts from here on."""
    import keras

    *path, word = place
    if runs_backwards(layer):
        if graph.may_be_masked:
            graph.note(mask_dropped(str(word), tuple(path)))
        return keras.tree.map_structure(lambda each: with_flipped_mask(each, place, graph), output)
    if isinstance(layer, keras.Model) or not any(map(has_mask, keras.tree.flatten(taken))):
        return output
    if traits.get(ELEMENTS):
        return with_mask_of(taken, layer, output, place, graph)
    if not has_mask_of_its_own(layer, taken, output):
        graph.note(mask_dropped(str(word), tuple(path)))
    return output


def with_mask_of(taken: Any, layer: Any, output: Any, place: TreePath, graph: Graph) -> Any:
    """What a layer without a mask puts out, with that of what it takes; a note where it does not answer each place by itself."""
    *path, word = place
    if not answers_each_place(layer, taken, output):
        graph.note(mask_dropped(str(word), tuple(path)))
        return output
    pass_mask(taken, output)
    return with_mask(output, graph.free_name)


def has_mask_of_its_own(layer: Any, taken: Any, output: Any) -> bool:
    """Whether a layer takes masks into account, or answers each place that it hands a mask on for by itself."""
    if not layer.supports_masking:
        return False
    if isinstance(taken, list | dict) or isinstance(output, list | tuple | dict) or not has_mask(output):
        return True
    takes_mask = any(name.endswith("mask") for name in inspect.signature(layer.call).parameters)
    return takes_mask or answers_each_place(layer, taken, output)


def answers_each_place(layer: Any, taken: Any, output: Any) -> bool:
    """Whether a layer answers each place by itself, as far as it can be tried."""
    return passage_of_places(lambda values: layer(values["taken"]), {"taken": taken}, taken, output) == "apart"


def runs_backwards(layer: Any) -> bool:
    """Whether a layer puts out the places from the last to the first, beside a mask from the first to the last."""
    inner = getattr(layer, "forward_layer", layer)
    return bool(getattr(inner, "go_backwards", False) and getattr(inner, "return_sequences", False))


def with_flipped_mask(output: Any, place: TreePath, graph: Graph) -> Any:
    """An output with its mask from the last place to the first."""
    import keras

    if not has_mask(output):
        return output
    give_mask(output, keras.ops.flip(symbolic_mask(output), axis=1))
    flipped = with_mask(output, graph.free_name)
    graph.backwards.append((symbolic_mask(flipped), place))
    return flipped
