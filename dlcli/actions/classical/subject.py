"""What methods are compared on: the samples as the network takes them, what is to be learnt, and why some things are not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.actions.classical.features import MOST_FEATURES, Features, learnt_features
from dlcli.actions.classical.method import Method, Task
from dlcli.config import Config
from dlcli.data import Dataset, class_indices
from dlcli.data.schema import SPLITS, TargetSchema
from dlcli.errors import UsageError
from dlcli.layers.calls import calls_of
from dlcli.loss import needs
from dlcli.loss.target_loss import Head
from dlcli.training.kept.trained import Trained
from dlcli.training.setup.backend import keras_loading, start_keras
from dlcli.training.setup.experiment import read_data, set_up
from dlcli.training.setup.feed import Feed
from dlcli.training.setup.target_range import has_soft_labels
from dlcli.training.setup.weights import sample_weight, training_weights, weigh

if TYPE_CHECKING:
    import numpy as np

JUDGED = ("test", "validation")
"""The split on which methods are compared where none is named: the first of these that there is."""
MOST_JUDGED = 100_000
"""So many samples tell the methods apart; of more the first are judged."""
MOST_OUTPUTS = 32
"""More numbers a sample are a picture or a signal, which these methods do not draw."""
MOST_NUMBERS = 100_000_000
"""So many numbers of training are held as a table."""


@dataclass(frozen=True)
class Subject:
    """An experiment as the methods see it: `dataset` before preparation, `train` and `judged` as the network takes them."""

    config: Config
    dataset: Dataset
    model: Any
    facts: Mapping[str, int]
    split: str
    train: Feed
    judged: Feed
    notes: Sequence[str]

    @property
    def schemas(self) -> list[TargetSchema]:
        """The targets."""
        return self.dataset.schema.targets

    @property
    def head(self) -> Head:
        """The first target with its loss and metrics."""
        return self.config.heads[0]

    @property
    def schema(self) -> TargetSchema:
        """The first target."""
        return self.schemas[0]

    def direction(self, metric: str) -> str | None:
        """Whether more (`up`) or less (`down`) of a metric is better; None where nobody says."""
        if metric == "loss":
            return "down"
        named = self.head.directions
        return named.get(metric) or named.get(metric.partition("@")[0])


def subject_of_run(trained: Trained, split: str | None) -> Subject:
    """What a run was trained on, as its own preparation makes it. Raises `ConflictError` where its data has changed."""
    config, dataset = trained.config, trained.dataset()
    name = judged_split_of(dataset, split)
    feeds = {each: trained.feed(dataset.splits[each]) for each in dict.fromkeys(("train", name))}
    with config.naming(("train", "sample_weight")):
        weigh(feeds, config.train.sample_weight, dataset)
    facts = trained.schema.facts(steps_per_epoch=1)
    return subject_of(config, dataset, trained.model, facts, feeds, name)


def subject_of_config(config: Config, split: str | None, *, allow_code: bool) -> Subject:
    """What a configuration would be trained on; its model is built and not trained."""
    with keras_loading(config.data.source):
        dataset = read_data(config, allow_code=allow_code)
    name = judged_split_of(dataset, split)
    start_keras(seed=config.seed, precision=config.train.precision)
    experiment = set_up(config, dataset)
    return subject_of(config, dataset, experiment.model, experiment.facts, experiment.splits, name)


def judged_split_of(dataset: Dataset, split: str | None) -> str:
    """The split that methods are compared on. Raises `UsageError` for one that there is not, and where there is only training."""
    name = split or next((each for each in JUDGED if each in dataset.splits), None)
    if name is None:
        raise UsageError(
            "there is no split to compare methods on: all samples are for training",
            hint="write data.split: {test: 0.2}, or look at --split train, which every tree knows by heart",
            kind="no_such_split",
        )
    if name not in dataset.splits:
        there = [each for each in SPLITS if each in dataset.splits]
        raise UsageError(f"there is no split '{name}'; there are: {', '.join(there)}", kind="no_such_split")
    return name


def subject_of(
    config: Config, dataset: Dataset, model: Any, facts: Mapping[str, int], feeds: Mapping[str, Feed], split: str
) -> Subject:
    """An experiment as the methods see it, whose judged samples are not too many."""
    judged, notes = feeds[split], list[str]()
    if len(judged) > MOST_JUDGED:
        notes.append(
            f"{MOST_JUDGED:,} of {len(judged):,} samples, from all over the split, are judged, by the network too"
        )
        judged = judged.spread(MOST_JUDGED)
    return Subject(config, dataset, model, facts, split, feeds["train"], judged, notes)


def not_comparable(subject: Subject) -> str | None:
    """Why no classical method stands beside the network; None where they all can."""
    return next(reasons(subject), None)


def reasons(subject: Subject) -> Iterator[str]:
    """What these methods have no answer to."""
    schema, loss = subject.schema, subject.head.loss
    if len(subject.schemas) > 1:
        yield f"there are {len(subject.schemas)} targets, and these methods learn one"
    if schema.absent:
        yield "the loss compares with nothing that could be learnt"
    if needs(loss) is None:
        yield "the loss is a plugin that does not say what it compares with (class attribute `target`)"
    if schema.text or schema.following:
        yield "the target is a text, a word at each place"
    if schema.labels is not None or (needs(loss) == "binary" and schema.columns is not None):
        yield "a sample may have several labels, and these methods choose one"
    places = schema.shape[:-1] if schema.is_one_hot else schema.shape
    if schema.padded or (schema.classes is not None and math.prod(places) > 1):
        yield f"a sample has an answer at each of its places ({' × '.join(map(str, places)) or 'of any number'})"
    elif schema.classes is None and len(schema.shape) > 1:
        shape = " × ".join(map(str, schema.shape))
        yield f"a sample's answer is {shape} numbers, and these methods give a few beside each other"
    elif schema.classes is None and math.prod(schema.shape) > MOST_OUTPUTS:
        yield f"a sample's answer is {math.prod(schema.shape):,} numbers, and these methods give up to {MOST_OUTPUTS}"
    if needs(loss) in {"classes", "one_hot", "binary"} and has_soft_labels(subject.train, schema):
        yield "the labels are shares, and these methods learn whole ones"
    numbers = [value for each in subject.dataset.schema.inputs if not each.text for value in [math.prod(each.shape)]]
    if sum(numbers) > MOST_FEATURES:
        yield f"a sample is {sum(numbers):,} numbers, and these methods take up to {MOST_FEATURES:,}"


@dataclass(frozen=True)
class Taught:
    """The lesson: tables of features (samples, features) of training and of what is judged, and what is to be learnt.

    `target` are classes (samples,) or numbers (samples, numbers), `weights` (samples,) how much each sample counts.
    """

    task: Task
    features: Features
    table: Any
    judged: Any
    target: np.ndarray[Any, Any]
    weights: np.ndarray[Any, Any] | None
    classes: int
    samples: int
    """How many training samples there are; the table may hold fewer."""

    @property
    def notes(self) -> list[str]:
        """What was made of the inputs."""
        return self.features.notes

    def rows_for(self, method: Method) -> np.ndarray[Any, Any]:
        """The rows of the table (rows,) that a method learns from, ascending: all, or some that were drawn."""
        each = self.features.count * (max(self.classes, 1) if method.each_class else 1)
        most = min(method.samples, max(1, method.numbers // max(each, 1)))
        return drawn_rows(len(self.target), most, self.task.seed)


def as_array(table: Any) -> np.ndarray[Any, Any]:
    """A table as an array, for methods that take no sparse one."""
    import numpy as np

    return np.asarray(table.toarray() if hasattr(table, "toarray") else table, np.float32)


def drawn_rows(rows: int, most: int, seed: int) -> np.ndarray[Any, Any]:
    """Numbers of rows, ascending: all of them, or so many that were drawn."""
    import numpy as np

    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).permutation(rows)[:most])


def taught(subject: Subject) -> Taught:
    """The lesson of a subject that can be compared; samples with a void label teach nothing."""
    import numpy as np

    size = sum(math.prod(each.shape) for each in subject.dataset.schema.inputs)
    rows = drawn_rows(len(subject.train), max(1, MOST_NUMBERS // max(size, 1)), subject.config.seed)
    inputs, target, classes = inputs_and_target(subject, "train", subject.train, rows)
    weights = lesson_weights(subject, rows, target, classes)
    if classes:
        kept = target >= 0
        inputs = {name: each[kept] for name, each in inputs.items()}
        target, weights = target[kept], None if weights is None else weights[kept]
    features = learnt_features(subject.dataset.schema.inputs, inputs, looked_up(subject.model))
    judged, _, _ = inputs_and_target(subject, subject.split, subject.judged, np.arange(len(subject.judged)))
    return Taught(
        Task(classes > 0, features.counts, subject.config.seed),
        features,
        features.table(inputs) if features.count else None,
        features.table(judged) if features.count else None,
        target,
        weights,
        classes,
        len(subject.train),
    )


def inputs_and_target(
    subject: Subject, split: str, feed: Feed, rows: np.ndarray[Any, Any]
) -> tuple[dict[str, np.ndarray[Any, Any]], np.ndarray[Any, Any], int]:
    """Of some samples of a split the inputs by name, prepared but for texts, what is to be learnt, and of how many classes."""
    import numpy as np

    raw = subject.dataset.splits[split].inputs
    prepared, targets = feed.take(rows)
    inputs = {
        each.name: np.asarray(raw[each.name][rows] if each.text else prepared[each.name])
        for each in subject.dataset.schema.inputs
    }
    values, index = targets[subject.schema.name], class_indices(targets[subject.schema.name], subject.schema)
    if index is not None:
        return inputs, np.asarray(index).reshape(len(values)).astype(np.int64), len(subject.schema.classes or ())
    flat = np.asarray(values, np.float64).reshape(len(values), -1)
    if needs(subject.head.loss) == "binary":
        return inputs, (flat[:, 0] > 0).astype(np.int64), 2
    return inputs, flat, 0


def lesson_weights(
    subject: Subject, rows: np.ndarray[Any, Any], target: np.ndarray[Any, Any], classes: int
) -> np.ndarray[Any, Any] | None:
    """How much each training sample (samples,) counts, by its class and by a column; None where all count the same."""
    import numpy as np

    train = subject.config.train
    if train.class_weight is None and train.sample_weight is None:
        return None
    found = training_weights(train, subject.dataset)
    by_class = None if found is None else found.by_class.get(subject.schema.name)
    weights = np.ones(len(rows))
    if train.sample_weight is not None:
        own = sample_weight(train.sample_weight, subject.dataset, "train")[rows]
        weights = weights * own.reshape(len(own), -1).mean(axis=1)
    if by_class is not None and classes:
        weights = weights * np.asarray(by_class)[np.maximum(target, 0)]
    return weights


def looked_up(model: Any) -> frozenset[str]:
    """The inputs that reach an Embedding or a lookup with nothing learnt in between: their numbers are ids."""
    import keras

    layers = keras.layers
    kinds = (layers.Embedding, layers.IntegerLookup, layers.StringLookup, layers.CategoryEncoding, layers.Hashing)
    calls, found = calls_of(model), set[int]()
    waiting = [position for call in calls if isinstance(call.layer, kinds) for position in call.takes]
    while waiting:
        position = waiting.pop()
        if position not in found and not calls[position].parameters:
            found.add(position)
            waiting += calls[position].takes
    return frozenset(calls[each].layer.name for each in found if calls[each].is_input)
