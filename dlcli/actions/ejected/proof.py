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
from dlcli.first_line import reason_of
from dlcli.foreign_error import is_foreign
from dlcli.training.engine.steps import batch_tensors, only_target
from dlcli.training.setup.weights import training_weights

if TYPE_CHECKING:
    import numpy as np


def prove(script: Script) -> bool:
    """Runs a script up to its first step, and compares data and weights bit by bit, and what one step makes of these.

    Gives whether that is equal to the last bit too; TensorFlow may fuse one graph otherwise than the other, which then rounds
    otherwise. Raises `Unsayable` with the first thing that is another one.
    """
    made = run_set_up(script)
    experiment = script.experiment
    for split in script.splits:
        feed = experiment.splits[split]
        check_arrays(
            f"the inputs of {split}", made[f"x_{split}"], {name: each[:] for name, each in feed.inputs.items()}
        )
    if not same_variables(made["model"], experiment.model):
        raise Unsayable("the first weights", "plain Keras draws others")
    return step_is_equal(script, made)


def run_set_up(script: Script) -> Mapping[str, Any]:
    """What the names of a script stand for after its set-up. Raises `Unsayable` where it does not run."""
    folder = Path(tempfile.mkdtemp(prefix="dlcli-eject-"))
    try:
        import keras

        text = script.set_up()
        keras.utils.clear_session(free_memory=False)  # its layers are called as in a process of their own
        (folder / script.arrays_file).write_bytes(array_bytes(script.arrays))
        names: dict[str, Any] = {"__file__": str(folder / "script.py"), "__name__": "__ejected__"}
        exec(compile(text, "script.py", "exec"), names)
        return names
    except Exception as error:
        if isinstance(error, Unsayable) or not is_foreign(error):
            raise
        raise Unsayable("a part of it", f"plain Keras refuses it: {reason_of(error)}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def array_bytes(arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """The file that stands beside a script."""
    import numpy as np

    content, named = io.BytesIO(), dict[str, Any](arrays)
    np.savez_compressed(content, **named)
    return content.getvalue()


def check_arrays(what: str, found: Any, wanted: Mapping[str, Any]) -> None:
    """Refuses arrays that are not the same, bit by bit."""
    import numpy as np

    by_name = found if isinstance(found, dict) else dict.fromkeys(wanted, found)
    for name, values in wanted.items():
        if not np.array_equal(np.asarray(by_name[name]), np.asarray(values), equal_nan=values.dtype.kind == "f"):
            raise Unsayable(what, f"plain Keras makes other numbers of '{name}'")


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
    import numpy as np

    experiment, size = script.experiment, min(script.config.train.batch_size, len(script.experiment.splits["train"]))
    rows = np.arange(size)
    inputs, targets = experiment.splits["train"].take(rows)
    weights = training_weights(script.config.train, script.dataset)
    own = None if weights is None or weights.column is None else weights.column[rows]
    counted = None if weights is None else np.asarray(weights.of(batch_tensors({}, targets)[1], own))
    wanted = experiment.model.train_on_batch(inputs, only_target(targets), sample_weight=counted, return_dict=True)
    given = made["weights_train"][rows] if "weights_train" in made else None
    x, y = (some_rows(made[f"{kind}_train"], rows) for kind in ("x", "y"))
    try:
        found = made["model"].train_on_batch(x, y, sample_weight=given, return_dict=True)
    except Exception as error:
        if not is_foreign(error):
            raise
        raise Unsayable("the first step", f"plain Keras refuses it: {reason_of(error)}") from error
    for name, value in wanted.items():
        if not np.allclose(np.asarray(found.get(name, np.nan)), np.asarray(value), rtol=CLOSE, atol=0, equal_nan=True):
            raise Unsayable(f"'{name}'", "plain Keras counts it otherwise than this loss and target need it")
    if not same_variables(made["model"], experiment.model, rounded=True):
        raise Unsayable("what a step learns", "plain Keras learns something else")
    return same_variables(made["model"], experiment.model)


def some_rows(arrays: Any, rows: Any) -> Any:
    """Some rows of one array, or of several by name."""
    return {name: each[rows] for name, each in arrays.items()} if isinstance(arrays, dict) else arrays[rows]
