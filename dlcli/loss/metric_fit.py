"""Does each metric read the target and the prediction that its loss compares? Paths lead from the root of the configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dlcli.loss.metrics import metric_name
from dlcli.loss.needs import labels_of, logits, needs, reads_probabilities, reads_scores
from dlcli.loss.reading import can_be_read, output_form, reads_of
from dlcli.loss.target_loss import Head
from dlcli.spec import KerasObject, Mistake

ONE_HOT = "data.target: {column: …, encode: one_hot} with loss: categorical_crossentropy"
VALIDATION = "val_"
"""Stands before the names of what is measured on the validation split."""
TAKEN = frozenset({"epoch", "learning_rate", "step"})
"""What stands beside the metrics in the history of a run."""
INSTEAD: Mapping[str, str] = {
    "signs": "write accuracy, Precision, AUC or hinge",
    "scores": "write accuracy or categorical_hinge",
}


def metric_mistakes(head: Head, *, width: int | None = None) -> list[Mistake]:
    """Metrics that read another kind of target or prediction than the loss does, and names used twice.

    `width` is how many values the model puts out a sample, where that is known.
    """
    mistakes, seen = [], set[str]()
    for position, metric in enumerate(head.metrics):
        name, path = metric_name(metric), (*head.metrics_path, position)
        if not name or name.startswith(VALIDATION) or name in TAKEN:
            message = f"no metric can be called '{name}'" + (
                f": {VALIDATION} stands before the values of the validation split"
                if name.startswith(VALIDATION)
                else ""
            )
            mistakes.append(Mistake(message, path, "give it another name: {…, name: other}", kind="name_taken"))
        elif name in seen or name == "loss":
            message, hint = f"two values would be called '{name}'", "leave one out, or give it a name: {…, name: other}"
            mistakes.append(Mistake(message, path, hint, kind="name_taken"))
        seen.add(name)
        if needs(head.loss) == "nothing":
            message = f"{metric.written} compares with a target, and {head.loss.written} has none"
            mistakes.append(Mistake(message, path, "leave it out", kind="metric_does_not_fit_loss"))
            continue
        first = next(reading_mistakes(metric, head.loss, width), None)
        if first is not None:
            mistakes.append(replace(first, path=path))
    return mistakes


def reading_mistakes(metric: KerasObject, loss: KerasObject, width: int | None) -> Iterator[Mistake]:
    """What is wrong with a metric under a loss, without a path."""
    if metric.written in {"accuracy", "acc"}:
        yield from accuracy_mistakes(loss)
        return
    yield from target_mistakes(metric, loss)
    yield from largest_mistakes(metric, loss, width)
    yield from varying_mistakes(metric, width)
    yield from score_mistakes(metric, loss)


def accuracy_mistakes(loss: KerasObject) -> Iterator[Mistake]:
    """Where there is nothing that `accuracy` could count."""
    if needs(loss) is None:
        message = f"{loss.written} does not say what it compares, so accuracy does not know what to count"
        hint = f"write dlcli_target = 'classes' in the class {loss.name} (or 'one_hot', 'binary', 'numbers')"
        yield Mistake(message, suggestion=hint, kind="metric_does_not_fit_loss")
    elif labels_of(loss) == "numbers":
        message = f"accuracy counts right classes, but {loss.written} compares numbers"
        yield Mistake(message, suggestion="write metrics: [mae] or [r2_score]", kind="metric_does_not_fit_loss")


def target_mistakes(metric: KerasObject, loss: KerasObject) -> Iterator[Mistake]:
    """A metric that reads targets of another kind than the loss."""
    need, target = needs(loss), metric.traits.get("target")
    if need == "classes" and target == "one_hot":
        message = f"{metric.written} reads one-hot targets, but the target holds class indices"
        yield Mistake(message, suggestion=f"write accuracy, or {ONE_HOT}", kind="metric_does_not_fit_target")
    elif need == "classes" and target == "binary":
        message = f"{metric.written} reads one probability a sample, but the output has one for each class"
        yield Mistake(message, suggestion=f"write accuracy, or {ONE_HOT}", kind="metric_does_not_fit_output")
    elif need in {"binary", "one_hot"} and target == "classes":
        message = f"{metric.written} reads class indices against one probability a class"
        yield Mistake(message, suggestion="write accuracy", kind="metric_does_not_fit_output")
    elif labels_of(loss) == "numbers" and target == "classes":
        message = f"{metric.written} reads class indices, but {loss.written} compares numbers"
        yield Mistake(message, suggestion="write metrics: [mae] or [r2_score]", kind="metric_does_not_fit_loss")


def largest_mistakes(metric: KerasObject, loss: KerasObject, width: int | None) -> Iterator[Mistake]:
    """A metric that reads several values as one answer, its classes, where each is an answer of its own."""
    reads = reads_of(metric)
    together = reads == "largest" or (metric.traits.get("target") == "one_hot" and reads != "decisions")
    if not together or not (needs(loss) == "binary" or width == 1):
        return
    taken = " and takes the largest for the answer" if reads == "largest" else ""
    there = "a sample has one number" if width == 1 else "each number of a sample is an answer of its own"
    yes = "a score for yes" if reads_scores(loss) or logits(loss) else "the probability of yes"
    meant = f", {yes}" if needs(loss) == "binary" else ""
    message = f"{metric.written} expects a number for each class{taken}, but here {there}{meant}"
    instead = metric.traits.get("instead", "accuracy")
    if instead == "threshold":
        arguments = {**metric.arguments, "threshold": 0.5}
        instead = (
            f"{{{metric.written}: {{{', '.join(f'{key}: {plain_yaml(each)}' for key, each in arguments.items())}}}}}"
        )
    yield Mistake(message, suggestion=f"write {instead}", kind="metric_does_not_fit_output")


def varying_mistakes(metric: KerasObject, width: int | None) -> Iterator[Mistake]:
    """A metric of how the values of a sample vary together, where each has one: a correlation of that is no number."""
    if metric.traits.get("varies") and width == 1 and metric.arguments.get("axis", -1) == -1:
        message = f"{metric.written} compares how several values of a sample vary, but here each has one"
        yield Mistake(message, suggestion="write r2_score, or axis: 0 for a batch", kind="metric_does_not_fit_output")


def plain_yaml(value: Any) -> str:
    """A plain value as YAML; JSON is YAML."""
    return value if isinstance(value, str) and value.isidentifier() else json.dumps(value, ensure_ascii=False)


def score_mistakes(metric: KerasObject, loss: KerasObject) -> Iterator[Mistake]:
    """Probabilities wanted of scores, or scores of probabilities."""
    if needs(loss) is None:
        return
    if not can_be_read(loss, reads_of(metric)):
        message = f"{metric.written} reads values, but what {loss.written} compares are scores"
        yield Mistake(message, suggestion=INSTEAD[output_form(loss)], kind="metric_does_not_fit_loss")
    if metric.arguments.get("from_logits") and reads_probabilities(loss) and not logits(loss):
        message = f"{metric.written} with from_logits reads raw scores, but {loss.written} reads probabilities"
        yield Mistake(message, suggestion="leave out from_logits", kind="metric_does_not_fit_loss")
    if metric.traits.get("equal") and reads_probabilities(loss):
        message = f"{metric.written} counts numbers that are equal, and a probability never is its target"
        yield Mistake(message, suggestion="write accuracy", kind="metric_does_not_fit_loss")
    for key, threshold in thresholds_of(metric):
        if logits(loss) and not metric.arguments.get("from_logits") and not 0 < threshold < 1:
            message = f"{metric.written} compares probabilities, also under a loss for raw scores, with {threshold:g}"
            yield Mistake(
                message, suggestion=f"write {key}: 0.5 for the raw score 0", kind="threshold_is_no_probability"
            )


def speaks_of_one(metric: KerasObject, loss: KerasObject) -> bool:
    """Whether a metric of two classes says how well one of them is told, and would say another number of the other."""
    return needs(loss) == "binary" and bool(metric.traits.get("positive"))


def thresholds_of(metric: KerasObject) -> Iterator[tuple[str, float]]:
    """The thresholds that are written, with their key."""
    for key in ("threshold", "thresholds"):
        given: Any = metric.arguments.get(key)
        for each in given if isinstance(given, list) else [given]:
            if isinstance(each, int | float):
                yield key, each
