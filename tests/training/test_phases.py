"""`train.phases`: parts of a training one behind the other, each with settings of its own, and resume within and between."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.runs import Run, read_state
from dlcli.runs.checkpoint import folders, newest

Command = Callable[..., Any]
BATCH = 16
LAYERS = [
    {
        "submodel": {
            "name": "base",
            "trainable": False,
            "layers": [{"Dense": {"units": 8, "activation": "relu"}}, "BatchNormalization"],
        }
    },
    {"Dropout": 0.3},
    {"Dense": {"units": 3, "activation": "softmax"}},
]
PHASES = [
    {"epochs": 3},
    {"epochs": 2, "set": {"layers.base.trainable": True, "optimizer.learning_rate": 0.001, "train.batch_size": 8}},
    {
        "epochs": 4,
        "set": {
            "layers.base.trainable": True,
            "train.early_stopping": {"monitor": "val_loss", "patience": 1, "min_delta": 10.0},
        },
    },
]
TREE = {
    "layers": LAYERS,
    "train.epochs": None,
    "train.batch_size": BATCH,
    "train.phases": PHASES,
    "train.checkpoint": {"every": "2 steps", "keep": 99, "keep_after": 99},
    "optimizer": {"Adam": {"learning_rate": 0.02}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Command, write_experiment: Callable[..., Path]) -> Path:
    """A folder with the run `whole` of three phases."""
    place = tmp_path_factory.mktemp("phases")
    config = write_experiment(place, TREE)
    done = run_dlcli("train", config, "--name", "whole", cwd=place)
    assert done.code == 0, done.err
    (place / "said.txt").write_text(done.err, encoding="utf-8")
    return place


def test_there_is_one_history_with_epochs_numbered_on(folder: Path, read_history: Callable[..., Any]) -> None:
    history = read_history(folder, "whole")
    assert [(entry["epoch"], entry["phase"]) for entry in history] == [
        (1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (7, 3),
    ]  # fmt: skip
    assert [entry["step"] for entry in history] == [6, 12, 18, 30, 42, 48, 54]
    rates = [entry["learning_rate"] for entry in history]
    np.testing.assert_allclose(rates, [0.02] * 3 + [0.001] * 2 + [0.02] * 2, rtol=1e-6)
    state = json.loads((folder / "runs" / "whole" / "run.json").read_text())
    assert (state["stop"], state["epochs"], state["best"]["epoch"]) == ("early_stopping", 7, 6)
    assert state["reason"] == "early stopping: val_loss has not improved for 1 epochs"
    assert state["metrics"]["validation"] == history[5]["validation"]


def test_each_phase_is_said(folder: Path) -> None:
    said = (folder / "said.txt").read_text(encoding="utf-8")
    assert "phase 1 of 3: epochs 1 to 3; 27 of 195 parameters learn; Adam at 0.02" in said
    assert "phase 2 of 3: epochs 4 to 5; 179 of 195 parameters learn; Adam at 0.001" in said
    assert "phase 3 of 3: epochs 6 to 9; 179 of 195 parameters learn; Adam at 0.02" in said
    assert "epoch 4/9" in said


def weights_at(folder: Path, step: int) -> dict[str, Any]:
    """The weights of a run's checkpoint, by path."""
    from dlcli.runs.checkpoint import load_checkpoint

    kept = load_checkpoint(folder / "runs" / "whole" / "checkpoints" / f"step-{step:010d}")
    return {name.partition(":")[2]: values for name, values in kept.arrays.items()}


def test_frozen_layers_stay_in_the_first_phase_and_move_in_the_second(folder: Path) -> None:
    first, end, second = (weights_at(folder, step) for step in (2, 18, 20))
    names = [name for name in first if name.split("/")[0] in {"dense", "batch_normalization"}]
    assert len(names) == 6
    for name in names:
        np.testing.assert_array_equal(first[name], end[name], err_msg=name)
        assert (end[name] != second[name]).any(), name
    head = [name for name in first if name.startswith("dense_1/")]
    assert all((first[name] != end[name]).any() for name in head)
    assert len(head) == 2


