"""Lines of JSON in blocks: parsed once, typed, and looked at one by one only where something is wrong."""

from __future__ import annotations

import json
from array import array
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Place
from dlcli.data.sources.tables.arrow import check_type, is_complete, is_number_type
from dlcli.data.sources.tables.json_faults import fault_in
from dlcli.errors import DataError
from dlcli.first_line import first_line

if TYPE_CHECKING:
    import pyarrow

BLOCK = 1 << 23
"""Bytes that are read at a time."""
LONGEST = 1 << 26
"""Bytes that one line may take."""
CHUNK = 1 << 20  # unseen: time alone
"""Bytes that are parsed at a time; a line has to fit."""
AT_ONCE = 2  # unseen: time alone
"""Blocks that are parsed side by side."""
DEEPEST = 64
"""Brackets that may stand in each other."""
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Block:
    """Some lines of a file: their bytes, the number of the first, and how many hold an object.

    `lines` are the numbers of these, where some lines are blank. `rows_of` are rows that a file holds in another form: they
    are counted, since they have no lines.
    """

    path: Path
    start: int
    size: int
    first_line: int
    rows: int
    lines: array[int] | None
    rows_of: bytes | None = None

    def content(self) -> bytes:
        """The bytes."""
        if self.rows_of is not None:
            return self.rows_of[self.start : self.start + self.size]
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.size).removeprefix(BOM)

    def line(self, row: int) -> int:
        """The number of the line of a row."""
        return self.lines[row] if self.lines is not None else self.first_line + row

    @property
    def word(self) -> str:
        """What its lines are called."""
        return "line" if self.rows_of is None else "row"


def blocks_of(path: Path) -> list[Block]:
    """A file in blocks of whole lines. Raises `DataError` for one that is empty or has a line that is far too long."""
    blocks: list[Block] = []
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
            rows, lines = filled_lines(data, count, line)
            if rows:
                blocks.append(Block(path, start, len(data), line, rows, lines))
            start, line = start + len(data), line + count
    if not blocks:
        raise DataError("the file is empty", file=path, kind="empty_file")
    return blocks


def filled_lines(data: bytes, count: int, line: int) -> tuple[int, array[int] | None]:
    """How many of the lines are not blank, and their numbers where some are."""
    if data.removeprefix(BOM).startswith(b"{") and data.count(b"\n{") == count - 1:
        return count, None
    filled = [number for number, text in enumerate(data.split(b"\n")[:count]) if text.strip() and text != BOM]
    return len(filled), array("Q", (line + number for number in filled)) if len(filled) < count else None


def rows_place(path: Path, blocks: Sequence[Block]) -> Place:
    """Where the rows of a file stand."""
    rows = sum(block.rows for block in blocks)
    if blocks[0].rows_of is not None:
        return Place(str(path), rows)
    if all(block.lines is None for block in blocks):
        return Place(str(path), rows, 1)
    lines = array("Q", (block.line(row) for block in blocks for row in range(block.rows)))
    return Place(str(path), rows, lines=lines)


def parsed_lines(
    block: Block, wanted: Collection[str] | None, schema: pyarrow.Schema | None = None, *, threads: bool = True
) -> pyarrow.Table:
    """A block as a table, of its wanted keys alone where these are named; the types are guessed unless a schema says them.

    Raises `DataError` with the line of what is wrong.
    """
    import pyarrow

    content = block.content()
    if is_deep(content, block.rows) or not are_objects(content, block.rows):
        error_in = wrong_line(block, wanted)
        if error_in is not None:
            raise error_in
    try:
        content.decode()
        table = read_json(content, schema, threads=threads)
    except (pyarrow.ArrowException, UnicodeDecodeError) as error:
        wrong = wrong_line(block, wanted) or DataError(first_line(error), file=block.path, kind="bad_json")
        if wanted is None or isinstance(error, UnicodeDecodeError) or wrong.line is not None:
            raise wrong from None
        table = read_json(without_others(content, wanted), schema, threads=threads)
    if table.num_rows != block.rows:
        raise wrong_line(block, wanted) or DataError(
            "the lines are not one object each", file=block.path, kind="bad_json"
        )
    return table


