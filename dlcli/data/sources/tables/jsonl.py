"""The source `jsonl`: one JSON object a line."""

from __future__ import annotations

import io
import json
from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.fields import Fields, Place
from dlcli.data.sources.paths import found_files
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.data.sources.tables.arrow import array_of, check_type, is_number_type
from dlcli.data.sources.tables.column_names import checked_names
from dlcli.errors import DataError
from dlcli.first_line import first_line
from dlcli.spec import DataPath

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

BLOCK = 1 << 23
"""Bytes that are read at a time."""
LONGEST = 1 << 26
"""Bytes that one line may take."""
OTHER_LIST = "a list of other things than numbers"
DEEPEST = 64
"""Brackets that may stand in each other."""


class Jsonl(SourceBlock):
    """A table with one JSON object a line, in one or several files; a key that a line lacks is an empty cell."""

    word: ClassVar[str] = "jsonl"
    example: ClassVar[str] = "{jsonl: flowers.jsonl}"
    endings: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson")

    path: DataPath | Annotated[list[DataPath], Field(min_length=1)]
    """A file, a glob, or a list of them."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        table, path = Example.table(rows), folder / "table.jsonl"
        lines = (json.dumps(dict(zip(table, row, strict=True))) for row in zip(*table.values(), strict=True))
        path.write_text("\n".join(lines), encoding="utf-8")
        return [Example({"source": {cls.word: str(path)}, "target": "y"}, [path])]

    def read(self, reading: Reading) -> Fields:
        """All rows. Raises `DataError` with the line of what is no object of numbers, texts and lists of numbers."""
        paths = found_files(self.path)
        of_files = [blocks_of(path) for path in paths]
        blocks = [block for own in of_files for block in own]
        found = [schema_of(block) for block in blocks]
        schema = unified(found, blocks)
        if not schema:
            raise DataError("no line has a key", file=paths[0], line=1, kind="no_keys")
        names, notes = checked_names(list(schema), paths[0])
        written = dict(zip(names, schema, strict=True))
        with_empty = {name for name in schema if any(name not in own or own[name][1] for own in found)}

        def read(number: int, wanted: Collection[str]) -> dict[str, np.ndarray[Any, Any]]:
            table, path = block_table(blocks[number], schema), blocks[number].path
            columns = {name: table.column(written[name]) for name in wanted}
            try:
                return {
                    name: array_of(
                        name,
                        column,
                        path,
                        as_text=name in reading.text,
                        has_empty=written[name] in with_empty and is_number_type(column.type),
                    )
                    for name, column in columns.items()
                }
            except DataError as error:
                raise wrong_line(blocks[number]) or error from None

        chunks = Chunks([block.rows for block in blocks], read)
        places = [rows_place(path, own) for path, own in zip(paths, of_files, strict=True)]
        if reading.stream:
            first = read(0, names)
            lazy = {name: chunks.column(name, first[name].dtype, first[name].shape[1:]) for name in names}
            return Fields(lazy, places, notes=tuple(notes), chunks=chunks)
        return Fields(chunks.in_memory(names), places, notes=tuple(notes))

    def memory(self) -> int:
        try:
            # A number takes about as much in memory as it does as text, and its tensor half of that.
            return 2 * sum(path.stat().st_size for path in found_files(self.path))
        except (DataError, OSError):
            return 0


@dataclass(frozen=True)
class Block:
    """Some lines of a file: their bytes, the number of the first, and how many hold an object.

    `lines` are the numbers of these, where some lines are blank.
    """

    path: Path
    start: int
    size: int
    first_line: int
    rows: int
    lines: array[int] | None

    def content(self) -> bytes:
        """The bytes."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.size)

    def line(self, row: int) -> int:
        """The number of the line of a row."""
        return self.lines[row] if self.lines is not None else self.first_line + row


