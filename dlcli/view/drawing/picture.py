"""The loss curve as a picture for files and pages."""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.view.drawing.curve import spans_decades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FONT = "DejaVu Sans"
KOREAN = ("CJK", "Noto Sans KR", "Nanum", "Malgun", "Gothic", "Source Han", "Unifont")
INCHES = (7.0, 4.2)
DOTS_PER_INCH = 150
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # Okabe and Ito: told apart by colour-blind eyes
STROKES = ("-", "--", "-.", ":")
MARGINS = {"left": 0.155, "right": 0.97, "bottom": 0.13, "top": 0.92}
LARGEST = 1e250  # a logarithmic axis is wider than its values by a twentieth at each end
LONGEST_TITLE = 60


def load_ahead() -> None:
    """Loads what draws pictures in a thread of its own: it takes longer than drawing, and a training leaves a processor free."""

    def load() -> None:
        import matplotlib.backends.backend_agg
        import matplotlib.backends.backend_svg
        import matplotlib.figure  # noqa: F401

    threading.Thread(target=load, daemon=True).start()  # unseen: how it ends


def loss_curve(
    series: Mapping[str, Sequence[float]], *, title: str, best_epoch: int | None, phase_ends: Sequence[int] = ()
) -> tuple[bytes, bytes]:
    """The losses of each series over the epochs, from epoch 1 on, as (SVG, PNG of 1050 x 630 pixels).

    The best epoch is marked where there is one, and a line stands behind each of the epochs `phase_ends`. Values that are not
    finite leave a gap. The same arguments give the same bytes. Characters that no installed font has are drawn as `?`.
    """
    import matplotlib
    from matplotlib.figure import Figure

    finite = {name: [float(v) if abs(v) < LARGEST else math.nan for v in values] for name, values in series.items()}
    words = "".join([title, *series])
    families = families_for(words)
    settings: dict[Any, Any] = {
        "font.family": families,
        "font.size": 11,
        "svg.hashsalt": "dlcli",
        "svg.fonttype": "path",
        "axes.unicode_minus": True,
    }
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=INCHES, dpi=DOTS_PER_INCH)
        figure.subplots_adjust(**MARGINS)  # a layout engine would draw everything twice to find them
        axes = figure.add_subplot()
        draw(axes, finite, title=title, best_epoch=best_epoch, drawable=drawable(families))
        for epoch in phase_ends:
            axes.axvline(epoch + 0.5, color="#999999", linewidth=0.8)
        return saved(figure, "svg", {"Date": None, "Creator": None}), saved(figure, "png", {"Software": None})


def saved(figure: Figure, form: str, metadata: dict[str, None]) -> bytes:
    """A figure as the bytes of a file."""
    file = io.BytesIO()
    figure.savefig(file, format=form, metadata=metadata)
    return file.getvalue()


def draw(
    axes: Axes, series: Mapping[str, Sequence[float]], *, title: str, best_epoch: int | None, drawable: set[int]
) -> None:
    """Lines, the mark of the best epoch, labels and legend."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

    names = []
    for position, (name, values) in enumerate(series.items()):
        colour, stroke = COLOURS[position % len(COLOURS)], STROKES[position % len(STROKES)]
        marker = "o" if sum(map(math.isfinite, values)) < 2 else ""
        axes.plot(range(1, len(values) + 1), values, stroke, color=colour, marker=marker, linewidth=1.8)
        names.append(name)
    if best_epoch is not None:
        axes.axvline(best_epoch, color="#666666", linestyle=":", linewidth=1.2)
        names.append(f"best epoch: {best_epoch}")
    longest = max([len(values) for values in series.values()] + [best_epoch or 1])
    axes.set_xlim(1 - 0.02 * longest, longest + 0.02 * longest) if longest > 1 else axes.set_xlim(0.5, 1.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if spans_decades([value for values in series.values() for value in values]):
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
    # Plain numbers: powers of ten would be set as formulas, which takes longer than all the rest.
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}"))
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    shown = title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"
    axes.set_title(within(shown, drawable), loc="left", fontsize=13, parse_math=False)
    if names:
        # A label that begins with `_` would be left out, one with `$` read as a formula: both are set afterwards.
        legend = axes.legend(axes.get_lines(), [str(at) for at in range(len(names))], frameon=False)
        for text, name in zip(legend.get_texts(), names, strict=True):
            text.set_parse_math(False)
            text.set_text(within(name, drawable))


def families_for(words: str) -> list[str]:
    """The families to draw `words` with: the usual one and, where it lacks characters, one that has most of them."""
    from matplotlib import font_manager

    missing = {ord(character) for character in words if character.isprintable()} - drawable([FONT])
    if not missing:
        return [FONT]
    names = {font.name for font in font_manager.fontManager.ttflist}
    known = sorted(name for name in names if any(part in name for part in KOREAN))
    best = max(known, key=lambda name: len(missing & drawable([name])), default=None)
    return [FONT, best] if best is not None and missing & drawable([best]) else [FONT]


def drawable(families: Sequence[str]) -> set[int]:
    """The characters, as numbers, for which one of the families has a drawing."""
    from matplotlib import font_manager

    found: set[int] = set()
    for family in families:
        path = font_manager.findfont(font_manager.FontProperties(family=[family]))
        found |= set(font_manager.get_font(path).get_charmap())
    return found


def within(text: str, drawable: set[int]) -> str:
    """`text` with `?` for each character that cannot be drawn."""
    return "".join(character if ord(character) in drawable else "?" for character in " ".join(text.split()))
