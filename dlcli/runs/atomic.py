"""Every write of a run: a file or a folder is there whole or not at all, whatever kills the process.

The way: a temporary file in the same folder, write, fsync, rename, fsync of the folder.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import json
import math
import os
import shutil
import stat
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dlcli.errors import NO_ROOM, ResourceError, UsageError
from dlcli.first_line import first_line

TEMPORARY, DELETED, REPLACED = ".tmp-", ".del-", ".old-"
MANIFEST = "MANIFEST.json"
BYTES = getattr(os, "O_BINARY", 0)
NO_LINK = getattr(os, "O_NOFOLLOW", 0)  # unseen: on other systems alone
NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # unseen: on other systems alone
"""Flags that only some systems have: Windows would write line ends of its own, and has neither links like these nor FIFOs."""
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | BYTES | NO_LINK
WINDOWS = os.name == "nt"
BUSY = (PermissionError,) if WINDOWS else ()
PATIENCE, PAUSE = 50, 0.02  # unseen: time alone
"""On Windows a file that somebody is reading, or looks through for viruses, keeps its name that long: tries, seconds."""
UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}
"""What a file system says that has no such thing as fsync or locks."""
UNREADABLE = (OSError, ValueError, TypeError, AttributeError, KeyError, EOFError, RecursionError)
"""What a damaged file can raise: from the system, from the parser, or because its content has another form."""


IN_RUNS, OUTPUT = "choose another folder with --runs", "choose another place with -o"
"""What to do where a place cannot be written."""


def write_bytes(path: Path, content: bytes, *, elsewhere: str = IN_RUNS) -> None:
    """Replaces a file whole. Raises `ResourceError` when the disk refuses, with where else it may be written.

    The old content is intact then; only where the last step failed, the fsync of the folder, it is the new one.
    """
    write_parts(path, [content], elsewhere=elsewhere)


def write_parts(path: Path, parts: Iterable[bytes], *, elsewhere: str = IN_RUNS) -> None:
    """The same of a content that is made part after part."""
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{os.getpid()}")
    with refusals(path, elsewhere=elsewhere):
        try:
            write_new(temporary, parts)
            patiently(temporary.replace, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(path.parent)


def write_output(path: Path, content: bytes) -> None:
    """Writes what a person asked for at a path of their own: a file is replaced whole, anything else is written into.

    Raises `UsageError` for `-`, and `ResourceError` when the system refuses.
    """
    write_output_parts(path, [content])


def write_output_parts(path: Path, parts: Iterable[bytes]) -> None:
    """The same of what is made part after part: the file has its name only once the last of them is there."""
    check_output_name(path)
    # A link leads where somebody wants it, and a device or a FIFO is no file that could be replaced.
    if path.is_symlink() or (path.exists() and not path.is_file() and not path.is_dir()):
        with refusals(path, elsewhere=OUTPUT), path.open("wb") as opened:
            opened.writelines(parts)
    else:
        write_parts(path, parts, elsewhere=OUTPUT)


def check_output_name(path: Path) -> None:
    """Raises `UsageError` for `-`, and for no name."""
    if str(path) in {"-", "."}:
        raise UsageError(
            "'-' is no name of a file here" if str(path) == "-" else "the output has no name",
            hint="write the name of a file, or /dev/stdout",
            kind="bad_output",
        )


def check_output_place(path: Path) -> None:
    """Raises before any work what `write_output` would raise behind it: of a folder, and of one that is not there or closed."""
    check_output_name(path)
    with refusals(path, elsewhere=OUTPUT):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
        if not path.exists() and not os.access(path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def write_json(path: Path, value: Any) -> None:
    """Replaces a JSON file; what JSON cannot hold becomes null, text or a list."""
    write_bytes(path, json_bytes(json_text(json_plain(value))))


def read_plain(path: Path) -> bytes:
    """The content of a file that is one: no link is followed, and a FIFO is not waited for. Raises `OSError`."""
    if NO_LINK and path.is_symlink():
        raise OSError(errno.ELOOP, "it is a link", str(path))
    descriptor = os.open(path, os.O_RDONLY | BYTES | NO_LINK | NO_WAIT)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file", str(path))
        return file.read()


def append_line(path: Path, line: str) -> None:
    """Adds one line to a file in a single write, so that a reader sees it whole or torn at the end only.

    Raises `ResourceError` when the disk refuses; nothing of the line remains then.
    """
    with refusals(path):
        part_from_others(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | BYTES | NO_LINK | NO_WAIT, 0o644)
        try:
            length = os.fstat(descriptor).st_size
            try:
                write_all(descriptor, json_bytes(f"{line}\n"))
            except BaseException:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, length)
                raise
        finally:
            os.close(descriptor)


def part_from_others(path: Path) -> None:
    """Gives a file that has several names, as in a backup of hard links, a copy of its own before it is added to."""
    with contextlib.suppress(FileNotFoundError):
        if not path.is_symlink() and path.stat().st_nlink > 1:
            write_bytes(path, read_plain(path))


@contextlib.contextmanager
def committed_folder(target: Path, *, elsewhere: str = IN_RUNS) -> Iterator[Path]:
    """A folder to fill that takes its name only once it is complete.

    Every file, in folders below it too, is fsynced and listed with size and SHA-256 in MANIFEST.json before the rename.
    What stood under the name before is replaced, and intact on an error. On an error nothing of the new one remains.
    """
    temporary = target.with_name(f"{TEMPORARY}{target.name}-{os.getpid()}")
    with refusals(target, elsewhere=elsewhere):
        shutil.rmtree(temporary, ignore_errors=True)
        sweep_file(target)
        temporary.mkdir(parents=True)
        try:
            yield temporary
            write_manifest(temporary)
            put_in_place(temporary, target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def put_in_place(folder: Path, target: Path) -> None:
    """Gives a complete folder its name. What stood there is put aside and removed last, so that it can come back."""
    replaced = target.with_name(f"{REPLACED}{target.name}-{os.getpid()}")
    standing = target.exists()
    if standing:
        remove(replaced)
        patiently(target.rename, replaced)
    try:
        patiently(folder.rename, target)
    except BaseException:
        if standing:
            patiently(replaced.rename, target)
        raise
    sync_folder(target.parent)
    if standing:
        remove(replaced)


def write_manifest(folder: Path) -> None:
    """Fsyncs every file of a folder and of those below it, and lists it by its way from there."""
    manifest = {}
    for name in sorted(manifest_entries(folder)):
        path = folder / name
        descriptor = os.open(path, os.O_RDWR if WINDOWS else os.O_RDONLY)  # what is only read cannot be synced there
        try:
            sync(descriptor)
        finally:
            os.close(descriptor)
        manifest[name] = {"bytes": path.stat().st_size, "sha256": sha256(path)}
    write_new(folder / MANIFEST, [json.dumps(manifest, indent=2).encode()])
    for below in sorted(path for path in folder.rglob("*") if path.is_dir()):
        sync_folder(below)
    sync_folder(folder)


def damage(folder: Path) -> list[str]:
    """What differs between a folder, with those below it, and its manifest; nothing when it is whole."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        expected = {str(name): (entry["bytes"], entry["sha256"]) for name, entry in manifest.items()}
        found = {*manifest_entries(folder, files=expected)} - {MANIFEST}
    except UNREADABLE:
        return [f"{MANIFEST} is missing or unreadable"]
    problems = [f"{name} is missing" for name in sorted(expected.keys() - found)]
    problems += [f"{name} is not listed in {MANIFEST}" for name in sorted(found - expected.keys())]
    for name in sorted(expected.keys() & found):
        path = folder / name
        try:
            if path.is_symlink() or not path.is_file():
                problems.append(f"{name} is no file")
            elif path.stat().st_size != expected[name][0]:
                problems.append(f"{name} has another size")
            elif sha256(path) != expected[name][1]:
                problems.append(f"{name} has other content")
        except OSError as error:
            problems.append(f"{name} cannot be read: {error.strerror}")
    return problems


