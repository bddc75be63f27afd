"""The target is given away: by an input, by validation that stands in training, or to a model that looks ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Command, Finding, Setting
from dlcli.spec.idiom import plain
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict.advice import of_file, together
from dlcli.training.verdict.causal import made_causal
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.standing import left, share_left
from dlcli.training.verdict.story import Story

LEAKS = ("target_given_away", "target_is_a_sum", "input_is_a_part")
COPIED = "same_rows"
OVERLAPPING = "overlapping_windows"
AHEAD = "looks_ahead"
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
OF_MET = 0.75
"""Copies are at least such a part of the samples whose inputs stand in training; of rows that are alike by chance fewer are."""
MOST_OVERLAP = 0.5
"""So many windows of validation that hold rows of training windows are most of them: at borders of parts few do."""
LEARNT = 0.5
"""So little left, at the best epoch or of the mistakes, is better than copies can vouch for."""


def suspiciously_good(story: Story) -> Finding | None:
    """Seen where the answer at a step shows its own target, or where little of the loss is left and the data says how."""
    share = left(story)
    return seen_ahead(story, share) or (None if share is None else told_by_data(story, share))


def seen_ahead(story: Story, share: float | None) -> Finding | None:
    """A model that reads later steps, where its targets stand: whatever its loss is, it says nothing of what is to come."""
    seen = story.looks.looks_ahead()
    if seen is None:
        return None
    layers = [{"layer": each.layer, "way": each.way} for each in seen.layers]
    facts = {"split": story.judged, "left": share, "leak": AHEAD, "target": seen.target, "inputs": [*seen.inputs]}
    where = seen.layers[0].entry if seen.layers else None
    advice = made_causal(story.config, seen.layers)
    return Finding(
        code="suspiciously_good", severity="warning", where=where, facts={**facts, "layers": layers}, advice=advice
    )


def told_by_data(story: Story, share: float) -> Finding | None:
    """Little is left of the loss, and a finding about the data says how that may be."""
    leak = next((each for each in story.looks.data if each.code in LEAKS), None)
    if leak is not None and share <= LITTLE:
        facts = {"split": story.judged, "left": share, "leak": leak.code, **leak.facts}
        advice = leak.advice or without_in_groups(story, [*leak.facts["columns"]])
        return Finding(code="suspiciously_good", severity="warning", where=leak.where, facts=facts, advice=advice)
    return in_training(story, share)


def without_in_groups(story: Story, columns: Sequence[str]) -> list[Advice]:
    """The written inputs of several columns without some of them, where each keeps others."""
    inputs = story.config.data.inputs
    written = {name: each.columns or [] for name, each in inputs.items()} if isinstance(inputs, dict) else {}
    kept = {
        name: [column for column in all_of if column not in columns]
        for name, all_of in written.items()
        if any(column in columns for column in all_of)
    }
    if not all(kept.values()):
        return []  # without a whole input the layers have to be others
    why = "what tells the target may not be known when predicting"
    return together(
        Setting(key=f"data.inputs.{name}.columns", old=written[name], new=others, why=why)
        for name, others in kept.items()
    )


def in_training(story: Story, share: float) -> Finding | None:
    """Validation samples, or windows with rows of them, that stand in training too, and a loss that these may vouch for."""
    copies: dict[str, int] = next((each.facts["splits"] for each in story.looks.data if each.code == COPIED), {})
    count, samples = copies.get("validation", 0), story.looks.samples.get("validation", 0)
    are_copies = samples and count >= max((MOST_COPIES if share > LEARNT else COPIES) * samples, FEWEST_COPIES)
    overlap = None if are_copies else most_overlap(story)
    if not (are_copies or overlap) or least_left(story, share) > LEARNT:
        return None
    facts: dict[str, Any] = {"split": story.judged, "left": share}
    if overlap is not None:
        advice: Sequence[Advice] = [
            each if isinstance(each, Command) else replace(each, old=plain(story.config.data.split.by))
            for each in overlap.advice
        ]
        facts |= {"leak": OVERLAPPING, "then": overlap.facts.get("then"), **overlap.facts["splits"]["validation"]}
    elif as_good_on_others(story) or are_twins(story, count):
        return None
    else:
        advice = of_file(story, "inspect-data", why="which rows stand in two splits?")
        facts |= {"leak": COPIED, "copies": count, "samples": samples}
    return Finding(code="suspiciously_good", severity="warning", facts=facts, advice=advice)


def most_overlap(story: Story) -> Finding | None:
    """The finding that windows of two splits overlap, where most of those of validation do."""
    for each in story.looks.data:
        seen = each.facts["splits"].get("validation") if each.code == OVERLAPPING else None
        if seen is not None and seen["shared"] >= max(MOST_OVERLAP * seen["windows"], FEWEST_COPIES):
            return each
    return None


def as_good_on_others(story: Story) -> bool:
    """Whether each class is found as well among the samples that are no copies: whole scores come twice by themselves."""
    pairs = [*zip(story.looks.classes("validation"), story.looks.fresh_classes(), strict=False)]
    return bool(pairs) and all(
        count >= FEWEST and fresh.recalls[name] >= every.recalls[name] - WORSE
        for every, fresh in pairs
        for name, count in zip(fresh.classes, fresh.truth, strict=True)
        if name in every.recalls
    )


def are_twins(story: Story, copies: int) -> bool:
    """Whether inputs come again so often, mostly with another target, that some rows are alike by chance."""
    fresh = story.looks.fresh_samples()
    met = 0 if fresh is None else story.looks.samples.get("validation", 0) - fresh
    return copies < OF_MET * met


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

    shared = {"validation": {"shared": 49, "windows": 100}}
    overlap = Finding(code=OVERLAPPING, severity="warning", facts={"splits": shared})
    return [
        (told(0.149, leak), True),
        (told(0.151, leak), False),
        (told(0.1, copies), False),
        (told(0.1, overlap), False),
        (story(validation=[0.9, 0.01]), False),
    ]
