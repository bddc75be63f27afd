"""What was looked at as files: PNG for what is made of pixels, SVG and PNG for points and bars."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from dlcli.errors import ConflictError
from dlcli.runs.atomic import OUTPUT, refusals, write_output
from dlcli.view.drawing.plot_png import png_of
from dlcli.view.drawing.plot_svg import svg_of
from dlcli.view.drawing.scatter import bar_shapes, scatter_shapes
from dlcli.view.drawing.sheet import heated, sheet_png, stretched
from dlcli.view.drawn_look import as_numbers, plane_letters
from dlcli.view.look import Attribution, Counted, Look, Plane, Tiles

BAND = 8
"""Rows of pixels of a band over time."""


def write_pictures(look: Look, planes: list[Plane], folder: Path) -> dict[str, str]:
    """Writes all that was looked at into a folder, and gives what it is with the name of the file.

    Raises `ResourceError` where that cannot be written.
    """
    check_picture_folder(folder)
    written = {}
    with refusals(folder, elsewhere=OUTPUT):
        folder.mkdir(parents=True, exist_ok=True)
    for name, about, content in pictures_of(look, planes):
        write_output(folder / name, content)
        written[about] = str(folder / name)
    return written


def check_picture_folder(folder: Path) -> None:
    """Raises `ConflictError` for a folder that is a run, and `ResourceError` for a file in its place."""
    if (folder / "run.json").exists():
        raise ConflictError(f"{folder} is a run", file=folder, hint="choose another folder", kind="file_exists")
    with refusals(folder, elsewhere=OUTPUT):
        if folder.exists() and not folder.is_dir():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))


def pictures_of(look: Look, planes: list[Plane]) -> Iterator[tuple[str, str, bytes]]:
    """Each picture with the name of its file and what it shows."""
    for tiles, word in ((look.filters, "filters"), (look.activations, "activations")):
        if tiles is not None:
            yield from tile_pictures(tiles, word)
    for plane in planes:
        letters, legend = plane_letters(plane)
        title = f"{plane.layer}: {plane.explained[0]:.0%} and {plane.explained[1]:.0%} of the variance"
        shapes = [*scatter_shapes(plane.points, letters, legend, title=title)]
        yield f"plane-{file_name(plane.layer)}.svg", f"plane of {plane.layer}", svg_of(shapes)
        yield f"plane-{file_name(plane.layer)}.png", f"plane of {plane.layer} in pixels", png_of(shapes)
    if look.counted is not None:
        for each in look.counted.inputs:
            yield from counted_pictures(look.counted, each)


def tile_pictures(tiles: Tiles, word: str) -> Iterator[tuple[str, str, bytes]]:
    """Pictures beside each other, curves as the rows of one picture, numbers as bars; words have none."""
    import numpy as np

    name, about = f"{word}-{file_name(tiles.layer)}", f"{word} of {tiles.layer}"
    if tiles.form == "pictures":
        yield f"{name}.png", about, sheet_png(tiles.arrays, tiles.names)
    elif tiles.form == "curves":
        rows = np.stack([each.reshape(-1) for each in tiles.arrays])
        yield f"{name}.png", f"{about}, a row each", sheet_png([rows], [about])
    elif tiles.form == "bars":
        shapes = [*bar_shapes(tiles.names, tiles.values, title=about)]
        yield f"{name}.svg", about, svg_of(shapes)
        yield f"{name}.png", f"{about} in pixels", png_of(shapes)


def counted_pictures(counted: Counted, each: Attribution) -> Iterator[tuple[str, str, bytes]]:
    """A picture with what counted in it, or bars."""
    word = "grad-cam" if counted.method == "grad_cam" else "gradient-times-input"
    name, about = f"{word}-{file_name(each.input)}", f"what counted in {each.input}"
    if each.kind == "image":
        heat = stretched(as_numbers(each.values), *each.picture.shape[:2])
        tiles = [each.picture, heat * 255, heated(each.picture, heat)]
        yield f"{name}.png", about, sheet_png(tiles, ["picture", "counted", "both"])
        return
    if each.kind == "series":
        band = as_numbers([each.values] * BAND)
        yield f"{name}.png", about, sheet_png([band], [counted.answer])
        return
    shapes = [*bar_shapes(each.names, each.values, title=f"{about} for {counted.answer}")]
    yield f"{name}.svg", about, svg_of(shapes)
    yield f"{name}.png", f"{about} in pixels", png_of(shapes)


def file_name(name: str) -> str:
    """A name as part of that of a file."""
    return re.sub(r"[^\w.-]", "-", name)
