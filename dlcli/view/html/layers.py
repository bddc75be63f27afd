"""The part on what the first convolution sees."""

from __future__ import annotations

from dlcli.view.html.part import Part, missing_part, part_of_page
from dlcli.view.html.pictures import picture_tile, tile_of
from dlcli.view.report import Missing, RunReport

TITLE = "What the first convolution sees"


def layers_part(report: RunReport) -> Part | None:
    """Its filters, and what they make of one sample; nothing of a model without one."""
    layers = report.layers
    if layers is None:
        return None
    if isinstance(layers, Missing):
        return missing_part("layers", TITLE, layers)
    return part_of_page(
        "layers",
        TITLE,
        layer=layers.layer,
        of=layers.of,
        filters=[picture_tile(each, str(at)) for at, each in enumerate(layers.filters)],
        activations=[picture_tile(each, str(at)) for at, each in enumerate(layers.activations)],
        sample=tile_of(layers.sample) if layers.sample is not None and layers.sample.kind == "image" else None,
    )
