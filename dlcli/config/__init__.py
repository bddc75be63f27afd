"""From a file to a checked Config: read strictly, extend, set, refer, validate; every problem at its line."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.interpolation import REFERENCE, interpolated, is_fact
from dlcli.config.merge import apply_settings, extended
from dlcli.config.nodes import Node
from dlcli.config.problems import problems_of
from dlcli.config.schema import Config
from dlcli.config.text import MOST_BYTES, content_of
from dlcli.config.yaml import read_yaml
from dlcli.errors import ConfigError, Problem
from dlcli.spec import Fact

__all__ = ["Config", "load_config", "load_resolved"]


def load_config(file: str, *, settings: Sequence[str] = ()) -> tuple[Config, bytes]:
    """The configuration of a file (`-` is standard input) with the command line's settings, and the file's own bytes.

    Raises `ConfigError` with every problem. Nothing of TensorFlow is imported.
    """
    content = read_file(file)
    folder = Path() if file == "-" else Path(file).parent
    root = extended(read_yaml(content, file=file, folder=folder.absolute()), file=file)
    return check(interpolated(apply_settings(root, settings))), content


def load_resolved(tree: Mapping[str, Any]) -> Config:
    """The configuration that a run has recorded."""
    return Config.model_validate(with_facts(tree), context=keras_catalogue())


def with_facts(value: Any) -> Any:
    """Recorded values with their `${data.…}` as facts again."""
    match value:
        case dict():
            return {key: with_facts(each) for key, each in value.items()}
        case list():
            return [with_facts(each) for each in value]
        case str() if (found := REFERENCE.fullmatch(value)) and is_fact(found[1]):
            return Fact(found[1])
    return value


def read_file(file: str) -> bytes:
    """The bytes of a configuration."""
    if file == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        return content_of(Path(file))
    except OSError as error:
        names = sorted(str(each) for each in Path(file.replace("\0", "")).parent.glob("*.y*ml"))[:5]
        hint = f"there are: {', '.join(names)}" if names else f"the working directory is {Path.cwd()}"
        raise ConfigError([Problem(f"cannot read the configuration: {error.strerror}", file, see=hint)]) from None


def check(root: Node) -> Config:
    """The checked configuration of a tree."""
    try:
        config = Config.model_validate(root.plain(), context=keras_catalogue())
    except ValidationError as error:
        raise ConfigError(problems_of(error, root=root, model=Config)) from None
    config._root = root
    return config
