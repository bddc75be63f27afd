"""What an evaluation shows to be surely worse than an answer that needs no model: the constant one, or the last value again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from dlcli.config.monitors import directions
from dlcli.errors import DlcliError
from dlcli.loss.target_loss import Head
from dlcli.training.constant_answer import fitting_answer
from dlcli.training.counted import counted_target
from dlcli.training.kept.trained import Trained
from dlcli.training.setup.experiment import output_shape
from dlcli.training.setup.feed import Feed
from dlcli.training.trivial import measured_constant
from dlcli.view.evaluation import WorseThan

LAST_VALUE = "last value"


def worse_than(
    heads: Sequence[Head],
    metrics: Mapping[str, float | None],
    intervals: Mapping[str, tuple[float, float]],
    baselines: Mapping[str, Mapping[str, float]],
) -> list[WorseThan]:
    """The metrics whose whole interval lies on the wrong side of what an answer without a model reaches, the loss first."""
    found = list[WorseThan]()
    known = directions(heads, validation=False)
    for baseline, reached in baselines.items():
        for name in (each for each in metrics if each in intervals):
            (low, high), value, other, way = intervals[name], metrics[name], reached.get(name), known.get(name)
            if value is None or other is None or way is None:
                continue
            if low > other if way == "down" else high < other:
                found.append(WorseThan(baseline, name, value, low, high, other))
    return found


def constant_metrics(trained: Trained, feed: Feed) -> dict[str, dict[str, float]]:
    """What the constant answer that is learnt from the training split reaches on a feed, by what it is called.

    None where classes weigh differently in training, which then asks for another answer than these metrics do; where no answer
    is one; and where the data of the training is not there any more.
    """
    if trained.config.train.class_weight is not None:
        return {}
    with suppress(DlcliError):
        train = trained.feed(trained.dataset().splits["train"])
        return constant_of(trained, train, feed)
    return {}


def constant_of(trained: Trained, train: Feed, feed: Feed) -> dict[str, dict[str, float]]:
    """The same, of the feed of the training samples."""
    config, schema, model = trained.config, trained.schema, trained.model
    facts = schema.facts(steps_per_epoch=1)
    inside, outside = trained.masks(train), trained.masks(feed)
    total, metrics, methods = 0.0, dict[str, float](), list[str]()
    for head, target in zip(config.heads, schema.targets, strict=True):
        values = train.target(target.name)
        weights = counted_target(target, values, inside.get(target.name))
        answer = fitting_answer(head, target, values, output_shape(model, head.name), weights=weights)
        if answer is None:
            return {}
        counted = counted_target(target, feed.target(target.name), outside.get(target.name))
        loss, own = measured_constant(feed, head, target, answer.values, model=model, facts=facts, counted=counted)
        total += head.weight * loss
        metrics |= own if head.own_loss is None else {head.own_loss: loss, **own}
        methods.append(answer.method)
    return {" and ".join(dict.fromkeys(methods)): {"loss": total, **metrics}}
