"""What every source has: a word, the names of its inputs, and a way to read."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from dlcli.data.fields import Fields
from dlcli.data.inputs import FEATURES
from dlcli.spec import Named


class SourceBlock(Named):
    """The block of a source; a table unless the source says otherwise."""

    endings: ClassVar[tuple[str, ...]] = ()
    """Endings of files that mean this source where a path stands alone."""

    def read(self, *, text: Collection[str] = ()) -> Fields:
        """Everything the source holds. Columns named in `text` are read as text even where they look like numbers.

        Raises `DataError` and its kin, with file and row.
        """
        raise NotImplementedError

    def input_names(self) -> list[str] | None:
        """What its inputs are called where the configuration does not name them, or None where only reading tells."""
        return [FEATURES]
