"""What a layer puts out for one sample, unit by unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcli.actions.layer_outputs import LayerOutput
from dlcli.actions.look.filters import MOST_NUMBERS
from dlcli.view.look import Tiles

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def unit_means(output: LayerOutput) -> Array:
    """The mean of each unit (units,) over the places of the first sample that count."""
    import numpy as np

    return np.asarray(counted_rows(output).mean(axis=0))


def counted_rows(output: LayerOutput) -> Array:
    """What the first sample has at the places that count: (places, units)."""
    values: Array = output.values[0]
    if values.ndim < 2:
        return values.reshape(1, -1)
    mask = None if output.mask is None else output.mask[0]
    if mask is not None and mask.shape == values.shape[: mask.ndim] and mask.ndim < values.ndim and mask.any():
        values = values[mask]
    rows: Array = values.reshape(-1, values.shape[-1])
    return rows


def activations_of(name: str, output: LayerOutput, classes: Sequence[str] | None) -> Tiles:
    """Feature maps as pictures, what goes over time as curves, numbers as bars; the unit that answers most first."""
    values, means = output.values[0], unit_means(output)
    order = abs(means).argsort(kind="stable")[::-1].tolist()
    drawn = values if output.mask is None else without_padding(values, output.mask[0])
    form = {3: "pictures", 2: "curves"}.get(values.ndim, "bars")
    names = (
        [str(unit) for unit in order]
        if classes is None or len(classes) != len(order)
        else [classes[at] for at in order]
    )
    return Tiles(
        layer=name,
        form=form,  # type: ignore[arg-type]
        units=order,
        names=names,
        values=[float(means[unit]) for unit in order],
        about="what it puts out for the sample"
        if form == "bars"
        else "what it puts out for the sample, strongest first",
        numbers=values.tolist() if values.size <= MOST_NUMBERS else None,
        arrays=[drawn[..., unit] for unit in order] if values.ndim in {2, 3} else [],
    )


def without_padding(values: Array, mask: Array) -> Array:
    """The steps of a sample that count, of an output (steps, units)."""
    return values[mask] if values.ndim == 2 and mask.shape == values.shape[:1] and mask.any() else values
