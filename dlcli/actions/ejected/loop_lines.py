"""The lines of a loop of epochs: what keeps the best weights, stops early and lowers the rate; and lines that are too long."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.actions.ejected.expressions import short_number
from dlcli.training.stopping import Plateau, Stopping, Watch

LONGEST = 110
"""Letters of a line that is not taken apart."""


def wrapped_line(line: str) -> str:
    """A line of Python; where it is long, with each argument of its first call on a line of its own."""
    start, indent = line.find("("), " " * (len(line) - len(line.lstrip()))
    if len(line) <= LONGEST or start < 0 or "\n" in line or line.lstrip().startswith("#"):
        return line
    depth, parts, begun, position = 0, list[str](), start + 1, start
    for position in range(start, len(line)):
        sign = line[position]
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0 or (depth == 1 and sign == ","):
            parts.append(line[begun:position].strip())
            begun = position + 1
        if depth == 0:
            break
    inner = [wrapped_line(f"{indent}    {part},") for part in parts if part]
    return "\n".join([line[: start + 1], *inner, f"{indent}{line[position:]}"])


def better_text(watch: Watch, best: str) -> str:
    """The condition that a value is better than the best before."""
    if not watch.min_delta:
        return f"value > {best}" if watch.greater else f"value < {best}"
    apart = short_number(watch.min_delta)
    return f"value - {best} > {apart}" if watch.greater else f"{best} - value > {apart}"


def plateau_lines(plateau: Plateau) -> Iterator[str]:
    """What lowers the learning rate where a value stands still."""
    block, watch = plateau.block, plateau.watch
    lower = f"float(model.optimizer.learning_rate) * {short_number(block.factor)}"
    yield f'    value = history["{watch.monitor}"][0]'
    yield f"    if nearest is None or {better_text(watch, 'nearest')}:"
    yield "        nearest, still = value, 0"
    yield "    else:"
    yield "        still += 1"
    yield f"        if still >= {block.patience}:"
    yield f"            model.optimizer.learning_rate = max({lower}, {short_number(block.min_lr)})"
    yield "            still = 0"


def kept_lines(stopping: Stopping) -> Iterator[str]:
    """What keeps the best weights, and ends the training when it has gone without better ones for too long."""
    watch = stopping.watch
    yield f'    value = history["{watch.monitor}"][0]'
    yield f"    if best is None or {better_text(watch, 'best')}:"
    yield "        best, best_weights, waited = value, model.get_weights(), 0"
    if stopping.patience is None:
        return
    yield "    else:"
    yield "        waited += 1"
    yield f"        if waited >= {max(1, stopping.patience)}:"
    yield "            break"
