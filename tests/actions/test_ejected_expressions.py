"""Things of Keras are written with the arguments that are no defaults, and with those alone; long lines are taken apart."""

from __future__ import annotations

import ast

import pytest

CALLS = (
    'layers.Dense(8, activation="relu", kernel_initializer="he_normal")',
    "layers.Dense(8)",
    "layers.Embedding(5, 2)",
    "layers.Embedding(5, 2, embeddings_initializer=keras.initializers.RandomUniform(maxval=0.1))",
    "layers.LayerNormalization()",
    "layers.LayerNormalization(axis=[1])",
    "layers.TextVectorization(standardize=None)",
    'layers.TextVectorization(split="character")',
    "keras.losses.BinaryCrossentropy(from_logits=True)",
    "keras.metrics.AUC(num_thresholds=50)",
)
"""Calls as a person writes them, the second of each kind being the other way round."""


@pytest.mark.parametrize("call", CALLS)
def test_a_thing_is_written_as_it_was_made(call: str) -> None:
    import keras

    from dlcli.actions.ejected.expressions import constructed

    thing = eval(call, {"keras": keras, "layers": keras.layers})
    written = eval(constructed(thing), {"keras": keras, "layers": keras.layers})
    names = {"name", "dtype"}
    one, other = (
        {key: each for key, each in made.get_config().items() if key not in names} for made in (thing, written)
    )
    assert one == other
    assert len(constructed(thing)) <= len(call) + len("keras.initializers.HeNormal()")


@pytest.mark.parametrize("call", [each for each in CALLS if "he_normal" not in each])
def test_what_is_a_default_is_not_written(call: str) -> None:
    import keras

    from dlcli.actions.ejected.expressions import constructed

    assert constructed(eval(call, {"keras": keras, "layers": keras.layers})) == call


def test_long_lines_are_taken_apart_and_mean_the_same() -> None:
    from dlcli.actions.ejected.wrapped import LONGEST, wrapped_line

    long = ", ".join(f'"name_{number}": [{number}, "a"]' for number in range(9))
    lines = [
        f"x = {{{long}}}",
        f"x = make({{{long}}}, 1)",
        f'x["a"] = make(1, [{", ".join(map(str, range(60)))}])',
        f"x = {{name: each[order] for name, each in {{{long}}}.items()}}",
        f"x = [each for each in ({', '.join(map(str, range(60)))})]",
    ]
    for line in lines:
        assert len(line) > LONGEST
        wrapped = wrapped_line(line)
        assert "\n" in wrapped
        assert ast.dump(ast.parse(wrapped)) == ast.dump(ast.parse(line))
    assert wrapped_line("x = make(1)") == "x = make(1)"
