"""The model is no better than giving every sample the same answer."""

from __future__ import annotations

from dlcli.training.verdict.story import Advice, Finding, Story

MARGIN = 0.98


def no_better_than_baseline(story: Story) -> Finding | None:
    """Seen when the loss is hardly lower than that of the trivial baseline on the same split."""
    if not story.baseline:
        return None
    split, trivial = story.baseline["split"], story.baseline["metrics"]["loss"]
    reached = story.metrics[split]["loss"]
    if trivial <= 0 or reached < MARGIN * trivial:
        return None
    evidence = f"the {split} loss is {reached:.4g}; the {story.baseline['method']} alone reaches {trivial:.4g}"
    advice = [
        Advice(
            "train.epochs", story.config.train.epochs, story.config.train.epochs * 5, "it may only have begun to learn"
        )
    ]
    if not story.config.data.prepare:
        advice.insert(
            0, Advice("data.prepare", [], ["Normalization"], "layers learn slowly from inputs far from unit scale")
        )
    return Finding("no better than the trivial baseline", evidence, advice=advice)
