"""An ejected script is plain Keras, and reaches the numbers of its configuration to the last bit in a process of its own."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]
ROOT = Path(__file__).parents[2]
RUNNER = """
import runpy, sys
for script in sys.argv[1:]:
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()
    names = runpy.run_path(script)
    import numpy as np
    np.savez(script + ".weights.npz", *names["model"].get_weights())
assert not [name for name in sys.modules if name.startswith("dlcli")]
"""


def same_weights(
    configs: Sequence[Path],
    folder: Path,
    run_dlcli: Run,
    *,
    epochs: int | None = None,
    settings: Sequence[str] = (),
    rounded: bool = False,
) -> list[str]:
    """Ejects and trains configurations, runs the scripts in one process without dlcli, and compares the kept weights."""
    import keras

    short = [] if epochs is None else [f"train.epochs={epochs}"]
    given = [part for each in (*short, *settings) for part in ("--set", each)]
    scripts = []
    for number, config in enumerate(configs):
        script = folder / f"script{number}.py"
        done = run_dlcli("eject", config, "-o", script, *given, "--json", cwd=folder)
        assert done.code == 0, done.err
        scripts.append(script)
        trained = run_dlcli(
            "train", config, *given, "--set", "train.engine=keras", "--name", f"run{number}", "-q", cwd=folder
        )
        assert trained.code == 0, trained.err
    environment = {**os.environ, "PYTHONPATH": ""}
    program = [sys.executable, "-c", RUNNER, *map(str, scripts)]
    ran = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    for number, script in enumerate(scripts):
        model = keras.saving.load_model(folder / "runs" / f"run{number}" / "model" / "model.keras")
        with np.load(f"{script}.weights.npz") as content:
            found = [content[name] for name in content.files]
        assert len(found) == len(model.get_weights()) > 0
        for one, kept in zip(found, model.get_weights(), strict=True):
            if rounded:
                np.testing.assert_allclose(one, kept, rtol=1e-2, atol=1e-3)
            else:
                np.testing.assert_array_equal(one, kept)
    return [script.read_text(encoding="utf-8") for script in scripts]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Write) -> list[str]:
    """Two small ones: early stopping, class weights and raw scores; and a line. `ejected.py` has the gallery."""
    folder = tmp_path_factory.mktemp("eject")
    stops = {"train.early_stopping": {"patience": 1}, "train.class_weight": "balanced", "train.epochs": 6}
    noisy = [{"Dense": {"units": 8, "activation": "relu"}}, {"Dropout": 0.3}, {"Dense": {"units": 3, "name": "클래스"}}]
    logits = {"SparseCategoricalCrossentropy": {"from_logits": True}}
    rate = {"Adam": {"learning_rate": {"CosineDecay": {"initial_learning_rate": 0.05, "decay_steps": "6 epochs"}}}}
    first = write_experiment(folder, {**stops, "layers": noisy, "loss": logits, "optimizer": rate})
    return same_weights([first, ROOT / "configs" / "basics" / "line.yaml"], folder, run_dlcli, epochs=3)


def test_scripts_reach_the_weights_of_their_runs(scripts: list[str]) -> None:
    assert len(scripts) == 2


def test_a_script_is_plain_and_has_the_four_steps(scripts: list[str]) -> None:
    for text in scripts:
        tree = ast.parse(text)
        imported = {
            (each.module if isinstance(each, ast.ImportFrom) else each.names[0].name)
            for each in ast.walk(tree)
            if isinstance(each, ast.Import | ast.ImportFrom)
        }
        assert imported <= {"os", "pathlib", "keras", "numpy", "tensorflow"}
        for step in ("# Step 1: input data and target", "# Step 2: the layers", "# step 3: the loss", "# step 4"):
            assert step in text
        assert max(map(len, text.splitlines())) <= 130
    assert 'layers.Dense(8, activation="relu"),\n    layers.Dropout(0.3),' in scripts[0]
    assert "keras.losses.SparseCategoricalCrossentropy(from_logits=True)" in scripts[0]
    assert "keras.optimizers.schedules.CosineDecay(0.05, 18)" in scripts[0]
    assert "if waited >= 1:" in scripts[0]


KINDS: dict[str, dict[str, Any]] = {
    "checkpoint": {"train.checkpoint": {"monitor": "accuracy", "mode": "min"}, "train.epochs": 3},
    "from_a_run": {"weights": {"from": "run0"}, "train.epochs": 1},
    "labels_left_out": {
        "data.target": {"column": "y", "void": 2},
        "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
        "train.class_weight": "balanced",
    },
    "masks": {
        "data": {
            "source": {"shapes": {"samples": 24, "size": 8}},
            "augment": [
                {"RandomFlip": "horizontal"},
                {"RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2}},
                {"GaussianNoise": 0.1},
            ],
        },
        "layers": [{"Conv2D": {"filters": 3, "kernel_size": 3, "padding": "same", "activation": "softmax"}}],
        "train.epochs": 2,
    },
    "phases": {
        "data.augment": [{"GaussianNoise": 0.1}],
        "layers": [
            {"Dense": {"units": 8, "activation": "relu", "name": "base"}},
            {"Dropout": 0.2},
            {"Dense": {"units": 3, "activation": "softmax"}},
        ],
        "train": {
            "batch_size": 32,
            "early_stopping": {"patience": 1},
            "phases": [
                {"epochs": 3},
                {
                    "epochs": 3,
                    "set": {
                        "layers.base.trainable": False,
                        "optimizer.learning_rate": {"one_cycle": {"maximum": 0.1}},
                        "train.batch_size": 16,
                    },
                },
            ],
        },
    },
    "mixed_precision": {"train.precision": "mixed_bfloat16", "data.prepare": ["Normalization"], "train.epochs": 2},
    "scaled": {
        "data": {
            "source": "diabetes",
            "prepare": ["Normalization"],
            "target": {"column": "progression", "scale": "standard"},
        },
        "layers": [{"Dense": 1}],
        "loss": "mse",
        "metrics": ["mae"],
        "train": {
            "epochs": 9,
            "until": "val_mae < 200",
            "reduce_on_plateau": {"monitor": "mae", "mode": "max", "patience": 1, "cooldown": 1},
        },
    },
    "scores": {
        "data": {"source": {"moons": {"samples": 60}}},
        "layers": [{"Dense": 1}],
        "loss": {"BinaryCrossentropy": {"from_logits": True}},
        "metrics": ["accuracy", "AUC"],
        "train.epochs": 1,
    },
    "two_targets": {
        "data": {
            "source": "penguins",
            "missing": "drop",
            "inputs": ["bill_length_mm", "flipper_length_mm"],
            "targets": {"species": "species", "mass": "body_mass_g"},
        },
        "layers": [
            {"Dense": {"units": 3, "activation": "softmax", "name": "species"}},
            {"Dense": {"units": 1, "from": "features", "name": "mass"}},
        ],
        "loss": {"species": "sparse_categorical_crossentropy", "mass": "mape"},
        "metrics": {"species": ["accuracy"], "mass": ["mae"]},
        "train.class_weight": {"species": "balanced"},
        "train.epochs": 1,
    },
}
"""What a script says beyond layers, loss and optimizer, each in an experiment of its own."""


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Write) -> dict[str, str]:
    """By kind the script, whose weights are those of its run."""
    folder = tmp_path_factory.mktemp("kinds")
    first = write_experiment(folder, {"train.epochs": 1}, file="first.yaml")
    configs = [write_experiment(folder, changes, file=f"{name}.yaml") for name, changes in KINDS.items()]
    return dict(zip(["first", *KINDS], same_weights([first, *configs], folder, run_dlcli), strict=True))


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("from_a_run", "# the first weights: some of them from model.keras, the others as they were drawn\n"),
        ("labels_left_out", "LabelledSparseCategoricalCrossentropy()"),
        ("labels_left_out", "[np.maximum(y_train, 0)]"),
        ("masks", 'started(0, epoch, step)({"images": x, "segmentation_masks": y[..., np.newaxis]}, training=True)'),
        ("masks", "    x = started(2, epoch, step)(x, training=True)"),
        ("mixed_precision", 'keras.config.set_dtype_policy("mixed_bfloat16")'),
        ("phases", 'model.get_layer("base").trainable = False'),
        ("phases", "for epoch in range(epoch + 1, epoch + 1 + 3):"),
        ("phases", ".batch(16)"),
        ("scaled", "class UnscaledMeanAbsoluteError(keras.metrics.MeanAbsoluteError):"),
        ("scaled", '    if history["val_mae"][0] < 200.0:\n        break'),
        ("scaled", "still, resting = 0, 1"),
        ("scores", 'metrics=[ProbableBinaryAccuracy(name="accuracy"), ProbableAUC(name="auc")],'),
        ("two_targets", '    "mass": np.ones(len(y_train["mass"]), "float32"),'),
    ],
)
def test_each_kind_is_said_in_words_of_keras(kinds: dict[str, str], kind: str, words: str) -> None:
    assert words in kinds[kind]
    assert words not in kinds["first"]
    assert "best_weights" not in kinds["checkpoint"]  # without early stopping a run keeps its last ones


@pytest.mark.parametrize(
    ("changes", "line_of", "words", "advice"),
    [
        ({"data.stream": True}, "stream", "data.stream: its arrays stay on disk", "fit into memory"),
        ({"train.steps_per_epoch": 2}, "steps_per_epoch", "goes once over all samples", "leave steps_per_epoch out"),
        ({"train.time_limit": "9s"}, "time_limit", "is another each time", "write epochs"),
        ({"optimizer": {"Adam": {"use_ema": True}}}, "use_ema", "the averages", "leave use_ema out"),
        (
            {"train.callbacks": [{"CSVLogger": "log.csv"}]},
            "callbacks",
            "begin and end them each time",
            "leave them out",
        ),
        (
            {
                "data": {
                    "source": {"shapes": {"samples": 24, "size": 8}},
                    "augment": [{"RandomCrop": {"height": 4, "width": 4}}],
                },
                "layers": [{"Conv2D": {"filters": 3, "kernel_size": 1, "activation": "softmax"}}],
            },
            "RandomCrop",
            "pictures of another size",
            "leave it out",
        ),
        (
            {
                "data": {"source": {"moons": {"samples": 60}}},
                "layers": [{"Dense": {"units": 1, "activation": "sigmoid"}}],
                "loss": "binary_crossentropy",
                "metrics": [{"Recall": {"thresholds": [0.3, 0.6]}}],
                "train.early_stopping": {"monitor": "recall@0.3"},
            },
            "early_stopping",
            "it is one of several values of a metric",
            "watch a metric that has one value",
        ),
    ],
)
def test_what_a_script_cannot_say_is_refused_at_its_line(
    changes: dict[str, Any],
    line_of: str,
    words: str,
    advice: str,
    tmp_path: Path,
    run_dlcli: Run,
    write_experiment: Write,
) -> None:
    config = write_experiment(tmp_path, changes)
    refused = run_dlcli("eject", config, "-o", tmp_path / "a.py", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (3, "cannot_eject")
    assert words in refused.error["message"]
    assert advice in refused.error["hint"]
    line = config.read_text(encoding="utf-8").splitlines()[refused.error["line"] - 1]
    assert line[refused.error["column"] - 1 :].startswith(f'"{line_of}"')
    assert not (tmp_path / "a.py").exists()


@pytest.mark.parametrize(
    ("step", "old", "new", "line_of", "words"),
    [
        ("step_2", 'activation="relu"', 'activation="tanh"', "loss", "'loss': plain Keras counts it otherwise"),
        ("step_2", "Dense(8", "Dense(9", "layers", "a part of it: plain Keras refuses it"),
        (
            "steps_3_and_4",
            "rate=0.01",
            "rate=0.02",
            "optimizer",
            "what a step learns: plain Keras learns something else",
        ),
        (
            "steps_3_and_4",
            "SparseCategoricalAccuracy(",
            "SparseTopKCategoricalAccuracy(2, ",
            "accuracy",
            "'accuracy': plain Keras counts it",
        ),
    ],
)
def test_a_script_that_is_another_experiment_is_never_written(
    step: str,
    old: str,
    new: str,
    line_of: str,
    words: str,
    tmp_path: Path,
    run_dlcli: Run,
    write_experiment: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dlcli.actions.ejected import script

    real = getattr(script.Script, step)

    def wrong(self: Any) -> Any:
        return (line.replace(old, new) for line in real(self))

    monkeypatch.setattr(script.Script, step, wrong)
    config = write_experiment(tmp_path)
    refused = run_dlcli("eject", config, "-o", tmp_path / "a.py", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (3, "cannot_eject")
    assert words in refused.error["message"]
    line = config.read_text(encoding="utf-8").splitlines()[refused.error["line"] - 1]
    assert line[refused.error["column"] - 1 :].startswith(f'"{line_of}"')
    assert not (tmp_path / "a.py").exists()


def test_the_manual_has_a_table_of_what_is_refused() -> None:
    from dlcli.actions.ejected.refused import REFUSALS

    rows = (ROOT / "docs" / "comparing.md").read_text(encoding="utf-8").splitlines()
    for each in REFUSALS:
        assert f"| `{each.key}` | {each.why} | {each.instead} |" in rows
    assert len({each.key for each in REFUSALS}) == len(REFUSALS) == 7


@pytest.mark.parametrize("name", ["e.yaml", "points.py", "points.npz", "own.py"])
def test_no_file_is_lost_that_was_not_written_here(name: str, tmp_path: Path, run_dlcli: Run) -> None:
    np.savez(tmp_path / "points.npz", x=np.eye(12, dtype="float32"), y=np.arange(12) % 2)
    (tmp_path / "own.py").write_text("print('mine')\n", encoding="utf-8")
    (tmp_path / "e.yaml").write_text(
        "data: {source: {npz: {path: points.npz, inputs: x, target: y}}}\nlayers: [Dense: {units: 1, activation: sigmoid}]\n"
        "loss: binary_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    error = run_dlcli("eject", "e.yaml", "-o", name, "--json", cwd=tmp_path).error
    assert error["kind"] == ("bad_output" if name == "points.npz" else "place_taken")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_script_is_written_over_one_of_before(tmp_path: Path, run_dlcli: Run, write_experiment: Write) -> None:
    config = write_experiment(tmp_path, {"train.epochs": 1})
    for _ in range(2):
        assert run_dlcli("eject", config, "-o", "a.py", "--json", cwd=tmp_path).code == 0


def test_a_layer_that_learns_from_an_input_learns_from_the_training_samples(
    tmp_path: Path, run_dlcli: Run, write_experiment: Write
) -> None:
    layers = [{"Normalization": {}}, {"Dense": {"units": 3, "activation": "softmax"}}]
    config = write_experiment(tmp_path, {"layers": layers, "train.epochs": 1})
    done = run_dlcli("eject", config, "-o", "e.py", cwd=tmp_path)  # which compares first weights and first step
    assert done.code == 0, done.err
    text = (tmp_path / "e.py").read_text(encoding="utf-8")
    assert "normalization = layers.Normalization()\nnormalization.adapt(x_train)\n" in text
