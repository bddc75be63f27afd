"""The one door to a trained run: what it was trained as, its model, and what that says of samples.

    with open_trained(run, allow_code=allow_code) as trained:
        feed = trained.feed(samples)
        judged = trained.judged(feed)

Everything is read when it is first asked for, and once: the configuration without TensorFlow, the files of the model when
their schema is, Keras with the model. While the door is open, what libraries say goes to the log of the run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.config import Config
from dlcli.data import Dataset, Samples, Schema
from dlcli.data.preparation.crops import centres_of, with_centres
from dlcli.data.target_scale import in_own_units
from dlcli.errors import ArtifactError
from dlcli.runs import Run
from dlcli.runs.places import check_places
from dlcli.runs.standing import standing_notes
from dlcli.training.engine.measure import Measure, Measured
from dlcli.training.kept.agreeing import check_same_data, check_same_schema, disagreeing
from dlcli.training.kept.finite_answers import check_answers
from dlcli.training.kept.model_folder import SCHEMA, SavedModel, load_model, load_schema
from dlcli.training.kept.predictions import Answers, answers_of
from dlcli.training.kept.preparation_graph import PreparationGraph
from dlcli.training.kept.recorded import KEPT, recorded_config, recorded_data, recorded_environment, resumed_config
from dlcli.training.kept.threshold import Threshold, kept_threshold
from dlcli.training.setup.backend import chatter_to, start_keras
from dlcli.training.setup.experiment import compile_model, mistakes_of_head, wide_targets
from dlcli.training.setup.feed import Feed
from dlcli.training.setup.ids import check_new_ids
from dlcli.training.setup.plugins import refuse_plugins

if TYPE_CHECKING:
    import numpy as np

Arrays = Mapping[str, "np.ndarray[Any, Any]"]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A run that has been trained, or has begun to be. What is missing or damaged is an `ArtifactError` when it is asked for."""

    run: Run
    allow_code: bool

    @cached_property
    def config(self) -> Config:
        """The configuration as it took effect. Raises `UnsafeError` where it has plugins that may not be run."""
        config = recorded_config(self.run)
        refuse_plugins(config.plugins, allow_code=self.allow_code)
        return config

    def config_with(self, settings: Sequence[str]) -> Config:
        """The configuration with changes (`train.epochs=40`), to go on with; its plugins are not run yet."""
        return resumed_config(self.run, settings)

    @property
    def environment(self) -> dict[str, Any]:
        """Versions, threads, command line and fingerprints of the data, as they are recorded now."""
        return recorded_environment(self.run)

    @property
    def notes(self) -> list[str]:
        """What to say beside what its model gives: that it trains just now, or has not ended as planned."""
        return standing_notes(self.run)

    @cached_property
    def schema(self) -> Schema:
        """What the data looked like; the files of the model are compared with their manifest."""
        schema = load_schema(self.run)
        if len(schema.targets) != len(self.config.heads):
            message = f"the model of '{self.run.name}' and its configuration have other targets"
            raise ArtifactError(message, file=self.run.model, hint="train it again", kind="damaged_model")
        check_same_schema(schema, self.environment.get(KEPT), self.run.model / SCHEMA)
        return schema

    @cached_property
    def recorded(self) -> Dataset:
        """The run's own data without what its model was told of it. Raises `ConflictError` where it has changed."""
        return recorded_data(self.run, self.config, allow_code=self.allow_code)

    def dataset(self, also: Collection[str] = ()) -> Dataset:
        """The run's own data, split as in training, and the columns that are `also` wanted of it.

        Raises `ConflictError` where it has changed.
        """
        if also:
            recorded = recorded_data(self.run, self.config, allow_code=self.allow_code, also=also)
        else:
            recorded = self.recorded
        dataset = with_centres(recorded, centres_of(self.schema))
        check_same_data(self.schema, dataset.schema, self.run.model / SCHEMA)
        return dataset

    @cached_property
    def saved(self) -> SavedModel:
        """Keras is started, and the model and its preparation loaded."""
        schema = self.schema
        start_keras(seed=self.config.seed, precision=self.config.train.precision)
        saved = load_model(self.run, schema, plugins=self.config.plugins)
        for head, target in zip(self.config.heads, schema.targets, strict=True):
            for mistake in mistakes_of_head(self.config, head, target, saved.model):
                raise disagreeing(mistake.message, self.run.model / SCHEMA)
        return saved

    def prepare_by_graph(self) -> None:
        """From now on inputs are prepared by a graph that is made once: quicker for few samples, and equal but for rounding."""
        if self.saved.preparation is not None:
            self.__dict__["saved"] = replace(self.saved, preparation=PreparationGraph(self.saved.preparation))

    @property
    def model(self) -> Any:
        """The Keras model: prepared inputs to outputs."""
        return self.saved.model

    @property
    def preparation(self) -> Any:
        """The Keras model that prepares raw inputs, or None."""
        return self.saved.preparation

    def feed(self, samples: Samples, *, with_target: bool = True) -> Feed:
        """Raw samples as the model takes them, prepared; what stands for a target that is not there is not looked at."""
        wide = wide_targets(self.config, self.schema, self.model)
        schemas = [each if with_target else each.model_copy(update={"scale": None}) for each in self.schema.targets]
        feed = Feed(samples, self.preparation, schemas, wide=wide)
        feed.raw = samples.inputs
        return feed

    @cached_property
    def measure(self) -> Measure:
        """The model with its loss and metrics, to measure with."""
        # How many steps an epoch had matters no more.
        compile_model(self.config, self.model, self.schema, self.schema.facts(steps_per_epoch=1), learns=False)
        return Measure(self.model)

    @cached_property
    def forward(self) -> Measure:
        """The model to answer with: its graphs are made once, however many samples follow each other."""
        return Measure(self.model)

    def predicted(self, feed: Feed) -> Arrays:
        """What the model puts out: (samples, …) in float32, by target. Its loss is not needed for it."""
        check_new_ids(self.model, feed)
        output = self.forward.predict(feed)
        self.forward.placed.clear()
        check_answers(output, feed, self.schema.inputs)
        return {each.name: in_own_units(each, output[each.name]) for each in self.schema.targets}

    def masks(self, feed: Feed) -> Arrays:
        """Which places (samples, …) of the output count, by the targets whose output has a mask."""
        found = self.forward.masks(feed)
        self.forward.placed.clear()
        return found

    def judged(self, feed: Feed) -> Measured:
        """Loss and metrics, targets and outputs, all of one pass over the samples."""
        check_new_ids(self.model, feed)
        judged = self.measure.judge(feed)
        check_answers(judged.outputs, feed, self.schema.inputs)
        return judged

    def answers(self, output: Arrays) -> dict[str, Answers | None]:
        """What outputs say, by target: classes with probabilities, or None where they are numbers."""
        pairs = zip(self.config.heads, self.schema.targets, strict=True)
        return {
            target.name: answers_of(output[target.name], head.loss, target, threshold=self.threshold_of(target.name))
            for head, target in pairs
        }

    @cached_property
    def threshold(self) -> Threshold | None:
        """How likely the second of two classes has to be for it to be said, where that was chosen."""
        return kept_threshold(self.run)

    def use_threshold(self, threshold: Threshold) -> None:
        """From now on answers go by another threshold."""
        self.__dict__["threshold"] = threshold

    def threshold_of(self, target: str) -> float | None:
        """The threshold of a target; None where none was chosen."""
        return self.threshold.value if self.threshold is not None and self.threshold.target == target else None


@contextmanager
def open_trained(run: Run, *, allow_code: bool = False, log: Path | None = None) -> Iterator[Trained]:
    """A run with all that a command after its training needs. Who only reads writes nothing into it: `log` is for who writes.

    Raises `UnsafeError` for a link in the run, `ArtifactError` for what is no plain file or folder there.
    """
    check_places(run)
    with chatter_to(log):
        yield Trained(run=run, allow_code=allow_code)
