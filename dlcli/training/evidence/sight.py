"""How much of a picture or sequence each place of a model sees before all places become one number, or most are left out."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from dlcli.config import with_facts
from dlcli.config.language import Language
from dlcli.config.setting_path import setting_path
from dlcli.data.memory import free_memory
from dlcli.keras_internals import nodes_of
from dlcli.layers.graph import build_model
from dlcli.layers.names import written_layer_name
from dlcli.spec import plain
from dlcli.training.evidence.first_steps import last_step_by_step
from dlcli.training.evidence.rate_trial import RateTrial
from dlcli.training.evidence.stopwatch import Stopwatch
from dlcli.training.evidence.tried_on import MOST, spread_validation
from dlcli.training.setup.experiment import Experiment, compile_model

NARROW = 0.5
"""A place that sees less than this share of an axis does not see what stands on its other side."""
SKIPS = 5
"""So many places at once that a layer makes one of, before any has learnt, are more than what a usual one leaves out."""
WIDER = 3
"""So many places of an axis a layer sees at once that is to see those beside each."""
PART, AS_MANY = 0.4, 0.8
"""The part of the time for layers that see more, and the share of their steps that those that are written have to make in the
rest to be compared."""
SHORTER, FILTERS = 2, 32
"""What a layer makes one of instead, and the filters of one that sees more."""
COARSE, BESIDE = 3, 16
"""So many places of an axis pass as one to answers at each of them that are coarse, and the filters of layers that keep them."""


@dataclass(frozen=True)
class Sight:
    """A layer behind which what stands far apart is never seen together (`averaged`), that makes so many places one before
    anything is learnt of them (`skipped`), the first of some by which the answer at a place is of this place alone (`alone`), or
    the first of some through which places pass as one to answers at each of them (`coarse`), or one that comes to its answer step
    by step, so that the first steps are farthest from it (`forgotten`).

    It sees so many `places` of the `size` of an axis; `key` is the setting that lets it see more, and `new` its value, by which,
    with those of `also` (key, old, new), the layers become `layers`.
    """

    why: Literal["averaged", "skipped", "alone", "coarse", "forgotten"]
    layer: str
    places: int
    size: int
    key: str
    old: Any
    new: Any
    layers: list[Any]
    also: tuple[tuple[str, Any, Any], ...] = ()


def sight(experiment: Experiment) -> Sight | None:
    """The first such layer, where it stands in the list of layers; None where there is none."""
    import keras

    seen: dict[int, tuple[int, int]] = {}
    model = experiment.model
    size = next((each.shape[1] for each in model.inputs if len(each.shape) > 1), None)
    if size is None or len(model.inputs) != 1:
        return None
    if (steps := of_steps(experiment)) is not None:
        return steps
    if any(each.padding is not None for each in experiment.dataset.schema.inputs):
        return None
    if (coarse := of_coarse(experiment, size)) is not None:
        return coarse
    layers, learnt = keras.layers, False
    averages = (layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D)
    pooling = (*averages, layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D)
    for node in nodes_of(model):
        layer = node.operation
        if isinstance(layer, pooling) and id(node.input_tensors[0]) in seen:
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
    only = [id(each) for each in model.outputs]
    return of_alone(experiment, size) if [seen.get(each) for each in only] == [(1, 1)] and size > 1 else None


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


def of_steps(experiment: Experiment) -> Sight | None:
    """A layer that goes through many steps, with another of its kind that goes through them from the last one."""
    layer = last_step_by_step(experiment.model)
    number = None if layer is None else entry_number(experiment, layer)
    entries, written = plain(experiment.config.layers), experiment.config.written_layers()
    if number is None or len(written) != len(entries) or not isinstance(layer.input.shape[1], int):
        return None
    old, steps = written[number], layer.input.shape[1]
    ((word, arguments),) = old.items()
    inner = dict(arguments) if isinstance(arguments, Mapping) else arguments
    taken = {key: inner.pop(key) for key in ("from", "name") if isinstance(inner, dict) and key in inner}
    entries[number] = new = {"Bidirectional": {"layer": {word: inner}, **taken}}
    return Sight("forgotten", written_layer_name(layer.name), steps, steps, f"layers.{number}", old, new, entries)


def of_alone(experiment: Experiment, size: int) -> Sight | None:
    """Layers that slide over places one by one, with more places at once in all but the last.

    None where an answer at a place is to say what stands behind it.
    """
    import keras

    schema, entries = experiment.dataset.schema, plain(experiment.config.layers)
    if schema.windows is not None or any(each.following is not None for each in schema.targets):
        return None
    sliding = (keras.layers.Conv1D, keras.layers.Conv2D)
    layers = [node.operation for node in nodes_of(experiment.model) if isinstance(node.operation, sliding)]
    settings: list[tuple[str, Any, Any]] = []
    for layer in layers[:-1]:
        number = entry_number(experiment, layer)
        if number is None:
            return None
        (word, arguments), *_ = entries[number].items()
        changed = {"kernel_size": WIDER, "padding": "same"}
        at, new = setting_path(("layers", number)), {**arguments, **changed}
        settings += [(f"{at}.{key}", arguments.get(key), new[key]) for key in changed if new[key] != arguments.get(key)]
        entries[number] = {word: new}
    if not settings:
        return None
    return Sight("alone", written_layer_name(layers[0].name), 1, size, *settings[0], entries, tuple(settings[1:]))


def of_coarse(experiment: Experiment, size: int) -> Sight | None:
    """Answers at each place that all come through far fewer, with layers beside these that keep the places."""
    model = experiment.model
    taken, answers = model.inputs[0].shape, [each.shape for each in model.outputs]
    rank = len(taken)
    if rank not in {3, 4} or len(answers) != 1 or tuple(answers[0][:-1]) != tuple(taken[:-1]):
        return None
    finest, first = {id(model.inputs[0]): size}, None
    for node in nodes_of(model):
        if not node.input_tensors:
            continue
        before = max(finest.get(id(each), size) for each in node.input_tensors)
        for tensor in node.output_tensors:  # what has other axes may hold all places in one of them
            alike = len(tensor.shape) == rank and isinstance(tensor.shape[1], int)
            finest[id(tensor)] = min(before, tensor.shape[1]) if alike else size
        if first is None and any(finest[id(each)] * SHORTER <= size for each in node.output_tensors):
            first = node.operation
    places = round(size / max(finest[id(model.outputs[0])], 1))
    if first is None or places < COARSE:
        return None
    written = experiment.config.written_layers()
    new = keeping_places(experiment, first, written, sequence=rank == 3)
    return Sight("coarse", written_layer_name(first.name), places, size, "layers", written, new, new)


def keeping_places(experiment: Experiment, first: Any, written: list[Any], *, sequence: bool) -> list[Any]:
    """The layers as they are written, with others beside those from the first that makes places one to the last but one; as they
    are where layers are taken by name."""
    number = entry_number(experiment, first)
    if number is None or len(written) != len(experiment.config.layers) or number >= len(written) - 1:
        return written
    if any(word in repr(plain(experiment.config.layers)) for word in ("'from'", "'name'")):
        return written
    word = "Conv1D" if sequence else "Conv2D"
    sees: Any = {word: {"filters": BESIDE, "kernel_size": WIDER, "padding": "same", "activation": "relu"}}
    paths = [written[number:-1], [sees, sees]]
    return [*written[:number], {"branches": {"merge": "Concatenate", "paths": paths}}, written[-1]]


@dataclass(frozen=True)
class Seen:
    """The loss on validation that a model with a larger sight comes to from its first weights in so many steps, and what the
    layers as they are written come to in as many."""

    sight: Sight
    reached: float
    steps: int
    same: float


def by_network(found: Sight) -> bool:
    """Whether a small network tells more of a sight than some steps do."""
    return found.why in {"alone", "coarse", "forgotten"}


def seen_more(experiment: Experiment, found: Sight | None, rate: float, seconds: float) -> Seen | None:
    """Trains a model with the other layers, and one with those that are written, for so many seconds at most; None where there is
    no time, or nothing to be changed."""
    watch, asked = Stopwatch(), spread_validation(experiment)
    if found is None or by_network(found) or asked is None:
        return None
    reached, steps = comes_to(experiment, found.layers, rate, asked, seconds * PART)
    entries, rest = plain(experiment.config.layers), seconds - watch.seconds
    same, as_many = comes_to(experiment, entries, rate, asked, rest, most=steps)
    return Seen(found, reached, steps, same) if as_many >= AS_MANY * steps else None


def comes_to(
    experiment: Experiment, layers: list[Any], rate: float, asked: Any, seconds: float, *, most: int = MOST
) -> tuple[float, int]:
    """What a new model of these layers makes of samples after some steps, and after how many."""
    watch, trial = Stopwatch(), RateTrial(rebuilt(experiment, layers))
    with trial.begun():
        steps = len(trial.losses_within(rate, most, seconds - watch.seconds))
        return trial.costs(asked), steps


def rebuilt(experiment: Experiment, layers: list[Any]) -> Experiment:
    """The experiment with a new model of other layers; what Keras draws next stays what it would have been."""
    config, facts, language = experiment.config, experiment.facts, Language()
    shapes = {each.name: tuple(each.shape[1:]) for each in experiment.model.inputs}
    names = [head.name for head in config.heads if head.name is not None]
    with drawn_aside():
        entries = [language.entry(with_facts(each)) for each in layers]
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
