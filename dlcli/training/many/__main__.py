"""The program of the fork server: Python's own imports it as a module, once, before it forks."""

from __future__ import annotations

import atexit
import os

from dlcli.training.many.warm import warm_up


def leave_at_once(server: int) -> None:
    """Ends the server, and no fork: to take TensorFlow down takes long, and a reader of the command waits for the end of its
    output."""
    if os.getpid() == server:
        os._exit(0)


atexit.register(leave_at_once, os.getpid())
warm_up()
