from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from dlcli.view.drawing.halfblocks import brightness, gallery, halfblocks, shrunk


def rendered(text: Text, *, color_system: str | None = "truecolor") -> str:
    console = Console(file=io.StringIO(), width=60, force_terminal=True, color_system=color_system, markup=False)
    with console.capture() as capture:
        console.print(text)
    return capture.get()


def test_two_pixels_share_a_cell_upper_as_letter_lower_as_ground():
    image = np.array([[[255, 0, 0]], [[0, 0, 255]]], dtype=np.uint8)

    assert rendered(halfblocks(image, width=10)) == "\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[0m\n"


def test_a_last_odd_line_has_no_ground():
    image = np.full((1, 1, 3), 200, dtype=np.uint8)

    assert rendered(halfblocks(image, width=10)) == "\x1b[38;2;200;200;200m▀\x1b[0m\n"


def test_without_unicode_or_colour_shades_are_twice_as_wide():
    image = np.array([[0, 255], [255, 0]], dtype=np.uint8)

    assert halfblocks(image, width=10, unicode=False).plain == "  @@\n@@  "
    assert halfblocks(image, width=10, colour=False).plain == "  @@\n@@  "


def test_values_are_stretched_unless_they_look_like_bytes():
    assert brightness(np.array([0.0, 8.0, 16.0])).tolist() == [0.0, 127.5, 255.0]
    assert brightness(np.array([-1.0, 1.0])).tolist() == [0.0, 255.0]
    assert brightness(np.array([0.0, 100.0])).tolist() == [0.0, 100.0]
    assert brightness(np.array([0.0, 256.0])).tolist() == [0.0, 255.0]


def test_constant_images_are_black_or_white():
    assert brightness(np.zeros((2, 2))).max() == 0.0
    assert brightness(np.ones((2, 2))).min() == 255.0


def test_what_is_not_finite_is_drawn_without_a_warning():
    values = np.array([np.nan, 0.0, 1.0, np.inf, -np.inf, np.nan])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert brightness(values).tolist() == [0.0, 0.0, 255.0, 255.0, 0.0, 0.0]
        assert brightness(np.array([np.nan])).tolist() == [0.0]
        assert brightness(np.array([-1.7e308, 1.7e308])).tolist() == [0.0, 255.0]


def test_shrinking_is_the_mean_over_areas():
    pixels = np.arange(16.0).reshape(4, 4, 1)

    assert shrunk(pixels, 2, 2)[..., 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    thirds = shrunk(np.array([[[0.0], [3.0], [6.0]]]), 1, 2)[0, :, 0]
    np.testing.assert_allclose(thirds, [1.0, 5.0])


def test_alpha_shows_black_below():
    image = np.array([[[200, 100, 50, 0], [200, 100, 50, 255]]], dtype=np.uint8)

    assert "38;2;0;0;0m" in rendered(halfblocks(image, width=10))
    assert "38;2;200;100;50m" in rendered(halfblocks(image, width=10))


@pytest.mark.parametrize("shape", [(5,), (2, 2, 2), (2, 2, 5), (2, 2, 3, 1)])
def test_another_shape_is_refused_by_name(shape):
    with pytest.raises(ValueError, match="an image has the shape") as refused:
        halfblocks(np.zeros(shape), width=10)
    assert str(refused.value).endswith(f"not {shape}")


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 1), (3, 5, 3), (3, 5, 4)])
def test_every_numeric_kind_keeps_its_pixels_when_small(dtype, shape):
    lines = halfblocks(np.ones(shape, dtype=dtype), width=20).plain.split("\n")

    assert lines == ["▀" * 5] * 2


@pytest.mark.parametrize(("height", "width"), [(500, 3), (3, 500), (300, 300), (1, 1), (61, 61)])
@pytest.mark.parametrize("unicode", [True, False])
def test_large_images_keep_within_width_and_height(height, width, unicode):
    lines = halfblocks(np.eye(height, width), width=30, unicode=unicode).plain.split("\n")

    assert max(map(len, lines)) <= 30
    assert len(lines) <= 30


def test_an_empty_image_is_an_empty_text():
    assert halfblocks(np.zeros((0, 4)), width=10).plain == ""


def test_a_gallery_wraps_and_keeps_wide_captions_aligned():
    images = [(f"숫자 {k} [/b]", np.eye(8)) for k in range(7)]

    text = gallery(images, width=60, unicode=True, colour=True)
    lines = text.plain.split("\n")

    assert [cell_len(line) for line in lines] == [4 * 11 + 3 * 2] * 5 + [0] + [3 * 11 + 2 * 2] * 5
    assert text.plain.count("[/b]") == 7
    assert sum("숫자" in line for line in lines) == 2
    assert rendered(text).count("[/b]") == 7


@pytest.mark.parametrize("width", [20, 60, 80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_a_gallery_never_exceeds_its_width(width, unicode):
    images = [("a caption that is far longer than its tile\nwith a line end", np.eye(28)) for _ in range(5)]

    text = gallery(images, width=width, unicode=unicode, colour=unicode)

    assert max(cell_len(line) for line in text.plain.split("\n")) <= width
    assert text.plain.isascii() is not unicode


@pytest.mark.parametrize(("width", "wide"), [(60, 18), (52, 16), (50, 16), (53, 16), (55, 17), (10, 10)])
def test_three_tiles_of_at_least_sixteen_cells_stand_beside_each_other(width: int, wide: int) -> None:
    image = np.zeros((100, 100), dtype=np.uint8)
    text = gallery([("a", image)] * 3, width=width, unicode=True, colour=True).plain
    lines = text.splitlines()
    beside = 3 if 3 * wide + 4 <= width else 2 if 2 * wide + 2 <= width else 1
    assert len(lines[1]) == beside * wide + (beside - 1) * 2


@pytest.mark.parametrize(("opaque", "shown"), [(1.0, 200), (255.0, 200)])
def test_what_is_opaque_is_1_in_fractions_and_255_in_bytes(opaque: float, shown: int) -> None:
    image = np.array([[[200, 200, 200, opaque], [0, 0, 0, opaque]]])
    assert f"38;2;{shown};{shown};{shown}" in rendered(halfblocks(image, width=10))
