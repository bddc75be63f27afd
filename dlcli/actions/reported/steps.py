"""The four steps of a run, as YAML has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcli.runs import Run
from dlcli.runs.atomic import read_plain
from dlcli.view.report import Steps

STEPS = ("data", "layers", "loss", "optimizer")
KEYS_OF_LOSS = ("loss", "loss_weights", "metrics")
LONGEST = 60_000
"""Letters of a file that a page shows."""


def steps_of_run(run: Run, tree: Mapping[str, Any]) -> Steps:
    """The steps of a recorded configuration, without what was left as it is by default."""
    rest = [key for key in tree if key not in {*STEPS, *KEYS_OF_LOSS, "name", "schema"}]
    named = {
        "data": ["data"],
        "layers": ["layers"],
        "loss": [*KEYS_OF_LOSS],
        "optimizer": ["optimizer"],
        "training": rest,
    }
    texts = {name: yaml_text({key: tree[key] for key in keys if key in tree}) for name, keys in named.items()}
    return Steps({name: text for name, text in texts.items() if text}, written_file(run))


def written_file(run: Run) -> str | None:
    """The file of the configuration as it was written; None where it cannot be read."""
    try:
        return read_plain(run.config).decode(errors="replace")[:LONGEST]
    except OSError:
        return None


def yaml_text(value: Mapping[str, Any]) -> str:
    """A tree as YAML, in the idiom of the language: what has no arguments is a name."""
    import yaml

    kept = said_of(value)
    return yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=88)[:LONGEST] if kept else ""


def said_of(value: Any) -> Any:
    """The tree without keys that say nothing; a thing without arguments is its name."""
    if isinstance(value, Mapping):
        kept = {key: said_of(each) for key, each in value.items() if each is not None and each != []}
        return {key: bare_name(each) for key, each in kept.items() if each != {} or len(value) == 1}
    if isinstance(value, list):
        return [bare_name(said_of(each)) for each in value]
    return value


def bare_name(value: Any) -> Any:
    """`Flatten` instead of `Flatten: {}`."""
    if isinstance(value, Mapping) and [*value.values()] == [{}]:
        return next(iter(value))
    return value
