"""The source `series`: a table in the order of time, cut into windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationInfo, field_validator

from dlcli.data.fields.fields import Fields
from dlcli.data.schema import Schema
from dlcli.data.sources.source import FEATURES, Example, Reading, Source, SourceBlock
from dlcli.data.sources.tables.csv import Csv
from dlcli.data.windows import Count, Horizon, Windows
from dlcli.spec import Mistake, fail


class Series(SourceBlock):
    """Windows over the rows of a table; what follows a window, or belongs to it, is the target.

    With `horizon: 1` the target stands one step after the last row of its window, with `horizon: 0` in that row.
    """

    word: ClassVar[str] = "series"
    example: ClassVar[str] = "{series: {path: weather.csv, window: 24, horizon: 6}}"

    path: Source
    """The table: a path, a glob, or a source such as `csv: {path: …, separator: ";"}`. Its rows stand in the order of time."""
    window: Count
    """How many rows a window holds."""
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

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        [table] = Csv.examples(folder, rows)
        source = {cls.word: {"path": str(table.files[0]), "window": 3}}
        return [Example({"source": source, "inputs": ["a"], "target": "b"}, table.files)]

    @field_validator("path")
    @classmethod
    def is_table(cls, path: SourceBlock, information: ValidationInfo) -> SourceBlock:
        if path.input_names() != [FEATURES]:
            fail(
                Mistake(
                    f"windows are cut from a table, and '{path.word}' is none",
                    suggestion="path: data.csv",
                    kind="windows_need_table",
                )
            )
        return path

    def read(self, reading: Reading) -> Fields:
        """The rows of the table; they become windows when it is known which of them are inputs and target."""
        if reading.columns is not None and self.group is not None:
            reading = replace(reading, columns=reading.columns | {self.group})
        fields = self.path.read(reading)
        windows = Windows(
            window=self.window,
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

    def memory(self) -> int:
        return self.path.memory()

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        return self.model_copy(update={"path": self.path.elsewhere(kind, changes, schema)})
