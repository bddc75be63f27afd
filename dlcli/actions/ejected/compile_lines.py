"""The lines of steps 3 and 4: the loss, the optimizer and the metrics of a phase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dlcli.actions.ejected.expressions import Unsayable, constructed, double_quoted, room_of, said_at, short_number
from dlcli.actions.ejected.own_classes import LABELLED, cycle_of, cycle_text, is_mean_of_output, own_classes
from dlcli.actions.ejected.own_metrics import metric_texts
from dlcli.data.schema import TargetSchema
from dlcli.keras_internals import has_mask
from dlcli.loss.counting import VOID
from dlcli.loss.needs import needs
from dlcli.loss.target_loss import Head
from dlcli.training.engine.measure import Measure
from dlcli.training.setup.experiment import Experiment, head_metrics


def class_lines(experiment: Experiment) -> Iterator[str]:
    """The classes that Keras does not have, of all phases."""
    config = experiment.whole
    yield from own_classes([plan.config.optimizer for plan in experiment.plans], [head.loss for head in config.heads])
    heads = zip(config.heads, losses_of(experiment.model, config.heads), experiment.dataset.schema.targets, strict=True)
    yield from {LABELLED.format(kind=type(made).__name__): None for _, made, schema in heads if schema.has_void}
    for _, classes in metrics_of(experiment):
        yield from classes.values()


def metrics_of(experiment: Experiment) -> list[tuple[list[str], dict[str, str]]]:
    """The metrics of each head, and by name the classes that they need. Raises `Unsayable` for two classes of one name."""
    model, seen, found = experiment.model, dict[str, str](), []
    for head, schema in zip(experiment.config.heads, experiment.dataset.schema.targets, strict=True):
        output = model.output if head.name is None else model.output[head.name]
        made, masked = head_metrics(head, schema, model, experiment.facts), masks_labels(experiment, schema, output)
        texts, classes = metric_texts(head, schema, made, output, masked=masked)
        fresh = {name: text for name, text in classes.items() if name not in seen}
        if any(seen.get(name, text) != text for name, text in classes.items()):
            why, hint = "two targets have it in other units", "leave it out of one"
            raise Unsayable("a metric", why, hint=hint, path=head.metrics_path)
        seen |= fresh
        found.append((texts, fresh))
    return found


def masks_labels(experiment: Experiment, schema: TargetSchema, output: Any) -> bool:
    """Whether the mask of an output leaves places out that have a label, so that it has to be asked."""
    import numpy as np

    if not (schema.has_void and has_mask(output)):
        return False
    for feed in experiment.splits.values():
        target, mask = feed.target(schema.name), Measure(experiment.model).masks(feed)[schema.name]
        labelled = np.any(target != 0, axis=-1) if schema.is_one_hot else target != VOID
        if (labelled.reshape(mask.shape) & ~mask).any():
            return True
    return False


def compile_lines(experiment: Experiment) -> Iterator[str]:
    """The call that compiles the model for the phase that the experiment is in."""
    model, config = experiment.model, experiment.config
    heads, schemas = config.heads, experiment.dataset.schema.targets
    losses = {
        head.name: loss_text(head, made, schema)
        for head, made, schema in zip(heads, losses_of(model, heads), schemas, strict=True)
    }
    metrics = {
        head.name: f"[{', '.join(texts)}]" for head, (texts, _) in zip(heads, metrics_of(experiment), strict=True)
    }
    several = None not in losses
    cycle = cycle_of(config.optimizer)
    given = {} if cycle is None else {"learning_rate": cycle_text(cycle, experiment.facts)}
    yield "model.compile("
    yield f"    loss={by_name(losses) if several else losses[None]},  # step 3: the loss"
    if several and config.loss_weights:
        yield f"    loss_weights={by_name({head.name: short_number(head.weight) for head in heads})},"
    with said_at(("optimizer",)):
        yield f"    optimizer={constructed(model.optimizer, given=given)},  # step 4: the optimizer"
    yield f"    metrics={by_name(metrics) if several else metrics[None]},"
    yield "    jit_compile=False,"
    yield ")"


def loss_text(head: Head, made: Any, schema: TargetSchema) -> str:
    """The loss of a head. Raises `Unsayable` for one that Keras cannot tell which labels count."""
    if is_mean_of_output(head.loss):
        return "MeanOfOutput()"
    if not schema.has_void:
        with said_at(head.loss_path):
            return constructed(made)
    if needs(head.loss) != "classes":
        raise Unsayable(
            head.loss.written,
            "some places hold no label or are padding, which this loss of Keras would count",
            hint="write sparse_categorical_crossentropy",
            path=head.loss_path,
        )
    return constructed(made).replace(room_of(type(made)), f"Labelled{type(made).__name__}", 1)


def losses_of(model: Any, heads: Any) -> list[Any]:
    """The losses that a model was compiled with, head by head."""
    given = model.loss
    return [given[head.name] if isinstance(given, dict) else given for head in heads]


def by_name(texts: Mapping[Any, str]) -> str:
    """Expressions by name, as a dictionary."""
    return "{" + ", ".join(f"{double_quoted(str(name))}: {text}" for name, text in texts.items()) + "}"
