"""Many layers of relu whose first weights are for others let less through from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dlcli.finding import Setting
from dlcli.training.evidence.capacity import Capacity, Hidden
from dlcli.training.evidence.gradients import LayerGradient
from dlcli.training.evidence.layers_seen import LayersSeen
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.verdict import Story
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.vanishing_gradients import vanishing_gradients

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]


def deep(
    tell: Tell, layers: int = 10, *, least: float = 0.00019, left: float = 0.99, first: str = "", fell: float = 0.99
) -> Story:
    """So many layers of relu; the gradient of the first is least, and that of the last 0.01."""
    entry = f"{{Dense: {{units: 4, activation: relu{first}}}}}"
    gradients = [
        LayerGradient(f"dense_{at}", "Dense", None, least if at == 0 else 0.01, 1.0, False, entry=f"layers.{at}")
        for at in range(layers + 1)
    ]
    losses = [1.0, 1.0, 1.0, 1.0, fell, fell, fell, fell]
    text = f"[{', '.join([entry] * layers)}, {{Dense: 1}}]"
    return tell(losses, left=left, layers=text, begun=lambda: LayersSeen(gradients, []))


def test_layers_of_relu_that_thin_what_passes_get_weights_that_make_up_for_it(tell: Tell) -> None:
    found = vanishing_gradients(deep(tell))
    assert found is not None
    (advice,) = found.advice
    assert isinstance(advice, Setting)
    assert [next(iter(each.values())).get("kernel_initializer") for each in advice.new[:-1]] == ["he_normal"] * 10
    assert advice.new[-1] == {"Dense": 1}


@pytest.mark.parametrize(
    "changed",
    [
        {"layers": 9},
        {"least": 0.00021},
        {"left": 0.89},
        {"first": ", kernel_initializer: he_normal"},
        {"fell": 0.96, "left": 0.5},
    ],
)
def test_layers_of_relu_that_are_few_or_learn_are_not_blamed(changed: dict[str, Any], tell: Tell) -> None:
    assert vanishing_gradients(deep(tell, **changed)) is None


@pytest.mark.parametrize(
    ("units", "epochs", "left", "known", "seen"),
    [
        (2, 10, 0.51, 0.6, True),
        (3, 10, 0.51, 0.6, False),
        (2, 9, 0.51, 0.6, False),
        (2, 10, 0.49, 0.7, False),
        (2, 10, 0.51, 0.58, False),
    ],
)
def test_two_units_squeeze_what_still_falls(
    units: int, epochs: int, left: float, known: float, seen: bool, tell: Tell
) -> None:
    losses = [1.2 - (1.2 - left) * at / (epochs - 1) for at in range(epochs)]
    told = tell(
        losses,
        left=left,
        capacity=lambda: Capacity(False, [Hidden("dense", units, "layers.0", linear=False)], {}),
        small_network=lambda: Neighbours(known, 0.0, 100, False),
    )
    assert (cannot_fit(told) is not None) is seen
