from __future__ import annotations

import io
import math
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest
from PIL import Image

from dlcli.view.drawing import plot_png
from dlcli.view.drawing.picture import loss_curve

DEJAVU = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"

LOSSES = {"train": [2.0, 1.0, 0.5], "validation": [2.1, 1.2, 1.3]}


def test_svg_and_png_of_the_stated_size():
    svg, png = loss_curve(LOSSES, title="digits", best_epoch=2)
    root = ElementTree.fromstring(svg)
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("700", "420", "0 0 1050 630")
    picture = Image.open(io.BytesIO(png))
    assert (picture.format, picture.size) == ("PNG", (1050, 630))
    assert picture.convert("RGB").getpixel((3, 3)) == (255, 255, 255)


def words(svg):
    """All text of an SVG, which is text and no shapes."""
    return [each.text for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def lines(svg, colour):
    """The points of each line of a colour."""
    return [
        [tuple(map(float, pair.split(","))) for pair in each.get("points").split()]
        for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}polyline")
        if each.get("stroke") == colour
    ]


def test_text_is_text_and_korean_names_are_readable_in_both():
    svg, png = loss_curve({"훈련": [2.0, 1.0]}, title="학생 <1> & co", best_epoch=2)
    assert "학생 <1> & co" in words(svg)
    assert "훈련" in words(svg)
    other = loss_curve({"훈련": [2.0, 1.0]}, title="?? <1> & co", best_epoch=2)[1]
    assert (png != other) is any(plot_png.font_of(path, 28.0) for path in plot_png.korean_fonts())


def test_a_letter_that_no_font_has_is_a_question_mark(monkeypatch):
    monkeypatch.setattr(plot_png, "korean_fonts", lambda: ())
    marks = loss_curve(LOSSES, title="??", best_epoch=2)[1]
    assert loss_curve(LOSSES, title="학생", best_epoch=2)[1] == marks
    assert loss_curve(LOSSES, title="ab", best_epoch=2)[1] != marks


def test_a_font_of_the_system_is_taken_where_it_has_the_letters(tmp_path, monkeypatch):
    """A font of no use comes before the right one, and one that is no font before that."""
    (tmp_path / "NotoSansCJK-Regular-of-nobody.ttc").write_bytes(b"no font")
    (tmp_path / "NanumGothic.ttf").symlink_to(DEJAVU)
    monkeypatch.setattr(plot_png, "FOLDERS", {})
    monkeypatch.setattr(plot_png, "ELSEWHERE", (str(tmp_path), str(tmp_path / "absent")))
    plot_png.korean_fonts.cache_clear()
    try:
        assert [Path(each).name for each in plot_png.korean_fonts()] == [
            "NotoSansCJK-Regular-of-nobody.ttc",
            "NanumGothic.ttf",
        ]
        assert plot_png.font_for("א", 28.0).getname()[0] == "DejaVu Sans"
        assert plot_png.font_for("ab", 28.0) is plot_png.own_font(28.0)
        assert plot_png.font_for("학", 28.0) is plot_png.own_font(28.0)
    finally:
        plot_png.korean_fonts.cache_clear()


@pytest.mark.parametrize("best", [1, 3])
def test_the_best_epoch_is_marked(best):
    svg = loss_curve(LOSSES, title="t", best_epoch=best)[0]
    assert f"best epoch: {best}" in words(svg)
    x = lines(svg, "#0072b2")[0][best - 1][0]
    assert [(x, 92.0), (x, 548.0)] in lines(svg, "#666666")
    centres = [each.get("cx") for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}circle")]
    assert centres == [f"{x:.1f}"] * 2
    assert not any("best" in word for word in words(loss_curve(LOSSES, title="t", best_epoch=None)[0]))


def test_points_lie_where_the_axes_say():
    """The labels of the axes are read back, and the points of the curve by them."""
    svg = loss_curve({"train": [0.5, 1.75, 1.0]}, title="t", best_epoch=None)[0]
    texts = list(ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))
    ys = {float(each.text): float(each.get("y")) - 21 * 0.35 for each in texts if each.get("text-anchor") == "end"}
    low, high = min(ys), max(ys)
    read = [low + (ys[low] - y) / (ys[low] - ys[high]) * (high - low) for _, y in lines(svg, "#0072b2")[0]]
    assert read == pytest.approx([0.5, 1.75, 1.0], abs=0.005)
    assert len(ys) >= 3


