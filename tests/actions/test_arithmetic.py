"""inspect --arithmetic: the shown formulas are evaluated in NumPy on the weights of each kind of layer, and give its output."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
BATCH = 3


class Tensor(np.ndarray):
    """An array in whose products the last axis of one is summed with the first of the other."""

    summed = 1

    def __matmul__(self, other: Any) -> Any:
        return np.tensordot(self, other, axes=self.summed).view(Tensor)


def padded(x: Any, around: Sequence[Sequence[int]], value: float = 0.0) -> Any:
    return np.pad(x, [(0, 0), *map(tuple, around), (0, 0)], constant_values=value)


def windows_of(x: Any, size: Sequence[int], facts: Mapping[str, Any], value: float = 0.0) -> Any:
    """Each window (samples, places…, window…, channels), taken one by one."""
    x = padded(x, facts["padding"], value)
    spans = [(n - 1) * d + 1 for n, d in zip(size, facts["dilation"], strict=True)]
    counts = [(n - span) // stride + 1 for n, span, stride in zip(x.shape[1:-1], spans, facts["stride"], strict=True)]
    out = np.zeros((len(x), *counts, *size, x.shape[-1]))
    for place in itertools.product(*map(range, counts)):
        cut = tuple(
            slice(at * stride, at * stride + span, dilation)
            for at, stride, span, dilation in zip(place, facts["stride"], spans, facts["dilation"], strict=True)
        )
        out[(slice(None), *place)] = x[(slice(None), *cut)]
    return out


def convolution(facts: Mapping[str, Any]) -> Callable[..., Any]:
    def conv(x: Any, kernel: Any) -> Any:
        rank, groups = kernel.ndim - 2, facts["groups"]
        parts = []
        for part, own in zip(np.split(x, groups, -1), np.split(kernel, groups, -1), strict=True):
            parts.append(np.tensordot(windows_of(part, kernel.shape[:-2], facts), own, axes=rank + 1))
        return np.concatenate(parts, -1).view(Tensor)

    return conv


def each_channel(facts: Mapping[str, Any]) -> Callable[..., Any]:
    def conv_each(x: Any, kernel: Any) -> Any:
        taken = windows_of(x, kernel.shape[:-2], facts)
        many = [np.tensordot(taken[..., c], kernel[..., c, :], axes=kernel.ndim - 2) for c in range(x.shape[-1])]
        return np.concatenate(many, -1).view(Tensor)

    return conv_each


def transposed(facts: Mapping[str, Any], shape: Sequence[int]) -> Callable[..., Any]:
    def conv_transposed(x: Any, kernel: Any) -> Any:
        size, strides, dilations = kernel.shape[:-2], facts["stride"], facts["dilation"]
        spans = [(k - 1) * d + 1 for k, d in zip(size, dilations, strict=True)]
        whole = [(n - 1) * s + span for n, s, span in zip(x.shape[1:-1], strides, spans, strict=True)]
        out = np.zeros((len(x), *[max(a, b) for a, b in zip(whole, shape[1:-1], strict=True)], kernel.shape[-2]))
        for place in itertools.product(*map(range, x.shape[1:-1])):
            for offset in itertools.product(*map(range, size)):
                at = [p * s + o * d for p, s, o, d in zip(place, strides, offset, dilations, strict=True)]
                out[(slice(None), *at)] += x[(slice(None), *place)] @ kernel[offset].T
        starts = [max(n - wanted, 0) // 2 for n, wanted in zip(whole, shape[1:-1], strict=True)]
        cut = [slice(start, start + wanted) for start, wanted in zip(starts, shape[1:-1], strict=True)]
        return out[(slice(None), *cut)].view(Tensor)

    return conv_transposed


def pooled(reduce: Callable[..., Any], facts: Mapping[str, Any]) -> Callable[..., Any]:
    def pool(x: Any, size: Any) -> Any:
        size = size if isinstance(size, tuple) else (size,)
        taken = windows_of(x, size, facts, np.nan)
        axes = tuple(range(1 + len(size), 1 + 2 * len(size)))
        return reduce(taken, axis=axes).view(Tensor)

    return pool


def over(reduce: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, axes, keepdims=False: np.asarray(reduce(x, axis=axes, keepdims=keepdims)).view(Tensor)


def by_sample(x1: Any, x2: Any, axes: tuple[int, int]) -> Any:
    each = [np.tensordot(a, b, axes=(axes[0] - 1, axes[1] - 1)) for a, b in zip(x1, x2, strict=True)]
    return np.stack(each).view(Tensor)


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def erf_gelu(x: Any) -> Any:
    from math import erf

    return (x * np.vectorize(lambda v: 0.5 * (1 + erf(v / 2**0.5)))(x)).view(Tensor)


def scores(q: Any, k: Any) -> Any:
    return np.einsum("bqhd,bkhd->bhqk" if q.ndim == 4 else "bqd,bkd->bqk", q, k).view(Tensor)


def mixed(a: Any, v: Any) -> Any:
    return np.einsum("bhqk,bkhd->bqhd" if a.ndim == 4 else "bqk,bkd->bqd", a, v).view(Tensor)


def functions(step: Any) -> dict[str, Any]:
    """What the words of formulas mean."""
    facts = step.facts
    names: dict[str, Any] = {
        "relu": lambda x: np.maximum(x, 0),
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "tanh": np.tanh,
        "gelu": erf_gelu,
        "softmax": softmax,
        "exp": np.exp,
        "sqrt": np.sqrt,
        "einsum": lambda letters, *each: np.einsum(letters, *each).view(Tensor),
        "max": lambda a, *b, axes=None, keepdims=False: (
            over(np.max)(a, axes, keepdims) if axes is not None else np.maximum.reduce(np.broadcast_arrays(a, *b))
        ),
        "min": lambda *each: np.minimum.reduce(np.broadcast_arrays(*each)),
        "mean": over(np.mean),
        "variance": over(np.var),
        "sum": over(np.sum),
        "any": over(np.any),
        "reshape": np.reshape,
        "transpose": np.transpose,
        "repeat": np.repeat,
        "pad": np.pad,
        "cut": lambda x, sizes: x[tuple(slice(a, n - b) for (a, b), n in zip(sizes, x.shape, strict=True))],
        "concatenate": lambda *each, axis: np.concatenate(each, axis),
        "flip": lambda x, axis: np.flip(x, axis),
        "split": lambda x, parts: np.split(x, parts, axis=-1),
        "dot_by_sample": by_sample,
        "scores": scores,
        "mixed": mixed,
        "square": np.square,
        "matmul": lambda a, b: np.matmul(np.asarray(a), np.asarray(b)).view(Tensor),
    }
    if "stride" in facts:
        shape = step.shapes[step.result]
        names |= {
            "conv": convolution({"groups": 1, "padding": [], **facts}),
            "conv_each": each_channel(facts),
            "conv_transposed": transposed(facts, shape),
            "max_of_windows": pooled(np.nanmax, facts),
            "mean_of_windows": pooled(np.nanmean, facts),
        }
    return names


def in_python(formula: str) -> str:
    """A formula as Python."""
    formula = re.sub(r"\b(\w+) (\w+)ᵀ", r"scores(\1, \2)", formula)
    formula = re.sub(r"^A (\w+)$", r"mixed(A, \1)", formula)
    formula = re.sub(r"√(\d+)", r"sqrt(\1)", formula).replace("√", "sqrt").replace(", keepdims", ", keepdims=True")
    formula = re.sub(r"(\d+)×(\d+)×(\d+)", r"(\1, \2, \3)", formula)
    formula = re.sub(r"(\d+)×(\d+)", r"(\1, \2)", formula)
    return formula.replace("·", "@").replace("⊙", "*").replace("−", "-").replace("≠", "!=")


def evaluate_step(step: Any, values: dict[str, Any]) -> None:
    """Puts what a step gives beside the values that there are, and compares all shapes with those that are shown."""
    Tensor.summed = step.facts.get("summed_axes", 1)
    result = eval(in_python(step.formula), {**functions(step), **values})
    names = step.result.split(", ")
    values |= dict(zip(names, result, strict=True)) if len(names) > 1 else {names[0]: result}
    used = {*re.findall(r"[A-Za-z][A-Za-z0-9_]*", step.formula), *names} & {*step.shapes}
    for name in used:
        assert tuple(values[name].shape) == tuple(step.shapes[name]), (name, step)


def evaluate(made: Any, layer: Any, inputs: Sequence[Any], more: Mapping[str, Any] = {}) -> Any:
    """What all formulas of a layer give on its weights, those at each step of time again and again."""
    values: dict[str, Any] = dict(more)
    named = ["x"] if len(inputs) == 1 else [f"x{number}" for number in range(1, len(inputs) + 1)]
    values |= {name: np.asarray(each, np.float64).view(Tensor) for name, each in zip(named, inputs, strict=True)}
    if inputs[0].dtype.kind == "i":
        values["x"] = inputs[0]
    values |= {each.name: weight_of(layer, each.weight) for each in made.weights}
    timed = [step for step in made.steps if step.each_step]
    if timed:
        zeros = np.zeros((BATCH, layer.units)).view(Tensor)
        values |= {name: more.get(name, zeros).view(Tensor) for name in "hc"}
        order = range(inputs[0].shape[1])
        rows = []
        for at in reversed(order) if layer.go_backwards else order:
            values["x_t"] = values[named[0]][:, at]
            for step in timed:
                evaluate_step(step, values)
            rows.append(values["h"])
        values["stack"] = lambda _, axis: np.stack(rows, axis).view(Tensor)
    for step in made.steps:
        if not step.each_step:
            evaluate_step(step, values)
    return values["y"]


def weight_of(layer: Any, name: str) -> Any:
    """A weight by the name that is shown: `bias[1]` and `recurrent_kernel[:, 0:4]` are parts of one."""
    plain, _, part = name.partition("[")
    found = [
        each for each in layer.weights if each.path.endswith(f"/{plain}") or each.name == plain or each.path == plain
    ]
    assert len(found) == 1, (name, [each.path for each in layer.weights])
    value = found[0].numpy().astype(np.float64).view(Tensor)
    return eval(f"value[{part}", {"value": value}) if part else value


def with_random_weights(layer: Any) -> None:
    generator = np.random.default_rng(3)
    layer.set_weights([generator.uniform(0.2, 1.0, each.shape) for each in layer.get_weights()])


def layers() -> dict[str, tuple[Callable[[Any], Any], list[list[int]]]]:
    """By name, a layer and the shapes of samples that it takes."""
    return {
        "Dense": (lambda k: k.Dense(4, activation="relu"), [[5]]),
        "Dense without a bias, on steps": (lambda k: k.Dense(4, use_bias=False), [[6, 5]]),
        "Dense on two more axes": (lambda k: k.Dense(4, activation="softmax"), [[2, 3, 5]]),
        "EinsumDense": (lambda k: k.EinsumDense("abc,cd->abd", (6, 4), bias_axes="d"), [[6, 5]]),
        "Conv1D": (lambda k: k.Conv1D(4, 3, strides=2, activation="tanh"), [[9, 2]]),
        "Conv1D, causal": (lambda k: k.Conv1D(4, 3, dilation_rate=2, padding="causal"), [[9, 2]]),
        "Conv2D": (lambda k: k.Conv2D(4, 3), [[7, 6, 2]]),
        "Conv2D, same with strides": (lambda k: k.Conv2D(4, (3, 2), strides=2, padding="same"), [[7, 6, 2]]),
        "Conv2D, dilated": (lambda k: k.Conv2D(4, 3, dilation_rate=2, padding="same"), [[7, 6, 2]]),
        "Conv2D in groups": (lambda k: k.Conv2D(4, 3, groups=2), [[5, 5, 4]]),
        "Conv3D": (lambda k: k.Conv3D(2, 2), [[3, 4, 3, 2]]),
        "Conv1DTranspose": (lambda k: k.Conv1DTranspose(3, 3, strides=2), [[5, 2]]),
        "Conv2DTranspose": (lambda k: k.Conv2DTranspose(3, 3, strides=2, padding="same"), [[4, 3, 2]]),
        "Conv2DTranspose, far apart": (lambda k: k.Conv2DTranspose(3, 2, strides=3), [[3, 3, 2]]),
        "Conv3DTranspose": (lambda k: k.Conv3DTranspose(2, 2, strides=2), [[2, 2, 2, 2]]),
        "DepthwiseConv1D": (lambda k: k.DepthwiseConv1D(3, depth_multiplier=2), [[7, 3]]),
        "DepthwiseConv2D": (lambda k: k.DepthwiseConv2D(3, padding="same"), [[5, 5, 3]]),
        "SeparableConv1D": (lambda k: k.SeparableConv1D(4, 3), [[7, 3]]),
        "SeparableConv2D": (lambda k: k.SeparableConv2D(4, 3, strides=2, depth_multiplier=2), [[7, 7, 3]]),
        "MaxPooling1D": (lambda k: k.MaxPooling1D(2), [[7, 3]]),
        "MaxPooling2D, same": (lambda k: k.MaxPooling2D(3, strides=2, padding="same"), [[6, 7, 3]]),
        "AveragePooling2D, same": (lambda k: k.AveragePooling2D(2, padding="same"), [[5, 5, 3]]),
        "AveragePooling3D": (lambda k: k.AveragePooling3D(2), [[4, 4, 4, 2]]),
        "GlobalAveragePooling2D": (lambda k: k.GlobalAveragePooling2D(), [[4, 5, 3]]),
        "GlobalMaxPooling1D": (lambda k: k.GlobalMaxPooling1D(keepdims=True), [[4, 3]]),
        "Flatten": (lambda k: k.Flatten(), [[4, 3]]),
        "Reshape": (lambda k: k.Reshape((2, 6)), [[4, 3]]),
        "Permute": (lambda k: k.Permute((2, 1)), [[4, 3]]),
        "RepeatVector": (lambda k: k.RepeatVector(5), [[3]]),
        "ZeroPadding2D": (lambda k: k.ZeroPadding2D(((1, 0), (2, 1))), [[3, 4, 2]]),
        "Cropping1D": (lambda k: k.Cropping1D((1, 2)), [[6, 2]]),
        "UpSampling2D": (lambda k: k.UpSampling2D((2, 3)), [[3, 4, 2]]),
        "BatchNormalization": (lambda k: k.BatchNormalization(), [[4, 5, 3]]),
        "BatchNormalization of rows": (lambda k: k.BatchNormalization(axis=1, scale=False), [[4, 3]]),
        "LayerNormalization": (lambda k: k.LayerNormalization(), [[4, 3]]),
        "LayerNormalization over two axes": (lambda k: k.LayerNormalization(axis=(1, 2)), [[4, 3]]),
        "GroupNormalization": (lambda k: k.GroupNormalization(groups=2), [[3, 3, 4]]),
        "RMSNormalization": (lambda k: k.RMSNormalization(), [[4, 3]]),
        "UnitNormalization": (lambda k: k.UnitNormalization(), [[4, 3]]),
        "Rescaling": (lambda k: k.Rescaling(2.5, offset=-1), [[4, 3]]),
        "Rescaling of columns": (lambda k: k.Rescaling([2.5, 3.0], offset=0), [[2]]),
        "Activation": (lambda k: k.Activation("gelu"), [[4]]),
        "ReLU": (lambda k: k.ReLU(max_value=0.7, negative_slope=0.1), [[4]]),
        "LeakyReLU": (lambda k: k.LeakyReLU(negative_slope=0.2), [[4]]),
        "PReLU": (lambda k: k.PReLU(shared_axes=[1]), [[4, 3]]),
        "ELU": (lambda k: k.ELU(0.5), [[4]]),
        "Softmax": (lambda k: k.Softmax(axis=1), [[4, 3]]),
        "Identity": (lambda k: k.Identity(), [[4]]),
        "Masking": (lambda k: k.Masking(), [[4, 3]]),
        "SimpleRNN": (lambda k: k.SimpleRNN(4), [[5, 3]]),
        "SimpleRNN backwards": (lambda k: k.SimpleRNN(4, go_backwards=True, return_sequences=True), [[5, 3]]),
        "LSTM": (lambda k: k.LSTM(4), [[5, 3]]),
        "LSTM at each step": (lambda k: k.LSTM(4, return_sequences=True, use_bias=False), [[5, 3]]),
        "GRU": (lambda k: k.GRU(4, return_sequences=True), [[5, 3]]),
        "GRU, reset before": (lambda k: k.GRU(4, reset_after=False), [[5, 3]]),
        "MultiHeadAttention": (lambda k: k.MultiHeadAttention(2, 3), [[5, 6], [4, 6]]),
        "GroupQueryAttention": (lambda k: k.GroupQueryAttention(3, 4, 2), [[5, 6], [4, 6]]),
        "Attention": (lambda k: k.Attention(use_scale=True), [[5, 3], [4, 3]]),
        "AdditiveAttention": (lambda k: k.AdditiveAttention(), [[5, 3], [4, 3]]),
        "Add": (lambda k: k.Add(), [[4, 3], [4, 1]]),
        "Add of unlike ranks": (lambda k: k.Add(), [[4, 3], [3]]),
        "Subtract": (lambda k: k.Subtract(), [[4], [4]]),
        "Multiply": (lambda k: k.Multiply(), [[4], [4], [1]]),
        "Average": (lambda k: k.Average(), [[4], [4], [4]]),
        "Maximum": (lambda k: k.Maximum(), [[4], [4]]),
        "Minimum": (lambda k: k.Minimum(), [[4], [4]]),
        "Concatenate": (lambda k: k.Concatenate(), [[4, 3], [4, 2]]),
        "Dot": (lambda k: k.Dot(axes=(2, 1)), [[4, 3], [3, 5]]),
    }


def called_on(layer: Any, shapes: Sequence[Sequence[int]]) -> Any:
    import keras

    taken = [keras.Input(shape) for shape in shapes]
    attends = "Attention" in type(layer).__name__ and type(layer).__name__ not in {"Attention", "AdditiveAttention"}
    return keras.Model(
        taken if len(taken) > 1 else taken[0],
        layer(*taken) if attends else layer(taken if len(taken) > 1 else taken[0]),
    )


@pytest.mark.parametrize("name", layers())
def test_the_formulas_of_a_layer_give_its_output(name: str) -> None:
    import keras

    from dlcli.actions.arithmetic import arithmetic_of

    make, shapes = layers()[name]
    layer = make(keras.layers)
    model = called_on(layer, shapes)
    with_random_weights(layer)
    generator = np.random.default_rng(5)
    inputs = [generator.normal(size=(BATCH, *shape)).astype(np.float32) for shape in shapes]
    expected = model(inputs if len(inputs) > 1 else inputs[0]).numpy()
    (made,) = arithmetic_of(model, batch=BATCH).arithmetic
    assert made.layer == layer.name
    assert not any(remark.code == "unwritten" for step in made.steps for remark in step.remarks)
    more = {
        key: np.asarray(getattr(layer, key)) for key in ("scale", "offset") if isinstance(layer, keras.layers.Rescaling)
    }
    assert evaluate(made, layer, inputs, more) == pytest.approx(expected, rel=2e-3, abs=2e-4)
    if made.weights:  # a formula is only right with its own weights
        weights = layer.get_weights()
        layer.set_weights([each * 1.5 for each in weights])
        assert not np.allclose(evaluate(made, layer, inputs, more), expected, rtol=1e-2)


def test_every_form_of_the_list_was_evaluated() -> None:
    import keras

    from dlcli.actions.arithmetic import FORMS
    from dlcli.config.catalogue.live import layer_traits

    seen = {layer_traits(type(make(keras.layers)))["arithmetic"] for make, _ in layers().values()}
    seen |= {"rows", "normalization", "dropout", "gaussian noise", "gaussian dropout"}  # by tests of their own
    assert seen == set(FORMS)
    assert len(layers()) == 68


def test_rows_and_learnt_means_are_written_down() -> None:
    import keras

    from dlcli.actions.arithmetic import arithmetic_of

    taken = keras.Input([4], dtype="int32")
    layer = keras.layers.Embedding(9, 2)
    model = keras.Model(taken, layer(taken))
    ids = np.array([[0, 1, 8, 2]] * BATCH, np.int32)
    (made,) = arithmetic_of(model, batch=BATCH).arithmetic
    assert made.steps[0].arithmetic == "(9, 2)[(3, 4)] → (3, 4, 2)"
    assert evaluate(made, layer, [ids]) == pytest.approx(model(ids).numpy())
    normal = keras.layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0])
    model = called_on(normal, [[2]])
    (made,) = arithmetic_of(model, batch=BATCH).arithmetic
    x = np.arange(6, dtype=np.float32).reshape(BATCH, 2)
    more = {"m": np.asarray(normal.mean), "v": np.asarray(normal.variance)}
    assert evaluate(made, normal, [x], more) == pytest.approx(model(x).numpy())


@pytest.mark.parametrize(
    ("name", "arguments", "shape"),
    [("Dropout", [0.4], [6, 5]), ("SpatialDropout1D", [0.4], [6, 5]), ("SpatialDropout2D", [0.4], [3, 3, 5])],
)
def test_what_is_dropped_while_training_is_a_factor_of_0_or_1(name: str, arguments: Any, shape: list[int]) -> None:
    import keras

    from dlcli.actions.arithmetic import arithmetic_of

    layer = getattr(keras.layers, name)(*arguments, seed=1)
    model = called_on(layer, [shape])
    (made,) = arithmetic_of(model, batch=BATCH).arithmetic
    x = np.random.default_rng(0).uniform(1, 2, (BATCH, *shape)).astype(np.float32)
    y = layer(x, training=True).numpy()
    drawn = (y != 0).astype(float)
    factor = drawn if name == "Dropout" else drawn[(slice(None), *[slice(0, 1)] * (len(shape) - 1))]
    assert evaluate(made, layer, [x], {"m": factor}) == pytest.approx(y, rel=1e-5, abs=1e-6)
    assert 0 < drawn.mean() < 1


@pytest.mark.parametrize(("name", "mean", "deviation"), [("GaussianNoise", 0, 0.2), ("GaussianDropout", 1, 0.5)])
def test_noise_has_the_mean_and_deviation_that_are_shown(name: str, mean: float, deviation: float) -> None:
    import keras

    from dlcli.actions.arithmetic import arithmetic_of

    layer = getattr(keras.layers, name)(0.2, seed=1)
    (made,) = arithmetic_of(called_on(layer, [[40]]), batch=500).arithmetic
    x = np.random.default_rng(0).uniform(1, 2, (500, 40)).astype(np.float32)
    y = layer(x, training=True).numpy()
    drawn = y - x if mean == 0 else y / x
    assert (drawn.mean(), drawn.std()) == pytest.approx((mean, deviation), abs=0.02)
    facts = made.steps[0].remarks[0].facts
    assert (float(facts["mean"]), float(facts["deviation"])) == (mean, deviation)
    assert in_python(made.steps[0].formula) == ("x + m" if mean == 0 else "x * m")


def test_layers_around_others_are_written_in_parts() -> None:
    import keras

    from dlcli.actions.arithmetic import arithmetic_of

    for mode, every in itertools.product(["concat", "sum", "ave", "mul"], [True, False]):
        layer = keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=every), merge_mode=mode, name="both")
        model = called_on(layer, [[5, 3]])
        with_random_weights(layer)
        x = np.random.default_rng(0).normal(size=(BATCH, 5, 3)).astype(np.float32)
        forward, backward, both = arithmetic_of(model, batch=BATCH).arithmetic
        assert (forward.layer, backward.layer, both.layer) == ("both/forward", "both/backward", "both")
        values = {
            "forward": evaluate(forward, layer.forward_layer, [x]),
            "backward": evaluate(backward, layer.backward_layer, [x]),
        }
        evaluate_step(both.steps[0], values)
        assert values["y"] == pytest.approx(model(x).numpy(), rel=1e-4, abs=1e-6)
    timed = keras.layers.TimeDistributed(keras.layers.Dense(4))
    model = called_on(timed, [[5, 3]])
    with_random_weights(timed)
    (made,) = arithmetic_of(model, batch=BATCH).arithmetic
    assert made.steps[0].arithmetic == "(3, 3) · (3, 4) + (4,) → (3, 4)"
    assert evaluate(made, timed.layer, [x[:, 2]]) == pytest.approx(model(x).numpy()[:, 2], rel=1e-4, abs=1e-6)


def test_states_that_are_given_are_those_that_an_lstm_begins_with() -> None:
    import keras

    from dlcli.actions.arithmetic import arithmetic_of

    taken = [keras.Input((5, 3)), keras.Input((4,)), keras.Input((4,))]
    layer = keras.layers.LSTM(4, return_state=True)
    model = keras.Model(taken, layer(taken[0], initial_state=taken[1:])[0])
    with_random_weights(layer)
    generator = np.random.default_rng(2)
    x, h, c = (generator.normal(size=(BATCH, *each.shape[1:])).astype(np.float32) for each in taken)
    (made,) = arithmetic_of(model, batch=BATCH).arithmetic
    assert "begins_given" in {remark.code for step in made.steps for remark in step.remarks}
    assert evaluate(made, layer, [x, h, c], {"h": h, "c": c}) == pytest.approx(
        model([x, h, c]).numpy(), rel=1e-4, abs=1e-6
    )


def test_operations_are_signs_or_functions_with_their_arguments() -> None:
    import keras
    from keras import ops

    from dlcli.actions.arithmetic import arithmetic_of

    one, other = keras.Input([4, 3]), keras.Input([1, 3])
    made_of = {
        "x1 + x2": lambda: one + other,
        "x1 − x2": lambda: one - other,
        "x ⊙ 3": lambda: one * 3.0,
        "2 / x": lambda: 2.0 / one,
        "square(x)": lambda: ops.square(one),
        "sum(x, axis=[1])": lambda: ops.sum(one, axis=1),
        "matmul(x1, x2)": lambda: ops.matmul(one, ops.transpose(one, [0, 2, 1])),
        "x[:, 0:1]": lambda: one[:, 0:1],
        "x[:, -1]": lambda: one[:, -1],
        "x[..., 2:0:-1]": lambda: one[..., 2:0:-1],
    }
    for formula, make in made_of.items():
        *_, made = arithmetic_of(keras.Model([one, other], make()), batch=BATCH).arithmetic
        assert made.steps[0].formula == formula
    (added,) = arithmetic_of(keras.Model([one, other], one + other), batch=BATCH).arithmetic
    assert added.steps[0].arithmetic == "(3, 4, 3) + (3, 1, 3) → (3, 4, 3)"
    assert added.steps[0].remarks[0].facts == {"name": "x2", "over": "axis 1"}


def test_what_a_model_takes_in_brackets_is_written_as_python_has_it_also_when_it_is_loaded(tmp_path: Path) -> None:
    import keras

    from dlcli.actions.arithmetic import arithmetic_of

    x = keras.Input([4, 3])
    keras.Model(x, x[:, 1:3, 0]).save(tmp_path / "m.keras")
    (taken,) = arithmetic_of(keras.saving.load_model(tmp_path / "m.keras"), batch=BATCH).arithmetic
    (written,) = taken.steps
    assert (written.formula, written.remarks) == ("x[:, 1:3, 0]", [])
    values = np.arange(36.0).reshape(3, 4, 3)
    assert list(np.shape(eval(written.formula, {"x": values}))) == taken.output_shape == [3, 2]


def test_an_operation_that_only_passes_on_is_no_arithmetic_and_one_that_moves_values_is() -> None:
    import keras
    from keras import ops

    from dlcli.actions.arithmetic import arithmetic_of

    x = keras.Input([4, 3])
    passed = {"copy": ops.copy(x), "stopped": ops.stop_gradient(x)}
    for name, tensor in passed.items():
        whole = keras.Model(x, ops.negative(tensor))
        assert [each.kind for each in arithmetic_of(whole, batch=BATCH).arithmetic] == ["ops.negative"], name
        assert np.array_equal(whole(np.ones((1, 4, 3), "float32")), -np.ones((1, 4, 3)))
    moved = keras.Model(x, ops.negative(ops.reshape(x, [-1, 12])))
    assert len(arithmetic_of(moved, batch=BATCH).arithmetic) == 2


def test_what_convolutions_leave_out_is_said() -> None:
    import keras

    from dlcli.actions.arithmetic import arithmetic_of
    from dlcli.view.sentences.arithmetic import REMARKS, remark_words

    def said(layer: Any, shape: list[int]) -> list[str]:
        (made,) = arithmetic_of(called_on(layer, [shape]), batch=BATCH).arithmetic
        return [remark_words(each.code, each.facts) for each in made.steps[0].remarks]

    conv = keras.layers
    assert said(conv.Conv1D(4, 3, dilation_rate=2, padding="causal", use_bias=False), [9, 2]) == [
        "size: (9 + 4 − 5) / 1 + 1 = 9",
        "windows leave gaps: the dilation is 2",
        "all padding stands in front, so that a place sees none behind it",
    ]
    assert said(conv.Conv2D(4, 3, strides=2, use_bias=False), [8, 7, 2]) == [
        "size: (8 − 3) / 2 + 1, rounded down, = 3",
        "size: (7 − 3) / 2 + 1 = 3",
    ]
    assert said(conv.Conv2DTranspose(3, 3, strides=2, padding="same", use_bias=False), [4, 4, 2]) == [
        "size: (4 − 1) ⊙ 2 + 3 − 1 = 8"
    ]
    assert said(conv.Conv2DTranspose(3, 2, strides=3, use_bias=False), [3, 3, 2]) == ["size: (3 − 1) ⊙ 3 + 2 + 1 = 9"]
    assert len(REMARKS) == 27


def test_a_class_made_from_another_and_a_rare_one_show_shapes_alone() -> None:
    import keras

    from dlcli.actions.arithmetic import arithmetic_of

    class Squared(keras.layers.Dense):
        def call(self, inputs: Any) -> Any:
            return super().call(inputs) ** 2

    (own,) = arithmetic_of(called_on(Squared(4), [[5]]), batch=BATCH).arithmetic
    assert own.steps[0].arithmetic == "Squared((3, 5); (5, 4), (4,)) → (3, 4)"
    assert [each.weight for each in own.weights] == ["kernel", "bias"]
    rare = keras.layers.ConvLSTM1D(2, 2)
    (made,) = arithmetic_of(called_on(rare, [[4, 5, 3]]), batch=BATCH).arithmetic
    assert made.steps[0].remarks[0].code == "unwritten"
    assert made.steps[0].arithmetic == "ConvLSTM1D((3, 4, 5, 3); (2, 3, 8), (2, 2, 8), (8,)) → (3, 4, 2)"


CONFIG = """\
data: {source: digits, prepare: [Rescaling: 0.0625]}
layers:
  - submodel: {name: tower, layers: [Flatten, {residual: {layers: [Dense: 64]}}]}
  - Dense: {units: 10, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1, batch_size: 32}
