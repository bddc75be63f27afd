"""Predict: what a run's model says of raw rows without targets."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data.prepare import prepare
from dlcli.errors import UsageError
from dlcli.results.answers import class_answers
from dlcli.results.recorded import encoded, read_raw, recorded_config
from dlcli.runs import Run
from dlcli.runs.atomic import write_bytes
from dlcli.training.backend import chatter_to, start_keras
from dlcli.training.engine import Measure
from dlcli.training.model_folder import load_model, load_schema

if TYPE_CHECKING:
    import numpy as np

Columns = dict[str, "np.ndarray[Any, Any]"]


@dataclass(frozen=True)
class Predictions:
    """Predictions as columns (samples,): the answer first, then the probability of each class."""

    run: str
    samples: int
    columns: Columns
    notes: list[str]

    def rows(self) -> list[dict[str, Any]]:
        """One mapping a sample."""
        lists = {name: values.tolist() for name, values in self.columns.items()}
        return [{name: values[row] for name, values in lists.items()} for row in range(self.samples)]


def predict(run: Run, data: str) -> Predictions:
    """The predictions for all rows of a file. Raises `ArtifactError` and `DataError`."""
    config = recorded_config(run)
    schema = load_schema(run)
    fields = read_raw(config, schema, data)
    samples, notes = encoded(fields, schema, with_target=False)
    with chatter_to(run.log if run.log.exists() else None):
        start_keras(seed=config.seed, precision=config.train.precision)
        saved = load_model(run)
        output = Measure(saved.model).predict(prepare(saved.preparation, samples.inputs))
    return Predictions(
        run.name, len(samples), columns_of(output, config.loss, schema.target.name, schema.target.classes), notes
    )


def columns_of(output: np.ndarray[Any, Any], loss: Any, target: str, classes: list[str] | None) -> Columns:
    """The output as named columns."""
    import numpy as np

    answers = class_answers(output, loss, classes=len(classes)) if classes else None
    if answers is not None and classes is not None:
        columns: Columns = {target: np.array(classes, dtype=object)[answers[0]]}
        columns |= {f"probability {name}": answers[1][:, index] for index, name in enumerate(classes)}
        return columns
    flat = output.reshape(len(output), -1)
    if flat.shape[1] == 1:
        return {target: flat[:, 0]}
    names = classes if classes and len(classes) == flat.shape[1] else [str(index) for index in range(flat.shape[1])]
    return {f"{target} {name}": flat[:, index] for index, name in enumerate(names)}


def check_form(path: Path) -> None:
    """Raises `UsageError` for a file whose ending names no form."""
    if path.suffix.lower() not in WRITERS:
        raise UsageError(f"cannot tell from '{path.name}' in what form to write", hint=f"endings: {', '.join(WRITERS)}")


def write_predictions(predictions: Predictions, path: Path) -> None:
    """Writes the predictions in the form that the ending of the file names, whole or not at all."""
    check_form(path)
    write_bytes(path, WRITERS[path.suffix.lower()](predictions))


def as_csv(predictions: Predictions) -> bytes:
    """Comma-separated values in UTF-8; numbers with all their digits."""
    import csv

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(predictions.columns)
    writer.writerows(zip(*(values.tolist() for values in predictions.columns.values()), strict=True))
    return buffer.getvalue().encode()


def as_json_lines(predictions: Predictions) -> bytes:
    """One JSON object a line."""
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in predictions.rows()).encode()


def as_npz(predictions: Predictions) -> bytes:
    """A NumPy archive with an array for each column; names of classes as text of fixed width."""
    import numpy as np

    buffer = io.BytesIO()
    arrays = {
        name: values.astype(str) if values.dtype == object else values for name, values in predictions.columns.items()
    }
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


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
