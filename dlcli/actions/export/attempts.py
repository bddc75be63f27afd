"""An artefact is tried in one form after the other, that which does most first, until its answers are those of the run."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.export.compared import Compared, answers_outside, beside_own
from dlcli.actions.export.described import Described
from dlcli.actions.export.example_text import example_text
from dlcli.actions.export.exporter import FLOAT, Exporter, Writing
from dlcli.actions.export.forms import Form
from dlcli.actions.export.layer_places import line_of_layer
from dlcli.actions.export.quiet import quiet
from dlcli.actions.export.real_samples import RealSamples
from dlcli.actions.export.rebuilt import has_steps
from dlcli.actions.export.refused import refused_layers
from dlcli.actions.export.whole import Whole, Wholes
from dlcli.errors import ArtifactError, DlcliError
from dlcli.first_line import first_line
from dlcli.runs.atomic import OUTPUT, committed_folder, refusals
from dlcli.training.kept.trained import Trained
from dlcli.view.export import Artefact

if TYPE_CHECKING:
    import numpy as np

EXAMPLE, SCHEMA = "example.py", "schema.json"
ROUNDING, ROUNDING_16 = 1e-3, 5e-2
"""So much of the largest answer another runtime may be off by its order of adding up, in 32 and in 16 bits."""
ENOUGH, AWAY = 0.98, 0.05
"""What is kept in 8 bits is taken in its first form where so many classes are the same, or numbers are so little off."""


class FormatRefuses(Exception):
    """A format holds a run in none of its forms: the reasons, one a form; `runs` where it holds it and answers otherwise."""

    def __init__(self, reasons: list[str], forms: list[Form], *, runs: bool) -> None:
        super().__init__(reasons[0])
        self.reasons, self.forms, self.runs = reasons, forms, runs


@dataclass(frozen=True)
class Tried:
    """A form that an artefact was written in, the folder in which it stands, and its answers beside the run's."""

    whole: Whole
    folder: Path
    compared: Compared

    @property
    def rank(self) -> tuple[float, float]:
        """The better, the greater."""
        return (1.0 if self.compared.agreement is None else self.compared.agreement, -self.compared.share)


