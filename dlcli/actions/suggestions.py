"""The draft of a configuration: what a data set suggests for each of the four steps, with a reason for each choice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.written import inline_yaml
from dlcli.config.language import Language
from dlcli.data import Data, Dataset, Fields
from dlcli.data.fields.lazy import is_lazy
from dlcli.data.fields.values import missing
from dlcli.data.findings import findings
from dlcli.data.first_pass import find_empty
from dlcli.data.inputs import MOST_CATEGORIES, is_running_text
from dlcli.data.sources.folders.audio import Audio
from dlcli.data.sources.folders.images import Images
from dlcli.data.sources.series import Series
from dlcli.data.times import are_short_days, are_times, first_in, seconds_of
from dlcli.data.windows import Windows
from dlcli.errors import DataError
from dlcli.finding import Finding
from dlcli.spec import Labels

if TYPE_CHECKING:
    import numpy as np

Line = tuple[str, str]
"""A line of YAML and the comment behind it."""
DAY = re.compile(r"\d{4}[-/.]\d{2}([-/.]\d{2})?([ T]\d{2}:\d{2}.*)?")
WORDS, LENGTH = 10_000, 100
FEW, ROWS_A_NAME = 20, 3
"""Names that stand in fewer rows on average, of more than a few rows, tell rows apart and not kinds."""
MOST_CLASSES = 20
YES_AND_NO = 2
WINDOW, LEAST_WINDOW, ROWS_A_STEP = 12, 3, 12
"""Steps that a forecast looks back, as far as validation and test have some windows of them."""
USELESS = frozenset({"constant_columns", "identifier_columns"})
"""The findings whose columns are left out of the inputs."""


@dataclass
class Draft:
    """What is to be written: the keys of `data`, and what looks wrong in the data set that they give."""

    source: Any
    target: Any
    reasons: dict[str, str] = field(default_factory=dict)
    block: dict[str, Any] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    forecasts: bool = False
    """Whether the target is a number that is foretold from its own past."""

    def load(self, fields: Fields) -> Dataset:
        """The data set of the block as it is now."""
        block = {"source": self.source, "target": self.target, **self.block}
        labels: Labels | None = "numbers" if self.forecasts else None
        return Data.model_validate(block, context=Language()).dataset(fields, seed=0, labels=labels)

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
        draft.target, draft.reasons["target"] = guessed_target(fields), "the last column; --target takes another"
    goal = draft.target.get("column") if isinstance(draft.target, dict) else draft.target or fields.target
    if not isinstance(goal, str):
        return draft, draft.load(fields)  # several columns in one: the settings say it all
    fields.check_column(goal)
    if "inputs" not in draft.block and is_plain_series(fields, goal):
        fields = choose_windows(draft, fields, goal)
    else:
        if not isinstance(draft.target, dict):
            choose_classes(draft, fields, goal)
        choose_inputs(draft, fields, goal)
    choose_missing(draft, fields, goal)
    choose_split(draft, fields, goal)
    dataset = draft.load(fields)
    draft.findings = findings(dataset)
    useless = draft.useless_columns
    if useless and "inputs" not in draft.block:
        names = [column.name for each in dataset.schema.inputs for column in each.columns or []]
        draft.block["inputs"] = [name for name in names if name not in useless]
        draft.reasons["inputs"] = f"without {', '.join(useless)}: constant, or a count of the rows"
        if not draft.block["inputs"]:
            raise nothing_left(fields, f"{', '.join(useless)}: constant, or a count of the rows")
        dataset = draft.load(fields)
    if any(each.code == "target_far_from_unit_scale" for each in draft.findings):
        # Where the target says more already, such as its classes, that stays.
        told = draft.target if isinstance(draft.target, dict) else {"column": goal}
        draft.target = {**told, "scale": "standard"}
        draft.reasons["target"] = "learnt with mean 0 and variance 1; metrics and predictions in its own units"
        dataset = draft.load(fields)
    for name in names_in(draft.block.get("inputs", [])) if fields.is_table else ():
        check_written(name, fields)
    check_written(goal, fields)
    return draft, dataset


def nothing_left(fields: Fields, useless: str) -> DataError:
    """The error of a table of which no column can be an input."""
    message = f"no column is left to learn from beside the target ({useless})"
    hint = "add a column that says something of each row, or name another target: --target COLUMN"
    return DataError(message, file=named_file(fields), hint=hint, kind="no_inputs_left")


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


def named_file(fields: Fields) -> str | None:
    """The file that an error names."""
    return fields.places[0].file or None


def guessed_target(fields: Fields) -> str:
    """The last column, if it can be a target. Raises `DataError` where it cannot."""
    names = list(fields.arrays)
    last = fields.arrays[names[-1]]
    if fields.is_table and len(names) > 1 and not (last.dtype == object and too_many(last[:])):
        return names[-1]
    raise DataError(
        f"which column is the target? the data has: {', '.join(names)}",
        file=named_file(fields),
        hint="name it: --target COLUMN",
        kind="target_not_named",
    )


def too_many(values: Any) -> bool:
    """Whether a column of text names rows rather than kinds."""
    present = [value for value in values.tolist() if value is not None]
    different = len(set(present))
    return different > MOST_CATEGORIES or (len(present) > 20 and different > 0.9 * len(present))


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


def ascends(values: np.ndarray[Any, Any]) -> bool:
    """Whether a column (rows,) is a time: dates that go on, or whole numbers that count in equal steps."""
    import numpy as np

    if values.dtype == object:
        seconds = [None if value is None else seconds_of(value) for value in values.tolist()]
        return None not in seconds and bool(np.all(np.diff(np.array(seconds, float)) > 0))
    steps = np.diff(values)
    return values.dtype.kind in "iu" and bool(len(steps)) and steps[0] > 0 and bool(np.all(steps == steps[0]))


def choose_windows(draft: Draft, fields: Fields, target: str) -> Fields:
    """A series is forecast from its own past; gives the fields as windows."""
    window = min(WINDOW, fields.samples // ROWS_A_STEP)
    draft.source = {Series.word: {"path": draft.source, "window": window}}
    draft.reasons["source"] = f"the {window} values before each"
    draft.target, draft.forecasts = target, True
    draft.block["inputs"] = [target]
    draft.reasons["inputs"] = "its own past"
    return replace(fields, windows=Windows(window=window))


def choose_classes(draft: Draft, fields: Fields, target: str) -> None:
    """Whole numbers that name classes become classes, whatever they count from and however they are written."""
    column = fields.arrays[target]
    if is_lazy(column) or column.dtype.kind not in "fiu" or fields.windows is not None:
        return
    values = column[:, 0] if column.ndim == 2 and column.shape[1] == 1 else column[:]
    if values.ndim > 1:
        return
    different = known_values(values)
    if not are_classes(values):
        if 1 < len(different) <= MOST_CLASSES:
            hint = f"if its {len(different)} values are classes: {{column: {inline_yaml(target)}, encode: index}}"
            draft.reasons["target"] = hint
            draft.target = target
        return
    if column.ndim > 1 or values.dtype.kind == "f" or different[0] != 0 or different[-1] != len(different) - 1:
        draft.target = {"column": target, "encode": "index"}
        draft.reasons["target"] = (
            f"{len(different)} whole numbers, taken for classes; for amounts: target: {inline_yaml(target)}"
        )


def known_values(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The different numbers of a column (rows,), ascending, without empty cells."""
    import numpy as np

    return np.unique(values[~missing(values)])


