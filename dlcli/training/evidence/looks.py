"""The looks: what is measured of a trained model and its data only where somebody asks, within a bound of time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from dlcli.data import Dataset
from dlcli.finding import Finding
from dlcli.training.compared import Compared
from dlcli.training.engine.measure import Measure
from dlcli.training.evidence.begun import moved, with_values
from dlcli.training.evidence.capacity import Capacity, capacity
from dlcli.training.evidence.classes_seen import ClassesSeen, classes_seen, fresh_classes_seen, fresh_samples
from dlcli.training.evidence.columns_left_out import columns_left_out
from dlcli.training.evidence.drift import Drift, drifts
from dlcli.training.evidence.first_steps import first_steps_felt
from dlcli.training.evidence.inputs_seen import InputSeen, inputs_seen, takes_pictures
from dlcli.training.evidence.larger_crop import LargerCrop, larger_crop
from dlcli.training.evidence.layers_seen import LayersSeen, layers_seen
from dlcli.training.evidence.looks_ahead import LooksAhead, looks_ahead
from dlcli.training.evidence.loosened import Loosened
from dlcli.training.evidence.neighbours import Neighbours, neighbours, takes_ids
from dlcli.training.evidence.padding_read import PaddingRead, padding_read
from dlcli.training.evidence.penalties import Penalty, penalties
from dlcli.training.evidence.rates_tried import RatesTried
from dlcli.training.evidence.reach import Reach, below_logarithms, divided_by_zero, reaches
from dlcli.training.evidence.reference import network_elsewhere
from dlcli.training.evidence.related import related
from dlcli.training.evidence.settling import Settling
from dlcli.training.evidence.sight import Seen, Sight, by_network, seen_more, sight
from dlcli.training.evidence.silenced import Silenced, silenced
from dlcli.training.evidence.small_network import small_network
from dlcli.training.evidence.statistics_seen import (
    MovingLayer,
    StatisticsSeen,
    moving_layers,
    statistics_at_end,
    statistics_seen,
)
from dlcli.training.evidence.stopwatch import Stopwatch
from dlcli.training.evidence.train_loss import train_compared
from dlcli.training.evidence.unanswered_in import unanswered_in
from dlcli.training.evidence.unaugmented import Unaugmented
from dlcli.training.evidence.words_read import WordsRead, words_read
from dlcli.training.scaling import RATHER_LARGE, RATHER_SMALL, TargetSeen, target_seen
from dlcli.training.setup.experiment import Experiment
from dlcli.training.unanswered import Unanswered

Value = TypeVar("Value")
MOST_SECONDS = 2.0
"""All looks together take no longer; what there is no time for is not known."""
KEPT = 0.25
"""The share of it that is kept for looks that train nothing."""

TRIED = 0.5
"""The share of it that the range test leaves to a look at a model on other samples, or of another form, where there is one."""

NO_TIME: tuple[float | None, bool] = (None, True)
"""What the range test comes to that there was no time for: no rate, and that none is known."""


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What is known of a training beside its curves; each is measured when it is first asked for, and by default unknown.

    `rate` is what the range test on the model as it began proposes, None where the loss fell at no rate or nothing is known;
    `begun` are the layers before the first step. `samples` says how many each split has.
    """

    samples: Mapping[str, int] = field(default_factory=dict)
    data: Sequence[Finding] = ()
    counts: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    """By target of classes and by split how many samples each class has."""
    learning: int | None = None
    """How many parameters learn."""
    pictures: bool = False
    """Whether all inputs are pictures."""
    ids: bool = False
    """Whether the model looks up what it takes."""
    flat_target: bool = True
    """Whether a target is one of the whole sample, which it stays where a picture is moved."""
    columns: Sequence[str] = ()
    """The columns that the inputs are made of."""
    train: Callable[[], Compared | None] = lambda: None
    classes: Callable[[str], Sequence[ClassesSeen]] = lambda split: ()
    ended: Callable[[str], Sequence[ClassesSeen]] = lambda split: ()
    """The same with the weights of the last epoch, whichever are kept."""
    fresh_classes: Callable[[], Sequence[ClassesSeen]] = tuple
    """What is said of the validation samples that do not stand in training."""
    fresh_samples: Callable[[], int | None] = lambda: None
    """How many validation samples have inputs that do not stand in training."""
    inputs: Callable[[], Sequence[InputSeen]] = tuple
    unanswered: Callable[[], Unanswered | None] = lambda: None
    """Validation samples of which the model says no finite number."""
    target: Callable[[], TargetSeen | None] = lambda: None
    target_rather: Callable[[], TargetSeen | None] = lambda: None
    """The targets that are rather far from unit scale."""
    layers: Callable[[], LayersSeen | None] = lambda: None
    begun: Callable[[], LayersSeen | None] = lambda: None
    rate: Callable[[], float | None] = lambda: None
    rate_in_units: Callable[[], float | None] = lambda: None
    """What it would propose if the targets that are far from unit scale were not."""
    rate_in_rather: Callable[[], float | None] = lambda: None
    """The same of those that are rather far."""
    rate_scaled: Callable[[float | None], float | None] = lambda scale: None
    """What it would propose for inputs that are so many times as large, or, of None, for each feature in units of its own,
    if the targets that are far from unit scale were not."""
    rate_steeper: Callable[[tuple[str, ...]], float | None] = lambda names: None
    """What it would propose with activations in these layers that are flat on neither side."""
    rate_unknown: Callable[[], bool] = lambda: False
    """Whether there was no time for the range test."""
    moved: Callable[[], float | None] = lambda: None
    """How far the weights have moved from their first values, beside how large these were."""
    settling: Callable[[float, float], Settling | None] = lambda rate, other: None
    """What some steps more come to at a rate, and at another."""
    loosened: Callable[[float, str, float | None], Loosened | None] = lambda rate, argument, value: None
    """What the first steps at a rate come to with another value of an argument of the optimizer."""
    unaugmented: Callable[[float], Unaugmented | None] = lambda rate: None
    """What some steps more at a rate come to on samples that are not augmented."""
    larger_crop: Callable[[], LargerCrop | None] = lambda: None
    """The crop of pictures, beside what it leaves out."""
    sight: Callable[[], Sight | None] = lambda: None
    """Layers by which places of the model see little of a sample."""
    first_steps_felt: Callable[[], float | None] = lambda: None
    """How large the gradient by what stands first was beside that by what stands last, before a model learnt anything."""
    seen_more: Callable[[float], Seen | None] = lambda rate: None
    """What a model whose places see more of a sample comes to in some steps at a rate, where those of the model see little."""
    neighbours: Callable[[], Neighbours | None] = lambda: None
    small_network: Callable[[], Neighbours | None] = lambda: None
    """What a small network learns of the samples."""
    network_elsewhere: Callable[[], Neighbours | None] = lambda: None
    """What one that has learnt of all of them says of validation, by the loss of the model."""
    network_of_augmented: Callable[[], Neighbours | None] = lambda: None
    """The same of one that has learnt of augmented samples."""
    by_place: Callable[[], Neighbours | None] = lambda: None
    """What it learns of ids where each place counts by itself."""
    neighbours_elsewhere: Callable[[], Neighbours | None] = lambda: None
    """What training samples say of those of validation."""
    left_out: Callable[[tuple[str, ...]], tuple[Neighbours, Neighbours] | None] = lambda names: None
    """What a small network says of validation with all columns, and without some."""
    related: Callable[[], float] = lambda: 1.0
    """How rarely chance relates any input to the target as much as in training."""
    drifts: Callable[[], Sequence[Drift]] = tuple
    reaches: Callable[[], Sequence[Reach]] = tuple
    silenced: Callable[[], Sequence[Silenced]] = tuple
    below_logarithms: Callable[[], Sequence[tuple[str, str | None]]] = tuple
    """Last layers, with the paths of their entries, below 0 of which their loss takes a logarithm."""
    divided_by_zero: Callable[[], Sequence[tuple[str, str, float, str]]] = tuple
    """Targets that are 0 in some samples, where their loss divides by them: with the loss, the share and the path of the loss."""
    penalties: Callable[[], Sequence[Penalty]] = tuple
    padding_read: Callable[[], PaddingRead | None] = lambda: None
    words_read: Callable[[], WordsRead | None] = lambda: None
    """What of texts reaches the model."""
    capacity: Callable[[], Capacity | None] = lambda: None
    moving: bool = False
    """Whether a layer of the model has statistics that move while it trains."""
    statistics: Callable[[], StatisticsSeen | None] = lambda: None
    """What the model answers with fresh statistics in place of these."""
    statistics_at_end: Callable[[], StatisticsSeen | None] = lambda: None
    """The same with the weights of the last epoch, where others are kept."""
    looks_ahead: Callable[[], LooksAhead | None] = lambda: None
    failures: Sequence[str] = ()
    """What looks have raised, which then know nothing."""


