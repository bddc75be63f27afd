"""JSON files, Orange's .tab and sktime's .ts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.data.fields.fields import Fields
from dlcli.data.fields.padded import PADDING
from dlcli.data.sources import from_path
from dlcli.data.sources.arrays.ts import Ts
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.data.sources.tables.json_file import JsonFile
from dlcli.data.sources.tables.tab import Tab
from dlcli.errors import DataError

ROWS = [{"a": 1, "b": 2.5, "y": "u"}, {"a": 2, "b": None, "y": "v"}, {"a": 3, "y": "꽃"}]
COLUMNS = {"a": [1, 2, 3], "b": [2.5, None, None], "y": ["u", "v", "꽃"]}


def read(source: SourceBlock, columns: set[str] | None = None) -> Fields:
    return source.read(Reading(columns=None if columns is None else frozenset(columns)))


def refusal(source: SourceBlock) -> tuple[str, int | None, str | None]:
    with pytest.raises(DataError) as caught:
        read(source)
    return caught.value.message, caught.value.line, caught.value.hint


@pytest.mark.parametrize(
    ("value", "records"),
    [(ROWS, None), (COLUMNS, None), ({"data": {"items": ROWS}, "page": 1}, "data.items"), ({"t": COLUMNS}, "t")],
)
def test_a_json_file_holds_rows_or_columns(value: Any, records: str | None, write: Callable[..., Path]) -> None:
    path = write("\ufeff" + json.dumps(value, indent=2), "t.json")
    arrays = read(JsonFile(path=str(path), records=records)).arrays
    assert arrays["a"].tolist() == [1, 2, 3]
    np.testing.assert_array_equal(arrays["b"], [2.5, np.nan, np.nan])
    assert arrays["y"].tolist() == ["u", "v", "꽃"]


def test_a_json_file_of_many_blocks_is_read_in_order(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcli.data.sources.tables.json_file.BLOCK", 64)
    rows = [{"a": row, "y": "uv"[row % 2]} for row in range(100)]
    fields = read(JsonFile(path=str(write(json.dumps(rows), "t.json"))))
    assert fields.arrays["a"].tolist() == list(range(100))
    assert fields.where(99)[1:] == (None, "row 100")


@pytest.mark.parametrize(
    ("text", "message", "line", "hint"),
    [
        ('{"a": 1}\n{"a": 2}', "no JSON: Extra data", 2, "one object a line is jsonl: t.json"),
        ("[1, 2", "no JSON: Expecting ',' delimiter", 1, None),
        ("[]", "the array holds no rows", None, None),
        ("5", "expected an array of objects, or an object of arrays", None, None),
        ('{"a": [1, 2], "y": ["u"]}', "the arrays have different lengths: 'a' 2, 'y' 1", None, None),
        ('[{"a": 1}, {"a": "x"}]', "row 2: 'a' holds text, but a number in row 1", None, None),
        ('[{"a": 1}, 5]', "row 2: expected an object, found int", None, None),
        ('[{"a": 1, "a": 2}]', "no JSON: the key 'a' stands 2 times", None, None),
        ('[{"a": NaN}]', "no JSON: NaN is no number of JSON", None, None),
        (
            '{"meta": 1, "items": [{"a": 1}]}',
            "expected an array of objects, or an object of arrays",
            None,
            "if they lie deeper, write json: {path: t.json, records: items}",
        ),
    ],
)
def test_what_is_no_table_of_json_says_where(
    text: str, message: str, line: int | None, hint: str | None, write: Callable[..., Path]
) -> None:
    said, at, advice = refusal(JsonFile(path=str(write(text, "t.json"))))
    assert said.startswith(message)
    assert (at, advice) == (line, hint)


def test_keys_of_records_that_are_not_there_are_named(write: Callable[..., Path]) -> None:
    path = write('{"data": {"items": []}}', "t.json")
    message, _, hint = refusal(JsonFile(path=str(path), records="data.itms"))
    assert (message, hint) == ("there is no 'itms' of data.itms; there is: items", "did you mean 'items'?")


def test_a_nested_key_that_nobody_asks_for_is_not_looked_at(write: Callable[..., Path]) -> None:
    rows = [{"a": 1, "m": {"x": 1}}, {"a": 2, "m": "text"}]
    source = JsonFile(path=str(write(json.dumps(rows), "t.json")))
    assert "'m' holds an object" in refusal(source)[0]
    assert read(source, {"a"}).arrays["a"].tolist() == [1, 2]


ORANGE = "age\tcode\tname\tkind\ncontinuous\tdiscrete\tstring\td\n\t\tmeta\tclass\n1.5\t1\tAnn\tu\n?\t2\tBob\tv\n3\t1\tCid\tu\n"


def test_a_file_of_orange_says_what_is_target_and_what_no_input(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write(ORANGE, "t.tab")
    fields = read(Tab(path=str(path)))
    assert (fields.inputs, fields.target) == (("age", "code"), "kind")
    np.testing.assert_array_equal(fields.arrays["age"], [1.5, np.nan, 3])
    assert fields.arrays["code"].tolist() == ["1", "2", "1"]
    assert fields.where(0)[1] == 4
    dataset = load({"source": str(path), "missing": "mean", "split": {"validation": 0.0, "test": 0.0}})
    assert [column.name for column in dataset.schema.inputs[0].columns or []] == ["age", "code"]
    assert dataset.schema.targets[0].name == "kind"


@pytest.mark.parametrize("text", ["a\ty\n1\tu\n2\tv\n", "a\ty\n1\tclass\n2\tv\n", "a\ty\n1\tu"])
def test_a_file_with_tabs_that_is_not_of_orange_has_one_line_of_names(text: str, write: Callable[..., Path]) -> None:
    fields = read(Tab(path=str(write(text, "t.tab"))))
    assert fields.arrays["a"].tolist() == [1, 2][: text.strip().count("\n")]
    assert fields.inputs is None


SERIES = "# made\n@problemName x\n@classLabel true u v\n@data\n1,2,3:4,5,?:u\n\n7,8,9:1,1,1:v\n"


def test_series_of_sktime_are_samples_of_time_and_channels(write: Callable[..., Path]) -> None:
    fields = read(Ts(path=str(write(SERIES, "t.ts"))))
    expected = [[[1, 4], [2, 5], [3, np.nan]], [[7, 1], [8, 1], [9, 1]]]
    np.testing.assert_array_equal(fields.arrays["series"], expected)
    assert fields.arrays["class"].tolist() == ["u", "v"]
    assert (fields.target, fields.inputs, fields.where(1)[1]) == ("class", ("series",), 7)
    without = read(Ts(path=str(write(SERIES.replace("true u v", "false").replace(":u", "").replace(":v", ""), "u.ts"))))
    assert (without.target, [*without.arrays]) == (None, ["series"])


@pytest.mark.parametrize(
    ("old", "new", "message", "line"),
    [
        ("7,8,9:1,1,1", "7,8,9", "the series has 1 channels, the first one 2", 7),
        ("7,8,9", "7,8", "the channels have 2, 3 steps", 7),
        ("7,8,9", "7,x,9", "'x' is no number", 7),
        ("@data", "@dat", "there is no line @data", None),
        ("@problemName x", "@timeStamps true", "the series say the time of each step, which is not read", 2),
    ],
)
def test_a_series_of_another_form_is_named(
    old: str, new: str, message: str, line: int | None, write: Callable[..., Path]
) -> None:
    assert refusal(Ts(path=str(write(SERIES.replace(old, new), "t.ts"))))[:2] == (message, line)


NAMED = "@classLabel true 왼 아래 2\n@data\n1,2:왼\n\n3,4:{}\n5,6:2.0\n"


@pytest.mark.parametrize(
    ("label", "columns", "hint"),
    [
        ("오른", None, "name it behind @classLabel true, or correct the label"),
        ("아레", {"series", "class"}, None),
        ("?", None, "name it behind @classLabel true, or correct the label"),
        ("오른", {"series"}, ""),
        ("아래", None, ""),
        ("void", None, ""),
    ],
)
def test_a_label_that_the_head_of_a_series_does_not_name_is_refused(
    label: str, columns: set[str] | None, hint: str | None, write: Callable[..., Path]
) -> None:
    source = Ts(path=str(write(NAMED.format(label), "t.ts")))
    reading = Reading(columns=None if columns is None else frozenset(columns), void={None: ["void"]})
    if hint == "":
        assert source.read(reading).arrays["class"].tolist() == ["왼", label, "2.0"]
        return
    with pytest.raises(DataError) as caught:
        source.read(reading)
    assert (caught.value.kind, caught.value.line) == ("unknown_class", 5)
    assert caught.value.message == f"label '{label}' is none of the classes of @classLabel: 왼, 아래, 2"
    assert hint is None or caught.value.hint == hint


@pytest.mark.parametrize(("name", "word"), [("a.json", "json"), ("a.TAB", "tab"), ("a.ts", "ts"), ("a.jsonl", "jsonl")])
def test_the_ending_of_a_path_tells_the_source(name: str, word: str) -> None:
    assert from_path(name) == {word: name}


UNEQUAL = "@problemName x\n@equalLength false\n@targetLabel true\n@data\n1,2,3:4,5,6:0.5\n7,8:1,1:-2\n9:1:1e3\n"


def test_series_of_several_lengths_are_filled_up_behind(write: Callable[..., Path]) -> None:
    path = write(UNEQUAL, "t.ts")
    plain = read(Ts(path=str(path)))
    ends = [[[1, 4], [2, 5], [3, 6]], [[7, 1], [8, 1], [PADDING] * 2], [[9, 1], [PADDING] * 2, [PADDING] * 2]]
    np.testing.assert_array_equal(plain.arrays["series"], ends)
    assert (plain.padded, plain.notes) == ({"series"}, ())
    np.testing.assert_array_equal(read(Ts(path=str(path), length=2)).arrays["series"][0], [[2, 5], [3, 6]])
    fields = read(Ts(path=str(path), pad=-1))
    assert fields.padded == frozenset()
    expected = [[[1, 4], [2, 5], [3, 6]], [[7, 1], [8, 1], [-1, -1]], [[9, 1], [-1, -1], [-1, -1]]]
    np.testing.assert_array_equal(fields.arrays["series"], expected)
    assert fields.notes == ("2 series of fewer than 3 steps are filled up with -1 behind; Masking leaves it out",)
    longer = read(Ts(path=str(path), pad=0, length=4))
    assert longer.arrays["series"].shape == (3, 4, 2)
    assert refusal(Ts(path=str(path), pad=0, length=2))[:2] == ("the series has 3 steps, and all are to have 2", 5)
    assert read(Ts(path=str(write(SERIES, "e.ts")), pad=0)).notes == ()


def test_a_number_of_each_series_is_a_target_of_numbers(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write(UNEQUAL, "t.ts")
    fields = read(Ts(path=str(path), pad=0))
    assert (fields.target, fields.arrays["target"].tolist()) == ("target", [0.5, -2.0, 1000.0])
    source = {"source": {"ts": {"path": str(path), "pad": 0}}, "split": {"validation": 0.0, "test": 0.0}}
    schema = load(source).schema.targets[0]
    assert (schema.name, schema.classes) == ("target", None)
    broken = write(UNEQUAL.replace("-2", "cold"), "b.ts")
    assert refusal(Ts(path=str(broken), pad=0))[:2] == (
        "'cold' is no number, and @targetLabel says that each series has one",
        6,
    )


def test_other_series_of_a_run_are_filled_up_as_its_own(
    tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    lines = [",".join(str(row * 7 % 5 + step) for step in range(3 + row % 4)) + f":{row % 9 / 2}" for row in range(40)]
    head = "@targetLabel true\n@data\n"
    (tmp_path / "t.ts").write_text(head + "\n".join(lines), encoding="utf-8")
    (tmp_path / "short.ts").write_text("@targetLabel false\n@data\n1,2\n3\n", encoding="utf-8")
    changes = {
        "data": {"source": {"ts": {"path": "t.ts", "pad": 0}}},
        "layers": [{"Masking": {"mask_value": 0}}, {"GRU": 2}, {"Dense": 1}],
        "loss": "mae",
        "metrics": [],
        "train.epochs": 1,
    }
    assert run_dlcli("train", write_experiment(tmp_path, changes), cwd=tmp_path).code == 0
    said = run_dlcli("predict", "last", "short.ts", "--json", cwd=tmp_path)
    assert said.code == 0, said.err
    assert len(said.value["predictions"]) == 2
