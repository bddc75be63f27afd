"""Several tensors that become one: sums, products, extremes, and one behind the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dlcli.actions.arithmetic.writing import Writing, axes_of, remark, step
from dlcli.view.arithmetic import Remark, Shape, Step


def merged_by(formula: Callable[[Sequence[str]], str]) -> Callable[[Writing], Iterator[Step]]:
    """The form of a layer that merges its tensors element by element, by the formula of their names."""

    def write(writing: Writing) -> Iterator[Step]:
        shapes = writing.shapes
        rank = max(map(len, shapes.values()))
        for name, own in list(shapes.items()):
            if len(own) < rank:
                wide = [*own[:1], *[1] * (rank - len(own)), *own[1:]]
                yield step(
                    f"e{name}",
                    f"reshape({name}, {tuple(wide)})",
                    remark("expanded"),
                    shapes={name: own, f"e{name}": wide},
                )
                del shapes[name]
                shapes[f"e{name}"] = wide
        names = sorted(shapes, key=lambda each: int(each.lstrip("ex") or 0))
        shapes["y"] = writing.outputs[0]
        yield step("y", formula(names), *spread(names, shapes), shapes=shapes)

    return write


def spread(names: Sequence[str], shapes: dict[str, Shape]) -> list[Remark]:
    """Which tensors are broadcast, and over which axes."""
    over = {
        name: [axis for axis, (own, whole) in enumerate(zip(shapes[name], shapes["y"], strict=True)) if own != whole]
        for name in names
    }
    words = {
        name: "the batch" if axes == [0] else f"ax{'es' if len(axes) > 1 else 'is'} {axes_of(axes)}"
        for name, axes in over.items()
        if axes
    }
    return [remark("broadcast", name=name, over=each) for name, each in words.items()]


added = merged_by(" + ".join)
subtracted = merged_by(" − ".join)
multiplied = merged_by(" ⊙ ".join)
averaged = merged_by(lambda names: f"({' + '.join(names)}) / {len(names)}")
greatest = merged_by(lambda names: f"max({', '.join(names)})")
least = merged_by(lambda names: f"min({', '.join(names)})")


def concatenated(writing: Writing) -> Iterator[Step]:
    """One behind the other along an axis."""
    axis = writing.layer.axis % len(writing.outputs[0])
    shapes = writing.shapes | {"y": writing.outputs[0]}
    yield step("y", f"concatenate({', '.join(writing.shapes)}, axis={axis})", shapes=shapes)


def inner_product(writing: Writing) -> Iterator[Step]:
    """Sums over one axis of each, sample by sample."""
    layer, shapes = writing.layer, writing.shapes
    if layer.normalize or len(shapes) != 2:
        return
    given = layer.axes if isinstance(layer.axes, list | tuple) else [layer.axes] * 2
    axes = tuple(axis % len(own) for axis, own in zip(given, shapes.values(), strict=True))
    yield step("y", f"dot_by_sample(x1, x2, axes={axes})", shapes={**shapes, "y": writing.outputs[0]})
