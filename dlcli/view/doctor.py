"""Whether dlcli works here, for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.labelled import line
from dlcli.view.console.table import Column, Table, text_column


@dataclass(frozen=True)
class Checked:
    """One thing that was tried: whether it works, what was found, and what mends it."""

    name: str
    ok: bool
    found: str
    advice: str | None


@dataclass(frozen=True)
class Extra:
    """An extra with the versions of its packages, None of those that are missing; `install` is the command then."""

    extra: str
    packages: Mapping[str, str | None]
    install: str | None


@dataclass(frozen=True, kw_only=True)
class Health:
    """The keys of `dlcli doctor --json`."""

    versions: Mapping[str, str]
    system: str
    devices: Sequence[str]
    processors: int | None
    threads: Mapping[str, Any]
    extras: Sequence[Extra]
    checks: Sequence[Checked] = field(default_factory=list)


def draw_health(console: Console, health: Health) -> None:
    """What is here, what is missing and the command that installs it, and what was tried."""
    line(console, "versions", ", ".join(f"{name} {version}" for name, version in health.versions.items()))
    line(console, "system", f"{health.system}, {health.processors} processors")
    if health.devices:
        threads = ", ".join(f"{kind} {count or 'as many as fit'}" for kind, count in health.threads.items())
        line(console, "devices", f"{', '.join(health.devices)}; threads: {threads}")
    console.print()
    rows = [[each.extra, packages_text(each.packages), each.install or "–"] for each in health.extras]
    write_table(console, Table([Column("extra"), text_column("packages", least=20), Column("to install")], rows))
    console.print()
    for check in health.checks:
        line(console, check.name, check.found if check.ok else f"does not work: {check.found}")
        if check.advice is not None:
            line(console, "", check.advice)
    broken = [check.name for check in health.checks if not check.ok]
    line(console, "result", f"does not work: {', '.join(broken)}" if broken else "everything works")


def packages_text(packages: Mapping[str, str | None]) -> str:
    """Packages with their versions, or that they are missing."""
    return ", ".join(f"{name} {version or '(missing)'}" for name, version in packages.items())
