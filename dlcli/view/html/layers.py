"""The part on what the first filters see."""

from __future__ import annotations

from collections.abc import Sequence

from dlcli.view.html.part import Part, missing_part, part_of_page
from dlcli.view.html.pictures import SampleTile, picture_tile, series_tile, tile_of
from dlcli.view.look import Tiles
from dlcli.view.report import Missing, RunReport
from dlcli.view.samples import MOST_CHANNELS

TITLE = "What the first filters see"
MOST_PICTURES, MOST_CURVES = 32, 6
"""Pictures and curves of filters that are shown."""


def layers_part(report: RunReport) -> Part | None:
    """Filters, and what they make of one sample; nothing of a model without any."""
    layers = report.layers
    if layers is None:
        return None
    if isinstance(layers, Missing):
        return missing_part("layers", TITLE, layers)
    filters = filter_tiles(layers.filters)
    return part_of_page(
        "layers",
        TITLE,
        filters=layers.filters,
        shown=filters,
        of=len(layers.filters.units),
        activations=answer_tiles(layers.activations) if layers.activations is not None else [],
        sample=[tile_of(layers.sample)] if layers.sample is not None else [],
    )


def filter_tiles(tiles: Tiles) -> list[SampleTile]:
    """Each of the first filters: a picture, or the curve of its window for each channel."""
    if tiles.form == "pictures":
        return pictures_of_units(tiles)
    named = list(zip(tiles.names, tiles.arrays, strict=True))[:MOST_CURVES]
    return [series_tile(f"filter {name}", values.reshape(len(values), -1)) for name, values in named]


def answer_tiles(tiles: Tiles) -> list[SampleTile]:
    """What the units put out that answer most: pictures, or all curves in one chart."""
    if tiles.form == "pictures":
        return pictures_of_units(tiles)
    import numpy as np

    names = [f"unit {name}" for name in tiles.names[:MOST_CHANNELS]]
    return [series_tile("units", np.stack([*tiles.arrays[:MOST_CHANNELS]], axis=-1), names)]


def pictures_of_units(tiles: Tiles) -> list[SampleTile]:
    """The first pictures of a layer, by the numbers of their units."""
    named: Sequence[tuple[str, object]] = list(zip(tiles.names, tiles.arrays, strict=True))[:MOST_PICTURES]
    return [picture_tile(values, name) for name, values in named]
