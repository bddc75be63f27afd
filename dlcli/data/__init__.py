"""Step 1, the input data and the target: the `data` block, and the data set that it loads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field, ValidationInfo, field_validator

from dlcli.data.dataset import Dataset, Samples, class_indices
from dlcli.data.fields.fields import Fields
from dlcli.data.inputs import Constant, Input, Missing
from dlcli.data.memory import free_memory
from dlcli.data.preparation.preparations import Preparation
from dlcli.data.schema import Schema
from dlcli.data.sources.source import Reading, Source
from dlcli.data.split import Split
from dlcli.data.target import Target
from dlcli.data.text_strip import strip_in
from dlcli.progress import stage
from dlcli.spec import KerasObject, Labels, Mistake, Spec, Wanted, fail, keras_thing

Augmentation = Annotated[KerasObject, keras_thing("layers")]
LabelsByName: TypeAlias = Labels | Wanted | Mapping[str | None, Labels | Wanted | None] | None
"""What the loss needs as target; for several targets by name."""

__all__ = ["Data", "Dataset", "Fields", "Samples", "Schema", "class_indices"]


class Data(Spec):
    """Where the data comes from, what of it is input and what is the target, and how it is prepared and split."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "source": (
            "data.source=gaps.csv",
            "data.missing=mean",
        ),
        "inputs": ("data.inputs=[a]",),
        "target": ("data.target=c",),
        "targets": ("data.targets={y: y}",),
        "prepare": ("data.prepare=[Normalization]",),
        "category": ("data.category=[a]",),
        "augment": ("data.augment=[GaussianNoise: 0.5]",),
        "split": ("data.split={validation: 0.4}",),
        "missing": (
            "data.missing=drop",
            "data.source=gaps.csv",
        ),
        "stream": ("data.stream=true",),
    }

    source: Source
    inputs: Annotated[list[str], Field(min_length=1)] | Annotated[dict[str, Input], Field(min_length=1)] | None = None
    """A list of columns, or a mapping from names to `{columns, kind, prepare}`. Default: all that is not the target."""
    target: str | Annotated[list[str], Field(min_length=1)] | Target | None = None
    """The column that is predicted, or `{column, encode, classes}`. A list of columns makes a vector of them."""
    targets: Annotated[dict[str, str | Target], Field(min_length=1)] | None = None
    """Several targets: a mapping from names to columns, or to `{column, encode, classes}`."""
    category: list[str] = []
    """Columns that are names of kinds, also where they are numbers: one-hot beside the others, and none of `prepare`'s."""
    prepare: list[Preparation] = []
    """Preprocessing layers of Keras, fitted on the training split alone and kept with the model."""
    augment: list[Augmentation] = []
    """Augmentation layers of Keras, applied to training batches alone."""
    split: Annotated[Split, Field(default_factory=Split)]
    missing: Missing | Constant = "error"
    """What an empty cell means: an error, `drop` the row, or a value for it."""
    stream: Literal["auto"] | bool = "auto"
    """Whether the data stays on disk: where it does not fit in half of the free memory, always, or never."""

    @field_validator("targets")
    @classmethod
    def either(cls, targets: dict[str, str | Target] | None, information: ValidationInfo) -> Any:
        if targets is not None and information.data.get("target") is not None:
            fail(
                Mistake(
                    "there are both 'target' and 'targets'; write either",
                    suggestion="put it into targets",
                    kind="keys_exclude_each_other",
                )
            )
        return targets

    @property
    def prepares(self) -> bool:
        """Whether any input is prepared."""
        own = isinstance(self.inputs, dict) and any(each.prepare for each in self.inputs.values())
        return bool(self.prepare) or own

    @property
    def strips(self) -> dict[str | None, str | None]:
        """The patterns that texts are stripped of, by input; None is that of every input."""
        own = self.inputs if isinstance(self.inputs, dict) else {}
        return {None: strip_in(self.prepare), **{name: strip_in(each.prepare) for name, each in own.items()}}

    @property
    def takes_empty(self) -> bool:
        """Whether the source can be told which texts mean an empty cell."""
        return "empty" in type(self.source.innermost).model_fields

    @property
    def all_targets(self) -> dict[str | None, Target]:
        """The targets by name; None is the name of the only one, which its column tells."""
        if self.targets is not None:
            return {
                name: each if isinstance(each, Target) else Target(column=each) for name, each in self.targets.items()
            }
        return {None: self.target if isinstance(self.target, Target) else Target(column=self.target)}

    @stage("reading the data")
    def load(
        self,
        *,
        seed: int,
        labels: LabelsByName = None,
        weight: str | None = None,
        allow_code: bool = False,
        also: Collection[str] = (),
    ) -> Dataset:
        """Reads the source, chooses inputs and targets, splits and encodes. Nothing of TensorFlow is needed.

        `labels` is what the loss needs as target, where a loss is known; for several targets by name. `weight` is the
        column that weighs the samples, and columns may be wanted `also`. Raises `DataError` and its kin.
        """
        stream = self.stream is True or (self.stream == "auto" and self.source.memory() > free_memory() // 2)
        columns = self.columns_asked_for(weight)
        columns = None if columns is None else columns | {*also}
        reading = Reading(
            frozenset(self.text_columns()),
            stream=stream,
            columns=columns,
            often=frozenset(self.target_columns() | ({self.split.column} if self.split.column else set())),
            labels=frozenset(self.target_columns()),
            void=self.void_labels(labels),
            beyond=int(any(each.next is not None for each in self.all_targets.values())),
            allow_code=allow_code,
        )
        return self.dataset(self.source.read(reading), seed=seed, labels=labels, weight=weight, stream=stream)

    def dataset(
        self, fields: Fields, *, seed: int, labels: LabelsByName, weight: str | None = None, stream: bool = False
    ) -> Dataset:
        """The data set of what a source has read; in memory unless it is to stay on disk or does not fit."""
        wanted = wanted_by_name(labels)
        absent = {name: (Target(), each) for name, each in wanted.items() if each.labels == "nothing"}
        none_is_read = self.target is None and self.targets is None and len(absent) == len(wanted) > 0
        read = {} if none_is_read else self.all_targets
        targets = {name: (target, wanted.get(name, Wanted())) for name, target in read.items()} | absent
        from dlcli.data.assemble import assembled

        limit = 0 if stream else None if self.stream is False else free_memory() // 2
        return assembled(
            fields,
            inputs=self.inputs,
            targets=targets,
            split=self.split,
            policy=self.missing,
            seed=seed,
            prepared=self.prepares,
            weight=weight,
            limit=limit,
            takes_empty=self.takes_empty,
            categories=self.category,
            strips=self.strips,
        )

    def void_labels(self, labels: LabelsByName = None) -> dict[str | None, list[int | str]]:
        """By column the labels that stand for none, of its own word and that of the loss; None is what the source names."""
        wanted, void = wanted_by_name(labels), dict[str | None, list[int | str]]()
        for name, each in self.all_targets.items():
            if not isinstance(each.column, list):
                void[each.column] = [*void.get(each.column, ()), *each.void_labels(wanted.get(name, Wanted()))]
        return void

    def columns_asked_for(self, weight: str | None) -> frozenset[str] | None:
        """The columns that are inputs or targets, or serve the split or the weights; None where all others are inputs."""
        if self.inputs is None or any(each.column is None for each in self.all_targets.values()):
            return None
        names = self.target_columns()
        if isinstance(self.inputs, dict):
            names |= {name for each in self.inputs.values() for name in each.names}
        else:
            names |= {*self.inputs}
        return frozenset(names | {name for name in (self.split.column, weight) if name is not None})

    def target_columns(self) -> set[str]:
        """The columns that are named as targets."""
        columns = [each.column for each in self.all_targets.values() if each.column is not None]
        return {name for each in columns for name in ([each] if isinstance(each, str) else each)}

    def without_labels(self, fields: Fields) -> set[str]:
        """Targets of which a cell may be empty: of several labels a sample none may hold."""
        targets = self.all_targets.values()
        names = {name for each in targets if each.column or fields.target for name in each.names_in(fields)}
        return {name for name in names if any(each.has_several(name, fields) for each in targets)}

    def text_columns(self) -> set[str]:
        """The columns that the configuration says hold names or text, also where these look like numbers.

        One that is numbers in another input is read as what it looks like.
        """
        groups = self.inputs.values() if isinstance(self.inputs, dict) else []
        names = {name for each in groups if each.kind in {"category", "text"} for name in each.names}
        names -= {name for each in groups if each.kind not in {"category", "text"} for name in each.names}
        named = [each.column for each in self.all_targets.values() if each.names_classes]
        return names | {name for name in named if isinstance(name, str)} | {*self.category}


def wanted_by_name(labels: LabelsByName) -> dict[str | None, Wanted]:
    """What the losses need as targets, by name."""
    by_name: Mapping[str | None, Labels | Wanted | None] = labels if isinstance(labels, Mapping) else {None: labels}
    return {name: each if isinstance(each, Wanted) else Wanted(each) for name, each in by_name.items()}
