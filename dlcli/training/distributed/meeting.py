"""The meeting of all workers before TensorFlow starts, which would wait for one that never comes, deaf to every signal."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from typing import Any

import dlcli
from dlcli.config.train import seconds_of_limit
from dlcli.errors import ConflictError, DlcliError, ResourceError, UsageError
from dlcli.training.distributed.cluster import Cluster, host_of
from dlcli.training.distributed.line import Line, LineClosed, as_bytes, read_message

WAIT = "DLCLI_WAIT_FOR_WORKERS"
USUAL_WAIT = "10m"
PAUSE = 0.2  # unseen: time alone
"""Seconds between two attempts."""
HELLO_SECONDS = 10.0
"""How long a worker that has come may take to say who it is."""


def wait_for_workers() -> tuple[float, str]:
    """How long workers wait for each other, in seconds and as it is written."""
    written = os.environ.get(WAIT) or USUAL_WAIT
    seconds = seconds_of_limit(written)
    if not seconds:
        raise UsageError(f"{WAIT} is a time such as 90s, 10m or 1h, found '{written}'", kind="not_a_time")
    return seconds, written


def met(cluster: Cluster, job: str) -> dict[int, Line]:
    """The lines of this worker once all have come: the chief's to each, another's to the chief.

    `job` is a digest of what is trained, the same for all. Raises `ResourceError` that names who is missing,
    `ConflictError` for one that trains something else.
    """
    seconds, written = wait_for_workers()
    deadline = time.monotonic() + seconds
    if cluster.index:
        return {0: to_chief(cluster, job, deadline, written)}
    return all_others(cluster, job, deadline, written)


def hello(cluster: Cluster, job: str) -> dict[str, Any]:
    """What a worker says of itself."""
    return {"index": cluster.index, "workers": len(cluster.addresses), "dlcli": dlcli.__version__, "job": job}


def missing(cluster: Cluster, absent: list[int], written: str) -> ResourceError:
    """The error of workers that have not come."""
    names = ", ".join(cluster.name(each) for each in absent)
    message = f"{names} did not come within {written}"
    unknown = [
        host for host in dict.fromkeys(host_of(cluster.addresses[each]) for each in (0, *absent)) if not is_known(host)
    ]
    if unknown:
        message += f"; no machine called {', '.join(unknown)} is known here"
    hint = f"start the same command on every machine; {WAIT}=1h waits longer, port {cluster.port} of {cluster.host} is met at"
    return ResourceError(message, hint=hint, kind="worker_missing")


def is_known(host: str) -> bool:
    """Whether the name of a machine leads to an address."""
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return True


def all_others(cluster: Cluster, job: str, deadline: float, written: str) -> dict[int, Line]:
    """The lines of the chief to all others."""
    lines: dict[int, Line] = {}
    others = range(1, len(cluster.addresses))
    with listening(cluster) as server:
        server.settimeout(PAUSE)
        while absent := [each for each in others if each not in lines]:
            if time.monotonic() > deadline:
                error = missing(cluster, absent, written)
                refuse(lines, error)
                raise error
            with contextlib.suppress(TimeoutError):
                connection, _ = server.accept()
                if (come := hello_of(connection)) is None:
                    continue
                try:
                    index = index_of(come, hello(cluster, job), cluster, lines)
                except DlcliError as error:
                    refuse({**lines, -1: Line(connection, "who came last")}, error)
                    raise
                lines[index] = Line(connection, cluster.name(index))
    for line in lines.values():
        line.send({"welcome": True})
    return lines


def refuse(lines: Mapping[int, Line], error: DlcliError) -> None:
    """Tells all who have come why nothing is trained."""
    for line in lines.values():
        with contextlib.suppress(LineClosed):
            line.send(told_error(error))
        line.close()


def told_error(error: DlcliError) -> dict[str, Any]:
    """An error as a message."""
    return {"error": error.message, "kind": error.kind, "hint": error.hint, "code": error.code}


def listening(cluster: Cluster) -> socket.socket:
    """The socket at which the chief is met: of its address, or of all where the name is not one of this machine."""
    refused: OSError | None = None
    for host in (cluster.host, ""):
        try:
            return socket.create_server((host, cluster.port))
        except OSError as error:
            refused = error
    assert refused is not None
    message = f"port {cluster.port} of {cluster.host} cannot be listened at: {refused.strerror}"
    raise ResourceError(message, hint="DLCLI_PORT chooses another, the same for all workers", kind="port_taken")


def hello_of(connection: socket.socket) -> dict[str, Any] | None:
    """What a worker that has come says of itself; None of what is none."""
    connection.settimeout(HELLO_SECONDS)
    try:
        come, _ = read_message(connection)
        if isinstance(come.get("index"), int):
            return come
    except (OSError, ValueError, LineClosed):
        pass
    connection.close()
    return None


def index_of(come: Mapping[str, Any], own: Mapping[str, Any], cluster: Cluster, lines: Mapping[int, Line]) -> int:
    """Which worker has come. Raises `ConflictError` for one that does not belong here."""
    index = int(come["index"])
    if come.get("workers") != own["workers"] or not 0 < index < len(cluster.addresses) or index in lines:
        message = (
            f"worker {index} of {come.get('workers')} came twice, or is of another job than these {own['workers']}"
        )
        raise ConflictError(message, hint="give each machine its own number, and all the same list", kind="other_job")
    for key, what in (("dlcli", "version of dlcli"), ("job", "configuration")):
        if come.get(key) != own[key]:
            told = f": {come.get(key)}, the chief {own[key]}" if key == "dlcli" else ""
            message = f"{cluster.name(index)} has another {what} than the chief{told}"
            raise ConflictError(message, hint="start the same command on every machine", kind="other_job")
    return index


def to_chief(cluster: Cluster, job: str, deadline: float, written: str) -> Line:
    """The line of a worker to the chief, once all have come."""
    while True:
        try:
            connection = socket.create_connection((cluster.host, cluster.port), timeout=HELLO_SECONDS)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise missing(cluster, [0], written) from None
            time.sleep(PAUSE)
    try:
        connection.sendall(as_bytes(hello(cluster, job), {}))
        connection.settimeout(max(1.0, deadline - time.monotonic() + HELLO_SECONDS))
        answer, _ = read_message(connection)
        if "error" not in answer:
            return Line(connection, cluster.name(0))
    except (OSError, ValueError, LineClosed):
        connection.close()
        if time.monotonic() > deadline:
            raise missing(cluster, [0], written) from None
        message = f"{cluster.name(0)} has ended before all had come"
        raise ResourceError(message, hint="start the same command on every machine", kind="worker_lost") from None
    connection.close()
    raise told(answer)


def told(answer: Mapping[str, Any]) -> DlcliError:
    """The error that the chief has told."""
    kinds = {each.code: each for each in (ConflictError, ResourceError)}
    return kinds.get(answer["code"], ResourceError)(answer["error"], kind=answer["kind"], hint=answer["hint"])
