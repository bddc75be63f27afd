"""Do the blocks of a configuration fit together? Checks what needs several of them, also where one is wrong itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, TypeVar

from pydantic import ValidationError

from dlcli.config.callback_files import callback_file_mistakes
from dlcli.config.devices import sharing_mistakes
from dlcli.config.language import Language
from dlcli.config.monitors import Directions, directions, watched
from dlcli.config.problems import located
from dlcli.config.sweep import goal_mistakes
from dlcli.config.trackers import PACKAGES
from dlcli.config.tree import Node
from dlcli.data.text_advice import text_message, text_preparation
from dlcli.errors import Problem
from dlcli.extras import installing, is_installed
from dlcli.layers.connections import connection_mistakes
from dlcli.layers.last_layer import last_layer
from dlcli.layers.stack import Entry, layer_count
from dlcli.loss import needs
from dlcli.loss.fit import activation_mistakes, shape_mistakes
from dlcli.loss.metric_fit import metric_mistakes
from dlcli.loss.model_output import output_of
from dlcli.loss.target_loss import Head, named_targets
from dlcli.spec import KerasObject, Mistake, did_you_mean

Value = TypeVar("Value")
MOST_LAYERS = 10_000
"""Building that many takes minutes; the deepest models that were published have some thousands."""


def fitting_problems(root: Node, written: Written) -> list[Problem]:
    """The problems between the blocks of a tree that may have other problems too."""
    checks = (
        connections,
        unprepared_texts,
        layers_in_all,
        heads_together,
        loss_weights,
        missing_monitors,
        goals_of_sweep,
        callback_files,
        missing_packages,
        shared_work,
    )
    problems = [
        located(root, each.path, each.message, each.suggestion, each.see, at=each.at, kind=each.kind)
        for check in checks
        for each in check(written)
    ]
    # What is wrong in a block is wrong in each use of it, at one place of the file.
    first: dict[Any, Problem] = {}
    for each in problems:
        first.setdefault((each.file, each.line, each.column, each.message), each)
    return list(first.values())


@dataclass(frozen=True)
class Written:
    """A configuration as it is written, of which each part can be asked for whether or not the others can be read.

    `tree` is what the blocks were read from, by the same language, so that nothing is read again.
    """

    tree: dict[str, Any]
    language: Language

    def block(self, name: str) -> dict[str, Any]:
        """A block that is a mapping, or an empty one."""
        block = self.tree.get(name)
        return block if isinstance(block, dict) else {}

    def read(self, kind: str, value: Any) -> KerasObject | None:
        """A thing of Keras, or None where it cannot be read."""
        return readable(lambda: self.language.keras(kind, value))

    @property
    def layers(self) -> list[Entry | None]:
        """The entries of the list of layers; None for each that cannot be read."""
        layers = self.tree.get("layers")
        return [readable(partial(self.language.entry, each)) for each in layers] if isinstance(layers, list) else []

    @property
    def inputs(self) -> list[str] | None:
        """The names of the inputs as far as the configuration tells them, or None."""
        inputs, source = self.block("data").get("inputs"), self.block("data").get("source")
        if isinstance(inputs, dict):
            return list(inputs)
        if isinstance(inputs, list):
            return None  # columns of one vector, or arrays each by its name: the data tells
        read = readable(lambda: self.language.source(source))
        return read.input_names() if read is not None else None

    @property
    def targets(self) -> list[str]:
        """The names of several targets; none where there is one."""
        return named_targets(self.block("data").get("targets"), self.tree.get("loss"))

    @cached_property
    def heads(self) -> list[Head]:
        """Each target with its loss and its metrics, as far as they can be read."""
        loss, metrics = self.tree.get("loss"), self.tree.get("metrics", [])
        if not self.targets:
            return self.head(None, loss, metrics)
        losses = loss if isinstance(loss, dict) else {}
        by_target = metrics if isinstance(metrics, dict) else {}
        return [head for name in self.targets for head in self.head(name, losses.get(name), by_target.get(name, []))]

    @property
    def unread_metrics(self) -> list[str] | None:
        """The names of the metrics that cannot be read, or None where these are no lists."""
        metrics = self.tree.get("metrics", {} if self.targets else [])
        if self.targets and not isinstance(metrics, dict):
            return None
        lists = list(metrics.values()) if isinstance(metrics, dict) else [metrics]
        if not all(isinstance(each, list) for each in lists):
            return None
        unread = [each for listed in lists for each in listed if not self.reads(each)]
        return [str(next(iter(each), "") if isinstance(each, dict) else each) for each in unread]

    def reads(self, metric: Any) -> bool:
        """Whether a metric can be read."""
        return self.read("metrics", metric) is not None

    def head(self, name: str | None, loss: Any, metrics: Any) -> list[Head]:
        """One head with the metrics that can be read, or none where its loss cannot be."""
        read = self.read("losses", loss)
        listed = [self.read("metrics", each) for each in metrics] if isinstance(metrics, list) else []
        known = [each for each in listed if each is not None]
        return [Head(name, read, known, only=len(self.targets) == 1)] if read is not None else []

    @property
    def validates(self) -> bool | None:
        """Whether there is a validation split, or None where the configuration does not tell."""
        split, source = self.block("data").get("split", {}), self.block("data").get("source")
        if isinstance(source, dict) and "validation" in source:
            return True
        share = split.get("validation", 0.15) if isinstance(split, dict) else None
        return share > 0 if isinstance(share, int | float) and 0 <= share < 1 else None


def readable(read: Callable[[], Value]) -> Value | None:
    """What `read` gives, or None where it finds mistakes."""
    try:
        return read()
    except ValidationError:
        return None


def connections(written: Written) -> Iterator[Mistake]:
    """Names, cycles, dead ends and unused inputs."""
    models = written.language.catalogue.kinds["applications"]
    layers = written.tree.get("layers")
    for mistake in connection_mistakes(layers, written.inputs, outputs=written.targets, models=models):
        yield replace(mistake, path=("layers", *mistake.path))


def unprepared_texts(written: Written) -> Iterator[Mistake]:
    """Inputs of text of which nothing makes numbers."""
    data, kind = written.block("data"), "text_reaches_layers"
    if data.get("prepare"):
        return
    source = readable(lambda: written.language.source(data.get("source")))
    texts, inputs = ({} if source is None else source.running_texts()), data.get("inputs")
    if inputs is None:
        for name, pieces in texts.items():
            yield Mistake(text_message(name), ("data", "source"), text_preparation(pieces), at="key", kind=kind)
    for name, each in inputs.items() if isinstance(inputs, dict) else ():
        block = each if isinstance(each, dict) else {"columns": each}
        column = block.get("columns")
        if not block.get("prepare") and (block.get("kind") == "text" or (isinstance(column, str) and column in texts)):
            hint = text_preparation(texts.get(column) if isinstance(column, str) else None)
            yield Mistake(text_message(name), ("data", "inputs", name), hint, at="key", kind=kind)


def heads_together(written: Written) -> Iterator[Mistake]:
    """Target, last layer, loss and metrics."""
    layers = written.layers
    for head in written.heads:
        last = last_layer(layers, head.name)
        output = output_of(last.layer, above=last.above, path=last.path)
        fits = [*activation_mistakes(output, head.loss), *shape_mistakes(output, head)]
        mistakes = [*fits, *metric_mistakes(head, width=output.width)]
        # Of several at one place the first says enough.
        first = {each.path: each for each in reversed(mistakes)}
        if needs(head.loss) == "nothing" and head.name is None and written.block("data").get("target") is not None:
            message = f"{head.loss.written} compares with nothing, so that a target is of no use"
            yield Mistake(message, ("data", "target"), "leave it out", at="key", kind="target_without_use")
        yield from (replace(each, at="key") for each in first.values())


def loss_weights(written: Written) -> Iterator[Mistake]:
    """Weights of losses that there are not."""
    weights, targets = written.block("loss_weights"), written.targets
    if weights and not targets:
        message = "'loss_weights' weighs the losses of several targets, and there is one"
        yield Mistake(message, ("loss_weights",), "leave it out", at="key", kind="no_such_target")
    if targets and {*targets} <= {*weights} and not any(weights.values()):
        message = "all losses have the weight 0: nothing would be learnt"
        yield Mistake(
            message, ("loss_weights",), "write a weight above 0 for one of them", at="key", kind="weights_all_zero"
        )
    for name in weights if targets else ():
        if name not in targets:
            message = f"there is no target '{name}'; there are: {', '.join(targets)}"
            hint = did_you_mean(name, targets)
            yield Mistake(message, ("loss_weights", name), hint, at="key", kind="no_such_target")


def layers_in_all(written: Written) -> Iterator[Mistake]:
    """The entry with which there are more layers than can be built, as `repeat` within `repeat` makes them."""
    layers = 0
    for position, entry in enumerate(written.layers):
        layers += 0 if entry is None else layer_count(entry)
        if layers > MOST_LAYERS:
            message = f"up to here the model has {layers:,} layers, and {MOST_LAYERS:,} is the most"
            yield Mistake(message, ("layers", position), "repeat less often", kind="too_many_layers")
            return


def callbacks_of(written: Written) -> list[KerasObject | None]:
    """The callbacks, None for one that cannot be read."""
    listed = written.block("train").get("callbacks")
    return [written.read("callbacks", each) for each in listed] if isinstance(listed, list) else []


def callback_files(written: Written) -> Iterator[Mistake]:
    """Files of callbacks that nothing may write."""
    for mistake in callback_file_mistakes(callbacks_of(written)):
        yield replace(mistake, path=("train", "callbacks", *mistake.path))


def missing_packages(written: Written) -> Iterator[Mistake]:
    """Callbacks and trackers that need what is not installed."""
    for position, callback in enumerate(callbacks_of(written)):
        package = None if callback is None else callback.traits.get("package")
        if callback is not None and package is not None and not is_installed(package):
            message = f"{callback.written} needs the package {package}"
            path = ("train", "callbacks", position, callback.written)
            yield Mistake(message, path, installing(package), kind="missing_package")
    trackers = written.block("train").get("trackers")
    for position, name in enumerate(trackers if isinstance(trackers, list) else []):
        package = PACKAGES.get(name) if isinstance(name, str) else None
        if package is not None and not is_installed(package):
            message = f"the tracker {name} needs the package {package}"
            yield Mistake(message, ("train", "trackers", position), installing(name), kind="missing_package")


def measured_values(written: Written) -> Directions | None:
    """What is measured after an epoch, or None where the configuration does not tell."""
    if len(written.heads) != max(1, len(written.targets)) or written.validates is None:
        return None
    return directions(written.heads, validation=written.validates)


def missing_monitors(written: Written) -> Iterator[Mistake]:
    """Monitors that stand for nothing that is measured."""
    unread, known = written.unread_metrics, measured_values(written)
    if unread is not None and known is not None:
        for mistake in watched(written.block("train"), known, unread=unread):
            yield replace(mistake, path=("train", *mistake.path))


def goals_of_sweep(written: Written) -> Iterator[Mistake]:
    """Goals that stand for nothing that is measured, or look for the worst."""
    unread, known = written.unread_metrics, measured_values(written)
    if not unread and unread is not None and known is not None and isinstance(written.tree.get("sweep"), dict):
        for mistake in goal_mistakes(written.tree["sweep"], known):
            yield replace(mistake, path=("sweep", *mistake.path))


def shared_work(written: Written) -> Iterator[Mistake]:
    """Devices without a word on how they share the work, and what does not go with that word."""
    optimizer = written.read("optimizers", written.tree.get("optimizer"))
    accumulates = optimizer is not None and optimizer.arguments.get("gradient_accumulation_steps") is not None
    yield from sharing_mistakes(written.block("train"), optimizer.written if optimizer and accumulates else None)
