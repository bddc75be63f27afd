"""A model: its layers with shapes, parameters, multiply-adds and memory, its graph, and what a run has learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.arithmetic import Arithmetic, draw_arithmetic
from dlcli.view.console.console import supports_unicode
from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.json_value import INLINE, json_name
from dlcli.view.console.labelled import line
from dlcli.view.console.shapes import shape
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import byte_size
from dlcli.view.drawing.graph_node import GraphNode
from dlcli.view.drawing.graph_text import graph_lines, is_stack
from dlcli.view.first_loss import FirstLossShown
from dlcli.view.layer_states import LayerStates, draw_states
from dlcli.view.sentences import Judgement, Told
from dlcli.view.verdict import draw_verdict


@dataclass(frozen=True)
class VectorsShown:
    """How many of so many words had a vector in the file of an Embedding."""

    found: int
    of: int


@dataclass(frozen=True, kw_only=True)
class LayerRow:
    """One layer; shapes are without the batch axis, `macs` are multiply-adds and `bytes` those of its output for one sample,
    `line` that of the file.
    """

    name: str
    kind: str = field(metadata=json_name("class"))
    input_shape: Sequence[Any]
    output_shape: Sequence[Any]
    parameters: int
    macs: int
    bytes: int
    line: int | None
    vectors: VectorsShown | None = None


@dataclass(frozen=True, kw_only=True)
class PhaseRow:
    """A phase of a training: its epochs and what is another in it; where a model was built for it also what learns.

    `training_bytes` are as in the summary.
    """

    epochs: int
    settings: Mapping[str, Any] = field(metadata=json_name("set"))
    trainable: int | None = None
    training_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class ModelSummary:
    """All layers with their totals; the keys of `dlcli inspect --json`.

    `bytes` are those of the parameters, `activation_bytes` those of the outputs of a batch, `training_bytes` those of
    parameters, gradients and the moments of an optimizer. `first_loss` is what the untrained model says, `states` what a run
    has learnt; None where it was not looked at. `findings` are what looks wrong in the states.
    `started_from` is the file of weights that training starts or started with, its hash, and the layers that got theirs;
    `phases` are those of the training, where it has several.
    """

    layers: Sequence[LayerRow]
    parameters: int
    trainable: int
    macs: int
    bytes: int
    batch_size: int
    activation_bytes: int
    training_bytes: int
    graph: Sequence[GraphNode]
    first_loss: FirstLossShown | None = None
    states: LayerStates | None = field(default=None, metadata=INLINE)
    findings: Sequence[Told] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)
    started_from: Mapping[str, Any] | None = None
    phases: Sequence[PhaseRow] = field(default_factory=tuple)
    verdict: Sequence[Judgement] = field(default_factory=tuple)
    """What was said of the training of a run when it ended."""
    arithmetic: Arithmetic | None = field(default=None, metadata=INLINE)
    """Each layer as tensor arithmetic, where that was asked for."""


def draw_model(console: Console, model: ModelSummary) -> None:
    """The layers or their arithmetic with totals, the graph where it is no plain stack, and what is known of the weights."""
    if model.arithmetic is None:
        write_table(console, layers_table(model.layers))
    else:
        draw_arithmetic(console, model.arithmetic)
    console.print()
    if not is_stack(model.graph):
        unicode = supports_unicode(console.file)
        for each in graph_lines(model.graph, width=console.width, unicode=unicode):
            console.print(Text(each), overflow="ellipsis", no_wrap=True)
        console.print()
    draw_totals(console, model)
    if model.first_loss is not None:
        line(console, "untrained", model.first_loss.words)
    if model.states is not None:
        console.print()
        draw_states(console, model.states, layers=[layer.name for layer in model.layers])
    for layer in model.layers:
        if layer.vectors is not None:
            line(console, "vectors", f"{layer.name}: {layer.vectors.found:,} of {layer.vectors.of:,} words had one")
    if model.started_from is not None:
        line(console, "weights", f"{model.started_from['parameters']:,} numbers from {model.started_from['file']}")
    for number, phase in enumerate(model.phases, start=1):
        learns = "" if phase.trainable is None else f"; {phase.trainable:,} trainable"
        settings = "".join(f"; {path}: {value}" for path, value in phase.settings.items())
        line(console, f"phase {number}", f"{phase.epochs} epochs{learns}{settings}")
    for finding in model.findings:
        line(console, finding.finding, "; ".join(filter(None, [finding.evidence, finding.advice])))
    draw_verdict(console, model.verdict)
    for note in model.notes:
        line(console, "note", note)


def layers_table(layers: Sequence[LayerRow]) -> Table:
    """A row for each layer."""
    columns = [
        Column("layer"),
        Column("input", text=shape),
        Column("output", text=shape),
        number_column("parameters", "{:,}".format),
        number_column("multiply-adds", "{:,}".format),
        number_column("memory", byte_size),
        number_column("line", line_number),
    ]
    rows = [
        [
            *(f"{each.name} ({each.kind})", each.input_shape, each.output_shape),
            *(each.parameters, each.macs, each.bytes, each.line),
        ]
        for each in layers
    ]
    known = any(each.line is not None for each in layers)
    return Table(columns, rows) if known else Table(columns[:-1], [row[:-1] for row in rows])


def line_number(number: int | None) -> str:
    """A line of a file in a cell."""
    return str(number or "")


def draw_totals(console: Console, model: ModelSummary) -> None:
    """The totals in words."""
    kept = f" ({model.trainable:,} trainable)" if model.parameters - model.trainable else ""
    parameters = f"{model.parameters:,} parameters{kept}, {byte_size(model.bytes)}"
    console.print(Text(f"{parameters}; {model.macs:,} multiply-adds a sample"))
    training, activations = byte_size(model.training_bytes), byte_size(model.activation_bytes)
    step = (
        f"a step of {model.batch_size} samples keeps {activations} of layer outputs beside {training} of parameters, "
    )
    console.print(Text(f"{step}gradients and moments"))
