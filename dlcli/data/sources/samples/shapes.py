"""The source `shapes`: pictures of discs and squares with the class of every pixel, made anew from a seed."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from dlcli.data.fields.fields import Fields, Place
from dlcli.data.sources.samples.generated import Noise, Samples, Seed
from dlcli.data.sources.source import Origin, Reading, SourceBlock

CLASSES = ["background", "disc", "square"]


class Shapes(SourceBlock):
    """Pictures of a disc and a square, each of a random colour, place and size, with the class of every pixel."""

    word: ClassVar[str] = "shapes"
    origin: ClassVar[Origin] = Origin.GENERATED

    samples: Samples = 400
    """How many pictures."""
    noise: Noise = 0.1
    """The standard deviation of what is added to every pixel, whose values are 0 to 1."""
    seed: Seed = 0
    """Where the randomness starts."""
    size: Annotated[int, Field(ge=8, le=512)] = 32
    """Height and width in pixels."""

    def read(self, reading: Reading) -> Fields:
        """Pictures (samples, height, width, 3) as float32 and masks (samples, height, width) of class indices."""
        import numpy as np

        generator = np.random.default_rng(self.seed)
        shape = (self.samples, self.size, self.size)
        rows, columns = np.mgrid[: self.size, : self.size].astype(np.float32)
        image = np.full((*shape, 3), 0.2, np.float32)
        mask = np.zeros(shape, np.uint8)
        for sample in range(self.samples):
            for index in generator.permutation([1, 2]):
                radius = generator.uniform(0.12, 0.25) * self.size
                row, column = generator.uniform(radius, self.size - radius, 2)
                down, across = np.abs(rows - row), np.abs(columns - column)
                inside = np.hypot(down, across) < radius if index == 1 else np.maximum(down, across) < 0.9 * radius
                image[sample, inside] = generator.uniform(0.3, 1, 3)
                mask[sample, inside] = index
        image += generator.normal(0, self.noise, image.shape).astype(np.float32)
        return Fields(
            {"image": image.clip(0, 1), "mask": mask},
            [Place("", self.samples)],
            axes={"image": ("samples", "height", "width", "channels"), "mask": ("samples", "height", "width")},
            inputs=("image",),
            target="mask",
            classes={"mask": CLASSES},
        )

    def memory(self) -> int:
        return self.samples * self.size**2 * (3 * 4 + 1)

    def input_names(self) -> list[str] | None:
        return ["image"]
