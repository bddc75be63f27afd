"""Runs the plugins of a configuration, and keeps those of a run with it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dlcli.data.own_code import run_file
from dlcli.errors import ArtifactError, UnsafeError
from dlcli.runs import Run
from dlcli.runs.atomic import write_bytes
from dlcli.spec import plugin_module

FOLDER = "plugins"


def refuse_plugins(paths: Sequence[str], *, allow_code: bool) -> None:
    """Raises `UnsafeError` where there are plugins without `--allow-code`."""
    if paths and not allow_code:
        raise UnsafeError(
            f"the plugin {Path(paths[0]).name} is Python code, which runs as it likes",
            file=paths[0],
            hint="read it, and if you trust it add --allow-code",
            kind="code_not_allowed",
        )


def run_plugins(paths: Sequence[str]) -> dict[str, Any]:
    """Runs plugin files that may be run, and gives their classes by name. Raises `DataError` at the line that fails."""
    found: dict[str, Any] = {}
    for path in map(Path, paths):
        name = plugin_module(str(path))
        module = run_file(path, name=name)
        sys.modules[name] = module
        found |= classes_in(module)
    return found


def plugin_classes(paths: Sequence[str]) -> dict[str, Any]:
    """The classes by name of plugin files that have been run."""
    return {key: value for path in paths for key, value in classes_in(sys.modules[plugin_module(path)]).items()}


def classes_in(module: Any) -> dict[str, Any]:
    """The classes of a module by name."""
    return {key: value for key, value in vars(module).items() if isinstance(value, type)}


def keep_plugins(run: Run, paths: Sequence[str]) -> list[dict[str, str]]:
    """Copies the plugins into the run; gives what `env.json` records of them, so that a change is seen."""
    records = []
    for number, path in enumerate(paths):
        content = Path(path).read_bytes()
        kept = run.path / FOLDER / f"{number}-{Path(path).name}"
        kept.parent.mkdir(exist_ok=True)
        write_bytes(kept, content)
        records.append({"file": path, "kept": kept.name, "sha256": hashlib.sha256(content).hexdigest()})
    return records


def kept_plugins(run: Run, records: Sequence[dict[str, str]]) -> list[str]:
    """The plugins of a run. Raises `ArtifactError` for one that is missing or no longer what the run was trained with."""
    paths = []
    for record in records:
        path = run.path / FOLDER / record["kept"]
        if not path.is_file():
            raise ArtifactError(
                f"the plugin {record['kept']} of '{run.name}' is missing", file=path, kind="missing_plugin"
            )
        if hashlib.sha256(path.read_bytes()).hexdigest() != record["sha256"]:
            raise ArtifactError(
                f"the plugin {record['kept']} is no longer what '{run.name}' was trained with",
                file=path,
                kind="plugin_changed",
            )
        paths.append(str(path.absolute()))
    return paths
