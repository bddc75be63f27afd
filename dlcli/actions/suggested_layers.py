"""The layers that a data set suggests, with its loss and what is prepared, a line each with the reason for it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from dlcli.actions.suggested_inputs import LENGTH, WORDS
from dlcli.actions.suggestions import Line
from dlcli.actions.written import inline_yaml
from dlcli.data import Dataset
from dlcli.data.fields.padded import ID_PADDING
from dlcli.data.schema import InputSchema, TargetSchema


def layers_of(dataset: Dataset) -> list[Line]:
    """The layers for the inputs and the target, one line each."""
    schemas, target = dataset.schema.inputs, dataset.schema.targets[0]
    dense = max(16, min(64, len(dataset.splits["train"]) // 8))
    if is_sequence(target):
        lines = list(each_place(schemas))
    elif len(schemas) == 1:
        lines = list(branch(schemas[0], dataset))
        if not is_dense(target):
            hidden = f"Dense: {{units: {dense}, activation: relu}}"
            lines += [] if lines and lines[-1][0].startswith("Dense") else [(hidden, "finds patterns")]
    else:
        lines, ends = [], []
        for schema in schemas:
            own = list(branch(schema, dataset)) or []
            if not own:
                ends.append(schema.name)
                continue
            first, last = own[0], own[-1]
            own[0] = (with_argument(first[0], f"from: {inline_yaml(schema.name)}"), first[1])
            last = own[-1]
            own[-1] = (with_argument(last[0], f"name: {inline_yaml(f'{schema.name}_seen')}"), last[1])
            ends.append(f"{schema.name}_seen")
            lines += own
        lines.append((f"Concatenate: {{from: {inline_yaml(ends)}}}", "all inputs together"))
        lines.append((f"Dense: {{units: {dense}, activation: relu}}", "finds patterns"))
    return [*lines, output_layer(target)]


def is_several(target: TargetSchema) -> bool:
    """Whether any of several labels may hold."""
    return target.labels is not None or (target.columns is not None and target.axes[-1] == "labels")


def with_argument(layer: str, argument: str) -> str:
    """A layer with one argument more."""
    name, _, given = layer.partition(": ")
    if not given:
        return f"{name}: {{{argument}}}"
    return f"{name}: {{{given.strip('{}')}, {argument}}}" if given.startswith("{") else f"{name}: {{{argument}}}"


def is_dense(target: TargetSchema) -> bool:
    """Whether the target is an image, with an answer for every pixel."""
    return target.axes[1:3] == ["height", "width"]


def is_sequence(target: TargetSchema) -> bool:
    """Whether the target is a class for each place of a sequence, or a number where these are not equally long."""
    return len(target.shape) == 1 and not target.is_one_hot and (target.classes is not None or target.padded)


def each_place(schemas: Sequence[InputSchema]) -> Iterator[Line]:
    """Layers that give an answer for each place of the inputs, whose features stand side by side there."""
    alone, ends = len(schemas) == 1, []
    for schema in schemas:
        own = place_branch(schema)
        if own is not None and not alone:
            name = inline_yaml(f"{schema.name}_seen")
            own = (with_argument(own[0], f"from: {inline_yaml(schema.name)}, name: {name}"), own[1])
        ends.append(schema.name if own is None else f"{schema.name}_seen")
        yield from [] if own is None else [own]
    if not alone:
        yield f"Concatenate: {{from: {inline_yaml(ends)}}}", "all inputs together"
    if any(schema.padding is not None or schema.text for schema in schemas):
        yield "LSTM: {units: 32, return_sequences: true}", "reads along, with an answer at each place"
    else:
        yield "Conv1D: {filters: 32, kernel_size: 5, padding: same, activation: relu}", "looks around every place"


def place_branch(schema: InputSchema) -> Line | None:
    """The layer that makes features at each place of an input; None of one that has them."""
    if schema.text:
        return embedding(str(WORDS)), "each word becomes 16 numbers, and padding a mask"
    if schema.padding == ID_PADDING:
        return ids(schema)
    if len(schema.shape) == 1:
        return f"Reshape: {{target_shape: [{schema.shape[0]}, 1]}}", "an axis of features"
    return None


def embedding(size: str) -> str:
    """The layer that makes a vector of each id, of which there are so many."""
    return f"Embedding: {{input_dim: {size}, output_dim: 16, mask_zero: true}}"


def ids(schema: InputSchema) -> Line:
    """The layer for an input of ids."""
    return embedding(f'"${{data.{schema.name}.vocabulary}}"'), "each id becomes 16 numbers, and padding a mask"


POOLED, ALIGNED = 4, 500
"""Steps that are joined, and up to how many a series is taken to begin at the same place in each sample, as sounds do not."""


def branch(schema: InputSchema, dataset: Dataset) -> Iterator[Line]:
    """The layers that make a vector of one input."""
    if schema.padding is not None:
        if schema.padding == ID_PADDING:
            yield ids(schema)
        yield "LSTM: {units: 32}", "reads along, and remembers"
        return
    if schema.text:
        yield embedding(str(WORDS)), "each word becomes 16 numbers"
        yield "token", "a learnt word in front: a text without words has a mean too"
        yield "GlobalAveragePooling1D", "the mean of all words, without padding"
    elif schema.axes[1:3] == ["height", "width"]:
        yield from image_branch(schema, dense=is_dense(dataset.schema.targets[0]))
    elif "time" in schema.axes:
        if dataset.schema.targets[0].classes is None:
            yield "Flatten", "all steps side by side"
            return
        if len(schema.shape) == 1:
            yield f"Reshape: {{target_shape: [{schema.shape[0]}, 1]}}", "convolutions need a channel axis"
        stride = max(1, schema.shape[0] // 200)
        kernel = max(1, min(max(5, 2 * stride), schema.shape[0]))
        conv = f"Conv1D: {{filters: 32, kernel_size: {kernel}, strides: {stride}, activation: relu}}"
        yield conv, "finds short patterns in time"
        found = (schema.shape[0] - kernel) // stride + 1
        if found >= POOLED and schema.shape[0] <= ALIGNED:
            yield f"MaxPooling1D: {{pool_size: {POOLED}}}", f"the strongest of each {POOLED} steps"
            yield "Flatten", "what there is, and where"
        else:
            yield "GlobalAveragePooling1D", "how much of each there is"
    elif len(schema.shape) > 1:
        yield "Flatten", "one vector a sample"


def image_branch(schema: InputSchema, *, dense: bool) -> Iterator[Line]:
    """Convolutions, over images of any size."""
    height, width, *channels = schema.shape
    if not channels:
        yield f"Reshape: {{target_shape: [{height}, {width}, 1]}}", "convolutions need a channel axis"
    filters = 16
    while not dense and filters <= 64 and min(height, width) >= 6:
        yield f"Conv2D: {{filters: {filters}, kernel_size: 3, padding: same, activation: relu}}", "finds small patterns"
        yield "MaxPooling2D", "half the size"
        height, width, filters = height // 2, width // 2, filters * 2
    if dense:
        for _ in range(2):
            yield "Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}", "looks around every pixel"
    else:
        yield "Flatten", ""


def output_layer(target: TargetSchema) -> Line:
    """The last layer."""
    if is_dense(target):
        if target.classes is None:
            return "Conv2D: {filters: 1, kernel_size: 1}", "a number for every pixel"
        return f"Conv2D: {{filters: {len(target.classes)}, kernel_size: 1, activation: softmax}}", "a class a pixel"
    if is_several(target) and target.columns is not None:
        return f"Dense: {{units: {len(target.columns)}, activation: sigmoid}}", "how likely each yes is"
    if target.labels is not None:
        return 'Dense: {units: "${data.classes}", activation: sigmoid}', "how likely each label is"
    if target.classes is None:
        units = 1 if target.padded else target.shape[-1] if target.shape else 1
        return f"Dense: {{units: {units}}}", "a number: no activation"
    if len(target.classes) == 2 and not is_sequence(target):
        return "Dense: {units: 1, activation: sigmoid}", f"the probability of {target.classes[1]}"
    return 'Dense: {units: "${data.classes}", activation: softmax}', "a probability for each class"


def loss_of(target: TargetSchema) -> tuple[Line, str]:
    """The loss, and the metric beside it."""
    if is_several(target):
        return ("binary_crossentropy", "for a yes or no of each label"), "accuracy"
    if target.classes is None:
        return ("mse", "the mean of squared errors, for numbers"), "mae"
    if len(target.classes) == 2 and not is_dense(target) and not is_sequence(target):
        return ("binary_crossentropy", "for two classes"), "accuracy"
    return ("sparse_categorical_crossentropy", f"for {len(target.classes)} classes"), "accuracy"


def preparation_of(dataset: Dataset) -> list[Line]:
    """What is prepared for all inputs; inputs of several kinds have their own."""
    schemas = dataset.schema.inputs
    if any(schema.padding == ID_PADDING for schema in schemas):
        return []
    if any(schema.text for schema in schemas):
        layer = f"TextVectorization: {{max_tokens: {WORDS}, output_sequence_length: {LENGTH}}}"
        return [(layer, "words become numbers")]
    if schemas[0].axes[1:3] == ["height", "width"]:
        some = dataset.splits["train"].inputs[schemas[0].name][:200]
        lowest, highest = float(some.min()), float(some.max()) or 1.0
        if lowest < 0 or (some.dtype.kind == "f" and highest > 255):
            return [("Normalization", "every colour to mean 0 and variance 1")]
        bits = 2.0 ** math.ceil(math.log2(highest + 1)) - 1  # of cameras with 10, 12 or 16
        top = bits if highest > 255 else 255.0 if highest > 16 else 16.0 if highest > 1 else 1.0
        scale = f"Rescaling: {{scale: {1 / top:.6g}}}"
        return [(scale, f"values from 0 to {top:g} become 0 to 1")] if top > 1 else []
    return [("Normalization", "every feature to mean 0 and variance 1")]
