"""The listing of a source whose samples are a file each: the files, and what is known of them beside their content."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields, FileEach
from dlcli.data.fields.lazy import Lazy
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

LABEL = "label"
"""The field of the class that a file's folder names."""
MOST_SHOWN = 10


class Unreadable(Exception):
    """Says what is wrong with a file, in words that follow its name."""


class NoLibrary(Unreadable):
    """A file that a package would read which is not there."""


@dataclass(frozen=True)
class Listing:
    """Files that are a sample each, and what their folders or a table say of them.

    `root` is what names in messages count from. `columns` are further fields (samples,); `classes` names the integers of
    `label`; `splits` are rows by split.
    """

    root: Path
    files: list[str]
    columns: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    classes: list[str] | None = None
    target: str | None = None
    splits: Mapping[str, np.ndarray[Any, Any]] | None = None
    notes: list[str] = field(default_factory=list)
    tables: tuple[str, ...] = ()
    """The tables that name the files."""

    def with_classes(self, classes: list[str] | None, splits: Mapping[str, np.ndarray[Any, Any]] | None) -> Listing:
        """The listing with these classes as its target, and these splits."""
        return replace(self, classes=classes, target=None if classes is None else LABEL, splits=splits)

    def without(self, rows: Collection[int]) -> Listing:
        """The listing without some of its files."""
        import numpy as np

        left_out = np.zeros(len(self.files), bool)
        left_out[list(rows)] = True
        kept = np.flatnonzero(~left_out)
        # What number a row has among those that are left.
        number = np.cumsum(~left_out) - 1
        splits = self.splits and {split: number[own[~left_out[own]]] for split, own in self.splits.items()}
        return replace(
            self,
            files=[self.files[row] for row in kept],
            columns={name: values[kept] for name, values in self.columns.items()},
            splits=splits,
        )

    def named(self, row: int) -> str:
        """A file as it is called in messages; on Windows a table can name files on another drive."""
        file = self.files[row]
        same_drive = os.path.splitdrive(file)[0] == os.path.splitdrive(self.root)[0]
        return os.path.relpath(file, self.root) if same_drive else file

    def unreadable(self, head: str, faults: Mapping[int, str], *, kind: str, hint: str | None) -> DataError:
        """The error of files that cannot be used: `head` sums up, `faults` says by row what is wrong."""
        shown = [f"{self.files[row]}: {faults[row]}" for row in sorted(faults)[:MOST_SHOWN]]
        more = [f"… and {len(faults) - MOST_SHOWN} more"] if len(faults) > MOST_SHOWN else []
        return DataError("\n".join([head, *shown, *more]), file=self.files[min(faults)], hint=hint, kind=kind)

    def fields(self, name: str, column: Lazy, axes: tuple[str, ...]) -> Fields:
        """The fields: what the files hold under its name, and all columns.

        Raises `DataError` for a column of that very name.
        """
        if name in self.columns:
            raise DataError(
                f"the table has a column '{name}', which is what the content of the files is called",
                file=self.root,
                hint="rename the column",
                kind="column_name_taken",
            )
        return Fields(
            {name: column, **self.columns},
            FileEach(self.files),
            axes={name: axes},
            inputs=(name,),
            target=self.target,
            classes={LABEL: self.classes} if self.classes is not None else {},
            notes=tuple(self.notes),
            splits=self.splits,
            beside=self.tables,
        )
