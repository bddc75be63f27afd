"""Mistakes in values that may be of several types, in names and in schedules: one message each, with what to write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CASES = {
    "a number too small": (
        "data.target={column: label, classes: 1}",
        "'classes' must be at least 2, found the number 1",
        "",
    ),
    "neither number nor list": (
        "data.source={series: {path: x.csv, window: 3, horizon: 1...4}}",
        "'horizon' must be a whole number or a list, found the text '1...4'",
        "",
    ),
    "a place for a mapping": (
        "weights=first",
        "'weights' must be a mapping, found the text 'first'",
        "write weights: {from: first}",
    ),
    "an empty name": (
        'layers=[{Dense: {units: 3, activation: softmax, name: " "}}]',
        "a name is empty",
        "write a name, or leave it out",
    ),
    "a rate above the highest": (
        "optimizer={Adam: {learning_rate: {one_cycle: {maximum: 0.1, start: 0.5}}}}",
        "'start' is above 'maximum', 0.5 above 0.1: one_cycle rises to it and falls",
        "",
    ),
    "no such layer": (
        "layers.nope.units=3",
        "nothing in the list is named 'nope'",
        "there are: a.b; or address it by its position",
    ),
    "a name with a dot": (
        "layers.a.b.units=3",
        "nothing in the list is named 'a'",
        'a name with a dot stands in quotes: "a.b"',
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_told_once_with_what_to_write(
    name: str, tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    setting, message, hint = CASES[name]
    path = write_experiment(tmp_path, {"layers": [{"Dense": {"units": 3, "activation": "softmax", "name": "a.b"}}]})
    done = run_dlcli("validate", path, "--set", setting, "--json", cwd=tmp_path)
    assert done.code == 3
    [problem] = done.value["files"][0]["problems"] if done.value else [done.error]
    assert problem["message"] == message
    assert (problem.get("suggestion") or problem.get("hint") or "").startswith(hint)


def test_a_rate_that_begins_at_the_highest_is_taken(
    tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    path = write_experiment(tmp_path)
    setting = "optimizer={Adam: {learning_rate: {one_cycle: {maximum: 0.1, start: 0.1}}}}"
    assert run_dlcli("validate", path, "--set", setting, cwd=tmp_path).code == 0
