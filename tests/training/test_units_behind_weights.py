"""What stands behind the last weights brings units: a target is far from scale only beside these."""

from __future__ import annotations

from typing import Any

import pytest

from dlcli.training.scaling import unit_of


@pytest.mark.parametrize(
    ("names", "unit"),
    [
        ([], 1.0),
        ([("Rescaling", {"scale": 255.0})], 255.0),
        ([("Reshape", {"target_shape": (5, 10)}), ("Rescaling", {"scale": 0.001, "offset": 7.0})], 0.001),
        ([("Rescaling", {"scale": 255.0}), ("Dense", {"units": 1})], 1.0),
    ],
)
def test_the_unit_is_what_the_layers_behind_the_weights_make_of_one(names: list[Any], unit: float) -> None:
    import keras

    output = keras.layers.Dense(50)(keras.layers.Input((4,)))
    for name, arguments in names:
        output = getattr(keras.layers, name)(**arguments)(output)
    assert unit_of(output) == pytest.approx(unit, rel=0.05)


def test_tensors_that_meet_have_no_unit() -> None:
    import keras

    one = keras.layers.Input((4,))
    output = keras.layers.Add()([keras.layers.Dense(2)(one), keras.layers.Rescaling(9.0)(keras.layers.Dense(2)(one))])
    assert unit_of(output) == 1.0
