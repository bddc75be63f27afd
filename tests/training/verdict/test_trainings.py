"""The verdict on small trainings: for each code one that shows it, and neighbours that do not; `table.py` has them all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from training.verdict.table import judged, verdict_on
from training.verdict.trainings import Training, trainings, write_data

from dlcli.training import verdict
from dlcli.view.verdict import setting_text

pytestmark = pytest.mark.looks

BY_NAME = {each.name: each for each in trainings()}
SHOWN = (
    *("sorted_by_time", "leak", "far_inputs"),
    *("target_in_millions", "rate_times_1000", "rate_1e-6", "dead_by_bias", "sigmoids", "sigmoid_before_numbers"),
    *("linear_on_xor", "decayed_to_nothing", "flag_later", "overfits", "rare_class_weighed", "shuffled", "dropout_95"),
    *("one_epoch", "huge_min_delta", "tiny_validation", "pictures"),
)


IMPROVED = frozenset(
    {
        *("far_inputs", "target_in_millions", "rate_times_1000", "rate_1e-6", "dead_by_bias", "sigmoid_before_numbers"),
        *("linear_on_xor", "decayed_to_nothing", "flag_later", "overfits", "dropout_95", "sigmoids", "huge_min_delta"),
    }
)
"""Those of which what is advised first is tried: the loss of validation gets less."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trainings")
    write_data(path)
    return path


@pytest.mark.parametrize("name", SHOWN)
def test_the_cause_stands_first(name: str, folder: Path, run_dlcli: Callable[..., Any]) -> None:
    training = BY_NAME[name]
    found = verdict_on(training, folder)
    codes = [each["code"] for each in found]
    assert judged(training, codes) == "right", found
    assert len(codes) <= verdict.MOST
    keys = [each.get("set", each.get("command")) for finding in found for each in finding["advice"]]
    assert len({*keys}) == len(keys)
    for finding in found:
        for each in finding["advice"]:
            if "set" in each:  # what is advised is what `--set` takes for this very file
                setting = f"{each['set']}={setting_text(each['to'])}"
                done = run_dlcli("validate", "c.yaml", "--set", setting, cwd=folder)
                assert done.code == 0, (setting, done.out, done.err)
            else:
                assert each["command"].startswith("dlcli "), each
    if name in IMPROVED:
        improved(name, [each for each in found[0]["advice"] if "set" in each], folder, run_dlcli)


def improved(name: str, settings: list[dict[str, Any]], folder: Path, run_dlcli: Callable[..., Any]) -> None:
    """Trains once more with the settings, and sees that validation is the better for it."""
    assert settings
    words = [word for each in settings for word in ("--set", f"{each['set']}={setting_text(each['to'])}")]
    (before,) = run_dlcli("runs", name, "--json", cwd=folder).value
    after = run_dlcli("train", "c.yaml", "--json", "-q", "--name", f"{name}_again", *words, cwd=folder).value
    losses = [value["metrics"]["validation"]["loss"] for value in (before, after)]
    assert losses[1] < losses[0], (settings, losses)


def test_every_code_is_shown_by_a_training() -> None:
    shown = {code for training in trainings() for code in training.first}
    # What is left where no cause is found, and what needs a series, texts or metrics of its own, has its cases elsewhere.
    rest = {"no_better_than_last_value", "no_lower_than_first", "worse_by_metric", "imbalanced", "exploding_gradients"}
    rest |= {"validation_not_finite"}
    assert {rule.code for rule in (*verdict.RULES, *verdict.LAST)} - rest <= shown | {"no_better_than_trivial"}
    assert {*SHOWN} <= BY_NAME.keys()
    assert len(BY_NAME) == len(trainings()) >= 40
    assert {each.kind for each in trainings()} >= {"table", "pictures", "sequences"}


def test_a_verdict_that_is_calm_about_a_sick_training_is_silent() -> None:
    sick = Training("a", "table", {}, frozenset({"overfits"}), frozenset({"plateau"}))
    told = [["overfits"], ["overfits", "plateau"], ["healthy"], [], ["rate_too_low"]]
    assert [judged(sick, codes) for codes in told] == ["right", "wrong", "silent", "wrong", "wrong"]
