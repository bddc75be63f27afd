"""Names and numbers of runs, handed out as lines are begun: in their order, whatever ends first."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from dlcli.actions.many.asked import Asked
from dlcli.runs.folder import next_number


@dataclass
class HandedOut:
    """What has been handed out, by folder of runs; a name stays taken where its training has left no run."""

    names: dict[Path, set[str]] = field(default_factory=dict)
    numbers: dict[Path, int] = field(default_factory=dict)

    def give(self, asked: Asked, name: str) -> Asked:
        """The training with the name and the number of its run; `name` is what the run would be called if that is free."""
        taken = self.names.setdefault(asked.runs, set())
        free = name
        if asked.rename:
            count = 1
            while free in taken or (asked.runs / free).exists():
                count += 1
                free = f"{name}-{count}"
        taken.add(free)
        number = max(next_number(asked.runs), self.numbers.get(asked.runs, 0) + 1)
        self.numbers[asked.runs] = number
        return replace(asked, name=free, number=number)
