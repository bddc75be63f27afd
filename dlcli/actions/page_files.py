"""Writes pages into files."""

from __future__ import annotations

from pathlib import Path

from dlcli.runs.atomic import write_bytes
from dlcli.view.html.page import Page, page_html
from dlcli.view.report import PageWritten, PartWritten

LONGEST_NAME = 100


def write_page(page: Page, file: Path) -> PageWritten:
    """Writes a page whole. Raises `ResourceError` where it cannot be written."""
    content = page_html(page).encode()
    write_bytes(file, content)
    return PageWritten(
        file=str(file), bytes=len(content), parts=[PartWritten.of(each.anchor, each.missing) for each in page.parts]
    )


def page_file(page: Page) -> Path:
    """What a page is called where nobody says it: its runs, or, of many, that it is a report."""
    name = page.title.replace(", ", "-")
    return Path(f"{name if len(name) <= LONGEST_NAME else 'report'}.html")
