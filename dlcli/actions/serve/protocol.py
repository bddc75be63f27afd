"""What talks with one who has connected: uvicorn's own, with limits on the head of a request, and every refusal as JSON."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

MOST_HEAD = 1 << 16
"""Bytes that the head of a request may have."""
HEAD_SECONDS = 20.0
"""For which the head of a request is waited for."""
if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
else:
    HttpToolsProtocol = object  # it is of an extra, and comes in when something is served


def careful_protocol() -> Any:
    """The class that uvicorn makes one of for each connection."""
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    return type("CarefulProtocol", (Careful, HttpToolsProtocol), {})


class Careful(HttpToolsProtocol):
    """A head may be neither too long nor too late, which uvicorn does not mind; who says that nothing more will come, and has
    said all, is answered.
    """

    head = 0
    in_head, in_message = True, False
    late: Any = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self.late.cancel()
        super().connection_lost(exc)

    def wait_for_head(self) -> None:
        """Gives the next head its time."""
        self.in_head, self.head = True, 0
        if self.late is not None:
            self.late.cancel()
        self.late = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def on_message_begin(self) -> None:
        self.in_message = True
        self.wait_for_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.in_head = False
        self.late.cancel()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.in_message = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.in_head and self.in_message and not self.transport.is_closing():
            self.head += len(data)
            if self.head > MOST_HEAD:
                told = f"the head of a request may have {MOST_HEAD:,} bytes"
                self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too_large", told)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        pending = self.cycle is not None and not self.cycle.response_complete and not self.in_message
        if pending:
            self.cycle.keep_alive = False
        return pending or None

    def send_400_response(self, msg: str) -> None:
        self.refuse(HTTPStatus.BAD_REQUEST, "bad_request", "the request is no HTTP")

    def refuse(self, status: HTTPStatus, word: str, message: str) -> None:
        """Answers what never came to the application, and ends the connection."""
        body = json.dumps({"error": {"kind": word, "message": message, "hint": None}}).encode()
        head = f"HTTP/1.1 {int(status)} {status.phrase}\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()
