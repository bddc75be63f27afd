"""What every key of `data` and `train` keeps: changing it changes something that a user sees."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, get_args

import numpy as np
import pytest

from dlcli.config.train import Train
from dlcli.data import Data
from dlcli.spec import Named, Spec

ROWS = 60
ELSEWHERE = {
    "Checkpoint.on_save_error": "seen where a disk is full: tests/training/test_resume.py",
}
"""Keys that no training on a sound machine shows."""
TIMES = {"seconds", "samples_per_second", "path"}
"""What of a result is another each time."""
ASKED = {"set", "config", "next", "command"}
"""What of a result says again what was asked for."""
EXPERIMENT = {
    "data": {"source": "table.csv", "target": "y"},
    "layers": [
        {"Dense": {"units": 4, "activation": "relu"}},
        {"Dense": {"units": "${data.classes}", "activation": "softmax"}},
    ],
    "loss": "sparse_categorical_crossentropy",
    "optimizer": {"Adam": {"learning_rate": 0.01}},
    "metrics": ["accuracy"],
    "train": {"epochs": 4, "batch_size": 16},
}
Observe = Callable[[tuple[str, ...]], Any]


def blocks_in(annotation: Any) -> Iterator[type[Spec]]:
    """The blocks that an annotation holds; what has a word, as sources have, keeps contracts of its own."""
    if isinstance(annotation, type) and issubclass(annotation, Spec) and not issubclass(annotation, Named):
        yield annotation
        for field in annotation.model_fields.values():
            yield from blocks_in(field.annotation)
    for each in get_args(annotation):
        yield from blocks_in(each)


BLOCKS = list(dict.fromkeys([*blocks_in(Data), *blocks_in(Train)]))
KEYS = [pytest.param(block, key, id=f"{block.__name__}.{key}") for block in BLOCKS for key in block.model_fields]


def write_tables(folder: Path) -> None:
    """`table.csv`, and `gaps.csv` with an empty cell in every tenth row."""
    generator = np.random.default_rng(0)
    lines = ["a,b,c,g,w,set,part,half,y"]
    for row in range(ROWS):
        label, part = "uv"[row % 2], ("train", "train", "validation", "test")[row // 2 % 4]
        numbers = (generator.normal(loc=2 * (row % 2), size=2)).round(3)
        words = f"{'AABC'[row // 2 % 4]},{'ABAA'[row // 2 % 4]}"
        lines.append(f"{numbers[0]},{numbers[1]},{'pqr'[row % 3]},{row % 4},{row % 5 + 1},{part},{words},{label}")
    (folder / "table.csv").write_text("\n".join(lines), encoding="utf-8")
    gaps = [line if number % 10 else f",{line.partition(',')[2]}" for number, line in enumerate(lines[1:])]
    (folder / "gaps.csv").write_text("\n".join([lines[0], *gaps]), encoding="utf-8")
    (folder / "experiment.yaml").write_text(json.dumps(EXPERIMENT), encoding="utf-8")


def without_times(value: Any) -> Any:
    """A result without what is another each time, and without what only says again what was asked for."""
    if isinstance(value, dict):
        return {key: without_times(each) for key, each in value.items() if key not in TIMES | ASKED}
    return [without_times(each) for each in value] if isinstance(value, list) else value


def in_words(text: str) -> str:
    """What was said, without numbers: speeds and times are others each time."""
    return re.sub(r"[0-9.,]+", "#", text)


@pytest.fixture(scope="module")
def observe(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Callable[..., Any]) -> Observe:
    """All that a user sees of a training with some settings: result, epochs, names of files, the way it took, or the error."""

    @cache
    def observed(settings: tuple[str, ...]) -> Any:
        folder = tmp_path_factory.mktemp("keys")
        write_tables(folder)
        options = [part for setting in settings for part in ("--set", setting)]
        done = run_dlcli("train", "experiment.yaml", "--name", "run", "--json", *options, cwd=folder)
        run = folder / "runs" / "run"
        files = sorted(path.relative_to(run).as_posix() for path in run.rglob("*"))
        lines = (run / "metrics.jsonl").read_text().splitlines() if "metrics.jsonl" in files else []
        way = json.loads((run / "run.json").read_text())["way"] if "run.json" in files else None
        return done.code, without_times(done.value), [without_times(json.loads(line)) for line in lines], files, way

    return observed


def check_key(block: type[Spec], key: str, observe: Observe) -> None:
    """The trial of a key is seen."""
    changed, *beside = block.trials[key]
    assert re.search(rf"\b{key}\b", changed)
    before, after = observe(tuple(beside)), observe((*beside, changed))
    assert before != after
    assert 0 in {before[0], after[0]}, (before[1], after[1])


@pytest.mark.parametrize(("block", "key"), KEYS)
def test_changing_a_key_changes_what_is_seen(block: type[Spec], key: str, observe: Observe) -> None:
    if f"{block.__name__}.{key}" not in ELSEWHERE:
        check_key(block, key, observe)


def test_every_trial_is_of_a_key_and_every_block_was_found() -> None:
    for block in BLOCKS:
        assert set(block.trials) <= set(block.model_fields)
    names = {block.__name__ for block in BLOCKS}
    assert names >= {"Data", "Input", "Split", "Target", "Train", "EarlyStopping", "ReduceOnPlateau", "Checkpoint"}
    assert {name.partition(".")[0] for name in ELSEWHERE} <= names


def test_a_training_is_seen_the_same_twice(observe: Observe) -> None:
    assert observe(()) == observe.__wrapped__(())  # type: ignore[attr-defined]
    assert observe(())[0] == 0


class Deaf(Spec):
    """A block with a key that is accepted and ignored: it leads to what is there already."""

    trials: ClassVar = {"epochs": ("train.epochs=4",)}
    epochs: int = 4


def test_a_key_that_is_ignored_is_noticed(observe: Observe) -> None:
    with pytest.raises(AssertionError):
        check_key(Deaf, "epochs", observe)
