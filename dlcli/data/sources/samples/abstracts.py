"""The source `abstracts`: a few words on one subject or several, and which they are; made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dlcli.data.sources.samples.made import MadeText

if TYPE_CHECKING:
    import numpy as np

WORDS = {
    "vision": "image pixel camera segmentation object texture frame shape",
    "language": "word sentence translation grammar corpus token text speech",
    "robotics": "arm gripper motion camera torque object navigation sensor",
    "statistics": "estimate variance prior sample likelihood test corpus sensor",
    "theory": "bound proof convergence complexity likelihood kernel shape sample",
}
COMMON = "we show a new method for the with of results which is better than before on large data"


class Abstracts(MadeText):
    """Twelve words in any order on one to three subjects, some of which share words; the subjects stand with ; between."""

    word: ClassVar[str] = "abstracts"
    columns: ClassVar[tuple[str, str]] = ("text", "subjects")

    def rows(self, generator: np.random.Generator) -> list[tuple[str, str]]:
        return [abstract(generator) for _ in range(self.samples)]


def abstract(generator: np.random.Generator) -> tuple[str, str]:
    """A text and its subjects, each of which lends it three words."""
    subjects = generator.choice([*WORDS], generator.integers(1, 4), replace=False)
    words = [str(word) for each in subjects for word in generator.choice(WORDS[each].split(), 3, replace=False)]
    words += [str(word) for word in generator.choice(COMMON.split(), 12 - len(words))]
    return " ".join(generator.permutation(words)), ";".join(sorted(subjects))
