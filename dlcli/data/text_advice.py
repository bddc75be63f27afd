"""What to write where an input is text: the preparation that makes ids of it."""

from __future__ import annotations

PREPARATIONS = {
    None: "[TextVectorization: {max_tokens: 10000, output_sequence_length: 100}]",
    "character": "[TextVectorization: {split: character, standardize: null}]",
    "whitespace": "[TextVectorization: {max_tokens: 10000}]",
}
"""By the pieces that a source has cut: these are as many a sample as they are, and the length is theirs."""


def text_message(name: str) -> str:
    """What is said of an input that is text, of which nothing makes numbers."""
    return f"the input '{name}' is text, which layers cannot take"


def text_preparation(pieces: str | None) -> str:
    """What makes ids of text: of whole texts, or of those that were cut in `pieces`."""
    return f"write data.prepare: {PREPARATIONS[pieces]}"


def ids_in_a_row(pieces: str | None) -> str:
    """What makes ids in a row of text."""
    given = {None: "output_sequence_length: 100", "character": "split: character, standardize: null"}.get(pieces)
    return f"write TextVectorization{'' if given is None else f': {{{given}}}'}, whose output_mode is int"
