"""The index of a folder with many runs: what was read of each, believed only while none of its files has changed since.

The files are the truth. A row is taken from the index where inode, size and the times of change of all files that it was read
from are what they were, to the nanosecond, and lay far enough back when the index was written that no change could hide.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dlcli import __version__
from dlcli.errors import ResourceError
from dlcli.runs.atomic import UNREADABLE, json_bytes, read_plain, write_bytes
from dlcli.runs.keys import Configuration, Shape
from dlcli.runs.summary import RECORDED, RunSummary

NAME = ".index.json"
LEAST = 200
"""Of fewer runs no index is kept."""
WORTH = 0.02
"""The share of rows that must have been read anew for the index to be written again."""
SETTLED = 2_000_000_000
"""Nanoseconds that must lie between the last change of a file and the look at it: clocks of file systems tick that slowly."""
FILES = ("run.json", "MANIFEST.json", "config.resolved.json")
SORT = f"{__version__} {' '.join(RECORDED)} unwritten"
"""What rows are written as; those of another version are not believed."""

Print = list[int]
Entry = list[Any]


def indexed_rows(root: Path, folders: Sequence[Path], read: Callable[[Path], RunSummary]) -> list[RunSummary]:
    """The summary of each folder, from the index where that can be believed, read otherwise."""
    if len(folders) < LEAST:
        return [read(path) for path in folders]
    with without_collecting():
        return many_rows(root, folders, read)


@contextlib.contextmanager
def without_collecting() -> Iterator[None]:
    """Looks for no garbage meanwhile: of a million values that all stay, that takes a tenth of a second."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def many_rows(root: Path, folders: Sequence[Path], read: Callable[[Path], RunSummary]) -> list[RunSummary]:
    """The same, of so many that the index pays."""
    shapes, entries = read_index(root)
    rows, kept, anew = list[RunSummary](), dict[str, Entry](), 0
    before = f"{root}{os.sep}"
    places = {shape.key: place for place, shape in enumerate(shapes)}
    for path in folders:
        name = str(path).removeprefix(before)
        seen = print_of_files(path)
        entry = entries.get(name)
        if entry is None or entry[0] != seen:
            now = time.time_ns()
            row = read(path)
            anew += 1
            place = places.setdefault(row.configuration.shape.key, len(places))
            if place == len(shapes):
                shapes.append(row.configuration.shape)
            row = dataclasses.replace(row, configuration=Configuration(shapes[place], row.configuration.values))
            if may_be_kept(row, seen, now):
                kept[name] = [seen, *entry_of_row(row, place)]
        else:
            row = row_of_entry(path, entry, shapes)
            kept[name] = entry
        rows.append(row)
    if anew > WORTH * len(folders):
        write_index(root, shapes, kept)
    return rows


def print_of_files(path: Path) -> Print:
    """What tells whether the files of a run are still those that were read: inode, size and times of each."""
    found: Print = []
    for name in FILES:
        try:
            status = os.lstat(f"{path}{os.sep}{name}")
        except OSError:
            found.append(0)
        else:
            found += [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
    return found


def may_be_kept(row: RunSummary, seen: Print, now: int) -> bool:
    """Whether a row stays what it is until one of its files changes; only of a run that is done no other file counts."""
    return row.status == "done" and bool(row.configuration.shape.tree) and max(seen) < now - SETTLED


def entry_of_row(row: RunSummary, place: int) -> Entry:
    """A row as JSON can hold it; `place` is that of its shape."""
    recorded = [row.recorded[name] for name in RECORDED]
    return [row.epochs, row.metrics, recorded, place, row.configuration.values]


def row_of_entry(path: Path, entry: Entry, shapes: Sequence[Shape]) -> RunSummary:
    """The row that `entry_of_row` wrote."""
    _, epochs, metrics, recorded, place, values = entry
    known = dict(zip(RECORDED, recorded, strict=True))
    return RunSummary(path, "done", epochs, metrics, known, Configuration(shapes[place], values))


def read_index(root: Path) -> tuple[list[Shape], dict[str, Entry]]:
    """The shapes, and by name of a run what its row was; nothing where the index is damaged or none of this version."""
    with contextlib.suppress(*UNREADABLE):
        digest, _, content = read_plain(root / NAME).partition(b"\n")
        if digest.decode() == hashlib.sha256(content).hexdigest():
            stored = json.loads(content)
            if stored["sort"] == SORT:
                return [Shape(tree, tuple(unwritten)) for tree, unwritten in stored["shapes"]], stored["runs"]
    return [], {}


def write_index(root: Path, shapes: Sequence[Shape], entries: dict[str, Entry]) -> None:
    """Replaces the index, which begins with its digest; a folder that cannot be written has none."""
    stored = {"sort": SORT, "shapes": [[each.tree, each.unwritten] for each in shapes], "runs": entries}
    content = json_bytes(json.dumps(stored, ensure_ascii=False, separators=(",", ":")))  # unseen: read alike
    with contextlib.suppress(ResourceError, OSError):
        write_bytes(root / NAME, hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
