"""Each layer of a model as tensor arithmetic, by the trait `arithmetic` of its class; what has none shows its shapes alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dlcli.actions.arithmetic import (
    attentions,
    convolutions,
    elementwise,
    merges,
    normalizations,
    pooling,
    products,
    recurrent,
    reshaping,
)
from dlcli.actions.arithmetic.operations import operation
from dlcli.actions.arithmetic.writing import Form, Writing, remark, step, with_batch, writing_of
from dlcli.config.catalogue.live import layer_traits, written_class
from dlcli.keras_internals import node_of_tensor, producer
from dlcli.layers.calls import Call, deep_calls
from dlcli.view.arithmetic import Arithmetic, LayerArithmetic, NamedWeight, Shape, Step

FORMS: Mapping[str, Form] = {
    "activation": elementwise.activation,
    "attention of heads": attentions.of_heads,
    "attention of products": attentions.of_products,
    "attention of sums": attentions.of_sums,
    "average": merges.averaged,
    "average of all": pooling.global_average,
    "average of windows": pooling.average_pooling,
    "batch normalization": normalizations.batch_normalization,
    "concatenation": merges.concatenated,
    "convolution": convolutions.convolution,
    "cropping": reshaping.cropping,
    "dense": products.dense,
    "depthwise convolution": convolutions.depthwise_convolution,
    "difference": merges.subtracted,
    "dropout": elementwise.dropout,
    "einsum": products.einsum_dense,
    "elu": elementwise.elu,
    "gaussian dropout": elementwise.gaussian_dropout,
    "gaussian noise": elementwise.gaussian_noise,
    "group normalization": normalizations.group_normalization,
    "grouped attention": attentions.of_grouped_heads,
    "gru": recurrent.gru,
    "inner product": merges.inner_product,
    "layer normalization": normalizations.layer_normalization,
    "leaky relu": elementwise.leaky_relu,
    "lstm": recurrent.lstm,
    "masking": elementwise.masking,
    "maximum": merges.greatest,
    "maximum of all": pooling.global_max,
    "maximum of windows": pooling.max_pooling,
    "minimum": merges.least,
    "normalization": normalizations.normalization,
    "parametric relu": elementwise.parametric_relu,
    "permutation": reshaping.permuted,
    "product": merges.multiplied,
    "relu": elementwise.relu,
    "repetition": reshaping.repeated_vector,
    "rescaling": normalizations.rescaling,
    "reshape": reshaping.reshaped,
    "rms normalization": normalizations.rms_normalization,
    "rows": products.embedding,
    "same": elementwise.same,
    "separable convolution": convolutions.separable_convolution,
    "simple rnn": recurrent.simple_rnn,
    "softmax": elementwise.softmax,
    "sum": merges.added,
    "transposed convolution": convolutions.transposed_convolution,
    "unit normalization": normalizations.unit_normalization,
    "upsampling": reshaping.upsampling,
    "zero padding": reshaping.zero_padding,
}
"""By the trait `arithmetic`, how a call is written down."""
EACH_STEP, BOTH_WAYS = "each step", "both directions"
"""The traits `macs` of the layers that hold others."""


def arithmetic_of(model: Any, *, batch: int) -> Arithmetic:
    """All calls of a model, those of the models inside it too, for batches of so many samples."""
    calls = [(name, call) for name, call in deep_calls(model) if not call.is_input and not only_passed_on(call)]
    return Arithmetic([made for name, call in calls for made in call_written(call, writing_of(call, batch), name)])


def only_passed_on(call: Call) -> bool:
    """Whether an operation puts out what it takes, in the same shape: it has no arithmetic."""
    views = layer_traits(type(call.layer)).get("views")
    return bool(views) and not hasattr(call.layer, "weights") and call.inputs == call.outputs


def call_written(call: Call, writing: Writing, name: str) -> Iterator[LayerArithmetic]:
    """One call; one of a layer around others comes in parts."""
    macs = layer_traits(type(call.layer)).get("macs")
    if macs == BOTH_WAYS and len(writing.inputs) == 1:
        yield from both_directions(writing, name)
    elif macs == EACH_STEP and not hasattr(call.layer.layer, "layers"):
        yield each_step(writing, name)
    elif hasattr(call.layer, "weights"):
        yield layer_written(writing, name)
    else:
        arguments = node_of_tensor(call.tensors[0]).arguments
        steps = [*operation(writing, [*arguments.args, *tensors_named(arguments.kwargs)])]
        yield written(writing, name, steps)


def tensors_named(named: Mapping[str, Any]) -> list[Any]:
    """The tensors that a call takes by name."""
    return [each for each in named.values() if producer(each) is not None]


def layer_written(writing: Writing, name: str) -> LayerArithmetic:
    """A call of a layer by the form of its class."""
    form = FORMS.get(layer_traits(type(writing.layer)).get("arithmetic", ""))
    return written(writing, name, [] if form is None or not writing.inputs else [*form(writing)])


def written(writing: Writing, name: str, steps: list[Step]) -> LayerArithmetic:
    """A call with its formulas, or with its shapes and weights alone."""
    kind = written_class(type(writing.layer))
    if not steps:
        steps = [unwritten(writing, kind)]
    return LayerArithmetic(
        layer=name,
        kind=kind,
        input_shape=one_shape_or_all(writing.inputs),
        output_shape=one_shape_or_all(writing.outputs),
        weights=writing.weights,
        steps=steps,
    )


def unwritten(writing: Writing, kind: str) -> Step:
    """What goes in and comes out of a layer whose arithmetic is not written here, and the shapes of its weights."""
    own = {f"w{number}": each for number, each in enumerate(getattr(writing.layer, "weights", ()), start=1)}
    writing.weights = [NamedWeight(name=key, weight=each.name, shape=[*each.shape]) for key, each in own.items()]
    results = ["y"] if len(writing.outputs) == 1 else [f"y{number}" for number in range(1, len(writing.outputs) + 1)]
    shapes = {**writing.shapes, **{key: [*each.shape] for key, each in own.items()}}
    formula = f"{kind.removeprefix('ops.')}({', '.join(writing.shapes)}{'; ' if own else ''}{', '.join(own)})"
    shapes |= dict(zip(results, writing.outputs, strict=True))
    return step(", ".join(results), formula, remark("unwritten"), shapes=shapes)


def each_step(writing: Writing, name: str) -> LayerArithmetic:
    """A layer that is asked at each step of time, as one call for all steps: its formulas are those of the layer inside."""
    inner, steps = writing.layer.layer, writing.inputs[0][1]
    inside = Writing(
        inner, [without_steps(each) for each in writing.inputs], [without_steps(each) for each in writing.outputs]
    )
    made = layer_written(inside, name)
    about = remark("each_step", steps="all" if steps is None else steps)
    first, *others = made.steps
    alone = step(first.result, first.formula, about, *first.remarks, shapes=first.shapes, facts=first.facts)
    return LayerArithmetic(
        layer=name,
        kind=f"{written_class(type(writing.layer))} of {made.kind}",
        input_shape=one_shape_or_all(writing.inputs),
        output_shape=one_shape_or_all(writing.outputs),
        weights=made.weights,
        steps=[alone, *others],
    )


def without_steps(shape: Shape) -> Shape:
    """The shape of one step of time."""
    return [*shape[:1], *shape[2:]]


def both_directions(writing: Writing, name: str) -> Iterator[LayerArithmetic]:
    """A layer forward and one backward in time, and what becomes of both."""
    layer, joined = writing.layer, writing.layer.merge_mode
    parts = {"forward": layer.forward_layer, "backward": layer.backward_layer}
    shapes: dict[str, Shape] = {}
    for word, inner in parts.items():
        given = inner.compute_output_shape(
            tuple(None if axis == 0 else size for axis, size in enumerate(writing.inputs[0]))
        )
        if not isinstance(given[0], int | None):
            break
        shapes[word] = with_batch(given, writing.inputs[0][0] or 0)
        yield layer_written(Writing(inner, writing.inputs, [shapes[word]], masked=writing.masked), f"{name}/{word}")
    formula = JOINED.get(joined)
    if formula is None or len(shapes) < len(parts) or len(writing.outputs) > 1:
        yield written(writing, name, [])
        return
    back = "flip(backward, axis=1)" if layer.return_sequences else "backward"
    made = formula.format(forward="forward", backward=back, axis=len(writing.outputs[0]) - 1)
    yield written(writing, name, [step("y", made, shapes={**shapes, "y": writing.outputs[0]})])


JOINED = {
    "concat": "concatenate({forward}, {backward}, axis={axis})",
    "sum": "{forward} + {backward}",
    "ave": "({forward} + {backward}) / 2",
    "mul": "{forward} ⊙ {backward}",
}
"""By `merge_mode`, what becomes of both directions."""


def one_shape_or_all(shapes: Any) -> Any:
    """The only shape, or the list of several."""
    return shapes[0] if len(shapes) == 1 else list(shapes)
