"""`dlcli many`: all mistakes of all lines at once, each at its place, and what it says of trainings; none is trained here."""

from __future__ import annotations

import os
import pty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dlcli.actions.many import trained_lines
from dlcli.cli import main
from dlcli.training.many.processes import Ended

Run = Callable[..., Any]
BAD = """\
experiment.yaml --epoch 3
missing.yaml

dlcli resume last
experiment.yaml --set optimizer.learning_rat=0.1 --name 'a b'
experiment.yaml --set optimizer.learning_rat=0.1
experiment.yaml --epochs=0
- --epochs 2
experiment.yaml --help
"""


@pytest.fixture
def folder(tmp_path: Path, write_experiment: Callable[..., Path]) -> Path:
    write_experiment(tmp_path)
    (tmp_path / "bad.txt").write_text(BAD, encoding="utf-8")
    (tmp_path / "lines.txt").write_text("experiment.yaml\ndlcli train experiment.yaml -q --json\n", encoding="utf-8")
    return tmp_path


def test_all_mistakes_of_all_lines_are_told_at_once(folder: Path, run_dlcli: Run) -> None:
    told = run_dlcli("many", "bad.txt", "--json", cwd=folder)
    assert told.code == 3
    places = [(each["file"], each["line"], each["column"], each["kind"]) for each in told.error["problems"]]
    assert places == [
        ("bad.txt", 1, 17, "bad_command_line"),
        ("missing.yaml", 0, 0, "missing_file"),
        ("bad.txt", 4, 7, "no_training"),
        ("--set optimizer.learning_rat=0.1", 1, 1, "unknown_argument"),
        ("bad.txt", 5, 50, "bad_run_name"),
        ("bad.txt", 7, 17, "bad_command_line"),
        ("bad.txt", 8, 1, "no_training"),
        ("bad.txt", 9, 1, "no_training"),
    ]
    assert "see: there are: experiment.yaml; bad.txt:2:1\n" in told.err
    assert "bad.txt:5:23 and 1 more\n" in told.err
    assert not (folder / "runs").exists()


def test_what_an_option_sets_is_told_at_its_word(folder: Path, run_dlcli: Run) -> None:
    lines = [
        "experiment.yaml --name x --until 'val_acuracy > 1'",
        "experiment.yaml --time-limit=3x",
        "experiment.yaml --set train.epochs=x",
    ]
    told = run_dlcli("many", "-", cwd=folder, stdin="\n".join(lines).encode())
    assert told.code == 3
    for line, column in ((1, 34), (2, 17), (3, 23)):
        assert f"-:{line}:{column}\n" in told.err, told.err
    assert told.err.endswith("3 problems in -\n")


