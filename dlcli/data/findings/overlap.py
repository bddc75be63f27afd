"""Windows of two splits that share rows of a series, or pieces of a running text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.data.dataset import Dataset
from dlcli.data.findings.holes_in_time import clocks
from dlcli.finding import Finding, Setting, only_name

if TYPE_CHECKING:
    import numpy as np

    Rows: TypeAlias = np.ndarray[Any, Any]


def overlapping_windows(dataset: Dataset) -> Finding | None:
    """Windows of validation or test that hold rows, or pieces, which windows of training hold too."""
    import numpy as np

    whole = dataset.whole or dataset
    begun = where_windows_begin(whole)
    if begun is None:
        return None
    starts, length = begun
    # A row is held by training where more of its windows have begun than ended. `held` counts these rows from the start of the
    # table, so that a window shares one exactly if the count grows between its two ends: no window is walked row by row.
    # The whole data set is asked, because a sample of it would leave out the neighbours that overlap.
    inside = np.zeros(max(int(each.max()) for each in starts.values()) + length + 1, np.int64)
    np.add.at(inside, starts["train"], 1)
    np.add.at(inside, starts["train"] + length, -1)
    held = np.concatenate([[0], np.cumsum(np.cumsum(inside) > 0)])
    shared = {name: int((held[each + length] > held[each]).sum()) for name, each in starts.items() if name != "train"}
    splits = {name: {"shared": count, "windows": len(starts[name])} for name, count in shared.items() if count}
    if not splits:
        return None
    by, then = way_apart(whole, len(starts)) if dataset.schema.windows else ("time", "text")
    return Finding(
        code="overlapping_windows",
        severity="warning",
        where=only_name(list(splits)),
        facts={"splits": splits, "by": by, "then": then},
        advice=[Setting(key="data.split.by", old=None, new=by, why=THEN[then])],
    )


def where_windows_begin(dataset: Dataset) -> tuple[dict[str, Rows], int] | None:
    """By split the row, or piece, at which each window begins (samples of the split,), and over how many it reaches; None where
    samples are no windows."""
    windows, spans = dataset.schema.windows, dataset.fields.spans
    if windows is not None and windows.window is not None:
        starts = {name: samples.rows - windows.reach for name, samples in dataset.splits.items()}
        return starts, windows.sampling * (windows.window - 1) + 1
    if spans is not None:
        return {name: spans.starts[samples.rows] for name, samples in dataset.splits.items()}, spans.length
    return None


def way_apart(dataset: Dataset, splits: int) -> tuple[str, str]:
    """The `data.split.by` that keeps windows of so many `splits` apart, and what is then so, a word of `THEN`.

    Several series stand one after the other, so that their order is no time: a column of times tells them apart, or else each
    of them is kept in one split.
    """
    import numpy as np

    windows, files = dataset.schema.windows, len(np.unique(dataset.fields.file_numbers()))
    group = None if windows is None else windows.group
    groups = 1 if group is None else len({*dataset.fields.arrays[group][:].tolist()})
    if files == groups == 1:
        return "time", "later"
    timed = next((name for name, clock in clocks(dataset) if clock.unit), None)
    if timed is not None:
        return f"time:{timed}", "later"
    if groups >= splits:
        return f"group:{group}", "whole"
    return ("file", "whole") if files >= splits else ("time", "apart")


THEN = {
    "later": "the test is then later than what was trained on",
    "apart": "windows of two splits then share no row",
    "text": "windows of two splits then share no text",
    "whole": "no series is then in two splits",
}


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(keys={"windows": {"window": 3}, "target": "a"}), True),
        (table(keys={"windows": {"window": 3}, "target": "a", "split": {"by": "time"}}), False),
    ]
