"""Files that came with a request: written where nobody else looks, answered as those of a folder are, and removed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from dlcli.actions.answered.out_of_sight import out_of_sight
from dlcli.actions.answered.predictor import Predictions
from dlcli.actions.serve.loaded import PLACE, Answer, LoadedRun
from dlcli.data.sources.folders.file_source import FileSource
from dlcli.errors import DataError

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
    # The names of others never become paths; the number keeps their order.
    written = {f"{number:06d}{PurePath(name).suffix.lower()}": name for number, name in enumerate(names)}
    with out_of_sight(written, whole=PLACE.file) as folder:
        for place, (_, content) in zip(written, files, strict=True):
            (folder / place).write_bytes(content)
        told = loaded.of_path(folder)
    return loaded.answer(named(told, names), told.unlike)


def named(told: Predictions, names: Sequence[str]) -> list[dict[str, object]]:
    """The predictions, each beside the name under which its file came."""
    rows = told.rows()
    return [{**row, FILE: name} for row, name in zip(rows, names, strict=False)] if len(rows) == len(names) else rows
