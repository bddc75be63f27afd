"""The program as a process of its own: its streams, its signals, its exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import pytest

Run = Callable[..., Any]
DLCLI = [sys.executable, "-m", "dlcli"]
LONG = 5_000_000
SIGNALS = {"int": signal.SIGINT, "term": signal.SIGTERM, "hup": signal.SIGHUP}


def start(folder: Path, *arguments: str, **streams: Any) -> subprocess.Popen[bytes]:
    """Starts `dlcli ARGUMENTS` in a folder, in an environment without words about colour and width."""
    hidden = {"DLCLI_RUNS", "COLUMNS", "FORCE_COLOR", "NO_COLOR"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    environment |= streams.pop("environment", {})
    return subprocess.Popen([*DLCLI, *arguments], cwd=folder, env=environment, preexec_fn=hear, **streams)


def hear() -> None:
    """Undoes what a shell has asked the tests themselves to ignore: SIGHUP under nohup, SIGINT in the background."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def stopped(process: subprocess.Popen[bytes], number: int) -> bytes:
    """Waits for the first epoch, sends the signal, and gives all of standard error."""
    assert process.stderr is not None
    said = b""
    for line in process.stderr:
        said += line
        if line.startswith(b"epoch"):
            break
    process.send_signal(number)
    return said + process.stderr.read()


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory, write_experiment: Callable[..., Path]) -> Iterator[Any]:
    """Trainings side by side: three that are stopped, one for a script, one that nobody listens to."""
    folder = tmp_path_factory.mktemp("processes")
    write_experiment(folder)
    pipe = subprocess.PIPE
    long = [
        start(
            folder,
            "train",
            "experiment.yaml",
            "--epochs",
            str(LONG),
            "--name",
            name,
            "--json",
            stdout=pipe,
            stderr=pipe,
        )
        for name in SIGNALS
    ]
    script = start(
        folder,
        "train",
        "experiment.yaml",
        "--name",
        "script",
        "--json",
        stdout=pipe,
        stderr=pipe,
        environment={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
    )
    with Path("/dev/full").open("wb") as full:
        alone = start(folder, "train", "experiment.yaml", "--name", "alone", stdout=full, stderr=pipe)
    assert alone.stderr is not None
    alone.stderr.close()
    everyone = [*long, script, alone]
    try:
        said = {name: stopped(process, SIGNALS[name]) for name, process in zip(SIGNALS, long, strict=True)}
        outputs = {name: process.communicate()[0] for name, process in zip(SIGNALS, long, strict=True)}
        out, err = script.communicate()
        alone.wait()
        yield SimpleNamespace(
            folder=folder,
            stopped={
                name: SimpleNamespace(code=process.returncode, out=outputs[name], err=said[name])
                for name, process in zip(SIGNALS, long, strict=True)
            },
            script=SimpleNamespace(code=script.returncode, out=out, err=err),
            alone=alone.returncode,
        )
    finally:
        for process in everyone:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.mark.parametrize(("name", "code"), [("int", 130), ("term", 143), ("hup", 129)])
def test_a_signal_ends_training_after_the_model_is_saved(name: str, code: int, processes: Any, run_dlcli: Run) -> None:
    done, folder = processes.stopped[name], processes.folder
    assert done.code == code, done.err
    error = json.loads(done.out)["error"]
    assert (error["code"], error["name"]) == (code, "stopped")
    assert error["message"].startswith(f"stopped by {SIGNALS[name].name} in epoch ")
    assert b"of the last whole epoch, " in done.err
    assert b"Traceback" not in done.err
    state = json.loads((folder / "runs" / name / "run.json").read_bytes())
    assert (state["status"], state["exit_code"], state["reason"]) == ("interrupted", code, error["message"])
    lines = (folder / "runs" / name / "metrics.jsonl").read_text().splitlines()
    assert state["epochs"] == len(lines) >= 1
    assert state["resumable"]
    # Two are kept, and the best beside them.
    assert 1 <= len(list((folder / "runs" / name / "checkpoints").glob("step-*"))) <= 3
    evaluation = run_dlcli("evaluate", name, "--json", cwd=folder)
    assert evaluation.code == 0, evaluation.err
    assert evaluation.value["samples"] == 30


def test_train_for_a_script_writes_one_json_document_and_nothing_else(processes: Any) -> None:
    done = processes.script
    assert done.code == 0, done.err
    assert done.out.count(b"\n") == 1
    value = json.loads(done.out)
    assert (value["run"], value["status"], value["epochs"]) == ("script", "done", 3)
    lines = done.err.decode("ascii").splitlines()
    assert [line[:9] for line in lines] == ["script: 1", "* marks a", "epoch 1/3", "epoch 2/3", "epoch 3/3"]


def test_no_control_characters_reach_a_stream_that_is_no_terminal(processes: Any) -> None:
    streams = [processes.script.out, processes.script.err]
    streams += [stream for each in processes.stopped.values() for stream in (each.out, each.err)]
    for stream in streams:
        assert set(stream) & set(range(32)) <= {ord("\n")}
    assert len(streams) == 8


def test_a_training_whose_result_finds_no_room_is_saved(processes: Any) -> None:
    assert processes.alone == 7  # its result went to a disk that is full
    state = json.loads((processes.folder / "runs" / "alone" / "run.json").read_bytes())
    assert (state["status"], state["epochs"]) == ("done", 3)
    assert (processes.folder / "runs" / "alone" / "model" / "model.keras").exists()


def test_tensorflow_talks_to_the_log_alone(processes: Any) -> None:
    assert b"TensorFlow" not in processes.script.err
    log = (processes.folder / "runs" / "script" / "logs" / "log.txt").read_bytes()
    assert len(log) > 0


def test_a_run_without_a_reader_ends_with_141(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = start(tmp_path, "list", "layers", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    _, err = done.communicate()
    assert (done.returncode, err) == (141, b"")
    reading, writing = os.pipe()
    os.close(reading)
    done = start(tmp_path, "list", "layers", "--json", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    _, err = done.communicate()
    assert (done.returncode, err) == (141, b"")


def test_the_first_line_of_a_list_can_be_taken_from_a_pipe(tmp_path: Path) -> None:
    done = subprocess.run(
        f'"{sys.executable}" -m dlcli list layers | head -1', shell=True, cwd=tmp_path, capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"Activation\n", b"")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_any_command_with_a_line_and_its_code(name: str, tmp_path: Path) -> None:
    waiting = start(tmp_path, "validate", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert waiting.stdin is not None
    waiting.stdin.write(b"#" * 200_000)  # a pipe holds less: once this is written, it reads
    waiting.stdin.flush()
    waiting.send_signal(getattr(signal, name))
    out, err = waiting.communicate()
    assert (waiting.returncode, out) == (128 + getattr(signal, name), b"")
    assert err == f"note: stopped by {name}\n".encode()


def test_a_signal_that_the_process_ignores_stays_ignored() -> None:
    code = (
        "import signal; from dlcli.cli.signals import hear_signals\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN); hear_signals(); signal.raise_signal(signal.SIGHUP); print('on')\n"
        "try: signal.raise_signal(signal.SIGTERM)\n"
        "except KeyboardInterrupt as error: print(error.signal.name)\n"
        "signal.raise_signal(signal.SIGTERM)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.stdout, done.returncode) == (b"on\nSIGTERM\n", -signal.SIGTERM), done.stderr


@pytest.mark.parametrize("arguments", [["list", "layers"], ["runs", "--json"]])
def test_a_full_disk_is_one_line_and_7(arguments: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = start(tmp_path, *arguments, stdout=full, stderr=subprocess.PIPE)
        _, err = done.communicate()
    assert done.returncode == 7, err
    assert err == b"error: cannot write: No space left on device\n"


def test_names_in_any_script_pass_through_an_ascii_stream(tmp_path: Path) -> None:
    (tmp_path / "꽃.csv").write_text("길이,종류\n" + "1.5,장미\n2.5,백합\n" * 20, encoding="utf-8")
    environment = {"PYTHONIOENCODING": "ascii", "NO_COLOR": "1", "COLUMNS": "60"}
    arguments = ["inspect-data", "꽃.csv", "--target", "종류"]
    for more in ([], ["--json"]):
        done = start(
            tmp_path, *arguments, *more, stdout=subprocess.PIPE, stderr=subprocess.PIPE, environment=environment
        )
        out, err = done.communicate()
        assert done.returncode == 0, err
        text = out.decode("ascii")
        assert "\x1b" not in text
        assert "Traceback" not in err.decode("ascii")
    assert [each["name"] for each in json.loads(text)["tensors"] if each["role"] == "target"][:1] == ["종류"]


def test_the_second_signal_ends_the_process_at_once() -> None:
    from dlcli.training import signals

    request = signals.StopRequest()
    request.steps_begun = True
    request.receive(signal.SIGINT, None)
    assert request.signal == signal.SIGINT
    with pytest.raises(KeyboardInterrupt):
        request.receive(signal.SIGTERM, None)
    assert request.signal == signal.SIGTERM


@pytest.mark.parametrize("folder", ["runs", "my runs"])
def test_the_second_signal_says_how_the_run_goes_on(folder: str) -> None:
    from dlcli.errors import Stopped
    from dlcli.runs import Run
    from dlcli.training.signals import stop_request

    run = Run(Path(folder) / "a")

    def pressed_twice() -> None:
        with stop_request(run) as request:
            request.steps_begun = True
            request.receive(signal.SIGINT, None)
            request.receive(signal.SIGTERM, None)

    with pytest.raises(Stopped) as ended:
        pressed_twice()
    assert ended.value.message == f"stopped at once by a second SIGTERM; what was saved last is in {run.path}"
    assert ended.value.hint == "dlcli resume a" + ("" if folder == "runs" else " --runs 'my runs'")
    assert ended.value.code == 143
    with pytest.raises(SystemExit), stop_request(run):
        raise SystemExit(1)  # which no signal has asked for


def test_ctrl_c_before_a_training_has_begun_says_a_line(
    run_dlcli: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def pressed(*given: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dlcli.config.read_file", pressed)
    done = run_dlcli("train", "a.yaml", cwd=tmp_path)
    assert (done.code, done.err) == (130, "note: stopped by SIGINT\n")
    done = run_dlcli("validate", "a.yaml", "--json", cwd=tmp_path)
    assert (done.code, done.error["name"]) == (130, "stopped")


AT_ONCE = """
import importlib.abc, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Pressed(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == module:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
module, sys.argv[:] = sys.argv[1], ["dlcli", *sys.argv[2:]]
sys.meta_path.insert(0, Pressed())
from dlcli.__main__ import start
start()
"""
"""A command during which Ctrl-C is pressed as a module begins to be imported."""


@pytest.mark.parametrize("module", ["dlcli.cli", "typer", "dlcli.cli.validate", "dlcli.config"])
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_ctrl_c_while_the_commands_are_imported_says_a_line(module: str, options: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-c", AT_ONCE, module, "validate", "a.yaml", *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (130, "note: stopped by SIGINT\n")
    assert (json.loads(done.stdout)["error"]["name"] == "stopped") if options else done.stdout == ""


def test_a_signal_before_the_first_step_ends_the_set_up_where_it_is() -> None:
    from dlcli.errors import Stopped
    from dlcli.training.signals import stop_request

    def set_up() -> None:
        """Takes every error for one of the configuration, as the building of a model does."""
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Exception as error:
            raise AssertionError from error

    with pytest.raises(Stopped, match="stopped by SIGTERM before the first step") as ended, stop_request() as request:
        set_up()
    assert ended.value.code == 143
    assert request.signal == signal.SIGTERM


def test_signals_are_watched_only_while_training_and_those_ignored_stay_ignored() -> None:
    from dlcli.training.signals import stop_request

    def mine(number: int, frame: FrameType | None) -> None:
        raise AssertionError

    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, mine)
        with stop_request() as request:
            request.steps_begun = True
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            os.kill(os.getpid(), signal.SIGTERM)
            assert request.signal == signal.SIGTERM
        assert signal.getsignal(signal.SIGTERM) is mine
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
