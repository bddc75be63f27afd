"""The exporter `saved_model`: a folder that TensorFlow loads without Keras, with one endpoint, `serve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.export.exporter import Exporter, Writing
from dlcli.actions.export.forms import Form

if TYPE_CHECKING:
    from dlcli.actions.export.whole import Whole


def write_saved_model(whole: Whole, writing: Writing) -> Whole:
    """Writes the folder."""
    archive_of(whole).write_out(writing.path, verbose=False)
    return whole


def archive_of(whole: Whole) -> Any:
    """A model with its endpoint, which takes inputs and gives answers by name."""
    import keras

    archive = keras.export.ExportArchive()
    archive.track(whole.model)
    archive.add_endpoint("serve", lambda inputs: whole.model(inputs, training=False), [whole.specs()])
    return archive


def open_saved_model(path: Path) -> None:
    """Loads it."""
    import tensorflow as tf

    tf.saved_model.load(path)


SAVED_MODEL = Exporter(
    word="saved_model",
    file="model",
    forms=(Form(), Form(prepared=True)),
    write=write_saved_model,
    opened=open_saved_model,
    imports=("import numpy as np", "import tensorflow as tf"),
    loading=('model = tf.saved_model.load(folder / "model")',),
    answering=(
        "said = model.serve({name: tf.constant(values) for name, values in inputs.items()})",
        "return {name: values.numpy() for name, values in said.items()}",
    ),
    install="tensorflow",
)
