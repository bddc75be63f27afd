"""Normalizations: over which axes mean and variance are taken, and what is done with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlcli.actions.arithmetic.writing import Writing, axes_of, number, remark, step
from dlcli.view.arithmetic import Shape, Step
from dlcli.view.console.shapes import shape


def batch_normalization(writing: Writing) -> Iterator[Step]:
    """With the moving mean and variance of each channel; while training those of the batch."""
    layer = writing.layer
    if layer.renorm:
        return
    taken = writing.inputs[0]
    others = [axis for axis in range(len(taken)) if axis != layer.axis % len(taken)]
    shapes = {
        **writing.shapes,
        "m": writing.weight("m", layer.moving_mean, called="moving_mean"),
        "v": writing.weight("v", layer.moving_variance, called="moving_variance"),
    }
    mean, variance = (along("m", taken, others), along("v", taken, others))
    about = remark("batch_statistics", axes=axes_of(others))
    yield scaled(writing, f"(x − {mean}) / √({variance} + {number(layer.epsilon)})", shapes, others, about)


def along(name: str, taken: Shape, others: Sequence[int]) -> str:
    """A weight of one axis in a formula: as it is for the last axis, else with axes of 1 beside its own."""
    if len(taken) - 1 not in others:
        return name
    return f"reshape({name}, {shape([1 if axis in others else size for axis, size in enumerate(taken)])})"


def layer_normalization(writing: Writing) -> Iterator[Step]:
    """With the mean and variance of each sample, or of each of its places."""
    layer, taken = writing.layer, writing.inputs[0]
    if layer.rms_scaling:
        return
    axis = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    axes = sorted(each % len(taken) for each in axis)
    kept = [1 if each in axes else size for each, size in enumerate(taken)]
    shapes = writing.shapes
    yield step("m", f"mean(x, axes={axes_of(axes)}, keepdims)", shapes={**shapes, "m": kept})
    yield step("v", f"variance(x, axes={axes_of(axes)}, keepdims)", shapes={**shapes, "v": kept})
    others = [each for each in range(len(taken)) if each not in axes]
    shapes |= {"m": kept, "v": kept}
    yield scaled(writing, f"(x − m) / √(v + {number(layer.epsilon)})", shapes, others)


def group_normalization(writing: Writing) -> Iterator[Step]:
    """With the mean and variance of each group of channels of a sample."""
    layer, taken = writing.layer, writing.inputs[0]
    rank = len(taken)
    if layer.axis % rank != rank - 1 or None in taken:
        return
    groups = layer.groups if layer.groups != -1 else taken[-1]
    parted = [*taken[:-1], groups, taken[-1] // groups]  # type: ignore[operator]
    axes = [axis for axis in range(1, rank + 1) if axis != rank - 1]
    kept = [1 if axis in axes else size for axis, size in enumerate(parted)]
    yield step("g", f"reshape(x, {tuple(parted)})", shapes={**writing.shapes, "g": parted})
    shapes: dict[str, Shape] = {"g": parted}
    yield step("m", f"mean(g, axes={axes_of(axes)}, keepdims)", shapes={**shapes, "m": kept})
    yield step("v", f"variance(g, axes={axes_of(axes)}, keepdims)", shapes={**shapes, "v": kept})
    shapes |= {"m": kept, "v": kept}
    formula = f"reshape((g − m) / √(v + {number(layer.epsilon)}), {tuple(taken)})"
    yield scaled(writing, formula, shapes, [*range(rank - 1)])


def rms_normalization(writing: Writing) -> Iterator[Step]:
    """Divided by the root of the mean square."""
    layer, taken = writing.layer, writing.inputs[0]
    axis = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    axes = sorted(each % len(taken) for each in axis)
    if axes != [len(taken) - 1]:
        return
    kept = [*taken[:-1], 1]
    yield step("s", f"mean(x ⊙ x, axes={axes_of(axes)}, keepdims)", shapes={**writing.shapes, "s": kept})
    shapes = {**writing.shapes, "s": kept, "gamma": writing.weight("gamma", layer.scale), "y": writing.outputs[0]}
    yield step("y", f"x / √(s + {number(layer.epsilon)}) ⊙ gamma", shapes=shapes)


def unit_normalization(writing: Writing) -> Iterator[Step]:
    """Divided by the length."""
    layer, taken = writing.layer, writing.inputs[0]
    axis = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    axes = sorted(each % len(taken) for each in axis)
    kept = [1 if each in axes else size for each, size in enumerate(taken)]
    yield step("s", f"sum(x ⊙ x, axes={axes_of(axes)}, keepdims)", shapes={**writing.shapes, "s": kept})
    shapes = {**writing.shapes, "s": kept, "y": writing.outputs[0]}
    yield step("y", "x / √(s)", shapes=shapes)


def scaled(writing: Writing, formula: str, shapes: dict[str, Shape], others: Sequence[int], *remarks: object) -> Step:
    """A formula with the gamma and beta of its layer, as far as it has them."""
    for name, sign in (("gamma", "⊙"), ("beta", "+")):
        variable = getattr(writing.layer, name, None)
        if variable is not None:
            shapes[name] = writing.weight(name, variable)
            factor = along(name, writing.inputs[0], others) if len(shapes[name]) == 1 else name
            formula = f"{formula} {sign} {factor}"
    about = [each for each in remarks if each is not None]
    return step("y", formula, *about, shapes={**shapes, "y": writing.outputs[0]})  # type: ignore[arg-type]


def normalization(writing: Writing) -> Iterator[Step]:
    """With a mean and variance that were learnt from the data before training, or were written out."""
    layer = writing.layer
    if layer.invert:
        return
    shapes = {**writing.shapes, "y": writing.outputs[0], "m": [*layer.mean.shape], "v": [*layer.variance.shape]}
    yield step("y", "(x − m) / √(v)", shapes=shapes)


def rescaling(writing: Writing) -> Iterator[Step]:
    """Times a number and plus another."""
    layer = writing.layer
    shapes = {**writing.shapes, "y": writing.outputs[0]}
    parts = []
    for name, value in (("scale", layer.scale), ("offset", layer.offset)):
        if isinstance(value, int | float):
            parts.append(number(value))
        else:
            shapes[name] = [len(value)]
            parts.append(name)
    yield step("y", f"x ⊙ {parts[0]}" + ("" if layer.offset == 0 else f" + {parts[1]}"), shapes=shapes)
