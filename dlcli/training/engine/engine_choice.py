"""Which engine runs the steps of a training, whether XLA compiles them, and why, in words that the run records."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.errors import BlockError
from dlcli.first_line import first_line
from dlcli.training.engine.engines import Engine, FitEngine, ResidentEngine, StreamingEngine
from dlcli.training.engine.measure import Measure
from dlcli.training.engine.passes import BEGIN, Begin
from dlcli.training.engine.steps import Work
from dlcli.training.engine.xla import xla_from
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.weights import training_weights

WHY = {
    "keras": "Keras's own fit, as engine: keras says",
    "resident": "the training data is in memory",
    "streaming": "the training data is read as it is needed",
}
"""Why an engine is taken."""


def choose_engine(
    experiment: Experiment,
    *,
    by_batch: bool,
    pause: Callable[[int, int], int],
    changed: Callable[[str, str], None],
    begin: Begin = BEGIN,
) -> tuple[Engine, str]:
    """The engine, and in words which way it takes and why.

    Keras's own `fit` where the configuration asks for it, otherwise data resident in memory or streaming by. `by_batch` asks
    for a word after every step, `pause` and `begin` are those of `Work`. `changed` is told what was found and the new way
    where XLA turns out not to compile the steps. Raises `BlockError` for `xla: true` where it cannot be.
    """
    config, train = experiment.config, experiment.splits["train"]
    forced = config.train.xla is True
    kind = FitEngine if config.train.engine == "keras" else StreamingEngine if train.streams else ResidentEngine
    step, why = None, WHY[kind.name]
    if config.train.engine == "resident" and kind is not ResidentEngine:
        message = f"'engine: resident' trains on data in memory, and here {why}"
        raise BlockError(
            ("train", "engine"), message, hint="write data.stream: false, or leave it out", kind="data_not_in_memory"
        )
    if forced and kind is not ResidentEngine:
        message = f"'xla: true' compiles steps over data in memory, and here {why}"
        raise BlockError(("train", "xla"), message, hint="leave it out", kind="data_not_in_memory")
    if kind is ResidentEngine and config.train.xla is not False:
        step, how = (0, "by XLA, as xla: true says") if forced else compiled_from(experiment, by_batch=by_batch)
        why = f"{why}; compiled {how}" if step is not None else f"{why}; {how}"

    def not_compiled(failure: Exception | None) -> None:
        why_not = "" if failure is None else f": {first_line(failure, most=200)}"
        what = f"XLA cannot compile these steps{why_not}"
        if forced:
            raise BlockError(("train", "xla"), what, hint="leave it out", kind="not_compilable")
        changed(f"{what}; they stay a graph", f"{WHY[kind.name]}; not by XLA, which cannot compile them")

    work = work_of(
        experiment, by_batch=by_batch, pause=pause, begin=begin, compiled_from=step, not_compiled=not_compiled
    )
    return kind(experiment.model, work), why


def work_of(
    experiment: Experiment,
    *,
    by_batch: bool,
    pause: Callable[[int, int], int],
    begin: Begin = BEGIN,
    compiled_from: int | None = None,
    not_compiled: Callable[[Exception | None], None] = lambda failure: None,
) -> Work:
    """What an engine goes through, with what the configuration says of it."""
    config, train = experiment.config, experiment.splits["train"]
    return Work(
        train.uncropped(),
        training_weights(
            config.train,
            experiment.dataset,
            counted=lambda: Measure(experiment.model).masks(train),
        ),
        config.train.batch_size,
        config.seed,
        layout=experiment.dataset.chunks,
        augment=experiment.augment,
        one_by_one=by_batch,
        pause=pause,
        compiled_from=compiled_from,
        not_compiled=not_compiled,
        epoch_steps=config.train.steps_per_epoch,
        begin=begin,
    )


def compiled_from(experiment: Experiment, *, by_batch: bool) -> tuple[int | None, str]:
    """The step from which on XLA pays, or None; and why."""
    if by_batch or experiment.augment is not None:
        return None, f"not by XLA, because of {'callbacks by batch' if by_batch else 'augmentation'}"
    inputs, _ = experiment.splits["train"].take(slice(None))
    train = experiment.config.train
    step, why = xla_from(experiment.model, inputs, batch_size=train.batch_size)
    steps = train.epochs * experiment.facts["data.steps_per_epoch"]
    if step is not None and step >= steps:
        return None, f"not by XLA, which pays from step {step:,} on, and there are {steps:,}"
    return step, why
