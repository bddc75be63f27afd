"""The sources by their word, each loaded when it is first asked for: a configuration names one of them, or two."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping

from dlcli.data.sources.source import SourceBlock


class Sources(Mapping[str, type[SourceBlock]]):
    """Classes by their word, given as where they stand in this folder: `"csv": "tables.csv.Csv"`.

    Building the class of a block takes a millisecond and more, and every command reads a configuration.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self.places = places

    def __getitem__(self, word: str) -> type[SourceBlock]:
        module, _, name = self.places[word].rpartition(".")
        source: type[SourceBlock] = getattr(importlib.import_module(f"{__package__}.{module}"), name)
        return source

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)
