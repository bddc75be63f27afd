"""The source `sentences`: short reviews, good or bad, in which the order of the words decides; made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dlcli.data.fields.fields import Fields, Place
from dlcli.data.sources.samples.generated import Samples, Seed
from dlcli.data.sources.source import Origin, Reading, SourceBlock

if TYPE_CHECKING:
    import numpy as np

THINGS = ["the film", "the story", "the music", "the ending", "the acting", "this book", "the meal", "our room"]
GOOD = ["good", "moving", "funny", "brilliant", "warm", "clever", "fresh", "charming"]
BAD = ["bad", "dull", "sad", "clumsy", "cold", "stupid", "stale", "boring"]
VERBS = ["was", "seemed", "felt"]
DEGREES = ["", "", "really ", "rather ", "very "]


class Sentences(SourceBlock):
    """Short reviews: two clauses joined by 'but', of which the last decides; 'not' and 'never' turn a word around.

    Counting words is not enough: whoever reads them must keep their order.
    """

    word: ClassVar[str] = "sentences"
    origin: ClassVar[Origin] = Origin.GENERATED

    samples: Samples = 1000
    """How many sentences."""
    seed: Seed = 0
    """Where the randomness starts."""

    def read(self, reading: Reading) -> Fields:
        import numpy as np

        generator = np.random.default_rng(self.seed)
        label = generator.permutation(np.arange(self.samples) % 2)
        text = np.empty(self.samples, object)
        for sample, good in enumerate(label):
            text[sample] = review(generator, good=bool(good))
        return Fields(
            {"text": text, "label": label},
            [Place("", self.samples)],
            inputs=("text",),
            target="label",
            classes={"label": ["bad", "good"]},
            texts=frozenset({"text"}),
        )

    def input_names(self) -> list[str] | None:
        return ["text"]


def review(generator: np.random.Generator, *, good: bool) -> str:
    """Two clauses that say the opposite of each other; the last decides."""
    first, last = clause(generator, good=not good), clause(generator, good=good)
    return f"{first} but {last}"


def clause(generator: np.random.Generator, *, good: bool) -> str:
    """A thing and what is said of it, plainly or by its opposite."""
    turned = generator.random() < 0.5
    words = GOOD if good != turned else BAD
    thing, verb, degree, word = (generator.choice(each) for each in (THINGS, VERBS, DEGREES, words))
    negation = generator.choice(["not ", "never "]) if turned else ""
    return f"{thing} {verb} {negation}{degree}{word}"
