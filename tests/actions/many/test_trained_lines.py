"""Lines are trained in order, named in order, told as they end, and what is left is found again; nothing is trained here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_processes import faked

from dlcli.actions.many.asked import Asked
from dlcli.actions.many.resuming import beside_runs
from dlcli.actions.many.trained_lines import Manner, threads_each, train_lines
from dlcli.runs import Run
from dlcli.runs.groups import Group, GroupKind
from dlcli.training.many.processes import Ended, Stopping
from dlcli.view.many import LineShown, LineState

CONFIG = """\
data: {source: iris}
layers: [Dense: {units: 3, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: {Adam: {learning_rate: 1e-3}}
train: {epochs: 4}
"""
METRICS = {"train": {"loss": 1.0}, "validation": {"loss": 2.0, "accuracy": 0.5}}
Made = Callable[..., Run]


def asked(folder: Path, line: int, *settings: str, name: str | None = None, rename: bool = True) -> Asked:
    return Asked(
        line=line, words=["a.yaml"], file="a.yaml", content=CONFIG.encode(), settings=settings, runs=folder / "runs",
        name=name, rename=rename, allow_code=False,
    )  # fmt: skip


def tree_of(training: Asked) -> Any:
    return json.loads(json.dumps(training.request().config.plain()))


LEFT = -1
"""Stands for a process that ends with 0 and without a word, as where a plugin ends it."""


class Fake:
    """In the place of processes: each line ends as its number says, where none is said well, after all have begun that may."""

    def __init__(self, record_run: Made, codes: dict[int, int] = {}, *, stops_at: int | None = None) -> None:  # noqa: B006
        self.record_run, self.codes, self.stops_at = record_run, codes, stops_at
        self.begun: list[Asked] = []

    def __call__(self, items: Any, work: Any, *, side_by_side: int, stopping: Stopping) -> Iterator[Ended[Asked]]:
        return faked(
            items,
            side_by_side=side_by_side,
            stopping=stopping,
            begun=self.begun,
            ended=self.ended,
            stops=lambda one: one.line == self.stops_at,
        )

    def ended(self, one: Asked) -> Ended[Asked]:
        code = self.codes.get(one.line, 0)
        if code == 137:
            return Ended(one, code, None, 0.5, "SIGKILL")
        if code == LEFT:
            return Ended(one, 0, None, 0.5)
        if code == 0 and one.resume is None:
            assert one.name is not None
            assert one.number is not None
            self.record_run(one.runs, one.name, tree=tree_of(one), number=one.number, metrics=METRICS, epochs=4)
        error = {"code": code, "message": "no good"} if code else None
        return Ended(one, code, {"path": None, "error": error, "notes": ["note: n"]}, 0.5)


def trained(
    trainings: list[tuple[Asked, str]], fake: Fake, *, side_by_side: int = 1, resume: bool = False
) -> tuple[Any, list[LineShown]]:
    told: list[LineShown] = []
    manner = Manner(side_by_side=side_by_side, threads=0, resume=resume, again="dlcli many --resume f")
    return train_lines(trainings, manner, lambda line, count, of: told.append(line), processes=fake), told


@pytest.mark.parametrize("side_by_side", [1, 2, 3])
def test_names_and_numbers_follow_the_lines_whatever_ends_first(
    side_by_side: int, tmp_path: Path, record_run: Made
) -> None:
    record_run(tmp_path / "runs", "a-2", number=7)
    lines = [(asked(tmp_path, line), "a") for line in (1, 3, 4)] + [(asked(tmp_path, 9, name="b"), "b")]
    fake = Fake(record_run, {3: 4})
    shown, told = trained(lines, fake, side_by_side=side_by_side)
    assert [(each.line, each.name, each.number) for each in fake.begun] == [
        (1, "a", 8), (3, "a-3", 9), (4, "a-4", 10), (9, "b", 11),
    ]  # fmt: skip
    assert [(each.line, each.state, each.run) for each in shown.lines] == [
        (1, "done", "a"), (3, "failed", None), (4, "done", "a-4"), (9, "done", "b"),
    ]  # fmt: skip
    assert sorted(each.line for each in told) == [1, 3, 4, 9]
    assert [each.line for each in told] == [1, 3, 4, 9] or side_by_side > 1
    assert (shown.done, shown.failed, shown.left, shown.stopped, shown.advice) == (3, 1, 0, None, None)
    assert [row[:2] for row in shown.table.rows] == [[1, "a"], [4, "a-4"], [9, "b"]]


def test_a_name_that_may_not_change_is_kept(tmp_path: Path, record_run: Made) -> None:
    record_run(tmp_path / "runs", "b", number=1)
    fake = Fake(record_run, {1: 8})
    shown, _ = trained([(asked(tmp_path, 1, name="b", rename=False), "b")], fake)
    assert [each.name for each in fake.begun] == ["b"]
    [line] = shown.lines
    assert (line.state, line.run, line.path, line.result) == (
        LineState.FAILED,
        None,
        None,
        None,
    )  # that run is another's
    assert shown.table is None


def test_a_failure_has_its_code_and_its_words(tmp_path: Path, record_run: Made) -> None:
    shown, _ = trained([(asked(tmp_path, n), "a") for n in (1, 2)], Fake(record_run, {1: 6, 2: 137}))
    assert [(each.code, each.error["message"]) for each in shown.lines] == [(6, "no good"), (137, "killed by SIGKILL")]
    assert shown.failed == 2
    assert shown.table is None


def test_what_ends_without_a_word_is_not_done(tmp_path: Path, record_run: Made) -> None:
    shown, _ = trained([(asked(tmp_path, 1), "a")], Fake(record_run, {1: LEFT}))
    [line] = shown.lines
    assert (line.state, shown.done, shown.failed) == (LineState.FAILED, 0, 1)
    assert line.error["message"] == "its process ended with code 0 before the training had"


def test_after_a_signal_nothing_is_begun_and_the_way_on_is_said(tmp_path: Path, record_run: Made) -> None:
    fake = Fake(record_run, {2: 130}, stops_at=2)
    shown, told = trained([(asked(tmp_path, n), "a") for n in (1, 2, 3)], fake)
    assert [each.state for each in shown.lines] == [LineState.DONE, LineState.STOPPED, LineState.LEFT]
    assert (shown.stopped, shown.left, shown.advice) == ("SIGINT", 2, "dlcli many --resume f")
    assert len(told) == 2


def test_a_failure_while_all_stop_is_a_failure(tmp_path: Path, record_run: Made) -> None:
    shown, _ = trained([(asked(tmp_path, 1), "a")], Fake(record_run, {1: 6}, stops_at=1))
    assert [each.state for each in shown.lines] == [LineState.FAILED]


def test_what_is_left_is_found_again(tmp_path: Path, record_run: Made) -> None:
    other = asked(tmp_path, 1, "train.epochs=9")
    lines = [(asked(tmp_path, n), "a") for n in (1, 2, 3, 4)] + [(replace(other, line=5), "a")]
    tree, runs = tree_of(lines[0][0]), tmp_path / "runs"
    record_run(runs, "a", tree=tree, number=1, status="interrupted", resumable=True)
    record_run(runs, "a-2", tree=tree, number=2, metrics=METRICS)
    record_run(runs, "a-3", tree=tree, number=3, status="failed", exit_code=6, resumable=True)
    record_run(runs, "a-4", tree=tree, number=4, status="running")
    record_run(runs, "ab", tree=tree, number=5)
    record_run(runs, "a-x", tree=tree, number=6)
    found = [(each.line, each.resume and each.resume.name, run and run.name) for each, _, run in beside_runs(lines)]
    assert found == [(1, None, "a-2"), (2, "a", None), (3, "a-4", None), (4, None, None), (5, None, None)]
    fake = Fake(record_run)
    shown, _ = trained(lines, fake, resume=True)
    assert [each.state for each in shown.lines] == ["skipped", "done", "done", "done", "done"]
    assert [(each.line, each.name) for each in fake.begun if each.resume is None] == [(4, "a-5"), (5, "a-6")]
    assert shown.lines[0].result is not None
    assert shown.done == 5


def test_a_failed_run_goes_on_where_it_can(tmp_path: Path, record_run: Made) -> None:
    line = asked(tmp_path, 1)
    record_run(tmp_path / "runs", "a", tree=tree_of(line), number=1, status="failed", exit_code=7, resumable=True)
    assert [each.resume for each, _, _ in beside_runs([(line, "a")])] == [tmp_path / "runs" / "a"]


@pytest.mark.parametrize(
    ("side_by_side", "processors", "threads"), [(1, 8, 0), (2, 8, 4), (3, 8, 2), (8, 8, 1), (9, 8, 1), (2, 1, 1)]
)
def test_the_processors_are_shared_out(side_by_side: int, processors: int, threads: int) -> None:
    assert threads_each(side_by_side, processors) == threads


def test_runs_of_a_group_belong_to_lines_of_that_group_alone(tmp_path: Path, record_run: Made) -> None:
    group = Group.claim(tmp_path / "runs", "a", GroupKind.SWEEP, words=[], config="a.yaml", content=b"")
    inside, outside = [replace(asked(tmp_path, 1), runs=path) for path in (group.path, tmp_path / "runs")]
    record_run(group.path, "a", tree=tree_of(inside), number=5, metrics=METRICS)
    assert [run and run.name for _, _, run in beside_runs([(inside, "a"), (outside, "a")])] == ["a/a", None]
    fake = Fake(record_run)
    trained([(inside, "a"), (inside, "b")], fake)
    assert [(each.name, each.number) for each in fake.begun] == [("a-2", 6), ("b", 7)]
