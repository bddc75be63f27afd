"""From a file to a checked Config: read strictly, extend, set, refer, validate; every problem at its line."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dlcli.config.blocks import with_blocks
from dlcli.config.catalogue import keras_catalogue
from dlcli.config.fitting import Written, fitting_problems
from dlcli.config.interpolation import OF_TEXT, REFERENCE, interpolated, is_fact
from dlcli.config.language import Language
from dlcli.config.merge import apply_settings, extended
from dlcli.config.plugins import plugin_files, with_plugins
from dlcli.config.problems import problems_of
from dlcli.config.schema import Config
from dlcli.config.text import MOST_BYTES, configuration_bytes
from dlcli.config.tree import Mark, Node
from dlcli.config.yaml import read_document
from dlcli.errors import ConfigError, Problem
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
    folder = Path() if file == "-" else Path(file).parent
    root, problems = read_document(content, file=file, folder=folder.absolute())
    root = apply_settings(extended(without_number(root), file=file), settings)
    return checked_config(root, problems)


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


def checked_config(root: Node, problems: Sequence[Problem] = ()) -> Config:
    """The checked configuration of a tree whose text has these problems. Raises `ConfigError` with all there are."""
    if problems and not {"data", "layers"} <= root.value.keys():
        raise ConfigError(list(problems))  # a text that is no configuration yet is not judged as one
    root, of_blocks = with_blocks(root)
    root, of_references = interpolated(root)
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
    found = in_order(problems, of_blocks, of_references, of_plugins, of_values, fitting_problems(root, written))
    if found or config is None:
        raise ConfigError(found)
    config._root, config._connected = root, written.inputs is not None
    return config


def in_order(*stages: Sequence[Problem]) -> list[Problem]:
    """The problems in the order of the file; those of a later stage only where an earlier one has found nothing."""
    found: list[Problem] = []
    for problems in stages:
        places = {(each.file, each.line, each.column) for each in found if each.line}
        found += [each for each in problems if (each.file, each.line, each.column) not in places]
    return sorted(found, key=lambda problem: (problem.file, problem.line, problem.column))
