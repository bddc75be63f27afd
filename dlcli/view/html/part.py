"""A part of a page: a heading with what stands below it, or why nothing does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.view.html.markup import markup
from dlcli.view.report import Missing

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class Part:
    """`anchor` is its name in addresses and in JSON, `body` what stands below the title."""

    anchor: str
    title: str
    body: Markup
    missing: Missing | None = None


def part_of_page(anchor: str, title: str, **content: Any) -> Part:
    """A part drawn by the template of its name."""
    return Part(anchor, title, markup(anchor, **content))


def missing_part(anchor: str, title: str, missing: Missing) -> Part:
    """A part that is not there, with the reason."""
    return Part(anchor, title, markup("missing", missing=missing), missing)
