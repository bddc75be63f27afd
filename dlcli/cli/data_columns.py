"""The columns of a data file, as far as its first line tells them."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

MOST_BYTES = 1 << 16
SAMPLES = Path(__file__).parents[1] / "data" / "sources" / "samples" / "bundled"


def columns_of(what: str | None) -> list[str]:
    """The columns of a table in a file, or of a bundled set; none of another thing."""
    if what is None:
        return []
    path = Path(what)
    if not path.is_file():
        path = next(iter(sorted(SAMPLES.glob(f"{what}.*"))), path)
    head = first_line_of(path)
    if path.name.removesuffix(".gz").endswith((".jsonl", ".json")):
        found = json.loads(head)
        return list(found) if isinstance(found, dict) else []
    marks = {mark: head.count(mark) for mark in (",", ";", "\t")}
    return next(csv.reader([head], delimiter=max(marks, key=lambda mark: marks[mark])))


def first_line_of(path: Path) -> str:
    """The first line of a text in UTF-8 or, where it is none, as Windows writes it in Korea."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        content = file.read(MOST_BYTES).partition(b"\n")[0].rstrip(b"\r")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp949")
