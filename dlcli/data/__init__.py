"""Step 1, the input data and the target: the `data` block, and the data set that it loads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from dlcli.data.dataset import Dataset, Samples, class_indices
from dlcli.data.fields import Fields
from dlcli.data.inputs import (
    Constant,
    Input,
    Missing,
    Preparation,
    default_inputs,
    empty_cells,
    empty_counts,
    encode_input,
    input_schemas,
)
from dlcli.data.schema import Schema
from dlcli.data.sources import Source
from dlcli.data.sources.source import Reading
from dlcli.data.split import Split
from dlcli.data.target import Labels, Target, encode_target, missing
from dlcli.errors import DataError
from dlcli.spec import Spec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Data", "Dataset", "Fields", "Samples", "Schema", "class_indices"]


class Data(Spec):
    """Where the data comes from, what of it is input and what is the target, and how it is prepared and split."""

    source: Source
    inputs: Annotated[list[str], Field(min_length=1)] | Annotated[dict[str, Input], Field(min_length=1)] | None = None
    """A list of columns, or a mapping from names to `{columns, kind, prepare}`. Default: all that is not the target."""
    target: str | Target | None = None
    """The column that is predicted, or `{column, encode, classes}`."""
    prepare: list[Preparation] = []
    """Preprocessing layers of Keras, fitted on the training split alone and kept with the model."""
    split: Annotated[Split, Field(default_factory=Split)]
    missing: Missing | Constant = "error"
    """What an empty cell means: an error, `drop` the row, or a value for it."""

    @property
    def prepares(self) -> bool:
        """Whether any input is prepared."""
        own = isinstance(self.inputs, dict) and any(each.prepare for each in self.inputs.values())
        return bool(self.prepare) or own

    def load(self, *, seed: int, labels: Labels | None = None) -> Dataset:
        """Reads the source, chooses inputs and target, splits and encodes. Nothing of TensorFlow is needed.

        `labels` is what the loss needs as target, where a loss is known. Raises `DataError` and its kin.
        """
        fields = self.source.read(Reading(frozenset(self.text_columns())))
        return self.dataset(fields, seed=seed, labels=labels)

    def text_columns(self) -> set[str]:
        """The columns that the configuration says hold names, also where these look like numbers.

        One that is numbers in another input is read as what it looks like.
        """
        groups = self.inputs.values() if isinstance(self.inputs, dict) else []
        names = {name for each in groups if each.kind == "category" for name in each.names}
        names -= {name for each in groups if each.kind != "category" for name in each.names}
        if isinstance(self.target, Target) and self.target.column is not None and self.target.names_classes:
            names.add(self.target.column)
        return names

    def dataset(self, fields: Fields, *, seed: int, labels: Labels | None) -> Dataset:
        """The data set of what a source has read."""
        import numpy as np

        target = self.target if isinstance(self.target, Target) else Target(column=self.target)
        name = target.name_in(fields)
        reserved = [] if self.split.by is None else [self.split.by.partition(":")[2]]
        source, (fields, dropped) = fields, self.without_empty(fields, name, reserved)
        rows_of = np.setdiff1d(np.arange(fields.samples + len(dropped)), dropped)
        target_schema = target.encoding(fields, labels=labels)
        encoded = encode_target(target_schema, fields)
        splits = self.split.rows(
            fields.samples, seed=seed, classes=class_indices(encoded, target_schema.classes), columns=fields.arrays
        )
        schemas = input_schemas(
            self.inputs, fields, target=name, train=splits["train"], policy=self.missing, reserved=reserved
        )
        tensors, notes = {}, list(fields.notes)
        for schema in schemas:
            tensors[schema.name], said = encode_input(schema, fields)
            notes += said
        if len(dropped):
            notes.append(f"{len(dropped)} rows with empty cells were left out")
        samples = {
            split: Samples({each: tensor[rows] for each, tensor in tensors.items()}, encoded[rows], rows_of[rows])
            for split, rows in splits.items()
        }
        return Dataset(samples, Schema(inputs=schemas, target=target_schema), source, tuple(notes), self.prepares)

    def without_empty(self, fields: Fields, target: str, reserved: list[str]) -> tuple[Fields, np.ndarray[Any, Any]]:
        """The fields without rows that have empty cells, where `missing` is `drop`, and which rows these were.

        Where `missing` is `error`, raises `DataError` that counts the empty cells of all columns at once.
        """
        import numpy as np

        if isinstance(self.inputs, dict):
            chosen = [name for each in self.inputs.values() for name in each.names]
        else:
            chosen = list(self.inputs or default_inputs(fields, without={target, *reserved}))
        names = [name for name in dict.fromkeys([*chosen, target, *reserved]) if name in fields.arrays]
        empty = {name: rows for name in names if (rows := missing(fields.arrays[name])).any()}
        hint = None
        if self.missing not in {"error", "drop"} or set(empty) <= set(reserved):
            # A value can stand for what is empty in an input, but not for when, whose or in which split a sample is.
            empty = {name: empty[name] for name in reserved if name in empty}
            hint = "the split needs every cell of it; write data.missing: drop"
        if not empty:
            return fields, np.zeros(0, np.int64)
        if self.missing != "drop":
            raise empty_cells(empty, fields, hint=hint)
        rows = np.flatnonzero(np.any(list(empty.values()), axis=0))
        if len(rows) == fields.samples:
            counts = empty_counts(empty)
            raise DataError(f"no row is left: each has an empty cell ({counts})", file=fields.places[0].file)
        return fields.without(rows)
