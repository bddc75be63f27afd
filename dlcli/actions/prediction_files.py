"""Predictions as files: csv, JSON lines, NumPy archives and Parquet, whole or not at all."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.predict import Columns, Predictions, plain_values
from dlcli.errors import UsageError
from dlcli.runs.atomic import check_output_place, sweep_file, write_output

if TYPE_CHECKING:
    import numpy as np


def check_safe(path: Path | None) -> None:
    """Raises `UsageError` for a file that `--safe-csv` says nothing of."""
    if path is not None and path.suffix.lower() != ".csv":
        raise UsageError(
            f"--safe-csv is for csv, and '{path.name}' is none", hint="leave it out", kind="option_without_effect"
        )


def check_form(path: Path) -> None:
    """Raises `UsageError` for a file whose ending names no form."""
    if path.suffix.lower() not in WRITERS:
        raise UsageError(
            f"cannot tell from '{path.name}' in what form to write",
            hint=f"endings: {', '.join(WRITERS)}",
            kind="unknown_form",
        )


def check_output(path: Path, data: str) -> None:
    """Raises `UsageError` for a file whose ending names no form, or that is itself what is predicted for: it would be lost.

    And `ResourceError` for a place that cannot be written.
    """
    check_form(path)
    check_output_place(path)
    with suppress(OSError):
        if path.samefile(data):
            raise UsageError(
                f"'{path}' is the data that is predicted for", hint="write to another file", kind="overwrites_its_input"
            )


def write_predictions(predictions: Predictions, path: Path, *, safe: bool = False) -> None:
    """Writes the predictions in the form that the ending of the file names, whole or not at all; `safe` is of a csv."""
    check_form(path)
    sweep_file(path)
    content = as_csv(predictions, safe=safe) if safe else WRITERS[path.suffix.lower()](predictions)
    write_output(path, content)


def as_csv(predictions: Predictions, *, safe: bool = False) -> bytes:
    """Comma-separated values in UTF-8; numbers with all their digits. `safe` keeps a spreadsheet from running a text."""
    import csv

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    shown = as_text if safe else lambda value: value
    writer.writerow(map(shown, predictions.columns))
    for row in zip(*(plain_values(values) for values in predictions.columns.values()), strict=True):
        writer.writerow(map(shown, row))
    return buffer.getvalue().encode()


def as_text(value: Any) -> Any:
    """The value, with an apostrophe before a text that a spreadsheet would take for a formula; what is a number stays."""
    if not isinstance(value, str) or not value.lstrip(" ").startswith(FORMULA):
        return value
    with suppress(ValueError):
        float(value)
        return value
    return f"'{value}"


FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with; the last four are the wide forms of the first."""


def as_json_lines(predictions: Predictions) -> bytes:
    """One JSON object a line."""
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in predictions.rows()).encode()


def as_npz(predictions: Predictions) -> bytes:
    """A NumPy archive with an array for each column; names of classes as text of fixed width, at each place as indices."""
    import numpy as np

    buffer = io.BytesIO()
    # Not np.savez, which takes the arrays as arguments and so none that is called `file`, as a column of predictions is.
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, values in as_arrays(predictions.columns | dict(predictions.arrays)).items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.save(member, values, allow_pickle=False)
    return buffer.getvalue()


def of_one_type(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A column (samples, …) as NumPy stores it without pickle: of objects numbers with NaN for None, or text with nothing."""
    import numpy as np

    if values.dtype != object:
        return values
    if any(isinstance(each, str) for each in values.ravel().tolist()):
        return np.where(values == None, "", values).astype(str)  # noqa: E711 (of each element)
    return values.astype(float)


def as_arrays(columns: Columns) -> Columns:
    """Columns as arrays without objects: text of fixed width, and of lists of unequal length their values and lengths."""
    import numpy as np

    found = Columns()
    for name, values in columns.items():
        lists = [each for each in values if isinstance(each, list)] if values.dtype == object else []
        if lists:
            found[f"{name}_values"] = np.concatenate([np.asarray(each) for each in lists])
            found[f"{name}_lengths"] = np.array([len(each or ()) for each in values])
        else:
            found[name] = of_one_type(values)
    return found


def as_parquet(predictions: Predictions) -> bytes:
    """A Parquet file."""
    import pyarrow
    import pyarrow.parquet

    buffer = io.BytesIO()
    pyarrow.parquet.write_table(
        pyarrow.table({name: values.tolist() for name, values in predictions.columns.items()}), buffer
    )
    return buffer.getvalue()


WRITERS: dict[str, Callable[[Predictions], bytes]] = {
    ".csv": as_csv,
    ".jsonl": as_json_lines,
    ".npz": as_npz,
    ".parquet": as_parquet,
}
