"""Members of one rule of which a part is asked with every change, and the others every night."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def some(values: Iterable[Any], every: int) -> list[Any]:
    """The values, of which all but one of so many are asked every night alone."""
    return [
        pytest.param(
            *(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.nightly if number % every else ()
        )
        for number, value in enumerate(values)
    ]
