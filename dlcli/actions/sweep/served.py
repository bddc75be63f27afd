"""The journal of a search for other machines: a server that they ask in its place."""

from __future__ import annotations

import socket
from collections.abc import Callable

from dlcli.actions.sweep.storage import HOST, JOURNAL, LOCAL, PORT, Place, journal, optuna_without_words
from dlcli.errors import ResourceError, UsageError
from dlcli.extras import need
from dlcli.runs.groups import Group


def serve_trials(group: Group, storage: str | None, place: Place, noted: Callable[[str], None]) -> None:
    """Answers at an address until the process ends; all that it is told stands in the journal of the group at once.

    Raises `UsageError` for what is no address, and `ResourceError` for one that cannot be had.
    """
    if storage is not None and place.kind != "grpc":
        hint = f"write --storage grpc://{HOST}:{PORT}, or nothing for this"
        raise UsageError("a server answers at an address", hint=hint, kind="unfit_storage")
    host, port = (HOST, PORT) if storage is None else (place.host, place.port)
    need("grpc", extra="sweep", use="a server of trials")
    optuna = optuna_without_words()
    check_free(host, port)
    kept = optuna.storages.JournalStorage(journal(Place("journal", group.path / JOURNAL)))
    noted(
        f"note: serving the trials of '{group.name}' at grpc://{host}:{port}; Ctrl-C ends it, and the same command goes on"
    )
    if host not in LOCAL:
        noted(
            "warning: who reaches this address can read and change the trials: no password is asked for, nothing is encrypted"
        )
    optuna.storages.run_grpc_proxy_server(kept, host=host, port=port)


def check_free(host: str, port: int) -> None:
    """Raises `ResourceError` where an address cannot be had: a server of gRPC would share one that another has."""
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        message = f"grpc://{host}:{port} cannot be served: {error.strerror or error}"
        hint = "choose another with --storage grpc://HOST:PORT"
        raise ResourceError(message, hint=hint, kind="port_taken") from None
