"""Templates made into HTML; all that is put into one is escaped, but what was made by one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.view.console.table import Table

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

FOLDER = Path(__file__).parent


@cache
def page_templates() -> Environment:
    """The templates of this folder."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(FOLDER / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


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
