"""Copies that were worked over, and times and numbers as they are written: each limit from both sides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcli.data.findings.exact_sum import is_multiple, is_sum, parts_of
from dlcli.data.findings.leak import tells, way_to_class, way_to_number
from dlcli.data.findings.near_copies import (
    class_indicators,
    is_near_copy,
    is_near_flag,
    is_near_name,
    is_proportional,
    may_indicate,
)
from dlcli.data.times import are_short_days, are_times, first_in, has_zone, seconds_as, seconds_of
from dlcli.data.words_for_nothing import stands_for_nothing
from dlcli.data.written_numbers import numbers_instead

RNG = np.random.default_rng(5)
X = RNG.permutation(np.linspace(1, 50, 1000))


def changed(values: Any, count: int) -> Any:
    """The values with the first so many far away."""
    other = np.array(values, float)
    other[:count] += 7
    return other


@pytest.mark.parametrize(("count", "near"), [(10, True), (11, False)])
def test_a_copy_may_be_changed_in_a_hundredth_of_its_samples(count: int, near: bool) -> None:
    assert is_near_copy(X, changed(-3 * X + 4, count)) is near
    names, indices = ["a", "b", "c"], np.arange(1000) % 3
    column = np.array([names[each] for each in indices], object)
    column[:count] = "other"
    assert is_near_name(column, indices, names) is near


def test_what_is_proportional_has_twenty_values_and_is_off_by_nearly_nothing() -> None:
    for values, told in ((20, True), (19, False)):
        y = np.arange(1000) % values * 1.0
        assert is_proportional(y, 2 * y, share=0.99) is told
    spread = float(np.std(2 * X))
    for off, told in ((0.9e-6, True), (1.3e-6, False)):
        y = 2 * X + off * spread * np.where(np.arange(1000) % 2, 1, -1)
        assert is_proportional(X, y, share=0.99) is told
    assert not is_proportional(X, np.full(1000, 3.0), share=0.99)
    assert not is_proportional(np.full(1000, 3.0), X, share=0.99)
    infinite = X.copy()
    infinite[3] = np.inf
    assert not is_proportional(infinite, X, share=0.5)


@pytest.mark.parametrize(("zeros", "told"), [(99, True), (100, False)])
def test_a_value_in_a_tenth_of_the_rows_says_little(zeros: int, told: bool) -> None:
    # What is 0 in both is a copy there; in 21 of the other rows it is none.
    y = X.copy()
    y[:zeros] = 0
    x = y.copy()
    x[zeros : zeros + 10] += 5
    assert is_proportional(x, y, share=0.99) is told


def test_names_of_one_class_or_of_few_rows_are_no_copies() -> None:
    assert not is_near_name(np.array(["a"] * 30, object), np.zeros(30, int), ["a"])
    for rows, told in ((19, False), (20, True)):
        assert is_near_name(np.array(["a", "b"] * 10, object)[:rows], np.arange(20)[:rows] % 2, ["a", "b"]) is told


def test_a_flag_is_the_class_under_another_name_in_a_hundredth_of_its_rows_not() -> None:
    target = np.arange(1000) % 2
    for wrong, told in ((10, True), (11, False)):
        flag = np.where(target == 1, "sent", "none").astype(object)
        flag[:wrong] = np.where(flag[:wrong] == "sent", "none", "sent")
        assert is_near_flag(flag, target) is told
        assert is_near_flag((flag == "sent").astype(int), target) is told
    rare = (np.arange(1000) % 100 == 0).astype(int)
    assert not is_near_flag(np.zeros(1000, int), rare)  # one value tells nothing, though it is right nearly always
    missed = rare.copy()
    missed[0] = 0
    assert not is_near_flag(missed, rare)  # of ten that are rare one is not told
    assert is_near_flag(rare * 7, rare)
    for values, told in ((3, True), (4, False)):  # a value more than classes is "unknown"
        column = np.where(target == 1, 100, np.arange(1000) % (2 * (values - 1)))
        assert is_near_flag(column, target) is told
    assert [is_near_flag(np.arange(rows) % 2, np.arange(rows) % 2) for rows in (19, 20)] == [False, True]


def test_indicators_tell_all_classes_but_one_and_each_class_has_five_samples() -> None:
    target = np.repeat(np.arange(3), 5)
    one, two = (target == 1).astype(int), np.where(target == 2, "no", "yes")
    mixed = np.arange(15) % 2
    three = np.arange(15) % 3
    assert class_indicators({"one": one, "two": two, "mixed": mixed, "three": three}, target) == ["one", "two"]
    assert class_indicators({"one": one}, target) == []
    assert class_indicators({"one": 1 - one, "two": two}, target) == ["one", "two"]
    assert class_indicators({"one": one[1:], "two": two[1:]}, target[1:]) == []  # four samples of a class
    assert class_indicators({"a": mixed}, mixed) == []  # of two classes it is a copy
    part = one.copy()
    part[5] = 0  # not all of its class
    assert class_indicators({"one": part, "two": two}, target) == []
    assert [may_indicate(each) for each in (mixed, three, np.zeros(15))] == [True, False, True]


def test_a_multiple_leaves_nothing_over() -> None:
    y = X - X.mean()
    assert is_multiple(X, -2 * X)
    for share, told in ((0.9e-3, True), (1.1e-3, False)):
        noise = np.where(np.arange(1000) % 2, 1, -1) * share * float(np.std(X))
        assert is_multiple(y, y + noise) is told
    for lost, told in ((100, True), (101, False)):
        gaps = X.copy()
        gaps[:lost] = np.nan
        assert is_multiple(gaps, X) is told
    assert not is_multiple(np.zeros(1000), X)
    assert is_multiple(X[:20], X[:20])
    assert not is_multiple(X[:19], X[:19])
    assert not is_multiple(X, X + 1)


def test_the_fewest_columns_of_a_sum_are_named() -> None:
    a, b, c = RNG.normal(size=(3, 200))
    assert parts_of({"a": a, "b": b, "c": c}, a + 2 * b) == ["a", "b"]
    assert parts_of({"a": a, "b": b}, a) == []
    assert parts_of({"a": a}, a) == []
    assert parts_of({"a": a, "b": b}, np.ones(200)) == []
    unit = (a - a.mean()) / a.std()
    for share, told in ((0.9e-3, True), (1.2e-3, False)):
        noise = share * np.where(np.arange(200) % 2, 1, -1)
        assert is_sum(unit[:, None], unit + noise) is told


def test_a_column_tells_where_equal_values_have_equal_targets() -> None:
    assert tells(np.array([1, 2, 1]), np.array([0, 1, 0]))
    assert not tells(np.array([1, 2, 1]), np.array([0, 1, 1]))
    ordered = np.sort(X)
    assert way_to_number(ordered, np.exp(ordered / 9)) is None  # rises with the rows
    assert way_to_number(ordered[::-1], np.exp(ordered / 9)) is None
    assert way_to_number(X, np.exp(X / 5)) == "order"
    assert way_to_number(X, np.exp(-X / 5)) == "order"
    assert way_to_number(X, np.exp(X / 5)[::-1]) is None
    assert way_to_number(np.array(["a"] * 1000, object), X) is None
    assert way_to_number(np.ones(1000), X) is None
    assert way_to_number(X, np.ones(1000)) is None
    for values, told in ((10, "order"), (9, None)):
        assert way_to_number(X, np.exp(np.floor(np.argsort(np.argsort(X)) * values / 1000))) == told
    target = np.repeat([0, 1], 20)
    assert way_to_class(np.array(["u", "v"], object)[target], target) == "copy"
    assert way_to_class(np.arange(40), target) == "threshold"
    assert way_to_class(np.arange(40) * np.where(target, 1, -1), target) == "threshold"
    assert way_to_class(np.abs(np.arange(40) - 20), np.arange(40) % 2) is None


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["13/01/2024"], "day"),
        (["01/13/2024"], "month"),
        (["12/12/2024"], None),
        (["12.12.2024"], "day"),
        (["13/01/2024", "01/13/2024"], None),
        (["01/02/2024", "13/02/2024"], "day"),
        (["13/01/2024", "soon"], None),
        ([], None),
    ],
)
def test_a_day_beyond_twelve_tells_what_comes_first(texts: list[str], first: Any) -> None:
    assert first_in(texts) == first


DAY = 86_400.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02", DAY),
        ("1970/01/02 00:00:01.5", DAY + 1.5),
        ("1970-01-02T23:59:60", 2 * DAY),
        ("1970-01-02 23:59:61", None),
        ("1970-01-02 24:00", None),
        ("1970-01-02 23:60", None),
        ("1970-13-01", None),
        ("1970-02-30", None),
        ("1970-02", 31 * DAY),
        ("1970-01-01 01:00 +01:00", 0.0),
        ("1970-01-01 01:00-0130", 9000.0),
        ("1970-01-01 01:00Z", 3600.0),
        ("09:30", 34_200.0),
        ("1970 Q1", 0.0),
        ("1970Q2", 90 * DAY),
        ("1970 Feb", 31 * DAY),
        ("February 1970", 31 * DAY),
        ("2-Jan-1970", DAY),
        ("Foo 1970", None),
        ("1970", None),
    ],
)
def test_a_time_is_read_as_it_is_written(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds
    assert seconds_as(text, None) == seconds
    assert seconds_as(text, "day") == seconds


def test_a_day_with_its_year_last_is_read_by_what_comes_first() -> None:
    assert seconds_as("03/01/1970", "day") == 2 * DAY
    assert seconds_as("03/01/1970", "month") == 59 * DAY
    assert seconds_as("03/01/1970", None) is None
    assert seconds_as("31/02/1970", "day") is None
    assert seconds_as("03/01/1970 01:00", "day") == 2 * DAY + 3600
    assert seconds_as("03/01/1970 25:00", "day") is None
    assert [are_short_days(each) for each in ([], ["03/01/1970"], ["03/01/1970", "x"])] == [False, True, False]
    assert [are_times(each) for each in ([], ["1970-01-01"], ["1970-01-01", "x"], ["13/01/1970"])] == [
        *(False, True, False, True)
    ]
    assert [has_zone(each) for each in ("1970-01-01 01:00Z", "1970-01-01 01:00", "x")] == [True, False, False]


@pytest.mark.parametrize(
    ("names", "instead"),
    [
        (["1'000", "2'500"], 'write csv: {…, thousands: "\'"}'),
        (["1'000", "17"], 'write csv: {…, thousands: "\'"}'),
        (["1'000", "2_500"], "write them as plain numbers"),
        (["10%", "20 %"], "write all of them with % or none"),
        (["$1", "2"], "write amounts in one currency, and which it is in the name of the column"),
        (["1", "2"], None),
        (["1", "a"], None),
        (["5a", "6a"], None),
        (["5.5a", "6a"], "write the numbers alone, and the unit in the name of the column"),
        (["5 a", "6 a"], "write the numbers alone, and the unit in the name of the column"),
        (["5kg", "6kg"], "write the numbers alone, and the unit in the name of the column"),
        (["5kg", "6lb"], None),
        (["5kg", "x"], None),
        (["٣", "٤"], "write them with the digits 0 to 9"),
        ([], None),
    ],
)
def test_numbers_that_are_written_otherwise_are_told_from_names(names: list[str], instead: str | None) -> None:
    assert numbers_instead(names) == instead


@pytest.mark.parametrize(
    ("name", "nothing"),
    [
        ("NA", True),
        ("n/a", True),
        ("None", True),
        ("none", False),
        ("-", True),
        (" ? ", True),
        ("0", False),
        ("", False),
    ],
)
def test_a_name_for_nothing_is_known(name: str, nothing: bool) -> None:
    assert stands_for_nothing(name) is nothing
