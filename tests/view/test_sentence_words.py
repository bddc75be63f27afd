"""The words of findings: one thing or several, how many are listed, how many digits tell two numbers apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dlcli.finding import Finding
from dlcli.view import sentences
from dlcli.view.console.tables import number
from dlcli.view.sentences import judgement_of_check, judgement_of_training, told_of_data


def data(code: str, **facts: Any) -> str:
    return told_of_data(Finding(code=code, severity="note", facts=facts)).evidence


@pytest.mark.parametrize(
    ("code", "facts", "words"),
    [
        ("empty_columns", {"columns": ["a"]}, "'a' holds nothing in any row"),
        ("empty_columns", {"columns": ["a", "b"]}, "'a', 'b' hold nothing in any row"),
        ("identifier_columns", {"columns": ["a"]}, "'a' counts the rows"),
        ("identifier_columns", {"columns": ["a", "b"]}, "'a', 'b' count the rows"),
        ("constant_columns", {"columns": list("abcde")}, "'a', 'b', 'c', 'd', 'e'"),
        ("constant_columns", {"columns": list("abcdefg")}, "'a', 'b', 'c', 'd', 'e' and 2 more"),
        (
            "equal_by_chance",
            {"splits": {"test": 1}},
            "1 of test has the inputs of a training sample; the columns have few values",
        ),
        (
            "equal_by_chance",
            {"splits": {"test": 2}},
            "2 of test have the inputs of a training sample; the columns have few values",
        ),
        (
            "equal_by_chance",
            {"splits": {"validation": 1, "test": 1}},
            "1 of validation and 1 of test have the inputs of a training sample; the columns have few values",
        ),
        (
            "same_rows",
            {"splits": {"test": 1}},
            "1 of test is in the training split too, with the same inputs and target",
        ),
        (
            "same_rows",
            {"splits": {"test": 3}},
            "3 of test are in the training split too, with the same inputs and target",
        ),
        (
            "same_rows",
            {"splits": {"test": 3}, "files": [["b.png", "a.png"], ["d.png", "c.png"]]},
            "3 of test are in the training split too, with the same inputs and target; b.png is a.png, d.png is c.png, …",
        ),
        ("same_inputs", {"splits": {"test": 1}}, "1 of test has the inputs of a training sample, but another target"),
        ("same_inputs", {"splits": {"test": 3}}, "3 of test have the inputs of a training sample, but another target"),
        ("sorted_order", {"changes": 1, "rows": 1000}, "the target changes only once over 1,000 rows"),
        ("sorted_order", {"changes": 2, "rows": 1000}, "the target changes only 2 times over 1,000 rows"),
        (
            "equal_in_32_bits",
            {"columns": {"a": {"different": 1000, "left": 3}}},
            "'a' has 1,000 values, 3 of them in the 32 bits of a model",
        ),
        (
            "equal_in_32_bits",
            {"columns": {"a": {"different": 1000, "left": 3}}, "bits": 64},
            "'a' has 1,000 values, 3 of them in the 64 bits of a preparation",
        ),
        (
            "header_like_data",
            {"names": list("12345")},
            "the columns are called '1', '2', '3', '4', '5', which looks like a row",
        ),
        (
            "header_like_data",
            {"names": list("123456")},
            "the columns are called '1', '2', '3', '4', '5' …, which looks like a row",
        ),
        (
            "target_given_away",
            {"ways": {"a": "copy", "b": "names", "c": "copy"}},
            "'a', 'c' alone tell the target of every training sample; 'b' alone tells the classes apart: "
            "each name has one class",
        ),
        (
            "target_is_a_sum",
            {"way": "sum", "columns": ["a", "b"], "target": "y", "plain": False},
            "'a', 'b' add up to 'y' in every training sample, each with a factor of its own",
        ),
        (
            "target_is_a_sum",
            {"way": "sum", "columns": ["a", "b"], "target": "y", "plain": True},
            "'a', 'b' add up to 'y' in every training sample",
        ),
        (
            "target_is_a_sum",
            {"way": "quotient", "columns": ["a", "b"], "target": "y", "plain": False},
            "'a' divided by 'b' is 'y' in every training sample, but for a factor",
        ),
    ],
)
def test_a_finding_about_data_is_told_in_words(code: str, facts: Mapping[str, Any], words: str) -> None:
    assert data(code, **facts) == words


def judged(code: str, **facts: Any) -> tuple[str, str]:
    told = judgement_of_training(Finding(code=code, severity="note", facts=facts))
    return told.finding, told.evidence


def test_the_last_epochs_are_counted() -> None:
    facts = {"before": 1.0, "after": 0.5}
    assert judged("still_improving", epochs=1, **facts)[1] == "the last epoch lowered the loss from 1.000 to 0.5000"
    assert judged("still_improving", epochs=2, **facts)[1] == "the last 2 epochs lowered the loss from 1.000 to 0.5000"


@pytest.mark.parametrize(
    ("reached", "title", "shown"),
    [
        (0.9, "hardly better than the trivial baseline", "the validation loss is 0.9000; the mean alone reaches 1.000"),
        (1.0, "no better than the trivial baseline", "the validation loss is 1.000; the mean alone reaches 1.000"),
        (
            0.99999,
            "hardly better than the trivial baseline",
            "the validation loss is 0.9999900; the mean alone reaches 1.000000",
        ),
        (
            1.00001,
            "no better than the trivial baseline",
            "the validation loss is 1.000010; the mean alone reaches 1.000000",
        ),
    ],
)
def test_two_numbers_that_look_alike_have_more_digits(reached: float, title: str, shown: str) -> None:
    facts = {"reached": reached, "trivial": 1.0, "method": "mean", "split": "validation"}
    assert judged("no_better_than_trivial", **facts) == (title, shown)
    weighed = judged("no_better_than_trivial", **facts, weighed=True)[1]
    assert weighed.startswith("the weighed validation loss is ")


@pytest.mark.parametrize(("layers", "names"), [(list("abcd"), "a, b, c, d"), (list("abcde"), "a, b, c, d, …")])
def test_four_layers_without_a_gradient_are_named(layers: list[str], names: str) -> None:
    told = judgement_of_check(Finding(code="no_gradient", severity="warning", facts={"layers": layers}))
    assert told.evidence == f"no gradient arrives at {names}: what follows lets nothing through"


def test_a_sentence_writes_numbers_as_tables_do() -> None:
    values = [289_600.4, 35_313.12, 1.5, 0.0001, 2_896_000.0, 0.0]
    for value in values:
        facts = {"epochs": 1, "before": value, "after": value / 2}
        told = judgement_of_training(Finding(code="still_improving", severity="note", facts=facts)).evidence
        assert told == f"the last epoch lowered the loss from {number(value)} to {number(value / 2)}"
    inputs = [{"input": "x", "min": -12_000.0, "max": 255.0, "deviation": 35_313.12}]
    told = data("far_from_unit_scale", inputs=inputs)
    assert told == "'x' goes from -12,000 to 255.0 (standard deviation 35,313)"


def test_no_sentence_has_a_writer_of_numbers_of_its_own() -> None:
    files = sorted(Path(sentences.__file__).parent.glob("*.py"))
    found = {each for file in files for each in re.findall(r":(\.\d[gef])\}", file.read_text(encoding="utf-8"))}
    assert len(files) == 11
    assert found == {".1e", ".3g"}, "a share of gradients as its table has it, and learning rates as they are written"
