"""Writes one small file or folder of every kind, named as in docs/data.md."""

from __future__ import annotations

import json
import math
import wave
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import openpyxl
import pyarrow
import pyarrow.parquet
from PIL import Image

KINDS = ["rose", "lily", "tulip"]
ROWS = 60


def class_folders(
    folder: Path, names: Mapping[str, str], write: Callable[[Path, int, int], object], *, files: int = 10
) -> Path:
    """A folder with a sub-folder a class, whose files are named after a pattern such as `{}.png`.

    `write(path, label, number)` makes one of them; `label` counts the classes, `number` the files in each.
    """
    for label, (name, pattern) in enumerate(names.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(files):
            write(folder / name / pattern.format(number), label, number)
    return folder


def write_examples(folder: Path) -> None:
    """All of them; TensorFlow is needed for the records."""
    write_tables(folder)
    write_arrays(folder)
    write_folders(folder)
    write_records(folder / "train-0.tfrecord")
    (folder / "mine.py").write_text("import numpy as np\n\n\ndef load():\n    return np.eye(60), np.arange(60) % 3\n")


def write_tables(folder: Path) -> None:
    """Flowers as csv, parquet, jsonl and xlsx; people; drinks in Korean; the weather."""
    rows = [{"length": row * 7 % 11 / 2, "width": row * 5 % 7, "species": KINDS[row % 3]} for row in range(ROWS)]
    lines = ["length,width,species", *(f"{each['length']},{each['width']},{each['species']}" for each in rows)]
    for name in ("flowers", "more", "test"):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    (folder / "smells.csv").write_text("\n".join(["smell", *(str(row % 5) for row in range(ROWS))]) + "\n")
    columns = {name: [each[name] for each in rows] for name in rows[0]}
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "flowers.parquet", row_group_size=25)
    (folder / "flowers.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in rows))
    book = openpyxl.Workbook()
    for row in [list(columns), *(list(each.values()) for each in rows)]:
        book.active.append(row)
    book.save(folder / "flowers.xlsx")
    (folder / "자료").mkdir()
    for part in range(2):
        drinks = "".join(f"{150 + row};{'물차'[row % 2]}\n" for row in range(30))
        (folder / "자료" / f"{part}.csv").write_bytes(f"키;음료\n{drinks}".encode("cp949"))
    (folder / "answer.json").write_text(json.dumps({"data": {"items": rows}}))
    types = "\t".join("d" if name == "species" else "c" for name in columns)
    roles = "\t".join("class" if name == "species" else "" for name in columns)
    lines = ("\t".join(map(str, each.values())) for each in rows)
    (folder / "flowers.tab").write_text("\n".join(["\t".join(columns), types, roles, *lines]))
    motions = "\n".join(f"{row},1,{row % 3}:0,{row},2:{'uv'[row % 2]}" for row in range(60))
    (folder / "motions.ts").write_text(f"@classLabel true u v\n@data\n{motions}\n")
    station = "\n".join(f"  {row}   {row % 7 / 2}\t{'uv'[row % 2]}" for row in range(60))
    (folder / "station.txt").write_text(f"station 4711\n# degrees\n{station}\n")
    people = "".join(
        f"{150 + row},{50 + row % 9},나는 {['산', '바다'][row % 2]} 좋다 {row},{'물차술'[row % 3]},{20 + row}\n"
        for row in range(ROWS)
    )
    (folder / "people.csv").write_text(f"키,몸무게,소개,음료,나이\n{people}", encoding="utf-8")
    hours = "".join(
        f"2024-01-{1 + hour // 24:02d} {hour % 24:02d}:00,{math.sin(hour / 4):.3f}\n" for hour in range(300)
    )
    (folder / "weather.csv").write_text(f"hour,degrees\n{hours}")
    visits = [(patient, visit) for patient in range(40) for visit in range(2 + patient % 5)]
    rows = [f"p{patient},{60 + visit * 7 % 40},{90 + patient % 9},{'tw'[patient % 2]}" for patient, visit in visits]
    (folder / "patients.csv").write_text("\n".join(["patient,pulse,oxygen,state", *rows]))


def write_arrays(folder: Path) -> None:
    """The same arrays as npz, npy and hdf5."""
    x, y = np.random.default_rng(0).normal(size=(ROWS, 4)), np.arange(ROWS) % 3
    np.savez(folder / "arrays.npz", x=x, y=y)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    with h5py.File(folder / "arrays.h5", "w") as file:
        file["group/x"], file["y"] = x, y


def write_folders(folder: Path) -> None:
    """Pictures, masks, texts and sounds, and a book."""
    (folder / "book.txt").write_text("".join(f"Chapter {row}. A {KINDS[row % 3]} is a rose.\n" for row in range(ROWS)))
    rows = []
    for row in range(ROWS):
        name, where = KINDS[row % 3], f"{KINDS[row % 3]}/{row}"
        for kind in ("photos", "reviews", "sounds"):
            (folder / kind / name).mkdir(parents=True, exist_ok=True)
        pixels = np.full((10, 12, 3), (row % 3) * 80, np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / f"{where}.png")
        rows.append(f"photos/{where}.png,{name}\n")
        (folder / "reviews" / f"{where}.txt").write_text(f"a {name} is a {name}")
        with wave.open(str(folder / "sounds" / f"{where}.wav"), "wb") as sound:
            sound.setparams((1, 2, 4000, 0, "NONE", ""))
            sound.writeframes((10000 * np.sin(np.arange(1500 + row) * (1 + row % 3) / 4)).astype("<i2").tobytes())
    (folder / "photos.csv").write_text("file,kind\n" + "".join(rows))
    for kind in ("pictures", "masks", "trimaps"):
        (folder / kind).mkdir()
    for row in range(ROWS):
        mask = np.zeros((8, 8), np.uint8)
        mask[row % 5 : row % 5 + 3, 2:5] = 255
        Image.fromarray(mask // 2 + row).save(folder / "pictures" / f"{row}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{row}.png")
        mask[row % 5 : row % 5 + 3, 2:5] = [1, 3, 2]
        mask[7] = 255
        Image.fromarray(mask).save(folder / "trimaps" / f"{row}.png")


def write_records(path: Path) -> None:
    """Records with an image of raw bytes and a label."""
    import tensorflow as tf

    def feature(row: int) -> dict[str, Any]:
        pixels = np.full((8, 8), row, np.uint8).tobytes()
        return {
            "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[pixels])),
            "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[row % 3])),
        }

    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in range(ROWS):
            example = tf.train.Example(features=tf.train.Features(feature=feature(row)))
            writer.write(example.SerializeToString())
