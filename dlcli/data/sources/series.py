"""The source `series`: a table in the order of time, cut into windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import ValidationInfo, field_validator, model_validator

from dlcli.data.fields.fields import Fields
from dlcli.data.schema import Schema
from dlcli.data.sources.source import Example, Reading, Source, SourceBlock
from dlcli.data.sources.tables.csv import Csv
from dlcli.data.windows import Count, Horizon, Windows
from dlcli.spec import Mistake, fail


class Series(SourceBlock):
    """Windows over the rows of a table; what follows a window, or belongs to it, is the target.

    With `horizon: 1` the target stands one step after the last row of its window, with `horizon: 0` in that row. Without a
    window each `group` is one sample, and its target stands in its last row, or in each with `each_step`.
    """

    word: ClassVar[str] = "series"
    example: ClassVar[str] = "{series: {path: weather.csv, window: 24, horizon: 6}}"

    path: Source
    """The table: a path, a glob, or a source such as `csv: {path: …, separator: ";"}`. Its rows stand in the order of time."""
    window: Count | None = None
    """How many rows a window holds. Without it each `group` is a sample as a whole."""
    horizon: Horizon = 1
    """How many steps, of `sampling` rows each, after its last row the target stands; a list, or `1..14`, for several."""
    each_step: bool = False
    """Whether each step of a window has a target of its own, so many steps after it."""
    stride: Count = 1
    """How many rows after each other two windows begin."""
    sampling: Count = 1
    """Every how many-th row is in a window."""
    group: str | None = None
    """A column that tells several series in one table apart: no window reaches from one into another."""
    length: Count | None = None
    """Of groups that are samples as a whole the rows that each has: of longer ones the last, behind shorter ones padding that
    counts nowhere. By default those of the longest."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        [table] = Csv.examples(folder, rows)
        source = {cls.word: {"path": str(table.files[0]), "window": 3}}
        return [Example({"source": source, "inputs": ["a"], "target": "b"}, table.files)]

    @field_validator("path")
    @classmethod
    def of_table(cls, path: SourceBlock, information: ValidationInfo) -> SourceBlock:
        if not path.is_table:
            fail(
                Mistake(
                    f"windows are cut from a table, and '{path.word}' is none",
                    suggestion="path: data.csv",
                    kind="windows_need_table",
                )
            )
        return path

    @model_validator(mode="after")
    def windows_or_groups(self) -> Self:
        whole = self.window is None
        if whole and self.group is None:
            fail(
                Mistake(
                    "a series needs a window; or, where each of several is a sample as a whole, the column that tells them apart",
                    suggestion="window: 24, or group: COLUMN",
                    kind="series_without_window",
                )
            )
        if not whole and self.length is not None:
            fail(
                Mistake(
                    "'window' cuts series into samples, and 'length' is for series that are samples as a whole",
                    suggestion="leave one of them out",
                    kind="keys_exclude_each_other",
                )
            )
        if not whole:
            return self
        own = {"horizon": self.horizon if "horizon" in self.model_fields_set else 0, "stride": self.stride - 1}
        odd = [key for key, value in {**own, "sampling": self.sampling - 1}.items() if value]
        if odd:
            fail(
                Mistake(
                    f"'{odd[0]}' is of windows, and here each group is a sample as a whole",
                    suggestion=f"leave '{odd[0]}' out, or write a window",
                    kind="keys_exclude_each_other",
                )
            )
        return self.model_copy(update={"horizon": 0})

    def read(self, reading: Reading) -> Fields:
        """The rows of the table; they become windows when it is known which of them are inputs and target."""
        if reading.columns is not None and self.group is not None:
            reading = replace(reading, columns=reading.columns | {self.group})
        fields = self.path.read(reading)
        windows = Windows(
            window=self.window,
            length=self.length,
            horizon=self.horizon,
            each_step=self.each_step,
            stride=self.stride,
            sampling=self.sampling,
            group=self.group,
        )
        return replace(fields, windows=windows)

    @property
    def innermost(self) -> SourceBlock:
        return self.path.innermost

    def input_names(self) -> list[str] | None:
        return self.path.input_names()

    def memory(self) -> int:
        return self.path.memory()

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        return self.model_copy(update={"path": self.path.elsewhere(kind, changes, schema)})
