"""Text and paths of a configuration: in one Unicode form, relative to the file that holds them."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from pathlib import Path, PurePath
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from dlcli.spec.mistake import Mistake, fail


class Text(str):
    """A string of a configuration in Unicode's composed form, so that two spellings of one Korean name are one.

    As a path it is taken as it was `written`, relative to `folder`.
    """

    folder: Path
    written: str

    def __new__(cls, value: str, folder: Path) -> Text:
        text = super().__new__(cls, unicodedata.normalize("NFC", value))
        text.folder, text.written = folder, value
        return text

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """A copy is plain text: only what stands in the file itself has a folder."""
        return str, (str(self),)


ADDRESS = re.compile(r"(https?|s3|gs)://", re.IGNORECASE)


def is_address(path: str) -> bool:
    """Whether a path says where on the net data lies: it begins with `https://`, `s3://` or `gs://`."""
    return ADDRESS.match(path) is not None


def ending_of(path: str) -> str:
    """The ending of a path or an address, in small letters: `.csv`."""
    return PurePath(urlsplit(path).path if is_address(path) else path).suffix.lower()


def absolute_path(value: Any) -> Any:
    """Makes a path of the configuration absolute, relative to the file that holds it (not the working directory)."""
    if not isinstance(value, str):
        return value
    path = Path(getattr(value, "written", value))
    # A path of somebody without a home stays as it is; reading it will say that there is nothing.
    with contextlib.suppress(RuntimeError):
        path = path.expanduser()
    return str(getattr(value, "folder", Path.cwd()) / path)


def checked_address(address: str) -> str:
    """An address that may stand in a run. Raises `ValidationError` for one that holds a password or names no host."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        fail(Mistake(f"'{address}' is no address: {error}", kind="bad_address"))
    if not parts.netloc or (parts.scheme.lower() in {"s3", "gs"} and not parts.path.strip("/")):
        expected = "s3://BUCKET/PATH" if parts.scheme.lower() in {"s3", "gs"} else "https://HOST/PATH"
        fail(Mistake(f"'{address}' is no whole address, expected as {expected}", kind="bad_address"))
    if "@" in parts.netloc:
        fail(
            Mistake(
                "an address with a name or a password would be kept in every run",
                suggestion="leave out what stands before @",
                kind="password_in_address",
            )
        )
    return str(address)


def data_path(value: Any) -> Any:
    """An absolute path, or an address as it is written."""
    return checked_address(value) if isinstance(value, str) and is_address(value) else absolute_path(value)


DataPath = Annotated[str, BeforeValidator(data_path)]
"""A path to data, absolute after loading, or an address; may hold a glob."""
CodePath = Annotated[str, BeforeValidator(absolute_path)]
"""A path to Python, absolute after loading: code is never fetched."""
