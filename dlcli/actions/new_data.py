"""Other data, read the way that of a run was."""

from __future__ import annotations

from dataclasses import replace

from dlcli.config import Config
from dlcli.data import Fields, Samples, Schema
from dlcli.data.encode import encoded_input
from dlcli.data.fields.lazy import Column, Selected
from dlcli.data.fields.samples import samples_of
from dlcli.data.memory import free_memory
from dlcli.data.sources import block_of
from dlcli.data.sources.source import Reading
from dlcli.data.target import encoded_target


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
        tensor, said = encoded_input(of_rows, fields)
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
