"""Evaluate a run: loss and metrics of a split or of other data, the confusion matrix, the worst samples."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from dlcli.data import Fields, class_indices
from dlcli.data.schema import TargetSchema
from dlcli.errors import UsageError
from dlcli.loss.target_loss import Head
from dlcli.results.other_data import raw_samples, read_raw
from dlcli.runs import Run
from dlcli.training.answers import Answers, by_class, by_label, confusion
from dlcli.training.feed import Feed
from dlcli.training.measure import Measured
from dlcli.training.trained import Trained, open_trained

if TYPE_CHECKING:
    import numpy as np

ScoresByClass = dict[str, dict[str, float | int | None]]


@dataclass(frozen=True)
class Scores:
    """How well the classes of one target are told apart; None where there are none."""

    classes: list[str] | None
    confusion: list[list[int]] | None
    by_class: ScoresByClass | None


@dataclass(frozen=True)
class Evaluation(Scores):
    """The keys of `dlcli evaluate --json`, and notes on the data; `targets` has the scores of each of several targets."""

    run: str
    split: str
    samples: int
    metrics: dict[str, float]
    worst: list[dict[str, Any]]
    notes: list[str]
    targets: dict[str, Scores] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        keys = ["run", "split", "samples", "metrics", "classes", "confusion", "by_class", "worst"]
        value = {key: asdict(self)[key] for key in keys}
        return value if not self.targets else {**value, "targets": asdict(self)["targets"]}


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
            return Scores(classes, counted.tolist(), by_class(counted, classes))
        if self.answers is not None and self.schema.columns is not None:
            return Scores(classes, None, by_label(self.target, self.answers.classes, self.schema.columns))
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
                raise UsageError(f"the run has no split '{split}'; it has: {', '.join(dataset.splits)}")
            fields, samples = dataset.fields, dataset.splits[split]
        feed = trained.feed(samples)
        seen = trained.judged(feed)
        judged = judged_targets(trained, seen)
    scores = {each.schema.name: each.scores() for each in judged}
    first = next(iter(scores.values()))
    return Evaluation(
        *(first.classes, first.confusion, first.by_class) if len(scores) == 1 else (None, None, None),
        run=run.name,
        split=split,
        samples=len(samples),
        metrics=dict(seen.metrics),
        worst=worst_samples(fields, feed, judged, worst),
        notes=notes,
        targets=scores if len(scores) > 1 else {},
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


AT_ONCE = 4096
"""Samples whose losses are counted at a time."""


def worst_samples(fields: Fields, feed: Feed, judged: list[Judged], count: int) -> list[dict[str, Any]]:
    """The samples with the greatest loss: where each stands, what it is, what the model said."""
    losses = sum(each.losses for each in judged)
    assert not isinstance(losses, int)
    found = []
    for position in losses.argsort(kind="stable")[::-1][:count]:
        row = int(feed.rows[position])
        file, line, _ = fields.where(row)
        pairs = {each.schema.name: each.plain(int(position)) for each in judged}
        only = next(iter(pairs.values())) if len(pairs) == 1 else None
        truth, said = only or (
            {name: pair[0] for name, pair in pairs.items()},
            {n: pair[1] for n, pair in pairs.items()},
        )
        loss = float(losses[position])
        found.append({"row": row + 1, "file": file, "line": line, "target": truth, "predicted": said, "loss": loss})
    return found