def manifest_entries(folder: Path, *, files: Collection[str] = (), above: str = "") -> Iterator[str]:
    """What a manifest lists of a folder: the way to every file below it; no link is followed.

    A folder under one of the names `files` is not gone into: a file should be there.
    """
    for path in folder.iterdir():
        name = f"{above}{path.name}"
        if path.is_dir() and not path.is_symlink() and name not in files:
            yield from manifest_entries(path, files=files, above=f"{name}/")
        else:
            yield name


def remove_folder(path: Path) -> None:
    """Removes a folder; it loses its name first, so that nobody takes half of it for the whole."""
    doomed = path.with_name(f"{DELETED}{path.name}-{os.getpid()}")
    with refusals(path):
        remove(doomed)
        patiently(path.rename, doomed)
    remove(doomed)


def sweep(folder: Path) -> None:
    """Removes what a killed process left behind; only for the holder of the lock.

    A folder that was put aside gets its name back where the one to replace it did not come that far.
    """
    for path in list(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(REPLACED):
            target = path.with_name(path.name.removeprefix(REPLACED).rpartition("-")[0])
            if not target.exists():
                with refusals(target):
                    patiently(path.rename, target)
                continue
        if path.name.startswith((TEMPORARY, DELETED, REPLACED)):
            remove(path)


def sweep_file(path: Path) -> None:
    """Removes what processes that were killed while they wrote this file left beside it."""
    from psutil import pid_exists

    with contextlib.suppress(OSError):
        for left in path.parent.glob(f"{TEMPORARY}{glob.escape(path.name)}-*"):
            number = left.name.rpartition("-")[2]
            if number.isdecimal() and not pid_exists(int(number)):
                remove(left)


def remove(path: Path) -> None:
    """Removes a file, a link or a whole folder as far as the system lets it; no link is followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def write_new(path: Path, parts: Iterable[bytes]) -> None:
    """Writes and fsyncs a file that must not exist."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, NEW_FILE, 0o644)
    try:
        for part in parts:
            write_all(descriptor, part)
        sync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Writes everything; the system may take less at a time."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def patiently(rename: Callable[[Path], Path], target: Path) -> None:
    """Gives a file or folder another name; waits where somebody is only just reading it and the system minds that."""
    for _ in range(PATIENCE):
        try:
            rename(target)
        except BUSY:
            time.sleep(PAUSE)
        else:
            return
    rename(target)


def sync_folder(folder: Path) -> bool:
    """Makes a rename in a folder last, and says whether that can be. Windows has no call for it: there a rename lasts."""
    if WINDOWS:
        return True
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        return sync(descriptor)
    finally:
        os.close(descriptor)


def sync(descriptor: int) -> bool:
    """Makes what was written last, and says whether the file system can: some of the network and in user space cannot."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
        return False
    return True


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def refusals(path: Path, *, elsewhere: str = IN_RUNS) -> Iterator[None]:
    """Turns what the system refuses into an error that names the path and the reason."""
    try:
        yield
    except OSError as error:
        full = error.errno in NO_ROOM or os.strerror(errno.ENOSPC) in str(
            error
        )  # of a folder that is copied only in words
        reason = "the disk is full" if full else (error.strerror or first_line(error))
        hint = f"free some space, or {elsewhere}" if full else f"{elsewhere}, or make this one writable"
        if error.errno == errno.ENOENT and not path.parent.is_dir():
            # A folder that somebody has removed and one that never was look alike.
            reason, hint = "there is no such folder", f"make {path.parent}, or put it back if it was there"
        if error.errno == errno.EISDIR and elsewhere == OUTPUT:
            reason, hint = "it is a folder", f"name a file in it: {path / 'NAME'}"
        raise ResourceError(
            f"cannot write {path}: {reason}",
            file=path,
            hint=hint,
            kind="not_writable",
        ) from error


def json_text(value: Any) -> str:
    """A plain value as the text of a JSON file."""
    return f"{json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)}\n"


def json_bytes(text: str) -> bytes:
    r"""JSON text as UTF-8; half a surrogate pair, as in a file's name that is no UTF-8, as JSON's own `\udcff`."""
    return text.encode("utf-8", "backslashreplace")


def json_plain(value: Any) -> Any:
    """A value that JSON can hold: numbers of NumPy as numbers, paths as text, what is not finite as null."""
    if isinstance(value, Mapping):
        return {str(key): json_plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_plain(each) for each in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    if hasattr(value, "tolist"):
        return json_plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)
