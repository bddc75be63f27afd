"""The language of configurations: all that can be named, and what of a configuration has been read so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from dlcli.config.catalogue import KerasCatalogue, keras_catalogue
from dlcli.data.sources import read_source
from dlcli.data.sources.source import SourceBlock
from dlcli.layers import Entry, read_entry
from dlcli.spec import KerasObject


class Language:
    """The context of a validation: Keras's things with those of plugins, dlcli's own words, and the sources.

    A value is read once, however often it is asked for: the blocks are read by their validators, and again by the checks
    that need several of them, which speak also where a block is wrong.
    """

    def __init__(self, catalogue: KerasCatalogue | None = None) -> None:
        self.catalogue = keras_catalogue() if catalogue is None else catalogue
        self.readings: dict[tuple[str, int], tuple[Any, Any]] = {}

    def keras(self, kind: str, value: Any) -> KerasObject:
        thing: KerasObject = self.once(kind, value, lambda: self.catalogue.read(kind, value, language=self))
        return thing

    def entry(self, value: Any) -> Entry:
        entry: Entry = self.once("entry", value, lambda: read_entry(value, self))
        return entry

    def source(self, value: Any) -> SourceBlock:
        source: SourceBlock = self.once("source", value, lambda: read_source(value, self))
        return source

    def call_arguments(self, layer: str) -> list[str] | None:
        return self.catalogue.call_arguments(layer)

    def once(self, what: str, value: Any, read: Callable[[], Any]) -> Any:
        """What a reader makes of a value, or the mistakes that it has raised, read the first time only."""
        # The validator of a block and the checks between blocks ask for the same value, and a layer within a layer would be read
        # anew at every depth. A list or mapping has no hash, so its identity is the key; mistakes are kept too, so that both
        # askers meet the same ones.
        key = (what, id(value))
        if key not in self.readings:
            # The value is kept beside its reading: as long as it lives no other has its identity.
            try:
                self.readings[key] = (value, read())
            except ValidationError as error:
                self.readings[key] = (value, error)
        reading = self.readings[key][1]
        if isinstance(reading, ValidationError):
            raise reading
        return reading
