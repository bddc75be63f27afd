"""The source `npz`: arrays of a NumPy archive."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar, TypeAlias

from dlcli.data.fields.fields import Fields
from dlcli.data.schema import Schema
from dlcli.data.sources.arrays.shared import (
    array_bytes,
    array_fields,
    check_array_memory,
    checked,
    elsewhere_names,
    named_inputs,
)
from dlcli.data.sources.paths import only_file
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.errors import DataError, DlcliError, ResourceError, UnsafeError
from dlcli.first_line import first_line
from dlcli.spec import DataPath

if TYPE_CHECKING:
    import numpy as np

Form: TypeAlias = "tuple[tuple[int, ...], np.dtype[Any]]"


class Npz(SourceBlock):
    """Arrays of a NumPy archive; their first axis is samples."""

    word: ClassVar[str] = "npz"
    example: ClassVar[str] = "{npz: {path: arrays.npz, inputs: x, target: y}}"
    endings: ClassVar[tuple[str, ...]] = (".npz",)
    beside: ClassVar[bool] = True
    whole: ClassVar[bool] = True

    path: DataPath
    """The file."""
    inputs: str | list[str] | None = None
    """The array, or the arrays, that are input."""
    target: str | None = None
    """The array that is the target."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        import numpy as np

        path = folder / "arrays.npz"
        np.savez(path, x=np.arange(3.0 * rows).reshape(rows, 3), y=np.arange(rows) % 2)
        return [Example({"source": {cls.word: str(path)}}, [path])]

    def read(self, reading: Reading) -> Fields:
        """The arrays that the configuration names, or the usual names (x and y, image and label).

        x_train and x_test are one field x with splits of its own.

        Raises `DataError` for a damaged file, `UnsafeError` for pickled objects, `ResourceError` for more than fits.
        """
        path = only_file(self.path)
        forms = array_forms(path)
        check_array_memory(unpacked(forms), path, hint="save the arrays as .npy files, which are read piece by piece")

        def read(name: str) -> np.ndarray[Any, Any]:
            return checked(name, read_array(path, name), path)

        return array_fields(read, forms, self.inputs, self.target, reading=reading, word=self.word, path=path)

    def memory(self) -> int:
        try:
            return unpacked(array_forms(only_file(self.path)))
        except (DataError, UnsafeError):
            return 0

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        if kind is not Npz:
            return super().elsewhere(kind, changes, schema)
        arrays = array_forms(only_file(str(changes["path"])))
        return self.model_copy(update={**changes, **elsewhere_names(arrays, schema)})

    def input_names(self) -> list[str] | None:
        return named_inputs(self.inputs)


def array_forms(path: Path) -> dict[str, Form]:
    """Shape and type of every array, of which each fits its place in the archive; only the headers are unpacked.

    Raises `DataError` for a damaged archive and an array that claims more than it holds, `UnsafeError` for pickles.
    """
    found = {}
    with opened_archive(path) as archive:
        for member in archive.infolist():
            with archive.open(member) as stream:
                form = form_of(stream, member, path)
            if form is not None:
                found[member.filename.removesuffix(".npy")] = form
    if not found:
        raise DataError("the file holds no arrays", file=path, kind="no_arrays")
    return found


def form_of(stream: IO[bytes], member: zipfile.ZipInfo, path: Path) -> Form | None:
    """Shape and type of one member, or None for what is no array.

    Raises `UnsafeError` for pickled objects, `DataError` for a member that holds less than it claims.
    """
    from numpy.lib import format as npy

    start = stream.read(npy.MAGIC_LEN)
    if not start.startswith(npy.MAGIC_PREFIX):
        return None
    # A header of the third version differs in the encoding of names of fields, which no array of numbers has.
    read = npy.read_array_header_1_0 if start[-2] == 1 else npy.read_array_header_2_0
    shape, _, dtype = read(stream)
    if dtype.hasobject:
        raise UnsafeError(
            "the file holds pickled Python objects, which could run code; dlcli never loads them",
            file=path,
            hint="save plain arrays: np.savez(path, x=x, y=y)",
            kind="pickled_objects",
        )
    declared, held = array_bytes(shape, dtype), member.file_size - stream.tell()
    if declared != held or any(size < 0 for size in shape):
        form = f"the shape {shape} of {dtype}, which takes {declared:,} bytes"
        raise DataError(
            f"the file is damaged: '{member.filename}' claims {form}, but holds {held:,}",
            file=path,
            kind="damaged_file",
        )
    return shape, dtype


def read_array(path: Path, name: str) -> np.ndarray[Any, Any]:
    """One array of the archive. Raises `DataError` where it differs from its checksum."""
    import numpy as np

    with opened_archive(path), np.load(path, allow_pickle=False) as file:
        array: np.ndarray[Any, Any] = file[name]
        return array


@contextlib.contextmanager
def opened_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; whatever is wrong with it becomes a `DataError`."""
    try:
        with path.open("rb") as start:
            if start.read(4) not in {b"PK\x03\x04", b"PK\x05\x06"}:  # NumPy would take it for a pickle
                raise zipfile.BadZipFile("File is not a zip file")
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DlcliError:
        raise
    except MemoryError:
        raise ResourceError("an array of the file does not fit in memory", file=path, kind="out_of_memory") from None
    except Exception as error:  # what zipfile and NumPy raise depends on the byte that is wrong
        raise DataError(
            f"the file is damaged or no NumPy archive: {first_line(error)}", file=path, kind="damaged_file"
        ) from None


def unpacked(forms: Mapping[str, Form]) -> int:
    """Bytes that all arrays take in memory."""
    return sum(array_bytes(*form) for form in forms.values())
