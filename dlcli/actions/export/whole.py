"""The whole of a trained run as one Keras model, from the data as a person has it to answers as a person reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dlcli.actions.export.described import Given, Taken
from dlcli.actions.export.forms import Form
from dlcli.actions.export.meanings import (
    given_of,
    learnt_by,
    meaning_of_column,
    meaning_of_input,
    preparation_words,
    prepares_with,
)
from dlcli.actions.export.raw_columns import codes_of_names, encoded_column
from dlcli.actions.export.rebuilt import in_single, unrolled
from dlcli.data.schema import ColumnSchema, InputSchema
from dlcli.loss.reading import read_output
from dlcli.named_inputs import model_of, named_input
from dlcli.training.kept.own_units import with_own_units
from dlcli.training.kept.trained import Trained

Tensors = dict[str, Any]


@dataclass(frozen=True)
class Whole:
    """A Keras model from inputs to answers, both by name, and what they are, in the order of the schema."""

    model: Any
    inputs: Sequence[Taken]
    outputs: Sequence[Given]
    form: Form

    @property
    def takes_raw_data(self) -> bool:
        """Whether all of the preparation is inside."""
        return all(each.kind not in {"prepared", "code"} and each.blanks is None for each in self.inputs)

    def specs(self) -> Any:
        """The forms of its inputs by name, as TensorFlow has them, each under the name of its tensor."""
        import tensorflow as tf

        batch = self.form.batch
        return {each.name: tf.TensorSpec((batch, *each.shape), each.dtype, name=each.tensor) for each in self.inputs}


@dataclass
class Wholes:
    """The models of a run in one form after the other, each of which is made once."""

    trained: Trained
    known: dict[Form, Whole] = field(default_factory=dict)

    def of(self, form: Form) -> Whole:
        """The whole in a form."""
        if form not in self.known:
            self.known[form] = self.made(form)
        return self.known[form]

    def made(self, form: Form) -> Whole:
        """The whole in a form, anew."""
        trained, schema = self.trained, self.trained.schema
        front = Front(trained, form)
        for each in schema.inputs:
            front.add(each)
        model = with_own_units(trained.model, schema)
        if form.unrolled:
            model = unrolled(model)
        output = model(front.prepared)
        outputs: Tensors = {}
        given: list[Given] = []
        for head, target in zip(trained.config.heads, schema.targets, strict=True):
            own = output[target.name] if isinstance(output, dict) else output
            outputs[target.name] = as_float(read_output(head.loss, own))
            shape, tensor = outputs[target.name].shape[1:], tensor_name(target.name, given)
            given.append(given_of(head, target, shape, tensor, threshold=trained.threshold_of(target.name)))
        return Whole(model_of(front.raw, outputs), front.taken, given, form)


@dataclass
class Front:
    """What stands before the model: an input for each column or array, encoded and prepared."""

    trained: Trained
    form: Form
    raw: Tensors = field(default_factory=dict)
    prepared: Tensors = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    kinds: dict[str, ColumnSchema] = field(default_factory=dict)

    def add(self, schema: InputSchema) -> None:
        """Adds an input of the model."""
        preparation, form = self.trained.preparation, self.form
        if form.prepared or (schema.text and not form.texts):
            self.prepared[schema.name] = self.outside(schema)
            return
        own = None if preparation is None else preparation.input[schema.name]
        numbers = form.numbers if form.single or own is None or schema.text else str(own.dtype)
        encoded = self.encoded(schema, numbers)
        if own is None:
            self.prepared[schema.name] = as_float(encoded)
            return
        part = model_of({schema.name: own}, preparation.output[schema.name])
        if form.single:
            part = in_single(part)
        self.prepared[schema.name] = as_float(part({schema.name: encoded}))

    def outside(self, schema: InputSchema) -> Any:
        """An input that comes prepared."""
        preparation, model = self.trained.preparation, self.trained.model
        shape = (model.input if preparation is None else preparation.output)[schema.name].shape[1:]
        said, layers = meaning_of_input(schema), list[Any]()
        if preparation is not None:
            layers = prepares_with(preparation, schema.name)
            said = preparation_words(schema, layers)
        return self.new(
            Taken(
                name=schema.name,
                tensor="",
                shape=[int(size) for size in shape],
                dtype="float32",
                axes=schema.axes if len(schema.axes) == len(shape) + 1 else [],
                kind="prepared" if preparation is not None or schema.columns is not None else "array",
                meaning=said,
                padding=schema.padding,
                prepared_by=[learnt_by(each) for each in layers] or None,
            )
        )

    def encoded(self, schema: InputSchema, numbers: str) -> Any:
        """The tensor of an input as training encoded it, from inputs as a person has them."""
        from keras import ops

        if schema.columns is not None:
            return ops.concatenate([self.column(schema, each, numbers) for each in schema.columns], axis=-1)
        if schema.texts is not None:
            texts = [self.text(schema, name, []) for name in schema.texts]
            return ops.stack(texts, axis=-1)
        if schema.text:
            return self.text(schema, schema.name, schema.shape)
        return self.new(
            Taken(
                name=schema.name,
                tensor="",
                shape=schema.shape,
                dtype=numbers,
                axes=schema.axes,
                kind="array",
                meaning=meaning_of_input(schema),
                padding=schema.padding,
            )
        )

    def text(self, schema: InputSchema, name: str, shape: Sequence[int]) -> Any:
        """An input of text."""
        return self.new(
            Taken(
                name=name,
                tensor="",
                shape=shape,
                dtype="string",
                axes=schema.axes[: len(shape) + 1],
                kind="text",
                meaning=meaning_of_input(schema),
                blanks=schema.strip,
            )
        )

    def column(self, schema: InputSchema, column: ColumnSchema, numbers: str) -> Any:
        """The features of a column; one that several inputs have is asked for once."""
        lead, axes = schema.shape[:-1], schema.axes[:-1]
        name = column.name
        if self.kinds.setdefault(name, column).kind != column.kind:
            name = f"{column.name} ({schema.name})"  # a column that another input takes otherwise
        names = column.kind == "category"
        dtype = numbers if not names else "string" if self.form.names else "int64"
        if self.form.single and (names or column.kind == "time"):
            dtype = "int32"  # seconds since 1970 are 128 apart in numbers of 32 bits that are not whole
        kind: Any = {"number": "number", "time": "time", "category": "name" if self.form.names else "code"}[column.kind]
        cells = self.raw.get(name)
        if cells is None:
            cells = self.new(
                Taken(
                    name=name,
                    tensor="",
                    shape=lead,
                    dtype=dtype,
                    axes=axes,
                    kind=kind,
                    meaning=meaning_of_column(column, kind),
                    names=column.categories if names else None,
                    missing=column.fill,
                )
            )
        if names and self.form.names:
            cells = codes_of_names(column, cells)
        return encoded_column(column, cells, dtype=numbers)

    def new(self, taken: Taken) -> Any:
        """The tensor of a new input."""
        taken = replace(taken, tensor=tensor_name(taken.name, self.taken))
        tensor = named_input(taken.name, tuple(taken.shape), taken.dtype)
        self.raw[taken.name] = tensor
        self.taken.append(taken)
        return tensor


def tensor_name(name: str, others: Sequence[Taken | Given]) -> str:
    """A name that every format takes: letters, digits and lines, unlike those of the others."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    # A runtime takes them as arguments, of which one is its own.
    base = plain if plain[:1].isalpha() and plain != "self" else f"x_{plain}".rstrip("_")
    found, number, taken = base, 1, {each.tensor for each in others}
    while found in taken:
        number += 1
        found = f"{base}_{number}"
    return found


def as_float(tensor: Any) -> Any:
    """A tensor in 32 bits."""
    from keras import ops

    return tensor if tensor.dtype == "float32" else ops.cast(tensor, "float32")