def are_classes(values: np.ndarray[Any, Any]) -> bool:
    """Whether numbers (rows,) look like names of classes: two whole ones, or up to twenty that follow each other, each in
    two rows or more.
    """
    import numpy as np

    different = known_values(values)
    if not 1 < len(different) <= MOST_CLASSES or not np.isfinite(different).all() or (different % 1 != 0).any():
        return False
    follow = different[-1] - different[0] == len(different) - 1
    rarest = min(int((values == value).sum()) for value in different)
    return len(different) == 2 or bool(follow and rarest > 1)


def choose_inputs(draft: Draft, fields: Fields, target: str) -> None:
    """Leaves out text that names rows, and makes sentences an input of their own."""
    if not fields.is_table or fields.inputs is not None or fields.windows is not None or "inputs" in draft.block:
        return
    hollow = empty_columns_of(fields, target)
    names = [name for name in fields.arrays if name != target and name not in hollow]
    texts = [name for name in names if is_names(fields, name) and names_rows(fields.arrays[name][:])]
    unread = [name for name in fields.columns if name not in fields.arrays]
    if not texts and not hollow and not unread:
        return
    sentences = [name for name in texts if mostly_sentences(fields.arrays[name][:])]
    rest = [name for name in names if name not in texts]
    unclear = [name for name in texts if is_unclear_day(fields.arrays[name][:])]
    left_out = [f"{', '.join(texts)}, which names rows rather than kinds{files_named(fields, texts)}"] if texts else []
    left_out += [f"{name} could be an input of kind time" for name in texts if is_time_input(fields.arrays[name][:])]
    left_out += [f"{', '.join(unclear)} may begin with day or month: write the year first to use it"] if unclear else []
    left_out += [f"{', '.join(unread)}, which no column of numbers or text can hold"] if unread else []
    left_out += [f"{', '.join(hollow)}: no cell holds anything"] if hollow else []
    if not sentences and not rest:
        raise nothing_left(fields, "; ".join(left_out))
    if not sentences:
        draft.block["inputs"] = rest
        draft.reasons["inputs"] = f"without {'; '.join(left_out)}"
        return
    inputs: dict[str, Any] = {"features": {"columns": rest}} if rest else {}
    vectors = {"TextVectorization": {"max_tokens": WORDS, "output_sequence_length": LENGTH}}
    for name in sentences:
        inputs[name] = {"columns": name, "kind": "text", "prepare": [vectors]}
    if rest:
        inputs["features"]["prepare"] = ["Normalization"]
    draft.block["inputs"], draft.reasons["inputs"] = inputs, "sentences are an input of their own"


