"""The comparison as a run keeps it, for its report: `baseline.json` in its folder."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from dlcli.errors import ArtifactError, ConflictError, ResourceError
from dlcli.runs import Run
from dlcli.runs.atomic import UNREADABLE
from dlcli.runs.lock import Lock
from dlcli.runs.manifest import read_recorded, write_recorded_json
from dlcli.view.baseline import Ahead, Baselines, MethodScore, NetworkScore

NAME = "baseline.json"


def keep_baselines(run: Run, baselines: Baselines) -> str | None:
    """Keeps a comparison; gives why it could not, where the run is in use or its folder cannot be written."""
    try:
        with Lock(run.path):
            write_recorded_json(run, run.path / NAME, asdict(baselines))
    except (ConflictError, ResourceError) as error:
        return f"the comparison is not kept for the report: {error.message}"
    return None


def kept_baselines(run: Run) -> Baselines | None:
    """What `keep_baselines` kept; None where nothing is there, or it is damaged."""
    try:
        content: dict[str, Any] = json.loads(read_recorded(run, run.path / NAME))
        methods = [MethodScore(**known(MethodScore, each)) for each in content["methods"]]
        network, ahead = content.get("network"), content.get("ahead")
        return Baselines(
            **{
                **known(Baselines, content),
                "methods": methods,
                "network": None if network is None else NetworkScore(**known(NetworkScore, network)),
                "ahead": None if ahead is None else Ahead(**known(Ahead, ahead)),
            }
        )
    except (*UNREADABLE, ArtifactError, AttributeError):
        return None


def known(kind: Any, content: dict[str, Any]) -> dict[str, Any]:
    """What a file says of the fields that there are."""
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in content.items() if name in names}
