"""The lines of the training: a loop of epochs for each phase, which keeps the best weights, stops early and lowers the rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dlcli.actions.ejected.compile_lines import compile_lines
from dlcli.actions.ejected.expressions import Unsayable, double_quoted, short_number
from dlcli.actions.ejected.sample_texts import SampleTexts
from dlcli.config import Config
from dlcli.config.monitors import directions
from dlcli.keras_internals import leaf_layers
from dlcli.loss.metrics import AT
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.phase_plan import PhasePlan
from dlcli.training.stopping import Plateau, Stopping, Watch


@dataclass
class Training:
    """The epochs of all phases, and what the other splits say in the end."""

    experiment: Experiment
    samples: SampleTexts

    def lines(self) -> Iterator[str]:
        """All lines."""
        plans = self.experiment.plans
        yield "# How long to train: each epoch takes the samples in an order of its own."
        try:
            for number, plan in enumerate(plans):
                if number:
                    yield from self.begin_lines(number, plan)
                yield from self.loop_lines(plan.config, number=number)
        finally:
            if len(plans) > 1:
                self.experiment.in_phase(0)
        for split in self.samples.splits[1:]:
            size = self.samples.evaluated_batch(split)
            given = f"{self.samples.evaluated(split)}, batch_size={size}, verbose=0, return_dict=True"
            yield f'print("{split}", model.evaluate({given}))'

    def begin_lines(self, number: int, plan: PhasePlan) -> Iterator[str]:
        """What lets other layers learn, and compiles the model anew."""
        yield ""
        yield f"# Phase {number + 1}: what was learnt goes on, with an optimizer that begins anew."
        yield from learning_lines(self.experiment.model, plan.learns, path=("train", "phases", number))
        yield from compile_lines(self.experiment.in_phase(number))

    def loop_lines(self, config: Config, *, number: int) -> Iterator[str]:
        """The loop of a phase."""
        train, samples = config.train, self.samples
        measured = directions(config.heads, validation="validation" in samples.splits)
        stopping = Stopping.of(train, directions=measured)
        keeps = stopping.patience is not None
        plateau = None if train.reduce_on_plateau is None else Plateau.of(train.reduce_on_plateau, directions=measured)
        check_monitors(train, stopping, plateau)
        if keeps:
            yield "best, best_weights, waited = None, None, 0"
        if plateau is not None:
            yield "nearest, still, resting = None, 0, 0" if plateau.block.cooldown else "nearest, still = None, 0"
        size = "BATCH" if train.batch_size == self.experiment.whole.train.batch_size else str(train.batch_size)
        epochs = f"range(epoch + 1, epoch + 1 + {train.epochs})" if number else "range(EPOCHS)"
        yield f"for epoch in {epochs}:"
        yield f"    order = np.random.default_rng([SEED, epoch]).permutation({samples.length})"
        yield f"    batches = tf.data.Dataset.from_tensor_slices({samples.batch('train', 'order')}).batch({size})"
        if self.experiment.augment is not None:
            yield "    batches = batches.enumerate().map(lambda step, batch: augmented(*batch, epoch=epoch, step=step))"
        yield "    history = model.fit("
        yield "        batches,"
        yield "        initial_epoch=epoch,"
        yield "        epochs=epoch + 1,"
        yield "        shuffle=False,"
        if "validation" in samples.splits:
            yield f"        validation_data={samples.batch('validation')},"
            yield f"        validation_batch_size={samples.evaluated_batch('validation')},"
        yield "        verbose=2,"
        yield "    ).history"
        if plateau is not None:
            yield from plateau_lines(plateau)
        if keeps:
            yield from kept_lines(stopping)
        if (condition := train.condition()) is not None:
            monitor, comparison, value = condition
            yield f'    if history["{monitor}"][0] {comparison} {short_number(value)}:'
            yield "        break"
        if keeps:
            yield "model.set_weights(best_weights)"


def check_monitors(train: Any, stopping: Stopping, plateau: Plateau | None) -> None:
    """Refuses to watch one of several values of a metric, which Keras has no name for."""
    watched = {
        ("train", "early_stopping"): stopping.watch.monitor,
        ("train", "reduce_on_plateau"): "" if plateau is None else plateau.watch.monitor,
        ("train", "until"): (train.condition() or [""])[0],
    }
    for path, monitor in watched.items():
        if AT in monitor:
            why, hint = "it is one of several values of a metric", "watch a metric that has one value"
            raise Unsayable(f"'{monitor}'", why, hint=hint, path=path)


def learning_lines(model: Any, learns: Any, *, path: Any) -> Iterator[str]:
    """The lines that let other layers learn than before; `learns` says it of each layer, those inside others too."""
    wanted = {id(layer): each for layer, each in zip(leaf_layers(model), learns, strict=True)}
    for layer in model.layers:
        inside = [layer, *(leaf_layers(layer) if hasattr(layer, "layers") else [])]
        if all(bool(each.trainable) == wanted[id(each)] for each in inside):
            continue
        if len({wanted[id(each)] for each in inside}) > 1:
            why, hint = "some of its layers learn and others do not", "let all of it learn, or none"
            raise Unsayable(layer.name, why, hint=hint, path=path)
        yield f"model.get_layer({double_quoted(layer.name)}).trainable = {wanted[id(layer)]}"


def better_text(watch: Watch, best: str) -> str:
    """The condition that a value is better than the best before."""
    if not watch.min_delta:
        return f"value > {best}" if watch.greater else f"value < {best}"
    apart = short_number(watch.min_delta)
    return f"value - {best} > {apart}" if watch.greater else f"{best} - value > {apart}"


def plateau_lines(plateau: Plateau) -> Iterator[str]:
    """What lowers the learning rate where a value stands still."""
    block, watch = plateau.block, plateau.watch
    lower = f"float(model.optimizer.learning_rate) * {short_number(block.factor)}"
    yield f'    value = history["{watch.monitor}"][0]'
    if block.cooldown:
        yield from cooling_lines(plateau, lower)
        return
    yield f"    if nearest is None or {better_text(watch, 'nearest')}:"
    yield "        nearest, still = value, 0"
    yield "    else:"
    yield "        still += 1"
    yield f"        if still >= {block.patience}:"
    yield f"            model.optimizer.learning_rate = max({lower}, {short_number(block.min_lr)})"
    yield "            still = 0"


def cooling_lines(plateau: Plateau, lower: str) -> Iterator[str]:
    """The same where no epoch counts for a while after the rate was lowered."""
    block = plateau.block
    yield f"    nearer = nearest is None or {better_text(plateau.watch, 'nearest')}"
    yield "    nearest, still = (value, 0) if nearer else (nearest, still + 1)"
    yield "    if resting:"
    yield "        resting -= 1"
    yield "        still = 0 if nearer or resting else 1"
    yield f"    if not nearer and not resting and still >= {block.patience}:"
    yield f"        model.optimizer.learning_rate = max({lower}, {short_number(block.min_lr)})"
    yield f"        still, resting = 0, {block.cooldown}"


def kept_lines(stopping: Stopping) -> Iterator[str]:
    """What keeps the best weights, and ends the training when it has gone without better ones for too long."""
    watch = stopping.watch
    yield f'    value = history["{watch.monitor}"][0]'
    yield f"    if best is None or {better_text(watch, 'best')}:"
    yield "        best, best_weights, waited = value, model.get_weights(), 0"
    yield "    else:"
    yield "        waited += 1"
    yield f"        if waited >= {max(1, stopping.patience or 0)}:"
    yield "            break"
