"""The source `images`: pictures in a folder by class, or named by a table; each is read when it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from dlcli.data.fields import Fields
from dlcli.data.schema import Schema
from dlcli.data.sources.folders import Listing, files_below, listed
from dlcli.data.sources.image_files import Pictures, Scanned, check_decodes, scan
from dlcli.data.sources.masks import Masks
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.errors import DataError
from dlcli.spec import DataPath

if TYPE_CHECKING:
    pass

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
MOST_LISTED = 10
Side = Annotated[int, Field(ge=1, le=65536)]


class Images(SourceBlock):
    """Pictures: a folder with one folder a class, or a table with a column of paths."""

    word: ClassVar[str] = "images"
    inside: ClassVar[tuple[str, ...]] = SUFFIXES

    path: DataPath
    """The folder, or the table."""
    size: Annotated[list[Side], Field(min_length=2, max_length=2)] | None = None
    """`[height, width]` to which all are brought; by default the size that all have."""
    channels: Literal[1, 3, 4] | None = None
    """1 for grey, 3 for colour, 4 with transparency; by default 1 if all are grey, else 3."""
    column: str | None = None
    """The column of paths in a table; by default the first that holds names of pictures."""
    masks: DataPath | None = None
    """A folder with a mask for each picture, of the same name: the class of every pixel, which is the target then."""
    bad: Literal["error", "skip"] = "error"
    """What a picture that cannot be read means: an error that names all of them, or that it is left out."""
    scan: Literal["header", "full"] = "header"
    """Whether only the start of each file is looked at before training, or all pixels are decoded."""
    follow_links: bool = False
    """Whether links to other folders are followed."""

    def read(self, reading: Reading) -> Fields:
        """Pictures as a lazy field `image` (samples, height, width, channels) of 8 bits, with their labels.

        Raises `DataError` with all files that cannot be read, for pictures of several sizes, and for masks that do not fit.
        """
        listing = listed(self.path, SUFFIXES, column=self.column, follow_links=self.follow_links, reading=reading)
        headers = scan(listing.files)
        if self.scan == "full":
            headers = check_decodes(listing.files, headers)
        listing, headers, notes = self.good(listing, headers)
        size = (self.size[0], self.size[1]) if self.size else common_size(headers, listing.files)
        channels = self.channels or (1 if all(each.grey for each in headers) else 3)
        notes += conversions(headers)
        pictures = Pictures(listing.files, size, channels)
        columns, target, classes = dict(listing.columns), None, {}
        if self.masks is not None:
            columns["mask"], named, said = self.mask_field(listing.files, headers, size)
            classes, target, notes = {"mask": named}, "mask", notes + said
        listing = replace(listing, columns=columns, notes=[*listing.notes, *notes])
        fields = listing.fields("image", pictures, ("samples", "height", "width", "channels"), target=target)
        if target is None:
            return fields
        axes = {**fields.axes, "mask": ("samples", "height", "width")}
        return replace(fields, axes=axes, classes={**fields.classes, **classes})

    def input_names(self) -> list[str] | None:
        return ["image"]

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        shape = next((each.shape for each in schema.inputs if (each.array or each.name) == "image"), None)
        if shape is None:
            return super().elsewhere(kind, changes, schema)
        height, width, channels = shape
        return self.model_copy(
            update={"path": changes["path"], "masks": None, "size": [height, width], "channels": channels}
        )

    def good(self, listing: Listing, headers: list[Scanned]) -> tuple[Listing, list[Scanned], list[str]]:
        """The pictures that can be read. Raises `DataError` with the others, unless they are to be skipped."""
        bad = [row for row, each in enumerate(headers) if each.fault is not None]
        if not bad:
            return listing, headers, []
        shown = [f"{listing.files[row]}: {headers[row].fault}" for row in bad[:MOST_LISTED]]
        more = f"\n… and {len(bad) - MOST_LISTED} more" if len(bad) > MOST_LISTED else ""
        many = "1 picture" if len(bad) == 1 else f"{len(bad)} pictures"
        if self.bad == "error" or len(bad) == len(headers):
            raise DataError(
                f"{many} of {len(headers)} cannot be read:\n" + "\n".join(shown) + more,
                file=listing.files[bad[0]],
                hint="remove them, or write images: {…, bad: skip} to leave them out",
            )
        left = set(bad)
        kept = [each for row, each in enumerate(headers) if row not in left]
        return listing.without(bad), kept, [f"{many} of {len(headers)} cannot be read and are left out: {shown[0]}"]

    def mask_field(
        self, files: Sequence[str], headers: Sequence[Scanned], size: tuple[int, int]
    ) -> tuple[Any, list[str], list[str]]:
        """The masks of all pictures in their order, the names of the classes, and notes."""
        assert self.masks is not None
        found = {
            Path(each).stem: each
            for each in files_below(Path(self.masks), SUFFIXES, Counter(), deep=True, follow_links=False)
        }
        absent = [file for file in files if Path(file).stem not in found]
        if absent:
            more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
            raise DataError(
                f"there is no mask for {Path(absent[0]).name}{more}",
                file=self.masks,
                hint="a mask has the name of its picture, with an ending of its own",
            )
        spare = len(found) - len({Path(file).stem for file in files})
        masks = Masks([found[Path(file).stem] for file in files], size)
        if not self.size:
            masks.check_sizes([(each.height, each.width) for each in headers], files)
        classes, notes = masks.learn_values()
        if spare:
            notes.append(f"{spare} masks belong to no picture")
        return masks, classes, notes


def common_size(headers: Sequence[Scanned], files: Sequence[str]) -> tuple[int, int]:
    """The size (height, width) that all pictures have. Raises `DataError` where they differ."""
    sizes = Counter((each.height, each.width) for each in headers)
    (most, _), *others = sizes.most_common()
    if others:
        shown = ", ".join(f"{height}×{width} ({count})" for (height, width), count in sizes.most_common(5))
        odd = next(row for row, each in enumerate(headers) if (each.height, each.width) != most)
        raise DataError(
            f"the pictures have {len(sizes)} sizes (height×width): {shown}",
            file=files[odd],
            hint=f"write images: {{…, size: [{most[0]}, {most[1]}]}} to bring all to one",
        )
    return most


def conversions(headers: Sequence[Scanned]) -> list[str]:
    """What is changed about pictures when they are read, in words."""
    counts = Counter(each.note for each in headers if each.note is not None)
    return [f"{count} {'picture' if count == 1 else 'pictures'}: {note}" for note, count in counts.items()]
