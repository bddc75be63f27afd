"""The program of the fork server: Python's own imports it as a module, once, before it forks."""

from __future__ import annotations

import atexit
import os
import shutil

from dlcli.training.many.processes import SOCKETS
from dlcli.training.many.warm import warm_up


def leave_at_once(server: int, sockets: str | None) -> None:
    """Ends the server, and no fork: to take TensorFlow down takes long, and a reader of the command waits for the end of its
    output. Who began it may have been killed, so that the folder of the sockets is there still."""
    if os.getpid() == server:
        if sockets is not None:
            shutil.rmtree(sockets, ignore_errors=True)
        os._exit(0)


atexit.register(leave_at_once, os.getpid(), os.environ.pop(SOCKETS, None))
warm_up()
