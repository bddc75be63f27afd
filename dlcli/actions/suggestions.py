"""The draft of a configuration: what a data set suggests for each of the four steps, with a reason for each choice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlcli.actions.written import inline_yaml
from dlcli.config.language import Language
from dlcli.data import Data, Dataset, Fields
from dlcli.data.fields.lazy import is_lazy
from dlcli.data.fields.values import missing
from dlcli.data.findings import findings
from dlcli.data.first_pass import find_empty
from dlcli.data.inputs import MOST_CATEGORIES, is_running_text
from dlcli.data.schema import InputSchema, TargetSchema
from dlcli.errors import DataError
from dlcli.finding import Finding

Line = tuple[str, str]
"""A line of YAML and the comment behind it."""
DAY = re.compile(r"\d{4}[-/.]\d{2}([-/.]\d{2})?([ T]\d{2}:\d{2}.*)?")
WORDS, LENGTH = 10_000, 100
USELESS = frozenset({"constant_columns", "identifier_columns"})
"""The findings whose columns are left out of the inputs."""


@dataclass
class Draft:
    """What is to be written: the keys of `data`, and what looks wrong in the data set that they give."""

    source: Any
    target: str | None
    reasons: dict[str, str] = field(default_factory=dict)
    block: dict[str, Any] = field(default_factory=dict)
    findings: Sequence[Finding] = ()

    def load(self, fields: Fields) -> Dataset:
        """The data set of the block as it is now."""
        block = {"source": self.source, "target": self.target, **self.block}
        return Data.model_validate(block, context=Language()).dataset(fields, seed=0, labels=None)

    @property
    def is_imbalanced(self) -> bool:
        """Whether some classes are far rarer than others."""
        return any(finding.code == "imbalanced_classes" for finding in self.findings)

    @property
    def useless_columns(self) -> list[str]:
        """The columns that cannot help: constant, or a count of the rows."""
        about = [finding.facts["columns"] for finding in self.findings if finding.code in USELESS]
        return sorted({name for columns in about for name in columns})


def drafted(source: Any, fields: Fields, target: str | None) -> tuple[Draft, Dataset]:
    """The `data` block for what a source has read: its target, its inputs, what empty cells mean, how it is split.

    Raises `DataError` where no column can be told to be the target.
    """
    draft = Draft(source, target)
    if target is None and fields.target is None:
        draft.target, draft.reasons["target"] = guessed_target(fields), "the last column; --target takes another"
    goal = draft.target or fields.target
    assert goal is not None
    fields.check_column(goal)
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


def choose_inputs(draft: Draft, fields: Fields, target: str) -> None:
    """Leaves out text that names rows, and makes sentences an input of their own."""
    if not fields.is_table or fields.inputs is not None or fields.windows is not None:
        return
    names = [name for name in fields.arrays if name != target]
    texts = [name for name in names if is_names(fields, name) and too_many(fields.arrays[name][:])]
    if not texts:
        return
    sentences = [name for name in texts if mostly_sentences(fields.arrays[name][:])]
    rest = [name for name in names if name not in texts]
    if not sentences and not rest:
        raise nothing_left(fields, f"{', '.join(texts)} names rows rather than kinds")
    if not sentences:
        draft.block["inputs"] = rest
        draft.reasons["inputs"] = f"without {', '.join(texts)}, which names rows rather than kinds"
        return
    inputs: dict[str, Any] = {"features": {"columns": rest}} if rest else {}
    vectors = {"TextVectorization": {"max_tokens": WORDS, "output_sequence_length": LENGTH}}
    for name in sentences:
        inputs[name] = {"columns": name, "kind": "text", "prepare": [vectors]}
    if rest:
        inputs["features"]["prepare"] = ["Normalization"]
    draft.block["inputs"], draft.reasons["inputs"] = inputs, "sentences are an input of their own"


def is_names(fields: Fields, name: str) -> bool:
    """Whether a field is a column of text in memory."""
    return fields.arrays[name].dtype == object and not is_running_text(fields, name)


def mostly_sentences(values: Any) -> bool:
    """Whether most cells are several words, and no dates."""
    present = [value for value in values[:200].tolist() if value is not None]
    return sum(" " in value.strip() and not DAY.fullmatch(value.strip()) for value in present) > len(present) / 2


def choose_missing(draft: Draft, fields: Fields, target: str) -> None:
    """What stands for empty cells, if there are any."""
    names = [name for name, column in fields.arrays.items() if column.ndim == 1 and not is_lazy(column)]
    empty, rows = find_empty(fields, names)
    if not empty:
        return
    drops = target in empty or len(rows) <= 0.05 * fields.samples
    draft.block["missing"] = "drop" if drops and fields.windows is None else "median"
    counted = ", ".join(f"{name} {each.count}" for name, each in list(empty.items())[:4])
    draft.reasons["missing"] = f"empty cells: {counted}"


def choose_split(draft: Draft, fields: Fields, target: str) -> None:
    """The latest rows for the test where the rows stand in time."""
    if fields.splits is not None:
        return
    if fields.windows is not None:
        draft.block["split"] = {"by": "time"}
        draft.reasons["split"] = "the test is later than what is trained on, and no window is in two splits"
        return
    for name, column in fields.arrays.items():
        if name == target or column.dtype != object or is_lazy(column) or column.ndim > 1:
            continue
        values = column[:]
        if not missing(values).any() and all(DAY.fullmatch(value.strip()) for value in values.tolist()):
            draft.block["split"] = {"by": f"time:{name}"}
            draft.reasons["split"] = "the test is later than what is trained on"
            inputs = draft.block.get("inputs")
            if isinstance(inputs, list) and name in inputs:
                inputs.remove(name)
            return


def layers_of(dataset: Dataset) -> list[Line]:
    """The layers for the inputs and the target, one line each."""
    schemas, target = dataset.schema.inputs, dataset.schema.targets[0]
    dense = max(16, min(64, len(dataset.splits["train"]) // 8))
    if len(schemas) == 1:
        lines = list(branch(schemas[0], dataset))
        if not is_dense(target):
            hidden = f"Dense: {{units: {dense}, activation: relu}}"
            lines += [] if lines and lines[-1][0].startswith("Dense") else [(hidden, "finds patterns")]
    else:
        lines, ends = [], []
        for schema in schemas:
            own = list(branch(schema, dataset)) or []
            if not own:
                ends.append(schema.name)
                continue
            first, last = own[0], own[-1]
            own[0] = (with_argument(first[0], f"from: {inline_yaml(schema.name)}"), first[1])
            last = own[-1]
            own[-1] = (with_argument(last[0], f"name: {inline_yaml(f'{schema.name}_seen')}"), last[1])
            ends.append(f"{schema.name}_seen")
            lines += own
        lines.append((f"Concatenate: {{from: {inline_yaml(ends)}}}", "all inputs together"))
        lines.append((f"Dense: {{units: {dense}, activation: relu}}", "finds patterns"))
    return [*lines, output_layer(target)]


def with_argument(layer: str, argument: str) -> str:
    """A layer with one argument more."""
    name, _, given = layer.partition(": ")
    if not given:
        return f"{name}: {{{argument}}}"
    return f"{name}: {{{given.strip('{}')}, {argument}}}" if given.startswith("{") else f"{name}: {{{argument}}}"


def is_dense(target: TargetSchema) -> bool:
    """Whether the target is an image, with an answer for every pixel."""
    return target.axes[1:3] == ["height", "width"]


def branch(schema: InputSchema, dataset: Dataset) -> Iterator[Line]:
    """The layers that make a vector of one input."""
    if schema.text:
        yield f"Embedding: {{input_dim: {WORDS}, output_dim: 16}}", "each word becomes 16 numbers"
        yield "GlobalAveragePooling1D", "the mean of all words"
    elif schema.axes[1:3] == ["height", "width"]:
        yield from image_branch(schema, dense=is_dense(dataset.schema.targets[0]))
    elif "time" in schema.axes:
        if dataset.schema.targets[0].classes is None:
            yield "Flatten", "all steps side by side"
            return
        if len(schema.shape) == 1:
            yield f"Reshape: {{target_shape: [{schema.shape[0]}, 1]}}", "convolutions need a channel axis"
        stride = max(1, schema.shape[0] // 200)
        kernel = max(1, min(max(5, 2 * stride), schema.shape[0]))
        conv = f"Conv1D: {{filters: 32, kernel_size: {kernel}, strides: {stride}, activation: relu}}"
        yield conv, "finds short patterns in time"
        yield "GlobalAveragePooling1D", "how much of each there is"
    elif len(schema.shape) > 1:
        yield "Flatten", "one vector a sample"


def image_branch(schema: InputSchema, *, dense: bool) -> Iterator[Line]:
    """Convolutions, over images of any size."""
    height, width, *channels = schema.shape
    if not channels:
        yield f"Reshape: {{target_shape: [{height}, {width}, 1]}}", "convolutions need a channel axis"
    filters = 16
    while not dense and filters <= 64 and min(height, width) >= 6:
        yield f"Conv2D: {{filters: {filters}, kernel_size: 3, padding: same, activation: relu}}", "finds small patterns"
        yield "MaxPooling2D", "half the size"
        height, width, filters = height // 2, width // 2, filters * 2
    if dense:
        for _ in range(2):
            yield "Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}", "looks around every pixel"
    else:
        yield "Flatten", ""


def output_layer(target: TargetSchema) -> Line:
    """The last layer."""
    if is_dense(target):
        if target.classes is None:
            return "Conv2D: {filters: 1, kernel_size: 1}", "a number for every pixel"
        return f"Conv2D: {{filters: {len(target.classes)}, kernel_size: 1, activation: softmax}}", "a class a pixel"
    if target.classes is None:
        units = target.shape[-1] if target.shape else 1
        return f"Dense: {{units: {units}}}", "a number: no activation"
    if len(target.classes) == 2:
        return "Dense: {units: 1, activation: sigmoid}", f"the probability of {target.classes[1]}"
    return 'Dense: {units: "${data.classes}", activation: softmax}', "a probability for each class"


def loss_of(target: TargetSchema) -> tuple[Line, str]:
    """The loss, and the metric beside it."""
    if target.classes is None:
        return ("mse", "the mean of squared errors, for numbers"), "mae"
    if len(target.classes) == 2 and not is_dense(target):
        return ("binary_crossentropy", "for two classes"), "accuracy"
    return ("sparse_categorical_crossentropy", f"for {len(target.classes)} classes"), "accuracy"


def preparation_of(dataset: Dataset) -> list[Line]:
    """What is prepared for all inputs; inputs of several kinds have their own."""
    schemas = dataset.schema.inputs
    if any(schema.text for schema in schemas):
        layer = f"TextVectorization: {{max_tokens: {WORDS}, output_sequence_length: {LENGTH}}}"
        return [(layer, "words become numbers")]
    if schemas[0].axes[1:3] == ["height", "width"]:
        some = dataset.splits["train"].inputs[schemas[0].name][:200]
        highest = float(some.max()) or 1.0
        top = 255.0 if highest > 16 else 16.0 if highest > 1 else 1.0
        scale = f"Rescaling: {{scale: {1 / top:.6g}}}"
        return [(scale, f"values from 0 to {top:g} become 0 to 1")] if top > 1 else []
    return [("Normalization", "every feature to mean 0 and variance 1")]