def with_types(table: pyarrow.Table | None, types: Mapping[str, Any], block: Block) -> pyarrow.Table:
    """The keys of `types` as columns of these types: from a table that was parsed before, else from the block."""
    import pyarrow

    columns = {}
    if table is not None:
        known = set(table.column_names)
        columns = {
            name: table.column(name) for name, kind in types.items() if name in known and table[name].type == kind
        }
    again = [(name, kind) for name, kind in types.items() if name not in columns]
    if again:
        rest = parsed_lines(block, dict(again), pyarrow.schema(again))
        columns |= {name: rest.column(name) for name, _ in again}
    return pyarrow.table({name: columns[name] for name in types})


def parsed_side_by_side(blocks: Sequence[Block], wanted: Collection[str] | None) -> Iterator[pyarrow.Table]:
    """The blocks as tables, in turn, the next ones parsed meanwhile."""
    waiting: deque[Future[pyarrow.Table]] = deque()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for block in blocks:
            waiting.append(pool.submit(parsed_lines, block, wanted, threads=len(blocks) == 1))
            if len(waiting) > AT_ONCE:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def read_json(content: bytes, schema: pyarrow.Schema | None, *, threads: bool) -> pyarrow.Table:
    """Lines of objects as a table. Raises `pyarrow.ArrowException` for what is none."""
    import pyarrow
    import pyarrow.json

    options = pyarrow.json.ParseOptions(
        explicit_schema=schema,
        newlines_in_values=False,
        unexpected_field_behavior="infer" if schema is None else "ignore",
    )

    def table(size: int) -> pyarrow.Table:
        read = pyarrow.json.ReadOptions(block_size=size, use_threads=threads)
        found = pyarrow.json.read_json(pyarrow.BufferReader(content), read, options)
        try:
            found.validate()
        except pyarrow.ArrowInvalid:
            # Where a list begins with null before its type is known, pyarrow 26 loses places; with its type it does not.
            if schema is not None:
                raise
            return read_json(content, pyarrow.schema(map(of_names, found.schema)), threads=threads)
        return found

    try:
        return table(min(len(content) + 1, CHUNK))
    except pyarrow.ArrowInvalid:
        if len(content) < CHUNK:
            raise
        return table(len(content) + 1)  # a line may be longer than what was parsed at a time


def of_names(key: pyarrow.Field) -> pyarrow.Field:
    """A key whose lists hold nothing but null as one of lists of names."""
    import pyarrow

    nothing = pyarrow.types.is_list(key.type) and pyarrow.types.is_null(key.type.value_type)
    return key.with_type(pyarrow.list_(pyarrow.string())) if nothing else key


def without_others(content: bytes, wanted: Collection[str]) -> bytes:
    """The lines with their wanted keys alone."""
    lines = (json.loads(line) for line in content.split(b"\n") if line.strip())
    kept = ({name: cell for name, cell in line.items() if name in wanted} for line in lines)
    return b"\n".join(json.dumps(line).encode() for line in kept) + b"\n"


def is_deep(content: bytes, rows: int) -> bool:
    """Whether brackets stand so deep in each other that reading them could overflow the stack."""
    import numpy as np

    # Nearly always each line has a single pair, and counting tells that.
    if content.count(b"{") == rows == content.count(b"}") and b"[" not in content:
        return False
    signs = np.zeros(256, np.int8)
    signs[[ord("["), ord("{")]], signs[[ord("]"), ord("}")]] = 1, -1
    depth = np.cumsum(signs[np.frombuffer(content, np.uint8)], dtype=np.int32)
    return bool(len(depth) and (depth.max() > DEEPEST or depth.min() < 0))


