"""Export: a trained run as a model for elsewhere, which takes raw data and was checked on real samples without dlcli."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from dlcli.actions.export.attempts import Attempts, FormatRefuses
from dlcli.actions.export.exporter import FLOAT, Exporter
from dlcli.actions.export.keras_file import KERAS
from dlcli.actions.export.litert_file import LITERT
from dlcli.actions.export.onnx_file import ONNX
from dlcli.actions.export.real_samples import RealSamples, some_samples
from dlcli.actions.export.saved_model import SAVED_MODEL
from dlcli.errors import ConflictError, DlcliError, UsageError
from dlcli.extras import expect
from dlcli.progress import stage
from dlcli.runs import Run
from dlcli.runs.atomic import MANIFEST, OUTPUT, refusals
from dlcli.training.kept.trained import Trained, open_trained
from dlcli.view.export import Artefact, Exported, NotExported

EXPORTERS: tuple[Exporter, ...] = (KERAS, LITERT, ONNX, SAVED_MODEL)
"""Every format. A new one costs a file here, its import and its line."""
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be exported where: a format or `all`, the form of numbers or none for those there are, and the folder."""

    format: str
    quantize: str | None
    folder: Path
    allow_code: bool = False

    def chosen(self) -> list[tuple[Exporter, str]]:
        """The exporters with the form of numbers of each. Raises `UsageError` for an unknown one."""
        words = [each.word for each in EXPORTERS]
        if self.format not in {*words, ALL}:
            raise UsageError(
                f"there is no format '{self.format}'; there is {', '.join(words)}, or {ALL}", kind="no_such_format"
            )
        exporters = [each for each in EXPORTERS if self.format in {each.word, ALL}]
        if self.quantize is None:
            return [
                (each, variant) for each in exporters for variant in (each.variants if self.format == ALL else (FLOAT,))
            ]
        known = sorted({variant for each in EXPORTERS for variant in each.variants})
        if self.quantize not in known:
            raise UsageError(
                f"numbers cannot be kept as '{self.quantize}'; there is {', '.join(known)}", kind="no_such_numbers"
            )
        able = [each for each in exporters if self.quantize in each.variants]
        if not able:
            holders = ", ".join(each.word for each in EXPORTERS if self.quantize in each.variants)
            raise UsageError(
                f"the format {self.format} keeps no numbers as {self.quantize}",
                hint=f"write --format {holders} --quantize {self.quantize}",
                kind="no_such_numbers",
            )
        return [(each, self.quantize if self.quantize in each.variants else FLOAT) for each in exporters]


def export(run: Run, asked: Asked) -> Exported:
    """Writes a run in one format or all, each checked in a process of its own before it takes its place.

    Of `all` those that cannot be are said; alone, and where none can be, that is an error. Raises `ArtifactError` for a run
    without a model and for what a format cannot hold, `DataError` for a package that is missing, `ConflictError` for a folder
    that holds something else.
    """
    chosen = asked.chosen()
    for exporter, variant in chosen:
        check_place(asked.folder / exporter.folder(variant))
    if asked.format != ALL:
        check_packages(chosen[0][0])
    artefacts: list[Artefact] = []
    missing: list[NotExported] = []
    errors: list[DlcliError] = []
    with open_trained(run, allow_code=asked.allow_code) as trained:
        notes = trained.notes
        attempts = attempts_of(trained)
        for exporter, variant in chosen:
            name = exporter.folder(variant)
            try:
                check_packages(exporter)
                with stage(f"exporting {name}"):
                    artefacts.append(attempts.artefact(exporter, variant, asked.folder / name))
            except (FormatRefuses, DlcliError) as error:
                own = attempts.refusal(error, exporter) if isinstance(error, FormatRefuses) else error
                errors.append(own)
                missing.append(NotExported(format=name, kind=own.kind, reason=own.message, hint=own.hint))
    if errors and not artefacts:
        raise errors[0]
    return Exported(
        run=run.name,
        folder=str(asked.folder),
        split=attempts.split,
        samples=len(attempts.checked.samples),
        artefacts=artefacts,
        missing=missing,
        notes=[*notes, *attempts.notes],
    )


def attempts_of(trained: Trained) -> Attempts:
    """All that the artefacts of a run share: its samples, its own answers, and its model in one form after the other."""
    dataset = trained.dataset()
    split, checked, learnt = some_samples(dataset)
    return Attempts(trained, split, RealSamples(trained, dataset, checked), RealSamples(trained, dataset, learnt))


def check_packages(exporter: Exporter) -> None:
    """Raises `DataError` with the command that installs what an exporter needs and is not there."""
    for module, extra in exporter.packages.items():
        expect(module, extra=extra, use=f"the format {exporter.word}")


def check_place(folder: Path) -> None:
    """Refuses a folder that holds something that is no artefact, and one that cannot be made, before any work.

    Raises `ConflictError` and `ResourceError`.
    """
    above = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    with refusals(folder, elsewhere=OUTPUT):
        if not above.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(above))
        if not os.access(above, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(above))
    if folder.exists() and not (folder.is_dir() and (not any(folder.iterdir()) or (folder / MANIFEST).is_file())):
        raise ConflictError(
            f"{folder} is there and was not written by dlcli export",
            file=folder,
            hint="choose another folder: -o DIR",
            kind="place_taken",
        )
