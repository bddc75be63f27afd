"""The source `images`: a picture file each, decoded when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Lazy
from dlcli.data.schema import InputSchema, Schema
from dlcli.data.sources.folders.file_source import FileSource
from dlcli.data.sources.folders.image_files import prepare_pillow
from dlcli.data.sources.folders.image_pixels import decoded_image
from dlcli.data.sources.folders.image_scan import Scan, pictures, scan_images
from dlcli.data.sources.folders.listing import LABEL, Listing, Unreadable
from dlcli.data.sources.folders.mask_classes import Masks
from dlcli.data.sources.folders.mask_pairs import pictures_and_masks
from dlcli.data.sources.folders.masks import mask_files, masks_of
from dlcli.data.sources.folders.parallel import fill_in_parallel
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.errors import DataError
from dlcli.spec import DataPath

if TYPE_CHECKING:
    import numpy as np

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
AXES = ("samples", "height", "width", "channels")
MASK_AXES = ("samples", "height", "width")
Side = Annotated[int, Field(ge=1, le=65_500)]


class Images(FileSource):
    """Images: a folder with one sub-folder a class, or a table with a column of paths."""

    word: ClassVar[str] = "images"
    example: ClassVar[str] = "{images: {path: photos/, size: [64, 64]}}"
    name: ClassVar[str] = "image"
    inside: ClassVar[tuple[str, ...]] = SUFFIXES

    size: Annotated[list[Side], Field(min_length=2, max_length=2)] | None = None
    """`[height, width]` that all are resized to; by default the size that all have."""
    channels: Literal[1, 3, 4] | None = None
    """1 for grey, 3 for colour, 4 for colour with transparency; by default 1 if all are grey, else 3."""
    masks: DataPath | Masks | None = None
    """A folder with a mask for each image, of the same name with an ending of its own. Its pixels are class indices, or of
    two values; they are the target `mask`. `{path, classes: {1: pet, 2: background}}` names them."""
    bad: Literal["error", "skip"] = "error"
    """What images that cannot be read mean: an error, or that they are left out."""
    scan: Literal["header", "full"] = "header"
    """What is looked at of each image before training: its header, or, much slower, all pixels."""

    @classmethod
    def write_example(cls, file: Path, number: int) -> None:
        from PIL import Image

        Image.new("L", (6, 5), number % 256).save(file)

    def read(self, reading: Reading) -> Fields:
        """The images as a lazy field `image` (samples, height, width, channels), of uint8 where none has more bits.

        Raises `DataError` with all images that cannot be read, for several sizes, and for masks that do not fit.
        """
        listing = self.listing(reading)
        pair = None if self.masks is not None or listing.target is None else pictures_and_masks(listing.root, SUFFIXES)
        if pair is not None:
            listing.notes.append(MASKS_AS_CLASS.format(*(each.name for each in pair)))
        told = Masks.model_construct(path=self.masks) if isinstance(self.masks, str) else self.masks
        masks = None if told is None else mask_files(listing, told.path, SUFFIXES)
        found = scan_images(listing.files, full=self.scan == "full")
        if found.faults:
            listing, masks = self.without_bad(listing, found, masks)
        size = (self.size[0], self.size[1]) if self.size is not None else common_size(found, listing)
        channels = self.channels or (3 if found.coloured else 1)
        if channels != 4:
            found.look_through()
        listing.notes.extend([*found.resized(size), *found.notes(channels)])
        images = ImageField(listing.files, size, channels, found.depth, resize=self.size is not None)
        fields = listing.fields(self.name, images, AXES)
        if masks is None or told is None:
            return fields
        void = [*told.void_values, *reading.void.get(None, ()), *reading.void.get("mask", ())]
        field, meaning = masks_of(masks, listing, found.sizes, size, names=told.names, void=void)
        return replace(
            fields,
            arrays={**fields.arrays, "mask": field},
            axes={**fields.axes, "mask": MASK_AXES},
            target="mask",
            classes={**fields.classes, "mask": meaning.classes},
            void={"mask": [*meaning.void]} if meaning.void else {},
            notes=(*fields.notes, *meaning.notes),
            beside=(*fields.beside, *masks.files),
        )

    def without_bad(self, listing: Listing, found: Scan, masks: Listing | None) -> tuple[Listing, Listing | None]:
        """The images that can be read, and their masks. Raises `DataError` with the others, unless they are skipped."""
        head = f"{pictures(len(found.faults))} of {len(listing.files)} cannot be read"
        if self.bad == "error" or len(found.faults) == len(listing.files):
            hint = "mend or remove them, or write images: {…, bad: skip} to leave them out"
            raise listing.unreadable(f"{head}:", found.faults, hint=hint, kind="unreadable_file")
        note = listing.unreadable(f"{head} and are left out:", found.faults, hint=None, kind="unreadable_file").message
        kept = listing.without(found.faults)
        check_left(listing, kept)
        kept.notes.append(note)
        return kept, masks and masks.without(found.faults)

    def as_in(self, schema: InputSchema) -> dict[str, Any]:
        height, width, channels = schema.shape
        return {"size": [height, width], "channels": channels, "masks": None}

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        source = super().elsewhere(kind, changes, schema)
        folder = Path(changes["path"])
        if self.masks is None or not isinstance(source, Images) or not folder.is_dir():
            return source
        masks = self.masks if isinstance(self.masks, Masks) else Masks.model_construct(path=self.masks)
        # Of other data the two folders may be called as the run's own, or be known by what they hold.
        same = (folder / Path(self.path).name, folder / Path(masks.path).name)
        pair = same if all(map(Path.is_dir, same)) else pictures_and_masks(folder, SUFFIXES)
        if pair is None:
            return source
        there = str(pair[1]) if isinstance(self.masks, str) else masks.model_copy(update={"path": str(pair[1])})
        return source.model_copy(update={"path": str(pair[0]), "masks": there})


MASKS_AS_CLASS = (
    "'{1}' holds masks of the pictures in '{0}', and both are taken for classes; "
    "for masks as the target write images: {{path: {0}, masks: {1}}}"
)


def check_left(listing: Listing, kept: Listing) -> None:
    """Refuses to leave out all images of a split or of a class."""
    empty = [split for split, rows in (kept.splits or {}).items() if not len(rows)]
    if empty:
        raise DataError(f"no picture of the {empty[0]} split can be read", file=listing.root, kind="empty_split")
    if listing.classes is not None:
        gone = set(listing.columns[LABEL].tolist()) - set(kept.columns[LABEL].tolist())
        if gone:
            raise DataError(
                f"no picture of the class '{listing.classes[min(gone)]}' can be read",
                file=listing.root,
                kind="empty_class",
            )


def common_size(found: Scan, listing: Listing) -> tuple[int, int]:
    """The size (height, width) that all images have. Raises `DataError` where they differ, with the commonest."""
    import numpy as np

    sizes, first, counts = np.unique(found.sizes, axis=0, return_index=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    height, width = sizes[order[0]].tolist()
    if len(sizes) > 1:
        shown = ", ".join(f"{sizes[each][0]}×{sizes[each][1]} ({counts[each]})" for each in order[:5])
        more = ", …" if len(sizes) > 5 else ""
        raise DataError(
            f"the pictures have {len(sizes)} sizes (height×width): {shown}{more}",
            file=listing.files[first[order[1]]],
            hint=f"write images: {{…, size: [{height}, {width}]}} to bring all to one",
            kind="several_sizes",
        )
    return height, width


DAMAGED = "write images: {…, scan: full, bad: skip} to find such images before training and leave them out"


class ImageField(Lazy):
    """Images that are decoded when they are asked for: (samples, height, width, channels)."""

    type_is_range = True

    def __init__(self, files: list[str], size: tuple[int, int], channels: int, depth: str, *, resize: bool) -> None:
        super().__init__((len(files), *size, channels), depth)
        self.files, self.size, self.channels, self.resize = files, size, channels, resize

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        prepare_pillow()
        decoded = np.empty((len(rows), *self.shape[1:]), self.dtype)
        fill_in_parallel(decoded, self.decoded, [self.files[row] for row in rows])
        return decoded

    def decoded(self, file: str) -> np.ndarray[Any, Any]:
        """The pixels of one image: (height, width, channels).

        Raises `DataError` where it cannot be read, or no longer has the size that was seen.
        """
        try:
            pixels = decoded_image(file, self.size if self.resize else None, self.channels, depth=str(self.dtype))
        except Unreadable as error:
            raise DataError(str(error), file=file, hint=DAMAGED, kind="unreadable_file") from None
        if pixels.shape != self.shape[1:]:
            height, width = pixels.shape[:2]
            before = f"{self.size[0]}×{self.size[1]}"
            raise DataError(f"it is {height}×{width} now and was {before} before", file=file, kind="size_changed")
        return pixels
