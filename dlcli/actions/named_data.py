"""Data that the command line names: a file, a folder or a bundled set, with the settings that a configuration would hold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dlcli.config.language import Language
from dlcli.config.merge import apply_settings
from dlcli.config.problems import problems_of
from dlcli.config.yaml import read_yaml
from dlcli.data import Data
from dlcli.data.sources import FILES_LOOKED_AT, SOURCES, files_in, from_path
from dlcli.data.sources.paths import is_folder
from dlcli.errors import ConfigError, UsageError
from dlcli.first_line import some_names
from dlcli.spec import did_you_mean


@dataclass(frozen=True)
class NamedData:
    """A data block, and the same as it is written; a source without settings is written as it was named."""

    data: Data
    block: Mapping[str, Any]


def named_data(what: str, target: str | None, settings: Sequence[str] = ()) -> NamedData:
    """The data of a file, a folder or a bundled set; settings begin with `data.`, as in a configuration.

    Raises `UsageError` for what is none of these, and for a set that needs more than its name, and `ConfigError` for a wrong
    setting.
    """
    words = [source.word for source in SOURCES]
    if what not in words and not isinstance(from_path(what, known_only=True), dict):
        hint = (
            did_you_mean(what, words)
            or "write the path of a configuration, a data file or a folder, or the name of a set: dlcli list sources"
        )
        raise UsageError(f"cannot tell what '{what}' is{held_in(Path(what))}", hint=hint, kind="unknown_form")
    if settings:
        return with_settings(what, target, settings)
    try:
        block = {"source": what, "target": target}
        return NamedData(Data.model_validate(block, context=Language()), block)
    except ValidationError as error:
        said = str(error.errors(include_url=False)[0]["msg"])
        raise UsageError(
            f"'{what}' needs more than its name: {said}",
            hint=f"dlcli show {what}; then --set data.source.KEY=VALUE",
            kind="source_needs_more",
        ) from None


def with_settings(what: str, target: str | None, settings: Sequence[str]) -> NamedData:
    """The data with settings, which may reach into the block of its source."""
    written = from_path(what, known_only=True)
    named: dict[str, Any] = written if isinstance(written, dict) else {what: {}}
    source = {word: {"path": value} if isinstance(value, str) else value for word, value in named.items()}
    block: dict[str, Any] = {"source": source} if target is None else {"source": source, "target": target}
    text = json.dumps({"data": block}).encode()
    root = apply_settings(read_yaml(text, file=what, folder=Path.cwd()), settings)
    others = [key for key in root.value if key != "data"]
    if others:
        raise UsageError(
            f"'{others[0]}' belongs to a configuration, and '{what}' is data",
            hint="settings of data begin with data., as data.source.separator=';'",
            kind="bad_setting",
        )
    try:
        block = root.plain()["data"]
        return NamedData(Data.model_validate(block, context=Language()), block)
    except ValidationError as error:
        raise ConfigError(problems_of(error, root=root.value["data"], model=Data)) from None


def held_in(folder: Path) -> str:
    """What a folder holds where none of it can be read, in words; nothing of what is no folder."""
    if not is_folder(folder):
        return ""
    endings = Counter(path.suffix.lower() or "without ending" for path in islice(files_in(folder), FILES_LOOKED_AT))
    counts = [f"{count} {ending}" for ending, count in endings.most_common()]
    return f": the folder holds no file that dlcli reads; found: {some_names(counts) or 'nothing'}"
