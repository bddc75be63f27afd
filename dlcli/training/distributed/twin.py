"""The twin of a model: of the same form, with variables on every device that shares the training.

The model itself stays an ordinary one, so that measuring, checkpoints and the verdict know nothing of devices. The twin takes
its variables before steps, and gives them back where somebody looks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from dlcli.keras_internals import leaf_layers, sum_gradients_first
from dlcli.training.engine.steps import Work
from dlcli.training.setup.experiment import Experiment, compile_model
from dlcli.training.setup.phase_plan import learning_layers, let_learn
from dlcli.training.setup.replicas import Replicas


class Twin:
    """A model on all devices of this process, beside the ordinary one."""

    def __init__(self, experiment: Experiment, work: Work, replicas: Replicas) -> None:
        assert experiment.build is not None
        self.plain, self.replicas = experiment.model, replicas
        work.build(self.plain)
        with replicas.strategy.scope():
            self.model = experiment.build(experiment.config.layers, facts=experiment.facts).model
            let_learn(self.model, learning_layers(self.plain))
            compile_model(experiment.config, self.model, experiment.dataset.schema, experiment.facts)
            synchronize(self.model)
            work.build(self.model)
        sum_gradients_first(self.model.optimizer)
        ours, theirs = (variables_of(each) for each in (self.plain, self.model))
        counted = {id(each) for each in self.plain.metrics_variables}
        pairs = list(zip(ours, theirs, strict=True))
        self.pairs = [pair for pair in pairs if id(pair[0]) not in counted]
        self.counts = [pair for pair in pairs if id(pair[0]) in counted]
        self.pushed: list[Any] = []

    def push(self) -> dict[str, Any]:
        """Takes the variables of the ordinary model; gives those, by their place, that are not as they were."""
        now = [ours.numpy() for ours, _ in self.pairs]
        before = self.pushed or [None] * len(now)
        changed = {
            str(place): value
            for place, (value, old) in enumerate(zip(now, before, strict=True))
            if old is None or value.tobytes() != old.tobytes()
        }
        self.pushed, self.base = now, [ours.numpy() for ours, _ in self.counts]
        self.take(changed)
        return changed

    def take(self, values: Mapping[str, Any]) -> None:
        """Takes variables by their place, and begins to count anew."""
        import numpy as np

        for place, value in values.items():
            self.pairs[int(place)][1].assign(value)
        local = self.replicas.strategy.experimental_local_results
        for _, theirs in self.counts:
            for part in local(
                theirs.value
            ):  # each by itself: to set all at once TensorFlow would ask the other workers
                part.assign(np.zeros(theirs.shape, theirs.dtype))

    def pull(self, others: Sequence[Sequence[Any]] = ()) -> None:
        """Gives the ordinary model the variables; what metrics have counted is that of all devices, `others` those elsewhere."""
        self.pushed = [theirs.numpy() for _, theirs in self.pairs]
        for (ours, _), value in zip(self.pairs, self.pushed, strict=True):
            ours.assign(value)
        totals = zip(*[self.counted(), *others], strict=True)
        for (ours, _), base, parts in zip(self.counts, self.base, totals, strict=True):
            ours.assign(base + sum(parts))

    def counted(self) -> list[Any]:
        """What the metrics have counted on the devices of this process since the variables were taken."""
        local = self.replicas.strategy.experimental_local_results
        return [sum(each.numpy() for each in local(theirs.value)) for _, theirs in self.counts]

    def digest(self) -> str:
        """A digest of all variables that have to be the same everywhere."""
        found = hashlib.sha256()
        for _, theirs in self.pairs:
            found.update(theirs.numpy().tobytes())
        return found.hexdigest()


def variables_of(model: Any) -> list[Any]:
    """All variables: weights, states of random generators, metrics, optimizer."""
    return list(
        {id(each): each for each in [*model.variables, *model.metrics_variables, *model.optimizer.variables]}.values()
    )


def synchronize(model: Any) -> None:
    """Lets normalization by batches take its statistics over all parts of a batch, as one device does."""
    for layer in normalizations(model):
        layer.synchronized = True


def normalizations(model: Any) -> list[Any]:
    """The layers that normalize by batches."""
    import keras

    return [each for each in leaf_layers(model) if isinstance(each, keras.layers.BatchNormalization)]


def notes_on_sharing(experiment: Experiment, replicas: Replicas) -> list[str]:
    """What is another thing on several devices than on one."""
    names = [each.name for each in normalizations(experiment.model)]
    notes = []
    if names and replicas.count > 1:
        few = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        notes.append(f"the statistics of {few} are those of the whole batch (synchronized)")
    return notes
