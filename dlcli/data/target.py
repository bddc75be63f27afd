"""The target: which column it is, and what its values are encoded as: class indices, one-hot vectors or numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import loaded
from dlcli.data.fields.padded import PADDING, real_values
from dlcli.data.first_pass import distinct
from dlcli.data.index_classes import index_classes
from dlcli.data.inputs import Group
from dlcli.data.names_by_place import names_by_place
from dlcli.data.preparation.preparations import Preparation
from dlcli.data.schema import TargetSchema
from dlcli.data.several_labels import MARK, all_labels, check_takes_several, holds_lists
from dlcli.data.shares import are_shares, without_noise
from dlcli.data.strays import check_strays
from dlcli.data.target_labels import is_void, label_order, spelt
from dlcli.data.target_places import check_classes, following_schema, text_schema
from dlcli.data.target_values import (
    SIGNS,
    check_indices,
    check_present,
    check_yes_or_no,
    classes_beside_void,
    classes_of_numbers,
    different_labels,
    holds_one_hot,
    is_column_vector,
    labels_not_void,
    like_classes,
    mask_classes,
    no_class_for_void,
    only_void,
    single_class,
    some_values,
    takes_signs,
    text_target,
    written_name,
)
from dlcli.data.target_vector import vector_schema
from dlcli.data.text_strip import strip_in
from dlcli.data.written_numbers import numbers_instead
from dlcli.errors import DataError
from dlcli.spec import Mistake, Spec, Wanted, fail
from dlcli.spec.scale import Kind

if TYPE_CHECKING:
    pass

MOST_NAMED = 1_000_000
"""So many classes a number may stand for: each has a name."""


class Target(Spec):
    """The column that is predicted."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "column": (
            "data.target.column=c",
            "data.target={column: y}",
        ),
        "encode": (
            "data.target.encode=one_hot",
            "data.target={column: y}",
            "loss=categorical_crossentropy",
        ),
        "classes": (
            "data.target.classes=[v, u]",
            "data.target={column: y}",
        ),
        "void": (
            "data.target.void=u",
            "data.target={column: y}",
        ),
        "scale": (
            "data.target.scale=standard",
            "data.target={column: a}",
            "loss=mse",
            "metrics=[mae]",
            "layers=[Dense: 1]",
        ),
        "next": ("data.target.next=features", "data.target={column: y}"),
        "prepare": ("data.target.prepare=[StringLookup]", "data.target={column: y}"),
        "split": (
            "data.target.split=;",
            "data.target={column: y}",
            "loss=binary_crossentropy",
            "layers=[Dense: {units: 2, activation: sigmoid}]",
        ),
    }

    column: str | Annotated[list[str], Field(min_length=1)] | None = None
    """Its name; by default the one that the source names. A list of columns makes a vector: several numbers, or several
    yes or no (0 and 1) of which any may hold."""
    encode: Literal["index", "one_hot", "none"] | None = None
    """`index`: names become 0…C-1. `one_hot`: a vector with a 1. `none`: the numbers as they are.
    Default: index for text, otherwise none."""
    classes: list[str | int | float | bool] | Annotated[int, Field(ge=2, le=MOST_NAMED)] | None = None
    """The classes in the order of their indices, of two the positive one last; by default all names, sorted, numbers by
    their value. A number: so many classes, 0 and up, also where not all of them occur."""
    void: int | str | list[int | str] | None = None
    """The label, or the labels, that stand for none: they count in no loss, no metric and no statistic."""
    split: Annotated[str, Field(min_length=1)] | None = None
    """What stands between the labels of a sample that may have several, such as `;`: a yes or no for each by its name. A
    column of lists needs none."""

    scale: Kind | None = None
    """How numbers are learnt: `standard` to mean 0 and variance 1, `minmax` from 0 to 1, `log` and `log1p` as logarithms made
    standard, of the training rows. The loss is that of scaled numbers; metrics and predictions are in its own units."""
    next: str | None = None
    """The input of which it is what stands one place later; the input loses its last place."""
    prepare: list[Preparation] = []
    """What makes ids of text: TextVectorization or StringLookup, learnt from the training split alone. Id 0 is padding."""

    @field_validator("next", "prepare")
    @classmethod
    def alone(cls, value: Any, information: ValidationInfo) -> Any:
        own = {
            "next": ("column", "encode", "classes", "split"),
            "prepare": ("encode", "classes", "split", "void", "next"),
        }
        others = own[str(information.field_name)] if value else ()
        beside = [name for name in others if information.data.get(name) is not None]
        if beside:
            fail(
                Mistake(
                    f"'{beside[0]}' and '{information.field_name}' each say what the target is",
                    suggestion="leave one of them out",
                    kind="keys_exclude_each_other",
                )
            )
        return value

    @field_validator("split")
    @classmethod
    def of_labels(cls, split: str | None, information: ValidationInfo) -> str | None:
        beside = next((name for name in ("encode", "void") if information.data.get(name) is not None), None)
        if split is not None and beside is not None:
            fail(
                Mistake(
                    f"'{beside}' is for one label a sample, and 'split' makes several",
                    suggestion=f"leave '{beside}' out",
                    kind="keys_exclude_each_other",
                )
            )
        return split

    @field_validator("encode", "classes", "void", "split")
    @classmethod
    def of_one_column(cls, value: Any, information: ValidationInfo) -> Any:
        if value is not None and isinstance(information.data.get("column"), list):
            fail(
                Mistake(
                    f"'{information.field_name}' is for a single column, and the target joins several",
                    kind="for_single_column",
                )
            )
        return value

    @property
    def names_classes(self) -> bool:
        """Whether its values are names by its own word, also where they look like numbers."""
        told = self.encode in {"index", "one_hot"} or self.split is not None or bool(self.prepare)
        return told or (isinstance(self.classes, list) and self.encode is None)

    @property
    def named(self) -> list[str] | None:
        """The names of the classes as far as they are written."""
        if isinstance(self.classes, int):
            return [str(number) for number in range(self.classes)]
        return None if self.classes is None else [written_name(each) for each in self.classes]

    def void_labels(self, wanted: Wanted, said: Sequence[int | str] = ()) -> list[int | str]:
        """The labels that stand for none, by what the source has `said` of them, its own word and that of the loss."""
        own = self.void if isinstance(self.void, list) else [] if self.void is None else [self.void]
        return list(dict.fromkeys([*said, *own, *wanted.void]))

    def encoding(
        self, fields: Fields, *, wanted: Wanted, name: str | None = None, groups: Sequence[Group] = ()
    ) -> TargetSchema:
        """How this target is encoded. `wanted` is what loss and layers say of it; `name` is its name among others; `groups`
        are the inputs, of one of which it may be what follows.

        Raises `DataError` for a column that is not there, a single class, or labels that are neither names nor 0…C-1.
        """
        if wanted.labels == "nothing":
            return TargetSchema(name=name or "output", encode="none", axes=["samples"], shape=[], absent=True)
        if self.next is not None:
            void = self.void_labels(wanted)
            return following_schema(self.next, groups, fields, wanted=wanted, void=void, name=name)
        names = self.names_in(fields)
        if self.prepare:
            check_classes("text", wanted.labels)
            return text_schema(names, fields, name=name, strip=strip_in(self.prepare))
        if isinstance(self.column, list):
            return vector_schema(names, fields, labels=wanted.labels, name=name, signs=wanted.signs)
        (column,) = names
        if self.names_places(column, fields):
            seen = self.seen(column, fields)
            void = self.void_labels(wanted, fields.void.get(column, ()))
            return names_by_place(column, fields, seen=seen, classes=self.named, void=void, called=name)
        if self.has_several(column, fields):
            return self.several_schema(column, fields, wanted=wanted, called=name)
        text = fields.arrays[column].dtype == object
        if is_column_vector(
            fields.arrays[column], names=text or self.names_classes or wanted.labels in {"classes", "binary"}
        ):
            narrow = replace(fields, arrays={**fields.arrays, column: loaded(fields.arrays[column])[:, 0]}, chunks=None)
            return self.value_schema(column, narrow, wanted=wanted, called=name)
        if fields.arrays[column].ndim > 1:
            schema = self.array_schema(column, fields, wanted=wanted, name=name)
            return schema.model_copy(update={"padded": column in fields.padded})
        seen = self.seen(column, fields)
        return self.value_schema(column, distinct(column, seen), wanted=wanted, called=name, whole=seen)

    def has_several(self, name: str, fields: Fields) -> bool:
        """Whether its column holds several labels a sample, or a class at each place."""
        values = fields.arrays[name]
        return values.ndim == 1 and values.dtype == object and (self.split is not None or holds_lists(values[:]))

    def names_places(self, name: str, fields: Fields) -> bool:
        """Whether its column holds a class at each place of a sample."""
        return self.encode == "index" and self.has_several(name, fields)

    def may_be_empty(self, name: str, fields: Fields) -> bool:
        """Whether a cell of its column without a label is one that has none of them."""
        return self.has_several(name, fields) and not self.names_places(name, fields)

    def several_schema(self, name: str, fields: Fields, *, wanted: Wanted, called: str | None) -> TargetSchema:
        """The schema of a target of several labels a sample. Raises `DataError` for a loss that takes one."""
        check_takes_several(name, wanted, fields)
        split = self.split or MARK
        labels = self.named or all_labels(self.seen(name, fields).arrays[name][:], split)
        if not labels:
            raise DataError(f"target '{name}' has no label in any row", file=fields.places[0].file, kind="single_class")
        known: dict[str, Any] = {"column": name, "encode": "none", "labels": labels, "split": split}
        return TargetSchema(name=called or name, axes=["samples", "labels"], shape=[len(labels)], **known)

    def seen(self, name: str, fields: Fields) -> Fields:
        """The rows whose names are the classes: of a source that has splits of its own those of the training split."""
        import numpy as np

        if fields.splits is None or (fields.arrays[name].dtype != object and not self.names_classes):
            return fields
        return replace(fields, arrays={name: fields.arrays[name]}).chosen(np.sort(fields.splits["train"]))

    def value_schema(
        self, name: str, fields: Fields, *, wanted: Wanted, called: str | None, whole: Fields | None = None
    ) -> TargetSchema:
        """The schema of a target of one value a sample; `whole` are all rows, where `fields` has one for each value.

        Raises `DataError` for values that the loss cannot take.
        """
        check_present(name, fields)
        void = self.void_labels(wanted, fields.void.get(name, ()))
        shares = wanted.labels == "binary" and self.encode in {None, "none"} and not isinstance(self.classes, list)
        if shares and fields.arrays[name].dtype.kind == "f":
            fields = replace(fields, arrays={**fields.arrays, name: without_noise(fields.arrays[name][:])})
        values = labels_not_void(name, fields, void)
        is_text = values.dtype == object
        if isinstance(self.classes, list) and wanted.labels == "numbers" and self.encode is None:
            raise classes_of_numbers(name, fields)
        if is_text and wanted.labels == "numbers":
            hint = (
                numbers_instead({*values.tolist()})
                or "choose a loss for classes, such as sparse_categorical_crossentropy"
            )
            raise text_target(name, fields, "the loss compares numbers", hint=hint)
        signs = self.encode is None and self.classes is None and takes_signs(values, wanted)
        encode = self.encode or ("index" if is_text or signs or isinstance(self.classes, list) else "none")
        if is_text and encode == "none":
            raise text_target(name, fields, "encode: none leaves numbers as they are", hint="write encode: index")
        if encode == "none" and self.classes is None and wanted.labels == "binary" and are_shares(values):
            if self.void is not None:
                raise no_class_for_void(name, fields)
            check_yes_or_no(name, fields)
            return TargetSchema(
                name=called or name, column=name, encode="none", axes=["samples"], shape=[], shares=True
            )
        if wanted.labels == "binary" and self.classes is None and encode != "one_hot":
            check_strays(name, whole or fields, wanted, void)
        classes = spelt(self.named, values) or self.found_classes(name, fields, encode=encode, wanted=wanted)
        if classes is not None and len(classes) == 1:
            raise single_class(name, classes[0], fields)
        if classes is None and self.void is not None:
            raise no_class_for_void(name, fields)
        if wanted.labels == "binary" and classes is not None and len(classes) > 2 and encode != "one_hot":
            raise DataError(
                f"target '{name}' has {len(classes)} classes ({some_values(classes)}), but the loss is for two",
                file=fields.places[0].file,
                hint="write loss: sparse_categorical_crossentropy, and softmax with as many units as classes",
                kind="too_many_classes",
            )
        axes, shape = ["samples"], []
        if encode == "one_hot":
            axes, shape = ["samples", "classes"], [len(classes or [])]
        return TargetSchema(
            name=called or name,
            column=name,
            encode=encode,
            classes=classes,
            axes=axes,
            shape=shape,
            void=void,
            shares=shares and encode == "none" and not is_text,
        )

    def array_schema(self, column: str, fields: Fields, *, wanted: Wanted, name: str | None) -> TargetSchema:
        """The schema of an array a sample: numbers, one-hot vectors, a class for each pixel. Raises `DataError` for text."""
        values = fields.arrays[column]
        shape, axes, void = (
            list(values.shape[1:]),
            list(fields.axes_of(column)),
            [*self.void_labels(wanted, fields.void.get(column, ())), *([PADDING] if column in fields.padded else [])],
        )
        if values.dtype == object:
            message = f"target '{column}' is text of the shape {tuple(shape)} a sample; expected one name a sample"
            raise DataError(message, file=fields.places[0].file, kind="target_is_text")
        held = real_values(values[:], PADDING) if column in fields.padded else values
        if wanted.labels == "one_hot" and self.encode is None and self.void is None and holds_one_hot(held):
            names = self.named or [str(number) for number in range(shape[-1])]
            if len(names) == shape[-1]:
                known: dict[str, Any] = {"column": column, "encode": "none", "classes": names, "vectors": True}
                return TargetSchema(name=name or column, axes=axes, shape=shape, **known)
        encode = self.encode or ("index" if isinstance(self.classes, list) else "none")
        named = self.named or fields.classes.get(column)
        two = mask_classes(values, void, wanted) if self.encode is None and named is None else None
        if two == SIGNS:
            encode = "index"
        of_labels = two is not None or wanted.labels == "classes" or encode != "none" or self.void is not None
        if of_labels and len(shape) > 1 and shape[-1] == 1:
            shape, axes = shape[:-1], axes[:-1]
        classes = named or two
        if classes is None and encode != "none":
            classes = [str(each) for each in different_labels(values, void)]
        elif classes is None and wanted.labels == "classes":
            classes = index_classes(column, fields, void, wanted)
        if classes is None and self.void is not None:
            classes = classes_beside_void(column, different_labels(values, void), fields, wanted)
        if classes == []:
            raise only_void(column, fields)
        if encode == "one_hot":
            shape, axes = [*shape, len(classes or [])], [*axes, "classes"]
        return TargetSchema(
            name=name or column,
            column=column,
            encode=encode,
            classes=classes,
            axes=axes,
            shape=shape,
            void=void if classes else [],
            shares=encode == "none" and wanted.labels in {"binary", "one_hot"},
        )

    def names_in(self, fields: Fields) -> list[str]:
        """The names of the target's fields, which the data has."""
        if self.next is not None:
            return []
        names = self.column if isinstance(self.column, list) else [self.column or fields.target]
        return [self.known(name, fields) for name in names]

    def known(self, name: str | None, fields: Fields) -> str:
        """A name that the data has. Raises `DataError` where none is named."""
        if name is None:
            last = f"{fields.names[-1]}, the last {'column' if fields.is_table else 'one'}, or another of them"
            hint = f"write data.target: {last}" if fields.names else "write data.target: NAME"
            raise DataError(
                f"which one is the target? the data has: {', '.join(fields.names)}",
                file=fields.places[0].file,
                hint=hint,
                kind="target_not_named",
            )
        fields.check_column(name)
        return name

    def found_classes(self, name: str, fields: Fields, *, encode: str, wanted: Wanted) -> list[str] | None:
        """The classes that the values name, or None for a target of numbers."""
        import numpy as np

        values = fields.arrays[name][:]
        if encode == "none" and wanted.labels == "numbers":
            return None
        if name in fields.classes:
            return fields.classes[name]
        void = self.void_labels(wanted, fields.void.get(name, ()))
        kept = values[~is_void(values, void)]
        if encode != "none":
            return (
                [str(value) for value in np.unique(kept)] if kept.dtype != object else sorted({*kept}, key=label_order)
            )
        if wanted.labels is None and not like_classes(kept):
            return None
        check_indices(name, fields, wanted, void)
        return [str(number) for number in range(max(int(kept.max()) + 1, wanted.classes or 0))]
