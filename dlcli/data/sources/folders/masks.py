"""Masks: images whose pixels are the classes of the pixels of other images."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.lazy import Lazy
from dlcli.data.sources.folders.image_files import DEEP, opened_image, prepare_pillow
from dlcli.data.sources.folders.listing import Listing, Unreadable
from dlcli.data.sources.folders.mask_classes import (
    LARGEST,
    LARGEST_CLASS,
    Meaning,
    named_meaning,
    numbered_meaning,
    some,
    values_of,
)
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
    found = folder_at(folder)
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


def masks_of(
    masks: Listing,
    images: Listing,
    sizes: np.ndarray[Any, Any],
    size: tuple[int, int],
    *,
    names: Mapping[int, str],
    void: Collection[int | str],
) -> tuple[MaskField, Meaning]:
    """The masks of images of these sizes (samples, 2), and what their values mean; decodes all of them.

    `names` are the classes of the values, none where these are indices; `void` the labels that stand for none. Raises
    `DataError` with all that cannot be read, that differ from their images in size, or hold a value that means nothing.
    """
    import numpy as np

    prepare_pillow()
    faults: dict[int, str] = {}
    held: dict[int, np.ndarray[Any, Any]] = {}
    for row, look in enumerate(in_parallel(mask_values, masks.files)):
        if isinstance(look, str):
            faults[row] = look
        elif look[0] != tuple(sizes[row].tolist()):
            (height, width), (own_height, own_width) = sizes[row].tolist(), look[0]
            own, named = f"{own_height}×{own_width}", images.named(row)
            faults[row] = f"the mask has {own} pixels, its picture {named} {height}×{width}"
        else:
            held[row] = look[1]
    seen = sorted({value for values in held.values() for value in values.tolist()} - values_of(void))
    strange = [value for value in seen if value not in names] if names else beyond_indices(seen)
    for row, values in held.items() if strange else ():
        odd = values[np.isin(values, strange)]
        if len(odd):
            faults[row] = meaningless(int(odd[0]), names)
    if faults:
        raise bad_masks(masks, faults, strange=strange if names else [])
    if not names and len(seen) < 2:
        held_values = seen or sorted(values_of(void))
        raise DataError(
            f"all pixels of all masks are {held_values[0]}: there is nothing to tell apart",
            file=masks.root,
            kind="single_class",
        )
    meaning = named_meaning(names, void, seen) if names else numbered_meaning(seen, void)
    present = {value for values in held.values() for value in values.tolist()}
    meaning.notes.extend(f"no pixel of the masks is {value} (void)" for value in sorted(values_of(void) - present))
    return MaskField(masks.files, size, meaning.index), meaning


def bad_masks(masks: Listing, faults: Mapping[int, str], *, strange: Sequence[int]) -> DataError:
    """The error of masks that cannot be used; `strange` are values without a name."""
    hint = f"add {strange[0]} to the classes of the masks, or write void: {strange[0]}" if strange else None
    if len(faults) > 1:
        head = f"{len(faults)} masks of {len(masks.files)} cannot be used:"
        return masks.unreadable(head, faults, hint=hint, kind="bad_mask")
    [(row, fault)] = faults.items()
    return DataError(fault, file=masks.files[row], hint=hint, kind="bad_mask")


def beyond_indices(seen: Sequence[int]) -> list[int]:
    """The values that are too large for an index; two alone may be any."""
    return [value for value in seen if value > LARGEST_CLASS] if len(seen) != 2 else []


def meaningless(value: int, names: Mapping[int, str]) -> str:
    """What is wrong with a mask that holds a value which is no class."""
    if not names:
        return f"it holds the class {value}; the largest is {LARGEST_CLASS}"
    known = some([f"{number} ({name})" for number, name in names.items()])
    return f"it holds the value {value}, which is none of the classes {known}"


def mask_values(file: str) -> tuple[tuple[int, int], np.ndarray[Any, Any]] | str:
    """The size of a mask and the different values that it holds, or what is wrong with it."""
    import numpy as np

    try:
        pixels = mask_pixels(file)
    except Unreadable as error:
        return str(error)
    return (pixels.shape[0], pixels.shape[1]), np.flatnonzero(np.bincount(pixels.ravel()))


def mask_pixels(file: str) -> np.ndarray[Any, Any]:
    """The values of a mask (height, width): of a palette the indices. Raises `Unreadable`."""
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
        outside = values[(values < 0) | (values > LARGEST)] if values.dtype.itemsize > 2 else values[:0]
        if outside.size:
            raise Unreadable(f"it holds the value {outside.flat[0]}; those of a mask are 0 to {LARGEST}")
        return values.astype(np.uint8) if values.dtype == bool else values


class MaskField(Lazy):
    """Masks that are decoded when they are asked for: (samples, height, width) uint8.

    `meaning` (65536,) is the class that each value of a pixel means, -1 of one that means nothing.
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

        Raises `DataError` where it cannot be read, or holds a value that it did not hold before.
        """
        import numpy as np
        from PIL.Image import Resampling, fromarray

        try:
            pixels = mask_pixels(file)
        except Unreadable as error:
            raise DataError(f"the mask cannot be read: {error}", file=file, kind="unreadable_file") from None
        indices = self.meaning[pixels]
        if indices.min() < 0:
            value = pixels[indices < 0].flat[0]
            raise DataError(f"the mask holds the value {value}, which it did not before", file=file, kind="bad_mask")
        classes: np.ndarray[Any, Any] = indices.astype(np.uint8)
        if classes.shape == self.shape[1:]:
            return classes
        resized = fromarray(classes).resize((self.shape[2], self.shape[1]), Resampling.NEAREST)
        return np.asarray(resized)
