"""Config, the table of contents of the language: the four steps in the order in which they are taught, and how to train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from dlcli.config.nodes import Node
from dlcli.config.problems import ROOT, located
from dlcli.config.train import Train
from dlcli.data import Data
from dlcli.errors import BlockError, ConfigError, DataError, DlcliError, TreePath
from dlcli.layers import Layer, Layers, connection_mistakes
from dlcli.loss import Loss, Metric, metric_name
from dlcli.loss.together import output_of, together
from dlcli.optimizer import Optimizer
from dlcli.spec import Mistake, Spec, fail, near, plain

LARGEST_SEED = 2**32 - 1


class Config(Spec):
    """One experiment."""

    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """What runs are called; by default the file's name."""
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = 0
    """Where all randomness starts: the split, the first weights, the order of samples, dropout."""
    data: Data
    """Step 1: the input data and the target."""
    layers: Layers
    """Step 2: the layers."""
    loss: Loss
    """Step 3: the loss, the guideline that a person gives."""
    optimizer: Optimizer
    """Step 4: the optimizer."""
    metrics: Annotated[list[Metric], Field(validate_default=True)] = []
    """What is counted besides the loss."""
    train: Train
    """How long to train."""

    _root: Node | None = PrivateAttr(default=None)

    @field_validator("layers")
    @classmethod
    def check_connections(cls, layers: list[Layer], information: ValidationInfo) -> list[Layer]:
        mistakes = connection_mistakes(layers, input_names(information.data.get("data")))
        if mistakes:
            fail(*mistakes)
        return layers

    @field_validator("metrics")
    @classmethod
    def check_together(cls, metrics: list[Any], information: ValidationInfo) -> list[Any]:
        before = information.data
        if "layers" in before and "loss" in before:
            mistakes = together(output_of(before["layers"]), before["loss"], metrics)
            if mistakes:
                fail(*(from_root(mistake) for mistake in mistakes))
        return metrics

    @field_validator("train")
    @classmethod
    def check_monitors(cls, train: Train, information: ValidationInfo) -> Train:
        before = information.data
        if "metrics" not in before or "data" not in before:
            return train
        known = monitors(before["metrics"], validation=before["data"].split.validation > 0)
        mistakes = []
        for path, monitor in watched(train):
            if monitor not in known:
                message = f"nothing is called '{monitor}'; there are: {', '.join(known)}"
                hint = near(monitor, known)
                if monitor.startswith("val_") and monitor.removeprefix("val_") in known:
                    hint = "there is no validation split: write data.split.validation: 0.15"
                mistakes.append(Mistake(message, path, hint))
        if mistakes:
            fail(*mistakes)
        return train

    def plain(self) -> dict[str, Any]:
        """The whole configuration, defaults included, as plain data that reads back as the same."""
        result: dict[str, Any] = plain(self)
        return result

    def located(self, error: BlockError) -> ConfigError:
        """The error of a block at its line."""
        assert self._root is not None
        return ConfigError([located(self._root, error.path, error.message, error.hint, at="key")])

    def at_source(self, error: DataError) -> DlcliError:
        """The error of data that names no file of its own, at the line of `data`."""
        if error.file is None and self._root is not None:
            node, _ = self._root.nearest(("data",))
            mark = node.key or node.mark
            error.file, error.line = mark.file, mark.line
        return error

    def line(self, path: TreePath) -> int | None:
        """The line at which a block stands in the file, if it came from one."""
        if self._root is None:
            return None
        node, _ = self._root.nearest(path)
        return node.mark.line


def from_root(mistake: Mistake) -> Mistake:
    """The same mistake, its path marked as leading from the root of the file."""
    return replace(mistake, path=(ROOT, *mistake.path), at="key")


def input_names(data: Data | None) -> list[str] | None:
    """The names of the inputs as far as the configuration tells them, or None."""
    if data is None:
        return None
    if isinstance(data.inputs, dict):
        return list(data.inputs)
    return data.source.input_names()


def monitors(metrics: Sequence[Any], *, validation: bool) -> list[str]:
    """Everything that is measured after an epoch."""
    names = ["loss", *(metric_name(metric) for metric in metrics)]
    return [*names, *(f"val_{name}" for name in names if validation)]


def watched(train: Train) -> list[tuple[TreePath, str]]:
    """Every monitor that the train block names, with its place."""
    found: list[tuple[TreePath, str]] = []
    if train.early_stopping is not None:
        found.append((("early_stopping", "monitor"), train.early_stopping.monitor))
    if train.reduce_on_plateau is not None:
        found.append((("reduce_on_plateau", "monitor"), train.reduce_on_plateau.monitor))
    condition = train.condition()
    if condition is not None:
        found.append((("until",), condition[0]))
    return found
