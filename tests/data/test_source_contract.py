"""What every source keeps, tried with the examples that it carries: in memory, streamed, asked for its size, and broken."""

from __future__ import annotations

import ast
import gc
import inspect
import json
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from siblings import some

from dlcli.config.language import Language
from dlcli.data import Data, Dataset, Fields
from dlcli.data.fields.lazy import is_lazy
from dlcli.data.sources import SOURCES
from dlcli.data.sources.source import Example, Origin, Reading, SourceBlock
from dlcli.data.sources.tables.csv import Csv
from dlcli.errors import DataError

ROWS, MANY = 20, 5_000
GARBAGE = b"\xfe\xff\x00\x01 no such data \xd8\x00" * 3
FOLDER = Path(inspect.getfile(SourceBlock)).parent
WITH_EXAMPLES = [source for source in SOURCES.values() if source.origin is not Origin.PUBLIC]
Source = type[SourceBlock]


def data_of(example: Example, **keys: Any) -> Data:
    return Data.model_validate({**example.data, **keys}, context=Language())


def loaded(example: Example, **keys: Any) -> Dataset:
    return data_of(example, **keys).load(seed=3, allow_code=True)


@pytest.fixture(params=WITH_EXAMPLES, ids=lambda source: source.word)
def source(request: pytest.FixtureRequest) -> Source:
    given: Source = request.param
    return given


@pytest.fixture
def examples(source: Source, tmp_path: Path) -> list[Example]:
    return source.examples(tmp_path, ROWS)


def files_read(example: Example) -> list[Path]:
    """The files that a data set is read from, and those that name others."""
    return [path.resolve() for path in loaded(example).fields.files]


def words_in_files() -> Iterator[str]:
    """The words of all sources that the files of the package define."""
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.bases:
                for line in node.body:
                    if isinstance(line, ast.AnnAssign) and ast.unparse(line.target) == "word" and line.value:
                        yield ast.literal_eval(line.value)


def test_the_list_holds_every_source_once_and_sorted() -> None:
    words = [source.word for source in SOURCES.values()]
    assert words == sorted(set(words)) == [*SOURCES]
    assert set(words) == set(words_in_files())
    assert all(word == word.lower() for word in words)


