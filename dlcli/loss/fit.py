"""Do the four steps fit together? Checks target, last layer, loss and metrics before anything trains.

Each of the three says what does not fit, with what to write instead; paths lead from the root of the configuration.
"""

from __future__ import annotations

import math

from dlcli.loss import logits, needs, reads_probabilities, reads_scores
from dlcli.loss.model_output import Output
from dlcli.loss.target_form import TargetForm, classes_wanted, place_hint
from dlcli.loss.target_loss import Head
from dlcli.spec import KerasObject, Mistake

PROBABILITIES = frozenset({"softmax", "sigmoid", "hard_sigmoid"})

NEVER_NEGATIVE = PROBABILITIES | {"relu", "relu6", "softplus", "exponential"}
"""Activations of which the sign says nothing."""


def activation_mistakes(output: Output, loss: KerasObject) -> list[Mistake]:
    """An activation that the loss does not read, raw scores under a loss for probabilities. Paths lead from the root."""
    path = output.path
    activation, need = output.activation, needs(loss)
    if activation in NEVER_NEGATIVE and reads_scores(loss) and need == "binary":
        message = (
            f"the sign of what {output.layer} puts out decides under {loss.written}, and {activation} is never below 0"
        )
        return [Mistake(message, path, "write activation: tanh, or none", kind="activation_does_not_fit_loss")]
    if loss.traits.get("shapes") == "sequences" and activation in PROBABILITIES and not is_constant(output):
        message = f"{loss.written} takes raw scores, but {output.layer} ends in {activation}"
        return [Mistake(message, path, f"leave out the activation {activation}", kind="activation_does_not_fit_loss")]
    if activation is None or not reads_probabilities(loss) or is_constant(output):
        return []
    if logits(loss):
        if activation in PROBABILITIES:
            message = f"{loss.written} with from_logits takes raw scores, but {output.layer} ends in {activation}"
            return [
                Mistake(
                    message,
                    path,
                    f"leave out from_logits, or the activation {activation}",
                    kind="activation_does_not_fit_loss",
                )
            ]
        return []
    if need in {"classes", "one_hot"} and activation != "softmax":
        message = f"{loss.written} needs probabilities that sum to 1, but {output.layer} ends in {activation}"
        hint = "write activation: softmax" + (
            f", or loss: {{{loss.name}: {{from_logits: true}}}}" if activation == "linear" else ""
        )
        return [Mistake(message, path, hint, kind="activation_does_not_fit_loss")]
    if need == "binary" and activation not in {"sigmoid", "hard_sigmoid"}:
        message = f"{loss.written} needs a probability for each unit, but {output.layer} ends in {activation}"
        hint = (
            "write activation: sigmoid"
            if activation != "softmax"
            else "write activation: sigmoid, or loss: sparse_categorical_crossentropy for one class of several"
        )
        return [Mistake(message, path, hint, kind="activation_does_not_fit_loss")]
    return []


def is_constant(output: Output) -> bool:
    """Whether the output is 1 whatever the model does."""
    return output.activation == "softmax" and output.width == 1


def shape_mistakes(
    output: Output, head: Head, *, classes: int | None = None, form: TargetForm | None = None
) -> list[Mistake]:
    """Softmax over one unit; other than as many units as classes; a target and a prediction of two shapes.

    `classes` and `form`, what the target is, are None before the data is read.
    """
    if is_constant(output):
        message = f"softmax over one unit is always 1, so {output.layer} cannot learn"
        sigmoid = "write Dense: {units: 1, activation: sigmoid} with loss: binary_crossentropy"
        return [Mistake(message, output.path, f"{sigmoid}, or as many units as classes", kind="softmax_over_one_unit")]
    if needs(head.loss) == "nothing":
        return []
    if needs(head.loss) == "classes":
        return unit_mistakes(output, classes) or index_mistakes(output, head, form)
    if form is None or output.width is None or needs(head.loss) is None:
        return []
    if "shapes" in head.loss.traits:
        return unlike_mistakes(output, head, form.shape)
    if needs(head.loss) == "one_hot" and not form.shape:
        message = f"{head.loss.written} needs one-hot vectors, but the target holds class indices"
        hint = "write loss: sparse_categorical_crossentropy, or data.target: {column: …, encode: one_hot}"
        return [Mistake(message, head.loss_path, hint, kind="target_does_not_fit_loss")]
    return value_mistakes(output, head, form, classes=classes)


