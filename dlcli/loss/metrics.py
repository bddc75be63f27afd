"""The metrics as Keras objects, which read target and output as the loss does and count what it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from dlcli.loss.counting import counted_labels, mask_of, places, weights_of
from dlcli.loss.needs import needs
from dlcli.loss.reading import output_form, read_output, reads_of, reads_one_class, reads_yes_or_no
from dlcli.loss.undefined import without_value
from dlcli.spec import Facts, KerasObject, Scale, snake_case

Direction: TypeAlias = Literal["up", "down"]
"""Whether more or less of a value is better."""
Ends: TypeAlias = tuple[float | None, float | None]
"""What a value is never below, and never above."""
AT = "@"
"""Stands between the name of a metric that gives several values and what tells one from the others."""


def metric_name(metric: KerasObject) -> str:
    """The name under which a metric's values are reported: the one that was written, or Keras's own."""
    given = metric.arguments.get("name")
    if given is not None:
        return str(given)
    if metric.written != metric.name or metric.written[0].islower():
        return {"acc": "accuracy"}.get(metric.written, metric.written)
    return str(metric.traits.get("reported") or snake_case(metric.name))


def value_names(metric: KerasObject) -> list[str]:
    """The names of the values of a metric: its own, or with several thresholds one for each."""
    thresholds = metric.arguments.get("thresholds")
    name = metric_name(metric)
    several = metric.traits.get("reads") == "decisions" and isinstance(thresholds, list) and len(thresholds) > 1
    return [f"{name}{AT}{each}" for each in thresholds] if several and isinstance(thresholds, list) else [name]


def direction_of(metric: KerasObject) -> Direction | None:
    """Whether more or less of a metric is better; None of a plugin that does not say."""
    direction: Direction | None = metric.traits.get("direction")
    return direction


def ends_of(each: KerasObject) -> Ends:
    """What no value of a loss or a metric is below, and none above; None where there is no such, or a plugin does not say."""
    low, high = (None if end is None else float(end) for end in each.traits.get("ends", (None, None)))
    return low, high


def build_metrics(
    metrics: Sequence[KerasObject],
    loss: KerasObject,
    *,
    width: int,
    facts: Facts,
    classes: Sequence[str] | None = None,
    void: bool = False,
    scale: Scale | None = None,
) -> list[Any]:
    """The metrics as Keras objects; `accuracy` becomes the one that reads this loss's target and prediction.

    `width` is the number of values the model puts out a sample, `classes` are their names where they have some. All see
    what `read_output` makes of an output, at the places that its mask leaves; `void` says that some labels stand for none;
    with a `scale` they see what is learnt in its own units.
    """
    import keras

    built = []
    for metric in metrics:
        name = metric_name(metric)
        if metric.written in {"accuracy", "acc"}:
            made = accuracy(loss, width=width)
        elif isinstance(metric.made_by(), type):
            values = {**form_arguments(metric, loss), **metric.values(facts), "name": name}
            ignored = str(values.get("ignore_class"))
            if ignored in (classes or ()):
                values["ignore_class"] = list(classes or ()).index(ignored)  # Keras means the index, a person the label
            made = metric.made_by()(**values)
        else:
            made = keras.metrics.MeanMetricWrapper(metric.made_by(), name=name)
        reading(made, metric, loss, void=void, scale=scale)
        without_value(made, metric)
        named_values(made, metric, classes)
        built.append(made)
    return built


def accuracy(loss: KerasObject, *, width: int) -> Any:
    """The share of right predictions, read the way this loss reads target and prediction."""
    import keras

    need = needs(loss)
    if need == "classes":
        return keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    if need == "one_hot" or (need == "numbers" and width > 1):
        return keras.metrics.CategoricalAccuracy(name="accuracy")
    return keras.metrics.BinaryAccuracy(name="accuracy")


def form_arguments(metric: KerasObject, loss: KerasObject) -> dict[str, Any]:
    """What a metric that can read several forms of targets and outputs is told of those of this loss."""
    forms: Mapping[str, Any] = metric.traits.get("forms", {})
    fine = {"num_thresholds": FINE} if output_form(loss) == "signs" and reads_of(metric) == "order" else {}
    return {**forms.get(needs(loss) or "", {}), **fine}


FINE = 4001
"""Thresholds for scores, which have no ends: so many that hardly two samples lie between the same two."""


def reading(made: Any, metric: KerasObject, loss: KerasObject, *, void: bool, scale: Scale | None = None) -> None:
    """Lets a metric see outputs as probabilities or numbers, targets of 0 and 1, and the places that count alone.

    One that is told itself that it reads raw scores (`from_logits`) sees them.
    """
    import functools

    from keras import ops

    update, reads = made.update_state, "decisions" if metric.written in {"accuracy", "acc"} else reads_of(metric)
    raw = bool(metric.arguments.get("from_logits"))
    alike = metric.traits.get("target") == needs(loss)
    rows = bool(metric.traits.get("rows"))
    signs = output_form(loss) == "signs" and reads != "scores"
    yes_or_no, one_class = reads_yes_or_no(metric, loss), reads_one_class(metric)

    @functools.wraps(update)
    def update_state(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        mask = mask_of(y_pred)
        y_pred = ops.convert_to_tensor(y_pred)
        if not raw:
            y_pred = read_output(loss, y_pred, reads=reads)
        if not alike:
            y_pred = without_logits(y_pred)
        y_true = ops.convert_to_tensor(y_true)
        if scale is not None:
            y_true, y_pred = scale.own(ops.cast(y_true, "float32"), ops), scale.own(ops.cast(y_pred, "float32"), ops)
        if void:
            counted = counted_labels(y_true, y_pred)
            mask = counted if mask is None else ops.logical_and(mask, counted)
            y_true = ops.maximum(y_true, 0)
        if signs:
            y_true = ops.cast(y_true > 0, y_pred.dtype)  # -1 and 1 as 0 and 1
        elif yes_or_no:
            y_true = ops.cast(ops.cast(y_true, y_pred.dtype) > HALF, y_pred.dtype)
        elif one_class and len(y_true.shape) == len(y_pred.shape):
            y_true = ops.one_hot(ops.argmax(y_true, axis=-1), y_true.shape[-1], dtype=y_pred.dtype)
        if rows and mask is None and len(y_pred.shape) > 2:
            mask = ops.ones(ops.shape(y_pred)[:-1], "bool")
        if mask is not None:
            axes = len(mask.shape)
            sample_weight = weights_of(mask, sample_weight, made.dtype)
            y_true, y_pred = places(y_true, axes), places(y_pred, axes)
            if metric.traits.get("flattens"):
                sample_weight = ops.repeat(sample_weight, y_pred.shape[-1])
        return update(y_true, y_pred, sample_weight=sample_weight)

    made.update_state = update_state


HALF = 0.5
"""How likely a yes is from which on it is one."""


def without_logits(output: Any) -> Any:
    """The same numbers without the logits that Keras keeps beside what a softmax gives.

    A cross-entropy of each class by itself would take them for those of a sigmoid.
    """
    from keras import ops

    return ops.stop_gradient(output)


def named_values(made: Any, metric: KerasObject, classes: Sequence[str] | None) -> None:
    """Lets a metric that gives several values (of thresholds, classes or columns) give them by name."""
    result, names = made.result, value_names(metric)
    suffixes = [name.removeprefix(metric_name(metric)) for name in names]

    def by_name() -> Any:
        values = result()
        if not len(values.shape):
            return values
        (count,) = values.shape
        if count == 1:
            return values[0]
        several = suffixes if len(suffixes) == count else list(classes or ())
        if len(several) != count:
            several = list(map(str, range(count)))
        return {each if each.startswith(AT) else f"{AT}{each}": values[at] for at, each in enumerate(several)}

    made.result = by_name


def metric_values(results: Mapping[str, Any]) -> dict[str, float]:
    """Results of metrics by name as numbers; several of one metric are told apart by what stands behind `@`."""
    numbers: dict[str, float] = {}
    for name, value in results.items():
        if isinstance(value, Mapping):
            numbers |= {f"{name}{suffix}": float(each) for suffix, each in value.items()}
        else:
            numbers[name] = float(value)
    return numbers
