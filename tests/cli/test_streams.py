"""Standard streams that are closed, files that end early, and texts that a terminal or a spreadsheet would obey."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer

from dlcli.actions.answered.predictor import Predictions
from dlcli.actions.prediction_files import as_csv, write_predictions
from dlcli.cli.output import write_rows
from dlcli.cli.streams import UnexpectedEnd, whole

DLCLI = [sys.executable, "-m", "dlcli"]
SHELL = "exec {} {} {}"
FORMULAS = ["=1+2", "@SUM(A1)", "+cmd", "-x", "\tx", "  =1", "＝1"]
PLAIN = ["-1", "+2.5", "a=1", "", "x-y", "1e-3"]


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_fails_nothing(
    tmp_path: Path, write_experiment: Callable[..., Path], closed: str
) -> None:
    write_experiment(tmp_path, {})
    words = " ".join(DLCLI)
    done = subprocess.run(
        ["sh", "-c", SHELL.format(words, "validate experiment.yaml --json", closed)],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert (not done.stdout) == (">&-" in closed.replace("2>&-", ""))


def test_a_training_without_standard_error_is_a_training(tmp_path: Path, write_experiment: Callable[..., Path]) -> None:
    write_experiment(tmp_path, {"train.epochs": 1})
    words = SHELL.format(" ".join(DLCLI), "train experiment.yaml --json", "2>&-")
    done = subprocess.run(["sh", "-c", words], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "done"


def test_a_file_that_ends_early_is_no_key_that_was_pressed() -> None:
    def early() -> None:
        raise EOFError("No data left in file")

    def pressed() -> None:
        raise KeyboardInterrupt

    app = typer.Typer()
    app.command("early")(whole(early))
    app.command("pressed")(whole(pressed))
    with pytest.raises(UnexpectedEnd, match="EOFError: No data left in file"):
        app(["early"], standalone_mode=False)
    assert app(["pressed"], standalone_mode=False) == 130


def test_rows_on_a_terminal_cannot_control_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "class,p\nx\x1b[2J\x1b]0;title\x07\u202e음료,0.5\n"
    write_rows(rows)
    assert capsys.readouterr().out == rows  # elsewhere they are data
    above, below = pty.openpty()
    with os.fdopen(below, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        write_rows(rows)
    shown = os.read(above, 1000).decode().replace("\r\n", "\n")
    os.close(above)
    assert shown == "class,p\nx?[2J?]0;title??음료,0.5\n"


@pytest.mark.parametrize(("text", "kept"), [*((each, False) for each in FORMULAS), *((each, True) for each in PLAIN)])
def test_safe_csv_takes_the_formula_out_of_texts_alone(text: str, kept: bool) -> None:
    columns = {"=head": np.array([text], object), "n": np.array([-0.5])}
    predictions = Predictions("r", 1, columns, [])
    quoted = text if kept else f"'{text}"
    assert as_csv(predictions, safe=True).decode() == f"'=head,n\n{quoted},-0.5\n"
    assert as_csv(predictions).decode() == f"=head,n\n{text},-0.5\n"


def test_predictions_take_away_what_a_killed_process_left_beside_them(tmp_path: Path) -> None:
    dead, alive = tmp_path / ".tmp-p.csv-999999999", tmp_path / f".tmp-p.csv-{os.getppid()}"
    other = tmp_path / ".tmp-other.csv-999999999"
    for path in (dead, alive, other):
        path.write_bytes(b"half")
    write_predictions([Predictions("r", 1, {"n": np.array([1.5])}, [])], tmp_path / "p.csv")
    assert sorted(os.listdir(tmp_path)) == sorted([alive.name, other.name, "p.csv"])
    assert (tmp_path / "p.csv").read_text() == "n\n1.5\n"
