"""Writes pages into files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from dlcli.errors import ConflictError
from dlcli.runs.atomic import check_output_place, write_output
from dlcli.view.html.page import Page, page_html
from dlcli.view.report import PageWritten, PartWritten

LONGEST_NAME = 100
BEGINNING = b"<!doctype html"


def check_page(file: Path) -> None:
    """Raises before any work what `write_page` would: of a file that is no page, and of a place that cannot be written."""
    check_output_place(file)
    check_is_page(file)


def check_is_page(file: Path) -> None:
    """Raises `ConflictError` for a file that is there and is no page: it would be lost."""
    with suppress(OSError):
        if not file.is_file():
            return
        with file.open("rb") as opened:
            is_page = opened.read(len(BEGINNING)).lower() == BEGINNING
        if not is_page:
            raise ConflictError(
                f"{file} is there already, and is no page", file=file, hint="choose another name", kind="file_exists"
            )


def write_page(page: Page, file: Path) -> PageWritten:
    """Writes a page whole. Raises `ConflictError` for a file that is no page, and `ResourceError` where it cannot be written."""
    check_is_page(file)
    content = page_html(page).encode()
    write_output(file, content)
    return PageWritten(
        file=str(file),
        bytes=len(content),
        parts=[PartWritten.of(each.anchor, each.missing) for each in page.parts],
        left_out=page.left_out,
    )


def page_file(names: Sequence[str]) -> Path:
    """What a page is called where nobody says it: its runs and groups, or, of many, that it is a report."""
    name = "-".join(names)
    return Path(f"{name if len(name) <= LONGEST_NAME else 'report'}.html")
