"""Class weights as a weight for each sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.config.train import Train
from dlcli.data import Dataset, class_indices
from dlcli.errors import BlockError
from dlcli.spec import near

if TYPE_CHECKING:
    import numpy as np

PLACE = ("train", "class_weight")


def sample_weights(train: Train, dataset: Dataset) -> np.ndarray[Any, Any] | None:
    """The weight (samples,) of each training sample, or None without class weights.

    `balanced` is samples / (classes × samples of the class), so that every class counts the same and the mean is 1.
    Raises `BlockError` for classes that are not there.
    """
    import numpy as np

    if train.class_weight is None:
        return None
    target = dataset.schema.targets[0]
    classes = target.classes
    indices = class_indices(dataset.splits["train"].targets[target.name][:], target)
    if len(dataset.schema.targets) > 1:
        raise BlockError(
            PLACE, "'class_weight' weighs the classes of one target, and there are several", hint="leave it out"
        )
    if classes is None or indices is None or indices.ndim != 1:
        raise BlockError(
            PLACE, "'class_weight' needs a target of classes, and this one holds numbers", hint="leave it out"
        )
    if train.class_weight == "balanced":
        counts = np.bincount(indices, minlength=len(classes))
        by_class = len(indices) / (len(classes) * np.maximum(counts, 1))
    else:
        unknown = [name for name in train.class_weight if name not in classes]
        if unknown:
            hint = near(unknown[0], classes) or f"there are: {', '.join(classes[:10])}"
            raise BlockError((*PLACE, unknown[0]), f"there is no class '{unknown[0]}'", hint=hint)
        by_class = np.array([train.class_weight.get(name, 1.0) for name in classes])
    weights: np.ndarray[Any, Any] = by_class[indices].astype(np.float32)
    return weights
