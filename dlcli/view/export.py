"""An export: the artefacts with their size, how far their answers are from the run's own, and their time a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.json_value import UNSAID
from dlcli.view.console.labelled import line
from dlcli.view.console.table import Column, Table, number_column, prose_column, text_column
from dlcli.view.console.tables import byte_size, duration, number


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """A model that was written: its size; the largest difference to an answer of the run; the share of the classes that are
    the run's, None where there are none; the seconds that a sample takes by itself."""

    format: str
    file: str
    bytes: int
    takes: str
    difference: float
    agreement: float | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class NotExported:
    """A format that could not be written, and why."""

    format: str
    kind: str
    reason: str
    hint: str | None


@dataclass(frozen=True, kw_only=True)
class CardWritten:
    """The keys of `dlcli export --card --json` without a format."""

    run: str
    card: str


@dataclass(frozen=True, kw_only=True)
class Exported:
    """The keys of `dlcli export --json`."""

    run: str
    folder: str
    split: str
    samples: int
    artefacts: Sequence[Artefact]
    missing: Sequence[NotExported]
    card: str | None = None
    """The file of the model card, where one was asked for."""
    notes: Sequence[str] = field(default_factory=list, metadata=UNSAID)


def draw_card(console: Console, card: CardWritten) -> None:
    """Where a card is."""
    line(console, "run", card.run)
    line(console, "card", card.card)


def draw_export(console: Console, exported: Exported) -> None:
    """What was written where, and what could not be."""
    line(console, "run", exported.run)
    line(console, "written", exported.folder)
    line(
        console,
        "checked",
        f"on {exported.samples:,} samples of {exported.split}, without dlcli, against the run's own answers",
    )
    if exported.card is not None:
        line(console, "card", exported.card)
    console.print()
    write_table(console, artefact_table(exported))
    if exported.missing:
        console.print()
        rows = [[each.format, f"{each.reason}{f' ({each.hint})' if each.hint else ''}"] for each in exported.missing]
        write_table(console, Table([Column("not written"), prose_column("because")], rows))


def artefact_table(exported: Exported) -> Table:
    """An artefact a row."""
    columns = [
        Column("format"),
        number_column("size", byte_size),
        number_column("largest difference", difference_text),
        number_column("same class", share_text),
        number_column("time a sample", duration_text),
        text_column("takes"),
    ]
    rows = [
        [each.format, each.bytes, each.difference, each.agreement, each.seconds, each.takes]
        for each in exported.artefacts
    ]
    return Table(columns, rows)


def difference_text(value: float) -> str:
    """A difference in two digits."""
    return "0" if value == 0 else f"{value:.1e}" if value < 1e-3 else number(value)


def share_text(value: float | None) -> str:
    """A share as a percentage; all of them only where it is all of them."""
    if value is None:
        return "–"
    return "100 %" if value == 1 else f"{min(value * 100, 99.9):.1f} %"


def duration_text(seconds: float) -> str:
    """The time of one sample."""
    return (
        f"{seconds * 1e6:.0f} µs"
        if seconds < 1e-3
        else f"{seconds * 1e3:.1f} ms"
        if seconds < 0.1
        else duration(seconds)
    )
