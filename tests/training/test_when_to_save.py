"""When a checkpoint is due: by epochs, steps and minutes, each at its limit, and how sparing nobody's word makes it."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from dlcli.config.train import Checkpoint
from dlcli.training.kept import when_to_save
from dlcli.training.kept.when_to_save import Saving


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(when_to_save, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


def test_where_nobody_says_how_often_an_epoch_is_saved_that_took_twenty_times_as_long_as_saving(clock: Clock) -> None:
    saving = Saving(None, step=0)
    assert (saving.keep, saving.warns) == (2, False)
    assert not saving.due(0, epoch_ended=True)  # nothing has been trained since
    assert not saving.due(3, epoch_ended=False)
    assert saving.due(3, epoch_ended=True)
    saving.saved(3, 1.0)
    clock.now += 19.99
    assert not saving.due(6, epoch_ended=True)
    clock.now = 1020.0
    assert saving.due(9, epoch_ended=True)
    assert saving.pause(2, 7) == 7


def test_what_is_written_is_not_spared(clock: Clock) -> None:
    saving = Saving(Checkpoint(every="2 epochs", keep=5, on_save_error="warn"), step=0)
    assert (saving.keep, saving.warns) == (5, True)
    saving.saved(0, 1e9)
    assert [saving.due(step, epoch_ended=True) for step in (3, 6)] == [False, True]
    saving.saved(6, 0.0)
    assert not saving.due(9, epoch_ended=True)
    assert not Saving(Checkpoint(every="1 epochs", on_save_error="stop"), step=0).warns


def test_steps_are_counted_over_all_epochs() -> None:
    saving = Saving(Checkpoint(every="4 steps"), step=0)
    assert [saving.due(step, epoch_ended=False) for step in (0, 3, 4, 5)] == [False, False, True, True]
    assert [saving.pause(step, 10) for step in (0, 3, 4, 7, 9)] == [4, 4, 8, 8, 10]
    saving.saved(5, 0.0)
    assert [saving.due(step, epoch_ended=True) for step in (5, 7, 8)] == [False, False, True]


def test_minutes_are_over_at_their_end(clock: Clock) -> None:
    saving = Saving(Checkpoint(every="2 minutes"), step=0)
    for passed, due in ((119.9, False), (120.0, True)):
        clock.now = 1000 + passed
        assert saving.due(3, epoch_ended=False) is due
    assert saving.pause(2, 7) == 7


def test_a_resumed_watch_knows_all_that_it_had_seen() -> None:
    from dataclasses import asdict

    from dlcli.training.kept.snapshot import restore
    from dlcli.training.stopping import Watch

    def seen(watch: Watch, values: list[float], first: int) -> Watch:
        for epoch, value in enumerate(values, start=first):
            watch.see({"loss": value}, epoch)
        return watch

    values: list[float] = [3.0, 2.0, math.nan, 2.5, math.inf]
    for cut in range(1, len(values)):
        before = seen(Watch("loss", False, 0.0), values[:cut], 1)
        after = Watch("loss", False, 0.0)
        restore(after, asdict(before))
        assert after == before
        whole: Any = seen(Watch("loss", False, 0.0), values, 1)
        assert asdict(seen(after, values[cut:], cut + 1)) == asdict(whole)
    assert (whole.best, whole.best_epoch, whole.waited, whole.missed) == (2.0, 2, 3, 2)
    never = seen(Watch("loss", False, 0.0), [math.nan, math.nan], 1)
    assert (never.best, never.best_epoch, never.waited, never.missed) == (None, 0, 2, 2)


def test_a_gain_of_the_least_change_itself_is_no_gain() -> None:
    from dlcli.training.stopping import Watch

    for greater, better, same in ((True, 1.75, 1.5), (False, 0.25, 0.5)):
        watch = Watch("v", greater, 0.5)
        assert watch.see({"v": 1.0}, 1)
        assert not watch.see({"v": same}, 2)
        assert (watch.best, watch.best_epoch, watch.waited) == (1.0, 1, 1)
        assert watch.see({"v": better}, 3)
        assert (watch.best, watch.best_epoch, watch.waited) == (better, 3, 0)
