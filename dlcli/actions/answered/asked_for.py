"""What is asked of a model: for what data, and how; what does not go together is refused before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from dlcli.actions.answered.row_stream import RowForm, RowStream
from dlcli.errors import UsageError

STDIN = "-"


@dataclass(frozen=True)
class AskedFor:
    """The options of `predict`. Raises `UsageError` for those of which one would have no effect."""

    data: str
    keep: Sequence[str] = ()
    rows: RowForm | None = None
    strict: bool = False
    layer: str | None = None
    draws: int | None = None
    generate: int | None = None
    temperature: float | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        ways = {"--layer": self.layer, "--dropout": self.draws, "--generate": self.generate}
        given = [name for name, value in ways.items() if value is not None]
        if len(given) > 1:
            raise UsageError(
                f"{given[0]} and {given[1]} ask the model in two ways", hint="write one of them", kind="options_exclude"
            )
        for name, value in {"--temperature": self.temperature, "--seed": self.seed}.items():
            if value is not None and self.generate is None:
                raise UsageError(
                    f"{name} is for texts that are drawn", hint="write --generate too", kind="option_without_effect"
                )
        if self.rows is not None and self.data != STDIN:
            raise UsageError(
                "--rows is for rows on standard input", hint="write - in place of DATA", kind="option_without_effect"
            )
        if self.generate is not None and (self.keep or self.strict or self.rows):
            name = "--keep" if self.keep else "--strict" if self.strict else "--rows"
            raise UsageError(
                f"{name} is for rows, and a text is none", hint="leave it out", kind="option_without_effect"
            )

    def stream(self, source: BinaryIO) -> RowStream | None:
        """The rows of standard input, where these are asked about."""
        return RowStream(source, self.rows) if self.data == STDIN else None
