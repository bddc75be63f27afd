"""A file that a configuration names and that is missing, a folder, or of another form is told with the place that names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.data.sources import SOURCES

Run = Callable[..., Any]
JUNK = bytes(range(256)) * 20
REST = """\
layers: [{Dense: {units: 3, activation: softmax}}]
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""
OF_TABLE = {
    "audio": ("folder", ""),
    "csv": (".csv", ", separator: ';'"),
    "excel": (".xlsx", ""),
    "hdf5": (".h5", ", inputs: x, target: y"),
    "images": ("folder", ""),
    "json": (".json", ""),
    "jsonl": (".jsonl", ""),
    "npy": (".npy", ", target: y.npy"),
    "npz": (".npz", ""),
    "parquet": (".parquet", ""),
    "python": (".py", ", function: f"),
    "series": (".csv", ", window: 3"),
    "tab": (".tab", ""),
    "text": ("folder", ""),
    "tfrecord": (".tfrecord", ", features: {a: {dtype: float32}}"),
    "ts": (".ts", ""),
}
"""How a file of each source ends, and what else the source needs."""
WORDS = "  prepare: [TextVectorization: {max_tokens: 9}]\n"
WRITTEN = {
    f"{word}, {what}": (
        f"data:\n  source: {{{word}: {{path: {name}{more}}}}}\n{WORDS if word == 'text' else ''}{REST}",
        2,
        name,
    )
    for word, (ending, more) in OF_TABLE.items()
    for what, name in (
        ("missing", "nope" if ending == "folder" else f"nope{ending}"),
        ("another thing", f"junk{ending}" if ending != "folder" else "junk.bin"),
        ("a folder", "empty"),
    )
}
TEXT = """\
data:
  source: words.csv
  target: y
  inputs: {t: {columns: t, kind: text, prepare: [TextVectorization: {output_sequence_length: 4}]}}
layers:
  - Embedding:
      input_dim: ${data.t.vocabulary}
      output_dim: 3
      vectors: %s
  - Flatten
  - Dense: {units: 3, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""
BACKBONE = """\
data: {source: digits, prepare: [{Reshape: {target_shape: [8, 8, 1]}}, {Resizing: {height: 32, width: 32}}]}
layers:
  - MobileNetV2:
      include_top: false
      pooling: avg
      weights: %s
  - Dense: {units: 10, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""
IRIS = "data:\n  source: iris\n" + REST
OTHERS = {
    "a path alone": ("data:\n  source: %s\n  target: y\n" + REST, 2, ".csv"),
    "a list of files": ("data:\n  source: {csv: {path: [good.csv, %s]}}\n" + REST, 2, ".csv"),
    "a pattern": ("data:\n  source: {csv: {path: '%s'}}\n  target: y\n" + REST, 2, "*.tsv"),
    "one of the splits": ("data:\n  source: {splits: {train: good.csv, test: %s}}\n  target: y\n" + REST, 2, ".csv"),
    "one of the joined": ("data:\n  source:\n    join: {sources: [good.csv, %s], on: a}\n  target: y\n" + REST, 3, ".csv"),
    "the target of npy": ("data:\n  source: {npy: {path: x.npy, target: %s}}\n" + REST, 2, ".npy"),
    "masks": ("data:\n  source: {images: {path: pictures, masks: %s}}\n" + REST, 2, ""),
    "named masks": ("data:\n  source: {images: {path: pictures, masks: {path: %s, classes: {1: a, 2: b}}}}\n" + REST, 2, ""),
    "vectors": (TEXT, 9, ".txt"),
    "weights of a backbone": (BACKBONE, 6, ".weights.h5"),
    "first weights": (IRIS + "weights:\n  from: ./%s\n", 8, ".weights.h5"),
    "a whole model": (IRIS + "weights:\n  from: ./%s\n", 8, ".keras"),
    "a plugin": (IRIS + "plugins:\n  - %s\n", 8, ".py"),
    "another configuration": ("extends: %s\n" + IRIS, 1, ".yaml"),
}  # fmt: skip
for written, (text, line, ending) in OTHERS.items():
    for what, name in (
        ("missing", f"nope{ending}"),
        ("another thing", f"junk{ending or '.bin'}"),
        ("a folder", "empty"),
    ):
        # What a file that is extended holds is told in that file.
        if what == "missing" or ("*" not in ending and (what, ending) != ("another thing", ".yaml")):
            WRITTEN[f"{written}, {what}"] = (text.replace("%s", name), line, name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import numpy as np
    from PIL import Image

    place = tmp_path_factory.mktemp("named")
    (place / "empty").mkdir()
    (place / "good.csv").write_text("a,b,y\n" + "".join(f"{row},{row % 7},{'uvw'[row % 3]}\n" for row in range(60)))
    rows = (f"{'good' if row % 2 else 'bad'} day,{'uvw'[row % 3]}\n" for row in range(60))
    (place / "words.csv").write_text("t,y\n" + "".join(rows))
    for name in ("x.npy", "y.npy"):
        np.save(place / name, np.zeros((60, 3), np.float32))
    (place / "pictures").mkdir()
    for number in range(6):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(place / "pictures" / f"{number}.png")
    for name in {name for _, _, name in WRITTEN.values() if name.startswith("junk")}:
        (place / name).write_bytes(JUNK)
    return place


def test_every_source_with_a_path_is_tried() -> None:
    with_path = {word for word, each in SOURCES.items() if "path" in each.model_fields}
    assert with_path == set(OF_TABLE)
    assert len(WRITTEN) == 3 * len(OF_TABLE) + 3 * len(OTHERS) - 3


@pytest.mark.parametrize("written", WRITTEN)
def test_a_file_is_told_where_it_is_named(folder: Path, run_dlcli: Run, written: str) -> None:
    text, line, name = WRITTEN[written]
    (folder / "c.yaml").write_text(text)
    done = run_dlcli("train", "--allow-code", "c.yaml", "--json", "-q", cwd=folder)
    error, first = done.error, text.splitlines()[line - 1]
    place = error.get("named", error)
    assert (place["file"], place["line"]) == ("c.yaml", line), done.err
    at = place["column"] - 1
    assert first[at:].startswith((name, f"'{name}", f"./{name}", first.strip().partition(":")[0])), first[at:]
    assert name in error["message"] + error["file"]
    assert error["code"] in {3, 4, 5, 10}
    assert f"c.yaml:{line}:" in done.err
    assert not list((folder / "runs").glob("*/run.json"))


def test_an_error_in_a_file_is_told_with_the_place_that_names_it(folder: Path, run_dlcli: Run) -> None:
    (folder / "short.csv").write_text("a,y\n1,u\n2,v,w\n")
    (folder / "c.yaml").write_text("data:\n  source: short.csv\n" + REST)
    plain = run_dlcli("train", "c.yaml", cwd=folder)
    assert "┌─ short.csv:3" in plain.err
    assert plain.err.rstrip().endswith("= named at c.yaml:2:11")
    set_alone = run_dlcli("train", "c.yaml", "--set", "data.source=nope.csv", cwd=folder)
    assert set_alone.err.rstrip().endswith("= named at --set data.source=nope.csv")
    other = run_dlcli("inspect-data", "nope.csv", cwd=folder)
    assert "named at" not in other.err


def test_validate_tells_a_file_that_is_not_there_at_the_line_that_names_it(folder: Path, run_dlcli: Run) -> None:
    (folder / "c.yaml").write_text("data:\n  source: nope.csv\n" + REST)
    plain = run_dlcli("validate", "--build", "c.yaml", cwd=folder)
    assert plain.out.rstrip().endswith("= named at c.yaml:2:11")
    shown = run_dlcli("validate", "--build", "c.yaml", "--json", cwd=folder).value["files"][0]["problems"]
    assert [(each["file"], each["kind"]) for each in shown] == [(str(folder / "nope.csv"), "missing_file")]
    hub = run_dlcli("validate", "--build", "c.yaml", "--output-format", "github", cwd=folder)
    assert hub.out.startswith("::error file=c.yaml,line=2,col=11,title=dlcli missing_file::")


@pytest.mark.parametrize(
    ("by", "message", "file"),
    [
        ("column:shop", "the column of the split holds 'No'; expected train, validation or test", "c.yaml"),
        ("{column: shop, train: ['Yes'], test: [x]}", "the column of the split holds 'No'; expected Yes, x", "c.yaml"),
        ("time:shop", "the split is by the time in column 'shop', which holds 'Yes'", "c.yaml"),
        ("group:shp", "the split is by column 'shp', which the data does not have; it has: a, shop, k", "t.csv"),
    ],
)
def test_what_a_split_cannot_go_by_is_told_where_the_split_says_it(
    by: str, message: str, file: str, tmp_path: Path, run_dlcli: Run
) -> None:
    rows = "".join(f"{number},{('Yes', 'No')[number % 2]},{number % 3}\n" for number in range(12))
    (tmp_path / "t.csv").write_text("a,shop,k\n" + rows, encoding="utf-8")
    text = f"data:\n  source: t.csv\n  target: k\n  split:\n    by: {by}\n{REST}"
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    error = run_dlcli("inspect-data", "c.yaml", "--json", cwd=tmp_path).error
    assert (error["message"], Path(error["file"]).name) == (message, file)
    place = error.get("named", error)
    assert (Path(place["file"]).name, place["line"]) == ("c.yaml", 5)
