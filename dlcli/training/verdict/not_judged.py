"""A verdict that a bug kept from being worked out: it is told in its place, and what was trained is kept."""

from __future__ import annotations

import traceback

from dlcli.finding import Finding
from dlcli.first_line import named_line


def not_judged(error: Exception) -> Finding:
    """The finding that there is no verdict, with what was raised and where."""
    facts = {"error": named_line(error), "traceback": "".join(traceback.format_exception(error))}
    return Finding(code="not_judged", severity="warning", facts=facts)
