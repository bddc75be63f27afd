"""The source `jsonl`: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column
from dlcli.data.fields.padded import padded_fields
from dlcli.data.sources.paths import found_files
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.data.sources.tables.arrow import array_of, is_number_type, left_out
from dlcli.data.sources.tables.column_names import columns_of
from dlcli.data.sources.tables.json_lines import (
    Block,
    blocks_of,
    complete_in,
    is_large_whole,
    parsed_side_by_side,
    read_json,
    rows_place,
    types_of,
    unified,
    with_types,
    wrong_line,
)
from dlcli.errors import DataError
from dlcli.spec import DataPath

if TYPE_CHECKING:
    import numpy as np
    import pyarrow


class Jsonl(SourceBlock):
    """A table with one JSON object a line, in one or several files; a key that a line lacks is an empty cell."""

    word: ClassVar[str] = "jsonl"
    example: ClassVar[str] = "{jsonl: flowers.jsonl}"
    endings: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson")
    lists: ClassVar[bool] = True
    beside: ClassVar[bool] = True

    path: DataPath | Annotated[list[DataPath], Field(min_length=1)]
    """A file, a glob, or a list of them."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        table, path = Example.table(rows), folder / "table.jsonl"
        lines = (json.dumps(dict(zip(table, row, strict=True))) for row in zip(*table.values(), strict=True))
        path.write_text("\n".join(lines), encoding="utf-8")
        return [Example({"source": {cls.word: str(path)}, "target": "y"}, [path])]

    def read(self, reading: Reading) -> Fields:
        """The rows, of columns that are asked for. Raises `DataError` with the line of what is no object of numbers, texts
        and lists of numbers."""
        return json_fields([blocks_of(path) for path in found_files(self.path)], reading)

    def memory(self) -> int:
        try:
            # A number takes about as much in memory as it does as text, and its tensor half of that.
            return 2 * sum(path.stat().st_size for path in found_files(self.path))
        except (DataError, OSError):
            return 0


@dataclass
class Look:
    """What one look through all blocks tells: of each its tables of columns that are kept and its types."""

    tables: list[pyarrow.Table | None] = field(default_factory=list)
    types: list[dict[str, tuple[Any, int]]] = field(default_factory=list)
    keys: dict[str, None] = field(default_factory=dict)
    """All keys that there are, in their order."""
    large: set[str] = field(default_factory=set)
    """Those that a block took for numbers with decimals, since some are whole and too large for 64 bits with a sign."""
    unheld: dict[str, str] = field(default_factory=dict)
    """Those of a file that is looked at that no column can hold, with the note of each."""
    complete: set[str] = field(default_factory=set)
    """Those with a finite value in every line."""


def look_through(blocks: Sequence[Block], reading: Reading) -> Look:
    """One look through the blocks. Raises `DataError` with the line of what is no object of columns."""
    look = Look()
    for block, table in zip(blocks, parsed_side_by_side(blocks, reading.columns), strict=True):
        look.keys |= dict.fromkeys(table.column_names)
        if reading.columns is not None:
            table = table.select([name for name in table.column_names if name.strip() in reading.columns])
        if reading.looks:
            unheld = left_out(dict(zip(table.column_names, table.schema.types, strict=True)), labels=reading.labels)
            look.unheld |= unheld
            table = table.select([name for name in table.column_names if name not in unheld])
        complete = complete_in(table)
        look.complete = look.complete & complete if look.types else complete
        look.types.append(types_of(table, block, labels=reading.labels))
        look.large |= {name for name in table.column_names if is_large_whole(table.column(name))}
        kept = [name for name in table.column_names if name.strip() in reading.often or not reading.stream]
        look.tables.append(table.select(kept) if kept else None)
    return look


def natural_keys(look: Look, schema: Mapping[str, Any], blocks: Sequence[Block]) -> list[str]:
    """The keys of whole numbers of 64 bits without a sign, in every line of every block."""
    import pyarrow

    def holds(name: str) -> bool:
        asked = pyarrow.schema([(name, pyarrow.uint64())])
        try:
            return not any(read_json(block.content(), asked, threads=True).column(name).null_count for block in blocks)
        except pyarrow.ArrowException:
            return False

    return [name for name in schema if name in look.large and holds(name)]


def json_fields(of_files: Sequence[Sequence[Block]], reading: Reading) -> Fields:
    """What the blocks of some files hold; where it streams they are read again when they are asked for.

    Raises `DataError` with the line of what is no object of numbers, texts and lists of numbers.
    """
    import pyarrow

    blocks = [block for of_file in of_files for block in of_file]
    look = look_through(blocks, reading)
    tables, schema = look.tables, unified(look.types, blocks)
    schema |= dict.fromkeys(natural_keys(look, schema, blocks), pyarrow.uint64())
    if not look.keys:
        raise DataError("no line has a key", file=blocks[0].path, line=blocks[0].line(0), kind="no_keys")
    header = columns_of(list(schema), blocks[0].path)
    names = [name for name in header.wanted(reading.columns) if name not in look.unheld]
    written = {name: list(schema)[header.numbers[name]] for name in names}
    with_empty = {name for name in schema if any(name not in types or types[name][1] for types in look.types)}

    def read(number: int, wanted: Collection[str]) -> dict[str, np.ndarray[Any, Any]]:
        block = blocks[number]
        keys = {written[name]: schema[written[name]] for name in wanted}
        table = with_types(tables[number], keys, block)
        try:
            return {
                name: array_of(
                    name,
                    table.column(written[name]),
                    block.path,
                    as_text=name in reading.text,
                    has_empty=written[name] in with_empty and is_number_type(schema[written[name]]),
                    even=reading.stream,
                )
                for name in wanted
            }
        except DataError as error:
            raise wrong_line(block, keys) or error from None

    chunks = Chunks([block.rows for block in blocks], read)
    places = [rows_place(of_file[0].path, of_file) for of_file in of_files]
    arrays: dict[str, Column] = {}
    for name in names:
        try:
            if reading.stream and name not in reading.often:
                first = read(0, [name])[name]
                arrays[name] = chunks.column(name, first.dtype, first.shape[1:])
            else:
                arrays[name] = chunks.in_memory([name])[name]
        except DataError as error:
            if not reading.looks:
                raise
            look.unheld[name] = f"column '{name}' is left out, since {error.message}"
    return Fields(
        arrays,
        places,
        notes=(*header.notes, *look.unheld.values()),
        columns=tuple(look.keys),
        complete=frozenset(name for name in arrays if written[name] in look.complete),
        chunks=chunks if reading.stream else None,
        padded=padded_fields(arrays),
    )
