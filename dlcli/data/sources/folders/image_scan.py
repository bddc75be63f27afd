"""The scan of image files before training: what all their headers say."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from dlcli.data.sources.folders.image_files import DEPTHS, Header, image_header, prepare_pillow
from dlcli.data.sources.folders.image_pixels import decoded_image
from dlcli.data.sources.folders.listing import Unreadable
from dlcli.data.sources.folders.parallel import in_parallel

if TYPE_CHECKING:
    import numpy as np

REMARKS = {
    "cmyk": "CMYK, turned into RGB",
    "deep": "16 bits a colour, of which 8 are read",
    "mixed": "fewer bits a pixel than others; all values are taken as they are written",
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
    coloured: int = 0
    """How many are stored in colours, be they grey or not."""
    depths: dict[str, int] = field(default_factory=dict)
    """How many images have pixels of each type."""
    first_of_depth: dict[str, str] = field(default_factory=dict)
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

    @property
    def depth(self) -> str:
        """The type that holds the pixels of all images."""
        return max(self.depths, key=DEPTHS.index, default=DEPTHS[0])

    def resized(self, size: tuple[int, int]) -> list[str]:
        """A note of how many images have another size (height, width) than all are brought to."""
        import numpy as np

        others = self.sizes[(self.sizes != np.array(size)).any(axis=1)]
        if not len(others):
            return []
        sizes, counts = np.unique(others, axis=0, return_counts=True)
        order = np.argsort(-counts, kind="stable")[:MOST_SIZES]
        shown = ", ".join(f"{sizes[each][0]}×{sizes[each][1]} ({counts[each]})" for each in order)
        more = ", …" if len(sizes) > MOST_SIZES else ""
        to = f"{size[0]}×{size[1]}"
        return [f"{pictures(len(others))} of another size (height×width), resized to {to}: {shown}{more}"]

    def notes(self, channels: int) -> list[str]:
        """What is left out or changed about images when they are read as so many channels."""
        counts = {remark: count for remark, count in self.counts.items() if remark != "transparent" or channels != 4}
        first = dict(self.first)
        fewer = [depth for depth in self.depths if depth != self.depth]
        if fewer:
            counts["mixed"], first["mixed"] = sum(self.depths[each] for each in fewer), self.first_of_depth[fewer[0]]
        grey = [f"{pictures(self.coloured)} stored in colours, read as grey"] if channels == 1 and self.coloured else []
        return grey + [
            f"{pictures(count)} ({first[remark]}{', …' if count > 1 else ''}): {REMARKS[remark]}"
            for remark, count in sorted(counts.items())
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
        found.coloured += not seen.grey
        found.depths[seen.depth] = found.depths.get(seen.depth, 0) + 1
        found.first_of_depth.setdefault(seen.depth, os.path.basename(files[row]))  # noqa: PTH119 (seldom)
        for remark in seen.remarks:
            found.counts[remark] = found.counts.get(remark, 0) + 1
            found.first.setdefault(remark, os.path.basename(files[row]))  # noqa: PTH119 (seldom)
        if "transparent" in seen.remarks and len(found.seen_through) < LOOKED_THROUGH:
            found.seen_through.append(files[row])
    found.sizes = sizes[:good]
    return found


MOST_SIZES = 5
"""So many sizes are told each."""
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
