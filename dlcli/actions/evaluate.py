"""Evaluate a run: loss and metrics of a split or of other data, the confusion matrix, the worst samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.actions.new_data import raw_samples, read_raw
from dlcli.data import Fields, class_indices
from dlcli.data.schema import TargetSchema
from dlcli.errors import UsageError
from dlcli.loss.target_loss import Head
from dlcli.runs import Run
from dlcli.training.engine.measure import Measured
from dlcli.training.kept.predictions import Answers, by_label, confusion, scores_by_class
from dlcli.training.kept.trained import Trained, open_trained
from dlcli.training.setup.feed import Feed
from dlcli.view.evaluation import NO_SCORES, ClassScores, Evaluation, Scores, Targets, WorstSample

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Judged:
    """One target of all samples: what it is, what the model said of it, and the loss of each sample (samples,)."""

    schema: TargetSchema
    target: np.ndarray[Any, Any]
    output: np.ndarray[Any, Any]
    answers: Answers | None
    losses: np.ndarray[Any, Any]

    def scores(self) -> Scores:
        """How well its classes are told apart."""
        classes = self.schema.classes
        truth = class_indices(self.target, self.schema)
        if self.answers is not None and truth is not None and classes is not None:
            counted = confusion(truth.ravel(), self.answers.classes.ravel(), classes=len(classes))
            return Scores(classes, counted.tolist(), shown_scores(scores_by_class(counted, classes)))
        if self.answers is not None and self.schema.columns is not None:
            return Scores(classes, None, shown_scores(by_label(self.target, self.answers.classes, self.schema.columns)))
        return Scores(classes, None, None)

    def plain(self, position: int) -> tuple[Any, Any]:
        """The target of one sample and what the model said, as a person would write them."""
        truth: Any = self.target[position].tolist()
        said: Any = self.output[position].tolist()
        classes, index = self.schema.classes, class_indices(self.target[position : position + 1], self.schema)
        if self.answers is not None and index is not None and classes is not None:
            right = self.answers.classes[position]
            if right.ndim:
                share = float((right == index[0]).mean())
                return "×".join(map(str, right.shape)), f"{share:.1%} right"
            return classes[int(index.item())], classes[int(right)]
        return bare(truth), bare(said)


def bare(value: Any) -> Any:
    """A single number without the list around it."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def evaluate(run: Run, *, split: str, data: str | None, worst: int, allow_code: bool = False) -> Evaluation:
    """Evaluates a run on one of its splits, or on all samples of other `data`.

    Raises `ArtifactError`, `DataError`, `ConflictError` for data that has changed, `UsageError` for an unknown split.
    """
    with open_trained(run, allow_code=allow_code) as trained:
        config, schema = trained.config, trained.schema
        notes: list[str] = []
        if data is not None:
            fields = read_raw(config, schema, data)
            samples, notes = raw_samples(fields, schema, with_target=True)
            split = data
        else:
            dataset = trained.dataset()
            if split not in dataset.splits:
                raise UsageError(
                    f"the run has no split '{split}'; it has: {', '.join(dataset.splits)}", kind="no_such_split"
                )
            fields, samples = dataset.fields, dataset.splits[split]
        feed = trained.feed(samples)
        seen = trained.judged(feed)
        judged = judged_targets(trained, seen)
    scores = {each.schema.name: each.scores() for each in judged}
    first = next(iter(scores.values()))
    return Evaluation(
        run=run.name,
        split=split,
        samples=len(samples),
        metrics=seen.metrics,
        scores=first if len(scores) == 1 else NO_SCORES,
        worst=worst_samples(fields, feed, judged, worst),
        notes=notes,
        several=Targets(scores) if len(scores) > 1 else None,
    )


def judged_targets(trained: Trained, seen: Measured) -> list[Judged]:
    """Each target with what the model said of it."""
    answers = trained.answers(seen.outputs)
    judged = []
    for head, schema in zip(trained.config.heads, trained.schema.targets, strict=True):
        target, output = seen.targets[schema.name], seen.outputs[schema.name]
        losses = sample_losses(head, target, output)
        judged.append(Judged(schema, target, output, answers[schema.name], losses))
    return judged


def sample_losses(head: Head, target: np.ndarray[Any, Any], output: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The loss of each sample (samples,)."""
    import numpy as np

    loss = head.loss.made_by()(**{**head.loss.values({}), "reduction": None})
    if target.ndim == output.ndim - 1 and output.shape[-1] == 1:
        target = target[..., None]
    parts = [
        np.asarray(loss(target[start : start + AT_ONCE], output[start : start + AT_ONCE]), dtype=np.float64)
        for start in range(0, len(target), AT_ONCE)
    ]
    return np.concatenate([part.reshape(len(part), -1).mean(axis=1) for part in parts])


AT_ONCE = 4096  # unseen: memory alone
"""Samples whose losses are counted at a time."""


def shown_scores(scores: Mapping[str, Mapping[str, Any]]) -> dict[str, ClassScores]:
    """The scores of each class, as they are shown."""
    return {name: ClassScores(**each) for name, each in scores.items()}


def worst_samples(fields: Fields, feed: Feed, judged: list[Judged], count: int) -> list[WorstSample]:
    """The samples with the greatest loss: where each stands, what it is, what the model said."""
    losses = sum(each.losses for each in judged)
    assert not isinstance(losses, int)
    worst = []
    for position in losses.argsort(kind="stable")[::-1][:count]:
        row = int(feed.rows[position])
        file, line, _ = fields.where(row)
        pairs = {each.schema.name: each.plain(int(position)) for each in judged}
        truth, said = {name: pair[0] for name, pair in pairs.items()}, {name: pair[1] for name, pair in pairs.items()}
        alone = judged[0].schema.name if len(judged) == 1 else None
        target, predicted = (truth, said) if alone is None else (truth[alone], said[alone])
        worst.append(WorstSample(row + 1, file, line, target, predicted, float(losses[position])))
    return worst
