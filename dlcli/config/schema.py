"""Config, the table of contents of the language: the four steps in the order in which they are taught, and how to train."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import (
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from dlcli.config.nodes import Node
from dlcli.config.problems import ROOT, located
from dlcli.config.train import Train
from dlcli.data import Data
from dlcli.errors import BlockError, ConfigError, DataError, DlcliError, TreePath
from dlcli.layers import Layer, Layers, connection_mistakes
from dlcli.loss import Loss, Metric
from dlcli.loss.head import Head
from dlcli.loss.together import output_of, together
from dlcli.optimizer import Optimizer
from dlcli.spec import KerasObject, Mistake, Spec, catalogue_of, describe, details_of, fail, near, plain

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
    loss: Loss | dict[str, Loss]
    """Step 3: the loss, the guideline that a person gives; for several targets a mapping by target."""
    optimizer: Optimizer
    """Step 4: the optimizer."""
    metrics: Annotated[list[Metric] | dict[str, list[Metric]], Field(validate_default=True)] = []
    """What is counted besides the loss; for several targets a mapping by target."""
    train: Train
    """How long to train."""

    _root: Node | None = PrivateAttr(default=None)

    @field_validator("layers")
    @classmethod
    def check_connections(cls, layers: list[Layer], information: ValidationInfo) -> list[Layer]:
        data = information.data.get("data")
        mistakes = connection_mistakes(layers, input_names(data), outputs=target_names(data))
        if mistakes:
            fail(*mistakes)
        return layers

    @field_validator("loss", "metrics", mode="wrap")
    @classmethod
    def read_by_target(cls, value: Any, read: ValidatorFunctionWrapHandler, information: ValidationInfo) -> Any:
        targets = target_names(information.data.get("data"))
        if (
            "data" not in information.data
            and isinstance(value, dict)
            and (len(value) > 1 or information.field_name == "metrics")
        ):
            return value  # the targets that these may be for are in a block that is wrong itself
        kind = "losses" if information.field_name == "loss" else "metrics"
        return by_target(value, targets, kind, information) if targets else only_target(value, kind, information)

    @field_validator("metrics")
    @classmethod
    def check_together(cls, metrics: Any, information: ValidationInfo) -> Any:
        before = information.data
        if "layers" in before and "loss" in before:
            mistakes = [
                mistake
                for head in heads_of(before["loss"], metrics)
                for mistake in together(output_of(before["layers"], head.name), head)
            ]
            if mistakes:
                fail(*(from_root(mistake) for mistake in mistakes))
        return metrics

    @field_validator("train")
    @classmethod
    def check_monitors(cls, train: Train, information: ValidationInfo) -> Train:
        before = information.data
        if "metrics" not in before or "data" not in before:
            return train
        if "loss" not in before:
            return train
        heads = heads_of(before["loss"], before["metrics"])
        known = monitors(heads, validation=before["data"].split.validation > 0)
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

    @property
    def heads(self) -> list[Head]:
        """Each target with its loss and metrics."""
        return heads_of(self.loss, self.metrics)

    @property
    def all_metrics(self) -> list[KerasObject]:
        """The metrics of all targets."""
        return [metric for head in self.heads for metric in head.metrics]

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


def target_names(data: Data | None) -> list[str]:
    """The names of several targets; none where there is one."""
    return list(data.targets) if data is not None and data.targets is not None else []


def heads_of(loss: Any, metrics: Any) -> list[Head]:
    """Each target with its loss and metrics."""
    if not isinstance(loss, dict):
        return [Head(None, loss, metrics)]
    return [Head(name, each, metrics.get(name, []) if isinstance(metrics, dict) else []) for name, each in loss.items()]


def only_target(value: Any, kind: str, information: ValidationInfo) -> Any:
    """The loss or the metrics of the only target."""
    catalogue = catalogue_of(information)
    if kind == "losses":
        return value if isinstance(value, KerasObject) else catalogue.read(kind, value)
    if not isinstance(value, list):
        fail(
            Mistake(
                f"'metrics' must be a list, found {describe(value)}",
                suggestion=f"write [{value}]" if isinstance(value, str) else None,
            )
        )
    return read_each(value, lambda each: each if isinstance(each, KerasObject) else catalogue.read(kind, each))


def by_target(value: Any, targets: list[str], kind: str, information: ValidationInfo) -> Any:
    """The losses or the metrics of several targets."""
    if kind == "metrics" and value == []:
        return {}
    word = "loss" if kind == "losses" else "metrics"
    if not isinstance(value, dict) or (len(value) == 1 and next(iter(value)) not in targets):
        example = ", ".join(f"{name}: {'…' if word == 'loss' else '[…]'}" for name in targets)
        fail(
            Mistake(f"there are several targets, so '{word}' is a mapping by target", suggestion=f"write {{{example}}}")
        )
    mistakes = [
        Mistake(f"there is no target '{name}'; there are: {', '.join(targets)}", (name,), near(name, targets), at="key")
        for name in value
        if name not in targets
    ]
    if kind == "losses":
        mistakes += [Mistake(f"the target '{name}' has no loss") for name in targets if name not in value]
    if mistakes:
        fail(*mistakes)
    return read_each(value, lambda each: only_target(each, kind, information))


def read_each(values: Any, read: Callable[[Any], Any]) -> Any:
    """Each of a list or mapping, with the mistakes of all of them at their places."""
    found: dict[Any, Any] = {}
    details: list[Any] = []
    for place, value in values.items() if isinstance(values, dict) else enumerate(values):
        try:
            found[place] = read(value)
        except ValidationError as error:
            details += details_of(error, place)
    if details:
        raise ValidationError.from_exception_data("dlcli", details)
    return found if isinstance(values, dict) else list(found.values())


def monitors(heads: Sequence[Head], *, validation: bool) -> list[str]:
    """Everything that is measured after an epoch."""
    names = ["loss", *(name for head in heads for name in head.values)]
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
