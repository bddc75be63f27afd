"""A model card of a run: what it was trained on, its four steps, how good it is, and what speaks against trusting it."""

from __future__ import annotations

from pathlib import Path

from dlcli.actions.report import Choice, judged_samples, part_or_reason, pictured_data
from dlcli.actions.reported.origin import origin_of_run
from dlcli.actions.reported.steps import steps_of_run
from dlcli.actions.run_again import recorded_run
from dlcli.data.schema import InputSchema, TargetSchema
from dlcli.data.sources.source import Origin
from dlcli.errors import ConflictError
from dlcli.runs import Run, read_state
from dlcli.runs.atomic import OUTPUT, refusals, write_output
from dlcli.runs.summary import configuration_in
from dlcli.training.kept.trained import open_trained
from dlcli.view.console.shapes import shape
from dlcli.view.model_card import HEADING, ModelCard, card_text
from dlcli.view.report import Missing, Steps

CARD = "README.md"
"""What a card is called in the folder of an export, as places that share models expect it."""


def write_card(run: Run, folder: Path, *, allow_code: bool) -> Path:
    """Writes the card of a run into a folder, and gives its file.

    Raises `ArtifactError` for a run without a model, `ConflictError` for a file that is no card.
    """
    file = folder / CARD
    if file.exists() and not file.read_text("utf-8", errors="replace").startswith(HEADING):
        raise ConflictError(
            f"{file} is there and was not written by dlcli export",
            file=file,
            hint="choose another folder: -o DIR",
            kind="place_taken",
        )
    text = card_text(model_card(run, allow_code=allow_code))
    with refusals(folder, elsewhere=OUTPUT):
        folder.mkdir(parents=True, exist_ok=True)
    write_output(file, text.encode())
    return file


def model_card(run: Run, *, allow_code: bool) -> ModelCard:
    """All that a card says; a part that cannot be had says why. Raises `ArtifactError` for a run without a model."""
    again, state, tree = recorded_run(run), read_state(run), configuration_in(run).tree
    with open_trained(run, allow_code=allow_code) as trained:
        schema, source = trained.schema, trained.config.data.source
        data = part_or_reason(lambda: pictured_data(trained).shown)
        evaluation = part_or_reason(lambda: judged_samples(trained, Choice()).evaluation)
    steps: Steps | Missing = steps_of_run(run, tree) if tree else Missing("its configuration cannot be read")
    generated = source.origin is Origin.GENERATED
    return ModelCard(
        again=again,
        takes=[input_words(each) for each in schema.inputs],
        gives=[target_words(each) for each in schema.present],
        licence="none needed: it is generated" if generated else source.licence,
        data=data,
        steps=steps,
        evaluation=evaluation,
        facts=part_or_reason(lambda: origin_of_run(run, state, tree)),
    )


def input_words(schema: InputSchema) -> str:
    """An input with its columns or its shape."""
    if schema.columns is not None or schema.texts is not None:
        return f"`{schema.name}`: the columns {', '.join(f'`{name}`' for name in schema.fields)}"
    if schema.text:
        return f"`{schema.name}`: text"
    axes = "×".join(schema.axes[1:])
    return f"`{schema.name}`: numbers {shape(schema.shape)}" + (f" of {axes}" if axes else "")


def target_words(schema: TargetSchema) -> str:
    """A target with how many classes it has."""
    if schema.classes is not None:
        return f"`{schema.name}`: one of {len(schema.classes):,} classes"
    return f"`{schema.name}`: any of {', '.join(schema.labels)}" if schema.labels else f"`{schema.name}`: numbers"
