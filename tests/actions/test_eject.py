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


@pytest.mark.parametrize(
    ("changes", "line_of", "words"),
    [
        ({"data.augment": [{"GaussianNoise": 0.1}]}, "augment", "is drawn from its number here"),
        ({"train.steps_per_epoch": 2}, "steps_per_epoch", "no short words"),
        ({"train.until": "loss < 0.1"}, "until", "no short words"),
        ({"optimizer": {"Adam": {"use_ema": True}}}, "optimizer", "the averages"),
    ],
)
def test_what_a_script_cannot_say_is_refused_at_its_line(
    changes: dict[str, Any], line_of: str, words: str, tmp_path: Path, run_dlcli: Run, write_experiment: Write
) -> None:
    config = write_experiment(tmp_path, changes)
    refused = run_dlcli("eject", config, "-o", tmp_path / "a.py", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (3, "cannot_eject")
    assert words in refused.error["message"]
    assert f'"{line_of}"' in config.read_text(encoding="utf-8").splitlines()[refused.error["line"] - 1]
    assert not (tmp_path / "a.py").exists()


def test_a_script_that_is_another_experiment_is_never_written(
    tmp_path: Path, run_dlcli: Run, write_experiment: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dlcli.actions.ejected import script

    real = script.Script.step_2

    def wrong(self: Any) -> Any:
        return (line.replace("Dense(8", 'Dense(8, kernel_initializer="he_normal"') for line in real(self))

    monkeypatch.setattr(script.Script, "step_2", wrong)
    config = write_experiment(tmp_path)
    refused = run_dlcli("eject", config, "-o", tmp_path / "a.py", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (3, "cannot_eject")
    assert refused.error["message"] == "a plain script cannot say this: the first weights: plain Keras draws others"
    assert not (tmp_path / "a.py").exists()


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
