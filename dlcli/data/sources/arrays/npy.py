"""The source `npy`: plain NumPy arrays, read from where they lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from dlcli.data.fields.fields import Fields, Place
from dlcli.data.fields.lazy import Column
from dlcli.data.schema import Schema
from dlcli.data.sources.arrays.shared import check_array_memory, check_samples, checked, chunked, in_chunks
from dlcli.data.sources.paths import found_files
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.errors import DataError, DlcliError, UnsafeError
from dlcli.first_line import first_line
from dlcli.spec import DataPath

if TYPE_CHECKING:
    import numpy as np

MAGIC = b"\x93NUMPY"
Files = DataPath | Annotated[list[DataPath], Field(min_length=1)]


class Npy(SourceBlock):
    """Arrays of one file each; their first axis is samples. A field bears the name of its file."""

    word: ClassVar[str] = "npy"
    example: ClassVar[str] = "{npy: {path: x.npy, target: y.npy}}"
    endings: ClassVar[tuple[str, ...]] = (".npy",)
    beside: ClassVar[bool] = True

    path: Files | Annotated[dict[str, Files], Field(min_length=1)]
    """The input: a file, or a glob or list of files whose samples follow each other; a mapping from names to these for
    several inputs."""
    target: Files | None = None
    """The file, or files, of the target."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        import numpy as np

        x, y = folder / "x.npy", folder / "y.npy"
        np.save(x, np.arange(3.0 * rows).reshape(rows, 3))
        np.save(y, np.arange(rows) % 2)
        return [Example({"source": {cls.word: {"path": str(x), "target": str(y)}}}, [x, y])]

    def read(self, reading: Reading) -> Fields:
        """The arrays. Raises `DataError` for a damaged file, `UnsafeError` for pickled objects."""
        named = self.path if isinstance(self.path, Mapping) else {None: self.path}
        found = {name: found_files(paths) for name, paths in named.items()}
        inputs = {name or found[name][0].stem: paths for name, paths in found.items()}
        target = None
        if self.target is not None:
            paths = found_files(self.target)
            target = paths[0].stem if paths[0].stem not in inputs else "target"
            inputs[target] = paths
        if not reading.stream:
            total = sum(path.stat().st_size for paths in inputs.values() for path in paths)
            check_array_memory(total, next(iter(inputs.values()))[0])
        stored = {name: stacked(name, paths, stream=reading.stream) for name, paths in inputs.items()}
        first, *others = inputs.values()
        check_samples(stored, first[0])
        arrays, chunks = in_chunks(stored)
        # The rows are counted in the first array's files; those of the others stand beside them.
        places = [Place(str(path), rows_in(path)) for path in first]
        places += [Place(str(path), 0) for paths in others for path in paths]
        names = tuple(name for name in arrays if name != target)
        return Fields(arrays, places, inputs=names, target=target, chunks=chunks)

    def memory(self) -> int:
        named = [*(self.path.values() if isinstance(self.path, Mapping) else [self.path]), self.target]
        try:
            return sum(path.stat().st_size for paths in named if paths is not None for path in found_files(paths))
        except (DataError, OSError):
            return 0

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        if kind is not Npy:
            return super().elsewhere(kind, changes, schema)
        return self.model_copy(update={**changes, "target": None})

    def input_names(self) -> list[str] | None:
        if isinstance(self.path, Mapping):
            return list(self.path)
        return [Path(self.path).stem] if isinstance(self.path, str) and not set(self.path) & set("*?[") else None


def stacked(name: str, paths: Sequence[Path], *, stream: bool) -> Column:
    """The array of one or several files: in memory, or read in chunks.

    Raises `DataError` where their samples differ in shape or type.
    """
    import numpy as np

    maps = [mapped(path) for path in paths]
    first = maps[0]
    for path, each in zip(paths, maps, strict=True):
        if each.shape[1:] != first.shape[1:] or array_type(each) != array_type(first):
            held = f"the shape {each.shape[1:]} a sample and the type {each.dtype}"
            expected = f"{first.shape[1:]} and {first.dtype} as in {paths[0].name}"
            raise DataError(f"the array has {held}; expected {expected}", file=path, kind="arrays_differ")
    if not stream:
        arrays = [checked(name, np.array(each), path) for path, each in zip(paths, maps, strict=True)]
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    dtype = checked(name, np.array(first[:1]), paths[0]).dtype
    starts = np.cumsum([0, *(len(each) for each in maps)])

    def read(start: int, end: int) -> np.ndarray[Any, Any]:
        # A map is made anew each time, so that the pages of a large file do not stay in memory.
        parts = []
        for path, before, after in zip(paths, starts[:-1], starts[1:], strict=True):
            low, high = max(start, before), min(end, after)
            if low < high:
                parts.append(checked(name, np.array(mapped(path)[low - before : high - before]), path))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    return chunked(name, (int(starts[-1]), *first.shape[1:]), dtype, read)


def array_type(array: np.ndarray[Any, Any]) -> str:
    """The type of an array; texts of different lengths are of one type."""
    return "text" if array.dtype.kind in "SU" else str(array.dtype)


def rows_in(path: Path) -> int:
    """How many samples a file holds."""
    return len(mapped(path))


def mapped(path: Path) -> np.memmap[Any, Any]:
    """An array mapped into memory, after its header was found to fit the file.

    Raises `UnsafeError` for pickled objects, `DataError` for what is no array of at least one axis.
    """
    import numpy as np

    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise DataError("the file is no NumPy array, or damaged", file=path, kind="damaged_file")
        check_header(path)
        array: np.memmap[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except DlcliError:
        raise
    except Exception as error:  # what NumPy raises depends on where its header is wrong
        raise DataError(f"the file is damaged: {first_line(error)}", file=path, kind="damaged_file") from None
    if not array.ndim:
        raise DataError(
            "the file holds a single value; expected samples on the first axis", file=path, kind="no_sample_axis"
        )
    if not len(array):
        raise DataError("the array holds no samples", file=path, kind="no_samples")
    size, said = path.stat().st_size, array.offset + array.nbytes
    if array.nbytes and size != said:
        raise DataError(
            f"the file is damaged: its header says {said:,} bytes, it has {size:,}", file=path, kind="damaged_file"
        )
    return array


def check_header(path: Path) -> None:
    """Refuses pickled objects, and a file with fewer bytes than its header says; raises what NumPy says of a header."""
    import numpy as np

    with path.open("rb") as file:
        major, _ = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
        start = file.tell()
    if dtype.hasobject:
        raise UnsafeError(
            "the file holds pickled Python objects, which could run code; dlcli never loads them",
            file=path,
            hint="save a plain array: np.save(path, x)",
            kind="pickled_objects",
        )
    size = path.stat().st_size
    if size < start + math.prod(shape) * dtype.itemsize:
        raise DataError(
            f"the file is damaged: it has {size:,} bytes, fewer than its header says", file=path, kind="damaged_file"
        )
