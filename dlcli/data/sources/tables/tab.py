"""The source `tab`: a table of cells between tabs, as Orange writes it too, with types and roles below the header."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.encodings import known_encoding
from dlcli.data.sources.paths import content_of, only_file
from dlcli.data.sources.source import Example, Reading, SourceBlock
from dlcli.data.sources.tables.csv import Csv
from dlcli.errors import DataError
from dlcli.spec import DataPath

TYPES = {"c", "continuous", "d", "discrete", "s", "string", "t", "time", "basket", ""}
ROLES = {"class", "c", "meta", "m", "ignore", "i", "weight", "w", ""}
HEADER_LINES = 3


class Tab(SourceBlock):
    """A table with tabs between its cells; of a file of Orange the class is the target, and what is meta or ignored no input."""

    word: ClassVar[str] = "tab"
    example: ClassVar[str] = "{tab: flowers.tab}"
    endings: ClassVar[tuple[str, ...]] = (".tab",)

    path: DataPath
    """The file."""
    encoding: str = "utf-8"
    """`utf-8`, `cp949`, `latin-1`, …"""
    empty: list[str] = ["?"]
    """Texts that mean an empty cell besides the empty cell itself."""

    @classmethod
    def examples(cls, folder: Path, rows: int) -> list[Example]:
        table, path = Example.table(rows), folder / "table.tab"
        header = ["\t".join(table), "c\tc\td", "\t\tclass"]
        lines = ("\t".join(map(str, row)) for row in zip(*table.values(), strict=True))
        path.write_text("\n".join([*header, *lines]), encoding="utf-8")
        return [Example({"source": {cls.word: str(path)}}, [path])]

    def read(self, reading: Reading) -> Fields:
        """All rows. Raises `DataError` as `csv` does."""
        path = only_file(self.path)
        names, types, roles = self.header(path)
        if types is None or roles is None:
            return self.table(path, {}).read(reading)
        text = {name for name, kind in zip(names, types, strict=True) if kind in {"d", "discrete", "s", "string"}}
        asked = reading if reading.columns is not None else replace(reading, text=reading.text | text)
        fields = self.table(path, {"header": False, "names": names, "skip": HEADER_LINES}).read(asked)
        target = [name for name, role in zip(names, roles, strict=True) if role in {"class", "c"}]
        no_input = {name for name, role in zip(names, roles, strict=True) if role} - set(target)
        inputs = tuple(name for name in fields.arrays if name not in no_input and name not in target)
        return replace(fields, inputs=inputs, target=target[0] if len(target) == 1 else None)

    def table(self, path: Path, form: dict[str, object]) -> Csv:
        """The file as the source `csv` reads it."""
        known = {"path": str(path), "separator": "\t", "encoding": self.encoding, "empty": self.empty}
        return Csv.model_validate({**known, **form})

    def header(self, path: Path) -> tuple[list[str], list[str] | None, list[str] | None]:
        """The names, and of a file of Orange the types and roles below them. Raises `DataError` for an encoding that fails."""
        start = (
            content_of(path)[: 1 << 20].decode(known_encoding(self.encoding), errors="replace").removeprefix("\ufeff")
        )
        lines = [line.rstrip("\r").split("\t") for line in start.split("\n")[:HEADER_LINES]]
        names = [name.strip() for name in lines[0]]
        if len(lines) < HEADER_LINES or any(len(line) != len(names) for line in lines):
            return names, None, None
        types, roles = ([cell.strip() for cell in line] for line in lines[1:])
        # Orange takes a list of values for the type of a discrete column too.
        are_types = all(kind in TYPES or " " in kind for kind in types) and any(types)
        are_roles = all(role.split(" ")[0] in ROLES or "=" in role for role in roles)
        return (
            (names, types, [role.split(" ")[0] for role in roles]) if are_types and are_roles else (names, None, None)
        )

    def memory(self) -> int:
        try:
            return 3 * only_file(self.path).stat().st_size
        except (DataError, OSError):
            return 0
