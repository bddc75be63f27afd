"""Plugins: classes of the person's own by name, read without running them, run only with --allow-code, kept with the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
MINE = '''\
"""Layers, a loss and a metric."""
from pathlib import Path

import keras
from keras import metrics as measures

Path(__file__).with_name("ran").touch()
print("said on standard output")


class Squared(keras.layers.Layer):
    """x times x, scaled."""

    def __init__(self, scale: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        return self.scale * inputs * inputs

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


class Doubled(Squared):
    def call(self, inputs):
        return 2.0 * super().call(inputs)


class Distance(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)


class Error(measures.MeanAbsoluteError):
    pass


class _Hidden(keras.layers.Layer):
    pass


class Unrelated:
    pass
'''
CONFIG = """\
data: {source: line}
plugins: [mine.py]
layers:
  - Dense: 4
  - Squared: {scale: 0.5, name: squared}
  - Doubled
  - Dense: 1
loss: Distance
optimizer: {SGD: 0.01}
metrics: [Error, mae]
train: {epochs: 2}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_a_plugin_is_checked_without_being_run(folder: Path, run_dlcli: Run) -> None:
    assert run_dlcli("validate", "c.yaml", cwd=folder).out == "c.yaml: ok\n"
    broken = CONFIG.replace("scale: 0.5", "scale: big").replace("Doubled", "Doubles").replace("[Error", "[Eror")
    (folder / "broken.yaml").write_text(broken, encoding="utf-8")
    done = run_dlcli("validate", "broken.yaml", "--json", cwd=folder)
    problems = done.value["files"][0]["problems"]
    assert [(each["line"], each["message"], each["suggestion"]) for each in problems] == [
        (5, "'scale' must be a number, found the text 'big'", None),
        (6, "unknown layer 'Doubles'", "did you mean 'Doubled'?"),
        (10, "unknown metric 'Eror'", "did you mean 'Error'?"),
    ]
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("command", [["train"], ["inspect"]])
def test_a_plugin_is_not_run_without_the_flag(command: list[str], folder: Path, run_dlcli: Run) -> None:
    refused = run_dlcli(*command, "c.yaml", "--json", cwd=folder)
    assert (refused.code, refused.error["name"]) == (10, "unsafe")
    assert refused.error["message"] == "the plugin mine.py is Python code, which runs as it likes"
    assert refused.error["hint"] == "read it, and if you trust it add --allow-code"
    assert not (folder / "ran").exists()


def test_validate_does_not_run_it_either(folder: Path, run_dlcli: Run) -> None:
    refused = run_dlcli("validate", "--build", "c.yaml", "--json", cwd=folder)
    [file] = refused.value["files"]
    assert (refused.code, file["code"], len(file["problems"])) == (10, 10, 1)
    assert file["problems"][0]["message"] == "the plugin mine.py is Python code, which runs as it likes"
    assert file["problems"][0]["suggestion"] == "read it, and if you trust it add --allow-code"
    assert not (folder / "ran").exists()


def test_a_run_keeps_its_plugins_and_needs_the_flag_again(folder: Path, run_dlcli: Run) -> None:
    trained = run_dlcli("train", "c.yaml", "--allow-code", "--json", "-q", cwd=folder)
    assert trained.code == 0, trained.err
    metrics = trained.value["metrics"]["validation"]
    assert metrics["error"] == pytest.approx(metrics["mae"]) == pytest.approx(metrics["loss"])
    run = folder / "runs" / "c"
    recorded = json.loads((run / "env.json").read_text(encoding="utf-8"))["plugins"]
    assert recorded == [
        {"file": str(folder / "mine.py"), "kept": "0-mine.py", "sha256": hashlib.sha256(MINE.encode()).hexdigest()}
    ]
    (folder / "mine.py").unlink()
    (folder / "ran").unlink()
    (folder / "new.csv").write_text("x\n0.5\n", encoding="utf-8")
    for command in (["evaluate", "c"], ["predict", "c", "new.csv"], ["inspect", "c"]):
        assert run_dlcli(*command, "--json", cwd=folder).error["code"] == 10
        done = run_dlcli(*command, "--allow-code", "--json", cwd=folder)
        assert done.code == 0, done.err
        assert "said on standard output" not in done.out
    evaluated = run_dlcli("evaluate", "c", "--split", "validation", "--allow-code", "--json", cwd=folder)
    assert evaluated.value["metrics"]["loss"] == pytest.approx(metrics["loss"], abs=1e-6)
    (run / "plugins" / "0-mine.py").write_text(MINE + "# changed\n", encoding="utf-8")
    changed = run_dlcli("evaluate", "c", "--allow-code", "--json", cwd=folder)
    assert (changed.code, changed.error["message"]) == (
        5,
        "the plugin 0-mine.py is no longer what 'c' was trained with",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read the plugin {path}: No such file or directory"),
        ("def broken(:\n", "mine.py, line 1 is not Python: invalid syntax (mine.py, line 1)"),
        ("import keras\n\n\nclass Mine:\n    pass\n", "mine.py holds no class that can be named"),
        (
            "import keras\n\n\nclass Dense(keras.layers.Layer):\n    pass\n",
            "mine.py calls a class Dense, which is a layer of Keras or of another plugin",
        ),
    ],
)
def test_a_file_that_is_no_plugin_is_told_at_its_line(
    content: str | None, message: str, tmp_path: Path, run_dlcli: Run
) -> None:
    path = tmp_path / "mine.py"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    (tmp_path / "c.yaml").write_text(
        "data: {source: line}\nplugins: [mine.py]\nlayers: [Dense: 1]\nloss: mse\noptimizer: Adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    problems = run_dlcli("validate", "c.yaml", "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert [(each["line"], each["column"], each["message"]) for each in problems] == [
        (2, 11, message.format(path=path))
    ]


def test_a_plugin_that_raises_is_an_error_at_its_line(folder: Path, run_dlcli: Run) -> None:
    (folder / "mine.py").write_text(MINE + "\nraise RuntimeError('no')\n", encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "--allow-code", "--json", cwd=folder)
    assert (done.code, done.error["message"]) == (4, "it raised RuntimeError: no")
    assert (done.error["file"], done.error["line"]) == (str(folder / "mine.py"), MINE.count("\n") + 2)
    assert not list((folder / "runs").glob("*"))


@pytest.mark.parametrize(("form", "lines"), [("--json", 1), ("--json-lines", 2)])
def test_what_a_plugin_prints_in_training_stands_beside_the_results(
    form: str, lines: int, folder: Path, run_dlcli: Run
) -> None:
    talks = "\n\nclass Talking(keras.callbacks.Callback):\n    def on_epoch_end(self, epoch, logs=None):\n        print('{}')\n"
    (folder / "mine.py").write_text(MINE + talks, encoding="utf-8")
    (folder / "c.yaml").write_text(CONFIG.replace("epochs: 2", "epochs: 2, callbacks: [Talking]"), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "--allow-code", form, "-q", cwd=folder)
    assert done.code == 0, done.err
    assert done.err.splitlines().count("{}") == 2
    assert "{}" not in done.out.splitlines()
    assert all(isinstance(json.loads(line), dict) for line in done.out.splitlines())
    assert len(done.out.splitlines()) == lines