def unit_mistakes(output: Output, classes: int | None) -> list[Mistake]:
    """Fewer units than classes; at least two where their number is not known."""
    width = output.width
    if width is None or width >= (classes or 2):
        return []
    own = output.argument is not None and output.above is None
    many = str(output.argument) if own else "values"
    counted = f"{'has' if own else 'puts out'} {width} {many if width != 1 else many.removesuffix('s')}"
    message = f"{output.layer} {counted}, but there are {classes or 'at least 2'} classes"
    hint = widened(output, classes or "as many as there are classes")
    return [Mistake(message, output.path, hint, kind="units_do_not_fit_classes")]


def widened(output: Output, width: int | str) -> str:
    """What to write for an output of another width."""
    if output.argument is not None:
        return f"write {output.argument}: {width}" + (f" for the {output.above} above" if output.above else "")
    return f"end in a layer that says how many values it puts out, such as Dense: {{units: {width}}}"


def index_mistakes(output: Output, head: Head, form: TargetForm | None) -> list[Mistake]:
    """A target that is no class index for each place of the output."""
    if form is None or output.width is None:
        return []
    shape = tuple(output.shape or (output.width,))
    if form.vectors:
        message = f"{head.loss.written} needs one class index a sample, but the target has the shape {form.shape}"
        hint = "write loss: categorical_crossentropy for one-hot vectors"
        return [Mistake(message, head.loss_path, hint, kind="target_does_not_fit_loss")]
    if shape[:-1] == form.shape:
        return []
    message = f"{output.layer} puts out {shape} a sample, and {form.words} has {classes_wanted(form)}"
    hint = place_hint(form, shape[:-1], width=output.width)
    if shape == form.shape and not form.text:
        hint = f"write loss: categorical_crossentropy if these are one-hot vectors; otherwise {hint}"
    return [Mistake(message, output.path, hint, kind="output_does_not_fit_target")]


def unlike_mistakes(output: Output, head: Head, target: tuple[int, ...]) -> list[Mistake]:
    """Target and prediction of a loss for which they are of two shapes: labels against vectors, or against steps of scores."""
    sequences = head.loss.traits["shapes"] == "sequences"
    shape = tuple(output.shape or (output.width,))
    if (len(shape), len(target)) == ((2, 1) if sequences else (1, 0)):
        return []
    wanted = "(steps, classes) and labels in a row" if sequences else "a vector and one label"
    message = f"{head.loss.written} compares {wanted} a sample, but {output.layer} puts out {shape} and the target has {target}"
    hint = (
        "end in Dense over each step, one unit a class and one for nothing" if sequences else "end in Flatten and Dense"
    )
    return [Mistake(message, output.path, hint, kind="output_does_not_fit_target")]


def value_mistakes(output: Output, head: Head, form: TargetForm, *, classes: int | None) -> list[Mistake]:
    """A prediction and a target that are compared number by number, of two shapes."""
    width, target = output.width, form.shape
    wanted = target[-1] if target else 1
    shape = tuple(output.shape or (width,))
    if shape in {target, (*target, 1), (*target[:-1], wanted)}:
        return []
    unit = "value" if wanted == 1 else "values"
    put_out = shape if len(shape) > 1 else width
    needed = target if len(target) > 1 else wanted
    message = f"{output.layer} puts out {put_out}, but the target has {needed} {unit} a sample"
    return [Mistake(message, output.path, value_hint(output, head, form, classes), kind="output_does_not_fit_target")]


def value_hint(output: Output, head: Head, form: TargetForm, classes: int | None) -> str:
    """What to write where a prediction and a target of numbers are of two shapes."""
    width, target = output.width, form.shape
    wanted, shape = target[-1] if target else 1, tuple(output.shape or (width,))
    if needs(head.loss) == "binary" and classes == 2 and width == 2:
        return "write Dense: {units: 1, activation: sigmoid}, or loss: sparse_categorical_crossentropy with softmax"
    if classes is not None and width == classes > 2 and shape[:-1] == target:
        return "write data.target: {column: …, encode: one_hot}, which has a value for each class"
    if form.places and shape[:-1] != target[: form.places]:
        return place_hint(form, shape[:-1], width=math.prod(target[form.places :]))
    if shape[:-1] == target[:-1]:
        return widened(output, wanted)
    return "end in Flatten and Dense, or give the target that shape"
