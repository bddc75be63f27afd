"""The files that callbacks write: each inside the run, under a name that nothing else there has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from dlcli.spec import KerasObject, Mistake

PATHS = ("filename", "filepath", "log_dir")
"""The arguments of callbacks that name what they write."""
OWN = frozenset(
    {
        "baseline.json",
        "best.json",
        "checkpoints",
        "config.resolved.json",
        "config.yaml",
        "env.json",
        "logs",
        "loss.png",
        "loss.svg",
        "manifest.json",
        "metrics.jsonl",
        "model",
        "plugins",
        "run.json",
        "samples.npz",
        "splits.npz",
        "threshold.json",
        "trackers",
    }
)
"""What a run itself writes into its folder, in small letters."""
LONGEST = 200
"""Bytes of a name: file systems take 255, and some add an ending while they write."""


def callback_file_mistakes(callbacks: Sequence[KerasObject | None]) -> Iterator[Mistake]:
    """Files of callbacks that lead out of the run, or that the run or another callback writes; None could not be read.

    The paths of the mistakes count from the list of callbacks.
    """
    written: dict[tuple[str, ...], str] = {}
    for position, callback in enumerate(callbacks):
        arguments: Mapping[str, Any] = {} if callback is None else callback.arguments
        for key in PATHS:
            name = arguments.get(key)
            if callback is None or not isinstance(name, str):
                continue
            mistake = wrong_name(key, name) or taken_name(key, name, written)
            if mistake is not None:
                yield replace(mistake, path=(position, callback.written, key))
            written[parts_of_way(name)] = name


def wrong_name(key: str, name: str) -> Mistake | None:
    """What is wrong with the name of a file by itself; None for one that a callback may have."""
    path = PurePath(name)
    if not path.parts or "\0" in name:
        return Mistake(f"'{key}' is no name of a file", suggestion="write for example log.csv", kind="not_a_file_name")
    if path.is_absolute() or ".." in path.parts or "://" in name or name.startswith("~"):
        return Mistake(
            f"'{key}' leads out of the run's folder",
            suggestion="write a relative path without '..'",
            kind="leads_out_of_run",
        )
    if any(len(part.encode("utf-8", "surrogatepass")) > LONGEST for part in path.parts):
        return Mistake(
            f"'{key}' has a name of more than {LONGEST} bytes", suggestion="write a shorter one", kind="name_too_long"
        )
    first = parts_of_way(name)[0]
    if first in OWN or first.startswith("."):
        return Mistake(
            f"'{key}' is '{name}', which the run itself writes",
            suggestion="write another name, as log.csv",
            kind="file_of_the_run",
        )
    return None


def taken_name(key: str, name: str, written: Mapping[tuple[str, ...], str]) -> Mistake | None:
    """That another callback writes the file, or one on the way to it; None where none does."""
    parts = parts_of_way(name)
    other = next((text for before, text in written.items() if overlap(before, parts)), None)
    if other is None:
        return None
    return Mistake(
        f"'{key}' is '{name}', and another callback writes '{other}'",
        suggestion="give each a file of its own",
        kind="file_written_twice",
    )


def parts_of_way(name: str) -> tuple[str, ...]:
    """The parts of a way in small letters: on some systems Run.json is run.json."""
    return tuple(part.casefold() for part in PurePath(name).parts)


def overlap(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two ways lead to one file, or one of them through the other."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
