"""How fast dlcli trains beside the script that a person would write, and beside the peers that are installed.

    python tests/benchmarks/training.py [--pairs 3] [--peers PYTHON] [WORK ...]

Each way runs in a process of its own, the ways in turn. Two things are measured: the whole process from start to finish, and
the training alone, without import and set-up, of dlcli in a longer run with many steps ahead. `--peers` is the Python in
which PyTorch Lightning and scikit-learn are installed. Every figure is a ratio over the Keras script of the same round; the
median of all rounds is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Work:
    """A model on data: `layers` as dlcli has them, `keras` and `torch` the same in code; goals are ratios, None for none."""

    samples: int
    shape: tuple[int, ...]
    layers: list[Any]
    keras: str
    torch: str
    batch: int
    epochs: int
    long: int
    """Epochs of the second measurement, in which many steps are ahead."""
    whole_goal: float
    steps_goal: float
    hidden: tuple[int, ...] | None = None
    """The layers of scikit-learn's MLP, where it can be one."""
    kind: str = "npz"
    """What the data lies in: `npz`, a folder of `images`, or `npy` files."""
    data_limit: int | None = None
    """Bytes of memory of its own that dlcli may have (`ulimit -d`); the script is given all there is."""


def dense(units: int, activation: str) -> dict[str, Any]:
    return {"Dense": {"units": units, "activation": activation}}


CONVOLUTIONS = [
    {"Conv2D": {"filters": 16, "kernel_size": 3, "activation": "relu"}},
    "MaxPooling2D",
    {"Conv2D": {"filters": 32, "kernel_size": 3, "activation": "relu"}},
    "MaxPooling2D",
    "Flatten",
    dense(10, "softmax"),
]
WORKS = {
    "digits MLP 64-64-10": Work(
        1257,
        (64,),
        [dense(64, "relu"), dense(64, "relu"), dense(10, "softmax")],
        "L.Dense(64, 'relu'), L.Dense(64, 'relu'), L.Dense(10, 'softmax')",
        "N.Linear(64, 64), N.ReLU(), N.Linear(64, 64), N.ReLU(), N.Linear(64, 10)",
        batch=32,
        epochs=20,
        long=250,
        whole_goal=3.0,
        steps_goal=10.0,
        hidden=(64, 64),
    ),
    "MLP 784-512-10": Work(
        60_000,
        (784,),
        [dense(512, "relu"), dense(10, "softmax")],
        "L.Dense(512, 'relu'), L.Dense(10, 'softmax')",
        "N.Linear(784, 512), N.ReLU(), N.Linear(512, 10)",
        batch=128,
        epochs=5,
        long=12,
        whole_goal=2.4,
        steps_goal=3.0,
        hidden=(512,),
    ),
    "small CNN 28x28": Work(
        20_000,
        (28, 28, 1),
        CONVOLUTIONS,
        "L.Conv2D(16, 3, activation='relu'), L.MaxPooling2D(), L.Conv2D(32, 3, activation='relu'), L.MaxPooling2D(), "
        "L.Flatten(), L.Dense(10, 'softmax')",
        "N.Conv2d(1, 16, 3), N.ReLU(), N.MaxPool2d(2), N.Conv2d(16, 32, 3), N.ReLU(), N.MaxPool2d(2), N.Flatten(), "
        "N.Linear(800, 10)",
        batch=128,
        epochs=2,
        long=3,
        whole_goal=1.7,
        steps_goal=1.2,
    ),
    "LSTM 30x16": Work(
        4_000,
        (30, 16),
        [{"LSTM": {"units": 64}}, dense(10, "softmax")],
        "L.LSTM(64), L.Dense(10, 'softmax')",
        "",
        batch=64,
        epochs=4,
        long=8,
        whole_goal=1.0,
        steps_goal=1.1,
    ),
    "table of a million rows": Work(
        1_000_000,
        (20,),
        [dense(64, "relu"), dense(10, "softmax")],
        "L.Dense(64, 'relu'), L.Dense(10, 'softmax')",
        "N.Linear(20, 64), N.ReLU(), N.Linear(64, 10)",
        batch=256,
        epochs=1,
        long=2,
        whole_goal=1.0,
        steps_goal=1.0,
        hidden=(64,),
    ),
    "folder of 20,000 images": Work(
        20_000,
        (64, 64, 3),
        CONVOLUTIONS,
        "L.Rescaling(1 / 255), L.Conv2D(16, 3, activation='relu'), L.MaxPooling2D(), L.Conv2D(32, 3, activation='relu'), "
        "L.MaxPooling2D(), L.Flatten(), L.Dense(10, 'softmax')",
        "",
        batch=128,
        epochs=2,
        long=2,
        whole_goal=1.0,
        steps_goal=1.0,
        kind="images",
    ),
    "3.2 GB in 2 GB of memory": Work(
        8_000_000,
        (100,),
        [dense(64, "relu"), dense(10, "softmax")],
        "L.Dense(64, 'relu'), L.Dense(10, 'softmax')",
        "",
        batch=512,
        epochs=1,
        long=1,
        whole_goal=1.0,
        steps_goal=1.0,
        kind="npy",
        data_limit=2 << 30,
    ),
}

