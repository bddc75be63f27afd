"""One table gives the terminal, JSON, Markdown and CSV; one result gives JSON by the keys of scripts."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass, field

import pytest
from rich.cells import cell_len
from rich.console import Console

from dlcli.view.confusion import confusion_table
from dlcli.view.console.drawn_table import drawn_table
from dlcli.view.console.json_value import INLINE, UNSAID, json_name, json_value
from dlcli.view.console.table import Column, Table, csv_text, markdown, number_column, records, text_column
from dlcli.view.evaluation import ClassScores, class_table
from dlcli.view.runs import RunsShown, draw_runs, runs_table
from dlcli.view.training_result import metrics_table

RUNS = RunsShown(
    ["run", "status", "epochs", "val_loss", "val_f|1", "optimizer.learning_rate", "seconds", "config"],
    [
        ["a", "done", 3, 0.25, None, 0.001, 61.5, "a.yaml"],
        ["b", "crashed", 12_000, math.nan, None, 1e-05, None, 'b, "c".yaml'],
    ],
    {"optimizer.learning_rate": "learning_rate"},
)


def text_of(table: Table, width: int = 80) -> list[str]:
    return drawn_table(table, width=width).plain.splitlines()


def test_the_same_table_in_four_ways() -> None:
    table = runs_table(RUNS)
    assert text_of(table, 100) == [
        "run   status    epochs   val_loss   val_f|1   optimizer.learning_rate      seconds   config",
        "─" * 96,
        "a     done           3     0.2500   –                           0.001   1 min 02 s   a.yaml",
        'b     crashed   12,000        nan   –                           1e-05            –   b, "c".yaml',
    ]
    assert records(table)[0] == {
        "run": "a",
        "status": "done",
        "epochs": 3,
        "val_loss": 0.25,
        "val_f|1": None,
        "optimizer.learning_rate": 0.001,
        "seconds": 61.5,
        "config": "a.yaml",
    }
    assert markdown(table).splitlines()[:3] == [
        "| run | status | epochs | val_loss | val_f\\|1 | optimizer.learning_rate | seconds | config |",
        "| :-- | :-- | --: | --: | :-- | --: | --: | :-- |",
        "| a | done | 3 | 0.2500 | – | 0.001 | 1 min 02 s | a.yaml |",
    ]
    rows = list(csv.reader(io.StringIO(csv_text(table))))
    assert rows == [
        ["run", "status", "epochs", "val_loss", "val_f|1", "optimizer.learning_rate", "seconds", "config"],
        ["a", "done", "3", "0.25", "", "0.001", "61.5", "a.yaml"],
        ["b", "crashed", "12000", "", "", "1e-05", "", 'b, "c".yaml'],
    ]


def test_where_the_width_does_not_do_the_last_columns_are_left_out_and_numbers_stay_right() -> None:
    table = Table(
        [Column("name"), number_column("one"), number_column("two")], [["a", 1, 22_222], ["bb", 333, None]], least=2
    )
    assert [line.split() for line in text_of(table, 80)][2] == ["a", "1", "22,222"]
    narrow = text_of(table, 14)
    assert narrow[0].split() == ["name", "one"]
    assert narrow[2].endswith("  1")
    assert narrow[3].endswith("333")
    assert narrow[4:] == ["", "for a wider", "terminal: two"]


def test_a_cell_cannot_end_its_line_in_markdown() -> None:
    assert markdown(Table([Column("a")], [["x\ny | z"]])).splitlines()[2] == "| x y \\| z |"


def test_csv_keeps_all_digits() -> None:
    assert csv_text(Table([number_column("a")], [[0.1 + 0.2], [math.inf]])) == 'a\n0.30000000000000004\n""\n'


def test_tables_of_results() -> None:
    scores = {"u": ClassScores(0.5, None, 0.25, 4)}
    assert records(class_table(scores)) == [{"class": "u", "precision": 0.5, "recall": None, "f1": 0.25, "samples": 4}]
    assert confusion_table(["u", "v"], [[3, 0], [1, 2]], nothing=".").cells == [["u", "3", "."], ["v", "1", "2"]]
    table = metrics_table(
        {"train": {"loss": 1.0}, "validation": {"loss": 2.0, "mae": 3.0}},
        {"method": "mean", "split": "validation", "metrics": {"loss": 4.0}},
    )
    assert records(table) == [
        {"metric": "loss", "train": 1.0, "validation": 2.0, "mean (validation)": 4.0},
        {"metric": "mae", "train": None, "validation": 3.0, "mean (validation)": None},
    ]


def test_no_runs_are_said_to_be_none() -> None:
    console = Console(file=io.StringIO(), width=80)
    draw_runs(console, RunsShown([], []))
    stream = console.file
    assert isinstance(stream, io.StringIO)
    assert stream.getvalue() == "no runs\n"


@dataclass(frozen=True, kw_only=True)
class Inner:
    kind: str = field(metadata=json_name("class"))
    values: tuple[int, ...] = (1, 2)


@dataclass(frozen=True, kw_only=True)
class Outer:
    before: int
    inner: Inner | None = field(default=None, metadata=INLINE)
    inners: list[Inner] = field(default_factory=list)
    notes: list[str] = field(default_factory=list, metadata=UNSAID)
    mapping: dict[str, Inner] = field(default_factory=dict)


def test_keys_are_renamed_left_out_and_put_beside_others() -> None:
    inner = Inner(kind="a")
    value = json_value(Outer(before=1, inner=inner, inners=[inner], notes=["x"], mapping={"m": inner}))
    assert list(value) == ["before", "class", "values", "inners", "mapping"]
    assert json.loads(json.dumps(value)) == {
        "before": 1,
        "class": "a",
        "values": [1, 2],
        "inners": [{"class": "a", "values": [1, 2]}],
        "mapping": {"m": {"class": "a", "values": [1, 2]}},
    }
    assert json_value(Outer(before=1)) == {"before": 1, "inners": [], "mapping": {}}


FILES = [
    f"/data/of/the/long/plant/{place}/measured_{year}.csv" for place, year in (("north", 1), ("south", 1), ("south", 2))
]


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (FILES, ["…north/m…_1.csv", "…south/m…_1.csv", "…south/m…_2.csv"]),
        (FILES[1:], ["…measured_1.csv", "…measured_2.csv"]),
        (FILES[:1] * 2, ["/data/of/the/l…"] * 2),
        (["a/short.csv", *FILES[1:]], ["a/short.csv", "…measured_1.csv", "…measured_2.csv"]),
        (["north/of/the/long/x.csv", "south/of/the/long/x.csv"], ["north/of/the/l…", "south/of/the/l…"]),
        (["자료/긴/이름/하나가.csv", "자료/긴/이름/두번째.csv"], ["…름/하나가.csv", "…름/두번째.csv"]),
    ],
)
def test_what_differs_in_a_column_stays_where_it_is_cut(texts: list[str], shown: list[str]) -> None:
    table = Table([Column("n"), text_column("path")], [[str(at), text] for at, text in enumerate(texts)])
    lines = text_of(table, 19)[2:]
    assert [line.split(maxsplit=1)[1] for line in lines] == shown
    assert all(cell_len(line) <= 19 for line in lines)
