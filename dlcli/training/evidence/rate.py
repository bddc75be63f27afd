"""The learning rate as a configuration says it: the key that sets it, and numbers as a person would write them."""

from __future__ import annotations

from dlcli.spec import KerasObject


def rate_key(optimizer: KerasObject) -> str:
    """The key that sets the rate: the optimizer's own, or that with which its schedule begins."""
    rate = optimizer.arguments.get("learning_rate")
    scheduled = isinstance(rate, KerasObject) and "initial_learning_rate" in rate.arguments
    return "optimizer.learning_rate.initial_learning_rate" if scheduled else "optimizer.learning_rate"


def shortest(rate: float) -> float:
    """A learning rate as a person would write it: float32 has seven digits."""
    return float(f"{rate:.6g}")
