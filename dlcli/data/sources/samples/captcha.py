"""The source `captcha`: strips of handwritten digits and what they say; made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.samples.generated import Noise
from dlcli.data.sources.samples.made import Made
from dlcli.data.sources.samples.written_digits import written_digits

if TYPE_CHECKING:
    import numpy as np

HEIGHT = 12


class Captcha(Made):
    """Strips of two digits and more at places of their own, crossed by a line, and what they say as text."""

    word: ClassVar[str] = "captcha"

    longest: Annotated[int, Field(ge=2, le=20)] = 4
    """How many digits there are at most."""
    noise: Noise = 0.1
    """The standard deviation of what is added to every pixel, whose values are 0 to 1."""

    def drawn(self, generator: np.random.Generator) -> Fields:
        """Pictures (samples, 12, 10 · longest + 4) as float32 and texts (samples,)."""
        import numpy as np

        digits, labels = written_digits()
        image = np.zeros((self.samples, HEIGHT, 10 * self.longest + 4), np.float32)
        text = np.empty(self.samples, object)
        across = np.arange(image.shape[2])
        for picture, sample in zip(image, range(self.samples), strict=True):
            chosen = generator.integers(len(labels), size=generator.integers(2, self.longest + 1))
            for place, digit in enumerate(chosen):
                row, column = generator.integers(HEIGHT - 7), 10 * place + generator.integers(6)
                part = picture[row : row + 8, column : column + 8]
                np.maximum(part, digits[digit], out=part)
            start, end = map(float, generator.uniform(0, HEIGHT - 1, 2))
            picture[np.linspace(start, end, len(across)).round().astype(int), across] = 0.5
            text[sample] = "".join(str(labels[digit]) for digit in chosen)
        image += generator.normal(0, self.noise, image.shape).astype(np.float32)
        axes = {"image": ("samples", "height", "width")}
        return self.fields({"image": image.clip(0, 1), "text": text}, "text", axes=axes, texts=frozenset({"text"}))

    def input_names(self) -> list[str] | None:
        return ["image"]
