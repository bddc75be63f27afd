"""Inspect a model: its layers with shapes, parameters, multiply-adds and memory, its graph, and of a run what it has learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcli.actions.arithmetic import arithmetic_of
from dlcli.actions.layer_states import layer_states
from dlcli.actions.model_findings import model_findings
from dlcli.actions.training_result import verdict_of_run
from dlcli.config import Config
from dlcli.config.catalogue.live import layer_traits, written_class
from dlcli.data import Schema
from dlcli.errors import ArtifactError, DlcliError, TreePath
from dlcli.layers.calls import Call, calls_of
from dlcli.layers.macs import elements, macs_of
from dlcli.layers.memory import BYTES, FLOAT, elements_kept
from dlcli.layers.names import written_layer_name
from dlcli.runs import Run
from dlcli.training.evidence.first_loss import first_loss
from dlcli.training.kept.recorded import recorded_origin
from dlcli.training.kept.starting_weights import set_up_started
from dlcli.training.kept.trained import open_trained
from dlcli.training.setup.backend import chatter_to
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.phase_plan import let_learn
from dlcli.view.arithmetic import Arithmetic
from dlcli.view.drawing.graph_node import INPUT, GraphNode
from dlcli.view.model import LayerRow, ModelSummary, PhaseRow, VectorsShown
from dlcli.view.sentences import Judgement, Told, told_of_model


def inspect_config(config: Config, *, runs: Path, allow_code: bool, arithmetic: bool = False) -> ModelSummary:
    """The model of a configuration, and its loss before any training; with `arithmetic` the formulas of its layers."""
    with chatter_to(None):
        experiment = set_up_started(config, runs=runs, allow_code=allow_code)
        first = first_loss(experiment).shown()
        notes = [*(each.message for each in experiment.built.notes), *stripped_texts(experiment.dataset.schema)]
        origin, places = recorded_origin(experiment), experiment.built.places
        phases = phases_of(experiment)
        more: dict[str, Any] = {"first_loss": first, "notes": notes, "phases": phases}
        config, formulas = experiment.config, formulas_of(experiment.model, experiment.config) if arithmetic else None
        return model_summary(experiment.model, places, config, origin, arithmetic=formulas, **more)


def formulas_of(model: Any, config: Config) -> Arithmetic:
    """The layers of a model as tensor arithmetic, in batches of the size of its training."""
    return arithmetic_of(model, batch=config.train.batch_size)


def inspect_run(run: Run, *, allow_code: bool, arithmetic: bool = False) -> ModelSummary:
    """The model that a run has saved, and on its data what its layers have learnt; with `arithmetic` their formulas."""
    states = None
    with open_trained(run, allow_code=allow_code) as trained:
        config, model, notes = trained.config, trained.model, trained.notes
        try:
            states = layer_states(trained, trained.dataset())
        except ArtifactError:
            raise
        except DlcliError as error:
            notes.append(f"what the layers do with the data is not shown: {error.message}")
            states = layer_states(trained, None)
        notes += stripped_texts(trained.schema)
        verdict = verdict_of_run(run)
        told = [beside_verdict(told_of_model(finding), verdict) for finding in model_findings(states)]
        phases = [PhaseRow(epochs=each.epochs, settings=each.set) for each in config.train.phases]
        origin: Mapping[str, Any] = trained.environment
        more: dict[str, Any] = {
            "verdict": verdict,
            "states": states,
            "findings": told,
            "notes": notes,
            "phases": phases,
            "arithmetic": formulas_of(model, config) if arithmetic else None,
        }
        return model_summary(model, {}, config, origin, **more)


def beside_verdict(told: Told, verdict: Sequence[Judgement]) -> Told:
    """A finding about the weights as it stands beside a verdict: one that has nothing to change takes its advice away."""
    calm = verdict and all(each.severity == "note" and not each.advice for each in verdict)
    return replace(told, severity="note", advice=None) if calm and told.severity != "error" else told


def stripped_texts(schema: Schema) -> list[str]:
    """The notes on texts that are not prepared as they are."""
    patterns = [(each.name, each.strip) for each in schema.inputs] + [
        (each.name, each.strip) for each in schema.targets
    ]
    found = {name: pattern for name, pattern in patterns if pattern is not None}
    return [f"what '{pattern}' finds in '{name}' is a blank before it is prepared" for name, pattern in found.items()]


def phases_of(experiment: Experiment) -> list[PhaseRow]:
    """The phases of a training that has several, with what learns in each."""
    rows, model = [], experiment.model
    for phase, plan in zip(experiment.whole.train.phases, experiment.plans, strict=False):
        let_learn(model, plan.learns)
        learning = sum(elements(weight.shape) for weight in model.trainable_weights)
        memory = training_bytes(model.count_params(), learning)
        rows.append(PhaseRow(epochs=phase.epochs, settings=phase.set, trainable=learning, training_bytes=memory))
    let_learn(model, experiment.plans[0].learns)
    return rows


def training_bytes(parameters: int, trainable: int) -> int:
    """The bytes of parameters, of which some learn, with their gradients and the moments of an optimizer."""
    return trainable * BYTES + (parameters - trainable) * FLOAT


def model_summary(
    model: Any, places: Mapping[str, TreePath], config: Config, origin: Mapping[str, Any] = {}, **more: Any
) -> ModelSummary:
    """The rows of a built model, one a layer; `origin` is what is recorded of weights from elsewhere."""
    vectors: Mapping[str, Any] = origin.get("vectors", {})
    calls, rows, wide = calls_of(model), dict[str, LayerRow](), 2 if "16" in config.train.precision else FLOAT
    for call in calls:
        name = call.layer.name
        if call.is_input:
            continue
        row = rows.get(name)
        macs = macs_of(call.layer, call.inputs[0], call.outputs[0], traits=layer_traits) if call.inputs else 0
        own = elements_kept(call, layer_traits) * wide
        if row is not None:  # A layer that is called again has the same weights, and works and puts out once more.
            rows[name] = replace(row, macs=row.macs + macs, bytes=row.bytes + own)
            continue
        line = config.line(places[name]) if name in places else None
        kind, parameters = written_class(type(call.layer)), call.parameters
        rows[name] = LayerRow(
            name=written_layer_name(name),
            kind=kind,
            input_shape=one_or_all(call.inputs),
            output_shape=one_or_all(call.outputs),
            parameters=parameters,
            macs=macs,
            bytes=own,
            line=line,
            vectors=vectors_shown(vectors.get(written_layer_name(name))),
        )
    parameters, batch = model.count_params(), config.train.batch_size
    trainable = sum(elements(weight.shape) for weight in model.trainable_weights)
    return ModelSummary(
        layers=list(rows.values()),
        parameters=parameters,
        trainable=trainable,
        macs=sum(row.macs for row in rows.values()),
        bytes=parameters * FLOAT,
        batch_size=batch,
        activation_bytes=sum(row.bytes for row in rows.values()) * batch,
        training_bytes=training_bytes(parameters, trainable),
        graph=[node_of(call, model) for call in calls],
        started_from=origin.get("weights"),
        **more,
    )


def vectors_shown(recorded: Mapping[str, Any] | None) -> VectorsShown | None:
    """How many words of a layer had a vector in its file."""
    return None if recorded is None else VectorsShown(int(recorded["found"]), int(recorded["of"]))


def node_of(call: Call, model: Any) -> GraphNode:
    """A call as the graph is drawn from it."""
    ends = {id(tensor) for tensor in model.outputs}
    return GraphNode(
        name=written_layer_name(call.layer.name),
        kind=INPUT if call.is_input else written_class(type(call.layer)),
        shape=one_or_all(call.outputs),
        parameters=0 if call.is_input else call.parameters,
        takes=call.takes,
        output=any(id(tensor) in ends for tensor in call.tensors),
    )


def one_or_all(shapes: list[Any]) -> list[Any]:
    """The only shape, or the list of several."""
    return shapes[0] if len(shapes) == 1 else shapes