class Bounded:
    """Looks that take so many seconds together; a model that cannot be looked at so keeps its training and its verdict.

    Those that train the model once more leave a share of the time to the others, however long the last of them takes.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.spent, self.trained = seconds, 0.0, 0.0
        self.failures: list[str] = []

    @property
    def left(self) -> float:
        """The seconds that are left for training once more, of which there are always some."""
        return max(self.seconds * (1 - KEPT) - self.trained - self.spent, 0.1)

    @property
    def whole(self) -> float:
        """The seconds that are left for anything."""
        return max(self.seconds - self.trained - self.spent, 0.1)

    @property
    def rest(self) -> float:
        """The seconds for training once more that leaves some of what is left to others."""
        return max(self.left, self.whole / 2)

    def one(self, work: Callable[[], Value], unknown: Value) -> Value:
        """What a look sees, if there is time for it."""
        if self.spent + min(self.trained, self.seconds * (1 - KEPT)) >= self.seconds:
            return unknown
        seen, seconds = self.timed(work, unknown)
        self.spent += seconds
        return seen

    def training(self, work: Callable[[], Value], unknown: Value) -> Value:
        """What a look sees that trains the model once more."""
        if self.spent + self.trained >= self.seconds * (1 - KEPT):
            return unknown
        seen, seconds = self.timed(work, unknown)
        self.trained += seconds
        return seen

    def timed(self, work: Callable[[], Value], unknown: Value) -> tuple[Value, float]:
        """What a look sees, and how long it took."""
        watch = Stopwatch()
        try:
            return work(), watch.seconds
        except Exception as error:
            self.failures.append(repr(error))
            return unknown, watch.seconds

    def quick(self, work: Callable[[], Value], unknown: Value) -> Value:
        """What a look sees that only reads how the model is made, or asks it once: there is always time for it."""
        return self.timed(work, unknown)[0]

    def many(self, work: Callable[[], Sequence[Value]]) -> Sequence[Value]:
        """The things that a look sees."""
        return self.one(work, [])


def looks(
    experiment: Experiment,
    measure: Measure,
    *,
    first: Sequence[Any] | None,
    data: Sequence[Finding],
    last: Sequence[Any] | None = None,
    seconds: float | None = None,
) -> Looks:
    """The looks at an experiment whose model has been trained from its `first` values; `data` are findings about its data.
    `last` are those of its last epoch, where others are kept.

    All of them together take so many `seconds` at most, two by default.
    """
    bounded = Bounded(MOST_SECONDS if seconds is None else seconds)
    rates = RatesTried(experiment, first)
    short = cache(lambda: bounded.quick(lambda: sight(experiment), None))
    tried = bounded.seconds * TRIED if is_tried(experiment, short()) else 0.0
    tested = cache(lambda: bounded.training(lambda: rates.proposed(max(bounded.left - tried, 0.1)), NO_TIME))
    target = cache(lambda: bounded.one(lambda: target_seen(experiment), None))
    rather = cache(lambda: bounded.one(lambda: target_seen(experiment, large=RATHER_LARGE, small=RATHER_SMALL), None))
    return Looks(
        failures=bounded.failures,
        data=data,
        **known_of(experiment, bounded),
        **ends_seen(experiment, bounded),
        **others_know(experiment, bounded),
        **statistics_looks(experiment, measure, last, bounded),
        train=cache(lambda: bounded.one(lambda: train_compared(experiment, measure), None)),
        classes=cache(lambda split: bounded.many(lambda: classes_seen(experiment, split))),
        ended=cache(lambda split: bounded.quick(lambda: classes_at_end(experiment, last, split), list[ClassesSeen]())),
        fresh_samples=cache(lambda: bounded.one(lambda: fresh_samples(experiment), None)),
        fresh_classes=cache(lambda: bounded.many(lambda: fresh_classes_seen(experiment))),
        inputs=cache(lambda: bounded.many(lambda: inputs_seen(experiment))),
        unanswered=cache(lambda: bounded.one(lambda: unanswered_in(experiment, "validation"), None)),
        target=target,
        target_rather=rather,
        layers=cache(lambda: bounded.one(lambda: layers_seen(experiment), None)),
        begun=cache(lambda: bounded.one(lambda: rates.begun(lambda: layers_seen(experiment), None), None)),
        rate=lambda: tested()[0],
        rate_in_units=cache(lambda: bounded.training(lambda: rates.in_units(target(), bounded.left), None)),
        rate_in_rather=cache(lambda: bounded.training(lambda: rates.in_units(rather(), bounded.left), None)),
        rate_scaled=cache(lambda scale: bounded.training(lambda: rates.scaled(scale, target(), bounded.left), None)),
        rate_steeper=cache(lambda names: bounded.training(lambda: rates.steeper(names, bounded.left), None)),
        rate_unknown=lambda: tested()[1],
        moved=cache(lambda: None if first is None else moved(experiment.model, first)),
        settling=cache(lambda rate, other: bounded.one(lambda: rates.settling(rate, other, bounded.rest), None)),
        loosened=cache(lambda *tried: bounded.training(lambda: rates.loosened(*tried), None)),
        unaugmented=cache(lambda rate: bounded.one(lambda: rates.unaugmented(rate, bounded.whole), None)),
        sight=short,
        first_steps_felt=cache(lambda: bounded.one(lambda: first_steps_felt(experiment, first), None)),
        seen_more=cache(lambda rate: bounded.one(lambda: seen_more(experiment, short(), rate, bounded.whole), None)),
        drifts=cache(lambda: bounded.many(lambda: drifts(experiment))),
        penalties=cache(lambda: bounded.quick(lambda: penalties(experiment), list[Penalty]())),
        padding_read=cache(lambda: bounded.quick(lambda: padding_read(experiment), None)),
        words_read=cache(lambda: bounded.quick(lambda: words_read(experiment), None)),
        capacity=cache(lambda: bounded.quick(lambda: capacity(experiment), None)),
        looks_ahead=cache(lambda: bounded.one(lambda: looks_ahead(experiment), None)),
    )


def is_tried(experiment: Experiment, seen: Sight | None) -> bool:
    """Whether other samples, or layers that see more, may be tried, for which the range test leaves some time."""
    return experiment.augment is not None or (seen is not None and not by_network(seen))


def ends_seen(experiment: Experiment, bounded: Bounded) -> dict[str, Any]:
    """What is seen of the last layers."""
    return {
        "reaches": cache(lambda: bounded.quick(lambda: reaches(experiment), list[Reach]())),
        "silenced": cache(lambda: bounded.many(lambda: silenced(experiment))),
        "below_logarithms": cache(lambda: bounded.many(lambda: below_logarithms(experiment))),
    }


def statistics_looks(
    experiment: Experiment, measure: Measure, last: Sequence[Any] | None, bounded: Bounded
) -> dict[str, Any]:
    """What is seen of statistics that move."""
    return {
        "moving": bool(bounded.quick(lambda: moving_layers(experiment), list[MovingLayer]())),
        "statistics": cache(lambda: bounded.one(lambda: statistics_seen(experiment, measure), None)),
        "statistics_at_end": cache(lambda: bounded.quick(lambda: statistics_at_end(experiment, measure, last), None)),
    }


def others_know(experiment: Experiment, bounded: Bounded) -> dict[str, Any]:
    """What others than the model know of the samples."""
    return {
        "neighbours": cache(lambda: bounded.one(lambda: neighbours(experiment), None)),
        "small_network": cache(lambda: bounded.one(lambda: small_network(experiment), None)),
        "by_place": cache(lambda: bounded.one(lambda: small_network(experiment, placed=True), None)),
        "network_elsewhere": cache(lambda: bounded.one(lambda: network_elsewhere(experiment, bounded.whole), None)),
        "network_of_augmented": cache(
            lambda: bounded.one(lambda: network_elsewhere(experiment, bounded.whole, augmented=True), None)
        ),
        "neighbours_elsewhere": cache(lambda: bounded.one(lambda: neighbours(experiment, "validation"), None)),
        "left_out": cache(lambda names: bounded.one(lambda: columns_left_out(experiment, names), None)),
        "related": cache(lambda: bounded.one(lambda: related(experiment), 1.0)),
    }


def known_of(experiment: Experiment, bounded: Bounded) -> dict[str, Any]:
    """What is known of an experiment without a look at its model."""
    schema = experiment.dataset.schema
    return {
        "samples": {split: len(feed) for split, feed in experiment.splits.items()},
        "counts": counts_of(experiment.dataset),
        "divided_by_zero": cache(lambda: bounded.many(lambda: divided_by_zero(experiment))),
        "larger_crop": cache(lambda: bounded.quick(lambda: larger_crop(experiment), None)),
        "learning": sum(math.prod(weight.shape) for weight in experiment.model.trainable_variables),
        "pictures": takes_pictures(schema),
        "ids": takes_ids(experiment.model),
        "flat_target": all(len(each.shape) == each.is_one_hot for each in schema.targets),
        "columns": [column.name for each in schema.inputs for column in each.columns or ()],
    }


def classes_at_end(experiment: Experiment, last: Sequence[Any] | None, split: str) -> list[ClassesSeen]:
    """What a model says of classes on a split with its `last` values, or, of None, with those that it has."""
    with with_values(experiment.model, last):
        return classes_seen(experiment, split)


def counts_of(dataset: Dataset) -> dict[str, dict[str, Mapping[str, int]]]:
    """By target of classes and by split how many samples each class has."""
    return {
        schema.name: {split: dataset.class_counts(split, schema) or {} for split in dataset.splits}
        for schema in dataset.schema.targets
        if schema.classes is not None
    }
