"""What a loss compares with, as the data has to give it."""

from __future__ import annotations

from typing import Literal, TypeAlias

Labels: TypeAlias = Literal["classes", "one_hot", "binary", "numbers"]
"""Indices 0…C-1, one-hot vectors, two classes (or several yes-or-no), or numbers."""
