"""Assembles the data set of what a source has read: chooses, splits, learns from the training rows, encodes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.blank_targets import may_be_blank, samples_with_targets
from dlcli.data.borders import notes_on_borders
from dlcli.data.dataset import Dataset, Samples, class_indices
from dlcli.data.encode import empty_counts, empty_error, encoded_input
from dlcli.data.encoded_target import encoded_target
from dlcli.data.fields.aligned import aligned_rows
from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column, Selected, is_lazy, loaded, nbytes
from dlcli.data.fields.order import Layout
from dlcli.data.fields.padded import PADDING
from dlcli.data.fields.samples import RowSamples, WindowSamples
from dlcli.data.fields.values import rows_in_words
from dlcli.data.first_pass import Empty, find_empty
from dlcli.data.inputs import Constant, Group, Input, Missing, column_kind, groups_of, input_schemas, is_vector
from dlcli.data.schema import InputSchema, Schema, TargetSchema
from dlcli.data.split import Split
from dlcli.data.target import Target
from dlcli.data.target_places import ended
from dlcli.data.target_scale import check_logarithms, check_scalable, learn_scale
from dlcli.data.target_values import absent_labels, empty_target, several_labels_hint
from dlcli.data.words_for_nothing import notes_on_nothing
from dlcli.errors import BlockError, DataError, concerning
from dlcli.spec import Wanted, did_you_mean
from dlcli.spec.scale import Kind

if TYPE_CHECKING:
    import numpy as np

BY = ("data", "split", "by")
"""Where a configuration says what it splits by."""


def assembled(
    fields: Fields,
    *,
    inputs: list[str] | dict[str, Input] | None,
    targets: Mapping[str | None, tuple[Target, Wanted]],
    split: Split,
    policy: Missing | Constant,
    seed: int,
    limit: int | None,
    prepared: bool = False,
    weight: str | None = None,
    takes_empty: bool = False,
    categories: Collection[str] = (),
    strips: Mapping[str | None, str | None] = {},
) -> Dataset:
    """The data set; it stays on disk if training on it would take more than `limit` bytes (None: never).

    `weight` is the column that weighs the samples, if there is one; `takes_empty` says that the source can be told what
    means an empty cell; `strips` are patterns by input, None that of all.
    Raises `DataError` for anything in the rows that cannot be trained on.
    """
    present = [target for target, wanted in targets.values() if wanted.labels != "nothing"]
    held = {name: target for target in present for name in target.names_in(fields)}
    reserved = reserved_columns(split, fields, weight=weight)
    groups = groups_of(inputs, fields, targets=[*held], reserved=reserved, categories=categories)
    source = fields
    full = [name for name, target in held.items() if not target.may_be_empty(name, fields)]
    fields, notes = without_empty(fields, groups, full, reserved, policy, weight=weight)
    samples, targeted, told = samples_with_targets(fields, full)
    notes += [*samples.notes, *told]
    target_schemas, encoded_targets = list[TargetSchema](), dict[str, Column]()
    for name, (target, wanted) in targets.items():
        of_rows = target.encoding(targeted, wanted=wanted, name=name, groups=groups)
        encoded = encoded_target(of_rows, targeted)
        notes += notes_on_labels(of_rows, encoded, target.void_labels(wanted), wanted.classes, targeted)
        schema, encoded_targets[of_rows.name] = of_samples(of_rows, encoded, samples)
        target_schemas.append(schema)
    if fields.spans is not None and split.way is None:
        split = split.model_copy(update={"by": "time"})  # neighbours share most of their text
    splits, told = apart(samples, split_rows(split, fields, samples, target_schemas, encoded_targets, seed=seed), split)
    notes += told
    scales = {schema.name: target.scale for schema, (target, _) in zip(target_schemas, targets.values(), strict=True)}
    target_schemas = with_scales(target_schemas, scales, encoded_targets, splits["train"], fields)
    schemas = input_schemas(groups, fields, train=samples.rows_in(splits["train"]), policy=policy)
    schemas = [ended(with_strip(each, strips), target_schemas) for each in schemas]
    notes += notes_on_nothing(schemas, target_schemas, fields, takes_empty=takes_empty)
    tensors: dict[str, Column] = {}
    for each in schemas:
        tensor, said = encoded_input(each, fields)
        tensors[each.name] = samples.input(tensor)
        notes += map(str, said)
    total = sum(while_training(each) for each in [*tensors.values(), *encoded_targets.values()])
    keep = limit is not None and total > limit
    parts = {}
    for name, rows in splits.items():
        taken, answers = (taken_samples(columns, rows, keep=keep) for columns in (tensors, encoded_targets))
        parts[name] = Samples(taken, answers, *places_of_samples(rows, samples, fields.kept))
    whole = Schema(inputs=[*map(samples.schema, schemas)], targets=target_schemas, windows=samples.windows)
    chunks = Layout.of(tensors.values(), splits["train"]) if keep else None
    return Dataset(parts, whole, source, tuple(notes), prepared, chunks)


def apart(
    samples: RowSamples | WindowSamples, splits: dict[str, np.ndarray[Any, Any]], split: Split
) -> tuple[dict[str, np.ndarray[Any, Any]], list[str]]:
    """The splits (samples of the split,) without samples that reach from one into another, and notes on these.

    The test of a fold is that of all folds: it keeps apart from what other folds train on, too.
    """
    import numpy as np

    kept = samples.apart(splits, split.way)
    if split.fold is not None and "test" in splits:
        others = np.setdiff1d(np.arange(samples.count), splits["test"], assume_unique=True)
        kept["test"] = samples.apart({"train": others, "test": splits["test"]}, split.way)["test"]
    return kept, notes_on_borders(splits, kept)


def places_of_samples(
    numbers: np.ndarray[Any, Any], samples: RowSamples | WindowSamples, kept: np.ndarray[Any, Any] | None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any] | None]:
    """Where some samples (samples,) stand in the source, and where that is several rows each, which ones these are."""
    at, inside = samples.target_rows(numbers), None if samples.windows is None else samples.rows_in(numbers)
    return (at, inside) if kept is None else (kept[at], None if inside is None else kept[inside])


def of_samples(
    schema: TargetSchema, values: Column, samples: RowSamples | WindowSamples
) -> tuple[TargetSchema, Column]:
    """A target of rows, with its values (rows, …), as samples have it; what is no target has a place for each sample."""
    if schema.absent:
        return schema, samples.at_row(values)
    return samples.target_schema(schema), samples.target(values, schema)


def with_scales(
    schemas: Sequence[TargetSchema],
    scales: Mapping[str, Kind | None],
    values: Mapping[str, Column],
    train: np.ndarray[Any, Any],
    fields: Fields,
) -> list[TargetSchema]:
    """The targets with the scales that are asked for, learnt from their values (samples, …) in the training samples."""
    found = []
    for schema in schemas:
        kind = scales[schema.name]
        if kind is not None:
            check_scalable(schema, fields)
            check_logarithms(kind, schema, values[schema.name], fields)
            columns = len(schema.columns) if schema.columns is not None else None
            scale = learn_scale(
                kind, Selected(values[schema.name], train), columns=columns, padding=PADDING if schema.padded else None
            )
            schema = schema.model_copy(update={"scale": scale})
        found.append(schema)
    return found


def with_strip(schema: InputSchema, strips: Mapping[str | None, str | None]) -> InputSchema:
    """An input with the pattern that its texts are stripped of. Raises `DataError` for the pieces of a running text."""
    pattern = strips.get(schema.name) or strips.get(None)
    if not schema.text or pattern is None:
        return schema
    if schema.pieces is not None:
        raise DataError(
            f"'strip' is for texts of their own, and '{schema.name}' is cut from one running text",
            hint="strip the file itself",
            kind="strip_of_running_text",
        )
    return schema.model_copy(update={"strip": pattern})


def notes_on_labels(
    schema: TargetSchema, encoded: Column, void: Sequence[int | str], units: int | None, fields: Fields
) -> list[str]:
    """What to know of the labels of a target: units of the layers that no class needs, and void labels that stand nowhere."""
    return [*unused_units(schema, encoded, units), *unseen_void(schema, void, fields)]


def unused_units(schema: TargetSchema, encoded: Column, units: int | None) -> list[str]:
    """A note where the layers put out more values than there are classes that occur; a target on disk is not gone through."""
    import numpy as np

    if units is None or schema.classes is None or schema.is_one_hot or is_lazy(encoded):
        return []
    values = encoded[:]
    classes = len(np.unique(values[values >= 0]))
    if classes >= units:
        return []
    return [f"the layers put out {units} values, and {classes} classes of '{schema.name}' occur"]


def unseen_void(schema: TargetSchema, void: Sequence[int | str], fields: Fields) -> list[str]:
    """A note where a label that is to be left out stands nowhere; of masks their source says it, and a target on disk is not
    gone through."""
    values = fields.arrays.get(str(schema.column))
    if not void or values is None or is_lazy(values) or schema.classes is None or schema.column in fields.void:
        return []
    absent = {each: did_you_mean(str(each), schema.classes) for each in absent_labels(values, void)}
    return [
        f"no label of '{schema.name}' is {each}, which is to be left out (void)" + (f"; {near}" if near else "")
        for each, near in absent.items()
    ]


def while_training(column: Column) -> int:
    """Bytes that a field (samples, …) takes in training: as it is, prepared in 32 bits, and as a tensor of these."""
    return nbytes(column) + 2 * 4 * (nbytes(column) // column.dtype.itemsize)


def reserved_columns(split: Split, fields: Fields, *, weight: str | None) -> list[str]:
    """The columns that serve the split, tell series apart or weigh samples: no inputs unless they are asked for.

    Raises `DataError` for one that the data does not have, of weights `BlockError`.
    """
    group = fields.windows.group if fields.windows else None
    served = {split.column: "split is by", group: "series are told apart by", weight: "samples are weighed by"}
    names = [name for name in served if name is not None]
    for name in names:
        if name not in fields.arrays:
            what = served[name]
            if name in fields.names:
                message = f"the {what} column '{name}', which the data has, but the source does not read"
                hint: str | None = f"add {name} to the inputs that the source names; it is none of the model's"
            else:
                message = f"the {what} column '{name}', which the data does not have; it has: {', '.join(fields.names)}"
                hint = did_you_mean(name, fields.names)
            if name == weight:
                raise BlockError(("train", "sample_weight"), message, hint=hint, kind="no_such_column")
            with concerning(BY if name == split.column else ("data", "source")):
                raise DataError(message, file=fields.places[0].file, hint=hint, kind="no_such_column")
    return names


def split_rows(
    split: Split,
    fields: Fields,
    samples: RowSamples | WindowSamples,
    schemas: Sequence[TargetSchema],
    targets: Mapping[str, Column],
    *,
    seed: int,
) -> dict[str, np.ndarray[Any, Any]]:
    """By split its samples (samples of the split,); stratified by the first target of classes.

    Raises `DataError` for a split that would be empty.
    """
    import numpy as np

    classes, names = None, list[str]()
    for schema in schemas:
        if schema.classes is not None and len(schema.shape) == schema.is_one_hot:
            classes = class_indices(targets[schema.name][:], schema)
            if classes is not None and schema.has_void:
                classes = np.where(classes < 0, len(schema.classes), classes)  # spread over the splits like a class
            names = schema.classes
            break
    column = None
    if split.way == "file":
        column = samples.at_row(fields.file_numbers())
    elif split.column is not None:
        column = samples.at_row(loaded(fields.arrays[split.column]))
    own = fields.splits and samples.own(fields.splits)
    for name, rows in (own or {}).items():
        if not len(rows):
            what = "none of its rows is left" if fields.windows is None else "none of its series is as long as a window"
            raise DataError(f"the {name} split would be empty: {what}", kind="empty_split")
    count = samples.count
    with concerning(BY):
        values = None if column is None else column[:]
        return split.rows(count, seed=seed, classes=classes, column=values, own=own, names=names)


def taken_samples(columns: Mapping[str, Column], rows: np.ndarray[Any, Any], *, keep: bool) -> dict[str, Column]:
    """Some samples of tensors (samples, …) by name: in memory, unless the data is to stay where it is."""
    import numpy as np

    def taken(column: Column) -> Column:
        if keep:
            return Selected(column, rows)
        return aligned_rows(column, rows) if isinstance(column, np.ndarray) else column[rows]

    return {name: taken(column) for name, column in columns.items()}


def without_empty(
    fields: Fields,
    groups: Sequence[Group],
    targets: Sequence[str],
    reserved: Sequence[str],
    policy: Missing | Constant,
    *,
    weight: str | None,
) -> tuple[Fields, list[str]]:
    """The fields without rows that have empty cells, where `missing` is `drop`, and a note that says how many these were.

    Otherwise raises `DataError` that counts the empty cells of all columns that nothing may stand for.
    """
    import numpy as np

    names = list(dict.fromkeys([*(name for group in groups for name in group.columns), *targets, *reserved]))
    empty, rows = find_empty(fields, names)
    notes = list(fields.notes)
    if not empty:
        return fields, notes
    if policy == "drop":
        if len(rows) == fields.samples:
            raise no_rows_left(empty, targets, fields)
        were = "was" if len(rows) == 1 else "were"
        ends = "" if fields.windows is None else f"; {fields.windows.at_gaps}"
        notes.append(f"{rows_in_words(len(rows))} with empty cells {were} left out{ends}")
        others = np.setdiff1d(np.arange(fields.samples), rows, assume_unique=True)  # unseen: time alone
        return fields.chosen(others), notes
    weighing = {name: empty[name] for name in reserved if name == weight and name in empty}
    if policy == "error":
        labels = next((hint for name in targets if name in empty and (hint := several_labels_hint(name, fields))), None)
        hint = NEEDED if set(empty) <= set(reserved) else NO_TARGET if set(empty) & set(targets) else None
        hint = WEIGHS if set(empty) <= set(weighing) else hint
        hint = hint if labels is None else labels
        raise empty_error(empty, fields, hint=hint)
    # A value can stand for what is empty in an input, but not for when, whose or in which split a sample is.
    if weighing:
        raise empty_error(weighing, fields, hint=WEIGHS)
    for_split = {name: empty[name] for name in reserved if name in empty}
    if for_split:
        raise empty_error(for_split, fields, hint=NEEDED)
    for name in targets:
        if name in empty and not may_be_blank(fields):
            raise empty_target(name, empty[name], fields)
    check_constant(policy, empty, groups, fields)
    for group in groups:
        name = group.columns[0]
        if name in empty and not group.names and not is_vector(group, fields) and not isinstance(policy, Constant):
            raise empty_error({name: empty[name]}, fields, hint="write data.missing: drop or {constant: 0}")
    return fields, notes


def no_rows_left(empty: Mapping[str, Empty], targets: Sequence[str], fields: Fields) -> DataError:
    """The error of rows each of which has an empty cell; the columns that are emptiest are named."""
    emptiest = sorted(empty, key=lambda name: -empty[name].count)
    mostly = [name for name in emptiest if 2 * empty[name].count > fields.samples and name not in targets]
    names, bare = ", ".join(mostly[:5]), next((name for name in targets if name in empty), None)
    hint = f"leave out of data.inputs what is mostly empty: {names}" if mostly else "write data.missing: median"
    if bare is not None and empty[bare].count == fields.samples:
        hint = f"'{bare}' is the target, and nothing can stand for it: write another column"
    return DataError(
        f"no row is left: each has an empty cell ({empty_counts(empty)})",
        file=fields.places[0].file,
        hint=hint,
        kind="no_rows_left",
    )


NO_TARGET = "write data.missing: drop: a target cannot be filled"
WEIGHS = "each sample needs its weight; write data.missing: drop"
NEEDED = "the split needs every cell of it; write data.missing: drop"


def check_constant(
    policy: Missing | Constant, empty: Mapping[str, Empty], groups: Sequence[Group], fields: Fields
) -> None:
    """Refuses a name that is to fill a column of numbers."""
    if not isinstance(policy, Constant) or not isinstance(policy.constant, str):
        return
    for group in groups:
        for name in group.columns:
            if (
                name in empty
                and is_vector(group, fields)
                and column_kind(name, group.kind_of(name), fields) == "number"
            ):
                raise DataError(
                    f"column '{name}' holds numbers and cannot be filled with '{policy.constant}'",
                    hint="write data.missing: {constant: 0}",
                    kind="fill_is_no_number",
                )
