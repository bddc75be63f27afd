"""The names of a table's columns: checked one by one, and the same in every file."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dlcli.errors import DataError


def checked_names(written: Sequence[str], path: Path, *, line: int | None = None) -> tuple[list[str], list[str]]:
    """The names trimmed and in Unicode's composed form, each once; and notes on those that had blanks around them.

    Raises `DataError` for a column without a name or a name that stands twice.
    """
    names = [unicodedata.normalize("NFC", str(name).strip()) for name in written]
    counts = Counter(names)
    for number, name in enumerate(names, start=1):
        if not name:
            raise DataError(
                f"column {number} has no name",
                file=path,
                line=line,
                hint="give each column a name",
                kind="column_without_name",
            )
        if counts[name] > 1:
            message = f"the column '{name}' stands {counts[name]} times in the header"
            raise DataError(
                message, file=path, line=line, hint="give each column a name of its own", kind="duplicate_column"
            )
    return names, [
        f"the column '{name}' has blanks around its name in the header; they were left out"
        for name, before in zip(names, written, strict=True)
        if str(before) != str(before).strip()
    ]


def check_same_names(paths: Sequence[Path], names: Sequence[Sequence[str]]) -> None:
    """Refuses files that do not have the columns of the first one, in its order."""
    for path, others in zip(paths[1:], names[1:], strict=True):
        if list(others) != list(names[0]):
            other = sorted(set(names[0]) ^ set(others)) or ["the order"]
            raise DataError(
                f"the columns differ from those of {paths[0].name}: {', '.join(other)}",
                file=path,
                kind="columns_differ",
            )
