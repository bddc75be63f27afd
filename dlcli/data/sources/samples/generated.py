"""The generated sets: small problems with a shape that a person can picture, made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from dlcli.data.fields.fields import Fields, Place
from dlcli.data.sources.source import Origin, Reading, SourceBlock

if TYPE_CHECKING:
    import numpy as np

Samples = Annotated[int, Field(ge=10, le=10_000_000)]
Noise = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


class Generated(SourceBlock):
    """What all of them have."""

    origin: ClassVar[Origin] = Origin.GENERATED

    samples: Samples = 1000
    """How many samples."""
    noise: Noise = 0.1
    """The standard deviation of what is added at random."""
    seed: Seed = 0
    """Where the randomness starts."""

    def read(self, reading: Reading) -> Fields:
        import numpy as np

        inputs, target = self.made(np.random.default_rng(self.seed))
        names = ("x", "y", "z")[: inputs.shape[1]]
        arrays: dict[str, np.ndarray[Any, Any]] = {name: inputs[:, index] for index, name in enumerate(names)}
        is_class = target.dtype.kind == "i"
        name = "label" if is_class else "y"
        classes = {"label": [str(number) for number in range(int(target.max()) + 1)]} if is_class else {}
        arrays[name] = target
        return Fields(arrays, [Place("", self.samples)], inputs=names, target=name, classes=classes)

    def made(self, generator: np.random.Generator) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Inputs (samples, 1 to 3) and target (samples,): class indices or numbers."""
        raise NotImplementedError


class Line(Generated):
    """Points about a straight line: y = slope · x + intercept, to be found again by one unit."""

    word: ClassVar[str] = "line"

    slope: float = 2.0
    """How much y grows with x."""
    intercept: float = 1.0
    """Where the line meets x = 0."""

    def made(self, generator: np.random.Generator) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        x = generator.uniform(-1, 1, self.samples)
        return x[:, None], self.slope * x + self.intercept + generator.normal(0, self.noise, self.samples)


class Moons(Generated):
    """Two half circles in the plane that reach into each other."""

    word: ClassVar[str] = "moons"

    def made(self, generator: np.random.Generator) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        import numpy as np

        label = generator.permutation(np.arange(self.samples) % 2)
        angle = generator.uniform(0, np.pi, self.samples)
        upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
        points = np.where(label[:, None] == 0, upper, lower)
        return points + generator.normal(0, self.noise, points.shape), label


class PaperBalls(Generated):
    """Two sheets of paper crumpled together into one ball in space, to be taken apart.

    Each sheet is a plane that waves of random direction fold; the second lies a little above the first in every fold, so
    that no plane separates them and a network that unfolds space does.
    """

    word: ClassVar[str] = "paper_balls"

    samples: Samples = 2000
    """How many points on both sheets together."""
    noise: Noise = 0.01
    """The standard deviation of what is added at random."""
    folds: Annotated[int, Field(ge=0, le=12)] = 3
    """How many waves crumple the sheets."""

    def made(self, generator: np.random.Generator) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        import numpy as np

        label = generator.permutation(np.arange(self.samples) % 2)
        sheet = generator.uniform(-1, 1, (self.samples, 2))
        points = np.column_stack([sheet, 0.3 * label])
        for _ in range(self.folds):
            # A shear moves space along one direction by a wave across it: folded, but never torn or pressed together.
            along, across = np.linalg.qr(generator.normal(size=(3, 2)))[0].T
            wave = np.sin(generator.uniform(1.5, 3.0) * points @ across + generator.uniform(0, 2 * np.pi))
            points = points + 0.5 * wave[:, None] * along
        points = (points - points.mean(axis=0)) / points.std()
        return points + generator.normal(0, self.noise, points.shape), label


class Sine(Generated):
    """Points about a sine, y = sin(x): the smallest curve that no line can follow."""

    word: ClassVar[str] = "sine"

    periods: Annotated[float, Field(gt=0, le=100)] = 2.0
    """How many waves there are between the least and the greatest x."""

    def made(self, generator: np.random.Generator) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        import numpy as np

        x = generator.uniform(-1, 1, self.samples)
        wave = np.sin(np.pi * self.periods * x)
        return x[:, None], wave + generator.normal(0, self.noise, self.samples)


class Spiral(Generated):
    """Arms that wind about each other, one a class."""

    word: ClassVar[str] = "spiral"

    noise: Noise = 0.03
    """The standard deviation of what is added at random."""
    classes: Annotated[int, Field(ge=2, le=20)] = 2
    """How many arms."""
    turns: Annotated[float, Field(gt=0, le=20)] = 1.5
    """How often each winds about the middle."""

    def made(self, generator: np.random.Generator) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        import numpy as np

        label = generator.permutation(np.arange(self.samples) % self.classes)
        radius = np.sqrt(generator.uniform(0.01, 1, self.samples))
        angle = 2 * np.pi * (self.turns * radius + label / self.classes)
        points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return points + generator.normal(0, self.noise, points.shape), label


class Xor(Generated):
    """Four clouds at the corners of a square; a class is two that face each other, so that no line separates them."""

    word: ClassVar[str] = "xor"

    noise: Noise = 0.15
    """The standard deviation of each cloud."""

    def made(self, generator: np.random.Generator) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        import numpy as np

        corners = generator.permutation(np.arange(self.samples) % 4)
        x, y = corners % 2, corners // 2
        points = np.stack([x, y], axis=1) + generator.normal(0, self.noise, (self.samples, 2))
        return points, x ^ y
