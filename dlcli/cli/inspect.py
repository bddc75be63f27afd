"""dlcli inspect: the model of a configuration or a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import err, give


def inspect(
    what: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG|RUN",
            help="A YAML file, or a run's name, its folder, or last.",
            autocompletion=completion.config_or_run,
        ),
    ],
    settings: options.Settings = [],  # noqa: B006 (Typer copies it)
    runs: options.Runs = options.RUNS,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Also draw the graph as a picture.")] = None,
    arithmetic: Annotated[
        bool,
        typer.Option("--arithmetic", help="Each layer as tensor arithmetic: (32, 64) · (64, 10) + (10,) → (32, 10)."),
    ] = False,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Show the layers of a model with shapes, parameters, multiply-adds and memory, its graph, and what a run has learnt.

    Example: dlcli inspect configs/digits.yaml
    """
    from dlcli.actions.inspect import inspect_config, inspect_run
    from dlcli.config import load_config
    from dlcli.runs import Run
    from dlcli.runs.atomic import check_output_place, write_output
    from dlcli.view.model import draw_model

    if svg is not None:
        check_output_place(svg)
    is_config = what == "-" or Path(what).suffix.lower() in {".yaml", ".yml"}
    summary = (
        inspect_config(load_config(what, settings=settings)[0], runs=runs, allow_code=allow_code, arithmetic=arithmetic)
        if is_config
        else inspect_run(Run.find(runs, what), allow_code=allow_code, arithmetic=arithmetic)
    )
    if svg is not None:
        from dlcli.view.drawing.graph_svg import graph_svg

        write_output(svg, graph_svg(summary.graph).encode())
        err().print(f"written to {svg}")
    give(summary, draw_model, as_json=json)


COMMAND = Command("inspect", inspect, Panel.BEFORE, heavy=True)