def test_a_loop_of_keras_alone_gives_the_same_losses_and_weights(
    tmp_path: Path, write_experiment: Callable[..., Path], run_dlcli: Command, read_history: Callable[..., Any]
) -> None:
    import keras

    layers = [LAYERS[0], LAYERS[2]]  # without noise, whose draws only dlcli's own loop knows
    phases = [PHASES[0], PHASES[1], {"epochs": 2, "set": {"optimizer": {"SGD": {"learning_rate": 0.05}}}}]
    config = write_experiment(tmp_path, {**TREE, "layers": layers, "train.phases": phases})
    done = run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path)
    assert done.code == 0, done.err

    from dlcli.config import load_config
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up

    checked, _ = load_config(str(config))
    dataset = read_data(checked)
    start_keras(seed=checked.seed)
    made = set_up(checked, dataset)
    data = {name: feed.take(slice(None)) for name, feed in made.splits.items()}
    (x,), (y,) = (each.values() for each in data["train"])
    (x_seen,), (y_seen,) = (each.values() for each in data["validation"])
    given = keras.models.clone_model(made.model)
    given.set_weights(made.model.get_weights())
    base, epoch, losses = given.get_layer("base"), 0, []
    plan = [
        (3, False, keras.optimizers.Adam(0.02), 16),
        (2, True, keras.optimizers.Adam(0.001), 8),
        (2, False, keras.optimizers.SGD(0.05), 16),
    ]
    for epochs, learns, optimizer, size in plan:
        base.trainable = learns
        given.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
        for _ in range(epochs):
            order = np.random.default_rng([checked.seed, epoch]).permutation(len(x))
            fitted = given.fit({"x": x[order]}, y[order], batch_size=size, shuffle=False, verbose=0)
            losses.append((fitted.history["loss"][0], given.evaluate({"x": x_seen}, y_seen, verbose=0)[0]))
            epoch += 1
    history = read_history(tmp_path, "a")
    ours = [(entry["train"]["loss"], entry["validation"]["loss"]) for entry in history]
    np.testing.assert_allclose(ours, losses, rtol=1e-4)
    kept = keras.saving.load_model(tmp_path / "runs" / "a" / "model" / "model.keras", compile=False)
    assert len(kept.weights) == len(given.weights) == 8
    for one, other in zip(kept.weights, given.weights, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-3, atol=1e-5, err_msg=one.path)


def cut_back(run: Run, step: int) -> None:
    """Sets a run back to where a kill has left it after a step."""
    for path in folders(run):
        if path.name > f"step-{step:010d}":
            shutil.rmtree(path)
    shutil.rmtree(run.model, ignore_errors=True)
    replace(read_state(run), status="running").write(run)


@pytest.fixture
def cut(folder: Path) -> Callable[[int], Run]:
    """`cut(step)`: a run like `whole` that was killed after a step."""

    def make(step: int) -> Run:
        run = Run(folder / "runs" / f"cut-{step}")
        shutil.copytree(folder / "runs" / "whole", run.path)
        cut_back(run, step)
        return run

    return make


# Within each phase; at the end of the first, where the second has not begun; at the end of the second.
@pytest.mark.parametrize("step", [4, 18, 20, 28, 42, 44, 50])
def test_resume_within_and_between_phases_gives_the_numbers_of_an_unbroken_run(
    folder: Path, cut: Callable[[int], Run], run_dlcli: Command, step: int
) -> None:
    run, whole = cut(step), Run(folder / "runs" / "whole")
    done = run_dlcli("resume", run.name, cwd=folder)
    assert done.code == 0, done.err
    assert run.metrics.read_bytes() == whole.metrics.read_bytes()
    one, other = newest(run), newest(whole)
    assert one is not None
    assert other is not None
    assert [name.partition(":")[2] for name in one.arrays] == [name.partition(":")[2] for name in other.arrays]
    for name, values in one.arrays.items():
        np.testing.assert_array_equal(values, other.arrays[name], err_msg=name)
    for key in ("watch", "plateau", "random", "callbacks", "phase", "steps"):
        assert one.state[key] == other.state[key], key
    states = [json.loads(each.state.read_text()) for each in (run, whole)]
    for key in ("status", "reason", "best", "metrics", "epochs", "exact", "verdict"):
        assert states[0][key] == states[1][key], key
    assert states[0]["exact"]


