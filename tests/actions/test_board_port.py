"""A board that ended a moment ago leaves its port to the next one."""

from __future__ import annotations

import socket

from dlcli.actions.listening import bound_socket


def test_a_port_can_be_taken_again_at_once() -> None:
    first = bound_socket(0)
    port = first.getsockname()[1]
    first.listen()
    client = socket.create_connection(("127.0.0.1", port))
    served, _ = first.accept()
    served.close()  # the side that closes first keeps the connection for a while
    first.close()
    again = bound_socket(port)
    assert again.getsockname()[1] == port
    again.close()
    client.close()
