"""The proof that a script is the experiment: it is run up to its first step, and every number is compared."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.ejected.expressions import Unsayable
from dlcli.actions.ejected.script import Script
from dlcli.errors import TreePath
from dlcli.first_line import reason_of
from dlcli.foreign_error import is_foreign
from dlcli.loss import metric_name
from dlcli.training.engine.steps import batch_tensors, only_target

if TYPE_CHECKING:
    import numpy as np


def prove(script: Script) -> bool:
    """Runs a script up to its first step, and compares data and weights bit by bit, and what one step makes of these.

    Gives whether that is equal to the last bit too; TensorFlow may fuse one graph otherwise than the other, which then rounds
    otherwise. Raises `Unsayable` with the first thing that is another one.
    """
    made = run_set_up(script)
    experiment = script.experiment
    for split in script.samples.splits:
        feed = experiment.splits[split]
        arrays = {name: each[:] for name, each in feed.inputs.items()}
        check_arrays(f"the inputs of {split}", made[f"x_{split}"], arrays, ("data", "prepare"))
    if experiment.augment is not None:
        check_augmented(script, made)
    if not same_variables(made["model"], experiment.model):
        raise Unsayable("the first weights", "plain Keras draws others", path=("layers",), remedy="first_weights")
    return step_is_equal(script, made)


def check_augmented(script: Script, made: Mapping[str, Any]) -> None:
    """Refuses a batch that is changed otherwise, bit by bit."""
    experiment = script.experiment
    assert experiment.augment is not None
    rows = first_rows(script)
    wanted = experiment.augment(*batch_tensors(*experiment.splits["train"].take(rows)), 0, 0)
    given = (tensors_of(some_rows(made[f"{kind}_train"], rows)) for kind in ("x", "y"))
    found = made["augmented"](*given, epoch=0, step=0)
    for one, arrays in zip(found, wanted, strict=True):
        check_arrays(
            "a batch of train", one, {name: each.numpy() for name, each in arrays.items()}, ("data", "augment")
        )


def tensors_of(arrays: Any) -> Any:
    """An array as a tensor, or several by name."""
    import tensorflow as tf

    return (
        {name: tf.constant(each) for name, each in arrays.items()} if isinstance(arrays, dict) else tf.constant(arrays)
    )


def run_set_up(script: Script) -> Mapping[str, Any]:
    """What the names of a script stand for after its set-up. Raises `Unsayable` where it does not run."""
    folder = Path(tempfile.mkdtemp(prefix="dlcli-eject-"))
    try:
        import keras

        text = script.set_up
        keras.utils.clear_session(free_memory=False)  # its layers are called as in a process of their own
        (folder / script.arrays_file).write_bytes(array_bytes(script.arrays))
        names: dict[str, Any] = {"__file__": str(folder / "script.py"), "__name__": "__ejected__"}
        compile(script.text, "script.py", "exec")
        exec(compile(text, "script.py", "exec"), names)
        return names
    except Exception as error:
        if isinstance(error, Unsayable) or not is_foreign(error):
            raise
        raise Unsayable("a part of it", f"plain Keras refuses it: {reason_of(error)}", remedy="states") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def array_bytes(arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """The file that stands beside a script."""
    import numpy as np

    content, named = io.BytesIO(), dict[str, Any](arrays)
    np.savez_compressed(content, **named)
    return content.getvalue()


def check_arrays(what: str, found: Any, wanted: Mapping[str, Any], path: TreePath) -> None:
    """Refuses arrays that are not the same, bit by bit."""
    import numpy as np

    by_name = found if isinstance(found, dict) else dict.fromkeys(wanted, found)
    for name, values in wanted.items():
        if not np.array_equal(np.asarray(by_name[name]), np.asarray(values), equal_nan=values.dtype.kind == "f"):
            raise Unsayable(what, f"plain Keras makes other numbers of '{name}'", path=path, remedy="states")


def same_variables(found: Any, wanted: Any, *, rounded: bool = False) -> bool:
    """Whether the variables of two models, those of dropout too, are the same; `rounded` but for the last digits."""
    import numpy as np

    pairs = [[each.numpy() for each in model.variables] for model in (found, wanted)]
    if [each.shape for each in pairs[0]] != [each.shape for each in pairs[1]]:
        return False
    if not rounded:
        return all(np.array_equal(one, other, equal_nan=True) for one, other in zip(*pairs, strict=True))
    # A gradient that is nothing but rounding has either sign, and some optimizers make whole steps of it.
    both = [each for each in zip(*pairs, strict=True) if each[0].size]
    near = [np.isclose(one, other, rtol=CLOSE, atol=CLOSE).ravel() for one, other in both]
    return bool(np.concatenate(near).mean() >= MOST)


CLOSE, MOST = 1e-4, 0.99
"""How near numbers are that were rounded otherwise, and what share of them."""


def step_is_equal(script: Script, made: Mapping[str, Any]) -> bool:
    """Lets both learn from the first samples; whether what that makes of them is equal to the last bit.

    Raises `Unsayable` where it is more than rounding.
    """
    experiment, rows, weights = script.experiment, first_rows(script), script.samples.weights
    inputs, targets = experiment.splits["train"].take(rows)
    own = None if weights is None or weights.column is None else weights.column[rows]
    counted = None if weights is None else weights.of(batch_tensors({}, targets)[1], own)
    wanted = experiment.model.train_on_batch(
        inputs, only_target(targets), sample_weight=plain_arrays(counted), return_dict=True
    )
    given = some_rows(made["weights_train"], rows) if "weights_train" in made else None
    x, y = (some_rows(made[f"{kind}_train"], rows) for kind in ("x", "y"))
    try:
        found = made["model"].train_on_batch(x, y, sample_weight=given, return_dict=True)
    except Exception as error:
        if not is_foreign(error):
            raise
        raise Unsayable("the first step", f"plain Keras refuses it: {reason_of(error)}", path=("loss",)) from error
    check_values(script, found, wanted)
    if not same_variables(made["model"], experiment.model, rounded=True):
        raise Unsayable("what a step learns", "plain Keras learns something else", path=("optimizer",))
    return same_variables(made["model"], experiment.model)


def check_values(script: Script, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuses a loss or a metric that is another number, at its place."""
    import numpy as np

    places: dict[str, TreePath] = {}
    for head in script.experiment.config.heads:
        places |= {head.own_loss or "loss": head.loss_path}
        for position, metric in enumerate(head.metrics):
            places[head.reported(metric_name(metric))] = (*head.metrics_path, position)
    # Where a loss is another one, metrics are too, and it is the loss that says why.
    for name in sorted(wanted, key=lambda each: places.get(each, ("loss",))[0] == "metrics"):
        here, there = (np.asarray(keras_numbers(each.get(name, np.nan))) for each in (found, wanted))
        if here.shape != there.shape or not np.allclose(here, there, rtol=CLOSE, atol=0, equal_nan=True):
            why = "plain Keras counts it otherwise than this loss and target need it"
            hint = "leave the metric out" if name in places and places[name][0] == "metrics" else None
            raise Unsayable(f"'{name}'", why, hint=hint, path=places.get(name, ("loss",)))


def keras_numbers(value: Any) -> Any:
    """The value of a metric, or its several values by name, as numbers."""
    return [float(each) for each in value.values()] if isinstance(value, Mapping) else value


def first_rows(script: Script) -> np.ndarray[Any, Any]:
    """The numbers of the samples (samples,) of a first batch."""
    import numpy as np

    experiment = script.experiment
    return np.arange(min(experiment.config.train.batch_size, len(experiment.splits["train"])))


def plain_arrays(tensors: Any) -> Any:
    """A tensor as an array, or several by name; None of nothing."""
    if isinstance(tensors, dict):
        return {name: each.numpy() for name, each in tensors.items()}
    return None if tensors is None else tensors.numpy()


def some_rows(arrays: Any, rows: Any) -> Any:
    """Some rows of one array, or of several by name."""
    return {name: each[rows] for name, each in arrays.items()} if isinstance(arrays, dict) else arrays[rows]
