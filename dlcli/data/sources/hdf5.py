"""The source `hdf5`: datasets of HDF5 files, none of which may lead out of the file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dlcli.data.fields import Fields
from dlcli.data.lazy import Column
from dlcli.data.memory import free_memory
from dlcli.data.schema import Schema
from dlcli.data.sources.arrays import check_memory, checked, chunked, elsewhere_names, fields_of, named_inputs
from dlcli.data.sources.files import found_files
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.errors import DataError, ResourceError, UnsafeError
from dlcli.spec import DataPath

if TYPE_CHECKING:
    import numpy as np

MOST_OBJECTS = 100_000
LARGEST_RATIO = 2000
"""How many times its stored bytes a dataset may unpack to; gzip reaches about 1000 on zeros."""


class Hdf5(SourceBlock):
    """Datasets of an HDF5 file; their first axis is samples."""

    word: ClassVar[str] = "hdf5"
    endings: ClassVar[tuple[str, ...]] = (".h5", ".hdf5", ".hdf")

    path: DataPath
    """The file."""
    inputs: str | list[str] | None = None
    """The dataset, or the datasets, that are input; one in a group is written `group/name`."""
    target: str | None = None
    """The dataset that is the target."""

    def read(self, reading: Reading) -> Fields:
        """The datasets that the configuration names, or the usual names (x and y, image and label).

        Raises `DataError` for a damaged file, `UnsafeError` for links out of it, `ResourceError` for more than it can hold.
        """
        path = self.file()
        forms = datasets(path)

        def read(name: str) -> Column:
            return column(path, name, forms[name], stream=reading.stream)

        return fields_of(read, forms, self.inputs, self.target, word=self.word, path=path)

    def memory(self) -> int:
        try:
            return sum(size_of(*form) for form in datasets(self.file()).values())
        except (DataError, ResourceError, UnsafeError):
            return 0

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        if kind is not Hdf5:
            return super().elsewhere(kind, changes, schema)
        arrays = datasets(found_files(str(changes["path"]))[0])
        return self.model_copy(update={**changes, **elsewhere_names(arrays, schema)})

    def input_names(self) -> list[str] | None:
        return named_inputs(self.inputs)

    def file(self) -> Path:
        """The only file that the path means."""
        found = found_files(self.path)
        if len(found) > 1:
            raise DataError(f"'{self.path}' means {len(found)} files, expected one", file=self.path)
        return found[0]


Form = tuple[tuple[int, ...], "np.dtype[Any]"]


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The file, opened for reading; what HDF5 says of a damaged one becomes `DataError`."""
    import h5py

    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        said = str(error).splitlines()[0]
        raise DataError(f"the file is damaged or no HDF5 file: {said}", file=path) from None


def datasets(path: Path) -> dict[str, Form]:
    """Shape and type of every dataset, by its way through the groups.

    Raises `UnsafeError` for a link or storage outside the file, `ResourceError` for a dataset that claims more than it stores.
    """
    found: dict[str, Form] = {}
    with opened(path) as file:
        walk(file, "", path, found, seen=set())
    if not found:
        raise DataError("the file holds no datasets", file=path)
    return found


def walk(group: Any, before: str, path: Path, found: dict[str, Form], *, seen: set[Any]) -> None:
    """Adds the datasets in a group and the groups in it; a soft link is a second name and is not followed."""
    import h5py

    for name in group:
        link = group.get(name, getlink=True)
        where = f"{before}{name}"
        if isinstance(link, h5py.ExternalLink):
            raise UnsafeError(
                f"'{where}' is a link to another file, {link.filename}; dlcli does not follow it",
                file=path,
                hint="copy the data into this file",
            )
        if isinstance(link, h5py.SoftLink):
            continue
        if len(found) + len(seen) > MOST_OBJECTS:
            raise ResourceError(f"the file holds more than {MOST_OBJECTS:,} objects", file=path)
        each = group[name]
        if isinstance(each, h5py.Group):
            address = h5py.h5o.get_info(each.id).addr
            if address not in seen:
                seen.add(address)
                walk(each, f"{where}/", path, found, seen=seen)
        elif isinstance(each, h5py.Dataset):
            check_stored(each, where, path)
            found[where] = (each.shape or (), each.dtype)


def check_stored(dataset: Any, name: str, path: Path) -> None:
    """Refuses data that lies in other files, or that the file cannot hold."""
    if dataset.external or dataset.is_virtual:
        raise UnsafeError(
            f"the data of '{name}' lies in other files; dlcli does not follow it",
            file=path,
            hint="copy the data into this file",
        )
    declared, stored = int(dataset.nbytes), dataset.id.get_storage_size()
    if declared > LARGEST_RATIO * max(stored, 1) + (1 << 20):
        raise ResourceError(
            f"'{name}' claims {declared / 1e9:,.1f} GB, but the file stores {stored:,} bytes of it", file=path
        )


def column(path: Path, name: str, form: Form, *, stream: bool) -> Column:
    """One dataset: in memory, or read in chunks of its own."""
    shape, dtype = form
    if not shape:
        raise DataError(f"'{name}' is a single value; expected samples on the first axis", file=path)
    if dtype.kind == "O" or not stream or dtype.kind not in "fiub":
        check_memory(size_of(shape, dtype), free_memory(), path)
        with opened(path) as file:
            return whole(file[name], name, path)

    def read(_: str, start: int, end: int) -> np.ndarray[Any, Any]:
        with opened(path) as file:
            values: np.ndarray[Any, Any] = file[name][start:end]
            return values

    with opened(path) as file:
        together = (file[name].chunks or (1,))[0]
    return chunked({name: (shape, dtype)}, read, multiple=together).column(name, dtype, shape[1:])


def whole(dataset: Any, name: str, path: Path) -> np.ndarray[Any, Any]:
    """All of a dataset, text as Python's own."""
    import h5py
    import numpy as np

    if h5py.check_string_dtype(dataset.dtype) is not None:
        try:
            return np.asarray(dataset.asstr()[:], dtype=object)
        except UnicodeDecodeError:
            raise DataError(f"'{name}' holds bytes that are no UTF-8 text", file=path) from None
    if dataset.dtype.kind == "O":
        raise DataError(f"'{name}' holds objects or lists of different lengths; expected numbers or text", file=path)
    return checked(name, dataset[:], path)


def size_of(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """Bytes of an array."""
    total = dtype.itemsize
    for size in shape:
        total *= size
    return total
