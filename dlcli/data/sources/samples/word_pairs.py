"""The source `word_pairs`: short sentences in English and in Korean, which says the verb last; made anew from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dlcli.data.sources.samples.made import MadeText

if TYPE_CHECKING:
    import numpy as np

WHO = {"cat": "고양이", "dog": "개", "child": "아이", "friend": "친구", "teacher": "선생님", "student": "학생"}
WHAT = {"apple": "사과", "bread": "빵", "book": "책", "picture": "그림", "flower": "꽃", "letter": "편지", "star": "별"}
LIKE = {"": "", "red": "빨간", "big": "큰", "small": "작은", "old": "오래된", "pretty": "예쁜"}
DOES = {
    "see": ("봅니다", "보지"),
    "find": ("찾습니다", "찾지"),
    "like": ("좋아합니다", "좋아하지"),
    "buy": ("삽니다", "사지"),
}
WHEN = {"": "", "today": "오늘", "now": "지금", "often": "자주"}


class WordPairs(MadeText):
    """Sentences such as 'the cat sees the star', and '[start] 고양이가 별을 봅니다 [end]': other words, order, endings."""

    word: ClassVar[str] = "word_pairs"
    columns: ClassVar[tuple[str, str]] = ("english", "korean")

    def rows(self, generator: np.random.Generator) -> list[tuple[str, str]]:
        return [pair(generator) for _ in range(self.samples)]


def pair(generator: np.random.Generator) -> tuple[str, str]:
    """A sentence in both languages."""
    who, what, like, does, when = (str(generator.choice([*each])) for each in (WHO, WHAT, LIKE, DOES, WHEN))
    denied = generator.random() < 0.3
    verb = f"does not {does}" if denied else f"{does}s"
    korean = f"{DOES[does][1]} 않습니다" if denied else DOES[does][0]
    words = [marked(WHO[who], "이", "가"), WHEN[when], LIKE[like], marked(WHAT[what], "을", "를"), korean]
    english = f"the {who} {verb} the {like} {what} {when}".split()
    return " ".join(english), " ".join(["[start]", *filter(None, words), "[end]"])


def marked(noun: str, closed: str, opened: str) -> str:
    """A noun with its particle: one after a syllable that ends in a consonant, another after a vowel."""
    return noun + (closed if (ord(noun[-1]) - ord("가")) % 28 else opened)
