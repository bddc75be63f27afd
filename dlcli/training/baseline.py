"""The trivial baseline: what a model reaches that gives every sample the same answer, learnt from the training targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.loss import logits, needs
from dlcli.training.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np

SMALLEST = 1e-7


def trivial_baseline(experiment: Experiment) -> dict[str, Any]:
    """`{"method", "split", "metrics"}`: loss and metrics of the constant answer on the validation split (or the training one).

    The answer is how often each class occurs, whose largest is the majority class; or the mean of the numbers.
    """
    split = "validation" if "validation" in experiment.splits else "train"
    loss, target = experiment.config.loss, experiment.splits[split].target
    answer = constant_answer(experiment)
    shape = tuple(experiment.model.output_shape[1:])
    if answer.size != size_of(shape):
        return {}
    method = "mean" if needs(loss) == "numbers" else "majority class"
    import numpy as np

    predicted = np.broadcast_to(answer.reshape(shape), (len(target), *shape)).astype(np.float32)
    return {"method": method, "split": split, "metrics": measured(experiment, target, predicted)}


def constant_answer(experiment: Experiment) -> np.ndarray[Any, Any]:
    """One sample's answer, as the loss reads it: probabilities, raw scores or numbers."""
    import numpy as np

    loss, train = experiment.config.loss, experiment.splits["train"].target
    need = needs(loss)
    if need == "classes" and train.ndim == 1:
        width = experiment.model.output_shape[-1]
        answer = np.bincount(train, minlength=width) / len(train)
    else:
        answer = np.asarray(train, dtype=np.float64).mean(axis=0)
    if need == "binary" and "Hinge" in loss.name:
        return np.asarray(2 * answer - 1 if loss.name == "SquaredHinge" else np.where(answer > 0.5, 1.0, -1.0))
    if logits(loss):
        clipped = np.clip(answer, SMALLEST, 1 - SMALLEST)
        return np.log(clipped / (1 - clipped)) if need == "binary" else np.log(clipped)
    return np.asarray(answer)


def measured(experiment: Experiment, target: np.ndarray[Any, Any], predicted: np.ndarray[Any, Any]) -> dict[str, float]:
    """Loss and metrics of given predictions."""
    import numpy as np

    from dlcli.loss import build_metrics, metric_name

    config = experiment.config
    values = {"loss": float(config.loss.build(experiment.facts)(target, predicted))}
    built = build_metrics(config.metrics, config.loss, width=predicted.shape[-1], facts=experiment.facts)
    for metric, made in zip(config.metrics, built, strict=True):
        made.update_state(target, predicted)
        values[metric_name(metric)] = float(np.mean(made.result()))
    return values


def size_of(shape: tuple[int | None, ...]) -> int:
    """Values in one sample's output; 0 where the shape is open."""
    total = 1
    for size in shape:
        total *= size or 0
    return total
