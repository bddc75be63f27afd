"""The source `hdf5`: datasets of HDF5 files, none of which may lead out of the file."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, TypeAlias

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column
from dlcli.data.schema import Schema
from dlcli.data.sources.arrays.shared import (
    array_bytes,
    array_fields,
    check_array_memory,
    checked,
    chunked,
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

MOST_OBJECTS = 100_000
SMALL = 1 << 20
"""A dataset of so many bytes needs nothing stored: HDF5 fills it."""
LARGEST_RATIO = 2000
"""How many times its stored bytes a dataset may unpack to; gzip reaches about 1000 on zeros."""


class Hdf5(SourceBlock):
    """Datasets of an HDF5 file; their first axis is samples."""

    word: ClassVar[str] = "hdf5"
    example: ClassVar[str] = "{hdf5: {path: arrays.h5, inputs: group/x, target: y}}"
    endings: ClassVar[tuple[str, ...]] = (".h5", ".hdf5", ".hdf")

    path: DataPath
    """The file."""
    inputs: str | list[str] | None = None
    """The dataset, or the datasets, that are input; one in a group is written `group/name`."""
    target: str | None = None
    """The dataset that is the target."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        import h5py
        import numpy as np

        path = folder / "arrays.h5"
        with h5py.File(path, "w") as file:
            file["x"], file["y"] = np.arange(3.0 * rows).reshape(rows, 3), np.arange(rows) % 2
        return [Example({"source": {cls.word: str(path)}}, [path])]

    def read(self, reading: Reading) -> Fields:
        """The datasets that the configuration names, or the usual names (x and y, image and label).

        Raises `DataError` for a damaged file, `UnsafeError` for links out of it, `ResourceError` for more than it can hold.
        """
        path = only_file(self.path)
        forms = datasets(path)

        def read(name: str) -> Column:
            return dataset_column(path, name, forms[name], stream=reading.stream)

        return array_fields(read, forms, self.inputs, self.target, reading=reading, word=self.word, path=path)

    def memory(self) -> int:
        try:
            return sum(array_bytes(*form) for form in datasets(only_file(self.path)).values())
        except (DataError, ResourceError, UnsafeError):
            return 0

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        if kind is not Hdf5:
            return super().elsewhere(kind, changes, schema)
        arrays = datasets(only_file(str(changes["path"])))
        return self.model_copy(update={**changes, **elsewhere_names(arrays, schema)})

    def input_names(self) -> list[str] | None:
        return named_inputs(self.inputs)


@contextlib.contextmanager
def opened_hdf5(path: Path, content: BinaryIO | None = None) -> Iterator[Any]:
    """The file, or its `content` from elsewhere, opened for reading; what HDF5 says of a damaged one becomes `DataError`."""
    import h5py

    try:
        with h5py.File(path, "r", locking=False) if content is None else h5py.File(content, "r") as file:
            yield file
    except DlcliError:
        raise
    except MemoryError:
        raise ResourceError("a dataset of the file does not fit in memory", file=path, kind="out_of_memory") from None
    except Exception as error:  # what h5py raises depends on the byte that is wrong
        raise DataError(
            f"the file is damaged or no HDF5 file: {first_line(error)}", file=path, kind="damaged_file"
        ) from None


class NoDatasets(DataError):
    """A file of HDF5 that is whole and holds nothing."""

    kind = "no_arrays"

    def __init__(self, message: str, *, file: Path) -> None:
        super().__init__(message, kind=self.kind, file=file)


def datasets(path: Path, content: BinaryIO | None = None) -> dict[str, Form]:
    """Shape and type of every dataset, by its way through the groups; of a file that is a member of `path`, its `content`.

    Raises `UnsafeError` for a link or storage outside the file, `ResourceError` for a dataset that claims more than it stores.
    """
    with opened_hdf5(path, content) as file:
        walk = Walk(path)
        walk.group(file, "")
        return walk.with_second_names()


