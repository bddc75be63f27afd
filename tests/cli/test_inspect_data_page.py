"""`inspect-data --html`: the page has what the terminal has, and some samples or rows; a table needs no TensorFlow for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pages import PageRead, read_page

Command = Callable[..., Any]


@pytest.fixture
def inspected(tmp_path: Path, run_dlcli: Command) -> Callable[..., PageRead]:
    """`inspected("digits")` writes the page and reads it."""

    def made(*arguments: str) -> PageRead:
        plain = run_dlcli("inspect-data", *arguments, cwd=tmp_path)
        outcome = run_dlcli("inspect-data", *arguments, "--html", "page.html", cwd=tmp_path)
        assert (outcome.code, outcome.out) == (0, plain.out)
        assert outcome.err == f"{plain.err}written to page.html\n"
        page = read_page((tmp_path / "page.html").read_text(encoding="utf-8"))
        assert page.faults == []
        return page

    return made


def test_pictures_have_a_sample_of_each_class(inspected: Command) -> None:
    page = inspected("digits")
    assert [each["alt"] for each in page.all("img")] == [f"sample of {digit}" for digit in range(10)]
    assert "(1257, 8, 8)" in page.text


def test_a_table_has_histograms_findings_and_rows(tmp_path: Path, inspected: Command) -> None:
    rows = "".join(f"{at / 7:.3f},1,{'<b>' if at % 2 else '고양이'},{at % 3}\n" for at in range(60))
    (tmp_path / "a.csv").write_text(f"x,same,<i>,kind\n{rows}", encoding="utf-8")
    page = inspected("a.csv", "--target", "kind")
    assert [chart["title"] for chart in page.charts] == ["x"]
    assert sum(page.charts[0]["lines"][0]["values"]) == 42
    assert "constant" in page.text
    assert "some rows" in page.text
    assert ("<b>" in page.text, "고양이" in page.text, "<i>" in page.text) == (True, True, True)
    bare = inspected("a.csv")
    assert [chart["title"] for chart in bare.charts] == ["x", "kind"]
    assert "0.143" in bare.text


def test_a_series_has_curves_and_a_text_its_words(inspected: Command) -> None:
    page = inspected("basic_motions")
    assert len(page.charts) == 3
    assert len(page.charts[0]["x"]["values"]) == 100
    assert len(inspected("sentences").all("blockquote")) == 2


def test_strict_writes_the_page_before_it_fails(tmp_path: Path, run_dlcli: Command) -> None:
    (tmp_path / "a.csv").write_text("x,y\n" + "1,2\n" * 30)
    outcome = run_dlcli(
        "inspect-data", "a.csv", "--target", "y", "--strict", "--html", "p.html", "--json", cwd=tmp_path
    )
    assert (outcome.code, (tmp_path / "p.html").exists()) == (4, True)


def test_a_target_of_text_is_told_beside_its_sample(inspected: Command) -> None:
    config = Path(__file__).parents[2] / "configs" / "text" / "named_entities.yaml"
    page = inspected(str(config), "--set", "data.source.named_entities.samples=60")
    assert len(page.all("blockquote")) == 3
    assert re.search(r"(other|person|firm|place) (other|person|firm|place)", page.text)
