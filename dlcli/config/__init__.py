"""From a file to a checked Config: read strictly, extend, set, refer, validate; every problem at its line."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dlcli.config.blocks import with_blocks
from dlcli.config.catalogue import keras_catalogue
from dlcli.config.fitting import Written, fitting_problems
from dlcli.config.interpolation import OF_TEXT, REFERENCE, interpolated, is_fact
from dlcli.config.language import Language
from dlcli.config.merge import apply_settings, extended
from dlcli.config.phases import (
    completed_settings,
    epochs_of,
    phase_nodes,
    phase_root,
    with_first_epochs,
    with_total,
    with_train,
)
from dlcli.config.plugins import plugin_files, with_plugins
from dlcli.config.problems import problems_of
from dlcli.config.schema import Config
from dlcli.config.text import MOST_BYTES, configuration_bytes
from dlcli.config.train import Phase
from dlcli.config.tree import Mark, Node
from dlcli.config.yaml import read_document
from dlcli.errors import BlockError, ConfigError, Problem
from dlcli.first_line import some_names
from dlcli.layers.connections import with_shared
from dlcli.spec import Fact

FORM = 1
"""The number of the form in which a run records its configuration; `dlcli.runs.upgrades` has the steps to it."""

__all__ = ["Config", "config_of", "load_config", "load_resolved"]


def load_config(file: str, *, settings: Sequence[str] = ()) -> tuple[Config, bytes]:
    """The configuration of a file (`-` is standard input) with the command line's settings, and the file's own bytes.

    Raises `ConfigError` with every problem. Nothing of TensorFlow is imported.
    """
    content = read_file(file)
    return config_of(content, file=file, settings=settings), content


def config_of(content: bytes, *, file: str, settings: Sequence[str] = ()) -> Config:
    """The configuration that the bytes of a file hold, as `load_config` gives it."""
    written = tree_of_text(content, file=file)
    root, total = with_epochs_in_all(apply_settings(written.root, settings), written.of_person)
    return checked_config(root, written.problems, total=total)


@dataclass(frozen=True)
class WrittenTree:
    """The tree of a file with what it extends, and the problems of its text; `of_person` is it where no run has written it."""

    root: Node
    problems: Sequence[Problem]
    of_person: Node | None


def tree_of_text(content: bytes, *, file: str) -> WrittenTree:
    """The tree of a file before any setting."""
    folder = Path() if file == "-" else Path(file).parent
    root, problems = read_document(content, file=file, folder=folder.absolute())
    plain_root = without_number(root)
    whole = extended(plain_root, file=file)
    return WrittenTree(whole, problems, whole if plain_root is root else None)


def with_epochs_in_all(root: Node, written: Node | None) -> tuple[Node, int | None]:
    """A tree with settings, in which `epochs` of the command line, or of a run, are those of all phases together.

    Also gives the epoch after which training ends, where that is before the end of the last phase. `written` is the file.
    """
    train = root.child("train")
    epochs = None if train is None else train.child("epochs")
    in_file = written and written.child("train") and written.value["train"].child("epochs")
    given = epochs is not None and epochs is not in_file and type(epochs.value) is int and epochs.value > 0
    if not given or epochs is None or not phase_nodes(root):
        return root, None
    return with_total(with_train(root, epochs=in_file or None), epochs)


def without_number(root: Node) -> Node:
    """The configuration of a run, which says the number of its form, as one to train; another number stays and is refused."""
    number = root.value.get("schema") if isinstance(root.value, dict) else None
    if number is None or number.value != FORM:
        return root
    return replace(root, value={key: node for key, node in root.value.items() if key != "schema"})


def load_resolved(tree: Mapping[str, Any]) -> Config:
    """The configuration that a run has recorded. Raises `ConfigError` for a plugin that cannot be read."""
    files = [(Path(file), Mark(file, 0, 0, 1, "", Path())) for file in tree.get("plugins", [])]
    catalogue, problems = with_plugins(keras_catalogue(), files)
    if problems:
        raise ConfigError(problems)
    train = tree["train"]
    if train.get("phases"):
        total = sum(phase["epochs"] for phase in train["phases"])
        tree = {**tree, "train": {"epochs": total, **train}}
    return Config.model_validate(with_facts(tree), context=Language(catalogue))


def with_facts(value: Any) -> Any:
    """Recorded values with their `${data.…}` as facts again."""
    match value:
        case dict():
            return {key: with_facts(each) for key, each in value.items()}
        case list():
            return [with_facts(each) for each in value]
        case str() if (found := REFERENCE.fullmatch(value)) and (is_fact(found[1]) or OF_TEXT.fullmatch(found[1])):
            return Fact(found[1])
    return value


def read_file(file: str) -> bytes:
    """The bytes of a configuration. Raises `ConfigError` where it cannot be read."""
    if file == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        return configuration_bytes(Path(file))
    except OSError as error:
        names = sorted(str(each) for each in Path(file.replace("\0", "")).parent.glob("*.y*ml"))
        hint = f"there are: {some_names(names)}" if names else f"the working directory is {Path.cwd()}"
        raise ConfigError(
            [
                Problem(
                    f"cannot read the configuration: {error.strerror}",
                    file,
                    see=hint,
                    kind="missing_file" if isinstance(error, FileNotFoundError) else "unreadable_file",
                )
            ]
        ) from None


def checked_config(root: Node, problems: Sequence[Problem] = (), *, total: int | None = None) -> Config:
    """The checked configuration of a tree whose text has these problems, with its phases, which end after `total` epochs.

    Raises `ConfigError` with all problems that there are.
    """
    whole, beside = with_first_epochs(root)
    config, found = read_config(whole, problems, beside)
    phases, of_phases = checked_phases(root)
    found = in_order(found, *of_phases)
    if found or config is None:
        raise ConfigError(found)
    if phases:
        completed, found = completed_phases(config, phases)
        if found:
            raise ConfigError(found)
        ends = total or sum(phase.epochs for phase in completed)
        train = config.train.model_copy(update={"phases": completed, "epochs": ends})
        config = config.model_copy(update={"train": train})
        config._phases = phases
    return config


def checked_phases(root: Node) -> tuple[list[Config], list[list[Problem]]]:
    """The configuration of each phase of a tree that says its epochs, and the problems of each."""
    phases, problems = list[Config](), list[list[Problem]]()
    for each in phase_nodes(root):
        if epochs_of(each) < 1:
            continue  # which is told already
        try:
            phase, found = read_config(phase_root(root, each))
        except ConfigError as error:
            phase, found = None, error.problems
        problems.append(found)
        phases += [phase] if phase is not None else []
    return phases, problems


def completed_phases(config: Config, phases: Sequence[Config]) -> tuple[list[Phase], list[Problem]]:
    """The phases with all that is another in each, as a run records them; and the problems of what may not be."""
    base, completed, problems = config.plain(), list[Phase](), list[Problem]()
    for number, (written, phase) in enumerate(zip(config.train.phases, phases, strict=True)):
        settings, wrong = completed_settings(base, phase.plain())
        completed.append(Phase(epochs=written.epochs, set=settings))
        for path in wrong:
            place, hint = ("train", "phases", number), "write the value itself in its place"
            message = f"'{path}' would be another in this phase, because of a '${{…}}' there"
            problems += config.located(BlockError(place, message, hint=hint, kind="not_settable_in_phase")).problems
    return completed, problems


def read_config(
    root: Node, problems: Sequence[Problem] = (), beside: Sequence[Problem] = ()
) -> tuple[Config | None, list[Problem]]:
    """The configuration of a tree without phases, or None; and all problems, those of its text among them."""
    if problems and not {"data", "layers"} <= root.value.keys():
        raise ConfigError(list(problems))  # a text that is no configuration yet is not judged as one
    searched = root.child("sweep")
    root, of_blocks = with_blocks(with_sweep(root, None))
    root, of_references = interpolated(root)
    root = with_sweep(root, searched)  # its values are read where a trial puts them, not where they stand
    catalogue, of_plugins = with_plugins(keras_catalogue(), plugin_files(root))
    tree = root.plain()
    written = Written(
        {**tree, "layers": with_shared(tree["layers"])} if "layers" in tree else tree, Language(catalogue)
    )
    config, of_values = None, []
    try:
        config = Config.model_validate(written.tree, context=written.language)
    except ValidationError as error:
        of_values = problems_of(error, root=root, model=Config)
    if config is not None:
        config._root, config._connected = root, written.inputs is not None
    of_fitting = fitting_problems(root, written)
    return config, in_order(problems, beside, of_blocks, of_references, of_plugins, of_values, of_fitting)


def with_sweep(root: Node, sweep: Node | None) -> Node:
    """The tree with another sweep block; None takes it away."""
    others = {key: node for key, node in root.value.items() if key != "sweep"}
    return replace(root, value=others if sweep is None else {**others, "sweep": sweep})


def in_order(*stages: Sequence[Problem]) -> list[Problem]:
    """The problems in the order of the file; those of a later stage only where an earlier one has found nothing."""
    found: list[Problem] = []
    for problems in stages:
        places = {(each.file, each.line, each.column) for each in found if each.line}
        found += [each for each in problems if (each.file, each.line, each.column) not in places]
    return sorted(found, key=lambda problem: (problem.file, problem.line, problem.column))
