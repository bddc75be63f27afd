"""Groups are planned, trained in order, resumed and summed up; nothing is trained here."""

from __future__ import annotations

import json
import pickle
import shutil
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from fake_processes import faked

from dlcli.actions.group_result import group_result
from dlcli.actions.many.asked import Asked
from dlcli.actions.many.grouping import group_of
from dlcli.actions.many.members import members_asked_for, plan_of
from dlcli.actions.many.trained_group import train_group
from dlcli.config import config_of
from dlcli.config.starting_weights import weights_place
from dlcli.errors import ArtifactError, ConflictError, DataError, DlcliError, UsageError
from dlcli.runs import Run
from dlcli.runs.groups import Group, groups_in
from dlcli.runs.lock import Lock
from dlcli.training.many.processes import Ended, Stopping
from dlcli.training.train import Request
from dlcli.view.group import GroupShown, MemberShown
from dlcli.view.many import LineState

CONFIG = """\
name: flowers
seed: 4
data: {source: iris}
layers: [Dense: {units: 3, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: {Adam: {learning_rate: 1e-3}}
train: {epochs: 4}
"""
VALUES = {"seed-4": 0.5, "seed-5": 0.75, "seed-6": 0.9}
Made = Callable[..., Run]


def asked_group(
    folder: Path, *, seeds: int | None = 3, folds: int | None = None, resume: bool = False, settings: Sequence[str] = (),
    text: str = CONFIG, name: str | None = None, threads: int | None = None,
) -> Group:  # fmt: skip
    config = config_of(text.encode(), file="a.yaml", settings=settings)
    request = Request(config, text.encode(), "a.yaml", folder / "runs", name=name, settings=settings)
    return group_of(
        request, seeds=seeds, folds=folds, side_by_side=1, threads=threads, resume=resume, words=["train", "a.yaml"]
    )


class Fake:
    """In the place of processes: each member ends with its code, 0 where none is said, the last that has begun first."""

    def __init__(self, record_run: Made, codes: dict[str, int] = {}, *, stops_at: str | None = None) -> None:  # noqa: B006
        self.record_run, self.codes, self.stops_at = record_run, codes, stops_at
        self.begun: list[Asked] = []

    def __call__(self, items: Any, work: Any, *, side_by_side: int, stopping: Stopping) -> Iterator[Ended[Asked]]:
        return faked(
            items,
            side_by_side=side_by_side,
            stopping=stopping,
            begun=self.begun,
            ended=self.ended,
            stops=lambda one: one.name == self.stops_at,
        )

    def ended(self, one: Asked) -> Ended[Asked]:
        name, code = str(one.name), self.codes.get(str(one.name), 0)
        if code == 137:
            return Ended(one, code, None, 0.5, "SIGKILL")
        metrics = {"train": {"loss": 1.0}, "validation": {"accuracy": VALUES.get(name, 0.5)}}
        if code in {0, 6, 130} and one.resume is None:
            status = {0: "done", 6: "failed", 130: "interrupted"}[code]
            tree = json.loads(json.dumps(one.request().config.plain()))
            self.record_run(
                one.runs, name, tree=tree, number=one.number, metrics=metrics, epochs=4, status=status,
                resumable=code == 130,
            )  # fmt: skip
        raised = DataError("no such column", kind="no_such_column", hint="write another") if code == 4 else None
        error = {"code": code, "message": "no good", "hint": None} if code else None
        return Ended(one, code, {"path": None, "error": error, "notes": [], "raised": raised}, 0.5)


def trained(group: Group, fake: Fake, *, side_by_side: int = 1) -> tuple[GroupShown, list[MemberShown]]:
    told: list[MemberShown] = []
    shown = train_group(
        group, lambda member, count, of: told.append(member), side_by_side=side_by_side, allow_code=False,
        processes=fake,
    )  # fmt: skip
    return shown, told


def test_seeds_follow_that_of_the_configuration_on_its_split() -> None:
    kind, members = members_asked_for(config_of(CONFIG.encode(), file="a.yaml"), seeds=3, folds=None)
    assert (kind, members) == (
        "seeds",
        {f"seed-{n}": [f"seed={n}", "data.split.seed=4"] for n in (4, 5, 6)},
    )
    own = CONFIG.replace("source: iris", "source: iris, split: {seed: 9}")
    assert members_asked_for(config_of(own.encode(), file="a.yaml"), seeds=2, folds=None)[1] == {
        "seed-4": ["seed=4"], "seed-5": ["seed=5"],
    }  # fmt: skip


