"""`dlcli many` leaves what `dlcli train` leaves, byte for byte but times, processes and addresses; in processes of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from watched_runs import epochs_in, until, writer_of_run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes do not start warm")

DLCLI = [sys.executable, "-m", "dlcli"]
LINES = [
    ["experiment.yaml", "--epochs", "2"],
    ["experiment.yaml", "--epochs", "2"],
    ["experiment.yaml", "--set", "optimizer.learning_rate=0.02", "--name", "quick"],
]
OF_TIME = {"run.json": ("started", "seconds", "samples_per_second"), "state.json": ("spent",)}
"""By file the keys whose values are times."""
UNEQUAL = {".lock", "MANIFEST.json"}
"""Who wrote a run, and the prints of its files, some of which have times in them."""
LOGGED = re.compile(rb"^([IWE])\d{4} \d\d:\d\d:[\d.]+\s+\d+", re.MULTILINE)
"""How a line of TensorFlow begins: when, and by which process."""


def started(folder: Path, *arguments: str, **around: str) -> subprocess.Popen[str]:
    pipe, environment = subprocess.PIPE, {**os.environ, **around}
    return subprocess.Popen([*DLCLI, *arguments], cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True)


def done(folder: Path, *arguments: str, **around: str) -> tuple[int, str, str]:
    process = started(folder, *arguments, **around)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def without_times(value: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: None if key in keys else without_times(each, keys) for key, each in value.items()}
    return [without_times(each, keys) for each in value] if isinstance(value, list) else value


def content_of(path: Path, folder: Path) -> Any:
    """What has to be the same of a file, wherever the folder is."""
    content = path.read_bytes().replace(os.fsencode(folder), b"FOLDER")
    if path.name in OF_TIME:
        return without_times(json.loads(content), OF_TIME[path.name])
    if path.name == "log.txt":
        return LOGGED.sub(rb"\1", content)
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:  # its parts name no folder
            parts = {name: archive.read(name) for name in archive.namelist() if name != "metadata.json"}
        parts["config.json"] = without_times(json.loads(parts["config.json"]), ("shared_object_id",))  # an address
        return parts
    return content


def files_of(folder: Path) -> dict[str, Any]:
    runs = folder / "runs"
    return {
        path.relative_to(runs).as_posix(): content_of(path, folder)
        for path in sorted(runs.rglob("*"))
        if path.is_file() and path.name not in UNEQUAL
    }


def test_the_files_are_those_of_train_alone(tmp_path: Path, write_experiment: Callable[..., Path]) -> None:
    for name in ("alone", "many"):
        (tmp_path / name).mkdir()
        write_experiment(tmp_path / name)
    for words in LINES:
        code, _, err = done(tmp_path / "alone", "train", *words)
        assert code == 0, err
    (tmp_path / "many" / "lines.txt").write_text("\n".join(" ".join(words) for words in LINES), encoding="utf-8")
    (tmp_path / "other").mkdir()
    code, out, err = done(tmp_path / "many", "many", "lines.txt", "--json", TMPDIR=str(tmp_path / "other"))
    assert code == 0, err
    assert list((tmp_path / "other").iterdir()) == []
    alone, many = files_of(tmp_path / "alone"), files_of(tmp_path / "many")
    assert list(many) == list(alone)
    assert [name for name, content in alone.items() if many[name] != content] == []
    assert len(alone) > 3 * 12
    assert alone["experiment/metrics.jsonl"] != alone["quick/metrics.jsonl"]  # that a difference would be seen
    lines = json.loads(out)["lines"]
    assert [(each["line"], each["run"], each["state"]) for each in lines] == [
        (1, "experiment", "done"),
        (2, "experiment-2", "done"),
        (3, "quick", "done"),
    ]


def test_a_kill_ctrl_c_and_the_rest(tmp_path: Path, write_experiment: Callable[..., Path]) -> None:
    """One is killed and touches no other; Ctrl-C ends the next after its batch; what is left is done by `--resume`."""
    write_experiment(tmp_path)
    endless = "--set train.epochs=100000"
    text = f"experiment.yaml {endless} --name a\nexperiment.yaml {endless} --name b\nexperiment.yaml --name c\n"
    (tmp_path / "lines.txt").write_text(text, encoding="utf-8")
    process = started(tmp_path, "many", "lines.txt")
    until(lambda: epochs_in(tmp_path, "a") > 1, process)
    os.kill(writer_of_run(tmp_path, "a"), signal.SIGKILL)
    until(lambda: epochs_in(tmp_path, "b") > 1, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "line 1  a  failed: killed by SIGKILL" in err
    assert "line 2  b  stopped: stopped by SIGINT in epoch" in err
    assert out.splitlines()[-1].split() == ["next", "dlcli", "many", "--resume", "lines.txt"]
    state = json.loads((tmp_path / "runs" / "b" / "run.json").read_text(encoding="utf-8"))
    assert (state["status"], state["exit_code"], state["resumable"]) == ("interrupted", 130, True)
    assert not (tmp_path / "runs" / "c").exists()
    process = started(tmp_path, "many", "lines.txt", "--resume", "--json")
    before = epochs_in(tmp_path, "a"), epochs_in(tmp_path, "b")
    until(lambda: epochs_in(tmp_path, "a") > before[0], process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 143, err
    shown = json.loads(out)
    assert [each["state"] for each in shown["lines"]] == ["stopped", "left", "left"]
    assert shown["stopped"] == "SIGTERM"
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["a", "b"]


@pytest.mark.nightly
def test_fifty_lines_have_the_same_epochs(tmp_path: Path, write_experiment: Callable[..., Path]) -> None:
    """The same numbers come whatever trains beside them, with the same threads each."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write_experiment(tmp_path / name)
        lines = "".join(f"experiment.yaml --set seed={number % 25}\n" for number in range(50))
        (tmp_path / name / "lines.txt").write_text(lines, encoding="utf-8")
    for name, beside in (("one", "1"), ("other", "2")):
        code, _, err = done(tmp_path / name, "many", "lines.txt", "-j", beside, "--threads", "1")
        assert code == 0, err
    one, other = files_of(tmp_path / "one"), files_of(tmp_path / "other")
    histories = [name for name in one if name.endswith("metrics.jsonl")]
    assert len(histories) == 50
    assert [name for name in histories if one[name] != other[name]] == []
    assert one["experiment/metrics.jsonl"] == one["experiment-26/metrics.jsonl"] != one["experiment-2/metrics.jsonl"]
    threads = json.loads(one["experiment/env.json"])["threads"]
    assert threads == {"inter": 1, "intra": 1}
