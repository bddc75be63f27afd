"""Templates made into HTML; all that is put into one is escaped, but what was made by one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.view.console.table import Table
from dlcli.view.console.wrapping import cut_inside

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

FOLDER = Path(__file__).parent
LONGEST_CELL = 120
"""Letters of a text in a table; a longer one is cut in its middle, and is whole where it is pointed at."""


@cache
def page_templates() -> Environment:
    """The templates of this folder."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(FOLDER / "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["short"] = short_text
    return made


def short_text(text: str) -> str | Markup:
    """A text as a table has room for it."""
    from markupsafe import Markup

    cut = cut_inside(text, LONGEST_CELL)
    return text if cut == text else Markup('<abbr title="{}">{}</abbr>').format(text, cut)


def markup(template: str, **content: Any) -> Markup:
    """A template filled in."""
    from markupsafe import Markup

    return Markup(page_templates().get_template(f"{template}.html").render(content))


def table_markup(table: Table, caption: str) -> Markup:
    """A table, as every other way of showing it is drawn from the same."""
    return markup("table", table=table, caption=caption)


def asset(name: str) -> str:
    """A file of style or script."""
    return (FOLDER / "assets" / name).read_text(encoding="utf-8")


def json_markup(value: Any) -> Markup:
    """A value as JSON inside a script: no text in it can end the script or begin a comment."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def unescaped(text: str) -> Markup:
    """Text of this package that is markup already."""
    from markupsafe import Markup

    return Markup(text)
