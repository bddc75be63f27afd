"""What a server takes on: how large, how many and how long; and the refusal of what is more."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Limits:
    """The bounds of a server."""

    body: int = 32 << 20
    """Bytes of a request."""
    rows: int = 10_000
    """Rows of a request."""
    waiting: int = 50_000
    """Rows of all requests that wait together."""
    seconds: float = 30.0
    """For which a request waits for its answer."""
    together: int = 1024  # unseen: time alone
    """Rows that are answered together where as many wait."""


class Refusal(Exception):
    """A request that is not answered, with its status and what to do."""

    def __init__(
        self, status: HTTPStatus, message: str, *, word: str, hint: str | None = None, method: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.word, self.hint = status, message, word, hint
        self.method = method
        """The one that the address is asked with."""
