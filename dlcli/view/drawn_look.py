"""A look at the layers of a run, drawn in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from dlcli.view.console.console import printable, supports_unicode
from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.labelled import line, line_width, whole_lines
from dlcli.view.console.shapes import shape
from dlcli.view.console.table import Column, Table, number_column, text_column
from dlcli.view.console.tables import number
from dlcli.view.console.wrapping import cut, wrapped
from dlcli.view.drawing.curve import curve
from dlcli.view.drawing.halfblocks import gallery
from dlcli.view.drawing.scatter import class_letters, scatter, tenth_letters
from dlcli.view.drawing.sheet import heated, stretched
from dlcli.view.drawing.sparkline import signed_bar, sparkline
from dlcli.view.look import Attribution, Counted, InputShown, LayerLooked, Look, Plane, SampleLooked, Tiles
from dlcli.view.samples import WIDEST, draw_samples

MOST_PICTURES, MOST_CURVES, MOST_LINES, MOST_BARS = 12, 4, 8, 12
PLANE_HEIGHT = 18
CURVE_HEIGHT = 10


def draw_look(console: Console, look: Look) -> None:
    """The sample, the table of layers, and what was asked to be seen of one of them."""
    line(console, "run", f"{look.run}, {look.split}: {look.samples:,} samples")
    draw_sample(console, look.sample)
    console.print()
    write_table(console, looked_table(look.layers, has_numbers=look.classes is None and look.target is not None))
    if (about := about_layers(look)) is not None:
        words(console, about)
    for tiles in (look.filters, look.activations):
        if tiles is not None:
            draw_tiles(console, tiles)
    if look.plane is not None:
        draw_plane(console, look.plane)
    if look.counted is not None:
        draw_counted(console, look.counted)
    if look.written:
        console.print()
        folder = Path(next(iter(look.written.values()))).parent
        line(console, "written", f"{len(look.written)} pictures in {folder}")


def words(console: Console, text: str, *, style: str = "dim") -> None:
    """A sentence below a drawing."""
    whole_lines(console, Text("\n".join(wrapped(printable(text), line_width(console))), style=style))


def head(console: Console, text: str) -> None:
    """What is above a drawing."""
    console.print()
    words(console, text, style="bold")


def draw_sample(console: Console, sample: SampleLooked) -> None:
    """What is looked at, what it is and what the model says of it."""
    place = "" if sample.file is None else f", {Path(sample.file).name}" + (f":{sample.line}" if sample.line else "")
    said = "" if sample.probability is None else f" ({sample.probability:.1%})"
    line(console, "sample", f"{sample.sample} (row {sample.row}{place})")
    known = "" if sample.target is None else f"{as_words(sample.target)}, "
    line(console, "target", f"{known}the model says {as_words(sample.predicted)}{said}")
    drawn = [each for each in sample.inputs if each.kind != "columns"]
    if drawn:
        draw_samples(console, drawn)
    for each in sample.inputs:
        if each.kind == "columns":
            line(console, each.caption or "input", columns_words(each))


def columns_words(shown: InputShown) -> str:
    """The columns of a sample in one line."""
    pairs: Sequence[tuple[str, Any]] = shown.values
    told = ", ".join(f"{name} {as_words(value)}" for name, value in pairs[:MOST_BARS])
    return told + (f", … {len(pairs) - MOST_BARS} more" if len(pairs) > MOST_BARS else "")


def as_words(value: Any) -> str:
    """A value of a sample in words."""
    if isinstance(value, list):
        return ", ".join(map(as_words, value[:4])) + (", …" if len(value) > 4 else "")
    return number(value) if isinstance(value, int | float) else str(value) or "nothing"


def looked_table(layers: Sequence[LayerLooked], *, has_numbers: bool) -> Table:
    """A row for each call of a layer."""
    apart = "linear fit" if has_numbers else "classes apart"
    columns = [
        Column("layer"),
        Column("output", text=shape),
        *(number_column(name, str) for name in (apart, "in 2 dimensions", "strongest unit", "zeros")),
    ]
    rows: list[list[Any]] = []
    for each in layers:
        measure = each.linear_fit if has_numbers else each.nearest_own_mean
        told = "" if measure is None else f"{measure:.2f}" if has_numbers else f"{measure:.0%}"
        strongest = "" if each.strongest is None else f"{each.strongest} ({number(each.strongest_value)})"
        zeros = "" if each.zeros is None else f"{each.zeros:.0%}"
        explained = f"{sum(each.explained):.0%}" if each.explained else ""
        rows.append([each.layer, each.output_shape, told, explained, strongest, zeros])
    kept = [at for at in range(len(columns)) if at < 2 or any(row[at] for row in rows)]
    return Table([columns[at] for at in kept], [[row[at] for at in kept] for row in rows], least=min(3, len(kept)))


def about_layers(look: Look) -> str | None:
    """What the column of the target means; None without a target that layers are asked about."""
    if look.target is None or all(each.nearest_own_mean is each.linear_fit is None for each in look.layers):
        return None
    if look.classes is None:
        return f"linear fit: R² of a straight line from the outputs to '{look.target}', on samples that it was not fitted to"
    return f"classes apart: how many samples lie nearest to the mean of their own class of '{look.target}'"


def draw_tiles(console: Console, tiles: Tiles) -> None:
    """Filters or activations of a layer."""
    head(console, f"{tiles.layer}: {tiles.about}")
    if tiles.form == "pictures":
        draw_pictures(console, tiles)
    elif tiles.form == "curves" and tiles.about.startswith("filters"):
        draw_sparklines(console, tiles)
    elif tiles.form == "curves":
        draw_curves(console, tiles)
    elif tiles.form == "words":
        for name, near in list(zip(tiles.names, tiles.arrays, strict=True))[:MOST_BARS]:
            line(console, cut(name, 20), ", ".join(near))
    else:
        draw_bars(console, tiles.names, tiles.values)


def draw_pictures(console: Console, tiles: Tiles) -> None:
    """The first pictures, in one row or more."""
    unicode, coloured = supports_unicode(console.file), console.is_terminal and not console.no_color
    images = list(zip(tiles.names, tiles.arrays, strict=True))[:MOST_PICTURES]
    console.print(gallery(images, width=min(console.width, WIDEST), unicode=unicode, colour=coloured))
    more(console, len(tiles.arrays) - MOST_PICTURES)


def more(console: Console, count: int) -> None:
    """How many are not shown."""
    if count > 0:
        words(console, f"and {count} more; -o FOLDER writes them as a picture")


def draw_sparklines(console: Console, tiles: Tiles) -> None:
    """Filters over time as lines of letters, a channel behind the other."""
    unicode = supports_unicode(console.file)
    shown = list(zip(tiles.names, tiles.arrays, strict=True))[:MOST_LINES]
    least, greatest = min(float(each.min()) for _, each in shown), max(float(each.max()) for _, each in shown)
    gutter = max(len(name) for name, _ in shown)
    for name, filter_ in shown:
        room = max(4, (console.width - gutter - 4) // max(1, filter_.shape[-1]) - 2)
        drawn = [
            sparkline(filter_[:, at].tolist(), least=least, greatest=greatest, width=room, unicode=unicode)
            for at in range(filter_.shape[-1])
        ]
        whole_lines(console, Text(f"{name:>{gutter}}  " + "  ".join(drawn)))
    words(console, f"from {number(least)} (lowest) to {number(greatest)} (highest); a curve for each channel")
    more(console, len(tiles.arrays) - MOST_LINES)


def draw_curves(console: Console, tiles: Tiles) -> None:
    """What the strongest units put out over time."""
    shown = list(zip(tiles.names, tiles.arrays, strict=True))[:MOST_CURVES]
    series = {f"unit {name}": values.tolist() for name, values in shown}
    unicode, width = supports_unicode(console.file), min(console.width, WIDEST)
    console.print(curve(series, width=width, height=CURVE_HEIGHT, x_label="step", first=0, unicode=unicode))
    more(console, len(tiles.arrays) - MOST_CURVES)


def draw_bars(console: Console, names: Sequence[str], values: Sequence[float]) -> None:
    """A bar for each of the first names, with its value."""
    unicode, width = supports_unicode(console.file), min(console.width, WIDEST)
    shown = [(printable(name), value) for name, value in zip(names, values, strict=True)][:MOST_BARS]
    greatest = max((abs(value) for _, value in shown), default=0.0)
    figures = [number(value) for _, value in shown]
    rows = [[name, figure, value] for (name, value), figure in zip(shown, figures, strict=True)]
    gutter = (
        min(24, max([len("unit"), *(cell_len(name) for name, _ in shown)]))
        + max([len("value"), *map(len, figures)])
        + 6
    )
    room, signed = max(10, width - gutter), any(value < 0 for _, value in shown)

    def drawn(value: float) -> str:
        return signed_bar(value, greatest, room, signed=signed, unicode=unicode).rstrip()

    write_table(
        console, Table([text_column("unit"), number_column("value", str), Column("", text=drawn)], rows, keys=1)
    )
    if len(names) > MOST_BARS:
        words(console, f"and {len(names) - MOST_BARS} more")


def draw_plane(console: Console, plane: Plane) -> None:
    """Each sample as the letter of its class, or as the tenth in which its number lies."""
    first, second = plane.explained
    head(console, f"{plane.layer} in two dimensions: {first:.0%} and {second:.0%} of the variance")
    letters, legend = plane_letters(plane)
    console.print(scatter(plane.points, letters, width=min(console.width, WIDEST), height=PLANE_HEIGHT))
    if legend:
        words(console, "  ".join(name if letter == name else f"{letter} {name}" for letter, name in legend.items()))


def plane_letters(plane: Plane) -> tuple[list[str], dict[str, str]]:
    """The letter of each point, and what the letters stand for."""
    if not plane.values:
        return ["o"] * len(plane.points), {}
    if plane.classes is None:
        low, high = (min(plane.values), max(plane.values)) if plane.values else (0.0, 0.0)
        legend = {
            "0": f"the least tenth of {plane.target}, from {number(low)}",
            "9": f"the greatest, to {number(high)}",
        }
        return tenth_letters(plane.values), legend
    letters = class_letters(plane.classes)
    present = sorted({int(value) for value in plane.values})
    return [letters[int(each)] for each in plane.values], {letters[at]: plane.classes[at] for at in present}


def draw_counted(console: Console, counted: Counted) -> None:
    """What counted for an answer."""
    by = f"Grad-CAM at {counted.layer}" if counted.method == "grad_cam" else "gradient × input"
    head(console, f"what counted for {counted.target} {counted.answer}".rstrip() + f": {by}")
    for each in counted.inputs:
        if len(counted.inputs) > 1:
            words(console, each.input, style="bold")
        draw_attribution(console, each)


def draw_attribution(console: Console, each: Attribution) -> None:
    """What counted in one input."""
    unicode, coloured = supports_unicode(console.file), console.is_terminal and not console.no_color
    width = min(console.width, WIDEST)
    if each.kind == "image":
        heat = stretched(as_numbers(each.values), *each.picture.shape[:2])
        images = [("picture", each.picture), ("what counted", heat * 255)]
        images += [("both", heated(each.picture, heat))] if coloured else []
        console.print(gallery(images, width=width, unicode=unicode, colour=coloured))
    elif each.kind == "series":
        draw_band(console, each, width=width, unicode=unicode)
        words(console, f"over {len(each.values)} places; the greatest is {number(max(each.values))}")
    else:
        order = sorted(range(len(each.values)), key=lambda at: -abs(each.values[at]))
        shown_order = order if each.kind == "columns" else sorted(order[:MOST_BARS])
        draw_bars(console, [each.names[at] for at in shown_order], [each.values[at] for at in shown_order])


def draw_band(console: Console, each: Attribution, *, width: int, unicode: bool) -> None:
    """The series with what counted as a band below it, each place below its step."""
    indent = 0
    if each.picture is not None:
        shown = {f"channel {at}": each.picture[:, at].tolist() for at in range(min(2, each.picture.shape[1]))}
        drawn = curve(shown, width=width, height=CURVE_HEIGHT, x_label="step", first=0, unicode=unicode)
        indent = next(at for at, sign in enumerate(drawn.plain.splitlines()[1]) if sign in "┤│+|") + 1
        console.print(drawn)
    columns = width - indent
    places = [each.values[at * len(each.values) // columns] for at in range(columns)]
    least, greatest = min(0.0, *each.values), max(each.values)
    band = sparkline(places, least=least, greatest=greatest, width=columns, unicode=unicode)
    whole_lines(console, Text(" " * indent + band))


def as_numbers(values: Any) -> Any:
    """Lists as an array."""
    import numpy as np

    return np.asarray(values, np.float64)
