"""A text without a word is padding alone, of which there is no mean: every command names its row, and nothing else is blamed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.looks

Command = Callable[..., Any]
ROWS = [("the red cat sat", "a"), ("my blue dog ran", "b")] * 15
HINT = (
    "leave the row out, or train with a token in front of what takes the mean: a mean of nothing is none (docs/data.md)"
)


def write(folder: Path, *, rest: str = "", **more: list[tuple[str, str]]) -> None:
    for split in ("train", "validation", "test"):
        rows = [*ROWS[: 30 if split == "train" else 10], *more.get(split, [])]
        text = "text,kind\n" + "".join(f"{words},{kind}\n" for words, kind in rows)
        (folder / f"{split}.csv").write_text(text, encoding="utf-8")
    (folder / "c.yaml").write_text(
        "data:\n  source: {train: train.csv, validation: validation.csv, test: test.csv}\n"
        "  inputs: {words: {columns: text, kind: text, prepare: [TextVectorization: {output_sequence_length: 6}]}}\n"
        f"  target: kind\nlayers:\n  - Embedding: {{input_dim: 30, output_dim: 4, mask_zero: true}}\n{rest}"
        "  - GlobalAveragePooling1D\n  - Dense: {units: 1, activation: sigmoid}\n"
        "loss: binary_crossentropy\noptimizer: Adam\ntrain: {epochs: 4, batch_size: 10}\n",
        encoding="utf-8",
    )


def test_in_validation_and_test_the_row_is_named_and_the_model_is_kept(tmp_path: Path, run_dlcli: Command) -> None:
    write(tmp_path, validation=[("---", "a")], test=[("...", "b"), ("!", "a")])
    done = run_dlcli("train", "c.yaml", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.value["status"] == "done"
    [finding] = done.value["verdict"]
    assert finding["code"] == "validation_not_finite"
    assert finding["evidence"] == (
        "the validation loss was nan in 4 of 4 epochs: the model makes no number of 1 of 11 samples there, first of "
        "line 12 of validation.csv, where 'words' has no word but padding; leave it out, or put a token in front of a mean"
    )
    plain = run_dlcli("runs", "c", cwd=tmp_path).out
    assert "val_loss was never a finite number" in plain
    assert "of the last epoch, 4; its weights are kept" in plain
    error = run_dlcli("evaluate", "c", "--json", cwd=tmp_path).error
    assert (error["code"], error["kind"], error["hint"]) == (4, "nothing_but_padding", HINT)
    assert error["message"].endswith("in 2 rows of 12: row 52, where 'words' has no word but padding")


@pytest.mark.parametrize(
    ("first", "message"), [(False, "the loss became nan by step"), (True, "the loss is nan before")]
)
def test_in_training_the_row_is_named_and_not_the_rate(
    first: bool, message: str, tmp_path: Path, run_dlcli: Command
) -> None:
    write(tmp_path, train=[("---", "a")])
    settings = ["--set", "train.batch_size=31"] if first else []
    done = run_dlcli("train", "c.yaml", *settings, "--json", cwd=tmp_path)
    assert (done.error["code"], done.error["hint"]) == (6, HINT)
    assert done.error["message"].startswith(message)
    assert "line 32 of train.csv, where 'words' has no word but padding" in done.error["message"]
    checked = run_dlcli("check", "c.yaml", "--json", cwd=tmp_path).value["verdict"]
    assert [each["code"] for each in checked] == ["first_loss_not_finite"]
    assert (
        "GlobalAveragePooling1D in line 7 puts out nan first, of line 32 of train.csv, where 'words'"
        in checked[0]["evidence"]
    )


def test_with_a_token_in_front_there_is_a_mean(tmp_path: Path, run_dlcli: Command) -> None:
    write(tmp_path, rest="  - token\n", train=[("---", "a")], validation=[("---", "a")])
    done = run_dlcli("train", "c.yaml", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "validation_not_finite" not in {each["code"] for each in done.value["verdict"]}
    assert done.value["metrics"]["validation"]["loss"] < 1
