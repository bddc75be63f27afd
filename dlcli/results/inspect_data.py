"""Inspect data: the tensors of a configuration's data, of a data file or of a bundled set, and what looks wrong in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.config import load_config
from dlcli.config.catalogue import keras_catalogue
from dlcli.data import Data, Dataset, class_indices
from dlcli.data.description import describe_dataset, describe_fields
from dlcli.data.findings import findings
from dlcli.data.sources import SOURCES, SUFFIXES
from dlcli.data.sources.source import Reading
from dlcli.data.values import missing
from dlcli.errors import UsageError
from dlcli.spec import near
from dlcli.training.experiment import read_data

if TYPE_CHECKING:
    import numpy as np


MOST_PICTURES = 10


@dataclass(frozen=True)
class InspectedData:
    """`value` is that of `dlcli inspect-data --json`; `pictures` are some samples (height, width, …) with their class."""

    value: dict[str, Any]
    pictures: list[tuple[str, np.ndarray[Any, Any]]] = field(default_factory=list)


def inspect_data(what: str, *, target: str | None, settings: Sequence[str], allow_code: bool = False) -> InspectedData:
    """Looks at data; nothing of TensorFlow is needed.

    Raises `ConfigError`, `DataError`, or `UsageError` for what is neither a configuration nor data.
    """
    if what == "-" or Path(what).suffix.lower() in {".yaml", ".yml"}:
        config, _ = load_config(what, settings=settings)
        return described(what, read_data(config, allow_code=allow_code))
    words = [source.word for source in SOURCES]
    if what not in words and Path(what).suffix.lower() not in SUFFIXES:
        hint = (
            near(what, words)
            or f"a configuration (.yaml), a data file ({', '.join(SUFFIXES)}) or one of: {', '.join(words)}"
        )
        raise UsageError(f"cannot tell what '{what}' is", hint=hint)
    data = Data.model_validate({"source": what, "target": target}, context=keras_catalogue())
    fields = data.source.read(Reading(allow_code=allow_code))
    if target is None and fields.target is None:
        tensors = [asdict(each) for each in describe_fields(fields)]
        return InspectedData({"source": what, "tensors": tensors, "findings": []})
    if any(missing(values[:]).any() for values in fields.arrays.values()):
        # To look at data is not to decide what empty cells mean: they are counted, and filled for the ranges.
        data = data.model_copy(update={"missing": "most_frequent"})
    return described(what, data.dataset(fields, seed=0, labels=None))


def described(what: str, dataset: Dataset) -> InspectedData:
    """Tensors, findings and some pictures of a data set."""
    value = {
        "source": what,
        "tensors": [asdict(each) for each in describe_dataset(dataset)],
        "findings": [asdict(each) for each in findings(dataset)],
    }
    return InspectedData(value, pictures(dataset))


def pictures(dataset: Dataset) -> list[tuple[str, np.ndarray[Any, Any]]]:
    """The first training image of each class; nothing where no input is images."""
    train, target = dataset.splits["train"], dataset.schema.targets[0]
    classes = target.classes
    name = next((each.name for each in dataset.schema.inputs if each.axes[1:3] == ["height", "width"]), None)
    indices = class_indices(train.targets[target.name][:], target)
    if name is None or classes is None or indices is None or indices.ndim > 1:
        return []
    first = {int(index): row for row, index in reversed(list(enumerate(indices)))}
    return [(classes[index], train.inputs[name][first[index]]) for index in sorted(first)[:MOST_PICTURES]]
