"""Inspect data: the tensors of a configuration's data, of a file or folder, or of a bundled set, and what looks wrong in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from dlcli.actions.samples import Shown, drawable_samples
from dlcli.config import load_config
from dlcli.config.language import Language
from dlcli.data import Data, Dataset, Fields
from dlcli.data.dataset import spread_samples
from dlcli.data.description.columns import columns_in, input_descriptions
from dlcli.data.description.tensors import describe_dataset, describe_fields
from dlcli.data.findings import MOST, findings
from dlcli.data.first_pass import find_empty
from dlcli.data.sources import FILES_LOOKED_AT, SOURCES, SUFFIXES, files_in, from_path
from dlcli.data.sources.paths import is_folder
from dlcli.data.sources.source import Reading
from dlcli.errors import UsageError
from dlcli.first_line import some_names
from dlcli.spec import did_you_mean
from dlcli.training.setup.backend import chatter_to
from dlcli.training.setup.experiment import read_data
from dlcli.view.data import DataShown
from dlcli.view.sentences import told_of_data

LARGE = 1 << 28  # unseen: memory alone
"""Bytes in memory from which on data is looked at piece by piece, even where it would fit."""


@dataclass(frozen=True)
class InspectedData:
    """What is known of the data, and some samples to look at."""

    shown: DataShown
    samples: list[Shown] = field(default_factory=list)


def inspect_data(what: str, *, target: str | None, settings: Sequence[str], allow_code: bool) -> InspectedData:
    """Looks at data; nothing of TensorFlow is needed for tables, arrays and images.

    Raises `ConfigError`, `DataError`, or `UsageError` for what is neither a configuration nor data.
    """
    if what == "-" or Path(what).suffix.lower() in {".yaml", ".yml"}:
        config, _ = load_config(what, settings=settings)
        if config.data.stream == "auto" and config.data.source.memory() > LARGE:  # unseen: memory alone
            config = config.model_copy(update={"data": config.data.model_copy(update={"stream": True})})
        return data_description(what, read_data(config, allow_code=allow_code))
    data = data_at(what, target)
    stream = data.source.memory() > LARGE
    with chatter_to(None):  # some sources are read by TensorFlow
        fields = data.source.read(Reading(stream=stream, allow_code=allow_code))
    if target is None and fields.target is None:
        return undecided(what, fields)
    names = [name for name, column in fields.arrays.items() if column.ndim == 1]
    if find_empty(fields, names)[0]:
        # To look at data is not to decide what empty cells mean: they are counted, and filled for the ranges.
        data = data.model_copy(update={"missing": "most_frequent"})
    return data_description(what, data.dataset(fields, seed=0, labels=None, stream=stream))


def data_at(what: str, target: str | None) -> Data:
    """The data block of a file, a folder or a bundled set.

    Raises `UsageError` for what is none of these, and for a set that needs more than its name.
    """
    words = [source.word for source in SOURCES]
    if what not in words and not isinstance(from_path(what, known_only=True), dict):
        hint = (
            did_you_mean(what, words)
            or f"a configuration (.yaml), a folder, a data file ({', '.join(SUFFIXES)}) or one of: {', '.join(words)}"
        )
        raise UsageError(f"cannot tell what '{what}' is{held_in(Path(what))}", hint=hint, kind="unknown_form")
    try:
        return Data.model_validate({"source": what, "target": target}, context=Language())
    except ValidationError as error:
        said = str(error.errors(include_url=False)[0]["msg"])
        raise UsageError(
            f"'{what}' needs more than its name: {said}", hint=f"dlcli show {what}", kind="source_needs_more"
        ) from None


def held_in(folder: Path) -> str:
    """What a folder holds where none of it can be read, in words; nothing of what is no folder."""
    if not is_folder(folder):
        return ""
    endings = Counter(path.suffix.lower() or "without ending" for path in islice(files_in(folder), FILES_LOOKED_AT))
    counts = [f"{count} {ending}" for ending, count in endings.most_common()]
    return f": the folder holds no file that dlcli reads; found: {some_names(counts) or 'nothing'}"


def undecided(what: str, fields: Fields) -> InspectedData:
    """Data of which no target is known: its columns or arrays."""
    columns = columns_in(fields, spread_samples(fields.samples, MOST)) if fields.is_table else []
    return InspectedData(DataShown(what, describe_fields(fields), columns))


def data_description(what: str, dataset: Dataset) -> InspectedData:
    """Tensors, columns, findings and some samples of a data set."""
    told = [told_of_data(finding) for finding in findings(dataset)]
    columns = input_descriptions(dataset.sample(MOST))
    return InspectedData(
        DataShown(what, describe_dataset(dataset), columns, told, dataset.notes), drawable_samples(dataset)
    )
