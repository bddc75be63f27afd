"""What a run has recorded, read back: its configuration, its data, and other data the way it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from dlcli.config import Config, load_resolved
from dlcli.data import Dataset, Fields, Samples, Schema
from dlcli.data.encode import encoded
from dlcli.data.fingerprint import changed
from dlcli.data.lazy import Column, Selected
from dlcli.data.memory import free_memory
from dlcli.data.sources import block_of
from dlcli.data.sources.source import Reading
from dlcli.data.target import encoded_target
from dlcli.data.window_samples import samples_of
from dlcli.errors import ArtifactError, ConflictError
from dlcli.runs import Run
from dlcli.training.experiment import read_data
from dlcli.training.plugins import kept_plugins
from dlcli.training.splits_file import check_splits


def recorded_config(run: Run) -> Config:
    """The configuration as it took effect. Raises `ArtifactError` where it is missing or damaged."""
    try:
        tree: dict[str, Any] = json.loads(run.resolved.read_bytes())
        if tree.get("plugins"):
            tree["plugins"] = kept_plugins(run, recorded_environment(run)["plugins"])
        return load_resolved(tree)
    except (OSError, ValueError, TypeError) as error:
        raise ArtifactError(
            f"the configuration of '{run.name}' cannot be read: {str(error).splitlines()[0]}", file=run.resolved
        ) from None


def recorded_environment(run: Run) -> dict[str, Any]:
    """What env.json says. Raises `ArtifactError` where it cannot be read."""
    try:
        environment: dict[str, Any] = dict(json.loads(run.environment.read_bytes()))
    except (OSError, ValueError, TypeError):
        raise ArtifactError(f"env.json of '{run.name}' cannot be read", file=run.environment) from None
    return environment


def recorded_data(run: Run, config: Config, *, allow_code: bool) -> Dataset:
    """The data of a run, split as in training. Raises `ConflictError` if a file is no longer what it was."""
    dataset = read_data(config, allow_code=allow_code)
    others = changed(recorded_environment(run).get("data", []), dataset.fields.files)
    if others:
        raise ConflictError(
            f"{others[0]} has changed since the training, so its splits would no longer be the same",
            file=others[0],
            hint="name the data to use: --data PATH",
        )
    check_splits(run, dataset)
    return dataset


def read_raw(config: Config, schema: Schema, path: str) -> Fields:
    """The rows of other data, read the way the run's own data was: the same separator, decimals, sizes and column kinds."""
    source = block_of(path, like=config.data.source, schema=schema)
    stream = source.memory() > free_memory() // 2
    fields = source.read(Reading(frozenset(text_columns(schema)), stream=stream))
    needed = [each.array or each.name for each in schema.inputs if each.columns is None]
    if len(needed) == len(schema.inputs) == 1 and needed[0] not in fields.arrays and len(fields.arrays) == 1:
        # A single array, whatever it is called, is the single input.
        (only,) = fields.arrays.values()
        return replace(fields, arrays={needed[0]: only})
    return fields


def text_columns(schema: Schema) -> set[str]:
    """Columns that are names or text, also where a file holds only such as look like numbers."""
    names = {column.name for each in schema.inputs for column in each.columns or [] if column.kind == "category"}
    names |= {each.array or each.name for each in schema.inputs if each.text}
    return names | {name for target in schema.targets if target.encode != "none" for name in target.names}


def raw_samples(fields: Fields, schema: Schema, *, with_target: bool) -> tuple[Samples, list[str]]:
    """Raw rows as the samples of the schema, with notes on what was new to it; without target an empty one."""
    import numpy as np

    samples = samples_of(fields, with_target=with_target)
    rows = samples.target_rows(np.arange(samples.count))
    tensors: dict[str, Column] = {}
    notes: list[str] = []
    for each in schema.inputs:
        of_rows = each if schema.windows is None else each.model_copy(update={"shape": each.shape[1:]})
        tensor, said = encoded(of_rows, fields)
        tensors[each.name] = samples.input(tensor)
        notes += said
    if with_target:
        targets: dict[str, Column] = {
            each.name: samples.target(encoded_target(each, fields)) for each in schema.targets
        }
    else:
        # Nothing is compared with it; one number a sample costs little and has the right length.
        targets = {
            each.name: Selected(np.zeros(1, np.float32), np.zeros(len(rows), np.int64)) for each in schema.targets
        }
    return Samples(tensors, targets, rows), notes
