"""What stands above the epochs while a training runs: the run, its best epoch, bars, times, memory, learning rate."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from dlcli.view.console.console import printable
from dlcli.view.console.tables import byte_size, duration, number
from dlcli.view.drawing.curve import compact
from dlcli.view.training.events import EpochLine, Plan

FIGURES = 34


def both_bars(
    plan: Plan, lines: Sequence[EpochLine], *, step: int, figures: tuple[str, str], width: int, unicode: bool
) -> list[Text]:
    """The bar of the epoch and that of the run, each with its figures."""
    epoch, part = place_in_run(plan, lines, step)
    total = min(1.0, (epoch - 1 + part) / plan.epochs) if plan.epochs else 1.0
    names = f"epoch {epoch}/{plan.epochs}", f"run {100 * total:.0f} %"
    left = max(map(len, names))
    room = max(4, width - left - 4 - max(FIGURES, *map(len, figures)))
    return [
        Text.assemble(f"{name:<{left}}  ", progress_bar(share, room, unicode=unicode), f"  {figure}")
        for name, share, figure in zip(names, (part, total), figures, strict=True)
    ]


def place_in_run(plan: Plan, lines: Sequence[EpochLine], step: int) -> tuple[int, float]:
    """The current epoch and the share of it that is done."""
    over = bool(lines) and lines[-1].epoch >= plan.epochs
    epoch = min((lines[-1].epoch if lines else 0) + 1, plan.epochs)
    return epoch, 1.0 if over else step / plan.steps if plan.steps else 0.0


def run_title(plan: Plan, lines: Sequence[EpochLine], *, width: int) -> Text:
    """The run and its best epoch, as far as it fits."""
    best = next((line for line in reversed(lines) if line.best), None)
    value = None if best is None else best.value(plan.monitor)
    words = (
        []
        if best is None or value is None
        else [f"best {printable(plan.monitor)} {number(value)} at epoch {best.epoch}"]
    )
    return fitting(Text(printable(plan.run), style="bold"), words, width=width)


def surroundings(lines: Sequence[EpochLine], *, seconds: float, memory: int | None, width: int) -> Text:
    """Time since the start, memory and learning rate, as far as they fit."""
    rate = lines[-1].learning_rate if lines else None
    words = [] if memory is None else [f"memory {byte_size(memory)}"]
    words += [] if rate is None else [f"learning rate {compact(rate, 4)}"]
    return fitting(Text(f"elapsed {duration(seconds)}"), words, width=width)


def own_memory() -> int:
    """Bytes of memory that this process holds."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def fitting(text: Text, parts: Sequence[str], *, width: int) -> Text:
    """A line with those of its parts that fit."""
    for part in parts:
        if text.cell_len + 2 + len(part) <= width:
            text = Text.assemble(text, "  ", part)
    return text


def progress_bar(share: float, width: int, *, unicode: bool) -> Text:
    """A bar for a share between 0 and 1 in exactly `width` cells."""
    halves = round(max(0.0, min(1.0, share)) * width * 2)
    full, half = divmod(halves, 2)
    done = ("━" * full + "╸" * half) if unicode else "#" * full
    rest = ("─" if unicode else "-") * (width - len(done))
    return Text.assemble((done, "cyan"), (rest, "dim"))
