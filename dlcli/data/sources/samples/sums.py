"""The source `sums`: additions as they are written, and what they come to; made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from dlcli.data.sources.samples.generated import Samples
from dlcli.data.sources.samples.made import MadeText
from dlcli.spec import Mistake, fail

if TYPE_CHECKING:
    import numpy as np


class Sums(MadeText):
    """Additions such as 12+7, no two of them the same, and their sum: letter by letter, as text."""

    word: ClassVar[str] = "sums"
    columns: ClassVar[tuple[str, str]] = ("question", "answer")

    samples: Samples = 4000
    """How many additions."""
    digits: Annotated[int, Field(ge=1, le=9, validate_default=True)] = 2
    """How many digits each number has at most."""

    @field_validator("digits")
    @classmethod
    def are_enough(cls, digits: int, information: ValidationInfo) -> int:
        there, samples = 10 ** (2 * digits), information.data.get("samples", 0)
        if samples > there:
            fail(
                Mistake(
                    f"there are {there} different additions, and {samples} are asked for",
                    suggestion="write more digits",
                    kind="out_of_range",
                )
            )
        return digits

    def rows(self, generator: np.random.Generator) -> list[tuple[str, str]]:
        most = 10**self.digits
        pairs = generator.choice(most * most, self.samples, replace=False)
        return [(f"{pair // most}+{pair % most}", f"{pair // most + pair % most}") for pair in pairs]
