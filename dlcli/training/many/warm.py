"""What a process is to have imported before it forks trainings.

Keras is imported and nothing of TensorFlow's runtime is started: its threads would not be there in a fork. No operation runs
here, no device is asked for.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import tempfile
from pathlib import Path

from dlcli.config import config_of
from dlcli.training.setup import backend

TOGETHER = (
    "dlcli.data.assemble",
    "dlcli.data.sources.arrays.npz",
    "dlcli.data.sources.samples.bundled",
    "dlcli.data.sources.tables.csv",
    "dlcli.training.resume",
    "dlcli.training.train",
    "PIL.GimpGradientFile",
    "PIL.GimpPaletteFile",
    "PIL.ImageDraw",
    "PIL.ImageFont",
    "PIL.PaletteFile",
    "filelock",
    "h5py",
    "numpy.ma",
    "numpy.random",
    "tensorflow.python.distribute.merge_call_interim",
    "tensorflow.python.dlpack.dlpack",
)
"""What nearly every training imports besides Keras; what one does not find here it imports itself."""


SMALL = b"""
data: {source: digits, split: {validation: 0.1}, prepare: [Rescaling: {scale: 0.1}]}
layers: [Flatten, Dense: {units: 10, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: Adam
metrics: [accuracy]
train: {epochs: 1}
"""
"""A configuration, whose reading makes all that reads the next one."""


def warm_up() -> None:
    """Imports what trainings need, and keeps what libraries say of that for the log of each."""
    with tempfile.NamedTemporaryFile() as file:
        with backend.chatter_to(Path(file.name)):
            backend.load_keras()
        backend.said_before.append(file.read())
    with backend.chatter_to(None):
        for name in TOGETHER:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        with contextlib.suppress(Exception):
            config_of(SMALL, file="-")
    gc.collect()
    gc.freeze()
