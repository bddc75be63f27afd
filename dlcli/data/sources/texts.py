"""The source `text`: text files in a folder by class, or named by a table; each is read when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import field_validator

from dlcli.data.fields import Fields
from dlcli.data.lazy import Lazy
from dlcli.data.schema import Schema
from dlcli.data.sources.encodings import known_encoding
from dlcli.data.sources.files import content_of
from dlcli.data.sources.folders import listed
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.errors import DataError
from dlcli.spec import DataPath

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

SUFFIXES = (".txt", ".md")
MOST_BYTES = 1 << 28
"""Up to so many bytes in all are read before training, to find text in another encoding."""
MOST_LISTED = 10


class TextFiles(SourceBlock):
    """Text: a folder with one folder a class, or a table with a column of paths; one file a sample."""

    word: ClassVar[str] = "text"
    inside: ClassVar[tuple[str, ...]] = SUFFIXES

    path: DataPath
    """The folder, or the table."""
    column: str | None = None
    """The column of paths in a table; by default the first that holds names of text files."""
    encoding: str = "utf-8"
    """`utf-8`, `cp949`, `utf-16`, `latin-1`, …"""
    errors: Literal["error", "replace"] = "error"
    """What bytes that are not of this encoding mean: an error, or a mark in their place."""
    follow_links: bool = False
    """Whether links to other folders are followed."""

    @field_validator("encoding")
    @classmethod
    def one_that_is_known(cls, value: str) -> str:
        return known_encoding(value)

    def read(self, reading: Reading) -> Fields:
        """The texts as a lazy field `text` (samples,), with their labels.

        Raises `DataError` for files that are empty or, where they are not too large, not in their encoding.
        """
        listing = listed(self.path, SUFFIXES, column=self.column, follow_links=self.follow_links, reading=reading)
        sizes = [os.path.getsize(file) for file in listing.files]  # noqa: PTH202 (a million times)
        empty = [file for file, size in zip(listing.files, sizes, strict=True) if not size]
        if empty:
            shown = "\n".join(empty[:MOST_LISTED]) + ("\n…" if len(empty) > MOST_LISTED else "")
            raise DataError(f"{len(empty)} text files are empty:\n{shown}", file=empty[0], hint="remove them")
        texts = Texts(listing.files, self.encoding, self.errors)
        if sum(sizes) <= MOST_BYTES and self.errors == "error":
            for start in range(0, len(texts), 1000):
                texts[start : start + 1000]
        return listing.fields("text", texts, ("samples",))

    def input_names(self) -> list[str] | None:
        return ["text"]

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        return self.model_copy(update={"path": changes["path"]})


class Texts(Lazy):
    """The content of text files: (samples,) of text."""

    def __init__(self, files: Sequence[str | Path], encoding: str, errors: str) -> None:
        super().__init__((len(files),), object)
        self.files, self.encoding, self.errors = files, encoding, errors

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        found = np.empty(len(rows), object)
        for position, row in enumerate(rows):
            found[position] = self.decoded(str(self.files[row]))
        return found

    def decoded(self, file: str) -> str:
        """One text without its byte-order mark. Raises `DataError` with the line of a byte that is not of the encoding."""
        from pathlib import Path

        content = content_of(Path(file))
        try:
            return content.decode(self.encoding, "replace" if self.errors == "replace" else "strict").removeprefix(
                "\ufeff"
            )
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise DataError(
                f"line {line}: byte 0x{error.object[error.start]:02x} is not {self.encoding.upper()}",
                file=file,
                line=line,
                hint="write text: {…, encoding: cp949} (Korean Windows), latin-1, …, or errors: replace",
            ) from None
