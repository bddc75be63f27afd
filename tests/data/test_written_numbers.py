"""Numbers that are read as names: each way is told with what to write, and what is advised is read."""

from __future__ import annotations

import random
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.data.written_numbers import numbers_instead

Run = Callable[..., Any]
VALUES = random.Random(3).sample(range(100_000, 999_999), 120)
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def grouped(mark: str) -> Callable[[int], str]:
    return lambda value: f"{value:,}".replace(",", mark)


WAYS: dict[str, tuple[Callable[[int], str], str]] = {
    "apostrophe": (grouped("'"), 'thousands: "\'"'),
    "typographic apostrophe": (grouped("\u2019"), "thousands:"),
    "blank": (grouped(" "), 'thousands: " "'),
    "no-break blank": (grouped("\u00a0"), 'thousands: "\\u00a0"'),
    "narrow blank": (grouped("\u202f"), 'thousands: "\\u202f"'),
    "underscore": (grouped("_"), 'thousands: "_"'),
    "Indian": (lambda value: f'"{str(value)[0]},{str(value)[1:3]},{str(value)[3:]}"', "without commas"),
    "two currencies": (lambda value: f"{'$€'[value % 2]}{value}", "one currency"),
    "currency behind": (lambda value: f"{value} {'$€'[value % 2]}", "one currency"),
    "currency and commas": (lambda value: f'"₩{value:,}"', 'thousands: ","'),
    "currency behind commas": (lambda value: f'"-{value:,} $"', 'thousands: ","'),
    "currency and decimals": (lambda value: f'"{value // 100},{value % 100:02d} €"', 'decimal: ","'),
    "Fortran": (lambda value: f"{value / 1000}D+02", "write E in place of D"),
    "unit": (lambda value: f"{value / 100} kg", "the unit in the name of the column"),
    "unit without blank": (lambda value: f"{value}km", "the unit in the name of the column"),
    "wide digits": (lambda value: str(value).translate(WIDE), "the digits 0 to 9"),
    "Arabic digits": (lambda value: str(value).translate(ARABIC), "the digits 0 to 9"),
    "brackets": (lambda value: f"({value})", "a minus in place of the brackets"),
    "hexadecimal": (hex, "the digits 0 to 9"),
    "durations": (lambda value: f"{value % 30}:{value % 60:02d}:{value % 59:02d}", "a number of seconds"),
    "minutes": (lambda value: f"{value % 200}:{value % 60:02d}", "a number of seconds"),
}


def table(folder: Path, cells: list[str]) -> None:
    rows = "".join(f"{row * 7 % 13},{cells[row % len(cells)]},{'uv'[row % 3 % 2]}\n" for row in range(120))
    (folder / "t.csv").write_text(f"a,c,y\n{rows}", encoding="utf-8")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("different", [6, 120])
def test_each_way_is_told_with_what_to_write(way: str, different: int, tmp_path: Path, run_dlcli: Run) -> None:
    write, instead = WAYS[way]
    table(tmp_path, [write(value) for value in VALUES[:different]])
    outcome = run_dlcli("inspect-data", "t.csv", "--target", "y", "--json", cwd=tmp_path)
    if outcome.code:
        hint = outcome.error["hint"]
        assert "leave it out" not in hint
        assert "empty" not in hint
        key = instead.partition(":")[0]
        if key not in {"thousands", "decimal"}:
            assert instead in hint
            return
        # The option shows which blank it is, and is read as it stands there.
        assert all(sign.isprintable() for sign in hint)
        options = shlex.split(hint[hint.index("--set") :])
        assert options[1].startswith(f"data.source.{key}=")
        pasted = run_dlcli("inspect-data", "t.csv", "--target", "y", *options, "--json", cwd=tmp_path)
        (seen,) = [each for each in pasted.value["columns"] if each["name"] == "c"]
        assert seen["kind"] == "numbers"
    else:
        (finding,) = [each for each in outcome.value["findings"] if each["code"] == "numbers_as_text"]
        assert instead in finding["evidence"]


@pytest.mark.parametrize(
    ("cells", "instead"),
    [
        (["₩23,669", "₩900", "17"], 'write csv: {…, thousands: ","}'),
        (["$1,000", "$12,345.5"], 'write csv: {…, thousands: ","}'),
        (["1.234,50 €", "7,5 €"], 'write csv: {…, decimal: ","}'),
        (["$1,000", "€1,000"], "write amounts in one currency, and which it is in the name of the column"),
        (["$1000", "$5"], "write amounts in one currency, and which it is in the name of the column"),
        (["$1,000,5", "$12,3456"], "write amounts in one currency, and which it is in the name of the column"),
        (["₽1,000", "₽2,000"], "write amounts in one currency, and which it is in the name of the column"),
        (["$1,000", "a lot"], None),
    ],
)
def test_the_comma_is_told_in_amounts_of_one_currency(cells: list[str], instead: str | None) -> None:
    assert numbers_instead(cells) == instead


