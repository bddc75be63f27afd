"""A file that is only looked at: what cannot be held is left out, and what is known without a target is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]


def write_parquet(folder: Path) -> str:
    import pyarrow
    import pyarrow.parquet

    rows = range(40)
    columns = {
        "a": [row * 1.5 for row in rows],
        "s": [{"u": 1}] * 40,
        "b": [b"x"] * 40,
        "words": [["x", "y"]] * 40,
        "r": [[1.0] * (row % 3) for row in rows],
        "y": [row % 2 for row in rows],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "t.parquet")
    return "t.parquet"


def write_lines(folder: Path) -> str:
    rows = [{"a": row * 1.5, "meta": {"u": [1]}, "r": [1.0] * (row % 3), "y": row % 2} for row in range(40)]
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return "t.jsonl"


def write_array(folder: Path) -> str:
    rows = [{"a": row * 1.5, "meta": {"u": 1}, "y": row % 2} for row in range(40)]
    (folder / "t.json").write_text(json.dumps(rows), encoding="utf-8")
    return "t.json"


@pytest.mark.parametrize(
    ("write", "left"),
    [(write_parquet, ["s", "b", "words", "r"]), (write_lines, ["meta", "r"]), (write_array, ["meta"])],
)
def test_columns_that_nothing_can_hold_are_left_out_of_a_look(
    write: Callable[[Path], str], left: list[str], tmp_path: Path, run_dlcli: Run
) -> None:
    name = write(tmp_path)
    looked = run_dlcli("inspect-data", name, "--json", cwd=tmp_path)
    assert looked.code == 0, looked.err
    assert [each["name"] for each in looked.value["tensors"]] == ["a", "y"]
    words = " ".join((run_dlcli("inspect-data", name, cwd=tmp_path).out).split())
    for each in left:
        assert f"column '{each}' " in words
        assert "left out" in words
    written = run_dlcli("init", name, "--target", "y", "-o", "c.yaml", cwd=tmp_path)
    assert written.code == 0, written.err
    text = (tmp_path / "c.yaml").read_text(encoding="utf-8")
    assert "inputs: [a]" in text
    assert f"without {', '.join(left)}, which no column of numbers or text can hold" in text
    assert run_dlcli("validate", "--build", "c.yaml", cwd=tmp_path).code == 0
    whole = text.replace("inputs: [a]", "")
    (tmp_path / "all.yaml").write_text(whole, encoding="utf-8")
    assert run_dlcli("inspect-data", "all.yaml", cwd=tmp_path).code == 4


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["1.5,0.25,0", "2.5,0.75,1"], True),
        (["red,m", "blue,f"], True),
        (["a,b,y", "2.5,0.75,1"], False),
        (["y,1990,1991", "2.5,0.75,1"], False),
    ],
)
def test_a_header_that_looks_like_data_is_told_of_a_bare_file(
    rows: list[str], told: bool, tmp_path: Path, run_dlcli: Run
) -> None:
    (tmp_path / "t.csv").write_text("\n".join([*rows, *rows * 20]) + "\n", encoding="utf-8")
    if not told:
        (tmp_path / "t.csv").write_text("\n".join([rows[0], *[rows[1]] * 20]) + "\n", encoding="utf-8")
    looked = run_dlcli("inspect-data", "t.csv", "--json", cwd=tmp_path).value
    assert ("header_like_data" in [each["code"] for each in looked["findings"]]) is told


@pytest.mark.parametrize(("channels", "drawn"), [(2, False), (8, False), (3, True), (1, True), (4, True)])
def test_pictures_of_other_channels_are_not_drawn_as_colours(
    channels: int, drawn: bool, tmp_path: Path, run_dlcli: Run
) -> None:
    x = np.random.default_rng(0).random((40, 9, 9, channels)).astype(np.float32)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(40) % 2)
    looked = run_dlcli("inspect-data", "a.npz", cwd=tmp_path)
    assert looked.code == 0, looked.err
    without = run_dlcli("inspect-data", "a.npz", "--json", cwd=tmp_path)
    assert without.code == 0
    assert ("·" in looked.out or "█▀" in looked.out or len(looked.out.splitlines()) > 24) is drawn


def test_a_folder_called_like_a_source_is_told_by_both(tmp_path: Path, run_dlcli: Run) -> None:
    for name in ("digits/a/1.png", "digits/b/2.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    for command in ("inspect-data", "init"):
        done = run_dlcli(command, "digits", cwd=tmp_path)
        assert done.code == 2
        words = " ".join((done.out + done.err).split())
        assert "error: 'digits' is a source of dlcli and a folder of files" in words
        assert "write digits/ for the folder" in words
        assert "needs more than its name" not in words


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        ("Embedding: {input_dim: 10, output_dim: 8, mask_zero: true}", "Embedding"),
        ("Embedding: {input_dim: 10, output_dim: 8, mask_zero: false}", None),
        ("Embedding: {input_dim: 10, output_dim: 8}", None),
        ("Masking: 0.0", "Masking"),
    ],
)
def test_classes_counted_with_padding_are_said_to_be(
    layer: str, told: str | None, tmp_path: Path, run_dlcli: Run
) -> None:
    x = np.arange(320).reshape(40, 8) % 10
    np.savez(tmp_path / "a.npz", x=x[..., None] * 1.0 if layer.startswith("Masking") else x, y=x % 3)
    (tmp_path / "c.yaml").write_text(
        "data: {source: {npz: {path: a.npz, inputs: x, target: y}}}\n"
        f"layers: [{{{layer}}}, {{LSTM: {{units: 4, return_sequences: true}}}}, {{Dense: {{units: 3, activation: softmax}}}}]\n"
        "loss: sparse_categorical_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    done = run_dlcli("inspect-data", "c.yaml", cwd=tmp_path)
    assert done.code == 0, done.err
    note = f"counted over all places; {told} masks padding, which counts in no loss, metric or score"
    assert (note in " ".join((done.out + done.err).split())) is (told is not None)
