"""The picture of a search: its best so far, its panels, the same bytes each time."""

from __future__ import annotations

import math
import re

import pytest

from dlcli.view.drawing.sweep_picture import Drawn, best_so_far, end_of, number_scale, picture_shapes, sweep_picture

TRIALS = [
    Drawn(1, 0.5, False, {"a.rate": 0.001, "layers.2": "Identity"}),
    Drawn(2, 0.9, True, {"a.rate": 0.01, "layers.2": "{Dropout: 0.2}"}),
    Drawn(3, 0.7, False, {"a.rate": 0.1, "layers.2": "Identity"}),
    Drawn(4, 0.6, False, {"a.rate": 0.5, "layers.2": "Identity", "b": 3}),
]


def test_a_pruned_trial_is_no_best() -> None:
    assert best_so_far(TRIALS, greater=True) == [(1, 0.5), (3, 0.5), (3, 0.7), (4, 0.7)]
    assert best_so_far(TRIALS, greater=False) == [(1, 0.5), (3, 0.5), (4, 0.5)]
    assert best_so_far([], greater=True) == []


@pytest.mark.parametrize("greater", [True, False])
def test_every_trial_is_a_dot_in_each_panel(greater: bool) -> None:
    svg, png = sweep_picture(TRIALS, title="s", goal="val_accuracy", keys=["a.rate", "layers.2", "b"], greater=greater)
    again = sweep_picture(TRIALS, title="s", goal="val_accuracy", keys=["a.rate", "layers.2", "b"], greater=greater)
    assert (svg, png) == again
    text = svg.decode()
    assert text.count("<circle") == 4 + 4 + 4 + 1 + 1  # over the numbers, by each key, and in the legend
    assert {"rate", "layers.2", "b", "trial", "best so far", "pruned"} <= set(re.findall(r">([^<]+)</text>", text))
    assert png[:4] == b"\x89PNG"


def test_nothing_is_drawn_of_what_is_no_number() -> None:
    shapes = list(picture_shapes([Drawn(1, math.nan, False, {})], title="s", goal="g", keys=[], greater=True))
    assert len(shapes) == 1
    one = sweep_picture([Drawn(7, 0.5, False, {"a": 3})], title="s", goal="g", keys=["a"], greater=True)[0]
    assert one.count(b"<circle") == 2


def test_axes_have_few_labels() -> None:
    assert number_scale([0.001, 0.1], 0, 100, most=3).ticks == [0.001, 0.01, 0.1]
    assert number_scale([1, 200], 0, 100, most=9, even=True).ticks == [50, 100, 150, 200]
    assert number_scale([1, 2], 0, 100, most=9).ticks == [1, 2]
    assert (end_of("layers.2"), end_of("optimizer.learning_rate"), end_of("layers.2.rate")) == (
        "layers.2", "learning_rate", "rate",
    )  # fmt: skip
