"""The predictor: a trained run that answers raw rows again and again, with one graph for all of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.answered.columns import Columns, kept_columns, np_objects, predicted_rows
from dlcli.actions.answered.ways import Answering, Answers
from dlcli.actions.left_out import LeftOut, complete_rows, with_blanks
from dlcli.actions.new_data import check_names, raw_samples
from dlcli.data import Samples
from dlcli.data.fields.fields import Fields, FileEach
from dlcli.data.unlike import Unlike, together
from dlcli.training.kept.trained import Trained

if TYPE_CHECKING:
    import numpy as np

PART = 1 << 16  # unseen: memory alone
"""Rows that are answered at a time: a multiple of a batch, so that parts hold whole ones."""


@dataclass(frozen=True)
class Predictions:
    """Predictions as columns (samples,): the answer first, then the probability of each class; a dense target has more axes.

    `arrays` are what no table holds well, by name: the probabilities of the classes at each place (samples, …). `classes` has the
    names that those of indices stand for.
    """

    run: str
    samples: int
    columns: Columns
    notes: Sequence[str]
    arrays: Columns = field(default_factory=dict)
    left: LeftOut | None = None
    """Of how many samples the answers are empty, because a cell of them is."""
    unlike: Sequence[Unlike] = ()
    """What of the data is unlike that of training."""
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def in_arrays_alone(self) -> list[str]:
        """The names of what no table has: neither a column nor, of vectors, one for each value."""
        apart = {name for name, each in self.arrays.items() if each.ndim == 2 and f"{name} 0" in self.columns}
        return [name for name in self.arrays if name not in self.columns and name not in apart]

    def rows(self) -> list[dict[str, Any]]:
        """One mapping a sample."""
        lists = {name: plain_values(values) for name, values in self.columns.items()}
        return [{name: values[row] for name, values in lists.items()} for row in range(self.samples)]


def plain_values(values: np.ndarray[Any, Any]) -> list[Any]:
    """A column (samples, …) as plain values, None for an empty one."""
    return [None if isinstance(each, float) and each != each else each for each in values.tolist()]


@dataclass
class Tally:
    """What is told of all parts of some data together."""

    run: str = ""
    samples: int = 0
    left: LeftOut | None = None
    said: dict[str, None] = field(default_factory=dict)
    unlike: list[Unlike] = field(default_factory=list)
    in_arrays_alone: Sequence[str] = ()

    def counted(self, parts: Iterable[Predictions]) -> Iterator[Predictions]:
        """The parts, each of which is taken note of as it passes."""
        for part in parts:
            self.run = part.run
            self.samples += part.samples
            self.in_arrays_alone = part.in_arrays_alone
            self.said |= dict.fromkeys(part.notes)
            self.unlike = together([*self.unlike, *part.unlike])
            if part.left is not None:
                self.left = part.left if self.left is None else self.left + part.left
            yield part

    @property
    def left_out(self) -> int:
        """Of how many samples the answers are empty."""
        return 0 if self.left is None else self.left.count

    @property
    def notes(self) -> list[str]:
        """All that is to be said."""
        left = [] if self.left is None else [str(self.left)]
        return [*self.said, *left, *(str(each) for each in self.unlike if each.is_worth_a_word)]


class Predictor:
    """What a trained run says of rows, beside the columns of the data to `keep`.

    A name that was not in training counts as none, and with `strict` is an error. `answering` says how the model is asked.
    """

    def __init__(
        self, trained: Trained, *, answering: Answering | None = None, keep: Sequence[str] = (), strict: bool = False
    ) -> None:
        self.trained, self.keep, self.strict = trained, keep, strict
        self.answering = Answers() if answering is None else answering
        self.standing = [*trained.notes, *([] if trained.threshold is None else [str(trained.threshold)])]
        self.blank: tuple[Columns, Columns] | None = None
        """The columns and arrays of no sample at all."""

    def parts(self, fields: Fields, *, relative: bool = True) -> Iterator[Predictions]:
        """The predictions for the rows of some data, part after part."""
        whole = fields.samples <= PART or self.trained.schema.windows is not None
        for part in [fields] if whole else parts_answered(fields):
            yield self.of(part, all_may_go=not whole, relative=relative)

    def of(self, fields: Fields, *, all_may_go: bool = False, relative: bool = True) -> Predictions:
        """The predictions for rows that are in memory, or read file by file."""
        config, schema = self.trained.config, self.trained.schema
        complete = complete_rows(fields, config, schema, with_target=False, all_may_go=all_may_go)
        if not len(complete.rows) and self.blank is not None:
            return self.all_left_out(fields, complete.left)
        if self.strict:
            check_names(schema, complete.fields)
        raw = raw_samples(complete.fields, schema, with_target=False)
        samples = replace(raw.samples, rows=complete.rows[raw.samples.rows])
        answered, arrays = self.answering.columns(self.trained, samples)
        self.blank = tuple({name: each[:0] for name, each in some.items()} for some in (answered, arrays))  # type: ignore[assignment]
        if schema.windows is None:
            # A row that was left out keeps its place, so that the answers can stand beside the data.
            total, at = fields.samples, samples.rows
            answered, arrays = (
                {name: with_blanks(values, at, total) for name, values in each.items()} for each in (answered, arrays)
            )
        rows, known = predicted_rows(fields, schema.windows, samples.rows)
        columns = file_columns(fields, samples, self.trained, relative=relative)
        if schema.windows is not None and (self.keep or complete.left is not None):
            columns["row"] = rows + 1
        columns |= kept_columns(fields, rows, self.keep, beside={*columns, *answered}, known=known) | answered
        notes = [*self.standing, *fields.notes, *raw.notes]
        run = self.trained.run.name
        classes = self.answering.classes
        return Predictions(
            run, len(rows), columns, notes, arrays, left=complete.left, unlike=raw.unlike, classes=classes
        )

    def all_left_out(self, fields: Fields, left: LeftOut | None) -> Predictions:
        """The empty answers to rows each of which has an empty cell."""
        import numpy as np

        assert self.blank is not None
        nothing = np.zeros(0, np.int64)
        answered, arrays = (
            {name: with_blanks(values, nothing, fields.samples) for name, values in each.items()} for each in self.blank
        )
        every = np.arange(fields.samples)
        kept = kept_columns(fields, every, self.keep, beside={*answered}, known=every >= 0)
        run, notes, classes = self.trained.run.name, [*fields.notes], self.answering.classes
        return Predictions(run, fields.samples, kept | answered, notes, arrays, left=left, classes=classes)


def file_columns(fields: Fields, samples: Samples, trained: Trained, *, relative: bool) -> Columns:
    """The file of each sample, where it is one of its own; `relative` to the working folder, as the data was named."""
    if not isinstance(fields.places, FileEach):
        return {}
    shown = range(fields.samples) if trained.schema.windows is None else samples.rows.tolist()
    files = [fields.where(row)[0] for row in shown]
    return {"file": np_objects([os.path.relpath(file) for file in files] if relative else files)}


def parts_answered(fields: Fields) -> Iterator[Fields]:
    """Rows in parts of at most PART, in memory unless they are files."""
    import numpy as np

    names: Collection[str] = list(fields.arrays)
    for piece in fields.parts(names):
        for start in range(0, piece.samples, PART):
            rows = np.arange(start, min(start + PART, piece.samples))
            yield piece if len(rows) == piece.samples else piece.chosen(rows)


def joined(parts: Sequence[Predictions]) -> Predictions:
    """The predictions of several parts as those of one."""
    import numpy as np

    if len(parts) == 1:
        return parts[0]
    columns, arrays = (
        {name: np.concatenate([getattr(part, which)[name] for part in parts]) for name in getattr(parts[0], which)}
        for which in ("columns", "arrays")
    )
    tally = Tally()
    for _ in tally.counted(parts):
        pass
    return Predictions(
        tally.run,
        tally.samples,
        columns,
        [*tally.said],
        arrays,
        left=tally.left,
        unlike=tally.unlike,
        classes=parts[0].classes,
    )


def is_relative(data: str) -> bool:
    """Whether data was named from the working folder."""
    return not Path(data).is_absolute()