def test_a_phase_begins_with_the_best_weights_of_the_one_before(
    tmp_path: Path, write_experiment: Callable[..., Path], run_dlcli: Command
) -> None:
    from dlcli.runs.checkpoint import load_checkpoint

    early = {"train.early_stopping": {"monitor": "val_loss", "patience": 1, "min_delta": 10.0}}
    frozen = {"layers.0.Dense.trainable": False}
    phases = [{"epochs": 5, "set": early}, {"epochs": 1, "set": frozen}]
    layers = [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}]
    tree = {
        **TREE,
        "layers": layers,
        "train.phases": phases,
        "train.checkpoint": {"every": "1 epoch", "keep": 9, "keep_after": 9},
    }
    config = write_experiment(tmp_path, tree)
    assert run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path).code == 0
    run = Run(tmp_path / "runs" / "a")
    first, last, behind = (load_checkpoint(path).arrays for path in folders(run))
    kernels = [
        next(values for name, values in each.items() if name == "0:dense/kernel") for each in (first, last, behind)
    ]
    assert (kernels[0] != kernels[1]).any()  # the second epoch went on from the best, the first
    np.testing.assert_array_equal(kernels[0], kernels[2])
    assert json.loads(run.state.read_text())["best"]["epoch"] == 3


def test_resume_extends_the_last_phase(folder: Path, write_experiment: Callable[..., Path], run_dlcli: Command) -> None:
    phases = [*PHASES[:2], {"epochs": 2, "set": {"train.batch_size": 32}}]
    write_experiment(folder, {**TREE, "train.phases": phases}, file="short.yaml")
    longer = [*PHASES[:2], {"epochs": 4, "set": {"train.batch_size": 32}}]
    write_experiment(folder, {**TREE, "train.phases": longer}, file="long.yaml")
    for name in ("short", "long"):
        assert run_dlcli("train", f"{name}.yaml", "--name", name, "-q", cwd=folder).code == 0
    complete = run_dlcli("resume", "short", cwd=folder)
    assert "is complete" in complete.err
    done = run_dlcli("resume", "short", "--epochs", "9", "--json", cwd=folder)
    assert done.code == 0, done.err
    short, long = Run(folder / "runs" / "short"), Run(folder / "runs" / "long")
    assert short.metrics.read_bytes() == long.metrics.read_bytes()
    refused = run_dlcli("resume", "short", "--set", "train.phases.0.epochs=4", "--json", cwd=folder)
    assert (refused.code, refused.error["kind"]) == (8, "configuration_changed")
    again = run_dlcli("resume", "short", "--set", "train.phases.2.epochs=5", "--json", "-q", cwd=folder)
    assert again.value["epochs"] == 10


def test_a_condition_and_a_time_limit_end_all_of_it(
    tmp_path: Path, write_experiment: Callable[..., Path], run_dlcli: Command
) -> None:
    config = write_experiment(tmp_path, TREE)
    until = run_dlcli("train", config, "--until", "loss < 1000", "--json", "-q", cwd=tmp_path)
    assert (until.value["epochs"], until.value["reason"]) == (1, "reached loss < 1000")
    limit = run_dlcli("train", config, "--time-limit", "0.001s", "--json", "-q", cwd=tmp_path)
    assert limit.value["epochs"] == 1
    few = run_dlcli("train", config, "--epochs", "4", "--json", "-q", cwd=tmp_path)
    assert few.value["epochs"] == 4


def test_mixed_precision_and_averages_go_through_phases_and_resume(
    tmp_path: Path, write_experiment: Callable[..., Path], run_dlcli: Command
) -> None:
    tree = {
        **TREE,
        "train.precision": "mixed_float16",
        "optimizer": {"AdamW": {"learning_rate": {"one_cycle": {"maximum": 0.02}}, "use_ema": True}},
        "train.phases": [{"epochs": 2}, {"epochs": 2, "set": {"layers.base.trainable": True}}, {"epochs": 2}],
    }
    config = write_experiment(tmp_path, tree)
    for name in ("whole", "cut"):
        done = run_dlcli("train", config, "--name", name, "-q", cwd=tmp_path)
        assert done.code == 0, done.err
    whole, cut = Run(tmp_path / "runs" / "whole"), Run(tmp_path / "runs" / "cut")
    cut_back(cut, 28)
    assert run_dlcli("resume", "cut", "-q", cwd=tmp_path).code == 0
    assert cut.metrics.read_bytes() == whole.metrics.read_bytes()
    rates = [json.loads(line)["learning_rate"] for line in whole.metrics.read_text().splitlines()]
    np.testing.assert_allclose(rates[::2], [0.02 / 25] * 3, rtol=1e-5)  # each phase has a cycle of its own


