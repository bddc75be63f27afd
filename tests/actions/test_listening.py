"""A server that ended a moment ago leaves its port to the next one, and what it answers leaves at once."""

from __future__ import annotations

import asyncio
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


def waits(listener: socket.socket) -> bool:
    """Whether what asyncio sends by a connection of this socket waits for a receipt of what was sent before."""

    async def connected() -> bool:
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            taken = writer.get_extra_info("socket")
            told.set_result(not taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(take, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            answer = await told
            writer.close()
            return answer

    return asyncio.run(connected())


def test_what_is_answered_leaves_at_once() -> None:
    assert not waits(bound_socket(0))
    other = socket.socket(socket.AF_INET, socket.SOCK_STREAM)  # its protocol is left open, so asyncio leaves it alone
    other.bind(("127.0.0.1", 0))
    assert waits(other)
