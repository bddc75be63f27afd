"""Serves a board on this machine alone, until Ctrl-C, a signal or a time limit ends it."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from dlcli.actions.board.app import Board, board_app
from dlcli.actions.board.folders import page_folder
from dlcli.actions.board.guard import Guard
from dlcli.actions.board.made import MadePages
from dlcli.actions.board.watched import WatchedRuns
from dlcli.actions.listening import bound_socket
from dlcli.errors import UsageError
from dlcli.extras import need
from dlcli.signals import ENDING, heard
from dlcli.view.board import BoardAddress

TOKEN_BYTES = 24
PATIENCE = 1  # unseen: time alone
"""Seconds that answers on their way have when the board ends."""


def serve_board(
    root: Path, *, port: int, allow_code: bool, seconds: float | None, tell: Callable[[BoardAddress], None]
) -> None:
    """Serves the runs of a folder; `tell` is given the address once it can be opened. Port 0 takes a free one.

    Raises `DataError` where the packages of the extra are missing, `ResourceError` for a port that is taken.
    """
    if (root / "run.json").exists():
        raise UsageError(
            f"{root} is a run, and the board takes a folder of runs",
            hint=f"dlcli board {root.parent}",
            kind="bad_folder",
        )
    for module in ("starlette", "uvicorn"):
        need(module, extra="serve", use="the board")
    with (
        heard(ENDING, leave),
        bound_socket(port) as listener,
        page_folder() as folder,
    ):
        guard = Guard(listener.getsockname()[1], secrets.token_urlsafe(TOKEN_BYTES))
        told = BoardAddress(guard.address, guard.port, str(root))
        asyncio.run(served(root, folder, guard, listener, allow_code, seconds, lambda: tell(told)))


def leave(number: int, frame: FrameType | None) -> None:
    """Ends the process as an error does, where a signal would kill it: what it began is ended and cleared away."""
    raise SystemExit(128 + number)


async def served(
    root: Path,
    folder: Path,
    guard: Guard,
    listener: socket.socket,
    allow_code: bool,
    seconds: float | None,
    tell: Callable[[], None],
) -> None:
    """Answers until it is ended."""
    import uvicorn

    made = MadePages(folder, allow_code=allow_code)
    app = board_app(Board(WatchedRuns(root), made), guard)
    config = uvicorn.Config(
        app,
        log_config=None,  # the logging of the process is not the board's: setting it up closes what others write to
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
        ws="none",
        lifespan="off",
    )
    server = uvicorn.Server(config)
    if seconds is not None:
        asyncio.get_running_loop().call_later(seconds, setattr, server, "should_exit", True)
    tell()
    try:
        await server.serve(sockets=[listener])
    finally:
        await made.stop()
