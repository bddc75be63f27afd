"""The command that checks everything names programs and files that exist, and CI calls it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import check
import pytest

ROOT = Path(__file__).parents[1]


def test_every_check_is_a_program_of_the_environment() -> None:
    commands = [*check.CHECKS, *check.NIGHTLY]
    assert [name for name, *_ in commands][:5] == ["ruff", "ruff", "mypy", "lint-imports", "pytest"]
    for name, *arguments in commands:
        assert Path(sys.executable).with_name(name).is_file()
        assert all((ROOT / file).is_file() for file in arguments if file.endswith(".py"))


def test_ci_runs_it_after_an_install_from_the_constraints() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "python tests/check.py"
    assert lines[-2] == "pip install --quiet -c constraints.txt -e '.[test]'"


def test_what_contributors_are_told_to_run_is_there() -> None:
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = re.findall(r"^python (tests/\S+\.py)(?: (--\w+))?$", text, re.MULTILINE)
    assert told == [("tests/check.py", ""), ("tests/check.py", "--fix"), ("tests/check.py", "--nightly")]
    source = (ROOT / "tests" / "check.py").read_text(encoding="utf-8")
    assert all(f'"{option}" in sys.argv' in source for _, option in told if option)
    for path in re.findall(r"`(dlcli/[\w/]+(?:\.py)?)`", text):
        assert (ROOT / path).exists() or any(ROOT.glob(re.sub("[A-Z]+", "*", path))), path
    for module in re.findall(r"python -m (dlcli\S+)`", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()


def test_the_direction_of_imports_is_told_as_it_is_checked() -> None:
    """Of the order that import-linter holds, the packages; single files stand beside them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [layers] = [each["layers"] for each in project["tool"]["importlinter"]["contracts"] if each["type"] == "layers"]
    rooms = [[name.removeprefix("dlcli.") for name in layer.split(" | ")] for layer in layers]
    packages = [" | ".join(name for name in floor if (ROOT / "dlcli" / name).is_dir()) for floor in rooms]
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"`{' → '.join(filter(None, packages))}`" in text


@pytest.mark.parametrize(("codes", "ended", "failed"), [([0, 0], 0, ""), ([0, 3], 1, "failed: two\n")])
def test_a_check_that_fails_is_named_and_fails_all(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], codes: list[int], ended: int, failed: str
) -> None:
    left = list(codes)
    monkeypatch.setattr(check, "CHECKS", (["one"], ["two", "-x"]))
    monkeypatch.setattr(sys, "argv", ["check.py"])
    monkeypatch.setattr(
        check.subprocess, "run", lambda command, **options: subprocess.CompletedProcess(command, left.pop(0))
    )
    assert check.main() == ended
    assert capfd.readouterr().out == f"── one\n── two -x\n{failed}"
