"""The README and the pages of docs/, page by page: each command of the README is run as it stands and each configuration is
valid; the commands of the other pages are run, and their configurations trained, every night."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from dlcli.config import load_config

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT).as_posix(): path for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
NOT_RUN = "# not run by the tests: "
"""The first line of a block that needs the network or hours, for everybody to see."""
COMMANDS = {
    "README.md": 23, "docs/README.md": 0, "docs/after-training.md": 13, "docs/comparing.md": 4, "docs/data.md": 3,
    "docs/distributed.md": 1, "docs/elsewhere.md": 0,
    "docs/experiments.md": 0, "docs/export.md": 4, "docs/fine-tuning.md": 3, "docs/graphs.md": 0,
    "docs/look.md": 3, "docs/many.md": 4,
    "docs/models.md": 12, "docs/plugins.md": 0, "docs/report.md": 6, "docs/safety.md": 0, "docs/scripting.md": 2,
    "docs/seeds.md": 5, "docs/serve.md": 2, "docs/speed.md": 0,
    "docs/targets.md": 0, "docs/terminal.md": 0,
    "docs/sequences.md": 0, "docs/sweep.md": 3, "docs/training.md": 5, "docs/verdict.md": 2,
}  # fmt: skip
INSTALLING = {
    "pip install -e . && dlcli train configs/digits.yaml": "dlcli train configs/digits.yaml",
    "pip install -e '.[test]' && pytest": None,
    "python tests/check.py": None,
}
"""Commands that `.ci/run` runs, and what of them is left to run here."""
COMPLETION: dict[str, Any] = {
    "data": {"source": "basic_motions"},
    "loss": "sparse_categorical_crossentropy",
    "optimizer": "Adam",
    "metrics": ["accuracy"],
    "train": {"epochs": 1},
}
"""What a part of a configuration is completed with."""


@dataclass(frozen=True)
class Block:
    """A block of code of a page: its language, and its text."""

    page: str
    language: str
    text: str

    @property
    def is_run(self) -> bool:
        return not self.text.startswith(NOT_RUN)


def blocks(language: str) -> list[Block]:
    """The blocks of a language on all pages."""
    return [
        Block(page, language, text)
        for page, path in PAGES.items()
        for text in re.findall(
            rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        )
    ]


def fenced() -> list[Block]:
    """All blocks of code, whatever their language is."""
    return [
        Block(page, language, "")
        for page, path in PAGES.items()
        for language in re.findall(r"^```(.*)\n(?:.*\n)*?```", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]


def commands(page: str) -> Iterator[str]:
    """The commands of a page; a loop is one."""
    for block in blocks("sh"):
        if block.page == page and block.is_run:
            command = ""
            for line in block.text.splitlines():
                command += line
                if command.startswith("for ") and line != "done":
                    command += "\n"
                    continue
                yield command
                command = ""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the pages take for granted: the configurations, and a file of new data."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    rows = ["sepal_length,sepal_width,petal_length,petal_width", "5.1,3.5,1.4,0.2", "6.7,3.0,5.2,2.3"]
    (tmp_path / "new.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def test_every_page_was_read() -> None:
    assert {page: len(list(commands(page))) for page in PAGES} == COMMANDS
    left_out = [block for language in ("sh", "yaml") for block in blocks(language) if not block.is_run]
    apart = [
        *["docs/distributed.md"] * 3,
        "docs/many.md",
        *["docs/serve.md"] * 2,
        *["docs/speed.md"] * 6,
        *["docs/sweep.md"] * 2,
        *["docs/training.md"] * 2,
        "docs/data.md",
    ]
    assert [block.page for block in left_out] == apart
    assert {block.language for block in fenced()} == {"sh", "yaml", "text", "python"}


def of_page(page: str) -> Any:
    """A page, which is tried every night; what the door says is tried with every change."""
    return pytest.param(page, marks=() if page == "README.md" else pytest.mark.nightly)


@pytest.mark.parametrize("page", [of_page(page) for page, count in COMMANDS.items() if count])
def test_the_commands_of_a_page_work(page: str, folder: Path, run_dlcli: Callable[..., Any]) -> None:
    for written in commands(page):
        command = INSTALLING.get(written, written)
        if command is None:
            installing = (ROOT / ".ci" / "run").read_text(encoding="utf-8").replace("--quiet -c constraints.txt ", "")
            assert written.split(" && ")[0] in installing
        elif re.search(r"[|;]|>>|cpu:1", command):  # processors are divided before TensorFlow starts
            done = in_a_shell(command, folder)
            assert done.returncode == 0, f"{command}\n{done.stderr}"
        else:
            outcome = run_dlcli(*shlex.split(command, comments=True)[1:], cwd=folder)
            assert (command.split()[0], outcome.code) == ("dlcli", 0), f"{command}\n{outcome.err}"
            assert outcome.out or " -o " in command
    LEFT.get(page, lambda folder: None)(folder)


def in_a_shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command in a process of its own, as one with pipes or loops."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    program = ["bash", "-e", "-o", "pipefail", "-c", command]
    return subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def check_predictions(folder: Path) -> None:
    predictions = (folder / "predictions.csv").read_text(encoding="utf-8").splitlines()
    assert predictions[0] == "species,probability setosa,probability versicolor,probability virginica"
    assert [row.split(",")[0] for row in predictions[1:]] == ["setosa", "virginica"]


def check_results(folder: Path) -> None:
    results = [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [result["run"] for result in results] == ["digits", "digits-2"]


LEFT: dict[str, Callable[[Path], None]] = {
    "README.md": check_predictions,
    "docs/after-training.md": check_predictions,
    "docs/scripting.md": check_results,
}
"""What the commands of a page leave behind."""


def configurations() -> list[Block]:
    """The blocks of YAML that are a configuration or a part of one; the lists are examples of sources."""
    return [block for block in blocks("yaml") if block.is_run and isinstance(yaml.safe_load(block.text), dict)]


def test_the_kinds_of_yaml_are_known() -> None:
    lists = [block for block in blocks("yaml") if isinstance(yaml.safe_load(block.text), list)]
    assert {block.page for block in lists} == {"docs/data.md"}, "tests/data/test_manual_data.py reads these"
    assert len(lists) == 2
    assert len(configurations()) == 17


@pytest.mark.parametrize("number", range(len(configurations())))
def test_a_configuration_of_a_page_is_valid(number: int, examples: Path, run_dlcli: Callable[..., Any]) -> None:
    done = run_dlcli("validate", completed(number, examples), "--allow-code", "--json", cwd=examples)
    assert done.code == 0, done.err


@pytest.mark.nightly
@pytest.mark.parametrize("number", range(len(configurations())))
def test_a_configuration_of_a_page_trains(number: int, examples: Path, run_dlcli: Callable[..., Any]) -> None:
    train = yaml.safe_load(configurations()[number].text).get("train", {})
    phases, short = train.get("phases", [None]), ["--set", "train.steps_per_epoch=2"] if "phases" in train else []
    file = completed(number, examples)
    done = run_dlcli("train", file, "--epochs", str(len(phases)), *short, "--allow-code", "--json", "-q", cwd=examples)
    assert done.code == 0, done.err
    assert done.value["epochs"] == len(phases)


def completed(number: int, folder: Path) -> Path:
    """The file of a configuration of a page; a part of one is completed."""
    block = configurations()[number]
    written = yaml.safe_load(block.text)
    added = {key: value for key, value in COMPLETION.items() if key not in written}
    file = folder / f"{number}.yaml"
    text = block.text + yaml.safe_dump(added) if added and "data" not in written else block.text
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data and the plugins that the pages name."""
    from example_files import write_examples

    folder = tmp_path_factory.mktemp("examples")
    write_examples(folder)
    for block in blocks("python"):
        name, _, _ = block.text.removeprefix("# ").partition("\n")
        (folder / name).write_text(block.text, encoding="utf-8")
    return folder


