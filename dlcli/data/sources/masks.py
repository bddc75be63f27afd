"""Masks: pictures whose pixels are classes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data.lazy import Lazy
from dlcli.data.sources.image_files import said, threads
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

MOST_CLASSES = 256


class Masks(Lazy):
    """The class of every pixel: (samples, height, width) in 8 bits; `values` are the pixels that mean class 0, 1, …"""

    def __init__(self, files: Sequence[str], size: tuple[int, int]) -> None:
        super().__init__((len(files), *size), "uint8")
        self.files, self.size = files, size
        self.values: list[int] | None = None

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        found = np.empty((len(rows), *self.size), np.uint8)
        table = np.zeros(256, np.uint8)
        if self.values is not None:
            table[self.values] = np.arange(len(self.values))

        def read(position: int) -> None:
            pixels = decoded_mask(self.files[rows[position]], self.size)
            found[position] = pixels if self.values is None else table[pixels]

        with ThreadPoolExecutor(threads(), "decode") as pool:
            for _ in pool.map(read, range(len(rows))):
                pass
        return found

    def check_sizes(self, sizes: Sequence[tuple[int, int]], pictures: Sequence[str]) -> None:
        """Refuses a mask of another size than its picture."""
        import PIL.Image

        for file, size, picture in zip(self.files, sizes, pictures, strict=True):
            with PIL.Image.open(file) as mask:
                own = (mask.height, mask.width)
            if own != size:
                held = f"{own[0]}×{own[1]} pixels, its picture {Path(picture).name} {size[0]}×{size[1]}"
                raise DataError(f"the mask has {held}", file=file, hint="write images: {…, size: [height, width]}")

    def learn_values(self) -> tuple[list[str], list[str]]:
        """The names of the classes, and notes; looks at all masks. Two values such as 0 and 255 become 0 and 1."""
        import numpy as np

        def different(file: str) -> set[int]:
            return set(np.unique(decoded_mask(file, None)).tolist())

        with ThreadPoolExecutor(threads(), "scan") as pool:
            found = sorted(set().union(*pool.map(different, self.files)))
        if len(found) < 2:
            raise DataError(
                f"all pixels of all masks are {found[0]}: there is nothing to tell apart",
                file=Path(self.files[0]).parent,
            )
        if found == list(range(len(found))):
            return [str(value) for value in found], []
        if len(found) > 2 and found[-1] < 2 * len(found):
            # Some classes simply do not occur.
            return [str(value) for value in range(found[-1] + 1)], []
        self.values = found
        shown = ", ".join(f"{value} means {index}" for index, value in enumerate(found[:6]))
        return [str(index) for index in range(len(found))], [f"pixels of the masks: {shown}"]


def decoded_mask(file: str, size: tuple[int, int] | None) -> np.ndarray[Any, Any]:
    """The pixels of a mask (height, width); of a palette the index. No value is made up when it is brought to a size."""
    import numpy as np
    import PIL.Image

    try:
        with PIL.Image.open(file) as mask:
            plain = mask if mask.mode in {"P", "L"} else mask.convert("L")
            if size is not None and plain.size != (size[1], size[0]):
                plain = plain.resize((size[1], size[0]), PIL.Image.Resampling.NEAREST)
            return np.asarray(plain, np.uint8)
    except Exception as error:
        raise DataError(f"the mask cannot be read: {said(error)}", file=file) from None
