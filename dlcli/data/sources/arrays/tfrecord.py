"""The source `tfrecord`: records of TensorFlow's Example, each holding the same features."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.fields import Fields, Place
from dlcli.data.sources.paths import found_files
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.errors import DataError
from dlcli.first_line import first_line
from dlcli.spec import DataPath, ShortForm, Spec, did_you_mean

if TYPE_CHECKING:
    import numpy as np

HEADER, FOOTER = 12, 4
"""Bytes around a record: its length in 8 with a checksum in 4, and the checksum of its content."""
CHUNK_BYTES = 1 << 23
PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")
KINDS = {"bytes_list": "bytes", "float_list": "float32", "int64_list": "int64"}


class Feature(Spec):
    """One feature of a record."""

    shape: list[Annotated[int, Field(ge=1)]] = []
    """The shape of one sample; empty for a single value."""
    dtype: Literal["float32", "float64", "int64", "int32", "uint8", "bool", "string"] = "float32"
    """What it is read as. Numbers may be stored as such, as raw bytes, or as a JPEG or PNG picture."""


def whole_feature(value: Any) -> Any:
    """`label: int64` is `label: {dtype: int64}`."""
    return {"dtype": value} if isinstance(value, str) else value


class TfRecord(SourceBlock):
    """Records in one or several files; every record is a sample."""

    word: ClassVar[str] = "tfrecord"
    example: ClassVar[str] = (
        "{tfrecord: {path: 'a-*.tfrecord', features: {x: {shape: [8, 8], dtype: uint8}, y: int64}}}"
    )
    endings: ClassVar[tuple[str, ...]] = (".tfrecord", ".tfrecords")

    path: DataPath | Annotated[list[DataPath], Field(min_length=1)]
    """A file, a glob, or a list of them."""
    features: dict[str, Annotated[Feature, ShortForm(whole_feature, {"type": "string"})]] | None = None
    """What each record holds, by name: `{image: {shape: [28, 28], dtype: uint8}, label: int64}`."""
    records: Annotated[int, Field(ge=1)] | None = None
    """How many records there must be: a file that is cut between two records shows in no other way."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        import tensorflow as tf

        path = folder / "records.tfrecord"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for row in range(rows):
                values = {
                    "x": tf.train.Feature(float_list=tf.train.FloatList(value=[row] * 16)),
                    "y": tf.train.Feature(int64_list=tf.train.Int64List(value=[row % 2])),
                }
                writer.write(tf.train.Example(features=tf.train.Features(feature=values)).SerializeToString())
        source = {cls.word: {"path": str(path), "features": {"x": {"shape": [16]}, "y": "int64"}}}
        return [Example({"source": source, "target": "y"}, [path])]

    def read(self, reading: Reading) -> Fields:
        """All records. Raises `DataError` for a damaged record and for a feature that it does not hold, with its number."""
        paths = found_files(self.path)
        indexes = [indexed(path) for path in paths]
        found = sum(len(each) - 1 for each in indexes)
        if self.records is not None and found != self.records:
            raise DataError(
                f"there are {found:,} records, expected {self.records:,}",
                file=paths[0],
                hint="is a file cut short?",
                kind="record_count_differs",
            )
        for path, index in zip(paths, indexes, strict=True):
            check_sums(path, index)
        first = example(paths[0], indexes[0])
        if self.features is None:
            raise DataError(
                "what do the records hold? a record does not say its shapes",
                file=paths[0],
                hint=f"write tfrecord: {{path: …, features: {{{as_yaml(first)}}}}}",
                kind="features_not_named",
            )
        records = Records(paths, indexes, self.features, first)
        names = list(self.features)
        columns = {name: records.chunks.column(name, *records.form(name)) for name in names}
        places = [Place(str(path), len(index) - 1) for path, index in zip(paths, indexes, strict=True)]
        if reading.stream:
            return Fields(columns, places, chunks=records.chunks)
        return Fields(records.chunks.in_memory(names), places)

    def memory(self) -> int:
        try:
            return sum(path.stat().st_size for path in found_files(self.path))
        except DataError:
            return 0

    def input_names(self) -> list[str] | None:
        return None