def test_all_seeds_have_one_split_and_none_has_the_weights_of_another() -> None:
    _, members = members_asked_for(config_of(CONFIG.encode(), file="a.yaml"), seeds=3, folds=None)
    configs = [config_of(CONFIG.encode(), file="a.yaml", settings=own) for own in members.values()]
    plain = config_of(CONFIG.encode(), file="a.yaml")
    rows = [each.data.load(seed=each.seed).splits["train"].rows.tolist() for each in (plain, *configs)]
    assert rows[0] == rows[1] == rows[2] == rows[3]
    assert [each.seed for each in configs] == [4, 5, 6]
    other = config_of(CONFIG.encode(), file="a.yaml", settings=["seed=5"])
    assert other.data.load(seed=5).splits["train"].rows.tolist() != rows[0]


@pytest.mark.parametrize(("metrics", "high"), [("[accuracy]", 1), ("[]", 1.2186)])
def test_no_interval_of_a_group_is_beyond_what_its_metric_can_be(
    metrics: str, high: float, tmp_path: Path, record_run: Made
) -> None:
    group = asked_group(tmp_path, text=f"{CONFIG}metrics: {metrics}\n")
    shown, _ = trained(group, Fake(record_run))
    accuracy = shown.metrics["validation.accuracy"]
    assert (accuracy.low, accuracy.high) == (pytest.approx(0.2147, abs=1e-4), pytest.approx(high, abs=1e-4))


