"""What changes training batches, and the masks of which training draws parts."""

from __future__ import annotations

from collections.abc import Mapping

from dlcli.config import Config
from dlcli.data import Dataset
from dlcli.data.fields.lazy import Column
from dlcli.data.preparation.augment import Augmentation
from dlcli.data.preparation.crops import Size, with_centres
from dlcli.errors import BlockError


def masks_cropped(
    config: Config, dataset: Dataset, augment: Augmentation | None, crops: Mapping[str, Size]
) -> tuple[Mapping[str, Column], Dataset]:
    """The whole masks of training that crops of pictures change too, and the data set with the centre of each mask.

    Raises `BlockError` beside weights of single places, which stay where they are.
    """
    sizes = {} if augment is None else augment.crops_of_masks(crops)
    weight = config.train.sample_weight
    if sizes and weight is not None and dataset.fields.arrays[weight].ndim > 1:
        raise BlockError(
            ("train", "sample_weight"),
            f"'{weight}' weighs single places of pictures, of which data.augment draws parts",
            hint="weigh whole samples, or leave the crop out",
            kind="places_weighed_beside_crop",
        )
    whole = {name: dataset.splits["train"].targets[name] for name in sizes}
    return whole, with_centres(dataset, sizes)


def augmentation(config: Config, dataset: Dataset, facts: Mapping[str, int]) -> Augmentation | None:
    """What changes training batches, if anything does."""
    blocks = config.data.augment
    return Augmentation(blocks, dataset.schema, seed=config.seed, facts=facts) if blocks else None
