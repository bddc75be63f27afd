"""Spec, the strict and frozen base of every block of YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Spec(BaseModel):
    """A block of YAML: its keys as fields with their meaning beneath, and a method that builds what it describes."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        # A block is compiled when it is first used: most configurations name one source of many.
        defer_build=True,
    )
    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """By key, a setting that changes it and those beside which that is seen, as `--set` takes them: the contract of keys
    trains with and without the first. Its table has numbers a, b and g, names c and y, weights w, and a column set."""
