"""What is done element by element: activations, and what is done to values while training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dlcli.actions.arithmetic.writing import Writing, activation_word, axes_of, number, remark, step
from dlcli.view.arithmetic import Remark, Shape, Step


def activation(writing: Writing) -> Iterator[Step]:
    """A function of each element, by its name."""
    word = activation_word(writing.layer.activation)
    behind = None if word == "softmax" else remark("element_by_element")
    yield formula_of_x(writing, "x" if word == "linear" else f"{word}(x)", behind)


def relu(writing: Writing) -> Iterator[Step]:
    """Nothing below 0, or a share of it."""
    layer = writing.layer
    if layer.threshold:
        return
    formula = "max(x, 0)" if layer.max_value is None else f"min(max(x, 0), {number(layer.max_value)})"
    if layer.negative_slope:
        formula += f" + {number(layer.negative_slope)} ⊙ min(x, 0)"
    yield formula_of_x(writing, formula, remark("element_by_element"))


def leaky_relu(writing: Writing) -> Iterator[Step]:
    """A share of what lies below 0."""
    slope = number(writing.layer.negative_slope)
    yield formula_of_x(writing, f"max(x, 0) + {slope} ⊙ min(x, 0)", remark("element_by_element"))


def parametric_relu(writing: Writing) -> Iterator[Step]:
    """A share of what lies below 0, which is learnt for each place."""
    shapes = {"a": writing.weight("a", writing.layer.alpha)}
    yield formula_of_x(writing, "max(x, 0) + a ⊙ min(x, 0)", remark("element_by_element"), shapes=shapes)


def elu(writing: Writing) -> Iterator[Step]:
    """An exponential below 0."""
    alpha = number(writing.layer.alpha)
    yield formula_of_x(writing, f"max(x, 0) + {alpha} ⊙ (exp(min(x, 0)) − 1)", remark("element_by_element"))


def softmax(writing: Writing) -> Iterator[Step]:
    """Shares that sum to 1."""
    axis, rank = writing.layer.axis, len(writing.inputs[0])
    axes = sorted(each % rank for each in (axis if isinstance(axis, list | tuple) else [axis]))
    masked = remark("masked_weights") if writing.masked else None
    yield formula_of_x(writing, f"exp(x) / sum(exp(x), axes={axes_of(axes)}, keepdims)", masked)


def dropout(writing: Writing) -> Iterator[Step]:
    """Values at random as 0, and the others as much greater."""
    layer, taken = writing.layer, [*writing.inputs[0]]
    noise = getattr(layer, "noise_shape", None)
    if type(layer).__name__.startswith("Spatial"):
        axes = (
            range(2, len(taken)) if getattr(layer, "data_format", "") == "channels_first" else range(1, len(taken) - 1)
        )
        taken = [1 if axis in axes else size for axis, size in enumerate(taken)]
    elif noise is not None:
        taken = [size if given is None else given for given, size in zip(noise, taken, strict=True)]
    shapes = {"m": taken}
    about = remark("dropped", rate=layer.rate)
    yield formula_of_x(writing, f"x ⊙ m / {number(1 - layer.rate)}", about, shapes=shapes)


def gaussian_noise(writing: Writing) -> Iterator[Step]:
    """Noise on top."""
    about = remark("noisy", mean=0, deviation=writing.layer.stddev)
    yield formula_of_x(writing, "x + m", about, shapes={"m": writing.inputs[0]})


def gaussian_dropout(writing: Writing) -> Iterator[Step]:
    """Noise as a factor."""
    rate = writing.layer.rate
    about = remark("noisy", mean=1, deviation=number((rate / (1 - rate)) ** 0.5))
    yield formula_of_x(writing, "x ⊙ m", about, shapes={"m": writing.inputs[0]})


def same(writing: Writing) -> Iterator[Step]:
    """What is taken, as it is."""
    yield formula_of_x(writing, "x")


def masking(writing: Writing) -> Iterator[Step]:
    """Places of nothing but the value of padding become 0."""
    value = number(writing.layer.mask_value)
    yield formula_of_x(writing, f"x ⊙ any(x ≠ {value}, axes={len(writing.inputs[0]) - 1}, keepdims)")


def formula_of_x(writing: Writing, formula: str, *remarks: Remark | None, shapes: Mapping[str, Shape] = {}) -> Step:
    """A formula that takes x and gives y."""
    return step("y", formula, *remarks, shapes={**writing.shapes, **shapes, "y": writing.outputs[0]})
