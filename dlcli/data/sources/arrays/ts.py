"""The source `ts`: series with a class or a number each, in the text form of sktime and the UEA archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from dlcli.data.fields.fields import Fields, Place
from dlcli.data.fields.padded import padded_fields, padded_rows
from dlcli.data.schema import Schema
from dlcli.data.sources.paths import content_of, only_file
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.data.target_labels import UNKNOWN, label_codes
from dlcli.errors import DataError
from dlcli.spec import DataPath, did_you_mean

if TYPE_CHECKING:
    import numpy as np

SERIES, CLASS, NUMBER = "series", "class", "target"
"""What the input is called, and the target of classes and of numbers."""
TARGETS = {"@classlabel": CLASS, "@targetlabel": NUMBER}


class Ts(SourceBlock):
    """Series with one or several channels and a class or a number each, in a .ts file."""

    word: ClassVar[str] = "ts"
    example: ClassVar[str] = "{ts: motions.ts}"
    endings: ClassVar[tuple[str, ...]] = (".ts",)
    whole: ClassVar[bool] = True

    path: DataPath
    """The file."""
    pad: float | None = None
    """A number that fills up series which are shorter than others, behind their last step; without it what stands there
    counts nowhere."""
    length: Annotated[int, Field(ge=1)] | None = None
    """How many steps all have; by default those of the longest."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        path = folder / "series.ts"
        lines = [f"{row},{row + 1},{row % 3}:{row / 2},0,1:{'uv'[row % 2]}" for row in range(rows)]
        head = ["# steps", "@problemName steps", "@timeStamps false", "@classLabel true u v", "@data"]
        path.write_text("\n".join([*head, *lines]), encoding="utf-8")
        return [Example({"source": {cls.word: str(path)}}, [path])]

    def read(self, reading: Reading) -> Fields:
        """All series (samples, time, channels). Raises `DataError` with the line of one of another form, or that is no number."""
        import numpy as np

        path = only_file(self.path)
        target, named, first, lines = data_lines(decoded(path), path)
        series: list[np.ndarray[Any, Any]] = []
        labels: list[str] = []
        numbers: list[int] = []
        for number, line in enumerate(lines, start=first):
            if not line.strip() or line.startswith("#"):
                continue
            parts = line.strip().split(":")
            if target is not None:
                labels.append(parts.pop().strip())
            sample = channels_of(parts, path, number)
            check_channels(sample, series[0] if series else sample, path, number)
            series.append(sample)
            numbers.append(number)
        if named and (reading.columns is None or CLASS in reading.columns):
            void = [label for each in reading.void.values() for label in each]
            check_named_labels(labels, named, void, path=path, lines=numbers)
        if not series:
            raise DataError("there are no series below @data", file=path, kind="no_rows")
        stacked, notes = self.of_one_length(series, path, numbers)
        arrays = {SERIES: stacked}
        if target is not None:
            arrays[target] = np.array(labels, object) if target == CLASS else target_numbers(labels, path, numbers)
        axes = {SERIES: ("samples", "time", "channels")}
        place, padded = Place(str(path), len(series), lines=numbers), padded_fields(arrays)
        return Fields(arrays, [place], axes=axes, inputs=(SERIES,), target=target, notes=notes, padded=padded)

    def of_one_length(
        self, series: list[np.ndarray[Any, Any]], path: Path, lines: list[int]
    ) -> tuple[np.ndarray[Any, Any], tuple[str, ...]]:
        """The series (samples, time, channels), the shorter ones filled up behind, and a note on these."""
        import numpy as np

        lengths = [len(each) for each in series]
        steps = self.length or max(lengths)
        if self.pad is not None and max(lengths) > steps:
            longest = int(np.argmax(lengths))
            message = f"the series has {lengths[longest]} steps, and all are to have {steps}"
            raise DataError(
                message, file=path, line=lines[longest], hint="write a larger length", kind="several_shapes"
            )
        if min(lengths) == steps:
            return np.stack(series), ()
        if self.pad is None:
            return np.asarray(padded_rows(series, longest=steps)), ()
        filled = np.full((len(series), steps, series[0].shape[1]), self.pad, np.float64)
        for row, each in enumerate(series):
            filled[row, : len(each)] = each
        shorter = sum(length < steps for length in lengths)
        note = f"{shorter} series of fewer than {steps} steps are filled up with {self.pad:g} behind; Masking leaves it out"
        return filled, (note,)

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        steps = [each.shape[0] for each in schema.inputs if (each.array or each.name) == SERIES and each.shape]
        own = {"length": steps[0]} if steps and self.pad is not None else {"length": None}
        return super().elsewhere(kind, {**changes, **own} if kind is Ts else changes, schema)

    def memory(self) -> int:
        try:
            return 4 * only_file(self.path).stat().st_size
        except (DataError, OSError):
            return 0

    def input_names(self) -> list[str] | None:
        return [SERIES]


