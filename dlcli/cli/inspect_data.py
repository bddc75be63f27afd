"""dlcli inspect-data: what the data is, before it is trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import err, give, out
from dlcli.errors import DataError


def inspect_data(
    what: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG|PATH|NAME",
            help="A YAML file, a data file, or a bundled data set.",
            autocompletion=completion.config_or_data,
        ),
    ],
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="The target of a data file; repeatable.",
            autocompletion=completion.column,
        ),
    ] = None,
    settings: options.Settings = [],  # noqa: B006 (Typer copies it)
    strict: Annotated[bool, typer.Option("--strict", help="A finding is an error.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write a page, with samples and histograms.")
    ] = None,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Show size, axes, type, range and classes of every tensor, and what looks wrong.

    Example: dlcli inspect-data configs/digits.yaml
    """
    from dlcli.actions.inspect_data import inspect_data as look
    from dlcli.view.data import draw_data
    from dlcli.view.samples import draw_samples

    if html is not None:
        from dlcli.actions.page_files import check_page

        check_page(html)
    seen = look(what, target=target or [], settings=settings, allow_code=allow_code)
    give(seen.shown, draw_data, as_json=json)
    if seen.samples and not json:
        draw_samples(out(), seen.samples)
    if html is not None:
        from dlcli.actions.page_files import write_page
        from dlcli.view.html.pages import data_page
        from dlcli.view.report import DataPictured

        write_page(data_page(DataPictured(seen.shown, seen.samples, seen.rows)), html)
        err().print(f"written to {html}", markup=False, highlight=False)
    serious = [finding for finding in seen.shown.findings if finding.severity != "note"]
    if strict and serious:
        raise DataError(
            f"{len(serious)} findings: {', '.join(finding.finding for finding in serious)}",
            hint="leave out --strict to go on",
            kind="serious_findings",
        )


COMMAND = Command("inspect-data", inspect_data, Panel.BEFORE)
