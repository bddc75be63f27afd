"""Data that the command line names: a file, a folder or a bundled set, with the settings that a configuration would hold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from dlcli.actions.written import inline_yaml
from dlcli.config.language import Language
from dlcli.config.merge import apply_settings
from dlcli.config.problems import problems_of
from dlcli.config.yaml import read_yaml
from dlcli.data import Data, Fields
from dlcli.data.sources import FILES_LOOKED_AT, SOURCES, files_in, from_path
from dlcli.data.sources.folders.images import Images
from dlcli.data.sources.folders.mask_pairs import pictures_and_masks
from dlcli.data.sources.folders.mask_values import values_as_classes
from dlcli.data.sources.paths import is_file, is_folder, is_stream, no_plain_file
from dlcli.data.sources.tables.csv import Csv
from dlcli.data.sources.tables.unnamed import is_mostly_words, written_table
from dlcli.data.text_advice import PREPARATIONS
from dlcli.errors import ConfigError, UsageError
from dlcli.first_line import some_names
from dlcli.spec import did_you_mean

Targets: TypeAlias = str | list[str] | None
"""A column that is predicted, or several, or what the source names."""


def one_or_all(targets: Sequence[str]) -> Targets:
    """The columns that options name: one as it is, several as a list."""
    return targets[0] if len(targets) == 1 else [*targets] or None


def check_targets_named(targets: Sequence[str], fields: Fields) -> None:
    """Raises `UsageError` for several columns in one option, with commas between them."""
    for target in targets:
        parts = [part.strip() for part in target.split(",")]
        if target not in fields.names and len(parts) > 1 and {*parts} <= {*fields.names}:
            raise UsageError(
                f"there is no column '{target}', but one for each part of it",
                hint=" ".join(f"--target {part}" for part in parts),
                kind="bad_command_line",
            )


@dataclass(frozen=True)
class NamedData:
    """A data block, and the same as it is written; a source without settings is written as it was named."""

    data: Data
    block: Mapping[str, Any]
    why: str | None = None
    """Why the source is written as it is, where more than a name told it."""


def named_data(what: str, target: Targets, settings: Sequence[str] = ()) -> NamedData:
    """The data of a file, a folder or a bundled set; settings begin with `data.`, as in a configuration.

    Raises `UsageError` for what is none of these, and for a set that needs more than its name, and `ConfigError` for a wrong
    setting.
    """
    words = [*SOURCES]
    written = named_source(what)
    if what not in words and not isinstance(written, dict):
        any_data = (
            "write the path of a configuration, a data file or a folder, or the name of a set: dlcli list sources"
        )
        if what == "-" or is_stream(Path(what)):
            raise no_plain_file(what)
        hint = named_in_file(what) if is_file(Path(what)) else did_you_mean(what, words) or any_data
        raise UsageError(f"cannot tell what '{what}' is{held_in(Path(what))}", hint=hint, kind="unknown_form")
    if settings:
        return with_settings(what, target, settings)
    try:
        told = why_so(what, written)
        block = {"source": what if told is None else written, "target": target}
        return NamedData(Data.model_validate(block, context=Language()), block, told)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        said, context = str(detail["msg"]), detail.get("ctx", {})
        if context.get("kind") == "ambiguous_source":
            hint = f"write {what}/ for the folder, or {what}: {{}} under data.source of a configuration for the source"
            raise UsageError(said, hint=hint, kind="ambiguous_source") from None
        raise UsageError(
            f"'{what}' needs more than its name: {said}",
            hint=f"dlcli show {what}; then --set data.source.KEY=VALUE",
            kind="source_needs_more",
        ) from None


def named_in_file(what: str) -> str:
    """How a file that nothing tells apart is named in a configuration: as a table, or as running text where it is words."""
    if not is_mostly_words(Path(what)):
        return f"if it is a table, name its source in a configuration: source: {{csv: {{path: {what}, separator: …}}}}"
    source = f"source: {{text: {{path: {inline_yaml(what)}, window: 100}}}}"
    block = f"{{{source}, target: {{next: text}}, prepare: {PREPARATIONS['character']}}}"
    return f"if it is running text, of which the model learns what follows: data: {block}"


def is_unnamed(what: str) -> bool:
    """Whether the name of a file does not say what it holds."""
    return what not in SOURCES and is_file(Path(what)) and not isinstance(from_path(what, known_only=True), dict)


def named_source(what: str) -> Any:
    """What is named as a source, where it can be told from its name, or from what is in it."""
    if what in SOURCES:
        return what
    if is_unnamed(what):
        form = written_table(Path(what))
        return what if form is None else {Csv.word: {"path": what, **form}}
    written = from_path(what, known_only=True)
    if isinstance(written, dict) and [*written] == [Images.word] and is_folder(Path(what)):
        pair = pictures_and_masks(Path(what), Images.inside)
        if pair is not None:
            named = values_as_classes(pair[1], Images.inside)
            masks = {"path": str(pair[1]), **named} if named else str(pair[1])
            return {Images.word: {"path": str(pair[0]), "masks": masks}}
    return written


def why_so(what: str, written: Any) -> str | None:
    """Why a source is written as it is where more than a name told it; None where its name did."""
    if not isinstance(written, dict):
        return None
    [(word, block)] = written.items()
    if word == Images.word and isinstance(block, dict) and "masks" in block:
        masks, told = block["masks"], "two folders of pictures of the same names: pictures and masks"
        named = isinstance(masks, dict)
        told += "; each value of the masks is a class of its name, to be given a better one" if named else ""
        return told + (f", but {masks['void']} is taken for none" if named and "void" in masks else "")
    return "how the file is written, by a look into it" if is_unnamed(what) else None


def with_settings(what: str, target: Targets, settings: Sequence[str]) -> NamedData:
    """The data with settings, which may reach into the block of its source."""
    written = named_source(what)
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
        return NamedData(Data.model_validate(block, context=Language()), block, why_so(what, written))
    except ValidationError as error:
        raise ConfigError(problems_of(error, root=root.value["data"], model=Data)) from None


def held_in(folder: Path) -> str:
    """What a folder holds where none of it can be read, in words; nothing of what is no folder."""
    if not is_folder(folder):
        return ""
    endings = Counter(path.suffix.lower() or "without ending" for path in islice(files_in(folder), FILES_LOOKED_AT))
    counts = [f"{count} {ending}" for ending, count in endings.most_common()]
    return f": the folder holds no file that dlcli reads; found: {some_names(counts) or 'nothing'}"
