"""Recurrent layers: what is done at each step of time, gate by gate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlcli.actions.arithmetic.writing import Writing, activation_word, broadcast, remark, step
from dlcli.view.arithmetic import Remark, Shape, Step


def simple_rnn(writing: Writing) -> Iterator[Step]:
    """One state, which is the output too (https://keras.io/api/layers/recurrent_layers/simple_rnn/)."""
    layer, shapes = writing.layer, beginning(writing, ("h",))
    shapes["z"] = shapes["h"]
    yield at_each(writing, "z", *sums(writing, shapes), shapes=shapes)
    yield at_each(writing, "h", f"{activation_word(layer.activation)}(z)", *states(writing, ("h",)), shapes=shapes)
    yield from ending(writing, shapes)


def lstm(writing: Writing) -> Iterator[Step]:
    """Input, forget and output gate, and what is written into the cell (https://doi.org/10.1162/neco.1997.9.8.1735)."""
    layer, shapes = writing.layer, beginning(writing, ("h", "c"))
    gate, act = activation_word(layer.recurrent_activation), activation_word(layer.activation)
    shapes["z"] = [*shapes["h"][:1], 4 * layer.units]
    yield at_each(writing, "z", *sums(writing, shapes), shapes=shapes)
    shapes |= dict.fromkeys("ifgo", shapes["h"])
    yield at_each(writing, "i, f, g, o", "split(z, 4)", shapes=shapes)
    about = states(writing, ("h", "c"))
    yield at_each(writing, "c", f"{gate}(f) ⊙ c + {gate}(i) ⊙ {act}(g)", *about, shapes=shapes)
    yield at_each(writing, "h", f"{gate}(o) ⊙ {act}(c)", shapes=shapes)
    yield from ending(writing, shapes)


def gru(writing: Writing) -> Iterator[Step]:
    """Update and reset gate (https://arxiv.org/abs/1406.1078); the reset stands behind the product with U or before it."""
    layer, shapes = writing.layer, beginning(writing, ("h",))
    gate, act = activation_word(layer.recurrent_activation), activation_word(layer.activation)
    wide = [*shapes["h"][:1], 3 * layer.units]
    shapes |= {"W": writing.weight("W", layer.cell.kernel, called="kernel"), "a": wide, "s": wide}
    parts = dict.fromkeys(("a_z", "a_r", "a_h", "s_z", "s_r", "s_h", "z", "r", "g"), shapes["h"])
    taken, bias = "x_t · W", layer.cell.bias
    if bias is not None:
        shapes["b"] = writing.weight(
            "b", bias, called="bias[0]" if layer.reset_after else "bias", shape=[3 * layer.units]
        )
        taken += " + b"
    yield at_each(writing, "a", taken, shapes=shapes)
    shapes |= parts
    yield at_each(writing, "a_z, a_r, a_h", "split(a, 3)", shapes=shapes)
    recurrent = layer.cell.recurrent_kernel
    if layer.reset_after:
        shapes["U"] = writing.weight("U", recurrent, called="recurrent_kernel")
        if bias is not None:
            shapes["d"] = writing.weight("d", bias, called="bias[1]", shape=[3 * layer.units])
        yield at_each(writing, "s", "h · U" + (" + d" if bias is not None else ""), shapes=shapes)
        yield at_each(writing, "s_z, s_r, s_h", "split(s, 3)", shapes=shapes)
        update, reset, new = "a_z + s_z", "a_r + s_r", "a_h + r ⊙ s_h"
    else:
        square = [layer.units, layer.units]
        for number_of, name in enumerate(("U_z", "U_r", "U_h")):
            place = f"{number_of * layer.units}:{(number_of + 1) * layer.units}"
            shapes[name] = writing.weight(name, recurrent, called=f"recurrent_kernel[:, {place}]", shape=square)
        update, reset, new = "a_z + h · U_z", "a_r + h · U_r", "a_h + (r ⊙ h) · U_h"
    yield at_each(writing, "z", f"{gate}({update})", shapes=shapes)
    yield at_each(writing, "r", f"{gate}({reset})", shapes=shapes)
    yield at_each(writing, "g", f"{act}({new})", shapes=shapes)
    yield at_each(writing, "h", "z ⊙ h + (1 − z) ⊙ g", *states(writing, ("h",)), shapes=shapes)
    yield from ending(writing, shapes)


def beginning(writing: Writing, names: tuple[str, ...]) -> dict[str, Shape]:
    """The shapes of a step of the input, and of the states."""
    samples, _, *rest = writing.inputs[0]
    return {"x_t": [samples, *rest], **{name: [samples, writing.layer.units] for name in names}}


def sums(writing: Writing, shapes: dict[str, Shape]) -> tuple[str, Remark | None]:
    """The products with input and state, whose weights are noted, and what is to be known of the bias."""
    cell = writing.layer.cell
    shapes["W"] = writing.weight("W", cell.kernel, called="kernel")
    shapes["U"] = writing.weight("U", cell.recurrent_kernel, called="recurrent_kernel")
    if cell.bias is None:
        return "x_t · W + h · U", None
    shapes["b"] = writing.weight("b", cell.bias, called="bias")
    return "x_t · W + h · U + b", broadcast("b", shapes["b"], shapes["z"])


def at_each(writing: Writing, result: str, formula: str, *remarks: Remark | None, shapes: dict[str, Shape]) -> Step:
    """A formula of each step of time."""
    steps = writing.inputs[0][1]
    times = remark("each_step", steps="all" if steps is None else steps)
    return step(result, formula, times, *remarks, shapes=shapes, each_step=True)


def states(writing: Writing, names: tuple[str, ...]) -> list[Remark | None]:
    """What the states begin with, which way time runs, and what a mask does."""
    begin = "begins" if len(writing.inputs) == 1 else "begins_given"
    return [
        remark(begin, names=" and ".join(names)),
        remark("backwards") if writing.layer.go_backwards else None,
        remark("masked_state") if writing.masked else None,
    ]


def ending(writing: Writing, shapes: dict[str, Any]) -> Iterator[Step]:
    """What is put out: the last state, or that of each step."""
    every = writing.layer.return_sequences
    formula = "stack(h, axis=1)" if every else "h"
    shapes = {"h": shapes["h"], "y": writing.outputs[0]}
    yield step("y", formula, None if every else remark("last_state"), shapes=shapes)
