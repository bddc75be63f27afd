"""Lists the files of a folder: with one folder a class, in folders for train and test, or flat."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from dlcli.data.schema import SPLITS
from dlcli.data.sources.folders.listing import LABEL, Listing
from dlcli.data.sources.paths import here, is_folder, siblings
from dlcli.errors import DataError
from dlcli.spec import did_you_mean

SPLIT_OF = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""The split that a folder is for, by its name."""
LEFT_BEHIND = "__macosx"
"""The folder that archives of a Mac hold beside their files."""
FLAT = ""
"""Stands for the class of files that have none."""

ByClass: TypeAlias = dict[str, list[str]]
"""Files by the name of their class, or all under FLAT."""


@dataclass
class Walk:
    """A way through folders that takes files with some endings and counts what it leaves out."""

    suffixes: Sequence[str]
    follow_links: bool
    strays: Counter[str] = field(default_factory=Counter)
    """Files with other endings."""
    links: int = 0
    """Links that were not followed or lead nowhere."""
    loose: int = 0
    """Files beside class folders."""
    seen: set[tuple[int, int]] = field(default_factory=set)

    def level(self, folder: str) -> tuple[list[str], list[str]]:
        """The files and the folders in a folder, sorted; nothing for one that links have led to before.

        Raises `DataError` where it cannot be read.
        """
        files: list[str] = []
        folders: list[str] = []
        try:
            if self.follow_links and not self.first_visit(folder):
                return files, folders
            with os.scandir(folder) as entries:
                for entry in entries:
                    self.sort_in(entry, files, folders)
        except OSError as error:
            raise DataError(
                f"cannot read the folder {folder}: {error.strerror}", file=folder, kind="unreadable_folder"
            ) from None
        files.sort()
        folders.sort()
        return files, folders

    def sort_in(self, entry: os.DirEntry[str], files: list[str], folders: list[str]) -> None:
        """Puts an entry of a folder where it belongs."""
        name = entry.name
        if name.startswith(".") or name.lower() == LEFT_BEHIND:
            return
        dot = name.rfind(".")
        ending = name[dot:].lower() if dot > 0 else ""
        if ending in self.suffixes and entry.is_file(follow_symlinks=self.follow_links):
            files.append(entry.path)
        elif entry.is_dir(follow_symlinks=self.follow_links):
            folders.append(entry.path)
        elif entry.is_symlink():
            self.links += 1
        else:
            self.strays[ending or name] += 1

    def first_visit(self, folder: str) -> bool:
        """Whether a folder was not visited before, by whichever of its names."""
        fact = Path(folder).stat()
        new = (fact.st_dev, fact.st_ino) not in self.seen
        self.seen.add((fact.st_dev, fact.st_ino))
        return new

    def below(self, folder: str) -> list[str]:
        """All files in a folder and in the folders in it, however deep."""
        found: list[str] = []
        folders = [folder]
        while folders:
            files, inside = self.level(folders.pop())
            found += files
            folders += reversed(inside)
        return found

    def commonest_strays(self) -> list[str]:
        """How many files with which other endings there are, of five at most."""
        # The order in which a folder lists its files is none to rely on.
        in_order = sorted(self.strays.items(), key=lambda each: (-each[1], each[0]))
        return [f"{count} {ending}" for ending, count in in_order[:5]]

    def notes(self, folder: Path) -> list[str]:
        """What was left out, in words."""
        notes = []
        if self.strays:
            notes.append(f"files of other kinds in {folder.name} were left out: {', '.join(self.commonest_strays())}")
        if self.loose:
            notes.append(
                f"files beside the class folders of {folder.name} were left out, having no class: {self.loose}"
            )
        if self.links and self.follow_links:
            notes.append(f"links that lead nowhere were left out: {self.links}")
        elif self.links:
            notes.append(f"symbolic links were left out: {self.links}; write follow_links: true to follow them")
        return notes


def folder_at(written: str) -> Path | None:
    """The folder at a path, also where its name is composed of other Unicode characters than was written; of an address where
    it was fetched to.
    """
    path = Path(here(written))
    if is_folder(path):
        return path
    wanted = unicodedata.normalize("NFC", path.name)
    same = [name for name in siblings(path.parent) if unicodedata.normalize("NFC", name) == wanted]
    return next((path.parent / name for name in same if is_folder(path.parent / name)), None)


def of_folder(
    folder: Path,
    suffixes: Sequence[str],
    *,
    follow_links: bool,
    classes: Sequence[str] | None = None,
    labelled: bool = True,
) -> Listing:
    """The files of a folder, by class and split where its folders tell them; `classes` are those of `label` if given.

    Where nobody asks for labels, folders that are for no split are folders and no more.

    Raises `DataError` for a folder without any such file, an empty class folder and an unknown class.
    """
    walk = Walk(suffixes, follow_links)
    level = walk.level(str(folder))
    own, notes = splits_of(level[1])
    if labelled:
        parts = {split: files_by_class(walk.level(each), walk, each) for split, each in own.items()}
        parts = parts or {"train": files_by_class(level, walk, str(folder))}
    else:
        parts = {split: {FLAT: walk.below(each)} for split, each in own.items()}
        parts = parts or {"train": {FLAT: [*level[0], *(file for each in level[1] for file in walk.below(each))]}}
    if not any(files for part in parts.values() for files in part.values()):
        raise nothing_found(folder, walk)
    check_alike(parts, own)
    names = list(classes) if classes is not None else sorted(parts["train"])
    listing = Listing(folder, [], notes=[*notes, *walk.notes(folder)])
    return filled_listing(listing, parts, None if FLAT in parts["train"] else names)


