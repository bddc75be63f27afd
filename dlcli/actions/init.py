"""Init: writes a configuration for a data set, every choice with the reason for it, or copies one of the gallery."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from dlcli.actions.named_data import check_targets_named, named_data, one_or_all
from dlcli.actions.pasted_hints import hints_as_options
from dlcli.actions.suggested_layers import layers_of, loss_of, preparation_of
from dlcli.actions.suggestions import Draft, Line, drafted
from dlcli.actions.written import inline_yaml
from dlcli.config.gallery import name_in_gallery, template_named, templates
from dlcli.data import Dataset, Fields
from dlcli.data.findings.header_like_data import data_in_header
from dlcli.data.memory import free_memory
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.errors import ConflictError, DataError, UsageError
from dlcli.progress import stage
from dlcli.runs.atomic import check_output_place, write_output
from dlcli.runs.names import safe_name
from dlcli.spec import did_you_mean
from dlcli.training.setup.backend import chatter_to

KEYS = ("inputs", "missing", "split")
"""The keys of `data` that are proposed, in the order in which they stand."""
COMMENTS = 50
"""The column in which comments stand."""


@dataclass(frozen=True)
class Drafted:
    """The text of a configuration, and the column that was taken for the target, where nobody has named one."""

    text: str
    guessed: str | None


def init(what: str, *, target: Sequence[str] = (), file: Path | None, settings: Sequence[str] = ()) -> Drafted:
    """A configuration for a file, a folder, or a set by its name, as it will stand in `file`.

    Its paths count from the folder of `file`, or from the working folder where it is only shown.

    Raises `UsageError` for what is no data, `DataError` for data that cannot be read or has no target.
    """
    named = named_data(what, one_or_all(target), settings)
    source = named.data.source
    with hints_as_options(source):
        stream = source.memory() > free_memory() // 2
    with chatter_to(None), hints_as_options(source), stage("reading the data"):
        fields = source.read(Reading(stream=stream, labels=frozenset(named.data.target_columns()), looks=True))
        check_targets_named(target, fields)
        if named.block.get("target") is None:
            fields = with_last_labels(source, fields, stream=stream)
        draft, dataset = drafted(named.block, fields)
    if named.why is not None:
        draft.reasons.setdefault("source", named.why)
    if what != source.word:
        draft.source = rebased(draft.source, what, relative(what, file.parent if file is not None else Path()))
    name = safe_name(Path(what).stem or what)
    lines = lines_of(draft, dataset, name=name, file=file or Path(f"{name}.yaml"))
    return Drafted("\n".join(lines) + "\n", draft.guessed)


def with_last_labels(source: SourceBlock, fields: Fields, *, stream: bool) -> Fields:
    """The fields with their last column, where that holds lists of names, which are read where they are asked for alone."""
    last = fields.names[-1] if fields.columns and fields.target is None else None
    if last is None or last in fields.arrays:
        return fields
    try:
        read = source.read(Reading(stream=stream, labels=frozenset({last}), looks=True))
    except DataError:
        return fields
    return read if last in read.arrays else fields


def relative(path: str, folder: Path) -> str:
    """A path as it is written in a file of a folder; whole where it is on another drive."""
    absolute = Path(path).absolute()
    if absolute.drive != folder.absolute().drive:
        return absolute.as_posix()
    return Path(os.path.relpath(absolute, folder.absolute())).as_posix()


def rebased(source: Any, old: str, new: str) -> Any:
    """A source as it is written, with a path as it is from elsewhere."""
    if isinstance(source, dict):
        return {key: rebased(value, old, new) for key, value in source.items()}
    if not isinstance(source, str):
        return source
    # A folder in the folder that was named too.
    below = Path(source).parts[: len(Path(old).parts)] == Path(old).parts and source != old
    return (Path(new) / Path(source).relative_to(old)).as_posix() if below else new if source == old else source


def lines_of(draft: Draft, dataset: Dataset, *, name: str, file: Path) -> list[str]:
    """The configuration, line by line."""
    target = dataset.schema.targets[0]
    samples = ", ".join(f"{len(part):,} {split}" for split, part in dataset.splits.items())
    (loss, why), metric = loss_of(target)
    # Accuracy says nothing of a rare class, which the area under the curve (AUC) does.
    rare = draft.is_imbalanced and loss == "binary_crossentropy" and metric == "accuracy"
    watched, metric = ("val_auc", "AUC") if rare else ("val_loss", metric)
    return [
        f"# {name}: {samples} samples.",
        f"#   dlcli train {shlex.quote(str(file))}",
        f"name: {inline_yaml(name)}",
        "seed: 0",
        "",
        *with_comments([("data:", "step 1: input data and target"), *data_lines(draft, dataset)]),
        "",
        *with_comments([("layers:", "step 2: the layers")]),
        *with_comments((f"  - {layer}", reason) for layer, reason in layers_of(dataset)),
        "",
        *with_comments([(f"loss: {loss}", f"step 3: the loss, {why}")]),
        "",
        *with_comments([("optimizer:", "step 4: the optimizer"), (f"  Adam: {{learning_rate: {rate(dataset)}}}", "")]),
        "",
        *with_comments([(f"metrics: [{metric}]", "how well the rare class is told apart" if rare else "")]),
        "",
        "train:",
        *with_comments(train_lines(draft, dataset, watched)),
    ]


def data_lines(draft: Draft, dataset: Dataset) -> list[Line]:
    """The block `data`."""
    headless = "the names look like a first row: if there is no header, csv: {path: …, header: false}"
    reason = headless if data_in_header(dataset.fields) else draft.reasons.get("source", "")
    lines: list[Line] = [(f"  source: {inline_yaml(draft.source)}", reason)]
    if draft.target is not None:
        lines.append((f"  target: {inline_yaml(draft.target)}", draft.reasons.get("target", "")))
    for key in sorted(draft.block, key=lambda key: KEYS.index(key) if key in KEYS else len(KEYS)):
        if key != "prepare":
            value = inline_yaml(draft.block[key])
            reason = draft.reasons.get(key, "")
            # A long line has its comment above.
            lines += (
                [("  # " + " ".join(reason.split()), ""), (f"  {key}: {value}", "")]
                if len(value) > 60
                else [(f"  {key}: {value}", reason)]
            )
    if "prepare" in draft.block:
        lines.append((f"  prepare: {inline_yaml(draft.block['prepare'])}", ""))
    elif not isinstance(draft.block.get("inputs"), dict):
        prepared = preparation_of(dataset)
        lines += [("  prepare:", "learnt from the training split alone")] if prepared else []
        lines += [(f"    - {layer}", reason) for layer, reason in prepared]
    return lines


def rate(dataset: Dataset) -> str:
    """The learning rate: a target of large numbers is many steps away from the first weights."""
    return "1e-3" if dataset.schema.targets[0].classes is not None else "1e-2"


def train_lines(draft: Draft, dataset: Dataset, watched: str = "val_loss") -> list[Line]:
    """How long to train."""
    samples = len(dataset.splits["train"])
    epochs = 200 if samples < 1000 else 100 if samples < 3000 else 30 if samples < 50_000 else 5
    batch = 16 if samples < 1000 else 32 if samples < 50_000 else 256
    lines: list[Line] = [
        (f"  epochs: {epochs}", "at most"),
        (f"  batch_size: {batch}", ""),
    ]
    if "validation" in dataset.splits:
        patience = max(3, epochs // 10)
        lines.append(
            (f"  early_stopping: {{monitor: {watched}, patience: {patience}}}", "ends when it no longer improves")
        )
    if draft.is_imbalanced:
        lines.append(("  class_weight: balanced", "some classes are far rarer than others"))
    return lines


def with_comments(lines: Iterable[Line]) -> list[str]:
    """Lines with their comments below each other."""
    # A name may hold a line's end, which would end the comment too.
    words = [(text, " ".join(comment.split())) for text, comment in lines]
    return [f"{padded(text, COMMENTS)} # {comment}" if comment else text for text, comment in words]


def padded(text: str, cells: int) -> str:
    """Text that takes at least so many cells of a terminal; a Korean letter takes two."""
    return text + " " * (cells - cell_len(text))


def template(name: str) -> str:
    """A configuration of the gallery, by its name. Raises `UsageError` with the names that there are."""
    found, path = templates(), template_named(name)
    if path is None:
        known = ", ".join(sorted(found))
        raise UsageError(
            f"there is no template '{name}'; there are: {known}",
            hint=did_you_mean(name, [*found, *map(name_in_gallery, found.values())]),
            kind="no_such_template",
        )
    return path.read_text(encoding="utf-8")


def check_new_file(path: Path, *, force: bool) -> None:
    """Raises `ConflictError` for a file that is there already, and `ResourceError` where none can be written."""
    if path.exists() and not force:
        raise ConflictError(
            f"{path} is there already",
            file=path,
            hint="choose another name with -o, or write --force",
            kind="file_exists",
        )
    check_output_place(path)


def write_configuration(text: str, path: Path, *, force: bool) -> None:
    """Writes the configuration. Raises as `check_new_file`."""
    check_new_file(path, force=force)
    write_output(path, text.encode())
