"""Groups among runs: one row of the list, one side of a comparison, one page; nothing is trained here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from conftest import RECORDED_TREE, merged
from pages import read_page

from dlcli.actions.folded_runs import FEW
from dlcli.runs import Run, read_state
from dlcli.runs.groups import Group, GroupKind
from dlcli.runs.samples_file import SampleValues, save_samples
from dlcli.view.evaluation import NO_SCORES, Evaluation
from dlcli.view.group import MOST_LEFT_OUT

Command = Callable[..., Any]
COUNT = 100


@pytest.fixture
def add(tmp_path: Path, record_run: Command) -> Callable[..., Group]:
    """`add("g", [90, 91], rate=0.1)` makes a group of a run for each number, which is right on so many of 100 samples."""

    def made(
        name: str, rights: Sequence[int], *, rate: float = 0.001, kind: GroupKind = GroupKind.SEEDS, planned: int = 0
    ) -> Group:
        root = tmp_path / "runs"
        plan = {"members": {f"seed-{seed}": [] for seed in range(planned)}} if planned else None
        group = Group.claim(root, name, kind, words=["train"], config="a.yaml", content=b"{}\n", plan=plan)
        for seed, right in enumerate(rights):
            add_run(group.path, f"seed-{seed}", right, seed=seed, rate=rate, number=ord(name[0]) * 10 + seed)
        return group

    def add_run(root: Path, name: str, right: int, *, seed: int, rate: float, number: int) -> Run:
        tree = merged(RECORDED_TREE, {"optimizer": {"Adam": {"learning_rate": rate}}, "seed": seed})
        metrics = {"train": {"loss": 1.0}, "validation": {"loss": 1 - right / COUNT, "accuracy": right / COUNT}}
        history = [{"epoch": epoch, "step": epoch, **metrics} for epoch in range(1, 4 + seed)]
        run: Run = record_run(
            root, name, number=number, tree=tree, metrics=metrics, history=history, epochs=4, seconds=2.0
        )
        answers = (np.arange(COUNT) < right).astype(float)
        save_samples(run, SampleValues("test", "same", {"accuracy": answers}))
        return run

    made.run = lambda name, right, rate: add_run(  # type: ignore[attr-defined]
        tmp_path / "runs", name, right, seed=0, rate=rate, number=ord(name[0]) * 10
    )
    return made


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line and not line.startswith(("─", "for a wider"))]


def test_a_group_of_more_than_a_few_is_one_row(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    add("a", [80, 90, 85])
    add("b", [70] * FEW, rate=0.1)
    add.run("c", 60, 0.1)
    shown = run_dlcli("runs", cwd=tmp_path)
    head, *found = rows(shown.out)
    assert [row[0] for row in found] == ["a", "b/seed-0", "b/seed-1", "c"]
    first = dict(zip(head, [found[0][0], " ".join(found[0][1:3]), *found[0][3:]], strict=False))
    assert (first["status"], first["val_accuracy"], first["learning_rate"]) == ("3 done", "0.8500", "0.001")
    assert first["seed"] == "–"
    assert shown.err == "note: 3 runs of 1 group in one row each; dlcli runs GROUP shows them\n"
    every = ["a/seed-0", "a/seed-1", "a/seed-2", "b/seed-0", "b/seed-1", "c"]
    for arguments in (["--csv"], ["--md"], ["--sort", "number"], ["--filter", "status=done"], ["--columns", "run"]):
        assert [each for each in every if each in run_dlcli("runs", *arguments, cwd=tmp_path).out] == every
    assert run_dlcli("runs", "--names", cwd=tmp_path).out.split() == every
    assert [each["run"] for each in run_dlcli("runs", "--json", cwd=tmp_path).value] == every
    assert [row[0] for row in rows(run_dlcli("runs", "--limit", "2", cwd=tmp_path).out)[1:]] == ["b/seed-1", "c"]


def test_of_a_group_that_varies_what_it_trains_no_mean_is_told(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    group = add("a", [80, 90, 85], kind=GroupKind.SWEEP)
    add.run("c", 60, 0.1)
    (group.path / "seed-1" / "run.json").write_text("{")
    found = [each.replace("2 of 3 done", "part") for each in run_dlcli("runs", cwd=tmp_path).out.splitlines()]
    head, _, row = (each.split() for each in found[:3])
    values = dict(zip(head, row, strict=False))
    assert (values["run"], values["status"], values["val_accuracy"]) == ("a", "part", "–")


def test_the_runs_of_a_group_are_listed_as_all_runs_are(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    add("a", [80, 90, 85])
    add("b", [70, 95], rate=0.1)
    add.run("c", 60, 0.1)
    for words, expected in (
        (["a", "--sort=-val_accuracy"], ["a/seed-1", "a/seed-2", "a/seed-0"]),
        (["a", "--sort", "val_accuracy", "--limit", "1"], ["a/seed-0"]),
        (["a", "--limit", "1"], ["a/seed-2"]),
        (["a", "--filter", "val_accuracy>0.82"], ["a/seed-1", "a/seed-2"]),
        (["b", "c", "--sort", "val_accuracy"], ["c", "b/seed-0", "b/seed-1"]),
        (["c", "a", "a/seed-1", "--names"], ["a/seed-0", "a/seed-1", "a/seed-2", "c"]),
    ):
        assert run_dlcli("runs", *words, "--names", cwd=tmp_path).out.split() == expected
        if words[-1] != "--names":
            assert [row[0] for row in rows(run_dlcli("runs", *words, cwd=tmp_path).out)[1:]] == expected
            assert [row["run"] for row in run_dlcli("runs", *words, "--json", cwd=tmp_path).value] == expected
    shown = run_dlcli("runs", "a", "--columns", "run,val_accuracy", "--csv", cwd=tmp_path)
    assert (shown.out, shown.err) == ("run,val_accuracy\na/seed-0,0.8\na/seed-1,0.9\na/seed-2,0.85\n", "")
    refused = run_dlcli("runs", "a", "--sort", "val_acc", cwd=tmp_path)
    assert (refused.code, refused.out) == (2, "")
    assert "no run has a value 'val_acc'" in refused.err
    refused = run_dlcli("runs", "a", "z", "--names", "--json", cwd=tmp_path)
    assert refused.code == 2
    assert run_dlcli("runs", "a", "z", "--names", cwd=tmp_path).code == 5
    assert [each["group"] for each in run_dlcli("runs", "a", "--json", cwd=tmp_path).value] == ["a"]


def test_what_a_search_has_pruned_is_not_told_as_done(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    group = add("a", [80, 90, 85, 70], kind=GroupKind.SWEEP)
    shown = run_dlcli("runs", "a", cwd=tmp_path).out
    assert ("(4 trials: 4 done)" in shown, "stop" in shown) == (True, False)
    for number in (1, 3):
        run = Run(group.path / f"seed-{number}")
        replace(read_state(run), stop="pruned").write(run)
    shown = run_dlcli("runs", "a", cwd=tmp_path).out
    assert "(4 trials: 2 done, 2 pruned)" in shown
    assert [row[:3] for row in rows(shown)[1:5]] == [
        ["a/seed-0", "done", "–"], ["a/seed-1", "done", "pruned"], ["a/seed-2", "done", "–"],
        ["a/seed-3", "done", "pruned"],
    ]  # fmt: skip
    [value] = run_dlcli("runs", "a", "--json", cwd=tmp_path).value
    assert (value["done"], value["pruned"], value["left"]) == (2, 2, 0)
    assert [each["state"] for each in value["members"]] == ["done", "pruned", "done", "pruned"]
    assert "2 done, 2 pruned" in run_dlcli("runs", cwd=tmp_path).out
    assert run_dlcli("runs", "a", "--filter", "stop=pruned", "--names", cwd=tmp_path).out.split() == [
        "a/seed-1", "a/seed-3",
    ]  # fmt: skip
    assert run_dlcli("compare", "a", "--json", cwd=tmp_path).value["left_out"] == []
    run = Run(group.path / "seed-0")
    replace(read_state(run), status="interrupted").write(run)
    assert "1 of 4 done, 2 pruned" in run_dlcli("runs", cwd=tmp_path).out


def test_groups_are_compared_as_a_whole(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    values = {"a": [80, 82, 81], "b": [90, 88, 91, 95]}
    add("a", values["a"])
    add("b", values["b"], rate=0.1)
    value = run_dlcli("compare", "a", "b", "--json", cwd=tmp_path).value
    assert value["changed"] == {"optimizer.learning_rate": {"a": 0.001, "b": 0.1}}  # and not the seed
    for metric in ("validation.accuracy", "test.accuracy"):
        [found] = value["difference"][metric]
        right = scipy.stats.ttest_ind(values["b"], values["a"], equal_var=False)
        assert (found["from"], found["to"], found["count"]) == ("a", "b", 7)
        assert found["p"] == pytest.approx(right.pvalue)
        interval = right.confidence_interval(0.95)
        assert (found["low"], found["high"]) == pytest.approx((interval.low / COUNT, interval.high / COUNT))
        for name in values:
            shares = np.array(values[name]) / COUNT
            assert value["metrics"][metric][name] == pytest.approx(shares.mean())
            assert value["groups"][name]["metrics"][metric]["deviation"] == pytest.approx(shares.std(ddof=1))
    assert value["groups"]["a"]["runs"] == ["a/seed-0", "a/seed-1", "a/seed-2"]
    assert [each["group"] for each in value["runs"]] == [0] * 3 + [1] * 4
    drawn = run_dlcli("compare", "a", "b", cwd=tmp_path).out
    assert "0.8100 ± 0.01000" in drawn
    assert "noise     Welch's t-test over 7 runs" in drawn


def test_a_group_alone_is_its_runs(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    add("a", [80, 82])
    value = run_dlcli("compare", "a", "--json", cwd=tmp_path).value
    assert [each["run"] for each in value["runs"]] == ["a/seed-0", "a/seed-1"]
    assert (value["groups"], value["changed"]) == ({}, {"seed": {"a/seed-0": 0, "a/seed-1": 1}})


def test_one_run_beside_a_group_has_no_noise(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    add("a", [80, 82])
    add.run("c", 60, 0.1)
    value = run_dlcli("compare", "a", "c", "--json", cwd=tmp_path).value
    assert value["unknown"] == ["'c' is one run beside several: train it with other seeds too (--seeds 3)"]
    assert value["metrics"]["validation.accuracy"] == {"a": pytest.approx(0.81), "c": 0.6}


def test_a_group_none_of_whose_runs_is_done_is_told(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    add("a", [80, 82])
    add("b", [])
    refused = run_dlcli("compare", "a", "b", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (5, "nothing_done")
    assert refused.error["hint"] == "dlcli runs b shows how they stand"


def unfinished(add: Any, name: str, rights: Sequence[int], **more: Any) -> Group:
    """A group of five seeds: behind those of `rights` one is damaged, one was stopped, and what is left was not begun."""
    group: Group = add(name, [*rights, 50, 50], planned=5, **more)
    (group.path / f"seed-{len(rights)}" / "run.json").write_text("{")
    stopped = Run(group.path / f"seed-{len(rights) + 1}")
    replace(read_state(stopped), status="interrupted", stop="signal").write(stopped)
    return group


WITHOUT = [
    "a/seed-2, which failed: run.json of 'a/seed-2' cannot be read: Expecting property name enclosed in double quotes: line 1 "
    "column 2 (char 1)",
    "a/seed-3, which was stopped",
    "a/seed-4, which is not done yet",
]


def test_what_a_comparison_and_a_page_are_without_is_said(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    unfinished(add, "a", [80, 90])
    add("b", [70, 60, 65], rate=0.1, planned=3)
    for names in (["a", "b"], ["a"], ["a", "a", "b"]):
        shown = run_dlcli("compare", *names, cwd=tmp_path)
        assert [line.split(maxsplit=1)[1] for line in shown.out.splitlines() if line.startswith("without")] == WITHOUT
        found = run_dlcli("compare", *names, "--json", cwd=tmp_path).value["left_out"]
        assert [(each["run"], each["state"]) for each in found] == [
            ("a/seed-2", "failed"), ("a/seed-3", "stopped"), ("a/seed-4", "left"),
        ]  # fmt: skip
        shown = run_dlcli("report", *names, "-o", "p.html", cwd=tmp_path)
        assert shown.err.splitlines()[:3] == [f"note: without {words}" for words in WITHOUT]
        told = run_dlcli("report", *names, "-o", "p.html", "--json", cwd=tmp_path).value["left_out"]
        assert told == found
        page = read_page((tmp_path / "p.html").read_text(encoding="utf-8"))
        assert all(f"without {words}" in page.text for words in WITHOUT)
    assert "without" not in run_dlcli("compare", "b", "b/seed-0", cwd=tmp_path).out
    assert run_dlcli("compare", "b", "--json", cwd=tmp_path).value["left_out"] == []
    assert run_dlcli("report", "b", "-o", "b.html", "--json", cwd=tmp_path).value["left_out"] == []


def test_of_many_members_without_a_result_the_first_are_named(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    for count, last in ((MOST_LEFT_OUT, "which is not done yet"), (MOST_LEFT_OUT + 2, "shows how they stand")):
        add(f"g{count}", [80, 90], planned=2 + count)
        told = [line for line in run_dlcli("compare", f"g{count}", cwd=tmp_path).out.splitlines() if "without" in line]
        assert len(told) == min(count, MOST_LEFT_OUT) + (count > MOST_LEFT_OUT)
        assert told[-1].endswith(last)
    assert "2 more; dlcli runs GROUP" in told[-1]


def test_what_an_evaluation_of_a_group_is_without_is_said(
    tmp_path: Path, add: Any, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(run: Run, **_: Any) -> Evaluation:
        return Evaluation(run=run.name, split="test", samples=10, metrics={"accuracy": 0.5}, scores=NO_SCORES, worst=[])

    monkeypatch.setattr("dlcli.actions.evaluated_group.evaluate", measured)
    unfinished(add, "a", [80, 90])
    add("b", [70, 60, 65], planned=3)
    shown = run_dlcli("evaluate", "a", cwd=tmp_path)
    assert shown.err.splitlines() == [f"note: without {words}" for words in WITHOUT]
    value = run_dlcli("evaluate", "a", "--json", cwd=tmp_path).value
    assert [each["run"] for each in value["members"]] == ["a/seed-0", "a/seed-1"]
    assert [each["run"] for each in value["left_out"]] == ["a/seed-2", "a/seed-3", "a/seed-4"]
    assert run_dlcli("evaluate", "b", cwd=tmp_path).err == ""


def test_a_group_whose_record_is_damaged_is_5(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    group = add("a", [80, 90])
    group.record_file.write_text("{}")
    for words in (["compare", "a"], ["evaluate", "a"], ["report", "a"], ["runs", "a"], ["resume", "a"]):
        refused = run_dlcli(*words, "--json", cwd=tmp_path)
        assert (words, refused.code, refused.error["kind"]) == (words, 5, "damaged_group")


def test_a_row_of_a_group_counts_what_was_planned(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    unfinished(add, "a", [80, 90])
    add("b", [70, 60, 65], planned=3)
    add("c", [70, 60, 65], planned=4)
    shown = [line.split("done")[0].split() for line in run_dlcli("runs", cwd=tmp_path).out.splitlines()[2:5]]
    assert shown == [["a", "2", "of", "5"], ["b", "3"], ["c", "3", "of", "4"]]


def test_a_page_overlays_the_runs_of_a_group_and_groups_by_their_means(
    tmp_path: Path, add: Any, run_dlcli: Command
) -> None:
    add("a", [80, 90])
    add("b", [70, 60, 65], rate=0.1)
    assert run_dlcli("report", "a", cwd=tmp_path).out == "a.html\n"
    page = read_page((tmp_path / "a.html").read_text(encoding="utf-8"))
    assert (page.faults, [line["name"] for line in page.charts[0]["lines"]]) == ([], ["a/seed-0", "a/seed-1"])
    assert run_dlcli("report", "a", "b", "a/seed-0", cwd=tmp_path).out == "a-b-a-seed-0.html\n"
    page = read_page((tmp_path / "a-b-a-seed-0.html").read_text(encoding="utf-8"))
    assert [line["name"] for line in page.charts[0]["lines"]] == ["a", "b", "a/seed-0"]
    [lines] = [chart["lines"] for chart in page.charts if chart["title"] == "validation accuracy"]
    assert [line["values"][0] for line in lines] == pytest.approx([0.85, 0.65, 0.8])
    assert "0.8500 ± 0.07071" in page.text


def test_what_a_group_cannot_do_is_told(tmp_path: Path, add: Any, run_dlcli: Command) -> None:
    add("a", [80, 90])
    add("s", [80, 90], kind=GroupKind.SWEEP)
    refused = run_dlcli("resume", "a", "--epochs", "9", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (2, "option_without_effect")
    assert refused.error["message"] == "--epochs is for one run, and 'a' is a group"
    refused = run_dlcli("evaluate", "a", "--worst", "3", "--json", cwd=tmp_path)
    assert refused.error["hint"] == "leave it out, or name one of the group: a/…"
    refused = run_dlcli("resume", "s", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (2, "group_goes_on_otherwise")
    assert refused.error["hint"] == "dlcli train --name s"  # nothing of it says what it was called
    refused = run_dlcli("predict", "a", "new.csv", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (5, "group_for_run")
    for words in (["--jobs", "2"], ["--threads", "2"], ["--resume"]):
        refused = run_dlcli("train", "a.yaml", *words, "--json", cwd=tmp_path)
        assert (refused.code, refused.error["kind"]) == (2, "option_without_effect")
    refused = run_dlcli("train", "a.yaml", "--seeds", "2", "--json-lines", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (2, "option_without_effect")
    refused = run_dlcli("many", "-", "--json", cwd=tmp_path, stdin=b"a.yaml --seeds 2\na.yaml --folds 2\na.yaml -j 2\n")
    kinds = [each["kind"] for each in refused.error["problems"]]
    assert kinds == ["group_in_line", "group_in_line", "option_without_effect"]


@pytest.mark.parametrize("words", [["eject"], ["check"], ["train"], ["sweep"]])
def test_a_run_in_the_place_of_a_configuration_is_told_as_what_it_is(
    words: list[str], tmp_path: Path, add: Any, run_dlcli: Command
) -> None:
    add("a", [80, 90])
    add.run("c", 60, 0.1)
    for name, what in (
        ("a", "'a' is a group of runs, of the configuration a.yaml"),
        ("runs/a", "'runs/a' is a group of runs, of the configuration a.yaml"),
        ("a/seed-0", "'a/seed-0' is a run, of the configuration digits.yaml"),
        ("c", "'c' is a run, of the configuration digits.yaml"),
    ):
        refused = run_dlcli(*words, name, "--json", cwd=tmp_path)
        assert (refused.code, refused.error["hint"]) == (3, what)
    refused = run_dlcli(*words, "nothing", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["hint"]) == (3, f"the working directory is {tmp_path}")
