"""The source `join`: tables and arrays side by side, by a key or row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from dlcli.data.fields.beside import beside
from dlcli.data.fields.fields import Fields
from dlcli.data.schema import Schema
from dlcli.data.sources.source import Example, Reading, Source, SourceBlock


class Join(SourceBlock):
    """Sources side by side: the columns of each, in the rows that have the same key, or in the order of the rows."""

    word: ClassVar[str] = "join"
    example: ClassVar[str] = "{join: {sources: [people.csv, scores.csv]}}"
    whole: ClassVar[bool] = True

    sources: Annotated[list[Source], Field(min_length=2)]
    """What is joined; the rows stand in the order of the first."""
    on: str | Annotated[list[str], Field(min_length=1)] | None = None
    """The column, or columns, that say which rows belong together, in all of them; without it row by row."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        table = Example.table(rows)
        halves = {"left.csv": ["a", "y"], "right.csv": ["b"]}
        for file, names in halves.items():
            cells = [[str(row), *(str(table[name][row]) for name in names)] for row in range(rows)]
            (folder / file).write_text("\n".join(map(",".join, [["id", *names], *cells])), encoding="utf-8")
        files = [folder / file for file in halves]
        return [Example({"source": {cls.word: {"sources": [*map(str, files)], "on": "id"}}, "target": "y"}, files)]

    @property
    def keys(self) -> list[str]:
        """The columns of the key."""
        return [self.on] if isinstance(self.on, str) else self.on or []

    def read(self, reading: Reading) -> Fields:
        """All sources side by side. Raises `DataError` for keys that are missing or double, and for names that two have."""
        asked = None if reading.columns is None else reading.columns | {*self.keys}
        whole = replace(reading, text=reading.text | {*self.keys}, columns=asked, stream=False)
        return beside([source.read(whole) for source in self.sources], keys=self.keys, text=reading.text)

    @property
    def innermost(self) -> SourceBlock:
        return self.sources[0].innermost

    def memory(self) -> int:
        return sum(source.memory() for source in self.sources)

    @property
    def parts_joined(self) -> list[SourceBlock]:
        return self.sources

    def of_parts(self, parts: list[SourceBlock]) -> SourceBlock:
        return self.model_copy(update={"sources": parts})

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        return self.sources[0].elsewhere(kind, changes, schema)

    def input_names(self) -> list[str] | None:
        return None
