"""What is said before the first epoch: what is trained on what, and what the marks of the epochs mean."""

from __future__ import annotations

from collections.abc import Mapping

from dlcli.view.training.events import Plan


def begun(plan: Plan, *, verbose: bool) -> list[str]:
    """The lines at the beginning of a training; where `verbose` also the way of its steps."""
    words = trained_words(plan.splits, plan.parameters, plan.device)
    lines = [f"{plan.run}: {words}"] if words else []
    if verbose and plan.engine:
        lines.append(f"engine: {plan.engine}")
    return [*lines, f"* marks an epoch that is the best so far, by {plan.monitor}"] if lines else []


def trained_words(samples: Mapping[str, int], parameters: int | None, device: str | None) -> str:
    """How many parameters are trained on how many samples of which splits, on what, as far as that is known."""
    counts = ", ".join(f"{count:,} {split}" for split, count in samples.items())
    size = "" if parameters is None else f"{parameters:,} parameters"
    parts = [f"on {counts} samples" if counts else "", f"on {device}" if device else ""]
    return " ".join(filter(None, [size, *parts]))
