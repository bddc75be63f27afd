"""The source `solids`: points on bodies in space, and which body it is; made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.samples.generated import Noise
from dlcli.data.sources.samples.made import Made

if TYPE_CHECKING:
    import numpy as np

BODIES = ["cone", "cube", "cylinder", "sphere"]


class Solids(Made):
    """Clouds of points on a cone, a cube, a cylinder or a sphere, each of a size and a turn of its own."""

    word: ClassVar[str] = "solids"

    points: Annotated[int, Field(ge=8, le=10_000)] = 64
    """How many points are on each body."""
    noise: Noise = 0.03
    """The standard deviation of what is added to each coordinate."""

    def drawn(self, generator: np.random.Generator) -> Fields:
        """Clouds (samples, points, 3) as float32 and class indices."""
        import numpy as np

        label = generator.permutation(np.arange(self.samples) % 4)
        cloud = np.stack([surface(generator, BODIES[kind], self.points) for kind in label])
        # The first factor of a random matrix is a random turn, or a turn and a mirror, in which the bodies look the same.
        turn = np.linalg.qr(generator.normal(size=(self.samples, 3, 3)))[0]
        cloud = cloud @ turn * generator.uniform(0.7, 1.3, (self.samples, 1, 1))
        cloud += generator.normal(0, self.noise, cloud.shape)
        axes = {"points": ("samples", "points", "coordinates")}
        return self.fields(
            {"points": cloud.astype(np.float32), "label": label}, "label", axes=axes, classes={"label": BODIES}
        )

    def input_names(self) -> list[str] | None:
        return ["points"]


def surface(generator: np.random.Generator, body: str, points: int) -> np.ndarray[Any, Any]:
    """Points (points, 3) on a body about the origin, one unit to each side."""
    import numpy as np

    around = generator.uniform(0, 2 * np.pi, points)
    up = generator.uniform(-1, 1, points)
    if body == "cube":
        flat = generator.uniform(-1, 1, (points, 3))
        flat[np.arange(points), generator.integers(3, size=points)] = generator.choice([-1, 1], points)
        return flat
    radius = {"sphere": np.sqrt(1 - up**2), "cone": (1 - up) / 2, "cylinder": np.ones(points)}[body]
    return np.column_stack([radius * np.cos(around), radius * np.sin(around), up])
