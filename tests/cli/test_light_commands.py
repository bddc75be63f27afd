"""Commands that need no model never import TensorFlow: each in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAM = """
import json, sys
sys.argv = ["dlcli", *sys.argv[1:]]
from dlcli.cli import main
try:
    main()
except SystemExit as end:
    code = end.code
heavy = [name for name in ("tensorflow", "keras", "sklearn", "matplotlib") if name in sys.modules]
light = [name for name in ("numpy", "pyarrow") if name in sys.modules]
print(json.dumps([code or 0, heavy, light]), file=sys.stderr)
"""
COMMANDS: dict[str, tuple[list[str], int, list[str]]] = {
    "--help": (["--help"], 0, []),
    "--version": (["--version"], 0, []),
    "help of train": (["train", "--help"], 0, []),
    "validate": (["validate", "experiment.yaml"], 0, []),
    "validate with problems": (["validate", "bad.yaml"], 3, []),
    "train with problems": (["train", "bad.yaml"], 3, []),
    "runs": (["runs"], 0, []),
    "list": (["list", "layers"], 0, []),
    "list of kinds": (["list"], 0, []),
    "show": (["show", "Dense"], 0, []),
    "schema": (["schema", "-o", "dlcli.schema.json"], 0, []),
    "inspect-data of a bundled set": (["inspect-data", "iris"], 0, ["numpy", "pyarrow"]),
    "inspect-data of a configuration": (["inspect-data", "experiment.yaml"], 0, ["numpy"]),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_light_command_imports_no_heavy_library(
    name: str, tmp_path: Path, write_experiment: Callable[..., Path]
) -> None:
    write_experiment(tmp_path)
    (tmp_path / "bad.yaml").write_text("seed: -1\n")
    arguments, code, light = COMMANDS[name]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    found = json.loads(done.stderr.splitlines()[-1])
    assert found == [code, [], light], done.stderr


def test_the_program_sees_an_import_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "keras.py").write_text("")
    program = PROGRAM.replace("import json, sys\n", "import json, sys, keras\n")
    done = subprocess.run(
        [sys.executable, "-c", program, "--version"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert json.loads(done.stderr.splitlines()[-1]) == [0, ["keras"], []]