def are_objects(content: bytes, rows: int) -> bool:
    """Whether every line begins and ends like an object, and no number is NaN or infinite."""
    if b"NaN" in content or b"Infinity" in content:
        return False
    whole = content if content.endswith(b"\n") else content + b"\n"
    if whole.startswith(b"{") and whole.count(b"\n{") == rows - 1 and whole.count(b"}\n") == rows:
        return True
    lines = (line.strip() for line in content.split(b"\n"))
    return all(not line or (line[:1] == b"{" and line[-1:] == b"}") for line in lines)


def types_of(table: pyarrow.Table, block: Block, *, labels: Collection[str]) -> dict[str, tuple[Any, int]]:
    """The type of each key in a block, and how many cells of it are empty; `labels` may hold lists of names."""
    import pyarrow

    types = {}
    for name in table.column_names:
        column = table.column(name)
        kind = column.type
        if pyarrow.types.is_temporal(kind):
            kind = pyarrow.string()  # as it is written
        if pyarrow.types.is_struct(kind):
            raise wrong_line(block, {name}) or DataError(
                f"'{name}' holds objects", file=block.path, kind="unsupported_type"
            )
        check_type(name, kind, block.path, labels=labels)
        types[name] = (kind, column.null_count)
    return types


def complete_in(table: pyarrow.Table) -> set[str]:
    """The keys that have text, or a number that is finite in 32 bits, in every line."""
    import pyarrow

    types = pyarrow.types
    complete: set[str] = set()
    for name in table.column_names:
        column = table.column(name)
        is_number = types.is_integer(column.type) or types.is_floating(column.type)
        if is_complete(column) if is_number else types.is_string(column.type) and not column.null_count:
            complete.add(name)
    return complete


def is_large_whole(column: pyarrow.ChunkedArray) -> bool:
    """Whether numbers that were taken for such with decimals may be whole, and too large for 64 bits with a sign."""
    import pyarrow
    import pyarrow.compute as compute

    if not pyarrow.types.is_floating(column.type) or column.null_count:
        return False
    ends = compute.min_max(column).as_py()
    if ends["min"] is None or ends["min"] < 0 or not 2.0**63 <= ends["max"] <= 2.0**64:
        return False
    whole: bool = compute.all(compute.equal(compute.floor(column), column)).as_py()
    return whole


def unified(found: Sequence[Mapping[str, tuple[Any, int]]], blocks: Sequence[Block]) -> dict[str, Any]:
    """The type of each key over all blocks. Raises `DataError` for a key that is text in one and a number in another."""
    import pyarrow

    schema: dict[str, Any] = {}
    for types, block in zip(found, blocks, strict=True):
        for name, (kind, _) in types.items():
            known = schema.get(name)
            if known is None or pyarrow.types.is_null(known):
                schema[name] = kind
            elif kind != known and not pyarrow.types.is_null(kind):
                schema[name] = common_type(name, known, kind, block)
    return schema


def common_type(name: str, known: Any, kind: Any, block: Block) -> Any:
    """The type that holds what two blocks have. Raises `DataError` where there is none."""
    import pyarrow

    mixed = DataError(
        f"'{name}' holds {kind}, but {known} before", file=block.path, line=block.line(0), kind="mixed_column"
    )
    try:
        pair = [pyarrow.schema([("x", known)]), pyarrow.schema([("x", kind)])]
        common = pyarrow.unify_schemas(pair, promote_options="permissive").field("x").type
    except pyarrow.ArrowException:
        raise mixed from None
    if is_number_type(known) != is_number_type(common):
        raise mixed
    return common


def wrong_line(block: Block, wanted: Collection[str] | None) -> DataError | None:
    """The error of the first line that is not what the others are, or None where there is none."""
    kinds: dict[str, tuple[str, int]] = {}
    row = 0
    for text in block.content().split(b"\n"):
        if not text.strip():
            continue
        line = block.line(row)
        row += 1
        fault = fault_in(text, kinds, line, wanted, word=block.word)
        if fault is not None:
            place = line if block.rows_of is None else None
            return DataError(f"{block.word} {line}: {fault}", file=block.path, line=place, kind="bad_json")
    return None
