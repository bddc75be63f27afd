from __future__ import annotations

from pathlib import Path

import pytest

from dlcli.runs import Run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def run(root: Path) -> Run:
    return Run.claim(root, "trial")
