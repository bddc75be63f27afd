"""The best configuration as a file: its comments stay, it reads back as the trial, and trains from any folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlcli.actions.sweep.best_file import best_text, block_lines, changed_text, reads_as
from dlcli.config import config_of

ROOT = Path(__file__).parents[3]
GALLERY = sorted((ROOT / "configs").rglob("*.yaml"))
TEXT = """\
# What it is.
data: {source: digits}   # step 1
layers:
  - Flatten
  - Dense: {units: 8, name: hidden}  # wide enough?
  - Dropout: 0.2
  # the last one
  - Dense: {units: 10, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam # as ever
train:
  epochs: 3
"""


def changed(*settings: str, text: str = TEXT) -> str:
    return best_text(text.encode(), settings, file="a.yaml", heading=["The best."])


@pytest.mark.parametrize(
    ("setting", "before", "after"),
    [
        ("layers.hidden.units=16", "units: 8", "units: 16"),
        ("optimizer.learning_rate=0.01", "optimizer: Adam #", "optimizer: {Adam: {learning_rate: 0.01}} #"),
        ("optimizer={SGD: {momentum: 0.9}}", "optimizer: Adam #", "optimizer: {SGD: {momentum: 0.9}} #"),
        ("layers.2=Identity", "- Dropout: 0.2", "- Identity"),
        ("layers.2.rate=0.4", "- Dropout: 0.2", "- Dropout: {rate: 0.4}"),
        ("layers.hidden.activation=relu", "{units: 8,", "{activation: relu, units: 8,"),
        ("train.batch_size=64", "  epochs: 3", "  batch_size: 64\n  epochs: 3"),
        ("data.source=wine", "source: digits", "source: wine"),
        ("metrics=[accuracy]", "data: {source", "metrics: [accuracy]\ndata: {source"),
        ("layers.0={Reshape: {target_shape: [64]}}", "- Flatten", "- {Reshape: {target_shape: [64]}}"),
    ],
)
def test_a_value_is_changed_where_it_stands(setting: str, before: str, after: str) -> None:
    text = changed(setting)
    if setting.startswith("layers.2.rate"):
        assert "0.4" in text
        assert "# the last one" in text
    else:
        assert text == "# The best.\n" + TEXT.replace(before, after)
    assert reads_as(text, config_of(TEXT.encode(), file="a.yaml", settings=[setting]).plain())


def test_several_values_are_changed_at_once() -> None:
    settings = ["layers.hidden.units=16", "layers.hidden.activation=relu", "layers.2=Identity", "train.epochs=5"]
    text = changed(*settings)
    assert text.count("#") == TEXT.count("#") + 1
    assert reads_as(text, config_of(TEXT.encode(), file="a.yaml", settings=settings).plain())


def test_what_cannot_be_changed_in_place_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(TEXT, encoding="utf-8")
    file = str(tmp_path / "a.yaml")
    content = b"# Mine.\nextends: base.yaml\ntrain: {epochs: 4}\n"
    text = best_text(content, ["layers.hidden.units=16"], file=file, heading=["The best."])
    wanted = config_of(content, file=file, settings=["layers.hidden.units=16"]).plain()
    assert reads_as(text, wanted)
    assert "Mine" not in text
    kept = best_text(content, ["train.epochs=9"], file=file, heading=["The best."])
    assert kept == f'# The best.\n# Mine.\nextends: "{tmp_path}/base.yaml"\ntrain: {{epochs: 9}}\n'


def test_files_are_named_with_their_folder(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    text = TEXT.replace("{source: digits}", "{source: a.csv, target: y}").replace(
        "units: 10, activation: softmax", "units: 1"
    )
    content = text.replace("sparse_categorical_crossentropy", "mse").encode()
    file = str(tmp_path / "b.yaml")
    found = best_text(content, ["train.epochs=9"], file=file, heading=["The best."])
    assert f'{{source: "{tmp_path}/a.csv", target: y}}   # step 1' in found
    assert reads_as(found, config_of(content, file=file, settings=["train.epochs=9"]).plain())


def test_every_configuration_of_the_gallery_keeps_its_comments() -> None:
    seen = 0
    for path in GALLERY:
        content, settings = path.read_bytes(), ["train.batch_size=7", "seed=5"]
        text = best_text(content, settings, file=str(path), heading=["The best."])
        wanted = config_of(content, file=str(path), settings=settings).plain()
        assert reads_as(text, wanted), path.name
        assert text.startswith(f"# The best.\n{content.decode().splitlines()[0]}\n"), path.name
        assert reads_as("".join(f"{line}\n" for line in block_lines(wanted)), wanted), path.name
        seen += 1
    assert seen == 50


def test_a_text_that_is_another_is_noticed() -> None:
    wanted = config_of(TEXT.encode(), file="a.yaml", settings=["train.epochs=5"]).plain()
    assert not reads_as(TEXT, wanted)
    assert not reads_as("nothing: here", wanted)
    assert changed_text(TEXT, [], file="a.yaml") == TEXT
