"""What a group of folds keeps of the samples that each model was not trained on: a file of answers, and metrics over all."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence

from dlcli.errors import ArtifactError
from dlcli.runs import read_state
from dlcli.runs.atomic import UNREADABLE, read_plain, write_json
from dlcli.runs.groups import Group
from dlcli.view.group import OutOfFold

NAME, RECORD = "out-of-fold.csv", "out-of-fold.json"


def keep_held_out(group: Group, held: OutOfFold) -> None:
    """Writes the metrics into the group, with what tells whether its runs are still the same."""
    content = {"samples": held.samples, "metrics": held.metrics, "notes": held.notes}
    write_json(group.path / RECORD, {**content, "runs": prints_of(group)})


def kept_held_out(group: Group) -> OutOfFold | None:
    """What was kept; None where nothing was, it is damaged, or a run of the group is another since."""
    with contextlib.suppress(*UNREADABLE, ArtifactError):
        content = json.loads(read_plain(group.path / RECORD))
        if content["runs"] == prints_of(group):
            metrics = {str(name): float(value) for name, value in content["metrics"].items()}
            file = str(group.path / NAME) if (group.path / NAME).is_file() else None
            return OutOfFold(file=file, samples=int(content["samples"]), metrics=metrics, notes=content["notes"])
    return None


def prints_of(group: Group) -> Mapping[str, Sequence[object]]:
    """Of each run its number, its start and its epochs."""
    states = {run.path.name: read_state(run) for run in group.members()}
    return {name: [state.number, state.started, state.epochs] for name, state in sorted(states.items())}
