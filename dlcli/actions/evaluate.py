"""Evaluate a run: loss and metrics of a split or of other data, the confusion matrix, the worst samples."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from dlcli.actions.groups import groups_of
from dlcli.actions.judged import MOST_IN_MATRIX, Judged, defined_metrics, judged_targets
from dlcli.actions.left_out import complete_rows
from dlcli.actions.new_data import raw_samples, read_raw
from dlcli.actions.threshold import threshold_asked
from dlcli.actions.training_result import verdict_of_run
from dlcli.actions.trusted.calibration import calibrated_target
from dlcli.actions.trusted.ranking import rank_scores
from dlcli.actions.trusted.truth import against_truth
from dlcli.actions.worse_than import LAST_VALUE, constant_metrics, worse_than
from dlcli.data import Fields, Samples
from dlcli.data.target_scale import in_own_units
from dlcli.data.windows import Windows
from dlcli.errors import UsageError
from dlcli.runs import Run
from dlcli.runs.noise import mean_interval
from dlcli.training.engine.measure import Measured
from dlcli.training.kept.by_sample import sample_values
from dlcli.training.kept.threshold import keep_threshold
from dlcli.training.kept.trained import Trained, open_trained
from dlcli.training.last_value import last_answers, last_value_of
from dlcli.training.setup.lengths import check_lengths
from dlcli.training.setup.target_range import check_targets, notes_on_sums, notes_on_zeros
from dlcli.training.setup.weights import weights_in
from dlcli.view.evaluation import NO_SCORES, Beside, Evaluation, Scores, Targets, ThresholdShown, WorstSample

if TYPE_CHECKING:
    import numpy as np


MOST_VALUES = 100
"""So many values of a target of numbers, as the steps of a forecast are, are told one by one."""
FEWEST = 10
"""Fewer samples say nothing of others."""


@dataclass(frozen=True, kw_only=True)
class EvaluatedSamples:
    """An evaluation with what it was made of: the raw samples of `fields`, each target of them with what the model said."""

    evaluation: Evaluation
    fields: Fields
    samples: Samples
    judged: list[Judged]


def evaluate(
    run: Run,
    *,
    split: str,
    data: str | None,
    worst: int,
    by: str | None = None,
    threshold: str | None = None,
    allow_code: bool,
) -> Evaluation:
    """Evaluates a run on one of its splits, or on all samples of other `data`; `by` a column that makes groups as well.

    A `threshold` is chosen first, and kept with the run once it has served here.

    Raises `ArtifactError`, `DataError`, `ConflictError` for data that has changed, `UsageError` for an unknown split.
    """
    with open_trained(run, allow_code=allow_code) as trained:
        chosen = None
        if threshold is not None:
            chosen = threshold_asked(trained, threshold, split=split if data is None else None)
            trained.use_threshold(chosen)
        evaluation = evaluate_trained(trained, split=split, data=data, worst=worst, by=by).evaluation
        if chosen is not None:
            keep_threshold(run, chosen)
        return evaluation


def evaluate_trained(
    trained: Trained, *, split: str, data: str | None = None, worst: int, by: str | None = None
) -> EvaluatedSamples:
    """The same of a run whose door is open."""
    config, schema, run = trained.config, trained.schema, trained.run
    fields, samples, notes = samples_to_judge(trained, split=split, data=data, by=by)
    feed = trained.feed(samples)
    if data is not None:
        check_lengths(config.heads, schema, trained.model, fields, [samples])
        check_targets(config.heads, schema.targets, fields, [feed], new=True)
    column = config.train.sample_weight
    if column is not None and column in fields.arrays:
        values, rows = fields.arrays[column][samples.rows], samples.rows
        feed.weights = weights_in(column, values, rows, fields, schema.targets)
    elif column is not None:
        notes = [*notes, f"the data has no '{column}', which weighed the samples in training: all count the same"]
    seen = trained.judged(feed)
    judged = judged_targets(trained, seen)
    notes = [*notes, *notes_on_zeros(config.heads, schema.targets, feed)]
    notes += notes_on_sums(config.heads, schema.targets, feed)
    notes += [
        f"'{each.schema.name}' has {len(each.schema.classes)} classes: of more than {MOST_IN_MATRIX} neither the matrix nor "
        "areas are shown"
        for each in judged
        if each.schema.classes is not None and len(each.schema.classes) > MOST_IN_MATRIX and each.answers is not None
    ]
    again = last_answers(feed, config.heads, schema, lambda name, rows: fields.arrays[name][rows], model=trained.model)
    last = last_value_of(feed, config.heads, schema, again, model=trained.model, facts=schema.facts(steps_per_epoch=1))
    if again:
        judged = [replace(each, again=in_own_units(each.schema, again[each.schema.name])) for each in judged]
    beside = {} if data is not None else constant_metrics(trained, feed)
    beside |= {LAST_VALUE: last} if last else {}
    metrics, intervals = defined_metrics(seen.metrics, config.heads, judged, feed), metric_intervals(trained, seen)
    scores = {each.schema.name: scores_of(each) for each in judged}
    first = next(iter(scores.values()))
    evaluation = Evaluation(
        run=run.name,
        split=split if data is None else data,
        samples=len(samples),
        metrics=metrics,
        intervals=intervals,
        scores=first if len(scores) == 1 else NO_SCORES,
        worst=worst_samples(fields, named_rows(schema.windows, feed.rows), judged, worst),
        notes=notes,
        several=Targets(scores) if len(scores) > 1 else None,
        beside=Beside({"last_value": last}) if last else None,
        worse_than=worse_than(config.heads, metrics, intervals, beside),
        groups=None if by is None else groups_of(trained, fields, samples, feed.weights, by),
        verdict=verdict_of_run(run),
        threshold=threshold_shown(trained),
    )
    return EvaluatedSamples(evaluation=evaluation, fields=fields, samples=samples, judged=judged)


def threshold_shown(trained: Trained) -> ThresholdShown | None:
    """The threshold that answers go by, where one was chosen."""
    chosen = trained.threshold
    return None if chosen is None else ThresholdShown(**asdict(chosen), words=str(chosen))


def scores_of(judged: Judged) -> Scores:
    """All that is told of one target."""
    numbers = [each.scores for each in against_truth(judged, most=MOST_VALUES)]
    return replace(judged.scores(), ranking=rank_scores(judged), calibration=calibrated_target(judged), numbers=numbers)


def metric_intervals(trained: Trained, seen: Measured) -> dict[str, tuple[float, float]]:
    """Between what each metric that is a mean over samples lies for others of the same kind."""
    schema = trained.schema
    facts = schema.facts(steps_per_epoch=1)
    values = sample_values(trained.config.heads, schema.targets, trained.model, facts, seen)
    return {
        name: mean_interval(each.values, each.weights) for name, each in values.items() if len(each.values) >= FEWEST
    }


def samples_to_judge(
    trained: Trained, *, split: str, data: str | None, by: str | None = None
) -> tuple[Fields, Samples, list[str]]:
    """The samples of a split of a run, or all of other `data`, the fields that they are from, and what to say of them.

    The column `by` is read as well.
    """
    also = () if by is None else (by,)
    config, schema, notes = trained.config, trained.schema, trained.notes
    if data is None:
        dataset = trained.dataset(also)
        if split not in dataset.splits:
            raise UsageError(
                f"the run has no split '{split}'; it has: {', '.join(dataset.splits)}", kind="no_such_split"
            )
        return dataset.fields, dataset.splits[split], notes
    fields = read_raw(config, schema, data, with_target=True, keep=also)
    complete = complete_rows(fields, config, schema, with_target=True)
    raw = raw_samples(complete.fields, schema, with_target=True)
    samples = replace(raw.samples, rows=complete.rows[raw.samples.rows])
    return fields, samples, [*notes, *fields.notes, *complete.notes, *raw.told]


def named_rows(windows: Windows | None, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The rows (samples,) by which samples are named, as `predict` numbers them; `rows` are those of their last targets."""
    return rows if windows is None else rows - windows.furthest + windows.to_named


def worst_positions(judged: list[Judged], count: int) -> list[int]:
    """Which samples have the loss furthest above that of a perfect answer. One of which nothing counts is none of them."""
    excess = sum(each.excess for each in judged)
    assert not isinstance(excess, int)
    counts = [each.counts(len(excess)) for each in judged]
    order = excess.argsort(kind="stable")[::-1]
    return [int(each) for each in order if any(one[each] for one in counts)][:count]


def worst_samples(fields: Fields, rows: np.ndarray[Any, Any], judged: list[Judged], count: int) -> list[WorstSample]:
    """The worst samples: the row of each, what it is, what was said."""
    losses = sum(each.losses for each in judged)
    assert not isinstance(losses, int)
    worst = []
    for position in worst_positions(judged, count):
        row = int(rows[position])
        file, line, _ = fields.where(row)
        pairs = {each.schema.name: each.plain(position) for each in judged}
        truth, said = {name: pair[0] for name, pair in pairs.items()}, {name: pair[1] for name, pair in pairs.items()}
        alone = judged[0].schema.name if len(judged) == 1 else None
        target, predicted = (truth, said) if alone is None else (truth[alone], said[alone])
        worst.append(WorstSample(row + 1, file, line, target, predicted, float(losses[position])))
    return worst