class Walk:
    """The way through the groups of a file, which opens nothing that a link leads to."""

    def __init__(self, path: Path) -> None:
        self.path, self.found, self.links = path, dict[str, Form](), dict[str, str]()
        self.seen: set[Any] = set()

    def group(self, group: Any, before: str) -> None:
        """Finds the datasets and links in a group and in the groups in it.

        Raises `UnsafeError` for a link out of the file, `ResourceError` for too many objects.
        """
        import h5py

        for name in group:
            link, where = group.get(name, getlink=True), f"{before}{name}"
            if isinstance(link, h5py.ExternalLink):
                raise UnsafeError(
                    f"'{where}' is a link to another file, {link.filename}; dlcli does not follow it",
                    file=self.path,
                    hint="copy the data into this file",
                    kind="link_out_of_file",
                )
            if len(self.found) + len(self.seen) + len(self.links) > MOST_OBJECTS:
                raise ResourceError(
                    f"the file holds more than {MOST_OBJECTS:,} objects", file=self.path, kind="too_many_objects"
                )
            if isinstance(link, h5py.SoftLink):
                way = link.path if link.path.startswith("/") else before + link.path
                self.links[where] = "/".join(part for part in way.split("/") if part not in {"", "."})
                continue
            each = group[name]
            if isinstance(each, h5py.Dataset):
                check_stored(each, where, self.path)
                self.found[where] = (each.shape or (), each.dtype)
            elif isinstance(each, h5py.Group) and (address := h5py.h5o.get_info(each.id).addr) not in self.seen:
                self.seen.add(address)
                self.group(each, f"{where}/")

    def with_second_names(self) -> dict[str, Form]:
        """The datasets, also under the names that soft links give them. Refuses links that lead back to themselves."""
        found = dict(self.found)
        for name in self.links:
            end, way = self.links[name], {name}
            while end in self.links and end not in way:
                way.add(end)
                end = self.links[end]
            if end in way or not end or f"{name}/".startswith(f"{end}/"):
                raise UnsafeError(
                    f"the link '{name}' leads back to itself", file=self.path, hint="remove it", kind="circular_link"
                )
            if end in self.found:
                found[name] = self.found[end]
        if not found:
            raise NoDatasets("the file holds no datasets", file=self.path)
        return found


def check_stored(dataset: Any, name: str, path: Path) -> None:
    """Refuses data that lies in other files, or that the file cannot hold."""
    if dataset.external or dataset.is_virtual:
        raise UnsafeError(
            f"the data of '{name}' lies in other files; dlcli does not follow it",
            file=path,
            hint="copy the data into this file",
            kind="data_in_other_files",
        )
    # What a damaged file says that it stores may be more than it is long.
    declared, stored = int(dataset.nbytes), min(dataset.id.get_storage_size(), path.stat().st_size)
    if declared > LARGEST_RATIO * stored + SMALL:
        raise ResourceError(
            f"'{name}' claims {declared / 1e9:,.1f} GB, but the file stores {stored:,} bytes of it",
            file=path,
            kind="claims_more_than_stored",
        )


def dataset_column(path: Path, name: str, form: Form, *, stream: bool) -> Column:
    """One dataset (samples, …): in memory, or read in chunks of its own. Raises `DataError` for a single value."""
    shape, dtype = form
    if not shape:
        raise DataError(
            f"'{name}' is a single value; expected samples on the first axis", file=path, kind="no_sample_axis"
        )

    def read(start: int, end: int) -> np.ndarray[Any, Any]:
        with opened_hdf5(path) as file:
            return values(file[name], start, end, name, path)

    with opened_hdf5(path) as file:
        pieces = file[name].chunks or (1,)
        check_pieces(file[name], name, path)
    # A piece is unpacked as a whole, also where only a part of it is asked for.
    check_array_memory(array_bytes(pieces, dtype), path, hint="write the file anew with smaller chunks")
    if stream:
        return chunked(name, shape, read(0, 1).dtype, read, multiple=pieces[0])
    check_array_memory(array_bytes(shape, dtype), path)
    return read(0, shape[0])


def check_pieces(dataset: Any, name: str, path: Path) -> None:
    """Refuses a dataset of which pieces were never written, or are lost: HDF5 reads them as zeros without a word."""
    if dataset.chunks is None:
        return
    expected = math.prod(-(-size // piece) for size, piece in zip(dataset.shape, dataset.chunks, strict=True))
    there: set[tuple[int, ...]] = set()
    dataset.id.chunk_iter(lambda stored: there.add(stored.chunk_offset))
    written = sum(all(at < size for at, size in zip(each, dataset.shape, strict=True)) for each in there)
    if written != expected:
        raise DataError(
            f"of '{name}' {written:,} of {expected:,} pieces were written; the others would be read as zeros",
            file=path,
            hint="was it cut off while it was written? write the file anew",
            kind="not_all_written",
        )


def values(dataset: Any, start: int, end: int, name: str, path: Path) -> np.ndarray[Any, Any]:
    """Some samples of a dataset (end - start, …), text as Python's own.

    Raises `DataError` for what is neither numbers nor text.
    """
    import h5py
    import numpy as np

    if h5py.check_string_dtype(dataset.dtype) is not None:
        try:
            return np.asarray(dataset.asstr()[start:end], dtype=object)
        except UnicodeDecodeError:
            raise DataError(f"'{name}' holds bytes that are no UTF-8 text", file=path, kind="wrong_encoding") from None
    if dataset.dtype.kind == "O":
        raise DataError(
            f"'{name}' holds objects or lists of different lengths; expected numbers or text",
            file=path,
            kind="unsupported_type",
        )
    return checked(name, dataset[start:end], path)
