"""What a model said of each sample, beside what is true: what an evaluation and a report are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlcli.data import class_indices
from dlcli.data.schema import TargetSchema
from dlcli.data.target_scale import in_own_units
from dlcli.loss import needs
from dlcli.loss.target_loss import Head
from dlcli.training.counted import counted_target
from dlcli.training.engine.measure import Measured
from dlcli.training.kept.predictions import (
    Answers,
    as_shown,
    by_label,
    confusion,
    joined_words,
    joins_steps,
    scores_by_class,
    texts_of,
    unit_names,
)
from dlcli.training.kept.trained import Trained
from dlcli.training.sample_losses import sample_losses
from dlcli.training.setup.feed import Feed
from dlcli.view.evaluation import ClassScores, Scores

if TYPE_CHECKING:
    import numpy as np

MOST_IN_MATRIX = 50
"""Classes of which each is counted against each; the words of a vocabulary would make a matrix of millions."""


@dataclass(frozen=True)
class Judged:
    """One target of all samples: what it is, what the model said of it, and the loss of each sample (samples,) as it counts.

    `excess` is that loss above the one of a perfect answer. `counted` (samples, …) says which places count, where not all.
    """

    schema: TargetSchema
    target: np.ndarray[Any, Any]
    shown: np.ndarray[Any, Any]
    """What `predict` shows of it (samples, …): probabilities, scores or numbers."""
    answers: Answers | None
    losses: np.ndarray[Any, Any]
    excess: np.ndarray[Any, Any]
    counted: np.ndarray[Any, Any] | None
    two: bool
    """Whether the loss is for two classes."""
    texts: tuple[list[str], list[str]] | None = None
    """Of a target of text that of each sample (samples,), and what the model said."""
    again: np.ndarray[Any, Any] | None = None
    """Of a forecast what saying the last value again gives, as `shown` is."""

    def kept(self, truth: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Which of the places (samples, …) with a class count."""
        return truth >= 0 if self.counted is None else (truth >= 0) & self.counted.reshape(truth.shape)

    def scores(self) -> Scores:
        """How well its classes are told apart."""
        import numpy as np

        classes = self.schema.classes
        truth = class_indices(self.target, self.schema)
        if self.answers is not None and truth is not None and classes is not None:
            counted = "places" if truth.ndim > 1 and truth[0].size > 1 else "samples"
            kept, said = self.kept(truth), self.answers.classes.reshape(truth.shape)
            classes = unit_names(classes, 1 + max([len(classes) - 1, *np.unique(said[kept]).tolist()]))
            truth, said = truth[kept], said[kept]
            many = len(classes) > MOST_IN_MATRIX
            matrix = None if many else confusion(truth, said, classes=len(classes)).tolist()
            positive = self.schema.positive if self.two else None
            by_class = shown_scores(scores_by_class(truth, said, classes))
            return Scores(classes, matrix, by_class, positive, counted=counted)
        if self.answers is not None and self.schema.each is not None:
            return Scores(classes, None, shown_scores(by_label(self.target, self.answers.classes, self.schema.each)))
        return Scores(classes, None, None)

    def counts(self, samples: int) -> np.ndarray[Any, Any]:
        """Of each sample (samples,) whether any of its places counts, as 0 or 1."""
        import numpy as np

        if self.counted is None:
            return np.ones(samples, int)
        return self.counted.reshape(samples, -1).any(axis=1).astype(int)

    def plain(self, position: int) -> tuple[Any, Any]:
        """The target of one sample and what the model said, as a person would write them."""
        if self.texts is not None:
            return self.texts[0][position], self.texts[1][position]
        classes, index = self.schema.classes, class_indices(self.target[position : position + 1], self.schema)
        if self.answers is not None and index is not None and classes is not None:
            right = self.answers.classes[position]
            if right.ndim:
                part = None if self.counted is None else self.counted[position : position + 1]
                kept = replace(self, counted=part).kept(index)[0]
                share = float((right.reshape(kept.shape) == index[0])[kept].mean()) if kept.any() else 1.0
                form = "×".join(map(str, right.shape)) if right.ndim > 1 else f"{int(kept.sum())} places"
                return form, f"{share:.1%} right"
            label = int(index.item())
            return "void" if label < 0 else classes[label], unit_names(classes, int(right) + 1)[int(right)]
        names = self.schema.each
        if self.answers is not None and names is not None and self.target.shape[1:] == (len(names),):
            return labels_held(self.target[position], names), labels_held(self.answers.classes[position], names)
        values = self.target[position], self.shown[position]
        if self.counted is not None and self.counted.ndim > 1:
            kept = self.counted[position]
            values = values[0].reshape(*kept.shape, -1)[kept], values[1].reshape(*kept.shape, -1)[kept]
        return bare(values[0].tolist()), bare(values[1].tolist())


def owners_of(places: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The number of the sample of each place (samples, …)."""
    import numpy as np

    return np.broadcast_to(np.arange(len(places)).reshape(-1, *[1] * (places.ndim - 1)), places.shape)


def labels_held(values: np.ndarray[Any, Any], names: Sequence[str]) -> str:
    """The labels that a sample has, of values (labels,) that say so; how likely each is, where these are shares."""
    import numpy as np

    if (values != np.floor(values)).any():
        return ", ".join(f"{name} {value:.3f}" for name, value in zip(names, values.tolist(), strict=True))
    return ", ".join(name for name, value in zip(names, values.tolist(), strict=True) if value > 0) or "none"


def bare(value: Any) -> Any:
    """A single number without the list around it, and a column of them as one list."""
    if isinstance(value, list) and value and all(isinstance(each, list) and len(each) == 1 for each in value):
        value = [each[0] for each in value]
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def judged_targets(trained: Trained, seen: Measured) -> list[Judged]:
    """Each target with what the model said of it."""
    answers = trained.answers(seen.outputs)
    judged = []
    for head, schema in zip(trained.config.heads, trained.schema.targets, strict=True):
        target, output = seen.targets[schema.name], seen.outputs[schema.name]
        counted = counted_target(schema, target, seen.masks.get(schema.name))
        texts = None
        if schema.text or joins_steps(head.loss):
            places = seen.masks.get(schema.name) if joins_steps(head.loss) else counted
            texts = joined_words(target, schema), texts_of(output, head.loss, schema, places)
        scores = seen.logits.get(schema.name)
        losses, excess = sample_losses(head, schema, target, output, counted, logits=scores)
        judged.append(
            Judged(
                schema=schema,
                target=in_own_units(schema, target),
                shown=in_own_units(schema, as_shown(output, head.loss)),
                answers=answers[schema.name],
                losses=head.weight * losses,
                excess=head.weight * excess,
                counted=counted,
                two=needs(head.loss) == "binary",
                texts=texts,
            )
        )
    return judged


def shown_scores(scores: Mapping[str, Mapping[str, Any]]) -> dict[str, ClassScores]:
    """The scores of each class, as they are shown."""
    return {name: ClassScores(**each) for name, each in scores.items()}


def defined_metrics(
    metrics: Mapping[str, float], heads: Sequence[Head], judged: Sequence[Judged], feed: Feed
) -> dict[str, float | None]:
    """Loss and metrics; None of those of a target of which no place counts, and of a loss that has a part without one."""
    pairs = [*zip(heads, judged, strict=True)]
    nothing = {name for head, each in pairs if not each.counts(len(feed)).any() for name in head.directions}
    weightless = feed.weights is not None and not feed.weights.any()
    nothing |= {head.reported("loss") for head in heads} if weightless else set()
    nothing |= {"loss"} if nothing else set()
    return {name: None if name in nothing else value for name, value in metrics.items()}