READ = {
    "npz": """
data = np.load("data.npz")
x, y = data["x"], data["y"]
given = dict(x=x[{held}:], y=y[{held}:], batch_size={batch}, validation_data=(x[:{held}], y[:{held}]))
""",
    "npy": """
x, y = np.load("x.npy"), np.load("y.npy")
given = dict(x=x[{held}:], y=y[{held}:], batch_size={batch}, validation_data=(x[:{held}], y[:{held}]))
""",
    "images": """
train, validation = keras.utils.image_dataset_from_directory(
    "pictures", validation_split=0.1, subset="both", seed=0, image_size=(64, 64), batch_size={batch}, verbose=False)
given = dict(x=train.prefetch(2), validation_data=validation.prefetch(2))
""",
}
KERAS = """
import sys, time
import numpy as np, keras
from keras import layers as L
{read}
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input({shape}), {keras}])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
epochs = int(sys.argv[1])
started = time.perf_counter()
model.fit(**given, epochs=epochs, verbose=0)
print(time.perf_counter() - started)
model.save("script.keras")
"""
TORCH = """
import sys, time, logging, warnings
import numpy as np, torch, lightning
from torch import nn as N
warnings.filterwarnings("ignore"); logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
data = np.load("data.npz")
x, y = torch.tensor(data["x"]), torch.tensor(data["y"])
if x.ndim == 4: x = x.permute(0, 3, 1, 2).contiguous()
class Model(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = N.Sequential({torch})
    def training_step(self, batch, number): return N.functional.cross_entropy(self.net(batch[0]), batch[1])
    def validation_step(self, batch, number): self.log("val_loss", N.functional.cross_entropy(self.net(batch[0]), batch[1]))
    def configure_optimizers(self): return torch.optim.Adam(self.parameters())
def loader(part, shuffle):
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x[part], y[part]), {batch}, shuffle=shuffle)
started = time.perf_counter()
trainer = lightning.Trainer(max_epochs=int(sys.argv[1]), enable_progress_bar=False, enable_model_summary=False, logger=False,
                            accelerator="cpu")
trainer.fit(Model(), loader(slice({held}, None), True), loader(slice({held}), False))
print(time.perf_counter() - started)
"""
SKLEARN = """
import sys, time, warnings
import numpy as np
from sklearn.neural_network import MLPClassifier
warnings.filterwarnings("ignore")
data = np.load("data.npz")
model = MLPClassifier({hidden}, batch_size={batch}, max_iter=int(sys.argv[1]), tol=0, n_iter_no_change=10**6)
started = time.perf_counter()
model.fit(data["x"].reshape(len(data["x"]), -1)[{held}:], data["y"][{held}:])
print(time.perf_counter() - started)
"""


def write_npz(folder: Path, work: Work) -> dict[str, Any]:
    """Ten classes that a few numbers tell apart, and the step 1 that reads them."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, 10, work.samples)
    x = generator.normal(size=(work.samples, *work.shape)).astype(np.float32)
    x.reshape(work.samples, -1)[:, :10] += 2 * np.eye(10, dtype=np.float32)[y]
    np.savez(folder / "data.npz", x=x, y=y)
    return {"source": {"npz": {"path": "data.npz"}}}


def write_npy(folder: Path, work: Work) -> dict[str, Any]:
    """The same, as files that may be larger than memory."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, 10, work.samples)
    np.save(folder / "y.npy", y)
    x = np.lib.format.open_memmap(folder / "x.npy", mode="w+", dtype=np.float32, shape=(work.samples, *work.shape))
    for start in range(0, work.samples, 100_000):
        part = generator.normal(size=(len(x[start : start + 100_000]), *work.shape)).astype(np.float32)
        part[:, :10] += 2 * np.eye(10, dtype=np.float32)[y[start : start + 100_000]]
        x[start : start + 100_000] = part
    x.flush()
    return {"source": {"npy": {"path": "x.npy", "target": "y.npy"}}}


def write_images(folder: Path, work: Work) -> dict[str, Any]:
    """Ten folders of JPEG files, each class of a brightness of its own."""
    from PIL import Image

    generator = np.random.default_rng(0)
    for number in range(work.samples):
        place = folder / "pictures" / f"class{number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        small = generator.integers(0, 100, (8, 8, 3)) + 15 * (number % 10)
        picture = Image.fromarray(small.astype(np.uint8)).resize(work.shape[:2], Image.Resampling.BICUBIC)
        picture.save(place / f"{number}.jpg", quality=85)
    return {"source": {"images": "pictures"}, "prepare": [{"Rescaling": {"scale": 1 / 255}}]}


