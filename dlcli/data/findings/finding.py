"""A finding about data: what was seen, how bad it is, the numbers, and what to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["note", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """`advice` names the key to change; None where nothing needs to be done."""

    finding: str
    severity: Severity
    evidence: str
    advice: str | None = None
