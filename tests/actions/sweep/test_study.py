"""The trials of a search in a journal that several processes share: each number once, taken over where its process is gone."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optuna.study import StudyDirection
from optuna.trial import TrialState

from dlcli.actions.sweep.holder import Holder, machine, start_of, this_process
from dlcli.actions.sweep.sampling import point_known, pruner_of, sampler_of, seed_of
from dlcli.actions.sweep.space import Space
from dlcli.actions.sweep.storage import Place, cut_half_line
from dlcli.actions.sweep.storage import opened as opened_storage
from dlcli.actions.sweep.study import HOLDER, LOST, NUMBER, SURPLUS, Held, Study, counted
from dlcli.config import config_of
from dlcli.config.sweep_space import checked_space
from dlcli.errors import ArtifactError, ConflictError, ResourceError

CONFIG = b"""\
data: {source: digits}
layers: [Flatten, Dense: {units: 8, name: hidden}, Dense: {units: 10, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 9}
sweep:
  search: random
  space:
    optimizer.learning_rate: {log: [1e-4, 1e-1]}
    layers.hidden.units: {int: [8, 16], step: 4}
    layers.hidden.activation: [relu, tanh]
    layers.hidden.use_bias: {choices: [true, false], when: {layers.hidden.activation: tanh}}
"""
HELD_NO_MORE = 2**22 + 1
"""A process that no system has."""


def space_of(old: str = "", new: str = "", *, content: bytes = CONFIG) -> Space:
    content = content.replace(old.encode(), new.encode()) if old else content
    config = config_of(content, file="a.yaml")
    assert config.sweep is not None
    return Space(config.sweep, checked_space(content, config, file="a.yaml"))


Opened = Callable[..., Study]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Opens the search of a journal as another process would: `holder` changes who that is."""
    own = this_process(tmp_path)

    def study(space: Space | None = None, *, plan: str = "{}", lost_after: float = 60.0, **holder: Any) -> Study:
        made = Study(
            name="s", place=Place("journal", tmp_path / "journal.log"), space=space or space_of(), seed=0, epochs=9,
            holder=replace(own, **holder), plan=plan, lost_after=lost_after,
        )  # fmt: skip
        made.open()
        return made

    return study


def always(number: int) -> bool:
    return True


def numbers(study: Study) -> list[tuple[int, str]]:
    return [(number, each.state.name) for number, each in sorted(counted(study.trials()).items())]


def test_trials_are_made_up_to_the_number_and_no_further(opened: Opened) -> None:
    study = opened()
    held = [study.next(3, can_go_on=always) for _ in range(4)]
    assert [each and each.number for each in held] == [1, 2, 3, None]
    assert study.tell(held[0], "COMPLETE", [0.5], {})
    assert numbers(study) == [(1, "COMPLETE"), (2, "RUNNING"), (3, "RUNNING")]
    assert study.next(3, can_go_on=always) is None
    assert study.next(5, can_go_on=always).number == 4


def test_two_processes_share_the_numbers(opened: Opened) -> None:
    first, second = opened(), opened(process=os.getppid(), started=start_of(os.getppid()))
    made = [each.next(6, can_go_on=always) for each in (first, second, first, second, first, second, first)]
    assert [each and each.number for each in made] == [1, 2, 3, 4, 5, 6, None]


def test_one_of_two_that_make_the_same_number_is_too_many(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = opened(), opened(process=os.getppid(), started=start_of(os.getppid()))
    begun = first.created

    def late(number: int, *more: Any) -> int:
        monkeypatch.undo()
        assert second.make(number) is not None
        return begun(number, *more)

    monkeypatch.setattr(first, "created", late)
    held = first.next(2, can_go_on=always)
    assert held is not None
    assert held.number == 2
    trials = first.trials()
    assert [each.user_attrs[NUMBER] for each in trials] == [1, 1, 2]
    assert [SURPLUS in each.user_attrs for each in trials] == [False, True, False]
    assert numbers(first) == [(1, "RUNNING"), (2, "RUNNING")]


def test_a_dead_process_of_this_machine_loses_its_trials_at_once(opened: Opened) -> None:
    dead = opened(process=HELD_NO_MORE)
    point = dead.next(2, can_go_on=always).point
    study = opened()
    assert study.next(2, can_go_on=lambda number: False).number == 2  # its run is still being saved
    taken = study.next(2, can_go_on=always)
    assert (taken.number, taken.point) == (1, point)
    assert Holder.read(study.storage.get_trial(taken.identity).user_attrs[HOLDER]) == study.holder
    assert len(study.trials()) == 2
    assert study.next(2, can_go_on=always) is None


def test_a_living_process_keeps_its_trials(opened: Opened) -> None:
    opened(process=os.getppid(), started=start_of(os.getppid())).next(1, can_go_on=always)
    assert opened().next(1, can_go_on=always) is None
    opened(process=os.getppid(), started=1.0).next(2, can_go_on=always)  # another process with its number
    assert opened().next(2, can_go_on=always).number == 2


def test_one_of_two_that_take_a_trial_over_has_it(opened: Opened) -> None:
    dead = opened(process=HELD_NO_MORE)
    dead.next(1, can_go_on=always)
    first, second = opened(), opened(process=os.getppid(), started=start_of(os.getppid()))
    [trial] = second.trials()
    assert first.next(1, can_go_on=always).number == 1
    assert not second.claim(trial, dead.holder)
    assert second.next(1, can_go_on=always) is None


def test_a_trial_in_another_folder_of_this_machine_is_made_anew(opened: Opened) -> None:
    dead = opened(process=HELD_NO_MORE, folder="/elsewhere")
    point = dead.next(1, can_go_on=always).point
    study = opened()
    again = study.next(1, can_go_on=always)
    assert (again.number, again.point) == (1, point)
    assert [LOST in each.user_attrs for each in study.trials()] == [True, False]
    assert not dead.tell(Held(1, study.trials()[0]._trial_id, point), "COMPLETE", [1.0], {})
    assert numbers(study) == [(1, "RUNNING")]


def test_the_beat_of_another_machine_has_to_stand_still(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("dlcli.actions.sweep.study.time.monotonic", lambda: clock[0])
    other, study = opened(host="elsewhere"), opened()
    held = other.next(1, can_go_on=always)
    for at, beats in ((0.0, False), (50.0, True), (100.0, False), (110.0, False)):
        clock[0] = at
        if beats:
            other.beat()
        assert study.next(1, can_go_on=always) is None, at
    clock[0] = 110.1
    taken = study.next(1, can_go_on=always)
    assert (taken.number, taken.point) == (1, held.point)
    assert not other.tell(held, "COMPLETE", [0.1], {})
    assert study.tell(taken, "COMPLETE", [0.2], {})
    assert [each.values for each in counted(study.trials()).values()] == [[0.2]]
    other.beat()  # says nothing of what it has lost


def test_two_that_find_a_machine_lost_make_one_trial(opened: Opened) -> None:
    other = opened(host="elsewhere")
    other.next(1, can_go_on=always)
    first, second = (
        opened(lost_after=-1.0),
        opened(lost_after=-1.0, process=os.getppid(), started=start_of(os.getppid())),
    )
    for each in (first, second):
        assert each.next(1, can_go_on=always) is None  # sees the beat for the first time
    made = [each.next(1, can_go_on=always) for each in (first, second)]
    assert [each and each.number for each in made] == [1, None]
    assert numbers(first) == [(1, "RUNNING")]


def test_what_a_process_has_and_does_not_know_goes_on(opened: Opened) -> None:
    study = opened()
    held = study.next(1, can_go_on=always)
    study.held.clear()  # as where the answer of the storage was lost
    assert study.next(1, can_go_on=always) == held


def test_a_result_is_told_once(opened: Opened) -> None:
    study = opened()
    held = study.next(1, can_go_on=always)
    assert study.tell(held, "COMPLETE", [0.5], {"epochs": 9})
    assert study.tell(held, "COMPLETE", [0.5], {"epochs": 9})  # its answer was lost on the way
    assert not study.tell(held, "COMPLETE", [0.7], {})
    [trial] = study.trials()
    assert (trial.values, trial.user_attrs["epochs"]) == ([0.5], 9)


def test_another_configuration_is_another_search(opened: Opened) -> None:
    opened(plan='{"configuration": {"train": {"epochs": 9}}}')
    with pytest.raises(ConflictError, match="'configuration.train.epochs' was 9 and is 3|train.epochs was 9 and is 3"):
        opened(plan='{"configuration": {"train": {"epochs": 3}}}')


def test_a_storage_that_is_away_is_waited_for(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    class AwayError(Exception):
        def code(self) -> Any:
            import grpc

            return grpc.StatusCode.UNAVAILABLE

    study, tries, said = opened(), [0], list[str]()
    study.told = said.append
    study.watched[3] = (1, 0.0)
    monkeypatch.setattr("dlcli.actions.sweep.study.PAUSE", 0.0)

    def call() -> int:
        tries[0] += 1
        if tries[0] < 4:
            raise AwayError
        return tries[0]

    assert study.patiently(call) == 4
    assert [each.partition(" is ")[2] for each in said] == ["away; waiting for it", "back"]
    assert study.watched == {}
    with pytest.raises(ZeroDivisionError):
        study.patiently(lambda: 1 // 0)


def test_random_points_belong_to_their_numbers_whoever_asks(opened: Opened) -> None:
    space = space_of()
    known = [point_known(space, seed=0, number=number) for number in range(1, 9)]
    first, second = opened(), opened(process=os.getppid(), started=start_of(os.getppid()))
    made = [each.next(8, can_go_on=always) for each in (second, first) * 4]
    assert [each.point for each in made] == known
    assert len({str(each) for each in known}) == 8
    assert [point_known(space, seed=1, number=number) for number in range(1, 9)] != known
    assert seed_of(0, 11) != seed_of(1, 1)


def test_a_grid_has_every_point_once() -> None:
    text = "optimizer.learning_rate: {log: [1e-4, 1e-1]}"
    space = space_of("random", "grid", content=CONFIG.replace(text.encode(), b"optimizer.learning_rate: [0.1, 0.01]"))
    points = [*space.grid()]
    assert len(points) == space.size == 2 * 3 * 3  # tanh with and without a bias, relu as it is
    assert len({str(each) for each in points}) == 18
    assert [point_known(space, seed=0, number=number) for number in (1, 18)] == [points[0], points[-1]]
    assert point_known(space, seed=0, number=19) is None
    assert {"layers.hidden.use_bias" in each for each in points if each["layers.hidden.activation"] == "relu"} == {
        False
    }


def test_points_and_settings_come_back_from_the_storage(opened: Opened) -> None:
    study = opened(space_of("search: random", "search: tpe"))
    for _ in range(14):
        held = study.next(14, can_go_on=always)
        trial = study.storage.get_trial(held.identity)
        assert study.space.decoded(trial.params) == held.point
        rate = held.point["optimizer.learning_rate"]
        assert 1e-4 <= rate <= 1e-1
        assert f"optimizer.learning_rate={rate}" in study.space.settings(held.point)
        assert held.point["layers.hidden.units"] in (8, 12, 16)
        assert ("layers.hidden.use_bias" in held.point) == (held.point["layers.hidden.activation"] == "tanh")
        study.tell(held, "COMPLETE", [rate], {})
    assert point_known(study.space, seed=0, number=1) is None


def test_slow_trials_are_pruned_by_the_median(opened: Opened) -> None:
    study = opened(space_of("search: random", "search: random\n  prune: median"))
    for _ in range(5):
        held = study.next(9, can_go_on=always)
        assert [study.report(held, epoch, 1.0 / epoch) for epoch in (1, 2, 3)] == [None] * 3
        study.tell(held, "COMPLETE", [1 / 3], {})
    held = study.next(9, can_go_on=always)
    assert [study.report(held, epoch, 0.9 / epoch) for epoch in (1, 2, 3)] == [None] * 3
    bad = study.next(9, can_go_on=always)
    assert study.report(bad, 1, 5.0) is None  # the first epoch is never the last
    assert "val_loss 5 after epoch 2" in (study.report(bad, 2, 5.0) or "")
    study.storage.set_trial_state_values(bad.identity, TrialState.FAIL)
    assert study.report(bad, 3, 5.0) == "another machine has taken the trial over"


@pytest.mark.parametrize("prune", ["none", "median", "hyperband"])
def test_each_way_of_pruning_is_there(prune: str) -> None:
    sweep = space_of("search: random", f"search: random\n  prune: {prune}").sweep
    names = {"none": "NopPruner", "median": "MedianPruner", "hyperband": "HyperbandPruner"}
    assert type(pruner_of(sweep, epochs=9)).__name__ == names[prune]
    assert type(sampler_of(sweep, seed=0, number=1)).__name__ == "RandomSampler"


def test_this_process_is_known_and_lives(tmp_path: Path) -> None:
    own = this_process(tmp_path)
    assert (own.is_here, own.lives, Holder.read(own.plain())) == (True, True, own)
    assert not replace(own, started=own.started - 100).lives
    assert not replace(own, process=HELD_NO_MORE).lives
    assert not replace(own, machine="another start").is_here
    assert machine() != "unknown"


def test_half_a_line_is_taken_away(tmp_path: Path, opened: Opened) -> None:
    file = tmp_path / "a"
    for content, left in (
        (b"", b""),
        (b"a\n", b"a\n"),
        (b"a\nb", b"a\n"),
        (b"b" * 9000, b""),
        (b"a\n" + b"b" * 9000, b"a\n"),
    ):
        file.write_bytes(content)
        cut_half_line(file)
        assert file.read_bytes() == left
    study = opened()
    study.next(9, can_go_on=always)
    with (tmp_path / "journal.log").open("ab") as journal:
        journal.write(b'{"op_code": 4, "trial')
    other = opened(process=os.getppid(), started=start_of(os.getppid()))
    assert other.next(9, can_go_on=always).number == 2
    assert numbers(opened()) == [(1, "RUNNING"), (2, "RUNNING")]


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("line", ["garbage", "[]", "7", '{"op_code": 4, "trial'])
def test_a_damaged_line_of_the_journal_is_told(tmp_path: Path, line: str, behind: bool) -> None:
    file = tmp_path / "journal.log"
    place = Place("journal", file)
    opened_storage(place).create_new_study([StudyDirection.MAXIMIZE], "s")
    written = file.read_text(encoding="utf-8")
    file.write_text(f"{written}{line}\n" if behind else f"{line}\n{written}", encoding="utf-8")
    number = written.count("\n") + 1 if behind else 1
    with pytest.raises(ArtifactError) as caught:
        opened_storage(place)
    assert caught.value.message == f"the journal of the search is damaged: line {number} is {line!r}"
    assert (caught.value.file, caught.value.line) == (str(file), number)


@pytest.mark.parametrize("line", ['{"op": 1}', '{"op_code": 99, "worker_id": "a"}'])
def test_lines_that_do_not_fit_together_are_told(tmp_path: Path, line: str) -> None:
    file = tmp_path / "journal.log"
    place = Place("journal", file)
    opened_storage(place).create_new_study([StudyDirection.MAXIMIZE], "s")
    written = file.read_text(encoding="utf-8")
    file.write_text(f"{line}\n{written}", encoding="utf-8")
    with pytest.raises(ArtifactError, match="the journal of the search is damaged") as caught:
        opened_storage(place)
    assert caught.value.file == str(file)


def test_a_journal_that_finds_no_room_is_named(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = opened()

    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("optuna.storages.journal.JournalFileBackend.append_logs", full)
    with pytest.raises(ResourceError, match=f"cannot write {tmp_path / 'journal.log'}: the disk is full") as caught:
        study.next(1, can_go_on=always)
    assert caught.value.hint == (
        "free some space, or choose another file with --storage, or another folder with --runs"
    )
