"""The private names of Keras and TensorFlow that dlcli uses are there, and do what they are used for."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcli
from dlcli import keras_internals

PRIVATE = frozenset(
    {
        "_flatten_layers",
        "_functional",
        "_nodes_by_depth",
        "_keras_history",
        "_keras_logits",
        "_inbound_nodes",
        "_compile_loss",
        "_symbolic_build",
        "_call_flat",
        "_learning_rate",
        "ALL_OBJECTS_DICT",
        "_save_state",
        "_load_state",
        "_query_dense",
        "_key_dense",
        "_value_dense",
        "_output_dense",
        "_all_reduce_sum_gradients",
        "_context_handle",
    }
)
"""What is used; every name has a test below."""


@pytest.fixture
def model() -> Any:
    import keras

    inner = keras.Sequential([keras.layers.Dense(3), keras.layers.ReLU()], name="inner")
    x = keras.Input((4,), name="x")
    model = keras.Model({"x": x}, keras.layers.Dense(1, name="out")(inner(x)))
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.5), metrics=["mae"], jit_compile=False)
    return model


def test_leaf_layers_are_those_inside_others_too(model: Any) -> None:
    names = {type(layer).__name__ for layer in keras_internals.leaf_layers(model)}
    assert {"InputLayer", "Dense", "ReLU"} <= names


def test_nodes_stand_behind_what_they_take(model: Any) -> None:
    graph = keras_internals.graph_of(model)
    assert [node.operation.name for node in keras_internals.nodes_of(graph)] == ["x", "inner", "out"]


def test_a_stack_that_is_built_has_a_graph_and_a_layer_has_none(model: Any) -> None:
    assert keras_internals.graph_of(model.get_layer("inner")) is not None
    assert keras_internals.graph_of(model.get_layer("out")) is None


def test_a_symbolic_tensor_knows_its_producer_and_numbers_do_not(model: Any) -> None:
    assert keras_internals.producer(model.output).name == "out"
    assert keras_internals.producer(np.zeros(3)) is None


@pytest.mark.parametrize("name", ["MultiHeadAttention", "GroupQueryAttention"])
def test_attention_of_heads_has_four_projections(name: str) -> None:
    import keras

    sizes = {"MultiHeadAttention": (2, 3), "GroupQueryAttention": (3, 2, 1)}[name]
    layer, taken = getattr(keras.layers, name)(*sizes), keras.Input((5, 6))
    layer(taken, taken)
    parts = [part.kernel.path.split("/")[-2] for part in keras_internals.attention_projections(layer)]
    assert parts == ["query", "key", "value", "attention_output"]


def test_a_layer_knows_where_it_is_called(model: Any) -> None:
    [node] = keras_internals.calls_of_layer(model.get_layer("out"))
    assert node.input_tensors[0].shape == (None, 3)


def test_the_state_is_built_without_a_step(model: Any) -> None:
    before = [weight.numpy() for weight in model.trainable_weights]
    keras_internals.build_state(model, {"x": np.zeros((2, 4), np.float32)}, np.zeros((2, 1), np.float32))
    assert [each.name for each in keras_internals.loss_trackers(model)] == ["loss"] or keras_internals.loss_trackers(
        model
    ) == []
    for old, weight in zip(before, model.trainable_weights, strict=True):
        np.testing.assert_array_equal(old, weight.numpy())
    assert model.metrics_variables


def test_each_of_several_losses_has_a_tracker() -> None:
    import keras

    x = keras.Input((4,), name="x")
    outputs = {name: keras.layers.Dense(1, name=name)(x) for name in ("a", "b")}
    model = keras.Model({"x": x}, outputs)
    model.compile(loss={"a": "mse", "b": "mae"}, optimizer="sgd", jit_compile=False)
    targets = {name: np.zeros((2, 1), np.float32) for name in outputs}
    keras_internals.build_state(model, {"x": np.zeros((2, 4), np.float32)}, targets)
    assert [each.name for each in keras_internals.loss_trackers(model)] == ["a_loss", "b_loss"]


def test_the_rate_is_replaced_and_put_back(model: Any) -> None:
    import tensorflow as tf

    rate = tf.Variable(0.25)
    with keras_internals.learning_rate_is(model.optimizer, rate):
        assert float(model.optimizer.learning_rate) == 0.25
    assert float(model.optimizer.learning_rate) == 0.5


def test_a_graph_runs_on_other_variables_than_its_own() -> None:
    import tensorflow as tf

    own, other = tf.Variable(1.0), tf.Variable(10.0)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def add(value: Any) -> Any:
        return own.assign_add(value)

    graph = add.get_concrete_function(tf.constant(1.0))
    captured = [other.handle if each is own.handle else each for each in graph.captured_inputs]
    keras_internals.run_on(graph, [tf.constant(5.0)], captured)
    assert (float(own.numpy()), float(other.numpy())) == (1.0, 15.0)


def test_determinism_can_be_asked_for_and_left() -> None:
    import tensorflow as tf

    before = keras_internals.is_deterministic()
    tf.config.experimental.enable_op_determinism()
    assert keras_internals.is_deterministic()
    keras_internals.leave_determinism()
    assert not keras_internals.is_deterministic()
    if before:
        tf.config.experimental.enable_op_determinism()


def test_the_parts_of_a_model_are_those_that_keras_writes(model: Any, tmp_path: Path) -> None:
    import h5py

    model.save_weights(tmp_path / "w.weights.h5")
    parts = {part.path: part for part in keras_internals.stored_parts(model) if part.path.startswith("layers/")}
    assert {part.name for part in parts.values()} >= {"x", "inner", "out"}
    assert parts["layers/dense"].name == "out"
    with h5py.File(tmp_path / "w.weights.h5") as file:
        for way, part in parts.items():
            assert file[f"{way}/vars"].attrs["name"] == part.name
            assert {key: values.shape for key, values in file[f"{way}/vars"].items()} == {
                key: tuple(values.shape) for key, values in part.variables.items()
            }


def test_parts_are_given_their_variables_as_keras_loads_them(model: Any) -> None:
    inner = model.get_layer("inner")
    (way,) = (part.path for part in keras_internals.stored_parts(model) if part.name == "inner")
    dense = f"{way}/layers/dense"
    keras_internals.load_parts(inner, way, {dense: {"0": np.full((4, 3), 2.0), "1": np.full(3, 5.0)}})
    assert [float(each.numpy().flat[0]) for each in inner.weights] == [2.0, 5.0]


def test_the_short_names_of_losses_are_known() -> None:
    import keras

    assert keras_internals.short_names("losses")["mse"] is keras.losses.mean_squared_error


def test_the_modules_of_plain_operations_are_there() -> None:
    import importlib

    for name in (*keras_internals.OPERATIONS, keras_internals.CORE[0]):
        assert inspect.ismodule(importlib.import_module(name))
    assert len(keras_internals.OPERATIONS) == 2


def private_names(path: Path) -> set[str]:
    """The private attributes that a file asks other things for, and dlcli's own as little as Python's."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in PRIVATE and ast.unparse(node.value) != "self"
    }


