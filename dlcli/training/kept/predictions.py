"""What a model's output says: classes with probabilities, yes or no for each label, or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.schema import TargetSchema
from dlcli.loss import needs
from dlcli.loss.reading import output_form, read_output
from dlcli.spec import KerasObject

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Answers:
    """The class index of each sample (samples, …) with the probabilities (samples, …, classes).

    Of labels any of which may hold: yes or no (samples, labels) as 1 or 0, with the probability of each. Where the loss
    compares scores there are no probabilities.
    """

    classes: np.ndarray[Any, Any]
    probabilities: np.ndarray[Any, Any] | None


def answers_of(
    output: np.ndarray[Any, Any], loss: KerasObject, target: TargetSchema, *, threshold: float | None = None
) -> Answers | None:
    """What the output says of a target, or None where it is numbers; of two classes the second above the threshold."""
    import numpy as np

    form = output_form(loss)
    if target.each is not None and needs(loss) == "binary" and output.shape[1:] == tuple(target.shape):
        return yes_or_no(output, loss, chances=as_shown(output, loss))
    if target.classes is None or needs(loss) in {"numbers", None}:
        return None
    count = len(target.classes)
    if needs(loss) == "binary":
        if output.shape[-1] != 1 or count != 2:
            return None
        chance = as_shown(output[..., 0], loss)
        answers = yes_or_no(output[..., 0], loss, chances=np.stack([1 - chance, chance], axis=-1))
        return above(answers, threshold)
    if output.shape[-1] < count:
        return None
    answers = Answers(output.argmax(axis=-1), None if form == "scores" else as_shown(output, loss))
    return above(answers, threshold) if output.shape[-1] == 2 else answers


def above(answers: Answers, threshold: float | None) -> Answers:
    """The same answers about two classes, of which the second is said where its probability is above a threshold."""
    import numpy as np

    if threshold is None or answers.probabilities is None:
        return answers
    return Answers((answers.probabilities[..., 1] > threshold).astype(np.int64), answers.probabilities)


def yes_or_no(output: np.ndarray[Any, Any], loss: KerasObject, *, chances: np.ndarray[Any, Any]) -> Answers:
    """The answers of a loss between two: by the sign of a score, or by which is more likely."""
    import numpy as np

    if output_form(loss) == "signs":
        return Answers((output > 0).astype(np.int64), None)
    return Answers((as_shown(output, loss) > 0.5).astype(np.int64), chances)


def unit_names(classes: Sequence[str], units: int) -> list[str]:
    """The names of all units: the classes, and of those that are no class of the data their number."""
    return [*classes, *(f"unit {number}" for number in range(len(classes), units))]


def as_shown(output: np.ndarray[Any, Any], loss: KerasObject) -> np.ndarray[Any, Any]:
    """An output as a person sees it: probabilities where it says some, in 64 bits, and otherwise the scores or numbers."""
    import numpy as np

    if output_form(loss) not in {"sigmoid", "softmax"}:
        return output
    return np.asarray(read_output(loss, output.astype(np.float64)))


def confusion(truth: np.ndarray[Any, Any], answer: np.ndarray[Any, Any], *, classes: int) -> np.ndarray[Any, Any]:
    """How often class i (row) was called class j (column): (classes, classes)."""
    import numpy as np

    return np.bincount(truth * classes + answer, minlength=classes * classes).reshape(classes, classes)


def scores_by_class(
    truth: np.ndarray[Any, Any], answer: np.ndarray[Any, Any], names: list[str]
) -> dict[str, dict[str, float | int | None]]:
    """Precision, recall, F1 and samples of each class, of what is and what was said (places,); None where one is not defined."""
    import numpy as np

    counts = [np.bincount(each, minlength=len(names)).tolist() for each in (truth[truth == answer], answer, truth)]
    return {name: scores(*each) for name, *each in zip(names, *counts, strict=True)}


def texts_of(
    output: np.ndarray[Any, Any],
    loss: KerasObject,
    target: TargetSchema,
    counted: np.ndarray[Any, Any] | None = None,
) -> list[str]:
    """The text that an output (samples, places, words) says: the likeliest word at each place that counts.

    Under a loss that finds out itself which steps belong to which letter a letter that goes on is one, and id 0 is none.
    """
    import numpy as np

    ids = output.argmax(axis=-1)
    if joins_steps(loss):
        same = np.zeros(ids.shape, bool)
        same[:, 1:] = ids[:, 1:] == ids[:, :-1]
        ids = np.where(same, 0, ids)
    return joined_words(ids, target, counted)


def joins_steps(loss: KerasObject) -> bool:
    """Whether a loss finds out itself which steps of an output belong to which letter of a target."""
    return loss.traits.get("shapes") == "sequences"


def joined_words(
    ids: np.ndarray[Any, Any], target: TargetSchema, counted: np.ndarray[Any, Any] | None = None
) -> list[str]:
    """The text that ids (samples, places) of a target stand for, without padding and places that do not count."""
    import numpy as np

    ids = ids.astype(np.int64)
    words = np.asarray(target.classes, object) if target.classes else np.arange(int(ids.max(initial=0)) + 1).astype(str)
    kept = (ids > 0) if counted is None else (ids > 0) & counted.reshape(ids.shape)
    return [target.between.join(words[row[its]].tolist()) for row, its in zip(ids, kept, strict=True)]


def by_label(
    target: np.ndarray[Any, Any], answer: np.ndarray[Any, Any], names: list[str]
) -> dict[str, dict[str, float | int | None]]:
    """The same scores of labels any of which may hold: target and answer are (samples, labels) of 0 and 1."""
    return {
        name: scores(
            int((target[:, index] * answer[:, index]).sum()), int(answer[:, index].sum()), int(target[:, index].sum())
        )
        for index, name in enumerate(names)
    }


def scores(hits: int, called: int, samples: int) -> dict[str, float | int | None]:
    """The scores of one class: `hits` of its `samples` were among those `called` so."""
    return {
        "precision": hits / called if called else None,
        "recall": hits / samples if samples else None,
        "f1": 2 * hits / (called + samples) if called + samples else None,
        "samples": samples,
    }
