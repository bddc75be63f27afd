"""The source `masked_words`: reviews in which some words are hidden, and which they were; made anew from a seed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.samples.generated import Share
from dlcli.data.sources.samples.made import Made
from dlcli.data.sources.samples.sentences import review
from dlcli.data.sources.source import Example

if TYPE_CHECKING:
    import numpy as np

PLACES = 16
NOT_HIDDEN = -1


class MaskedWords(Made):
    """Reviews of the source `sentences` with [mask] in place of some words; the target names these, and is -1 elsewhere."""

    word: ClassVar[str] = "masked_words"

    share: Share = 0.15
    """Which part of the words is hidden; of each review at least one."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        return [Example({"source": cls.word})]

    def drawn(self, generator: np.random.Generator) -> Fields:
        """Texts (samples,) and the words that are hidden in them (samples, 16) as class indices, or -1."""
        import numpy as np

        reviews = [review(generator, good=bool(sample % 2)).split() for sample in range(self.samples)]
        known = sorted({word for words in reviews for word in words})
        number = {word: index for index, word in enumerate(known)}
        hidden = np.full((self.samples, PLACES), NOT_HIDDEN)
        text = np.empty(self.samples, object)
        for sample, words in enumerate(reviews):
            covered = generator.random(len(words)) < self.share
            covered[generator.integers(len(words))] = True
            hidden[sample, np.flatnonzero(covered)] = [number[words[place]] for place in np.flatnonzero(covered)]
            text[sample] = " ".join(
                "[mask]" if is_hidden else word for word, is_hidden in zip(words, covered, strict=True)
            )
        return self.fields(
            {"text": text, "hidden": hidden},
            "hidden",
            axes={"hidden": ("samples", "place")},
            classes={"hidden": known},
            void={"hidden": [NOT_HIDDEN]},
            texts=frozenset({"text"}),
        )

    def input_names(self) -> list[str] | None:
        return ["text"]
