"""Metrics that read what the loss learns: in own units, as probabilities, at the places that have a label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.actions.ejected.expressions import Unsayable, constructed, room_of, said_at, written_number
from dlcli.data.schema import TargetSchema
from dlcli.loss import metric_name
from dlcli.loss.reading import output_form, reads_of
from dlcli.loss.target_loss import Head
from dlcli.spec import KerasObject, Scale

OWN = '''
class {name}(keras.metrics.{kind}):
    """{about}"""

    def update_state(self, y_true, y_pred, sample_weight=None):
{lines}
        return super().update_state(y_true, y_pred, sample_weight)

'''


@dataclass(frozen=True)
class Reading:
    """What a metric sees of target and output: the first word of its class, what that is, and the lines that make it."""

    word: str
    about: str
    lines: Sequence[str]


def metric_texts(
    head: Head, schema: TargetSchema, made: Sequence[Any], output: Any, *, masked: bool
) -> tuple[list[str], dict[str, str]]:
    """The metrics of a head, and by name the classes of their own that these need.

    `output` is what the model puts out, `masked` whether its mask leaves places out that have a label.
    """
    texts, classes = list[str](), dict[str, str]()
    for position, (thing, metric) in enumerate(zip(head.metrics, made, strict=True)):
        path = (*head.metrics_path, position)
        if thing.plugin is not None:
            raise Unsayable(thing.written, "it is a class of a plugin", hint="choose a metric of Keras", path=path)
        function = getattr(metric, "_fn", None) if type(metric).__name__ == "MeanMetricWrapper" else None
        readings = list(readings_of(thing, head, schema, output, masked=masked))
        if function is not None and readings:
            hint = f"write a class of keras.metrics in place of {thing.written}"
            raise Unsayable(thing.written, "as a function it reads the target as it is learnt", hint=hint, path=path)
        if function is not None:
            texts.append(f"keras.metrics.{function.__name__}")
            continue
        with said_at(path):
            text = constructed(metric, named=metric_name(thing))
        if readings:
            kind = type(metric).__name__
            name = "".join(each.word for each in readings) + kind
            lines = "\n".join(f"        {line}" for each in readings for line in each.lines)
            about = f"{kind} {' and '.join(each.about for each in readings)}."
            classes[name] = OWN.format(name=name, kind=kind, about=about, lines=lines)
            text = text.replace(room_of(type(metric)), name, 1)
        texts.append(text)
    return texts, classes


def readings_of(
    thing: KerasObject, head: Head, schema: TargetSchema, output: Any, *, masked: bool
) -> Iterator[Reading]:
    """What is done to target and output before a metric sees them, where Keras alone would count something else."""
    accuracy, form = thing.written in {"accuracy", "acc"}, output_form(head.loss)
    reads = "decisions" if accuracy else reads_of(thing)
    told = bool(thing.arguments.get("from_logits"))
    if form == "sigmoid" and not told:
        yield Reading("Probable", "of probabilities", ["y_pred = ops.sigmoid(y_pred)"])
    elif form == "softmax" and not told and not accuracy and reads != "largest":
        yield Reading("Probable", "of probabilities", ["y_pred = ops.softmax(y_pred)"])
    elif form == "signs" and reads == "decisions":
        lines = ["y_true, y_pred = ops.cast(y_true > 0, y_pred.dtype), ops.clip((y_pred + 1) / 2, 0.0, 1.0)"]
        yield Reading("Signed", "of signs", lines)
    if schema.scale is not None:
        yield Reading("Unscaled", "in the units of the target, which is learnt scaled", list(scale_lines(schema.scale)))
    if schema.has_void:
        yield Reading(
            "Labelled",
            "at the places that have a label, which is not -1",
            list(label_lines(schema, output, masked=masked)),
        )


def scale_lines(scale: Scale) -> Iterator[str]:
    """Target and output in own units."""
    shift, factor = (written_number(each) for each in scale.numbers)
    back = {"log": "ops.exp", "log1p": "ops.expm1"}.get(scale.kind)
    for name in ("y_true", "y_pred"):
        text = f"{name} * {factor} + {shift}"
        yield f"{name} = {text if back is None else f'{back}({text})'}"


def label_lines(schema: TargetSchema, output: Any, *, masked: bool) -> Iterator[str]:
    """Target and output of the places that have a label, in one row."""
    if schema.is_one_hot:
        yield "labelled = ops.any(y_true != 0, axis=-1)"
    else:
        wide = len(schema.shape) + 1 == len(output.shape) and output.shape[-1] == 1
        yield "labelled = y_true[..., 0] != -1" if wide else "labelled = y_true != -1"
    if masked:
        yield 'labelled &= getattr(y_pred, "_keras_mask", labelled)  # padding that the layers leave out'
    yield "y_true, y_pred = y_true[labelled], y_pred[labelled]"
