"""The forms of a run's files, by number, and the steps that lead from an older form to today's.

Each of these files says its number as `schema`; one without is of form 0. Where a key is renamed or changes its meaning, a
step is added here and the number grows by one. Keys that are only added need no step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from dlcli import __version__
from dlcli.errors import ArtifactError
from dlcli.first_line import first_line
from dlcli.runs.atomic import UNREADABLE
from dlcli.runs.folder import Run

Step: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
NUMBER = "schema"


def only_numbered(content: dict[str, Any]) -> dict[str, Any]:
    """From form 0 to 1: only the number is new."""
    return content


STEPS: Mapping[str, tuple[Step, ...]] = {
    "config.resolved.json": (only_numbered,),
    "env.json": (only_numbered,),
    "group.json": (only_numbered,),
    "run.json": (only_numbered,),
    "schema.json": (only_numbered,),
}
"""By file the steps from form 0 to 1, from 1 to 2, and so on."""


def numbered(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """What a file of this name holds, with the number of today's form; it stands last, so that no line changes its place."""
    return {**content, NUMBER: len(STEPS[name])}


def upgraded(path: Path, content: Any, *, run: Run) -> dict[str, Any]:
    """What a file of a run holds, in today's form and without its number.

    Raises `ArtifactError` for a form that only a later dlcli knows, and for what is no JSON object.
    """
    if not isinstance(content, dict):
        raise ArtifactError(
            f"{path.name} of '{run.name}' cannot be read: it is no JSON object", file=path, kind="damaged_run"
        )
    steps, number = STEPS[path.name], content.get(NUMBER, 0)
    if type(number) is not int or number < 0:
        raise ArtifactError(
            f"{path.name} of '{run.name}' cannot be read: its '{NUMBER}' is no number", file=path, kind="damaged_run"
        )
    if number > len(steps):
        message = (
            f"{path.name} of '{run.name}' has form {number}, and dlcli {__version__} knows forms up to {len(steps)}"
        )
        raise ArtifactError(message, file=path, hint=written_by(run), kind="newer_form")
    current = {key: value for key, value in content.items() if key != NUMBER}
    for step in steps[number:]:
        current = step(current)
    return current


def written_by(run: Run) -> str:
    """Which dlcli a run was written by, and what to do about it."""
    try:
        version = str(json.loads(run.environment.read_bytes())["versions"]["dlcli"])
    except UNREADABLE:
        return "it was written by a later dlcli: use that one, or train it anew"
    if version == __version__:
        return "this version did not write it so: it has been changed since; train it anew"
    return f"it was written by dlcli {version}: use that version, or train it anew"


def not_of_its_form(path: Path, error: Exception, *, run: Run) -> ArtifactError:
    """The error of a file of a run whose content is not what its form says: the first place, in words."""
    from pydantic import ValidationError

    reason = first_line(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]  # unseen: no word of it is shown
        place = ".".join(map(str, first["loc"])) or "the file"
        unknown = first["type"] == "extra_forbidden"
        reason = f"dlcli {__version__} does not know its '{place}'" if unknown else f"its '{place}' has another form"
    return ArtifactError(
        f"{path.name} of '{run.name}' cannot be read: {reason}", file=path, hint=written_by(run), kind="damaged_run"
    )
