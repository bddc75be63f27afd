"""What every server of dlcli stands on: a socket that listens, who is this machine alone, headers."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping

from dlcli.errors import ResourceError

HOST = "127.0.0.1"
OURS = frozenset({"same-origin", "none"})
"""What a browser says of where a request comes from: from our own page, or from a person who gave the address."""
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What each answer tells a browser: nothing of it is kept, framed, or told elsewhere."""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bound_socket(port: int, host: str = HOST, *, backlog: int = 128) -> socket.socket:
    """A socket that listens. Raises `ResourceError` where the port is taken, or the host is not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio asks a socket for its protocol before it sends at once; else each answer waits 40 ms for a receipt of its head.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what was closed just now holds it no longer
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise ResourceError(
            f"cannot listen on {host}, port {port}: {getattr(error, 'strerror', None) or error}",
            hint="write another --port; 0 takes a free one",
            kind="port_taken",
        ) from None
    listener.listen(backlog)
    return listener
