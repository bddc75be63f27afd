"""What is run in a process of its own: the conversion of a SavedModel to 8 bits by samples of training.

    python -I calibrated.py SAVED_MODEL SAMPLES FILE

SAMPLES is an npz file of arrays (samples, …) by tensor, as `tensor NAME`. What calibrates ends the
process where it does not know an operation.
"""

import sys
from pathlib import Path
from typing import Any


def convert_calibrated(saved_model: str, samples: str, file: str) -> None:
    """Converts it."""
    import numpy as np
    import tensorflow as tf

    with np.load(samples) as arrays:
        inputs = {name.removeprefix("tensor "): arrays[name] for name in arrays.files}
    count = len(next(iter(inputs.values())))

    def one_at_a_time() -> Any:
        for row in range(count):
            yield {name: values[row : row + 1] for name, values in inputs.items()}

    converter = tf.lite.TFLiteConverter.from_saved_model(saved_model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = one_at_a_time
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    Path(file).write_bytes(converter.convert())


if __name__ == "__main__":
    convert_calibrated(*sys.argv[1:])
