"""A label or two beside those that all other rows have is a mistake in a row; soft labels are soft with a mistake among them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.errors import DataError
from dlcli.spec import Wanted

Load = Callable[..., Dataset]
HARD = [row % 2 for row in range(40)]
SIGNS = [2 * each - 1 for each in HARD]
SOFT = [(row * 7 % 40) / 40 for row in range(40)]
FORMS = ["csv", "jsonl", "stream", "npz", "files"]


def changed(values: list[Any], **places: Any) -> list[Any]:
    return [places.get(f"r{row}", each) for row, each in enumerate(values, start=1)]


def source(folder: Path, form: str, y: list[Any]) -> dict[str, Any]:
    import json

    if form == "npz":
        np.savez(folder / "d.npz", x=np.arange(len(y), dtype=np.float32)[:, None], y=np.array(y))
        return {"source": {"npz": {"path": str(folder / "d.npz"), "inputs": "x", "target": "y"}}, "target": "y"}
    if form == "jsonl":
        text = "".join(json.dumps({"x": row, "y": each}) + "\n" for row, each in enumerate(y))
        (folder / "d.jsonl").write_text(text)
        return {"source": str(folder / "d.jsonl"), "target": "y"}
    rows = [f"{row},{each}" for row, each in enumerate(y)]
    cut = 3 if form == "files" else len(rows)
    for name, part in (("d1", rows[:cut]), ("d2", rows[cut:])):
        if part:
            (folder / f"{name}.csv").write_text("\n".join(["x,y", *part]) + "\n")
    return {"source": {"csv": {"path": str(folder / "d*.csv")}}, "target": "y", "stream": form == "stream"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("y", "signs", "told", "row"),
    [
        (changed(HARD, r6=2), False, "label 2 in row {} is neither 0 nor 1, and the loss is for two classes", 6),
        (
            changed(HARD, r6=2, r9=3),
            False,
            "label 2 in row {} is neither 0 nor 1, the first of 2 rows with other labels, "
            "and the loss is for two classes",
            6,
        ),
        (changed(SIGNS, r4=0), True, "label 0 in row {} is neither -1 nor 1, and the loss is for two classes", 4),
        (changed(SIGNS, r4=0.5), True, "label 0.5 in row {} is neither -1 nor 1, and the loss is for two classes", 4),
        (changed(SOFT, r8=1.2), False, "'y' is 1.2 in row {}; a loss for yes and no needs numbers from 0 to 1", 8),
        (changed(SOFT, r8=-0.1), False, "'y' is -0.1 in row {}; a loss for yes and no needs numbers from 0 to 1", 8),
    ],
)
def test_a_stray_label_is_told_with_its_file_and_row(
    y: list[Any], signs: bool, told: str, row: int, form: str, tmp_path: Path, load: Load
) -> None:
    with pytest.raises(DataError) as caught:
        load(source(tmp_path, form, y), labels=Wanted("binary", signs=signs, units=1))
    in_file = row - 3 if form == "files" else row
    assert caught.value.message == told.format(in_file)
    assert Path(str(caught.value.file)).name == {"npz": "d.npz", "jsonl": "d.jsonl", "files": "d2.csv"}.get(
        form, "d1.csv"
    )
    assert caught.value.line == {"npz": None, "jsonl": in_file}.get(form, in_file + 1)
    assert str(caught.value.hint).startswith("correct such rows, or leave them out")
    assert "sparse" not in str(caught.value.hint)


@pytest.mark.parametrize("form", FORMS)
def test_what_rounding_puts_beside_0_and_1_is_0_and_1(form: str, tmp_path: Path, load: Load) -> None:
    for y, classes in ((SOFT, None), ([float(each) for each in HARD], ["0", "1"])):
        (folder := tmp_path / ("soft" if classes is None else "hard")).mkdir()
        block = source(folder, form, changed(y, r2=1.0000001, r3=-1e-8, r5=1.000001))
        dataset = load(block, labels="binary")
        assert dataset.schema.targets[0].classes == classes
        values = np.concatenate([each.target[:] for each in dataset.splits.values()]).astype(float)
        rows = np.concatenate([each.rows for each in dataset.splits.values()])
        expected = np.array(changed(y, r2=1, r3=0, r5=1), float)[rows]
        np.testing.assert_allclose(values, expected, atol=1e-7)
        assert (values.min(), values.max()) == (0, 1)


@pytest.mark.parametrize(("others", "is_mistake"), [(4, True), (5, False)])
def test_many_other_labels_are_classes(others: int, is_mistake: bool, tmp_path: Path, load: Load) -> None:
    y = [2 if row < others else each for row, each in enumerate(HARD)]
    for labels, hint in (("numbers", False), ("words", False)):
        values = y if labels == "numbers" else [["no", "yes", "maybe"][each] for each in y]
        with pytest.raises(DataError) as caught:
            load(source(tmp_path, "csv", values), labels="binary")
        hint = "sparse_categorical_crossentropy" in str(caught.value.hint)
        assert hint == (not is_mistake), caught.value.hint
        assert ("is neither" in caught.value.message) == is_mistake
