"""What Keras says when a layer cannot be built or called, as an error at the layer's line with what to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dlcli.blamed_argument import Attempt, blamed_argument, fact_error, written_argument
from dlcli.errors import BlockError, DlcliError, ResourceError, TreePath
from dlcli.first_line import reason_of
from dlcli.foreign_error import is_foreign
from dlcli.layers.memory import BYTES, TooLarge
from dlcli.spec import KerasObject, UnknownFact
from dlcli.unexpected import is_used_up

SERIES_AXES, IMAGE_AXES = 2, 3
"""The axes of a sample of a series (time, features), and of an image (height, width, channels)."""


class LayerFault(ValueError):
    """What Keras itself would not notice of a layer, told as what it raises is."""


@contextmanager
def building(
    word: str,
    taken: Any,
    path: TreePath,
    *,
    traits: Mapping[str, Any],
    thing: KerasObject | None = None,
    attempt: Attempt | None = None,
) -> Iterator[None]:
    """Turns what is raised while a layer is made or called on `taken` into an error at its place.

    `attempt` does the same with another `thing` in place of the one that was written, to find the argument to blame.

    Raises that as `BlockError`, or `ResourceError` where memory does not do.
    """
    try:
        yield
    except DlcliError:
        raise
    except UnknownFact as error:
        raise fact_error(error, word, None if thing is None else thing.arguments, path) from None
    except TooLarge as error:
        raise too_large(word, error, path) from None
    except Exception as error:
        if not is_foreign(error) and not isinstance(error, LayerFault):
            raise
        way = blamed_argument(thing, attempt) if thing is not None and attempt is not None else ()
        if thing is not None and way:
            raise argument_error(thing, taken, error, path, way=way) from error
        raise build_error(word, taken, error, path, traits=traits) from error


def too_large(word: str, error: TooLarge, path: TreePath) -> BlockError:
    """The error of a layer with which the model no longer fits in memory."""
    needed = error.parameters * BYTES / 1e9
    message = f"with {word} the model has {error.parameters:,} parameters; training them takes {needed:,.0f} GB"
    return BlockError(
        (*path, word), f"{message}, more than the free memory", hint="make the layer smaller", kind="out_of_memory"
    )


def argument_error(thing: KerasObject, taken: Any, error: Exception, path: TreePath, *, way: TreePath) -> BlockError:
    """What Keras said of an argument, at its place."""
    shapes = ", ".join(str(tuple(tensor.shape[1:])) for tensor in tensors_in(taken))
    given = f" on the shape {shapes}" if shapes else ""
    message = f"{thing.written} cannot have {written_argument(thing, way)}{given}: {reason_of(error)}"
    return BlockError((*path, thing.written, *way), message, kind="layer_refuses")


def build_error(word: str, taken: Any, error: Exception, path: TreePath, *, traits: Mapping[str, Any]) -> Exception:
    """What Keras said of a layer, at its place, with the shape it was given."""
    if is_used_up(error):
        return ResourceError(f"{word} does not fit in memory", hint="make the layer smaller", kind="out_of_memory")
    shapes = [tuple(tensor.shape[1:]) for tensor in tensors_in(taken)]
    given = ", ".join(map(str, shapes))
    said = reason_of(error)
    several = (
        isinstance(taken, list)
        and traits.get("axes") != IMAGE_AXES
        and len(taken) > 1
        and not (traits.get("merges") or traits.get("sequence") or len(traits.get("call", ())) > 1)
    )
    hint = (
        f"'from' took {len(taken)} tensors; take one of them: from: NAME.0" if several else shape_advice(traits, shapes)
    )
    return BlockError((*path, word), f"{word} cannot take the shape {given}: {said}", hint=hint, kind="layer_refuses")


def tensors_in(taken: Any) -> list[Any]:
    """The tensors of what a layer takes."""
    if isinstance(taken, list | dict):
        values = taken.values() if isinstance(taken, dict) else taken
        return [tensor for value in values for tensor in tensors_in(value)]
    return [taken] if hasattr(taken, "shape") else []


def shape_advice(traits: Mapping[str, Any], shapes: Sequence[tuple[int | None, ...]]) -> str | None:
    """What most often helps when a layer with these traits cannot take a shape (of one sample)."""
    given, wanted = len(shapes[0]) if shapes else 0, traits.get("axes")
    if wanted == IMAGE_AXES and given == 2:
        height, width = shapes[0]
        return f"images need a channel axis: put Reshape: {{target_shape: [{height}, {width}, 1]}} before it"
    if wanted == IMAGE_AXES and given == 1:
        return "it needs (height, width, channels); the data has one axis a sample"
    if traits.get("macs") == "recurrent" and given != SERIES_AXES:
        return "it needs (time, features)"
    if given == 1 and (wanted == SERIES_AXES or traits.get("group") == "attention"):
        return f"it needs (time, features): put Reshape: {{target_shape: [{shapes[0][0]}, 1]}} before it"
    return None


def lacks_channel(traits: Mapping[str, Any], shape: Sequence[int | None]) -> bool:
    """Whether a layer with these traits takes a sample of this shape with an axis of channels behind it.

    Of what takes (time, features) these are convolutions alone: a mean over a vector is another thing.
    """
    axes = traits.get("axes", IMAGE_AXES if traits.get("group") == "images" else None)
    is_meant = axes is not None and (axes >= IMAGE_AXES or traits.get("group") == "convolution")
    return is_meant and len(shape) == axes - 1
