"""The loss curve drawn by a process of its own, which loads Matplotlib while the training starts.

As a program (`python -m dlcli.view.painter`) it is that process: a request as JSON comes in, a JSON line with the sizes of
the two pictures and then their bytes go out.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from dlcli.view.picture import loss_curve

PATIENCE = 120.0
"""Seconds after which the process ends by itself: a long training needs no one who waits."""
LONGEST_DRAWING = 60.0


class Painter:
    """Draws what `loss_curve` draws; where there is no process, or it has ended, here and now."""

    def __init__(self, process: subprocess.Popen[bytes] | None = None) -> None:
        self.process = process

    def loss_curve(
        self, series: Mapping[str, Sequence[float]], *, title: str, best_epoch: int | None
    ) -> tuple[bytes, bytes]:
        """The losses as SVG and PNG."""
        process, self.process = self.process, None
        if process is not None:
            request = json.dumps({"series": series, "title": title, "best_epoch": best_epoch})
            with suppress(OSError, ValueError, subprocess.SubprocessError):
                out, _ = process.communicate(request.encode(), LONGEST_DRAWING)
                head, _, pictures = out.partition(b"\n")
                svg, png = json.loads(head)
                if len(pictures) == svg + png:
                    return pictures[:svg], pictures[svg:]
        return loss_curve(series, title=title, best_epoch=best_epoch)


@contextmanager
def painter() -> Iterator[Painter]:
    """A painter who gets ready meanwhile, where TensorFlow has still to be loaded; nothing of him is left at the end."""
    if "tensorflow" in sys.modules:
        yield Painter()
        return
    command = [sys.executable, "-m", "dlcli.view.painter"]
    # A session of its own: Ctrl-C is meant for the training.
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield Painter(process)
    finally:
        process.kill()
        with suppress(OSError):
            process.communicate()


def main() -> None:
    """Answers one request."""
    loss_curve({"train": [1.0, 0.5]}, title="", best_epoch=1)  # loads all that a picture needs
    if not select.select([sys.stdin], [], [], PATIENCE)[0]:
        return
    request = sys.stdin.buffer.read()
    if request:
        pictures = loss_curve(**json.loads(request))
        sys.stdout.buffer.write(json.dumps([len(each) for each in pictures]).encode() + b"\n" + b"".join(pictures))


if __name__ == "__main__":
    main()
