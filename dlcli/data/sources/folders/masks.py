"""Masks: images whose pixels are the classes of the pixels of other images."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.lazy import Lazy
from dlcli.data.sources.folders.image_files import DEEP, opened_image, prepare_pillow
from dlcli.data.sources.folders.listing import MOST_SHOWN, Listing, Unreadable
from dlcli.data.sources.folders.parallel import fill_in_parallel, in_parallel
from dlcli.data.sources.folders.walk import folder_at, of_folder
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

ONE_CHANNEL = frozenset({"1", "L", "P"})


def mask_files(images: Listing, folder: str, suffixes: Sequence[str]) -> Listing:
    """The mask of each image, which has the same name with an ending of its own.

    Where names occur in several folders, the folders must have the same names too. Raises `DataError` for images without a
    mask and for masks without an image.
    """
    found = folder_at(Path(folder))
    if found is None:
        raise DataError(
            f"there is no folder {folder}", file=folder, hint="masks is a folder of pictures", kind="missing_folder"
        )
    masks = of_folder(found, suffixes, follow_links=False)
    wanted, own = keys(images, whole=False), keys(masks, whole=False)
    if len(set(wanted)) < len(wanted) or len(set(own)) < len(own):
        wanted, own = keys(images, whole=True), keys(masks, whole=True)
    by_key: dict[str, str] = {}
    for key, file in zip(own, masks.files, strict=True):
        if key in by_key:
            raise DataError(
                f"{Path(by_key[key]).name} and {Path(file).name} are masks of one picture", file=file, kind="two_masks"
            )
        by_key[key] = file
    absent = [images.named(row) for row, key in enumerate(wanted) if key not in by_key]
    if absent:
        hint = "a mask has the name of its picture, with an ending of its own"
        raise DataError(f"there is no mask for {some(absent)}", file=found, hint=hint, kind="missing_mask")
    needed = set(wanted)
    spare = [masks.named(row) for row, key in enumerate(own) if key not in needed]
    if spare:
        raise DataError(
            f"there is no picture for the mask {some(spare)}",
            file=found,
            hint="remove what is not needed",
            kind="missing_picture",
        )
    return Listing(found, [by_key[key] for key in wanted])


def keys(listing: Listing, *, whole: bool) -> list[str]:
    """The names of files without their ending, or with `whole` their paths from the folder, by which masks are found."""
    paths = [Path(listing.named(row)) if whole else Path(file) for row, file in enumerate(listing.files)]
    return [unicodedata.normalize("NFC", str(each.with_suffix("")) if whole else each.stem) for each in paths]


def some(names: Sequence[str]) -> str:
    """Some names for a message."""
    return ", ".join(names[:MOST_SHOWN]) + (", …" if len(names) > MOST_SHOWN else "")


def masks_of(
    masks: Listing, images: Listing, sizes: np.ndarray[Any, Any], size: tuple[int, int]
) -> tuple[MaskField, list[str], list[str]]:
    """The masks of images of these sizes (samples, 2), the names of their classes, and notes; decodes all of them.

    Two values such as 0 and 255 become the classes 0 and 1. Raises `DataError` with all that cannot be read, or that differ
    from their images in size.
    """
    import numpy as np

    prepare_pillow()
    present = np.zeros(256, bool)
    faults: dict[int, str] = {}
    for row, seen in enumerate(in_parallel(mask_values, masks.files)):
        if isinstance(seen, str):
            faults[row] = seen
        elif seen[0] != tuple(sizes[row].tolist()):
            (height, width), (own_height, own_width) = sizes[row].tolist(), seen[0]
            own, named = f"{own_height}×{own_width}", images.named(row)
            faults[row] = f"the mask has {own} pixels, its picture {named} {height}×{width}"
        else:
            present |= seen[1]
    if len(faults) == 1:
        [(row, fault)] = faults.items()
        raise DataError(fault, file=masks.files[row], kind="bad_mask")
    if faults:
        raise masks.unreadable(
            f"{len(faults)} masks of {len(masks.files)} cannot be used:", faults, hint=None, kind="bad_mask"
        )
    values = np.flatnonzero(present).tolist()
    if len(values) == 1:
        raise DataError(
            f"all pixels of all masks are {values[0]}: there is nothing to tell apart",
            file=masks.root,
            kind="single_class",
        )
    meaning = np.arange(256, dtype=np.uint8)
    notes = []
    if len(values) == 2 and values != [0, 1]:
        meaning[values] = 0, 1
        notes.append(f"the pixels of the masks are {values[0]} and {values[1]}, taken for the classes 0 and 1")
        values = [0, 1]
    elif len(values) <= values[-1]:
        notes.append(
            f"{len(values)} of the classes 0 to {values[-1]} occur in the masks: {some(list(map(str, values)))}"
        )
    return MaskField(masks.files, size, meaning), [str(each) for each in range(values[-1] + 1)], notes


def mask_values(file: str) -> tuple[tuple[int, int], np.ndarray[Any, Any]] | str:
    """The size of a mask and which of the values 0 to 255 it holds, or what is wrong with it."""
    import numpy as np

    try:
        pixels = mask_pixels(file)
    except Unreadable as error:
        return str(error)
    return (pixels.shape[0], pixels.shape[1]), np.bincount(pixels.ravel(), minlength=256) > 0


def mask_pixels(file: str) -> np.ndarray[Any, Any]:
    """The values of a mask (height, width) uint8: of a palette the indices. Raises `Unreadable`."""
    import numpy as np

    with opened_image(file) as image:
        if image.format == "JPEG":
            raise Unreadable("a JPEG, which blurs the borders between classes; masks are PNG")
        if image.mode not in DEEP | ONE_CHANNEL:
            image = image.convert("RGBA")
            red, green, blue, _ = np.moveaxis(np.asarray(image), 2, 0)
            if not (np.array_equal(red, green) and np.array_equal(red, blue)):
                raise Unreadable("in colour; the pixels of a mask are numbers of classes, grey or of a palette")
            values: np.ndarray[Any, Any] = red
            return values
        values = np.asarray(image)
        if values.max() > 255:
            raise Unreadable(f"it holds the class {values.max()}; the largest is 255")
        return values.astype(np.uint8)


class MaskField(Lazy):
    """Masks that are decoded when they are asked for: (samples, height, width) uint8.

    `meaning` (256,) is the class that each value of a pixel means.
    """

    def __init__(self, files: Sequence[str], size: tuple[int, int], meaning: np.ndarray[Any, Any]) -> None:
        super().__init__((len(files), *size), "uint8")
        self.files, self.meaning = files, meaning

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        prepare_pillow()
        decoded = np.empty((len(rows), *self.shape[1:]), np.uint8)
        fill_in_parallel(decoded, self.decoded, [self.files[row] for row in rows])
        return decoded

    def decoded(self, file: str) -> np.ndarray[Any, Any]:
        """The classes of one mask (height, width); a new size takes the nearest pixel, so that no class is made up.

        Raises `DataError` where it cannot be read.
        """
        import numpy as np
        from PIL.Image import Resampling, fromarray

        try:
            classes: np.ndarray[Any, Any] = self.meaning[mask_pixels(file)]
        except Unreadable as error:
            raise DataError(f"the mask cannot be read: {error}", file=file, kind="unreadable_file") from None
        if classes.shape == self.shape[1:]:
            return classes
        resized = fromarray(classes).resize((self.shape[2], self.shape[1]), Resampling.NEAREST)
        return np.asarray(resized)