@pytest.mark.parametrize("mark", ["'", " ", "\u00a0", "\u202f", "_", "\u2019"])
def test_the_separator_that_is_advised_is_read(mark: str, tmp_path: Path, run_dlcli: Run) -> None:
    import json

    table(tmp_path, [grouped(mark)(value) for value in VALUES])
    setting = f"data.source.thousands={json.dumps(mark)}"
    outcome = run_dlcli("inspect-data", "t.csv", "--target", "y", "--set", setting, "--json", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    (seen,) = [each for each in outcome.value["columns"] if each["name"] == "c"]
    assert seen["kind"] == "numbers"
    assert {seen["min"], seen["max"]} <= {*VALUES}


@pytest.mark.parametrize(
    "names",
    [
        ["5a", "6b", "7c"],
        ["5a", "6a", "7a"],
        ["007", "008", "100"],
        ["1st", "2nd", "3rd"],
        ["A1", "B2", "C3"],
        ["2024-01-31", "2024-02-01", "2024-02-02"],
        ["1.2.3", "1.2.4", "2.0.0"],
        ["5 kg", "6 lb", "7 oz"],
        ["1", "2", "other"],
        ["(a)", "(b)", "(c)"],
        ["12", "13", "14"],
        ["12,5,3", "1,2", "3,4"],
        ["१a", "２b"],
    ],
)
def test_names_stay_names(names: list[str]) -> None:
    assert numbers_instead(names) is None


@pytest.mark.parametrize(("cell", "instead"), [("(1)", "a minus in place"), ("3%", "% or none"), ("5.1kg", "unit")])
def test_a_number_in_another_dress_is_never_proposed_as_empty(
    cell: str, instead: str, tmp_path: Path, run_dlcli: Run
) -> None:
    table(tmp_path, ["1.5", "2.5", "3.5", cell])
    outcome = run_dlcli("inspect-data", "t.csv", "--target", "y", "--json", cwd=tmp_path)
    said = outcome.error["hint"] if outcome.code else outcome.value["findings"][0]["evidence"]
    assert "empty" not in said
    assert instead in said
    table(tmp_path, ["1.5", "2.5", "3.5", "-n/a-"])
    outcome = run_dlcli("inspect-data", "t.csv", "--target", "y", "--json", cwd=tmp_path)
    assert outcome.code == 0 or "--set 'data.source.empty=[-n/a-]'" in outcome.error["hint"]


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be", "utf-16", "utf-16-le", "utf-16-be"])
def test_wide_encodings_are_called_by_their_names(encoding: str, tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "t.csv").write_bytes("a,y\n1,u\n2,v\n3,u\n4,v\n".encode(encoding))
    refused = run_dlcli("inspect-data", "t.csv", "--json", cwd=tmp_path)
    assert f"data.source.encoding={encoding} " in refused.error["hint"] + " "
    outcome = run_dlcli("inspect-data", "t.csv", "--set", f"data.source.encoding={encoding}", "--json", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    assert [each["name"] for each in outcome.value["columns"]] == ["a", "y"]


def test_a_name_in_the_header_may_hold_a_line_break(tmp_path: Path, run_dlcli: Run) -> None:
    text = '"height\n(cm)",c,"y, z"\n1,2,u\n3,x4,v\n'
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    outcome = run_dlcli("inspect-data", "t.csv", "--json", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    assert [each["name"] for each in outcome.value["columns"]] == ["height\n(cm)", "c", "y, z"]
    (tmp_path / "t.csv").write_text(text + "5,6\n", encoding="utf-8")
    assert run_dlcli("inspect-data", "t.csv", "--json", cwd=tmp_path).error["line"] == 5
    (tmp_path / "t.csv").write_text('"a,b\n1,2\n3,4\n', encoding="utf-8")
    assert run_dlcli("inspect-data", "t.csv", "--json", cwd=tmp_path).error["kind"] == "no_header"


@pytest.mark.parametrize("form", ["jsonl", "json"])
@pytest.mark.parametrize(
    ("cell", "what"), [("1e400", "64 bits"), ("-1e999", "64 bits"), ('"\\ud800"', "half a character")]
)
def test_what_no_column_holds_is_told_at_its_line(
    cell: str, what: str, form: str, tmp_path: Path, run_dlcli: Run
) -> None:
    plain = '"x"' if '"' in cell else "1.5"
    lines = [f'{{"a": {cell if row == 7 else plain}, "y": "{"uv"[row % 2]}"}}' for row in range(20)]
    text = "\n".join(lines) if form == "jsonl" else f"[{','.join(lines)}]"
    (tmp_path / f"t.{form}").write_text(text, encoding="utf-8")
    error = run_dlcli("inspect-data", f"t.{form}", "--json", cwd=tmp_path).error
    assert what in error["message"]
    assert "'a'" in error["message"]
    assert error.get("line") == (8 if form == "jsonl" else None)
