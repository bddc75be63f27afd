"""The weights of a layer as they can be looked at: pictures, curves, or which words lie near each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.config.catalogue.live import layer_traits
from dlcli.layers.calls import Call
from dlcli.view.look import Tiles

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

COLOURS = {1, 3}
FEW_CHANNELS = 3
MOST_NUMBERS = 20_000
MOST_WORDS, MOST_NEAR = 12, 5


def filters_of(name: str, call: Call, pictured: Sequence[int] | None, words: Mapping[int, str]) -> Tiles | None:
    """The filters of a layer, or None of one that has none to look at.

    `pictured` is the shape of the picture whose pixels are what it takes; `words` are those that its ids stand for, the most
    frequent first.
    """
    traits, layer = layer_traits(type(call.layer)), call.layer
    if traits.get("ids") and hasattr(layer, "embeddings"):
        return near_words(name, layer.embeddings.numpy(), words)
    if traits.get("group") == "convolution":
        kernel = kernel_of(layer, transposed=traits.get("macs") == "transposed convolution")
        return convolution_filters(name, kernel)
    if traits.get("macs") == "product" and pictured is not None:
        kernel = layer.kernel.numpy().reshape(*pictured, -1)
        return convolution_filters(name, kernel[:, :, None] if len(pictured) == 2 else kernel)
    return None


def kernel_of(layer: Any, *, transposed: bool) -> Array:
    """The kernel (window…, channels, filters); of one for each channel all of them behind each other."""
    import numpy as np

    kernel = getattr(layer, "depthwise_kernel", None)
    kernel = layer.kernel if kernel is None else kernel
    values: Array = kernel.numpy()
    if transposed:
        return np.swapaxes(values, -1, -2)
    if hasattr(layer, "depth_multiplier"):
        return values.reshape(*values.shape[:-2], 1, -1)
    return values


def convolution_filters(name: str, kernel: Array) -> Tiles | None:
    """Each filter as a picture of its window, or as curves; of many channels how strong each place is."""
    import numpy as np

    rank, channels = kernel.ndim - 2, kernel.shape[-2]
    if rank > 2:
        return None
    whole = channels in COLOURS if rank == 2 else channels <= FEW_CHANNELS
    drawn = kernel if whole else np.sqrt((kernel**2).sum(axis=-2, keepdims=True))
    strong = "" if whole else f", the length over {channels} channels at each place"
    count = kernel.shape[-1]
    return Tiles(
        layer=name,
        form="pictures" if rank == 2 else "curves",
        units=[*range(count)],
        names=[str(number) for number in range(count)],
        values=kernel.reshape(-1, count).mean(axis=0).tolist(),
        about=f"filters{strong}",
        numbers=kernel.tolist() if kernel.size <= MOST_NUMBERS else None,
        arrays=[drawn[..., number] for number in range(count)],
    )


def near_words(name: str, rows: Array, words: Mapping[int, str]) -> Tiles:
    """Of the most frequent words those whose rows point the same way, by the cosine between them."""
    import numpy as np

    known = [number for number in words if number < len(rows)]
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    asked = known[:MOST_WORDS]
    likeness = unit[asked] @ unit[known].T
    near, numbers = [], []
    for row, own in zip(likeness, asked, strict=True):
        order = [at for at in row.argsort(kind="stable")[::-1] if known[at] != own][:MOST_NEAR]
        near.append([words[known[at]] for at in order])
        numbers.append({words[known[at]]: round(float(row[at]), 4) for at in order})
    return Tiles(
        layer=name,
        form="words",
        units=asked,
        names=[words[number] for number in asked],
        values=np.linalg.norm(rows[asked], axis=1).tolist(),
        about="words whose rows point the same way",
        numbers=numbers,
        arrays=near,
    )
