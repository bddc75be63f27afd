"""Splits samples into training, validation and test: shuffled from the seed, by class, time, group or a column."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias

from pydantic import Field, field_validator, model_validator

from dlcli.data.borders import between_times
from dlcli.data.folds import ByColumn, read_fold, with_fold
from dlcli.data.schema import SPLITS
from dlcli.data.times import times_of
from dlcli.errors import DataError
from dlcli.spec import Mistake, Spec, did_you_mean, fail

if TYPE_CHECKING:
    import numpy as np

LARGEST = 0.9
BLOCK = 1 << 22
"""So many samples are shuffled and split at once."""
MOST_TOLD = 5
"""So many words of a column are told."""

Word: TypeAlias = str | bool | int | float


class ByWords(Spec):
    """A column whose words say the split of a row."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "column": ("data.split.by.column=half", "data.split.by={column: part, train: [A], test: [B]}"),
        "train": ("data.split.by.train=[A, B]", "data.split.by={column: part, train: [A], test: [C]}"),
        "validation": (
            "data.split.by.validation=[A, B]",
            "data.split.by={column: set, train: [train], validation: [validation], test: [test]}",
        ),
        "test": ("data.split.by.test=[B, C]", "data.split.by={column: part, train: [A], test: [C], validation: [B]}"),
    }

    column: str
    """The column."""
    train: Annotated[list[Word], Field(min_length=1)]
    """Its words for training."""
    validation: list[Word] = []
    """Its words for validation; without any the share of validation is cut from training."""
    test: list[Word] = []
    """Its words for test."""

    @property
    def split_of(self) -> dict[str, str]:
        """The split by word."""
        words = {"train": self.train, "validation": self.validation, "test": self.test}
        return {plain_word(word): split for split in SPLITS for word in words[split]}

    @model_validator(mode="after")
    def each_word_once(self) -> ByWords:
        of_word: dict[str, str] = {}
        for split in SPLITS:
            for place, word in enumerate(getattr(self, split)):
                other = of_word.setdefault(plain_word(word), split)
                if other != split:
                    message = f"'{plain_word(word)}' is a word of both {other} and {split}"
                    fail(Mistake(message, (split, place), "leave it in one of them", kind="word_of_two_splits"))
        return self

    def check_found(self, held: Collection[str]) -> None:
        """Refuses a split none of whose words is among those that the column holds."""
        for split in SPLITS:
            own = [word for word, other in self.split_of.items() if other == split]
            if own and not {*own} & {*held}:
                named = " or ".join(f"'{word}'" for word in own[:MOST_TOLD])
                raise DataError(
                    f"the {split} split would be empty: no row of '{self.column}' holds {named}",
                    hint=did_you_mean(own[0], held) or f"it holds {', '.join(sorted(held)[:MOST_TOLD])}",
                    kind="empty_split",
                )


