"""Evaluate a run: loss and metrics of a split or of other data, the confusion matrix, the worst samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.config import Config
from dlcli.data import Fields, Samples, class_indices
from dlcli.data.prepare import prepare
from dlcli.errors import UsageError
from dlcli.results.answers import by_class, class_answers, confusion
from dlcli.results.recorded import encoded, read_raw, recorded_config, recorded_data
from dlcli.runs import Run
from dlcli.training.backend import chatter_to, start_keras
from dlcli.training.engine import Measure
from dlcli.training.experiment import aligned, compile_model
from dlcli.training.model_folder import SavedModel, load_model, load_schema

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Evaluation:
    """The keys of `dlcli evaluate --json`, and notes on the data."""

    run: str
    split: str
    samples: int
    metrics: dict[str, float]
    classes: list[str] | None
    confusion: list[list[int]] | None
    by_class: dict[str, dict[str, float | int | None]] | None
    worst: list[dict[str, Any]]
    notes: list[str]


def evaluate(run: Run, *, split: str, data: str | None, worst: int) -> Evaluation:
    """Evaluates a run on one of its splits, or on all rows of the file `data`.

    Raises `ArtifactError`, `DataError`, `ConflictError` for data that has changed, `UsageError` for an unknown split.
    """
    config = recorded_config(run)
    schema = load_schema(run)
    notes: list[str] = []
    if data is not None:
        fields = read_raw(config, schema, data)
        samples, notes = encoded(fields, schema, with_target=True)
        split = data
    else:
        dataset = recorded_data(run, config)
        if split not in dataset.splits:
            raise UsageError(f"the run has no split '{split}'; it has: {', '.join(dataset.splits)}")
        fields, samples = dataset.fields, dataset.splits[split]
    with chatter_to(run.log if run.log.exists() else None):
        start_keras(seed=config.seed, precision=config.train.precision)
        return measured(run, config, load_model(run), fields, samples, split=split, worst=worst, notes=notes)


def measured(
    run: Run,
    config: Config,
    saved: SavedModel,
    fields: Fields,
    samples: Samples,
    *,
    split: str,
    worst: int,
    notes: list[str],
) -> Evaluation:
    """The evaluation of a loaded model."""
    # How many steps an epoch had matters no more.
    compile_model(config, saved.model, saved.schema.facts(steps_per_epoch=1), learns=False)
    inputs = prepare(saved.preparation, samples.inputs)
    measure = Measure(saved.model)
    metrics = measure.measure(inputs, aligned(samples.target, saved.model, config.loss))
    output = measure.predict(inputs)
    classes = saved.schema.target.classes
    truth = class_indices(samples.target, classes)
    answers = class_answers(output, config.loss, classes=len(classes)) if classes else None
    matrix = scores = None
    if answers is not None and truth is not None and classes is not None:
        counted = confusion(truth, answers[0], classes=len(classes))
        matrix, scores = counted.tolist(), by_class(counted, classes)
    losses = sample_losses(config, samples.target, output)
    rows = losses.argsort(kind="stable")[::-1][:worst]
    shown = [worst_row(fields, samples, int(row), losses, output, classes, answers) for row in rows]
    return Evaluation(run.name, split, len(samples), metrics, classes, matrix, scores, shown, notes)


def sample_losses(config: Config, target: np.ndarray[Any, Any], output: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The loss of each sample (samples,)."""
    import keras
    import numpy as np

    loss = getattr(keras.losses, config.loss.name)(**{**config.loss.values({}), "reduction": None})
    if target.ndim == output.ndim - 1 and output.shape[-1] == 1:
        target = target[..., None]
    values = np.asarray(loss(target, output), dtype=np.float64)
    means: np.ndarray[Any, Any] = values.reshape(len(target), -1).mean(axis=1)
    return means


def worst_row(
    fields: Fields,
    samples: Samples,
    position: int,
    losses: np.ndarray[Any, Any],
    output: np.ndarray[Any, Any],
    classes: list[str] | None,
    answers: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]] | None,
) -> dict[str, Any]:
    """One of the worst samples: where it stands, what it is, what the model said."""
    row = int(samples.rows[position])
    file, line, _ = fields.where(row)
    truth: Any = samples.target[position].tolist()
    said: Any = output[position].tolist()
    if answers is not None and classes is not None:
        index = class_indices(samples.target, classes)
        assert index is not None
        truth, said = classes[int(index[position])], classes[int(answers[0][position])]
    elif isinstance(said, list) and len(said) == 1:
        said = said[0]
    return {
        "row": row + 1,
        "file": file,
        "line": line,
        "target": truth,
        "predicted": said,
        "loss": float(losses[position]),
    }
