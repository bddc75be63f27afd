"""Where a search keeps its trials: a journal in the folder of its group, a server that many ask, or PostgreSQL."""

from __future__ import annotations

import json
import logging
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from dlcli.errors import ArtifactError, ResourceError, UsageError
from dlcli.extras import need
from dlcli.runs.atomic import refusals

EXTRA = "sweep"
ELSEWHERE = "choose another file with --storage, or another folder with --runs"
JOURNAL = "journal.log"
HOST, PORT = "127.0.0.1", 13000
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
FIRST_ANSWER = 15.0
"""Seconds in which a storage has to answer for the first time."""
LOST_CONNECTION = frozenset(
    {"DisconnectionError", "InterfaceError", "OperationalError", "PendingRollbackError", "ResourceClosedError"}
)
"""What SQLAlchemy raises where its database goes away, the last two in what follows within the same call."""
URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True)
class Place:
    """Where a search keeps its trials: the file of a journal, the address of a server, or the URL of a database."""

    kind: str
    path: Path | None = None
    host: str = HOST
    port: int = PORT
    url: str = ""

    def __str__(self) -> str:
        """It as a person may read it: no password."""
        if self.kind == "journal":
            return str(self.path)
        return f"grpc://{self.host}:{self.port}" if self.kind == "grpc" else without_password(self.url)


