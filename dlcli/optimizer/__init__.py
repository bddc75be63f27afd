"""Step 4, the optimizer: Keras's own, with schedules whose steps may be written in epochs."""

from __future__ import annotations

from typing import Annotated, Any

from dlcli.spec import Facts, KerasObject, keras_thing

__all__ = ["Optimizer", "build_optimizer"]

Optimizer = Annotated[KerasObject, keras_thing("optimizers")]


def build_optimizer(optimizer: KerasObject, facts: Facts) -> Any:
    """The optimizer; `facts` give the steps of an epoch for schedules written in epochs."""
    return optimizer.build(facts)
