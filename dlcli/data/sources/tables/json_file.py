"""The source `json`: a file that holds one array of objects, or one object of arrays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.paths import content_of, only_file
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.data.sources.tables.json_faults import no_constant, pairs, printable_name, unheld_in
from dlcli.data.sources.tables.json_lines import BLOCK, BOM, Block
from dlcli.data.sources.tables.jsonl import json_fields
from dlcli.errors import DataError
from dlcli.first_line import first_line
from dlcli.spec import DataPath, did_you_mean


class JsonFile(SourceBlock):
    """A table in a JSON file: an array with an object a row, or an object with an array a column."""

    word: ClassVar[str] = "json"
    example: ClassVar[str] = "{json: {path: answer.json, records: data.items}}"
    endings: ClassVar[tuple[str, ...]] = (".json",)
    whole: ClassVar[bool] = True
    lists: ClassVar[bool] = True

    path: DataPath
    """The file."""
    records: str | None = None
    """Where in the file the rows lie, as keys with points between them; by default the file itself."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        table = Example.table(rows)
        objects = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
        examples = []
        for name, value in {"rows": objects, "columns": table}.items():
            path = folder / f"{name}.json"
            path.write_text(json.dumps(value), encoding="utf-8")
            examples.append(Example({"source": {cls.word: str(path)}, "target": "y"}, [path]))
        return examples

    def read(self, reading: Reading) -> Fields:
        """All rows. Raises `DataError` for what is no JSON, holds no rows, and at the row of a cell that is none."""
        path = only_file(self.path)
        rows = rows_of(self.records_in(loaded_json(path), path), path)
        return json_fields([blocks_of_rows(rows, path)], reading)

    def records_in(self, value: Any, path: Path) -> Any:
        """What lies behind the keys of `records`."""
        for key in self.records.split(".") if self.records else ():
            keys = list(value) if isinstance(value, dict) else []
            if key not in keys:
                there = f"there is: {', '.join(keys)}" if keys else "there are no keys"
                message = f"there is no '{key}' of {self.records}; {there}"
                raise DataError(message, file=path, hint=did_you_mean(key, keys), kind="no_keys")
            value = value[key]
        return value

    def memory(self) -> int:
        try:
            return 8 * only_file(self.path).stat().st_size
        except (DataError, OSError):
            return 0


def loaded_json(path: Path) -> Any:
    """What a file holds. Raises `DataError` with the line of what is no JSON."""
    content = content_of(path).removeprefix(BOM)
    if not content.strip():
        raise DataError("the file is empty", file=path, kind="empty_file")
    try:
        return json.loads(content.decode(), object_pairs_hook=pairs, parse_constant=no_constant)
    except RecursionError:
        raise DataError("lists or objects stand too deep in each other", file=path, kind="bad_json") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise DataError(message, file=path, line=line, kind="wrong_encoding") from None
    except json.JSONDecodeError as error:
        # A file of one object a line goes on where the first object ends.
        hint = f"one object a line is jsonl: {path.name}" if error.msg == "Extra data" else None
        raise DataError(
            f"no JSON: {first_line(error)}", file=path, line=error.lineno, hint=hint, kind="bad_json"
        ) from None
    except ValueError as error:
        raise DataError(f"no JSON: {first_line(error)}", file=path, kind="bad_json") from None


def rows_of(value: Any, path: Path) -> list[Any]:
    """An object a row, of an array of objects or an object of arrays. Raises `DataError` for anything else."""
    if isinstance(value, list):
        if not value:
            raise DataError("the array holds no rows", file=path, kind="no_rows")
        return value
    arrays = value if isinstance(value, dict) else {}
    others = [key for key, array in arrays.items() if not isinstance(array, list)]
    if not arrays or others:
        nested = [key for key, array in arrays.items() if isinstance(array, list | dict)]
        hint = f"if they lie deeper, write json: {{path: {path.name}, records: {nested[0]}}}" if nested else None
        message = "expected an array of objects, or an object of arrays"
        raise DataError(message, file=path, hint=hint, kind="bad_json")
    lengths = {key: len(array) for key, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"'{key}' {length}" for key, length in lengths.items())
        raise DataError(f"the arrays have different lengths: {counts}", file=path, kind="ragged_row")
    if not any(lengths.values()):
        raise DataError("the arrays hold no rows", file=path, kind="no_rows")
    return [dict(zip(arrays, row, strict=True)) for row in zip(*arrays.values(), strict=True)]


def blocks_of_rows(rows: list[Any], path: Path) -> list[Block]:
    """The rows as lines of JSON in blocks."""
    lines = [line_of_row(row, number, path) for number, row in enumerate(rows, start=1)]
    content, blocks = b"".join(lines), []
    start = size = first = 0
    for number, line in enumerate(lines, start=1):
        size += len(line)
        if size >= BLOCK or number == len(lines):
            blocks.append(Block(path, start, size, first + 1, number - first, None, content))
            start, size, first = start + size, 0, number
    return blocks


def line_of_row(row: Any, number: int, path: Path) -> bytes:
    """A row as a line of JSON. Raises `DataError` for what no column holds."""
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except ValueError:
        cells = row.items() if isinstance(row, dict) else [("", row)]
        told = [(name, unheld) for name, cell in cells if (unheld := unheld_in(name) or unheld_in(cell)) is not None]
        name, unheld = told[0] if told else ("", "holds an object with what no column holds")
        message = f"row {number}: '{printable_name(name)}' {unheld}"
        raise DataError(message, file=path, kind="bad_json") from None
