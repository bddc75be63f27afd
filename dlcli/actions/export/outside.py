"""What is run in a process without dlcli: the example of an artefact, and then its answers to real samples, with their time.

    python -I outside.py FOLDER SAMPLES ANSWERS

SAMPLES and ANSWERS are npz files of arrays (samples, …): the inputs, and the outputs, in the order of schema.json.
Prints one JSON object: the seconds that a sample takes by itself.
"""

import contextlib
import io
import json
import runpy
import statistics
import sys
import time
from pathlib import Path

CALLS = 30
"""So many calls are timed, each of one sample, after one that is not."""


def answer_samples(folder: str, samples: str, answers: str) -> None:
    """Answers all samples."""
    import numpy as np

    schema = json.loads((Path(folder) / "schema.json").read_text("utf-8"))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        space = runpy.run_path(str(Path(folder) / "example.py"))
    if not printed.getvalue().strip():
        raise SystemExit("the example says nothing")
    with np.load(samples) as arrays:
        inputs = {each["name"]: arrays[f"arr_{number}"] for number, each in enumerate(schema["inputs"])}
    said = space["answers"](inputs)
    np.savez(answers, *[np.asarray(said[each["name"]]) for each in schema["outputs"]])
    one = {name: values[:1] for name, values in inputs.items()}
    times = []
    for _ in range(CALLS + 1):
        began = time.perf_counter()
        space["answers"](one)
        times.append(time.perf_counter() - began)
    foreign = sorted(name for name in sys.modules if name == "dlcli" or name.startswith("dlcli."))
    sys.stdout.write(json.dumps({"seconds": statistics.median(times[1:]), "dlcli": foreign}))


if __name__ == "__main__":
    answer_samples(*sys.argv[1:])
