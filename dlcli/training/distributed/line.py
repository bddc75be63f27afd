"""A line between two workers: messages of plain values and arrays, and word at once when the other end is gone."""

from __future__ import annotations

import contextlib
import io
import json
import queue
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

Arrays: TypeAlias = "Mapping[str, np.ndarray[Any, Any]]"
Message: TypeAlias = "tuple[dict[str, Any], Arrays]"
HEAD = struct.Struct(">IQ")
"""How many bytes of words and of arrays follow."""
MOST_WORDS = 1 << 20
WITNESS = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 4))
"""How the system looks whether a machine that says nothing is there: it is given up after half a minute."""


class LineClosed(Exception):
    """The other end is gone."""


class Line:
    """A connection to another worker, whose `name` is for people.

    Messages are read in a thread, as they come: `heard` is told of each, and of None once the other end is gone. It says
    whether it has dealt with a message, which nobody receives then.
    """

    def __init__(self, connection: socket.socket, name: str) -> None:
        self.connection, self.name, self.closed = connection, name, False
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in WITNESS:
            if hasattr(socket, option):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        self.messages: queue.Queue[Message | None] = queue.Queue()
        self.sending = threading.Lock()

    def listen(self, heard: Callable[[Line, Message | None], bool]) -> None:
        """Begins to read what comes."""

        def read() -> None:
            with contextlib.suppress(OSError, ValueError, LineClosed):
                while True:
                    message = read_message(self.connection)
                    if not heard(self, message):
                        self.messages.put(message)
            heard(self, None)
            self.messages.put(None)

        threading.Thread(target=read, daemon=True, name=self.name).start()

    def send(self, words: Mapping[str, Any], arrays: Arrays | None = None) -> None:
        """Sends a message. Raises `LineClosed`."""
        try:
            with self.sending:
                self.connection.sendall(as_bytes(words, arrays or {}))
        except OSError as error:
            raise LineClosed(self.name) from error

    def receive(self) -> Message:
        """The next message, however long that takes. Raises `LineClosed`."""
        message = self.messages.get()
        if message is None:
            self.messages.put(None)
            raise LineClosed(self.name)
        return message

    def close(self) -> None:
        """Ends the connection on purpose."""
        self.closed = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()


def as_bytes(words: Mapping[str, Any], arrays: Arrays) -> bytes:
    """A message as it is sent."""
    import numpy as np

    text, packed = json.dumps(words).encode(), io.BytesIO()
    if arrays:
        np.savez(packed, allow_pickle=False, **arrays)
    return HEAD.pack(len(text), packed.tell()) + text + packed.getvalue()


def read_message(connection: socket.socket) -> Message:
    """The next message of a connection. Raises `LineClosed` at its end, `ValueError` for what is none."""
    import numpy as np

    words, size = HEAD.unpack(read_bytes(connection, HEAD.size))
    if words > MOST_WORDS:
        raise ValueError("no message")
    tree = json.loads(read_bytes(connection, words))
    if not isinstance(tree, dict):
        raise ValueError("no message")
    if not size:
        return tree, {}
    with np.load(io.BytesIO(read_bytes(connection, size)), allow_pickle=False) as stored:
        return tree, {name: stored[name] for name in stored.files}


def read_bytes(connection: socket.socket, count: int) -> bytes:
    """So many bytes. Raises `LineClosed` where they do not come."""
    parts = bytearray()
    while len(parts) < count:
        part = connection.recv(min(count - len(parts), 1 << 20))
        if not part:
            raise LineClosed
        parts += part
    return bytes(parts)