def indexed(path: Path) -> np.ndarray[Any, Any]:
    """Where each record begins, and where the last one ends: (records + 1,) int64. Raises `DataError` for a file cut short."""
    import numpy as np

    size = path.stat().st_size
    if not size:
        raise DataError("the file is empty", file=path, kind="empty_file")
    starts, at = [], 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content[:2] == b"\x1f\x8b":
            raise DataError(
                "the file is compressed with gzip", file=path, hint="unpack it: gunzip FILE", kind="compressed_file"
            )
        while at + HEADER <= size:
            starts.append(at)
            at += HEADER + FOOTER + int(struct.unpack_from("<Q", content, at)[0])
    if at != size:
        number = len(starts) if at > size else len(starts) + 1
        raise DataError(
            f"record {number} is cut short or damaged, or these are no records at all", file=path, kind="damaged_file"
        )
    return np.array([*starts, at], np.int64)


def check_sums(path: Path, index: np.ndarray[Any, Any]) -> None:
    """Compares all records with their checksums. Raises `DataError` for the first that differs."""
    import tensorflow as tf

    intact = 0
    try:
        for records in tf.data.TFRecordDataset(str(path)).map(lambda record: 1).batch(65536).prefetch(1):
            intact += len(records)
    except tf.errors.DataLossError as error:
        numbers = [int(word) for word in str(error).replace("'", " ").split() if word.isdigit()]
        at = next((number for number in numbers if number in index), None)
        which = f"record {index.tolist().index(at) + 1}" if at is not None else "a record"
        raise DataError(f"{which} is damaged: it differs from its checksum", file=path, kind="damaged_file") from None


def content(path: Path, index: np.ndarray[Any, Any], start: int, end: int) -> list[bytes]:
    """The bytes of some records of a file."""
    with path.open("rb") as file:
        file.seek(int(index[start]))
        block = file.read(int(index[end] - index[start]))
    offsets = (index[start : end + 1] - index[start]).tolist()
    return [block[low + HEADER : high - FOOTER] for low, high in pairwise(offsets)]


def example(path: Path, index: np.ndarray[Any, Any]) -> Mapping[str, Any]:
    """The features of the first record. Raises `DataError` where it is no Example."""
    import tensorflow as tf

    try:
        first = tf.train.Example.FromString(content(path, index, 0, 1)[0])
    except Exception:
        raise DataError("record 1 is no tf.train.Example", file=path, kind="records_of_other_form") from None
    return dict(first.features.feature)


def feature_values(feature: Any) -> tuple[str, Sequence[Any]]:
    """The kind and the values of a feature as it is stored."""
    kind = feature.WhichOneof("kind") or "bytes_list"
    return KINDS[kind], getattr(feature, kind).value


def as_yaml(first: Mapping[str, Any]) -> str:
    """The features of a record as a configuration would say them."""
    said = []
    for name in sorted(first):
        kind, values = feature_values(first[name])
        shape = "" if len(values) == 1 else f", shape: [{len(values)}]"
        dtype = "string" if kind == "bytes" else kind
        said.append(f"{name}: {{dtype: {dtype}{shape}}}" if shape else f"{name}: {dtype}")
    return ", ".join(said)


