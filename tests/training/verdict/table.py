"""The table of the verdict: `python tests/training/verdict/table.py` trains everything sick and healthy, and says of how many
the verdict is right, silent or wrong; with names only these.

Right is a verdict whose first finding is what the training was made to show, silent one that is calm where something is wrong,
and wrong any other. It is part of `tests/check.py --nightly`; a part of it, one for each code, is in `test_trainings.py`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from conftest import run
from training.verdict.strangers import strangers, write_strange_data
from training.verdict.strangers_two import second_strangers, write_second_data
from training.verdict.trainings import Training, trainings, write_data

from dlcli.training.evidence import looks

BATCHES = {"shown": trainings, "strangers": strangers, "strangers, second batch": second_strangers}
QUIET = frozenset({"healthy", "still_improving", "too_early_to_say"})


def verdict_on(training: Training, folder: Path) -> list[dict[str, Any]]:
    """What is said of a training, whether or not it comes to its end."""
    (folder / "c.yaml").write_text(json.dumps(training.tree), encoding="utf-8")
    value = run("train", "c.yaml", "--json", "-q", "--name", training.name, cwd=folder).value
    verdict: list[dict[str, Any]] = value.get("error", value).get("verdict", [])
    return verdict


def judged(training: Training, codes: list[str]) -> str:
    """Whether the codes of a verdict are right, silent or wrong."""
    if codes and codes[0] in training.first and not training.never & {*codes}:
        return "right"
    return "silent" if codes and codes[0] in QUIET else "wrong"


def row(what: str, counts: dict[str, int]) -> str:
    """A line of the table."""
    return f"| {what} | {sum(counts.values())} | {counts['right']} | {counts['silent']} | {counts['wrong']} |"


def main() -> int:
    """Trains them all and prints the table; fails where one of those that are shown is not right."""
    wanted, missed = sys.argv[1:], []
    looks.MOST_SECONDS = 60.0  # a loaded machine has time for every look, as in the tests
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder)
        write_strange_data(folder)
        write_second_data(folder)
        lines = ["| trainings | all | right | silent | wrong |", "|---|---|---|---|---|"]
        for what, members in BATCHES.items():
            counts = dict.fromkeys(("right", "silent", "wrong"), 0)
            for training in members():
                if wanted and training.name not in wanted:
                    continue
                codes = [each["code"] for each in verdict_on(training, folder)]
                counts[judged(training, codes)] += 1
                if judged(training, codes) != "right":
                    missed.append((what, training.name))
                    expected = ", ".join(sorted(training.first))
                    print(f"{training.name}: {', '.join(codes)}; expected one of {expected}", flush=True)
            lines.append(row(what, counts))
    print("\n".join(lines))
    return 1 if any(what == "shown" for what, _ in missed) else 0


if __name__ == "__main__":
    sys.exit(main())