def test_losses_over_two_decades_have_a_logarithmic_axis():
    svg = loss_curve({"train": [10.0, 1.0, 0.1]}, title="t", best_epoch=None)[0]
    assert {"10", "1", "0.1"} <= set(words(svg))
    first, second, third = (y for _, y in lines(svg, "#0072b2")[0])
    assert second - first == pytest.approx(third - second, abs=0.11)
    even = loss_curve({"train": [9.9, 1.0, 0.1]}, title="t", best_epoch=None)[0]
    first, second, third = (y for _, y in lines(even, "#0072b2")[0])
    assert second - first > 5 * (third - second)


@pytest.mark.parametrize(
    ("epochs", "labels"), [(1, ["1"]), (3, ["1", "2", "3"]), (30, ["1", "5", "10", "15", "20", "25", "30"])]
)
def test_epochs_have_whole_numbers(epochs, labels):
    svg = loss_curve({"train": [1.0 + each for each in range(epochs)]}, title="t", best_epoch=None)[0]
    texts = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    assert [each.text for each in texts if each.get("y") == "578.0"] == labels


def test_a_gap_parts_the_line_and_a_point_alone_is_a_dot():
    svg = loss_curve({"train": [1.0, 2.0, math.nan, 3.0, math.inf, 2.0, 1.0]}, title="t", best_epoch=None)[0]
    assert [len(each) for each in lines(svg, "#0072b2")] == [2, 2, 2]  # the last is the sample of the legend
    assert svg.count(b"<circle") == 1


def test_the_lines_of_the_picture_have_their_colours():
    png = Image.open(io.BytesIO(loss_curve(LOSSES, title="t", best_epoch=None)[1])).convert("RGB")
    colours = {colour for _, colour in png.getcolors(100_000)}
    assert {(0, 114, 178), (213, 94, 0)} <= colours


def test_the_same_curves_give_the_same_bytes_in_another_process():
    program = (
        "import hashlib; from dlcli.view.drawing.picture import loss_curve;"
        f"print([hashlib.sha256(b).hexdigest() for b in loss_curve({LOSSES!r}, title='digits', best_epoch=2)])"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout for _ in "ab"
    )
    assert first == second
    assert loss_curve(LOSSES, title="digits", best_epoch=2) != loss_curve(LOSSES, title="digits", best_epoch=3)


@pytest.mark.parametrize("title", ["", "숫자", "$x_", "😀 \ud800", "[/b]", "a\nb\x1b", "x" * 300])
def test_every_title_is_drawn_without_a_warning(title):
    assert len(loss_curve(LOSSES, title=title, best_epoch=None)) == 2


@pytest.mark.parametrize(
    "series",
    [
        {}, {"a": []}, {"a": [1.0]}, {"a": [math.nan, math.inf]}, {"a": [1e-30, 1e30]}, {"a": [1e307, 1.7e308, -1.0]},
        {"a": [5e-324] * 3}, {"a": [0.0, 0.0]}, {"_a": [1.0], "$_": [2.0], "정확도": [3.0]},
    ],
)  # fmt: skip
def test_every_series_is_drawn_without_a_warning(series):
    assert len(loss_curve(series, title="t", best_epoch=1)) == 2


def test_matplotlib_stays_out():
    program = (
        "import sys; from dlcli.view.drawing.picture import loss_curve; before = 'PIL' in sys.modules;"
        "loss_curve({'a': [1.0, 2.0]}, title='t', best_epoch=None); print(before, 'matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


@pytest.mark.parametrize(("letters", "cut"), [(60, False), (61, True)])
def test_a_title_of_more_than_sixty_letters_is_cut(letters, cut):
    whole = loss_curve(LOSSES, title="n" * letters, best_epoch=None)[0]
    assert (whole == loss_curve(LOSSES, title="n" * 59 + "…", best_epoch=None)[0]) is cut


def test_a_value_too_large_to_be_drawn_leaves_a_gap():
    assert loss_curve({"a": [1.0, 1.05e250]}, title="t", best_epoch=None) == loss_curve(
        {"a": [1.0, math.nan]}, title="t", best_epoch=None
    )
    assert loss_curve({"a": [1.0, 0.95e250]}, title="t", best_epoch=None) != loss_curve(
        {"a": [1.0, math.nan]}, title="t", best_epoch=None
    )
