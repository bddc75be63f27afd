"""Rows and files that came without a name of their own on this machine, in a folder where nobody else looks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dlcli.errors import DlcliError


@contextmanager
def out_of_sight(names: Mapping[str, str], *, whole: str) -> Iterator[Path]:
    """A folder for files, gone afterwards; errors call each by the name that it is known by, and the folder the `whole`."""
    with tempfile.TemporaryDirectory(prefix="dlcli-rows-") as folder:
        told = {f"{folder}/{written}": name for written, name in names.items()} | {**names, folder: whole}
        try:
            yield Path(folder)
        except DlcliError as error:
            for path, name in told.items():
                error.message = error.message.replace(path, name)
                error.hint = error.hint and error.hint.replace(path, name)
                error.file = error.file and error.file.replace(path, name)
            raise
