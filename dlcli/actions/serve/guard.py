"""Who may ask a server: on this machine everybody but other pages in a browser; from elsewhere whoever has the token.

A page of another site that is open in the same browser could send requests to any port of this machine, and by a name that
leads here (DNS rebinding) read the answers: so on loopback the host has to be ours, and no other page may have asked.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING

from dlcli.actions.listening import OURS, is_loopback
from dlcli.actions.serve.limits import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

OPEN = frozenset({"/health"})
"""What tells nothing and may be asked by everybody who reaches it."""


@dataclass(frozen=True)
class ServeGuard:
    """What a request is asked for."""

    host: str
    port: int
    token: str | None

    @property
    def cookie(self) -> str:
        """The name of the cookie: cookies are of a host, whatever the port, and there may be several servers."""
        return f"dlcli-serve-{self.port}"

    @cached_property
    def is_alone(self) -> bool:
        """Whether it listens to this machine alone."""
        return is_loopback(self.host)

    def check(self, request: Request) -> None:
        """Raises `Refusal` for a request that is not answered."""
        headers = request.headers
        asked = headers.get("host", "")
        if self.is_alone and asked not in self.names:
            raise Refusal(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this server is for this machine alone",
                word="other_host",
                hint="dlcli serve RUN --host 0.0.0.0 --token T serves others",
            )
        origin = headers.get("origin")
        if headers.get("sec-fetch-site", "none") not in OURS or (
            origin is not None and origin.partition("://")[2] != asked
        ):
            raise Refusal(
                HTTPStatus.FORBIDDEN, "another page asked", word="other_page", hint="open the page of the server"
            )
        if self.token is not None and request.url.path not in OPEN and not self.knows(request):
            raise Refusal(
                HTTPStatus.UNAUTHORIZED,
                "the token is missing or wrong",
                word="no_token",
                hint="send the header Authorization: Bearer TOKEN, or open /?token=TOKEN",
            )

    @cached_property
    def names(self) -> frozenset[str]:
        """The names by which a server of this machine alone may be called."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset({f"{host}:{self.port}", f"localhost:{self.port}", f"127.0.0.1:{self.port}"})

    def knows(self, request: Request) -> bool:
        """Whether a request carries the token: in its header, in its address, or in a cookie that the address has given."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        written = given.strip() if scheme.lower() == "bearer" else ""
        found = [written, request.query_params.get("token", ""), request.cookies.get(self.cookie, "")]
        wanted = (self.token or "").encode()
        return any(secrets.compare_digest(each.encode(), wanted) for each in found if each)
