"""Pages: whole, without the network, with nothing in them that a name could break, and never too large."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pages import PageRead, read_page
from PIL import Image
from rich.console import Console

from dlcli.actions.samples import Shown
from dlcli.data.description.columns import ColumnSeen
from dlcli.data.description.tensors import Tensor
from dlcli.finding import Command
from dlcli.view.comparison import ComparedRun, Comparison
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.data import DataShown
from dlcli.view.drawing.graph_node import GraphNode
from dlcli.view.evaluation import NO_SCORES, ClassScores, Evaluation, Scores, Targets, WorstSample, draw_classes
from dlcli.view.html.chart import LONGEST_NAME, MOST_ROWS, Chart, Line, chart_markup, chart_words, rounded, values_table
from dlcli.view.html.curves import MOST_CHARTS, MOST_EPOCHS, MOST_RUNS, MOST_VALUES, overlaid_charts, run_charts
from dlcli.view.html.data import MOST_HISTOGRAMS, column_histograms
from dlcli.view.html.evaluation import SHADES, WIDEST, confusion_markup, shaded
from dlcli.view.html.layers import MOST_CURVES, MOST_PICTURES
from dlcli.view.html.markup import LONGEST_CELL, json_markup, table_markup
from dlcli.view.html.model import MOST_NODES, model_part
from dlcli.view.html.page import page_html
from dlcli.view.html.pages import comparison_page, data_page, run_page
from dlcli.view.html.pictures import LARGEST, picture_tile, series_chart, tiles
from dlcli.view.judged import (
    AgainstTruth,
    Calibrated,
    CalibrationBin,
    ClassRanked,
    NumberScores,
    RangeScores,
    Ranked,
    RankScores,
)
from dlcli.view.look import Tiles
from dlcli.view.model import LayerRow, ModelSummary
from dlcli.view.report import (
    DataPictured,
    Evaluated,
    Facts,
    LayerPictured,
    Missing,
    RowsShown,
    RunReport,
    Steps,
    WorstLook,
)
from dlcli.view.run_again import RunAgain
from dlcli.view.samples import LONGEST
from dlcli.view.sentences import Judgement
from dlcli.view.training_result import TrainingResult

pytestmark = pytest.mark.looks

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \"quoted\" 'it' & 고양이 \u2028"
LARGEST_PAGE = 2_000_000


def again(name: str = "run", epochs: int = 3, **more: Any) -> RunAgain:
    entries = [
        {"epoch": epoch, "learning_rate": 0.1 / epoch, "train": {"loss": 1 / epoch}, "validation": {"loss": 2 / epoch}}
        for epoch in range(1, epochs + 1)
    ]
    advice = [Command(command=f"dlcli {name}", why=name)]
    judgement = Judgement(
        finding=name,
        since_epoch=1,
        evidence=name,
        advice=advice,
        code="overfits",
        severity="warning",
        where=None,
        facts={},
    )
    result = TrainingResult(
        run=name,
        path=f"runs/{name}",
        status="done",
        reason=name,
        stop=None,
        exact=True,
        inexact=(),
        epochs=epochs,
        best={"epoch": epochs, "value": 0.5, "monitor": "val_loss", "weights": "last"},
        metrics={"train": {name: 0.5}},
        baseline={},
        verdict=[judgement],
        seconds=1.0,
        samples_per_second=10.0,
        engine=None,
        set={f"train.{name}": name},
        config={},
    )
    given: dict[str, Any] = {"standing": None, "advice": None, "best_epoch": epochs, **more}
    return RunAgain(result=result, samples={"train": 3}, parameters=5, device="CPU", epochs=entries, **given)


def data_shown(name: str = "x", samples: Any = ()) -> DataPictured:
    tensor = Tensor("train", "target", name, [3], ["samples"], 1, "int64", 8, 0.0, 1.0, 0.5, 0, {name: 2, "b": 1})
    column = ColumnSeen(name, "numbers", 0.0, 1.0, 0.5, 0.1, 0, 3, [1, 2, 3])
    names = ColumnSeen(name, "names", names={name: 3})
    return DataPictured(DataShown(name, [tensor], [column, names], notes=[name]), samples)


def model(name: str = "dense", nodes: int = 3) -> ModelSummary:
    graph = [
        GraphNode(
            name=name, kind="Dense", shape=(3,), parameters=1, takes=[at - 1] if at else [], output=at == nodes - 1
        )
        for at in range(nodes)
    ]
    row = LayerRow(name=name, kind=name, input_shape=(3,), output_shape=(3,), parameters=1, macs=1, bytes=1, line=None)
    totals = {"parameters": 1, "trainable": 1, "macs": 1, "bytes": 1, "batch_size": 1}
    return ModelSummary(layers=[row], graph=graph, activation_bytes=1, training_bytes=1, **totals)


def evaluated(name: str, looks: Any = ()) -> Evaluated:
    scores = Scores(
        [name, "b"], [[3, 1], [0, 4]], {name: ClassScores(1.0, 0.75, 0.8, 4), "b": ClassScores(0.8, 1.0, 0.9, 4)}, name
    )
    evaluation = Evaluation(run=name, split=name, samples=8, metrics={name: 0.5}, scores=scores, worst=(), notes=[name])
    sample = WorstSample(3, f"{name}.csv", 4, name, name, 1.5)
    rank = ClassRanked(name, 4, 0.9, 0.8, [0.0, 1.0], [1.0, 0.5])
    return Evaluated(
        evaluation,
        [Ranked(name, [rank], [0.0, 1.0], [0.0, 1.0], 5, 8, False)],
        [Calibrated(name, "the positive class", [CalibrationBin(0.0, 0.1, 0.05, 0.2, 8)], 0.1, 0.2)],
        [AgainstTruth(NumberScores(name, 5, 0.1, 0.2, 0.5, 0.3, []), [1.0, 2.0], [1.5, 2.5], [0.0, 0.5, 1.0], [1, 1])],
        [WorstLook(sample, looks, {name: name, "empty": None})],
    )


def tiles_of(name: str, form: Any, *arrays: Any) -> Tiles:
    units = [*range(len(arrays))]
    names = [f"{name} {unit}" for unit in units]
    return Tiles(layer=name, form=form, units=units, names=names, values=units, about=name, arrays=arrays)


def report(name: str = "run", **more: Any) -> RunReport:
    parts: dict[str, Any] = {
        "again": again(name),
        "steps": Steps({"data": f"source: {name}", "layers": "- Dense"}, name),
        "data": data_shown(name),
        "model": model(name),
        "evaluated": evaluated(name, [Shown("text", name, name)]),
        "layers": LayerPictured(tiles_of(name, "pictures", np.eye(3)), None, Shown("image", name, np.eye(4))),
        "facts": Facts({"seed": name}, [{"file": name, "bytes": 3, "sha256": "00"}], [name]),
    }
    return RunReport(**{**parts, **more})


def test_a_page_is_whole_and_has_every_part() -> None:
    page = run_page(report())
    read = read_page(page_html(page))
    assert read.faults == []
    assert [each.anchor for each in page.parts] == [
        *("summary", "verdict", "curves", "steps", "data", "model", "evaluation", "ranking", "calibration", "truth"),
        *("worst", "layers", "origin"),
    ]
    assert {f"#{each.anchor}" for each in page.parts} <= {*read.having("href")}
    assert len(read.charts) == 2 + 1 + 2 + 1 + 3
    assert len(read.all("img")) == 1


@pytest.mark.parametrize("several", [False, True])
def test_a_page_tells_how_sure_numbers_are_as_evaluate_does(several: bool) -> None:
    """Intervals of areas and of R², and errors by range, in the words and digits of the screen."""
    found = evaluated("a")
    numbers = NumberScores("a", 9, 0.1, 0.2, 0.5, 0.3, [RangeScores(1.0, 7.0, 9, 0.123, -0.05)], (0.25, 0.75))
    scores = replace(
        found.evaluation.scores, ranking={"a": RankScores(0.9, 0.8, (0.81, 0.96), (0.71, 0.87))}, numbers=[numbers]
    )
    own = replace(found.evaluation, scores=NO_SCORES, several=Targets({"a": scores}))
    evaluation = own if several else replace(found.evaluation, scores=scores)
    truth = [replace(found.against_truth[0], scores=numbers)]
    read = read_page(page_html(run_page(report(evaluated=replace(found, evaluation=evaluation, against_truth=truth)))))
    assert read.faults == []
    text = " ".join(read.text.split())
    console = Console(file=io.StringIO(), width=100)
    draw_classes(console, scores)
    assert isinstance(console.file, io.StringIO)
    screen = " ".join(console.file.getvalue().split())
    narrow = Console(file=io.StringIO(), width=60)
    draw_classes(narrow, scores)
    assert isinstance(narrow.file, io.StringIO)
    assert "class avg precision 95 %" in " ".join(
        narrow.file.getvalue().split()
    )  # in a table of its own it says of what
    for told in ("0.9000 0.8100 – 0.9600 0.8000 0.7100 – 0.8700", "0.2500 – 0.7500", "1.000 7.000 9 0.1230 -0.05000"):
        assert told in screen
        assert told in text, text[text.find("areas below") :][:200]


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (("<h2", "<h4"), "h4 below h1"),
        (('scope="col"', "scope"), "a head of a table without scope"),
        (("</main>", ""), "</body> where main is open"),
        (('<p class="note">', '<p onclick="x">'), "the attribute onclick"),
        (("default-src &#39;none&#39;", "default-src *"), "the policy of default-src"),
        (('"use strict";', '"use strict";fetch("//x");'), "the policy of script-src"),
        (("data:image/png", "http://x/image/png"), "loads http"),
    ],
)
def test_a_page_that_breaks_a_rule_would_be_noticed(damage: tuple[str, str], fault: str) -> None:
    content = page_html(run_page(report()))
    assert damage[0] in content
    assert any(each.startswith(fault) for each in read_page(content.replace(*damage)).faults)


def test_no_name_can_break_a_page() -> None:
    content = page_html(run_page(report(EVIL)))
    read = read_page(content)
    assert read.faults == []
    assert "alert(1)" not in "".join(read.scripts)
    assert [each for each in read.all("img") if each.get("src") == "x"] == []
    assert content.count(EVIL) == 0
    assert read.text.count(EVIL) > 20
    lines = {line["name"] for chart in read.charts for line in chart["lines"]}
    assert any("</script>" in name for name in lines)
    assert {chart["title"] for chart in read.charts} >= {EVIL}


@pytest.mark.parametrize(("letters", "cut"), [(LONGEST_CELL, False), (LONGEST_CELL + 1, True)])
def test_a_long_name_is_cut_in_its_middle_and_whole_where_it_is_pointed_at(letters: int, cut: bool) -> None:
    name = "<k" + "x" * (letters - 3) + "z"
    table = table_markup(Table([Column(name), Column("b")], [[name, "1"]]), "classes")
    for markup, times in ((table, 2), (confusion_markup([name, "b"], [[1, 0], [0, 1]]), 2)):
        read = PageRead()
        read.feed(str(markup))
        assert [each["title"] for each in read.all("abbr")] == [name] * times * cut
        assert read.text.count(name) == times * (not cut)
        assert read.text.count("<k" + "x" * 40) == read.text.count("x" * 40 + "z") == times


@pytest.mark.parametrize(("letters", "cut"), [(LONGEST_NAME, False), (LONGEST_NAME + 1, True)])
def test_a_legend_has_room_for_its_names(letters: int, cut: bool) -> None:
    name = "k" * letters
    chart = Chart(title="ROC", x_name="x", x=[0, 1], lines=[Line(name, [0, 1])])
    read = PageRead()
    read.feed(str(chart_markup(chart)))
    [drawn] = read.charts
    assert len(drawn["lines"][0]["name"]) == LONGEST_NAME
    assert ("…" in drawn["lines"][0]["name"], "…" in drawn["words"]) == (cut, cut)


def test_text_in_a_script_cannot_end_it() -> None:
    text = str(json_markup({"a": EVIL}))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": EVIL}
    with pytest.raises(ValueError, match="JSON"):
        json_markup(float("nan"))


def test_what_is_missing_says_why_and_what_to_do() -> None:
    missing = Missing("'a' is training", "wait until it has ended")
    unknown = report(
        again=again(epochs=0, standing="is training", advice="wait"),
        steps=missing, data=missing, model=missing, evaluated=missing, layers=missing, facts=missing,
    )  # fmt: skip
    page = run_page(unknown)
    read = read_page(page_html(page))
    assert read.faults == []
    assert [each.anchor for each in page.parts if each.missing] == [
        *("curves", "steps", "data", "model", "evaluation", "layers", "origin"),
    ]
    assert read.text.count("Not here: 'a' is training. wait until it has ended") == 6
    assert "Not here: no epoch has ended. wait" in read.text
    assert "run: 'run' is training" not in read.text
    assert "done: 'run' is training" in read.text


def test_a_page_stays_small_whatever_is_in_it() -> None:
    generator = np.random.default_rng(0)
    noise = [Shown("image", f"{at}", generator.integers(0, 256, (600, 500, 3))) for at in range(40)]
    long = [Shown("series", f"{at}", generator.normal(size=(5000, 30))) for at in range(20)]
    looks = [WorstLook(WorstSample(1, "f", 1, "a", "b", 1.0), [noise[at], long[at]], {}) for at in range(12)]
    found = evaluated("x")
    many = report(
        again=again(epochs=20_000),
        data=data_shown("x", [*noise, *long]),
        evaluated=Evaluated(found.evaluation, found.ranked, found.calibrated, found.against_truth, looks),
        model=model("dense", MOST_NODES),
    )
    content = page_html(run_page(many)).encode()
    assert 700_000 < len(content) < LARGEST_PAGE
    read = read_page(content.decode())
    assert read.faults == []
    assert "more would make the page too large" in read.text


def test_samples_beyond_the_room_are_counted() -> None:
    texts = [Shown("text", "", "x" * 100) for _ in range(10)]
    assert [len(tiles(texts, most_letters=room)[0]) for room in (99, 100, 1000)] == [0, 1, 10]
    assert [tiles(texts, most_letters=room)[1] for room in (99, 100, 1000)] == [10, 9, 0]


def pixels_of(address: str) -> Any:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,")))))


def test_pictures_keep_their_pixels_and_large_ones_are_made_smaller() -> None:
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
    tile = picture_tile(image, "a")
    np.testing.assert_array_equal(pixels_of(tile.address), image)
    assert (tile.width, tile.height) == (96, 96)
    grey = picture_tile(np.arange(16).reshape(4, 4) * 15, "a")
    np.testing.assert_array_equal(pixels_of(grey.address), np.arange(16).reshape(4, 4) * 15)
    assert pixels_of(picture_tile(np.zeros((LARGEST, 10)), "a").address).shape == (LARGEST, 10)
    assert pixels_of(picture_tile(np.zeros((2 * LARGEST, 10)), "a").address).shape == (LARGEST, 5)
    assert picture_tile(np.zeros((0, 4)), "a").address == "data:,"


def test_long_series_are_told_to_be_cut() -> None:
    assert series_chart("", np.zeros((LONGEST, 2))).x_name == "time"
    assert series_chart("", np.zeros((LONGEST + 1, 2))).x_name == "time, the first 500 of 501 steps"


def chart(count: int) -> Chart:
    lines = [
        Line("a", [float(at) for at in range(count)]),
        Line("b", [None] * count),
        Line("g", [0.0] * count, "guide"),
    ]
    return Chart(title="t", x_name="epoch", x=list(range(count)), lines=lines, marked=(1.0, "best epoch 1"))


def test_a_chart_says_its_values_in_words_and_in_a_table() -> None:
    assert chart_words(chart(5)) == "t over epoch: a from 0 to 4.000; best epoch 1"
    assert values_table(chart(2)).cells == [["0", "0", "–"], ["1", "1.000", "–"]]
    assert len(values_table(chart(MOST_ROWS)).rows) == MOST_ROWS
    assert len(values_table(chart(MOST_ROWS + 1)).rows) == MOST_ROWS / 2 + 1
    assert str(chart_markup(chart(2))).count("<figure") == 1
    assert [rounded(each) for each in (None, float("inf"), 0.1 + 0.2, 3.0, 1e300)] == [None, None, 0.3, 3, 1e300]


def test_curves_have_every_metric_and_the_best_epoch() -> None:
    entries = again(epochs=MOST_EPOCHS).epochs
    [loss, rate] = run_charts(entries, 7)
    assert (loss.title, [line.name for line in loss.lines], loss.marked) == (
        "loss",
        ["train", "validation"],
        (7.0, "best epoch 7"),
    )
    assert loss.lines[1].values[1] == 1.0
    assert loss.logarithmic
    assert rate.title == "learning rate"
    assert len(loss.x) == MOST_EPOCHS
    [loss, _] = run_charts(again(epochs=MOST_EPOCHS + 1).epochs, 8)
    assert len(loss.x) == MOST_EPOCHS // 2 + 2
    assert {8, MOST_EPOCHS + 1} < {*loss.x}


def test_curves_of_several_runs_stand_in_one_chart() -> None:
    runs = {"a": again(epochs=3).epochs, "b": again(epochs=5).epochs}
    [loss] = overlaid_charts(runs)
    assert (loss.title, loss.x) == ("validation loss", [1, 2, 3, 4, 5])
    assert [line.values[3] for line in loss.lines] == [None, 0.5]
    without = [{**entry, "validation": {}} for entry in runs["b"]]
    [loss] = overlaid_charts({**runs, "b": without})
    assert loss.title == "train loss"
    assert loss.lines[0].values[0] == 1.0
    many = {str(at): again(epochs=400 + at).epochs for at in range(MOST_RUNS + 1)}
    [loss] = overlaid_charts(many)
    assert len(loss.lines) == MOST_RUNS
    assert sum(value is not None for line in loss.lines for value in line.values) < 1.2 * MOST_VALUES
    last = [[value for value in line.values if value is not None][-1] for line in loss.lines]
    assert last == [2 / (400 + at) for at in range(MOST_RUNS)]


def with_metrics(count: int, epochs: int) -> RunAgain:
    found = again(epochs=epochs)
    more = {f"metric_{at}": 0.123456 for at in range(count - 1)}
    entries = [
        {**entry, "train": entry["train"] | more, "validation": entry["validation"] | more} for entry in found.epochs
    ]
    return dataclasses.replace(found, epochs=entries)


def test_so_many_metrics_have_a_chart_and_a_page_of_many_runs_stays_small() -> None:
    for count, more in ((MOST_CHARTS, ""), (MOST_CHARTS + 2, "… and 2 more metrics")):
        found = with_metrics(count, 3)
        assert len(run_charts(found.epochs, None)) == MOST_CHARTS + 1
        assert (more or "no such") in read_page(page_html(run_page(report(again=found)))).text + "no such"
    long = with_metrics(MOST_CHARTS, 1000)
    assert len(page_html(run_page(report(again=long)))) < 1_000_000
    runs = [long] * (MOST_RUNS + 10)
    names = [f"run-{at}" for at in range(len(runs))]
    comparison = Comparison(
        runs=[ComparedRun(name, name, "done", 1000, 1.0, 0, at) for at, name in enumerate(names)],
        changed={f"key.{at}": dict.fromkeys(names, 0.001) for at in range(20)},
        metrics={f"validation.{at}": dict.fromkeys(names, 0.5) for at in range(2 * MOST_CHARTS)},
        difference={},
        unknown=[],
        curves=dict(zip(names, (each.epochs for each in runs), strict=True)),
    )
    content = page_html(comparison_page(comparison, runs))
    assert read_page(content).faults == []
    assert 800_000 < len(content) < LARGEST_PAGE


def test_a_cell_is_as_dark_as_its_share_of_the_class() -> None:
    assert [shade for _, shade in shaded([0, 1, 50, 49])] == [0, 1, 5, 5]
    assert shaded([7]) == [(7, SHADES)]
    names = [str(at) for at in range(WIDEST + 1)]
    matrix = np.eye(WIDEST + 1, dtype=int)
    matrix[0, 1] = 3
    few = str(confusion_markup(names[:-1], matrix[:-1, :-1].tolist()))
    assert few.count("<td") == WIDEST**2 + 1
    pairs = str(confusion_markup(names, matrix.tolist()))
    assert pairs.count("<td") == 3
    assert confusion_markup(None, None) is None


def test_filters_are_pictures_or_curves_and_so_many_are_shown() -> None:
    many = [np.eye(3)] * (MOST_PICTURES + 1)
    sample = Shown("image", "s", np.eye(4))
    maps = LayerPictured(tiles_of("conv", "pictures", *many), tiles_of("conv", "pictures", *many[:2]), sample)
    page = run_page(report(layers=maps))
    read = read_page(page_html(page))
    assert (read.faults, len(read.all("img"))) == ([], MOST_PICTURES + 1 + 2)
    assert f"{MOST_PICTURES} of {MOST_PICTURES + 1} conv" in read.text
    curves = [np.arange(12.0).reshape(6, 2)] * (MOST_CURVES + 1)
    units = [np.arange(5.0), np.arange(5.0) * 2]
    drawn = LayerPictured(tiles_of("conv1d", "curves", *curves), tiles_of("conv1d", "curves", *units), None)
    found = read_page(page_html(run_page(report(layers=drawn))))
    charts = found.charts[-MOST_CURVES - 1 :]
    assert found.faults == []
    assert [line["values"] for line in charts[0]["lines"]] == [[0, 2, 4, 6, 8, 10], [1, 3, 5, 7, 9, 11]]
    assert [line["name"] for line in charts[-1]["lines"]] == ["unit conv1d 0", "unit conv1d 1"]
    assert charts[-1]["lines"][1]["values"] == [0, 2, 4, 6, 8]


def test_a_graph_that_is_too_large_is_not_drawn() -> None:
    drawn, named = (str(model_part(report(model=model("d", count))).body) for count in (MOST_NODES, MOST_NODES + 1))
    assert ("<svg" in drawn, "<svg" in named) == (True, False)
    assert f"a graph of {MOST_NODES + 1} layers is too large for a page" in named


def test_histograms_are_those_of_columns_of_numbers() -> None:
    columns = [ColumnSeen(str(at), "numbers", 0.0, 4.0, histogram=[3, 0]) for at in range(MOST_HISTOGRAMS + 1)]
    found = column_histograms([ColumnSeen("n", "names"), *columns])
    assert [each.title for each in found] == [str(at) for at in range(MOST_HISTOGRAMS)]
    constant = ColumnSeen("c", "numbers", 1.0, 1.0, histogram=[3, 0])
    assert [each.title for each in column_histograms([constant, columns[0]])] == ["0"]
    assert (found[0].x, found[0].lines[0].values) == ([1.0, 3.0], [3.0, 0.0])


def test_a_page_on_data_is_whole() -> None:
    read = read_page(page_html(data_page(data_shown(EVIL, [Shown("text", "", EVIL)]))))
    assert read.faults == []
    assert "Samples" in read.text


def test_rows_stand_as_they_are_in_the_table() -> None:
    rows = RowsShown(["name", "x"], [["a" * 50, 1.23456], [None, float("nan")]])
    text = page_html(data_page(DataPictured(data_shown().shown, (), rows)))
    assert read_page(text).faults == []
    assert f"<td>{'a' * 39}…</td>" in text
    assert '<td class="right">1.235</td>' in text
    assert re.search(r"<td></td>\s*<td class=\"right\"></td>", text)


def test_a_table_is_that_of_the_terminal() -> None:
    table = Table([Column("name"), number_column("value"), Column("")], [["<b>", 0.123456, ""], ["c", None, ""]])
    text = str(table_markup(table, "<i>"))
    assert "&lt;b&gt;" in text
    assert '<td class="right">0.1235</td>' in text
    assert '<td class="right">–</td>' in text
    assert "<i>" not in text
    assert text.count("<th ") == 2 + 2
