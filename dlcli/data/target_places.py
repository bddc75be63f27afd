"""Targets of a value a place: text as ids, and what follows in an input, which loses its last place then."""

from __future__ import annotations

from collections.abc import Sequence

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.padded import PADDING
from dlcli.data.inputs import Group, is_running_text
from dlcli.data.schema import InputSchema, TargetSchema
from dlcli.data.target_values import different_labels
from dlcli.errors import BlockError, DataError
from dlcli.spec import Labels, Wanted, did_you_mean


def followed_group(name: str, groups: Sequence[Group], fields: Fields, *, target: str | None) -> Group:
    """The input of which a `target` is what follows.

    Raises `BlockError` where there is none, and `DataError` where it has no places.
    """
    by_name = {each.name: each for each in groups}
    if name not in by_name:
        place = ("data", "target", "next") if target is None else ("data", "targets", target, "next")
        raise BlockError(
            place,
            f"the target is what follows in the input '{name}', which there is not; there are: {', '.join(by_name)}",
            hint=did_you_mean(name, by_name),
            kind="no_such_input",
        )
    group = by_name[name]
    if fields.windows is not None:
        raise DataError(
            "the target is what follows in windows of a table",
            hint="write series: {…, each_step: true}, and the columns as target",
            kind="next_needs_places",
        )
    is_array = len(group.columns) == 1 and fields.arrays[group.columns[0]].ndim > 1
    if not is_array and not is_text_group(group, fields):
        raise DataError(
            f"the target is what follows in the input '{name}', which holds columns side by side and has no places",
            file=fields.places[0].file,
            hint="name an array (samples, places, …), or text",
            kind="next_needs_places",
        )
    return group


def is_text_group(group: Group, fields: Fields) -> bool:
    """Whether an input is text."""
    return group.kind == "text" or is_running_text(fields, group.columns[0])


def following_schema(
    followed: str, groups: Sequence[Group], fields: Fields, *, wanted: Wanted, void: list[int | str], name: str | None
) -> TargetSchema:
    """The schema of a target that is the input `followed` one place later.

    Raises `DataError` for an input that is not there or has a single place.
    """
    group = followed_group(followed, groups, fields, target=name)
    if is_text_group(group, fields):
        check_classes("text", wanted.labels)
        return TargetSchema(
            name=name or "next", encode="index", following=followed, text=True, axes=["samples", "place"], shape=[0]
        )
    column = group.columns[0]
    values = fields.arrays[column]
    padded = column in fields.padded
    void = [*void, PADDING] if padded else void
    if values.shape[1] < 2:
        message = f"the target is what follows in the input '{followed}', which has {values.shape[1]} place a sample"
        raise DataError(message, file=fields.places[0].file, kind="next_needs_places")
    shape, axes = [values.shape[1] - 1, *values.shape[2:]], list(fields.axes_of(column))
    classes = None
    if wanted.labels == "classes":
        if values.dtype.kind not in "iub":
            check_classes("numbers", wanted.labels)
        highest = max((int(each) for each in different_labels(values, void)), default=0)
        classes = [str(each) for each in range(max(highest + 1, wanted.classes or 0))]
    return TargetSchema(
        name=name or "next",
        column=column,
        encode="none",
        following=followed,
        classes=classes,
        void=void if classes else [],
        axes=axes,
        shape=shape,
        padded=padded,
    )


def text_schema(names: list[str], fields: Fields, *, name: str | None, strip: str | None) -> TargetSchema:
    """The schema of a target of text, of which a preparation makes ids, without what the pattern `strip` finds.

    Raises `DataError` for numbers.
    """
    column = names[0]
    if len(names) > 1 or fields.arrays[column].dtype != object or fields.arrays[column].ndim > 1:
        raise DataError(
            f"target '{column}' is no column of text, and 'prepare' makes ids of text",
            file=fields.places[0].file,
            hint="leave 'prepare' out of the target",
            kind="target_is_no_text",
        )
    return TargetSchema(
        name=name or column,
        column=column,
        encode="index",
        text=True,
        strip=strip,
        axes=["samples", "place"],
        shape=[0],
    )


def check_classes(held: str, labels: Labels | None) -> None:
    """Refuses a loss that cannot compare ids with a probability for each, or numbers with numbers."""
    if held == "text" and labels not in {"classes", None}:
        raise DataError(
            "the target is text, which becomes an id a place, and the loss takes no ids",
            hint="write loss: sparse_categorical_crossentropy, and softmax with ${data.NAME.vocabulary} units",
            kind="labels_do_not_fit_loss",
        )
    if held == "numbers" and labels == "classes":
        raise DataError(
            "the target is what follows in numbers, and the loss takes classes",
            hint="write loss: mse",
            kind="labels_do_not_fit_loss",
        )


def ended(schema: InputSchema, targets: Sequence[TargetSchema]) -> InputSchema:
    """An input as the model takes it: without the last place where a target is what follows in it."""
    if all(each.following != schema.name for each in targets):
        return schema
    shape = schema.shape if schema.text else [schema.shape[0] - 1, *schema.shape[1:]]
    return schema.model_copy(update={"ends": 1, "shape": shape})