def test_the_configuration_in_the_readme_is_the_file() -> None:
    [shown] = [block for block in configurations() if block.page == "README.md"]
    assert yaml.safe_load(shown.text) == yaml.safe_load((ROOT / "configs" / "digits.yaml").read_text(encoding="utf-8"))


def test_every_template_of_the_readme_is_there() -> None:
    table = PAGES["README.md"].read_text(encoding="utf-8").split("## The gallery")[1].split("## ")[0]
    first_cells = " ".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE))
    named = {name.split("/")[-1] for name in re.findall(r"`(.*?)`", first_cells)}
    assert named == {path.stem for path in GALLERY}


GALLERY = sorted((ROOT / "configs").rglob("*.yaml"))


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_a_configuration_of_the_gallery_opens_with_its_command_and_is_valid(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    command = "train" if load_config(str(path))[0].sweep is None else "sweep"
    assert re.fullmatch(rf"#   dlcli {command} {path.relative_to(ROOT)}( --.*)?", lines[1])


def anchors(path: Path) -> set[str]:
    """The names by which the headings of a page are linked."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_somewhere() -> None:
    papers = [*PAGES.values(), ROOT / ".github" / "CONTRIBUTING.md"]
    links = [(path, link) for path in papers for link in re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8"))]
    assert len(links) >= 20
    for path, link in links:
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.is_file(), f"{path.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{path.name}: {link}"


def test_the_readme_is_a_door_and_the_pages_are_short() -> None:
    lengths = {page: path.read_text(encoding="utf-8").splitlines() for page, path in PAGES.items()}
    assert len(lengths.pop("README.md")) <= 200
    assert max(map(len, lengths.values())) <= 150
    wide = [(page, line) for page, lines in lengths.items() for line in lines if len(line) > 130]
    assert wide == []


def test_every_page_is_named_in_the_index_and_at_the_door() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert len(pages) == 25
    for index in (ROOT / "docs" / "README.md", ROOT / "README.md"):
        assert {
            Path(link).name for link in re.findall(r"\]\(([\w/-]+\.md)\)", index.read_text(encoding="utf-8"))
        } >= pages
