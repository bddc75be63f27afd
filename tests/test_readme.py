"""The README's commands are run as they stand, in order, in a folder that has its configurations and a new.csv."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dlcli.config import load_config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
CHECKED_ELSEWHERE = {
    "pip install -e . && dlcli train configs/digits.yaml": "dlcli train configs/digits.yaml",
    "pip install -e '.[test]' && pytest": None,
    "python tests/check.py": None,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "configs", made / "configs")
    rows = ["sepal_length,sepal_width,petal_length,petal_width", "5.1,3.5,1.4,0.2", "6.7,3.0,5.2,2.3"]
    (made / "new.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return made


def test_the_commands_were_found() -> None:
    assert len(COMMANDS) == 30
    assert set(CHECKED_ELSEWHERE) <= set(COMMANDS)


@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_a_command_of_the_readme_works(number: int, folder: Path) -> None:
    command = CHECKED_ELSEWHERE.get(COMMANDS[number], COMMANDS[number])
    if command is None:
        assert COMMANDS[number].split(" && ")[0] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").replace(
            "-c constraints.txt ", ""
        ).replace("--quiet ", "")
        return
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "100"}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or " -o " in command or ">>" in command


def test_what_the_commands_have_left(folder: Path) -> None:
    predictions = (folder / "predictions.csv").read_text(encoding="utf-8").splitlines()
    assert predictions[0] == "species,probability setosa,probability versicolor,probability virginica"
    assert [row.split(",")[0] for row in predictions[1:]] == ["setosa", "virginica"]
    assert len((folder / "results.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_the_configuration_in_the_readme_is_the_file() -> None:
    shown = re.search(r"```yaml\n(name: digits\n.*?)```", README, re.DOTALL)
    assert shown is not None
    assert yaml.safe_load(shown[1]) == yaml.safe_load((ROOT / "configs" / "digits.yaml").read_text(encoding="utf-8"))


def test_the_graph_in_the_readme_trains(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    [graph] = [block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "submodel:" in block]
    (tmp_path / "graph.yaml").write_text(graph, encoding="utf-8")
    done = run_dlcli("train", "graph.yaml", "--epochs", "1", "--json", "-q", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.value["metrics"]["train"]["loss"] < 2.4


def test_every_template_of_the_readme_is_there() -> None:
    table = README.split("## The gallery")[1].split("## ")[0]
    first_cells = " ".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE))
    named = {name.split("/")[-1] for name in re.findall(r"`(.*?)`", first_cells)}
    assert named == {path.stem for path in (ROOT / "configs").rglob("*.yaml")}


def test_every_configuration_of_the_gallery_opens_with_its_command_and_is_valid() -> None:
    seen = 0
    for path in sorted((ROOT / "configs").rglob("*.yaml")):
        name = path.relative_to(ROOT)
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# ")
        assert lines[1] == f"#   dlcli train {name}"
        load_config(str(path))
        seen += 1
    assert seen == 23
