"""Handwritten digits to make other sets from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data.sources.samples.bundled import images

if TYPE_CHECKING:
    import numpy as np


def written_digits() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Grey pictures (1797, 8, 8) from 0 to 1, and what each says."""
    import numpy as np

    arrays = images("digits").arrays
    return arrays["image"][:].astype(np.float32) / 16, arrays["label"][:]
