"""`repeat` within `repeat` is counted before anything is built."""

from __future__ import annotations

import time

import pytest

from dlcli.config import config_of
from dlcli.errors import ConfigError

BASE = """data: {source: iris}
layers:
  - %s
  - Dense: {units: 3, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""


def nested(*times: int, inside: str = "ReLU") -> str:
    for each in times:
        inside = f"repeat: {{times: {each}, layers: [{inside}]}}"
    return inside


@pytest.mark.parametrize(
    ("entry", "layers"),
    [
        (nested(1000, 1000, 1000), 10**9),
        (nested(100, 100, 100), 10**6),
        (nested(1000, 10), 10_000 + 1),
        (f"residual: {{layers: [{nested(1000, 20)}]}}", 20_000),
        (
            nested(
                1000, inside="residual: {layers: [ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU]}"
            ),
            11_000,
        ),
    ],
)
def test_more_layers_than_can_be_built_are_refused_at_once(entry: str, layers: int) -> None:
    started = time.monotonic()
    with pytest.raises(ConfigError) as caught:
        config_of((BASE % entry).encode(), file="a.yaml", settings=[])
    (problem,) = caught.value.problems
    assert (problem.kind, problem.line) == ("too_many_layers", 3 if layers != 10_001 else 4)
    assert f"has {layers:,} layers" in problem.message
    assert time.monotonic() - started < 5


def test_as_many_as_can_be_built_are_taken() -> None:
    config = config_of((BASE % nested(999, 10, inside="ReLU")).encode(), file="a.yaml", settings=[])
    assert len(config.layers) == 2