def test_inspect_shows_the_phases_with_what_learns_in_each(folder: Path, run_dlcli: Command) -> None:
    shown = run_dlcli("inspect", "experiment.yaml", "--json", cwd=folder).value
    assert [(each["epochs"], each["trainable"]) for each in shown["phases"]] == [(3, 27), (2, 179), (4, 179)]
    assert shown["trainable"] == 27
    assert [each["training_bytes"] for each in shown["phases"]] == [
        27 * 16 + 168 * 4,
        179 * 16 + 16 * 4,
        179 * 16 + 16 * 4,
    ]
    of_run = run_dlcli("inspect", "whole", "--json", cwd=folder).value["phases"]
    assert [each["epochs"] for each in of_run] == [3, 2, 4]
    assert of_run[1]["set"]["train.batch_size"] == 8
    assert "phase 2" in run_dlcli("inspect", "whole", cwd=folder).out


def test_the_curve_shows_where_a_phase_ends(folder: Path, run_dlcli: Command) -> None:
    from dlcli.view.drawing.picture import loss_curve

    losses = {"train": [3.0, 2.0, 1.0]}
    plain, marked = (loss_curve(losses, title="a", best_epoch=3, phase_ends=ends)[0] for ends in ((), (2,)))
    assert plain.count(b"#999999") == 0
    assert marked.count(b"#999999") == 1
    assert (folder / "runs" / "whole" / "loss.svg").read_bytes().count(b"#999999") == 2


def test_a_line_of_json_an_epoch_says_its_phase(folder: Path, run_dlcli: Command) -> None:
    done = run_dlcli("train", "experiment.yaml", "--epochs", "4", "--json-lines", "-q", cwd=folder)
    assert [json.loads(line)["phase"] for line in done.out.splitlines()] == [1, 1, 1, 2]


def kept_weights(folder: Path, name: str) -> list[Any]:
    """The weights of the model that a run has kept."""
    import keras

    return [each.numpy() for each in keras.saving.load_model(folder / "runs" / name / "model" / "model.keras").weights]


FALLING = {"CosineDecay": {"initial_learning_rate": 0.02, "decay_steps": "${train.epochs} epochs"}}
SCHEDULED = {
    **TREE,
    "train.checkpoint": None,
    "optimizer": {"Adam": {"learning_rate": FALLING}},
    "train.phases": [
        {"epochs": 3},
        {"epochs": 2, "set": {"layers.base.trainable": True}},
        {"epochs": 5, "set": {"train.batch_size": 32}},
    ],
}
ENDS = [
    (1, "1 of the 3 of phase 1"),
    (2, "2 of the 3 of phase 1"),
    (3, "the last of phase 1"),
    (4, "1 of the 2 of phase 2"),
    (5, "the last of phase 2"),
    (9, "4 of the 5 of phase 3"),
]


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Command, write_experiment: Callable[..., Path]) -> Path:
    """A folder with the run `ten` of all epochs of a file whose rate falls over each of its phases."""
    place = tmp_path_factory.mktemp("ten")
    done = run_dlcli("train", write_experiment(place, SCHEDULED), "--name", "ten", cwd=place)
    assert done.code == 0, done.err
    assert "training ends after" not in done.err
    return place


@pytest.mark.parametrize(("epochs", "words", "kept"), [*((*each, 1) for each in ENDS[::2]), (*ENDS[3], 0)])
def test_fewer_epochs_and_then_all_give_the_weights_of_all_at_once(
    ten: Path, run_dlcli: Command, epochs: int, words: str, kept: int
) -> None:
    name = f"first-{epochs}-{kept}"
    keep = ("--set", f"train.checkpoint={{keep_after: {kept}}}")
    done = run_dlcli("train", "experiment.yaml", "--name", name, "--epochs", str(epochs), *keep, cwd=ten)
    assert done.code == 0, done.err
    note = f"note: training ends after {epochs} of 10 epochs ({words}, of 3 phases); "
    assert done.err.count(f"{note}dlcli resume {name} --epochs 10 trains the rest") == 1
    assert set(re.findall(r"dlcli resume \S+ --epochs (\d+)", done.out)) <= {"10"}
    assert read_state(Run(ten / "runs" / name)).epochs == epochs
    complete = run_dlcli("resume", name, cwd=ten)
    if kept:
        assert f"'{name}' is complete: all epochs are done; --epochs 10 trains the rest of its phases" in complete.err
    assert read_state(Run(ten / "runs" / name)).epochs == epochs
    resumed = run_dlcli("resume", name, "--epochs", "10", cwd=ten)
    assert resumed.code == 0, resumed.err
    run, whole = Run(ten / "runs" / name), Run(ten / "runs" / "ten")
    assert run.metrics.read_bytes() == whole.metrics.read_bytes()
    ours, theirs = kept_weights(ten, name), kept_weights(ten, "ten")
    assert len(ours) == len(theirs) == 8
    for one, other in zip(ours, theirs, strict=True):
        assert one.tobytes() == other.tobytes()
    assert read_state(run).exact


