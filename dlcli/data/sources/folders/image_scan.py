"""The scan of image files before training: what all their headers say."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from dlcli.data.sources.folders.image_files import Header, image_header, prepare_pillow
from dlcli.data.sources.folders.image_pixels import decoded_image
from dlcli.data.sources.folders.listing import Unreadable
from dlcli.data.sources.folders.parallel import in_parallel

if TYPE_CHECKING:
    import numpy as np

REMARKS = {
    "cmyk": "CMYK, turned into RGB",
    "deep": "more than 8 bits a pixel, scaled to 8",
    "frames": "several frames, of which the first is taken",
    "misnamed": "content of another format than the name says",
    "transparent": "transparency, which is left out, so that what it hides is seen; write channels: 4 to keep it",
}


@dataclass
class Scan:
    """The headers of all images that can be read, and by row what is wrong with the others.

    `sizes` (images that can be read, 2) are heights and widths as they are seen.
    """

    sizes: np.ndarray[Any, Any]
    grey: bool = True
    faults: dict[int, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    seen_through: list[str] = field(default_factory=list)
    """The first files whose headers speak of transparency."""

    def look_through(self) -> None:
        """Counts of such files those alone of which anything is seen through, where few enough have to be decoded for it."""
        if self.counts.get("transparent", 0) > len(self.seen_through):
            return
        found = [
            file
            for file, hides in zip(self.seen_through, in_parallel(hides_any, self.seen_through), strict=True)
            if hides
        ]
        self.counts.pop("transparent", None)
        if found:
            self.counts["transparent"], self.first["transparent"] = len(found), os.path.basename(found[0])  # noqa: PTH119

    def notes(self, channels: int) -> list[str]:
        """What is left out or changed about images when they are read as so many channels."""
        return [
            f"{pictures(count)} ({self.first[remark]}{', …' if count > 1 else ''}): {REMARKS[remark]}"
            for remark, count in sorted(self.counts.items())
            if remark != "transparent" or channels != 4
        ]


def scan_images(files: Sequence[str], *, full: bool) -> Scan:
    """Looks at the header of every file, and decodes it if `full`."""
    import numpy as np

    prepare_pillow()
    sizes = np.empty((len(files), 2), np.int32)
    found, good = Scan(sizes), 0
    for row, seen in enumerate(in_parallel(partial(looked_at, full=full), files)):
        if isinstance(seen, str):
            found.faults[row] = seen
            continue
        sizes[good] = seen.height, seen.width
        good += 1
        found.grey &= seen.grey
        for remark in seen.remarks:
            found.counts[remark] = found.counts.get(remark, 0) + 1
            found.first.setdefault(remark, os.path.basename(files[row]))  # noqa: PTH119 (seldom)
        if "transparent" in seen.remarks and len(found.seen_through) < LOOKED_THROUGH:
            found.seen_through.append(files[row])
    found.sizes = sizes[:good]
    return found


LOOKED_THROUGH = 500  # unseen: time alone
"""So many files are decoded to see whether anything is seen through."""


def hides_any(file: str) -> bool:
    """Whether a picture is transparent anywhere; one that cannot be decoded is not."""
    try:
        return bool((decoded_image(file, None, 4)[..., 3] < 255).any())
    except Unreadable:
        return False


def looked_at(file: str, *, full: bool) -> Header | str:
    """The header of a file, or what is wrong with it."""
    try:
        seen = image_header(file)
        if full:
            decoded_image(file, None, 3)
    except Unreadable as error:
        return str(error)
    return seen


def pictures(count: int) -> str:
    """`1 picture`, `2 pictures`."""
    return "1 picture" if count == 1 else f"{count} pictures"
