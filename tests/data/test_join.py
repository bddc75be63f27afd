"""`join`: tables and arrays side by side, by a key or row by row; against lists joined by hand, with every mistake at its row."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.errors import DataError

ROWS = 60
RNG = np.random.default_rng(8)
Table = dict[str, list[Any]]
IDS = [f"{number:03d}" for number in range(ROWS)]
PEOPLE: Table = {"id": IDS, "age": RNG.integers(18, 80, ROWS).tolist(), "sex": RNG.choice(["m", "f"], ROWS).tolist()}
SCORES: Table = {
    "id": RNG.permutation(IDS).tolist(),
    "score": RNG.normal(size=ROWS).round(3).tolist(),
    "passed": RNG.integers(0, 2, ROWS).tolist(),
}


def some(table: Table, rows: Any) -> Table:
    """Some rows of a table, in this order."""
    return {name: [values[row] for row in rows] for name, values in table.items()}


def to_csv(table: Table, path: Path) -> None:
    rows = [",".join(map(str, row)) for row in zip(*table.values(), strict=True)]
    path.write_text("\n".join([",".join(table), *rows]), encoding="utf-8")


def to_jsonl(table: Table, path: Path) -> None:
    rows = [json.dumps(dict(zip(table, row, strict=True))) for row in zip(*table.values(), strict=True)]
    path.write_text("\n".join(rows), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    to_csv(PEOPLE, tmp_path / "people.csv")
    to_jsonl(SCORES, tmp_path / "scores.jsonl")
    return tmp_path


def block(folder: Path, **join: Any) -> dict[str, Any]:
    sources = [str(folder / name) for name in ("people.csv", "scores.jsonl")]
    return {"source": {"join": {"sources": sources, "on": "id", **join}}, "target": "passed"}


def by_row(dataset: Dataset, name: str) -> dict[int, Any]:
    return {
        int(row): value
        for split in dataset.splits.values()
        for row, value in zip(
            split.rows, split.inputs[name][:] if name in split.inputs else split.targets[name][:], strict=True
        )
    }


def test_rows_of_one_key_stand_side_by_side(folder: Path, load: Callable[..., Dataset]) -> None:
    expected = {**PEOPLE, **some(SCORES, [SCORES["id"].index(each) for each in PEOPLE["id"]])}
    dataset = load(block(folder), labels="binary")
    columns = [each.name for each in dataset.schema.inputs[0].columns or []]
    assert columns == ["age", "sex", "score"]
    features, passed = by_row(dataset, "features"), by_row(dataset, "passed")
    assert len(features) == ROWS
    for row, values in features.items():
        assert values[0] == expected["age"][row]
        assert values[-1] == expected["score"][row]
        assert passed[row] == expected["passed"][row]


def test_a_key_may_be_several_columns(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    days, hours = np.repeat(np.arange(10), 6).tolist(), np.tile(np.arange(6), 10).tolist()
    order = np.random.default_rng(1).permutation(60)
    numbers = [float(number) for number in range(60)]
    to_csv({"day": days, "hour": hours, "a": numbers}, tmp_path / "a.csv")
    to_csv(some({"day": days, "hour": hours, "y": numbers}, order), tmp_path / "b.csv")
    source = {"join": {"sources": [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")], "on": ["day", "hour"]}}
    dataset = load({"source": source, "target": "y"}, labels="numbers")
    features, target = by_row(dataset, "features"), by_row(dataset, "y")
    assert len(features) == 60
    assert all(features[row].tolist() == [target[row]] for row in features)


def test_arrays_stand_beside_a_table_row_by_row(folder: Path, load: Callable[..., Dataset]) -> None:
    np.save(folder / "picture.npy", np.arange(ROWS * 4.0).reshape(ROWS, 2, 2))
    source = {"join": {"sources": [str(folder / "people.csv"), str(folder / "picture.npy")]}}
    inputs = {"who": {"columns": ["age"]}, "look": {"columns": "picture"}}
    dataset = load({"source": source, "target": "sex", "inputs": inputs}, labels="binary")
    look, who = by_row(dataset, "look"), by_row(dataset, "who")
    assert all(look[row].ravel()[0] == row * 4 and who[row] == [PEOPLE["age"][row]] for row in look)
    assert len(look) == ROWS


MISTAKES: list[tuple[Callable[[Path], Any], dict[str, Any], str, str]] = [
    (
        lambda folder: to_jsonl(some(SCORES, range(1, ROWS)), folder / "scores.jsonl"),
        {},
        f"the key '{SCORES['id'][0]}' in row {int(SCORES['id'][0]) + 1} of people.csv is not in scores.jsonl",
        "leave such rows out of both",
    ),
    (
        lambda folder: to_csv(some(PEOPLE, range(2, ROWS)), folder / "people.csv"),
        {},
        "of scores.jsonl is not in people.csv, nor 1 other",
        "leave such rows out of both",
    ),
    (
        lambda folder: to_csv(some(PEOPLE, [*range(ROWS), 4]), folder / "people.csv"),
        {},
        "the key '004' of people.csv stands twice, in row 5 and in row 61",
        "a key belongs to one row of each; name more columns: on: [a, b]",
    ),
    (
        lambda folder: to_csv(some(PEOPLE, range(1, ROWS)), folder / "people.csv"),
        {"on": None},
        "'id' is in people.csv and in scores.jsonl",
        "write on: id if it says which rows belong together; else rename one",
    ),
    (
        lambda folder: to_csv(
            some({"age": PEOPLE["age"], "sex": PEOPLE["sex"]}, range(1, ROWS)), folder / "people.csv"
        ),
        {"on": None},
        "people.csv has 59 rows and scores.jsonl has 60 rows",
        "write on: COLUMN, the column that says which rows belong together",
    ),
    (lambda folder: None, {"on": "idd"}, "there is no column 'idd'", "did you mean 'id'?"),
    (
        lambda folder: to_csv({**PEOPLE, "score": [1] * ROWS}, folder / "people.csv"),
        {},
        "'score' is in people.csv and in scores.jsonl",
        "write on: score if it says which rows belong together; else rename one",
    ),
]


@pytest.mark.parametrize(("change", "join", "message", "hint"), MISTAKES)
def test_rows_that_do_not_belong_together_are_told(
    change: Callable[[Path], Any],
    join: dict[str, Any],
    message: str,
    hint: str,
    folder: Path,
    refuse: Callable[..., Any],
) -> None:
    change(folder)
    refusal = refuse(block(folder, **join), labels="binary")
    assert message in refusal.message
    assert (refusal.code, refusal.hint) == (4, hint)


def test_other_data_is_joined_alike(folder: Path, run_dlcli: Callable[..., Any]) -> None:
    config = {
        "name": "r",
        "data": {"source": {"join": {"sources": ["people.csv", "scores.jsonl"], "on": "id"}}, "target": "passed"},
        "layers": [{"Dense": {"units": 1, "activation": "sigmoid"}}],
        "loss": "binary_crossentropy",
        "optimizer": "Adam",
        "metrics": ["accuracy"],
        "train": {"epochs": 2},
    }
    (folder / "c.yaml").write_text(json.dumps(config), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "--name", "r", "-q", cwd=folder)
    assert done.code == 0, done.err
    whole = run_dlcli("predict", "r", "[people.csv, scores.jsonl]", "-o", "p.csv", cwd=folder)
    assert whole.code == 0, whole.err
    order = np.arange(ROWS)[::-1]
    to_csv(some(PEOPLE, order), folder / "other.csv")
    assert run_dlcli("predict", "r", "other.csv,scores.jsonl", "-o", "q.csv", cwd=folder).code == 0
    one, other = (
        np.array([row.split(",")[-1] for row in (folder / name).read_text(encoding="utf-8").splitlines()[1:]], float)
        for name in ("p.csv", "q.csv")
    )
    np.testing.assert_allclose(one[order], other, atol=1e-6)
    value = run_dlcli("evaluate", "r", "--data", "[people.csv, scores.jsonl]", "--json", cwd=folder)
    assert value.code == 0, value.err
    assert value.value["samples"] == ROWS
    alone = run_dlcli("predict", "r", "people.csv", cwd=folder)
    assert alone.code == 2
    assert "the run joins 2 sources, and 'people.csv' names 1" in alone.err


@pytest.mark.parametrize("on", ["id", None])
@pytest.mark.parametrize(
    ("cell", "target", "said"),
    [
        ("", "kind", "'b'"),
        ("inf", "kind", "'b' is infinite"),
        ("x", "kind", "row 7 is 'x'"),
        ("", "b", "'b'"),
        ("x", "b", "row 7 is 'x'"),
    ],
)
def test_a_fault_is_told_in_the_file_that_holds_it(
    tmp_path: Path, load: Callable[..., Dataset], on: str | None, cell: str, target: str, said: str
) -> None:
    """Row 7 of the second file, which with a key belongs to another row of the first."""
    order = list(range(20)) if on is None else list(range(20))[::-1]
    key = ["id"] if on else []
    left = [[*key, "a", "kind"], *([*([row] if on else []), row, "uv"[row % 2]] for row in range(20))]
    right = [
        [*key, "b", "d"],
        *([*([row] if on else []), cell if at == 6 else row / 2, 1] for at, row in enumerate(order)),
    ]
    for name, rows in (("left.csv", left), ("right.csv", right)):
        (tmp_path / name).write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n", encoding="utf-8")
    files = [str(tmp_path / "left.csv"), str(tmp_path / "right.csv")]
    inputs = {"one": {"columns": ["a"] if target == "b" else ["a", "b"], "kind": "number"}}
    source = {"join": {"sources": files, **({"on": on} if on else {})}}
    with pytest.raises(DataError) as caught:
        load({"source": source, "inputs": inputs, "target": target}, labels="numbers" if target == "b" else "classes")
    error = caught.value
    assert said in error.message
    assert (error.file, error.line) == (files[1], 8), error.message


def test_the_key_is_no_input_but_can_be_kept_and_named(
    folder: Path, load: Callable[..., Dataset], run_dlcli: Callable[..., Any]
) -> None:
    """Read as text to be compared; numbers again where each cell is one, so that 10 comes after 9."""
    days, names = np.arange(1, ROWS + 1), [f"p{number % 7}" for number in range(ROWS)]
    to_csv({"day": days.tolist(), "who": names, "a": PEOPLE["age"]}, folder / "a.csv")
    to_csv({"who": names[::-1], "day": days[::-1].tolist(), "y": SCORES["score"][::-1]}, folder / "b.csv")
    source = {"join": {"sources": [str(folder / "a.csv"), str(folder / "b.csv")], "on": ["day", "who"]}}

    plain = load({"source": source, "target": "y"}, labels="numbers")
    assert [each.name for each in plain.schema.inputs[0].columns or []] == ["a"]

    timed = load({"source": source, "target": "y", "inputs": ["day"], "split": {"by": "time:day"}}, labels="numbers")
    assert timed.splits["train"].inputs["features"][:].ravel().max() < timed.splits["test"].inputs["features"][:].min()

    apart = load({"source": source, "target": "y", "split": {"by": "group:who"}}, labels="numbers")
    people = [{names[row] for row in split.rows} for split in apart.splits.values()]
    assert sum(map(len, people)) == 7

    config = {
        "data": {"source": source, "target": "y"},
        "layers": [{"Dense": 1}],
        "loss": "mse",
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    (folder / "c.yaml").write_text(json.dumps(config), encoding="utf-8")
    assert run_dlcli("train", "c.yaml", "--name", "r", "-q", cwd=folder).code == 0
    kept = run_dlcli("predict", "r", "[a.csv, b.csv]", "--keep", "day", "--keep", "who", "-o", "p.csv", cwd=folder)
    assert kept.code == 0, kept.err
    rows = [row.split(",")[:2] for row in (folder / "p.csv").read_text(encoding="utf-8").splitlines()]
    assert rows[0] == ["day", "who"]
    assert rows[1:] == [[str(day), name] for day, name in zip(days, names, strict=True)]


def test_a_key_with_leading_zeros_stays_text(folder: Path, load: Callable[..., Dataset]) -> None:
    dataset = load(block(folder), labels="binary")
    assert dataset.fields.arrays["id"][:3].tolist() == ["000", "001", "002"]


@pytest.mark.parametrize("kind", ["f8", "f4", "i8", "u2"])
def test_a_key_of_whole_numbers_is_the_same_in_any_type(
    kind: str, tmp_path: Path, load: Callable[..., Dataset]
) -> None:
    order = np.random.default_rng(3).permutation(20)
    np.savez(tmp_path / "b.npz", id=order.astype(kind), x=(order * 2.5).astype("f4"))
    to_csv({"id": [*range(20)], "y": [row / 3 for row in range(20)]}, tmp_path / "a.csv")
    arrays = {"npz": {"path": str(tmp_path / "b.npz"), "inputs": ["id", "x"]}}
    source = {"join": {"sources": [str(tmp_path / "a.csv"), arrays], "on": "id"}}
    dataset = load({"source": source, "target": "y", "inputs": {"one": {"columns": ["x"]}}}, labels="numbers")
    seen = 0
    for samples in dataset.splits.values():
        assert samples.inputs["one"][:].ravel() == pytest.approx(samples.targets["y"][:].ravel() * 7.5, rel=1e-5)
        seen += len(samples)
    assert seen == 20


def test_keys_that_differ_in_their_form_alone_are_shown_beside_each_other(
    tmp_path: Path, refuse: Callable[..., Any]
) -> None:
    to_csv({"id": [*range(9)], "y": [*range(9)]}, tmp_path / "a.csv")
    to_csv({"id": [f"{row}.0" for row in range(9)], "x": [*range(9)]}, tmp_path / "b.csv")
    source = {"join": {"sources": [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")], "on": "id"}}
    refusal = refuse({"source": source, "target": "y"}, labels="numbers")
    assert refusal.hint == "there it is '0.0': write both alike"
    to_csv({"id": [f"k{row}" for row in range(9)], "x": [*range(9)]}, tmp_path / "b.csv")
    assert refuse({"source": source, "target": "y"}, labels="numbers").hint == "leave such rows out of both"
