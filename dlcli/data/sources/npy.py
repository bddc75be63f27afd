"""The source `npy`: plain NumPy arrays, read from where they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from dlcli.data.chunks import ChunkedColumn
from dlcli.data.fields import Fields, Place
from dlcli.data.lazy import Column
from dlcli.data.memory import free_memory
from dlcli.data.schema import Schema
from dlcli.data.sources.arrays import check_memory, check_samples, checked, chunked, chunks_together
from dlcli.data.sources.files import found_files
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.errors import DataError, UnsafeError
from dlcli.spec import DataPath

if TYPE_CHECKING:
    import numpy as np

MAGIC = b"\x93NUMPY"
Files = DataPath | Annotated[list[DataPath], Field(min_length=1)]


class Npy(SourceBlock):
    """Arrays of one file each; their first axis is samples. A field bears the name of its file."""

    word: ClassVar[str] = "npy"
    endings: ClassVar[tuple[str, ...]] = (".npy",)

    path: Files | Annotated[dict[str, Files], Field(min_length=1)]
    """The input: a file, or a glob or list of files whose samples follow each other; a mapping from names to these for
    several inputs."""
    target: Files | None = None
    """The file, or files, of the target."""

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
            check_memory(total, free_memory(), next(iter(inputs.values()))[0])
        arrays = {name: stacked(name, paths, stream=reading.stream) for name, paths in inputs.items()}
        first = next(iter(inputs.values()))
        check_samples(arrays, first[0])
        places = [Place(str(path), rows_in(path)) for path in first]
        chunks = chunks_together([each for each in arrays.values() if isinstance(each, ChunkedColumn)], len(arrays))
        if chunks is not None:
            arrays = {name: chunks.column(name, each.dtype, each.shape[1:]) for name, each in arrays.items()}
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
    """The array of one or several files: in memory, or read in chunks."""
    import numpy as np

    maps = [mapped(path) for path in paths]
    for path, each in zip(paths, maps, strict=True):
        if (each.shape[1:], each.dtype) != (maps[0].shape[1:], maps[0].dtype):
            held = f"the shape {each.shape[1:]} a sample and the type {each.dtype}"
            first = f"{maps[0].shape[1:]} and {maps[0].dtype} in {paths[0].name}"
            raise DataError(f"the array has {held}; expected {first}", file=path)
    if not stream or maps[0].dtype.kind not in "fiub":
        arrays = [checked(name, np.array(each), path) for path, each in zip(paths, maps, strict=True)]
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    starts = np.cumsum([0, *(len(each) for each in maps)])
    del maps

    def read(_: str, start: int, end: int) -> np.ndarray[Any, Any]:
        # A map is made anew each time, so that the pages of a large file do not stay in memory.
        parts = []
        for number, path in enumerate(paths):
            low, high = max(start, starts[number]), min(end, starts[number + 1])
            if low < high:
                parts.append(np.array(np.load(path, mmap_mode="r")[low - starts[number] : high - starts[number]]))
        return np.concatenate(parts)

    one = mapped(paths[0])
    chunks = chunked({name: ((int(starts[-1]), *one.shape[1:]), one.dtype)}, read)
    return chunks.column(name, one.dtype, one.shape[1:])


def rows_in(path: Path) -> int:
    """How many samples a file holds."""
    return len(mapped(path))


def mapped(path: Path) -> np.ndarray[Any, Any]:
    """An array mapped into memory, after its header was found to fit the file.

    Raises `UnsafeError` for pickled objects, `DataError` for what is no array of at least one axis.
    """
    import numpy as np

    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise DataError("the file is no NumPy array, or damaged", file=path)
    try:
        array: np.ndarray[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # what NumPy raises depends on where its header is wrong
        if "object" in str(error).lower() or "pickle" in str(error).lower():
            raise UnsafeError(
                "the file holds pickled Python objects, which could run code; dlcli never loads them",
                file=path,
                hint="save a plain array: np.save(path, x)",
            ) from None
        said = str(error).splitlines()[0]
        raise DataError(f"the file is damaged, or shorter than its header says: {said}", file=path) from None
    if not array.ndim or not len(array):
        raise DataError("the array holds no samples", file=path)
    return array
