"""Attention: queries, keys and values, and how much each place looks at each other one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlcli.actions.arithmetic.writing import Writing, remark, step
from dlcli.keras_internals import attention_projections
from dlcli.view.arithmetic import Remark, Shape, Step


def of_heads(writing: Writing) -> Iterator[Step]:
    """Several heads, each with projections of its own (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762)."""
    layer = writing.layer
    if any(len(each) != 3 for each in writing.inputs) or layer.get_config().get("use_gate"):
        return
    names = named_inputs(writing)
    shapes: dict[str, Shape] = {}
    *projections, last = attention_projections(layer)
    for name, dense in zip("QKV", projections, strict=True):
        yield projected(writing, name, names[name], dense, shapes)
    yield from weighed(writing, shapes, heads=layer.num_heads, size=layer.key_dim)
    yield put_out(writing, last, shapes)


def of_grouped_heads(writing: Writing) -> Iterator[Step]:
    """Several heads of queries for each head of keys and values (https://arxiv.org/abs/2305.13245)."""
    layer = writing.layer
    if layer.use_gate or layer.sliding_window is not None or any(len(each) != 3 for each in writing.inputs):
        return
    names = named_inputs(writing)
    shapes: dict[str, Shape] = {}
    *projections, last = attention_projections(layer)
    for name, dense in zip("Qkv", projections, strict=True):
        yield projected(writing, name, names[name.upper()], dense, shapes)
    times = layer.num_repeats
    for name in ("K", "V"):
        few = shapes[name.lower()]
        shapes[name] = [*few[:2], layer.num_query_heads, few[3]]
        shared = remark("shared_heads", times=times) if name == "K" else None
        yield step(name, f"repeat({name.lower()}, {times}, axis=2)", shared, shapes=shapes)
    yield from weighed(writing, shapes, heads=layer.num_query_heads, size=layer.head_dim)
    yield put_out(writing, last, shapes)


def named_inputs(writing: Writing) -> dict[str, str]:
    """Which input queries, keys and values come from: a call takes query, value and key, or the value is the key too."""
    names = [*writing.shapes] * (2 if len(writing.inputs) == 1 else 1)
    return {"Q": names[0], "V": names[1], "K": names[2] if len(names) > 2 else names[1]}


def projected(writing: Writing, name: str, taken: str, dense: Any, shapes: dict[str, Shape]) -> Step:
    """The queries, keys or values of all heads."""
    own = {
        taken: writing.shapes[taken],
        f"W_{name}": writing.weight(f"W_{name}", dense.kernel, called=inner_name(dense.kernel)),
    }
    formula = f"{taken} · W_{name}"
    if dense.bias is not None:
        own[f"b_{name}"] = writing.weight(f"b_{name}", dense.bias, called=inner_name(dense.bias))
        formula += f" + b_{name}"
    shapes[name] = [*own[taken][:-1], *own[f"W_{name}"][1:]]
    return step(name, formula, shapes={**own, name: shapes[name]})


def inner_name(variable: Any) -> str:
    """The name of a weight inside its layer, as `query/kernel`."""
    return "/".join(str(variable.path).split("/")[-2:])


def weighed(writing: Writing, shapes: dict[str, Shape], *, heads: int, size: int) -> Iterator[Step]:
    """The weights of each place for each other one, and the values that they mix."""
    samples, queries, keys = shapes["Q"][0], shapes["Q"][1], shapes["K"][1]
    shapes["A"] = [samples, heads, queries, keys]
    about = remark("heads", heads=heads, queries=open_or(queries), keys=open_or(keys))
    yield step("A", f"softmax(Q Kᵀ / √{size})", about, *left_out_of(writing), shapes=shapes)
    shapes["O"] = [samples, queries, heads, shapes["V"][3]]
    yield step("O", "A V", shapes=shapes)


def left_out_of(writing: Writing) -> list[Remark | None]:
    """Which places are not looked at."""
    causal = remark("causal") if writing.given.get("use_causal_mask") else None
    return [causal, remark("masked_weights") if writing.masked else None]


def open_or(size: int | None) -> int | str:
    """A size in words."""
    return "all" if size is None else size


def put_out(writing: Writing, dense: Any, shapes: dict[str, Shape]) -> Step:
    """What all heads put out together."""
    own = {
        "O": shapes["O"],
        "W_O": writing.weight("W_O", dense.kernel, called=inner_name(dense.kernel)),
        "y": writing.outputs[0],
    }
    formula = "O · W_O"
    if dense.bias is not None:
        own["b_O"] = writing.weight("b_O", dense.bias, called=inner_name(dense.bias))
        formula += " + b_O"
    return step("y", formula, remark("heads_summed"), shapes=own, facts={"summed_axes": 2})


def of_products(writing: Writing) -> Iterator[Step]:
    """Without projections: products of queries and keys (https://keras.io/api/layers/attention_layers/attention/)."""
    layer = writing.layer
    if layer.score_mode != "dot" or any(len(each) != 3 for each in writing.inputs):
        return
    names, shapes = named_inputs(writing), writing.shapes
    formula = f"{names['Q']} {names['K']}ᵀ"
    if layer.scale is not None:
        shapes["scale"] = writing.weight("scale", layer.scale)
        formula += " ⊙ scale"
    yield from mixed(writing, names, shapes, f"softmax({formula})")


def of_sums(writing: Writing) -> Iterator[Step]:
    """Additive attention (Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473)."""
    layer = writing.layer
    if any(len(each) != 3 or None in each for each in writing.inputs):
        return
    names, shapes = named_inputs(writing), writing.shapes
    query, key = shapes[names["Q"]], shapes[names["K"]]
    shapes |= {"q": [*query[:2], 1, query[2]], "k": [key[0], 1, *key[1:]]}
    yield step("q", f"reshape({names['Q']}, {tuple(shapes['q'])})", shapes=shapes)
    yield step("k", f"reshape({names['K']}, {tuple(shapes['k'])})", shapes=shapes)
    scores = "tanh(q + k)"
    if layer.scale is not None:
        shapes["scale"] = writing.weight("scale", layer.scale)
        scores = "scale ⊙ tanh(q + k)"
    yield from mixed(writing, names, shapes, f"softmax(sum({scores}, axes=3))")


def mixed(writing: Writing, names: dict[str, str], shapes: dict[str, Shape], weights: str) -> Iterator[Step]:
    """The weights by their formula, and the values that they mix."""
    query, key = shapes[names["Q"]], shapes[names["K"]]
    shapes |= {"A": [query[0], query[1], key[1]], "y": writing.outputs[0]}
    yield step("A", weights, *left_out_of(writing), shapes=shapes)
    yield step("y", f"A {names['V']}", shapes=shapes)
