"""The source `npz`: arrays of a NumPy archive."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dlcli.data.fields import Fields, Place
from dlcli.data.schema import Schema
from dlcli.data.sources.files import found_files
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.errors import DataError, ResourceError, UnsafeError
from dlcli.spec import DataPath, near

if TYPE_CHECKING:
    import numpy as np

INPUTS = ("x", "x_train", "inputs", "input", "image", "images", "features", "data")
TARGETS = ("y", "y_train", "target", "targets", "label", "labels")


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
        inputs = [self.inputs] if isinstance(self.inputs, str) else self.inputs or usual(INPUTS, arrays)
        target = self.target or next(iter(usual(TARGETS, arrays)), None)
        for name in (*inputs, *([target] if target else [])):
            if name not in arrays:
                known = ", ".join(arrays)
                raise DataError(f"the file has no array '{name}'; it has: {known}", file=path, hint=near(name, arrays))
        if not inputs:
            raise DataError(
                f"which array is the input? the file has: {', '.join(arrays)}",
                file=path,
                hint="write npz: {path: …, inputs: NAME, target: NAME}",
            )
        wanted = {name: checked(name, arrays[name], path) for name in (*inputs, *([target] if target else []))}
        samples = check_samples(wanted, path)
        return Fields(wanted, [Place(str(path), samples)], inputs=tuple(inputs), target=target)

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        if kind is not Npz:
            return super().elsewhere(kind, changes, schema)
        arrays = read_arrays(found_files(str(changes["path"]))[0])
        inputs = [each.array or each.name for each in schema.inputs]
        if len(inputs) == 1 and inputs[0] not in arrays and len(arrays) == 1:
            inputs = list(arrays)
        targets = [name for target in schema.targets for name in target.names if name in arrays]
        return self.model_copy(update={**changes, "inputs": inputs, "target": next(iter(targets), None)})

    def input_names(self) -> list[str] | None:
        return [self.inputs] if isinstance(self.inputs, str) else self.inputs


def usual(names: Collection[str], arrays: Collection[str]) -> list[str]:
    """The array that has one of the usual names."""
    by_lower = {name.lower(): name for name in arrays}
    return [by_lower[name] for name in names if name in by_lower][:1]


def checked(name: str, array: np.ndarray[Any, Any], path: Path) -> np.ndarray[Any, Any]:
    """The array, text in it as Python's own. Raises `DataError` for what is neither numbers nor text."""
    import numpy as np

    if array.dtype.kind == "S":
        try:
            array = np.char.decode(array, "utf-8")
        except UnicodeDecodeError:
            raise DataError(f"the array '{name}' holds bytes that are no UTF-8 text", file=path) from None
    if array.dtype.kind == "U":
        return array.astype(object)
    if array.dtype.kind not in "fiub":
        raise DataError(f"the array '{name}' has the type {array.dtype}; expected numbers or text", file=path)
    return array


def check_samples(arrays: dict[str, np.ndarray[Any, Any]], path: Path) -> int:
    """How many samples the arrays have, which must agree."""
    counts = {name: (array.shape[0] if array.ndim else 0) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        shown = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise DataError(f"the arrays differ in their number of samples (first axis): {shown}", file=path)
    samples = next(iter(counts.values()))
    if not samples:
        raise DataError("the arrays hold no samples", file=path)
    return samples


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
