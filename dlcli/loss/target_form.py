"""What a target is a sample, and what to write where a model answers at other places than it has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Places = Sequence[int | None]


@dataclass(frozen=True)
class TargetForm:
    """What is known of a target: the `shape` of one sample's, of which so many of the first axes are `places`.

    Without `vectors` each of its values is a class where the loss reads classes; with them the last axis are the classes.
    `text` is true of words that a preparation makes ids of, `ahead` are the steps ahead that it has at each place.
    """

    shape: tuple[int, ...]
    name: str | None = None
    vectors: bool = False
    places: int = 0
    text: bool = False
    ahead: int | None = None

    @property
    def words(self) -> str:
        """Its name in a sentence."""
        return "the target" if self.name is None else f"'{self.name}'"


def classes_wanted(form: TargetForm) -> str:
    """What a target of classes has a sample, in words."""
    sizes = " × ".join(map(str, form.shape[: form.places]))
    ahead = f" for each of {form.ahead} steps ahead" if form.ahead else ""
    return f"a class{ahead}" + (f" at each of {sizes} places" if sizes else "") if form.shape else "one class"


def place_hint(form: TargetForm, answered: Places, *, width: int) -> str:
    """What to write where a model gives its `width` values at the places `answered`, and the target has others."""
    wanted = form.shape[: form.places]
    if tuple(answered[: form.places]) == wanted and len(answered) <= len(form.shape):
        shape = [*form.shape, width]
        units = math.prod(form.shape[form.places :]) * width
        return f"end in Dense: {{units: {units}}}, Reshape: {{target_shape: {shape}}}, Softmax"
    if len(answered) < len(wanted):
        return too_few_axes(wanted, width)
    if len(answered) > len(wanted):
        flat = "put Flatten before the first Dense: it takes the places of a sample as one vector"
        return f"{flat}; or write return_sequences: false in the last LSTM or GRU" if len(answered) == 1 else flat
    if form.text:
        return f"write output_sequence_length: {answered[0]} where {form.words} is prepared, or {wanted[0]} where the input is"
    return other_size(wanted, answered)


def too_few_axes(wanted: Sequence[int], width: int) -> str:
    """What to write where a model has no answer at each place."""
    if len(wanted) == 1:
        return (
            "answer each place: return_sequences: true in the last LSTM or GRU, and no Flatten or pooling before Dense"
        )
    return f"answer each pixel: end in Conv2D: {{filters: {width}, kernel_size: 1}}, with no Flatten before it"


def other_size(wanted: Sequence[int], answered: Places) -> str:
    """What to write where a model answers at another number of places."""
    same = "padding: same keeps their number"
    if len(wanted) == 1:
        return f"answer at {wanted[0]} places: {same}, strides and pooling do not"
    height, width = wanted[:2]
    factors = {each / had for each, had in zip(wanted, answered, strict=True) if had}
    factor = factors.pop() if len(factors) == 1 else 0
    if factor > 1 and factor % 1 == 0:
        return f"put UpSampling2D: {{size: {int(factor)}}} before the last layer, or leave out what made them fewer; {same}"
    if factor and 1 / factor % 1 == 0:
        return f"put MaxPooling2D: {{pool_size: {int(1 / factor)}}} before the last layer"
    return f"{same}; or put Resizing: {{height: {height}, width: {width}}} before the last layer"
