"""How much of a picture or sequence each place of a model sees before all places become one number, or most are left out."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from dlcli.config.language import Language
from dlcli.config.setting_path import setting_path
from dlcli.data.memory import free_memory
from dlcli.keras_internals import nodes_of
from dlcli.layers.graph import build_model
from dlcli.layers.names import written_layer_name
from dlcli.spec import plain
from dlcli.training.evidence.rate_trial import RateTrial
from dlcli.training.evidence.stopwatch import Stopwatch
from dlcli.training.evidence.tried_on import MOST, spread_validation
from dlcli.training.setup.experiment import Experiment, compile_model

NARROW = 0.5
"""A place that sees less than this share of an axis does not see what stands on its other side."""
SKIPS = 5
"""So many places at once that a layer makes one of, before any has learnt, are more than what a usual one leaves out."""
SHORTER, FILTERS = 2, 32
"""What a layer makes one of instead, and the filters of one that sees more."""


@dataclass(frozen=True)
class Sight:
    """A layer behind which what stands far apart is never seen together (`averaged`), or that makes so many places one before
    anything is learnt of them (`skipped`).

    It sees so many `places` of the `size` of an axis; `key` is the setting that lets it see more, and `new` its value, by which
    the layers become `layers`.
    """

    why: Literal["averaged", "skipped"]
    layer: str
    places: int
    size: int
    key: str
    old: Any
    new: Any
    layers: list[Any]


def sight(experiment: Experiment) -> Sight | None:
    """The first such layer, where it stands in the list of layers; None where there is none."""
    import keras

    seen: dict[int, tuple[int, int]] = {}
    model = experiment.model
    size = next((each.shape[1] for each in model.inputs if len(each.shape) > 1), None)
    if (
        size is None
        or len(model.inputs) != 1
        or any(each.padding is not None for each in experiment.dataset.schema.inputs)
    ):
        return None
    layers, learnt = keras.layers, False
    averages = (layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D)
    for node in nodes_of(model):
        layer = node.operation
        if isinstance(layer, averages) and id(node.input_tensors[0]) in seen:
            field, _ = seen[id(node.input_tensors[0])]
            return of_average(experiment, node, min(field, size), size) if field < NARROW * size else None
        reached = field_behind(node, seen)
        if reached is None:
            continue
        stride = axis_of(layer, "strides")
        if not learnt and stride >= SKIPS and size >= 2 * stride:
            return of_strides(experiment, layer, stride, size)
        learnt = learnt or bool(getattr(layer, "weights", ()))
        seen |= {id(tensor): reached for tensor in node.output_tensors}
    return None


def field_behind(node: Any, seen: Mapping[int, tuple[int, int]]) -> tuple[int, int] | None:
    """How many places of the input each place behind a layer sees, and how far apart two of them are; None behind one that sees
    all, or of which it is not known."""
    import keras

    layers, layer = keras.layers, node.operation
    if isinstance(layer, layers.InputLayer):
        return 1, 1
    taken = [seen.get(id(tensor)) for tensor in node.input_tensors]
    known = [each for each in taken if each is not None]
    if not known or len(known) < len(taken):
        return None
    field, jump = max(known)
    sliding = (layers.Conv1D, layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
    pooling = (layers.MaxPooling1D, layers.MaxPooling2D, layers.AveragePooling1D, layers.AveragePooling2D)
    passing = (
        *(
            layers.Activation,
            layers.ReLU,
            layers.LeakyReLU,
            layers.BatchNormalization,
            layers.Dropout,
            layers.Rescaling,
        ),
        *(layers.SpatialDropout2D, layers.SpatialDropout1D, layers.Embedding, layers.Identity, layers.Add),
        *(layers.Concatenate, layers.ZeroPadding2D, layers.ZeroPadding1D),
    )
    if isinstance(layer, sliding):
        width = 1 + (axis_of(layer, "kernel_size") - 1) * axis_of(layer, "dilation_rate")
    elif isinstance(layer, pooling):
        width = axis_of(layer, "pool_size")
    else:
        return (field, jump) if isinstance(layer, passing) else None
    return field + (width - 1) * jump, jump * axis_of(layer, "strides")


def axis_of(layer: Any, argument: str) -> int:
    """An argument of a layer along the first axis of a sample; 1 where it has none."""
    value = getattr(layer, argument, None)
    value = value[0] if isinstance(value, list | tuple) and value else value
    return value if isinstance(value, int) else 1


def entry_number(experiment: Experiment, layer: Any) -> int | None:
    """The number of the entry of a layer, where it is one of the list itself."""
    path = experiment.built.places.get(layer.name)
    alone = path is not None and len(path) == 2 and isinstance(path[1], int)
    return path[1] if path is not None and alone and isinstance(path[1], int) else None


def of_average(experiment: Experiment, node: Any, places: int, size: int) -> Sight | None:
    """A global average of places that see little, with layers in its place that see more, and keep the places apart."""
    layer, shape = node.operation, node.input_tensors[0].shape  # behind them stands a mask, where there is one
    number, written = entry_number(experiment, layer), experiment.config.written_layers()
    if number is None or number >= len(written) or len(written) != len(experiment.config.layers):
        return None
    if any(each is None for each in shape[1:]):
        return None
    arguments = next(iter(plain(experiment.config.layers[number]).values())) or {}
    new = seeing_more(arguments, sequence=len(shape) == 3)
    changed = [*written[:number], *new, *written[number + 1 :]]
    name = written_layer_name(layer.name)
    return Sight("averaged", name, places, size, "layers", written, changed, changed)


def seeing_more(arguments: Mapping[str, Any], *, sequence: bool) -> list[Any]:
    """Layers that see more in the place of one with these arguments: they take what it takes, and the last has its name."""
    word, pool = ("Conv1D", "MaxPooling1D") if sequence else ("Conv2D", "MaxPooling2D")
    taking = {"from": arguments["from"]} if "from" in arguments else {}
    flat: Any = {"Flatten": {"name": arguments["name"]}} if "name" in arguments else "Flatten"
    sees = {"filters": FILTERS, "kernel_size": 5 if sequence else 3, "padding": "same", "activation": "relu"}
    if sequence:
        return [{word: {**sees, **taking}}, {pool: SHORTER}, flat]
    first: Any = {pool: {"pool_size": SHORTER, **taking}} if taking else {pool: SHORTER}
    return [first, {word: sees}, {pool: SHORTER}, flat]


def of_strides(experiment: Experiment, layer: Any, stride: int, size: int) -> Sight | None:
    """A layer that makes many places one at the beginning, with fewer of them."""
    number, entries = entry_number(experiment, layer), plain(experiment.config.layers)
    if number is None:
        return None
    (word, arguments), *_ = entries[number].items()
    key = "pool_size" if "pool_size" in arguments else "strides"
    if key not in arguments or (key == "pool_size" and arguments.get("strides") is not None):
        return None
    entries[number] = {word: {**arguments, key: SHORTER}}
    at = f"{setting_path(('layers', number))}.{key}"
    return Sight("skipped", written_layer_name(layer.name), stride, size, at, arguments[key], SHORTER, entries)


@dataclass(frozen=True)
class Seen:
    """The loss on validation that a model with a larger sight comes to from its first weights in so many steps."""

    sight: Sight
    reached: float
    steps: int


def seen_more(experiment: Experiment, found: Sight | None, rate: float, seconds: float) -> Seen | None:
    """Trains a model with the other layers for so many seconds at most; None where there is no time, or nothing to be changed."""
    watch = Stopwatch()
    asked = spread_validation(experiment)
    if found is None or asked is None:
        return None
    trial, steps = RateTrial(rebuilt(experiment, found.layers)), 0
    with trial.begun():
        while steps < MOST and watch.seconds < seconds:
            trial.loss(trial.batch(steps), rate)
            steps += 1
        reached = trial.costs(asked)
    return Seen(found, reached, steps)


def rebuilt(experiment: Experiment, layers: list[Any]) -> Experiment:
    """The experiment with a new model of other layers; what Keras draws next stays what it would have been."""
    config, facts, language = experiment.config, experiment.facts, Language()
    shapes = {each.name: tuple(each.shape[1:]) for each in experiment.model.inputs}
    names = [head.name for head in config.heads if head.name is not None]
    with drawn_aside():
        entries = [language.entry(each) for each in layers]
        built = build_model(entries, shapes, facts=facts, outputs=names, memory=free_memory())
        compile_model(config, built.model, experiment.dataset.schema, facts)
    return replace(experiment, built=built)


@contextmanager
def drawn_aside() -> Iterator[None]:
    """While it is open, Keras draws first weights; what it would have drawn next it draws next afterwards."""
    before = random.getstate()
    try:
        yield
    finally:
        random.setstate(before)
