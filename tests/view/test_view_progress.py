"""Progress: what takes long is shown from the first fifth of a second on, on a terminal alone, and leaves nothing behind."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from rich.console import Console

from dlcli.progress import counted_off, show_progress_with, stage
from dlcli.view.console.progress_line import FIRST_SIGN_SECONDS, ProgressLine
from dlcli.view.training.events import Plan
from dlcli.view.training.live import ProgressRests


class Noted:
    """Notes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def begin(self, what: str, total: int | None) -> None:
        self.heard.append((what, total))

    def advance(self, done: int) -> None:
        self.heard.append(done)

    def end(self) -> None:
        self.heard.append("end")

    def begin_anew(self) -> None:
        self.heard.append("anew")


@pytest.fixture
def noted() -> Iterator[Noted]:
    told = Noted()
    show_progress_with(told)
    yield told
    show_progress_with(None)


def test_stages_are_told_with_their_pieces_also_where_they_fail(noted: Noted) -> None:
    assert list(counted_off("ab", "letters", 2)) == ["a", "b"]
    with suppress(ValueError), stage("outer"), stage("inner", 7) as advance:
        advance(3)
        raise ValueError
    assert noted.heard == [("letters", 2), 1, 2, "end", ("outer", None), ("inner", 7), 3, "end", "end"]


def test_nobody_is_told_where_nobody_listens(noted: Noted) -> None:
    ProgressRests().start(Plan("a", 1, 1, 1))
    with stage("outer") as advance:
        advance(1)
    assert noted.heard == []


def test_behind_the_last_step_what_takes_long_is_told_again(noted: Noted) -> None:
    rests = ProgressRests()
    rests.start(Plan("a", 1, 1, 1))
    with stage("training"):
        pass
    rests.over()
    with stage("working out the verdict"):
        pass
    assert noted.heard == ["anew", ("working out the verdict", None), "end"]


def test_a_line_that_begins_anew_waits_as_at_first() -> None:
    line = ProgressLine(terminal(), begun=-10.0)
    line.begin_anew()
    line.begin("reading", None)
    timer = line._timer
    assert timer is not None
    assert timer.interval == pytest.approx(FIRST_SIGN_SECONDS, abs=0.05)
    line.end()


def terminal() -> Console:
    return Console(file=io.StringIO(), width=80, force_terminal=True, _environ={"TERM": "xterm"})


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[[\d;]*m", "", console.file.getvalue())


def shown_by(line: ProgressLine) -> None:
    """Waits until the thread that shows it has done so."""
    timer = line._timer
    assert isinstance(timer, threading.Thread)
    timer.join()


def test_the_innermost_stage_is_shown_with_its_share_and_goes_again() -> None:
    console = terminal()
    line = ProgressLine(console, begun=-10.0)
    line.begin("reading \x1b[31mx.csv", 4)
    shown_by(line)
    line.begin("looking", 8)
    line.advance(2)
    live = line._live
    assert live is not None
    live[0].refresh()
    line.end()
    line.advance(3)
    live[0].refresh()
    line.end()
    text = written(console)
    assert "looking" in text
    assert " 25%" in text
    assert "reading ?[31mx.csv" in text
    assert " 75%" in text
    assert text.endswith("\x1b[1A\x1b[2K"), "the line is erased"


def test_nothing_is_shown_of_what_is_over_at_once_or_not_wanted() -> None:
    for begun, wanted in ((float("inf"), True), (-10.0, False)):
        console = terminal()
        line = ProgressLine(console, begun=begun if begun < 0 else threading.TIMEOUT_MAX / 4, wanted=lambda: wanted)  # noqa: B023
        line.begin("reading", None)
        if not wanted:
            shown_by(line)
        line.end()
        assert written(console) == ""
    assert FIRST_SIGN_SECONDS < 0.5


def test_commands_say_what_they_do(noted: Noted, tmp_path: Any, run_dlcli: Any) -> None:
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"{row},{row % 3}\n" for row in range(40)), encoding="utf-8")
    show_progress_with(noted)
    from dlcli.actions.inspect_data import inspect_data

    inspect_data(str(tmp_path / "a.csv"), target=[], settings=[], allow_code=False)
    told = [each[0] for each in noted.heard if isinstance(each, tuple)]
    assert told[:2] == ["reading the data", "reading a.csv"]
    before = len(noted.heard)
    assert run_dlcli("inspect-data", "a.csv", cwd=tmp_path).code == 0
    assert len(noted.heard) == before, "off a terminal nothing is shown"


def test_sampled_rows_are_said_to_be_a_part() -> None:
    from dlcli.view.data import DataShown, draw_data, part_of
    from tests.view.test_view_results import column, drawn

    assert part_of(7, 7) is None
    text = drawn(draw_data, DataShown("s", [], [column("c")], rows=part_of(200_000, 3_000_000)))
    assert "\nin 200,000 rows, spread evenly over all 3,000,000\ncolumn " in text
