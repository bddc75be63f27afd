"""Answers of a last layer that stand at the end of its activation for every sample, though something else is asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dlcli.data import class_indices
from dlcli.data.dataset import spread_samples
from dlcli.layers.names import written_layer_name
from dlcli.loss import logits, needs
from dlcli.training.evidence.reach import ends_of, last_layer, written_as
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.passes import said_by

LOOKED_AT, LEAST, NUMBERS = 500, 32, 5_000_000  # unseen: time and memory alone
"""So many samples are answered, and fewer down to the second where these are more numbers than the third."""
FEWEST, MANY = 5, 0.5
"""Fewer samples of a class say nothing of its score, and numbers of which less than this share is something else than what is
put out say nothing of it."""


@dataclass(frozen=True)
class Silenced:
    """How many of the `units` of a last layer are `silent`: of all samples they put out the end of its activation, the first of
    them `value`, though a class that samples have, or numbers, ask for something else.

    `entry` is the path of the entry of which the activation is an argument.
    """

    target: str
    layer: str
    activation: str
    entry: str | None
    units: int
    silent: int
    value: float
    classes: bool


def silenced(experiment: Experiment) -> list[Silenced]:
    """The last layers of which some unit is so; of scores of classes, and of several numbers."""
    import numpy as np

    found, feed = [], experiment.splits["train"]
    most = max(min(LOOKED_AT, NUMBERS // max(feed.numbers, 1)), LEAST)
    inputs, targets = feed.take(spread_samples(len(feed), most))
    said = None
    for head, schema in zip(experiment.config.heads, experiment.dataset.schema.targets, strict=True):
        layer = last_layer(experiment, head)
        ends = ends_of(layer)
        scores = logits(head.loss) and needs(head.loss) in {"classes", "one_hot"}
        if layer is None or ends is None or schema.absent or not (scores or needs(head.loss) == "numbers"):
            continue
        said = experiment.passes(said_by, inputs) if said is None else said
        answers = np.asarray(said if head.name is None else said[head.name], np.float64)
        answers = answers.reshape(-1, answers.shape[-1])
        asked = asked_of(targets[schema.name], schema, answers, scores=scores)
        still = [number for number in asked if np.ptp(answers[:, number]) == 0 and answers[0, number] in ends]
        if still:
            name, entry = written_as(experiment, layer)
            value, units = float(answers[0, still[0]]), answers.shape[1]
            place = written_layer_name(layer.name)
            found.append(Silenced(schema.name, place, name, entry, units, len(still), value, scores))
    return found


def asked_of(values: Any, schema: Any, answers: Any, *, scores: bool) -> list[int]:
    """The units of answers (samples or places, units) of which something is asked: the score of a class that samples have, or
    numbers that are mostly others than the first answer."""
    import numpy as np

    if scores:
        truth, units = class_indices(values, schema), answers.shape[1]
        counts = [] if truth is None else np.bincount(truth[truth >= 0].ravel(), minlength=units).tolist()
        return [number for number, count in enumerate(counts[:units]) if count >= FEWEST]
    if schema.classes is not None or values.size != answers.size:
        return []
    away = (values.reshape(answers.shape) != answers[0]).mean(axis=0)
    return [number for number, share in enumerate(away) if share >= MANY]
