"""A target that several inputs make up: a sum, a product or a quotient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset
from dlcli.data.findings.columns import input_columns, settings_without
from dlcli.finding import Finding

if TYPE_CHECKING:
    import numpy as np

FEWEST = 20
ROWS_A_COLUMN = 4
"""A sum of columns is exact by itself where there are hardly more rows than columns."""
MOST_COLUMNS, LOOKED_AT = 200, 2000  # unseen: time alone
REST = 1e-6
"""What rounding may leave of the variance."""
SINGLE = 1e-6
"""What numbers of 32 bits are off by."""
MOST_PAIRED, MOSTLY_FINITE = 40, 0.9
"""So many columns are taken two and two, of which a quotient may be no number in the rest of the rows."""
FEWEST_ROUNDED, FINE, WITHIN = 100, 0.01, 0.65
"""So many samples tell that what is left is nothing but rounding, where that is no more than such a share of the variance, and no
sample is off by more than half the step that all are multiples of, and what a fit errs by."""


def target_is_a_sum(dataset: Dataset) -> Finding | None:
    """Two or more columns of numbers whose sum, each times a number of its own, or whose product is the target of every
    training sample: parts of a total, a price and a count.
    """
    import numpy as np

    train = dataset.splits["train"]
    if len(train) < FEWEST or dataset.fields.windows is not None:
        return None
    for schema in dataset.schema.targets:
        if schema.classes is not None or schema.shape:
            continue
        target = train.targets[schema.name][:].astype(float)
        columns = numbers_in(dataset, train.rows)
        if len(target) < ROWS_A_COLUMN * len(columns) or len(columns) > MOST_COLUMNS:
            continue
        off = off_by_rounding(target)
        for way, parts, whole in (("sum", columns, target), ("product", *logarithms(columns, target))):
            off_by = off / np.abs(target) if way == "product" and parts and off is not None else off
            names = parts_of(parts, whole, off_by)
            if names:
                plain = is_plain(way, columns, names, target, off)
                return made_up_target(dataset, schema.name, names, way, plain=plain)
        for way, names in pairs_of(columns, target, off):
            plain = is_plain(way, columns, names, target, off)
            return made_up_target(dataset, schema.name, names, way, plain=plain)
    return None


def off_by_rounding(target: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """How far each target (rows,) may be off where all are rounded to multiples of a power of ten; None where these are not fine
    beside what targets differ by, or rows are few."""
    import numpy as np

    for decimals in range(-6, 7):
        steps = target * 10.0**decimals
        if np.abs(steps - np.round(steps)).max() <= SINGLE * np.abs(steps).max():
            fine = FINE * steps.var() >= 1 / 12 and len(target) >= FEWEST_ROUNDED
            return np.full(len(target), WITHIN / 10.0**decimals) if fine else None
    return None


def is_plain(
    way: str,
    columns: dict[str, np.ndarray[Any, Any]],
    names: list[str],
    target: np.ndarray[Any, Any],
    off: np.ndarray[Any, Any] | None,
) -> bool:
    """Whether the columns make up the target (rows,) as they are, without factors, but for how far rounding puts it off."""
    import numpy as np

    parts = np.stack([columns[name] for name in names])
    with np.errstate(all="ignore"):
        whole = {"sum": parts.sum, "product": parts.prod}[way](axis=0) if way != "quotient" else parts[0] / parts[1]
    return bool(np.allclose(whole, target, rtol=REST, atol=0)) or is_within(whole - target, off)


def is_within(rest: np.ndarray[Any, Any], off: np.ndarray[Any, Any] | None) -> bool:
    """Whether what is left (rows,) is no more than rounding leaves."""
    return off is not None and bool((abs(rest) <= off).all())


def made_up_target(dataset: Dataset, target: str, names: list[str], way: str, *, plain: bool) -> Finding:
    """What is said of columns that make up the target; `plain` where they do so without factors."""
    facts = {"target": target, "columns": names, "way": way, "plain": plain}
    advice = settings_without(dataset, names, why="they may not be known when predicting")
    return Finding(code="target_is_a_sum", severity="warning", where=target, facts=facts, advice=advice)


def pairs_of(
    columns: dict[str, np.ndarray[Any, Any]], target: np.ndarray[Any, Any], off: np.ndarray[Any, Any] | None
) -> Iterator[tuple[str, list[str]]]:
    """Two columns whose product or quotient, times a number, is the target, of any sign: the way and the two, the first alone."""
    import numpy as np

    names = list(columns)[:MOST_PAIRED]
    if len(names) < 2 or len(np.unique(target)) < FEWEST:
        return
    rows = np.unique(np.linspace(0, len(target) - 1, LOOKED_AT).astype(int))
    for first in names:
        for second in names:
            if first == second:
                continue
            for way in ("product", "quotient"):
                if way == "product" and first > second:
                    continue
                few = made_of_two(way, columns[first][rows], columns[second][rows])
                if is_multiple(few, target[rows], None if off is None else off[rows]) and is_multiple(
                    made_of_two(way, columns[first], columns[second]), target, off
                ):
                    yield way, [first, second]
                    return


def made_of_two(way: str, first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The product or the quotient of two columns (rows,); not finite where there is none."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(first * second if way == "product" else first / second)


def is_multiple(
    values: np.ndarray[Any, Any], target: np.ndarray[Any, Any], off: np.ndarray[Any, Any] | None = None
) -> bool:
    """Whether a target (rows,) is values (rows,) times a number, in all rows where these are finite, nearly all."""
    import numpy as np

    known = np.isfinite(values)
    values, target = values[known], target[known]
    square = float(values @ values)
    if known.mean() < MOSTLY_FINITE or not square or not np.isfinite(square) or len(values) < FEWEST:
        return False
    rest = target - values * (float(values @ target) / square)
    exact = np.mean(rest**2) < REST * np.mean(target**2) and np.mean(rest**2) < REST * target.var()
    return bool(exact) or is_within(rest, None if off is None else off[known])


def numbers_in(dataset: Dataset, rows: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """The input columns of numbers (rows,) that are finite and not all the same."""
    import numpy as np

    columns = {name: dataset.column(name, rows) for name in input_columns(dataset)}
    numbers = {name: values.astype(float) for name, values in columns.items() if values.dtype.kind in "fiub"}
    return {name: values for name, values in numbers.items() if np.isfinite(values).all() and values.std() > 0}


def logarithms(
    columns: dict[str, np.ndarray[Any, Any]], target: np.ndarray[Any, Any]
) -> tuple[dict[str, np.ndarray[Any, Any]], np.ndarray[Any, Any]]:
    """The logarithms of what is above zero, in which a product is a sum."""
    import numpy as np

    if target.min() <= 0:
        return {}, target
    return {name: np.log(values) for name, values in columns.items() if values.min() > 0}, np.log(target)


def parts_of(
    columns: dict[str, np.ndarray[Any, Any]], target: np.ndarray[Any, Any], off: np.ndarray[Any, Any] | None = None
) -> list[str]:
    """The fewest columns, two or more, that make up the target; none where no sum of all is it."""
    import numpy as np

    if len(columns) < 2 or target.std() == 0:
        return []
    rows = np.unique(np.linspace(0, len(target) - 1, LOOKED_AT).astype(int))
    names = list(columns)
    table = np.stack([(columns[name] - columns[name].mean()) / columns[name].std() for name in names], axis=1)
    whole = (target - target.mean()) / target.std()
    off = None if off is None else off / target.std()
    few = None if off is None else off[rows]
    if not is_sum(table[rows], whole[rows], few) or not is_sum(table, whole, off):
        return []
    for name in list(names):
        others = [at for at, other in enumerate(columns) if other in names and other != name]
        if others and is_sum(table[rows][:, others], whole[rows], few):
            names.remove(name)
    return names if len(names) > 1 else []


def is_sum(table: np.ndarray[Any, Any], target: np.ndarray[Any, Any], off: np.ndarray[Any, Any] | None = None) -> bool:
    """Whether least squares of columns (rows, columns) leave nothing of a target (rows,) of variance one, or what rounding may
    put each off."""
    import numpy as np

    table = np.column_stack([table, np.ones(len(table))])
    rest = target - table @ np.linalg.lstsq(table, target, rcond=None)[0]
    return bool(np.mean(rest**2) < REST) or is_within(rest, off)


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    import numpy as np

    generator = np.random.default_rng(1)
    casual, registered = generator.integers(0, 300, (2, 200))
    noise = generator.normal(size=200).round(3)
    return [
        (table(y=casual + registered, c=casual, d=registered), True),
        (table(y=casual + registered + noise, c=casual, d=registered), False),
        (table(y=casual + registered, c=casual), False),
    ]
