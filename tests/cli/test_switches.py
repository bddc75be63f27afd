"""A switch that nobody has written is off: no code is run, nothing is replaced, and a result is drawn for a person."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.cli.output import ascii_only, emit, out

Run = Callable[..., Any]
CONFIG = """\
data: {source: t.csv, target: y}
layers: [Dense: {units: 2, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""
PLUGIN = """\
from pathlib import Path

import keras

with Path("ran").open("a") as file:
    file.write("x")


class Twice(keras.layers.Layer):
    def call(self, inputs):
        return 2.0 * inputs
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run) -> Path:
    """A table, a configuration with a plugin and one without, and a run of each: `coded` and `plain`."""
    folder = tmp_path_factory.mktemp("switches")
    rows = "".join(f"{row * 37 % 101},{'uv'[row * row % 3 % 2]}\n" for row in range(60))
    (folder / "t.csv").write_text("x,y\n" + rows, encoding="utf-8")
    (folder / "own.py").write_text(PLUGIN, encoding="utf-8")
    (folder / "plain.yaml").write_text(CONFIG, encoding="utf-8")
    coded = CONFIG.replace("layers: [", "layers: [Twice, ") + "plugins: [own.py]\n"
    (folder / "coded.yaml").write_text(coded, encoding="utf-8")
    for name, more in (("coded", ["--allow-code"]), ("plain", [])):
        done = run_dlcli("train", f"{name}.yaml", "-q", "--json", *more, cwd=folder)
        assert done.code == 0, done.err
    (folder / "ran").unlink()
    return folder


CODED = [
    ["validate", "coded.yaml", "--build"],
    ["inspect-data", "coded.yaml"],
    ["inspect", "coded.yaml"],
    ["check", "coded.yaml"],
    ["train", "coded.yaml"],
    ["inspect", "coded"],
    ["evaluate", "coded"],
    ["predict", "coded", "t.csv"],
    ["resume", "coded", "--epochs", "2"],
]


@pytest.mark.parametrize("command", CODED, ids=" ".join)
def test_no_command_runs_code_unless_it_is_allowed(command: list[str], folder: Path, run_dlcli: Run) -> None:
    refused = run_dlcli(*command, cwd=folder)
    assert refused.code == 10, refused.err
    assert not (folder / "ran").exists()
    assert not (folder / "runs" / "coded-2").exists()


DRAWN = [
    ["list"],
    ["list", "losses"],
    ["show", "Dense"],
    ["runs"],
    ["validate", "plain.yaml"],
    ["inspect-data", "plain.yaml"],
    ["inspect", "plain.yaml"],
    ["inspect", "plain"],
    ["evaluate", "plain"],
    ["predict", "plain", "t.csv"],
    ["resume", "plain"],
]


@pytest.mark.parametrize("command", DRAWN, ids=" ".join)
def test_a_result_is_drawn_unless_json_is_asked_for(command: list[str], folder: Path, run_dlcli: Run) -> None:
    drawn = run_dlcli(*command, cwd=folder)
    assert drawn.code == 0, drawn.err
    assert len(drawn.out.splitlines()) >= 2 or command[0] == "validate"
    with pytest.raises(json.JSONDecodeError):
        json.loads(drawn.out)
    asked = run_dlcli(*command, "--json", cwd=folder)
    assert isinstance(asked.value, dict | list)


def test_samples_are_shown_to_a_person_alone(folder: Path, run_dlcli: Run) -> None:
    drawn = run_dlcli("inspect-data", "digits", cwd=folder).out
    told = run_dlcli("inspect-data", "digits", "--json", cwd=folder).out
    assert len(drawn.splitlines()) > 15
    assert told.count("\n") == 1


def test_a_check_tries_no_rates_unless_it_is_asked_to(folder: Path, run_dlcli: Run) -> None:
    done = run_dlcli("check", "plain.yaml", cwd=folder)
    assert done.code == 0
    assert "--set optimizer.learning_rate=" not in done.out
    assert "the loss fell at no learning rate" not in done.out
    assert "verdict " in done.out


def test_no_worst_samples_are_shown_unless_they_are_asked_for(folder: Path, run_dlcli: Run) -> None:
    assert "the worst samples" not in run_dlcli("evaluate", "plain", cwd=folder).out
    assert run_dlcli("evaluate", "plain", "--json", cwd=folder).value["worst"] == []
    assert len(run_dlcli("evaluate", "plain", "--worst", "2", "--json", cwd=folder).value["worst"]) == 2


def test_a_taken_name_gets_a_number_and_a_training_is_shown(folder: Path, run_dlcli: Run) -> None:
    done = run_dlcli("train", "plain.yaml", "--name", "taken", "--epochs", "1", cwd=folder)
    again = run_dlcli("train", "plain.yaml", "--name", "taken", cwd=folder)
    assert (done.code, again.code) == (0, 0)
    assert (folder / "runs" / "taken-2").is_dir()
    assert "epoch 1/1  loss " in done.err
    assert "\nnext      dlcli " in again.out
    refused = run_dlcli("train", "plain.yaml", "--name", "taken", "--no-rename", cwd=folder)
    assert refused.code == 8
    assert run_dlcli("train", "plain.yaml", "--epochs", "0", cwd=folder).code == 2


def test_a_changed_run_is_not_gone_on_with_unless_it_is_allowed(folder: Path, run_dlcli: Run) -> None:
    assert run_dlcli("train", "plain.yaml", "--name", "cut", "-q", cwd=folder).code == 0
    seed = ["resume", "cut", "--set", "seed=7", "--epochs", "2"]
    assert run_dlcli(*seed, cwd=folder).code == 8
    content = (folder / "t.csv").read_text()
    (folder / "t.csv").write_text(content.replace("37,", "38,", 1))
    assert run_dlcli("resume", "cut", "--epochs", "2", cwd=folder).code == 8
    (folder / "t.csv").write_text(content)
    gone_on = run_dlcli("resume", "cut", "--epochs", "2", cwd=folder)
    assert gone_on.code == 0, gone_on.err
    assert "epoch 2/2  loss " in gone_on.err
    assert run_dlcli("runs", "--filter", "run=cut", "--json", cwd=folder).value[0]["epochs"] == 2


def test_quiet_is_asked_for(folder: Path, run_dlcli: Run) -> None:
    written = run_dlcli("predict", "plain", "t.csv", "-o", "p.csv", cwd=folder)
    assert (written.out, written.err) == ("", "60 predictions written to p.csv\n")
    assert run_dlcli("predict", "plain", "t.csv", "-o", "p.csv", "-q", cwd=folder).err == ""
    told = run_dlcli("predict", "plain", "t.csv", "-o", "p.csv", "--json", cwd=folder).value
    assert (told["samples"], told["predictions"]) == (60, "p.csv")
    (folder / "f.csv").write_text("x,name\n1,=1+2\n", encoding="utf-8")
    plain = run_dlcli("predict", "plain", "f.csv", "--keep", "name", cwd=folder)
    safe = run_dlcli("predict", "plain", "f.csv", "--keep", "name", "--safe-csv", cwd=folder)
    assert plain.out.splitlines()[1].startswith("=1+2,")
    assert safe.out.splitlines()[1].startswith("'=1+2,")


def test_a_file_is_not_replaced_unless_it_is_forced(folder: Path, run_dlcli: Run) -> None:
    (folder / "mine.yaml").write_text("mine\n")
    refused = run_dlcli("init", "iris", "-o", "mine.yaml", cwd=folder)
    assert refused.code != 0
    assert (folder / "mine.yaml").read_text() == "mine\n"
    forced = run_dlcli("init", "iris", "-o", "mine.yaml", "--force", cwd=folder)
    assert (forced.code, forced.out) == (0, "")
    shown = run_dlcli("init", "iris", "-o", "-", cwd=folder)
    assert (shown.code, shown.err) == (0, "")
    assert "layers:" in shown.out
    for both in (["init"], ["init", "iris", "--template", "digits"]):
        assert run_dlcli(*both, cwd=folder).code == 2


@pytest.mark.parametrize(
    ("encoding", "escaped"),
    [("utf-8", False), ("UTF8", False), ("UTF-16", False), ("latin-1", True), ("ascii", True), (None, True)],
)
def test_json_is_escaped_where_a_stream_cannot_carry_every_letter(encoding: str | None, escaped: bool) -> None:
    class Stream(io.StringIO):
        """Text of an encoding."""

    Stream.encoding = encoding  # type: ignore[assignment, misc]
    stream = Stream()
    assert ascii_only(stream) is escaped
    emit({"größe": float("nan"), "most": [float("inf"), 1.5]}, stream=stream)
    name = r"gr\u00f6\u00dfe" if escaped else "größe"
    assert stream.getvalue() == f'{{"{name}": null, "most": [null, 1.5]}}\n'


def test_lines_that_nobody_sees_on_a_terminal_have_room_for_120(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert out(io.StringIO()).width == 120
    monkeypatch.setenv("COLUMNS", "60")
    assert out(io.StringIO()).width == 60


@pytest.mark.parametrize(
    ("told", "width"), [("0", 80), ("1", 80), ("19", 80), ("20", 20), ("-5", 80), ("abc", 80), ("", 80), ("300", 300)]
)
def test_a_width_in_which_no_line_can_be_read_is_none(told: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", told)
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((0, 0)))
    assert out(io.StringIO()).width == width