def blocks_of(path: Path) -> list[Block]:
    """A file in blocks of whole lines. Raises `DataError` for one that is empty or has a line that is far too long."""
    found: list[Block] = []
    start, line = 0, 1
    with path.open("rb") as file:
        while data := file.read(BLOCK):
            if not data.endswith(b"\n"):
                data += file.readline(LONGEST)
            if len(data) >= LONGEST + BLOCK:
                raise DataError(
                    f"a line takes more than {LONGEST >> 20} MB",
                    file=path,
                    line=line + data.count(b"\n"),
                    kind="row_too_long",
                )
            count = data.count(b"\n") + (not data.endswith(b"\n"))
            texts = data.split(b"\n")[:count]
            filled = [number for number, text in enumerate(texts) if text.strip() and text != b"\xef\xbb\xbf"]
            lines = array("Q", (line + number for number in filled)) if len(filled) < count else None
            if filled:
                found.append(Block(path, start, len(data), line, len(filled), lines))
            start, line = start + len(data), line + count
    if not found:
        raise DataError("the file is empty", file=path, kind="empty_file")
    return found


def rows_place(path: Path, blocks: Sequence[Block]) -> Place:
    """Where the rows of a file stand."""
    rows = sum(block.rows for block in blocks)
    if all(block.lines is None for block in blocks):
        return Place(str(path), rows, 1)
    lines = array("Q", (block.line(row) for block in blocks for row in range(block.rows)))
    return Place(str(path), rows, lines=lines)


def parsed(block: Block, schema: pyarrow.Schema | None) -> pyarrow.Table:
    """A block as a table. Raises `DataError` with the line of what is wrong."""
    import pyarrow
    import pyarrow.json

    content = block.content().removeprefix(b"\xef\xbb\xbf")
    if is_deep(content) or not are_objects(content):
        error_in = wrong_line(block)
        if error_in is not None:
            raise error_in
    try:
        content.decode()
        options = pyarrow.json.ParseOptions(explicit_schema=schema, newlines_in_values=False)
        read = pyarrow.json.ReadOptions(block_size=len(content) + 1)
        table = pyarrow.json.read_json(io.BytesIO(content), read, options)
    except (pyarrow.ArrowException, UnicodeDecodeError) as error:
        raise wrong_line(block) or DataError(first_line(error), file=block.path, kind="bad_json") from None
    if table.num_rows != block.rows:
        raise wrong_line(block) or DataError("the lines are not one object each", file=block.path, kind="bad_json")
    return table


def is_deep(content: bytes) -> bool:
    """Whether brackets stand so deep in each other that reading them could overflow the stack."""
    import numpy as np

    signs = np.zeros(256, np.int8)
    signs[[ord("["), ord("{")]], signs[[ord("]"), ord("}")]] = 1, -1
    depth = np.cumsum(signs[np.frombuffer(content, np.uint8)], dtype=np.int64)
    return bool(len(depth) and (depth.max() > DEEPEST or depth.min() < 0))


def are_objects(content: bytes) -> bool:
    """Whether every line begins and ends like an object, and no number is NaN or infinite."""
    lines = (line.strip() for line in content.split(b"\n"))
    plain = all(not line or (line[:1] == b"{" and line[-1:] == b"}") for line in lines)
    return plain and b"NaN" not in content and b"Infinity" not in content


def schema_of(block: Block) -> dict[str, tuple[Any, int]]:
    """The type of each key in a block, and how many cells of it are empty."""
    import pyarrow

    table = parsed(block, None)
    found = {}
    for name in table.column_names:
        column = table.column(name)
        kind = column.type
        if pyarrow.types.is_temporal(kind):
            kind = pyarrow.string()  # as it is written
        if pyarrow.types.is_struct(kind):
            raise wrong_line(block) or DataError(f"'{name}' holds objects", file=block.path, kind="unsupported_type")
        check_type(name, kind, block.path)
        found[name] = (kind, column.null_count)
    return found


