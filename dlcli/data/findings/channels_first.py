"""Pictures with their channels before height and width."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.data.dataset import Dataset
from dlcli.data.fields.fields import CHANNELS_FIRST
from dlcli.finding import Finding, only_name


def channels_first(dataset: Dataset) -> Finding | None:
    """An array of pictures as PyTorch has them: layers would take the channels for rows, and columns for channels."""
    names = [each.name for each in dataset.schema.inputs if tuple(each.axes) == CHANNELS_FIRST]
    if not names:
        return None
    facts = {"inputs": {each.name: each.shape for each in dataset.schema.inputs if each.name in names}}
    return Finding(code="channels_first", severity="warning", where=only_name(names), facts=facts)


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Pictures of which the first shows it and the others do not."""
    return [
        (table(picture=(3, 8, 8)), True),
        (table(picture=(8, 8, 3)), False),
        (table(picture=(3, 8, 4)), False),
        (table(picture=(5, 8, 8)), False),
        (table(picture=(4, 4, 2)), False),
    ]
