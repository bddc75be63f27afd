"""The target is far from unit scale, and one batch is not memorized."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

from dlcli.finding import Finding, Setting
from dlcli.training.check.evidence import Seen


def target_out_of_reach(seen: Seen) -> Finding | None:
    """Seen where a batch cannot be memorized whose targets are so large or small that no rate fits them and the weights."""
    target = seen.target
    if target is None or seen.batch.memorized:
        return None
    facts = {**target.facts, **asdict(seen.batch)}
    return replace(target, code="target_far_from_scale", severity="warning", facts=facts)


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    scale = Setting(key="data.target", old="y", new={"column": "y", "scale": "standard"}, why="it is far from 1")
    facts = {"targets": {"y": 1e12}}
    far = Finding(code="target_far_from_scale", severity="note", facts=facts, advice=[scale])
    return [
        (replace(seen(losses=[1e24, 9e23]), target=far), True),
        (replace(seen(losses=[1e24, 1e22]), target=far), False),
        (seen(losses=[1e24, 9e23]), False),
    ]
