"""What every command keeps: its example runs, its JSON is one value, it starts light, and it keeps the two streams apart."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

import dlcli.cli
from dlcli.cli import COMMANDS
from dlcli.cli.command import Command, Panel
from dlcli.errors import UsageError

ROOT = Path(__file__).parents[2]
LIBRARIES = {"tensorflow", "keras", "matplotlib", "sklearn"}
EVERY_HELP = """
import json, sys
from dlcli.cli import COMMANDS, main
for command in COMMANDS:
    sys.argv = ["dlcli", command.name, "--help"]
    try:
        main()
    except SystemExit as end:
        assert not end.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""
ONE = """
import json, sys
from dlcli.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""
Run = Callable[..., Any]


@pytest.fixture(params=COMMANDS, ids=lambda command: command.name)
def command(request: pytest.FixtureRequest) -> Command:
    given: Command = request.param
    return given


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run) -> Path:
    """The configurations, with a short search, new data, and two runs."""
    folder = tmp_path_factory.mktemp("prepared")
    shutil.copytree(ROOT / "configs", folder / "configs")
    search = folder / "configs" / "search.yaml"
    long = search.read_text(encoding="utf-8")
    short = long.replace("trials: 20", "trials: 4").replace("epochs: 10", "epochs: 2")
    assert len(long) - len(short) == 2
    search.write_text(short, encoding="utf-8")
    (folder / "new.csv").write_text("sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n")
    for _ in range(2):
        done = run_dlcli("train", "configs/tables/iris.yaml", "--epochs", "3", "-q", cwd=folder)
        assert done.code == 0, done.err
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "folder"))


def help_of(name: str, run_dlcli: Run, folder: Path) -> str:
    shown = run_dlcli(name, "--help", cwd=folder)
    assert (shown.code, shown.err) == (0, "")
    text: str = shown.out
    return text


def example_of(name: str, run_dlcli: Run, folder: Path) -> list[str]:
    """The arguments of the example that the help of a command shows."""
    [example] = re.findall(r"Example: dlcli (.+(?:\n    ?\S.*)*)", help_of(name, run_dlcli, folder))
    return shlex.split(example)


def test_the_list_holds_every_command_once() -> None:
    names = [command.name for command in COMMANDS]
    assert len(set(names)) == len(names)
    files = [path for path in (ROOT / "dlcli" / "cli").glob("*.py") if path.name != "command.py"]
    trees = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in files}
    rows = {stem for stem, tree in trees.items() for node in ast.walk(tree) if is_row(node)}
    assert {name.replace("-", "_") for name in names} == rows
    assert [command.panel for command in COMMANDS] == sorted(
        (command.panel for command in COMMANDS), key=list(Panel).index
    )


def is_row(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "Command"


def check_example(name: str, run_dlcli: Run, folder: Path) -> None:
    """The example of the help runs; its result is on standard output or in the file that it names."""
    arguments = example_of(name, run_dlcli, folder)
    assert arguments[0] == name
    before = set(folder.iterdir())
    done = run_dlcli(*arguments, cwd=folder)
    assert done.code == 0, done.err
    if "-o" in arguments:
        assert done.out == ""
        file = folder / arguments[arguments.index("-o") + 1]
        assert file not in before
        assert file.stat().st_size > 0
    else:
        assert done.out.strip()
        assert not set(done.out.splitlines()) & {line for line in done.err.splitlines() if line.strip()}


def test_the_example_of_the_help_runs(command: Command, run_dlcli: Run, folder: Path) -> None:
    check_example(command.name, run_dlcli, folder)


def check_json(name: str, run_dlcli: Run, folder: Path) -> None:
    """With `--json` standard output is one value; a command without it writes a file when it is asked to."""
    text = help_of(name, run_dlcli, folder)
    if not re.search(r"--json(?![\w-])", text):
        assert "--output" in text
        return
    done = run_dlcli(*example_of(name, run_dlcli, folder), "--json", cwd=folder)
    assert done.code == 0, done.err
    assert isinstance(json.loads(done.out), dict | list)
    assert done.out.count("\n") == 1


def test_json_is_one_value(command: Command, run_dlcli: Run, folder: Path) -> None:
    check_json(command.name, run_dlcli, folder)


def test_a_mistake_is_said_on_standard_error_alone(command: Command, run_dlcli: Run, tmp_path: Path) -> None:
    refused = run_dlcli(command.name, "--no-such-option", cwd=tmp_path)
    assert (refused.code, refused.out) == (UsageError.code, "")
    assert refused.err.startswith("error: No such option: --no-such-option")
    asked = run_dlcli(command.name, "--no-such-option", "--json", cwd=tmp_path)
    assert (asked.code, asked.error["name"]) == (UsageError.code, "usage")
    assert asked.err == refused.err


def loaded(code: str, *arguments: str, cwd: Path) -> set[str]:
    """The packages that a process has imported in the end."""
    program = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(program, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_the_help_of_every_command_is_light(tmp_path: Path) -> None:
    assert loaded(EVERY_HELP, cwd=tmp_path) & (LIBRARIES | {"numpy", "pyarrow", "filelock", "psutil"}) == set()


LIGHT = [command for command in COMMANDS if not command.heavy]


@pytest.mark.parametrize("light", LIGHT, ids=lambda command: command.name)
def test_a_command_that_is_not_listed_as_heavy_loads_no_tensorflow(
    light: Command, run_dlcli: Run, folder: Path
) -> None:
    assert loaded(ONE, *example_of(light.name, run_dlcli, folder), cwd=folder) & LIBRARIES == set()


def test_a_library_that_is_loaded_would_be_noticed(tmp_path: Path) -> None:
    (tmp_path / "keras.py").write_text("")
    assert loaded(f"import keras\n{ONE}", "--version", cwd=tmp_path) & LIBRARIES == {"keras"}


def silent() -> None:
    """Says nothing.

    Example: dlcli wrong
    """


def fails() -> None:
    """Ends badly.

    Example: dlcli wrong
    """
    raise typer.Exit(3)


def shouts(json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Says the same in both places, and two values where one is asked for.

    Example: dlcli wrong
    """
    for stream in (sys.stdout, sys.stderr):
        print("1\n2", file=stream)


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        (silent, check_example),
        (fails, check_example),
        (shouts, check_example),
        (silent, check_json),
        (shouts, check_json),
    ],
)
def test_a_command_that_breaks_the_contract_is_noticed(
    wrong: Callable[..., None], check: Any, run_dlcli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = typer.Typer(rich_markup_mode=None)
    app.command("wrong")(wrong)
    app.command("other")(silent)
    monkeypatch.setattr(dlcli.cli, "app", app)
    with pytest.raises((AssertionError, json.JSONDecodeError)):
        check("wrong", run_dlcli, tmp_path)
