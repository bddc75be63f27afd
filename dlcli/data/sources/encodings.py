"""The encodings of text that a configuration can name."""

from __future__ import annotations

import codecs

from dlcli.spec import Mistake, fail


def known_encoding(value: str) -> str:
    """An encoding that Python knows. Raises `ValidationError` for another."""
    try:
        codecs.lookup(value)
        b"a".decode(value)
    except UnicodeDecodeError:
        pass  # half a character of UTF-16
    except (LookupError, ValueError):
        message = f"'encoding' must be one that Python knows, found '{value}'"
        fail(Mistake(message, suggestion="utf-8, cp949, utf-16, latin-1", kind="unknown_encoding"))
    return value