@pytest.mark.nightly
def test_epochs_are_added_in_several_steps_and_beyond_the_last_phase(ten: Path, run_dlcli: Command) -> None:
    flat = ("--set", "optimizer={Adam: {learning_rate: 0.02}}")
    for name, epochs in (("steps", 2), ("twelve", 12)):
        done = run_dlcli("train", "experiment.yaml", *flat, "--name", name, "--epochs", str(epochs), "-q", cwd=ten)
        assert done.code == 0, done.err
    for epochs in (4, 6, 12):
        done = run_dlcli("resume", "steps", "--epochs", str(epochs), "-q", cwd=ten)
        assert done.code == 0, done.err
        assert read_state(Run(ten / "runs" / "steps")).epochs == epochs
    assert Run(ten / "runs" / "steps").metrics.read_bytes() == Run(ten / "runs" / "twelve").metrics.read_bytes()
    pairs = list(zip(kept_weights(ten, "steps"), kept_weights(ten, "twelve"), strict=True))
    assert all(one.tobytes() == other.tobytes() for one, other in pairs)


def test_a_phase_that_has_not_ended_is_made_longer_and_one_behind_is_not(ten: Path, run_dlcli: Command) -> None:
    longer = ("--set", "train.phases.1.epochs=4", "--set", "optimizer={Adam: {learning_rate: 0.02}}")
    assert run_dlcli("train", "experiment.yaml", *longer, "--name", "longer", "-q", cwd=ten).code == 0
    flat, keep = longer[2:], ("--set", "train.checkpoint={keep_after: 1}")
    assert run_dlcli("train", "experiment.yaml", *flat, *keep, "--name", "four", "--epochs", "4", cwd=ten).code == 0
    behind = run_dlcli("resume", "four", "--set", "train.phases.0.epochs=4", "--epochs", "12", "--json", cwd=ten)
    assert behind.error["kind"] == "configuration_changed"
    shutil.copytree(ten / "runs" / "four", ten / "runs" / "more")
    more = run_dlcli("resume", "more", "--set", "train.phases.1.epochs=4", "--epochs", "12", "-q", cwd=ten)
    assert more.code == 0, more.err
    assert Run(ten / "runs" / "more").metrics.read_bytes() == Run(ten / "runs" / "longer").metrics.read_bytes()
    pairs = zip(kept_weights(ten, "more"), kept_weights(ten, "longer"), strict=True)
    assert all(one.tobytes() == other.tobytes() for one, other in pairs)
    assert run_dlcli("resume", "four", "--epochs", "5", "-q", cwd=ten).code == 0
    shorter = run_dlcli("resume", "four", "--set", "train.phases.1.epochs=1", "--epochs", "12", "--json", cwd=ten)
    assert (shorter.code, shorter.error["kind"]) == (2, "epochs_behind")


def test_what_a_cut_run_has_recorded_trains_as_much_again(ten: Path, run_dlcli: Command) -> None:
    assert run_dlcli("train", "experiment.yaml", "--name", "cut", "--epochs", "4", "-q", cwd=ten).code == 0
    resolved = ten / "runs" / "cut" / "config.resolved.json"
    train = json.loads(resolved.read_text())["train"]
    assert (train["epochs"], len(train["phases"])) == (4, 3)
    assert run_dlcli("train", str(resolved), "--name", "again", "-q", cwd=ten).code == 0
    assert Run(ten / "runs" / "again").metrics.read_bytes() == Run(ten / "runs" / "cut").metrics.read_bytes()


def test_the_advice_to_go_on_counts_the_epochs_of_all_phases(
    tmp_path: Path, write_experiment: Callable[..., Path], run_dlcli: Command
) -> None:
    tree = {**TREE, "layers": [LAYERS[2]], "train.phases": [{"epochs": 7}, {"epochs": 2}]}
    done = run_dlcli("train", write_experiment(tmp_path, tree), "--name", "a", "--json", "-q", cwd=tmp_path)
    commands = [advice["command"] for each in done.value["verdict"] for advice in each["advice"] if "command" in advice]
    assert len(commands) == 1
    assert int(commands[0].split("--epochs ")[1]) > 9
    assert run_dlcli(*commands[0].split()[1:], "-q", cwd=tmp_path).code == 0
