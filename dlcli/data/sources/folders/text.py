"""The source `text`: a text file each, read when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from pydantic import field_validator

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Lazy
from dlcli.data.sources.encodings import known_encoding
from dlcli.data.sources.folders.file_source import FileSource
from dlcli.data.sources.folders.listing import MOST_SHOWN, Listing
from dlcli.data.sources.folders.parallel import in_parallel
from dlcli.data.sources.folders.running_text import Cut, Pieces, running_text
from dlcli.data.sources.paths import content_of
from dlcli.data.sources.source import Reading
from dlcli.data.windows import Count
from dlcli.errors import DataError
from dlcli.first_line import first_line

if TYPE_CHECKING:
    import numpy as np

MOST_BYTES = 1 << 28
"""Up to so many bytes in all are read before training, to find what is no text of the encoding."""
OBJECT_BYTES = 64
"""What an empty text takes in memory."""


class TextFiles(FileSource):
    """Text: a folder with one sub-folder a class, or a table with a column of paths."""

    word: ClassVar[str] = "text"
    example: ClassVar[str] = "{text: reviews/}"
    name: ClassVar[str] = "text"
    inside: ClassVar[tuple[str, ...]] = (".txt", ".md")

    encoding: str = "utf-8"
    """`utf-8`, `cp949`, `utf-16`, `latin-1`, …"""
    errors: Literal["error", "replace"] = "error"
    """What bytes that are not of the encoding mean: an error, or the mark � in their place."""
    window: Count | None = None
    """How many pieces of a running text a sample holds; by default each file is a sample."""
    stride: Count = 1
    """How many pieces after each other two windows begin."""
    split: Pieces = "character"
    """What the pieces of a window are: each `character`, or what stands between `whitespace`."""

    @field_validator("encoding")
    @classmethod
    def one_that_is_known(cls, value: str) -> str:
        return known_encoding(value)

    @classmethod
    def write_example(cls, file: Path, number: int) -> None:
        file.write_text(f"글 {number}", encoding="utf-8")

    def read(self, reading: Reading) -> Fields:
        """The texts as a lazy field `text` (samples,) of objects.

        Raises `DataError` with all files that are empty or, unless they are large, not in their encoding.
        """
        listing = self.listing(reading)
        sizes = list(in_parallel(file_bytes, listing.files))
        texts = TextField(listing.files, self.encoding, self.errors)
        faults = {row: EMPTY for row, size in enumerate(sizes) if not size}
        if sum(sizes) <= MOST_BYTES:
            found = in_parallel(texts.fault, listing.files)
            faults = {row: fault for row, fault in enumerate(found) if fault is not None}
        if faults:
            raise error_of(faults, listing.files)
        if self.window is not None:
            cut = Cut(self.window + reading.beyond, self.stride, self.split)
            return running_text(self.name, listing.files, list(in_parallel(texts.text, listing.files)), cut)
        return listing.fields(self.name, texts, ("samples",))

    def memory(self) -> int:
        listing: Listing = self.listing(Reading(columns=frozenset()))
        return sum(size + OBJECT_BYTES for size in in_parallel(file_bytes, listing.files))

    def running_texts(self) -> Mapping[str, str | None]:
        return {self.name: self.split if self.window is not None else None}


def file_bytes(file: str) -> int:
    """How many bytes a file has. Raises `DataError` where it cannot be read."""
    try:
        return os.path.getsize(file)  # noqa: PTH202 (a million times)
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}", file=file, kind="unreadable_file") from None


class Fault(NamedTuple):
    """What is wrong with a text file."""

    words: str
    line: int | None = None
    hint: str | None = None


EMPTY = Fault("the file is empty")


def error_of(faults: Mapping[int, Fault], files: Sequence[str]) -> DataError:
    """The error of text files that cannot be read: all that are empty, or else the first, and how many are like it."""
    empty = [files[row] for row, fault in faults.items() if fault is EMPTY]
    if empty:
        more = [f"… and {len(empty) - MOST_SHOWN} more"] if len(empty) > MOST_SHOWN else []
        message = "\n".join(
            [
                f"{len(empty)} text files are empty:" if len(empty) > 1 else "a text file is empty:",
                *empty[:MOST_SHOWN],
                *more,
            ]
        )
        return DataError(message, file=empty[0], hint="remove them, or fill them", kind="empty_file")
    row, others = min(faults), len(faults) - 1
    words, line, hint = faults[row]
    also = f"; {others} more {'file' if others == 1 else 'files'} cannot be read" if others else ""
    return DataError(
        words, file=files[row], line=line, hint=f"{hint or 'mend or remove it'}{also}", kind="unreadable_file"
    )


class TextField(Lazy):
    """The content of text files, without a byte-order mark: (samples,) of objects."""

    def __init__(self, files: list[str], encoding: str, errors: str) -> None:
        super().__init__((len(files),), object)
        self.files, self.errors = files, errors
        self.plain = encoding.lower().replace("_", "-") in {"utf-8", "utf8"}
        self.encoding = encoding

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        found = np.empty(len(rows), object)
        found[:] = list(in_parallel(self.text, [self.files[row] for row in rows]))
        return found

    def text(self, file: str) -> str:
        """One text. Raises `DataError` with the line of the first byte that is not of the encoding."""
        found = self.decoded(file)
        if isinstance(found, Fault):
            raise error_of({0: found}, [file])
        return found

    def fault(self, file: str) -> Fault | None:
        """What is wrong with a file, or None."""
        found = self.decoded(file)
        return found if isinstance(found, Fault) else None

    def decoded(self, file: str) -> str | Fault:
        """One text, or what is wrong with it."""
        content = content_of(Path(file))
        if self.plain and content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return Fault("the file is UTF-16", 1, "write text: {…, encoding: utf-16}")
        try:
            text = content.decode(self.encoding, "replace" if self.errors == "replace" else "strict")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            words = f"line {line}: byte 0x{error.object[error.start]:02x} is not {self.encoding.upper()}"
            return Fault(words, line, OTHER_ENCODING if self.plain else None)
        except UnicodeError as error:
            return Fault(f"the file is not {self.encoding.upper()}: {first_line(error)}")
        text = text.removeprefix("\ufeff")
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            return Fault(f"line {line}: a zero byte, which text has not", line)
        return text if text.strip() else EMPTY


OTHER_ENCODING = "write text: {…, encoding: cp949} (Korean Windows), latin-1, …, or errors: replace"