@pytest.mark.parametrize(
    ("seeds", "folds", "text", "kind"),
    [
        (2, 3, CONFIG, "options_exclude_each_other"),
        (3, None, CONFIG.replace("seed: 4", "seed: 4294967294"), "out_of_range"),
    ],
)
def test_what_cannot_be_asked_is_refused(seeds: int, folds: int | None, text: str, kind: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        asked_group(tmp_path, seeds=seeds, folds=folds, text=text)
    assert caught.value.kind == kind
    assert not (tmp_path / "runs").exists()
    if kind == "out_of_range":
        assert asked_group(tmp_path, seeds=2, text=text).name == "flowers-seeds"


def test_a_group_is_named_after_its_configuration_and_what_it_varies(tmp_path: Path) -> None:
    assert asked_group(tmp_path).name == "flowers-seeds"
    assert asked_group(tmp_path).name == "flowers-seeds-2"
    assert asked_group(tmp_path, seeds=None, folds=5).name == "flowers-folds"
    assert asked_group(tmp_path, name="mine").name == "mine"
    plan = plan_of(Group.find(tmp_path / "runs", "flowers-folds"))
    assert plan.members == {f"fold-{n}": [f"data.split.fold={n}/5"] for n in range(1, 6)}


@pytest.mark.parametrize("side_by_side", [1, 2, 3])
def test_members_are_trained_and_summed_up(side_by_side: int, tmp_path: Path, record_run: Made) -> None:
    record_run(tmp_path / "runs", "before", number=7)
    group = asked_group(tmp_path, settings=["train.epochs=9"])
    fake = Fake(record_run)
    shown, told = trained(group, fake, side_by_side=side_by_side)
    assert [(each.name, each.number) for each in fake.begun] == [("seed-4", 8), ("seed-5", 9), ("seed-6", 10)]
    first = fake.begun[0]
    assert first.settings == ["train.epochs=9", "seed=4", "data.split.seed=4"]
    assert first.words == [
        "a.yaml", "--set", "train.epochs=9", "--set", "seed=4", "--set", "data.split.seed=4", "--name", "seed-4",
        "--runs", str(group.path),
    ]  # fmt: skip
    assert [(each.member, each.run, each.state) for each in shown.members] == [
        (f"seed-{n}", f"flowers-seeds/seed-{n}", LineState.DONE) for n in (4, 5, 6)
    ]
    assert sorted(each.member for each in told) == ["seed-4", "seed-5", "seed-6"]
    assert (shown.done, shown.failed, shown.left, shown.stopped, shown.advice) == (3, 0, 0, None, None)
    accuracy = shown.metrics["validation.accuracy"]
    assert accuracy.values == [0.5, 0.75, 0.9]
    assert accuracy.mean == pytest.approx(statistics.mean(accuracy.values))
    assert accuracy.deviation == pytest.approx(statistics.stdev(accuracy.values))
    assert shown.metrics["train.loss"].deviation == 0
    assert shown.out_of_fold is None
    again = group_result(group)  # what `dlcli runs GROUP` shows, without any training
    assert (again.done, again.metrics) == (3, shown.metrics)
    assert again.table == shown.table


def test_what_is_done_is_kept_and_the_rest_goes_on(tmp_path: Path, record_run: Made) -> None:
    group = asked_group(tmp_path, seeds=5)
    shown, _ = trained(group, Fake(record_run, {"seed-5": 6, "seed-6": 130}, stops_at="seed-6"))
    assert [each.state for each in shown.members] == [
        LineState.DONE, LineState.FAILED, LineState.STOPPED, LineState.LEFT, LineState.LEFT,
    ]  # fmt: skip
    assert (shown.stopped, shown.left, shown.failed) == ("SIGINT", 3, 1)
    assert shown.advice == f"dlcli resume flowers-seeds --runs {tmp_path / 'runs'}"
    assert shown.metrics["validation.accuracy"].deviation is None
    (group.path / "seed-7").mkdir()  # one that was killed before it was a run
    assert [each.state for each in group_result(group).members[:3]] == [
        LineState.DONE, LineState.FAILED, LineState.STOPPED,
    ]  # fmt: skip
    fake = Fake(record_run)
    shown, told = trained(group, fake)
    assert [(each.name, each.resume and each.resume.name) for each in fake.begun] == [
        ("seed-5", None), ("seed-6", "seed-6"), ("seed-7", None), ("seed-8", None),
    ]  # fmt: skip
    assert len(told) == 4
    assert sorted(path.name for path in group.path.iterdir() if path.is_dir()) == [f"seed-{n}" for n in range(4, 9)]


def test_a_member_that_is_a_link_is_told_and_left_alone(tmp_path: Path, record_run: Made) -> None:
    group = asked_group(tmp_path)
    trained(group, Fake(record_run))
    shutil.rmtree(group.path / "seed-5")
    for place in ("seed-4", "nowhere"):  # to a run that is done, and to nothing
        (group.path / "seed-5").symlink_to(place)
        fake = Fake(record_run)
        shown, told = trained(group, fake)
        assert (fake.begun, told, shown.done, shown.failed, shown.left) == ([], [], 2, 1, 0)
        error = shown.members[1].error
        assert (shown.members[1].code, shown.advice) == (10, f"dlcli resume flowers-seeds --runs {tmp_path / 'runs'}")
        assert error is not None
        assert error["message"] == "'flowers-seeds/seed-5' is a link, which may lead to a run that is not of this group"
        assert group_result(group).members[1] == shown.members[1]
        (group.path / "seed-5").unlink()
    shown, told = trained(group, Fake(record_run))
    assert ([each.member for each in told], shown.done, shown.advice) == (["seed-5"], 3, None)


def test_a_group_without_its_configuration_is_damaged(tmp_path: Path, record_run: Made) -> None:
    group = asked_group(tmp_path)
    trained(group, Fake(record_run))
    content = group.config.read_bytes()
    group.config.unlink()
    fault = "config.yaml of 'flowers-seeds' cannot be read: No such file or directory"
    for there in (False, True):
        if there:
            (group.path / "seed-4" / "config.yaml").write_bytes(content)
        hint = f"put it back: {group.path / 'seed-4' / 'config.yaml'} is the same" if there else "put it back"
        for again in (lambda: trained(group, Fake(record_run)), lambda: asked_group(tmp_path, resume=True)):
            with pytest.raises(ArtifactError, match=fault) as caught:
                again()
            assert (caught.value.code, caught.value.kind, caught.value.hint) == (5, "damaged_group", hint)
    assert [each.name for each, _ in groups_in(tmp_path / "runs")] == ["flowers-seeds"]
    shutil.copy(group.path / "seed-4" / "config.yaml", group.config)
    assert trained(group, Fake(record_run))[0].done == 3


@pytest.mark.parametrize("side_by_side", [1, 2])
def test_what_is_wrong_with_all_is_raised_and_leaves_nothing(
    side_by_side: int, tmp_path: Path, record_run: Made
) -> None:
    group = asked_group(tmp_path)
    fake = Fake(record_run, dict.fromkeys(VALUES, 4))
    told: list[MemberShown] = []
    with pytest.raises(DataError, match="no such column") as caught:
        train_group(
            group, lambda member, count, of: told.append(member), side_by_side=side_by_side, allow_code=False,
            processes=fake,
        )  # fmt: skip
    assert caught.value.hint == "write another"
    assert not told
    assert len(fake.begun) == (1 if side_by_side == 1 else 3)
    assert not group.path.exists()


def test_what_is_wrong_with_some_is_a_failure(tmp_path: Path, record_run: Made) -> None:
    shown, told = trained(asked_group(tmp_path), Fake(record_run, {"seed-5": 4, "seed-6": 137}))
    assert [(each.state, each.code) for each in shown.members] == [("done", 0), ("failed", 4), ("failed", 137)]
    assert (shown.done, shown.failed) == (1, 2)
    assert [each.member for each in told] == ["seed-4", "seed-5", "seed-6"]
    assert shown.members[2].error is not None
    assert shown.members[2].error["message"] == "killed by SIGKILL"
    assert shown.advice is not None
    late, told = trained(asked_group(tmp_path), Fake(record_run, {"seed-6": 4}), side_by_side=3)
    assert [each.member for each in told] == ["seed-6", "seed-5", "seed-4"]  # told as soon as one could be trained
    assert late.failed == 1


@pytest.mark.parametrize(("code", "goes_on"), [(6, False), (137, True)])
def test_what_would_fail_again_is_not_advised(code: int, goes_on: bool, tmp_path: Path, record_run: Made) -> None:
    shown, _ = trained(asked_group(tmp_path), Fake(record_run, {"seed-5": code}))
    assert (shown.failed, shown.advice is not None) == (1, goes_on)


def test_nobody_trains_a_group_twice_at_once(tmp_path: Path, record_run: Made) -> None:
    group = asked_group(tmp_path)
    with Lock(group.path), pytest.raises(ConflictError, match="in use"):
        trained(group, Fake(record_run))


def test_folds_whose_epoch_their_judge_has_chosen_say_so(tmp_path: Path, record_run: Made) -> None:
    plain, _ = trained(asked_group(tmp_path, seeds=None, folds=2), Fake(record_run, {"fold-2": 6}))
    assert plain.notes == []
    early = CONFIG.replace("epochs: 4", "epochs: 4, early_stopping: {monitor: MONITOR}")
    for monitor, count in (("loss", 0), ("val_loss", 1)):
        group = asked_group(tmp_path, seeds=None, folds=2, text=early.replace("MONITOR", monitor))
        shown, _ = trained(group, Fake(record_run, {"fold-2": 6}))
        assert len(shown.notes) == count
    seeds, _ = trained(asked_group(tmp_path, text=early.replace("MONITOR", "val_loss")), Fake(record_run))
    assert seeds.notes == []


def test_resume_finds_the_group_of_the_same_command(tmp_path: Path, record_run: Made) -> None:
    first = asked_group(tmp_path)
    other = asked_group(tmp_path, settings=["train.epochs=7"])
    assert asked_group(tmp_path, resume=True).path == first.path
    assert asked_group(tmp_path, resume=True, settings=["train.epochs=7"]).path == other.path
    assert asked_group(tmp_path, resume=True, seeds=2).name == "flowers-seeds-3"
    assert asked_group(tmp_path, resume=True, text=f"{CONFIG}# new\n").name == "flowers-seeds-4"
    assert len(groups_in(tmp_path / "runs")) == 4
    assert asked_group(tmp_path, resume=True, threads=0).path == first.path
    kept = first.record_file.read_bytes()
    record_run(first.path, "seed-9", number=99)
    for damaged in (b"{", b"", b"[]", None):
        first.record_file.unlink() if damaged is None else first.record_file.write_bytes(damaged)
        with pytest.raises(ArtifactError) as caught:  # and not another group, in silence
            asked_group(tmp_path, resume=True)
        assert caught.value.kind in {"damaged_group", "damaged_run"}
    first.record_file.write_bytes(kept)
    shutil.rmtree(first.path / "seed-9")
    assert asked_group(tmp_path, resume=True, threads=2).name == "flowers-seeds-5"  # other numbers


def test_resume_with_more_seeds_keeps_those_that_are_done(tmp_path: Path, record_run: Made) -> None:
    group = asked_group(tmp_path, seeds=2)
    trained(group, Fake(record_run))
    fewer = asked_group(tmp_path, seeds=3)
    assert (
        asked_group(tmp_path, resume=True, seeds=3).path == fewer.path
    )  # the very same goes before one that begins it
    more = asked_group(tmp_path, resume=True, seeds=2, name="flowers-seeds")
    assert more.path == group.path
    shutil.rmtree(fewer.path)
    more = asked_group(tmp_path, resume=True, seeds=4)
    assert more.path == group.path
    fake = Fake(record_run)
    shown, _ = trained(more, fake)
    assert [each.name for each in fake.begun] == ["seed-6", "seed-7"]
    assert [(each.member, each.state) for each in shown.members] == [(f"seed-{n}", LineState.DONE) for n in range(4, 8)]
    assert plan_of(group).members.keys() == {f"seed-{n}" for n in range(4, 8)}
    folds = asked_group(tmp_path, seeds=None, folds=3)
    assert asked_group(tmp_path, seeds=None, folds=4, resume=True).path != folds.path  # which are other parts


def test_a_group_from_elsewhere_finds_its_configuration(
    tmp_path: Path, record_run: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    group = asked_group(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    fake = Fake(record_run)
    trained(group, fake)
    assert {each.file for each in fake.begun} == {str(tmp_path / "a.yaml")}


def test_errors_come_whole_from_another_process() -> None:
    error = DataError("no", kind="no_such_column", hint="h", file="f", line=3)
    error.about = ("data", "source")
    copy: DlcliError = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (DataError, "no", vars(error))


def test_weights_of_the_last_run_are_those_of_before_the_group(tmp_path: Path, record_run: Made) -> None:
    record_run(tmp_path / "runs", "before", number=1)
    text = f"weights: {{from: last}}\n{CONFIG}"
    group = asked_group(tmp_path, text=text)
    record_run(group.path, "seed-4", number=2)
    assert {tuple(each) for each in [plan_of(group).settings]} == {("weights.from=before",)}
    inner = asked_group(tmp_path, text=text)  # begun after a member of the other
    assert plan_of(inner).settings == ["weights.from=flowers-seeds/seed-4"]
    config = config_of(text.encode(), file="a.yaml", settings=plan_of(inner).settings)
    assert config.weights is not None
    assert config.weights.source == "flowers-seeds/seed-4"


@pytest.mark.parametrize(
    ("written", "is_name"),
    [("digits", True), ("g/seed-0", True), ("a/b/c", False), ("../x", False), ("g/../x", False), ("g/x.keras", False)],
)
def test_what_weights_come_from_is_a_run_or_a_path(written: str, is_name: bool) -> None:
    assert (weights_place(written) == written) is is_name


def test_a_fold_that_is_chosen_is_not_trained_in_turn(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'data.split.fold' is 2/5, and --folds"):
        asked_group(tmp_path, seeds=None, folds=3, settings=["data.split.fold=2/5"])


@pytest.mark.parametrize(("target", "told"), [("", True), (", target: {column: y, scale: standard}", False)])
def test_losses_in_units_of_their_own_have_no_mean(target: str, told: bool, tmp_path: Path, record_run: Made) -> None:
    text = CONFIG.replace("source: iris", f"source: iris{target}")
    shown, _ = trained(asked_group(tmp_path, seeds=None, folds=2, text=text), Fake(record_run))
    assert ("train.loss" in shown.metrics) is told
    assert "validation.accuracy" in shown.metrics
    said = "the loss of each fold is in a unit of its own, the scale that it has learnt, and has no mean"
    assert shown.notes == ([] if told else [said])
    seeds, _ = trained(asked_group(tmp_path, text=text), Fake(record_run))  # all have one split, and so one scale
    assert ("train.loss" in seeds.metrics, seeds.notes) == (True, [])