class Records:
    """The records of some files, read a few megabytes at a time."""

    def __init__(
        self,
        paths: Sequence[Path],
        indexes: Sequence[np.ndarray[Any, Any]],
        features: Mapping[str, Feature],
        first: Mapping[str, Any],
    ) -> None:
        self.paths, self.indexes, self.features = paths, indexes, features
        self.stored = {name: self.stored_as(name, first) for name in features}
        self.pieces = [(file, start, end) for file, index in enumerate(indexes) for start, end in pieces(index)]
        self.chunks = Chunks([end - start for _, start, end in self.pieces], self.read)

    def stored_as(self, name: str, first: Mapping[str, Any]) -> str:
        """How a feature is stored: bytes, picture, float32 or int64.

        Raises `DataError` for one that the first record lacks.
        """
        if name not in first:
            raise DataError(
                f"record 1 has no feature '{name}'; it has: {', '.join(sorted(first))}",
                file=self.paths[0],
                hint=did_you_mean(name, first),
                kind="no_such_feature",
            )
        kind, values = feature_values(first[name])
        is_picture = kind == "bytes" and len(values) > 0 and values[0].startswith(PICTURES)
        return "picture" if is_picture and self.features[name].dtype != "string" else kind

    def form(self, name: str) -> tuple[Any, list[int]]:
        """The type of a feature, and the shape of one sample."""
        feature = self.features[name]
        return (object if feature.dtype == "string" else feature.dtype), feature.shape

    def read(self, number: int, names: Collection[str]) -> dict[str, np.ndarray[Any, Any]]:
        """Some features of one piece. Raises `DataError` for a record that is not what `features` says."""
        import tensorflow as tf

        file, start, end = self.pieces[number]
        records = content(self.paths[file], self.indexes[file], start, end)
        spec = {name: self.parsed_as(name) for name in names}
        try:
            parsed = tf.io.parse_example(records, spec)
        except tf.errors.InvalidArgumentError as error:
            raise self.unlike(records, spec, file, start, error) from None
        return {name: self.finished(name, values.numpy(), file, start) for name, values in parsed.items()}

    def parsed_as(self, name: str) -> Any:
        """What TensorFlow is told of a feature."""
        import tensorflow as tf

        feature, stored = self.features[name], self.stored[name]
        if stored in {"bytes", "picture"}:
            return tf.io.FixedLenFeature(feature.shape if feature.dtype == "string" else [], tf.string)
        return tf.io.FixedLenFeature(feature.shape, tf.float32 if stored == "float32" else tf.int64)

    def finished(self, name: str, values: np.ndarray[Any, Any], file: int, start: int) -> np.ndarray[Any, Any]:
        """A feature as the configuration wants it: (records, *shape). Raises `DataError` for a record of another shape."""
        import numpy as np

        feature = self.features[name]
        if feature.dtype == "string":
            return np.array([self.text(each, name, file) for each in values.ravel()], object).reshape(values.shape)
        if self.stored[name] not in {"bytes", "picture"}:
            return values.astype(feature.dtype)
        decode = picture if self.stored[name] == "picture" else raw_numbers
        found = np.empty((len(values), *feature.shape), feature.dtype)
        for row, each in enumerate(values):
            made = decode(each, feature)
            if made is None or list(made.shape) != feature.shape:
                held = "no picture" if made is None else f"the shape {tuple(made.shape)}"
                raise DataError(
                    f"record {start + row + 1}: the feature '{name}' has {held}, expected {tuple(feature.shape)}",
                    file=self.paths[file],
                    kind="several_shapes",
                )
            found[row] = made
        return found

    def text(self, value: bytes, name: str, file: int) -> str:
        """A feature that is text. Raises `DataError` for bytes that are not UTF-8."""
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise DataError(
                f"the feature '{name}' holds bytes that are no UTF-8 text", file=self.paths[file], kind="wrong_encoding"
            ) from None

    def unlike(self, records: list[bytes], spec: Any, file: int, start: int, error: Exception) -> DataError:
        """The error of the first record that does not hold what the configuration says."""
        import tensorflow as tf

        for row, record in enumerate(records):
            try:
                tf.io.parse_single_example(record, spec)
            except tf.errors.InvalidArgumentError as one:
                has = tf.train.Example.FromString(record).features.feature
                said = str(one.message).rsplit("}}", maxsplit=1)[-1].strip()
                held = as_yaml(dict(has))
                return DataError(
                    f"record {start + row + 1} is not what 'features' says: {said}",
                    file=self.paths[file],
                    hint=f"it holds {held}",
                    kind="features_differ",
                )
        return DataError(first_line(error), file=self.paths[file], kind="damaged_file")


def pieces(index: np.ndarray[Any, Any]) -> list[tuple[int, int]]:
    """The records of a file in pieces of about CHUNK_BYTES: (first, behind the last)."""
    import numpy as np

    records = len(index) - 1
    borders = np.searchsorted(index, np.arange(0, int(index[-1]) + CHUNK_BYTES, CHUNK_BYTES))
    cuts = sorted({0, *np.minimum(borders, records).tolist(), records})
    return list(pairwise(cuts))


def raw_numbers(value: bytes, feature: Feature) -> np.ndarray[Any, Any] | None:
    """Raw bytes as numbers; a flat array where their count is another than the shape's."""
    import numpy as np

    size = np.dtype(feature.dtype).itemsize
    if len(value) % size:
        return np.zeros(0)
    flat = np.frombuffer(value, feature.dtype)
    return flat.reshape(feature.shape) if len(flat) == int(np.prod(feature.shape)) else flat


def picture(value: bytes, feature: Feature) -> np.ndarray[Any, Any] | None:
    """A JPEG, PNG, GIF or BMP as (height, width) or (height, width, channels)."""
    import tensorflow as tf

    channels = feature.shape[2] if len(feature.shape) == 3 else 1
    try:
        decoded: np.ndarray[Any, Any] = tf.io.decode_image(value, channels=channels, expand_animations=False).numpy()
    except tf.errors.InvalidArgumentError:
        return None
    return decoded[..., 0] if len(feature.shape) == 2 else decoded
