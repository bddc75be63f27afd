"""A report on runs: one HTML file with all that is known of a run, or of several beside each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from dlcli.actions.classical.kept import kept_baselines
from dlcli.actions.compare import compare
from dlcli.actions.compared_sides import sides_named
from dlcli.actions.evaluate import EvaluatedSamples, evaluate_trained
from dlcli.actions.inspect import inspect_config, model_summary
from dlcli.actions.inspect_data import data_description
from dlcli.actions.reported.layer_pictures import layer_pictures
from dlcli.actions.reported.origin import origin_of_run
from dlcli.actions.reported.steps import said_of, steps_of_run
from dlcli.actions.reported.worst_looks import worst_looks
from dlcli.actions.run_again import recorded_run
from dlcli.actions.trusted.calibration import calibrated_target
from dlcli.actions.trusted.ranking import ranked_target
from dlcli.actions.trusted.truth import against_truth
from dlcli.actions.written import inline_yaml
from dlcli.data.schema import InputSchema
from dlcli.errors import ArtifactError, DlcliError, UsageError
from dlcli.runs import Run, read_state
from dlcli.runs.groups import Group
from dlcli.runs.keys import written_tree
from dlcli.runs.places import check_places
from dlcli.runs.summary import configuration_in
from dlcli.training.evidence.data_seen import answered_by
from dlcli.training.kept.trained import Trained, open_trained
from dlcli.view.html.page import Page
from dlcli.view.html.pages import comparison_page, run_page
from dlcli.view.model import ModelSummary
from dlcli.view.report import (
    DataPictured,
    Evaluated,
    LayerPictured,
    Missing,
    RunReport,
    Steps,
)

T = TypeVar("T")
WORST = 12
"""So many of the worst samples are shown."""
JUDGED = ("test", "validation", "train")
"""The split that is judged where none is named: the first of these that a run has."""
NO_MODEL = "no_model"
NOT_WANTED = Missing("what needs the model was left out (--no-model)")


@dataclasses.dataclass(frozen=True)
class Choice:
    """What of a run is looked at: a split, where one is named, and whether its model is loaded."""

    split: str | None = None
    model: bool = True
    allow_code: bool = False


def file_names(root: Path, names: Sequence[str]) -> list[str]:
    """What runs and groups of some names are called in that of a file. Raises `ArtifactError` for one that is not there."""
    found = ((Group.found(root, name), name) for name in names)
    return [*dict.fromkeys(Run.find(root, name).flat_name if group is None else group.name for group, name in found)]


def page_of_runs(root: Path, names: Sequence[str], choice: Choice) -> Page:
    """The page on one run, or the comparison of several. Raises `ArtifactError` for a run that is missing or damaged."""
    runs, _, not_done = sides_named(root, names)
    if len(runs) == 1:
        return dataclasses.replace(run_page(run_report(runs[0], choice)), left_out=not_done)
    if choice.split is not None:
        raise UsageError(
            "a page on several runs compares what they have recorded, and measures no split",
            hint="name one run, or leave out --split",
            kind="split_of_several_runs",
        )
    page = comparison_page(compare(root, names), [recorded_run(run) for run in runs])
    return dataclasses.replace(page, left_out=not_done)


def run_report(run: Run, choice: Choice) -> RunReport:
    """All that can be told of one run: what is missing says why. Raises `ArtifactError` where its record is damaged."""
    check_places(run)
    again, state, tree = recorded_run(run), read_state(run), configuration_in(run).tree
    unreadable = Missing("the configuration that the run has recorded cannot be read")
    with open_trained(run, allow_code=choice.allow_code) as trained:
        data = part_or_reason(lambda: pictured_data(trained))
        seen = part_or_reason(lambda: judged_samples(trained, choice)) if choice.model else NOT_WANTED
        model = part_or_reason(lambda: model_of_run(trained)) if choice.model else NOT_WANTED
        layers: LayerPictured | Missing | None = None
        if isinstance(seen, EvaluatedSamples):
            judged = seen
            layers = part_or_reason(lambda: layer_pictures(trained, judged))
        schema = trained.schema.inputs if isinstance(seen, EvaluatedSamples) else []
    steps: Steps | Missing = steps_of_run(run, written_tree(tree, state.unwritten)) if tree else unreadable
    return RunReport(
        again=again,
        steps=steps,
        data=data,
        model=model,
        evaluated=seen if isinstance(seen, Missing) else evaluated(seen, schema, trained.config.train.sample_weight),
        layers=layers,
        facts=part_or_reason(lambda: origin_of_run(run, state, tree)),
        baselines=kept_baselines(run),
    )


def part_or_reason(make: Callable[[], T]) -> T | Missing:
    """What could be made, or why it could not: a page with the rest is better than none."""
    try:
        return make()
    except UsageError:
        raise
    except DlcliError as error:
        return Missing(error.message, error.hint)


def pictured_data(trained: Trained) -> DataPictured:
    """The data of a run as `inspect-data` tells it, with samples."""
    config = trained.config
    tree = written_tree(configuration_in(trained.run).tree, read_state(trained.run).unwritten)
    source = inline_yaml(said_of(tree["data"])["source"])
    dataset = trained.recorded.with_present_targets()
    described = data_description(source, dataset, answered=answered_by(config))
    return DataPictured(described.shown, described.samples, described.rows)


def judged_samples(trained: Trained, choice: Choice) -> EvaluatedSamples:
    """The evaluation of a split. Raises `UsageError` for one that the run does not have."""
    has = read_state(trained.run).samples
    split = choice.split or next((name for name in JUDGED if name in has), JUDGED[-1])
    return evaluate_trained(trained, split=split, worst=WORST)


def evaluated(seen: EvaluatedSamples, inputs: list[InputSchema], weight: str | None) -> Evaluated:
    """An evaluation with its curves, probabilities, residuals and worst samples; `weight` is the column that weighs samples."""
    ranked = [curves for judged in seen.judged if (curves := ranked_target(judged)) is not None]
    calibrated = [bins for judged in seen.judged if (bins := calibrated_target(judged)) is not None]
    numbers = [each for judged in seen.judged for each in against_truth(judged)]
    notes = (
        [] if weight is None else [f"'{weight}' weighs samples in the loss; matrix, scores and curves count each once"]
    )
    evaluation = dataclasses.replace(seen.evaluation, notes=[*seen.evaluation.notes, *notes])
    return Evaluated(evaluation, ranked, calibrated, numbers, worst_looks(seen, inputs))


def model_of_run(trained: Trained) -> ModelSummary:
    """The model as it is kept; of a run that has none yet as its configuration builds it."""
    try:
        return model_summary(trained.model, {}, trained.config, trained.environment)
    except ArtifactError as error:
        if error.kind != NO_MODEL:
            raise
        return inspect_config(trained.config, runs=trained.run.root, allow_code=trained.allow_code)
