"""Serves a run until a signal or a time limit ends it; requests that are under way then are answered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dlcli.actions.listening import bound_socket, is_loopback
from dlcli.actions.serve.app import Application, Server
from dlcli.actions.serve.guard import ServeGuard
from dlcli.actions.serve.limits import Limits
from dlcli.actions.serve.loaded import LoadedRun
from dlcli.actions.serve.protocol import careful_protocol
from dlcli.errors import UsageError
from dlcli.extras import need
from dlcli.runs import Run
from dlcli.signals import WATCHED, heard
from dlcli.view.serve import ServedAt

DRAIN = 0.5  # unseen: time alone
"""Seconds in which a server that ends still takes requests, and then those in which who has connected sends them."""
PATIENCE = 30
"""Seconds that requests under way have then."""
BACKLOG = 2048


def serve_run(
    run: Run,
    *,
    host: str,
    port: int,
    token: str | None,
    limits: Limits,
    allow_code: bool,
    seconds: float | None,
    tell: Callable[[ServedAt], None],
    say: Callable[[str], None],
) -> None:
    """Serves a run; `tell` is given the address once it answers, `say` what happens later. Port 0 takes a free one.

    Raises `DataError` where the packages of the extra are missing, `UsageError` for other hosts without a token, `ArtifactError`
    for a run without a model, `ResourceError` for a port that is taken.
    """
    if token is not None and not token.strip():
        raise UsageError("the token is empty, and no request could carry it", hint="--token T", kind="empty_token")
    if not is_loopback(host) and token is None:
        raise UsageError(
            f"{host} lets other machines ask, and whoever reaches it could",
            hint="write --token too, a long secret that they send",
            kind="host_without_token",
        )
    for module in ("starlette", "uvicorn", "httptools", "python_multipart"):
        need(module, extra="serve", use="serving a run")
    with contextlib.closing(bound_socket(port, host, backlog=BACKLOG)) as listener:
        guard = ServeGuard(host, int(listener.getsockname()[1]), token)
        loaded = LoadedRun(run, allow_code=allow_code)
        server = Server(loaded, guard, limits, say)
        told = ServedAt(address_of(guard), guard.port, run.name)
        asyncio.run(served(server, listener, seconds, lambda: tell(told)))


def address_of(guard: ServeGuard) -> str:
    """The address that a person opens."""
    host = f"[{guard.host}]" if ":" in guard.host else guard.host
    return f"http://{host}:{guard.port}/"


async def served(server: Server, listener: socket.socket, seconds: float | None, tell: Callable[[], None]) -> None:
    """Answers until it is ended."""
    import uvicorn

    config = uvicorn.Config(
        Application(server),
        http=careful_protocol(),
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
        timeout_keep_alive=75,
        ws="none",
        lifespan="off",
    )
    running = uvicorn.Server(config)
    loop = asyncio.get_running_loop()
    received, tasks = list[int](), list[asyncio.Task[None]]()

    def end(number: int | None = None) -> None:
        if number is not None:
            received.append(number)
        if server.ending:
            running.should_exit = running.force_exit = True
            return
        server.ending = True
        tasks.append(loop.create_task(drain(running, listener)))

    if seconds is not None:
        loop.call_later(seconds, end)
    tasks.append(loop.create_task(server.watch()))
    with (
        heard(WATCHED, lambda number, frame: loop.call_soon_threadsafe(end, number)),
        no_handlers_of(running),
    ):
        tell()
        await running.serve(sockets=[listener])
    for task in tasks:
        task.cancel()
    server.worker.shutdown(wait=True)
    if received:
        raise SystemExit(128 + received[0])


async def drain(running: Any, listener: socket.socket) -> None:
    """Ends a server: for a moment it still takes requests, and asks whoever sends them to connect anew; then it no longer
    listens, and whoever has connected by then is answered.
    """
    loop = asyncio.get_running_loop()
    await asyncio.sleep(DRAIN)
    last = list[socket.socket]()
    # A socket that is closed drops who has connected and was not taken yet: all of these are taken just before.
    with contextlib.suppress(BlockingIOError):
        while True:
            last.append(listener.accept()[0])
    for each in running.servers:
        each.close()
    for connection in last:
        await loop.connect_accepted_socket(lambda: protocol_of(running), connection)
    await asyncio.sleep(DRAIN)
    running.should_exit = True


def protocol_of(running: Any) -> Any:
    """What talks with one who has connected, as uvicorn makes it."""
    return running.config.http_protocol_class(
        config=running.config, server_state=running.server_state, app_state=running.lifespan.state
    )


@contextmanager
def no_handlers_of(running: Any) -> Iterator[None]:
    """While it is open, uvicorn leaves the signals to us: its own would stop listening before anybody was told."""
    running.capture_signals = contextlib.nullcontext
    yield