class Split(Spec):
    """The shares of the validation and the test split; the rest is for training."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "validation": ("data.split.validation=0.4",),
        "test": ("data.split.test=0.4",),
        "by": ("data.split.by=column:set",),
        "seed": ("data.split.seed=9",),
        "fold": ("data.split.fold=1/2", "data.split.fold=2/3"),
    }

    validation: Annotated[float, Field(ge=0, lt=1)] = 0.15
    test: Annotated[float, Field(ge=0, lt=1, validate_default=True)] = 0.15
    by: str | ByWords | None = None
    """`random`, `stratified`, `time:COLUMN` (the latest for test; `time` alone: the last rows), `group:COLUMN` (no group in
    two splits), `file` (no file in two splits) or `column:COLUMN` (the column says train, validation or test; other words are
    named: `{column: part, train: [TRUE], test: [FALSE]}`). Default: stratified for classes, otherwise random."""

    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None
    """Where its own randomness starts; by default the seed of the experiment."""
    fold: str | None = None
    """Which fold is held out as validation, instead of a share: `1/5` is the first of five of all that is not test. Folds are as
    the split is: by class, by whole groups or files, or one time after the other."""

    @field_validator("fold")
    @classmethod
    def known_fold(cls, fold: str | None) -> str | None:
        if fold is not None:
            read_fold(fold)
        return fold

    @field_validator("test")
    @classmethod
    def leave_some(cls, test: float, information: Any) -> float:
        validation = information.data.get("validation", 0.0)
        if validation + test > LARGEST:
            fail(
                Mistake(
                    f"validation {validation:g} and test {test:g} together take {validation + test:g} of the samples; "
                    f"at most {LARGEST:g}, so that some are left for training",
                    kind="nothing_left_for_training",
                )
            )
        return test

    @field_validator("by")
    @classmethod
    def known_way(cls, by: str | ByWords | None) -> str | ByWords | None:
        if isinstance(by, ByWords):
            return by
        way, colon, _ = (by or "random").partition(":")
        if (by or "").endswith(":") or way not in (
            {"time", "group", "column"} if colon else {"random", "stratified", "time", "file"}
        ):
            ways = "random, stratified, file, time, time:COLUMN, group:COLUMN or column:COLUMN"
            fail(Mistake(f"'by' must be {ways}, found '{by}'", kind="not_a_choice"))
        return by

    @property
    def column(self) -> str | None:
        """The column that the split goes by."""
        return self.by.column if isinstance(self.by, ByWords) else (self.by or "").partition(":")[2] or None

    @property
    def way(self) -> str | None:
        """How it is split, without the column; None for the default."""
        return "column" if isinstance(self.by, ByWords) else self.by and self.by.partition(":")[0]

    def rows(
        self,
        samples: int,
        *,
        seed: int,
        classes: np.ndarray[Any, Any] | None,
        column: np.ndarray[Any, Any] | None = None,
        own: Mapping[str, np.ndarray[Any, Any]] | None = None,
        names: Sequence[str] = (),
    ) -> dict[str, np.ndarray[Any, Any]]:
        """By split, the rows that belong to it, ascending.

        `classes` (samples,) is the class index of each row, or None for a target of numbers, and `names` the names of the
        classes; `column` (samples,) the values that `by` goes by, which for `file` are the numbers of the files; `own` are
        splits that the source has.
        Raises `DataError` for a split that would be empty.
        """
        import numpy as np

        way = self.way or ("stratified" if classes is not None else "random")
        generator = np.random.default_rng(seed if self.seed is None else self.seed)
        if way == "stratified" and classes is None:
            raise DataError(
                "a stratified split needs classes, and the target holds numbers",
                hint="write data.split.by: random",
                kind="stratified_needs_classes",
            )
        if own is not None:
            parts = self.within(own, classes, generator)
        elif way in {"random", "stratified"}:
            parts = self.shuffled(samples, classes if way == "stratified" else None, generator)
        elif way == "time":
            parts = self.cut_between(np.arange(samples) if column is None else times_of(str(self.column), column))
        else:
            assert column is not None
            parts = self.by_words(column, classes, generator) if way == "column" else self.by_group(column, generator)
        if own is None:
            self.check(parts, samples)
        if self.fold is not None:
            by = ByColumn(self.way, self.column, np.arange(samples) if column is None else column)
            parts = with_fold(parts, read_fold(self.fold), by, classes, generator, names=names)
        # Rows ascend, so that files are read forwards and a split is the same whatever shuffled it; half the bytes are worth it,
        # because every split of every open run holds its numbers in memory.
        small = np.int32 if samples < 2**31 else np.int64
        return {split: np.sort(rows).astype(small) for split, rows in parts.items() if len(rows)}

    def within(
        self,
        own: Mapping[str, np.ndarray[Any, Any]],
        classes: np.ndarray[Any, Any] | None,
        generator: np.random.Generator,
        *,
        names_own: bool = False,
    ) -> dict[str, np.ndarray[Any, Any]]:
        """The splits of the source (samples of the split,); where it has none for validation, a share of its training split.

        `names_own` says that a column names them. Raises `DataError` where they are to be split by something else.
        """
        if not names_own and (self.column is not None or self.by in {"time", "file"}):
            raise DataError(
                f"the data has splits of its own ({', '.join(own)}), so it cannot be split by {self.by}",
                hint="leave data.split.by out",
                kind="has_splits_of_its_own",
            )
        parts = {split: own[split] for split in SPLITS if split in own}
        if "validation" in parts or not self.validation:
            return parts
        train = parts["train"]
        cut = self.model_copy(update={"test": 0.0, "by": None})
        inner = cut.shuffled(len(train), None if classes is None else classes[train], generator)
        cut.check(inner, len(train))
        parts |= {"train": train[inner["train"]], "validation": train[inner["validation"]]}
        return {name: parts[name] for name in SPLITS if name in parts}

    def shuffled(
        self, samples: int, classes: np.ndarray[Any, Any] | None, generator: np.random.Generator
    ) -> dict[str, np.ndarray[Any, Any]]:
        """A random split, by class where `classes` (samples,) are given; BLOCK samples at a time, so that memory is bounded."""
        import numpy as np

        found: dict[str, list[np.ndarray[Any, Any]]] = {name: [] for name in SPLITS}
        for start in range(0, samples, BLOCK):
            size = min(BLOCK, samples - start)
            if classes is None:
                parts = self.cut(generator.permutation(size))
            else:
                parts = self.by_class(classes[start : start + size], generator)
            for name, rows in parts.items():
                found[name].append(rows + start)
        return {name: np.concatenate(rows) for name, rows in found.items()}

    def cut(self, order: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """The order (samples,) cut into three: training first, test last."""
        validation, test = round(len(order) * self.validation), round(len(order) * self.test)
        train = len(order) - validation - test
        return {
            "train": order[:train],
            "validation": order[train : train + validation],
            "test": order[train + validation :],
        }

    def cut_between(self, times: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """Samples of some times (samples,) cut into three where a time ends, as near to the shares as that is.

        Raises `DataError` where there are fewer times than splits.
        """
        import numpy as np

        order = np.argsort(times, kind="stable")
        ends = np.flatnonzero(times[order[1:]] != times[order[:-1]]) + 1
        wanted = self.cut(order)
        asked = (self.validation > 0) + (self.test > 0)
        if len(ends) < min(asked, len(order) - 1):
            many = "one time" if not len(ends) else f"{len(ends) + 1} times"
            raise DataError(
                f"the split is by '{self.column}', which holds {many} alone, and all rows of a time are in one split",
                hint="write data.split.by: random, or ask for fewer splits: data.split: {validation: 0}",
                kind="empty_split",
            )
        start = len(wanted["train"])
        first, last = between_times(ends, start, start + len(wanted["validation"]), size=len(order))
        return {"train": order[:first], "validation": order[first:last], "test": order[last:]}

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
        for left, group in zip(range(len(order), 0, -1), order[np.argsort(-counts[order], kind="stable")], strict=True):
            empty = (wanted > 0) & (taken == 0)
            # The last groups are for the splits that have none yet.
            wish = np.where(empty, wanted, -np.inf) if empty.sum() == left else wanted - taken
            where[group] = int(np.argmax(wish))
            taken[where[group]] += counts[group]
        return {split: np.flatnonzero(where[index] == number) for number, split in enumerate(SPLITS)}

    def by_words(
        self, column: np.ndarray[Any, Any], classes: np.ndarray[Any, Any] | None, generator: np.random.Generator
    ) -> dict[str, np.ndarray[Any, Any]]:
        """The split that a column (rows,) names for each row. Raises `DataError` for a word that names none."""
        import numpy as np

        split_of = self.by.split_of if isinstance(self.by, ByWords) else {split: split for split in SPLITS}
        words = np.array([plain_word(value) for value in column.tolist()], object)
        unknown = sorted({*words} - set(split_of))
        if unknown:
            expected = ", ".join(split_of) if isinstance(self.by, ByWords) else "train, validation or test"
            raise DataError(
                f"the column of the split holds '{unknown[0]}'; expected {expected}",
                hint=None
                if isinstance(self.by, ByWords)
                else f"name its words: data.split.by: {{column: {self.column}, train: [{unknown[0]}], test: […]}}",
                kind="unknown_split",
            )
        named = np.array([split_of[word] for word in words], object)
        if isinstance(self.by, ByWords):
            self.by.check_found({*words})
        parts = {split: np.flatnonzero(named == split) for split in SPLITS}
        if len(parts["validation"]) or not isinstance(self.by, ByWords) or not self.validation:
            return parts
        return {**parts, **self.within({"train": parts["train"]}, classes, generator, names_own=True)}

    def check(self, parts: Mapping[str, np.ndarray[Any, Any]], samples: int) -> None:
        """Refuses a split that was asked for and would be empty."""
        asked = {"train": 1.0, "validation": 0.0 if self.fold else self.validation, "test": self.test}
        if isinstance(self.by, ByWords):
            asked["test"] = float(bool(self.by.test))
        for split, rows in parts.items():
            if not len(rows) and asked[split]:
                raise self.empty(split, samples)

    def empty(self, split: str, samples: int) -> DataError:
        """The refusal of a split without rows: where a column says the split of each, that none of them names it."""
        message = f"no row of '{self.column}' holds '{split}'"
        if self.way != "column" or isinstance(self.by, ByWords):
            message = f"there {'is 1 sample' if samples == 1 else f'are {samples} samples'}"
            hint = "write data.split: {validation: 0, test: 0} or more data"
        elif split == "train":
            hint = "the split of each row is the word in that column; some are to be 'train'"
        else:
            hint = (
                f"the column says the split of each row: write data.split.{split}: 0, or '{split}' in some of its rows"
            )
        return DataError(f"the {split} split would be empty: {message}", hint=hint, kind="empty_split")


def plain_word(word: Any) -> str:
    """A word as text: yes and no in small letters, whole numbers without decimals, so that 1.0 is 1 and TRUE is true."""
    text = str(word)
    if text.lower() in {"true", "false"}:
        return text.lower()
    if isinstance(word, float) and word.is_integer():
        return str(int(word))
    return text
