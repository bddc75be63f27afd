"""Windows over series: against plain loops, apart from each other where they have to be, and on new data."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.data.fields.samples import samples_of
from dlcli.data.sources.series import Series
from dlcli.data.sources.source import Reading
from dlcli.data.sources.tables.csv import Csv
from dlcli.data.windows import Windows

UNSPLIT = {"validation": 0.0, "test": 0.0}
Row = tuple[Any, ...]


def series(rows: int, *, seed: int = 0, start: int = 0) -> list[Row]:
    """Rows of time, two measured values and the wind."""
    generator = np.random.default_rng(seed)
    values = np.round(generator.normal(0, 5, (rows, 2)), 3).tolist()
    return [(start + row, *values[row], "NSEW"[int(generator.integers(4))]) for row in range(rows)]


def as_text(rows: Sequence[Row], columns: str = "time,heat,rain,wind") -> str:
    """Rows as comma-separated values."""
    return "\n".join([columns, *(",".join(map(str, row)) for row in rows)]) + "\n"


def by_hand(
    pieces: Sequence[Sequence[Row]], *, window: int, horizon: int, stride: int, sampling: int, column: int = 1
) -> tuple[list[list[Any]], list[Any], list[int]]:
    """The windows of one column, what follows each, and the row at which that stands: by plain loops."""
    windows, targets, places, before = [], [], [], 0
    for piece in pieces:
        start = 0
        while True:
            inside = [start + step * sampling for step in range(window)]
            target = inside[-1] + horizon * sampling
            if target >= len(piece):
                break
            windows.append([piece[row][column] for row in inside])
            targets.append(piece[target][column])
            places.append(before + target)
            start += stride
        before += len(piece)
    return windows, targets, places


def block_of(path: str | list[str], *, target: Any = "heat", **options: Any) -> dict[str, Any]:
    """The data block of windows over tables."""
    return {
        "source": {"series": {"path": {"csv": path}, **options}},
        "inputs": ["heat"],
        "target": target,
        "split": UNSPLIT,
    }


CUTS = [
    {"window": window, "horizon": horizon, "stride": stride, "sampling": sampling}
    for window in (1, 4, 9)
    for horizon in (0, 1, 3)
    for stride in (1, 5)
    for sampling in (1, 3)
]


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: "-".join(map(str, cut.values())))
def test_windows_and_targets_are_those_of_plain_loops(
    cut: dict[str, int], write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    rows = series(60)
    dataset = load(block_of(str(write(as_text(rows))), **cut), labels="numbers")
    windows, targets, places = by_hand([rows], **cut)
    train = dataset.splits["train"]
    assert train.inputs["features"].shape == (len(windows), cut["window"], 1)
    np.testing.assert_array_equal(train.inputs["features"][:][..., 0], np.array(windows, np.float64))
    assert train.target[:].tolist() == np.array(targets, np.float32).tolist()
    assert train.rows.tolist() == places
    assert dataset.schema.inputs[0].axes == ["samples", "time", "features"]


@pytest.mark.parametrize(
    ("samples", "cut", "count"),
    [
        (10, {"window": 3}, 7),
        (10, {"window": 3, "horizon": 0}, 8),
        (10, {"window": 3, "stride": 4}, 2),
        (10, {"window": 2, "sampling": 3, "horizon": 2}, 1),
        (10, {"window": 10, "horizon": 0}, 1),
    ],
)
def test_the_count_of_windows_is_the_one_counted_on_fingers(
    samples: int, cut: dict[str, int], count: int, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    dataset = load(block_of(str(write(as_text(series(samples)))), **cut), labels="numbers")
    assert len(dataset.splits["train"]) == count


def test_a_window_is_filled_by_columns_of_all_kinds_and_the_target_may_be_a_name(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    rows = series(40)
    block = {**block_of(str(write(as_text(rows))), window=5, target="wind"), "inputs": ["heat", "wind"]}
    dataset = load(block, labels="classes")
    train = dataset.splits["train"]
    assert train.inputs["features"].shape == (35, 5, 5)
    for sample in range(35):
        inside = rows[sample : sample + 5]
        wanted = [[np.float64(row[1]), *(float(row[3] == name) for name in "ENSW")] for row in inside]
        assert train.inputs["features"][[sample]][0].tolist() == wanted
        assert train.target[[sample]][0] == "ENSW".index(rows[sample + 5][3])
    assert dataset.classes == ["E", "N", "S", "W"]


def test_what_is_predicted_is_input_too_by_default(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    block = {**block_of(str(write(as_text(series(20)))), window=3), "inputs": None}
    dataset = load(block, labels="numbers")
    assert [each.name for each in dataset.schema.inputs[0].columns or []] == ["time", "heat", "rain", "wind"]


def test_several_targets_stand_in_the_same_row(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    rows = series(30)
    block = block_of(str(write(as_text(rows))), window=4, horizon=2, target=None)
    targets = {"rain": "rain", "both": {"column": ["heat", "rain"]}, "wind": "wind"}
    dataset = load({**block, "targets": targets}, labels={"rain": "numbers", "both": "numbers", "wind": "classes"})
    train = dataset.splits["train"]
    assert len(train) == 25
    for sample in range(25):
        row = rows[sample + 5]
        assert train.targets["rain"][[sample]].tolist() == [np.float32(row[2])]
        assert train.targets["both"][[sample]].tolist() == [[np.float32(row[1]), np.float32(row[2])]]
        assert train.targets["wind"][[sample]].tolist() == ["ENSW".index(row[3])]


def test_windows_of_several_files_are_never_mixed(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    pieces = [series(count, seed=count, start=1000 * count) for count in (20, 3, 14)]
    paths = [str(write(as_text(piece), f"{number}.csv")) for number, piece in enumerate(pieces)]
    cut = {"window": 4, "horizon": 1, "stride": 1, "sampling": 1}
    dataset = load({**block_of(paths, target="time", **cut), "inputs": ["time"]}, labels="numbers")
    windows, targets, places = by_hand(pieces, **cut, column=0)
    train = dataset.splits["train"]
    assert len(windows) == 16 + 0 + 10
    assert train.inputs["features"][:][..., 0].tolist() == windows
    assert (train.target[:].tolist(), train.rows.tolist()) == (targets, places)
    steps = np.diff(np.column_stack([train.inputs["features"][:][..., 0], train.target[:]]), axis=1)
    assert (steps == 1).all()
    one = load({**block_of(str(write(as_text([row for piece in pieces for row in piece]))), **cut)}, labels="numbers")
    assert len(one.splits["train"]) == 33  # without the borders windows would reach over them


def grouped(write: Callable[..., Path]) -> tuple[str, list[list[Row]]]:
    """A table of three stations, one after the other, and their rows."""
    pieces = [series(count, seed=count, start=start) for count, start in [(30, 0), (4, 0), (22, 8)]]
    rows = [(*row, "가나다"[number]) for number, piece in enumerate(pieces) for row in piece]
    return str(write(as_text(rows, "time,heat,rain,wind,station"))), pieces


def test_windows_of_several_groups_are_never_mixed(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path, pieces = grouped(write)
    cut = {"window": 3, "horizon": 2, "stride": 2, "sampling": 1}
    dataset = load(block_of(path, group="station", **cut), labels="numbers")
    windows, targets, places = by_hand(pieces, **cut)
    train = dataset.splits["train"]
    assert len(windows) == 13 + 0 + 9
    np.testing.assert_array_equal(train.inputs["features"][:][..., 0], np.array(windows, np.float64))
    assert train.rows.tolist() == places
    np.testing.assert_array_equal(train.target[:], np.array(targets, np.float32))
    assert len(load(block_of(path, **cut), labels="numbers").splits["train"]) == 26


def test_the_column_that_tells_series_apart_is_no_input_by_default(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path, _ = grouped(write)
    dataset = load({**block_of(path, window=3, group="station"), "inputs": None}, labels="numbers")
    assert [each.name for each in dataset.schema.inputs[0].columns or []] == ["time", "heat", "rain", "wind"]


def test_a_group_that_is_no_column_is_refused(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path, _ = grouped(write)
    refusal = refuse(block_of(path, window=3, group="stations"), labels="numbers")
    assert refusal.message == (
        "the series are told apart by column 'stations', which the data does not have; "
        "it has: time, heat, rain, wind, station"
    )
    assert (refusal.code, refusal.file, refusal.hint) == (4, path, "did you mean 'station'?")


def touched(dataset: Dataset, split: str, cut: Windows) -> set[int]:
    """The rows that the windows of a split and their targets are made of."""
    reach = cut.reach
    return {
        int(row) - reach + step * cut.sampling
        for row in dataset.splits[split].rows
        for step in [*range(cut.window), cut.window - 1 + cut.horizon]
    }


SHARES = {"validation": 0.2, "test": 0.2}


@pytest.mark.parametrize("by", ["time", "time:time"])
@pytest.mark.parametrize(("window", "horizon", "stride", "sampling"), [(5, 1, 1, 1), (3, 4, 2, 2), (8, 0, 3, 1)])
def test_a_split_by_time_leaves_no_row_in_two_splits(
    window: int,
    horizon: int,
    stride: int,
    sampling: int,
    by: str,
    write: Callable[..., Path],
    load: Callable[..., Dataset],
) -> None:
    cut = Windows(window=window, horizon=horizon, stride=stride, sampling=sampling)
    block = block_of(str(write(as_text(series(200)))), **cut.model_dump(exclude={"group"}))
    dataset = load({**block, "split": {**SHARES, "by": by}}, labels="numbers")
    rows = {split: touched(dataset, split, cut) for split in ("train", "validation", "test")}
    assert [len(each) > 10 for each in rows.values()] == [True] * 3
    assert max(rows["train"]) < min(rows["validation"])
    assert max(rows["validation"]) < min(rows["test"])
    # No more is left out than has to be: a window that begins one stride earlier would reach back.
    first = int(dataset.splits["validation"].rows[0])
    assert first - cut.reach - stride <= max(rows["train"])
    shuffled = load({**block, "split": {**SHARES, "by": "random"}}, labels="numbers")
    assert touched(shuffled, "train", cut) & touched(shuffled, "test", cut)


def test_a_split_by_time_cuts_every_series_at_the_same_time(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    pieces = [series(60, seed=1), series(40, seed=2, start=15), series(60, seed=3)]
    rows = [(*row, "가나다"[number]) for number, piece in enumerate(pieces) for row in piece]
    cut = Windows(window=4, horizon=2)
    block = block_of(
        str(write(as_text(rows, "time,heat,rain,wind,station"))), window=4, horizon=2, group="station", target="time"
    )
    dataset = load({**block, "split": {**SHARES, "by": "time:time"}}, labels="numbers")
    own = {split: touched(dataset, split, cut) for split in ("train", "validation", "test")}
    assert not own["train"] & own["validation"]
    assert not own["train"] & own["test"]
    assert not own["validation"] & own["test"]
    times = {split: each.target[:] for split, each in dataset.splits.items()}
    assert times["train"].max() < times["validation"].min()
    assert times["validation"].max() < times["test"].min()
    starts = np.array([0, 60, 100])
    for split in ("train", "validation", "test"):
        held = np.searchsorted(starts, dataset.splits[split].rows, side="right") - 1
        assert np.bincount(held, minlength=3).min() > 0, split  # each series is in each split


@pytest.mark.parametrize(("rows", "few"), [(150, True), (190, False)])
def test_windows_that_reach_over_a_border_are_counted(
    rows: int, few: bool, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    cut = Windows(window=5, horizon=2)
    block = block_of(str(write(as_text(series(rows)))), window=5, horizon=2)
    dataset = load({**block, "split": {**SHARES, "by": "time"}}, labels="numbers")
    windows = rows - cut.reach
    each = round(windows * 0.2)
    kept = [len(dataset.splits[split]) for split in ("train", "validation", "test")]
    assert kept == [windows - 2 * each, each - cut.reach, each - cut.reach]
    told = f"validation keeps {each - cut.reach} of {each} and test keeps {each - cut.reach} of {each}"
    lost = f"{windows - sum(kept)} windows reach back into the split before and are left out: {told}"
    judged = "; so few in validation and test are little to judge by: a smaller window, or a larger share"
    assert [note for note in dataset.notes if "reach" in note] == [lost + (judged if few else "")]
    shuffled = load({**block, "split": {**SHARES, "by": "random"}}, labels="numbers")
    assert not [note for note in shuffled.notes if "reach" in note]


def test_a_split_by_time_of_windows_that_all_reach_back_is_refused(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    block = block_of(str(write(as_text(series(60)))), window=20)
    refusal = refuse({**block, "split": {**SHARES, "by": "time"}}, labels="numbers")
    assert refusal.message == "the validation split would be empty: its windows all reach back into the split before it"
    assert refusal.hint == "write a smaller window, or a larger share for the split"


@pytest.mark.parametrize(
    ("options", "reach"),
    [({"window": 30}, 31), ({"window": 30, "horizon": 5}, 35), ({"window": 16, "sampling": 2, "horizon": 0}, 31)],
)
def test_a_series_that_is_too_short_is_refused(
    options: dict[str, int], reach: int, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    paths = [str(write(as_text(series(count)), f"{count}.csv")) for count in (12, 30, 7)]
    refusal = refuse(block_of(paths, **options), labels="numbers")
    assert refusal.message == f"a window with its target reaches over {reach} rows, but the longest series has 30"
    assert (refusal.code, refusal.hint) == (4, "write a smaller window, horizon or sampling")


def test_empty_cells_of_a_series_are_filled(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    rows: list[Row] = series(50)
    gap = [*rows[:10], (10, "", *rows[10][2:]), *rows[11:]]
    block = {**block_of(str(write(as_text(gap))), window=4, target="rain"), "split": {**SHARES, "by": "time"}}
    dataset = load({**block, "missing": "mean"}, labels="numbers")
    inside = sorted(touched(dataset, "train", Windows(window=4, horizon=0)) - {10})
    last = int(dataset.splits["train"].rows[-1])
    known = [rows[row][1] for row in range(last) if row != 10]  # the target of the last window is in no window
    assert len(inside) > 20
    mean = np.float64(np.mean(known))
    held = dataset.splits["train"].inputs["features"][:][..., 0]
    assert [held[start][10 - start] for start in range(7, 11)] == [pytest.approx(mean, rel=1e-6)] * 4
    everything = np.mean([row[1] for number, row in enumerate(rows) if number != 10])
    assert abs(mean - everything) > 1e-3


def test_a_file_to_predict_has_a_window_that_ends_in_its_last_row(
    write: Callable[..., Path],
) -> None:
    rows = series(30)
    path = str(write(as_text(rows)))
    for horizon, sampling, more in [(1, 1, 1), (0, 1, 0), (3, 1, 3), (2, 3, 6)]:
        source = Series(path=Csv(path=path), window=4, horizon=horizon, sampling=sampling)
        fields = source.read(Reading())
        known, new = samples_of(fields), samples_of(fields, with_target=False)
        assert new.count - known.count == more
        last = new.input(fields.arrays["heat"])[[new.count - 1]]
        assert last.tolist() == [[rows[29 - step * sampling][1] for step in (3, 2, 1, 0)]]
        assert new.target_rows(np.arange(new.count))[-1] == 29


@pytest.fixture(scope="module")
def forecast(
    tmp_path_factory: pytest.TempPathFactory, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> Path:
    """A folder with a run `f` that predicts the heat two rows ahead."""
    folder = tmp_path_factory.mktemp("예보")
    (folder / "heat.csv").write_text(as_text(series(120)), encoding="utf-8")
    config = write_experiment(
        folder,
        {
            "data": {
                "source": {"series": {"path": "heat.csv", "window": 6, "horizon": 2}},
                "inputs": ["heat", "rain"],
                "target": "heat",
                "prepare": ["Normalization"],
                "split": {**SHARES, "by": "time"},
            },
            "layers": ["Flatten", {"Dense": {"units": 1}}],
            "loss": "mse",
            "metrics": ["mae"],
            "train.epochs": 1,
        },
    )
    outcome = run_dlcli("train", config, "--name", "f", "--json", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    return folder


def saved_model(folder: Path) -> Any:
    """The model of the run with its preparation."""
    from dlcli.runs import Run
    from dlcli.training.kept.model_folder import load_model, load_schema

    run = Run(folder / "runs" / "f")
    return load_model(run, load_schema(run))


def test_normalization_is_fitted_on_the_windows_of_the_training_split_alone(forecast: Path) -> None:
    rows = series(120)
    values = np.array([row[1:3] for row in rows], np.float64)
    count = 120 - 7
    train = count - 2 * round(0.2 * count)
    inside = np.concatenate([values[start : start + 6] for start in range(train)])
    layer = saved_model(forecast).preparation.layers[-1]
    np.testing.assert_allclose(np.ravel(layer.mean), inside.mean(axis=0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.ravel(layer.variance), inside.var(axis=0), rtol=1e-5)
    assert np.abs(np.ravel(layer.mean) - values.mean(axis=0)).min() > 1e-3


def test_new_rows_without_what_follows_them_are_predicted_to_the_last(
    forecast: Path, run_dlcli: Callable[..., Any]
) -> None:
    rows = series(20, seed=8)
    (forecast / "new.csv").write_text(as_text(rows), encoding="utf-8")
    outcome = run_dlcli("predict", "f", "new.csv", "--json", "-q", cwd=forecast)
    assert outcome.code == 0, outcome.err
    said = [each["heat"] for each in outcome.value["predictions"]]
    assert len(said) == 15
    saved = saved_model(forecast)
    windows = np.array([[row[1:3] for row in rows[start : start + 6]] for start in range(15)], np.float64)
    wanted = saved.model(saved.preparation({"features": windows}))
    assert said == pytest.approx(np.ravel(wanted).tolist(), rel=1e-5, abs=1e-6)
    measured = run_dlcli("evaluate", "f", "--data", "new.csv", "--json", cwd=forecast)
    assert measured.code == 0, measured.err
    truth = np.array([row[1] for row in rows[7:]])
    assert measured.value["samples"] == 13
    assert measured.value["metrics"]["mae"] == pytest.approx(np.abs(truth - said[:13]).mean(), rel=1e-5)
    assert not np.isclose(measured.value["metrics"]["mae"], np.abs(truth - said[2:]).mean(), rtol=1e-3)


def test_fewer_new_rows_than_a_window_are_refused(forecast: Path, run_dlcli: Callable[..., Any]) -> None:
    (forecast / "short.csv").write_text(as_text(series(5)), encoding="utf-8")
    outcome = run_dlcli("predict", "f", "short.csv", "--json", "-q", cwd=forecast)
    assert outcome.code == 4
    assert outcome.error["message"] == "a window reaches over 6 rows, but the longest series has 5"
    assert json.dumps(outcome.error).count("horizon") == 0


@pytest.mark.parametrize("empty", [[10], [0], [49], [10, 11], [10, 30], [3, 8, 13]])
@pytest.mark.parametrize("stream", [False, True])
def test_no_window_reaches_over_rows_that_are_left_out(
    empty: list[int], stream: bool, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    rows = series(50)
    gap = [(row[0], "" if number in empty else row[1], *row[2:]) for number, row in enumerate(rows)]
    for by, horizon in (("time", 1), ("random", 2)):
        block = block_of(str(write(as_text(gap))), window=4, horizon=horizon, target="heat")
        dataset = load(
            {**block, "inputs": ["heat"], "missing": "drop", "split": {**SHARES, "by": by}, "stream": stream},
            labels="numbers",
        )
        assert any(f"{len(empty)} row" in note for note in dataset.notes)
        seen = 0
        for part in dataset.splits.values():
            for end, window, target in zip(part.rows, part.inputs["features"][:], part.target[:], strict=True):
                inside = range(end - horizon - 3, end - horizon + 1)
                assert not {*range(inside.start, end + 1)} & {*empty}
                assert window[:, 0].tolist() == [rows[row][1] for row in inside]
                assert target == np.float32(rows[end][1])
                seen += 1
        starts = [row for row in range(50 - 3 - horizon) if not {*range(row, row + 4 + horizon)} & {*empty}]
        assert seen == len(starts) if by == "random" else 0 < seen <= len(starts)


def test_a_series_with_a_gap_is_trained_whatever_is_empty(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    cells = ["" if row == 8 else f"{row * 7 % 11}" for row in range(60)]
    (tmp_path / "s.csv").write_text("t,v\n" + "".join(f"{row},{cell}\n" for row, cell in enumerate(cells)))
    (tmp_path / "s.yaml").write_text(
        "data: {source: {series: {path: s.csv, window: 4}}, inputs: [v], target: v, split: {by: time}}\n"
        "layers: [Flatten, Dense: 1]\nloss: mse\noptimizer: Adam\ntrain: {epochs: 1}\n"
    )
    refused = run_dlcli("validate", "s.yaml", "--build", "--json", cwd=tmp_path)
    assert refused.code == 4
    assert "drop" in refused.value["files"][0]["problems"][0]["suggestion"]
    for policy, note in (("drop", "no window reaches over"), ("mean", "1 window of 56 is left out, as its target is")):
        done = run_dlcli("train", "s.yaml", "--set", f"data.missing={policy}", cwd=tmp_path)
        assert done.code == 0, done.err
        assert note in " ".join(done.err.split())
