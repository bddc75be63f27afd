"""Every operation of keras.ops that stands in the catalogue builds, trains, is saved, and is opened again by Keras alone.

    pytest tests/all_operations.py

It is part of `tests/check.py --nightly`; a draw of it is in `layers/test_operations.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.language import Language
from dlcli.config.reference.examples import operation_arguments, tensor_count
from dlcli.errors import BlockError
from dlcli.layers.graph import build_model

OPERATIONS = keras_catalogue().kinds["operations"]
COUNT = 249
TOGETHER = 64
"""How many stand in one model."""
SEVERAL = frozenset(
    [
        "ops.array_split",
        "ops.dsplit",
        "ops.eigh",
        "ops.fft",
        "ops.fft2",
        "ops.hsplit",
        "ops.ifft2",
        "ops.moments",
        "ops.qr",
        "ops.rfft",
        "ops.split",
        "ops.stft",
        "ops.svd",
        "ops.top_k",
        "ops.unstack",
    ]
)
"""Those that put out several tensors."""


def test_every_operation_trains_and_is_opened_again_in_safe_mode_without_dlcli(tmp_path: Path) -> None:
    classes = opened_again(list(OPERATIONS), folder=tmp_path)
    assert len(OPERATIONS) == COUNT
    assert classes >= {entry["traits"]["class"][1] for entry in OPERATIONS.values()}


def test_every_operation_that_is_accepted_answers_each_sample_by_itself() -> None:
    accepted, refused = samples_answered_apart(list(OPERATIONS))
    assert accepted == {*OPERATIONS}
    assert refused >= {"ops.cumsum", "ops.cumprod", "ops.tril", "ops.triu", "ops.roll", "ops.softmax"}


def example_layers(name: str, number: int) -> list[Any]:
    """The entries of a catalogue's example of an operation, the last of them the operation, and what it puts out."""
    traits = OPERATIONS[name]["traits"]
    arguments = operation_arguments(traits)
    shapes = traits.get("shapes") or [[4, 4]] * tensor_count(traits, arguments)
    entries, names = [], []
    for at, shape in enumerate(shapes):
        here = f"{number}_{at}"
        entries += [
            {"Dense": {"units": int(np.prod(shape)), "activation": "sigmoid", "from": "x", "name": f"d{here}"}},
            {"Reshape": {"target_shape": shape, "name": f"t{here}"}},
        ]
        if "whole" in traits:
            entries += [
                {"ops.multiply": {"x2": traits["whole"] - 0.01, "from": f"t{here}", "name": f"m{here}"}},
                {"ops.cast": {"dtype": "int32", "name": f"t{here}i"}},
            ]
        names.append(f"t{here}i" if "whole" in traits else f"t{here}")
    entries.append({name: {**arguments, "from": names if len(names) > 1 else names[0], "name": f"o{number}"}})
    return entries


