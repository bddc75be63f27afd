"""Pages in headless Chromium, where it is installed: charts are drawn, nothing is refused, and no page is wider than a phone.

Part of `python tests/check.py --nightly`: a page is what a browser makes of it, and that takes seconds.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pages import read_page

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")
ROOT = Path(__file__).parents[1]
RUNS = {"digits": "digits", "two": "tables/breast_cancer", "numbers": "tables/diabetes", "series": "series/motions"}
PROBE = """<script>addEventListener("load", () => setTimeout(() => {
  const drawn = [...document.querySelectorAll(".uplot canvas")], width = document.documentElement.scrollWidth;
  const high = drawn.every(each => each.width > 100 && each.height > 100);
  document.body.dataset.seen = JSON.stringify({ width, plots: drawn.length, high });
}, 300))</script>"""
WORDS = """<script>
  const fill = CanvasRenderingContext2D.prototype.fillText, words = [];
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    const figure = this.canvas.closest("figure"), chart = figure && JSON.parse(figure.querySelector("script").textContent);
    words.push([chart?.title, chart?.x.name, this.textAlign, text]); fill.call(this, text, ...rest);
  };
  addEventListener("load", () => setTimeout(() => { document.body.dataset.seen = JSON.stringify(words); }, 300));
</script>"""
"""Notes each word that is drawn: of which chart over what, how it is aligned (those of an x axis in their middle), the word."""
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--enable-logging=stderr",
    "--virtual-time-budget=4000",
    "--dump-dom",
)


def in_browser(address: str, *options: str) -> str:
    """The page as it stands after its scripts have run, and what the console said of it."""
    assert BROWSER is not None
    done = subprocess.run(
        [BROWSER, *OPTIONS, *options, address], capture_output=True, text=True, timeout=90, check=True
    )
    refused = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert refused == []
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Callable[..., Any]) -> Path:
    """A run of each kind with its page, and a page on all of them."""
    path = tmp_path_factory.mktemp("browser")
    for name, config in RUNS.items():
        options = ["--name", name, "--epochs", "3", "-q"]
        assert run_dlcli("train", ROOT / "configs" / f"{config}.yaml", *options, cwd=path).code == 0
        assert run_dlcli("report", name, "-o", f"{name}.html", cwd=path).code == 0
    assert run_dlcli("report", *RUNS, "-o", "all.html", cwd=path).code == 0
    return path


def probed_page(folder: Path, name: str, width: int, *, probe: str = PROBE, before: str = "</body>") -> Any:
    """What the probe sees of a page in a window of a width."""
    content = (folder / f"{name}.html").read_text(encoding="utf-8")
    # The policy would refuse the probe, so that the page with it goes without: the page without it is looked at below.
    probed = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", content).replace(
        before, f"{probe}{before}", 1
    )
    (folder / "probed.html").write_text(probed, encoding="utf-8")
    seen = re.search(r'data-seen="([^"]*)"', in_browser(f"file://{folder}/probed.html", f"--window-size={width},900"))
    assert seen is not None
    return json.loads(html.unescape(seen[1]))


@pytest.mark.parametrize("name", [*RUNS, "all"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_chart_is_drawn_and_nothing_is_wider_than_the_screen(name: str, width: int, folder: Path) -> None:
    content = (folder / f"{name}.html").read_text(encoding="utf-8")
    charts = len(read_page(content).charts)
    assert charts >= 2
    found = probed_page(folder, name, width)
    assert (found["plots"], found["high"]) == (charts, True)
    assert found["width"] <= max(width, 500)  # Chromium makes no window narrower than 500 pixels


def test_epochs_are_whole_numbers_and_decades_make_no_band(folder: Path) -> None:
    """The ticks of the pages, as they are drawn: also over 30 epochs and 20 decades."""
    content = (folder / "digits.html").read_text(encoding="utf-8")
    charts = read_page(content).charts
    wide = {**charts[0], "log": True, "x": {"name": "epoch", "values": [1, 2, 3, 4, 5, 6, 7, 8]}}
    wide["lines"] = [{**wide["lines"][0], "values": [10.0**power for power in (10, 5, 2, 0, -2, -5, -8, -10)]}]
    figure = re.search(r'<script type="application/json">(.*?)</script>', content, re.S)
    assert figure is not None
    (folder / "wide.html").write_text(content.replace(figure[1], json.dumps(wide), 1), encoding="utf-8")
    drawn = probed_page(folder, "wide", 1280, probe=WORDS, before="<style")
    epochs = {word for _, axis, align, word in drawn if axis == "epoch" and align == "center" and word != "epoch"}
    assert {"1", "2", "3", "8"} <= epochs
    assert all(word.isdigit() for word in epochs if word not in {"loss", "accuracy", "learning rate"}), epochs
    decades = [float(word) for title, _, align, word in drawn if title == wide["title"] and align == "right" and word]
    assert 4 <= len(set(decades)) <= 8
    assert all(f"{value:.0e}".startswith("1e") for value in decades)


@pytest.mark.parametrize("name", [*RUNS, "all"])
def test_the_policy_lets_the_page_itself_run(name: str, folder: Path) -> None:
    charts = len(read_page((folder / f"{name}.html").read_text(encoding="utf-8")).charts)
    drawn = in_browser(f"file://{folder}/{name}.html")
    assert drawn.count('class="uplot') == charts
    assert '<button type="button" id="theme"' in drawn


@pytest.mark.parametrize(("width", "cut"), [(500, True), (1280, False)])
def test_what_is_cut_at_a_side_says_so_and_is_reached_by_keys(width: int, cut: bool, folder: Path) -> None:
    drawn = in_browser(f"file://{folder}/digits.html", f"--window-size={width},900")
    [tensors] = re.findall(r'<div class="scroll"[^>]*aria-label="tensors"[^>]*>', drawn)
    assert ('data-more="right"' in tensors) == cut
    assert 'tabindex="0"' in tensors


def test_a_name_of_ten_thousand_letters_does_not_widen_a_page(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    names = ["k" + "x" * 9_999, "short"]
    rows = "".join(f"{row % 2 + row / 200},{names[row % 2]}\n" for row in range(100))
    (tmp_path / "long.csv").write_text("a,kind\n" + rows, encoding="utf-8")
    text = (
        "data: {source: long.csv, target: kind}\nlayers: [Dense: {units: 1, activation: sigmoid}]\n"
        "loss: binary_crossentropy\noptimizer: Adam\ntrain: {epochs: 2}\n"
    )
    (tmp_path / "long.yaml").write_text(text, encoding="utf-8")
    assert run_dlcli("train", "long.yaml", "--name", "long", "-q", cwd=tmp_path).code == 0
    assert run_dlcli("report", "long", "-o", "long.html", cwd=tmp_path).code == 0
    assert probed_page(tmp_path, "long", 500)["width"] <= 500


def test_a_script_that_is_not_of_the_page_would_be_refused(folder: Path) -> None:
    content = (folder / "digits.html").read_text(encoding="utf-8")
    (folder / "changed.html").write_text(content.replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    with pytest.raises(AssertionError, match="Executing inline script violates"):
        in_browser(f"file://{folder}/changed.html")


@pytest.fixture
def board(folder: Path) -> Iterator[SimpleNamespace]:
    """The board over these runs."""
    program = [sys.executable, "-m", "dlcli", "board", "runs", "--json", "--time-limit", "2m"]
    with subprocess.Popen(program, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield SimpleNamespace(**json.loads(process.stdout.readline()))
        process.terminate()


def test_the_board_shows_its_runs_and_their_curves(board: SimpleNamespace) -> None:
    drawn = in_browser(board.address)
    assert all(f'<a href="/run/{name}" title="{name}">{name}</a>' in drawn for name in RUNS)
    assert "4 of 4 runs, 0 training" in drawn
    assert drawn.count('class="uplot') >= 2
