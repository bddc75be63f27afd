"""The start of Keras: what is left out is there when somebody asks for it."""

from __future__ import annotations

import json
import subprocess
import sys

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
said["legacy"] = f"{PUBLIC}compat.v1.nn" in sys.modules
from tensorflow.python.ops import array_ops
said["same"] = [
    tf.compat.v1.placeholder is array_ops.placeholder,
    tf.nn.relu is importlib.import_module("tensorflow.python.ops.gen_nn_ops").relu,
    tf.distribute.get_strategy() is not None,
    tf.lite.Interpreter.__name__ == "Interpreter",
    tf.compat.v1.nn.softmax(tf.zeros(2)).shape == (2,),
    tf.keras.layers.Dense is keras.layers.Dense,
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
    assert not said["legacy"]
    assert said["same"] == [True] * 6
    assert said["names"] > 1000
    assert said["error"].endswith("has no attribute 'no_such_thing'")
    assert said["matplotlib"] == "Figure"
