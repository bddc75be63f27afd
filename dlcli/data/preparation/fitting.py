"""Fits preparations: preprocessing layers that learn from the training split alone, kept as a model of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from dlcli.blamed_argument import fact_error
from dlcli.data import Data
from dlcli.data.dataset import Dataset
from dlcli.data.fields.lazy import Column, Features
from dlcli.data.memory import free_memory
from dlcli.data.preparation.fitted_layers import (
    as_cut,
    by_character,
    check_boundaries,
    check_encoded,
    check_learnt,
    crosses,
    crossing,
    fitted_layer,
    is_for_text,
    is_single,
    makes_ids,
    of_single_values,
)
from dlcli.data.preparation.own import OwnPreparation
from dlcli.data.preparation.precision import SINGLE, needed_precision, precision
from dlcli.data.preparation.prepare import (
    batch_size,
    number_bytes,
    prepared_batches,
    raw_values,
    target_key,
)
from dlcli.data.schema import ColumnSchema, InputSchema, TargetSchema
from dlcli.data.text_advice import ids_in_a_row, text_message, text_preparation
from dlcli.errors import BlockError, DlcliError, TreePath
from dlcli.first_line import reason_of
from dlcli.named_inputs import model_of, named_input
from dlcli.per_sample import per_sample, unlike_said
from dlcli.progress import stage
from dlcli.spec import Facts, KerasObject, UnknownFact

if TYPE_CHECKING:
    pass


TRIED = 8
"""Samples that a preparation is tried on when it is fitted."""


Step = tuple[TreePath, KerasObject | OwnPreparation]


@dataclass(frozen=True)
class Fitted:
    """The `model` from raw to prepared inputs, by name, or None where nothing is prepared; and by input or target of text the
    words of which an id is the number, that of padding first."""

    model: Any
    vocabularies: Mapping[str, list[str]]
    between: Mapping[str, str] = field(default_factory=dict)
    """What stands between the words of a text where that is no blank."""


def preparations(data: Data, inputs: Sequence[InputSchema]) -> dict[str, list[Step]]:
    """By input: its preparations in order, each with its place; those of `data.prepare` come first.

    Raises `BlockError` for text that nothing turns into numbers.
    """
    found: dict[str, list[Step]] = {}
    mixed = len({schema.text for schema in inputs}) > 1
    for schema in inputs:
        steps: list[Step] = [
            (("data", "prepare", number), step)
            for number, step in enumerate(data.prepare)
            if not mixed or is_for_text(step) == schema.text
        ]
        if isinstance(data.inputs, dict):
            own = data.inputs[schema.name].prepare
            steps += [(("data", "inputs", schema.name, "prepare", number), step) for number, step in enumerate(own)]
        if schema.text and not steps:
            raise BlockError(
                ("data",),
                text_message(schema.name),
                hint=text_preparation(schema.pieces),
                kind="text_reaches_layers",
            )
        if schema.texts is not None and not crosses(steps[0][1]):
            first, many = schema.texts[0], len(schema.texts)
            raise BlockError(
                ("data", "inputs", schema.name, "columns"),
                f"input '{schema.name}' is text and takes one column, found {many}; HashedCrossing alone takes several",
                hint=f"make each an input of its own: data.inputs: {{{first}: {{columns: {first}, kind: text}}, …}}",
                kind="text_input_of_several_columns",
            )
        found[schema.name] = steps
    return found


def columns_in_order(data: Data, inputs: Sequence[InputSchema], schema: InputSchema) -> list[ColumnSchema]:
    """The columns of an input in the order in which their features reach the model: behind a preparation those of names that it
    leaves alone stand last."""
    columns = [*(schema.columns or ())]
    prepared = bool(preparations(data, inputs)[schema.name])
    return sorted(columns, key=lambda each: each.name in data.category) if prepared else columns


@stage("learning the preparation")
def fit_preparation(data: Data, dataset: Dataset, *, facts: Facts) -> Fitted:
    """The model of all preparations, and the vocabularies of what is text.

    Ids of targets that are text stand among its outputs too, under `target_key`. Layers with something to learn
    (`Normalization`: mean and variance) learn it from the training split in the order of the source, batch by batch, each from
    what the layers before it make. Raises `BlockError` at the preparation that cannot be fitted.
    """
    steps = preparations(data, dataset.schema.inputs)
    if not any(steps.values()) and not any(each.text for each in dataset.schema.targets):
        return Fitted(None, {})
    fitting = Fitting(dataset, facts, frozenset(data.category))
    for schema in dataset.schema.inputs:
        fitting.input(schema, steps[schema.name])
    for target in dataset.schema.targets:
        if target.text and target.following is None:
            fitting.target(target, target_steps(data, target))
    for target in dataset.schema.targets:
        if target.text and target.following is not None:
            fitting.following(target)
    return Fitted(model_of(fitting.raw, fitting.prepared), fitting.vocabularies, fitting.between)


def target_steps(data: Data, target: TargetSchema) -> list[Step]:
    """The preparations of a target of text, each with its place."""
    place: TreePath = ("data", "target") if data.targets is None else ("data", "targets", target.name)
    own = next(each for name, each in data.all_targets.items() if name in {None, target.name})
    return [((*place, "prepare", number), step) for number, step in enumerate(own.prepare)]


@dataclass
class Fitting:
    """The preparations that are fitted one after the other: tensors before and after them, by name."""

    dataset: Dataset
    facts: Facts
    apart: frozenset[str] = frozenset()
    """Columns of names that preparations leave alone."""
    raw: dict[str, Any] = field(default_factory=dict)
    prepared: dict[str, Any] = field(default_factory=dict)
    vocabularies: dict[str, list[str]] = field(default_factory=dict)
    between: dict[str, str] = field(default_factory=dict)

    def input(self, schema: InputSchema, steps: Sequence[Step]) -> None:
        """Prepares an input."""
        column = self.dataset.splits["train"].inputs[schema.name]
        numbers = needed_precision(column.dtype)
        raw = named_input(schema.name, tuple(schema.shape), "string" if schema.text else numbers)
        self.raw[schema.name] = raw
        self.prepared[schema.name] = padded_again(self.joined(schema, steps, column, raw), raw, schema, steps)

    def joined(self, schema: InputSchema, steps: Sequence[Step], column: Column, raw: Any) -> Any:
        """The tensor of an input, prepared but for its columns of names, which stand behind."""
        names = self.names_in(schema) if steps else []
        if not names:
            return self.chained(schema, steps, column, schema.name, raw)
        import keras

        rest = [at for at in range(schema.shape[-1]) if at not in names]
        of_numbers = schema.model_copy(update={"shape": [*schema.shape[:-1], len(rest)]})
        parts = [keras.ops.take(raw, names, axis=-1)]
        if rest:
            tensor = keras.ops.take(raw, rest, axis=-1)
            parts.insert(0, self.chained(of_numbers, steps, Features(column, rest), schema.name, tensor))
        return keras.ops.concatenate([keras.ops.cast(each, "float32") for each in parts], axis=-1)

    def names_in(self, schema: InputSchema) -> list[int]:
        """The features of an input that are columns of names which preparations leave alone."""
        found, start = list[int](), 0
        for each in schema.columns or []:
            found += range(start, start + each.width) if each.name in self.apart else ()
            start += each.width
        return found

    def target(self, schema: TargetSchema, steps: Sequence[Step]) -> None:
        """Makes ids of a target of text."""
        key, column = target_key(schema.name), self.dataset.splits["train"].targets[schema.name]
        as_input = InputSchema(name=key, axes=["samples"], shape=[], text=True)
        self.raw[key] = named_input(key, (), "string")
        ids = self.chained(as_input, steps, column, key, self.raw[key])
        self.check_ids(ids, schema.name, steps[-1])
        self.prepared[key] = ids
        self.named(schema.name, key)

    def following(self, schema: TargetSchema) -> None:
        """Makes the target that follows in an input of ids, which loses its last place."""
        import keras

        name = str(schema.following)
        ids = self.prepared[name]
        if len(ids.shape) != 2 or name not in self.vocabularies:
            raise BlockError(
                ("data", "target") if len(self.dataset.schema.targets) == 1 else ("data", "targets", schema.name),
                f"the target is what follows in '{name}', of which the preparation makes no ids in a row",
                hint=ids_in_a_row(next(each.pieces for each in self.dataset.schema.inputs if each.name == name)),
                kind="next_needs_places",
            )
        self.prepared[name] = keras.ops.split(ids, [ids.shape[1] - 1], axis=1)[0]
        self.prepared[target_key(schema.name)] = keras.ops.split(ids, [1], axis=1)[1]
        self.named(schema.name, name)

    def named(self, target: str, key: str) -> None:
        """Gives a target the words of what it is made of."""
        self.vocabularies[target] = self.vocabularies[key]
        self.between[target] = self.between.get(key, " ")

    def check_ids(self, ids: Any, name: str, last: Step) -> None:
        """Refuses a target of text of which no ids in a row are made."""
        path, step = last
        if len(ids.shape) != 2 or target_key(name) not in self.vocabularies:
            raise BlockError(
                (*path, step.written),
                f"{step.written} makes no ids in a row of the target '{name}'",
                hint=ids_in_a_row(None),
                kind="target_is_no_text",
            )

    def chained(self, schema: InputSchema, steps: Sequence[Step], column: Column, key: str, tensor: Any) -> Any:
        """The tensor that preparations make of that of a field, one after the other.

        Raises `BlockError` at the place of one that cannot prepare it.
        """
        numbers, dataset, facts = needed_precision(column.dtype), self.dataset, self.facts
        made = list[Any]()
        few: Any = raw_values(column[:TRIED], numbers)
        for path, step in steps:
            check_cut_length(step, schema, path)
            step = as_cut(step, schema)
            if tensor.dtype == "string" and not is_for_text(step):
                message = f"{step.written} takes numbers, and '{schema.name}' is text"
                raise BlockError(
                    (*path, step.written),
                    message,
                    hint="text needs TextVectorization before it",
                    kind="layer_takes_numbers",
                )
            taken = tuple(tensor.shape[1:])  # behind the preparations before it
            batches = partial(prepared_batches, column, tuple(made), padding=schema.padding)
            try:
                with precision(SINGLE if is_single(step) else numbers):
                    single = fitted_layer(step, batches, facts=facts)
                    layer = per_sample(single, tensor.shape)
                    if crosses(step):
                        layer = crossing(layer, schema)
                    if len(tensor.shape) == 1 and getattr(layer, "output_mode", "int") != "int":
                        layer = of_single_values(layer, tensor)
                    tensor = layer(tensor)
                    counts = getattr(layer, "output_mode", "int") != "int"
                    check_output_fits(
                        (*path, step.written), schema, tensor.shape[1:], dataset=dataset, column=column, counts=counts
                    )
                    check_prepared_shape((*path, step.written), schema, layer(few[:1]), said=tensor)
                    few = layer(few)
                check_learnt(single, step)
                check_boundaries(single, step)
                check_encoded(single, step, batches)
            except DlcliError:
                raise  # the data that it learns from cannot be read
            except UnknownFact as error:
                given = step.arguments if isinstance(step, KerasObject) else None
                raise fact_error(error, step.written, given, path) from None
            except Exception as error:
                message = f"{step.written} cannot prepare '{schema.name}' of shape {taken}: {reason_of(error)}"
                raise BlockError(
                    (*path, step.written), message, hint=preparation_advice(step, schema), kind="layer_refuses"
                ) from error
            made.append(layer)
            check_dense(tensor, step, path, schema)
            self.vocabularies.pop(key, None)
            if makes_ids(step):
                self.vocabularies[key] = [str(each) for each in single.get_vocabulary()]
                self.between[key] = "" if by_character(step) else " "
        return tensor


def check_dense(tensor: Any, step: KerasObject | OwnPreparation, path: TreePath, schema: InputSchema) -> None:
    """Refuses a preparation that makes a sparse tensor, or one without a fixed length. Raises `BlockError`."""
    if getattr(tensor, "sparse", False):
        message = f"{step.written} makes a sparse tensor of '{schema.name}', which no layer is sure to take"
        raise BlockError((*path, step.written, "sparse"), message, hint="leave 'sparse' out", kind="layer_refuses")
    if None in tensor.shape[1:]:
        message = (
            f"{step.written} makes '{schema.name}' as long as the longest text of a batch; a model needs one length"
        )
        hint = f"write {step.written}: {{output_sequence_length: 100}}, or another output_mode"
        raise BlockError((*path, step.written), message, hint=hint, kind="no_one_length")


def check_prepared_shape(path: TreePath, schema: InputSchema, output: Any, *, said: Any) -> None:
    """Refuses a preparation that puts out another shape than it says, for which the layers are made. Raises `BlockError`."""
    unlike = unlike_said(output, said)
    if unlike is not None:
        message = f"{path[-1]} cannot prepare '{schema.name}' of shape {tuple(schema.shape)}: {unlike}"
        raise BlockError(path, message, kind="layer_refuses")


def check_cut_length(step: KerasObject | OwnPreparation, schema: InputSchema, path: TreePath) -> None:
    """Refuses more places than a running text was cut into, which would all be padding. Raises `BlockError`."""
    if not isinstance(step, KerasObject) or not makes_ids(step):
        return
    given = step.arguments.get("output_sequence_length")
    if schema.length is None or not isinstance(given, int) or given <= schema.length or step.arguments.get("ngrams"):
        return
    pieces = "characters" if schema.pieces == "character" else "words"
    raise BlockError(
        (*path, step.written, "output_sequence_length"),
        f"a window of '{schema.name}' holds {schema.length - schema.ends} {pieces}; of {given} places the rest would be padding",
        hint="leave output_sequence_length out: it is that of the window",
        kind="places_differ",
    )


def padded_again(prepared: Any, raw: Any, schema: InputSchema, steps: Sequence[Step]) -> Any:
    """The tensor that preparations make of samples of unequal length, with padding where there was some.

    Raises `BlockError` at the last of them where the places are others than before.
    """
    from keras import ops

    if schema.padding is None or not steps:
        return prepared
    if prepared.shape[1:2] != raw.shape[1:2]:
        path, step = steps[-1]
        raise BlockError(
            (*path, step.written),
            f"{step.written} makes ({', '.join(map(str, prepared.shape[1:]))}) of '{schema.name}', whose {raw.shape[1]} "
            "places are not the same in each sample",
            hint="a preparation of samples of unequal length works on each place by itself",
            kind="places_differ",
        )
    there = ops.not_equal(raw, schema.padding)
    there = ops.any(there, axis=list(range(2, len(raw.shape))), keepdims=False) if len(raw.shape) > 2 else there
    there = ops.reshape(there, (-1, raw.shape[1], *[1] * (len(prepared.shape) - 2)))
    return ops.where(there, prepared, ops.cast(schema.padding, prepared.dtype))


def check_output_fits(
    path: TreePath,
    schema: InputSchema,
    shape: Sequence[int | None],
    *,
    dataset: Dataset,
    column: Column,
    counts: bool,
) -> None:
    """Refuses a preparation whose output (samples, *shape) would not fit in memory, before a number of it is computed.

    What does not stream stays prepared as a whole. `counts` says that categories are: each number of a sample then becomes a
    whole last axis first. Raises `BlockError`.
    """
    one = number_bytes(shape)
    kept = 0 if dataset.streams else sum(map(len, dataset.splits.values()))
    within = max(one, number_bytes((*schema.shape, *shape[-1:]))) if counts else one
    needed = kept * one + min(max(TRIED, batch_size(column, prepared=one)), len(column)) * within
    if needed > free_memory():
        raise BlockError(
            path,
            f"{path[-1]} makes {one / 1e6:,.1f} MB of each sample of '{schema.name}', which takes {needed / 1e9:,.1f} GB "
            "in all, more than the free memory",
            hint="make what it puts out smaller",
            kind="out_of_memory",
        )


def preparation_advice(step: KerasObject | OwnPreparation, schema: InputSchema) -> str | None:
    """What to write where a preparation is of the wrong kind."""
    if crosses(step):
        names = [column.name for column in schema.columns or []][:2]
        both = ", ".join(names) if len(names) > 1 else "a, b"
        own = (
            f"{{columns: [{both}], kind: category, prepare: [{step.written}: {{num_bins: 64, output_mode: one_hot}}]}}"
        )
        return f"write data.inputs: {{both: {own}}}"
    if not schema.text and is_for_text(step):
        column = schema.columns[0].name if schema.columns else schema.name
        return f"make it text: data.inputs: {{NAME: {{columns: {column}, kind: text}}}}"
    return None
