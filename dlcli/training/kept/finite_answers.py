"""Is what a model says a number? One that is not is told with its row and the input that is to blame, and never shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.values import rows_in_words
from dlcli.data.schema import InputSchema
from dlcli.errors import ArtifactError, DataError
from dlcli.training.setup.feed import Feed
from dlcli.training.unanswered import OF_NOTHING, unanswered

if TYPE_CHECKING:
    import numpy as np

LARGE = 1e15
"""From here on an input is too large to be reckoned with in 32 bits: its square times a weight may overflow."""


def check_answers(outputs: Mapping[str, np.ndarray[Any, Any]], feed: Feed, inputs: Sequence[InputSchema]) -> None:
    """Raises `DataError` for outputs (samples, …) that are not finite because of an input, and `ArtifactError` for others."""
    lacking = unanswered(outputs, feed, inputs)
    if lacking is None:
        return
    counted = f"{rows_in_words(lacking.count)} of {lacking.samples:,}, first in row {lacking.row}"
    if lacking.empty is not None:
        raise DataError(
            f"what the model says is no finite number in {rows_in_words(lacking.count)} of {lacking.samples:,}: {lacking.words}",
            hint=OF_NOTHING,
            kind="nothing_but_padding",
        )
    name, value = largest(feed, lacking.place, inputs)
    if abs(value) > LARGE:
        raise DataError(
            f"what the model says is no finite number in {counted}, where '{name}' is {value:.3g}",
            hint="correct the data, or write it in larger units: models reckon in 32 bits",
            kind="not_finite",
        )
    raise ArtifactError(
        f"what the model says is no finite number in {counted}, and no input there is too large",
        hint="its weights or its preparation are damaged, or too large to be reckoned with: train it again",
        kind="answers_not_finite",
    )


def largest(feed: Feed, row: int, inputs: Sequence[InputSchema]) -> tuple[str, float]:
    """The input, or the column of one, that is farthest from 0 in a sample before it is prepared, and its value."""
    import numpy as np

    values: dict[str, float] = {}
    for schema in inputs:
        sample = np.asarray(feed.raw[schema.name][row : row + 1])
        if sample.dtype.kind not in "fiub" or not sample.size:
            continue
        flat = sample.reshape(-1)
        at = int(np.argmax(np.abs(flat.astype(np.float64))))
        values[column_at(schema, at % (schema.shape[-1] if schema.shape else 1))] = float(flat[at])
    return max(values.items(), key=lambda item: abs(item[1]), default=("", 0.0))


def column_at(schema: InputSchema, place: int) -> str:
    """The column whose numbers stand at a place of an input of several, or the input."""
    for column in schema.columns or []:
        if place < column.width:
            return column.name
        place -= column.width
    return schema.name