def test_no_other_file_uses_them() -> None:
    root = Path(dlcli.__file__).parent
    own = root / "keras_internals.py"
    assert private_names(own) >= PRIVATE - {"_functional", "_keras_history", "_nodes_by_depth"}
    users = {path.name for path in root.rglob("*.py") if path != own and private_names(path)}
    assert users == set()
    assert not [
        path for path in root.rglob("*.py") if path != own and "tensorflow.python.framework" in path.read_text()
    ]


@pytest.mark.parametrize(
    ("name", "loss"), [("sigmoid", "binary_crossentropy"), ("softmax", "categorical_crossentropy")]
)
@pytest.mark.parametrize("kept", [True, False])
def test_cross_entropies_count_with_the_scores_behind_probabilities(name: str, loss: str, kept: bool) -> None:
    import keras
    import tensorflow as tf

    scores = np.array([[40.0, -40.0]], np.float32)
    found = []

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def graph(values: Any) -> Any:
        output = getattr(keras.activations if kept else tf.nn, name)(values)
        found.append(keras_internals.logits_behind(output) is not None)
        return output, getattr(keras.losses, loss)([[0.0, 1.0]], output), keras_internals.logits_behind(output)

    output, inside, logits = graph(scores)
    outside = getattr(keras.losses, loss)([[0.0, 1.0]], keras_internals.with_logits(np.asarray(output), logits))
    cut = getattr(keras.losses, loss)([[0.0, 1.0]], keras_internals.with_logits(np.asarray(output), None))
    assert found == [True]
    assert np.asarray(outside) == pytest.approx(np.asarray(inside))
    assert float(outside[0]) > 2 * float(cut[0])
    assert keras_internals.logits_behind(tf.constant([1.0])) is None


def test_gradients_are_summed_before_they_are_clipped() -> None:
    import keras
    import tensorflow as tf

    assert callable(keras.optimizers.Optimizer._all_reduce_sum_gradients)
    strategy = tf.distribute.MirroredStrategy(["CPU:0"], cross_device_ops=tf.distribute.ReductionToOneDevice())
    for wrap in (lambda made: made, keras.optimizers.LossScaleOptimizer):
        with strategy.scope():
            weight = keras.Variable([1.0, 1.0])
            optimizer = wrap(keras.optimizers.SGD(1.0, clipnorm=1.0))
            optimizer.build([weight])
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        keras_internals.sum_gradients_first(optimizer)
        told: list[Any] = []
        inner._all_reduce_sum_gradients = lambda pairs, told=told: told.append(1) or list(pairs)

        def on_device(optimizer: Any = optimizer, weight: Any = weight) -> None:
            # a scaled loss has gradients that many times as large
            gradient = optimizer.scale_loss(tf.constant([3.0, 4.0]) * weight.value)
            optimizer.apply_gradients(iter([(gradient, weight)]))

        @tf.function(autograph=False)
        def step(on_device: Any = on_device) -> None:
            strategy.run(on_device)

        step()
        np.testing.assert_allclose(weight.numpy(), [1 - 0.6, 1 - 0.8], atol=1e-6)
        assert told  # what Keras sums by goes through this name


STUCK = """
import threading
import tensorflow as tf
from dlcli.keras_internals import abort_collectives

abort_collectives("TensorFlow has not computed anything")
group = dict(group_size=2, group_key=1, instance_key=1)
wait = tf.function(lambda: tf.raw_ops.CollectiveReduceV2(
    input=tf.ones(3), group_size=2, group_key=1, instance_key=1, ordering_token=[], merge_op="Add", final_op="Id"
))
tf.constant(1)
timer = threading.Timer(0.5, abort_collectives, ["the other is gone"])
timer.start()
try:
    wait()
except tf.errors.UnavailableError as error:
    print("the other is gone" in str(error))
"""


def test_what_waits_for_another_process_can_be_ended() -> None:
    done = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout == "True\n", done.stderr
