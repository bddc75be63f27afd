"""Real samples of a run's data as an artefact takes them, and what the run itself says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dlcli.actions.export.described import Taken
from dlcli.data import Dataset, Samples
from dlcli.data.encode import filled_column
from dlcli.data.fields.samples import samples_of
from dlcli.data.schema import ColumnSchema, InputSchema
from dlcli.training.kept.predictions import as_shown
from dlcli.training.kept.trained import Trained

if TYPE_CHECKING:
    import numpy as np

Arrays = Mapping[str, "np.ndarray[Any, Any]"]
MOST = 256
"""So many samples are checked, and as many of training say what its numbers are like."""
SPLITS = ("test", "validation", "train")
"""The split whose samples are checked is the first that there is."""


def some_samples(dataset: Dataset) -> tuple[str, Samples, Samples]:
    """The split that is checked, samples of it, and samples of training, spread evenly and in memory."""
    part = dataset.sample(MOST)
    split = next(name for name in SPLITS if name in part.splits and len(part.splits[name]))
    return split, first_samples(part.splits[split]), first_samples(part.splits["train"])


def first_samples(samples: Samples) -> Samples:
    """At most so many samples, in memory."""
    return Samples(
        {name: column[:MOST] for name, column in samples.inputs.items()},
        {name: column[:MOST] for name, column in samples.targets.items()},
        samples.rows[:MOST],
    )


@dataclass(frozen=True)
class RealSamples:
    """Samples of a split with the cells that they are made of."""

    trained: Trained
    dataset: Dataset
    samples: Samples

    @cached_property
    def prepared(self) -> Arrays:
        """The inputs as the model takes them."""
        inputs: Arrays = self.feed.take(slice(None))[0]
        return inputs

    @cached_property
    def feed(self) -> Any:
        """The samples, prepared."""
        return self.trained.feed(self.samples, with_target=False)

    def said(self) -> list[np.ndarray[Any, Any]]:
        """What the run says of them (samples, …) by target, as a person sees it."""
        output = self.trained.predicted(self.feed)
        pairs = zip(self.trained.config.heads, self.trained.schema.targets, strict=True)
        return [as_shown(output[target.name], head.loss) for head, target in pairs]

    def values(self, taken: Taken) -> np.ndarray[Any, Any]:
        """The values (samples, …) of an input of an artefact."""
        import numpy as np

        if taken.kind == "prepared":
            return self.prepared[taken.name].astype(taken.dtype)
        for schema, column in self.columns:
            if column is not None and taken.name in {column.name, f"{column.name} ({schema.name})"}:
                cells = self.cells(column)
                if taken.kind == "time" and "int" in taken.dtype and taken.missing is not None:
                    cells = np.where(np.isnan(cells), taken.missing, cells)
                return codes_in(cells, taken) if taken.kind == "code" else typed(cells, taken)
            if column is None and taken.name in (schema.texts or [schema.name]):
                values = np.asarray(self.samples.inputs[schema.name])
                return typed(values[:, schema.texts.index(taken.name)] if schema.texts else values, taken)
        raise KeyError(taken.name)  # unseen: every input is made of one of these

    @property
    def columns(self) -> Iterator[tuple[InputSchema, ColumnSchema | None]]:
        """All inputs, with each of their columns where they have some."""
        for schema in self.trained.schema.inputs:
            for column in [None] if schema.columns is None else schema.columns:
                yield schema, column

    def cells(self, column: ColumnSchema) -> np.ndarray[Any, Any]:
        """The cells (samples, …) of a column: NaN, or an empty text, where there is none."""
        import numpy as np

        fields, rows = self.dataset.fields, self.samples.rows
        unfilled = column.model_copy(update={"fill": "" if column.kind == "category" else float("nan")})
        windows = self.trained.schema.windows
        if windows is None:
            own, place = np.unique(rows, return_inverse=True)
            return np.asarray(filled_column(unfilled, fields.chosen(own)))[place]
        cut = samples_of(replace(fields, windows=windows))
        stand = cut.target_rows(np.arange(cut.count))
        by_row = np.argsort(stand, kind="stable")
        chosen = by_row[np.searchsorted(stand, rows, sorter=by_row)]
        values = np.asarray(filled_column(unfilled, fields))
        return np.asarray(cut.input(values[:, None])[chosen])[..., 0]

    def example(self, taken: Taken) -> Any:
        """A value such as stands in many samples: the name that most have, the median of numbers."""
        import numpy as np

        values = self.values(taken).ravel()
        if taken.kind == "name":
            names, counts = np.unique(values[values != ""], return_counts=True)
            return str(names[counts.argmax()]) if len(names) else None
        if taken.kind == "code":
            codes, counts = np.unique(values[values >= 0], return_counts=True)
            return (taken.names or [])[int(codes[counts.argmax()])] if len(codes) else None
        if taken.kind not in {"number", "time"}:
            return None
        known = values[~np.isnan(values)]
        return float(f"{np.median(known):.4g}" if taken.kind == "number" else np.median(known)) if len(known) else None

    def span(self, taken: Taken) -> tuple[float, float] | None:
        """The least and the greatest number of all training rows; of what a row does not hold as it is, none is known."""
        if taken.kind not in {"number", "array"}:
            return None
        for schema, column in self.columns:
            names = {schema.name} if column is None else {column.name, f"{column.name} ({schema.name})"}
            known = schema.seen if column is None else column.seen
            if taken.name in names and known is not None:
                return known[0], known[1]
        return None


def typed(values: np.ndarray[Any, Any], taken: Taken) -> np.ndarray[Any, Any]:
    """Values in the type of an input."""
    return values.astype(str if taken.dtype == "string" else taken.dtype)


def codes_in(cells: np.ndarray[Any, Any], taken: Taken) -> np.ndarray[Any, Any]:
    """The codes (samples, …) of names, an empty one filled."""
    import numpy as np

    known = {name: code for code, name in enumerate(taken.names or [])}
    codes = [known.get(str(taken.missing) if cell == "" else str(cell), -1) for cell in cells.ravel().tolist()]
    return np.array(codes, taken.dtype).reshape(cells.shape)
