"""The trivial baseline: what a model reaches that gives every sample the same answer, learnt from the training targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.schema import TargetSchema
from dlcli.loss import build_metrics, logits, metric_name, metric_values, needs, reads_scores
from dlcli.loss.target_loss import Head
from dlcli.training.setup.experiment import Experiment, output_shape

if TYPE_CHECKING:
    import numpy as np

SMALLEST = 1e-7


def trivial_baseline(experiment: Experiment) -> dict[str, Any]:
    """`{"method", "split", "metrics"}`: loss and metrics of the constant answer on the validation split (or the training one).

    The answer is how often each class occurs, whose largest is the majority class; or the mean of the numbers. The loss of
    several targets is their sum. Empty where the model's output has another form.
    """
    split = "validation" if "validation" in experiment.splits else "train"
    total, metrics, methods = 0.0, dict[str, float](), []
    for head, target in zip(experiment.config.heads, experiment.dataset.schema.targets, strict=True):
        shape = output_shape(experiment.model, head.name)
        if None in shape or needs(head.loss) is None:
            return {}
        answer = constant_answer(experiment, head, target)
        if answer.size not in {output_size(shape), shape[-1] if shape else 1}:
            return {}
        loss, own = measured(experiment, head, target, answer, split=split)
        total += loss
        if head.name is not None:
            metrics[head.reported("loss")] = loss
        metrics |= own
        methods.append("mean" if needs(head.loss) == "numbers" else "majority class")
    return {"method": " and ".join(dict.fromkeys(methods)), "split": split, "metrics": {"loss": total, **metrics}}


def constant_answer(experiment: Experiment, head: Head, schema: TargetSchema) -> np.ndarray[Any, Any]:
    """One sample's answer, as the loss reads it: probabilities, raw scores or numbers."""
    import numpy as np

    loss, train = head.loss, experiment.splits["train"].target(schema.name)
    need = needs(loss)
    if need == "classes":
        width = output_shape(experiment.model, head.name)[-1]
        answer = np.bincount(train.ravel(), minlength=width or 1) / train.size
    else:
        answer = np.asarray(train.mean(axis=0, dtype=np.float64))
    if need == "binary" and reads_scores(loss):
        signs = loss.traits.get("constant") == "sign"
        return np.asarray(np.where(answer > 0.5, 1.0, -1.0) if signs else 2 * answer - 1)
    if logits(loss):
        clipped = np.clip(answer, SMALLEST, 1 - SMALLEST)
        return np.log(clipped / (1 - clipped)) if need == "binary" else np.log(clipped)
    return np.asarray(answer)


def measured(
    experiment: Experiment, head: Head, schema: TargetSchema, answer: np.ndarray[Any, Any], *, split: str
) -> tuple[float, dict[str, float]]:
    """Loss and metrics of the constant answer on a split."""
    import numpy as np

    shape = [size or 1 for size in output_shape(experiment.model, head.name)]
    target = experiment.splits[split].target(schema.name)
    one = answer.reshape(shape) if answer.size == output_size(shape) else answer
    built = build_metrics(
        head.metrics, head.loss, width=shape[-1] if shape else 1, facts=experiment.facts, classes=schema.names_of_units
    )
    loss, total = head.loss.build(experiment.facts), 0.0
    rows = max(1, LARGEST // max(output_size(shape), 1))
    for start in range(0, len(target), rows):
        part = target[start : start + rows]
        predicted = np.broadcast_to(one, (len(part), *shape)).astype(np.float32)
        total += float(loss(part, predicted)) * len(part)
        for made in built:
            made.update_state(part, predicted)
    values = {
        head.reported(metric_name(metric)): made.result() for metric, made in zip(head.metrics, built, strict=True)
    }
    return total / len(target), metric_values(values)


LARGEST = 1 << 24
"""Values that are predicted at a time."""


def output_size(shape: Sequence[int | None]) -> int:
    """Values in one sample's output; 0 where the shape is open."""
    total = 1
    for size in shape:
        total *= size or 0
    return total
