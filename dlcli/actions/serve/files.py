"""Files that came with a request: written where nobody else looks, answered as those of a folder are, and removed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePath

from dlcli.actions.answered.predictor import Predictions
from dlcli.actions.serve.loaded import Answer, LoadedRun
from dlcli.data.sources.folders.file_source import FileSource
from dlcli.errors import DataError, DlcliError

FILE = "file"
"""The column that names the file of a sample."""


def answered_files(loaded: LoadedRun, files: Sequence[tuple[str, bytes]]) -> Answer:
    """The answers to files, in their order, each with its name. Raises `DataError` for what the run cannot read."""
    source = loaded.trained.config.data.source
    inside = source.inside if isinstance(source, FileSource) else ()
    names = [name for name, _ in files]
    odd = next((name for name in names if PurePath(name).suffix.lower() not in inside), None)
    if odd is not None:
        known = ", ".join(inside)
        takes = f"files that end in {known}" if inside else "rows: send JSON, or a file of csv or jsonl"
        raise DataError(
            f"'{odd}' is none of the files that the run reads", hint=f"it takes {takes}", kind="unknown_form"
        )
    with tempfile.TemporaryDirectory(prefix="dlcli-files-") as folder:
        for number, (name, content) in enumerate(files):
            # The names of others never become paths; the number keeps their order.
            (Path(folder) / f"{number:06d}{PurePath(name).suffix.lower()}").write_bytes(content)
        try:
            told = loaded.of_path(Path(folder))
        except DlcliError as error:
            raise with_own_names(error, folder, names) from None
    return loaded.answer(named(told, names), told.unlike)


def named(told: Predictions, names: Sequence[str]) -> list[dict[str, object]]:
    """The predictions, each beside the name under which its file came."""
    rows = told.rows()
    return [{**row, FILE: name} for row, name in zip(rows, names, strict=False)] if len(rows) == len(names) else rows


def with_own_names(error: DlcliError, folder: str, names: Sequence[str]) -> DlcliError:
    """The error with the names under which files came in place of those that they had here."""
    message, hint, file = error.message, error.hint or "", error.file or ""
    for number, name in enumerate(names):
        written = f"{number:06d}{PurePath(name).suffix.lower()}"
        for path in (f"{folder}/{written}", written):
            message, hint, file = (text.replace(path, name) for text in (message, hint, file))
    message, hint = message.replace(folder, "the request"), hint.replace(folder, "the request")
    return DataError(
        message, kind=error.kind, hint=hint or None, file=file.replace(folder, "the request") or None, line=error.line
    )
