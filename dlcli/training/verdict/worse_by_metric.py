"""By a metric the constant answer is better than the model, though by the loss it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from dlcli.finding import Finding, Setting
from dlcli.loss import direction_of, metric_name
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import FREQUENT, better_by_metric
from dlcli.training.verdict.story import Story


def worse_by_metric(story: Story) -> Finding | None:
    """Seen where the numbers that are shown side by side say that the constant answer is better, and nothing else says why."""
    seen = story.beside_trivial
    if seen is None or not story.baseline or seen.reached >= seen.trivial:
        return None
    split, shown = story.baseline["split"], story.baseline["metrics"]
    for name, more_is_better in compared_metrics(story):
        own, constant = story.metrics[split].get(name), shown.get(name)
        if own is None or constant is None or not (own < constant if more_is_better else own > constant):
            continue
        weighs = seen.weighed and more_is_better
        advice = unweighed(story) if weighs else []
        if weighs and not advice and better_by_metric(story):
            continue  # that the frequent class is said less often is what the weights are for
        facts = {"split": split, "metric": name, "own": own, "constant": constant, "method": story.baseline["method"]}
        losses = {"reached": seen.reached, "trivial": seen.trivial, "weighed": seen.weighed}
        return Finding(code="worse_by_metric", severity="note", where=name, facts={**facts, **losses}, advice=advice)
    return None


def unweighed(story: Story) -> list[Setting]:
    """To weigh all samples alike, as the metric does."""
    weights = story.config.train.class_weight
    if weights is None or any(each.majority >= FREQUENT for each in story.looks.classes(story.judged)):
        return []  # without them the model would say the frequent class alone
    why = "the metric counts all samples alike, and the loss rare classes more"
    return [Setting(key="train.class_weight", old=weights, new=None, why=why)]


def compared_metrics(story: Story) -> Iterator[tuple[str, bool]]:
    """The metrics by name, and whether more of each is better; not those that saying yes to all makes perfect, as recall is."""
    for head in story.config.heads:
        for metric in head.metrics:
            accuracy = metric.written in {"accuracy", "acc"}
            direction = "up" if accuracy else direction_of(metric)
            if direction is not None and (accuracy or not metric.traits.get("positive")):
                yield head.reported(metric_name(metric)), direction == "up"


RULE = Rule(
    "worse_by_metric",
    worse_by_metric,
    CAUSES
    | {"overfits", "predicts_one_class", "does_not_learn", "underfits", "imbalanced", "still_improving"}
    | {"no_better_than_trivial", "no_better_than_last_value", "no_lower_than_first"},
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def with_accuracy(own: float, constant: float) -> Story:
        told = story(validation=[0.9, 0.6, 0.5])
        metrics = {**told.metrics, "validation": {**told.metrics["validation"], "accuracy": own}}
        baseline = {**told.baseline, "metrics": {**told.baseline["metrics"], "accuracy": constant}}
        return replace(told, metrics=metrics, baseline=baseline)

    return [
        (with_accuracy(0.3, 0.4), True),
        (with_accuracy(0.4, 0.4), False),
        (with_accuracy(0.5, 0.4), False),
        (story(validation=[0.9, 0.6, 0.5]), False),
    ]
