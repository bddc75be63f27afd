"""Two folders of pictures of the same names: pictures and their masks, which are no two classes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from dlcli.data.sources.folders.image_files import opened_image, prepare_pillow
from dlcli.data.sources.folders.listing import Unreadable
from dlcli.data.sources.folders.masks import ONE_CHANNEL

FEWEST, LOOKED_AT, MOST_VALUES = 2, 4, 40
WORDS = frozenset(
    {
        *("mask", "masks", "label", "labels", "annotation", "annotations", "segmentation", "segmentations", "seg"),
        *("gt", "truth", "target", "targets", "trimap", "trimaps"),
    }
)
"""What a folder of masks is called where what it holds does not tell."""


def pictures_and_masks(folder: Path, endings: Collection[str]) -> tuple[Path, Path] | None:
    """The two folders in a folder whose pictures have the same names, that of masks last; None where it is not so."""
    parts = [each for each in sorted(folder.iterdir()) if not each.name.startswith(".") and each.is_dir()]
    if len(parts) != 2:
        return None
    files = [{path.stem: path for path in sorted(part.iterdir()) if path.suffix.lower() in endings} for part in parts]
    if set(files[0]) != set(files[1]) or len(files[0]) < FEWEST:
        return None
    first, second = (all(map(is_like_mask, list(each.values())[:LOOKED_AT])) for each in files)
    if first == second:
        first, second = (part.name.lower() in WORDS for part in parts)
    if first == second:
        return None
    return (parts[1], parts[0]) if first else (parts[0], parts[1])


def is_like_mask(file: Path) -> bool:
    """Whether a picture has a single channel of few values, as a mask has."""
    prepare_pillow()
    try:
        with opened_image(str(file)) as image:
            return image.mode in ONE_CHANNEL and image.getcolors(MOST_VALUES) is not None
    except Unreadable:
        return False
