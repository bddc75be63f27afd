"""What a run has recorded, read back: its configuration, its data, its model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.config import Config, load_resolved
from dlcli.data import Dataset, Fields, Samples, Schema
from dlcli.data.fields import Place
from dlcli.data.fingerprint import changed
from dlcli.data.inputs import encode_input
from dlcli.data.sources import from_path
from dlcli.data.sources.csv import Csv
from dlcli.data.sources.npz import check_samples, checked, read_arrays
from dlcli.data.sources.source import Reading
from dlcli.data.target import encode_target
from dlcli.errors import ArtifactError, ConflictError, DataError, UsageError
from dlcli.runs import Run
from dlcli.spec import near
from dlcli.training.experiment import read_data

if TYPE_CHECKING:
    import numpy as np


def recorded_config(run: Run) -> Config:
    """The configuration as it took effect. Raises `ArtifactError` where it is missing or damaged."""
    try:
        tree: Mapping[str, Any] = json.loads(run.resolved.read_bytes())
        return load_resolved(tree)
    except (OSError, ValueError, TypeError) as error:
        raise ArtifactError(
            f"the configuration of '{run.name}' cannot be read: {str(error).splitlines()[0]}", file=run.resolved
        ) from None


def recorded_data(run: Run, config: Config) -> Dataset:
    """The data of a run, split as in training. Raises `ConflictError` if a file is no longer what it was."""
    dataset = read_data(config)
    try:
        recorded = json.loads(run.environment.read_bytes()).get("data", [])
    except (OSError, ValueError, AttributeError):
        raise ArtifactError(f"env.json of '{run.name}' cannot be read", file=run.environment) from None
    others = changed(recorded, dataset.fields.files)
    if others:
        raise ConflictError(
            f"{others[0]} has changed since the training, so its splits would no longer be the same",
            file=others[0],
            hint="name the data to use: --data PATH",
        )
    return dataset


def read_raw(config: Config, schema: Schema, path: str) -> Fields:
    """The rows of a file, read the way the run's own data was: the same separator, decimals, encoding and column kinds."""
    chosen = from_path(path)
    if not isinstance(chosen, dict):
        raise UsageError(f"expected a file, found '{path}'")
    file = str(Path(path).expanduser().absolute())
    if "npz" in chosen:
        return raw_arrays(schema, Path(file))
    source = config.data.source
    reader = source.model_copy(update={"path": file}) if isinstance(source, Csv) else Csv(path=file)
    if Path(path).suffix.lower() == ".tsv":
        reader = reader.model_copy(update={"separator": "\t"})
    return reader.read(Reading(frozenset(text_columns(schema))))


def text_columns(schema: Schema) -> set[str]:
    """Columns that are names, also where a file holds only such as look like numbers."""
    names = {column.name for each in schema.inputs for column in each.columns or [] if column.kind == "category"}
    return names | ({schema.target.name} if schema.target.encode != "none" else set())


def raw_arrays(schema: Schema, path: Path) -> Fields:
    """The inputs (and the target, if it is there) of an archive by name; a single array is taken for the single input."""
    arrays = read_arrays(path)
    needed = [each.array or each.name for each in schema.inputs]
    if len(needed) == 1 and needed[0] not in arrays and len(arrays) == 1:
        arrays = {needed[0]: next(iter(arrays.values()))}
    absent = [name for name in needed if name not in arrays]
    if absent:
        message = f"the file has no array '{absent[0]}'; it has: {', '.join(arrays)}"
        raise DataError(message, file=path, hint=near(absent[0], arrays))
    names = [name for name in (*needed, schema.target.name) if name in arrays]
    wanted = {name: checked(name, arrays[name], path) for name in names}
    return Fields(wanted, [Place(str(path), check_samples(wanted, path))])


def encoded(fields: Fields, schema: Schema, *, with_target: bool) -> tuple[Samples, list[str]]:
    """Raw rows as the tensors of the schema, with notes on what was new to it.

    Without a target its array is empty numbers of the right length.
    """
    import numpy as np

    tensors: dict[str, np.ndarray[Any, Any]] = {}
    notes: list[str] = []
    for each in schema.inputs:
        tensors[each.name], said = encode_input(each, fields)
        notes += said
    target = encode_target(schema.target, fields) if with_target else np.zeros(fields.samples, np.float32)
    return Samples(tensors, target, np.arange(fields.samples)), notes
