"""Where the command line names data, hints are options: pasted behind the command, they mend what the error was about."""

from __future__ import annotations

import json
import shlex
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dlcli.actions.pasted_hints import as_options
from dlcli.data.sources import SOURCES

Run = Callable[..., Any]
ROWS = 40


def separated(folder: Path) -> str:
    (folder / "t.csv").write_text("a;b;y\n" + "".join(f"{row};{row * 7 % 11};{'uv'[row % 2]}\n" for row in range(ROWS)))
    return "t.csv"


def decimal(folder: Path) -> str:
    rows = "".join(f'"{row},5",{row * 7 % 11},{"uv"[row % 2]}\n' for row in range(ROWS))
    (folder / "t.csv").write_text(f"a,b,y\n{rows}")
    return "t.csv"


def nested(folder: Path) -> str:
    rows = [{"a": row * 7 % 11, "y": "uv"[row % 2]} for row in range(ROWS)]
    (folder / "t.json").write_text(json.dumps({"items": rows, "page": 1}))
    return "t.json"


def sized(folder: Path) -> str:
    for row in range(ROWS):
        (folder / "pictures" / "uv"[row % 2]).mkdir(parents=True, exist_ok=True)
        picture = Image.new("L", (8, 8) if row % 5 else (6, 8), row)
        picture.save(folder / "pictures" / "uv"[row % 2] / f"{row}.png")
    return "pictures"


def damaged(folder: Path) -> str:
    sized(folder)
    for file in (folder / "pictures").rglob("*.png"):
        Image.new("L", (8, 8), int(file.stem)).save(file)
    (folder / "pictures" / "u" / "0.png").write_bytes(b"no picture")
    return "pictures"


def rated(folder: Path) -> str:
    for row in range(ROWS):
        (folder / "sounds" / "uv"[row % 2]).mkdir(parents=True, exist_ok=True)
        with wave.open(str(folder / "sounds" / "uv"[row % 2] / f"{row}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000 if row % 5 else 4000)
            file.writeframes(np.full(4000 if row % 5 else 2000, row * 50, np.int16).tobytes())
    return "sounds"


def encoded(folder: Path) -> str:
    for row in range(ROWS):
        (folder / "texts" / "uv"[row % 2]).mkdir(parents=True, exist_ok=True)
        (folder / "texts" / "uv"[row % 2] / f"{row}.txt").write_bytes(f"글 {row % 7} 입니다".encode("cp949"))
    return "texts"


@pytest.mark.parametrize(
    ("made", "path"),
    [
        (separated, "data.source.separator"),
        (decimal, "data.source.decimal"),
        (nested, "data.source.records"),
        (sized, "data.source.size"),
        (damaged, "data.source.bad"),
        (rated, "data.source.rate"),
        (encoded, "data.source.encoding"),
    ],
)
def test_what_a_hint_says_can_be_pasted(made: Callable[[Path], str], path: str, tmp_path: Path, run_dlcli: Run) -> None:
    name = made(tmp_path)
    refused = run_dlcli("init", name, cwd=tmp_path)
    assert refused.code == 4
    hint = refused.err[refused.err.index("= ") + 2 :]
    words = shlex.split(" ".join(hint.split()))
    options = [word for at, word in enumerate(words) if "--set" in (word, words[at - 1])][:2]
    assert [each.split("=")[0] for each in options[1::2]] == [path]
    done = run_dlcli("init", name, *options, "-o", "c.yaml", cwd=tmp_path)
    assert done.code == 0, done.err
    assert run_dlcli("validate", "c.yaml", cwd=tmp_path).code == 0
    prepare = ", prepare: [TextVectorization: {output_mode: multi_hot}]" if name == "texts" else ""
    (tmp_path / "w.yaml").write_text(
        f"data: {{source: {name}, target: {'y' if '.' in name else 'label'}{prepare}}}\n"
        "layers: [Dense: {units: 2, activation: softmax}]\n"
        "loss: sparse_categorical_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n"
    )
    written = run_dlcli("inspect-data", "w.yaml", cwd=tmp_path)
    assert (written.code, "--set" in written.err) == (4, False), written.err


@pytest.mark.parametrize(
    ("hint", "word", "told"),
    [
        (
            'did you mean? write csv: {path: t.csv, separator: ";"}',
            "csv",
            "did you mean? add --set 'data.source.separator=;'",
        ),
        (
            "write csv: {…, skip: 2, header: false}",
            "csv",
            "add --set data.source.skip=2 --set data.source.header=false",
        ),
        ("write data.missing: drop or {constant: 0}", "csv", "add --set data.missing=drop or {constant: 0}"),
        (
            "write target: {column: y, encode: index}, or",
            "csv",
            "add --set 'data.target={column: \"y\", encode: index}', or",
        ),
        (
            "write follow_links: true to follow links",
            "images",
            "add --set data.source.follow_links=true to follow links",
        ),
        # Another source, what is open, what is no key of data.
        ("write audio: {…, rate: 3}", "csv", None),
        ("write npz: {path: …, inputs: NAME, target: NAME}", "npz", None),
        ("write column: NAME", "images", None),
        ("write data.inputs: {a: {columns: a}, …}", "csv", None),
        ("write loss: mse, and more", "csv", None),
        ("see: the file", "csv", None),
    ],
)
def test_what_is_known_becomes_an_option_and_nothing_else(hint: str, word: str, told: str | None) -> None:
    required = {"path": "x"} if "path" in SOURCES[word].model_fields else {}
    assert as_options(hint, SOURCES[word].model_construct(**required)) == (told or hint)
