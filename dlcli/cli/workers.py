"""How `train` runs where several machines train together: as a child, as the chief or as one of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from dlcli.cli.asked import words_asked
from dlcli.cli.output import emit, err
from dlcli.cli.training import Shown, show_training

if TYPE_CHECKING:
    from dlcli.training.train import Request


def train_together(request: Request, *, shown: Shown) -> None:
    """Trains as one of several workers; the process that was started watches over another, which does the work."""
    from dlcli.training.workers import supervised

    if not supervised.is_child():
        content = request.content if request.file == "-" else None
        raise typer.Exit(supervised.watched(words_asked(), content))
    tell = supervised.told_parent()
    from dlcli.training.workers.following import follow
    from dlcli.training.workers.together import lead, met_team

    with met_team(request, tell) as team:
        assert team.peers is not None
        if team.peers.is_chief:
            show_training(lambda listeners: lead(request, listeners, team), shown=shown, first="all workers are here")
            return
        if not shown.quiet:
            cluster = team.peers.cluster
            err().print(
                f"worker {cluster.index} of {len(cluster.addresses)} follows {cluster.name(0)}, which has the run"
            )
        follow(request, team)
        if shown.json:
            emit({"worker": team.peers.cluster.index, "workers": len(team.peers.cluster.addresses)})
