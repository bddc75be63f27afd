"""What the sources share whose samples are a file each: a folder by class, or a table with a column of paths."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data.fields import Fields, FileEach
from dlcli.data.sources.files import is_file, is_folder
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.errors import DataError
from dlcli.spec import near

if TYPE_CHECKING:
    import numpy as np

SPLITS = {"train": "train", "training": "train", "validation": "validation", "valid": "validation", "val": "validation"}
SPLITS |= {"test": "test", "testing": "test"}
LABEL = "label"


@dataclass(frozen=True)
class Listing:
    """Files that are a sample each, with what is known of them beside their content.

    `labels` (samples,) are indices into `classes`; `columns` are further fields of a table; `splits` rows by split.
    """

    files: Sequence[str]
    classes: list[str] | None = None
    labels: np.ndarray[Any, Any] | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    splits: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)

    def without(self, rows: Sequence[int]) -> Listing:
        """The listing without some of its files."""
        import numpy as np

        kept = np.setdiff1d(np.arange(len(self.files)), rows)
        new = {int(old): number for number, old in enumerate(kept)}
        splits = self.splits and {
            name: np.array([new[row] for row in own.tolist() if row in new], np.int64)
            for name, own in self.splits.items()
        }
        return replace(
            self,
            files=[self.files[row] for row in kept],
            labels=None if self.labels is None else self.labels[kept],
            columns={name: values[kept] for name, values in self.columns.items()},
            splits=splits,
        )

    def fields(self, name: str, column: Any, axes: tuple[str, ...], *, target: str | None = None) -> Fields:
        """The fields of files whose content is `column`, under a name."""
        arrays = {name: column, **self.columns}
        if self.labels is not None:
            arrays[LABEL] = self.labels
        return Fields(
            arrays,
            FileEach(self.files),
            axes={name: axes},
            inputs=(name,),
            target=target or (LABEL if self.labels is not None else None),
            classes={LABEL: self.classes} if self.classes else {},
            notes=tuple(self.notes),
            splits=self.splits,
        )


def listed(path: str, suffixes: Sequence[str], *, column: str | None, follow_links: bool, reading: Reading) -> Listing:
    """The files of a folder, or those that a table names.

    Raises `DataError` for a folder without any, for an empty class, and for a file that a table names and is not there.
    """
    folder = same_folder(Path(path))
    if folder is not None:
        return of_folder(folder, suffixes, follow_links=follow_links)
    if is_file(Path(path)) and Path(path).suffix.lower() in suffixes:
        return Listing([path])
    return of_table(path, suffixes, column=column, reading=reading)


def same_folder(path: Path) -> Path | None:
    """The folder at a path, also where its name is composed of other Unicode characters than was written."""
    if is_folder(path):
        return path
    wanted = unicodedata.normalize("NFC", path.name)
    if is_folder(path.parent):
        for each in path.parent.iterdir():
            if unicodedata.normalize("NFC", each.name) == wanted and each.is_dir():
                return each
    return None


def of_folder(folder: Path, suffixes: Sequence[str], *, follow_links: bool) -> Listing:
    """The files of a folder: by class if it holds folders, in splits of their own if these are called train and test."""
    import numpy as np

    names = folders_in(folder, follow_links=follow_links)
    parts = {SPLITS[name.lower()]: folder / name for name in names if name.lower() in SPLITS}
    if "train" not in parts or len(parts) < len(names):
        return of_classes(folder, suffixes, follow_links=follow_links)
    listings = {
        split: of_classes(parts[split], suffixes, follow_links=follow_links)
        for split in ("train", "validation", "test")
        if split in parts
    }
    classes = listings["train"].classes
    files: list[str] = []
    labels, notes = list[Any](), list[str]()
    splits: dict[str, Any] = {}
    for split, listing in listings.items():
        splits[split] = np.arange(len(files), len(files) + len(listing.files))
        files += listing.files
        notes += listing.notes
        if classes is not None and listing.labels is not None:
            labels.append(in_classes(listing, classes, parts[split]))
    whole = np.concatenate(labels) if len(labels) == len(listings) else None
    return Listing(
        files, classes if whole is not None else None, whole, splits=splits, notes=list(dict.fromkeys(notes))
    )


def in_classes(listing: Listing, classes: list[str], folder: Path) -> np.ndarray[Any, Any]:
    """The labels of a listing as indices into the classes of the training split."""
    import numpy as np

    assert listing.classes is not None
    assert listing.labels is not None
    unknown = [name for name in listing.classes if name not in classes]
    if unknown:
        raise DataError(
            f"there is a class '{unknown[0]}' that the training split does not have",
            file=folder,
            hint=near(unknown[0], classes),
        )
    codes: np.ndarray[Any, Any] = np.array([classes.index(name) for name in listing.classes], np.int64)[listing.labels]
    return codes


def of_classes(folder: Path, suffixes: Sequence[str], *, follow_links: bool) -> Listing:
    """The files of a folder with one folder a class, or of a flat folder, which tells no classes."""
    import numpy as np

    others: Counter[str] = Counter()
    names = folders_in(folder, follow_links=follow_links)
    flat = list(files_below(folder, suffixes, others, deep=not names, follow_links=follow_links))
    if not names or flat:
        if not flat:
            raise no_files(folder, suffixes, others)
        if names:
            # Files beside folders: which of them is a class cannot be told.
            others[f"{len(names)} folders beside the files"] += 1
        return Listing(flat, notes=notes_of(others, folder))
    files: list[str] = []
    labels: list[np.ndarray[Any, Any]] = []
    empty = []
    for number, name in enumerate(names):
        own = list(files_below(folder / name, suffixes, others, deep=True, follow_links=follow_links))
        files += own
        labels.append(np.full(len(own), number, np.int64))
        if not own:
            empty.append(name)
    if not files:
        raise no_files(folder, suffixes, others)
    if empty:
        shown = ", ".join(f"'{name}'" for name in empty[:5])
        raise DataError(
            f"the class folder {shown} holds no file that ends in {', '.join(suffixes)}",
            file=folder / empty[0],
            hint="remove the folder, or put samples of the class into it",
        )
    classes = [unicodedata.normalize("NFC", name) for name in names]
    return Listing(files, classes, np.concatenate(labels), notes=notes_of(others, folder))


def folders_in(folder: Path, *, follow_links: bool) -> list[str]:
    """The names of the folders in a folder, sorted, without hidden ones."""
    with os.scandir(folder) as entries:
        names = [each.name for each in entries if each.is_dir(follow_symlinks=follow_links)]
    return sorted(name for name in names if not name.startswith(".") and name != "__MACOSX")


def files_below(
    folder: Path,
    suffixes: Sequence[str],
    others: Counter[str],
    *,
    deep: bool,
    follow_links: bool,
    seen: set[tuple[int, int]] | None = None,
) -> Iterator[str]:
    """The files in a folder with one of the endings, in the order of their names; `others` counts what is left out.

    With `deep` those of the folders in it too; a folder that links lead back to is looked into once.
    """
    if follow_links:
        seen = set() if seen is None else seen
        here = folder.stat()
        if (here.st_dev, here.st_ino) in seen:
            return
        seen.add((here.st_dev, here.st_ino))
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda each: each.name)
    for each in found:
        if each.name.startswith("."):
            continue
        if each.is_symlink() and not follow_links:
            others["links"] += 1
        elif each.is_dir():
            if deep:
                below = Path(each.path)
                yield from files_below(below, suffixes, others, deep=True, follow_links=follow_links, seen=seen)
        elif os.path.splitext(each.name)[1].lower() in suffixes:  # noqa: PTH122 (a million times)
            yield each.path
        else:
            others[Path(each.name).suffix.lower() or each.name] += 1


def no_files(folder: Path, suffixes: Sequence[str], others: Counter[str]) -> DataError:
    """The error of a folder without a file that could be a sample."""
    held = ", ".join(f"{count} {ending}" for ending, count in others.most_common(5)) or "nothing"
    return DataError(f"no file in the folder ends in {', '.join(suffixes)}; it holds {held}", file=folder)


def notes_of(others: Counter[str], folder: Path) -> list[str]:
    """What was left out, in words."""
    if not others:
        return []
    shown = ", ".join(f"{count} {ending}" for ending, count in others.most_common(5))
    return [f"left out of {folder.name}: {shown}"]


def of_table(path: str, suffixes: Sequence[str], *, column: str | None, reading: Reading) -> Listing:
    """The files that a column of a table names, relative to the folder of the table; its other columns are fields."""
    import numpy as np

    table = table_source(path).read(Reading(text=reading.text))
    column = column or next(
        (name for name, values in table.arrays.items() if values.dtype == object and ends_in(values[0], suffixes)), None
    )
    if column is None or column not in table.arrays:
        known = ", ".join(table.arrays)
        what = f"there is no column '{column}'" if column else "which column holds the paths?"
        raise DataError(
            f"{what}; the table has: {known}",
            file=path,
            hint=near(column, table.arrays) if column else "write column: NAME",
        )
    folder = Path(table.places[0].file).parent
    files, absent = [], []
    for row, name in enumerate(table.arrays[column][:]):
        file = folder / unicodedata.normalize("NFC", str(name)) if name else None
        if file is not None and not is_file(file):
            file = folder / str(name)
        if file is None or not is_file(file):
            absent.append((row, name))
        files.append(str(file))
    if absent:
        row, name = absent[0]
        file_of, line, words = table.where(row)
        more = f" ({len(absent) - 1} more like it)" if len(absent) > 1 else ""
        said = f"names the file '{name}', which is not there" if name else "names no file"
        raise DataError(f"{words} {said}{more}", file=file_of, line=line, hint=f"paths count from {folder}")
    columns = {name: np.asarray(values[:]) for name, values in table.arrays.items() if name != column}
    return Listing(files, columns=columns, notes=list(table.notes))


def ends_in(value: Any, suffixes: Sequence[str]) -> bool:
    """Whether a cell names a file with one of the endings."""
    return value is not None and Path(str(value)).suffix.lower() in suffixes


def table_source(path: str) -> SourceBlock:
    """The source of a table, by the ending of its name."""
    from dlcli.data.sources import by_word, from_path

    chosen = from_path(path, known_only=True)
    if not isinstance(chosen, dict):
        raise DataError(
            f"there is no folder {path}"
            if not is_file(Path(path))
            else f"'{Path(path).name}' is no table and no folder",
            file=path,
            hint=f"a path counts from the configuration file; the working directory is {Path.cwd()}",
        )
    [(word, arguments)] = chosen.items()
    return by_word()[word].model_validate(arguments if isinstance(arguments, dict) else {"path": arguments})
