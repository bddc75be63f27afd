"""Other data, read the way that of a run was."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.config import Config
from dlcli.data import Fields, Samples, Schema
from dlcli.data.blank_targets import samples_with_targets
from dlcli.data.encode import codes_of, encoded_input, filled_column, present
from dlcli.data.encoded_target import encoded_target
from dlcli.data.fields.lazy import Column, Selected, is_lazy
from dlcli.data.fields.padded import PADDING
from dlcli.data.fields.samples import samples_of
from dlcli.data.memory import free_memory
from dlcli.data.schema import SPLITS, InputSchema
from dlcli.data.sources import block_of
from dlcli.data.sources.source import Reading
from dlcli.data.target_scale import check_logarithms
from dlcli.data.unlike import Unlike, together
from dlcli.errors import DataError, UsageError
from dlcli.spec import did_you_mean
from dlcli.training.setup.experiment import wanted_of

if TYPE_CHECKING:
    import numpy as np


def read_raw(
    config: Config,
    schema: Schema,
    what: str,
    *,
    with_target: bool = False,
    keep: Collection[str] = (),
    most_bytes: int | None = None,
) -> Fields:
    """The rows of other data, read the way the run's own data was: the same separator, decimals, sizes and column kinds.

    `what` is a path, or one split of it: `d.npz:test`. `keep` are columns that are wanted beside those of the model. What
    takes more than half of the free memory, or `most_bytes`, stays on disk. Raises `UsageError` for a source of several
    splits without one chosen.
    """
    path, part = path_and_split(what)
    source = block_of(path, like=config.data.source, schema=schema)
    half = free_memory() // 2
    stream = source.memory() > (half if most_bytes is None else min(half, most_bytes))
    columns = columns_of_model(schema, with_target=with_target)
    weight = config.train.sample_weight if with_target else None
    wanted = None if columns is None else columns | {*keep} | ({weight} if weight is not None else set())
    beyond = int(any(each.following is not None for each in schema.targets))
    labels = frozenset(name for each in schema.targets if each.split is not None for name in each.names)
    fields = source.read(
        Reading(
            frozenset(text_columns(schema)),
            stream=stream,
            columns=wanted,
            labels=labels,
            void=config.data.void_labels({head.name: wanted_of(config, head) for head in config.heads}),
            beyond=beyond,
        )
    )
    fields = of_split(fields, path, part)
    needed = [each.array or each.name for each in schema.inputs if each.columns is None]
    if len(needed) == len(schema.inputs) == 1 and needed[0] not in fields.arrays and len(fields.arrays) == 1:
        # A single array, whatever it is called, is the single input.
        (only,) = fields.arrays.values()
        return replace(fields, arrays={needed[0]: only})
    return fields


def path_and_split(what: str) -> tuple[str, str | None]:
    """What stands before and behind the colon of `d.npz:test`; a path that holds a colon itself is one."""
    path, _, part = what.rpartition(":")
    is_split = part in SPLITS or Path(path).exists()
    return (path, part) if path and part and is_split and not Path(what).exists() else (what, None)


def of_split(fields: Fields, path: str, part: str | None) -> Fields:
    """The rows of one split of the data. Raises `UsageError` where it has several and none is chosen, or not the chosen one."""
    import numpy as np

    sizes = {name: len(fields.splits[name]) for name in SPLITS if name in fields.splits} if fields.splits else {}
    listed = ", ".join(f"{name} ({size:,})" for name, size in sizes.items())
    if part is not None and part not in sizes:
        there = f"it has: {listed}" if sizes else "it has none of its own"
        raise UsageError(f"the data has no split '{part}'; {there}", kind="no_such_split")
    if part is None and len(sizes) < 2:
        return fields
    if part is None or fields.splits is None:
        raise UsageError(
            f"'{path}' holds several splits: {listed}",
            hint=f"choose one: {path}:{[*sizes][-1]}",
            kind="several_splits",
        )
    return fields.chosen(np.sort(fields.splits[part]))


def columns_of_model(schema: Schema, *, with_target: bool) -> frozenset[str] | None:
    """The columns of a table that a model takes, and its targets; None where windows are cut, which need others too."""
    if schema.windows is not None:
        return None
    names = {column.name for each in schema.inputs for column in each.columns or []}
    # An input that is one array may bear its own name in other data.
    names |= {name for each in schema.inputs if each.columns is None for name in (each.array, each.name) if name}
    names |= {name for each in schema.inputs for name in each.texts or []}
    if with_target:
        names |= {name for target in schema.targets for name in target.names}
    return frozenset(names)


def text_columns(schema: Schema) -> set[str]:
    """Columns that are names or text, also where a file holds only such as look like numbers."""
    names = {column.name for each in schema.inputs for column in each.columns or [] if column.kind == "category"}
    names |= {name for each in schema.inputs if each.text for name in each.texts or [each.array or each.name]}
    return names | {
        name
        for target in schema.targets
        if target.encode != "none" or target.labels is not None
        for name in target.names
    }


def check_names(schema: Schema, fields: Fields) -> None:
    """Refuses names that the training split did not have, with the first cell that holds one, and all columns that do."""
    import numpy as np

    unknown = dict[str, np.ndarray[Any, Any]]()
    columns = [column for each in schema.inputs for column in each.columns or [] if column.kind == "category"]
    for column in columns:
        rows = np.flatnonzero(codes_of(filled_column(column, fields), column.categories) < 0)
        if len(rows):
            unknown[column.name] = rows
    if not unknown:
        return
    name, rows = next(iter(unknown.items()))
    value = str(fields.arrays[name][int(rows[0])])
    file, line, words = fields.where(int(rows[0]), name)
    counted = ", ".join(f"'{each}' {len(rows)}" for each, rows in unknown.items())
    known = next(list(column.categories) for column in columns if column.name == name)
    raise DataError(
        f"names that were not in the training split: {counted}; the first is '{value}' in {words}",
        file=file,
        line=line,
        hint=did_you_mean(value, known) or "correct it; without --strict it counts as none of the names",
        kind="unknown_name",
    )


@dataclass(frozen=True)
class RawSamples:
    """Raw rows as the samples of the schema, what of them is unlike those of training, and what else is to be said of them."""

    samples: Samples
    unlike: list[Unlike]
    notes: list[str]

    @property
    def told(self) -> list[str]:
        """All that is to be said of them."""
        return [*self.notes, *(str(each) for each in together(self.unlike) if each.is_worth_a_word)]


def raw_samples(fields: Fields, schema: Schema, *, with_target: bool) -> RawSamples:
    """Raw rows as the samples of the schema; without target an empty one."""
    import numpy as np

    fields = replace(fields, windows=schema.windows)
    tensors: dict[str, Column] = {}
    unlike, notes = list[Unlike](), list[str]()
    if with_target:
        names = {name for each in schema.present if each.labels is None for name in each.names}
        samples, targeted, notes = samples_with_targets(fields, names)
    else:
        samples, targeted = samples_of(fields, with_target=False), fields
    notes += samples.notes
    rows = samples.target_rows(np.arange(samples.count))
    for each in schema.inputs:
        of_row = each if schema.windows is None else each.model_copy(update={"shape": each.shape[1:]})
        tensor, said = encoded_input(of_row, fields)
        tensors[each.name] = samples.input(tensor)
        unlike += [*said, *outside_range(each, fields)]
    if with_target:
        targets: dict[str, Column] = {}
        for target in schema.targets:
            of_rows = target.of_rows(schema.windows)
            values = encoded_target(of_rows, targeted)
            if target.scale is not None:
                check_logarithms(target.scale.kind, target, values, fields)
            targets[target.name] = samples.at_row(values) if target.absent else samples.target(values, of_rows)
    else:
        # Nothing is compared with it; where all is in memory it is too, so that inputs are prepared once.
        nothing = np.zeros(len(rows), np.float32)
        lazily = any(is_lazy(each) for each in tensors.values())
        targets = {each.name: Selected(nothing, np.arange(len(rows))) if lazily else nothing for each in schema.targets}
    return RawSamples(Samples(tensors, targets, rows), unlike, notes)


def outside_range(schema: InputSchema, fields: Fields) -> list[Unlike]:
    """The numbers of an input that lie outside the range of the training rows; of what stays on disk nothing is told."""
    if schema.columns is None:
        ranges = {} if schema.seen is None else {present(schema, fields)[0]: schema.seen}
    else:
        ranges = {column.name: column.seen for column in schema.columns if column.seen is not None}
    return [
        found
        for name, seen in ranges.items()
        if not is_lazy(fields.arrays[name]) and (found := outside_of(name, fields.arrays[name][:], seen)) is not None
    ]


def outside_of(name: str, values: np.ndarray[Any, Any], seen: Sequence[float]) -> Unlike | None:
    """The numbers (rows, …) that lie outside a range; None where there are none. Numbers that are written as text count too."""
    import numpy as np

    if values.dtype == object:
        values = np.array([np.nan if value is None else float(value) for value in values.ravel().tolist()])
    known = values[(values < seen[0]) | (values > seen[1])]
    known = known[known != PADDING].astype(np.float64)
    if not known.size:
        return None
    below, above = seen[0] - known, known - seen[1]
    furthest = int(np.argmax(np.maximum(below, above)))
    distance, width = float(max(below[furthest], above[furthest])), seen[1] - seen[0]
    return Unlike(
        "outside_range",
        name,
        int(known.size),
        first=f"{float(known[furthest]):.6g}",
        low=seen[0],
        high=seen[1],
        beyond=distance / width if width else np.inf,
    )
