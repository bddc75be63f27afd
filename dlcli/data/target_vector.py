"""A target of several columns: numbers, or a yes or no for each."""

from __future__ import annotations

from dlcli.data.fields.fields import Fields
from dlcli.data.first_pass import distinct
from dlcli.data.schema import TargetSchema
from dlcli.data.target_values import (
    check_yes_or_no,
)
from dlcli.data.truth_words import is_truth_text, no_truth
from dlcli.errors import DataError
from dlcli.spec import Labels


def vector_schema(
    names: list[str], fields: Fields, *, labels: Labels | None, name: str | None, signs: bool = False
) -> TargetSchema:
    """The schema of a target of several columns: numbers, or under a loss for two classes yes and no, each 0 or 1.

    `signs` says that the loss takes -1 and 1 too.

    Raises `DataError` for a column of text or with axes.
    """
    for column in names:
        truths = labels != "numbers" and is_truth_text(fields.arrays[column])
        if (fields.arrays[column].dtype == object and not truths) or fields.arrays[column].ndim > 1:
            if fields.arrays[column].dtype == object and fields.arrays[column].ndim == 1:
                raise no_truth(column, fields, names, numbers=labels == "numbers")
            raise DataError(
                f"the target joins the columns {', '.join(names)}, but '{column}' holds an array",
                file=fields.places[0].file,
                hint="write data.targets: {NAME: COLUMN, …} for several targets of their own",
                kind="joined_columns_differ",
            )
        if labels == "binary" and not truths and not signs:
            check_yes_or_no(column, distinct(column, fields))
    axis = "labels" if labels == "binary" else "features"
    return TargetSchema(
        name=name or "target",
        encode="none",
        columns=names,
        axes=["samples", axis],
        shape=[len(names)],
        shares=labels in {"binary", "one_hot"},
    )
