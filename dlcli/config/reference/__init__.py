"""The reference of the language: what there is of each kind, and what each thing takes, with an example."""

from __future__ import annotations

from dlcli.config.reference.lists import kinds, names
from dlcli.config.reference.show import things

__all__ = ["kinds", "names", "things"]