@dataclass
class Attempts:
    """What all artefacts of a run share: `checked` are the samples of a `split` that it is asked about, `learnt` those of
    training that say what its numbers are like."""

    trained: Trained
    split: str
    checked: RealSamples
    learnt: RealSamples
    notes: list[str] = field(default_factory=list)

    @cached_property
    def said(self) -> list[np.ndarray[Any, Any]]:
        """What the run itself says of the samples."""
        return self.checked.said()

    @cached_property
    def wholes(self) -> Wholes:
        """The model of the run in one form after the other."""
        return Wholes(self.trained)

    @cached_property
    def rounding(self) -> float:
        """The share of the largest answer by which an artefact may be off."""
        return ROUNDING_16 if "16" in self.trained.config.train.precision else ROUNDING

    def artefact(self, exporter: Exporter, variant: str, target: Path) -> Artefact:
        """The artefact in its place. Raises `FormatRefuses` where its format holds it in no form."""
        with tempfile.TemporaryDirectory(prefix="dlcli-export-") as place:
            best = self.best(exporter, variant, Path(place))
            with committed_folder(target, elsewhere=OUTPUT) as folder:
                shutil.copytree(best.folder, folder, dirs_exist_ok=True)
        file = target / exporter.file
        parts = [each for each in file.rglob("*") if each.is_file()] if file.is_dir() else [file]
        return Artefact(
            format=exporter.folder(variant),
            file=str(file),
            bytes=sum(each.stat().st_size for each in parts),
            takes="raw data" if best.whole.takes_raw_data else taken_words(best.whole),
            difference=best.compared.difference,
            agreement=best.compared.agreement,
            seconds=best.compared.seconds,
        )

    def best(self, exporter: Exporter, variant: str, place: Path) -> Tried:
        """The first form whose answers are the run's own; of numbers in 8 bits that which comes nearest to them."""
        reasons: list[str] = []
        done: list[Tried] = []
        runs = False
        forms = [form for form in exporter.forms if self.is_other(form)]
        for number, form in enumerate(forms):
            try:
                with refusals(place, elsewhere=OUTPUT):
                    tried = self.tried(exporter, variant, form, place / str(number))
            except DlcliError:
                raise
            except Exception as error:  # what each of the libraries may raise for what it cannot hold
                reasons.append(first_line(error, most=160))
                continue
            if variant == FLOAT and tried.compared.share > self.rounding:
                runs = True
                reasons.append(f"its answers differ by {tried.compared.difference:.3g} from those of the run")
                continue
            done.append(tried)
            if variant == FLOAT or is_near(tried.compared):
                break
        if not done:
            raise FormatRefuses(reasons, forms, runs=runs)
        best = max(done, key=lambda each: each.rank)
        if not is_near(best.compared) and variant != FLOAT:
            self.notes.append(
                f"{exporter.folder(variant)} keeps too few digits for this model: {away_words(best.compared)}"
            )
        if best.whole.form.prepared:
            why = reasons[0] if reasons else "with the preparation inside, its numbers are too coarse"
            self.notes.append(f"{exporter.folder(variant)} takes {taken_words(best.whole)}: {why}")
        return best

    def is_other(self, form: Form) -> bool:
        """Whether a form is another one for this run: there may be nothing to prepare, or to write out."""
        inside = [each for each in self.trained.schema.inputs if form.texts or not each.text]
        prepares = any(self.trained.preparation is not None or each.columns is not None for each in inside)
        return (not form.prepared or prepares) and (not form.unrolled or has_steps(self.trained.model))

    def tried(self, exporter: Exporter, variant: str, form: Form, folder: Path) -> Tried:
        """An artefact with its schema and example in a folder, and its answers beside the run's."""
        folder.mkdir()
        whole = self.described_inputs(self.wholes.of(form))
        representative = {each.name: self.learnt.values(each) for each in whole.inputs}
        with quiet():
            whole = exporter.write(whole, Writing(folder / exporter.file, variant, representative))
        described = Described(
            run=self.trained.run.name,
            format=exporter.folder(variant),
            file=exporter.file,
            takes_raw_data=whole.takes_raw_data,
            samples_at_a_time=form.batch,
            inputs=whole.inputs,
            outputs=whole.outputs,
            trained_with=self.trained.environment["versions"],
        )
        text = json.dumps(asdict(described), ensure_ascii=False, indent=2)
        (folder / SCHEMA).write_text(f"{text}\n", encoding="utf-8")
        (folder / EXAMPLE).write_text(example_text(exporter, described), encoding="utf-8")
        inputs = [self.checked.values(each) for each in whole.inputs]
        others, seconds = answers_outside(folder, inputs, len(whole.outputs))
        return Tried(whole, folder, beside_own(self.said, others, whole.outputs, seconds=seconds))

    def described_inputs(self, whole: Whole) -> Whole:
        """A whole whose inputs say what training has seen in them."""
        inputs = [
            replace(each, seen=self.learnt.span(each), example=self.learnt.example(each)) for each in whole.inputs
        ]
        return replace(whole, inputs=inputs)

    def refusal(self, error: FormatRefuses, exporter: Exporter) -> ArtifactError:
        """The error of a format that holds a run in no form, with the layer that it does not hold, if it is one alone."""
        run = self.trained.run
        others = "another format: " + " or ".join(word for word in ("saved_model", "keras") if word != exporter.word)
        layers = () if error.runs else refused_layers(exporter, self.trained.model, error.forms[0])
        found = next(iter(layers), None)
        if found is None:
            return ArtifactError(
                f"the format {exporter.word} does not hold the model of '{run.name}': {'; '.join(dict.fromkeys(error.reasons))}",
                file=run.path,
                hint=f"choose {others}",
                kind="format_refuses",
            )
        name, kind = found
        file, line = line_of_layer(self.trained, name)
        named = f"'{name}' ({kind})" if name.casefold() != kind.casefold() else kind
        return ArtifactError(
            f"the format {exporter.word} does not hold the layer {named}",
            file=file,
            line=line,
            hint=f"write another layer there, or choose {others}",
            kind="format_refuses",
        )


def is_near(found: Compared) -> bool:
    """Whether what is kept in 8 bits says nearly what the run says."""
    return found.agreement >= ENOUGH if found.agreement is not None else found.share <= AWAY


def away_words(found: Compared) -> str:
    """How far answers are off that are not near."""
    if found.agreement is None:
        return f"its answers are off by {found.share * 100:.0f} % of the largest"
    return f"{(1 - found.agreement) * 100:.1f} % of its answers are another class"


def taken_words(whole: Whole) -> str:
    """What an artefact takes that does not take raw data."""
    kinds = {each.kind for each in whole.inputs}
    if "prepared" in kinds:
        others = kinds - {"prepared"}
        return "prepared and raw data" if others else "prepared data"
    return "codes for names" if "code" in kinds else "texts after blanks"
