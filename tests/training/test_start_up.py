"""The start of Keras: what is left out is there when somebody asks for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dlcli.training.setup import backend

PROGRAM = """
import importlib, json, sys, types
from dlcli.training.setup.backend import start_keras
keras = start_keras(seed=0)
import tensorflow as tf
from dlcli.training.setup.lazy_tensorflow import PUBLIC, Deferred
said = {"before": {name: name in sys.modules for name in ("matplotlib", "sklearn", "tensorflow.python.feature_column")}}
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dropout(0.5), keras.layers.Softmax()])
model.compile("adam", "mse")
model._symbolic_build(data_batch=(tf.zeros((2, 4)), tf.zeros((2, 3))))
stand = [name for name, module in sys.modules.items() if isinstance(module, Deferred)]
said["stand"] = len(stand)
said["legacy"] = [name for name in (f"{PUBLIC}compat.v1.nn", "tensorflow.python.keras", "scipy") if name in sys.modules]
from tensorflow.python.ops import array_ops
said["same"] = [
    tf.compat.v1.placeholder is array_ops.placeholder,
    tf.nn.relu is importlib.import_module("tensorflow.python.ops.gen_nn_ops").relu,
    tf.distribute.get_strategy() is not None,
    tf.lite.Interpreter.__name__ == "Interpreter",
    tf.compat.v1.nn.softmax(tf.zeros(2)).shape == (2,),
    tf.keras.layers.Dense is keras.layers.Dense,
    tf.nn.experimental.stateless_dropout is importlib.import_module("tensorflow.python.ops.nn_ops").stateless_dropout,
    tf.nn.RNNCellDropoutWrapper.__module__ == "tensorflow.python.keras.layers.rnn_cell_wrapper_v2",
]
before = len(sys.modules)
names = 0
for name in stand:
    real = importlib.import_module(name) if not isinstance(sys.modules[name], Deferred) else None
    module = real or sys.modules[name]
    assert module.__file__.endswith("__init__.py"), name
    assert not isinstance(sys.modules[name], Deferred), name
    names += len([each for each in dir(sys.modules[name]) if not each.startswith("_")])
said["names"] = names
try:
    tf.nn.no_such_thing
except AttributeError as error:
    said["error"] = str(error)
import matplotlib.figure
said["matplotlib"] = matplotlib.figure.Figure.__name__
print(json.dumps(said))
"""


def test_modules_of_tensorflow_are_loaded_when_something_of_them_is_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["before"] == {"matplotlib": False, "sklearn": False, "tensorflow.python.feature_column": False}
    assert said["stand"] >= 40
    assert said["legacy"] == []
    assert said["same"] == [True] * 8
    assert said["names"] > 1000
    assert said["error"].endswith("has no attribute 'no_such_thing'")
    assert said["matplotlib"] == "Figure"


BESIDE = """
import sys
import dlcli.training.setup.backend as backend
backend.LONG_READING = int(sys.argv[1])
load, loaded = backend.load_keras, []
def counted():
    loaded.append("keras" in sys.modules)
    load()
backend.load_keras = counted
sys.argv[:2] = ["dlcli"]
from dlcli.cli import main
try:
    main()
finally:
    print("loaded beside:", len(loaded))
"""


def train_beside(folder: Path, long_reading: int, *, rows: str = "") -> subprocess.CompletedProcess[str]:
    table = "a,y\n" + "".join(f"{row},{3 * row}\n" for row in range(100)) + rows
    (folder / "t.csv").write_text(table, encoding="utf-8")
    (folder / "c.yaml").write_text(
        "data: {source: t.csv, target: y, prepare: [Normalization]}\nlayers: [Dense: 1]\n"
        "loss: mse\noptimizer: Adam\ntrain: {epochs: 2}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-c", BESIDE, str(long_reading), "train", "c.yaml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_keras_is_loaded_beside_long_reading_and_changes_nothing(tmp_path: Path) -> None:
    lines = []
    for name, long_reading, beside in (("short", 1 << 40, 0), ("long", 1, 1)):
        folder = tmp_path / name
        folder.mkdir()
        done = train_beside(folder, long_reading)
        assert done.returncode == 0, done.stderr
        assert f"loaded beside: {beside}" in done.stdout
        history = (folder / "runs" / "c" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        lines.append([{key: json.loads(line)[key] for key in ("train", "validation")} for line in history])
    assert len(lines[0]) == 2
    assert lines[0] == lines[1]


def test_data_that_cannot_be_read_is_told_while_keras_loads(tmp_path: Path) -> None:
    done = train_beside(tmp_path, 1, rows="1,2,3\n")
    assert done.returncode == 4
    assert "t.csv:102" in done.stderr
    assert "row 101 has 3 cells, the header has 2" in done.stderr
    assert not (tmp_path / "runs").exists()


HIDDEN = """
import json, sys, threading
from dlcli.training.setup import backend
seen = {}
def asked(where):
    try:
        import sklearn
        seen[where] = True
    except ImportError as error:
        seen[where] = error.name
with backend.quick_import():
    beside = threading.Thread(target=asked, args=("beside",))
    beside.start()
    beside.join()
    del sys.modules["sklearn"]
    asked("here")
    import pyarrow
    numbers = pyarrow.array([1, None]).fill_null(3).to_pylist()
asked("behind")
print(json.dumps({**seen, "numbers": numbers, "left": len([each for each in sys.meta_path if isinstance(each, backend.Hidden)])}))
"""


def test_what_keras_only_probes_is_hidden_from_its_thread_alone() -> None:
    done = subprocess.run([sys.executable, "-c", HIDDEN], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "beside": True,
        "here": "sklearn",
        "behind": True,
        "numbers": [1, 3],
        "left": 0,
    }


def test_text_is_read_beside_keras_too(tmp_path: Path) -> None:
    table = "a,y\n" + "".join(f"{row},{'uvw'[row % 3]}\n" for row in range(100))
    (tmp_path / "t.csv").write_text(table, encoding="utf-8")
    (tmp_path / "c.yaml").write_text(
        "data: {source: t.csv, target: y, prepare: [Normalization]}\nlayers: [Dense: {units: 3, activation: softmax}]\n"
        "loss: sparse_categorical_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-c", BESIDE, "1", "train", "c.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "loaded beside: 1" in done.stdout


class Source:
    """One that takes long to read, or not."""

    beside = True

    def __init__(self, size: int) -> None:
        self.size = size

    def memory(self) -> int:
        return self.size


def test_what_the_import_said_before_a_fork_goes_where_the_import_would_say_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    backend.start_keras(seed=0)  # which may say something itself
    capfd.readouterr()
    backend.said_before.append(b"said before\n")
    with backend.keras_loading(Source(backend.LONG_READING - 1)):  # type: ignore[arg-type]
        assert backend.said_before
    backend.start_keras(seed=0)
    assert capfd.readouterr().err == "said before\n"
    backend.said_before.append(b"said before\n")
    with backend.keras_loading(Source(backend.LONG_READING)):  # type: ignore[arg-type]
        pass
    assert backend.said_before == []
    assert capfd.readouterr().err == ""
