"""The sources that are tables in files, of which each row may name a file."""

from __future__ import annotations

from dlcli.data.sources.source import SourceBlock
from dlcli.data.sources.tables.csv import Csv
from dlcli.data.sources.tables.excel import Excel
from dlcli.data.sources.tables.json_file import JsonFile
from dlcli.data.sources.tables.jsonl import Jsonl
from dlcli.data.sources.tables.parquet import Parquet
from dlcli.data.sources.tables.tab import Tab
from dlcli.spec import ending_of

TABLES: tuple[type[SourceBlock], ...] = (Csv, Excel, JsonFile, Jsonl, Parquet, Tab)


def table_at_path(path: str) -> SourceBlock | None:
    """The table at a path, by the ending of its name; None for another ending."""
    kind = next((table for table in TABLES if ending_of(path) in table.endings), None)
    if kind is None:
        return None
    arguments = kind.at(path)
    return kind.model_validate(arguments if isinstance(arguments, dict) else {"path": arguments})
