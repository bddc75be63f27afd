"""What of the gallery can be ejected trains to the same weights as a script, in a process of its own: nightly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from actions.test_eject import same_weights
from test_gallery import GALLERY

Run = Callable[..., Any]
REFUSED = {
    "images/distillation.yaml": "phases",
    "images/finetune.yaml": "phases",
    "images/transfer.yaml": "a model of 154 layers",
    "series/horizons.yaml": "metrics in the own units of a scaled target",
    "tables/tab_transformer.yaml": "the order in which weights are drawn",
    "tables/two_outputs.yaml": "weights of several targets",
    "text/masked_words.yaml": "void labels",
    "text/mini_gpt.yaml": "void labels",
    "text/named_entities.yaml": "void labels",
    "text/sums.yaml": "texts that are prepared in two ways",
    "text/translation.yaml": "the order in which weights are drawn",
}
"""Those that no plain script says, and why."""
ROUNDED: set[str] = set()
"""Those that may differ in last bits, because TensorFlow may fuse the graphs of their steps otherwise."""


@pytest.mark.parametrize("name", sorted(set(GALLERY) - set(REFUSED)))
def test_a_script_reaches_the_numbers_of_its_configuration(name: str, tmp_path: Path, run_dlcli: Run) -> None:
    same_weights([GALLERY[name]], tmp_path, run_dlcli, epochs=2, rounded=name in ROUNDED)


def test_what_is_refused_is_refused_at_its_line(tmp_path: Path, run_dlcli: Run) -> None:
    for name in sorted(set(REFUSED) - {"images/transfer.yaml"}):  # its weights would be downloaded
        refused = run_dlcli("eject", GALLERY[name], "-o", tmp_path / "a.py", "--json", cwd=tmp_path)
        assert (refused.code, refused.error["kind"]) == (3, "cannot_eject")
        assert refused.error["line"] > 1, name
    assert list(tmp_path.iterdir()) == []
