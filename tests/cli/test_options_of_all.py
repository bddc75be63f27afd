"""Options that every command has: colours, and to say nothing but the result; pages on a terminal; problems for GitHub."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.cli import COMMANDS
from dlcli.cli.command import Command
from dlcli.cli.pager import less_options, paged

Run = Callable[..., Any]
DLCLI = str(Path(sys.executable).with_name("dlcli"))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_them(command: Command, run_dlcli: Run, tmp_path: Path) -> None:
    text = run_dlcli(command.name, "--help", cwd=tmp_path).out
    assert text.count("--color WHEN") == text.count("--quiet") == 1


@pytest.mark.parametrize(("when", "coloured"), [("always", True), ("never", False), ("auto", False)])
def test_colours_are_as_asked_for(when: str, coloured: bool, run_dlcli: Run, tmp_path: Path) -> None:
    done = run_dlcli("show", "Dense", "--color", when, cwd=tmp_path)
    assert ("\x1b[1m" in done.out) is coloured
    before = run_dlcli("--color", when, "show", "Dense", cwd=tmp_path)
    assert before.out == done.out
    refused = run_dlcli("show", "Absent", "--color", when, cwd=tmp_path)
    assert ("\x1b[" in refused.err) is coloured


def test_what_was_asked_of_one_command_is_not_of_the_next(run_dlcli: Run, tmp_path: Path) -> None:
    assert "\x1b" in run_dlcli("show", "Dense", "--color", "always", cwd=tmp_path).out
    assert "\x1b" not in run_dlcli("show", "Dense", cwd=tmp_path).out


def test_another_word_for_colours_is_a_mistake(run_dlcli: Run, tmp_path: Path) -> None:
    assert run_dlcli("show", "Dense", "--color", "blue", cwd=tmp_path).code == 2


def test_quiet_leaves_the_result_and_errors(run_dlcli: Run, tmp_path: Path) -> None:
    said = run_dlcli("init", "iris", "-o", "a.yaml", cwd=tmp_path)
    assert said.err.startswith("written to a.yaml")
    quiet = run_dlcli("init", "iris", "-o", "b.yaml", "-q", cwd=tmp_path)
    assert (quiet.code, quiet.err) == (0, "")
    assert (tmp_path / "b.yaml").exists()
    assert run_dlcli("show", "Absent", "-q", cwd=tmp_path).err.startswith("error: ")


def on_terminal(arguments: list[str], **variables: str) -> str:
    """What a command writes on a terminal of 24 lines."""
    pid, terminal = pty.fork()
    if pid == 0:
        size = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm", "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}
        os.execve(DLCLI, [DLCLI, *arguments], {**size, **variables})
    seen = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.waitpid(pid, 0)
    return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", seen.decode()).replace("\r", "")


def test_long_output_goes_to_the_pager_of_the_environment_on_a_terminal_alone(run_dlcli: Run, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho PAGED; grep -c .\n", encoding="utf-8")
    pager.chmod(0o755)
    whole = on_terminal(["list", "losses"], PAGER="cat")
    assert "SquaredHinge" in whole
    shown = on_terminal(["list", "losses"], PAGER=str(pager)).split()
    assert shown == ["PAGED", str(len([line for line in whole.splitlines() if line]))]
    assert on_terminal(["list", "losses", "--no-pager"], PAGER=str(pager)) == whole
    assert on_terminal(["list", "losses"], PAGER=str(tmp_path / "absent")) == whole
    assert "PAGED" not in on_terminal(["show", "Flatten"], PAGER=str(pager))
    assert "PAGED" not in run_dlcli("list", "losses", cwd=tmp_path).out


@pytest.mark.parametrize(("lines", "pages"), [(9, False), (10, True)])
def test_what_fits_needs_no_pager(lines: int, pages: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PAGER", f"cp /dev/stdin {tmp_path / 'seen'}")
    assert paged("x\n" * lines, height=10) is pages
    assert (tmp_path / "seen").exists() is pages


def test_problems_stand_beside_their_lines_on_github(run_dlcli: Run, tmp_path: Path) -> None:
    text = "data: {source: iris}\nlayers: [Linear: 3]\nloss: mse\noptimizer: Adam\ntrain: {epochs: 3}\n"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(text.replace("Linear", "Dense").replace("3}", "10001}"), encoding="utf-8")
    done = run_dlcli("validate", "a.yaml", "b.yaml", "--output-format", "github", cwd=tmp_path)
    assert done.code == 3
    assert done.out.splitlines() == [
        "::error file=a.yaml,line=2,col=10,title=dlcli unknown_name::unknown layer 'Linear': write Dense: {units: 10}",
        "::warning file=b.yaml,line=5,col=17,title=dlcli many_epochs::10,001 epochs, which nothing ends earlier: "
        "write train.early_stopping: {patience: 20}, or train.time_limit: 1h",
    ]


@pytest.mark.parametrize(
    ("given", "options"),
    [(None, "FRX"), ("", "-R"), ("-X", "-R -X"), ("FX", "-R -FX"), ("-S --mouse", "-R -S --mouse")],
)
def test_less_keeps_colours_and_the_options_of_its_reader(given: str | None, options: str) -> None:
    assert less_options(given) == options
