"""Predictions as files: csv, JSON lines, NumPy archives and Parquet, whole or not at all."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.answered.columns import Columns
from dlcli.actions.answered.predictor import Predictions, joined, plain_values
from dlcli.errors import UsageError
from dlcli.runs.atomic import check_output_place, sweep_file, write_output_parts

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


def holds_arrays(output: str) -> bool:
    """Whether a file of this name holds arrays of more axes than a table."""
    return Path(output).suffix.lower() == ".npz"


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


def write_predictions(parts: Iterable[Predictions], path: Path, *, safe: bool = False) -> None:
    """Writes the predictions in the form that the ending of the file names, whole or not at all; `safe` is of a csv."""
    check_form(path)
    sweep_file(path)
    pieces = csv_parts(parts, safe=safe) if safe else WRITERS[path.suffix.lower()](parts)
    write_output_parts(path, pieces)


def csv_parts(parts: Iterable[Predictions], *, safe: bool = False) -> Iterator[bytes]:
    """Comma-separated values in UTF-8, the header in the first part."""
    for number, part in enumerate(parts):
        yield as_csv(part, safe=safe, header=number == 0)


def as_csv(predictions: Predictions, *, safe: bool = False, header: bool = True) -> bytes:
    """Comma-separated values in UTF-8; numbers with all their digits, what is said at each place as a list in JSON. `safe` keeps
    a spreadsheet from running a text.
    """
    import csv

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    columns = [[*map(as_cell, plain_values(values))] for values in predictions.columns.values()]
    if safe:
        columns = [[*map(as_text, values)] for values in columns]
    if header:
        writer.writerow(map(as_text, predictions.columns) if safe else predictions.columns)
    writer.writerows(zip(*columns, strict=True))
    return buffer.getvalue().encode()


def as_cell(value: Any) -> Any:
    """The value; a list as JSON has it, in which null stands for what is no number."""
    return json.dumps(without_infinite(value), ensure_ascii=False) if isinstance(value, list) else value


def without_infinite(value: Any) -> Any:
    """A list, in which None stands for what is no finite number."""
    if isinstance(value, list):
        return [*map(without_infinite, value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value


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


def json_parts(parts: Iterable[Predictions]) -> Iterator[bytes]:
    """One JSON object a line, part after part."""
    return map(as_json_lines, parts)


def npz_parts(parts: Iterable[Predictions]) -> Iterator[bytes]:
    """A NumPy archive of all parts, which are in memory together: it says first how long its arrays are."""
    yield as_npz(joined(list(parts)))


def as_npz(predictions: Predictions) -> bytes:
    """A NumPy archive with an array for each column, none of what stands in one of more axes already.

    Names of classes are text of fixed width. At each place labels stand that are whole numbers; of others indices, and in the
    array NAME_classes the names that these stand for.
    """
    import numpy as np

    buffer, arrays = io.BytesIO(), dict(predictions.arrays)
    held = {f"{name} {unit}" for name, each in arrays.items() if each.ndim == 2 for unit in range(each.shape[1])}
    columns = {name: each for name, each in predictions.columns.items() if name not in held}
    classes = {f"{name}_classes": np.array(names) for name, names in predictions.classes.items()}
    # Not np.savez, which takes the arrays as arguments and so none that is called `file`, as a column of predictions is.
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, values in (as_arrays(columns | arrays) | classes).items():
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


class Drained(io.RawIOBase):
    """What a writer has written since it was last asked."""

    def __init__(self) -> None:
        self.pieces, self.place = list[bytes](), 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        self.place += len(data)
        return len(data)

    def drain(self) -> bytes:
        """All of it, which is forgotten."""
        content = b"".join(self.pieces)
        self.pieces.clear()
        return content


def parquet_parts(parts: Iterable[Predictions]) -> Iterator[bytes]:
    """A Parquet file, a group of rows a part; the types are those of the first."""
    import pyarrow
    import pyarrow.parquet

    sink, writer = Drained(), None
    for part in parts:
        values = {name: each.tolist() for name, each in part.columns.items()}
        table = pyarrow.table(values, schema=None if writer is None else writer.schema)
        if writer is None:
            writer = pyarrow.parquet.ParquetWriter(sink, typed_schema(table.schema))
        writer.write_table(table.cast(writer.schema))
        yield sink.drain()
    if writer is not None:
        writer.close()
        yield sink.drain()


def typed_schema(schema: Any) -> Any:
    """The types of columns; one of which every cell of the first part is empty may hold numbers."""
    import pyarrow

    fields = [each.with_type(pyarrow.float64()) if pyarrow.types.is_null(each.type) else each for each in schema]
    return pyarrow.schema(fields)


WRITERS: dict[str, Callable[[Iterable[Predictions]], Iterator[bytes]]] = {
    ".csv": csv_parts,
    ".jsonl": json_parts,
    ".npz": npz_parts,
    ".parquet": parquet_parts,
}