def unified(found: Sequence[Mapping[str, tuple[Any, int]]], blocks: Sequence[Block]) -> dict[str, Any]:
    """The type of each key over all blocks. Raises `DataError` for a key that is text in one and a number in another."""
    import pyarrow

    schema: dict[str, Any] = {}
    for own, block in zip(found, blocks, strict=True):
        for name, (kind, _) in own.items():
            known = schema.get(name)
            if known is None or pyarrow.types.is_null(known):
                schema[name] = kind
            elif kind != known and not pyarrow.types.is_null(kind):
                try:
                    schema[name] = (
                        pyarrow.unify_schemas(
                            [pyarrow.schema([("x", known)]), pyarrow.schema([("x", kind)])],
                            promote_options="permissive",
                        )
                        .field("x")
                        .type
                    )
                except pyarrow.ArrowException:
                    raise DataError(
                        f"'{name}' holds {kind}, but {known} before",
                        file=block.path,
                        line=block.line(0),
                        kind="mixed_column",
                    ) from None
                if is_number_type(known) != is_number_type(schema[name]):
                    raise DataError(
                        f"'{name}' holds {kind}, but {known} before",
                        file=block.path,
                        line=block.line(0),
                        kind="mixed_column",
                    )
    return schema


def block_table(block: Block, schema: Mapping[str, Any]) -> pyarrow.Table:
    """A block with all keys of the whole file."""
    import pyarrow

    return parsed(block, pyarrow.schema(list(schema.items())))


def wrong_line(block: Block) -> DataError | None:
    """The error of the first line that is not what the others are, or None where there is none."""
    kinds: dict[str, tuple[str, int]] = {}
    row = 0
    for text in block.content().removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if not text.strip():
            continue
        line = block.line(row)
        row += 1
        said = fault_in(text, kinds, line)
        if said is not None:
            return DataError(f"line {line}: {said}", file=block.path, line=line, kind="bad_json")
    return None


def fault_in(text: bytes, kinds: dict[str, tuple[str, int]], line: int) -> str | None:
    """What is wrong with a line; `kinds` is what each key held before, and where first."""
    # Python's json, not orjson or msgspec: of a key that stands twice they take the last and say nothing.
    try:
        value = json.loads(text.decode(), object_pairs_hook=pairs, parse_constant=no_constant)
    except RecursionError:
        return "lists or objects stand too deep in each other"
    except UnicodeDecodeError as error:
        return f"byte 0x{error.object[error.start]:02x} is not UTF-8"
    except ValueError as error:
        return f"no JSON: {first_line(error)}"
    if not isinstance(value, dict):
        return f"expected an object, found {type(value).__name__}"
    for name, cell in value.items():
        kind = cell_kind(cell)
        if kind in {"an object", OTHER_LIST}:
            return f"'{name}' holds {kind}; expected a number, text or a list of numbers"
        before = kinds.get(name)
        if before is not None and kind not in {before[0], "nothing"}:
            return f"'{name}' holds {kind}, but {before[0]} in line {before[1]}"
        if before is None and kind != "nothing":
            kinds[name] = (kind, line)
    return None


def no_constant(written: str) -> None:
    """NaN and Infinity are no JSON."""
    raise ValueError(f"{written} is no number of JSON; null means an empty cell")


def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once each."""
    names = [name for name, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the key '{name}' stands {names.count(name)} times")
    return dict(found)


def cell_kind(cell: Any) -> str:
    """What a cell holds, in words."""
    if cell is None:
        return "nothing"
    if isinstance(cell, bool):
        return "true or false"
    if isinstance(cell, list):
        kinds = {cell_kind(each) for each in cell}
        plain = (len(kinds) == 1 and kinds <= {"a number"}) or all(kind.startswith("a list of") for kind in kinds)
        return f"a list of {len(cell)}" if plain and cell else OTHER_LIST
    words = {str: "text", int: "a number", float: "a number", dict: "an object"}
    return words[type(cell)]
