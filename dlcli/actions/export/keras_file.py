"""The exporter `keras`: a .keras file of Keras's own layers alone, which plain Keras loads in safe mode."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dlcli.actions.export.exporter import Exporter, Writing
from dlcli.actions.export.forms import Form

if TYPE_CHECKING:
    from dlcli.actions.export.whole import Whole


def write_keras(whole: Whole, writing: Writing) -> Whole:
    """Writes the file."""
    whole.model.save(writing.path)
    return whole


def open_keras(path: Path) -> None:
    """Loads it as plain Keras would."""
    import keras

    keras.saving.load_model(path, compile=False, safe_mode=True)


KERAS = Exporter(
    word="keras",
    file="model.keras",
    forms=(Form(), Form(prepared=True)),
    write=write_keras,
    opened=open_keras,
    imports=("import keras", "import numpy as np", "import tensorflow as tf"),
    loading=(
        'model = keras.saving.load_model(folder / "model.keras", compile=False)',
        "graph = tf.function(lambda inputs: model(inputs, training=False), autograph=False, reduce_retracing=True)",
    ),
    answering=(
        "said = graph({name: tf.constant(values) for name, values in inputs.items()})",
        "return {name: values.numpy() for name, values in said.items()}",
    ),
    install="keras tensorflow",
)
