"""Splits samples into training, validation and test: shuffled from the seed, by class, time, group or a column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, field_validator

from dlcli.errors import DataError
from dlcli.spec import Mistake, Spec, fail

if TYPE_CHECKING:
    import numpy as np

LARGEST = 0.9
IN_ORDER = re.compile(r"\d{4}(([-/.])\d{2}(\2\d{2}([ T]\d{2}:\d{2}.*)?)?)?|\d{2}:\d{2}(:\d{2}.*)?")
"""Times as text that sort in the order of time."""
NAMES = ("train", "validation", "test")


class Split(Spec):
    """The shares of the validation and the test split; the rest is for training."""

    validation: Annotated[float, Field(ge=0, lt=1)] = 0.15
    test: Annotated[float, Field(ge=0, lt=1, validate_default=True)] = 0.15
    by: str | None = None
    """`random`, `stratified`, `time:COLUMN` (the latest for test), `group:COLUMN` (no group in two splits) or
    `column:COLUMN` (the column says train, validation or test). Default: stratified for classes, otherwise random."""

    @field_validator("test")
    @classmethod
    def leave_some(cls, test: float, information: Any) -> float:
        together = test + information.data.get("validation", 0.0)
        if together > LARGEST:
            fail(
                Mistake(
                    f"validation and test together take {together:g} of the samples; "
                    f"at most {LARGEST:g}, so that some are left for training"
                )
            )
        return test

    @field_validator("by")
    @classmethod
    def known_way(cls, by: str | None) -> str | None:
        way, _, column = (by or "random").partition(":")
        if way not in ({"time", "group", "column"} if column else {"random", "stratified"}):
            fail(Mistake(f"'by' must be random, stratified, time:COLUMN, group:COLUMN or column:COLUMN, found '{by}'"))
        return by

    def rows(
        self,
        samples: int,
        *,
        seed: int,
        classes: np.ndarray[Any, Any] | None,
        columns: Mapping[str, np.ndarray[Any, Any]],
    ) -> dict[str, np.ndarray[Any, Any]]:
        """By split, the rows that belong to it, ascending.

        `classes` (samples,) is the class index of each row, or None for a target of numbers; `columns` the table that
        `by` may name. Raises `DataError` for a split that would be empty.
        """
        import numpy as np

        way, _, name = (self.by or ("stratified" if classes is not None else "random")).partition(":")
        generator = np.random.default_rng(seed)
        if name and name not in columns:
            raise DataError(
                f"the split is by column '{name}', which the data does not have; it has: {', '.join(columns)}"
            )
        if way == "stratified" and classes is None:
            raise DataError(
                "a stratified split needs classes, and the target holds numbers", hint="write data.split.by: random"
            )
        if way == "column":
            parts = by_column(columns[name])
        elif way == "group":
            parts = self.by_group(columns[name], generator)
        elif way == "time":
            parts = self.cut(by_time(name, columns[name]))
        elif way == "stratified":
            assert classes is not None
            parts = self.by_class(classes, generator)
        else:
            parts = self.cut(generator.permutation(samples))
        self.check(parts, samples)
        return {split: np.sort(rows) for split, rows in parts.items() if len(rows)}

    def cut(self, order: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """The order cut into three: training first, test last."""
        validation, test = round(len(order) * self.validation), round(len(order) * self.test)
        train = len(order) - validation - test
        return {
            "train": order[:train],
            "validation": order[train : train + validation],
            "test": order[train + validation :],
        }

    def by_class(
        self, classes: np.ndarray[Any, Any], generator: np.random.Generator
    ) -> dict[str, np.ndarray[Any, Any]]:
        """Every class with the same shares, to the nearest sample; the totals are those of the whole."""
        import numpy as np

        order = generator.permutation(len(classes))
        ranked = order[np.argsort(classes[order], kind="stable")]
        counts = np.bincount(classes[ranked])
        inside = np.concatenate([(np.arange(count) + 0.5) / count for count in counts])
        # Sorted by their place within their class, the first samples are each class's first share.
        return self.cut(ranked[np.argsort(inside, kind="stable")])

    def by_group(self, groups: np.ndarray[Any, Any], generator: np.random.Generator) -> dict[str, np.ndarray[Any, Any]]:
        """Whole groups, in random order, into whichever split is furthest from its share."""
        import numpy as np

        names, index, counts = np.unique(groups.astype(str), return_inverse=True, return_counts=True)
        wanted = np.array([1 - self.validation - self.test, self.validation, self.test]) * len(groups)
        order = generator.permutation(len(names))
        taken, where = np.zeros(3), np.zeros(len(names), dtype=int)
        for group in order[np.argsort(-counts[order], kind="stable")]:
            where[group] = int(np.argmax(wanted - taken))
            taken[where[group]] += counts[group]
        return {split: np.flatnonzero(where[index] == number) for number, split in enumerate(NAMES)}

    def check(self, parts: Mapping[str, np.ndarray[Any, Any]], samples: int) -> None:
        """Refuses a split that was asked for and would be empty."""
        asked = {"train": 1.0, "validation": self.validation, "test": self.test}
        for split, rows in parts.items():
            if not len(rows) and asked[split]:
                raise DataError(
                    f"the {split} split would be empty: there are {samples} samples",
                    hint="write data.split: {validation: 0, test: 0} or more data",
                )


def by_time(name: str, column: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The rows from the earliest to the latest. Raises `DataError` for text whose order is not that of time."""
    import numpy as np

    odd = next((value for value in column if isinstance(value, str) and not IN_ORDER.fullmatch(value.strip())), None)
    if odd is not None:
        raise DataError(
            f"the split is by the time in column '{name}', which holds '{odd}'",
            hint="write times as numbers, or the year first and every part with all its digits: 2024-01-31 09:30",
        )
    return np.argsort(column, kind="stable")


def by_column(column: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """The split that a column names for each row."""
    import numpy as np

    unknown = sorted({str(value) for value in column} - set(NAMES))
    if unknown:
        raise DataError(f"the column of the split holds '{unknown[0]}'; expected train, validation or test")
    return {split: np.flatnonzero(column == split) for split in NAMES}
