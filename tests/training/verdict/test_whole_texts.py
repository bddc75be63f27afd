"""Texts that stand in two splits: whole ones are copies, short ones and answers to be ticked are alike by chance."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlcli.config.language import Language
from dlcli.data import Data
from dlcli.data.findings.equal_by_chance import equal_by_chance
from dlcli.data.findings.same_rows import have_few_values, same_rows


@pytest.mark.parametrize(
    ("different", "long", "copies"),
    [
        (40, 20, True),
        (40, 19, False),
        (20, 20, True),  # each ten times in training
        (19, 20, False),
        (4, 60, False),  # an answer to be ticked
    ],
)
def test_whole_texts_are_not_alike_by_chance(tmp_path: Path, different: int, long: int, copies: bool) -> None:
    texts = [f"{at % different:02d} {'w' * (long - 3)}" for at in range(400)]
    rows = "\n".join(f"{text},{float(text[:2]) / 7}" for text in texts)
    (tmp_path / "t.csv").write_text(f"words,y\n{rows}\n", encoding="utf-8")
    block = {
        "source": {"csv": str(tmp_path / "t.csv")},
        "inputs": {"words": {"columns": "words", "kind": "text"}},
        "target": "y",
        "split": {"by": "time", "validation": 0.5, "test": 0},
    }
    dataset = Data.model_validate(block, context=Language()).load(seed=0)
    assert have_few_values(dataset) is not copies
    found = same_rows(dataset) if copies else equal_by_chance(dataset)
    assert found is not None
    assert found.facts["splits"] == {"validation": 200}
