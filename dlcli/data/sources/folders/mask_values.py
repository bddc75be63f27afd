"""What the values of masks are where nothing names them: few among many are classes by their own names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dlcli.data.sources.folders.masks import mask_values
from dlcli.data.sources.folders.parallel import in_parallel
from dlcli.data.sources.folders.walk import of_folder

MOST_NAMED = 50
"""With more values a mask is no picture of classes that a person would name."""
VOID, FEWEST_CLASSES = 255, 3
"""The value that mostly stands for none, where there are so many others."""


def values_as_classes(folder: Path, suffixes: Sequence[str]) -> dict[str, Any]:
    """Classes and void of masks whose values are fewer than half of those up to the highest; empty for others.

    Looks at every mask; one that cannot be read is told by whoever reads it.
    """
    seen: set[int] = set()
    for look in in_parallel(mask_values, of_folder(folder, suffixes, follow_links=False).files):
        if isinstance(look, str):
            return {}
        seen |= {*look[1].tolist()}
    values = sorted(seen)
    if not 2 < len(values) <= MOST_NAMED or 2 * len(values) > values[-1] + 1:
        return {}
    is_void = values[-1] == VOID and len(values) > FEWEST_CLASSES
    classes = {str(value): str(value) for value in values[: -1 if is_void else None]}
    return {"classes": classes} | ({"void": VOID} if is_void else {})
