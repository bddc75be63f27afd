"""The loss curve as a picture for files and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlcli.view.drawing.plot import shapes
from dlcli.view.drawing.plot_png import png_of
from dlcli.view.drawing.plot_svg import svg_of


def loss_curve(
    series: Mapping[str, Sequence[float]], *, title: str, best_epoch: int | None, phase_ends: Sequence[int] = ()
) -> tuple[bytes, bytes]:
    """The losses of each series over the epochs, from epoch 1 on, as (SVG, PNG of 1050 x 630 pixels).

    The best epoch is marked where there is one, and a line stands behind each of the epochs `phase_ends`. Values that are not
    finite leave a gap. The same arguments give the same bytes.
    """
    drawn = list(shapes(series, title=title, best_epoch=best_epoch, phase_ends=phase_ends))
    return svg_of(drawn), png_of(drawn)
