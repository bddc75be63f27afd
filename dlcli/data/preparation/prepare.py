"""Preparation: preprocessing layers fitted on the training split alone, and kept as a model of their own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dlcli.data import Data
from dlcli.data.dataset import Dataset
from dlcli.data.fields.aligned import empty, floats
from dlcli.data.fields.lazy import Column
from dlcli.data.memory import free_memory
from dlcli.data.preparation.normalization import learn_moments
from dlcli.data.preparation.pca import Pca
from dlcli.data.preparation.precision import SINGLE, needed_precision, precision
from dlcli.data.schema import InputSchema
from dlcli.errors import BlockError, DataError, DlcliError, TreePath
from dlcli.first_line import reason_of
from dlcli.foreign_error import is_foreign
from dlcli.named_inputs import model_of, named_input
from dlcli.per_sample import per_sample
from dlcli.spec import Facts, KerasObject

if TYPE_CHECKING:
    import numpy as np

BATCH = 8192
"""Samples that are prepared at a time, if they are small."""
BATCH_BYTES = 1 << 26
FLOAT = 4
"""Bytes of a number in 32 bits."""
TRIED = 8
"""Samples that a preparation is tried on when it is fitted."""
TEXT_LAYERS = frozenset({"HashedCrossing", "Hashing", "StringLookup", "TextVectorization"})
"""Layers that take text; where there are other inputs too, `data.prepare` applies them to text alone."""

GIVEN = ("bin_boundaries", "mean", "vocabulary")
"""Arguments that say what a layer would learn otherwise."""

Step = tuple[TreePath, KerasObject | Pca]


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
            if not mixed or (step.written in TEXT_LAYERS) == schema.text
        ]
        if isinstance(data.inputs, dict):
            own = data.inputs[schema.name].prepare
            steps += [(("data", "inputs", schema.name, "prepare", number), step) for number, step in enumerate(own)]
        if schema.text and not steps:
            raise BlockError(
                ("data",),
                f"the input '{schema.name}' is text, which layers cannot take",
                hint="write data.prepare: [TextVectorization: {max_tokens: 10000, output_sequence_length: 100}]",
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


def crosses(step: KerasObject | Pca) -> bool:
    """Whether a preparation makes one number of several names."""
    return isinstance(step, KerasObject) and bool(step.traits.get("crosses"))


def fit_preparation(data: Data, dataset: Dataset, *, facts: Facts) -> Any:
    """The model from raw to prepared inputs, by name, or None where nothing is prepared.

    Layers with something to learn (`Normalization`: mean and variance) learn it from the training split in the order of the
    source, batch by batch, each from what the layers before it make. Raises `BlockError` at the preparation that cannot be
    fitted.
    """
    steps = preparations(data, dataset.schema.inputs)
    if not any(steps.values()):
        return None
    return fitted_model(steps, dataset, facts=facts)


def fitted_model(steps: Mapping[str, list[Step]], dataset: Dataset, *, facts: Facts) -> Any:
    """The model of these preparations, by input, each with its place.

    Raises `BlockError` at the place of one that cannot prepare its input.
    """

    raw, prepared = {}, {}
    for schema in dataset.schema.inputs:
        column = dataset.splits["train"].inputs[schema.name]
        numbers = needed_precision(column.dtype)
        raw[schema.name] = named_input(schema.name, tuple(schema.shape), "string" if schema.text else numbers)
        tensor, made = raw[schema.name], list[Any]()
        few: Any = raw_values(column[:TRIED], numbers)
        for path, step in steps[schema.name]:
            if tensor.dtype == "string" and step.written not in TEXT_LAYERS:
                message = f"{step.written} takes numbers, and '{schema.name}' is text"
                raise BlockError(
                    (*path, step.written),
                    message,
                    hint="text needs TextVectorization before it",
                    kind="layer_takes_numbers",
                )
            try:
                with precision(SINGLE if is_single(step) else numbers):
                    single = fitted_layer(step, column, made, facts=facts)
                    layer = per_sample(single, tensor.shape)
                    if crosses(step):
                        layer = crossing(layer, schema)
                    if len(tensor.shape) == 1 and getattr(layer, "output_mode", "int") != "int":
                        layer = of_single_values(layer, tensor)
                    tensor = layer(tensor)
                    check_output_fits((*path, step.written), schema, tensor.shape[1:], dataset=dataset, column=column)
                    few = layer(few)
                check_learnt(single, step)
                check_boundaries(single, step)
                check_encoded(single, step, partial(prepared_batches, column, tuple(made)))
            except DlcliError:
                raise  # the data that it learns from cannot be read
            except Exception as error:
                message = (
                    f"{step.written} cannot prepare '{schema.name}' of shape {tuple(schema.shape)}: {reason_of(error)}"
                )
                raise BlockError(
                    (*path, step.written), message, hint=preparation_advice(step, schema), kind="layer_refuses"
                ) from error
            made.append(layer)
            if getattr(tensor, "sparse", False):
                message = f"{step.written} makes a sparse tensor of '{schema.name}', which no layer is sure to take"
                hint = "leave 'sparse' out"
                raise BlockError((*path, step.written, "sparse"), message, hint=hint, kind="layer_refuses")
            if None in tensor.shape[1:]:
                message = f"{step.written} makes '{schema.name}' as long as the longest text of a batch; a model needs one length"
                hint = f"write {step.written}: {{output_sequence_length: 100}}, or another output_mode"
                raise BlockError((*path, step.written), message, hint=hint, kind="no_one_length")
        prepared[schema.name] = tensor
    return model_of(raw, prepared)


def check_output_fits(
    path: TreePath, schema: InputSchema, shape: Sequence[int | None], *, dataset: Dataset, column: Column
) -> None:
    """Refuses a preparation whose output (samples, *shape) would not fit in memory, before a number of it is computed.

    What does not stream stays prepared as a whole. Raises `BlockError`.
    """
    one = number_bytes(shape)
    kept = 0 if dataset.streams else sum(map(len, dataset.splits.values()))
    # Within a layer each number of a sample may become a whole last axis first, as where categories are counted.
    within = max(one, number_bytes((*schema.shape, *shape[-1:])))
    needed = kept * one + min(max(TRIED, batch_size(column, prepared=one)), len(column)) * within
    if needed > free_memory():
        raise BlockError(
            path,
            f"{path[-1]} makes {one / 1e6:,.1f} MB of each sample of '{schema.name}', which takes {needed / 1e9:,.1f} GB "
            "in all, more than the free memory",
            hint="make what it puts out smaller",
            kind="out_of_memory",
        )


def number_bytes(shape: Sequence[int | None]) -> int:
    """The bytes of a sample of such a shape in 32 bits; an open axis counts as one."""
    return FLOAT * math.prod(size or 1 for size in shape)


def is_single(step: KerasObject | Pca) -> bool:
    """Whether a preparation cannot reckon in 64 bits."""
    return isinstance(step, KerasObject) and bool(step.traits.get("single"))


def check_learnt(layer: Any, step: KerasObject | Pca) -> None:
    """Refuses a layer whose weights only training could teach."""
    if layer.trainable_weights:
        raise ValueError(f"{step.written} learns while the model trains; write it under layers")


def check_boundaries(layer: Any, step: KerasObject | Pca) -> None:
    """Refuses bins whose boundaries are equal in 32 bits, in which TensorFlow compares them whatever the data has."""
    import numpy as np

    boundaries = np.asarray(getattr(layer, "bin_boundaries", None) or [], np.float64)
    left = np.unique(boundaries.astype(np.float32))
    if len(left) < len(np.unique(boundaries)):
        raise ValueError(
            f"its {len(boundaries)} boundaries from {boundaries[0]:,.15g} on are {len(left)} in the 32 bits it compares in; "
            "write Normalization before it"
        )


def check_encoded(layer: Any, step: KerasObject | Pca, batches: Callable[[], Iterator[np.ndarray[Any, Any]]]) -> None:
    """Refuses ids (samples, …) beyond the number that a layer encodes, which it would leave out without a word."""
    argument = step.traits.get("ids") if isinstance(step, KerasObject) else None
    if argument is None:
        return
    largest, size = max(int(batch.max()) for batch in batches()), int(getattr(layer, argument))
    if largest >= size:
        raise ValueError(f"the ids reach {largest}, and its {argument} is {size}; write {argument}: {largest + 1}")


def fitted_layer(step: KerasObject | Pca, column: Column, before: Sequence[Any], *, facts: Facts) -> Any:
    """The layer of a preparation; what it learns is what the layers `before` it make of a field."""
    if isinstance(step, Pca):
        return step.fitted(prepared_batches(column, before))
    layer = step.build(facts)
    if step.traits.get("fixed"):
        layer.trainable = False
    if hasattr(layer, "adapt") and all(step.arguments.get(name) is None for name in GIVEN):
        adapt(layer, prepared_batches(column, before))
    return layer


def of_single_values(layer: Any, values: Any) -> Any:
    """A model that gives a layer that encodes its values (samples,) as (samples, 1): Keras takes them for one sample else."""
    import keras

    single = keras.Input((), dtype=values.dtype)
    return keras.Model(single, layer(keras.layers.Reshape((1,))(single)), name=layer.name)


def crossing(layer: Any, schema: InputSchema) -> Any:
    """A model that gives a layer each column of an input (samples, columns) by itself. Raises `ValueError` for one column."""
    import keras

    if schema.texts is None:
        raise ValueError("it crosses several columns of names, which are an input of kind text")
    texts = keras.Input((len(schema.texts),), dtype="string")
    crossed = layer([texts[..., at] for at in range(len(schema.texts))])
    if len(crossed.shape) == 1:
        crossed = keras.ops.expand_dims(crossed, -1)
    return keras.Model(texts, crossed, name=layer.name)


def adapt(layer: Any, batches: Iterator[np.ndarray[Any, Any]]) -> None:
    """Lets a layer learn from what it takes (samples, …), in batches."""
    import keras
    import tensorflow as tf

    if isinstance(layer, keras.layers.Normalization):
        learn_moments(layer, batches)
    else:
        layer.adapt(tf.convert_to_tensor(batch) for batch in batches)


def prepared_batches(column: Column, layers: Sequence[Any]) -> Iterator[np.ndarray[Any, Any]]:
    """A field (samples, …) in batches, as some layers make it."""
    import numpy as np

    size = batch_size(column)
    for start in range(0, len(column), size):
        values: Any = raw_values(column[start : start + size], needed_precision(column.dtype))
        for layer in layers:
            values = layer(values)
        yield np.asarray(values)


def raw_values(values: np.ndarray[Any, Any], dtype: str) -> np.ndarray[Any, Any]:
    """Raw inputs (batch, …) as the layers of Keras take them: text, or numbers of a type."""
    return values.astype(str if values.dtype == object else dtype, copy=False)


def batch_size(column: Column, *, prepared: int = 0) -> int:
    """How many samples of a field (samples, …) are prepared at a time, where each is `prepared` bytes afterwards."""
    return max(1, min(BATCH, BATCH_BYTES // max(number_bytes(column.shape[1:]), prepared, 1)))


def preparation_advice(step: KerasObject | Pca, schema: InputSchema) -> str | None:
    """What to write where a preparation is of the wrong kind."""
    if crosses(step):
        names = [column.name for column in schema.columns or []][:2]
        both = ", ".join(names) if len(names) > 1 else "a, b"
        own = f"{{columns: [{both}], kind: text, prepare: [{step.written}: {{num_bins: 64, output_mode: one_hot}}]}}"
        return f"write data.inputs: {{both: {own}}}"
    if not schema.text and step.written in TEXT_LAYERS:
        column = schema.columns[0].name if schema.columns else schema.name
        return f"make it text: data.inputs: {{NAME: {{columns: {column}, kind: text}}}}"
    return None


def prepare(model: Any, inputs: Mapping[str, Column]) -> dict[str, np.ndarray[Any, Any]]:
    """The inputs (samples, …) as the model takes them: prepared, float32."""
    import numpy as np

    if model is None:
        return {name: floats(values[:]) for name, values in inputs.items()}
    samples = len(next(iter(inputs.values())))
    most = max(number_bytes(tensor.shape[1:]) for tensor in model.output.values())  # unseen: memory alone
    size = min(batch_size(values, prepared=most) for values in inputs.values())  # unseen: memory alone
    found: dict[str, np.ndarray[Any, Any]] = {}
    for start in range(0, samples, size):
        batch = {
            name: raw_values(values[start : start + size], model.input[name].dtype) for name, values in inputs.items()
        }
        for name, made in prepared_batch(model, batch).items():
            values = np.asarray(made, dtype=np.float32)
            # Made whole at once, so that no second copy of all of it is ever needed.
            whole = found.setdefault(name, empty((samples, *values.shape[1:]), values.dtype))
            whole[start : start + len(values)] = values
    return found


def prepared_batch(model: Any, batch: Mapping[str, np.ndarray[Any, Any]]) -> Mapping[str, Any]:
    """A batch (samples, …) prepared. Raises `DataError` for values that a preparation refuses."""
    try:
        outputs: Mapping[str, Any] = model(as_tensors(batch), training=False)
    except Exception as error:
        if not is_foreign(error):
            raise
        raise DataError(f"the data cannot be prepared: {reason_of(error)}", kind="layer_refuses") from error
    return outputs


def as_tensors(batch: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    """A batch as tensors, each (batch, …); Keras itself would not take an array of text."""
    import tensorflow as tf

    return {name: tf.convert_to_tensor(values) for name, values in batch.items()}
