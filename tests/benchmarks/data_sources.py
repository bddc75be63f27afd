"""How fast samples come from each source, and in how much memory, beside the plain way of reading them by hand.

    python tests/benchmarks/data_sources.py [--megabytes 200] [--pairs 3] [SOURCE ...]

Each way runs in a process of its own, the two in turn. dlcli streams (`data.stream: true`); the plain way is what a person
would write: pandas or NumPy with everything in memory, or tf.data. Both go once through all training samples in shuffled
batches of float32. Needs pandas.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 256
FEATURES = 20
SIDE = 128


def table(rows: int) -> dict[str, Any]:
    """Twenty columns of numbers, one of names, and a class."""
    generator = np.random.default_rng(0)
    columns: dict[str, Any] = {f"x{index}": generator.normal(size=rows).round(5) for index in range(FEATURES)}
    columns["colour"] = np.array(["red", "green", "blue"])[generator.integers(0, 3, rows)]
    columns["y"] = (columns["x0"] + columns["x1"] > 0).astype(np.int64)
    return columns


def make_csv(folder: Path, size: int) -> None:
    import pyarrow.csv

    pyarrow.csv.write_csv(arrow_table(size // 190), folder / "t.csv")


def make_parquet(folder: Path, size: int) -> None:
    import pyarrow.parquet

    pyarrow.parquet.write_table(arrow_table(size // 130), folder / "t.parquet", row_group_size=50_000)


def make_jsonl(folder: Path, size: int) -> None:
    import pandas

    pandas.DataFrame(table(size // 330)).to_json(folder / "t.jsonl", orient="records", lines=True)


def arrow_table(rows: int) -> Any:
    import pyarrow

    return pyarrow.table(table(rows))


def make_npy(folder: Path, size: int) -> None:
    rows = size // (4 * 100)
    np.save(folder / "x.npy", np.random.default_rng(0).standard_normal((rows, 100), dtype=np.float32))
    np.save(folder / "y.npy", np.arange(rows) % 2)


def make_hdf5(folder: Path, size: int) -> None:
    import h5py

    make_npy(folder, size)
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("x", data=np.load(folder / "x.npy"), chunks=(1000, 100))
        file["y"] = np.load(folder / "y.npy")


def make_images(folder: Path, size: int) -> None:
    from PIL import Image

    generator = np.random.default_rng(0)
    for number in range(max(200, size // 12_000)):
        target = folder / "photos" / "ab"[number % 2]
        target.mkdir(parents=True, exist_ok=True)
        smooth = np.kron(generator.integers(0, 255, (16, 16, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
        noisy = np.clip(smooth + generator.normal(0, 10, smooth.shape), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(target / f"{number}.jpg", quality=90)


def make_audio(folder: Path, size: int) -> None:
    for number in range(max(200, size // 32_000)):
        target = folder / "sounds" / "ab"[number % 2]
        target.mkdir(parents=True, exist_ok=True)
        with wave.open(str(target / f"{number}.wav"), "wb") as sound:
            sound.setparams((1, 2, 16000, 0, "NONE", ""))
            sound.writeframes(np.random.default_rng(number).integers(-9999, 9999, 16000).astype("<i2").tobytes())


def make_tfrecord(folder: Path, size: int) -> None:
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(folder / "r.tfrecord")) as writer:
        for number in range(size // 460):
            values = tf.train.FloatList(value=np.random.default_rng(number).normal(size=100))
            label = tf.train.Int64List(value=[number % 2])
            features = {"x": tf.train.Feature(float_list=values), "y": tf.train.Feature(int64_list=label)}
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


RECORDS = {"x": {"shape": [100]}, "y": "int64"}
SOURCES: dict[str, tuple[Callable[[Path, int], None], Callable[[Path], dict[str, Any]]]] = {
    "csv": (make_csv, lambda folder: {"source": str(folder / "t.csv"), "target": "y"}),
    "parquet": (make_parquet, lambda folder: {"source": str(folder / "t.parquet"), "target": "y"}),
    "jsonl": (make_jsonl, lambda folder: {"source": str(folder / "t.jsonl"), "target": "y"}),
    "npy": (
        make_npy,
        lambda folder: {"source": {"npy": {"path": str(folder / "x.npy"), "target": str(folder / "y.npy")}}},
    ),
    "hdf5": (make_hdf5, lambda folder: {"source": str(folder / "a.h5")}),
    "images": (make_images, lambda folder: {"source": {"images": str(folder / "photos")}}),
    "audio": (make_audio, lambda folder: {"source": {"audio": str(folder / "sounds")}}),
    "tfrecord": (
        make_tfrecord,
        lambda folder: {
            "source": {"tfrecord": {"path": str(folder / "r.tfrecord"), "features": RECORDS}},
            "target": "y",
        },
    ),
}


def ours(name: str, folder: Path) -> Iterator[int]:
    """The samples of each batch, once the data has been looked through."""
    from dlcli.config.language import Language
    from dlcli.data import Data
    from dlcli.data.fields.order import order
    from dlcli.training.engine.read_ahead import batch_blocks
    from dlcli.training.setup.feed import Feed

    block = {**SOURCES[name][1](folder), "stream": True, "split": {"validation": 0.0, "test": 0.0}}
    dataset = Data.model_validate(block, context=Language()).load(seed=0)
    feed = Feed(dataset.splits["train"], None, dataset.schema.targets)
    yield 0
    for rows, inputs, _ in batch_blocks(
        feed, order(len(feed), seed=0, epoch=0, layout=dataset.chunks), batch_size=BATCH
    ):
        assert all(len(values) == len(rows) for values in inputs.values())
        yield len(rows)


def by_hand(name: str, folder: Path) -> Iterator[int]:
    """The same, as a person would write it."""
    if name in {"images", "audio", "tfrecord"}:
        yield 0
        for batch in tensorflow_data(name, folder):
            yield len(batch[0])
        return
    if name in {"npy", "hdf5"}:
        import h5py

        x = np.load(folder / "x.npy", mmap_mode="r") if name == "npy" else h5py.File(folder / "a.h5")["x"][:]
    else:
        import pandas

        frame = {
            "csv": lambda: pandas.read_csv(folder / "t.csv"),
            "parquet": lambda: pandas.read_parquet(folder / "t.parquet"),
            "jsonl": lambda: pandas.read_json(folder / "t.jsonl", lines=True),
        }[name]()
        x = pandas.get_dummies(frame.drop(columns="y")).to_numpy("float32")
    yield 0
    shuffled = np.random.default_rng(0).permutation(len(x))
    for start in range(0, len(x), BATCH):
        yield len(np.asarray(x[shuffled[start : start + BATCH]], np.float32))


def tensorflow_data(name: str, folder: Path) -> Any:
    """A pipeline of tf.data."""
    import tensorflow as tf

    many = tf.data.AUTOTUNE
    if name == "tfrecord":
        spec = {"x": tf.io.FixedLenFeature([100], tf.float32), "y": tf.io.FixedLenFeature([], tf.int64)}
        records = tf.data.TFRecordDataset(str(folder / "r.tfrecord")).shuffle(10_000).batch(BATCH)
        return records.map(lambda batch: tuple(tf.io.parse_example(batch, spec).values()), many).prefetch(many)
    files = sorted(map(str, (folder / ("photos" if name == "images" else "sounds")).rglob("*.*")))

    def read(file: Any) -> Any:
        content = tf.io.read_file(file)
        if name == "audio":
            return (tf.audio.decode_wav(content)[0],)
        return (tf.cast(tf.ensure_shape(tf.io.decode_jpeg(content, channels=3), [SIDE, SIDE, 3]), tf.float32),)

    return tf.data.Dataset.from_tensor_slices(files).shuffle(len(files)).map(read, many).batch(BATCH).prefetch(many)


def child(way: str, name: str, folder: Path) -> None:
    """One way in this process: prints seconds before the first batch, seconds of all batches, samples, peak bytes."""
    started = time.monotonic()
    batches = (ours if way == "ours" else by_hand)(name, folder)
    next(batches)
    ready = time.monotonic()
    samples = sum(batches)
    ended = time.monotonic()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"look": ready - started, "epoch": ended - ready, "samples": samples, "peak": peak}))


def measured(way: str, name: str, folder: Path) -> dict[str, float]:
    """One run of one way."""
    command = [sys.executable, __file__, "--child", way, name, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sources", nargs="*", default=list(SOURCES))
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--child", nargs=3)
    parser.add_argument("--make", nargs=3)
    given = parser.parse_args()
    if given.make:
        SOURCES[given.make[0]][0](Path(given.make[1]), int(given.make[2]) * 1_000_000)
        return
    if given.child:
        child(given.child[0], given.child[1], Path(given.child[2]))
        return
    print(f"median of {given.pairs} pairs; MB of the file a second over the whole of one run, and of an epoch alone")
    whole, epoch, peak = (f"{what}: dlcli | by hand" for what in ("whole", "an epoch", "peak memory"))
    print(f"| source | file | {whole} | ratio | {epoch} | {peak} |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in given.sources:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            # A child's peak counts what its parent held, so that the data is made in a process of its own.
            subprocess.run([sys.executable, __file__, "--make", name, made, str(given.megabytes)], check=True)
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
            pairs = [(measured("ours", name, folder), measured("hand", name, folder)) for _ in range(given.pairs)]
            print(row(name, size, pairs), flush=True)


def row(name: str, size: float, pairs: list[tuple[dict[str, float], dict[str, float]]]) -> str:
    """A line of the table."""
    assert len({each["samples"] for pair in pairs for each in pair}) == 1, "both ways see all samples"

    def median(way: int, *keys: str) -> float:
        return statistics.median(sum(pair[way][key] for key in keys) for pair in pairs)

    ratio = statistics.median((hand["look"] + hand["epoch"]) / (own["look"] + own["epoch"]) for own, hand in pairs)
    whole = [size / median(way, "look", "epoch") for way in (0, 1)]
    epoch = [size / median(way, "epoch") for way in (0, 1)]
    peak = [median(way, "peak") / 1e6 for way in (0, 1)]
    cells = [
        f"{size:.0f} MB",
        *(f"{each:.0f} MB/s" for each in whole),
        f"{ratio:.2f}",
        *(f"{each:.0f} MB/s" for each in epoch),
        *(f"{each:.0f} MB" for each in peak),
    ]
    return f"| `{name}` | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