def without_password(url: str) -> str:
    """A URL with stars in place of the password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    at = parts.netloc.rindex("@")
    return urlunsplit(parts._replace(netloc=f"{parts.netloc[:at].partition(':')[0]}:***{parts.netloc[at:]}"))


def place_of(storage: str | None, folder: Path) -> Place:
    """The place that `--storage` names; by default a journal in the folder of the group. Raises `UsageError`."""
    if storage is None:
        return Place("journal", folder / JOURNAL)
    scheme = URL.match(storage)
    if not storage or (scheme is None and Path(storage).is_dir()):
        found = f"{storage} is a folder" if storage else "it is empty"
        raise UsageError(
            f"--storage names no file: {found}", hint=f"write {Path(storage) / JOURNAL}", kind="unfit_storage"
        )
    if scheme is None:
        return Place("journal", Path(storage))
    kind = scheme[1].lower()
    if kind == "grpc":
        return server_of(storage)
    if kind in {"postgresql", "postgres", "postgresql+psycopg"}:
        return Place("postgresql", url="postgresql+psycopg://" + storage.partition("://")[2])
    if kind.startswith("sqlite"):
        raise UsageError(
            "SQLite keeps no trials of several processes: one of two that begin together ends with an error of it",
            hint="leave --storage out for a journal, which is a file too",
            kind="unfit_storage",
        )
    hint = "a file, grpc://HOST:PORT, or postgresql://USER@HOST/NAME"
    raise UsageError(f"no trials can be kept in {kind}://", hint=hint, kind="unfit_storage")


def server_of(storage: str) -> Place:
    """The address of a server. Raises `UsageError` for what is none."""
    try:
        parts = urlsplit(storage)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or parts.path.strip("/") or parts.query:
        raise UsageError(f"'{storage}' is no address", hint=f"write grpc://HOST:{PORT}", kind="unfit_storage")
    return Place("grpc", host=host, port=port or PORT)


def optuna_without_words() -> Any:
    """Optuna, which says nothing by itself. Raises `DataError` where it is not installed."""
    optuna = need("optuna", extra=EXTRA, use="a sweep")
    optuna.logging.set_verbosity(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"optuna\..*")
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna


def opened(place: Place, *, within: float = FIRST_ANSWER) -> Any:
    """The storage of Optuna at a place, whose server answers within so many seconds.

    Raises `ResourceError` where nobody answers, and `DataError` without its package.
    """
    optuna = optuna_without_words()
    if place.kind == "journal":
        kept = journal(place)
        check_lines(place)
        try:
            return optuna.storages.JournalStorage(kept)
        except (AssertionError, LookupError, TypeError, ValueError):
            raise damaged(place, "its lines do not fit together, as where some are lost") from None
    if place.kind == "grpc":
        need("grpc", extra=EXTRA, use="a storage at grpc://")
        proxy = optuna.storages.GrpcStorageProxy(host=place.host, port=place.port)
        try:
            proxy.wait_server_ready(timeout=within)
        except ConnectionError:
            hint = f"start it there: dlcli sweep CONFIG --serve --storage {place}"
            raise ResourceError(f"no server answers at {place}", hint=hint, kind="storage_away") from None
        return proxy
    need("psycopg", extra="postgresql", use="a storage at postgresql://")
    return database(place)


def database(place: Place) -> Any:
    """The storage in a database, whose tables are made where they are not there. Raises `ResourceError`."""
    from optuna.storages import RDBStorage, get_storage
    from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError

    for left in (2, 1, 0):
        try:
            return get_storage(RDBStorage(place.url, engine_kwargs={"pool_pre_ping": True}))
        except (IntegrityError, ProgrammingError) as error:  # another process makes the tables at this moment
            if not left:
                raise cannot_use(place, error) from None
        except SQLAlchemyError as error:
            raise cannot_use(place, error) from None
    raise AssertionError


def cannot_use(place: Place, error: Exception) -> ResourceError:
    """The error of a database that does not do what it should."""
    words = str(getattr(error, "orig", None) or error).strip().splitlines()
    return ResourceError(
        f"the database {place} cannot be used: {words[0] if words else type(error).__name__}",
        hint="look at its name, the user and whether it runs",
        kind="storage_away",
    )


def journal(place: Place) -> Any:
    """The journal of a file; a line that a power cut has left unfinished is taken away before the next is written.

    Its lock is the system's, which lets go of it when a process dies; Optuna's own stays for half a minute.
    """
    from filelock import FileLock
    from optuna.storages.journal import JournalFileBackend

    path = place.path or Path(JOURNAL)

    class SystemLock:
        """Held by a process for a write."""

        def __init__(self) -> None:
            self.lock = FileLock(f"{path}.lock")

        def acquire(self) -> bool:
            self.lock.acquire()
            return True

        def release(self) -> None:
            self.lock.release()

    class Journal(JournalFileBackend):
        """A journal that no half line spoils."""

        def append_logs(self, logs: list[dict[str, Any]]) -> None:
            with lock.lock, refusals(path, elsewhere=ELSEWHERE):
                cut_half_line(path)
                super().append_logs(logs)

    with refusals(path, elsewhere=ELSEWHERE):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock: Any = SystemLock()
        return Journal(str(path), lock_obj=lock)


def check_lines(place: Place) -> None:
    """Raises `ArtifactError` for a whole line of a journal that is none; half a line at its end is taken away later."""
    path = place.path or Path(JOURNAL)
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                known = isinstance(json.loads(line), dict)
            except ValueError:
                known = not line.endswith(b"\n")
            if not known:
                raise damaged(place, f"line {number} is {line[:40].decode(errors='replace').strip()!r}", line=number)


def damaged(place: Place, what: str, *, line: int | None = None) -> ArtifactError:
    """The error of a journal whose lines tell nothing."""
    return ArtifactError(
        f"the journal of the search is damaged: {what}",
        file=place.path,
        line=line,
        hint="take that line away" if line else "put a copy back, or give the search another --name",
        kind="damaged_journal",
    )


def cut_half_line(path: Path) -> None:
    """Takes away what stands behind the last end of a line."""
    with path.open("r+b") as file:
        end = file.seek(0, 2)
        place = end
        while place:
            begin = max(0, place - 4096)
            file.seek(begin)
            found = file.read(place - begin).rfind(b"\n")
            if found >= 0:
                place = begin + found + 1
                break
            place = begin
        if place < end:
            file.truncate(place)


def is_away(error: BaseException | None) -> bool:
    """Whether an error says that a storage cannot be reached for the moment."""
    while error is not None:
        code = getattr(error, "code", None)
        name = getattr(code() if callable(code) else None, "name", "")
        if name in {"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"}:
            return True
        if type(error).__module__ == "sqlalchemy.exc" and type(error).__name__ in LOST_CONNECTION:
            return True
        error = error.__cause__
    return False
