"""The source `faces`: drawn faces, and where their eyes, nose and mouth are; made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.samples.generated import Noise
from dlcli.data.sources.samples.made import Made

if TYPE_CHECKING:
    import numpy as np

PARTS = ((-0.35, -0.4), (-0.35, 0.4), (0.1, 0.0), (0.5, -0.3), (0.5, 0.3))
"""Two eyes, the nose and the corners of the mouth: (down, across) from the middle, in radii of the head."""


class Faces(Made):
    """A face that is turned, somewhere in a grey picture; the target is where each of its five points is, from 0 to 1."""

    word: ClassVar[str] = "faces"

    size: Annotated[int, Field(ge=16, le=512)] = 32
    """Height and width in pixels."""
    noise: Noise = 0.05
    """The standard deviation of what is added to every pixel, whose values are 0 to 1."""

    def drawn(self, generator: np.random.Generator) -> Fields:
        """Pictures (samples, height, width) as float32 and points (samples, 5, 2): down and across, as parts of the size."""
        import numpy as np

        places = np.moveaxis(np.mgrid[: self.size, : self.size], 0, -1).astype(np.float32) / self.size
        image = np.full((self.samples, self.size, self.size), 0.2, np.float32)
        points = np.empty((self.samples, len(PARTS), 2), np.float32)
        for sample in range(self.samples):
            radius, angle = generator.uniform(0.2, 0.35), generator.uniform(-0.6, 0.6)
            middle = generator.uniform(radius, 1 - radius, 2)
            turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
            points[sample] = middle + radius * np.array(PARTS) @ turn
            image[sample, np.hypot(*(places - middle).transpose(2, 0, 1)) < radius] = generator.uniform(0.6, 1)
            left, right = points[sample, 3:]
            mouth = [left + share * (right - left) for share in np.linspace(0, 1, 6)]
            for dot in [*points[sample, :3], *mouth]:
                image[sample, np.hypot(*(places - dot).transpose(2, 0, 1)) < 0.14 * radius] = 0
        image += generator.normal(0, self.noise, image.shape).astype(np.float32)
        axes = {"image": ("samples", "height", "width"), "points": ("samples", "points", "coordinates")}
        return self.fields({"image": image.clip(0, 1), "points": points}, "points", axes=axes)

    def input_names(self) -> list[str] | None:
        return ["image"]
