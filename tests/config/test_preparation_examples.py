"""What `show` writes for each preparation runs on the data that it is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from example_files import class_folders
from PIL import Image

from dlcli.config.reference import things
from dlcli.config.reference.lists import kind_names

Run = Callable[..., Any]
PREPARATIONS = kind_names("preparations")
REST = {
    "layers": ["Flatten", {"Dense": {"units": 2, "activation": "softmax"}}],
    "loss": "sparse_categorical_crossentropy",
    "optimizer": "Adam",
    "train": {"epochs": 1},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, a folder of pictures and one of sounds, by the names that the examples have."""
    import soundfile

    folder = tmp_path_factory.mktemp("data")
    made = np.random.default_rng(0)
    rows = [f"{['red', 'blue'][row % 2]},{'abc'[row % 3]},good tea {row % 5},{row % 4}" for row in range(60)]
    (folder / "data.csv").write_text(
        "\n".join(["colour,shape,words,code,y", *(f"{row},{at % 2}" for at, row in enumerate(rows))])
    )
    numbers = [
        "a,b,c,y",
        *(f"{first:.2f},{row % 7},{row % 9},{row % 2}" for row, first in enumerate(made.normal(size=60))),
    ]
    (folder / "numbers.csv").write_text("\n".join(numbers))

    def picture(path: Path, label: str, number: int) -> None:
        Image.fromarray(made.integers(0, 255, (64, 64, 3), np.uint8)).save(path)

    def sound(path: Path, label: str, number: int) -> None:
        soundfile.write(path, made.normal(size=16_000) * 0.1, 16_000)

    class_folders(folder / "photos", {"a": "{}.png", "b": "{}.png"}, picture, files=10)
    class_folders(folder / "sounds", {"a": "{}.wav", "b": "{}.wav"}, sound, files=10)
    return folder


@pytest.mark.parametrize("name", PREPARATIONS)
def test_the_example_of_a_preparation_runs_on_the_data_that_it_is_for(name: str, folder: Path, run_dlcli: Run) -> None:
    example = things(name).example
    written = yaml.safe_load(str(example))
    if "layers" in written:  # shown where most write it
        assert name in {"Flatten", "Permute", "Reshape"}
        return
    if written["data"]["source"] == "data.csv":
        written["data"]["target"] = "y"
        if "inputs" not in written["data"]:
            written["data"]["source"] = "numbers.csv"
    (folder / "c.yaml").write_text(yaml.safe_dump({**written, **REST}))
    done = run_dlcli("validate", "c.yaml", "--build", cwd=folder)
    assert (done.code, done.out) == (0, "c.yaml: ok\n"), done.out + done.err


def test_all_preparations_were_tried() -> None:
    assert len(PREPARATIONS) == 19
