"""Words of texts that never reach the model, though they tell what it is asked."""

from __future__ import annotations

from typing import Any

from dlcli.finding import Finding, Setting
from dlcli.training.evidence.words_read import WordsRead
from dlcli.training.verdict.advice import together
from dlcli.training.verdict.standing import left
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.written import written_argument

POOR, SOME, HALF = 0.5, 0.2, 0.5
"""So much of the trivial loss is left on the judged split where it is asked for words; and so much where all of them leave no
more mistakes of one answer than the last share of it."""
UNREAD, TELLS = 0.5, 0.15
"""Such a share of words that does not reach a model is most of them, where so many more of the mistakes of one answer are left by
those that do than by all."""
FEW, UNLEARNT, SAY_NOTHING = 0.1, 0.9, 0.8
"""Such a share that does not reach a model is enough where it leaves so much of the trivial loss, the words that do so many of
the mistakes, of which a fifth is chance, and all of them half."""

MOSTLY = 0.5
"""From such a share of padding on, what a layer that goes step by step comes to is that of the padding."""


def hardly_read(story: Story) -> Finding | None:
    """Seen where most words of texts are not in the vocabulary, or stand behind the length, and all of them tell far more; or
    fewer, where these are all that tell."""
    outside = left(story)
    if outside is None or outside < SOME:
        return None
    read = story.looks.words_read()
    if read is None or read.left_of_all > read.left - TELLS:
        return None
    needed = FEW if outside >= UNLEARNT and read.left >= SAY_NOTHING and read.left_of_all <= HALF else UNREAD
    if max(read.unknown, read.behind) < needed:
        return None
    if outside < POOR and read.left_of_all > HALF * outside:
        return None
    why = f"of all words {max(read.unknown, read.behind):.0%} do not reach the model"
    advice: list[Setting] = []
    if read.unknown >= needed:
        advice += known_words(story, read, why)
    if read.length is not None and read.behind >= needed:
        old, new = read.length
        advice += [Setting(key=f"{read.entry}.output_sequence_length", old=old, new=new, why=why)]
    if not advice:
        return None
    facts: dict[str, Any] = {"why": "words", "left": outside, "by": [read.input], "cost": 0.0, "share": 0.0}
    facts |= {"unknown": read.unknown, "behind": read.behind}
    return Finding(code="underfits", severity="warning", where=read.entry, facts=facts, advice=together(advice))


def known_words(story: Story, read: WordsRead, why: str) -> list[Setting]:
    """A vocabulary that holds the words of the texts, and tables that have a row for each."""
    advice: list[Setting] = []
    tokens: tuple[int | None, int] | None = read.tokens
    if read.vocabulary is not None:
        learnt = "words that are learnt from the texts are those that stand there"
        advice, tokens = (
            [Setting(key=f"{read.entry}.vocabulary", old=read.vocabulary, new=None, why=learnt)],
            (None, read.needed),
        )
    if tokens is None:
        return []
    old, new = tokens
    advice += [Setting(key=f"{read.entry}.max_tokens", old=old, new=new, why=why)]
    sizes = {each: written_argument(story.config, each, "input_dim") for each in read.tables}
    return advice + [
        Setting(key=f"{each}.input_dim", old=size, new=new, why="each word has a row")
        for each, size in sizes.items()
        if isinstance(size, int) and size < new
    ]


def padding_share(story: Story) -> float:
    """The share of padding among what is read step by step, where that is most of it; else 0."""
    padding = story.looks.padding_read()
    return 0.0 if padding is None or padding.share < MOSTLY else padding.share