def is_time_input(values: Any) -> bool:
    """Whether a column of text holds nothing but times, of which dlcli makes numbers where it is asked for."""
    return are_times(value for value in values.tolist() if value is not None)


def is_unclear_day(values: Any) -> bool:
    """Whether a column holds days with their year last, and nothing tells whether day or month comes first."""
    texts = [value for value in values.tolist() if value is not None]
    return are_short_days(texts) and first_in(texts) is None


def names_rows(values: Any) -> bool:
    """Whether a column of text has so many names that most stand in one or two rows: they say nothing of new rows."""
    present = [value for value in values.tolist() if value is not None]
    return too_many(values) or (len(present) > FEW and len(set(present)) * ROWS_A_NAME > len(present))


def files_named(fields: Fields, names: Sequence[str]) -> str:
    """What to write where one of some columns names pictures or sounds; nothing where none does."""
    for source in (Images, Audio):
        for name in names:
            cells = [str(value).lower() for value in fields.arrays[name][:FEW].tolist() if value is not None]
            if cells and all(cell.endswith(source.inside) for cell in cells):
                table = Path(named_file(fields) or "").name
                return f"; to read the files of '{name}': source: {{{source.word}: {{path: {table}}}}}"
    return ""


def is_names(fields: Fields, name: str) -> bool:
    """Whether a field is a column of text in memory."""
    return fields.arrays[name].dtype == object and not is_running_text(fields, name)


def mostly_sentences(values: Any) -> bool:
    """Whether most cells are three words or more, and no dates."""
    present = [value for value in values[:200].tolist() if value is not None]
    return sum(len(value.split()) > 2 and not DAY.fullmatch(value.strip()) for value in present) > len(present) / 2


def choose_missing(draft: Draft, fields: Fields, target: str) -> None:
    """What stands for empty cells, if there are any: a value that `predict` can fill in too, where a value can."""
    if "missing" in draft.block:
        return
    inputs = names_in(draft.block["inputs"]) if "inputs" in draft.block else [*(fields.inputs or fields.arrays)]
    names = [name for name in dict.fromkeys([target, *inputs]) if name in fields.arrays]
    names = [name for name in names if fields.arrays[name].ndim == 1 and not is_lazy(fields.arrays[name])]
    empty, _ = find_empty(fields, names)
    if not empty:
        return
    counted = ", ".join(f"{name} {each.count}" for name, each in list(empty.items())[:4])
    counted += ", …" if len(empty) > 4 else ""
    texts = [name for name in empty if name in texts_in(draft.block.get("inputs"))]
    draft.block["missing"] = "drop" if target in empty or texts else "median"
    whole = "; no value can stand for it" if len(empty) == 1 else "; predict then takes whole rows alone"
    why = whole if draft.block["missing"] == "drop" else ", filled in predict too"
    draft.reasons["missing"] = f"empty cells: {counted}{why}"


def texts_in(inputs: Any) -> list[str]:
    """The columns that a block of inputs takes as text to be read."""
    blocks = inputs.values() if isinstance(inputs, dict) else []
    return [name for each in blocks if each.get("kind") == "text" for name in names_in(each["columns"])]


def empty_columns_of(fields: Fields, target: str | None) -> list[str]:
    """The columns of a table beside the target in which no cell holds anything."""
    if not fields.is_table or fields.windows is not None:
        return []
    names = [name for name, column in fields.arrays.items() if name != target and column.ndim == 1]
    empty, _ = find_empty(fields, names)
    return [name for name, each in empty.items() if each.count == fields.samples]


def are_days(texts: Sequence[str]) -> bool:
    """Whether all texts are days, with their year first, or last where day and month can be told."""
    return all(DAY.fullmatch(text.strip()) for text in texts) or (first_in(texts) is not None and are_times(texts))


YEARS = (1800, 2100)
FEWEST_TIMES = 3


def rises_as_time(values: np.ndarray[Any, Any]) -> bool:
    """Whether whole numbers (rows,) are years, or days such as 20240131, that go on from row to row."""
    import numpy as np

    if values.dtype.kind not in "iu" or len(values) < FEWEST_TIMES or (values[1:] < values[:-1]).any():
        return False
    different = np.unique(values)
    if len(different) < FEWEST_TIMES:
        return False
    if YEARS[0] <= different[0] and different[-1] <= YEARS[1]:
        return True
    digits = [f"{each:08d}" for each in different]
    return are_times(f"{each[:-4]}-{each[-4:-2]}-{each[-2:]}" for each in digits)


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
            inputs = draft.block.get("inputs")
            if isinstance(inputs, list) and name in inputs:
                inputs.remove(name)
            return