def decoded(path: Path) -> str:
    """The text of a file. Raises `DataError` at the line of what is not UTF-8."""
    content = content_of(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise DataError(message, file=path, line=line, kind="wrong_encoding") from None


def check_channels(sample: np.ndarray[Any, Any], first: np.ndarray[Any, Any], path: Path, line: int) -> None:
    """Refuses series of other channels than the first."""
    if sample.shape[1] != first.shape[1]:
        message = f"the series has {sample.shape[1]} channels, the first one {first.shape[1]}"
        raise DataError(message, file=path, line=line, kind="several_shapes")


def target_numbers(labels: list[str], path: Path, lines: list[int]) -> np.ndarray[Any, Any]:
    """The number (samples,) of each series, NaN for `?`. Raises `DataError` at the line of what is none."""
    import numpy as np

    odd = next((row for row, label in enumerate(labels) if not is_float(label)), None)
    if odd is not None:
        message = f"'{labels[odd]}' is no number, and @targetLabel says that each series has one"
        raise DataError(message, file=path, line=lines[odd], kind="not_a_number")
    return np.array([float("nan") if label == "?" else float(label) for label in labels])


def check_named_labels(
    labels: list[str], classes: Sequence[str], void: Sequence[int | str], *, path: Path, lines: list[int]
) -> None:
    """Refuses the label of a series that the head of the file does not name, at its line."""
    import numpy as np

    unknown = np.flatnonzero(label_codes(np.array(labels, object), classes, void) == UNKNOWN)
    if len(unknown):
        label = labels[unknown[0]]
        raise DataError(
            f"label '{label}' is none of the classes of @classLabel: {', '.join(classes)}",
            file=path,
            line=lines[unknown[0]],
            hint=did_you_mean(label, classes) or "name it behind @classLabel true, or correct the label",
            kind="unknown_class",
        )


def data_lines(text: str, path: Path) -> tuple[str | None, list[str], int, list[str]]:
    """What the target of each series is called, if it has one, and the classes that the head names; the line at which the
    first series stands, and all lines from there on.

    Raises `DataError` for a file without `@data`, and for series that say the time of each step.
    """
    lines, target, named = text.splitlines(), None, list[str]()
    for number, line in enumerate(lines, start=1):
        word, _, rest = line.strip().partition(" ")
        if word.lower() in TARGETS and rest.strip().lower().startswith("true"):
            target = TARGETS[word.lower()]
            named = rest.split()[1:] if target == CLASS else []
        if word.lower() == "@timestamps" and rest.strip().lower() == "true":
            message = "the series say the time of each step, which is not read"
            raise DataError(message, file=path, line=number, kind="unknown_form")
        if word.lower() == "@data":
            return target, named, number + 1, lines[number:]
    raise DataError("there is no line @data", file=path, hint="is it a .ts file of series?", kind="unknown_form")


def channels_of(parts: list[str], path: Path, line: int) -> np.ndarray[Any, Any]:
    """One series (time, channels); `?` and NaN are empty. Raises `DataError` for what is no number, or unequal channels."""
    import numpy as np

    channels: list[list[float]] = []
    for part in parts:
        values = [cell.strip() for cell in part.split(",")]
        try:
            channels.append([float("nan") if cell == "?" else float(cell) for cell in values])
        except ValueError:
            odd = next(cell for cell in values if not is_float(cell))
            raise DataError(f"'{odd}' is no number", file=path, line=line, kind="not_a_number") from None
    if len({len(channel) for channel in channels}) > 1:
        counts = ", ".join(str(len(channel)) for channel in channels)
        raise DataError(f"the channels have {counts} steps", file=path, line=line, kind="several_shapes")
    return np.array(channels).T


def is_float(cell: str) -> bool:
    """Whether a cell is a number, or empty."""
    try:
        float(cell)
    except ValueError:
        return cell == "?"
    return True
