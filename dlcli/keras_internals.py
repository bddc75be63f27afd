"""The private names of Keras and TensorFlow that dlcli uses, each behind one function here: what a new release may break.

A contract test holds each of them against the installed releases, so that moving to the next is work in this file alone.
TensorFlow's own modules, which are loaded on demand, are in `training/lazy_tensorflow.py`.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

OPERATIONS = ("keras.src.ops.numpy", "keras.src.ops.nn")
"""Modules of plain arithmetic, which Keras writes into a saved model for masks and for what stands in brackets."""
CORE = ("keras.src.ops.core", frozenset({"ConvertToTensor"}))
"""What it writes beside these, of a module that holds loops and calls too."""


def is_plain_operation(module: object, name: object) -> bool:
    """Whether a thing of a saved model is arithmetic that Keras puts there by itself."""
    return module in OPERATIONS or (module == CORE[0] and name in CORE[1])


def operation_class(function: Any, names: Collection[str]) -> Any:
    """The class that stands for a function of keras.ops in a model, one of those that it calls by `names`; None without one."""
    from keras.src.ops.operation import Operation

    module = inspect.getmodule(inspect.unwrap(function))
    classes = {vars(module).get(name) for name in names}
    made = [each for each in classes if inspect.isclass(each) and issubclass(each, Operation)]
    return made[0] if len(made) == 1 else None


SCORED = frozenset({"Sigmoid", "Softmax"})


def logits_behind(output: Any) -> Any:
    """The raw scores of which a tensor is the sigmoid or softmax, as Keras's cross-entropies find them; None of any other.

    They count with these in place of the probabilities, which are cut near 0 and 1.
    """
    operation: Any = getattr(output, "op", None)  # a tensor with a value has none
    made_here = operation is not None and operation.type in SCORED and len(operation.inputs) == 1
    return getattr(output, "_keras_logits", operation.inputs[0] if made_here else None)


def with_logits(output: Any, logits: Any) -> Any:
    """Probabilities (samples, …) as a tensor that has its raw scores, as the output of a model has; without any as they are."""
    from keras import ops

    if logits is None:
        return output
    tensor = ops.convert_to_tensor(output)
    tensor._keras_logits = ops.convert_to_tensor(logits)
    return tensor


def leaf_layers(model: Any) -> list[Any]:
    """All layers of a model, those inside others too."""
    return list(model._flatten_layers(include_self=False))


def graph_of(model: Any) -> Any:
    """The functional model that a model is or holds, or None for one without a graph."""
    functional = getattr(model, "_functional", model)
    return functional if hasattr(functional, "_nodes_by_depth") else None


def nodes_of(model: Any) -> list[Any]:
    """The calls of a functional model, each behind those that it takes: `operation`, `input_tensors`, `parent_nodes`, …"""
    by_depth = model._nodes_by_depth
    return [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]


def producer(tensor: Any) -> Any:
    """The operation that puts out a symbolic tensor, or None where it has no history."""
    history = getattr(tensor, "_keras_history", None)
    return None if history is None else history.operation


def name_operation(output: Any, name: str) -> None:
    """Gives the operation that puts out a symbolic tensor a name."""
    producer(output).name = name


def symbolic_mask(tensor: Any) -> Any:
    """The mask of a symbolic tensor, or None."""
    from keras.src.backend import get_keras_mask

    return get_keras_mask(tensor)


def has_mask(tensor: Any) -> bool:
    """Whether a symbolic tensor has a mask."""
    return symbolic_mask(tensor) is not None


def pass_mask(taken: Any, output: Any) -> None:
    """Gives a symbolic tensor the mask of another, if that has one."""
    if has_mask(taken):
        give_mask(output, symbolic_mask(taken))


def give_mask(output: Any, mask: Any) -> None:
    """Gives a symbolic tensor a mask."""
    from keras.src.backend import set_keras_mask

    set_keras_mask(output, mask)


def call_has_mask(node: Any) -> bool:
    """Whether a call was handed a mask."""
    return any(key.endswith("mask") and each is not None for key, each in node.arguments.kwargs.items())


def tensors_taken(node: Any) -> list[Any]:
    """The symbolic tensors that a call takes, without the masks that Keras itself hands from layer to layer."""
    parameters = list(inspect.signature(node.operation.call).parameters)
    masks = {"mask", *(f"{name}_mask" for name in parameters)}
    named = {key: each for key, each in node.arguments.kwargs.items() if key not in masks}
    flat = importlib.import_module("keras").tree.flatten((node.arguments.args, named))
    return [each for each in flat if getattr(each, "_keras_history", None) is not None]


def attention_projections(layer: Any) -> list[Any]:
    """The layers that make queries, keys, values and the output of an attention of several heads."""
    return [layer._query_dense, layer._key_dense, layer._value_dense, layer._output_dense]


def node_of_tensor(tensor: Any) -> Any:
    """The call that puts out a symbolic tensor."""
    operation, node_index, _ = tensor._keras_history
    return operation._inbound_nodes[node_index]


def nodes_before(tensors: Iterable[Any], *, but: Any = None) -> Iterator[Any]:
    """The calls by which symbolic tensors are made, and those before these; of one layer none, nor what leads to it alone."""
    ahead, seen = list(tensors), set[int]()
    while ahead:
        tensor = ahead.pop()
        node = node_of_tensor(tensor)
        if id(tensor) in seen or (but is not None and node.operation is but):
            continue
        seen.add(id(tensor))
        yield node
        ahead += node.input_tensors


def calls_of_layer(layer: Any) -> list[Any]:
    """The nodes at which a layer is called."""
    return list(layer._inbound_nodes)


def loss_trackers(model: Any) -> list[Any]:
    """The metrics that average the losses of a compiled and built model."""
    return [each for each in model._compile_loss.metrics if each is not None]


def build_state(model: Any, inputs: Any, targets: Any) -> None:
    """Makes all variables of loss and metrics from a batch, without a step."""
    with any_scope_names():
        model._symbolic_build(data_batch=(inputs, targets))


@contextmanager
def any_scope_names() -> Iterator[None]:
    """While it is open, scopes of graphs may have any name: Keras makes some of the names of targets."""
    from keras.src.backend.tensorflow.core import name_scope

    original = name_scope.__init__

    def with_any_name(scope: Any, name: str, **named: Any) -> None:
        original(scope, re.sub(r"[^A-Za-z0-9_.\\/>-]", lambda found: f".u{ord(found[0]):x}.", name), **named)

    name_scope.__init__ = with_any_name
    try:
        yield
    finally:
        name_scope.__init__ = original


def run_on(graph: Any, arguments: Sequence[Any], captured: Sequence[Any]) -> None:
    """Calls a concrete function with other captured tensors than its own."""
    graph._call_flat(list(arguments), list(captured))


@contextmanager
def learning_rate_is(optimizer: Any, variable: Any) -> Iterator[None]:
    """While it is open, an optimizer takes its rate from a variable, also where a schedule sets it otherwise."""
    own = optimizer._learning_rate
    optimizer._learning_rate = variable
    try:
        yield
    finally:
        optimizer._learning_rate = own


UNAVAILABLE = 14
"""How TensorFlow numbers the reason that another process is not there."""


def abort_collectives(reason: str) -> None:
    """Ends what waits for another process of a training in TensorFlow, with such a reason; nothing where it has not started.

    Any thread may call it, also while another imports TensorFlow, so nothing is imported here.
    """
    context = getattr(sys.modules.get("tensorflow.python.eager.context"), "_context", None)
    if context is not None and context._context_handle is not None:
        context.abort_collective_ops(UNAVAILABLE, reason)


def sum_gradients_first(optimizer: Any) -> None:
    """Lets an optimizer sum the gradients of all devices before it does anything with them.

    Keras clips them and looks whether they are finite on each device by itself, and sums after that.
    """
    import tensorflow as tf

    apply = optimizer.apply_gradients

    def apply_summed(pairs: Any) -> Any:
        gradients, variables = zip(*pairs, strict=True)
        held = [each for each in gradients if each is not None]
        summed = iter(tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, held))
        return apply(zip([None if each is None else next(summed) for each in gradients], variables, strict=True))

    optimizer.apply_gradients = apply_summed
    getattr(optimizer, "inner_optimizer", optimizer)._all_reduce_sum_gradients = list


def is_deterministic() -> bool:
    """Whether TensorFlow's operations are bound to give the same bits each time."""
    from tensorflow.python.framework import config

    return bool(config.is_op_determinism_enabled())


