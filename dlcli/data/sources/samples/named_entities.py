"""The source `named_entities`: sentences about people, places and firms, with what each word is; made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dlcli.data.sources.samples.made import MadeText

if TYPE_CHECKING:
    import numpy as np

FIRST = ["Ada", "Paris", "Jordan", "Ines", "Austin", "Tom", "Florence", "Grace"]
LAST = ["Ford", "Lovelace", "Hill", "Banks", "Siemens", "Kim", "Hopper", "York"]
CITIES = ["Paris", "Florence", "Seoul", "Austin", "York", "Jordan", "Lima", "New York"]
FIRMS = ["Ford", "Siemens", "Hill Banks", "Apple", "Shell", "New Apple"]
FORMS = [
    "{person} works for {firm} in {place}",
    "{firm} hired {person} yesterday",
    "{person} and {person} met in {place}",
    "the office of {firm} in {place} is open",
    "yesterday {person} flew to {place}",
    "in {place} {firm} sells what {person} makes",
]


class NamedEntities(MadeText):
    """Sentences and a tag for each word, such as 'person'; many names mean several things, and only what stands beside tells."""

    word: ClassVar[str] = "named_entities"
    columns: ClassVar[tuple[str, str]] = ("text", "tags")

    def rows(self, generator: np.random.Generator) -> list[tuple[str, str]]:
        return [tagged(generator, str(generator.choice(FORMS))) for _ in range(self.samples)]


def tagged(generator: np.random.Generator, form: str) -> tuple[str, str]:
    """A sentence and its tags, a word each."""
    words, tags = [], []
    for part in form.split():
        kind = part.strip("{}") if part.startswith("{") else "other"
        said = part if kind == "other" else named(generator, kind)
        words.append(said)
        tags += [kind] * len(said.split())
    return " ".join(words), " ".join(tags)


def named(generator: np.random.Generator, kind: str) -> str:
    """A name of one kind."""
    if kind == "person":
        last = f" {generator.choice(LAST)}" if generator.random() < 0.6 else ""
        return f"{generator.choice(FIRST)}{last}"
    return str(generator.choice({"place": CITIES, "firm": FIRMS}[kind]))
