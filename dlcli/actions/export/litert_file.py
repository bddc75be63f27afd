"""The exporter `litert`: a .tflite file for phones and small devices, one sample at a time, its numbers whole or in 8 bits."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.export.apart import run_apart
from dlcli.actions.export.exporter import FLOAT, Exporter, Writing
from dlcli.actions.export.forms import Form
from dlcli.actions.export.saved_model import archive_of

if TYPE_CHECKING:
    from dlcli.actions.export.whole import Whole

DYNAMIC, INT8 = "dynamic", "int8"
NAMED = "tensor "
"""What stands before the names of arrays in a file of samples: some of NumPy's own arguments have names too."""
CALIBRATED = Path(__file__).with_name("calibrated.py")
ONE = Form(names=False, texts=False, numbers="float32", batch=1)


def write_litert(whole: Whole, writing: Writing) -> Whole:
    """Converts it; `dynamic` keeps weights in 8 bits, `int8` also what is reckoned with them, by samples of training."""
    import numpy as np
    import tensorflow as tf

    with tempfile.TemporaryDirectory(prefix="dlcli-export-") as place:
        folder, samples = Path(place) / "model", Path(place) / "samples.npz"
        archive_of(whole).write_out(folder, verbose=False)
        if writing.variant == INT8:
            by_name = writing.representative or {}
            arrays: Any = {f"{NAMED}{each.tensor}": by_name[each.name] for each in whole.inputs}
            np.savez(samples, **arrays)
            run_apart(CALIBRATED, folder, samples, writing.path)
            return whole
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
        if writing.variant == DYNAMIC:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        writing.path.write_bytes(converter.convert())
    return whole


def open_litert(path: Path) -> None:
    """Opens it in the interpreter, which then knows all its operations."""
    from ai_edge_litert.interpreter import Interpreter

    Interpreter(model_path=str(path)).allocate_tensors()


LITERT = Exporter(
    word="litert",
    file="model.tflite",
    forms=(ONE, replace(ONE, unrolled=True), replace(ONE, prepared=True), replace(ONE, prepared=True, unrolled=True)),
    write=write_litert,
    opened=open_litert,
    imports=("import numpy as np", "from ai_edge_litert.interpreter import Interpreter"),
    loading=(
        'interpreter = Interpreter(model_path=str(folder / "model.tflite"))',
        "model = interpreter.get_signature_runner()",
        'tensors = {each["name"]: each["tensor"] for each in schema["inputs"] + schema["outputs"]}',
    ),
    answering=(
        "count = len(next(iter(inputs.values())))  # it takes one sample at a time",
        "ones = [{tensors[name]: values[row : row + 1] for name, values in inputs.items()} for row in range(count)]",
        "said = [model(**one) for one in ones]",
        'return {each["name"]: np.concatenate([one[each["tensor"]] for one in said]) for each in schema["outputs"]}',
    ),
    install="ai-edge-litert numpy",
    packages={"ai_edge_litert": "litert"},
    variants=(FLOAT, DYNAMIC, INT8),
)
