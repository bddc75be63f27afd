"""What gives a target away: copies, thresholds, orders, names and sums, each just within and just without its limit."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data
from dlcli.data.findings import findings
from dlcli.data.findings.exact_sum import target_is_a_sum
from dlcli.data.findings.leak import target_given_away
from dlcli.data.sources import SOURCES
from dlcli.data.sources.source import Origin
from dlcli.finding import Finding
from dlcli.view.sentences import told_of_data

GENERATOR = np.random.default_rng(3)
ROWS = 300
NOISE = GENERATOR.normal(size=ROWS).round(4)
VALUE = GENERATOR.permutation(np.linspace(-3, 3, ROWS).round(4))
"""All different and in no order."""
Rule = Any


def judged(rule: Rule, folder: Path, target: Any, *, keys: Mapping[str, Any] = {}, **columns: Any) -> Finding | None:
    """What a rule says of a table that is all for training."""
    cells = {"noise": NOISE[: len(target)], **columns, "y": target}
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(cells)
        writer.writerows(zip(*cells.values(), strict=True))
    block = {
        "source": str(folder / "t.csv"),
        "target": "y",
        "split": {"by": "time", "validation": 0, "test": 0},
        **keys,
    }
    data = Data.model_validate(block, context=Language())
    finding: Finding | None = rule(data.load(seed=0))
    return finding


def ways(finding: Finding | None) -> Mapping[str, str]:
    return {} if finding is None else finding.facts["ways"]


def classes(values: Any, *bounds: float) -> Sequence[str]:
    return [f"k{at}" for at in np.searchsorted(bounds, values)]


@pytest.mark.parametrize("bounds", [(0.0,), (-1.0, 1.0), (-2.0, 0.5, 2.0)])
@pytest.mark.parametrize("sign", [1, -1])
def test_classes_that_follow_each_other_on_a_column_are_told(
    tmp_path: Path, bounds: tuple[float, ...], sign: int
) -> None:
    finding = judged(target_given_away, tmp_path, classes(VALUE, *bounds), c=sign * VALUE)
    assert ways(finding) == {"c": "threshold"}
    assert finding is not None
    assert told_of_data(finding).evidence == "'c' alone tells the classes apart: each class has a range of its own"


def test_one_sample_on_the_other_side_is_enough_to_be_silent(tmp_path: Path) -> None:
    target = np.array(classes(VALUE, 0.0))
    target[np.argmax(VALUE)] = "k0"
    assert judged(target_given_away, tmp_path, target, c=VALUE) is None


def test_two_classes_on_one_value_are_not_told_apart(tmp_path: Path) -> None:
    values = np.round(VALUE)
    target = np.where(np.median(VALUE[values == 0]) > VALUE, "u", "v")
    assert judged(target_given_away, tmp_path, target, c=values) is None
    assert ways(judged(target_given_away, tmp_path, classes(values, 0.5), c=values)) == {"c": "threshold"}


def test_a_class_in_two_ranges_is_no_threshold(tmp_path: Path) -> None:
    assert judged(target_given_away, tmp_path, np.where(np.abs(VALUE) < 1, "u", "v"), c=VALUE) is None


@pytest.mark.parametrize(("rows", "told"), [(19, False), (20, True)])
def test_an_order_of_fewer_than_twenty_samples_may_be_chance(rows: int, told: bool, tmp_path: Path) -> None:
    values = VALUE[:rows]
    middle = float(np.median(values))
    assert bool(ways(judged(target_given_away, tmp_path, classes(values, middle), c=values))) is told
    assert bool(ways(judged(target_given_away, tmp_path, np.exp(3 * values), c=values))) is told


@pytest.mark.parametrize(("rare", "told"), [(4, False), (5, True)])
def test_a_class_of_fewer_than_five_samples_may_be_apart_by_chance(rare: int, told: bool, tmp_path: Path) -> None:
    bound = float(np.sort(VALUE)[-rare]) - 1e-6
    assert bool(ways(judged(target_given_away, tmp_path, classes(VALUE, bound), c=VALUE))) is told


@pytest.mark.parametrize(("names", "told"), [(30, True), (31, False)])
def test_names_that_tell_the_class_stand_in_ten_samples_on_average(names: int, told: bool, tmp_path: Path) -> None:
    codes = np.arange(ROWS) % names
    finding = judged(target_given_away, tmp_path, np.where(codes % 3 == 0, "u", "v"), c=[f"n{code}" for code in codes])
    assert ways(finding) == ({"c": "names"} if told else {})


@pytest.mark.parametrize("function", [np.exp, np.tanh, lambda x: -(x**3), lambda x: np.exp(-2 * x), np.floor])
def test_a_number_that_rises_or_falls_with_the_target_is_told(function: Any, tmp_path: Path) -> None:
    if function is np.floor:
        assert judged(target_given_away, tmp_path, function(4 * VALUE), c=VALUE) is not None
    else:
        assert ways(judged(target_given_away, tmp_path, function(2 * VALUE), c=VALUE)) == {"c": "order"}


def test_one_exception_ends_an_order(tmp_path: Path) -> None:
    target = np.exp(2 * VALUE)
    first, second = np.argsort(VALUE)[[100, 102]]
    target[[first, second]] = target[[second, first]]
    assert judged(target_given_away, tmp_path, target, c=VALUE) is None


def test_what_rises_with_the_rows_is_a_time_and_no_leak(tmp_path: Path) -> None:
    years = np.arange(ROWS) * 1.5 + 1700
    assert judged(target_given_away, tmp_path, np.exp(years / 60), year=years) is None
    shuffled = GENERATOR.permutation(ROWS)
    assert ways(judged(target_given_away, tmp_path, np.exp(years / 60)[shuffled], year=years[shuffled])) == {
        "year": "order"
    }


A, B, C = GENERATOR.integers(1, 500, (3, ROWS))


@pytest.mark.parametrize(
    ("target", "parts", "way", "plain"),
    [
        (A + B, ["a", "b"], "sum", True),
        (A - B, ["a", "b"], "sum", False),
        (A + B + C, ["a", "b", "c"], "sum", True),
        (np.round((A + B + C) / 3, 2), ["a", "b", "c"], "sum", False),
        (0.3 * A + 0.7 * C - 5, ["a", "c"], "sum", False),
        (A * B, ["a", "b"], "product", True),
        (A * B * 2, ["a", "b"], "product", False),
        (A / B, ["a", "b"], "product", False),
    ],
)
def test_columns_that_make_up_the_target_are_named_and_no_others(
    target: Any, parts: list[str], way: str, plain: bool, tmp_path: Path
) -> None:
    finding = judged(target_is_a_sum, tmp_path, target, a=A, b=B, c=C)
    assert finding is not None
    assert (finding.facts["columns"], finding.facts["way"], finding.facts["plain"]) == (parts, way, plain)
    assert finding.advice[0].new == [name for name in ("noise", "a", "b", "c") if name not in parts]
    assert "make" not in told_of_data(finding).evidence
    assert parts[0] in told_of_data(finding).evidence


@pytest.mark.parametrize(("share", "told"), [(0.95e-6, True), (1.1e-6, False)])
def test_rounding_may_leave_a_millionth_of_the_variance(share: float, told: bool, tmp_path: Path) -> None:
    whole = (A + B) / np.std(A + B)
    rest = np.random.default_rng(9).normal(size=ROWS)
    rest *= np.sqrt(share) / np.std(rest)
    assert (judged(target_is_a_sum, tmp_path, whole + rest, a=A, b=B) is not None) is told


@pytest.mark.parametrize(("rows", "told"), [(19, False), (20, True)])
def test_a_sum_of_fewer_than_twenty_samples_may_be_chance(rows: int, told: bool, tmp_path: Path) -> None:
    finding = judged(target_is_a_sum, tmp_path, (A + B)[:rows], a=A[:rows], b=B[:rows])
    assert (finding is not None) is told


@pytest.mark.parametrize(("rows", "told"), [(39, False), (40, True)])
def test_a_sum_needs_four_rows_a_column(rows: int, told: bool, tmp_path: Path) -> None:
    columns = {f"c{number}": GENERATOR.normal(size=rows).round(4) for number in range(9)}
    total = sum(columns.values())
    assert (judged(target_is_a_sum, tmp_path, total, **columns) is not None) is told


def test_a_single_copy_is_no_sum_and_classes_are_none(tmp_path: Path) -> None:
    assert judged(target_is_a_sum, tmp_path, 2 * A + 1, a=A, b=B) is None
    assert judged(target_is_a_sum, tmp_path, classes(A + B, 300, 600), a=A, b=B) is None
    assert judged(target_is_a_sum, tmp_path, GENERATOR.normal(size=ROWS), a=A, b=B) is None


SHIPPED = [source.word for source in SOURCES.values() if source.origin in {Origin.BUNDLED, Origin.GENERATED}]


@pytest.mark.parametrize("word", SHIPPED)
def test_no_shipped_set_is_said_to_leak(word: str) -> None:
    data = Data.model_validate({"source": word, "missing": "most_frequent"}, context=Language())
    codes = {each.code for each in findings(data.load(seed=0))}
    assert codes & {"target_given_away", "target_is_a_sum", "input_is_a_part"} == set()


def test_there_are_shipped_sets() -> None:
    assert len(SHIPPED) >= 15


@pytest.mark.parametrize("function", [lambda v: v, lambda v: -3 * v + 7, lambda v: v / 1000])
@pytest.mark.parametrize(("changed", "told"), [(3, True), (4, False)])
def test_a_copy_of_which_a_few_were_changed_is_told(function: Any, changed: int, told: bool, tmp_path: Path) -> None:
    copy = np.array(function(VALUE))
    copy[np.linspace(5, ROWS - 5, changed).astype(int)] += 1000.0
    seen = ways(judged(target_given_away, tmp_path, VALUE, c=copy))
    assert seen == ({"c": "nearly"} if told else {})


def test_columns_that_are_mostly_zero_as_the_target_is_are_no_copy(tmp_path: Path) -> None:
    rare = np.where(np.arange(ROWS) < 296, 0.0, VALUE)
    other = np.where(np.arange(ROWS) < 296, 0.0, NOISE)
    assert judged(target_given_away, tmp_path, rare, c=other) is None
    assert ways(judged(target_given_away, tmp_path, VALUE, c=VALUE + NOISE)) == {}


@pytest.mark.parametrize(("changed", "told"), [(3, True), (4, False)])
def test_names_of_classes_of_which_a_few_were_changed_are_told(changed: int, told: bool, tmp_path: Path) -> None:
    target = np.array(classes(VALUE, -1.0, 1.0), dtype=object)
    copy = target.copy()
    at = np.linspace(5, ROWS - 5, changed).astype(int)
    copy[at] = [{"k0": "k1", "k1": "k2", "k2": "k0"}[each] for each in copy[at]]
    assert ways(judged(target_given_away, tmp_path, target, c=copy)) == ({"c": "nearly"} if told else {})


@pytest.mark.parametrize("words", [(0, 1), (1, 0), ("no", "yes"), (-1, 5)])
@pytest.mark.parametrize("dropped", [0, 1])
def test_columns_that_are_yes_for_one_class_each_are_told_together(
    words: tuple[Any, Any], dropped: int, tmp_path: Path
) -> None:
    target = np.array(classes(VALUE, -1.0, 1.0), dtype=object)
    columns = {f"is_{name}": [words[int(each == name)] for each in target] for name in ("k0", "k1", "k2")[dropped:]}
    finding = judged(target_given_away, tmp_path, target, **columns)
    assert ways(finding) == dict.fromkeys(columns, "indicators")
    assert finding is not None
    assert "tell the classes apart together" in told_of_data(finding).evidence


def test_columns_that_tell_some_of_the_classes_are_silent(tmp_path: Path) -> None:
    target = np.array(classes(VALUE, -1.0, 1.0), dtype=object)
    one = (target == "k0").astype(int)
    assert judged(target_given_away, tmp_path, target, a=one) is None
    wrong = (target == "k1").astype(int)
    wrong[7] = 1 - wrong[7]
    assert judged(target_given_away, tmp_path, target, a=one, b=wrong) is None
    four = np.array(classes(VALUE, -1.0, 0.0, 1.0), dtype=object)
    two = [(four == name).astype(int) for name in ("k0", "k1")]
    assert judged(target_given_away, tmp_path, four, a=two[0], b=two[1]) is None


@pytest.mark.parametrize(
    ("way", "function"),
    [
        ("product", lambda a, b: a * b),
        ("product", lambda a, b: -2.5 * a * b),
        ("quotient", lambda a, b: a / b),
        ("quotient", lambda a, b: 100 * b / a),
    ],
)
def test_a_product_or_a_quotient_of_any_sign_is_told(way: str, function: Any, tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    a, b = VALUE + 0.001, generator.normal(size=ROWS)
    b[np.abs(b) < 0.05] = 0.5
    finding = judged(target_is_a_sum, tmp_path, function(a, b), a=a, b=b)
    assert finding is not None
    assert (finding.facts["way"], {*finding.facts["columns"]}) == (way, {"a", "b"})
    assert told_of_data(finding).evidence
    noisy = function(a, b) * (1 + 0.01 * generator.normal(size=ROWS))
    assert judged(target_is_a_sum, tmp_path, noisy, a=a, b=b) is None


@pytest.mark.parametrize(
    ("way", "function", "decimals", "told"),
    [
        ("quotient", lambda a, b, noise: 10 * a / b, 1, True),
        ("product", lambda a, b, noise: a * b, 0, True),
        ("sum", lambda a, b, noise: 3.1 * a + 1.7 * b, 0, True),
        ("product", lambda a, b, noise: a * b * (1 + 0.02 * noise), 0, False),
        ("sum", lambda a, b, noise: 3.1 * a + 1.7 * b + 0.5 * noise, 0, False),
        ("sum", lambda a, b, noise: 0.2 * a + 0.1 * b, 0, False),  # of so few whole numbers a fit is within half of one
    ],
)
def test_a_target_that_is_made_up_and_rounded_is_told(
    way: str, function: Any, decimals: int, told: bool, tmp_path: Path
) -> None:
    generator = np.random.default_rng(5)
    a, b = np.exp(2 + 0.5 * generator.normal(size=(2, ROWS))).round(2)
    target = function(a, b, generator.normal(size=ROWS)).round(decimals)
    finding = judged(target_is_a_sum, tmp_path, target, a=a, b=b)
    assert (finding is not None) is told
    if finding is not None:
        assert (finding.facts["way"], {*finding.facts["columns"]}) == (way, {"a", "b"})


@pytest.mark.parametrize("shape", ["(n,)", "(n, 1)", "(n, 3)", "(n, 65)"])
@pytest.mark.parametrize("labels", ["(n,)", "(n, 1)"])
@pytest.mark.parametrize("given", [True, False])
def test_a_number_of_an_array_that_gives_the_target_away_is_told(
    shape: str, labels: str, given: bool, tmp_path: Path
) -> None:
    classes_of_rows = np.arange(ROWS) % 3
    place = classes_of_rows * 2.5 if given else NOISE
    width = {"(n, 3)": 3, "(n, 65)": 65}.get(shape, 1)
    x = np.random.default_rng(0).normal(size=(ROWS, width))
    x[:, -1] = place
    np.savez(
        tmp_path / "a.npz",
        x=x[:, 0] if shape == "(n,)" else x,
        y=np.array(["a", "b", "c"])[classes_of_rows].reshape(ROWS, *([1] * (labels == "(n, 1)"))),
    )
    source = {"npz": {"path": str(tmp_path / "a.npz"), "inputs": "x", "target": "y"}}
    block = {"source": source, "split": {"by": "time", "validation": 0, "test": 0}}
    finding = target_given_away(Data.model_validate(block, context=Language()).load(seed=0))
    name = "x[2]" if width == 3 else "x"
    assert ways(finding) == ({name: "copy"} if given and width < 65 else {})


def text_of(number: int, *words: str) -> str:
    """A text of some words, with others before and after them, of which there are now fewer and now more."""
    fill = ("river", "stone", "paper", "green", "seven", "so")
    before = [fill[(number * 5 + at) % 5] for at in range(3 + number % 4)]
    after = [fill[(number * 3 + at) % 5] for at in range(3 + number % 5)]
    return " ".join([*before, *words, *after])


TEXT_KEYS = {
    "inputs": {"about": {"columns": "about", "kind": "text", "prepare": ["TextVectorization"]}},
}


@pytest.mark.parametrize(("wrong", "told"), [(0, True), (2, True), (4, False)])
@pytest.mark.parametrize("end", ["first", "last"])
def test_a_word_at_one_place_that_is_another_for_each_class_is_told(
    end: str, wrong: int, told: bool, tmp_path: Path
) -> None:
    target = [("mail", "letter", "note")[at % 3] for at in range(ROWS)]
    heads = [{"mail": "m7", "letter": "l2", "note": "n9"}[each] for each in target]
    heads[:wrong] = heads[1 : wrong + 1]
    bodies = [text_of(at) for at in range(ROWS)]
    texts = [
        f"{head} {body}" if end == "first" else f"{body} {head}." for head, body in zip(heads, bodies, strict=True)
    ]
    found = ways(judged(target_given_away, tmp_path, target, keys=TEXT_KEYS, about=texts))
    assert found == ({"about": "place"} if told else {})


@pytest.mark.parametrize(("silent", "told"), [(0, True), (3, True), (4, False)])
def test_the_name_of_a_class_in_its_text_is_told(silent: int, told: bool, tmp_path: Path) -> None:
    target = [("post card", "letter")[at % 2] for at in range(ROWS)]
    texts = [text_of(at, "a thing" if at < silent else f"a {each.upper()},") for at, each in enumerate(target)]
    found = ways(judged(target_given_away, tmp_path, target, keys=TEXT_KEYS, about=texts))
    assert found == ({"about": "named"} if told else {})


def test_a_word_that_most_texts_of_a_class_hold_somewhere_is_what_they_are_about(tmp_path: Path) -> None:
    target = [("up", "down")[at % 2] for at in range(ROWS)]
    texts = [text_of(at, "the", "roof" if each == "up" else "cellar") for at, each in enumerate(target)]
    assert judged(target_given_away, tmp_path, target, keys=TEXT_KEYS, about=texts) is None


@pytest.mark.parametrize(("noise", "told"), [(0.0, True), (2.0, False)])
def test_columns_that_share_a_trend_are_told_only_where_their_steps_are_one_another(
    noise: float, told: bool, tmp_path: Path
) -> None:
    """Of levels that rise with time ranks are all alike; a column that is the target in another unit steps as it does."""
    generator = np.random.default_rng(5)
    levels = np.cumsum(3 + 2 * generator.normal(size=ROWS))
    steps = np.cumsum(3 + 2 * generator.normal(size=ROWS)) if noise else np.log(levels - levels.min() + 20)
    columns = {"other": steps.round(5), "third": GENERATOR.normal(size=ROWS).round(4)}
    assert ("other" in ways(judged(target_given_away, tmp_path, levels.round(5), **columns))) is told


def test_pictures_that_are_empty_are_no_copies(tmp_path: Path) -> None:
    from dlcli.data.findings.same_rows import same_rows

    generator = np.random.default_rng(6)
    pictures = generator.random((200, 9, 9, 1)).astype("float32")
    pictures[::4] = 0  # fifty of them hold nothing
    pictures[120:128] = pictures[:8]  # and eight are copies, of which two are empty
    np.savez(tmp_path / "x.npz", x=pictures, y=np.zeros(200, "float32"))
    block = {
        "source": {"npz": {"path": str(tmp_path / "x.npz"), "inputs": "x", "target": "y"}},
        "split": {"by": "time", "validation": 0.5, "test": 0},
    }
    found = same_rows(Data.model_validate(block, context=Language()).load(seed=0))
    assert found is not None
    assert found.facts["splits"] == {"validation": 6}


@pytest.mark.parametrize(("horizon", "inputs", "told"), [(0, ["load", "noise"], True), (1, ["load", "noise"], False)])
def test_a_target_in_the_last_row_of_its_own_window_is_told(
    horizon: int, inputs: Sequence[str], told: bool, tmp_path: Path
) -> None:
    rows = "\n".join(f"{one},{other}" for one, other in zip(NOISE.tolist(), VALUE.tolist(), strict=True))
    (tmp_path / "s.csv").write_text(f"load,noise\n{rows}\n", encoding="utf-8")
    block = {
        "source": {"series": {"path": str(tmp_path / "s.csv"), "window": 6, "horizon": horizon}},
        "inputs": [*inputs],
        "target": "load",
        "split": {"by": "time", "validation": 0, "test": 0},
    }
    found = ways(target_given_away(Data.model_validate(block, context=Language()).load(seed=0)))
    assert found == ({"load": "window"} if told else {})
    block["inputs"] = ["noise"]
    assert target_given_away(Data.model_validate(block, context=Language()).load(seed=0)) is None
