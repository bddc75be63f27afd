"""dlcli compare: keys that differ, what was reached, and what is more than noise, from what runs have kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from conftest import RECORDED_TREE, merged

from dlcli.runs import Run
from dlcli.runs.samples_file import NAME, SampleValues, projected, read_samples, save_samples

Command = Callable[..., Any]
COUNT = 100


def history_of(loss: float) -> list[dict[str, Any]]:
    return [
        {"epoch": epoch, "step": epoch, "train": {"loss": loss}, "validation": {"loss": loss / epoch}}
        for epoch in range(1, 6)
    ]


@pytest.fixture
def add(tmp_path: Path, record_run: Command) -> Callable[..., Run]:
    """`add("a", right=90, rate=0.1, seed=0)` makes a run that is right on the first 90 samples of 100."""

    def made(name: str, *, right: int | None, rate: float = 0.001, seed: int = 0, split: str = "same") -> Run:
        tree = merged(RECORDED_TREE, {"optimizer": {"Adam": {"learning_rate": rate}}, "seed": seed})
        share = 0.5 if right is None else right / COUNT
        metrics = {"train": {"accuracy": 1.0}, "validation": {"accuracy": share, "loss": 1 - share}}
        run: Run = record_run(
            tmp_path / "runs", name, number=ord(name[0]), tree=tree, metrics=metrics, history=history_of(rate)
        )
        if right is not None:
            answers = (np.arange(COUNT) < right).astype(float)
            save_samples(run, SampleValues("test", split, {"accuracy": answers, "loss": 1 - answers / 3}))
        return run

    return made


def test_runs_are_compared_sample_by_sample(tmp_path: Path, add: Command, run_dlcli: Command) -> None:
    add("a", right=90)
    add("b", right=78, rate=0.1)
    add("c", right=91, rate=0.01)
    value = run_dlcli("compare", "a", "b", "c", "--json", cwd=tmp_path).value
    assert list(value) == ["runs", "changed", "metrics", "difference", "unknown", "unlike", "groups", "left_out"]
    assert [each["run"] for each in value["runs"]] == ["a", "b", "c"]
    assert value["changed"] == {"optimizer.learning_rate": {"a": 0.001, "b": 0.1, "c": 0.01}}
    assert value["metrics"]["validation.accuracy"] == {"a": 0.9, "b": 0.78, "c": 0.91}
    assert value["metrics"]["test.accuracy"] == {"a": 0.9, "b": 0.78, "c": 0.91}
    to_b, to_c = value["difference"]["test.accuracy"]
    assert (to_b["from"], to_b["to"], to_b["exceeds_noise"]) == ("a", "b", True)
    assert (to_c["from"], to_c["to"], to_c["exceeds_noise"]) == ("a", "c", False)
    assert to_b["difference"] == pytest.approx(-0.12)
    assert to_b["low"] < -0.12 < to_b["high"] < 0
    assert value["difference"]["test.loss"][0]["difference"] == pytest.approx(0.04, abs=1e-6)
    assert value["unknown"] == []


def test_a_comparison_for_a_person(tmp_path: Path, add: Command, run_dlcli: Command) -> None:
    add("a", right=90)
    add("b", right=78, rate=0.1)
    lines = run_dlcli("compare", "a", "b", cwd=tmp_path).out.splitlines()
    rows = [line.split() for line in lines]
    assert ["optimizer.learning_rate", "0.001", "0.1"] in rows
    assert ["test.accuracy", "0.9000", "0.7800"] in rows
    [row] = [line for line in lines if line.startswith("test.accuracy   b - a")]
    assert "more than noise" in row
    assert "noise     paired bootstrap over 100 samples" in lines
    assert any(re.search(r" a   .+ b$", line.rstrip()) for line in lines)


def test_groups_of_seeds_are_compared_by_their_runs(tmp_path: Path, add: Command, run_dlcli: Command) -> None:
    groups = {"a": [80, 82, 81], "b": [90, 88, 91]}
    for name, rate in (("a", 0.001), ("b", 0.1)):
        for seed, right in enumerate(groups[name]):
            add(f"{name}{seed}", right=right, rate=rate, seed=seed)
    names = [f"{name}{seed}" for seed in range(3) for name in groups]
    value = run_dlcli("compare", *names, "--json", cwd=tmp_path).value
    [found] = value["difference"]["validation.accuracy"]
    right = scipy.stats.ttest_ind(groups["b"], groups["a"], equal_var=False)
    assert (found["from"], found["to"], found["count"], found["method"]) == ("a0", "b0", 6, "Welch's t-test")
    assert found["p"] == pytest.approx(right.pvalue)
    assert found["exceeds_noise"] is True
    assert [each["group"] for each in value["runs"]] == [0, 1] * 3
    assert set(value["difference"]) == {"validation.accuracy", "validation.loss", "test.accuracy", "test.loss"}
    assert "noise     Welch's t-test over 6 runs" in run_dlcli("compare", *names, cwd=tmp_path).out


def test_runs_that_differ_in_their_seeds_alone_stand_each_for_itself(
    tmp_path: Path, add: Command, run_dlcli: Command
) -> None:
    add("a", right=90)
    add("b", right=78, seed=1)
    value = run_dlcli("compare", "a", "b", "--json", cwd=tmp_path).value
    assert value["changed"] == {"seed": {"a": 0, "b": 1}}
    assert value["difference"]["test.accuracy"][0]["method"] == "paired bootstrap"


def unknown(folder: Path, run_dlcli: Command, *names: str) -> str:
    done = run_dlcli("compare", *names, "--json", cwd=folder)
    assert done.code == 0, done.err
    assert done.value["difference"] == {}
    [reason] = done.value["unknown"]
    assert f"noise     not known: {reason[:40]}" in run_dlcli("compare", *names, cwd=folder).out
    text: str = reason
    return text


OTHERS = [
    ({"loss": {"mae": {}}}, ["test.loss", "validation.loss"], "loss"),
    ({"data.target": {"column": "y", "scale": "log"}}, ["test.loss", "validation.loss"], "data.target.scale"),
    (
        {"layers": [{"Dense": {"units": 10, "kernel_regularizer": {"L2": {"l2": 0.1}}}}]},
        ["test.loss", "validation.loss"],
        "layers.dense.kernel_regularizer",
    ),
    (
        {"metrics": [{"accuracy": {"threshold": 0.4}}]},
        ["test.accuracy", "validation.accuracy"],
        "metrics.accuracy.threshold",
    ),
    ({"optimizer": {"Adam": {"learning_rate": 0.5}}}, [], ""),
    ({"layers": [{"Dense": {"units": 11}}]}, [], ""),
]


@pytest.mark.parametrize(("change", "unlike", "key"), OTHERS, ids=[each[2] or str(each[0])[:9] for each in OTHERS])
def test_values_that_do_not_mean_the_same_are_not_compared(
    change: dict[str, Any],
    unlike: list[str],
    key: str,
    tmp_path: Path,
    add: Command,
    record_run: Command,
    run_dlcli: Command,
) -> None:
    """No difference of them is told, their rows are marked, and losses of two kinds stand in no picture together."""
    tree = merged(RECORDED_TREE, {"layers": [{"Dense": {"units": 10}}], "data.target": {"column": "y"}})
    for number, each in enumerate((tree, merged(tree, change))):
        metrics = {"validation": {"accuracy": 0.8, "loss": 0.3}}
        run = record_run(
            tmp_path / "runs", "ab"[number], number=number, tree=each, metrics=metrics, history=history_of(0.1)
        )
        answers = (np.arange(COUNT) < 50 + 20 * number).astype(float)
        save_samples(run, SampleValues("test", "same", {"accuracy": answers, "loss": 1 - answers / 3}))
    value = run_dlcli("compare", "a", "b", "--json", cwd=tmp_path).value
    assert sorted(value["unlike"]) == unlike
    assert set(value["difference"]) == {"test.accuracy", "test.loss"} - set(unlike)
    assert all(each[-1].startswith(key) for each in value["unlike"].values())
    drawn = run_dlcli("compare", "a", "b", cwd=tmp_path).out
    marked = [line.split()[0] for line in drawn.splitlines() if line.partition("   ")[0].endswith(" *")]
    assert sorted(marked) == unlike
    assert ("not comparable: the runs differ in" in drawn) is bool(unlike)
    assert ("epoch" in drawn) is not any(name.endswith("loss") for name in unlike)


@pytest.mark.parametrize(("other", "known"), [(1, True), (2, False)])
def test_values_at_places_are_compared_where_the_same_places_count(
    other: int, known: bool, tmp_path: Path, record_run: Command, run_dlcli: Command
) -> None:
    values, places = np.array([1.0, 0.5] * 10), np.array([2.0, 8.0] * 10)
    for number, name in enumerate("ab"):
        run = record_run(tmp_path / "runs", name, number=number, metrics={"validation": {"loss": 0.3}})
        weights = {"accuracy": places * (other if number else 1)}
        save_samples(run, SampleValues("test", "same", {"accuracy": values - number / 4}, weights=weights))
        kept = read_samples(run)
        assert kept is not None
        assert kept.weights["accuracy"].tolist() == weights["accuracy"].tolist()
    value = run_dlcli("compare", "a", "b", "--json", cwd=tmp_path).value
    assert value["metrics"]["test.accuracy"] == pytest.approx({"a": 0.6, "b": 0.35})
    assert [each["difference"] for each in value["difference"].get("test.accuracy", [])] == [
        pytest.approx(-0.25)
    ] * known


@pytest.mark.parametrize(("factor", "same"), [(1.0, True), (1 + 1e-7, True), (1.001, False)])
def test_targets_in_their_own_units_tell_the_same_samples(factor: float, same: bool) -> None:
    """A target that is learnt at another scale is rounded in another way, and no other target."""
    truth = np.random.default_rng(3).normal(150, 60, size=(80, 1))
    first = SampleValues("test", "as written", {}, "rows", {"y": projected(truth)})
    assert first.same_samples(SampleValues("test", "scaled", {}, "rows", {"y": projected(truth * factor)})) is same
    assert not first.same_samples(SampleValues("test", "scaled", {}, "other rows", {"y": projected(truth)}))
    assert not first.same_samples(SampleValues("validation", "as written", {}, "rows", {"y": projected(truth)}))
    swapped = truth[[1, 0, *range(2, 80)]]
    assert not first.same_samples(SampleValues("test", "scaled", {}, "rows", {"y": projected(swapped)}))
    assert not SampleValues("test", "a", {}).same_samples(SampleValues("test", "b", {}))


def test_what_is_not_known_is_said(tmp_path: Path, add: Command, run_dlcli: Command) -> None:
    add("a", right=90)
    add("b", right=None, rate=0.1)
    assert unknown(tmp_path, run_dlcli, "a", "b").startswith("'b' has kept no results by sample: it has no split")
    add("c", right=80, rate=0.1, split="other")
    assert unknown(tmp_path, run_dlcli, "a", "c").startswith("'a' and 'c' were judged on other samples")
    add("d", right=80, rate=0.1, seed=3)
    assert unknown(tmp_path, run_dlcli, "a", "c", "d").startswith("'a' is one run beside several")


@pytest.mark.parametrize("place", [0, 40, -30])
def test_damaged_results_by_sample_are_none(place: int, tmp_path: Path, add: Command, run_dlcli: Command) -> None:
    run = add("a", right=90)
    add("b", right=78, rate=0.1)
    assert read_samples(run) is not None
    content = bytearray((run.path / NAME).read_bytes())
    content[place] ^= 255
    (run.path / NAME).write_bytes(content)
    assert read_samples(run) is None
    assert unknown(tmp_path, run_dlcli, "a", "b").startswith(f"'a' has kept no results by sample: {NAME} is damaged")


def test_values_come_back_as_they_were_kept(add: Command) -> None:
    run = add("a", right=3)
    values = {"손실": np.array([0.25, 1e-3, 7.0]), "accuracy": np.array([0.0, 1.0, 1.0])}
    save_samples(run, SampleValues("validation", "print", values))
    kept = read_samples(run)
    assert kept is not None
    assert (kept.split, kept.print_of_split, list(kept.values)) == ("validation", "print", list(values))
    assert kept.values["손실"].tolist() == pytest.approx([0.25, 1e-3, 7.0])
    assert kept.values["accuracy"].tolist() == [0, 1, 1]


def test_a_million_answers_take_little(add: Command) -> None:
    run = add("a", right=3)
    answers = (np.arange(1_000_000) % 7 > 0).astype(float)
    save_samples(run, SampleValues("test", "print", {"accuracy": answers}))
    assert (run.path / NAME).stat().st_size < 150_000


@pytest.mark.parametrize("names", [["a"], ["a", "runs/a"]])
def test_one_run_cannot_be_compared(names: list[str], tmp_path: Path, add: Command, run_dlcli: Command) -> None:
    add("a", right=3)
    refused = run_dlcli("compare", *names, "--json", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (2, "too_few_runs")


def test_a_comparison_works_while_a_run_trains(
    tmp_path: Path, add: Command, record_run: Command, run_dlcli: Command
) -> None:
    add("a", right=90)
    record_run(tmp_path / "runs", "live", number=99, status="running", history=history_of(0.5))
    value = run_dlcli("compare", "a", "live", "--json", cwd=tmp_path).value
    assert value["metrics"]["validation.loss"]["live"] == 0.1
    assert value["unknown"] == ["'live' has kept no results by sample: it is not done (crashed)"]


@pytest.mark.parametrize("name", ["run.json", "resolved.yaml"])
def test_a_damaged_run_is_compared_with_nothing(name: str, tmp_path: Path, add: Command, run_dlcli: Command) -> None:
    add("a", right=90)
    damaged = add("b", right=78)
    assert run_dlcli("compare", "a", "b", cwd=tmp_path).code == 0
    path = damaged.path / "run.json" if name == "run.json" else damaged.resolved
    path.write_text(path.read_text(encoding="utf-8").replace("0.", "1.", 1), encoding="utf-8")
    found = run_dlcli("compare", "a", "b", "--json", cwd=tmp_path)
    assert (found.code, found.error["kind"], found.error["file"]) == (5, "damaged_run", str(path.relative_to(tmp_path)))
