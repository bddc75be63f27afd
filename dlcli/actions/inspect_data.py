"""Inspect data: the tensors of a configuration's data, of a file or folder, or of a bundled set, and what looks wrong in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dlcli.actions.looks import empty_columns_of
from dlcli.actions.named_data import NamedData, check_targets_named, named_data, one_or_all
from dlcli.actions.pasted_hints import hints_as_options
from dlcli.actions.samples import MOST_ROWS, Shown, drawable_samples, table_rows, training_rows
from dlcli.actions.suggestions import is_sequence_of_classes
from dlcli.actions.written import inline_yaml
from dlcli.config import Config, load_config
from dlcli.data import Dataset, Fields
from dlcli.data.dataset import spread_samples
from dlcli.data.description.columns import columns_in, input_descriptions
from dlcli.data.description.tensors import describe_dataset, describe_fields
from dlcli.data.fields.lazy import is_lazy
from dlcli.data.findings import MOST, findings_of_part
from dlcli.data.findings.empty_columns import hollow_columns
from dlcli.data.findings.header_like_data import data_in_header, header_of_data
from dlcli.data.findings.missing_values import empty_cells
from dlcli.data.first_pass import find_empty
from dlcli.data.sources.source import Reading
from dlcli.data.target import Target
from dlcli.data.words_for_nothing import notes_on_columns
from dlcli.finding import Finding
from dlcli.layers.stack import innermost
from dlcli.progress import stage
from dlcli.spec import KerasObject, Labels
from dlcli.training.evidence.data_seen import answered_by
from dlcli.training.setup.backend import chatter_to
from dlcli.training.setup.experiment import read_data
from dlcli.view.data import DataShown, part_of
from dlcli.view.report import RowsShown
from dlcli.view.sentences import told_of_data

LARGE = 1 << 28  # unseen: memory alone
"""Bytes in memory from which on data is looked at piece by piece, even where it would fit."""


@dataclass(frozen=True)
class InspectedData:
    """What is known of the data, and some samples to look at."""

    shown: DataShown
    samples: list[Shown] = field(default_factory=list)
    rows: RowsShown | None = None


def inspect_data(what: str, *, target: Sequence[str] = (), settings: Sequence[str], allow_code: bool) -> InspectedData:
    """Looks at data; nothing of TensorFlow is needed for tables, arrays and images.

    Raises `ConfigError`, `DataError`, or `UsageError` for what is neither a configuration nor data.
    """
    if what == "-" or Path(what).suffix.lower() in {".yaml", ".yml"}:
        config, _ = load_config(what, settings=settings)
        if config.data.stream == "auto" and config.data.source.memory() > LARGE:  # unseen: memory alone
            config = config.model_copy(update={"data": config.data.model_copy(update={"stream": True})})
        dataset = read_data(config, allow_code=allow_code).with_present_targets()
        described = data_description(what, dataset, answered=answered_by(config))
        notes = notes_on_padding(config, dataset)
        return replace(described, shown=replace(described.shown, notes=(*described.shown.notes, *notes)))
    named = named_data(what, one_or_all(target), settings)
    with hints_as_options(named.data.source):
        return named_description(what, named, target=target, allow_code=allow_code)


def named_description(what: str, named: NamedData, *, target: Sequence[str], allow_code: bool) -> InspectedData:
    """What is known of data that the command line names. Raises `DataError`, and `UsageError` for targets in one word."""
    data = named.data
    stream = data.source.memory() > LARGE
    with chatter_to(None), stage("reading the data"):  # some sources are read by TensorFlow
        fields = data.source.read(
            Reading(
                stream=stream,
                labels=frozenset(data.target_columns()),
                void=data.void_labels(),
                allow_code=allow_code,
                looks=True,
            )
        )
    check_targets_named(target, fields)
    if named.why is not None:
        fields = replace(fields, notes=(f"source: {inline_yaml(named.block['source'])}  ({named.why})", *fields.notes))
    if data.target is None and data.targets is None and fields.target is None:
        return undecided(what, fields, takes_empty=data.takes_empty)
    told = []
    if data.inputs is None and data.missing == "error":
        named_inputs = fields.inputs or tuple(fields.arrays)
        hollow = empty_columns_of(fields, data.target if isinstance(data.target, str) else None)
        hollow = [name for name in hollow if name in named_inputs]
        left = [name for name in named_inputs if name not in hollow and name not in data.target_columns()]
        if hollow and left:
            data, told = data.model_copy(update={"inputs": left}), [hollow_columns(hollow)]
    without = data.without_labels(fields)
    names = [name for name in may_be_empty(fields) if name not in without]
    goal = data.target if isinstance(data.target, str) else fields.target
    labels: Labels | None = None
    if goal in fields.arrays and not isinstance(data.target, Target) and is_sequence_of_classes(fields, str(goal)):
        data, labels = data.model_copy(update={"target": Target(column=goal, void=-1)}), "classes"
    answered = frozenset() if data.missing == "error" else frozenset({"missing_values"})
    empty = find_empty(fields, names)[0] if data.missing == "error" else {}
    if empty:
        # To look at data is not to decide what empty cells mean: they are counted, and filled for the ranges.
        filled = all(fields.arrays[name].ndim == 1 for name in empty)
        data = data.model_copy(update={"missing": "most_frequent" if filled else "drop"})
    dataset = data.dataset(fields, seed=0, labels=labels, stream=stream)
    return data_description(what, dataset, answered=answered, beside=told)


def may_be_empty(fields: Fields) -> list[str]:
    """The fields in memory, or in chunks, that may have empty cells: columns, and arrays of fractions."""
    return [
        name
        for name, column in fields.arrays.items()
        if column.ndim == 1 or (column.dtype.kind == "f" and not is_lazy(column))
    ]


def notes_on_padding(config: Config, dataset: Dataset) -> list[str]:
    """That classes are counted with the padding that a layer masks: only the model knows where it is."""
    masking = [layer.written for layer in innermost(config.layers) if leaves_padding_out(layer)]
    targets = [each for each in dataset.schema.targets if each.classes is not None]
    counted = [each.name for each in targets if len(each.shape) > each.is_one_hot]
    if not masking:
        return []
    out = f"{masking[0]} masks padding, which counts in no loss, metric or score"
    return [f"the classes of '{name}' are counted over all places; {out}" for name in counted]


def leaves_padding_out(layer: KerasObject) -> bool:
    """Whether a layer masks padding, as it is written."""
    masks = layer.traits.get("masks")
    return masks is True or (isinstance(masks, str) and bool(layer.arguments.get(masks)))


def undecided(what: str, fields: Fields, *, takes_empty: bool) -> InspectedData:
    """Data of which no target is known: its columns or arrays."""
    rows = spread_samples(fields.samples, MOST)
    columns = columns_in(fields, rows) if fields.is_table else []
    part = part_of(len(rows), fields.samples)
    hollow = empty_columns_of(fields, None)
    heads = data_in_header(fields)
    told = [told_of_data(header_of_data(heads))] if heads else []
    told += [told_of_data(hollow_columns(hollow))] if hollow else []
    names = [name for name in may_be_empty(fields) if name not in hollow]
    counts = {name: each.count for name, each in find_empty(fields, names)[0].items()}
    told += [told_of_data(empty_cells(counts, fields))] if counts else []
    notes = (*fields.notes, *notes_on_columns(fields, takes_empty=takes_empty))
    some = table_rows(fields, rows[:MOST_ROWS], list(fields.arrays)) if fields.is_table else None
    return InspectedData(DataShown(what, describe_fields(fields), columns, told, notes, part), rows=some)


def data_description(
    what: str, dataset: Dataset, *, answered: frozenset[str] = frozenset(), beside: Sequence[Finding] = ()
) -> InspectedData:
    """Tensors, columns, findings, those `beside` first, and some samples of a data set; of what is `answered` the evidence."""
    with stage("reading what is looked at"):
        sample = dataset.sample(MOST)
    told = [told_of_data(finding) for finding in [*beside, *findings_of_part(sample, dataset)]]
    told = [replace(each, severity="note", advice=None) if each.code in answered else each for each in told]
    columns = input_descriptions(sample)
    part = part_of(len(sample.splits["train"]), len(dataset.splits["train"]))
    with stage("describing the data"):
        described = describe_dataset(dataset)
    shown = DataShown(what, described, columns, told, dataset.notes, part)
    return InspectedData(shown, drawable_samples(dataset), training_rows(dataset))
