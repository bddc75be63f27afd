"""Spec, the strict and frozen base of every block of YAML."""

from __future__ import annotations

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
