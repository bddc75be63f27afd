"""Folds: who is held out when, against scikit-learn and against what each way of splitting promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, StratifiedKFold, TimeSeriesSplit

from dlcli.config import config_of
from dlcli.data.split import Split
from dlcli.errors import ConfigError, DataError

NAMES = ["a", "b", "c"]
Parts = dict[str, np.ndarray[Any, Any]]


def folds(count: int, samples: int, *, seed: int = 3, **given: Any) -> list[Parts]:
    """The splits of each fold."""
    keys = {name: given.pop(name) for name in ("by", "validation", "test") if name in given}
    given = {"classes": None, **given}
    return [Split(fold=f"{number}/{count}", **keys).rows(samples, seed=seed, **given) for number in range(1, count + 1)]


def plain(samples: int, *, seed: int = 3, **given: Any) -> Parts:
    """The splits without folds."""
    keys = {name: given.pop(name) for name in ("by", "validation", "test") if name in given}
    return Split(**keys).rows(samples, seed=seed, **{"classes": None, **given})


def check_each_once(found: list[Parts], test: np.ndarray[Any, Any]) -> None:
    """All that is not test is held out once, the rest of it is trained on, and the test stays apart as it is without folds."""
    everything = np.sort(np.concatenate([each["validation"] for each in found]))
    assert len(np.unique(everything)) == len(everything)
    for each in found:
        assert np.array_equal(np.sort(np.concatenate([each["train"], each["validation"]])), everything)
        assert np.array_equal(each.get("test", test[:0]), test)
    assert not np.intersect1d(everything, test).size


@pytest.mark.parametrize("count", [2, 3, 5, 10])
@pytest.mark.parametrize("test", [0.0, 0.15])
def test_folds_of_classes_have_the_same_shares_as_those_of_scikit_learn(count: int, test: float) -> None:
    classes = np.random.default_rng(0).choice(3, 157, p=[0.6, 0.3, 0.1])
    found = folds(count, 157, test=test, classes=classes, names=NAMES)
    held = plain(157, test=test, classes=classes).get("test", np.zeros(0, int))
    check_each_once(found, held)
    inside = np.setdiff1d(np.arange(157), held)
    theirs = [part for _, part in StratifiedKFold(count).split(inside, classes[inside])]
    mine = [np.bincount(classes[each["validation"]], minlength=3) for each in found]
    other = [np.bincount(classes[inside[each]], minlength=3) for each in theirs]
    for counts in (mine, other):  # each class, and the whole, differs by one at most
        assert np.ptp(counts, axis=0).max() <= 1
        assert np.ptp(np.sum(counts, axis=1)) <= 1
    assert sorted(np.sum(mine, axis=1)) == sorted(np.sum(other, axis=1))


def test_numbers_are_dealt_out_by_chance() -> None:
    found = folds(4, 101, test=0.1)
    check_each_once(found, plain(101, test=0.1)["test"])
    assert sorted(len(each["validation"]) for each in found) == [22, 23, 23, 23]
    again, other = folds(4, 101, test=0.1), folds(4, 101, test=0.1, seed=4)
    assert all(np.array_equal(one["validation"], two["validation"]) for one, two in zip(found, again, strict=True))
    assert not np.array_equal(found[0]["validation"], other[0]["validation"])
    fixed = [Split(fold="1/4", seed=3).rows(101, seed=seed, classes=None)["validation"] for seed in (7, 8)]
    assert np.array_equal(*fixed)


@pytest.mark.parametrize("way", ["group:who", "file"])
@pytest.mark.parametrize("count", [2, 5])
def test_no_group_is_in_two_folds_and_they_are_as_even_as_those_of_scikit_learn(way: str, count: int) -> None:
    groups = np.random.default_rng(1).integers(0, 23, 200)
    found = folds(count, 200, by=way, test=0.15, column=groups)
    test = plain(200, by=way, test=0.15, column=groups)["test"]
    check_each_once(found, test)
    inside = np.setdiff1d(np.arange(200), test)
    for each in found:
        for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
            assert not np.intersect1d(groups[each[one]], groups[each[other]]).size
    theirs = [len(part) for _, part in GroupKFold(count).split(inside, groups=groups[inside])]
    assert sorted(len(each["validation"]) for each in found) == sorted(theirs)


@pytest.mark.parametrize("count", [2, 3, 7])
def test_by_time_no_fold_is_judged_by_its_past(count: int) -> None:
    times = np.random.default_rng(2).permutation(90) / 7
    found = folds(count, 90, by="time:when", test=0.2, column=times)
    test = plain(90, by="time:when", test=0.2, column=times)["test"]
    inside = np.setdiff1d(np.arange(90), test)
    inside = inside[np.argsort(times[inside])]
    theirs = [*TimeSeriesSplit(count).split(inside)]
    assert len(theirs) == len(found) == count
    for each, (train, held) in zip(found, theirs, strict=True):
        assert np.array_equal(each["train"], np.sort(inside[train]))
        assert np.array_equal(each["validation"], np.sort(inside[held]))
        assert np.array_equal(each["test"], test)
        assert times[each["train"]].max() < times[each["validation"]].min()
        assert times[each["validation"]].max() < times[test].min()


def test_all_rows_of_a_time_are_in_one_fold() -> None:
    times = np.repeat([3, 1, 2, 5, 4, 6, 7], [1, 9, 4, 4, 2, 20, 1])
    for count in (2, 3, 5, 6):
        found = folds(count, len(times), by="time:when", test=0, column=times)
        for each in found:
            assert len(each["validation"])
            assert times[each["train"]].max() < times[each["validation"]].min()
    with pytest.raises(DataError, match="7 folds need at least 7 times and one before them, and there are 7 beside"):
        folds(7, len(times), by="time:when", test=0, column=times)


def test_without_a_column_the_order_is_the_time() -> None:
    found = folds(2, 30, by="time", test=0)
    assert [(len(each["train"]), each["validation"].tolist()) for each in found] == [
        (10, [*range(10, 20)]), (20, [*range(20, 30)]),
    ]  # fmt: skip


def test_splits_of_the_source_and_of_a_column_leave_the_test_alone() -> None:
    own = {"train": np.arange(40), "validation": np.arange(40, 50), "test": np.arange(50, 70)}
    classes = np.tile([0, 1], 35)
    check_each_once(folds(5, 70, classes=classes, own=own, names=NAMES), own["test"])
    column = np.array(["train"] * 40 + ["validation"] * 10 + ["test"] * 20, object)
    found = folds(5, 70, by="column:part", classes=classes, column=column, names=NAMES)
    check_each_once(found, own["test"])
    assert all(np.bincount(classes[each["validation"]]).tolist() == [5, 5] for each in found)


@pytest.mark.parametrize(
    ("count", "given", "message"),
    [
        (5, {"classes": [0] * 20 + [1] * 4}, "5 folds need at least 5 samples of each class, and beside the test split "
         "there are 4 of 'b'"),
        (5, {"classes": [0] * 20 + [1]}, "there is 1 of 'b'"),
        (6, {"classes": [0] * 20 + [1] * 5 + [2] * 4}, "there are 4 of 'c', 5 of 'b'"),
        (7, {"samples": 6}, "7 folds need at least 7 samples, and there are 6 samples beside the test split"),
        (4, {"by": "group:who", "column": list("aabbbccc")}, "4 folds need at least 4 groups of 'who', and there are 3"),
        (2, {"by": "file", "column": [0] * 9}, "2 folds need at least 2 files, and there is 1 beside"),
    ],
)  # fmt: skip
def test_too_little_is_told_with_how_much_there_is(count: int, given: dict[str, Any], message: str) -> None:
    values = {key: np.array(value) for key, value in given.items() if isinstance(value, list)}
    samples = given.pop("samples", None) or len(next(iter(values.values())))
    given = {**given, **values, "names": NAMES, "test": 0, "validation": 0}
    with pytest.raises(DataError) as caught:
        folds(count, samples, **given)
    assert message in caught.value.message
    assert caught.value.kind == "too_few_for_folds"


def test_just_as_many_as_folds_are_enough() -> None:
    assert len(folds(5, 25, classes=np.array([0] * 20 + [1] * 5), names=NAMES, test=0)) == 5
    void = np.array([0] * 20 + [1] * 5 + [3])  # 3 is no class: places that are left out
    assert len(folds(5, 26, classes=void, names=NAMES, test=0)) == 5
    assert len(folds(3, 8, by="group:who", column=np.array(list("aabbbccc")), test=0, validation=0)) == 3


CONFIG = """\
data: {source: iris, split: {test: 0.2, fold: FOLD}}
layers: [Dense: {units: 3, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""


@pytest.mark.parametrize("fold", ["0/5", "6/5", "1/1", "5", "1/5/2", "a/b", "-1/5", "1/10001"])
def test_what_is_no_fold_is_told_at_its_place(fold: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_of(CONFIG.replace("FOLD", f"'{fold}'").encode(), file="a.yaml")
    [problem] = caught.value.problems
    assert (problem.kind, problem.line, problem.column) == ("not_a_fold", 1, 47)
    assert "as 1/5 is the first of five" in problem.message


def test_a_fold_of_a_configuration_is_its_validation() -> None:
    config = config_of(CONFIG.replace("FOLD", "2/4").encode(), file="a.yaml")
    data = config.data.load(seed=0)
    assert {name: len(each) for name, each in data.splits.items()} == {"train": 90, "validation": 30, "test": 30}


def test_too_few_are_told_at_the_line_of_the_split(tmp_path: Path) -> None:
    rows = "\n".join(f"{number},{'ab'[number > 16]}" for number in range(20))
    (tmp_path / "rows.csv").write_text(f"x,y\n{rows}\n", encoding="utf-8")
    text = CONFIG.replace("source: iris", "source: rows.csv, target: y").replace("FOLD", "1/5")
    config = config_of(text.encode(), file=str(tmp_path / "a.yaml"))
    with pytest.raises(DataError, match="5 folds need at least 5 samples of each class") as caught:
        config.data.load(seed=0)
    error = config.at_source(caught.value)
    assert (error.line, error.file) == (1, str(tmp_path / "a.yaml"))


SERIES = """\
data: {source: {co2: {window: 20, horizon: 1..4}}, split: {by: time}}
layers: [Flatten, Dense: 4]
loss: mse
optimizer: Adam
train: {epochs: 1}
"""


def test_windows_of_a_fold_reach_neither_into_its_training_nor_into_the_test() -> None:
    def splits(*settings: str) -> Any:
        return config_of(SERIES.encode(), file="a.yaml", settings=settings).data.load(seed=0).splits

    test = splits()["test"].rows.tolist()
    for number in range(1, 5):
        found = splits(f"data.split.fold={number}/4")
        assert found["test"].rows.tolist() == test  # the same for all folds
        assert found["train"].rows.max() < found["validation"].source_rows.min()
        assert found["validation"].rows.max() < found["test"].source_rows.min()
