"""Reading a configuration imports nothing that takes long: each in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ["tensorflow", "keras", "numpy", "pandas", "pyarrow", "sklearn", "matplotlib"]
REPORT = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
READ = "from dlcli.config import load_config; load_config('configs/digits.yaml')"
PROBLEMS = """
from dlcli.config import load_config
from dlcli.errors import ConfigError
try:
    load_config("configs/digits.yaml", settings=["optimizer.lr=1", "layers.1.activation=rellu", "data.source=digit"])
except ConfigError as error:
    assert len(error.problems) == 3, error.problems
else:
    raise AssertionError("read")
"""


def loaded(code: str) -> set[str]:
    """The packages that a fresh process has imported after the code."""
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}\n{REPORT}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return set(json.loads(ended.stdout))


@pytest.mark.parametrize("code", [READ, PROBLEMS], ids=["read", "problems"])
def test_reading_a_configuration_imports_nothing_heavy(code):
    found = loaded(code)
    assert found & set(HEAVY) == set()
    assert {"dlcli", "pydantic", "yaml"} <= found
    assert len(HEAVY) == 7


def test_an_import_of_something_heavy_would_be_seen():
    assert loaded("import numpy") & set(HEAVY) == {"numpy"}
