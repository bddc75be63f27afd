"""All of the gallery trains to the same weights as a script, in a process of its own: nightly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from actions.test_eject import same_weights
from test_gallery import GALLERY, OFFLINE

Run = Callable[..., Any]
SHORT = {
    "images/distillation.yaml": ["train.phases.0.epochs=1", "train.phases.1.epochs=1"],
    "images/finetune.yaml": ["train.phases.0.epochs=1", "train.phases.1.epochs=1"],
}
"""How those are made short that are trained in phases; all others have two epochs."""
ROUNDED: set[str] = set()
"""Those that may differ in last bits, because TensorFlow may fuse the graphs of their steps otherwise."""


@pytest.mark.parametrize("name", sorted(GALLERY))
def test_a_script_reaches_the_numbers_of_its_configuration(name: str, tmp_path: Path, run_dlcli: Run) -> None:
    settings = [*SHORT.get(name, ["train.epochs=2"]), *OFFLINE.get(name, [])]
    same_weights([GALLERY[name]], tmp_path, run_dlcli, settings=settings, rounded=name in ROUNDED)