def opened_again(names: Sequence[str], *, folder: Path) -> set[str]:
    """Asserts that models of these operations train and put out the same when Keras alone opens them; the classes in them."""
    x = np.random.default_rng(0).uniform(0.1, 0.9, (5, 6)).astype("float32")
    np.save(folder / "x.npy", x)
    for start in range(0, len(names), TOGETHER):
        train_and_save(names[start : start + TOGETHER], x, folder / f"{start}.keras")
    command = [sys.executable, "-c", OPEN_AGAIN, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["same"] == len(names)
    return set(found["classes"])


def train_and_save(names: Sequence[str], x: Any, path: Path) -> None:
    """One model with a head for each operation, trained for a step, and beside its file what it puts out."""
    import keras
    import tensorflow as tf

    entries, heads = [], [f"h{number}" for number in range(len(names))]
    for number, name in enumerate(names):
        taken = f"o{number}.0" if name in SEVERAL else f"o{number}"
        cast = {"ops.cast": {"dtype": "float32", "from": taken}}
        entries += [*example_layers(name, number), cast, "Flatten", {"Dense": {"units": 1, "name": heads[number]}}]
    language = Language()
    model = build_model([language.entry(each) for each in entries], {"x": (6,)}, facts={}, outputs=heads).model
    model.compile(optimizer=keras.optimizers.SGD(1e-6), loss=dict.fromkeys(heads, "mse"), run_eagerly=True)
    run = tf.function(model, autograph=False)
    run.get_concrete_function({"x": tf.TensorSpec((None, 6), tf.float32)})  # in a graph for any number of samples
    before = [each.numpy() for each in model.trainable_weights]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nothing is learnt through the place of the largest
        model.train_on_batch({"x": x}, {head: np.ones((5, 1), "float32") for head in heads})
    assert any(not np.array_equal(old, new.numpy()) for old, new in zip(before, model.trainable_weights, strict=True))
    model.save(path)
    said = model({"x": x})
    np.savez(path.with_suffix(".npz"), **{head: np.asarray(said[head]) for head in heads})


def entries_on_inputs(name: str, arguments: dict[str, object], count: int) -> list[object]:
    """An operation on the inputs t0, t1, …, whole numbers where it needs them, behind them what makes one output of its own."""
    whole = OPERATIONS[name]["traits"].get("whole")
    taken = [f"t{at}" for at in range(count)]
    entries: list[object] = []
    for at, each in enumerate(taken if whole else []):
        entries += [
            {"ops.multiply": {"x2": whole - 0.01, "from": each, "name": f"m{at}"}},
            {"ops.cast": {"dtype": "int32", "name": f"i{at}"}},
        ]
    taken = [f"i{at}" for at in range(count)] if whole else taken
    entries.append({name: {**arguments, "from": taken if count > 1 else taken[0], "name": "o"}})
    return [*entries, {"ops.cast": {"dtype": "float32", "from": "o.0" if name in SEVERAL else "o"}}]


def axes_tried(name: str, rank: int) -> list[dict[str, object]]:
    """The arguments of the catalogue's example, and the same along the axis of the samples, counted from the end."""
    example = operation_arguments(OPERATIONS[name]["traits"])
    return [example, *({**example, axis: -rank} for axis in OPERATIONS[name]["traits"]["axes"])]


def samples_answered_apart(names: Sequence[str]) -> tuple[set[str], set[str]]:
    """Asserts that what is accepted of these operations, on 5 vectors or planes, answers each of them as it does alone.

    The operations that were accepted in some form, and those that were refused in some.
    """
    rng, accepted, refused = np.random.default_rng(3), set[str](), set[str]()
    language = Language()
    for name in names:
        traits = OPERATIONS[name]["traits"]
        shapes = traits.get("shapes") or [[4, 4]] * tensor_count(traits, operation_arguments(traits))
        cases = [
            (form, arguments)
            for form in (shapes, [[4]] * len(shapes))
            for arguments in axes_tried(name, 1 + len(form[0]))
        ]
        for forms, arguments in cases:
            arrays = {f"t{at}": rng.uniform(0.1, 0.9, (5, *form)).astype("float32") for at, form in enumerate(forms)}
            try:
                entries = [language.entry(each) for each in entries_on_inputs(name, arguments, len(forms))]
                model = build_model(entries, {key: each.shape[1:] for key, each in arrays.items()}, facts={}).model
            except (BlockError, ValidationError):
                refused.add(name)
                continue
            try:
                together = np.asarray(model(arrays))
            except Exception:
                continue
            alone = [np.asarray(model({key: each[[at]] for key, each in arrays.items()})) for at in range(5)]
            told = f"{name} {arguments} {forms}"
            np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-4, atol=1e-4, err_msg=told)
            accepted.add(name)
    return accepted, refused


OPEN_AGAIN = """
import json, sys
from pathlib import Path
import numpy as np
import keras
folder, same, names = Path(sys.argv[1]), 0, []
x = np.load(folder / "x.npy")
for path in sorted(folder.glob("*.keras")):
    model = keras.models.load_model(path)
    said, kept = {head: np.asarray(each) for head, each in model({"x": x}).items()}, np.load(path.with_suffix(".npz"))
    same += sum(np.array_equal(said[head], kept[head], equal_nan=True) for head in kept.files)
    names += [type(each).__name__ for each in model.operations if not isinstance(each, keras.Layer)]
assert "dlcli" not in sys.modules
print(json.dumps({"same": same, "classes": sorted(set(names))}))
"""
