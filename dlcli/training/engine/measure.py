"""Loss, metrics and predictions of a model, in large batches and in graphs that are made once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.data.schema import TargetSchema
from dlcli.keras_internals import logits_behind
from dlcli.loss import metric_values
from dlcli.loss.counting import masks_by_target
from dlcli.progress import counted_off
from dlcli.training.engine.read_ahead import batch_blocks
from dlcli.training.engine.steps import (
    Pace,
    batch_tensors,
    build_variables,
    one_judged_test,
    one_test,
    signatures,
    sliced,
)
from dlcli.training.setup.feed import Arrays, Feed
from dlcli.training.setup.weights import Weights

if TYPE_CHECKING:
    import numpy as np

Own: TypeAlias = list[Any]
"""The weights of some samples (samples, …), or nothing where all count the same."""
LARGE_BATCH = 1024  # unseen: time and memory alone
"""Samples at a time where nothing is learnt, if they are small."""
LARGE_BATCH_BYTES = 1 << 26  # unseen: time and memory alone


@dataclass(frozen=True)
class Measured:
    """Loss and metrics of some samples, with their targets and what the model put out: (samples, …) by target.

    `masks` holds, of the outputs that have one, which places count.
    """

    metrics: Mapping[str, float]
    targets: Mapping[str, np.ndarray[Any, Any]]
    outputs: Mapping[str, np.ndarray[Any, Any]]
    masks: Mapping[str, np.ndarray[Any, Any]]
    logits: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    """Of outputs that are a sigmoid or a softmax what it was of: their loss counts with that."""


class Measure:
    """Loss and metrics over a split, or its predictions, in large batches and one graph each.

    A split that is in memory is placed once. One graph serves all splits and sizes: another graph could round otherwise.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.placed: dict[Feed, tuple[dict[str, Any], dict[str, Any], Own]] = {}
        self.graphs: dict[tuple[str, bool], Any] = {}

    def measure(self, feed: Feed, *, between: Callable[[], bool] = lambda: True) -> dict[str, float]:
        """Loss and metrics of the model on a split; the model's own running metrics are lost.

        `between` is asked a few times a second whether to go on; what comes back after a no means nothing.
        """
        import tensorflow as tf

        run, size = self.graph("test", feed, lambda: test_graph(self.model, feed)), batch_of(feed)
        self.model.reset_metrics()
        values: dict[str, float] = {}
        for inputs, targets, own, samples in self.parts(feed, size):
            batches, done = math.ceil(samples / size), 0
            pace = Pace(batches)
            while done < batches:
                end, started = min(batches, done + pace.steps), time.monotonic()
                values = metric_values(run(inputs, targets, own, *map(tf.constant, (size, done, end))))
                pace.seen(end - done, time.monotonic() - started)
                done = end
                if not between():
                    return values
        return values

    def judge(self, feed: Feed) -> Measured:
        """Loss, metrics, targets and outputs of one pass; the numbers are those of `measure`, to the last bit."""
        import numpy as np

        run, size = self.graph("judge", feed, lambda: judging_graph(self.model, feed)), batch_of(feed)
        self.model.reset_metrics()
        names = [each.name for each in feed.schemas]
        results: Mapping[str, Any] = {}
        collected: list[dict[str, Any]] = []
        masks, logits = list[dict[str, Any]](), list[dict[str, Any]]()
        wanted: dict[str, list[np.ndarray[Any, Any]]] = {name: [] for name in names}
        for inputs, targets, own, samples in self.parts(feed, size):
            for start in counted_off(range(0, samples, size), "measuring", -(-samples // size)):
                rows = slice(start, start + size)
                weights = [each[rows] for each in own]
                results, output, masked, scores = run(sliced(inputs, rows), sliced(targets, rows), weights)
                masks.append(masked)
                logits.append(scores)
                collected.append(outputs_by_target(output, names))
            for name in names:
                wanted[name].append(np.asarray(targets[name]))
        outputs = {name: np.concatenate([each[name] for each in collected]) for name in names}
        joined = {name: np.concatenate(parts) for name, parts in wanted.items()}
        return Measured(metric_values(results), joined, outputs, joined_masks(masks), joined_scores(logits))

    def judge_once(self, feed: Feed) -> Measured:
        """What `judge` gives, for a single pass: layer by layer, because a graph takes longer to make than to be used once."""
        import numpy as np

        metrics, size = self.measure(feed), batch_of(feed)
        names = [each.name for each in feed.schemas]
        collected, masks, logits = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
        wanted: dict[str, list[np.ndarray[Any, Any]]] = {name: [] for name in names}
        for inputs, targets, _, samples in self.parts(feed, size):
            for start in range(0, samples, size):
                output = self.model(sliced(inputs, slice(start, start + size)), training=False)
                masks.append(masks_by_target(output, names))
                logits.append(logits_by_target(output, names))
                collected.append(outputs_by_target(output, names))
            for name in names:
                wanted[name].append(np.asarray(targets[name]))
        outputs = {name: np.concatenate([each[name] for each in collected]) for name in names}
        joined = {name: np.concatenate(parts) for name, parts in wanted.items()}
        return Measured(metrics, joined, outputs, joined_masks(masks), joined_scores(logits))

    def penalty(self, feed: Feed) -> float:
        """What regularization adds to the loss on a split; that of outputs is another one for each batch."""
        total, size = 0.0, batch_of(feed)
        if not self.model.losses:
            return 0.0
        for inputs, _, _, samples in self.parts(feed, size):
            for start in range(0, samples, size):
                rows = slice(start, start + size)
                self.model(sliced(inputs, rows), training=False)
                total += sum(float(each) for each in self.model.losses) * (min(samples, start + size) - start)
        return total / max(len(feed), 1)

    def masks(self, feed: Feed) -> dict[str, np.ndarray[Any, Any]]:
        """Which places (samples, …) of the output count, by the targets whose output has a mask."""
        names = [each.name for each in feed.schemas]
        if not masks_by_target(self.model.output, names):
            return {}
        one, _ = feed.take(slice(0, 1))
        run, size = self.graph("masks", feed, lambda: masks_graph(self.model, one, names)), batch_of(feed)
        return joined_masks(
            [
                run(sliced(inputs, slice(start, start + size)))
                for inputs, _, _, samples in self.parts(feed, size)
                for start in range(0, samples, size)
            ]
        )

    def predict(self, feed: Feed) -> dict[str, np.ndarray[Any, Any]]:
        """The model's output (samples, …) in float32 by target."""
        one, _ = feed.take(slice(0, 1))
        run = self.graph("forward", feed, lambda: forward_graph(self.model, one))
        return self.outputs(feed, run, [each.name for each in feed.schemas])

    def outputs(self, feed: Feed, run: Callable[[Any], Any], names: Sequence[str]) -> dict[str, np.ndarray[Any, Any]]:
        """What a graph of inputs gives for all samples, (samples, …) in float32, by the name of each of its outputs."""
        import numpy as np

        size = batch_of(feed)
        parts: dict[str, list[np.ndarray[Any, Any]]] = {name: [] for name in names}
        for inputs, _, _, samples in self.parts(feed, size):
            for start in counted_off(range(0, samples, size), "predicting", -(-samples // size)):
                output = run(sliced(inputs, slice(start, start + size)))
                for name, values in outputs_by_target(output, names).items():
                    parts[name].append(values)
        return {name: np.concatenate(each) for name, each in parts.items()}

    def parts(self, feed: Feed, size: int) -> Iterator[tuple[dict[str, Any], dict[str, Any], Own, int]]:
        """Inputs, targets, weights and how many samples: a whole split, or block after block of one that streams."""
        import numpy as np
        import tensorflow as tf

        def own(rows: Any) -> Own:
            return [] if feed.weights is None else [tf.constant(feed.weights[rows])]

        if feed.streams:
            for rows, *arrays in batch_blocks(feed, [np.arange(len(feed))], batch_size=size):
                yield (*batch_tensors(*arrays), own(rows), len(rows))
            return
        if feed not in self.placed:
            self.placed[feed] = (*batch_tensors(*feed.take(slice(None))), own(slice(None)))
        yield (*self.placed[feed], len(feed))

    def graph(self, name: str, feed: Feed, make: Callable[[], Any]) -> Any:
        """A graph that is made once, and once more for samples that weigh differently."""
        key = (name, feed.weights is not None)
        if key not in self.graphs:
            self.graphs[key] = make()
        return self.graphs[key]


def forms_of(feed: Feed) -> tuple[Arrays, Arrays, list[Any]]:
    """A sample's inputs and targets, and the forms of a batch of these and of weights."""
    import tensorflow as tf

    inputs, targets = feed.take(slice(0, 1))
    own = [] if feed.weights is None else [tf.TensorSpec((None, *feed.weights.shape[1:]), tf.float32)]
    return inputs, targets, [signatures(inputs), signatures(targets), own]


def test_graph(model: Any, feed: Feed) -> Any:
    """The graph that counts batches, from one number to another, of some samples towards loss and metrics."""
    import tensorflow as tf

    inputs, targets, forms = forms_of(feed)
    build_variables(model, inputs, targets)
    number, schemas = tf.TensorSpec((), tf.int32), feed.schemas

    @tf.function(autograph=False, input_signature=[*forms, number, number, number])  # type: ignore[untyped-decorator]
    def run(inputs: Any, targets: Any, own: Any, size: Any, start: Any, end: Any) -> dict[str, Any]:
        def step(position: Any) -> tuple[Any]:
            rows = slice(position * size, (position + 1) * size)
            wanted = sliced(targets, rows)
            one_test(
                model, sliced(inputs, rows), wanted, weights_of_batch(schemas, wanted, [each[rows] for each in own])
            )
            return (position + 1,)

        tf.while_loop(lambda position: position < end, step, (start,), parallel_iterations=1)
        results: dict[str, Any] = model.get_metrics_result()
        return results

    return run


def weights_of_batch(schemas: list[TargetSchema], targets: Any, own: Own) -> Any:
    """The weights of a batch as Keras takes them; None where all samples count the same."""
    return Weights(schemas, {}, None).of(targets, own[0]) if own else None


def judging_graph(model: Any, feed: Feed) -> Any:
    """The graph that counts a batch towards loss and metrics; it gives these as they stand, and outputs with masks and scores."""
    import tensorflow as tf

    inputs, targets, forms = forms_of(feed)
    build_variables(model, inputs, targets)
    schemas = feed.schemas

    @tf.function(autograph=False, input_signature=forms)  # type: ignore[untyped-decorator]
    def run(inputs: Any, targets: Any, own: Any) -> tuple[dict[str, Any], Any, dict[str, Any], dict[str, Any]]:
        output = one_judged_test(model, inputs, targets, weights_of_batch(schemas, targets, own))
        names = list(targets)
        return model.get_metrics_result(), output, masks_by_target(output, names), logits_by_target(output, names)

    return run


def masks_graph(model: Any, inputs: Arrays, names: Sequence[str]) -> Any:
    """The graph that gives the masks of the outputs for a batch, and computes nothing that they do not need."""
    import tensorflow as tf

    return tf.function(
        lambda batch: masks_by_target(model(batch, training=False), names),
        autograph=False,
        input_signature=[signatures(inputs)],
    )


def joined_masks(parts: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """The masks of all batches as those of all samples."""
    import numpy as np

    return {name: np.concatenate([np.asarray(each[name], bool) for each in parts]) for name in parts[0]}


def joined_scores(parts: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """The raw scores of all batches as those of all samples."""
    import numpy as np

    return {name: np.concatenate([np.asarray(each[name]) for each in parts]) for name in parts[0]}


def logits_by_target(output: Any, names: Sequence[str]) -> dict[str, Any]:
    """The raw scores (batch, …) behind outputs in 32 bits that are probabilities, by the name of their target."""
    each = {name: output[name] if isinstance(output, dict) else output for name in names}
    found = {name: logits_behind(one) for name, one in each.items() if one.dtype == "float32"}
    return {name: logits for name, logits in found.items() if logits is not None}


def outputs_by_target(output: Any, names: Sequence[str]) -> dict[str, np.ndarray[Any, Any]]:
    """What a model put out (batch, …), in float32, by the name of each target or of the only one."""
    import numpy as np

    return {name: np.asarray(output[name] if isinstance(output, dict) else output, np.float32) for name in names}


def forward_graph(model: Any, inputs: Arrays) -> Any:
    """The graph that predicts a batch."""
    import tensorflow as tf

    return tf.function(
        lambda batch: model(batch, training=False), autograph=False, input_signature=[signatures(inputs)]
    )


def batch_of(feed: Feed) -> int:
    """How many samples are measured or predicted at a time."""
    inputs, _ = feed.take(slice(0, 1))
    one = sum(values.nbytes for values in inputs.values())
    return max(1, min(LARGE_BATCH, LARGE_BATCH_BYTES // max(one, 1)))
