"""Data that lies elsewhere: what an address means now is fetched once, into a folder that is not changed again."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from dlcli.errors import DataError, ResourceError
from dlcli.extras import need
from dlcli.first_line import first_line
from dlcli.progress import stage
from dlcli.spec import ending_of

TRIES, PAUSE = 4, 1.0
"""How often a server that does not answer is asked, and the seconds before the second time, twice as many before each next."""
SECONDS, LONGEST = 15, 20
"""So long a server may keep silent; and after so long it is not asked again."""
FACTS = (
    *("ETag", "etag", "md5Hash", "crc32c", "generation", "Content-MD5", "Digest"),
    *("Last-Modified", "LastModified", "updated", "mtime"),
)
"""What the servers and their libraries say of the state of a file; a file of which nothing is said is fetched each time."""


class Scheme(NamedTuple):
    """A way to reach data: the package that does it, the extra that installs it, and how it is told who asks."""

    package: str
    extra: str
    access: str


SCHEMES = {
    "http": Scheme("aiohttp", "https", "what needs a password cannot be read so: fetch it yourself, and name the file"),
    "https": Scheme(
        "aiohttp", "https", "what needs a password cannot be read so: fetch it yourself, and name the file"
    ),
    "s3": Scheme("s3fs", "s3", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"),
    "gs": Scheme("gcsfs", "gs", "set GOOGLE_APPLICATION_CREDENTIALS to the file of a key, or: gcloud auth login"),
}
"""By what stands before `://` (see `dlcli.spec.path.is_address`)."""

PAGE, PAGES = "text/html", frozenset({".htm", ".html"})
"""What a page calls itself, and the endings of files that may be one."""
WHAT_HAPPENED = {
    "ServerTimeoutError": "it does not answer",
    "SocketTimeoutError": "it does not answer",
    "ConnectionTimeoutError": "it does not answer",
    "ContentLengthError": "it sends less than it promises",
    "TransferEncodingError": "it breaks off before the end",
    "ClientPayloadError": "it breaks off before the end",
    "TooManyRedirects": "it redirects again and again",
    "NonHttpUrlRedirectClientError": "it redirects to what is no address of the web",
    "InvalidUrlRedirectClientError": "it redirects to what is no address",
}
"""What the errors of libraries mean whose own words say little."""

Listing = dict[str, dict[str, Any]]
"""The files of an address by what they are called there, each with what its server says of it."""

_fetched: dict[str, list[Path] | DataError | ResourceError] = {}
"""What this process has looked at: one command reads one state of an address, and waits once for one that does not answer."""


_origins: dict[Path, str] = {}
"""The address of each folder that this process has looked at, and of a file whose own says more than its name."""


def fetched(address: str) -> list[Path]:
    """The files that an address means, or its folder, on this machine.

    Raises `DataError` for an address where nothing is, that may not be read or cannot be reached.
    """
    if address not in _fetched:
        try:
            _fetched[address] = fetch(address)
        except (DataError, ResourceError) as error:
            _fetched[address] = error
    found = _fetched[address]
    if isinstance(found, list):
        return found
    raise found


def address_of(path: Path) -> str | None:
    """The address of a file or folder that was fetched; None of one of this machine."""
    if not _origins or not path.is_relative_to(kept_in()):
        return None
    if path in _origins:
        return _origins[path]
    above = next((each for each in path.parents if each in _origins), None)
    return None if above is None else f"{_origins[above]}/{path.relative_to(above).as_posix()}"


def fetch(address: str) -> list[Path]:
    """Asks what an address means now, and fetches that unless this state of it was fetched before."""
    scheme = urlsplit(address).scheme.lower()
    system = file_system(scheme, address)
    with stage(f"asking {address}"):
        listing, is_folder = asked(address, lambda: listing_of(system, scheme, address))
    if not listing:
        raise nothing_at(address)
    check_no_page(address, listing)
    above = str(PurePosixPath(os.path.commonpath([PurePosixPath(remote_path(each)).parent for each in listing])))
    if is_folder:
        above = remote_path(address).rstrip("/")
    names = {each: path_below(remote_path(each), above) for each in listing}
    folder = states_folder(address, above) / state_of(listing)
    sizes = {folder / names[each]: facts.get("size") for each, facts in listing.items()}
    if not is_whole(folder, sizes):
        fill(folder, names, address, system, sizes)
    _origins[folder] = f"{scheme}://{above}"
    if scheme in {"http", "https"}:
        _origins[folder / names[address]] = address
    return [folder] if is_folder else sorted(folder / name for name in names.values())


def check_no_page(address: str, listing: Listing) -> None:
    """Raises `DataError` where a server answers with a page for people, as one for a login, in place of data."""
    if any(each.get("mimetype") == PAGE for each in listing.values()) and ending_of(address) not in PAGES:
        raise DataError(
            f"{address} gives a page of HTML in place of data",
            hint="open it in a browser: is it the page about the file, or one for a login?",
            kind="page_not_data",
        )


def file_system(scheme: str, address: str) -> Any:
    """The file system of a scheme. Raises `DataError` where its package is missing."""
    way = SCHEMES[scheme]
    use = f"reading {scheme}://"
    fsspec = need("fsspec", extra=way.extra, use=use)
    library = need(way.package, extra=way.extra, use=use)
    logging.getLogger(way.package).setLevel(logging.ERROR)  # it tells of each of its own detours
    options: dict[str, Any] = {}
    if scheme in {"http", "https"}:
        timeout = library.ClientTimeout(total=None, sock_connect=SECONDS, sock_read=SECONDS)
        options = {"client_kwargs": {"timeout": timeout, "trust_env": True}}
    return asked(
        address, lambda: fsspec.filesystem(scheme, skip_instance_cache=True, use_listings_cache=False, **options)
    )


def listing_of(system: Any, scheme: str, address: str) -> tuple[Listing, bool]:
    """The files of an address, and whether it is a folder. Over HTTP there are neither globs nor folders."""
    if scheme in {"http", "https"}:
        return {address: system.info(address)}, False
    if any(mark in address for mark in "*?["):
        found = system.glob(address, detail=True)
        return {name: facts for name, facts in found.items() if facts["type"] == "file"}, False
    facts = system.info(address)
    if facts["type"] == "file":
        return {address: facts}, False
    found = system.find(address, detail=True)
    return {name: each for name, each in found.items() if each["type"] == "file" and not name.endswith("/")}, True


def asked(address: str, question: Any) -> Any:
    """The answer of a server, which is asked again while it cannot be reached. Raises `DataError`."""
    until = time.monotonic() + LONGEST
    for attempt in range(TRIES):
        try:
            return question()
        except DataError:
            raise
        except Exception as error:
            fault = fault_of(error, address)
            if fault.kind != "unreachable" or attempt == TRIES - 1 or time.monotonic() > until:
                raise fault from None
        time.sleep(PAUSE * 2**attempt)
    raise AssertionError


def fault_of(error: Exception, address: str) -> DataError | ResourceError:
    """What an error of a library means: nothing is there, it may not be read, the disk is full, nobody answers."""
    chain = [*causes(error)]
    status = next((code for each in chain if (code := answered_status(each)) is not None), None)
    known = (WHAT_HAPPENED.get(type(each).__name__) for each in reversed(chain))
    happened = next((words for words in known if words is not None), None)
    said = happened or first_line(chain[-1])
    if status in {404, 410} or (status is None and isinstance(chain[-1], FileNotFoundError)):
        return nothing_at(address)
    refused = isinstance(error, PermissionError) or "credential" in type(chain[-1]).__name__.lower()
    if status in {401, 403} or refused:
        access = SCHEMES[urlsplit(address).scheme.lower()].access
        return DataError(f"{address} may not be read: {said}", hint=access, kind="forbidden_address")
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}:
        return ResourceError(f"cannot keep what is fetched: {said}", file=kept_in(), kind="not_writable")
    return DataError(
        f"cannot {'fetch' if happened else 'reach'} {address}: {said}",
        hint="look whether the network is there and the address is right",
        kind="unreachable",
    )


def answered_status(error: BaseException) -> int | None:
    """The status that a server has answered with, where the error of a library tells it."""
    response = getattr(error, "response", None)
    answered = response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(response, dict) else None
    if isinstance(answered, int):
        return answered
    told = (getattr(error, name) for name in ("status", "code") if hasattr(type(error), name) or name in vars(error))
    return next((each for each in told if isinstance(each, int)), None)


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error, what it came from, what that came from, …"""
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__


