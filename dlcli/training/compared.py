"""The loss that a model reached beside that of the constant answer: the same samples, weighed the same, nothing added."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.schema import TargetSchema
from dlcli.loss import logits, needs, reads_scores
from dlcli.loss.counting import masked_output
from dlcli.loss.losses import build_loss
from dlcli.loss.perfect import perfect_loss
from dlcli.loss.target_loss import Head
from dlcli.training.constant_answer import MAJORITY, ConstantAnswer, learnt_answer
from dlcli.training.engine.measure import Measure
from dlcli.training.setup.experiment import Experiment, output_shape
from dlcli.training.setup.weights import Weights, training_weights
from dlcli.training.trivial import counted_targets, judged_split, repeated, row_slices

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Compared:
    """On a split the loss `reached` by a model and by the `trivial` answer, without regularization; `perfect` is the least.

    Where samples or classes weigh differently in training, `weighed` says that they do here.
    """

    split: str
    reached: float
    trivial: float
    perfect: float = 0.0
    weighed: bool = False
    even: float | None = None
    """The loss of the answer that every class is as likely as the others, where the losses are of such answers."""
    method: str | None = None
    """What the trivial answer is called where it is another one than that of the baseline."""


def compared(experiment: Experiment, measure: Measure, *, reached: float, trivial: float) -> Compared | None:
    """The comparison for the model as it stands, of which `reached` is the loss; None where nothing can be compared."""
    split = judged_split(experiment)
    weights = weights_in_training(experiment, measure)
    if weights is not None:
        return weighed(experiment, measure, weights, split)
    own = reached - weight_penalty(experiment.model)
    return Compared(split, own, trivial, perfect_total(experiment, split), even=even_loss(experiment))


def weights_in_training(experiment: Experiment, measure: Measure) -> Weights | None:
    """What the samples and classes of a training weigh; None where all weigh the same."""
    training = experiment.splits["train"]
    return training_weights(experiment.config.train, experiment.dataset, counted=lambda: measure.masks(training))


def perfect_total(experiment: Experiment, split: str) -> float:
    """The least loss of all targets together on a split."""
    counted, feed, total = counted_targets(experiment, split), experiment.splits[split], 0.0
    for head, schema in zip(experiment.config.heads, experiment.dataset.schema.targets, strict=True):
        shape, target = output_shape(experiment.model, head.name), feed.target(schema.name)
        total += head.weight * perfect_loss(head.loss, target, shape, {}, counted=counted[schema.name])
    return total


def even_loss(experiment: Experiment) -> float | None:
    """The loss where the classes of each target are as likely as each other; None for losses of other answers."""
    total = 0.0
    for head in experiment.config.heads:
        if not head.loss.traits.get("chance"):
            return None
        answers = 2 if needs(head.loss) == "binary" else output_shape(experiment.model, head.name)[-1] or 1
        total += head.weight * math.log(answers)
    return total


def weight_penalty(model: Any) -> float:
    """What the regularizers of weights add to the loss; what those of outputs add depends on the batch, and stays in it."""
    weights = model.trainable_variables
    return sum(float(weight.regularizer(weight)) for weight in weights if weight.regularizer is not None)


def weighed(experiment: Experiment, measure: Measure, weights: Weights, split: str) -> Compared | None:
    """The comparison with the weights of the training: the best constant answer is another one under them."""
    seen = measure.judge(experiment.splits[split])
    counted = {name: counted_targets(experiment, name) for name in {"train", split}}
    reached, trivial, methods = 0.0, 0.0, list[str]()
    for head, schema in zip(experiment.config.heads, experiment.dataset.schema.targets, strict=True):
        learnt = place_weights(experiment, weights, head, schema, "train", counted["train"][schema.name])
        answer = learnt_answer(experiment, head, schema, learnt)
        if answer is None:
            return None
        methods.append(weighed_method(answer, head, weighs=schema.name in weights.by_class))
        target, own = seen.targets[schema.name], counted[split][schema.name]
        shape = [size or 1 for size in output_shape(experiment.model, head.name)]
        wanted = place_weights(experiment, weights, head, schema, split, own)
        for rows in row_slices(len(target), shape):
            part = None if own is None else own[rows]
            pairs = (seen.outputs[schema.name][rows], repeated(answer.values, len(target[rows]), shape))
            mine, constant = (
                weighed_sum(head, schema, target[rows], each, wanted[rows], counted=part) for each in pairs
            )
            total = max(float(wanted.sum()), 1e-12)
            share = head.weight / total
            reached, trivial = reached + mine * share, trivial + constant * share
    return Compared(split, reached, trivial, weighed=True, method=" and ".join(dict.fromkeys(methods)))


EVEN = "same chance for each class"
EVENLY = 0.001
"""How far chances may be from each other that are the same."""


def weighed_method(answer: ConstantAnswer, head: Head, *, weighs: bool) -> str:
    """What an answer is called that is learnt with the weights of classes: it is none of how often each occurs."""
    import numpy as np

    if not weighs or answer.method != MAJORITY or reads_scores(head.loss):
        return answer.method
    spread = float(np.ptp(answer.values)) if answer.values.shape[-1:] != (1,) else abs(even_distance(head, answer))
    return EVEN if spread < EVENLY else "weighed shares of the classes"


def even_distance(head: Head, answer: ConstantAnswer) -> float:
    """How far the answer of one unit is from undecided."""
    return float(answer.values.ravel()[0]) - (0.0 if logits(head.loss) else 0.5)


def place_weights(
    experiment: Experiment,
    weights: Weights,
    head: Head,
    schema: TargetSchema,
    split: str,
    counted: np.ndarray[Any, Any] | None,
) -> np.ndarray[Any, Any]:
    """How much each place (samples, …) of a target counts."""
    import numpy as np
    import tensorflow as tf

    feed = experiment.splits[split]
    target, own = feed.target(schema.name), feed.weights
    values = np.asarray(weights.of_target(schema, tf.constant(target), None if own is None else own[: len(target)]))
    places = (len(target), *(size or 1 for size in output_shape(experiment.model, head.name)[:-1]))
    if values.ndim == len(places):
        values = np.broadcast_to(values, places)  # a weight of a sample is that of each of its steps
    return values if counted is None else values * counted.reshape(values.shape)


def weighed_sum(
    head: Head,
    schema: TargetSchema,
    target: np.ndarray[Any, Any],
    output: Any,
    weights: np.ndarray[Any, Any],
    *,
    counted: np.ndarray[Any, Any] | None,
) -> float:
    """The losses of all places, each times its weight, together."""
    import numpy as np

    given = output if counted is None else masked_output(output, counted)
    losses = np.asarray(build_loss(head.loss, {}, void=schema.has_void, each=True)(target, given), np.float64)
    wide = weights.reshape(*weights.shape, *[1] * (losses.ndim - weights.ndim))
    return float((losses * wide).sum())
