"""What a model puts out, as its loss reads it: probabilities, scores or numbers. The one place that turns one into the other."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from dlcli.loss.needs import logits, needs, reads_scores
from dlcli.spec import KerasObject

Form: TypeAlias = Literal["values", "sigmoid", "softmax", "signs", "scores"]
"""`values`: as they are, probabilities or numbers. `sigmoid`, `softmax`: raw scores that become probabilities so.
`signs`: scores of which the sign decides between two. `scores`: of which the largest decides between several."""
Reads: TypeAlias = Literal["values", "decisions", "order", "largest", "scores"]
"""What a metric looks at: the values themselves; on which side of a threshold they are; their order; which of several is the
largest; scores as hinge losses read them."""


def output_form(loss: KerasObject) -> Form:
    """What the numbers that a model puts out under a loss are."""
    two = needs(loss) == "binary"
    if logits(loss):
        return "sigmoid" if two else "softmax"
    if reads_scores(loss):
        return "signs" if two else "scores"
    return "values"


def reads_of(metric: KerasObject) -> Reads:
    """What a metric looks at; thresholds that are written turn what is the largest, or an order, into decisions."""
    reads: Reads = metric.traits.get("reads", "values")
    thresholds = metric.arguments.get("threshold", metric.arguments.get("thresholds"))
    return "decisions" if reads in {"order", "largest"} and thresholds is not None else reads


def reads_yes_or_no(metric: KerasObject, loss: KerasObject) -> bool:
    """Whether a metric sees each label as yes or no: one that is how likely a yes is counts as what is more likely.

    Keras would count any of them that is not 0 as a yes, or none as right.
    """
    reads = "decisions" if metric.written in {"accuracy", "acc"} else reads_of(metric)
    two = needs(loss) == "binary" or metric.traits.get("target") == "binary"
    return two and reads in {"decisions", "order"}


def reads_one_class(metric: KerasObject) -> bool:
    """Whether a metric sees of a vector of shares the class that is largest: Keras's own sums would mix all of them."""
    return metric.traits.get("target") == "one_hot" and reads_of(metric) in {"largest", "decisions"}


def read_output(loss: KerasObject, output: Any, *, reads: Reads = "decisions") -> Any:
    """The output (…, units) of a model as probabilities or numbers.

    Scores of a hinge loss between two classes are brought to 0 to 1 for a threshold, which is 0.5 for the score 0, and for
    an order, which all differences keep. Otherwise scores stay what they are: nothing makes probabilities of them.
    """
    from keras import ops

    match output_form(loss):
        case "sigmoid":
            return ops.sigmoid(output)
        case "softmax":
            return ops.softmax(output, axis=-1)
        case "signs" if reads == "order":
            # A sigmoid would make equal what is beyond 17 in 32 bits; this rises up to the greatest number there is.
            grown = ops.arcsinh(output)
            return 0.5 + 0.5 * grown / (1 + ops.abs(grown))
        case "signs" if reads != "scores":
            return ops.clip((output + 1) / 2, 0.0, 1.0)
    return output


def can_be_read(loss: KerasObject, reads: Reads) -> bool:
    """Whether what is put out under a loss has what a metric looks at: a score has a sign or an order, and no value."""
    form = output_form(loss)
    if form == "signs":
        return reads != "values"
    return form != "scores" or reads in {"largest", "scores"}
