"""Who may ask the board: a browser that came by the address with the token, on this machine, from no other page.

Another page in the same browser could send requests here too (to any port of this machine), and by a name that leads here
(DNS rebinding) even read the answers. So the host must be ours by its number or as localhost, no other page may have sent the
request, and each carries a secret: the token of the address, or after it a cookie that no script reads.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from dlcli.actions.listening import HOST, OURS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Guard:
    """What a request is asked for."""

    port: int
    token: str

    @property
    def cookie(self) -> str:
        """The name of the cookie: cookies are of a host, whatever the port, and there may be several boards."""
        return f"dlcli-board-{self.port}"

    @property
    def address(self) -> str:
        """The address that a person opens."""
        return f"http://{HOST}:{self.port}/?{urlencode({'token': self.token})}"

    @property
    def hosts(self) -> frozenset[str]:
        """The names by which this server may be called."""
        return frozenset({f"{HOST}:{self.port}", f"localhost:{self.port}"})

    def refusal(self, request: Request) -> tuple[int, str] | None:
        """Why a request is refused, with its status; None where it is answered."""
        headers = request.headers
        if headers.get("host", "") not in self.hosts:
            return HTTPStatus.MISDIRECTED_REQUEST, "this board is on this machine alone"
        if request.method not in READING:
            return HTTPStatus.METHOD_NOT_ALLOWED, "this board can be read, and nothing else"
        origin = headers.get("origin")
        if headers.get("sec-fetch-site", "none") not in OURS or (
            origin is not None and origin.removeprefix("http://") not in self.hosts
        ):
            return HTTPStatus.FORBIDDEN, "another page asked: open the address that dlcli board prints by itself"
        if not self.knows(request.cookies.get(self.cookie, "")) and not self.knows(token_of(request)):
            return HTTPStatus.FORBIDDEN, "the token is missing or wrong: open the address that dlcli board prints"
        return None

    def knows(self, secret: str) -> bool:
        """Whether this is the token, compared in a time that says nothing of how much of it is right."""
        return secrets.compare_digest(secret.encode(), self.token.encode())

    def let_in(self, request: Request) -> Response | None:
        """The answer to who came by the address: a cookie, and the same address without the token. None of all others."""
        from starlette.responses import RedirectResponse

        if not self.knows(token_of(request)):
            return None
        rest = urlencode([pair for pair in parse_qsl(request.url.query) if pair[0] != "token"])
        answer = RedirectResponse(f"{request.url.path}{'?' if rest else ''}{rest}", status_code=HTTPStatus.SEE_OTHER)
        answer.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        return answer


def token_of(request: Request) -> str:
    """The token that an address carries."""
    return request.query_params.get("token", "")
