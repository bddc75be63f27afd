"""How a model is asked: for its answers, for their spread while dropout goes on, or for what one of its layers puts out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from dlcli.actions.answered.columns import Columns, answer_columns, number_columns, said_of_each
from dlcli.actions.answered.said import names_of_indices, said_columns
from dlcli.actions.look.model_parts import ModelParts
from dlcli.data import Samples
from dlcli.data.schema import TargetSchema
from dlcli.data.target_scale import in_own_units
from dlcli.errors import UsageError
from dlcli.layers.noted import noted_of, outputs_noted
from dlcli.loss.reading import output_form
from dlcli.loss.target_loss import Head
from dlcli.spec import KerasObject
from dlcli.training.engine.steps import signatures
from dlcli.training.evidence.restore import noise_of
from dlcli.training.kept.predictions import Answers as Said
from dlcli.training.kept.predictions import as_shown, joins_steps, unit_names
from dlcli.training.kept.trained import Trained
from dlcli.training.setup.feed import Feed
from dlcli.training.setup.ids import check_new_ids

if TYPE_CHECKING:
    import numpy as np


class Answering(Protocol):
    """A way to ask a model; of arrays of indices, by name, `classes` has the names that they stand for."""

    classes: Mapping[str, Sequence[str]]

    def columns(self, trained: Trained, samples: Samples) -> tuple[Columns, Columns]:
        """What it says of samples as columns, and what no table holds well as arrays."""
        ...


class Answers:
    """The answers themselves."""

    classes: Mapping[str, Sequence[str]] = {}

    def columns(self, trained: Trained, samples: Samples) -> tuple[Columns, Columns]:
        feed = trained.feed(samples, with_target=False)
        output = trained.predicted(feed)
        answered, arrays = said_columns(trained, feed, samples, output)
        self.classes = names_of_indices(trained, output, arrays)
        return answered, arrays


@dataclass
class OfLayer:
    """What one layer puts out: numbers that stand for a sample, to compare samples by."""

    layer: str
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict, init=False)
    graph: Callable[[Any], Any] | None = field(default=None, init=False)

    def columns(self, trained: Trained, samples: Samples) -> tuple[Columns, Columns]:
        feed = trained.feed(samples, with_target=False)
        check_new_ids(trained.model, feed)
        if self.graph is None:
            self.graph = layer_graph(trained, self.layer, feed)
        output = trained.forward.outputs(feed, self.graph, [self.layer])[self.layer]
        trained.forward.placed.clear()
        if output.ndim == 2:
            return {f"{self.layer} {unit}": output[:, unit] for unit in range(output.shape[1])}, {self.layer: output}
        return {self.layer: output}, {}


def layer_graph(trained: Trained, name: str, feed: Feed) -> Callable[[Any], Any]:
    """The graph that gives what a layer puts out for a batch. Raises `UsageError` for a name that no layer has."""
    import tensorflow as tf

    model, parts = trained.model, ModelParts(trained.model, trained.schema)
    call = parts.calls[parts.place(name)]
    one, _ = feed.take(slice(0, 1))

    def run(batch: Any) -> Any:
        with outputs_noted([call.layer]) as noted:
            model(batch, training=False)
        return {name: noted_of(noted, [call])[0]}

    return tf.function(run, autograph=False, input_signature=[signatures(one)])  # type: ignore[no-any-return]


@dataclass
class Spread:
    """The mean of some answers while dropout and noise go on as in training, and how far they deviate from it.

    Gal and Ghahramani 2016, Dropout as a Bayesian Approximation. Everything else, normalization among it, is as in use.
    """

    draws: int
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict, init=False)
    graph: Callable[[Any], Any] | None = field(default=None, init=False)

    def columns(self, trained: Trained, samples: Samples) -> tuple[Columns, Columns]:
        check_spreadable(trained)
        feed = trained.feed(samples, with_target=False)
        check_new_ids(trained.model, feed)
        if self.graph is None:
            self.graph = noisy_graph(trained, feed)
        mean, deviation = self.moments(trained, feed)
        answered = Columns()
        for head, target in zip(trained.config.heads, trained.schema.targets, strict=True):
            output = as_output(mean[target.name], head.loss)
            answer = trained.answers({**mean, target.name: output})[target.name]
            answered |= answer_columns(output, answer, head, target)
            answered |= deviation_columns(deviation[target.name], answer, head, target)
        return answered, {}

    def moments(self, trained: Trained, feed: Feed) -> tuple[dict[str, Any], dict[str, Any]]:
        """Mean and standard deviation (samples, …) by target of what is shown of each draw."""
        import numpy as np

        assert self.graph is not None
        names = [each.name for each in trained.schema.targets]
        pairs = [*zip(trained.config.heads, trained.schema.targets, strict=True)]
        mean: dict[str, Any] = dict.fromkeys(names, 0.0)
        squares: dict[str, Any] = dict.fromkeys(names, 0.0)
        for draw in range(1, self.draws + 1):
            output = trained.forward.outputs(feed, self.graph, names)
            for head, target in pairs:
                values = in_own_units(target, output[target.name])
                shown = np.asarray(as_shown(values, head.loss), np.float64)
                change = shown - mean[target.name]
                mean[target.name] = mean[target.name] + change / draw
                squares[target.name] = squares[target.name] + change * (shown - mean[target.name])
        trained.forward.placed.clear()
        return mean, {name: np.sqrt(each / (self.draws - 1)) for name, each in squares.items()}


def check_spreadable(trained: Trained) -> None:
    """Raises `UsageError` for a model without dropout or noise, and for answers that have no mean."""
    if not any(getattr(layer, name) for layer, name in noise_of(trained.model)):
        raise UsageError(
            "--dropout spreads answers by the dropout of the model, and it has none",
            hint="leave --dropout out, or train one with Dropout layers",
            kind="option_without_effect",
        )
    for head, target in zip(trained.config.heads, trained.schema.targets, strict=True):
        if target.text or target.padded or joins_steps(head.loss):
            raise UsageError(
                f"'{target.name}' is a sequence, whose answers have no mean",
                hint="leave --dropout out",
                kind="option_without_effect",
            )


def noisy_graph(trained: Trained, feed: Feed) -> Callable[[Any], Any]:
    """The graph that predicts a batch while dropout and noise go on, each batch and each call with other draws."""
    import tensorflow as tf

    model = trained.model
    one, _ = feed.take(slice(0, 1))

    def run(batch: Any) -> Any:
        with noise_alone(model):
            return model(batch, training=False)

    return tf.function(run, autograph=False, input_signature=[signatures(one)])  # type: ignore[no-any-return]


@contextmanager
def noise_alone(model: Any) -> Iterator[None]:
    """While it is open, the layers that drop or disturb do so, and all others are as in use."""
    noisy = {id(layer): layer for layer, _ in noise_of(model)}
    for layer in noisy.values():
        layer.call = in_training(layer.call)
    try:
        yield
    finally:
        for layer in noisy.values():
            del layer.call


def in_training(call: Callable[..., Any]) -> Callable[..., Any]:
    """The call of a layer as it is in training."""

    def call_in_training(*arguments: Any, **named: Any) -> Any:
        return call(*arguments, **{**named, "training": True})

    return call_in_training


def as_output(shown: np.ndarray[Any, Any], loss: KerasObject) -> np.ndarray[Any, Any]:
    """What a model would have to put out for its answer to be shown so: the scores of probabilities, else the same."""
    import numpy as np

    form = output_form(loss)
    with np.errstate(divide="ignore"):
        if form == "softmax":
            return np.asarray(np.log(shown))
        return np.asarray(np.log(shown) - np.log1p(-shown)) if form == "sigmoid" else shown


def deviation_columns(
    deviation: np.ndarray[Any, Any], answer: Said | None, head: Head, target: TargetSchema
) -> Columns:
    """The deviation of what is shown of a target (samples, …), by the names that this has."""
    if answer is None:
        plain: Mapping[str, Any] = number_columns(deviation, head, target)
        return {f"deviation {name}": values for name, values in plain.items()}
    if answer.classes.ndim > 1 and target.each is None:
        return {f"deviation {target.name}": deviation}
    names = target.each or unit_names(target.classes or [], deviation.shape[-1])
    if deviation.shape[-1] == 1 and target.each is None:
        names = names[1:2]
    said = said_of_each(Said(answer.classes, None), deviation, names, "" if head.name is None else f"{target.name} ")
    return {name.replace("score ", "deviation ", 1): values for name, values in said.items()}
