"""An error as JSON has it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dlcli.errors import ConfigError, DlcliError


def error_json(error: DlcliError) -> dict[str, Any]:
    """The error as JSON has it; a configuration's has all its problems."""
    content: dict[str, Any] = {
        "code": error.code,
        "name": error.name,
        "kind": error.kind,
        "message": error.message,
        "file": error.file,
        "line": error.line,
        "column": error.column,
        "hint": error.hint,
    }
    if error.named is not None:
        content["named"] = asdict(error.named)
    if error.verdict:
        content["verdict"] = [*error.verdict]
    if isinstance(error, ConfigError):
        content["problems"] = [
            {
                "file": each.file,
                "line": each.line,
                "column": each.column,
                "message": each.message,
                "suggestion": each.suggestion,
                "kind": each.kind,
            }
            for each in error.problems
        ]
    return content
