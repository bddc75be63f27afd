"""Pictures of curves for files, as SVG and PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

CJK = ("Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo", "UnDotum", "Droid Sans Fallback")


def loss_curve(series: Mapping[str, Sequence[float]], *, title: str, label: str, best_epoch: int | None) -> tuple[bytes, bytes]:
    """The curves over the epochs, from 1, as (SVG, PNG); equal curves give equal bytes."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with matplotlib.rc_context({"svg.hashsalt": "dlcli", "font.size": 11, "axes.unicode_minus": False}):
        figure = Figure(figsize=(7.2, 4.2), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        for position, (name, values) in enumerate(series.items()):
            epochs = range(1, len(values) + 1)
            marker = "o" if len(values) < 2 else None
            axes.plot(epochs, values, label=name, linestyle="-" if position == 0 else "--", marker=marker, linewidth=1.8)
        if best_epoch is not None:
            axes.axvline(best_epoch, color="0.6", linestyle=":", linewidth=1.2, label=f"best epoch {best_epoch}")
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(*drawable(title))
        axes.legend(frameon=False)
        return saved(figure, "svg"), saved(figure, "png")


def saved(figure: Any, form: str) -> bytes:
    """The bytes of a figure, without the time they were made."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=form, dpi=144, metadata={"Date": None} if form == "svg" else {"Software": None})
    return buffer.getvalue()


def drawable(title: str) -> tuple[str, dict[str, str]]:
    """The title and a font that has its letters; without one, letters that cannot be drawn become question marks."""
    from matplotlib import font_manager

    if all(ord(each) < 0x0250 for each in title):
        return title, {}
    installed = {font.name for font in font_manager.fontManager.ttflist}
    family = next((name for name in CJK if name in installed), None)
    if family is not None:
        return title, {"fontfamily": family}
    return "".join(each if ord(each) < 0x0250 else "?" for each in title), {}