def leave_determinism() -> None:
    """Unbinds them again, which TensorFlow's public interface cannot."""
    from tensorflow.python.framework import config

    config.disable_op_determinism()


def short_names(kind: str) -> Mapping[str, Any]:
    """The abbreviations that Keras takes for things of a kind (`mse`), with the classes that they mean."""
    table: Mapping[str, Any] = importlib.import_module(f"keras.src.{kind}").ALL_OBJECTS_DICT
    return table


@dataclass(frozen=True)
class StoredPart:
    """A part of a model as files of weights hold it: where it stands in them, its name, and its variables by number."""

    path: str
    name: str | None
    variables: Mapping[str, Any]


def stored_parts(model: Any) -> list[StoredPart]:
    """The parts of a model that Keras would write into a file of weights, without writing them."""
    from keras.src.saving import saving_lib

    parts: list[StoredPart] = []

    class Listing(saving_lib.H5IOStore):  # type: ignore[misc]
        """Notes what it is given instead of writing it."""

        def __init__(self) -> None:
            self.variables: dict[str, Any] = {}

        def __bool__(self) -> bool:
            return True

        def make(self, path: str, metadata: Mapping[str, Any] | None = None) -> Listing:
            self.variables = {}
            parts.append(StoredPart(path, (metadata or {}).get("name"), self.variables))
            return self

        def __setitem__(self, key: str, value: Any) -> None:
            self.variables[key] = value

    saving_lib._save_state(
        model, weights_store=Listing(), assets_store=None, inner_path="", visited_saveables=set[int]()
    )
    return parts


