"""Everything that a training is at an instant: taken for a checkpoint, put back by `resume`.

What is not here is a pure function of configuration, seed, epoch and step: the order of samples and the augmentation.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from dlcli.errors import ArtifactError
from dlcli.layers.graph import NUMBERED
from dlcli.training.stopping import Plateau, Watch

if TYPE_CHECKING:
    import numpy as np

    Arrays = dict[str, np.ndarray[Any, Any]]


@dataclass
class Progress:
    """How far a training is. `epoch` counts finished epochs, `begun` the steps done of the next one.

    `rate` is the learning rate with which the epoch at hand began. `trained` are its loss and metrics once all its steps are
    done and only the validation is missing. `spent` are the seconds of earlier processes in the training loop.
    """

    epoch: int = 0
    begun: int = 0
    rate: float | None = None
    trained: dict[str, float] | None = None
    spent: float = 0.0
    ended: str | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)


KEPT = ("epoch", "begun", "rate", "trained", "spent", "ended")
"""What of the progress stands in a checkpoint; the entries stand in the history."""


def variables_of(model: Any) -> dict[str, Any]:
    """All variables by number and path: weights, states of random generators, metrics, optimizer.

    Keras's own files leave out the generators, without which dropout would draw other numbers.
    """
    found = {id(each): (each, each.path) for each in [*model.variables, *model.metrics_variables]}
    # Keras numbers optimizers as they are made; which one a phase has depends on where its process began.
    found |= {id(each): (each, unnumbered(each.path)) for each in model.optimizer.variables if id(each) not in found}
    return {f"{number}:{path}": each for number, (each, path) in enumerate(found.values())}


def unnumbered(path: str) -> str:
    """A path of a variable without the numbers that Keras puts behind names."""
    return "/".join(NUMBERED.sub("", part) for part in path.split("/"))


def arrays_of(model: Any) -> Arrays:
    """The values of all variables."""
    return {name: variable.numpy() for name, variable in variables_of(model).items()}


def put_back(model: Any, arrays: Mapping[str, Any]) -> None:
    """Gives all variables their values. Raises `ArtifactError` where these are of another model."""
    variables = variables_of(model)
    for name in [*variables, *arrays]:
        ours = variables.get(name)
        if ours is None or name not in arrays or tuple(ours.shape) != arrays[name].shape:
            found = f"shape {arrays[name].shape}" if name in arrays else "not there"
            wanted = f"shape {tuple(ours.shape)}" if ours is not None else "not there"
            what = name.partition(":")[2]
            message = (
                f"the checkpoint is of another model: '{what}' is {found} in it, and {wanted} in the configuration"
            )
            raise ArtifactError(
                message, hint="put the configuration back, or train anew", kind="checkpoint_of_another_model"
            )
    for name, variable in variables.items():
        variable.assign(arrays[name])


def rules_of(progress: Progress, watch: Watch, plateau: Plateau | None) -> dict[str, Any]:
    """Progress, the rules of stopping and of the learning rate, and Python's own generators, as JSON can hold them."""
    import numpy as np

    python, numpy = random.getstate(), np.random.get_state(legacy=False)
    assert isinstance(numpy, dict)
    key = {**numpy["state"], "key": numpy["state"]["key"].tolist()}
    return {
        "progress": {name: getattr(progress, name) for name in KEPT},
        "watch": asdict(watch),
        "plateau": None if plateau is None else {"watch": asdict(plateau.watch), "cooling": plateau.cooling},
        "random": {"python": [python[0], list(python[1]), python[2]], "numpy": {**numpy, "state": key}},
    }


def put_back_rules(state: Mapping[str, Any], progress: Progress, watch: Watch, plateau: Plateau | None) -> None:
    """Restores what `rules_of` gave of them; the keys of the configuration (monitor, mode, least change) stay as they are."""
    for name in KEPT:
        setattr(progress, name, state["progress"][name])
    restore(watch, state["watch"])
    if plateau is not None and state["plateau"] is not None:
        restore(plateau.watch, state["plateau"]["watch"])
        plateau.cooling = state["plateau"]["cooling"]


def put_back_generators(state: Mapping[str, Any]) -> None:
    """Sets Python's own generators to where `rules_of` found them."""
    import numpy as np

    version, internal, gauss = state["random"]["python"]
    random.setstate((version, tuple(internal), gauss))
    numpy = state["random"]["numpy"]
    key = np.array(numpy["state"]["key"], np.uint32)
    np.random.set_state({**numpy, "state": {**numpy["state"], "key": key}})


def restore(watch: Watch, state: Mapping[str, Any]) -> None:
    """Gives a watch what it had seen."""
    watch.best, watch.best_epoch, watch.waited = state["best"], state["best_epoch"], state["waited"]
    watch.missed = state.get("missed", 0)  # older checkpoints do not know it


def with_numbers(entry: dict[str, Any]) -> dict[str, Any]:
    """An epoch of the history with NaN where JSON has null."""
    splits = {
        split: {name: math.nan if value is None else value for name, value in entry[split].items()}
        for split in ("train", "validation")
    }
    return {**entry, **splits}
