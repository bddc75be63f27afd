from __future__ import annotations

import math
import subprocess
import sys

import pytest

from dlcli.view.drawing.picture import loss_curve

LOSSES = {"train": [2.0, 1.0, 0.5], "validation": [2.1, 1.2, 1.3]}


def test_svg_and_png_of_the_stated_size():
    svg, png = loss_curve(LOSSES, title="digits", best_epoch=2)
    assert svg.startswith(b"<?xml")
    assert b"<dc:date>" not in svg
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (1050, 630)


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


def test_pyplot_stays_out():
    program = (
        "import sys; from dlcli.view.drawing.picture import loss_curve; before = 'matplotlib' in sys.modules;"
        "loss_curve({'a': [1.0, 2.0]}, title='t', best_epoch=None); print(before, 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_the_frame_leaves_room_for_numbers_and_words_and_hardly_more():
    """An SVG is 504 x 302.4 points; the first closed path with a white ground inside is the frame of the axes."""
    import re

    svg = loss_curve(LOSSES, title="digits", best_epoch=None)[0].decode()
    frame = re.search(r'id="patch_2">\s*<path d="([^"]+)"', svg)
    assert frame is not None
    numbers = [float(each) for each in re.findall(r"[\d.]+", frame[1])]
    xs, ys = sorted(set(numbers[0::2])), sorted(set(numbers[1::2]))
    assert xs == pytest.approx([0.155 * 504, 0.97 * 504], abs=0.01)
    assert ys == pytest.approx([(1 - 0.92) * 302.4, (1 - 0.13) * 302.4], abs=0.01)


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
