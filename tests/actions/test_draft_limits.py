"""How long a drafted experiment trains, and which samples are looked at: just below and just above each limit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dlcli.actions.init import train_lines, with_comments
from dlcli.actions.samples import as_shown, drawable_samples
from dlcli.data import Dataset


def drafted(samples: int, *, validation: bool = True, imbalanced: bool = False) -> list[str]:
    dataset: Any = SimpleNamespace(splits={"train": range(samples), **({"validation": range(9)} if validation else {})})
    draft: Any = SimpleNamespace(is_imbalanced=imbalanced)
    return [text.strip() for text, _ in train_lines(draft, dataset)]


@pytest.mark.parametrize(
    ("samples", "epochs", "batch", "patience"),
    [
        (999, 200, 16, 20),
        (1000, 100, 32, 10),
        (2999, 100, 32, 10),
        (3000, 30, 32, 3),
        (49_999, 30, 32, 3),
        (50_000, 5, 256, 3),
    ],
)
def test_more_samples_train_for_fewer_epochs(samples: int, epochs: int, batch: int, patience: int) -> None:
    lines = [f"epochs: {epochs}", f"batch_size: {batch}"]
    assert drafted(samples, validation=False) == lines
    early = f"early_stopping: {{monitor: val_loss, patience: {patience}}}"
    assert drafted(samples) == [*lines, early]
    assert drafted(samples, imbalanced=True) == [*lines, early, "class_weight: balanced"]


def test_comments_stand_below_each_other_at_the_fiftieth_cell() -> None:
    assert with_comments([("a: 1", "one\ntwo"), ("b: 2", "")]) == ["a: 1" + " " * 46 + " # one two", "b: 2"]


@pytest.mark.parametrize(("length", "shown"), [(300, "x" * 300), (301, "x" * 299 + "…")])
def test_a_text_is_shown_up_to_three_hundred_letters(length: int, shown: str) -> None:
    assert as_shown("text", "x" * length) == shown
    assert as_shown("text", "a\n b") == "a b"


def dataset_of(kind: str, classes: int) -> Dataset:
    """Samples of many classes, their values their number."""
    axes = {"image": ["samples", "height", "width"], "series": ["samples", "time"], "table": ["samples", "features"]}[
        kind
    ]
    shape = (4, 4) if kind == "image" else (4,)
    rows = np.arange(3 * classes)
    values = np.broadcast_to(rows.reshape(-1, *[1] * len(shape)), (len(rows), *shape))
    names = [f"c{number}" for number in range(classes)]
    target = SimpleNamespace(name="y", classes=names, shape=[], is_one_hot=False, names=["y"])
    schema = SimpleNamespace(name="x", axes=axes, shape=[*shape], text=False, array="x", padding=None, columns=None)
    train = SimpleNamespace(inputs={"x": values}, targets={"y": rows // 3})
    made: Any = SimpleNamespace(schema=SimpleNamespace(inputs=[schema], targets=[target]), splits={"train": train})
    return made  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("kind", "classes", "shown"),
    [("image", 9, 9), ("image", 11, 10), ("series", 2, 2), ("series", 4, 3), ("table", 4, 0)],
)
def test_the_first_sample_of_each_class_is_looked_at(kind: str, classes: int, shown: int) -> None:
    found = drawable_samples(dataset_of(kind, classes))
    assert [(each.kind, each.caption) for each in found] == [(kind, f"c{number}") for number in range(shown)]
    assert [int(np.asarray(each.values).flat[0]) for each in found] == [3 * number for number in range(shown)]
