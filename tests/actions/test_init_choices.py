"""What init proposes for targets, series, rare names and files, and how settings of the data change it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config import Config, load_config

Run = Callable[..., Any]
ROWS = 144
X = [row * 7 % 13 / 2 for row in range(ROWS)]


def table(folder: Path, **columns: Sequence[Any]) -> Path:
    path = folder / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def proposed(folder: Path, run_dlcli: Run, *options: str) -> tuple[Config, str]:
    """The configuration that is written for the table, read back."""
    done = run_dlcli("init", "t.csv", "-o", "t.yaml", "--force", *options, cwd=folder)
    assert done.code == 0, done.err
    return load_config(str(folder / "t.yaml"))[0], (folder / "t.yaml").read_text()


def of(values: Sequence[Any]) -> list[Any]:
    return [values[row % len(values)] for row in range(ROWS)]


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([0, 1], 2),
        ([0.0, 1.0], 2),
        ([1, 2], 2),
        ([-1, 1], 2),
        ([3, 7], 2),
        ([1, 2, 3, 4], 4),
        ([float(number) for number in range(7)], 7),
        ([*range(20)], 20),
        ([*range(1, 22)], None),
        ([3, 4, 5, 6, 8], None),
        ([0.5, 1.5], None),
        ([1.0, 2.5, 3.0], None),
        (["yes", "no"], 2),
        ([True, False], 2),
    ],
)
def test_whole_numbers_are_classes_however_they_are_written(
    values: list[Any], classes: int | None, tmp_path: Path, run_dlcli: Run
) -> None:
    table(tmp_path, x=X, y=of(values))
    config, _ = proposed(tmp_path, run_dlcli)
    losses = {2: "binary_crossentropy", None: "mse"}
    assert config.heads[0].loss.written == losses.get(classes, "sparse_categorical_crossentropy")
    done = run_dlcli("inspect-data", "t.yaml", "--json", cwd=tmp_path)
    counts = next(each["classes"] for each in done.value["tensors"] if each["role"] == "target")
    assert (None if counts is None else len(counts)) == classes


def test_a_number_that_stands_in_one_row_is_no_class(tmp_path: Path, run_dlcli: Run) -> None:
    table(tmp_path, x=X, y=[*[1, 2, 3] * 47, 1, 2, 4])
    assert proposed(tmp_path, run_dlcli)[0].heads[0].loss.written == "mse"
    table(tmp_path, x=X, y=[*[1, 2, 3] * 47, 4, 2, 4])
    assert proposed(tmp_path, run_dlcli)[0].heads[0].loss.written == "sparse_categorical_crossentropy"


def test_few_numbers_that_may_be_classes_are_said(tmp_path: Path, run_dlcli: Run) -> None:
    table(tmp_path, x=X, y=of([3, 4, 5, 6, 8]))
    assert 'if its 5 values are classes: {column: "y", encode: index}' in proposed(tmp_path, run_dlcli)[1]
    table(tmp_path, x=X, y=of([1, 2]))
    assert 'taken for classes; for amounts: target: "y"' in proposed(tmp_path, run_dlcli)[1]


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SALES = [row * 37 % 101 for row in range(ROWS)]
TIMES = {
    "counter": [*range(7, 7 + ROWS)],
    "years in steps": [1000 + 2 * row for row in range(ROWS)],
    "days": [f"2024-{1 + row // 28:02}-{1 + row % 28:02}" for row in range(ROWS)],
    "months by name": [f"{1991 + row // 12} {MONTHS[row % 12]}" for row in range(ROWS)],
    "quarters": [f"{1991 + row // 4}Q{1 + row % 4}" for row in range(ROWS)],
}


@pytest.mark.parametrize("name", TIMES)
def test_a_number_beside_its_time_is_forecast_from_its_past(name: str, tmp_path: Path, run_dlcli: Run) -> None:
    table(tmp_path, t=TIMES[name], v=SALES)
    config, text = proposed(tmp_path, run_dlcli)
    assert config.data.source.word == "series"
    assert (config.data.inputs, config.data.target, config.data.split.by) == (["v"], "v", "time")
    assert "{series: {path: t.csv, window: 12}}" in text
    assert run_dlcli("validate", "t.yaml", "--build", cwd=tmp_path).code == 0


@pytest.mark.parametrize(("different", "series"), [(2, False), (3, True), (9, True)])
def test_few_whole_numbers_beside_their_time_are_forecast_too(
    different: int, series: bool, tmp_path: Path, run_dlcli: Run
) -> None:
    table(tmp_path, t=TIMES["counter"], v=[row % different for row in range(ROWS)])
    if not series:
        assert "no column is left to learn from" in run_dlcli("init", "t.csv", cwd=tmp_path).err
        return
    config, _ = proposed(tmp_path, run_dlcli)
    assert (config.data.source.word, config.loss.written) == ("series", "mse")
    assert run_dlcli("validate", "t.yaml", "--build", cwd=tmp_path).code == 0


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
RISING = {
    "months by name": (
        [f"{1991 + row // 12} {MONTHS[row % 12]}" for row in range(ROWS)],
        True,
    ),
    "quarters": ([f"{1991 + row // 4} Q{row % 4 + 1}" for row in range(ROWS)], True),
    "words": ([f"{1991 + row // 12} Jab" for row in range(ROWS)], False),
    "years": ([2001 + row // 30 for row in range(ROWS)], True),
    "years that fall once": ([2001 + row // 30 - (row == 90) * 2 for row in range(ROWS)], False),
    "two years": ([2001 + row // 80 for row in range(ROWS)], False),
    "days": ([20240000 + 100 * (1 + row // 28) + 1 + row % 28 for row in range(ROWS)], True),
    "no days": ([20240000 + 100 * (1 + row // 28) + 31 + row % 28 for row in range(ROWS)], False),
    "counts": ([row // 2 for row in range(ROWS)], False),
}


@pytest.mark.parametrize("name", RISING)
def test_rows_in_the_order_of_years_or_days_are_split_by_time(name: str, tmp_path: Path, run_dlcli: Run) -> None:
    values, by_time = RISING[name]
    table(tmp_path, t=values, x=X, v=SALES)
    config, text = proposed(tmp_path, run_dlcli)
    assert (config.data.split.by == "time:t") is by_time
    assert ("the test is later than what is trained on" in text) is by_time
    assert run_dlcli("validate", "t.yaml", "--build", cwd=tmp_path).code == 0


def test_days_that_stand_alone_beside_the_target_are_learnt_from_by_their_parts(tmp_path: Path, run_dlcli: Run) -> None:
    days = [f"2024-01-{1 + row % 10:02d}" for row in range(100)]
    table(tmp_path, when=days, y=[row % 2 for row in range(100)])
    config, text = proposed(tmp_path, run_dlcli)
    assert config.data.inputs["when"].parts == ["weekday", "day", "month"]
    assert "there is nothing else to learn from" in text
    table(tmp_path, when=days, x=X[:100], y=[row % 2 for row in range(100)])
    assert "kind: time" not in proposed(tmp_path, run_dlcli)[1]
    assert run_dlcli("validate", "t.yaml", "--build", cwd=tmp_path).code == 0


@pytest.mark.parametrize(("rare", "metrics", "monitor"), [(6, ["AUC"], "val_auc"), (60, ["accuracy"], "val_loss")])
def test_a_rare_class_is_measured_by_what_sees_it(
    rare: int, metrics: list[str], monitor: str, tmp_path: Path, run_dlcli: Run
) -> None:
    x = np.random.default_rng(0).normal(size=120).round(3).tolist()
    table(tmp_path, x=x, y=["yes" if row % (120 // rare) == 0 else "no" for row in range(120)])
    config, _ = proposed(tmp_path, run_dlcli)
    assert [metric.written for metric in config.heads[0].metrics] == metrics
    assert config.train.early_stopping.monitor == monitor
    assert run_dlcli("train", "t.yaml", "--epochs", "1", cwd=tmp_path).code == 0


def test_the_hint_where_nothing_is_left_names_the_option(tmp_path: Path, run_dlcli: Run) -> None:
    table(tmp_path, n=[5] * 40, y=[row % 2 for row in range(40)])
    done = run_dlcli("init", "t.csv", "--target", "y", cwd=tmp_path)
    assert "or name another one to predict with --target COLUMN" in done.err
    assert "--set" not in done.err


def test_labels_in_a_column_vector_are_classes(tmp_path: Path, run_dlcli: Run) -> None:
    y = np.arange(60)[:, None] % 3
    np.savez(tmp_path / "t.npz", x=np.random.default_rng(0).normal(size=(60, 4)), y=y)
    done = run_dlcli("init", "t.npz", "-o", "t.yaml", cwd=tmp_path)
    assert done.code == 0, done.err
    text = (tmp_path / "t.yaml").read_text(encoding="utf-8")
    assert "loss: sparse_categorical_crossentropy" in text
    assert run_dlcli("validate", "t.yaml", "--build", cwd=tmp_path).code == 0


@pytest.mark.parametrize(("rows", "window"), [(36, 3), (47, 3), (48, 4), (143, 11), (144, 12)])
def test_a_short_series_has_a_smaller_window(rows: int, window: int, tmp_path: Path, run_dlcli: Run) -> None:
    table(tmp_path, t=TIMES["counter"][:rows], v=SALES[:rows])
    assert f"window: {window}}}" in proposed(tmp_path, run_dlcli)[1]
    assert run_dlcli("validate", "t.yaml", "--build", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    "columns",
    [
        {"t": TIMES["counter"][:35], "v": SALES[:35]},
        {"t": TIMES["days"][::-1], "v": SALES},
    ],
)
def test_what_is_no_series_is_told(columns: dict[str, Any], tmp_path: Path, run_dlcli: Run) -> None:
    table(tmp_path, **columns)
    done = run_dlcli("init", "t.csv", cwd=tmp_path)
    assert done.code == 4
    assert "no column is left to learn from" in done.err


def test_a_column_that_says_more_is_an_input_and_no_series(tmp_path: Path, run_dlcli: Run) -> None:
    table(tmp_path, t=TIMES["counter"], x=X, v=SALES)
    assert proposed(tmp_path, run_dlcli)[0].data.source.word == "csv"


@pytest.mark.parametrize(("names", "left_out"), [(48, False), (49, True)])
def test_names_in_fewer_than_three_rows_each_are_left_out(
    names: int, left_out: bool, tmp_path: Path, run_dlcli: Run
) -> None:
    table(tmp_path, name=of([f"car {number}" for number in range(names)]), x=X, y=[each + 0.5 for each in SALES])
    assert (proposed(tmp_path, run_dlcli)[0].data.inputs == ["x"]) is left_out


@pytest.mark.parametrize(("ending", "source"), [("png", "images"), ("wav", "audio"), ("xyz", None)])
def test_a_column_of_files_leads_to_the_source_that_reads_them(
    ending: str, source: str | None, tmp_path: Path, run_dlcli: Run
) -> None:
    table(tmp_path, path=[f"a/{row}.{ending}" for row in range(ROWS)], x=X, y=of(["u", "v"]))
    hint = f"to read the files of 'path': source: {{{source}: {{path: t.csv}}}}"
    assert (hint in proposed(tmp_path, run_dlcli)[1]) is (source is not None)


def test_settings_of_the_data_reach_its_source_and_stand_in_what_is_written(tmp_path: Path, run_dlcli: Run) -> None:
    path = table(tmp_path, x=X, z=SALES, y=of(["u", "v"]))
    path.write_text(path.read_text().replace(",", ";"))
    options = ["--set", "data.source.separator=;", "--set", "data.inputs=[z]", "--set", "data.split={test: 0.3}"]
    config, text = proposed(tmp_path, run_dlcli, *options)
    assert "{csv: {path: t.csv, separator: ;}}" in text
    assert (config.data.inputs, config.data.split.test) == (["z"], 0.3)
    shown = run_dlcli("inspect-data", "t.csv", "--target", "y", *options, "--json", cwd=tmp_path)
    assert [each["name"] for each in shown.value["columns"]] == ["z"]


@pytest.mark.parametrize("command", ["init", "inspect-data"])
@pytest.mark.parametrize(
    ("setting", "code", "words"),
    [
        ("data.source.separatr=;", 3, "did you mean 'separator'"),
        ("train.epochs=3", 2, "'train' belongs to a configuration"),
        ("data.split=7", 3, "'split'"),
    ],
)
def test_a_wrong_setting_of_data_is_told(
    command: str, setting: str, code: int, words: str, tmp_path: Path, run_dlcli: Run
) -> None:
    table(tmp_path, x=X, y=of(["u", "v"]))
    done = run_dlcli(command, "t.csv", "--set", setting, cwd=tmp_path)
    assert (done.code, words in done.err) == (code, True), done.err


def test_pictures_of_several_sizes_are_begun_with_a_size(tmp_path: Path, run_dlcli: Run) -> None:
    from PIL import Image

    for number in range(24):
        (tmp_path / "icons" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        size = (16, 16) if number % 5 else (12, 12)
        Image.new("L", size, number).save(tmp_path / "icons" / "ab"[number % 2] / f"{number}.png")
    assert run_dlcli("init", "icons", cwd=tmp_path).code == 4
    done = run_dlcli("init", "icons", "--set", "data.source.size=[16, 16]", "-o", "i.yaml", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "{images: {path: icons, size: [16, 16]}}" in (tmp_path / "i.yaml").read_text()
    assert run_dlcli("validate", "i.yaml", "--build", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("steps", "layers"),
    [
        (500, ["Conv1D", "MaxPooling1D", "Flatten", "Dense", "Dense"]),
        (501, ["Conv1D", "GlobalAveragePooling1D", "Dense", "Dense"]),
        (8, ["Conv1D", "MaxPooling1D", "Flatten", "Dense", "Dense"]),
        (7, ["Conv1D", "GlobalAveragePooling1D", "Dense", "Dense"]),
    ],
)
def test_what_a_short_series_holds_and_where_is_kept(
    steps: int, layers: list[str], tmp_path: Path, run_dlcli: Run
) -> None:
    x = np.random.default_rng(0).normal(size=(60, steps, 2)).astype(np.float32)
    np.savez(tmp_path / "t.npz", x=x, y=np.arange(60) % 3)
    assert run_dlcli("init", "t.npz", "-o", "t.yaml", cwd=tmp_path).code == 0
    written = load_config(str(tmp_path / "t.yaml"))[0].written_layers()
    assert [each if isinstance(each, str) else next(iter(each)) for each in written] == layers
    assert run_dlcli("validate", "t.yaml", "--build", cwd=tmp_path).code == 0
