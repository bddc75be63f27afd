"""What a search leaves in the folder of its group: the best configuration, and a picture of its trials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dlcli.actions.sweep.best_file import best_text
from dlcli.actions.sweep.space import Space
from dlcli.config.sweep import Goal
from dlcli.runs.atomic import write_bytes
from dlcli.view.console.tables import number
from dlcli.view.drawing.sweep_picture import Drawn, sweep_picture
from dlcli.view.sweep import SweepShown, settings_words
from dlcli.view.verdict import setting_text

BEST, PICTURE = "best.yaml", "sweep"


def keep_files(
    shown: SweepShown, space: Space, *, content: bytes, file: str, settings: Sequence[str]
) -> dict[str, str]:
    """Writes both, where there is a best trial; gives what each is and where it lies."""
    if shown.best is None:
        return {}
    folder, goals = Path(shown.path), space.sweep.goals
    values = shown.best.value if isinstance(shown.best.value, Sequence) else [shown.best.value]
    told = ", ".join(f"{goal.name} {number(value)}" for goal, value in zip(goals, values, strict=True))
    heading = [
        f"The best of {shown.done + shown.pruned} trials of {shown.sweep}, number {shown.best.number}: {told},",
        f"with {settings_words(shown.best.set)}",
        f"  dlcli train {folder / BEST}",
    ]
    best = folder / BEST
    text = best_text(content, [*settings, *space.settings(shown.best.set)], file=file, heading=heading)
    write_bytes(best, text.encode())
    svg, png = picture_of(shown, goals[0])
    write_bytes(folder / f"{PICTURE}.svg", svg)
    write_bytes(folder / f"{PICTURE}.png", png)
    return {"configuration": str(best), "picture": str(folder / f"{PICTURE}.svg")}


def picture_of(shown: SweepShown, goal: Goal) -> tuple[bytes, bytes]:
    """The trials as a picture, by the first goal; keys that matter most stand first."""
    drawn = [
        Drawn(
            each.number,
            float(each.value[0] if isinstance(each.value, Sequence) else each.value),
            each.state == "pruned",
            {path: value if drawn_as_number(value) else setting_text(value) for path, value in each.set.items()},
        )
        for each in shown.trials
        if each.value is not None
    ]
    paths = dict.fromkeys(path for each in drawn for path in each.set)
    weights = shown.importance or {}
    keys = sorted(paths, key=lambda path: -weights.get(path, 0.0))
    return sweep_picture(drawn, title=shown.sweep, goal=goal.name, keys=keys, greater=goal.greater)


def drawn_as_number(value: object) -> bool:
    """Whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)
