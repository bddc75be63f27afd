"""Inspect a model: its layers with shapes, parameters, multiply-adds and memory, its graph, and of a run what it has learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dlcli.config import Config
from dlcli.config.catalogue.live import layer_traits
from dlcli.errors import DlcliError, TreePath
from dlcli.finding import Finding
from dlcli.layers.calls import Call, calls_of
from dlcli.layers.macs import macs_of, size
from dlcli.layers.memory import BYTES, FLOAT
from dlcli.results.layer_states import LayerStates, layer_states
from dlcli.results.model_findings import model_findings
from dlcli.runs import Run
from dlcli.training.backend import chatter_to
from dlcli.training.check.first_loss import first_loss
from dlcli.training.experiment import set_up_config
from dlcli.training.trained import open_trained
from dlcli.view.json_value import json_value
from dlcli.view.sentences import told_of_model


@dataclass(frozen=True)
class LayerRow:
    """One layer; shapes are without the batch axis, `macs` are multiply-adds and `bytes` those of its output for one sample,
    `line` that of the file.
    """

    name: str
    kind: str
    input_shape: list[Any]
    output_shape: list[Any]
    parameters: int
    macs: int
    bytes: int
    line: int | None

    def plain(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {("class" if key == "kind" else key): value for key, value in asdict(self).items()}


@dataclass(frozen=True)
class ModelSummary:
    """All layers with their totals; `bytes` are those of the parameters, `activation_bytes` those of the outputs of a batch,
    `training_bytes` those of parameters, gradients and the moments of an optimizer.

    `graph` holds each call of a layer with the numbers of those that it takes. `first_loss` is what the untrained model says,
    `states` what a run has learnt; None where it was not looked at. `findings` are what looks wrong in the states.
    """

    layers: list[LayerRow]
    parameters: int
    trainable: int
    macs: int
    bytes: int
    batch_size: int
    activation_bytes: int
    training_bytes: int
    graph: list[dict[str, Any]]
    first_loss: dict[str, Any] | None = None
    states: LayerStates | None = None
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """The summary as `dlcli inspect --json` gives it."""
        states = {} if self.states is None else asdict(self.states)
        values = {key: value for key, value in vars(self).items() if key != "states"}
        told = [json_value(told_of_model(each)) for each in self.findings]
        return {**values, "layers": [row.plain() for row in self.layers], **states, "findings": told}


def inspect_config(config: Config, *, allow_code: bool = False) -> ModelSummary:
    """The model of a configuration, and its loss before any training."""
    with chatter_to(None):
        experiment = set_up_config(config, allow_code=allow_code)
        first = first_loss(experiment).plain()
        return summary(experiment.model, experiment.built.places, config, first_loss=first)


def inspect_run(run: Run, *, allow_code: bool = False) -> ModelSummary:
    """The model that a run has saved, and on its data what its layers have learnt."""
    states, notes = None, []
    with open_trained(run, allow_code=allow_code) as trained:
        config, model = trained.config, trained.model
        try:
            states = layer_states(trained, trained.dataset())
        except DlcliError as error:
            notes.append(f"what the layers do with the data is not shown: {error.message}")
            states = layer_states(trained, None)
        return summary(model, {}, config, states=states, findings=model_findings(states), notes=notes)


def summary(model: Any, places: Mapping[str, TreePath], config: Config, **more: Any) -> ModelSummary:
    """The rows of a built model, one a layer."""
    calls, rows, wide = calls_of(model), dict[str, LayerRow](), 2 if "16" in config.train.precision else FLOAT
    for call in calls:
        name = call.layer.name
        if call.is_input:
            continue
        row = rows.get(name)
        macs = macs_of(call.layer, call.inputs[0], call.outputs[0], traits=layer_traits) if call.inputs else 0
        own = sum(size(shape) for shape in call.outputs) * wide
        if row is not None:  # A layer that is called again has the same weights, and works and puts out once more.
            rows[name] = LayerRow(**{**vars(row), "macs": row.macs + macs, "bytes": row.bytes + own})
            continue
        line = config.line(places[name]) if name in places else None
        kind, parameters = type(call.layer).__name__, call.layer.count_params()
        rows[name] = LayerRow(
            name, kind, one_or_all(call.inputs), one_or_all(call.outputs), parameters, macs, own, line
        )
    parameters, batch = model.count_params(), config.train.batch_size
    trainable = sum(size(weight.shape) for weight in model.trainable_weights)
    return ModelSummary(
        list(rows.values()),
        parameters,
        trainable,
        sum(row.macs for row in rows.values()),
        parameters * FLOAT,
        batch,
        sum(row.bytes for row in rows.values()) * batch,
        trainable * BYTES + (parameters - trainable) * FLOAT,
        [plain_call(call, model) for call in calls],
        **more,
    )


def plain_call(call: Call, model: Any) -> dict[str, Any]:
    """A call as the graph is drawn from it."""
    ends = {id(tensor) for tensor in model.outputs}
    return {
        "name": call.layer.name,
        "class": "input" if call.is_input else type(call.layer).__name__,
        "shape": one_or_all(call.outputs),
        "parameters": 0 if call.is_input else call.layer.count_params(),
        "takes": call.takes,
        "output": any(id(tensor) in ends for tensor in call.tensors),
    }


def one_or_all(shapes: list[Any]) -> list[Any]:
    """The only shape, or the list of several."""
    return shapes[0] if len(shapes) == 1 else shapes
