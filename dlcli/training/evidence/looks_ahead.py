"""Answers at a step that change with what stands behind it, where what stands behind it is what they are to say."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dlcli.data.dataset import spread_samples
from dlcli.data.preparation.fitting import columns_in_order
from dlcli.data.schema import InputSchema, TargetSchema
from dlcli.data.windows import Windows
from dlcli.keras_internals import give_mask
from dlcli.layers.calls import deep_calls
from dlcli.layers.noted import outputs_through
from dlcli.loss.counting import mask_of
from dlcli.training.evidence.gradients import entry_of
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

LOOKED_AT = 8  # unseen: time alone
ROUNDING = 1e-3
"""Answers that change by less than this share of the range of all of them change by rounding."""
FINEST = 1e-6
"""So do those that change by less than this share of their size."""
Way = Literal["mask", "padding", "both_ways", "backwards"]
"""What lets a layer look ahead, where a setting changes it."""


@dataclass(frozen=True)
class Ahead:
    """A layer that looks ahead, with the path of its entry, and what lets it do so; `arguments` are those of its call."""

    layer: str
    entry: str | None
    way: Way | None = None
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class LooksAhead:
    """A target that stands in later steps of an input, and the layers by which the answer at a step sees these."""

    target: str
    inputs: tuple[str, ...]
    layers: tuple[Ahead, ...]


def looks_ahead(experiment: Experiment) -> LooksAhead | None:
    """The first target whose answers change with later steps that hold it; None where there is none."""
    import numpy as np

    feed = experiment.splits["train"]
    for schema in experiment.dataset.schema.targets:
        given = given_later(experiment, schema)
        if not given or len(feed) < 2:
            continue
        taken, _ = feed.take(spread_samples(len(feed), LOOKED_AT))
        inputs = {name: np.asarray(values) for name, values in taken.items()}
        kept, changed = changed_behind(experiment, inputs, given)
        first, again, other = answers(experiment, schema, (inputs, inputs, changed))
        if kept.shape != first.shape[:2] or differs(first, again, kept) or not differs(first, other, kept):
            continue
        return LooksAhead(schema.name, tuple(given), tuple(ahead(experiment, inputs, changed, kept)))
    return None


def answers(experiment: Experiment, schema: TargetSchema, inputs: Sequence[Mapping[str, Array]]) -> list[Array]:
    """What the model says of a target, for the samples of each."""
    import numpy as np
    import tensorflow as tf

    model = tf.function(
        lambda given: experiment.model(given, training=False), autograph=False
    )  # steps take long outside
    said = model(one_batch_of(inputs))
    whole = np.asarray(said[schema.name] if isinstance(said, dict) else said, np.float64)
    return np.split(whole, len(inputs))


def one_batch_of(inputs: Sequence[Mapping[str, Array]]) -> dict[str, Any]:
    """The samples of all as one batch."""
    import numpy as np
    import tensorflow as tf

    return {name: tf.constant(np.concatenate([each[name] for each in inputs])) for name in inputs[0]}


def given_later(experiment: Experiment, schema: TargetSchema) -> dict[str, Sequence[str] | None]:
    """By input in whose later steps a target stands its columns that hold it; None is the whole input."""
    if schema.following is not None:
        return {schema.following: None}
    if not stands_in_later_steps(experiment.dataset.schema.windows):
        return {}
    found: dict[str, Sequence[str] | None] = {}
    for each in experiment.dataset.schema.inputs:
        held = [name for name in each.fields if name in schema.names]
        if held:
            found[each.name] = None if len(held) == len(each.fields) else held
    return found


def stands_in_later_steps(windows: Windows | None) -> bool:
    """Whether the target at a step of a window is what a column has at a later step of it."""
    if windows is None or windows.window is None or not windows.each_step:
        return False
    return any(0 < steps < windows.window for steps in windows.horizons)


def changed_behind(
    experiment: Experiment, inputs: Mapping[str, Array], given: Mapping[str, Sequence[str] | None]
) -> tuple[Array, dict[str, Array]]:
    """The inputs with values of other samples behind a step of each; first which places (samples, places) stay.

    The step is another one from sample to sample: layers that join a few steps look ahead from some of them alone.
    Padding stays where it is.
    """
    import numpy as np

    schemas, changed = {each.name: each for each in experiment.dataset.schema.inputs}, dict(inputs)
    kept = np.ones(next(iter(inputs[name].shape for name in given))[:2], bool)
    for name, columns in given.items():
        values = inputs[name]
        features = chosen_features(experiment, schemas[name], values.shape[2:], columns)
        if values.shape[:2] != kept.shape or features is None:
            continue
        there = places_there(values, schemas[name].padding)
        lengths, other = there.sum(axis=1), np.roll(values, 1, axis=0)
        last = np.minimum((lengths - 1) // 2 + np.arange(len(values)), lengths - 2)
        behind = np.arange(values.shape[1]) > last[:, None]
        swapped = behind & there & np.roll(there, 1, axis=0)
        kept &= ~behind
        changed[name] = np.where(swapped.reshape(*swapped.shape, *[1] * (values.ndim - 2)) & features, other, values)
    return kept, changed


def chosen_features(
    experiment: Experiment, schema: InputSchema, shape: Sequence[int], columns: Sequence[str] | None
) -> Array | None:
    """Which features (shape) of a step are those of columns; None where that is not known."""
    import numpy as np

    if columns is None:
        return np.ones(shape, bool)
    in_order = columns_in_order(experiment.config.data, experiment.dataset.schema.inputs, schema)
    chosen = np.array([each.name in columns for each in in_order for _ in range(each.width)])
    return chosen if shape == chosen.shape else None


def places_there(values: Array, padding: float | None) -> Array:
    """Which places (samples, places) stand before the padding of a sample: zeros, or what else stands there."""
    import numpy as np

    rows = values.reshape(*values.shape[:2], -1)
    filled = (rows != 0).any(axis=2) & ((rows != padding).any(axis=2) if padding is not None else True)
    there: Array = np.logical_or.accumulate(filled[:, ::-1], axis=1)[:, ::-1]
    return there


def differs(one: Array, other: Array, kept: Array) -> bool:
    """Whether values (samples, places, …) are others at the places that stay, by more than rounding."""
    import numpy as np

    if not kept.any() or not (np.isfinite(one).all() and np.isfinite(other).all()):
        return False
    most = max(ROUNDING * np.ptp(one), FINEST * np.abs(one).max())
    return bool(np.abs(one - other)[kept].max() > most)


def ahead(
    experiment: Experiment, inputs: Mapping[str, Array], changed: Mapping[str, Array], kept: Array
) -> Iterator[Ahead]:
    """The layers whose outputs change at places that stay, though what they take does not: each hands on what it would have
    put out.

    None are named where one takes what has no such places: what is before it has joined them.
    """
    import tensorflow as tf

    calls = [(name, call) for name, call in deep_calls(experiment.model) if not call.is_input]
    mended = Mended(kept)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def changes(given: Any) -> Any:
        with outputs_through([call.layer for _, call in calls], mended.output):
            experiment.model(given, training=False)
        return tf.stack(mended.changes)

    found = changes(one_batch_of([inputs, changed])).numpy().tolist()
    blamed = {id(layer) for layer, is_other in zip(mended.layers, found, strict=True) if is_other}
    named = [(name, call) for name, call in calls if id(call.layer) in blamed]
    if any(shape[0] not in {None, kept.shape[1]} for _, call in named for shape in call.inputs if shape):
        return
    for name, layer in {id(call.layer): (name, call.layer) for name, call in named}.values():
        arguments = tuple(inspect.signature(layer.call).parameters)
        yield Ahead(name, entry_of(experiment, layer), way_of(layer, arguments), arguments)


class Mended:
    """Outputs for samples, and for the same with others behind a step, which get what the first have at the places that stay.

    `changes` says of each call of `layers` whether there was something else.
    """

    def __init__(self, kept: Array) -> None:
        self.kept = kept
        self.layers: list[Any] = []
        self.changes: list[Any] = []

    def output(self, layer: Any, output: Any) -> Any:
        """The output of a call, mended where it has changed."""
        import tensorflow as tf

        if tuple(output.shape[1:2]) != self.kept.shape[1:] or output.shape[0] != 2 * len(self.kept):
            return output
        kept = tf.constant(self.kept.reshape(*self.kept.shape, *[1] * (len(output.shape) - 2)))
        one, other = tf.split(output, 2)
        values = tf.cast(one, tf.float64)
        change = tf.where(kept, tf.abs(values - tf.cast(other, tf.float64)), 0.0)
        size, spread = tf.reduce_max(tf.abs(values)), tf.reduce_max(values) - tf.reduce_min(values)
        self.layers.append(layer)
        self.changes.append(tf.reduce_max(change) > tf.maximum(ROUNDING * spread, FINEST * size))
        mended = tf.concat([one, tf.where(kept, one, other)], 0)
        if mask_of(output) is not None:
            give_mask(mended, mask_of(output))
        return mended


def way_of(layer: Any, arguments: Sequence[str]) -> Way | None:
    """What lets a layer look ahead."""
    import keras

    if "use_causal_mask" in arguments:
        return "mask"
    if isinstance(layer, keras.layers.Bidirectional):
        return "both_ways"
    if isinstance(layer, keras.layers.Conv1D) and layer.padding == "same":
        return "padding"
    return "backwards" if getattr(layer, "go_backwards", False) else None
