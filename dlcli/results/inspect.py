"""Inspect a model: its layers with shapes, parameters and multiply-adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dlcli.config import Config
from dlcli.errors import TreePath
from dlcli.layers.macs import macs_of, size
from dlcli.runs import Run
from dlcli.training.backend import chatter_to, start_keras
from dlcli.training.experiment import read_data, set_up
from dlcli.training.model_folder import load_model

FLOAT = 4


@dataclass(frozen=True)
class LayerRow:
    """One layer; shapes are without the batch axis, `macs` are multiply-adds for one sample, `line` that of the file."""

    name: str
    kind: str
    input_shape: list[Any]
    output_shape: list[Any]
    parameters: int
    macs: int
    line: int | None

    def plain(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {("class" if key == "kind" else key): value for key, value in asdict(self).items()}


@dataclass(frozen=True)
class ModelSummary:
    """All layers with their totals; `bytes` are those of the parameters."""

    layers: list[LayerRow]
    parameters: int
    trainable: int
    macs: int
    bytes: int

    def plain(self) -> dict[str, Any]:
        """The summary as `dlcli inspect --json` gives it."""
        return {**asdict(self), "layers": [row.plain() for row in self.layers]}


def inspect_config(config: Config, *, allow_code: bool = False) -> ModelSummary:
    """The model of a configuration, built on the shapes of its data."""
    dataset = read_data(config, allow_code=allow_code)
    with chatter_to(None):
        start_keras(seed=config.seed, precision=config.train.precision)
        built = set_up(config, dataset).built
    return summary(built.model, built.places, config)


def inspect_run(run: Run) -> ModelSummary:
    """The model that a run has saved."""
    with chatter_to(run.log if run.log.exists() else None):
        start_keras(seed=0)
        return summary(load_model(run).model, {}, None)


def summary(model: Any, places: Mapping[str, TreePath], config: Config | None) -> ModelSummary:
    """The rows of a built model."""
    rows = []
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        inputs, outputs = shape_of(layer.input), shape_of(layer.output)
        line = config.line(places[layer.name]) if config is not None and layer.name in places else None
        first = inputs[0] if inputs and isinstance(inputs[0], list) else inputs
        macs = macs_of(layer, first, outputs)
        rows.append(LayerRow(layer.name, type(layer).__name__, inputs, outputs, layer.count_params(), macs, line))
    parameters = model.count_params()
    trainable = sum(size(weight.shape) for weight in model.trainable_weights)
    return ModelSummary(rows, parameters, trainable, sum(row.macs for row in rows), parameters * FLOAT)


def shape_of(tensors: Any) -> list[Any]:
    """The shape of one sample, or a list of shapes where a layer takes several tensors."""
    if isinstance(tensors, list | tuple):
        shapes = [list(tensor.shape[1:]) for tensor in tensors]
        return shapes[0] if len(shapes) == 1 else shapes
    if isinstance(tensors, dict):
        return shape_of(list(tensors.values()))
    return list(tensors.shape[1:])
