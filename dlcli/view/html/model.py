"""The part on the model: its layers and its graph."""

from __future__ import annotations

from dlcli.view.console.tables import byte_size
from dlcli.view.drawing.graph_svg import graph_svg
from dlcli.view.html.markup import table_markup, unescaped
from dlcli.view.html.part import Part, missing_part, part_of_page
from dlcli.view.model import layers_table
from dlcli.view.report import Missing, RunReport

TITLE = "The model"
MOST_NODES, MOST_LAYERS = 250, 250
"""Layers that a picture and a table hold."""


def model_part(report: RunReport) -> Part:
    """Totals, the graph as a picture, and a row for each layer."""
    model = report.model
    if isinstance(model, Missing):
        return missing_part("model", TITLE, model)
    graph = unescaped(graph_svg(model.graph)) if 0 < len(model.graph) <= MOST_NODES else None
    kept = f" ({model.trainable:,} trainable)" if model.parameters - model.trainable else ""
    words = f"{model.parameters:,} parameters{kept}, {byte_size(model.bytes)}; {model.macs:,} multiply-adds a sample"
    return part_of_page(
        "model",
        TITLE,
        graph=graph,
        nodes=len(model.graph),
        words=words,
        untrained=model.first_loss.words if model.first_loss is not None else None,
        table=table_markup(layers_table(model.layers[:MOST_LAYERS]), "layers"),
        more=max(0, len(model.layers) - MOST_LAYERS),
    )