def nothing_at(address: str) -> DataError:
    """The error of an address that means no file."""
    return DataError(f"there is nothing at {address}", hint="look whether the address is right", kind="missing_file")


def remote_path(address: str) -> str:
    """What a file is called behind the scheme, without what is asked of it: `host/folder/name.csv`."""
    return "/".join(part for part in unquote(address.rpartition("://")[2].partition("?")[0]).split("/") if part)


def path_below(name: str, above: str) -> str:
    """The path of a file below the folder that all are in. Raises `DataError` for one that leads out of it."""
    path = PurePosixPath(name.removeprefix(above).lstrip("/") or "data")
    if ".." in path.parts or path.is_absolute():
        raise DataError(f"the name '{name}' leads out of its folder", kind="unsafe_name")
    return str(path)


def kept_in() -> Path:
    """The folder of what was fetched."""
    cache = os.environ.get("XDG_CACHE_HOME")
    with contextlib.suppress(RuntimeError):
        return (Path(cache) if cache else Path.home() / ".cache") / "dlcli" / "data"
    return Path(tempfile.gettempdir()) / "dlcli-data"  # somebody without a home


def states_folder(address: str, above: str) -> Path:
    """The folder of the states of an address, whose path can be read as the address."""
    return kept_in() / urlsplit(address).scheme.lower() / path_below(above, "")


