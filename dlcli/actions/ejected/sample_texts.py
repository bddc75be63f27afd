"""The arrays of each split: what they hold, and how a script speaks of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dlcli.data import Dataset
from dlcli.data.preparation.prepare import raw_values
from dlcli.data.schema import TargetSchema
from dlcli.training.engine.measure import Measure, batch_of
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.weights import Weights, training_weights

if TYPE_CHECKING:
    import numpy as np

SPLITS = ("train", "validation", "test")


@dataclass
class SampleTexts:
    """The splits of an experiment as a script has them: `x_train`, `y_train`, `weights_train`, …"""

    experiment: Experiment
    dataset: Dataset

    @property
    def is_prepared(self) -> bool:
        """Whether anything is done to the inputs before the model; ids of a target of text are made before."""
        model = self.experiment.preparation
        names = self.experiment.splits["train"].inputs
        return model is not None and any(model.output[name] is not model.input[name] for name in names)

    @property
    def splits(self) -> list[str]:
        """The splits that there are."""
        return [split for split in SPLITS if split in self.experiment.splits]

    @property
    def schemas(self) -> list[TargetSchema]:
        """The targets."""
        return self.dataset.schema.targets

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs."""
        return list(self.experiment.splits["train"].inputs)

    @cached_property
    def weights(self) -> Weights | None:
        """How much the samples of training count, where not all count the same; places that count nowhere are no samples."""
        return training_weights(
            self.experiment.config.train,
            self.dataset,
            counted=lambda: Measure(self.experiment.model).masks(self.experiment.splits["train"]),
        )

    def inputs_of(self, split: str) -> Mapping[str, np.ndarray[Any, Any]]:
        """The inputs (samples, …) of a split by name, as they are before any preparation."""
        import numpy as np

        preparation, feed = self.experiment.preparation, self.experiment.splits[split]
        if not self.is_prepared:
            return {name: np.asarray(column[:]) for name, column in feed.inputs.items()}
        raw = self.dataset.splits[split].inputs
        found = {name: raw_values(raw[name][:], preparation.input[name].dtype) for name in feed.inputs}
        return {name: plain_texts(each) if each.dtype == object else np.asarray(each) for name, each in found.items()}

    def target_of(self, split: str, name: str) -> np.ndarray[Any, Any]:
        """A target (samples, …) of a split, as the loss takes it."""
        import numpy as np

        return np.asarray(self.experiment.splits[split].target(name))

    def evaluated_batch(self, split: str) -> int:
        """How many samples of a split are measured at a time."""
        return batch_of(self.experiment.splits[split])

    @property
    def length(self) -> str:
        """How many samples there are to train on."""
        return "len(x_train)" if len(self.inputs) == 1 else str(len(self.experiment.splits["train"]))

    def batch(self, split: str, rows: str = "") -> str:
        """Inputs, targets and weights of some samples."""
        several = len(self.schemas) > 1
        parts = [taken("x", split, rows, several=len(self.inputs) > 1), taken("y", split, rows, several=several)]
        if self.weighed(split):
            parts.append(taken("weights", split, rows, several=several))
        return f"({', '.join(parts)})"

    def evaluated(self, split: str) -> str:
        """What `evaluate` takes of a split."""
        weights = f", sample_weight=weights_{split}" if self.weighed(split) else ""
        return f"x_{split}, y_{split}{weights}"

    def weighed(self, split: str) -> bool:
        """Whether the samples of a split weigh differently."""
        return (self.weights if split == "train" else self.experiment.splits[split].weights) is not None


def taken(kind: str, split: str, rows: str, *, several: bool) -> str:
    """Arrays of some samples."""
    name = f"{kind}_{split}"
    if not rows:
        return name
    return f"{{name: each[{rows}] for name, each in {name}.items()}}" if several else f"{name}[{rows}]"


def array_names(kind: str, split: str, names: Sequence[str]) -> list[str]:
    """What the arrays of a split are called beside the script: one alone has no name of its own."""
    return [f"{kind}_{split}"] if len(names) == 1 else [f"{kind}_{split}/{name}" for name in names]


def plain_texts(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Texts (samples, …) in a form that needs no pickle."""
    import numpy as np

    return np.array([each.decode() if isinstance(each, bytes) else str(each) for each in values.reshape(-1)]).reshape(
        values.shape
    )