def splits_of(folders: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The folder of each split, if folders are named for splits rather than for classes; and a note on others.

    Raises `DataError` for two folders of one split.
    """
    named = [(SPLIT_OF.get(Path(each).name.lower()), each) for each in folders]
    found = {split: each for split, each in named if split is not None}
    others = [Path(each).name for split, each in named if split is None]
    if "train" not in found or (others and not has_folders(found["train"])):
        return {}, []
    for split, each in named:
        if split is not None and found[split] != each:
            both = f"{Path(each).name} and {Path(found[split]).name}"
            raise DataError(
                f"the folders {both} are both for {split}",
                file=each,
                hint="make them one folder",
                kind="two_folders_of_split",
            )
    in_order = {split: found[split] for split in SPLITS if split in found}
    return in_order, [f"folders beside train were left out: {', '.join(others[:5])}"] if others else []


def has_folders(folder: str) -> bool:
    """Whether there are folders in a folder."""
    return bool(Walk((), follow_links=False).level(folder)[1])


def files_by_class(level: tuple[list[str], list[str]], walk: Walk, folder: str) -> ByClass:
    """The files of a folder by class. Raises `DataError` that names the class folders without any."""
    files, folders = level
    found: ByClass = {}
    for each in folders:
        found.setdefault(folder_class(each), []).extend(walk.below(each))
    if not any(found.values()):
        return {FLAT: files}
    empty = [name for name, its in found.items() if not its]
    if empty:
        are = f"class folder '{empty[0]}' holds" if len(empty) == 1 else f"class folders {quoted(empty)} hold"
        raise DataError(
            f"the {are} no file that ends in {', '.join(walk.suffixes)}",
            file=Path(folder) / empty[0],
            hint="remove the folder, or put samples of the class into it",
            kind="no_files",
        )
    walk.loose += len(files)
    return found


def folder_class(folder: str) -> str:
    """The class that a folder is for: its name, in Unicode's composed form. Raises `DataError` where that is not UTF-8."""
    name = Path(folder).name
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = name.encode("utf-8", "replace").decode()
        raise DataError(
            f"the name of the class folder '{shown}' is not UTF-8", hint="rename the folder", kind="wrong_encoding"
        ) from None
    return unicodedata.normalize("NFC", name)


def check_alike(parts: Mapping[str, ByClass], folders: Mapping[str, str]) -> None:
    """Refuses splits of which one is empty, or only some have class folders."""
    for split, part in parts.items():
        if not any(part.values()):
            raise DataError(
                f"the folder of the {split} split holds no files to read", file=folders[split], kind="empty_split"
            )
        if (FLAT in part) != (FLAT in parts["train"]):
            with_, without = ("train", split) if FLAT in part else (split, "train")
            raise DataError(
                f"the {with_} split has class folders, the {without} split has none",
                file=folders[split],
                hint=f"put the files of {without} into class folders, or move a folder away",
                kind="class_folders_differ",
            )


def filled_listing(listing: Listing, parts: Mapping[str, ByClass], classes: list[str] | None) -> Listing:
    """The listing with the files of all parts, their labels, and their rows by split if there are several parts.

    Raises `DataError` for a class folder that training does not have.
    """
    import numpy as np

    codes: list[int] = []
    counts: list[int] = []
    splits = {}
    for split, part in parts.items():
        start = len(listing.files)
        for name, files in sorted(part.items()):
            if classes is not None and name not in classes:
                raise unknown_class(name, split, classes, files[0])
            codes.append(classes.index(name) if classes is not None else 0)
            counts.append(len(files))
            listing.files.extend(files)
        splits[split] = np.arange(start, len(listing.files))
    if classes is not None:
        listing.columns[LABEL] = np.repeat(np.array(codes, np.int64), counts)
    return listing.with_classes(classes, splits if len(splits) > 1 else None)


def unknown_class(name: str, split: str, classes: Sequence[str], file: str) -> DataError:
    """The error of a class folder that is none of the classes."""
    where = "" if split == "train" else f" of the {split} split"
    known = f"{', '.join(classes[:10])}{', …' if len(classes) > 10 else ''}"
    return DataError(
        f"the class folder '{name}'{where} is none of the classes: {known}",
        file=file,
        hint=did_you_mean(name, classes) or "give the folder the name of a class, or move it away",
        kind="unknown_class",
    )


def nothing_found(folder: Path, walk: Walk) -> DataError:
    """The error of a folder without a file that could be a sample."""
    held = walk.commonest_strays()
    held += [f"{walk.links} symbolic links"] * (walk.links > 0)
    return DataError(
        f"no file in {folder} ends in {', '.join(walk.suffixes)}; found: {', '.join(held) or 'nothing'}",
        file=folder,
        hint="write follow_links: true to follow links" if walk.links and not walk.follow_links else None,
        kind="no_files",
    )


def quoted(names: Sequence[str]) -> str:
    """Some names for a message."""
    return ", ".join(f"'{name}'" for name in names[:10]) + (", …" if len(names) > 10 else "")
