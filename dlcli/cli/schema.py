"""dlcli schema: the JSON Schema of the configuration language."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli.command import Command, Panel
from dlcli.cli.output import err, write


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there instead of showing it.")
    ] = None,
) -> None:
    """Print the JSON Schema of the configuration language, with which an editor completes and checks a file.

    Example: dlcli schema -o dlcli.schema.json
    """
    from dlcli.config.json_schema import schema_text
    from dlcli.runs.atomic import write_output

    if output is None:
        write(schema_text())
        return
    write_output(output, schema_text().encode())
    err().print(f"written to {output}; begin a configuration with: # yaml-language-server: $schema={output}")


COMMAND = Command("schema", schema, Panel.UNDERSTANDING)
