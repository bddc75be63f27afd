"""Some samples as a person can look at them: images, curves, text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dlcli.data import Dataset, Fields, class_indices
from dlcli.data.fields.fields import CHANNELS_FIRST
from dlcli.data.fields.padded import real_values
from dlcli.data.schema import InputSchema
from dlcli.view.report import RowsShown

if TYPE_CHECKING:
    import numpy as np

MOST = 10
MOST_CURVES = 3
MOST_ROWS, MOST_COLUMNS = 6, 12
LONGEST_TEXT = 300
CHANNELS = {1, 3, 4}
"""Channels of which an image is made: grey, colours, colours and how opaque; others have no colours of their own."""


@dataclass(frozen=True)
class Shown:
    """A sample: an image (height, width, …), a series (time, features), or text; `caption` is its class or file."""

    kind: Literal["image", "series", "text"]
    caption: str
    values: np.ndarray[Any, Any] | str
    names: Sequence[str] = ()
    """Of a series the names of its channels, where they have any."""


def drawable_samples(dataset: Dataset) -> list[Shown]:
    """The first training sample of each class, or the first few, of every input that can be looked at."""
    found = []
    for schema in dataset.schema.inputs:
        kind = drawing_of(schema)
        if kind is None:
            continue
        most = MOST if kind == "image" else MOST_CURVES
        rows = sample_numbers(dataset, most)
        values = dataset.splits["train"].inputs[schema.name][rows]
        for row, value in zip(rows, values, strict=False):
            found.append(drawable_sample(schema, value, caption(dataset, schema, int(row)), kind=kind))
    return found


def drawable_sample(
    schema: InputSchema, value: Any, caption: str, *, kind: Literal["image", "series", "text"]
) -> Shown:
    """A value of an input of this kind, without its padding."""
    if schema.padding is not None:
        value = real_values(value[None], schema.padding)
    first = tuple(schema.axes) == CHANNELS_FIRST
    names = channel_names(schema) if kind == "series" else ()
    return Shown(kind, caption, as_shown(kind, value.transpose(1, 2, 0) if first else value), names)


def channel_names(schema: InputSchema) -> Sequence[str]:
    """The columns that the channels of an input are of, where each is one."""
    columns = schema.columns or []
    return [each.name for each in columns] if all(each.width == 1 for each in columns) else ()


def table_rows(fields: Fields, rows: np.ndarray[Any, Any], names: Sequence[str]) -> RowsShown | None:
    """Some rows (rows,) of the columns of a table; None of what is no table, or whose samples are windows of rows."""
    names = [name for name in names if name in fields.arrays and fields.arrays[name].ndim == 1][:MOST_COLUMNS]
    if not names or fields.windows is not None or not len(rows):
        return None
    columns = [fields.arrays[name][rows].tolist() for name in names]
    return RowsShown(names, [*zip(*columns, strict=True)])


def training_rows(dataset: Dataset) -> RowsShown | None:
    """Some rows of the training split of a table, with their target."""
    inputs = [column.name for schema in dataset.schema.inputs for column in schema.columns or ()]
    if not inputs:
        return None
    targets = [name for target in dataset.schema.targets for name in target.names]
    rows = dataset.splits["train"].rows[sample_numbers(dataset, MOST_ROWS)]
    return table_rows(dataset.fields, rows, [*targets, *(name for name in inputs if name not in targets)])


def drawing_of(schema: InputSchema) -> Literal["image", "series", "text"] | None:
    """How an input can be drawn."""
    if schema.text:
        return "text"
    first = tuple(schema.axes) == CHANNELS_FIRST
    if schema.axes[1:3] == ["height", "width"] or first:
        channels = 1 if len(schema.shape) == 2 else schema.shape[0 if first else -1]
        return "image" if channels in CHANNELS else None
    return "series" if "time" in schema.axes[1:] else None


def as_shown(kind: str, value: Any) -> Any:
    """A sample as it is drawn: a series with an axis of features, text not too long."""
    if kind == "text":
        text = " ".join(str(value).split())
        return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
    return value[:, None] if kind == "series" and value.ndim == 1 else value


def sample_numbers(dataset: Dataset, most: int) -> np.ndarray[Any, Any]:
    """The numbers of some samples (at most `most`,): the first of each class in turn, else the first ones."""
    import numpy as np

    target = next(iter(dataset.schema.targets), None)
    train = dataset.splits["train"]
    if target is None or target.classes is None or len(target.shape) != target.is_one_hot:
        most = min(most, len(train))
        # Windows that follow each other show the same curve, moved by a step.
        return np.arange(most) if dataset.schema.windows is None else np.linspace(0, len(train) - 1, most).astype(int)
    indices = class_indices(train.targets[target.name][:], target)
    assert indices is not None
    _, first = np.unique(indices, return_index=True)
    return first[:most]


def caption(dataset: Dataset, schema: InputSchema, row: int) -> str:
    """The target of a sample, with the input's name where there are several."""
    if not dataset.schema.targets:
        return schema.name if len(dataset.schema.inputs) > 1 else ""
    target = dataset.schema.targets[0]
    value = dataset.splits["train"].targets[target.name][row : row + 1]
    index = class_indices(value, target)
    words = ""
    if index is not None and target.classes is not None and index.size == 1:
        words = target.classes[int(index.item())]
    elif value.dtype == object:
        words = str(as_shown("text", value.ravel()[0]))
    elif value.size == 1:
        words = f"{target.name} {float(value.item()):.4g}"
    return f"{schema.name}: {words}" if len(dataset.schema.inputs) > 1 else words
