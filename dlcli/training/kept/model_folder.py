"""The model of a run on disk: the Keras model, its preparation and the schema of its data, committed together."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.data import Schema
from dlcli.errors import ArtifactError, UnsafeError
from dlcli.first_line import first_line
from dlcli.named_inputs import model_of, names_may_differ
from dlcli.runs import Run
from dlcli.runs.atomic import UNREADABLE, committed_folder, damage
from dlcli.runs.standing import no_model
from dlcli.runs.upgrades import not_of_its_form, numbered, upgraded
from dlcli.training.kept.agreeing import check_agrees
from dlcli.training.kept.own_units import with_own_units, without_own_units
from dlcli.training.kept.untrusted import check_model_file, no_more_than_stored
from dlcli.training.setup.plugins import run_plugins

MODEL, PREPARATION, SCHEMA = "model.keras", "prepare.keras", "schema.json"


@dataclass(frozen=True)
class SavedModel:
    """A model as it was trained, without its optimizer, the model that prepares its inputs (or None), and what its data looked
    like."""

    model: Any
    preparation: Any
    schema: Schema


def save_model(run: Run, model: Any, preparation: Any, schema: Schema) -> None:
    """Commits the three as RUN/model; what stood there before is replaced whole."""
    with committed_folder(run.model) as folder:
        # A model around the same layers, because the compiled one would save its optimizer too.
        kept = with_own_units(model, schema)
        model_of(kept.input, kept.output, name="model").save(folder / MODEL)
        if preparation is not None:
            preparation.save(folder / PREPARATION)
        content = numbered(SCHEMA, schema.model_dump(mode="json"))
        text = json.dumps(content, indent=2, ensure_ascii=False)  # unseen: read alike
        (folder / SCHEMA).write_text(text, encoding="utf-8")


def load_schema(run: Run) -> Schema:
    """The schema of the data that a run was trained on. Raises `ArtifactError` where the model is missing or damaged."""
    if not run.model.is_dir():
        raise no_model(run)
    problems = damage(run.model)
    if problems:
        raise ArtifactError(
            f"the model of '{run.name}' is damaged: {problems[0]}", file=run.model, kind="damaged_model"
        )
    path = run.model / SCHEMA
    try:
        return Schema.model_validate(upgraded(path, json.loads(path.read_bytes()), run=run))
    except UNREADABLE as error:
        raise not_of_its_form(path, error, run=run) from None


def load_model(run: Run, schema: Schema, *, plugins: Sequence[str] = ()) -> SavedModel:
    """The model of a run, whose `load_schema` has compared the files with their manifest. Keras must have been started.

    `plugins` are the files of the run that its model needs; they are run.
    Raises `ArtifactError` for a model of a Keras that this one cannot read, and for weights that are not finite.
    """
    preparation = run.model / PREPARATION
    own = run_plugins(plugins)
    model = load_keras_file(run.model / MODEL, own)
    prepares = load_keras_file(preparation) if preparation.exists() else None
    for path, part in ((run.model / MODEL, model), (preparation, prepares)):
        check_finite(part, path)
    check_agrees(schema, model, prepares, run.model / SCHEMA)
    return SavedModel(without_own_units(model, schema), prepares, schema)


def check_finite(model: Any, path: Path) -> None:
    """Raises `ArtifactError` for weights that are not finite: what they answer looks like an answer and is none."""
    import numpy as np

    for weight in () if model is None else model.weights:
        values = weight.numpy()
        if values.dtype.kind not in "biuOSU" and not np.isfinite(values.astype(np.float32, copy=False)).all():
            raise ArtifactError(
                f"the weight {weight.path} of {path.name} is not finite, so that nothing it answers means anything",
                file=path,
                hint="train it again",
                kind="weights_not_finite",
            )


def load_keras_file(path: Path, own: Mapping[str, Any] | None = None) -> Any:
    """One Keras file, loaded in safe mode; `own` are the classes of plugins by name.

    Raises `ArtifactError` where Keras cannot load it.
    """
    import keras

    stored = check_model_file(path, own=own or ())
    try:
        with no_more_than_stored(stored, path), names_may_differ():
            load = keras.saving.load_model
            return load(path, custom_objects=own, compile=False, safe_mode=True)  # unseen: both are seen to before
    except UnsafeError:
        raise
    except Exception as error:
        written = saved_with(path)
        raise ArtifactError(
            f"{path.name} cannot be loaded: {what_was_wrong(error)}",
            file=path,
            hint=f"it was saved by Keras {written}; this is Keras {keras.__version__}",
            kind="damaged_model",
        ) from error


def what_was_wrong(error: Exception) -> str:
    """The layer that Keras could not make, and why, out of its long message that holds those of all layers around it."""
    text = str(error)
    layers = re.findall(r"Error when deserializing class '(\w+)'", text)
    lines = text.rpartition("Exception encountered: ")[2].splitlines()
    reason = lines[0][:200] if lines else first_line(error, most=200)
    return f"{layers[-1]}: {reason}" if layers else reason


def saved_with(path: Path) -> str:
    """The version of Keras that saved a file."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return str(json.loads(archive.read("metadata.json"))["keras_version"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return "of an unknown version"
