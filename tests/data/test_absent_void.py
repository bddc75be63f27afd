"""A label that is to be left out and stands nowhere is said, and one that stands apart is what may have been meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Run = Callable[..., Any]
TREE = """\
data: {source: SOURCE, target: TARGET}
layers: [Flatten, {Dense: {units: UNITS, activation: softmax}}]
loss: LOSS
optimizer: Adam
train: {epochs: 1}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    labels = {
        "four": [0, 1, 2, 255],
        "three": [0, 1, 255],
        "names": ["a", "b", "unknown"],
        "gap": [0, 1, 2, 4, 9],
        "minus": [-1, 0, 1],
    }
    for name, values in labels.items():
        rows = [f"{row * 3 % 11},{row % 7},{values[row % len(values)]}" for row in range(90)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["a,b,y", *rows]))
    random = np.random.default_rng(0)
    mask = random.integers(0, 3, (30, 8, 8))
    mask[:, 0, 0] = 255
    np.savez(tmp_path / "m.npz", x=random.random((30, 8, 8, 1)).astype(np.float32), mask=mask)
    for part in ("pictures", "masks"):
        (tmp_path / part).mkdir()
        for number in range(8):
            Image.fromarray(mask[number].astype(np.uint8)).save(tmp_path / part / f"{number}.png")
    return tmp_path


def train(
    folder: Path,
    run_dlcli: Run,
    source: str,
    target: str,
    *,
    units: int = 3,
    loss: str = "sparse_categorical_crossentropy",
) -> Any:
    text = TREE.replace("SOURCE", source).replace("TARGET", target).replace("UNITS", str(units)).replace("LOSS", loss)
    (folder / "c.yaml").write_text(text)
    return run_dlcli("train", "c.yaml", cwd=folder)


HINTS = [
    (
        "four",
        "{column: y, void: 254}",
        "no label is 254: write void: 255; or write target: {column: y, encode: index} if these",
    ),
    (
        "four",
        "y",
        "write void: 255 at the target if it stands for no label; or write target: {column: y, encode: index}",
    ),
    (
        "minus",
        "{column: y, void: -2}",
        "no label is -2: write void: -1; or write target: {column: y, encode: index}",
    ),
    ("gap", "{column: y, void: 254}", "= write target: {column: y, encode: index} if these are names of classes"),
    ("gap", "{column: y, void: 9}", "write void: 4 at the target if it stands for no label; or write target"),
]


@pytest.mark.parametrize(("file", "target", "hint"), HINTS)
def test_a_label_apart_is_told_as_one_that_may_be_void(
    folder: Path, run_dlcli: Run, file: str, target: str, hint: str
) -> None:
    done = train(folder, run_dlcli, f"{file}.csv", target)
    assert done.code == 4
    assert hint in done.err


def test_a_third_label_under_a_loss_for_two_may_be_void(folder: Path, run_dlcli: Run) -> None:
    layers = "[Flatten, {Dense: {units: 1, activation: sigmoid}}]"
    (folder / "c.yaml").write_text(
        f"data: {{source: three.csv, target: {{column: y, void: 7}}}}\nlayers: {layers}\nloss: binary_crossentropy\n"
        "optimizer: Adam\ntrain: {epochs: 1}\n"
    )
    assert "= no label is 7: write void: 255\n" in run_dlcli("train", "c.yaml", cwd=folder).err
    mended = run_dlcli("train", "c.yaml", "--set", "data.target.void=255", cwd=folder)
    assert mended.code == 0, mended.err
    assert "to be left out" not in mended.err


SPARSE = "sparse_categorical_crossentropy"
IGNORED = "{SparseCategoricalCrossentropy: {ignore_class: 99}}"
NOTES = [
    (
        "four.csv",
        "{column: y, encode: index, void: 254}",
        4,
        SPARSE,
        "254, which is to be left out (void); did you mean '255'?",
    ),
    ("four.csv", "{column: y, void: [255, 254]}", 3, SPARSE, "254, which is to be left out (void)\n"),
    (
        "names.csv",
        "{column: y, void: unkown}",
        3,
        SPARSE,
        "unkown, which is to be left out (void); did you mean 'unknown'?",
    ),
    ("four.csv", "{column: y, encode: index}", 4, IGNORED, "99, which is to be left out (void)\n"),
    ("four.csv", "{column: y, void: 255}", 3, SPARSE, None),
    ("names.csv", "{column: y, void: unknown}", 2, SPARSE, None),
]


@pytest.mark.parametrize(("source", "target", "units", "loss", "note"), NOTES)
def test_a_void_label_that_stands_nowhere_is_a_note(
    folder: Path, run_dlcli: Run, source: str, target: str, units: int, loss: str, note: str | None
) -> None:
    done = train(folder, run_dlcli, source, target, units=units, loss=loss)
    assert done.code == 0, done.err
    assert done.err.count("to be left out") == (note is not None)
    assert note is None or f"note: no label of 'y' is {note}" in done.err


@pytest.mark.parametrize(("void", "count"), [(254, 1), (255, 0)])
@pytest.mark.parametrize(
    "data",
    [
        "{source: {npz: {path: m.npz, inputs: x}}, target: {column: mask, void: VOID}}",
        "{source: {images: {path: pictures, masks: {path: masks, void: VOID}}}}",
        "{source: {images: {path: pictures, masks: masks}}, target: {column: mask, void: VOID}}",
        "{source: {images: {path: pictures, masks: {path: masks, classes: {0: a, 1: b, 2: c, 255: d}, void: [d]}}}}",
    ],
)
def test_so_is_one_of_masks(folder: Path, run_dlcli: Run, data: str, void: int, count: int) -> None:
    if "[d]" in data:
        data, count = data.replace(", void: [d]", ""), 0
    layers = "[{Conv2D: {filters: 256, kernel_size: 1, activation: softmax}}]"
    (folder / "c.yaml").write_text(
        f"data: {data.replace('VOID', str(void))}\nlayers: {layers}\nloss: sparse_categorical_crossentropy\n"
        "optimizer: Adam\ntrain: {epochs: 1}\n"
    )
    done = run_dlcli("train", "c.yaml", cwd=folder)
    assert done.code == 0, done.err
    assert done.err.count("no label of 'mask' is 254") + done.err.count("no pixel of the masks is 254") == count


def test_names_of_masks_at_the_target_are_told_where_to_stand(folder: Path, run_dlcli: Run) -> None:
    (folder / "c.yaml").write_text(
        "data: {source: {images: {path: pictures, masks: masks}}, target: {column: mask, classes: [a, b, c], void: 255}}\n"
        "layers: [{Conv2D: {filters: 3, kernel_size: 1, activation: softmax}}]\nloss: sparse_categorical_crossentropy\n"
        "optimizer: Adam\ntrain: {epochs: 1}\n"
    )
    done = run_dlcli("train", "c.yaml", cwd=folder)
    assert "name the values of masks where these are read: masks: {path: …, classes: {0: a, 1: b, 2: c}}" in done.err