"""


def test_a_configuration_and_its_run_show_the_same_arithmetic(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    value = run_dlcli("inspect", "c.yaml", "--arithmetic", "--json", cwd=tmp_path).value
    rows = value["arithmetic"]
    assert [each["layer"] for each in rows] == ["tower/flatten", "tower/dense", "tower/add", "dense_1"]
    assert [each["class"] for each in rows] == ["Flatten", "Dense", "Add", "Dense"]
    assert rows[3]["weights"] == [
        {"name": "W", "weight": "kernel", "shape": [64, 10]},
        {"name": "b", "weight": "bias", "shape": [10]},
    ]
    assert rows[3]["steps"][0] == {
        "result": "z",
        "formula": "x · W + b",
        "shapes": {"x": [32, 64], "W": [64, 10], "z": [32, 10], "b": [10]},
        "facts": {},
        "remarks": [{"code": "broadcast", "facts": {"name": "b", "over": "the batch"}}],
        "each_step": False,
    }
    assert "arithmetic" not in run_dlcli("inspect", "c.yaml", "--json", cwd=tmp_path).value
    assert run_dlcli("train", "c.yaml", "-q", "--json", cwd=tmp_path).code == 0
    assert run_dlcli("inspect", "last", "--arithmetic", "--json", cwd=tmp_path).value["arithmetic"] == rows
    drawn = run_dlcli("inspect", "last", "--arithmetic", cwd=tmp_path).out
    assert (
        "(32,\N{NO-BREAK SPACE}64) · (64,\N{NO-BREAK SPACE}10) + (10,) → (32,\N{NO-BREAK SPACE}10)   b is broadcast"
        in drawn
    )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_shape_is_broken(width: int) -> None:
    import keras

    from dlcli.actions.arithmetic import arithmetic_of
    from dlcli.view.arithmetic import arithmetic_table
    from dlcli.view.console.drawn_table import drawn_table

    made = []
    for name in ("Conv2D", "LSTM", "MultiHeadAttention", "GroupQueryAttention", "AdditiveAttention", "Conv3D"):
        make, shapes = layers()[name]
        made += arithmetic_of(called_on(make(keras.layers), shapes), batch=32).arithmetic
    for unicode in (True, False):
        lines = drawn_table(arithmetic_table(made, width=width, unicode=unicode), width=width, unicode=unicode).plain
        assert max(map(len, lines.splitlines())) <= width
        assert "…" not in lines  # no name is cut, no shape
        assert "grouped_query_attention" in lines
        shapes = re.findall(r"\(\d+,[^()a-z]*\)", lines.replace("\N{NO-BREAK SPACE}", " "))
        assert "(32, 5, 4, 3, 2)" not in shapes
        assert {"(32, 5, 2, 3)", "(32, 2, 3, 2, 2)"} <= set(shapes)
    assert lines.isascii() or "\N{NO-BREAK SPACE}" in lines


@pytest.mark.parametrize(("width", "words"), [(60, "at each of 100 steps"), (80, "b is broadcast over the batch")])
def test_what_is_to_be_known_beside_a_formula_has_a_line_of_its_own(width: int, words: str) -> None:
    import keras

    from dlcli.actions.arithmetic import arithmetic_of
    from dlcli.view.arithmetic import arithmetic_table
    from dlcli.view.console.drawn_table import drawn_table

    series = keras.Input([100, 6])
    model = keras.Model(series, keras.layers.Dense(4)(keras.layers.LSTM(8, name="lstm")(series)))
    made = arithmetic_of(model, batch=32).arithmetic
    drawn = drawn_table(arithmetic_table(made, width=width, unicode=True), width=width).plain
    found = [line for line in drawn.splitlines() if words in line]
    start = drawn.splitlines()[0].index("with shapes")
    assert [line[start:] for line in found[:1]] == [words]
    assert not found[0][:start].strip()
    [_, below] = [line for line in drawn.splitlines() if line.strip() in {words, "h and c begin as zeros"}][:2]
    assert below[start] != " "


def test_parts_that_fit_stay_on_a_line_and_others_begin_one() -> None:
    from dlcli.view.console.wrapping import parts_below

    text = "y = a + b   it is a sum"
    assert parts_below(text, len(text)) == [text]
    assert parts_below(text, len(text) - 1) == ["y = a + b", "it is a sum"]
    assert parts_below(text, 8) == ["y = a", "  + b", "it is", "  a sum"]
    assert parts_below("one text without parts", 10) == ["one text", "without", "parts"]
