"""The page to try a served model by hand: a form made from its schema, a place to draw on, files to drop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dlcli.view.html.page import Page, page_html
from dlcli.view.html.part import part_of_page


def try_page_html(told: Mapping[str, Any]) -> str:
    """The page of a run, of which the schema is `told` as /schema tells it."""
    parts = [part_of_page("try", "Try it", told=json.dumps(told, ensure_ascii=False))]
    return page_html(Page(str(told["run"]), "served by dlcli", parts, asks="try"))
