"""Trials are begun, told, taken up again after a kill and given up, and what is done already is told; nothing is trained here."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import scipy.stats

from dlcli.actions.sweep import confirmed, searched, trained_trials
from dlcli.actions.sweep.one_trial import Piece, Reported
from dlcli.actions.sweep.outcome import FEWEST_WEIGHED, front_of
from dlcli.actions.sweep.searched import Search, printed, run_search, search_of
from dlcli.actions.sweep.study import SearchStopped, Study
from dlcli.actions.sweep.trained_trials import MOST_FAILED, MOST_KILLS, Told
from dlcli.config import config_of
from dlcli.config.merge import settings_read
from dlcli.config.sweep import Goal
from dlcli.errors import ConfigError, ConflictError
from dlcli.runs import Run
from dlcli.runs.groups import Group
from dlcli.runs.lock import Lock
from dlcli.runs.manifest import write_recorded_json
from dlcli.runs.upgrades import numbered
from dlcli.training.many.processes import Ended, Stopping
from dlcli.view.sweep import SweepShown, TrialShown

CONFIG = """\
data: {source: digits}
layers: [Flatten, Dense: {units: 8, name: hidden}, Dense: {units: 10, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: Adam
metrics: [accuracy]
train: {epochs: 9}
sweep:
  search: random
  goal: max val_accuracy
  space:
    optimizer.learning_rate: {log: [1e-4, 1e-1]}
    layers.hidden.units: [8, 16]
"""
Record = Callable[..., Run]


@dataclass
class Fake:
    """In the place of processes: a trial ends as its number says, or with the learning rate as its accuracy."""

    record_run: Record
    codes: dict[int, list[int]] = field(default_factory=dict)
    """By number the exit codes of its processes, one after the other; then all is well."""
    kind: str = "out_of_memory"
    """Of the error of those."""
    stop_at: int | None = None
    state: Mapping[str, Any] = field(default_factory=dict)
    digest: str | None = None
    """That of the file of data which a trial has read."""
    answers: Callable[[Piece, Any], Any] | None = None
    stopping: Stopping | None = None
    living: list[Piece] = field(default_factory=list)
    begun: list[tuple[int, bool]] = field(default_factory=list)

    def __call__(self, work: Any, stopping: Stopping, answers: Any) -> Fake:
        self.stopping, self.answers = stopping, answers
        return self

    def __enter__(self) -> Fake:
        return self

    def __exit__(self, *error: object) -> None:
        return

    def begin(self, piece: Piece) -> None:
        self.begun.append((piece.held.number, piece.asked.resume is not None))
        self.living.append(piece)

    def ended(self, within: float) -> list[Ended[Piece]]:
        if not self.living:
            return []
        piece = self.living.pop(0)
        number = piece.held.number
        if number == self.stop_at:
            assert self.stopping is not None
            self.stopping.receive(2, None)
            return [Ended(piece, 130, {"error": {"message": "stopped by SIGINT"}}, 0.1)]
        code = self.codes[number].pop(0) if self.codes.get(number) else 0
        if code == 137:
            return [Ended(piece, code, None, 0.1, "SIGKILL")]
        if code:
            return [Ended(piece, code, {"error": {"message": f"error {code}", "kind": self.kind}}, 0.1)]
        if piece.asked.resume is None:
            self.record(piece)
        return [Ended(piece, 0, {"error": None}, 0.1)]

    def record(self, piece: Piece, **state: Any) -> Run:
        given = settings_read(piece.asked.settings)
        metrics = {"train": {"loss": 1.0}, "validation": {"accuracy": given["optimizer.learning_rate"]}}
        recorded = {
            "set": given,
            "metrics": metrics,
            "epochs": 9,
            "seconds": 0.2,
            "parameters": 100,
            **self.state,
            **state,
        }
        run = self.record_run(piece.asked.runs, piece.asked.name, number=piece.asked.number, **recorded)
        if self.digest is not None:
            read = [{"file": "a.csv", "bytes": 3, "sha256": self.digest}]
            write_recorded_json(run, run.environment, numbered(run.environment.name, {"data": read}))
        return run


def search(folder: Path, *, content: str = CONFIG, **options: Any) -> Search:
    given: dict[str, Any] = {"settings": [], "name": None, "storage": None, "trials": 4, "allow_code": False, **options}
    return search_of(content.encode(), file="a.yaml", runs=folder / "runs", **given)


@pytest.fixture
def swept(tmp_path: Path, record_run: Record, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a search with fakes: what has come of it, and the trials in the order in which they were told."""

    def ran(
        fake: Fake | None = None, *, side_by_side: int = 1, confirm: int | None = None, **options: Any
    ) -> tuple[SweepShown, list[Told], list[str]]:
        told, said = list[Told](), list[str]()
        monkeypatch.setattr(trained_trials, "workers", fake or Fake(record_run))
        shown = run_search(
            search(tmp_path, **options), words=["sweep", "a.yaml"], again="dlcli sweep a.yaml", side_by_side=side_by_side,
            threads=1, told=told.append, noted=said.append, confirm=confirm,
        )  # fmt: skip
        return shown, told, said

    return ran


def states(shown: SweepShown) -> list[tuple[int, str]]:
    return [(each.number, each.state) for each in shown.trials]


@pytest.mark.parametrize("side_by_side", [1, 3])
def test_each_trial_is_a_run_of_the_group(
    side_by_side: int, swept: Callable[..., Any], record_run: Record, tmp_path: Path
) -> None:
    fake = Fake(record_run)
    shown, told, _ = swept(fake, side_by_side=side_by_side)
    assert fake.begun == [(number, False) for number in (1, 2, 3, 4)]
    assert states(shown) == [(number, "done") for number in (1, 2, 3, 4)]
    assert [each.run for each in shown.trials] == [f"a-sweep/trial-{number}" for number in (1, 2, 3, 4)]
    assert [each.name for each in Group(tmp_path / "runs" / "a-sweep").members()] == [each.run for each in shown.trials]
    best = max(shown.trials, key=lambda each: each.value)
    assert (shown.best, best.value) == (best, best.set["optimizer.learning_rate"])
    assert (shown.done, shown.failed, shown.left, shown.stopped, shown.advice) == (4, 0, 0, None, None)
    assert [each.number for each in told] == [1, 2, 3, 4]
    record = Group(tmp_path / "runs" / "a-sweep").read()
    assert (record.kind, record.words, record.config) == ("sweep", ["sweep", "a.yaml"], "a.yaml")


def test_the_same_command_trains_what_is_left(swept: Callable[..., Any], record_run: Record) -> None:
    first, _, _ = swept(trials=2)
    fake = Fake(record_run)
    shown, told, _ = swept(fake, trials=5)
    assert fake.begun == [(3, False), (4, False), (5, False)]
    assert [each.number for each in told] == [3, 4, 5]
    assert [*shown.trials[:2]] == [*first.trials]
    assert swept(fake, trials=5)[1] == []
    assert len(fake.begun) == 3


def test_a_trial_that_fails_has_its_reason_and_counts(swept: Callable[..., Any], record_run: Record) -> None:
    shown, told, _ = swept(Fake(record_run, {2: [7]}))
    assert states(shown) == [(1, "done"), (2, "failed"), (3, "done"), (4, "done")]
    assert (shown.trials[1].reason, shown.trials[1].value, shown.failed, shown.left) == ("error 7", None, 1, 0)
    assert told[1].reason == "error 7"


def test_what_the_machine_refuses_is_no_fault_of_a_trial(swept: Callable[..., Any], record_run: Record) -> None:
    fake = Fake(record_run, {2: [7]}, kind="disk_full")
    shown, told, _ = swept(fake, side_by_side=2)
    assert states(shown) == [(1, "done"), (2, "running"), (3, "done")]  # what was begun beside it comes to its end
    assert (shown.refused, shown.failed, shown.left, shown.advice) == ("error 7", 0, 2, "dlcli sweep a.yaml")
    assert [each.number for each in told] == [1, 3]
    shown, told, _ = swept(Fake(record_run))
    assert (states(shown), shown.refused) == ([(number, "done") for number in (1, 2, 3, 4)], None)
    assert [each.number for each in told] == [2, 4]


def test_a_picture_that_cannot_be_written_leaves_the_result(
    swept: Callable[..., Any], record_run: Record, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    swept(Fake(record_run))
    picture = tmp_path / "runs" / "a-sweep" / "sweep.svg"
    picture.unlink()
    picture.mkdir()
    (tmp_path / "a.yaml").write_text(CONFIG, encoding="utf-8")
    done = run_dlcli("sweep", "a.yaml", "--trials", 4, "--json", cwd=tmp_path)
    assert (done.code, done.value["done"], done.value["files"]) == (7, 4, {})
    assert done.value["refused"].startswith(f"cannot write {Path('runs', 'a-sweep', 'sweep.svg')}: ")


def test_where_all_fail_the_search_ends(swept: Callable[..., Any], record_run: Record) -> None:
    fake = Fake(record_run, {number: [4] for number in range(1, 10)})
    shown, _, _ = swept(fake, trials=9)
    assert len(fake.begun) == MOST_FAILED == shown.failed
    assert (shown.left, shown.advice) == (9 - MOST_FAILED, "dlcli sweep a.yaml")
    fake = Fake(record_run, {number: [4] for number in (6, 7, 8)})
    shown, _, _ = swept(fake, trials=9, name="other")
    assert (shown.failed, shown.done, shown.left) == (3, 6, 0)


def test_a_killed_process_goes_on_and_is_given_up_in_the_end(swept: Callable[..., Any], record_run: Record) -> None:
    fake = Fake(record_run, {1: [137] * MOST_KILLS, 2: [137] * (MOST_KILLS + 1), 3: [8], 4: [143]})
    shown, _, _ = swept(fake)
    assert states(shown) == [(1, "done"), (2, "failed"), (3, "done"), (4, "done")]
    assert shown.trials[1].reason == f"killed by SIGKILL, {MOST_KILLS + 1} times"
    assert sum(number == 1 for number, _ in fake.begun) == MOST_KILLS + 1


def test_a_signal_leaves_trials_to_the_next_command(swept: Callable[..., Any], record_run: Record) -> None:
    shown, told, _ = swept(Fake(record_run, stop_at=2))
    assert states(shown) == [(1, "done"), (2, "running")]
    assert (shown.stopped, shown.advice, shown.left) == ("SIGINT", "dlcli sweep a.yaml", 3)
    assert [each.number for each in told] == [1]
    fake = Fake(record_run)
    shown, _, _ = swept(fake)
    assert fake.begun == [(2, False), (3, False), (4, False)]
    assert states(shown) == [(number, "done") for number in (1, 2, 3, 4)]


def test_a_run_that_is_there_is_told_or_goes_on(
    swept: Callable[..., Any], record_run: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Left(Fake):
        """Leaves its run and is gone, as where the parent is killed."""

        def begin(self, piece: Piece) -> None:
            status = {1: "done", 2: "crashed", 3: "failed", 4: "running"}[piece.held.number]
            self.record(piece, status=status, exit_code=6 if status == "failed" else None, reason="diverged: at step 3")
            if piece.held.number == 4:
                raise SearchStopped
            self.begun.append((piece.held.number, False))

        @property
        def living(self) -> list[Piece]:  # type: ignore[override]
            return []

        @living.setter
        def living(self, value: list[Piece]) -> None:
            return

    swept(Left(record_run))
    (tmp_path / "runs" / "a-sweep" / "trial-5" / "logs").mkdir(parents=True)  # killed before it had said what it is
    fake = Fake(record_run)
    shown, told, _ = swept(fake, trials=5)
    assert fake.begun == [(2, True), (4, True), (5, False)]
    assert states(shown) == [(1, "done"), (2, "done"), (3, "failed"), (4, "done"), (5, "done")]
    assert shown.trials[2].reason == "diverged: at step 3"
    assert sorted(each.number for each in told) == [1, 2, 3, 4, 5]


def test_a_run_of_other_settings_is_not_taken(swept: Callable[..., Any], record_run: Record, tmp_path: Path) -> None:
    swept(trials=1)
    (tmp_path / "runs" / "a-sweep" / "journal.log").unlink()
    with pytest.raises(ConflictError, match="'a-sweep/trial-1' is a run with other settings than trial 1"):
        swept(trials=1, content=CONFIG.replace("1e-4", "1e-3"))


def test_a_run_that_somebody_writes_is_waited_for(
    swept: Callable[..., Any], record_run: Record, tmp_path: Path
) -> None:
    swept(Fake(record_run, stop_at=1), trials=1)
    folder = tmp_path / "runs" / "a-sweep" / "trial-1"
    folder.mkdir()
    lock = Lock(folder).__enter__()

    class Waiting(Fake):
        def ended(self, within: float) -> list[Ended[Piece]]:
            if not self.begun:
                lock.__exit__(None, None, None)
            return super().ended(within)

    fake = Waiting(record_run)
    shown, _, _ = swept(fake, trials=1)
    assert fake.begun == [(1, False)]
    assert states(shown) == [(1, "done")]


def test_values_are_those_of_the_run(swept: Callable[..., Any], record_run: Record) -> None:
    goals = CONFIG.replace("goal: max val_accuracy", "goal: [max val_accuracy, min parameters]")
    shown, _, _ = swept(content=goals)
    assert all(each.value == [each.set["optimizer.learning_rate"], 100.0] for each in shown.trials)
    assert shown.front == [max(shown.trials, key=lambda each: each.value[0]).number]
    seconds, _, _ = swept(content=CONFIG.replace("max val_accuracy", "min seconds"), name="b")
    assert {each.value for each in seconds.trials} == {0.2}
    trained, _, _ = swept(content=CONFIG.replace("max val_accuracy", "min loss"), name="c")
    assert {each.value for each in trained.trials} == {1.0}
    nan, _, _ = swept(Fake(record_run, state={"metrics": {"validation": {"accuracy": math.nan}}}), name="d", trials=1)
    assert nan.trials[0].reason == "its val_accuracy is no finite number"


def test_a_pruned_run_is_told_so(swept: Callable[..., Any], record_run: Record) -> None:
    shown, told, _ = swept(
        Fake(record_run, state={"stop": "pruned"}), content=CONFIG.replace("random", "random\n  prune: median")
    )
    assert {each.state for each in shown.trials} == {"pruned"}
    assert {each.state for each in told} == {"PRUNED"}
    assert (shown.best, shown.pruned, shown.left) == (None, 4, 0)


def test_what_a_trial_reports_is_answered(
    swept: Callable[..., Any], record_run: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = list[Any]()

    class Reporting(Fake):
        def begin(self, piece: Piece) -> None:
            assert self.answers is not None
            assert piece.monitor == "val_accuracy"
            answered.append([self.answers(piece, Reported(epoch, 0.5)) for epoch in (1, 2)])
            answered.append(self.answers(piece, "what else"))
            super().begin(piece)

    monkeypatch.setattr(Study, "report", lambda self, held, epoch, value: "worse" if epoch == 2 else None)
    swept(Reporting(record_run), trials=1, content=CONFIG.replace("random", "random\n  prune: median"))
    assert answered == [[None, "worse"], None]


def test_a_machine_with_other_data_is_refused(swept: Callable[..., Any], record_run: Record) -> None:
    assert swept(Fake(record_run, digest="a"), trials=2)[0].done == 2
    with pytest.raises(ConflictError, match="the data here is not that which the trials before have read: a.csv"):
        swept(Fake(record_run, digest="b"), trials=4)
    shown, _, _ = swept(Fake(record_run, digest="a"), trials=2)
    assert states(shown) == [(1, "done"), (2, "done")]


def test_importance_is_told_from_enough_trials_on(swept: Callable[..., Any]) -> None:
    few, _, _ = swept(trials=FEWEST_WEIGHED - 1)
    enough, _, _ = swept(trials=FEWEST_WEIGHED)
    assert few.importance is None
    assert few.weighed_from == FEWEST_WEIGHED
    assert set(enough.importance) == {"optimizer.learning_rate", "layers.hidden.units"}
    assert enough.importance["optimizer.learning_rate"] > 0.8  # the value is the rate


def test_what_is_printed_is_what_is_trained(tmp_path: Path, swept: Callable[..., Any], record_run: Record) -> None:
    lines = printed(search(tmp_path))
    assert len(lines) == 4
    told = swept()[1]
    for words, each in zip(lines, told, strict=True):
        options = [word for setting in each.settings for word in ("--set", setting)]
        assert words == ["a.yaml", *options, "--name", f"a-sweep-{each.number}"]
    tpe = printed(search(tmp_path, content=CONFIG.replace("random", "tpe"), trials=12))
    assert len({str(words[:-1]) for words in tpe}) == 12


def test_a_grid_ends_with_its_points(swept: Callable[..., Any]) -> None:
    content = CONFIG.replace("random", "grid").replace("{log: [1e-4, 1e-1]}", "[0.1, 0.01, 0.001]")
    shown, _, _ = swept(content=content, trials=None)
    assert len(shown.trials) == 6
    assert len({json.dumps(dict(each.set)) for each in shown.trials}) == 6
    assert swept(content=content, trials=99)[1] == []


def test_without_a_block_there_is_nothing_to_search(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no search in it"):
        search(tmp_path, content=CONFIG[: CONFIG.index("sweep:")])


def test_a_name_of_something_else_is_refused(swept: Callable[..., Any], record_run: Record, tmp_path: Path) -> None:
    record_run(tmp_path / "runs", "a-sweep")
    with pytest.raises(ConflictError, match="'a-sweep' is there already, and no sweep"):
        swept()


def shown_trial(number: int, *values: float) -> TrialShown:
    return TrialShown(number=number, run=f"t-{number}", state="done", value=[*values], set={})


def test_the_front_has_what_no_other_beats() -> None:
    goals = [Goal("val_accuracy", True), Goal("parameters", False)]
    trials = [
        shown_trial(1, 0.9, 100), shown_trial(2, 0.8, 50), shown_trial(3, 0.8, 60), shown_trial(4, 0.95, 200),
        shown_trial(5, 0.9, 100), shown_trial(6, 0.7, 50),
    ]  # fmt: skip
    assert sorted(each.number for each in front_of(trials, goals)) == [1, 2, 4]
    assert front_of([], goals) == []


def test_a_group_that_is_being_made_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searched, "WAIT_FOR_RECORD", 0.01)
    (tmp_path / "runs" / "a-sweep").mkdir(parents=True)
    with pytest.raises(ConflictError, match="no sweep"):
        searched.group_of_search(search(tmp_path), ["sweep", "a.yaml"])


@pytest.mark.parametrize(("better", "beats"), [(0.2, True), (0.0, False), (-0.2, False)])
def test_the_best_is_compared_with_fresh_seeds(
    better: float, beats: bool, swept: Callable[..., Any], record_run: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values of both are noise of 0.01 around 0.6, those of the best one by so much higher."""
    trained = list[tuple[str, list[str]]]()

    def train_group(group: Group, told: Any, **options: Any) -> Any:
        plan = group.read().plan
        trained.append((group.name, [*plan["settings"]]))
        for number, member in enumerate(plan["members"]):
            value = 0.6 + (0.01 * (number % 3)) + (better if group.name.endswith("-best") else 0.0)
            record_run(group.path, member, metrics={"validation": {"accuracy": value}})
        return SimpleNamespace(stopped=None)

    monkeypatch.setattr(confirmed, "train_group", train_group)
    shown, _, _ = swept(confirm=6)
    proof = shown.confirmed
    assert [name for name, _ in trained] == ["a-sweep-default", "a-sweep-best"]
    assert all(settings[-2:] == ["seed=1", "data.split.seed=0"] for _, settings in trained)
    assert trained[1][1][:-2] == [f"{path}={value}" for path, value in shown.best.set.items()]
    assert proof.difference == pytest.approx(better)
    assert (len(proof.default.values), len(proof.best.values), proof.beats) == (6, 6, beats)
    wanted = scipy.stats.ttest_ind(proof.best.values, proof.default.values, equal_var=False)
    interval = wanted.confidence_interval()
    assert (proof.p, proof.low, proof.high) == pytest.approx((wanted.pvalue, interval.low, interval.high), abs=1e-9)


def test_nothing_is_confirmed_on_other_samples(
    swept: Callable[..., Any], record_run: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmed, "train_group", lambda *given, **options: pytest.fail("it was trained"))
    content = CONFIG.replace("    layers.hidden.units: [8, 16]", "    data.split.validation: [0.2, 0.3]")
    shown, _, said = swept(confirm=3, content=content)
    assert shown.confirmed is None
    assert [each for each in said if "confirmed" in each] == [
        "note: nothing is confirmed: by data.split.validation the best trial is judged on other samples than before"
    ]


def test_a_best_configuration_and_a_picture_are_left(swept: Callable[..., Any], tmp_path: Path) -> None:
    shown, _, _ = swept()
    best, picture = (Path(shown.files[name]) for name in ("configuration", "picture"))
    assert best == tmp_path / "runs" / "a-sweep" / "best.yaml"
    text = best.read_text(encoding="utf-8")
    assert text.startswith(f"# The best of 4 trials of a-sweep, number {shown.best.number}: val_accuracy ")
    assert f"#   dlcli train {best}\n" in text
    assert config_of(text.encode(), file=str(best)).optimizer.arguments == {
        "learning_rate": shown.best.set["optimizer.learning_rate"]
    }
    assert picture.read_bytes().count(b"<circle") == 4 * 3
    assert shown.confirm == "dlcli sweep a.yaml --confirm 5"
