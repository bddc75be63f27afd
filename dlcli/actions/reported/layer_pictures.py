"""What the first filters of a model have learnt, as pictures or curves, and what they make of one sample."""

from __future__ import annotations

from dlcli.actions.evaluate import EvaluatedSamples
from dlcli.actions.layer_outputs import layer_outputs
from dlcli.actions.look.activations import activations_of
from dlcli.actions.look.counted import input_kind
from dlcli.actions.look.filters import filters_of
from dlcli.actions.look.model_parts import ModelParts
from dlcli.actions.reported.worst_looks import sample_shown
from dlcli.data import Samples
from dlcli.training.kept.trained import Trained
from dlcli.view.report import LayerPictured

DRAWN = frozenset({"pictures", "curves"})


def layer_pictures(trained: Trained, seen: EvaluatedSamples) -> LayerPictured | None:
    """The first filters that can be drawn, and their answers to the first sample of the split; None of a model without any."""
    parts, inputs = ModelParts(trained.model, trained.schema), trained.schema.inputs
    drawable = [each.name for each in inputs if input_kind(each) == "image"]
    for place, (name, call) in enumerate(parts.named_calls):
        filters = filters_of(name, call, parts.pictured(place, drawable), {})
        if filters is None or filters.form not in DRAWN:
            continue
        [output] = layer_outputs(trained.model, [call], trained.feed(first_sample(seen.samples)).take(slice(0, 1))[0])
        shown = [each for schema in inputs if (each := sample_shown(seen, schema, 0)) is not None]
        answers = activations_of(name, output, None)
        return LayerPictured(filters, answers if answers.form in DRAWN else None, shown[0] if shown else None)
    return None


def first_sample(samples: Samples) -> Samples:
    """The first of some samples alone."""
    inputs = {name: column[:1] for name, column in samples.inputs.items()}
    return Samples(inputs, {name: column[:1] for name, column in samples.targets.items()}, samples.rows[:1])
