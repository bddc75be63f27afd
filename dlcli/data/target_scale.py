"""The scale of a target, learnt from its training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column
from dlcli.data.fields.padded import PADDING, real_values
from dlcli.data.schema import TargetSchema
from dlcli.data.target_values import sample_blocks
from dlcli.errors import DataError
from dlcli.spec.scale import Kind, Scale

if TYPE_CHECKING:
    import numpy as np

LEAST = {"log": 0.0, "log1p": -1.0}
"""Above what values of which logarithms are learnt have to be."""


def check_scalable(schema: TargetSchema, fields: Fields) -> None:
    """Refuses a scale of what is no number."""
    if schema.classes is not None or schema.labels is not None or schema.text or schema.absent:
        raise DataError(
            f"target '{schema.name}' is no number, and 'scale' is for numbers",
            file=fields.places[0].file,
            hint="leave 'scale' out",
            kind="scale_of_no_number",
        )


def check_logarithms(kind: Kind, schema: TargetSchema, values: Column, fields: Fields) -> None:
    """Refuses values (rows, …) that have no logarithm, with the first row that holds one."""
    import numpy as np

    if kind not in LEAST:
        return
    row = 0
    for block in sample_blocks(values):
        flat = block.reshape(len(block), -1)
        flat = np.where(flat == PADDING, np.inf, flat) if schema.padded else flat
        low = np.flatnonzero((flat <= LEAST[kind]).any(axis=1))
        if len(low):
            file, line, words = fields.where(row + int(low[0]), schema.column)
            least = float(flat[low[0]].min())
            hint = "write scale: log1p, which is the logarithm of one more" if least > -1 else "write scale: standard"
            message = f"'{schema.name}' is {least:g} in {words}, and scale: {kind} needs more than {LEAST[kind]:g}"
            raise DataError(message, file=file, line=line, hint=hint, kind="no_logarithm")
        row += len(block)


def learn_scale(kind: Kind, values: Column, *, columns: int | None, padding: float | None = None) -> Scale:
    """The scale of training values (samples, …): of each of several columns, or of all values together, without padding."""
    import numpy as np

    plain = Scale(kind=kind, shift=[0.0], factor=[1.0])
    width = columns or 1
    count, total, squares = 0, np.zeros(width), np.zeros(width)
    low, high = np.full(width, np.inf), np.full(width, -np.inf)
    real = (real_values(block, padding) for block in sample_blocks(values))
    blocks = [plain.learnt(block.astype(np.float64), np).reshape(-1, width) for block in real]
    for block in blocks:
        count, total = count + len(block), total + block.sum(axis=0)
        low, high = np.minimum(low, block.min(axis=0)), np.maximum(high, block.max(axis=0))
    mean = total / max(count, 1)
    for block in blocks:
        squares += ((block - mean) ** 2).sum(axis=0)
    shift, factor = (low, high - low) if kind == "minmax" else (mean, np.sqrt(squares / max(count, 1)))
    return Scale(kind=kind, shift=shift.tolist(), factor=[each if each > 0 else 1.0 for each in factor.tolist()])


def in_own_units(schema: TargetSchema, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Values (samples, …) that are learnt, in the column's own units."""
    import numpy as np

    return values if schema.scale is None else np.asarray(schema.scale.own(values, np), values.dtype)


def as_learnt(schema: TargetSchema, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Values (samples, …) in the column's own units as they are learnt."""
    import numpy as np

    return values if schema.scale is None else np.asarray(schema.scale.learnt(values, np), np.float32)
