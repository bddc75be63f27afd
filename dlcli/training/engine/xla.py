"""Whether the steps of a training are compiled by XLA, and from which step on.

On a CPU XLA makes models of matrix products several times faster and convolutions twenty times slower; compiling takes as
long as thousands of small steps. So the first steps run as a graph, for about as long as compiling takes: a training that
ends early has lost nothing, and one that goes on at most doubles what it has spent. The step is a function of the model and
the batch alone, not of a clock and not of how many epochs are planned, so that a run can be repeated and extended exactly.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from dlcli.config.catalogue.live import layer_traits, written_class
from dlcli.keras_internals import calls_of_layer, graph_of, leaf_layers, producer, run_on
from dlcli.layers.calls import calls_of
from dlcli.layers.macs import macs_of
from dlcli.layers.rows import is_same_for_all

if TYPE_CHECKING:
    import numpy as np

COMPILE_SECONDS = 0.7
STEP_SECONDS = 2e-4
"""What a step of a graph takes besides its arithmetic."""
MACS_A_SECOND = 4e10
"""Multiply-adds that a step gets through; its gradients take two more for each."""
RANDOM = ("stateless_uniform", "stateless_normal", "stateless_truncated_normal")


def xla_from(model: Any, inputs: Mapping[str, np.ndarray[Any, Any]], *, batch_size: int) -> tuple[int | None, str]:
    """The step (from 0, over all epochs) from which on XLA pays, or None; and why, in words.

    `inputs` are the training samples (samples, …): under XLA a number outside an embedding would go unnoticed.
    """
    if model.dtype_policy.name != "float32":
        return None, f"not by XLA: {model.dtype_policy.name} is not faster with it"
    layers = [each for each in leaf_layers(model) if not getattr(each, "hands_on_mask", False)]
    parts = [*layers, *operations_in(model, layers)]
    slower = next((part for part in parts if not layer_traits(type(part)).get("xla")), None)
    if slower is not None:
        return None, f"not by XLA: {written_class(type(slower))} is not faster with it"
    unsafe = next(
        (layer for layer in layers if type(layer).__name__ == "Embedding" and not fits(layer, model, inputs)), None
    )
    if unsafe is not None:
        return None, f"not by XLA: what '{unsafe.name}' takes is not known to be below its input_dim"
    macs = sum(
        macs_of(call.layer, call.inputs[0] if call.inputs else call.outputs[0], call.outputs[0], traits=layer_traits)
        for call in calls_of(model)
        if not call.is_input
    )
    step = math.ceil(COMPILE_SECONDS / (STEP_SECONDS + 3 * macs * batch_size / MACS_A_SECOND))
    return step, f"by XLA from step {step:,} on, with random numbers by Philox"


def operations_in(model: Any, layers: Sequence[Any]) -> list[Any]:
    """The operations of a model and of the models among its layers."""
    graphs = [graph for graph in map(graph_of, (model, *layers)) if graph is not None]
    return [call.layer for graph in graphs for call in calls_of(graph) if not hasattr(call.layer, "weights")]


def fits(embedding: Any, model: Any, inputs: Mapping[str, np.ndarray[Any, Any]]) -> bool:
    """Whether an embedding takes an input of the model whose numbers all have a row in it."""
    sources = [
        operation.name
        for node in calls_of_layer(embedding)
        if (operation := producer(node.input_tensors[0])) is not None
    ]
    return is_same_for_all(embedding) or all(
        name in inputs and inputs[name].min() >= 0 and inputs[name].max() < embedding.input_dim for name in sources
    )


class CompiledAhead:
    """A graph that XLA compiles in a thread of its own while others run, so that it is ready when its turn comes.

    The thread calls the graph for no step at all, on variables of the same shapes in the place of the real ones, which the
    training is changing meanwhile; XLA finds its program again by the shapes. `failure` is why it could not be compiled.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        import tensorflow as tf

        self.function = tf.function(function, autograph=False, jit_compile=True)
        self.begun = False
        self.thread: threading.Thread | None = None
        self.failure: Exception | None = None

    def begin(self, *arguments: Any) -> None:
        """Traces the graph and lets it be compiled. With `arguments` it may run no step."""
        self.begun = True
        try:
            graph = self.function.get_concrete_function(*arguments)
        except Exception as error:
            self.failure = error
            return
        self.thread = threading.Thread(target=self.compile, args=(graph, arguments), daemon=True)  # unseen: how it ends
        self.thread.start()

    def compile(self, graph: Any, arguments: Sequence[Any]) -> None:
        """Lets XLA compile the graph without touching its variables."""
        import tensorflow as tf

        try:
            # XLA compiles when a graph is first called, and a call takes hold of the variables that it has captured, which the
            # training changes in another thread. So the graph gets others of the same shapes in their place, told apart by
            # their handles; XLA keeps its programs by shape, and the real variables meet a program that is ready.
            aside = {id(each.handle): tf.Variable(tf.zeros(each.shape, each.dtype)) for each in graph.graph.variables}
            captured = [aside[id(each)].handle if id(each) in aside else each for each in graph.captured_inputs]
            run_on(graph, arguments, captured)
        except Exception as error:
            self.failure = error

    def works(self) -> bool:
        """Whether it has been compiled; waits for the end of it."""
        if self.thread is not None:
            self.thread.join()
        return self.failure is None

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)


@contextmanager
def fast_generator() -> Iterator[None]:
    """Lets layers draw with Philox while a graph is traced.

    They leave the generator to TensorFlow, which under XLA takes one that is twenty times slower; as a graph it is Philox.
    """
    import tensorflow as tf

    dropout = tf.nn.experimental.stateless_dropout
    before = {name: getattr(tf.random, name) for name in RANDOM}
    for name, function in before.items():
        setattr(tf.random, name, partial(function, alg="philox"))
    tf.nn.experimental.stateless_dropout = partial(dropout, rng_alg="philox")
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(tf.random, name, function)
        tf.nn.experimental.stateless_dropout = dropout
