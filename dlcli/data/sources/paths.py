"""Finds the files a source names and says what is wrong when they are not there."""

from __future__ import annotations

import glob
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from dlcli.data.remote import fetched
from dlcli.errors import DataError
from dlcli.spec import is_address


def found_files(paths: str | Sequence[str]) -> list[Path]:
    """The files of a path, a list of paths or globs, those of a glob in the order of their names; of an address what was fetched.

    Raises `DataError` for a path that leads to no readable file, naming the folder looked in and what is near.
    """
    found: list[Path] = []
    for written in [paths] if isinstance(paths, str) else paths:
        if is_address(written):
            found += fetched_files(written)
            continue
        is_glob = any(mark in written for mark in "*?[") and not is_file(Path(written))
        # An absolute path with a glob in it, which pathlib cannot expand.
        matches = sorted(glob.glob(written, recursive=True)) if is_glob else []  # noqa: PTH207
        found += [Path(each) for each in matches] or [existing(Path(written))]
    return found


def fetched_files(address: str) -> list[Path]:
    """The files of an address. Raises `DataError` where it is a folder."""
    files = fetched(address)
    if is_folder(files[0]):
        raise DataError(
            f"{address} is a folder, expected a file",
            hint=f"name a file in it, or a glob such as {address.rstrip('/')}/*.csv",
            kind="folder_not_file",
        )
    return files


def here(path: str) -> str:
    """The path itself; of an address, which may mean one file or folder alone, where it was fetched to.

    Raises `DataError` for an address that means several files, or none.
    """
    if not is_address(path):
        return path
    files = fetched(path)
    if len(files) > 1:
        raise several(path, files)
    return str(files[0])


def only_file(path: str) -> Path:
    """The file of a path that may mean only one. Raises `DataError` where it means several."""
    found = found_files(path)
    if len(found) > 1:
        raise several(path, found)
    return found[0]


def several(path: str, files: Sequence[Path]) -> DataError:
    """The error of a path that means several files where one is expected."""
    return DataError(
        f"'{path}' means {len(files)} files, expected one",
        file=path,
        hint=f"name one of them, such as {files[0].name}",
        kind="several_files",
    )


def existing(path: Path) -> Path:
    """The path of a file that exists, also where its name is composed of other Unicode characters than was written.

    Raises `DataError` where there is none, or a folder.
    """
    if is_file(path):
        return path
    names = siblings(path.parent)
    for name in names:
        same = unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", path.name)
        if same and is_file(path.parent / name):
            return path.parent / name
    if is_folder(path):
        raise DataError(
            f"{path} is a folder, expected a file",
            file=path,
            hint="name a file in it, or a glob such as folder/*.csv",
            kind="folder_not_file",
        )
    if is_stream(path):
        raise no_plain_file(path)
    if not is_folder(path.parent):
        raise DataError(
            f"there is no folder {path.parent}",
            file=path,
            hint=f"a path counts from the configuration file; the working directory is {Path.cwd()}",
            kind="missing_folder",
        )
    near = get_close_matches(path.name, names, n=3)
    hint = (
        f"near it: {', '.join(near)}"
        if near
        else f"a path counts from the configuration file; the working directory is {Path.cwd()}"
    )
    raise DataError(f"there is no file {path}", file=path, hint=hint, kind="missing_file")


def no_plain_file(path: Path | str) -> DataError:
    """The error of data that can be read once alone."""
    piped = str(path) == "-"
    return DataError(
        "data cannot come from standard input" if piped else f"{path} is a FIFO, a device or a socket, expected a file",
        file=None if piped else path,
        hint="data is read more than once: write it into a file first, as: cat … > data.csv",
        kind="no_plain_file",
    )


def is_stream(path: Path) -> bool:
    """Whether there is something under the path that is neither file nor folder: a FIFO, `/dev/stdin`, `<(zcat x.csv.gz)`."""
    try:
        return path.exists() and not path.is_file() and not path.is_dir()
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Whether there is such a file; not where the name is too long or a folder on the way must not be looked into."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether there is such a folder."""
    try:
        return path.is_dir()
    except OSError:
        return False


def siblings(folder: Path) -> list[str]:
    """The names in a folder, or none where it cannot be read."""
    try:
        return sorted(each.name for each in folder.iterdir())
    except OSError:
        return []


def content_of(path: Path) -> bytes:
    """The bytes of a file. Raises `DataError` where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", file=path, kind="unreadable_file") from None