def state_of(listing: Mapping[str, Mapping[str, Any]]) -> str:
    """A name for what the servers say of the files now; another one each time where they say nothing."""
    facts = {
        name: [each.get("size"), *(str(each[fact]) for fact in FACTS if each.get(fact))]
        for name, each in listing.items()
    }
    said = json.dumps(facts, sort_keys=True) if all(len(each) > 1 for each in facts.values()) else os.urandom(8).hex()
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def is_whole(folder: Path, sizes: Mapping[Path, Any]) -> bool:
    """Whether all files are there, each of the size that its server tells."""
    if not folder.is_dir():
        return False
    try:
        return all(size is None or path.stat().st_size == size for path, size in sizes.items())
    except OSError:
        return False


def fill(folder: Path, names: Mapping[str, str], address: str, system: Any, sizes: Mapping[Path, Any]) -> None:
    """Fetches files into a new folder, which is there whole or not at all; who comes second waits for the first.

    Raises `ResourceError` where the folder cannot be written.
    """
    from filelock import FileLock

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock"):
            if is_whole(folder, sizes):
                return
            shutil.rmtree(folder, ignore_errors=True)  # somebody has been at it
            unfinished = folder.parent / f".{folder.name}"
            shutil.rmtree(unfinished, ignore_errors=True)
            paths = [unfinished / name for name in names.values()]
            for each in {path.parent for path in paths}:
                each.mkdir(parents=True, exist_ok=True)
            with stage(f"fetching {address}", len(paths) if len(paths) > 1 else None) as advance:
                asked(address, lambda: get(system, [*names], paths, advance))
            unfinished.replace(folder)
    except OSError as error:
        raise ResourceError(
            f"cannot keep what is fetched: {error.strerror}",
            file=folder.parent,
            hint="name another folder by XDG_CACHE_HOME",
            kind="not_writable",
        ) from None


def get(system: Any, names: Sequence[str], paths: Sequence[Path], advance: Any) -> None:
    """Fetches files side by side, as many as the library finds right."""
    from fsspec.callbacks import Callback

    class Told(Callback):  # type: ignore[misc]
        """Tells how many files have come."""

        def call(self, *_: Any, **__: Any) -> None:
            advance(self.value)

    system.get([*names], [str(path) for path in paths], callback=Told() if len(paths) > 1 else Callback())
