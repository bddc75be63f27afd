"""Rows of a series that are not there, over which windows reach as if nothing were missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset
from dlcli.data.fields.samples import segments_of
from dlcli.data.times import first_in, seconds_as
from dlcli.finding import Finding

if TYPE_CHECKING:
    import numpy as np

REGULAR = 0.9
"""From this share of equal steps on, rows are taken for regular, so that a larger step is a hole."""
HOLE = 1.5
"""From how many steps on."""
LEAST = 20
"""Fewer steps tell no rule."""
UNITS = {"week": 604800, "day": 86400, "hour": 3600, "minute": 60, "second": 1}


@dataclass(frozen=True)
class Clock:
    """When each row (rows,) of a series is, in some unit, and the unit's name; `starts` are the first rows of series."""

    times: np.ndarray[Any, Any]
    unit: str
    starts: np.ndarray[Any, Any]

    def steps(self) -> np.ndarray[Any, Any]:
        """From each row (rows - 1,) to the next, NaN where another series begins."""
        import numpy as np

        steps = np.diff(self.times)
        steps[self.starts[1:] - 1] = np.nan
        return steps


def holes_in_time(dataset: Dataset) -> Finding | None:
    """A column of regular times some of which are missing, in a table that is cut into windows."""
    import numpy as np

    windows = dataset.schema.windows
    if windows is None or windows.window is None:
        return None
    whole = dataset.whole or dataset
    for name, clock in clocks(whole):
        steps = clock.steps()
        known = steps[np.isfinite(steps)]
        step = regular_step(known)
        if step is None:
            continue
        holes = np.flatnonzero(steps > HOLE * step)  # a comparison with NaN is none
        if not len(holes):
            return None
        before = np.concatenate([[0], np.cumsum(np.isin(np.arange(len(steps) + 1), holes))])
        starts = np.concatenate([each.rows for each in whole.splits.values()]) - windows.reach
        over = int((before[starts + windows.reach] > before[starts]).sum())
        first = int(holes[0])
        facts = {
            "column": name,
            "holes": len(holes),
            "steps": len(known),
            "step": step_in_words(step, clock.unit),
            "row": first + 1,
            "value": plain_value(whole.fields.arrays[name][first : first + 1][0]),
            "largest": round(float(steps[holes].max() / step)) - 1,
            "windows": over,
            "all_windows": len(starts),
        }
        return Finding(code="holes_in_time", severity="warning", where=name, facts=facts)
    return None


def regular_step(steps: np.ndarray[Any, Any]) -> float | None:
    """The step (steps,) that nearly all are; None of rows that go back, or of no rule."""
    import numpy as np

    if len(steps) < LEAST or (steps < 0).any():
        return None
    step = float(np.median(steps))
    return step if step > 0 and float((np.abs(steps - step) <= 1e-6 * step).mean()) >= REGULAR else None


def clocks(dataset: Dataset) -> Iterator[tuple[str, Clock]]:
    """The columns that may say when a row is: those of kind time, then dates as text, then numbers; no targets."""
    import numpy as np

    fields, windows = dataset.fields, dataset.schema.windows
    group = None if windows is None or windows.group is None else fields.arrays.get(windows.group)
    lengths = segments_of(fields.file_numbers(), fields.kept, group)
    starts = np.cumsum([0, *lengths[:-1]])
    kinds = {column.name: column.kind for each in dataset.schema.inputs for column in each.columns or []}
    targets = {name for each in dataset.schema.targets for name in each.names}
    names = [name for name, column in fields.arrays.items() if column.ndim == 1 and name not in targets]
    names.sort(key=lambda name: (kinds.get(name) != "time", fields.arrays[name].dtype != object))
    for name in names:
        values = fields.arrays[name][:]
        if values.dtype.kind in "iuf":
            yield name, Clock(values.astype(np.float64), "", starts)
        elif values.dtype == object:
            seconds = text_seconds(values)
            if seconds is not None:
                yield name, calendar(seconds, starts)


def text_seconds(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """Text (rows,) as seconds since 1970; None where it is no time in every row."""
    import numpy as np

    first = values[0]
    texts = {*values.tolist()}
    if not isinstance(first, str) or None in texts:
        return None
    order = first_in(texts)
    if seconds_as(first, order) is None:
        return None
    known = {text: seconds_as(text, order) for text in texts}
    if None in known.values():
        return None
    return np.array([known[text] for text in values.tolist()], np.float64)


def calendar(seconds: np.ndarray[Any, Any], starts: np.ndarray[Any, Any]) -> Clock:
    """Seconds since 1970 (rows,) as a clock: in months where all rows stand at the same day of one, or at its last."""
    import numpy as np

    days = seconds.astype("datetime64[s]").astype("datetime64[D]")
    for moved in (days, days + 1):
        months = moved.astype("datetime64[M]")
        if (np.diff(moved - months.astype("datetime64[D]")) == np.timedelta64(0, "D")).all() and len({*months}) > 1:
            return Clock(months.astype(np.float64), "month", starts)
    return Clock(seconds, "second", starts)


def step_in_words(step: float, unit: str) -> str:
    """`1 day`, `3 months`, `0.5`."""
    if unit == "second":
        unit, size = next((name, size) for name, size in UNITS.items() if step % size == 0 or size == 1)
        step /= size
    return f"{step:g} {unit}{'' if step == 1 else 's'}" if unit else f"{step:g}"


def plain_value(value: Any) -> str:
    """A cell as it is shown."""
    return str(value) if isinstance(value, str) else f"{float(value):g}"


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    keys = {"windows": {"window": 3}, "target": "a", "split": {"by": "time"}}
    gap = [*range(100), *range(120, 220)]
    return [
        (table(t=gap, keys=keys), True),
        (table(t=[*range(200)], keys=keys), False),
        (table(t=gap, keys={"target": "a"}), False),
        (table(t=[number + number // 5 * 2 for number in range(200)], keys=keys), False),
    ]
