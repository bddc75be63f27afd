"""Other data than a run's own: one split of several, columns kept beside predictions, names that are numbers, paths as given."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Callable[..., Path]) -> Any:
    """A run on arrays with a training and a test split, of which the test labels are all turned round."""
    folder = tmp_path_factory.mktemp("splits")
    generator = np.random.default_rng(0)
    x = generator.normal(size=(100, 3))
    y = (x[:, 0] > 0).astype(int)
    np.savez(folder / "d.npz", x_train=x[:80], y_train=y[:80], x_test=x[80:], y_test=1 - y[80:])
    np.savez(folder / "one.npz", x=x[80:], y=1 - y[80:])
    layers = [{"Dense": {"units": "${data.classes}", "activation": "softmax"}}]
    changes = {"data": {"source": "d.npz"}, "layers": layers, "train.epochs": 1}
    config = write_experiment(folder, changes)
    outcome = run_dlcli("train", config, "--name", "r", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    return folder


def test_one_split_of_other_data_is_chosen(arrays: Path, run_dlcli: Run) -> None:
    whole = run_dlcli("evaluate", "r", "--data", "one.npz", "--json", cwd=arrays).value
    part = run_dlcli("evaluate", "r", "--data", "d.npz:test", "--json", cwd=arrays).value
    assert (part["samples"], part["metrics"]) == (20, whole["metrics"])
    rows = run_dlcli("predict", "r", "d.npz:test", cwd=arrays).out
    assert rows == run_dlcli("predict", "r", "one.npz", cwd=arrays).out
    assert len(rows.splitlines()) == 21
    assert len(run_dlcli("predict", "r", "d.npz:train", cwd=arrays).out.splitlines()) == 81


@pytest.mark.parametrize("command", [["evaluate", "r", "--data"], ["predict", "r"]])
def test_data_of_several_splits_without_one_chosen_is_refused(command: list[str], arrays: Path, run_dlcli: Run) -> None:
    outcome = run_dlcli(*command, "d.npz", cwd=arrays)
    assert outcome.code == 2
    assert "'d.npz' holds several splits: train (80), test (20)" in outcome.err
    assert "choose one: d.npz:test" in outcome.err
    outcome = run_dlcli(*command, "d.npz:validation", cwd=arrays)
    assert "the data has no split 'validation'; it has: train (80), test (20)" in outcome.err
    outcome = run_dlcli(*command, "d.npz:nope", cwd=arrays)
    assert outcome.code == 2
    assert "the data has no split 'nope'; it has: train (80), test (20)" in outcome.err
    outcome = run_dlcli(*command, "none.npz:nope", cwd=arrays)
    assert outcome.code == 2
    outcome = run_dlcli(*command, "one.npz:test", cwd=arrays)
    assert "the data has no split 'test'; it has none of its own" in outcome.err


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Callable[..., Path]) -> Any:
    """A run on a table whose column `c` holds the numbers 1 to 3 as names."""
    folder = tmp_path_factory.mktemp("kept")
    rows = [[row, row % 3 + 1, row / 10, "uv"[row % 2]] for row in range(60)]
    write(folder / "t.csv", ["id", "c", "a", "y"], rows)
    inputs = {"c": {"columns": ["c"], "kind": "category"}, "a": {"columns": ["a"]}}
    config = write_experiment(
        folder,
        {
            "data": {"source": "t.csv", "inputs": inputs, "target": "y"},
            "layers": [
                {"Concatenate": {"from": ["c", "a"]}},
                {"Dense": {"units": "${data.classes}", "activation": "softmax"}},
            ],
            "train.epochs": 1,
        },
    )
    outcome = run_dlcli("train", config, "--name", "r", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    return SimpleNamespace(folder=folder, rows=rows)


def write(path: Path, header: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def predicted(outcome: Any) -> list[dict[str, str]]:
    assert outcome.code == 0, outcome.err
    return list(csv.DictReader(io.StringIO(outcome.out)))


def test_columns_of_the_data_are_kept_beside_the_predictions(table: Any, run_dlcli: Run) -> None:
    rows = predicted(run_dlcli("predict", "r", "t.csv", "--keep", "id", "--keep", "y", cwd=table.folder))
    assert [row["id"] for row in rows] == [str(row[0]) for row in table.rows]
    assert [row["y (data)"] for row in rows] == [row[3] for row in table.rows]
    assert list(rows[0]) == ["id", "y (data)", "y", "probability u", "probability v"]
    outcome = run_dlcli("predict", "r", "t.csv", "--keep", "ib", cwd=table.folder)
    assert outcome.code == 4
    assert "there is no column 'ib'; the data has: id, c, a, y" in outcome.err


@pytest.mark.parametrize("form", ["{}.0", " {}", "{}.00", "+{}"])
def test_a_name_that_comes_back_as_the_same_number_is_the_same_name(form: str, table: Any, run_dlcli: Run) -> None:
    path = table.folder / "again.csv"
    write(path, ["c", "a"], [[form.format(row[1]), row[2]] for row in table.rows])
    outcome = run_dlcli("predict", "r", path, cwd=table.folder)
    assert (outcome.out, outcome.err) == (run_dlcli("predict", "r", "t.csv", cwd=table.folder).out, "")
    write(path, ["c", "a"], [["1.5", 0.1]])
    assert "1 value was not in the training split ('1.5')" in run_dlcli("predict", "r", path, cwd=table.folder).err


def test_a_damaged_column_that_the_model_does_not_take_is_not_looked_at(table: Any, run_dlcli: Run) -> None:
    path = table.folder / "damaged.csv"
    write(path, ["c", "a", "bad", "bad"], [["1", 0.1, 1, "x"], ["2", 0.2, 2, "y"], ["3", 0.3, "z", "y"]])
    assert len(predicted(run_dlcli("predict", "r", path, cwd=table.folder))) == 3


def test_paths_are_written_as_they_were_given(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    for kind in "ab":
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for number in range(12):
            picture = Image.fromarray(np.full((8, 8, 3), 40 + number + 100 * (kind == "b"), np.uint8))
            picture.save(tmp_path / "photos" / kind / f"{number}.png")
    changes = {"data": {"source": "photos"}, "train.epochs": 1}
    layers = ["Flatten", {"Dense": {"units": "${data.classes}", "activation": "softmax"}}]
    config = write_experiment(tmp_path, {**changes, "layers": layers})
    outcome = run_dlcli("train", config, "--name", "r", "-q", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    files = {row["file"] for row in predicted(run_dlcli("predict", "r", "photos", cwd=tmp_path))}
    assert files == {str(Path("photos", kind, f"{number}.png")) for kind in "ab" for number in range(12)}
    files = {row["file"] for row in predicted(run_dlcli("predict", "r", tmp_path / "photos", cwd=tmp_path))}
    assert str(tmp_path / "photos" / "a" / "0.png") in files
    (tmp_path / "digits").symlink_to(tmp_path / "photos")
    outcome = run_dlcli("inspect-data", "digits", cwd=tmp_path)
    assert outcome.code != 0
    assert "'digits' is a source of dlcli and a folder of files" in outcome.err
    assert run_dlcli("inspect-data", "digits/", cwd=tmp_path).code == 0


def test_init_says_that_a_header_looks_like_data(tmp_path: Path, run_dlcli: Run) -> None:
    rows = [[f"{4 + row / 10:.1f}", row % 7, ["setosa", "virginica"][row % 2]] for row in range(60)]
    write(tmp_path / "none.csv", ["5.1", "3", "setosa"], rows)
    write(tmp_path / "named.csv", ["length", "width", "kind"], rows)
    said = "the names look like a first row: if there is no header, csv: {path: …, header: false}"
    assert said in run_dlcli("init", "none.csv", "-o", "-", cwd=tmp_path).out
    assert said not in run_dlcli("init", "named.csv", "-o", "-", cwd=tmp_path).out


def test_a_kept_column_of_a_series_is_of_the_row_that_is_predicted(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    lines = [f"{row},{'ab'[row // 30]},{row * 7 % 11},{row * 5 % 13}" for row in range(60)]
    (tmp_path / "s.csv").write_text("when,g,x,t\n" + "\n".join(lines) + "\n", encoding="utf-8")
    series = {"path": "s.csv", "window": 4, "horizon": 2, "group": "g"}
    data = {"source": {"series": series}, "inputs": ["x"], "target": "t"}
    changes = {"data": data, "layers": ["Flatten", {"Dense": 1}], "loss": "mse", "metrics": [], "train.epochs": 1}
    assert run_dlcli("train", write_experiment(tmp_path, changes), cwd=tmp_path).code == 0
    said = run_dlcli("predict", "last", "s.csv", "--keep", "when", "--keep", "g", "--json", cwd=tmp_path)
    assert said.code == 0, said.err
    rows = said.value["predictions"]
    # 27 windows of 4 rows in each group of 30; the last two of a group speak of rows behind it.
    assert [one["row"] for one in rows] == [*range(6, 33), *range(36, 63)]
    assert [one["when"] for one in rows] == [*range(5, 30), None, None, *range(35, 60), None, None]
    assert [one["g"] for one in rows] == ["a"] * 25 + [None] * 2 + ["b"] * 25 + [None] * 2
    plain = run_dlcli("predict", "last", "s.csv", "--json", cwd=tmp_path).value["predictions"]
    assert [*plain[0]] == ["t"]
    done = run_dlcli("predict", "last", "s.csv", "--keep", "when", "-o", "p.csv", cwd=tmp_path)
    assert done.code == 0, done.err
    assert (tmp_path / "p.csv").read_text().splitlines()[26].startswith("31,")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Callable[..., Path]) -> Path:
    """A run on grey pictures of 6×6 pixels of 16 bits in the folder `high`, beside others in `low` and `again`."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for kind in "ab":
        for bits, name in ((8, "low"), (16, "high"), (16, "again")):
            for number in range(20 if name == "high" else 2):
                pixels = generator.integers(0, 2**bits, (6, 6)).astype(f"uint{bits}")
                save(folder / name / kind / f"{number}.png", pixels)
    layers = ["Flatten", {"Dense": {"units": "${data.classes}", "activation": "softmax"}}]
    changes = {"data": {"source": {"images": "high"}}, "layers": layers, "train.epochs": 1}
    outcome = run_dlcli("train", write_experiment(folder, changes), "--name", "r", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    return folder


def save(file: Path, pixels: np.ndarray[Any, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


def test_pictures_of_other_bits_than_those_of_training_are_told(pictures: Path, run_dlcli: Run) -> None:
    told = "the pictures of 'image' hold uint8, and in training they held uint16"
    for command in (["predict", "r"], ["evaluate", "r", "--data"]):
        other, same = (run_dlcli(*command, folder, cwd=pictures) for folder in ("low", "again"))
        assert (other.code, same.code) == (0, 0)
        assert told in other.err + other.out
        assert "in training they held" not in same.err + same.out
        assert "of another size" not in same.err + same.out


def test_pictures_of_another_size_are_told(pictures: Path, run_dlcli: Run, tmp_path: Path) -> None:
    for number, shape in enumerate([(6, 6), (6, 6), (4, 4), (4, 4), (6, 5)]):
        save(tmp_path / "d" / "ab"[number % 2] / f"{number}.png", np.full(shape, 7000, np.uint16))
    for command in (["predict", str(pictures / "runs/r")], ["evaluate", str(pictures / "runs/r"), "--data"]):
        done = run_dlcli(*command, "d", cwd=tmp_path)
        assert done.code == 0, done.err
        said = "3 pictures of another size (height×width), resized to 6×6: 4×4 (2), 6×5 (1)"
        assert said in " ".join((done.err + done.out).split())


def test_pictures_stored_in_colours_are_told(pictures: Path, run_dlcli: Run, tmp_path: Path) -> None:
    save(tmp_path / "d" / "1.png", np.full((6, 6, 3), 9, np.uint8))
    save(tmp_path / "d" / "2.png", np.full((6, 6), 9, np.uint8))
    done = run_dlcli("predict", str(pictures / "runs/r"), "d", cwd=tmp_path)
    assert "1 picture stored in colours, read as grey" in done.err


def test_folders_that_are_no_classes_are_folders_where_nothing_is_compared(
    pictures: Path, run_dlcli: Run, tmp_path: Path
) -> None:
    run, grey = str(pictures / "runs/r"), np.full((6, 6), 300, np.uint16)
    for name in ("top.png", "a/1.png", "new/2.png", "new/deep/3.png"):
        save(tmp_path / "d" / name, grey)
    (tmp_path / "d" / "empty").mkdir()
    done = run_dlcli("predict", run, "d", cwd=tmp_path)
    assert done.code == 0, done.err
    files = [row["file"] for row in csv.DictReader(io.StringIO(done.out))]
    assert files == ["d/top.png", "d/a/1.png", "d/new/2.png", "d/new/deep/3.png"]
    (tmp_path / "d" / "empty").rmdir()
    refused = run_dlcli("evaluate", run, "--data", "d", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (4, "unknown_class")
    assert refused.error["message"] == "the class folder 'new' is none of the classes: a, b"
    assert refused.error["hint"] == "give the folder the name of a class, or move it away"
    assert run_dlcli("predict", run, "d", "--keep", "label", cwd=tmp_path).code == 4
