"""Text and paths of a configuration: in one Unicode form, relative to the file that holds them."""

from __future__ import annotations

import contextlib
import unicodedata
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator


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


def absolute_path(value: Any) -> Any:
    """Makes a path of the configuration absolute, relative to the file that holds it (not the working directory)."""
    if not isinstance(value, str):
        return value
    path = Path(getattr(value, "written", value))
    # A path of somebody without a home stays as it is; reading it will say that there is nothing.
    with contextlib.suppress(RuntimeError):
        path = path.expanduser()
    return str(getattr(value, "folder", Path.cwd()) / path)


DataPath = Annotated[str, BeforeValidator(absolute_path)]
"""A path to data, absolute after loading; may hold a glob."""
