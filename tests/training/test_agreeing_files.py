"""A schema that is not that of its model or data is refused, also where its manifest agrees; nothing is answered in silence."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


def commit(folder: Path) -> None:
    """Lets a manifest agree with the files that it lists."""
    path = folder / "MANIFEST.json"
    listed = json.loads(path.read_text())
    for name in listed:
        if (folder / name).is_file():
            content = (folder / name).read_bytes()
            entry = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            listed[name] = [entry] if isinstance(listed[name], list) else entry
    path.write_text(json.dumps(listed))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Command) -> Path:
    folder = tmp_path_factory.mktemp("agreeing")
    rows = "".join(f"{row % 7},{row % 5 / 10},{'abc'[row % 3]},{'uvw'[row % 3]}\n" for row in range(60))
    (folder / "t.csv").write_text("p,q,c,y\n" + rows)
    (folder / "c.yaml").write_text(
        "data: {source: t.csv, target: y, prepare: [Normalization]}\n"
        "layers: [Dense: {units: 3, activation: softmax}]\n"
        "loss: sparse_categorical_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n"
    )
    done = run_dlcli("train", "c.yaml", "--name", "r", "-q", cwd=folder)
    assert done.code == 0, done.err
    return folder


def target(schema: Any) -> Any:
    return schema["targets"][0]


def given(schema: Any) -> Any:
    return schema["inputs"][0]


CHANGES: dict[str, Callable[[Any], Any]] = {
    "double classes": lambda schema: target(schema).update(classes=["u"] * 3),
    "more classes": lambda schema: target(schema)["classes"].append("z"),
    "fewer classes": lambda schema: target(schema)["classes"].pop(),
    "other classes": lambda schema: target(schema).update(classes=["u", "w", "v"]),
    "one-hot": lambda schema: target(schema).update(encode="one_hot"),
    "an axis": lambda schema: target(schema).update(axes=["samples", "x"]),
    "a target's name": lambda schema: target(schema).update(name="other"),
    "a column twice": lambda schema: given(schema)["columns"].__setitem__(1, given(schema)["columns"][0]),
    "a column less": lambda schema: given(schema)["columns"].pop(),
    "a category twice": lambda schema: given(schema)["columns"][2].update(categories=["a", "a", "b"]),
    "other categories": lambda schema: given(schema)["columns"][2].update(categories=["b", "a", "c"]),
    "another shape": lambda schema: given(schema).update(shape=[9]),
    "an input's name": lambda schema: given(schema).update(name="other"),
    "swapped columns": lambda schema: given(schema)["columns"].__setitem__(
        slice(0, 2), given(schema)["columns"][1::-1]
    ),
    "no classes": lambda schema: target(schema).update(classes=None),
    "nothing": lambda _: None,
}
"""Changes of a schema, each of which is seen without the data."""


@pytest.mark.parametrize("change", CHANGES)
def test_a_schema_agrees_with_model_and_data(change: str, trained: Path, run_dlcli: Command) -> None:
    run = trained / "runs" / "changed"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(trained / "runs" / "r", run)
    path = run / "model" / "schema.json"
    schema = json.loads(path.read_text())
    CHANGES[change](schema)
    path.write_text(json.dumps(schema))
    commit(run / "model")
    commit(run)
    for command in (["evaluate", "changed"], ["inspect", "changed"], ["predict", "changed", "t.csv", "-o", "p.csv"]):
        done = run_dlcli(*command, "--json", cwd=trained)
        if change == "nothing":
            assert done.code == 0, done.out
        else:
            assert (done.error["code"], done.error["kind"]) == (5, "damaged_model"), done.out


@pytest.mark.parametrize(
    ("value", "refused"), [(3e38, True), (-2e38, True), (1e14, False)], ids=["large", "negative", "ordinary"]
)
def test_an_answer_that_is_no_number_is_told_with_its_row_and_column(
    value: float, refused: bool, trained: Path, run_dlcli: Command
) -> None:
    (trained / "new.csv").write_text(f"p,q,c,y\n1,2,a,u\n2,{value:g},b,v\n3,1,c,w\n")
    for command in (["predict", "r", "new.csv", "-o", "n.csv"], ["evaluate", "r", "--data", "new.csv"]):
        done = run_dlcli(*command, "--json", cwd=trained)
        if not refused:
            assert done.code == 0, done.out
            continue
        assert (done.error["code"], done.error["kind"]) == (4, "not_finite")
        assert done.error["message"] == (
            f"what the model says is no finite number in 1 row of 3, first in row 2, where 'q' is {value:.3g}"
        )


@pytest.mark.parametrize("part", ["model.keras", "prepare.keras"])
def test_weights_that_give_no_numbers_are_told(part: str, trained: Path, run_dlcli: Command) -> None:
    import keras
    import numpy as np

    run = trained / "runs" / "huge"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(trained / "runs" / "r", run)
    path = run / "model" / part
    model = keras.models.load_model(path)
    for weight in model.weights:
        if part == "model.keras":
            weight.assign(np.full(weight.shape, 3e38, "float32"))
        elif "variance" in weight.path:
            weight.assign(np.full(weight.shape, -1.0))
    model.save(path)
    commit(run / "model")
    commit(run)
    for command in (["predict", "huge", "t.csv", "-o", "n.csv"], ["evaluate", "huge"]):
        error = run_dlcli(*command, "--json", cwd=trained).error
        assert (error["code"], error["kind"]) == (5, "answers_not_finite"), error
        assert "first in row " in error["message"]
        assert error["hint"].endswith("train it again")
