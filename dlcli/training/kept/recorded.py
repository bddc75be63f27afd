"""What a run has recorded, read back: its configuration, its environment, and its data as they were split."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dlcli.config import Config, config_of, load_resolved
from dlcli.data import Dataset, Schema
from dlcli.data.fingerprint import changed
from dlcli.errors import ArtifactError, ConfigError, ConflictError
from dlcli.first_line import first_line
from dlcli.runs import Run, read_state
from dlcli.runs.atomic import UNREADABLE, read_plain
from dlcli.runs.manifest import read_recorded, write_recorded_json
from dlcli.runs.upgrades import not_of_its_form, numbered, upgraded, written_by
from dlcli.training.kept.agreeing import schema_print
from dlcli.training.kept.splits_file import check_splits
from dlcli.training.setup.experiment import Experiment, read_data
from dlcli.training.setup.plugins import kept_plugins
from dlcli.view.verdict import setting_text


def recorded_config(run: Run, *, edited: bool = False) -> Config:
    """The configuration as it took effect; one that a person has `edited` where that is said.

    Raises `ArtifactError` where it is missing or damaged.
    """
    tree = recorded_tree(run, edited=edited)
    try:
        if tree.get("plugins"):
            tree["plugins"] = kept_plugins(run, recorded_environment(run)["plugins"])
        return load_resolved(tree)
    except UNREADABLE as error:
        raise not_of_its_form(run.resolved, error, run=run) from None


def recorded_tree(run: Run, *, edited: bool = False) -> dict[str, Any]:
    """The configuration as it took effect, as plain data in today's form; as in `recorded_config`.

    Raises `ArtifactError` where it cannot be read.
    """
    try:
        content = json.loads(read_plain(run.resolved) if edited else read_recorded(run, run.resolved))
    except UNREADABLE as error:
        message = f"the configuration of '{run.name}' cannot be read: {first_line(error)}"
        raise ArtifactError(message, file=run.resolved, kind="damaged_run") from None
    return upgraded(run.resolved, content, run=run)


def record_config(run: Run, config: Config) -> None:
    """Writes the configuration as it takes effect."""
    write_recorded_json(run, run.resolved, numbered(run.resolved.name, config.plain()))


def record_environment(run: Run, environment: Mapping[str, Any]) -> None:
    """Writes what the numbers of a run depend on besides its configuration."""
    write_recorded_json(run, run.environment, numbered(run.environment.name, environment))


def resumed_config(run: Run, settings: Sequence[str]) -> Config:
    """The recorded configuration with changes of it, as `train.epochs=40`; with the words of its file where that says the same.

    Raises `ConfigError` for a wrong one.
    """
    recorded_config(run, edited=True)  # raises where it is missing or damaged
    plugins = recorded_environment(run)["plugins"]
    kept = [f"plugins={json.dumps(kept_plugins(run, plugins))}"] if plugins else []
    tree = numbered(run.resolved.name, recorded_tree(run, edited=True))
    content = json.dumps(tree, ensure_ascii=False, indent=2).encode()  # unseen: read alike
    config = config_of(content, file=str(run.resolved), settings=[*settings, *kept])
    return written_by_person(run, settings, like=config) or config


def written_by_person(run: Run, settings: Sequence[str], *, like: Config) -> Config | None:
    """The configuration as a person has written it, with changes; None where that is no longer the same as `like`."""
    state = read_state(run)
    given = [f"{path}={setting_text(value)}" for path, value in state.set.items()]
    try:
        config = config_of(run.config.read_bytes(), file=state.config, settings=[*given, *settings])
    except (ConfigError, OSError):
        return None
    return config if config.plain() == like.plain() else None


def recorded_environment(run: Run) -> dict[str, Any]:
    """What env.json says. Raises `ArtifactError` where it cannot be read."""
    try:
        content = json.loads(read_recorded(run, run.environment))
    except UNREADABLE:
        raise ArtifactError(
            f"env.json of '{run.name}' cannot be read", file=run.environment, kind="damaged_run"
        ) from None
    environment = upgraded(run.environment, content, run=run)
    for key, needed in PRINTS.items():
        prints = environment.get(key, [])
        if not isinstance(prints, list) or any(not isinstance(each, dict) or needed - each.keys() for each in prints):
            message = f"env.json of '{run.name}' cannot be read: its '{key}' has another form"
            raise ArtifactError(message, file=run.environment, hint=written_by(run), kind="damaged_run")
    return environment


KEPT = "data_schema"
"""Where env.json says what the schema of the model is."""
PRINTS = {"data": frozenset({"file", "sha256"}), "plugins": frozenset({"file", "kept", "sha256"})}
"""What env.json says of each file of the data and of each plugin, by key."""


VECTORS = ("file", "sha256", "found", "of")
"""What env.json says of vectors of words."""


def recorded_origin(experiment: Experiment) -> dict[str, Any]:
    """What env.json says of the weights that a training started with, where they come from elsewhere."""
    origin: dict[str, Any] = {}
    if experiment.weights is not None:
        origin["weights"] = {key: value for key, value in asdict(experiment.weights).items() if key != "notes"}
    if experiment.vectors:
        kept = {name: asdict(each) for name, each in experiment.vectors.items()}
        origin["vectors"] = {name: {key: each[key] for key in VECTORS} for name, each in kept.items()}
    return origin


def record_schema(run: Run, schema: Schema) -> None:
    """Adds to what is recorded, if anything is, what tells whether a model's schema is still the one that was kept with it."""
    if not run.environment.exists():
        return
    recorded, now = recorded_environment(run), schema_print(schema)
    if recorded.get(KEPT) != now:
        record_environment(run, {**recorded, KEPT: now})


def changed_files(run: Run, dataset: Dataset) -> list[str]:
    """The files of the data that are no longer what the run was trained on."""
    return changed(recorded_environment(run).get("data", []), dataset.fields.files)


def recorded_data(run: Run, config: Config, *, allow_code: bool, also: Collection[str] = ()) -> Dataset:
    """The data of a run, split as in training. Raises `ConflictError` if a file is no longer what it was."""
    dataset = read_data(config, allow_code=allow_code, also=also)
    others = changed_files(run, dataset)
    if others:
        raise ConflictError(
            f"{others[0]} has changed since the training, so its splits would no longer be the same",
            file=others[0],
            hint="name the data to use: --data PATH",
            kind="data_changed",
        )
    check_splits(run, dataset)
    return dataset