def test_code_that_may_not_run_is_told_before_the_first_training(
    folder: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    (folder / "mine.py").write_text("import keras\nclass Own(keras.layers.Layer):\n    pass\n", encoding="utf-8")
    write_experiment(folder, {"plugins": ["mine.py"]}, file="plugged.yaml")
    write_experiment(folder, {"data": {"source": {"python": "mine.py"}}}, file="made.yaml")
    lines = ["experiment.yaml", "plugged.yaml", "made.yaml", "plugged.yaml --allow-code"]
    told = run_dlcli("many", "-", "--json", cwd=folder, stdin="\n".join(lines).encode())
    assert [(each["line"], each["kind"]) for each in told.error["problems"]] == [
        (2, "code_not_allowed"),
        (3, "code_not_allowed"),
    ]
    assert not (folder / "runs").exists()


def test_mistakes_of_the_command_line_alone_have_its_code(folder: Path, run_dlcli: Run) -> None:
    told = run_dlcli("many", cwd=folder, stdin=b"experiment.yaml --epoch 3\n")
    assert (told.code, told.out) == (2, "")
    assert " ┌─ -:1:17\n1 │ experiment.yaml --epoch 3\n" in told.err


@pytest.mark.parametrize("text", [b"", b"# nothing\n\n"])
def test_no_line_is_a_mistake(text: bytes, folder: Path, run_dlcli: Run) -> None:
    told = run_dlcli("many", "-", cwd=folder, stdin=text)
    assert told.code == 2
    assert "no line trains anything" in told.err


def test_nothing_is_asked_of_a_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    controller, terminal = pty.openpty()
    with os.fdopen(controller), os.fdopen(terminal, encoding="utf-8") as keys:
        monkeypatch.setattr("sys.stdin", keys)
        monkeypatch.setattr("sys.argv", ["dlcli", "many"])
        with pytest.raises(SystemExit) as end:
            main()
    assert end.value.code == 2
    assert capsys.readouterr().err == "error: no file of lines\n   = dlcli many FILE, or - to type them here\n"


def test_a_file_that_is_not_there_is_told(folder: Path, run_dlcli: Run) -> None:
    told = run_dlcli("many", "none.txt", cwd=folder)
    assert told.code == 2
    assert "cannot read the lines: No such file or directory" in told.err


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """The exit codes by line of trainings that end at once."""
    codes: dict[int, int] = {}

    def processes(items: Any, work: Any, *, side_by_side: int, stopping: Any) -> Iterator[Ended[Any]]:
        for item in items:
            code = codes.get(item.line, 0)
            error = {"code": code, "message": "the loss is nan", "hint": "lower it"} if code else None
            seen.append(item)
            if code == 130:
                stopping.receive(2, None)
            yield Ended(item, code, {"path": None, "error": error, "notes": ["note: said"]}, 1.25)

    seen: list[Any] = []
    monkeypatch.setattr(trained_lines.train_lines, "__kwdefaults__", {"processes": processes})
    codes.clear()
    monkeypatch.setattr(trained_lines, "SEEN", seen, raising=False)
    return codes


def test_a_line_is_told_as_it_ends(folder: Path, run_dlcli: Run, ended: dict[int, int]) -> None:
    told = run_dlcli("many", "lines.txt", "-v", cwd=folder)
    assert (told.code, told.err.splitlines()) == (
        0,
        [
            "1/2  line 1  experiment.yaml  done",
            "note: said",
            "2/2  line 2  experiment.yaml -q --json  done",
            "note: said",
        ],
    )
    assert told.out.split() == ["lines", "2", "done", "in", *told.out.split()[-2:]]
    assert [each.words for each in trained_lines.SEEN] == [["experiment.yaml"], ["experiment.yaml", "-q", "--json"]]  # type: ignore[attr-defined]


def test_some_that_fail_end_with_nine(folder: Path, run_dlcli: Run, ended: dict[int, int]) -> None:
    ended[2] = 6
    told = run_dlcli("many", "lines.txt", "-q", cwd=folder)
    assert (told.code, told.err) == (9, "")
    assert [line.split() for line in told.out.splitlines()[1:3]] == [
        ["line", "2", "failed", "(6):", "the", "loss", "is", "nan"],
        ["lower", "it"],
    ]
    shown = run_dlcli("many", "lines.txt", "--json", cwd=folder)
    assert (shown.code, shown.value["done"], shown.value["failed"]) == (9, 1, 1)
    assert shown.value["lines"][1] == {
        "line": 2, "arguments": ["experiment.yaml", "-q", "--json"], "state": "failed", "code": 6, "run": None, "path": None,
        "seconds": 1.25, "notes": ["note: said"], "result": None,
        "error": {"code": 6, "message": "the loss is nan", "hint": "lower it"},
    }  # fmt: skip


def test_ctrl_c_says_how_to_go_on(folder: Path, run_dlcli: Run, ended: dict[int, int]) -> None:
    ended[1] = 130
    told = run_dlcli("many", "lines.txt", "-j", "2", "--threads", "3", "--runs", "else where", cwd=folder)
    assert told.code == 130
    assert told.err.splitlines()[0] == "note: 2 side by side, threads of each: 3"
    assert told.out.splitlines()[-2:] == [
        "stopped   by SIGINT",
        "next      dlcli many --resume lines.txt -j 2 --threads 3 --runs 'else where'",
    ]
    [first, *_] = trained_lines.SEEN  # type: ignore[attr-defined]
    assert (first.words, first.runs) == (["experiment.yaml", "--runs", "else where"], Path("else where"))
    assert first.threads == {"inter": 3, "intra": 3}
