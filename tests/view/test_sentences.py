"""Every code that a rule gives has its sentence, every sentence a rule; nothing of a finding is text but what a person wrote."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import dlcli
from dlcli.finding import Finding, Setting
from dlcli.view.console.json_value import json_value
from dlcli.view.sentences import LISTS, judgement_of_check, judgement_of_training, told_of_data, told_of_model
from dlcli.view.sentences.sentence import first_of, listed

PACKAGE = Path(dlcli.__file__).parent
RULES = {
    "check": [PACKAGE / "training/check"],
    "data": [PACKAGE / "data/findings"],
    "model": [PACKAGE / "actions/model_findings.py"],
    "verdict": [PACKAGE / "training/verdict"],
}


def calls_in(path: Path) -> list[ast.Call]:
    """The calls in a file whose name is plain."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]


def codes_in(path: Path) -> set[str]:
    """The codes of the findings that a file makes, also through a function of its own that takes the code second."""
    codes = set()
    for call in calls_in(path):
        assert isinstance(call.func, ast.Name)
        given = [each.value for each in call.keywords if each.arg == "code"] if call.func.id == "Finding" else []
        given += call.args[1:2] if call.func.id == "rate_finding" else []
        codes |= {each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    return codes


def files_of(places: list[Path]) -> list[Path]:
    """The files of some folders, and files as they are."""
    return [file for place in places for file in (sorted(place.glob("*.py")) if place.is_dir() else [place])]


@pytest.mark.parametrize("name", RULES)
def test_every_code_has_a_sentence_and_every_sentence_a_rule(name: str) -> None:
    codes = set[str]().union(*(codes_in(file) for file in files_of(RULES[name])))
    assert codes == set(LISTS[name])
    assert len(RULES) == len(LISTS) == 4


def test_no_finding_is_made_elsewhere() -> None:
    known = {file for places in RULES.values() for file in files_of(places)}
    makers = {
        file
        for file in PACKAGE.rglob("*.py")
        if any(isinstance(call.func, ast.Name) and call.func.id == "Finding" for call in calls_in(file))
    }
    assert makers
    assert makers <= known


def test_the_codes_are_what_scripts_know() -> None:
    known = {
        "check": [
            *["can_learn", "cannot_memorize", "exploding_gradients", "first_loss_far", "memorizes_slowly"],
            *["no_gradient", "rate_too_high", "rate_too_low", "vanishing_gradients"],
        ],
        "data": [
            *["constant_columns", "far_from_unit_scale", "few_samples", "identifier_columns", "imbalanced_classes"],
            *["missing_values", "overlapping_windows", "same_rows", "sorted_order", "target_given_away"],
        ],
        "model": ["broken_weights", "dead_units"],
        "verdict": ["healthy", "no_better_than_trivial", "overfits", "still_improving"],
    }
    assert known.keys() == LISTS.keys()
    assert all(set(codes) <= set(LISTS[name]) for name, codes in known.items())


def test_a_finding_about_data_in_json() -> None:
    setting = Setting(key="data.inputs", old=["a", "c"], new=["a"], why="they cannot help")
    finding = Finding(
        code="constant_columns", severity="warning", where="c", facts={"columns": ["c"]}, advice=[setting]
    )
    assert json.loads(json.dumps(json_value(told_of_data(finding)))) == {
        "finding": "constant columns",
        "severity": "warning",
        "evidence": "'c'",
        "advice": "leave them out of data.inputs: they cannot help",
        "code": "constant_columns",
        "where": "c",
        "facts": {"columns": ["c"]},
        "settings": [
            {"set": "data.inputs", "from": ["a", "c"], "to": ["a"], "why": "they cannot help", "joined": False}
        ],
    }


def test_of_much_data_the_evidence_says_how_much_was_looked_at() -> None:
    facts = {"columns": ["c"], "seen": 200_000, "samples": 1_000_000}
    finding = Finding(code="constant_columns", severity="warning", facts=facts)
    assert told_of_data(finding).evidence == "'c' (among 200,000 of 1,000,000 samples)"


def test_a_judgement_in_words() -> None:
    facts = {"since_epoch": 4, "validation_lowest": 0.5, "validation_last": 0.75, "train_then": 0.4, "train_last": 0.1}
    judgement = judgement_of_training(Finding(code="overfits", severity="warning", facts=facts))
    assert (judgement.finding, judgement.since_epoch) == ("overfits", 4)
    batch = {"samples": 64, "steps": 400, "first": 2.3, "last": 2.2, "most": 2.3}
    slow = judgement_of_check(Finding(code="rate_too_low", severity="warning", facts=batch))
    assert (slow.finding, slow.since_epoch) == ("learning rate too low", None)
    assert slow.evidence == "on 64 samples alone the loss went from 2.300 to 2.200 in 400 steps"
    dead = told_of_model(Finding(code="dead_units", severity="warning", facts={"layer": "a", "units": 8, "dead": 3}))
    assert (dead.finding, dead.evidence) == ("dead", "3 of 8 units of a are 0 for every sample")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["a"], "'a'"),
        (list("abcde"), "'a', 'b', 'c', 'd', 'e'"),
        (list("abcdef"), "'a', 'b', 'c', 'd', 'e' and 1 more"),
    ],
)
def test_five_names_are_listed_and_the_rest_counted(names: list[str], words: str) -> None:
    assert listed(names) == words
    assert first_of(list("abcdefg"), more="more columns") == "a, b, c, d, e and 2 more columns"


@pytest.mark.parametrize(("epochs", "words"), [(1, "the last epoch lowered"), (2, "the last 2 epochs lowered")])
def test_one_epoch_is_told_as_one(epochs: int, words: str) -> None:
    facts = {"epochs": epochs, "before": 1.0, "after": 0.5}
    judgement = judgement_of_training(Finding(code="still_improving", severity="note", facts=facts))
    assert judgement.evidence.startswith(words)
