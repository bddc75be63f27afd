"""The experiment: data, preparation and compiled model of a configuration, checked to fit together."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlcli.config import Config
from dlcli.data import Dataset, Samples
from dlcli.data.prepare import fit_preparation, prepare
from dlcli.errors import BlockError, ConfigError, DataError
from dlcli.layers.graph import Built, build_model
from dlcli.loss import build_metrics, labels_of, needs
from dlcli.loss.together import Output, output_of, together
from dlcli.optimizer import build_optimizer
from dlcli.spec import KerasObject

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Experiment:
    """Everything a training needs, in memory.

    `splits` are as the model takes them; `preparation` is None where nothing is prepared.
    """

    config: Config
    dataset: Dataset
    splits: Mapping[str, Samples]
    built: Built
    preparation: Any
    facts: Mapping[str, int]

    @property
    def model(self) -> Any:
        return self.built.model


def read_data(config: Config) -> Dataset:
    """Step 1 alone: the data set, without TensorFlow."""
    try:
        return config.data.load(seed=config.seed, labels=labels_of(config.loss))
    except DataError as error:
        raise config.at_source(error) from None


def set_up(config: Config, dataset: Dataset) -> Experiment:
    """Prepares the data, builds and compiles the model. Keras must have been started.

    Raises `ConfigError` at the line of the block that cannot be built or does not fit.
    """
    facts = dataset.facts(config.train.batch_size)
    try:
        preparation = fit_preparation(config.data, dataset, facts=facts)
        splits = {
            name: Samples(prepare(preparation, samples.inputs), samples.target, samples.rows)
            for name, samples in dataset.splits.items()
        }
        shapes = {name: values.shape[1:] for name, values in splits["train"].inputs.items()}
        built = build_model(config.layers, shapes, facts=facts, memory=free_memory())
        check_together(config, dataset, built.model)
        splits = {
            name: replace(each, target=aligned(each.target, built.model, config.loss)) for name, each in splits.items()
        }
        check_metrics(config, built.model, splits["train"].target[:2], facts)
        check_rate(config)
        compile_model(config, built.model, facts)
    except BlockError as error:
        raise config.located(error) from error
    return Experiment(config, dataset, splits, built, preparation, facts)


def check_together(config: Config, dataset: Dataset, model: Any) -> None:
    """Refuses four steps that do not fit, now that all shapes are known."""
    shape = tuple(model.output_shape[1:]) if not isinstance(model.output_shape, list | dict) else ()
    told = output_of(config.layers)
    output = Output(shape[-1] if shape else 1, told.activation, told.layer, told.position, shape)
    target = dataset.schema.target
    classes = len(target.classes) if target.classes is not None else None
    mistakes = together(output, config.loss, config.metrics, classes=classes, target=tuple(target.shape))
    if mistakes:
        problems = [
            problem
            for mistake in mistakes
            for problem in config.located(BlockError(mistake.path, mistake.message, hint=mistake.suggestion)).problems
        ]
        raise ConfigError(problems)


def aligned(target: np.ndarray[Any, Any], model: Any, loss: KerasObject) -> np.ndarray[Any, Any]:
    """One number a sample as (samples, 1) where the model puts out that shape: losses take both, some metrics do not."""
    if target.ndim == 1 and needs(loss) != "classes" and tuple(model.output_shape[1:]) == (1,):
        return target[:, None]
    return target


def check_metrics(config: Config, model: Any, target: np.ndarray[Any, Any], facts: Mapping[str, int]) -> None:
    """Refuses a metric that cannot read this target and prediction, tried on the targets of a few samples."""
    import numpy as np

    shape = tuple(model.output_shape[1:])
    if None in shape:
        return
    predicted = np.full((len(target), *shape), 1 / shape[-1] if shape else 0.5, np.float32)
    for position, metric in enumerate(config.metrics):
        try:
            (built,) = build_metrics([metric], config.loss, width=predicted.shape[-1], facts=facts)
            built.update_state(target, predicted)
        except Exception as error:
            wanted = f"a target of shape {target.shape[1:]} with a prediction of shape {shape}"
            raise BlockError(
                ("metrics", position),
                f"{metric.written} cannot compare {wanted}",
                hint="write accuracy" if needs(config.loss) in {"classes", "one_hot"} else "leave it out",
            ) from error


def check_rate(config: Config) -> None:
    """Refuses a plateau rule beside a schedule: only one of them can set the learning rate."""
    rate = config.optimizer.arguments.get("learning_rate")
    if config.train.reduce_on_plateau is not None and isinstance(rate, KerasObject):
        raise BlockError(
            ("train", "reduce_on_plateau"),
            f"'reduce_on_plateau' cannot change the learning rate, because {rate.written} sets it",
            hint="leave one of them out",
        )


def compile_model(config: Config, model: Any, facts: Mapping[str, int], *, learns: bool = True) -> None:
    """Gives the model its loss, metrics and, where it is to learn, its optimizer."""
    width = model.output_shape[-1] if not isinstance(model.output_shape, list) else 1
    loss = built_block("loss", lambda: config.loss.build(facts))
    optimizer = built_block("optimizer", lambda: build_optimizer(config.optimizer, facts)) if learns else None
    metrics = built_block("metrics", lambda: build_metrics(config.metrics, config.loss, width=width, facts=facts))
    model.compile(loss=loss, optimizer=optimizer, metrics=metrics, jit_compile=False)


def built_block(name: str, build: Callable[[], Any]) -> Any:
    """What a block builds, or its error at the block's place."""
    try:
        return build()
    except Exception as error:
        raise BlockError((name,), f"{name}: {str(error).splitlines()[0]}") from error


def free_memory() -> int:
    """Bytes of memory that can be had."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
