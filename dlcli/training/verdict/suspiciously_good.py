"""Nearly perfect, and something gives the target away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dlcli.finding import Finding
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict.advice import of_file
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.standing import left, share_left
from dlcli.training.verdict.story import Story

LEAKS = ("target_given_away", "target_is_a_sum")
COPIED = "same_rows"
LITTLE = 0.15
"""So little of the trivial loss is left of a model that was told the answer."""
COPIES = 0.1
"""So many of the validation samples stand in training too where that makes a score worthless."""
MOST_COPIES = 0.3
"""So many where what is kept is not good."""
FEWEST_COPIES = 3
"""Fewer copies come by chance where samples are few."""
FEWEST, WORSE = 10, 0.05
"""So many samples of each class that are no copies tell whether it is found there as well, but for such a share."""
LEARNT = 0.5
"""So little left, at the best epoch or of the mistakes, is better than copies can vouch for."""


def suspiciously_good(story: Story) -> Finding | None:
    """Seen where hardly anything is left of the loss, and the findings about the data say how that may be."""
    share = left(story)
    if share is None:
        return None
    facts = {"split": story.judged, "left": share}
    leak = next((each for each in story.looks.data if each.code in LEAKS), None)
    if leak is not None and share <= LITTLE:
        facts |= {"leak": leak.code, **leak.facts}
        return Finding(code="suspiciously_good", severity="warning", where=leak.where, facts=facts, advice=leak.advice)
    copies: dict[str, int] = next((each.facts["splits"] for each in story.looks.data if each.code == COPIED), {})
    count, samples = copies.get("validation", 0), story.looks.samples.get("validation", 0)
    if (
        not samples
        or count < max((MOST_COPIES if share > LEARNT else COPIES) * samples, FEWEST_COPIES)
        or least_left(story, share) > LEARNT
        or as_good_on_others(story)
    ):
        return None
    facts |= {"leak": COPIED, "copies": count, "samples": samples}
    advice = of_file(story, "inspect-data", why="which rows stand in two splits?")
    return Finding(code="suspiciously_good", severity="warning", facts=facts, advice=advice)


def as_good_on_others(story: Story) -> bool:
    """Whether each class is found as well among the samples that are no copies: whole scores come twice by themselves."""
    pairs = [*zip(story.looks.classes("validation"), story.looks.fresh_classes(), strict=False)]
    return bool(pairs) and all(
        count >= FEWEST and fresh.recalls[name] >= every.recalls[name] - WORSE
        for every, fresh in pairs
        for name, count in zip(fresh.classes, fresh.truth, strict=True)
        if name in every.recalls
    )


def least_left(story: Story, share: float) -> float:
    """The least that is left of the loss in any epoch, or of the mistakes of one answer: learnt by heart copies overfit too."""
    seen, shares = story.beside_trivial, [share]
    if seen is not None and not seen.weighed:
        best = share_left(replace(seen, reached=min(story.losses(story.judged), default=seen.reached)))
        shares += [] if best is None else [best]
    told = [each for each in story.looks.classes(story.judged) if each.majority < 1]
    return min([*shares, *((1 - each.accuracy) / (1 - each.majority) for each in told)])


RULE = Rule("suspiciously_good", suspiciously_good, frozenset({"diverged", "one_class_only"}))


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    leak = Finding(code=LEAKS[0], severity="warning", facts={"columns": ["today"], "ways": {"today": "threshold"}})
    copies = Finding(code=COPIED, severity="warning", facts={"splits": {"validation": 9}})

    def told(reached: float, finding: Finding) -> Story:
        looks = Looks(data=[finding], samples={"train": 200, "validation": 100})
        return replace(story(validation=[0.9, reached]), looks=looks)

    return [
        (told(0.149, leak), True),
        (told(0.151, leak), False),
        (told(0.1, copies), False),
        (story(validation=[0.9, 0.01]), False),
    ]
