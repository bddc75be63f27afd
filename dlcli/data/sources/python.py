"""The source `python`: arrays that a function of the person's own makes, run only where they say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dlcli.data.fields.fields import Fields, Place
from dlcli.data.fields.join import joined_splits
from dlcli.data.fields.lazy import Column
from dlcli.data.fields.padded import padded_fields, padded_rows
from dlcli.data.own_code import inside, run_file
from dlcli.data.schema import SPLITS
from dlcli.data.sources.arrays.shared import check_samples, checked, with_pieces
from dlcli.data.sources.paths import found_files
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.errors import DataError, UnsafeError
from dlcli.first_line import first_line
from dlcli.spec import CodePath, did_you_mean

if TYPE_CHECKING:
    import numpy as np


class Python(SourceBlock):
    """What a function in a Python file returns: needs `--allow-code`.

    The function takes no arguments and returns a mapping from names to arrays whose first axis is samples, a pair (x, y),
    or a mapping from train, validation and test to one of these.
    """

    word: ClassVar[str] = "python"
    example: ClassVar[str] = "{python: {path: mine.py, function: load}}"
    whole: ClassVar[bool] = True

    path: CodePath
    """The Python file."""
    function: str = "load"
    """The function in it."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        path = folder / "mine.py"
        path.write_text(f"import numpy as np\ndef load():\n    return np.ones(({rows}, 3)), np.arange({rows}) % 2\n")
        return [Example({"source": {cls.word: str(path)}}, [path])]

    def read(self, reading: Reading) -> Fields:
        """The arrays. Raises `UnsafeError` without `--allow-code`, and `DataError` for what goes wrong in the function."""
        path = found_files(self.path)[0]
        self.check_code(allowed=reading.allow_code)
        made = self.called(path)
        if isinstance(made, Mapping) and "train" in made and set(made) <= set(SPLITS):
            return joined_splits({name: made_fields(made[name], path) for name in SPLITS if name in made})
        return made_fields(made, path)

    def check_code(self, *, allowed: bool) -> None:
        if not allowed:
            raise UnsafeError(
                f"the data comes from the Python file {Path(self.path).name}, which runs as it likes",
                file=self.path,
                hint="read it, and if you trust it add --allow-code",
                kind="code_not_allowed",
            )

    def input_names(self) -> list[str] | None:
        return None

    def called(self, path: Path) -> Any:
        """What the function returns. Raises `DataError` where there is no such function, or it raises."""
        with inside(path):
            module = run_file(path, name=f"data_{path.stem}")
            function = getattr(module, self.function, None)
            if not callable(function):
                names = [name for name, value in vars(module).items() if callable(value)]
                raise DataError(
                    f"there is no function '{self.function}' in it",
                    file=path,
                    hint=did_you_mean(self.function, names),
                    kind="no_such_function",
                )
            return function()


def as_array(name: str, values: Any, path: Path) -> np.ndarray[Any, Any]:
    """Values of a function's own as an array. Raises `DataError` for rows of different lengths, and for what is no array."""
    import numpy as np

    try:
        return np.asarray(values)
    except Exception as error:  # what a thing says when it is asked for an array is its own
        padded = padded_rows(values) if isinstance(values, Sequence) else None
        if padded is not None:
            return padded
        lengths = (
            [len(each) if isinstance(each, Sized) else 0 for each in values] if isinstance(values, Sequence) else []
        )
        odd = next((row for row, length in enumerate(lengths) if length != lengths[0]), None)
        message = f"'{name}' cannot be made an array: {first_line(error)}"
        if odd is not None:
            message = f"the rows of '{name}' differ in length: row 1 has {lengths[0]} values, row {odd + 1} has {lengths[odd]}"
        raise DataError(
            message,
            file=path,
            hint="give every row the same axes, of which the first alone may differ",
            kind="unsupported_type",
        ) from None


def made_fields(made: Any, path: Path) -> Fields:
    """A mapping of arrays, or a pair of inputs and target. Raises `DataError` for anything else."""
    target = None
    if isinstance(made, tuple) and len(made) == 2:
        made, target = {"x": made[0], "y": made[1]}, "y"
    if not isinstance(made, Mapping) or not made or not all(isinstance(name, str) for name in made):
        raise DataError(
            f"the function returned {type(made).__name__}; expected a mapping from names to arrays, or a pair (x, y)",
            file=path,
            kind="unsupported_type",
        )
    arrays = {}
    for name, values in made.items():
        array = as_array(name, values, path)
        if array.dtype == object and array.ndim == 1:
            array = array if (padded := padded_rows(list(array))) is None else padded
        if array.dtype == object and all(value is None or isinstance(value, str) for value in array.ravel()):
            arrays[name] = array
        else:
            arrays[name] = checked(name, array, path)
    read, names = with_pieces(arrays.__getitem__, arrays, path)
    held: dict[str, Column] = {name: read(name) for name in names}
    samples = check_samples(held, path)
    inputs = tuple(name for name in held if name != target) if target else None
    own = padded_fields(held)
    return Fields(held, [Place(str(path), samples)], inputs=inputs, target=target, padded=own)
