"""How much samples count in the loss: by the class of each target, and by a column of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.config.train import Train
from dlcli.data import Dataset, Fields
from dlcli.data.encode import is_written_number
from dlcli.data.schema import TargetSchema
from dlcli.errors import BlockError, DataError, TreePath
from dlcli.spec import describe, did_you_mean
from dlcli.training.setup.feed import Feed

if TYPE_CHECKING:
    import numpy as np

PLACE = ("train", "class_weight")


@dataclass(frozen=True)
class Weights:
    """`by_class` holds for a target the weight of each class (classes,); `column` those of the training samples, (samples,) or
    one for each place (samples, …)."""

    targets: list[TargetSchema]
    by_class: Mapping[str, np.ndarray[Any, Any]]
    column: np.ndarray[Any, Any] | None

    def of(self, targets: Mapping[str, Any], own: Any) -> Any:
        """The weights of a batch as Keras takes them: one tensor, or for several targets one by name.

        `targets` are tensors as the loss takes them, `own` the batch's part of the column or None. A target of classes for
        each pixel has a weight for each pixel.
        """
        found = {each.name: self.of_target(each, targets[each.name], own) for each in self.targets}
        return found if len(found) > 1 else next(iter(found.values()))

    def of_target(self, schema: TargetSchema, values: Any, own: Any) -> Any:
        """The weights of one target in a batch: (samples, …), without the axis that its loss sums up."""
        import tensorflow as tf

        is_index = schema.classes is not None and not schema.is_one_hot
        if is_index:
            # A model of one unit compares (samples, 1): that axis is summed up as well.
            index = values if values.shape.rank == 1 + len(schema.shape) else values[..., 0]
        else:
            index = tf.argmax(values, axis=-1) if values.shape.rank > 1 else tf.zeros_like(values)
        weight = tf.ones(tf.shape(index)[:1]) if own is None else tf.convert_to_tensor(own)
        for _ in range(index.shape.rank - weight.shape.rank):
            weight = weight[..., tf.newaxis]
        if schema.name in self.by_class:
            table = tf.constant(self.by_class[schema.name], tf.float32)
            weight *= tf.gather(table, tf.maximum(tf.cast(index, tf.int64), 0))  # a void label counts nowhere
        return weight


Counted: TypeAlias = "Mapping[str, np.ndarray[Any, Any]]"
"""By target which places (samples, …) count, where some do not."""


def training_weights(train: Train, dataset: Dataset, *, counted: Callable[[], Counted] = dict) -> Weights | None:
    """The weights of the training split, or None where all samples count the same.

    `counted` is asked which places of the training targets count, where classes are to be counted.

    Raises `BlockError` for classes or targets that are not there, `DataError` for a column that cannot weigh.
    """
    by_class = class_weights(train, dataset, counted)
    column = None if train.sample_weight is None else sample_weight(train.sample_weight, dataset, "train")
    return Weights(dataset.schema.targets, by_class, column) if by_class or column is not None else None


def class_weights(
    train: Train, dataset: Dataset, counted: Callable[[], Counted] = dict
) -> dict[str, np.ndarray[Any, Any]]:
    """The weight of each class (classes,), by target.

    Raises `BlockError` for a target that there is not, and where a mapping by target is needed.
    """
    wanted, targets = train.class_weight, dataset.schema.targets
    if wanted is None:
        return {}
    places = counted()
    if len(targets) == 1:
        (only,) = targets
        return {only.name: weight_of_classes(wanted, only, dataset, PLACE, counted=places.get(only.name))}
    names = {each.name: each for each in targets}
    if not isinstance(wanted, dict) or not set(wanted) <= set(names):
        unknown = next((name for name in wanted if name not in names), None) if isinstance(wanted, dict) else None
        example = f"write class_weight: {{{targets[0].name}: balanced}}"
        if unknown is None:
            raise BlockError(
                PLACE,
                "there are several targets, so 'class_weight' is a mapping by target",
                hint=example,
                kind="needs_mapping_by_target",
            )
        hint = did_you_mean(unknown, names) or example
        raise BlockError(
            (*PLACE, unknown),
            f"there is no target '{unknown}'; there are: {', '.join(names)}",
            hint=hint,
            kind="no_such_target",
        )
    return {
        name: weight_of_classes(each, names[name], dataset, (*PLACE, name), counted=places.get(name))
        for name, each in wanted.items()
    }


def weight_of_classes(
    wanted: Any,
    target: TargetSchema,
    dataset: Dataset,
    place: TreePath,
    *,
    counted: np.ndarray[Any, Any] | None = None,
) -> np.ndarray[Any, Any]:
    """The weight of each class of one target (classes,).

    `balanced` is samples / (classes × samples of the class), so that every class counts the same and the mean over the
    samples is 1; of a target of classes for each pixel pixels are counted.
    Raises `BlockError` for a target of numbers, an unknown class and what is no number.
    """
    import numpy as np

    counts = dataset.class_counts("train", target, counted=counted)
    if counts is None:
        raise BlockError(
            place,
            f"'class_weight' needs a target of classes, and this one holds {held(target)}",
            hint="leave it out",
            kind="weights_need_classes",
        )
    if wanted == "balanced":
        seen = np.array(list(counts.values()))
        balanced: np.ndarray[Any, Any] = seen.sum() / (np.count_nonzero(seen) * np.maximum(seen, 1))
        return balanced
    if not isinstance(wanted, dict):
        raise BlockError(
            place,
            f"expected balanced or a weight by class, found {describe(wanted)}",
            hint="write balanced",
            kind="wrong_type",
        )
    for name, weight in wanted.items():
        if name not in counts:
            hint = did_you_mean(name, counts) or f"there are: {', '.join(list(counts)[:10])}"
            raise BlockError((*place, name), f"there is no class '{name}'", hint=hint, kind="unknown_class")
        if isinstance(weight, str | dict):
            raise BlockError(
                (*place, name), f"the weight of a class is a number, found {describe(weight)}", kind="wrong_type"
            )
    weights = np.array([wanted.get(name, 1.0) for name in counts])
    check_some_weight(weights, counts, place)
    return weights


def held(target: TargetSchema) -> str:
    """What a target without classes holds, in words."""
    return "a yes or no for each of several labels" if target.labels is not None else "numbers"


def check_some_weight(weights: np.ndarray[Any, Any], counts: Mapping[str, int], place: TreePath) -> None:
    """Refuses weights of classes (classes,) with which every training sample counts nothing."""
    present = [name for name, count in counts.items() if count]
    if not any(weight for weight, count in zip(weights.tolist(), counts.values(), strict=True) if count):
        which = "all classes" if len(present) == len(counts) else "all classes that the training split holds"
        raise BlockError(
            place,
            f"{which} have the weight 0 ({', '.join(present[:6])}): nothing would be learnt",
            hint="give the classes that count a weight above 0",
            kind="weights_all_zero",
        )


def weigh(feeds: Mapping[str, Feed], column: str | None, dataset: Dataset) -> None:
    """Gives the samples of all splits the weights of a column, if there is one. Raises what `sample_weight` raises."""
    for split, feed in feeds.items() if column is not None else ():
        feed.weights = sample_weight(str(column), dataset, split)


def sample_weight(name: str, dataset: Dataset, split: str) -> np.ndarray[Any, Any]:
    """The weights of the samples of a split, (samples,) or one for each place (samples, …), float32.

    Raises `DataError` with the first row that cannot weigh.
    """
    rows = dataset.splits[split].rows
    weights = weights_in(name, dataset.column(name, rows), rows, dataset.fields, dataset.schema.targets)
    if split == "train" and not weights.any():
        raise DataError(
            f"the weights '{name}' of the training samples are all 0: nothing would be learnt",
            file=dataset.fields.where(int(rows[0]))[0],
            hint="give the samples that count a weight above 0, or leave train.sample_weight out",
            kind="bad_sample_weights",
        )
    return weights


def weights_in(
    name: str, values: np.ndarray[Any, Any], rows: np.ndarray[Any, Any], fields: Fields, targets: Sequence[TargetSchema]
) -> np.ndarray[Any, Any]:
    """Weights (samples, …) float32 of samples in these rows. Raises `DataError` with the first row that cannot weigh."""
    import numpy as np

    if len(rows) and (values.dtype == object or values.dtype.kind not in "fiub"):
        raise no_numbers(name, values, rows, fields)
    if values.ndim > 1 and any(each.following is not None for each in targets):
        values = values[:, 1:]  # a place is weighed where it is the target
    while values.ndim > 1 and values.shape[-1] == 1:
        values = values[..., 0]  # the one value of a place weighs what the place does
    for target in targets if values.ndim > 1 else ():
        places = target.shape[:-1] if target.is_one_hot else target.shape
        if list(values.shape[1:]) != list(places)[: values.ndim - 1]:
            raise DataError(
                f"the weights '{name}' have the shape {tuple(values.shape[1:])} a sample, and the target '{target.name}' has "
                f"{tuple(places)}",
                file=fields.places[0].file,
                hint="give them a number a sample, or one for each place of the target",
                kind="bad_sample_weights",
            )
    weights: np.ndarray[Any, Any] = values.astype(np.float32)
    broken = np.argwhere(~np.isfinite(weights) | (weights < 0))
    if len(broken):
        file, line, words = fields.where(int(rows[broken[0][0]]))
        found = f"the weight '{name}' is {values[tuple(broken[0])]} in {words}; expected 0 or more"
        raise DataError(found, file=file, line=line, kind="bad_sample_weights")
    return weights


def no_numbers(name: str, values: np.ndarray[Any, Any], rows: np.ndarray[Any, Any], fields: Fields) -> DataError:
    """The error of weights that are text, with the first row that holds no number."""
    held = values[:].tolist()
    odd = next((row for row, value in enumerate(held) if not is_written_number(value)), 0)
    file, line, words = fields.where(int(rows[odd]))
    found = f", but {words} is '{held[odd]}'" if values.ndim == 1 else ""
    message = f"'{name}' weighs the samples and must hold numbers{found}"
    return DataError(message, file=file, line=line, kind="bad_sample_weights")
