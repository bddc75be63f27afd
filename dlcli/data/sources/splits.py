"""The source `splits`: a source of its own for each split."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.join import joined_splits
from dlcli.data.schema import SPLITS, Schema
from dlcli.data.sources.source import Example, Reading, Source, SourceBlock


class Splits(SourceBlock):
    """Splits that stand in files of their own: `source: {train: a.csv, validation: b.csv, test: c.csv}`."""

    word: ClassVar[str] = "splits"
    example: ClassVar[str] = "{train: a.csv, validation: b.csv, test: c.csv}"

    train: Source
    """What is trained on."""
    validation: Source | None = None
    """What is watched while training; without it a share of `train`."""
    test: Source | None = None
    """What is evaluated in the end."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        from dlcli.data.sources.tables.csv import Csv

        sources: dict[str, str] = {}
        files: list[Path] = []
        for split in SPLITS:
            (folder / split).mkdir()
            [part] = Csv.examples(folder / split, rows)
            sources[split] = str(part.files[0])
            files += part.files
        return [Example({"source": sources, "target": "y"}, files)]

    @property
    def parts(self) -> dict[str, SourceBlock]:
        """The sources that there are, by split."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: source for name, source in named.items() if source is not None}

    def read(self, reading: Reading) -> Fields:
        """All splits one after the other. Raises `DataError` where their columns or types differ."""
        return joined_splits({name: source.read(reading) for name, source in self.parts.items()})

    @property
    def innermost(self) -> SourceBlock:
        return self.train.innermost

    def memory(self) -> int:
        return sum(source.memory() for source in self.parts.values())

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        return self.train.elsewhere(kind, changes, schema)

    def input_names(self) -> list[str] | None:
        return self.train.input_names()
