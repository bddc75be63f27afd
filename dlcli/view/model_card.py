"""A model card: what a person should know of a model before using it, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlcli.view.console.table import Column, Table, markdown, number_column
from dlcli.view.data import DataShown, tensors_table
from dlcli.view.evaluation import Evaluation, Scores, class_table, evaluation_metrics_table
from dlcli.view.report import Facts, Missing, Steps
from dlcli.view.run_again import RunAgain
from dlcli.view.training.headline import trained_words
from dlcli.view.training_result import measured_words, metrics_table

HEADING = "# Model card: "
MOST_CLASSES, MOST_FILES = 100, 20
"""So many classes and files have a row."""
OF_SPLIT = {
    "train": "that trained it, for there are no others",
    "validation": "of `validation`, which did not train it, but may have chosen when to stop",
    "test": "of `test`, which had no part in its training",
}
"""What the samples are that it is measured on."""


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a card is made of: each part as it was found, or why it is not there."""

    again: RunAgain
    takes: Sequence[str]
    """The inputs in words."""
    gives: Sequence[str]
    """The targets in words."""
    licence: str | None
    """The licence of the data, where it is known."""
    data: DataShown | Missing
    steps: Steps | Missing
    evaluation: Evaluation | Missing
    facts: Facts | Missing


def card_text(card: ModelCard) -> str:
    """The card."""
    parts = [
        "\n".join(begun_lines(card)),
        "\n".join(lines_of_data(card)),
        "\n".join(step_lines(card.steps)),
        "\n".join(measured_lines(card)),
        "\n".join(limit_lines(card)),
        "\n".join(origin_lines(card.facts)),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def begun_lines(card: ModelCard) -> Iterator[str]:
    """What the model is, takes and gives."""
    again = card.again
    yield f"{HEADING}{again.result.run}"
    yield ""
    yield f"A Keras model, trained with dlcli: {trained_words(again.samples, again.parameters, again.device)}."
    yield ""
    yield from (f"- takes {each}" for each in card.takes)
    yield from (f"- gives {each}" for each in card.gives)


def lines_of_data(card: ModelCard) -> Iterator[str]:
    """Where the data comes from, under which licence, its splits and classes."""
    yield "## Data"
    yield ""
    if isinstance(card.data, Missing):
        yield f"Not there: {card.data.reason}."
    else:
        yield f"Source: `{card.data.source}`"
    yield ""
    yield f"Licence of the data: {card.licence or 'not known; write it here before you pass the model on'}"
    if isinstance(card.data, Missing):
        return
    yield ""
    yield markdown(tensors_table(card.data.tensors))
    for tensor in card.data.tensors:
        if tensor.classes and tensor.split == "train":
            rows = [[name, count] for name, count in list(tensor.classes.items())[:MOST_CLASSES]]
            yield markdown(Table([Column(f"class of {tensor.name}"), number_column("in train")], rows))


def step_lines(steps: Steps | Missing) -> Iterator[str]:
    """The four steps as they took effect."""
    yield "## The four steps"
    if isinstance(steps, Missing):
        yield f"\nNot there: {steps.reason}."
        return
    for name, text in steps.steps.items():
        yield f"\n### {name}\n\n```yaml\n{text.strip()}\n```"


def measured_lines(card: ModelCard) -> Iterator[str]:
    """How good it is: on a split with intervals, by class, and what was measured when the training ended."""
    yield "## How good it is"
    yield ""
    if isinstance(card.evaluation, Missing):
        yield f"Not measured again: {card.evaluation.reason}."
    else:
        found = card.evaluation
        yield f"On {found.samples:,} samples {OF_SPLIT[found.split]}:"
        yield ""
        yield markdown(evaluation_metrics_table(found))
        if found.intervals:
            yield "The interval is that in which the metric lies for other samples of the same kind, 95 times of 100.\n"
        if found.threshold is not None:
            yield f"{found.threshold.words}: so it is in the scores by class; metrics keep their own threshold.\n"
        for name, scores in found.by_target.items():
            yield from score_lines(name, scores)
    result = card.again.result
    if result.metrics:
        yield f"When the training ended, {measured_words(result)}, and what an answer without a model reaches:\n"
        yield markdown(metrics_table(result.metrics, result.baseline))


def score_lines(name: str, scores: Scores) -> Iterator[str]:
    """The scores of the classes of a target."""
    if scores.by_class is not None and len(scores.by_class) <= MOST_CLASSES:
        yield f"By class of {name}:\n" if name else "By class:\n"
        yield markdown(class_table(scores.by_class, counted=scores.counted))
    if scores.calibration is not None:
        yield f"Its probabilities are off by {scores.calibration.error * 100:.1f} % on average (expected calibration error).\n"


def limit_lines(card: ModelCard) -> Iterator[str]:
    """What speaks against trusting it: the verdict on its training, and findings about its data."""
    yield "## Limits"
    yield ""
    said = [f"- {each.severity or 'note'}: {each.finding}: {each.evidence}" for each in card.again.result.verdict]
    if not isinstance(card.data, Missing):
        said += [f"- {each.severity} about the data: {each.finding}: {each.evidence}" for each in card.data.findings]
    if not isinstance(card.evaluation, Missing):
        said += [f"- {each}" for each in card.evaluation.notes]
        if card.evaluation.split == "train":
            said.append("- it was measured on no samples but those that trained it")
    if card.again.standing is not None:
        said.append(f"- its training {card.again.standing}")
    yield from said or ["Neither the verdict on the training nor the findings about the data name one."]
    yield ""
    yield "Nothing is known of data of another kind than that above: other places, times, devices or people."


def origin_lines(facts: Facts | Missing) -> Iterator[str]:
    """Versions, seed, command and files."""
    yield "## Where it comes from"
    yield ""
    if isinstance(facts, Missing):
        yield f"Not there: {facts.reason}."
        return
    yield from (f"- {name}: {fact}" for name, fact in facts.facts.items())
    yield from (f"- {note}" for note in facts.notes)
    if facts.files:
        yield ""
        rows = [[each["file"], each["sha256"]] for each in facts.files[:MOST_FILES]]
        yield markdown(Table([Column("file of the data"), Column("SHA-256")], rows))
