"""A folder that Docker makes an image of."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console

from dlcli.view.console.labelled import line


@dataclass(frozen=True)
class DockerFolder:
    """The keys of `dlcli export --docker --json`: what was written, and the commands that build and start the image."""

    run: str
    folder: str
    build: str
    start: str


def draw_docker(console: Console, made: DockerFolder) -> None:
    """Where it is, and what to do with it."""
    line(console, "run", made.run)
    line(console, "written", made.folder)
    line(console, "build", made.build)
    line(console, "start", made.start)
