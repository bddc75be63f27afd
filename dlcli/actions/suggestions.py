"""The draft of a configuration: what a data set suggests for each of the four steps, with a reason for each choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dlcli.actions.looks import (
    MOST_CLASSES,
    are_classes,
    are_days,
    ascends,
    has_void_ends,
    is_names,
    is_yes_or_no,
    known_values,
    named_file,
    names_rows,
    rises_as_time,
    too_many,
)
from dlcli.actions.suggested_inputs import (
    each_by_name,
    nothing_left,
    places_beside,
    suggested_inputs,
    with_preparations,
    with_zeros,
)
from dlcli.actions.written import inline_yaml
from dlcli.config.language import Language
from dlcli.data import Data, Dataset, Fields
from dlcli.data.fields.lazy import is_lazy
from dlcli.data.fields.padded import PADDING, real_values
from dlcli.data.fields.values import missing
from dlcli.data.findings import findings
from dlcli.data.first_pass import find_empty
from dlcli.data.label_separator import separator_of
from dlcli.data.several_labels import holds_lists
from dlcli.data.sources.series import Series
from dlcli.data.windows import Windows
from dlcli.errors import DataError
from dlcli.finding import Finding
from dlcli.spec import Labels

if TYPE_CHECKING:
    pass

Line = tuple[str, str]
"""A line of YAML and the comment behind it."""
YES_AND_NO = 2
WINDOW, LEAST_WINDOW, ROWS_A_STEP = 12, 3, 12
"""Steps that a forecast looks back, as far as validation and test have some windows of them."""
PARTS_OF_DAYS = ["weekday", "day", "month"]
USELESS = frozenset({"constant_columns", "identifier_columns"})
"""The findings whose columns are left out of the inputs."""


@dataclass
class Draft:
    """What is to be written: the keys of `data`, and what looks wrong in the data set that they give."""

    source: Any
    target: Any
    reasons: dict[str, str] = field(default_factory=dict)
    guessed: str | None = None
    """The column that was taken for the target, where nobody has named one."""
    block: dict[str, Any] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    labels: Labels | None = None
    """What the target is taken for, where its values alone do not say it."""

    def load(self, fields: Fields) -> Dataset:
        """The data set of the block as it is now."""
        block = {"source": self.source, "target": self.target, **self.block}
        return Data.model_validate(block, context=Language()).dataset(fields, seed=0, labels=self.labels)

    def says(self, key: str, reason: str) -> None:
        """Adds why a key is as it is, behind what was said before."""
        told = self.reasons.get(key)
        self.reasons[key] = f"{told}; {reason}" if told else reason

    @property
    def is_imbalanced(self) -> bool:
        """Whether some classes are far rarer than others."""
        return any(finding.code == "imbalanced_classes" for finding in self.findings)

    @property
    def useless_columns(self) -> list[str]:
        """The columns that cannot help: constant, or a count of the rows."""
        about = [finding.facts["columns"] for finding in self.findings if finding.code in USELESS]
        return sorted({name for columns in about for name in columns})


def drafted(block: Mapping[str, Any], fields: Fields) -> tuple[Draft, Dataset]:
    """The `data` block for what a source has read: its target, its inputs, what empty cells mean, how it is split.

    What the `block` says already stays. Raises `DataError` where no column can be told to be the target.
    """
    others = {key: value for key, value in block.items() if key not in {"source", "target"}}
    draft = Draft(block["source"], block.get("target"), block=others)
    if draft.target is None and fields.target is None:
        draft.target = draft.guessed = guessed_target(fields)
        readable = "" if draft.target == fields.names[-1] else " that can be read"
        draft.reasons["target"] = f"the last column{readable}; --target takes another"
    goal = draft.target.get("column") if isinstance(draft.target, dict) else draft.target or fields.target
    if not isinstance(goal, str):
        if isinstance(draft.target, list):
            choose_several(draft, fields)
        return draft, draft.load(fields)  # several columns in one: the settings say it all
    fields.check_column(goal)
    if "inputs" not in draft.block and is_plain_series(fields, goal):
        fields = choose_windows(draft, fields, goal)
    else:
        if not isinstance(draft.target, dict):
            choose_labels(draft, fields, goal)
            choose_classes(draft, fields, goal)
        choose_inputs(draft, fields, goal)
        choose_numbers(draft, fields, goal)
    # A cell without a label is one that has none of them.
    choose_missing(draft, fields, goal, without=goal if has_several_labels(draft, fields, goal) else None)
    choose_split(draft, fields, goal)
    dataset = draft.load(fields)
    draft.findings = findings(dataset)
    useless = draft.useless_columns
    if useless and "inputs" not in draft.block:
        draft.block["inputs"] = [name for name in dataset.schema.input_fields if name not in useless]
        draft.reasons["inputs"] = f"without {', '.join(useless)}: constant, or a count of the rows"
        if not draft.block["inputs"]:
            raise nothing_left(fields, f"{', '.join(useless)}: constant, or a count of the rows")
        dataset = draft.load(fields)
    if any(each.code == "target_far_from_unit_scale" for each in draft.findings):
        # Where the target says more already, such as its classes, that stays.
        told = draft.target if isinstance(draft.target, dict) else {"column": goal}
        draft.target = {**told, "scale": "standard"}
        draft.says("target", "learnt with mean 0 and variance 1; metrics and predictions in its own units")
        dataset = draft.load(fields)
    for name in names_in(draft.block.get("inputs", [])) if fields.is_table else ():
        check_written(name, fields)
    check_written(goal, fields)
    return draft, dataset


def check_written(name: str, fields: Fields) -> None:
    """Raises `DataError` for a name that a configuration would take for a reference to another value."""
    if "${" in name:
        message = f"the column '{name}' cannot be named in a configuration, where ${{…}} stands for another value"
        raise DataError(message, file=named_file(fields), hint="give it another name", kind="name_is_a_reference")


def names_in(inputs: Any) -> list[str]:
    """The columns that a block of inputs names."""
    if isinstance(inputs, dict):
        return [name for each in inputs.values() for name in names_in(each["columns"])]
    return [inputs] if isinstance(inputs, str) else list(inputs)


def guessed_target(fields: Fields) -> str:
    """The last column, if it can be a target. Raises `DataError` where it cannot."""
    names = [name for name in fields.names if name in fields.arrays]
    last = fields.arrays[names[-1]]
    if fields.is_table and len(names) > 1:
        labels = is_names(fields, names[-1]) and (holds_lists(last[:]) or separator_of(last[:]) is not None)
        if labels or not (last.dtype == object and too_many(last[:])):
            return names[-1]
    raise DataError(
        f"which column is the target? the data has: {', '.join(names)}",
        file=named_file(fields),
        hint="name it: --target COLUMN",
        kind="target_not_named",
    )


def is_plain_series(fields: Fields, target: str) -> bool:
    """Whether a table is a series: a number a row, beside nothing but its time."""
    import numpy as np

    if not fields.is_table or fields.inputs is not None or fields.windows is not None or fields.splits is not None:
        return False
    times = [fields.arrays[name] for name in fields.arrays if name != target]
    values = fields.arrays[target]
    if not times or any(map(is_lazy, [*times, values])) or values.dtype == object or values.ndim > 1:
        return False
    # Beside nothing but its time a number is foretold from its past, also where it takes few values; yes and no are not.
    if len(known_values(values[:])) <= YES_AND_NO:
        return False
    return len(values) >= LEAST_WINDOW * ROWS_A_STEP and all(ascends(np.asarray(column[:])) for column in times)


def choose_several(draft: Draft, fields: Fields) -> None:
    """Several columns are a yes or no each, where they all hold these, or numbers side by side; empty cells are filled."""
    for name in draft.target:
        fields.check_column(name)
    columns = [fields.arrays[name] for name in draft.target]
    if all(is_yes_or_no(column) for column in columns):
        draft.labels = "binary"
        draft.says("target", "a yes or no each")
    elif all(column.dtype != object for column in columns):
        draft.labels = "numbers"
        draft.says("target", "numbers side by side")
    names = [name for name in fields.arrays if name not in draft.target]
    texts = [name for name in names if is_names(fields, name) and names_rows(fields.arrays[name][:])]
    if texts and "inputs" not in draft.block and fields.is_table and len(texts) < len(names):
        draft.block["inputs"] = [name for name in names if name not in texts]
        draft.reasons["inputs"] = f"without {', '.join(texts)}, which names rows rather than kinds"
    choose_missing(draft, fields, *draft.target)


def choose_windows(draft: Draft, fields: Fields, target: str) -> Fields:
    """A series is forecast from its own past; gives the fields as windows."""
    window = min(WINDOW, fields.samples // ROWS_A_STEP)
    path = draft.source
    draft.source = {Series.word: {"path": path, "window": window}}
    times = [name for name in fields.arrays if name != target]
    counts = [name for name in times if fields.arrays[name].dtype != object]
    draft.reasons["source"] = f"the {window} values before each"
    if counts:
        plain = f"source: {inline_yaml(path)}, inputs: {inline_yaml(times)}, no split"
        draft.reasons["source"] += (
            f": a time series, since {counts[0]} counts in equal steps; if {counts[0]} is no time, write {plain}"
        )
    draft.target, draft.labels = target, "numbers"
    draft.block["inputs"] = [target]
    draft.reasons["inputs"] = "its own past"
    return replace(fields, windows=Windows(window=window))


def has_several_labels(draft: Draft, fields: Fields, goal: str) -> bool:
    """Whether the target is several labels a sample."""
    is_split = isinstance(draft.target, dict) and draft.target.get("split") is not None
    return is_split or (is_names(fields, goal) and holds_lists(fields.arrays[goal][:]))


def choose_labels(draft: Draft, fields: Fields, target: str) -> None:
    """A column of lists, or of texts that are lists of a few labels, is a yes or no for each; -1 at the ends is no class."""
    column = fields.arrays[target]
    if is_lazy(column) or fields.windows is not None:
        return
    if is_names(fields, target) and column.ndim == 1:
        separator = None if holds_lists(column[:]) else separator_of(column[:])
        beside = places_beside(fields, target) if holds_lists(column[:]) else []
        if beside:
            draft.target = {"column": target, "encode": "index"}
            told = f"a class at each place of {beside[0]}"
            draft.says("target", f"{told}; for several labels a row: target: {inline_yaml(target)}")
        elif holds_lists(column[:]):
            draft.says("target", "several labels a row: a yes or no for each")
        elif separator is not None:
            draft.target = {"column": target, "split": separator}
            draft.says("target", f"several labels a row; for one name a row: target: {inline_yaml(target)}")
    elif is_sequence_of_classes(fields, target):
        draft.target, draft.labels = {"column": target, "void": -1}, "classes"
        draft.says("target", f"-1 at the ends is no class; for numbers: target: {inline_yaml(target)}")


def is_sequence_of_classes(fields: Fields, target: str) -> bool:
    """Whether a target is a class for each place of an input, with -1 behind them."""
    column = fields.arrays[target]
    places = column.shape[1:2]
    others = [each for name, each in fields.arrays.items() if name != target and each.ndim in {2, 3}]
    return column.ndim == 2 and any(each.shape[1:2] == places for each in others) and has_void_ends(column[:])


def choose_classes(draft: Draft, fields: Fields, target: str) -> None:
    """Whole numbers that name classes become classes, whatever they count from and however they are written."""
    column = fields.arrays[target]
    if is_lazy(column) or column.dtype.kind not in "fiu" or fields.windows is not None or draft.labels is not None:
        return
    values = column[:, 0] if column.ndim == 2 and column.shape[1] == 1 else column[:]
    if target in fields.padded:
        draft.labels = "classes" if are_classes(real_values(values, PADDING)) else None
    if values.ndim > 1:
        return
    different = known_values(values)
    if not are_classes(values):
        if 1 < len(different) <= MOST_CLASSES:
            hint = f"if its {len(different)} values are classes: {{column: {inline_yaml(target)}, encode: index}}"
            draft.says("target", hint)
            draft.target = target
        return
    if column.ndim > 1 or values.dtype.kind == "f" or different[0] != 0 or different[-1] != len(different) - 1:
        draft.target = {"column": target, "encode": "index"}
        draft.says(
            "target", f"{len(different)} whole numbers, taken for classes; for amounts: target: {inline_yaml(target)}"
        )


def choose_inputs(draft: Draft, fields: Fields, target: str) -> None:
    """Leaves out what says nothing of new rows, and makes sentences an input of their own; texts that are named are prepared."""
    if "inputs" in draft.block:
        if "prepare" not in draft.block:
            draft.block["inputs"] = with_preparations(draft.block["inputs"])
        return
    if fields.inputs is not None or fields.windows is not None:
        return
    suggested = suggested_inputs(fields, target, by_place=is_by_place(draft, fields, target))
    if suggested is not None:
        draft.block["inputs"], draft.reasons["inputs"] = suggested


def is_by_place(draft: Draft, fields: Fields, target: str) -> bool:
    """Whether the target has a value at each place of a sample: a list of names that are classes, or an array with places."""
    if is_names(fields, target):
        return (
            isinstance(draft.target, dict)
            and draft.target.get("encode") == "index"
            and holds_lists(fields.arrays[target][:])
        )
    return target in fields.padded or is_sequence_of_classes(fields, target)


def choose_numbers(draft: Draft, fields: Fields, target: str) -> None:
    """Lists of whole numbers of unequal length that hold a 0 are numbers: as an id it would be padding."""
    names = draft.block.get("inputs") or [name for name in fields.inputs or fields.arrays if name != target]
    zeros = with_zeros(fields, names) if isinstance(names, list) else []
    if zeros:
        told = draft.reasons.get("inputs")
        why = f"an id of 0 would be padding: numbers are {', '.join(zeros)}"
        draft.block["inputs"] = each_by_name(fields, names)
        draft.reasons["inputs"] = f"{told}; {why}" if told else why


def choose_missing(draft: Draft, fields: Fields, *targets: str, without: str | None = None) -> None:
    """What stands for empty cells, if there are any: a value that `predict` can fill in too, where a value can.

    Those of the column `without` mean something themselves.
    """
    if "missing" in draft.block:
        return
    inputs = names_in(draft.block["inputs"]) if "inputs" in draft.block else [*(fields.inputs or fields.arrays)]
    names = [name for name in dict.fromkeys([*targets, *inputs]) if name in fields.arrays and name != without]
    names = [name for name in names if fields.arrays[name].ndim == 1 and not is_lazy(fields.arrays[name])]
    empty, _ = find_empty(fields, names)
    if not empty:
        return
    counted = ", ".join(f"{name} {each.count}" for name, each in list(empty.items())[:4])
    counted += ", …" if len(empty) > 4 else ""
    texts = [name for name in empty if name in texts_in(draft.block.get("inputs"))]
    draft.block["missing"] = "drop" if {*targets} & {*empty} or texts else "median"
    whole = "; no value can stand for it" if len(empty) == 1 else "; predict then takes whole rows alone"
    why = whole if draft.block["missing"] == "drop" else ", filled in predict too"
    draft.reasons["missing"] = f"empty cells: {counted}{why}"


def texts_in(inputs: Any) -> list[str]:
    """The columns that a block of inputs takes as text to be read."""
    blocks = inputs.values() if isinstance(inputs, dict) else []
    return [name for each in blocks if each.get("kind") == "text" for name in names_in(each["columns"])]


def choose_split(draft: Draft, fields: Fields, target: str) -> None:
    """The latest rows for the test where the rows stand in time."""
    if fields.splits is not None or "split" in draft.block:
        return
    if fields.windows is not None:
        draft.block["split"] = {"by": "time"}
        draft.reasons["split"] = "the test is later than what is trained on, and no window is in two splits"
        return
    for name, column in fields.arrays.items():
        if name == target or is_lazy(column) or column.ndim > 1:
            continue
        values = column[:]
        if fields.is_table and rises_as_time(values):
            draft.block["split"] = {"by": f"time:{name}"}
            draft.reasons["split"] = f"the test is later than what is trained on, since {name} rises as a time does"
            return
        if column.dtype != object:
            continue
        if not missing(values).any() and are_days(values.tolist()):
            draft.block["split"] = {"by": f"time:{name}"}
            draft.reasons["split"] = "the test is later than what is trained on"
            choose_beside_time(draft, fields, target, name)
            return


def choose_beside_time(draft: Draft, fields: Fields, target: str, time: str) -> None:
    """The inputs beside the column that splits: it is none of them, unless nothing else is there to learn from."""
    inputs = draft.block.get("inputs")
    names = inputs if isinstance(inputs, list) else [*(inputs or fields.inputs or fields.arrays)]
    if any(name not in {target, time} for name in names):
        if isinstance(inputs, list) and time in inputs:
            inputs.remove(time)
        return
    draft.block["inputs"] = {time: {"columns": time, "kind": "time", "parts": PARTS_OF_DAYS}}
    draft.reasons["inputs"] = f"beside {time} there is nothing else to learn from"
