"""Where numbers end: the first layer that makes of finite numbers what is none, or a target too large for its loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dlcli.config.catalogue.live import written_class
from dlcli.data.dataset import spread_samples
from dlcli.keras_internals import nodes_of
from dlcli.layers.names import written_layer_name
from dlcli.named_inputs import model_of
from dlcli.training.evidence.unanswered_in import SQUARED, unanswered_in
from dlcli.training.setup.experiment import Experiment
from dlcli.training.unanswered import OF_NOTHING, Unanswered, inputs_of_ids

if TYPE_CHECKING:
    import numpy as np

LOOKED_AT, MOST, NUMBERS = 64, 2000, 5_000_000  # unseen: time and memory alone
"""So many samples are looked at in any case, and more up to so many numbers that they are made of."""
FAR = 100.0
"""Inputs further from 0 than that on average make every step large, whatever the learning rate."""


@dataclass(frozen=True)
class BrokenAt:
    """A layer, a target, or (`loss`) neither of them; `value` is what the layer puts out, or how far the target reaches.

    `weights` is the largest number among the weights of the layer, 0 without any; `far` says that an input stands far from 0.
    """

    kind: Literal["layer", "target", "loss"]
    name: str = ""
    written: str = ""
    line: int | None = None
    value: float = 0.0
    weights: float = 0.0
    far: bool = False
    empty: Unanswered | None = None
    """The training samples of which it makes no number because they have nothing but padding."""

    @property
    def scales(self) -> bool:
        """Whether inputs near 0 would be no such numbers."""
        return self.kind != "target" and self.far and self.weights <= FAR and self.empty is None

    @property
    def words(self) -> str:
        """What is seen, for a message."""
        if self.kind == "target":
            return f"the target '{self.name}' reaches {self.value:.3g}, too large for 32 bits once it is squared"
        if self.kind == "loss":
            return "all layers put out finite numbers"
        line = "" if self.line is None else f" in line {self.line}"
        weights = f", and its weights reach {self.weights:.3g}" if self.weights > FAR else ""
        empty = "" if self.empty is None else f", of {self.empty.words}"
        return f"{self.written}{line} puts out {self.value} first{weights}{empty}"

    @property
    def hint(self) -> str:
        """What to do."""
        if self.kind == "target":
            return "learn it scaled: data.target: {column: …, scale: standard}"
        if self.kind == "loss" and not self.far:
            return "look at the activation of the last layer, and at the scale of the target"
        if self.empty is not None:
            return OF_NOTHING
        if self.weights > FAR:
            return "give it smaller first weights"
        if self.far:
            return "bring the inputs near 0: --set 'data.prepare=[Normalization]'"
        return "look at what it takes, and at the activation and the first weights of the layers before it"


def broken_at(experiment: Experiment, *, stepped: bool = False) -> BrokenAt:
    """Where the numbers of an untrained model end, on its first samples; one that has `stepped` is made anew for it."""
    import numpy as np

    feed = experiment.splits["train"]
    most = min(max(LOOKED_AT, NUMBERS // max(feed.numbers, 1)), MOST)
    inputs, targets = feed.take(spread_samples(len(feed), most))
    far = inputs_are_far(experiment)
    for name, values in targets.items():
        reach = float(np.abs(values.astype(np.float64)).max(initial=0))
        if reach > SQUARED:
            return BrokenAt("target", name, value=reach, far=far)
    model = untrained(experiment.model) if stepped else experiment.model
    for node, values in outputs_of_calls(model, inputs):
        if not np.isfinite(values).all():
            layer, places = node.operation, experiment.built.places
            thing = experiment.built.things.get(layer.name)
            return BrokenAt(
                "layer",
                written_layer_name(layer.name),
                written_class(type(layer)) if thing is None else thing.written,
                experiment.config.line(places[layer.name]) if layer.name in places else None,
                float(values[~np.isfinite(values)][0]),
                largest_weight(layer),
                far,
                of_padding_alone(experiment, model),
            )
    return BrokenAt("loss", far=far)


def of_padding_alone(experiment: Experiment, model: Any) -> Unanswered | None:
    """The training samples of which a model makes no number where the first has nothing but padding."""
    if not inputs_of_ids(experiment.dataset.schema.inputs):
        return None
    found = unanswered_in(experiment, "train", model)
    return found if found is not None and found.empty is not None else None


def untrained(model: Any) -> Any:
    """The model as it was before its first step, but for other draws: what a step without numbers leaves tells nothing."""
    import keras

    made = keras.models.clone_model(model)
    for new, old in zip(made.non_trainable_variables, model.non_trainable_variables, strict=True):
        new.assign(old)
    return made


def outputs_of_calls(model: Any, inputs: dict[str, np.ndarray[Any, Any]]) -> list[tuple[Any, np.ndarray[Any, Any]]]:
    """What each call of a model puts out (samples, …), in order; numbers alone."""
    import numpy as np

    calls = [(node, each) for node in nodes_of(model) for each in node.output_tensors if "float" in each.dtype]
    values = model_of(model.input, [each for _, each in calls])(dict(inputs), training=False)
    return [(node, np.asarray(one, np.float32)) for (node, _), one in zip(calls, values, strict=True)]


def largest_weight(layer: Any) -> float:
    """The number that is farthest from 0 among the weights of a layer."""
    import numpy as np

    return max((float(np.abs(each.numpy()).max(initial=0)) for each in getattr(layer, "weights", ())), default=0.0)


def inputs_are_far(experiment: Experiment) -> bool:
    """Whether an input stands far from 0, as it reaches the layers; ids that are looked up have no scale."""
    import numpy as np

    inputs, _ = experiment.splits["train"].take(slice(0, LOOKED_AT))
    ids = {each.name for each in inputs_of_ids(experiment.dataset.schema.inputs)}
    numbers = [values for name, values in inputs.items() if name not in ids]
    return any(float(np.abs(values.astype(np.float64)).mean()) > FAR for values in numbers)
