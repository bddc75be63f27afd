"""Rows of a series that are missing are told with their place, the largest hole and the windows that reach over one."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.data import Dataset
from dlcli.data.findings.holes_in_time import holes_in_time
from dlcli.view.sentences import told_of_data

Load = Callable[..., Dataset]
FIRST = datetime.datetime(2024, 1, 1)
DAYS = [(FIRST + datetime.timedelta(days=number)).strftime("%Y-%m-%d") for number in range(120)]
HOURS = [(FIRST + datetime.timedelta(hours=3 * number)).strftime("%Y-%m-%d %H:%M") for number in range(120)]
SHORT = [(FIRST + datetime.timedelta(days=number)).strftime("%d/%m/%Y") for number in range(120)]
MONTHS = [f"{2000 + number // 12}-{number % 12 + 1:02d}-15" for number in range(120)]
ENDS = [
    (datetime.date(2000 + (number + 1) // 12, (number + 1) % 12 + 1, 1) - datetime.timedelta(days=1)).isoformat()
    for number in range(120)
]
WORKDAYS = [day for day in DAYS if datetime.date.fromisoformat(day).weekday() < 5]


def block(path: Path, times: list[Any], *, group: list[str] | None = None, by: str = "time", **windows: int) -> Any:
    lines = ["t,v,g"] + [f"{time},{row % 7},{'' if group is None else group[row]}" for row, time in enumerate(times)]
    path.write_text("\n".join(lines) + "\n")
    series = {"path": str(path), "window": 5, **windows, **({} if group is None else {"group": "g"})}
    return {"source": {"series": series}, "inputs": ["v"], "target": "v", "split": {"by": by}}


@pytest.mark.parametrize(
    ("times", "step"),
    [
        (DAYS, "1 day"),
        (HOURS, "3 hours"),
        (SHORT, "1 day"),
        (MONTHS, "1 month"),
        (ENDS, "1 month"),
        ([*range(120)], "1"),
        ([number / 4 for number in range(120)], "0.25"),
    ],
    ids=["days", "hours", "day first", "months", "month ends", "numbers", "quarters"],
)
def test_a_hole_is_told_whatever_the_step(times: list[Any], step: str, tmp_path: Path, load: Load) -> None:
    holed = [*times[:40], *times[60:90], *times[91:]]
    finding = holes_in_time(load(block(tmp_path / "t.csv", holed, by="time:t"), labels="numbers"))
    assert finding is not None
    dataset = load(block(tmp_path / "t.csv", holed, by="time:t"), labels="numbers")
    ends = [int(row) for each in dataset.splits.values() for row in each.rows]
    over = sum(any(row in range(end - 5, end) for row in (39, 69)) for end in ends)
    assert over > 0
    assert {key: finding.facts[key] for key in ("column", "holes", "steps", "step", "row", "largest", "windows")} == {
        "column": "t",
        "holes": 2,
        "steps": 98,
        "step": step,
        "row": 40,
        "largest": 20,
        "windows": over,
    }
    evidence = told_of_data(finding).evidence
    assert f"2 holes among 98 steps of {step}, the first after row 40" in evidence
    assert "the largest where 20 rows are missing" in evidence


@pytest.mark.parametrize(
    "times",
    [DAYS, MONTHS, ENDS, WORKDAYS, [*reversed(DAYS)], ["x", *DAYS[1:]], [number**2 for number in range(120)]],
    ids=["days", "months", "month ends", "work days", "backwards", "no times", "no rule"],
)
def test_what_has_no_holes_or_no_rule_is_not_told(times: list[Any], tmp_path: Path, load: Load) -> None:
    assert holes_in_time(load(block(tmp_path / "t.csv", times, by="time:t"), labels="numbers")) is None


def test_stretches_of_their_own_have_no_holes(tmp_path: Path, load: Load) -> None:
    holed = [*DAYS[:40], *DAYS[60:]]
    group = ["u"] * 40 + ["w"] * 60
    assert holes_in_time(load(block(tmp_path / "t.csv", holed, group=group, by="time:t"), labels="numbers")) is None


@pytest.mark.parametrize(("irregular", "told"), [(9, True), (12, False)])
def test_nine_steps_of_ten_are_a_rule(irregular: int, told: bool, tmp_path: Path, load: Load) -> None:
    times, now = [], 0
    for row in range(101):
        times.append(now)
        now += 3 if row % 2 and row // 2 < irregular else 1
    assert (holes_in_time(load(block(tmp_path / "t.csv", times, by="time:t"), labels="numbers")) is not None) == told
