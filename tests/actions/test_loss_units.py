"""Which losses have a mean: not those that count a target in a scale that each run has learnt from samples of its own."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from conftest import RECORDED_TREE, merged
from pages import read_page

from dlcli.actions.board.answers import board_curves
from dlcli.actions.board.watched import WatchedRuns
from dlcli.actions.loss_units import units_apart
from dlcli.runs import Run
from dlcli.runs.groups import Group, GroupKind
from dlcli.runs.samples_file import SampleValues, save_samples
from dlcli.runs.summary import RunSummary, run_summary
from dlcli.view.evaluation import NO_SCORES, Evaluation

Command = Callable[..., Any]
SCALED, PLAIN = {"column": "mpg", "scale": "standard"}, {"column": "origin", "scale": None}
SEVERAL = {"targets": {"mpg": SCALED, "origin": PLAIN}}
VALUES: Mapping[str, Sequence[float]] = {
    "loss": [0.5, 0.7, 0.9],
    "mpg_loss": [0.1, 0.2, 0.3],
    "origin_loss": [0.4, 0.5, 0.6],
    "mpg_mae": [2.0, 3.0, 5.0],
}
APART = {"loss", "mpg_loss"}


@pytest.fixture
def add(tmp_path: Path, record_run: Command) -> Callable[..., list[RunSummary]]:
    """`add("g", data, each)` makes a group with a run for each change of its configuration."""

    def made(
        name: str,
        data: Mapping[str, Any],
        each: Sequence[Mapping[str, Any]],
        kind: GroupKind = GroupKind.FOLDS,
        tested: Sequence[str] = (),
    ) -> list[RunSummary]:
        group = Group.claim(tmp_path / "runs", name, kind, words=["train"], config="a.yaml", content=b"{}\n")
        for number, changes in enumerate(each):
            values = {metric: some[number] for metric, some in VALUES.items()}
            metrics = {"train": values, "validation": values}
            tree = merged(RECORDED_TREE, {**{f"data.{key}": value for key, value in data.items()}, **changes})
            history = [{"epoch": epoch, "step": epoch, **metrics} for epoch in (1, 2)]
            run = record_run(
                group.path, f"m-{number}", number=ord(name[0]) * 10 + number, tree=tree, metrics=metrics,
                history=history, epochs=2,
            )  # fmt: skip
            if tested:
                kept = {metric: np.full(20, VALUES[metric][number] + 1) for metric in tested}
                save_samples(run, SampleValues("test", "same", kept))
        return [run_summary(run) for run in group.members()]

    return made


FOLDS = [{"data.split.fold": f"{number}/3"} for number in (1, 2, 3)]
SEEDS = [{"seed": seed, "data.split.seed": 0} for seed in range(3)]


def both(*keys: str) -> dict[str, list[str]]:
    return {name: [*keys] for name in APART}


@pytest.mark.parametrize(
    ("data", "each", "expected"),
    [
        (SEVERAL, FOLDS, both("data.split.fold")),
        ({"target": SCALED}, FOLDS, {"loss": ["data.split.fold"]}),
        ({"targets": {"mpg": SCALED}}, FOLDS, both("data.split.fold")),
        ({"target": "mpg"}, FOLDS, {}),
        ({"target": PLAIN}, FOLDS, {}),
        ({"targets": {"a": PLAIN, "b": "b"}}, FOLDS, {}),
        ({}, FOLDS, {}),
        (SEVERAL, SEEDS, {}),
        (SEVERAL, [{"seed": seed} for seed in range(3)], both("seed")),
        (SEVERAL, [{"data.split.seed": seed} for seed in range(3)], both("data.split.seed")),
        # A seed of the split that is written, and the same that is left to that of the run, draw the same samples.
        (SEVERAL, [{"seed": 4}, {"seed": 5, "data.split.seed": 4}], {}),
        (SEVERAL, [{"data.split.by": "time"}, {}], both("data.split.by")),
        (SEVERAL, [{"train.epochs": 3}, {"optimizer.Adam.learning_rate": 1.0}], {}),
    ],
)
def test_losses_that_count_a_scale_of_other_samples_are_apart(
    data: Any, each: Any, expected: Mapping[str, Sequence[str]], add: Command
) -> None:
    assert units_apart(add("a", data, each)) == expected


def test_no_list_and_no_page_has_a_mean_of_them(
    tmp_path: Path, add: Command, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("a", SEVERAL, FOLDS)
    add("b", SEVERAL, SEEDS, GroupKind.SEEDS)
    means = {name: statistics.fmean(values) for name, values in VALUES.items()}
    head, _, *rows = [line.split() for line in run_dlcli("runs", cwd=tmp_path).out.splitlines()[:4]]
    cells = {row[0]: dict(zip(head[2:], row[3:], strict=False)) for row in rows}  # '3 done' are two words
    assert (cells["a"]["val_loss"], cells["b"]["val_loss"]) == ("–", "0.7000")
    [group] = run_dlcli("runs", "a", "--json", cwd=tmp_path).value
    assert {name: each["mean"] for name, each in group["metrics"].items()} == pytest.approx(
        {f"{split}.{name}": means[name] for split in ("train", "validation") for name in means if name not in APART}
    )
    assert group["notes"] == [
        "loss and mpg_loss of each fold are in a unit of their own, the scale that it has learnt, and have no mean"
    ]
    compared = run_dlcli("compare", "a", "b", "--json", cwd=tmp_path).value
    add("c", SEVERAL, [{**each, "optimizer.Adam.learning_rate": 1.0} for each in FOLDS])
    folds = run_dlcli("compare", "a", "c", "--json", cwd=tmp_path).value
    assert [*folds["difference"]] == ["validation.origin_loss", "validation.mpg_mae"]
    assert folds["unlike"]["validation.loss"] == ["data.split.fold"]
    for name, mean in means.items():
        told = compared["metrics"][f"validation.{name}"]
        assert told == pytest.approx({"a": None if name in APART else mean, "b": mean})
        assert (f"validation.{name}" in compared["groups"]["a"]["metrics"]) is (name not in APART)
        assert (compared["unlike"].get(f"validation.{name}") == ["data.split.fold"]) is (name in APART)
    assert run_dlcli("report", "a", "b", "-o", "p.html", cwd=tmp_path).code == 0
    page = read_page((tmp_path / "p.html").read_text(encoding="utf-8"))
    assert page.faults == []
    lines = {chart["title"]: chart["lines"] for chart in page.charts}
    assert [line["values"] for line in lines["validation loss"]] == [[None, None], pytest.approx([0.7, 0.7])]
    [beside] = [each for each in lines["validation origin_loss"] if each["name"] == "a"]
    assert beside["values"] == pytest.approx([0.5, 0.5])
    curves = board_curves(WatchedRuns(tmp_path / "runs"), ["a", "b"])
    assert (curves.missing, len(curves.charts)) == ([], len(page.charts))

    def measured(run: Run, **_: Any) -> Evaluation:
        number = int(run.path.name[-1])
        values = {name: some[number] for name, some in VALUES.items()}
        return Evaluation(run=run.name, split="test", samples=10, metrics=values, scores=NO_SCORES, worst=[])

    monkeypatch.setattr("dlcli.actions.evaluated_group.evaluate", measured)
    for name, apart, note in (
        ("a", APART, "note: loss and mpg_loss of each fold are in a unit of their own"),
        ("b", (), ""),
    ):
        shown = run_dlcli("evaluate", name, "--json", cwd=tmp_path)
        assert {*shown.value["metrics"]} == {*VALUES} - {*apart}
        assert shown.err.startswith(note)
        assert bool(shown.err) is bool(note)


QUARTERS = [{"data.split.fold": f"{number}/4"} for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("first", "second", "keys"),
    [
        (SEEDS, FOLDS, ["data.split.fold"]),
        (FOLDS, QUARTERS, ["data.split.fold"]),
        (FOLDS, FOLDS, []),
        (FOLDS, [{**each, "data.split.validation": 0.4, "optimizer.Adam.learning_rate": 1.0} for each in FOLDS], []),
        (SEEDS, [{**each, "optimizer.Adam.learning_rate": 1.0} for each in SEEDS], []),
        (SEEDS, [{**each, "data.split.validation": 0.4} for each in SEEDS], ["data.split.validation"]),
        # Other seeds draw other samples of the same kind, of which the runs of each side have some.
        ([{"seed": 1}, {"seed": 2}], [{"seed": 3}, {"seed": 4}, {"seed": 5}], []),
    ],
)
def test_validation_is_compared_where_it_is_of_the_same_samples(
    first: Any, second: Any, keys: list[str], tmp_path: Path, add: Command, run_dlcli: Command
) -> None:
    """The test split is the same in all of them."""
    for name, each in (("a", first), ("b", second)):
        add(name, {"target": PLAIN}, each, tested=["origin_loss", "mpg_mae", "loss"])
    value = run_dlcli("compare", "a", "b", "--json", cwd=tmp_path).value
    told = [f"of validation 'a' and 'b' were judged on other samples: they differ in {', '.join(keys)}"]
    assert value["unknown"] == (told if keys else [])
    tested = ["test.loss", "test.origin_loss", "test.mpg_mae"]  # in the order of the metrics of the other splits
    assert [name for name in value["metrics"] if name.startswith("test")] == tested
    judged = [] if keys else [f"validation.{name}" for name in VALUES]
    assert [*value["difference"]] == [*judged, *tested]
    counts = (len(first), len(second))
    mine, theirs = ([VALUES["mpg_mae"][at] for at in range(count)] for count in counts)
    [found] = value["difference"]["test.mpg_mae"]
    assert found["p"] == pytest.approx(scipy.stats.ttest_ind(theirs, mine, equal_var=False).pvalue)
