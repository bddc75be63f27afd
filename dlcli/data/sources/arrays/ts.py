"""The source `ts`: series of one length with a class each, in the text form of sktime and the UEA archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dlcli.data.fields.fields import Fields, Place
from dlcli.data.sources.paths import content_of, only_file
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.errors import DataError
from dlcli.spec import DataPath

if TYPE_CHECKING:
    import numpy as np

SERIES, CLASS = "series", "class"
"""What the input and the target are called."""


class Ts(SourceBlock):
    """Series with one or several channels and a class each, in a .ts file."""

    word: ClassVar[str] = "ts"
    example: ClassVar[str] = "{ts: motions.ts}"
    endings: ClassVar[tuple[str, ...]] = (".ts",)
    whole: ClassVar[bool] = True

    path: DataPath
    """The file."""

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
        text = decoded(path)
        classes, first, lines = data_lines(text, path)
        series: list[np.ndarray[Any, Any]] = []
        labels: list[str] = []
        numbers: list[int] = []
        for number, line in enumerate(lines, start=first):
            if not line.strip() or line.startswith("#"):
                continue
            parts = line.strip().split(":")
            if classes:
                labels.append(parts.pop().strip())
            sample = channels_of(parts, path, number)
            if series and sample.shape != series[0].shape:
                raise DataError(
                    f"the series has {sample.shape[0]} steps and {sample.shape[1]} channels, the first one "
                    f"{series[0].shape[0]} and {series[0].shape[1]}",
                    file=path,
                    line=number,
                    kind="several_shapes",
                )
            series.append(sample)
            numbers.append(number)
        if not series:
            raise DataError("there are no series below @data", file=path, kind="no_rows")
        arrays = {SERIES: np.stack(series)}
        if classes:
            arrays[CLASS] = np.array(labels, object)
        axes = {SERIES: ("samples", "time", "channels")}
        place = Place(str(path), len(series), lines=numbers)
        return Fields(arrays, [place], axes=axes, inputs=(SERIES,), target=CLASS if classes else None)

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


def data_lines(text: str, path: Path) -> tuple[bool, int, list[str]]:
    """Whether each series has a class, the line at which the first one stands, and all lines from there on.

    Raises `DataError` for a file without `@data`, and for series that say the time of each step.
    """
    lines, classes = text.splitlines(), False
    for number, line in enumerate(lines, start=1):
        word, _, rest = line.strip().partition(" ")
        if word.lower() == "@classlabel":
            classes = rest.strip().lower().startswith("true")
        if word.lower() == "@timestamps" and rest.strip().lower() == "true":
            message = "the series say the time of each step, which is not read"
            raise DataError(message, file=path, line=number, kind="unknown_form")
        if word.lower() == "@data":
            return classes, number + 1, lines[number:]
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
