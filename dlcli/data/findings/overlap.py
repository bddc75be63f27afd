"""Windows of two splits that share rows of a series."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.data.dataset import Dataset
from dlcli.data.findings.holes_in_time import clocks
from dlcli.finding import Finding, Setting, only_name


def overlapping_windows(dataset: Dataset) -> Finding | None:
    """Windows of validation or test that hold rows which windows of training hold too."""
    import numpy as np

    windows = dataset.schema.windows
    if windows is None or windows.window is None:
        return None
    length = windows.sampling * (windows.window - 1) + 1
    whole = dataset.whole or dataset
    starts = {name: samples.rows - windows.reach for name, samples in whole.splits.items()}
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
    by, then = way_apart(whole, len(starts))
    return Finding(
        code="overlapping_windows",
        severity="warning",
        where=only_name(list(splits)),
        facts={"splits": splits, "by": by, "then": then},
        advice=[Setting(key="data.split.by", old=None, new=by, why=THEN[then])],
    )


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
    "whole": "no series is then in two splits",
}


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(keys={"windows": {"window": 3}, "target": "a"}), True),
        (table(keys={"windows": {"window": 3}, "target": "a", "split": {"by": "time"}}), False),
    ]