MAKE = {"npz": write_npz, "npy": write_npy, "images": write_images}


def prepare(folder: Path, work: Work) -> None:
    """Data, configuration and scripts of a work. A tenth of the samples validates."""
    config = {
        "data": {**MAKE[work.kind](folder, work), "split": {"validation": 0.1, "test": 0.0}},
        "layers": work.layers,
        "loss": "sparse_categorical_crossentropy",
        "optimizer": "Adam",
        "metrics": ["accuracy"],
        "train": {"epochs": work.epochs, "batch_size": work.batch},
    }
    (folder / "experiment.yaml").write_text(json.dumps(config))
    values = {
        "read": READ[work.kind],
        "shape": work.shape,
        "keras": work.keras,
        "torch": work.torch,
        "batch": work.batch,
        "held": work.samples // 10,
        "hidden": work.hidden,
    }
    for name, script in (("keras", KERAS), ("lightning", TORCH), ("sklearn", SKLEARN)):
        for key, value in values.items():
            script = script.replace("{" + key + "}", str(value))
        (folder / f"script_{name}.py").write_text(textwrap.dedent(script))


def run(folder: Path, command: list[str], *, data_limit: int | None = None) -> tuple[float, str, float]:
    """Seconds, standard output and peak memory in megabytes of a process; its own data may have a limit in bytes."""

    def limited() -> None:
        if data_limit is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (data_limit, data_limit))

    out, err = folder / "out.txt", folder / "err.txt"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=stdout, stderr=stderr, preexec_fn=limited)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command}: {err.read_text()[-600:]}")
    return seconds, out.read_text(), usage.ru_maxrss / 1024


def once(folder: Path, way: str, epochs: int, peers: str, work: Work) -> tuple[float, float, float]:
    """Seconds of the whole process, of training alone, and peak memory in megabytes."""
    if way == "dlcli":
        command = [sys.executable, "-m", "dlcli", "train", "experiment.yaml", "--epochs", str(epochs), "--json", "-q"]
        seconds, said, memory = run(folder, command, data_limit=work.data_limit)
        return seconds, float(json.loads(said)["seconds"]), memory
    python = sys.executable if way == "keras" else peers
    seconds, said, memory = run(folder, [python, f"script_{way}.py", str(epochs)])
    return seconds, float(said.split()[-1]), memory


def ratios(script: list[float], way: list[float]) -> float:
    """How many times as fast as the script a way is: the median over the rounds."""
    return statistics.median(one / other for one, other in zip(script, way, strict=True))


def measure(name: str, pairs: int, peers: str) -> None:
    """The rows of one work."""
    work = WORKS[name]
    ways = ["keras", "dlcli"]
    if peers:
        ways += ["lightning"] * bool(work.torch) + ["sklearn"] * bool(work.hidden)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        prepare(folder, work)
        whole: dict[str, list[float]] = {way: [] for way in ways}
        alone: dict[str, list[float]] = {way: [] for way in ways}
        memory: dict[str, list[float]] = {way: [] for way in ways}
        long: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(pairs):
            for way in ways:
                seconds, training, peak = once(folder, way, work.epochs, peers, work)
                whole[way].append(seconds)
                alone[way].append(training)
                memory[way].append(peak)
            for way in ways[:2] if work.long > work.epochs else ():
                long[way].append(once(folder, way, work.long, peers, work)[1])
        for way in ways[1:]:
            ratio = ratios(whole["keras"], whole[way])
            steps = ratios(long["keras"], long[way]) if long[way] else ratios(alone["keras"], alone[way])
            of_memory = statistics.median(memory[way]) / statistics.median(memory["keras"])
            goals = (f"{work.whole_goal}", f"{work.steps_goal}") if way == "dlcli" else ("", "")
            seconds = statistics.median(whole[way])
            cells = [
                name,
                way,
                f"{seconds:.1f} s",
                f"{ratio:.2f}",
                goals[0],
                f"{steps:.2f}",
                goals[1],
                f"{of_memory:.2f}",
            ]
            print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("works", nargs="*", metavar="WORK", choices=[[], *WORKS])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--peers", default="", metavar="PYTHON")
    given = parser.parse_args()
    print("| training | way | seconds | whole process | goal | steps alone | goal | memory |")
    print("|---|---|---|---|---|---|---|---|")
    for name in given.works or WORKS:
        measure(name, given.pairs, given.peers)


if __name__ == "__main__":
    main()
