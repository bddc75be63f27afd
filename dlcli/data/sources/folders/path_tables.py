"""Lists the files that a column of a table names."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.folders.listing import LABEL, MOST_SHOWN, Listing
from dlcli.data.sources.paths import existing, is_file, siblings
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.data.sources.tables.at_path import TABLES, table_at_path
from dlcli.errors import DataError
from dlcli.spec import is_address

JUDGED = 100
"""So many cells of a column tell whether it holds paths."""


def of_table(
    path: str, suffixes: Sequence[str], *, column: str | None, follow_links: bool, reading: Reading
) -> Listing:
    """The files that a table names, relative to its folder; its other columns are fields.

    Raises `DataError` with all rows whose file is not there or of another kind.
    """
    if is_address(path):
        raise DataError(
            f"the files that {path} names are not fetched with it",
            hint="name the folder of the files, or fetch all and name the table here",
            kind="paths_at_address",
        )
    named = frozenset() if column is None else frozenset({column})
    fields = table_at(path, suffixes).read(Reading(text=reading.text | named))
    chosen = column_of_paths(fields, suffixes, column)
    folder = Path(fields.places[0].file).parent
    files, faults, disk = [], dict[int, str](), OnDisk()
    for row, cell in enumerate(fields.arrays[chosen][:].tolist()):
        file, fault = file_of(cell, folder, suffixes, disk, follow_links=follow_links)
        files.append(file)
        if fault is not None:
            faults[row] = fault
    if faults:
        raise faulty(fields, faults, folder)
    columns = {name: values[:] for name, values in fields.arrays.items() if name != chosen}
    target = LABEL if LABEL in columns else next(iter(columns), None) if len(columns) == 1 else None
    tables = tuple(map(str, fields.files))
    return Listing(folder, files, columns, target=target, notes=list(fields.notes), tables=tables)


def table_at(path: str, suffixes: Sequence[str]) -> SourceBlock:
    """The source of a table, by the ending of its name. Raises `DataError` for a path that is none."""
    table = table_at_path(path)
    if table is not None:
        return table
    existing(Path(path))
    raise DataError(
        f"{Path(path).name} is neither a folder nor a table, and ends in none of {', '.join(suffixes)}",
        file=path,
        kind="neither_folder_nor_table",
    )


def is_table_source(kind: type[SourceBlock]) -> bool:
    """Whether a kind of source is a table in a file."""
    return kind in TABLES


def column_of_paths(fields: Fields, suffixes: Sequence[str], column: str | None) -> str:
    """The column that holds paths: the one that is named, else the first of text that ends like them.

    Raises `DataError` where none does.
    """
    table = fields.places[0].file
    known = ", ".join(fields.arrays)
    if column is not None:
        fields.check_column(column)
        return column
    for name, values in fields.arrays.items():
        if values.dtype == object:
            cells = [cell for cell in values[:JUDGED].tolist() if cell is not None]
            if cells and all(str(cell).lower().endswith(tuple(suffixes)) for cell in cells):
                return name
    raise DataError(
        f"which column holds the paths? none holds names that end in {', '.join(suffixes)}; the table has: {known}",
        file=table,
        hint="write column: NAME",
        kind="path_column_not_named",
    )


def file_of(
    cell: str | None, folder: Path, suffixes: Sequence[str], disk: OnDisk, *, follow_links: bool
) -> tuple[str, str | None]:
    """The file that a cell names, and what is wrong with it, or None."""
    if cell is None:
        return "", "names no file"
    file = os.path.join(folder, cell)  # noqa: PTH118 (a million times)
    if not cell.lower().endswith(tuple(suffixes)):
        return file, f"names '{cell}', which ends in none of {', '.join(suffixes)}"
    mode = mode_of(file)
    if mode is None:
        file = str(disk.find(Path(file)) or file)
        mode = mode_of(file)
    if mode is None:
        return file, f"names the file '{cell}', which is not there"
    if stat.S_ISLNK(mode):
        if not follow_links:
            return file, f"names '{cell}', which is a link; write follow_links: true to follow it"
        return file, None if is_file(Path(file)) else f"names '{cell}', which is a link to no file"
    return file, None if stat.S_ISREG(mode) else f"names '{cell}', which is no file"


def mode_of(file: str) -> int | None:
    """What kind of thing is at a path, or None for nothing."""
    try:
        return os.lstat(file).st_mode
    except (OSError, ValueError):
        return None


class OnDisk:
    """Finds what is on disk under names that are composed of other Unicode characters than was written."""

    def __init__(self) -> None:
        self.names: dict[Path, dict[str, str]] = {}

    def find(self, path: Path) -> Path | None:
        """The path as it is on disk, or None."""
        if mode_of(str(path)) is not None:
            return path
        parent = self.find(path.parent) if path.parent != path else None
        if parent is None:
            return None
        if parent not in self.names:
            self.names[parent] = {unicodedata.normalize("NFC", name): name for name in siblings(parent)}
        name = self.names[parent].get(unicodedata.normalize("NFC", path.name))
        return None if name is None else parent / name


def faulty(fields: Fields, faults: dict[int, str], folder: Path) -> DataError:
    """The error of rows that name no file that can be read."""
    file, line, _ = fields.where(min(faults))
    shown = [f"{fields.where(row)[2]} {faults[row]}" for row in sorted(faults)[:MOST_SHOWN]]
    more = [f"… and {len(faults) - MOST_SHOWN} more rows"] if len(faults) > MOST_SHOWN else []
    return DataError(
        "\n".join([*shown, *more]), file=file, line=line, hint=f"paths count from {folder}", kind="bad_paths"
    )