def test_a_configuration_loads_the_source_that_it_names_and_no_other() -> None:
    program = "import sys; from dlcli.config import load_config; load_config(sys.argv[1]); print(*sorted(sys.modules))"
    command = [sys.executable, "-c", program, "configs/digits.yaml"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    kinds = {kind.__module__ for kind in SOURCES.values()}
    assert {module for module in loaded if module in kinds} == {
        SOURCES["digits"].__module__,
        SOURCES["splits"].__module__,
    }


def test_only_sources_that_download_have_no_example(tmp_path: Path) -> None:
    without = {source for source in SOURCES.values() if not source.examples(Path(tempfile.mkdtemp(dir=tmp_path)), ROWS)}
    assert without == {source for source in SOURCES.values() if source.origin is Origin.PUBLIC}


def test_a_source_says_what_it_is_and_how_it_is_written() -> None:
    for source in SOURCES.values():
        assert source.__doc__, source.word
        assert list(inspect.signature(source.read).parameters) == ["self", "reading"], source.word
        written = yaml.safe_load(source.example) if source.example else source.word
        assert data_of(Example({"source": written})).source.word == source.word
        needs_more = any(field.is_required() for field in source.model_fields.values())
        assert bool(source.example) == needs_more or source.example, source.word


def check_dataset(dataset: Dataset) -> None:
    """What every data set is, whatever it was read from."""
    fields = dataset.fields
    assert isinstance(fields, Fields)
    assert {len(array) for array in fields.arrays.values()} == {fields.samples}
    assert all(path.is_file() for path in fields.files)
    assert list(dataset.splits) == ["train", "validation", "test"]
    rows = np.concatenate([part.rows for part in dataset.splits.values()])
    assert len(np.unique(rows)) == len(rows)
    for part in dataset.splits.values():
        columns = {**part.inputs, **part.targets}
        assert {len(column) for column in columns.values()} == {len(part)} == {len(part.rows)}
        for schema in [*dataset.schema.inputs, *dataset.schema.targets]:
            values = columns[schema.name]
            assert values.shape[1:] == tuple(schema.shape)
            assert len(schema.axes) == values.ndim
            assert schema.axes[0] == "samples"
            some = values[np.array([0, len(part) - 1])]
            assert (some.shape, some.dtype) == ((2, *values.shape[1:]), values.dtype)


def test_the_inputs_that_are_told_before_reading_are_those_that_there_are(examples: list[Example]) -> None:
    for example in examples:
        told = data_of(example).source.input_names()
        plain = example.data.get("inputs") is None
        assert told is None or not plain or told == [each.name for each in loaded(example).schema.inputs]


@pytest.mark.parametrize("word", ["json", "jsonl", "parquet"])
def test_where_cells_may_be_lists_only_reading_tells_the_inputs(word: str, tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    rows = [{"x": [[row % 7, 1.5]] * (1 + row % 3), "a": row * 7 % 11 / 2, "y": "uv"[row % 2]} for row in range(ROWS)]
    path = tmp_path / f"t.{word}"
    path.write_text(json.dumps(rows) if word == "json" else "\n".join(map(json.dumps, rows)))
    if word == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    example = Example({"source": str(path), "target": "y"}, [path])
    assert [each.name for each in loaded(example).schema.inputs] == ["features", "x"]
    source = data_of(example).source
    assert source.input_names() is None
    assert data_of(Example({"source": {"train": str(path)}, "target": "y"})).source.input_names() is None
    windows = {"series": {"path": {word: str(path)}, "window": 3}}
    assert data_of(Example({"source": windows, "target": "y"})).source.input_names() is None


@pytest.mark.parametrize("stream", [False, True], ids=["in memory", "streamed"])
def test_an_example_is_a_data_set(source: Source, examples: list[Example], stream: bool) -> None:
    assert examples
    for example in examples:
        assert data_of(example).source.word == source.word
        dataset = loaded(example, stream=stream)
        assert dataset.streams is stream
        check_dataset(dataset)


def check_same(source: Source, examples: list[Example]) -> None:
    """What is streamed is to the last bit what is in memory."""
    for example in examples:
        whole, streamed = loaded(example, stream=False), loaded(example, stream=True)
        assert streamed.schema == whole.schema
        for split, part in whole.splits.items():
            other = streamed.splits[split]
            np.testing.assert_array_equal(part.rows, other.rows)
            for name, column in {**part.inputs, **part.targets}.items():
                theirs = {**other.inputs, **other.targets}[name][:]
                np.testing.assert_array_equal(column, theirs, err_msg=f"{source.word} {name}")


def test_what_streams_is_what_is_in_memory(source: Source, examples: list[Example]) -> None:
    check_same(source, examples)


def test_an_example_names_the_files_that_are_read(examples: list[Example]) -> None:
    for example in examples:
        assert not example.files or {path.resolve() for path in example.files} == set(files_read(example))


def check_memory(source: Source, folder: Path) -> None:
    """What a source says that it takes is at least what its arrays take; where its files are gone it is 0 or a DataError."""
    for example in source.examples(folder, ROWS):
        block = data_of(example).source
        fields = block.read(Reading(allow_code=True))
        in_memory = [array for array in fields.arrays.values() if not is_lazy(array)]
        eager = sum(
            array.nbytes for array in in_memory if array.dtype != object and len(in_memory) == len(fields.arrays)
        )
        if eager and example.files and not (source.whole and block.memory() == 0):
            assert block.memory() >= eager
        for file in example.files:
            file.unlink()
        if example.files:
            with suppress(DataError):
                assert block.memory() == 0
        assert example.files or block.memory() >= 0


def test_a_source_knows_how_much_memory_it_takes(source: Source, tmp_path: Path) -> None:
    check_memory(source, tmp_path)


@pytest.mark.parametrize("content", [GARBAGE, b""], ids=["garbage", "empty"])
def test_a_broken_file_is_an_error_that_names_it(source: Source, tmp_path: Path, content: bytes) -> None:
    tried = 0
    for example in source.examples(tmp_path, ROWS):
        for file in example.files[:3]:
            good = file.read_bytes()
            file.write_bytes(content)
            with pytest.raises(DataError) as caught:
                loaded(example)
            assert caught.value.file == str(file)
            assert caught.value.message
            file.write_bytes(good)
            tried += 1
        loaded(example)
    assert tried or not any(example.files for example in source.examples(tmp_path / "again", ROWS))


def test_a_file_that_is_not_there_is_an_error_that_names_it(source: Source, examples: list[Example]) -> None:
    for example in examples:
        for file in example.files:
            if str(file) in str(example.data):
                file.rename(f"{file}.away")
                with pytest.raises(DataError, match="there is no") as caught:
                    loaded(example)
                assert caught.value.file == str(file)
                Path(f"{file}.away").rename(file)


def kept(block: SourceBlock, *, stream: bool) -> int:
    """Bytes that stay in memory with what a source has read: of Python, NumPy and Arrow."""
    import pyarrow

    gc.collect()
    tracemalloc.start()
    try:
        before = pyarrow.total_allocated_bytes()
        fields = block.read(Reading(stream=stream, allow_code=True))
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
        assert fields.samples == MANY
        return taken + pyarrow.total_allocated_bytes() - before
    finally:
        tracemalloc.stop()


def check_streams(source: Source, folder: Path) -> None:
    """Streaming leaves the samples where they are: of many, a quarter of what they take in memory at most is kept."""
    [example] = source.examples(folder, MANY)
    block = data_of(example).source
    kept(block, stream=True)  # what a library keeps from its first use on
    assert kept(block, stream=True) < kept(block, stream=False) / 4


STREAMING = [source for source in WITH_EXAMPLES if source.endings and not source.whole]


@pytest.mark.parametrize("source", some(STREAMING, 3), ids=lambda source: source.word)
def test_a_source_that_streams_does_not_load_everything(source: Source, tmp_path: Path) -> None:
    check_streams(source, tmp_path)


class Loads(Csv):
    """A source that says it streams and loads everything."""

    def read(self, reading: Reading) -> Fields:
        fields = super().read(Reading(text=reading.text))
        chunks = super().read(replace(reading, stream=True)).chunks
        return replace(fields, chunks=chunks)


class Forgets(Csv):
    """A source that streams other numbers than it loads."""

    def read(self, reading: Reading) -> Fields:
        fields = super().read(Reading(text=reading.text))
        return fields if not reading.stream else replace(fields, arrays=fields.arrays | {"a": fields.arrays["a"] + 1})


class Small(Csv):
    """A source that says it takes no memory."""

    def memory(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("wrong", "check"),
    [(Loads, check_streams), (Small, check_memory), (Forgets, check_same)],
    ids=lambda each: each.__name__,
)
def test_a_source_that_breaks_the_contract_is_noticed(
    wrong: Source, check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def data(example: Example, **keys: Any) -> Data:
        right = Data.model_validate({**example.data, **keys}, context=Language())
        return right.model_copy(update={"source": wrong.model_construct(**dict(right.source))})

    monkeypatch.setitem(globals(), "data_of", data)
    with pytest.raises(AssertionError):
        check(wrong, wrong.examples(tmp_path, ROWS) if check is check_same else tmp_path)
