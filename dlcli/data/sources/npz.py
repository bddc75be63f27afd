"""The source `npz`: arrays of a NumPy archive."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dlcli.data.fields import Fields
from dlcli.data.schema import Schema
from dlcli.data.sources.arrays import checked, elsewhere_names, fields_of, named_inputs
from dlcli.data.sources.files import found_files
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.errors import DataError, ResourceError, UnsafeError
from dlcli.spec import DataPath

if TYPE_CHECKING:
    import numpy as np


class Npz(SourceBlock):
    """Arrays of a NumPy archive; their first axis is samples."""

    word: ClassVar[str] = "npz"
    endings: ClassVar[tuple[str, ...]] = (".npz",)

    path: DataPath
    """The file."""
    inputs: str | list[str] | None = None
    """The array, or the arrays, that are input."""
    target: str | None = None
    """The array that is the target."""

    def read(self, reading: Reading) -> Fields:
        """The arrays that the configuration names, or the usual names (x and y, image and label).

        x_train and x_test are one field x with splits of its own.

        Raises `DataError` for a damaged file, `UnsafeError` for pickled objects, `ResourceError` for more than fits.
        """
        found = found_files(self.path)
        if len(found) > 1:
            raise DataError(
                f"'{self.path}' means {len(found)} files, expected one",
                file=self.path,
                hint=f"name one of them, such as {found[0].name}",
            )
        path = found[0]
        arrays = read_arrays(path)

        def read(name: str) -> np.ndarray[Any, Any]:
            return checked(name, arrays[name], path)

        return fields_of(read, arrays, self.inputs, self.target, word=self.word, path=path)

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        if kind is not Npz:
            return super().elsewhere(kind, changes, schema)
        arrays = read_arrays(found_files(str(changes["path"]))[0])
        return self.model_copy(update={**changes, **elsewhere_names(arrays, schema)})

    def input_names(self) -> list[str] | None:
        return named_inputs(self.inputs)


def read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Every array of an archive, after its directory has been found to fit in memory."""
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            declared = sum(member.file_size for member in archive.infolist())
        check_memory(declared, path)
        with path.open("rb") as start:
            if start.read(4) not in {b"PK\x03\x04", b"PK\x05\x06"}:  # NumPy would take it for a pickle
                raise zipfile.BadZipFile("it does not start like an archive")
        with np.load(path, allow_pickle=False) as file:
            # A member that is no array comes as its bytes.
            arrays = {name: array for name in file.files if isinstance(array := file[name], np.ndarray)}
    except ValueError as error:
        if "pickle" in str(error):
            raise UnsafeError(
                "the file holds pickled Python objects, which could run code; dlcli never loads them",
                file=path,
                hint="save plain arrays: np.savez(path, x=x, y=y)",
            ) from None
        raise DataError(f"the file is damaged: {error}", file=path) from None
    except (MemoryError, OverflowError):
        raise ResourceError("an array of the file does not fit in memory", file=path) from None
    # What zipfile raises depends on the byte that is wrong: RuntimeError where it looks encrypted, and so on.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, RuntimeError) as error:
        said = f": {error}" if str(error) else ""
        raise DataError(f"the file is damaged or no NumPy archive{said}", file=path) from None
    if not arrays:
        raise DataError("the file holds no arrays", file=path)
    return arrays


def check_memory(declared: int, path: Path) -> None:
    """Refuses what would not fit, before anything is allocated."""
    if "SC_AVPHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return  # such as macOS, which does not tell
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if declared > available // 2:
        gigabytes = declared / 1e9
        raise ResourceError(
            f"the arrays take {gigabytes:.1f} GB unpacked, more than half of the {available / 1e9:.1f} GB of free memory",
            file=path,
        )