def load_parts(layer: Any, path: str, arrays: Mapping[str, Mapping[str, Any]]) -> None:
    """Gives a layer, whose part stands at `path`, the variables that its parts have in `arrays` by path, as Keras loads them."""
    from keras.src.saving import saving_lib

    class Reading(saving_lib.H5IOStore):  # type: ignore[misc]
        """Gives what was read before."""

        def __init__(self) -> None:
            self.variables: Mapping[str, Any] = {}

        def __bool__(self) -> bool:
            return True

        def get(self, path: str) -> Reading:
            self.variables = arrays.get(path, {})
            return self

        def has_path(self, path: str) -> bool:
            return path in arrays

        def keys(self) -> Any:
            return self.variables.keys()

        def __len__(self) -> int:
            return len(self.variables)

        def __contains__(self, key: object) -> bool:
            return key in self.variables

        def __getitem__(self, key: str) -> Any:
            return self.variables[key]

    store, visited = Reading(), set[int]()
    saving_lib._load_state(layer, weights_store=store, assets_store=None, inner_path=path, visited_saveables=visited)


def preprocess_input(backbone: str, pixels: Any) -> Any:
    """What Keras makes of pixels (pixels, colours) for a backbone."""
    import keras

    module = sys.modules[getattr(keras.applications, backbone).__module__]
    return module.preprocess_input(pixels[None, None].copy())[0, 0]


def samplewise(metric: Any, target: Any, output: Any, counted: Any = None) -> tuple[Any, Any] | None:
    """The values (samples,) of which a metric is the mean, and the weight (samples,) of each in it, None where all have the same.

    A sample of several places has the mean of those that count, and their number as its weight: by what the metric leaves out
    itself, and by `counted` (samples, …). None of a metric that is no mean.
    """
    import keras
    import numpy as np

    seen: list[tuple[Any, Any]] = []
    update = keras.metrics.Mean.update_state

    def noted(self: Any, values: Any, sample_weight: Any = None) -> None:
        seen.append((values, sample_weight))

    if not isinstance(metric, keras.metrics.Mean):
        return None
    keras.metrics.Mean.update_state = noted
    try:
        metric.update_state(target, output, **({} if counted is None else {"sample_weight": counted}))
    finally:
        keras.metrics.Mean.update_state = update
    if len(seen) != 1:
        return None
    values = np.asarray(seen[0][0], np.float64)
    if not values.size or values.size % len(target):
        return None
    values = values.reshape(len(target), -1)  # some are put in one row, place after place
    if seen[0][1] is None:
        return values.mean(axis=1), None
    weights = np.asarray(seen[0][1], np.float64)
    if weights.size != values.size:
        return None
    weights = weights.reshape(values.shape)
    held = weights.sum(axis=1)
    return (values * weights).sum(axis=1) / np.where(held > 0, held, 1), held


def patched_tf2onnx() -> Any:
    """tf2onnx as Keras makes it work with today's NumPy."""
    from keras.src.export.tf2onnx_lib import patch_tf2onnx

    patch_tf2onnx()
    return importlib.import_module("tf2onnx")
