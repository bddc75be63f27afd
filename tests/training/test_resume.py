"""Resume: a stopped run ends as if it had never stopped, and what has changed meanwhile is found."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dlcli.runs import Run
from dlcli.runs.checkpoint import folders, load_checkpoint, save
from dlcli.runs.lock import Lock
from dlcli.runs.manifest import write_recorded
from dlcli.runs.state import read_state

Command = Callable[..., Any]
CHANGES: dict[str, Any] = {
    "layers": [
        {"Dense": {"units": 8, "activation": "relu"}},
        {"Dropout": 0.3},
        {"Dense": {"units": 3, "activation": "softmax"}},
    ],
    "train.epochs": 6,
    "train.batch_size": 16,
    "train.checkpoint": {"every": "4 steps", "keep": 3, "keep_after": 3},
    "train.reduce_on_plateau": {"monitor": "val_loss", "patience": 1, "min_delta": 1.0, "factor": 0.5},
    "optimizer": {"Adam": {"learning_rate": 0.02}},
}


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, run_dlcli: Command, write_experiment: Callable[..., Path]
) -> Path:
    """A folder with two runs of six epochs: `whole`, and `cut`, which was set back to the middle of its fourth epoch."""
    folder = tmp_path_factory.mktemp("resume")
    write_experiment(folder, CHANGES)
    for name in ("whole", "cut"):
        done = run_dlcli("train", "experiment.yaml", "--name", name, "-q", cwd=folder)
        assert done.code == 0, done.err
    return folder


STEPS = 6
"""Of an epoch: 90 training samples in batches of 16."""


def rewrite(path: Path, text: str) -> None:
    """Replaces a file of a run as dlcli does, which its manifest knows."""
    write_recorded(Run(path.parent), path, text.encode())


@pytest.fixture
def runs(finished: Path, tmp_path: Path) -> Path:
    """A copy of the folder in which `cut` stands where a kill in the middle of an epoch has left it."""
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    cut = Run(folder / "runs" / "cut")
    shutil.rmtree(cut.model)
    state = json.loads(cut.state.read_bytes())
    rewrite(cut.state, json.dumps({**state, "status": "running"}))
    for path in (folder / "runs").glob("*/env.json"):  # the data has moved with the copy
        rewrite(path, path.read_text().replace(str(finished), str(folder)))
    for path in (folder / "runs").glob("*/config.resolved.json"):
        rewrite(path, path.read_text().replace(str(finished), str(folder)))
    for run in ("cut", "whole"):
        for path in folders(Run(folder / "runs" / run)):
            kept = load_checkpoint(path)
            config = json.loads(json.dumps(kept.state["config"]).replace(str(finished), str(folder)))
            save(
                Run(folder / "runs" / run),
                step=kept.step,
                arrays=kept.arrays,
                state={**kept.state, "config": config},
                keep=9,
            )
    newest = folders(cut)[-1]
    assert newest.name.endswith(f"{6 * STEPS:010d}")
    shutil.rmtree(newest)
    return folder


def history(folder: Path, name: str) -> bytes:
    return (folder / "runs" / name / "metrics.jsonl").read_bytes()


def variables(folder: Path, name: str) -> dict[str, bytes]:
    """All variables of the newest checkpoint."""
    kept = load_checkpoint(folders(Run(folder / "runs" / name))[-1])
    return {each: array.tobytes() for each, array in kept.arrays.items()}


def state_of(folder: Path, name: str) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((folder / "runs" / name / "run.json").read_bytes())
    return state


def test_a_run_that_was_cut_short_ends_as_the_one_that_was_not(runs: Path, run_dlcli: Command) -> None:
    assert run_dlcli("runs", "--filter", "status=crashed", "--json", cwd=runs).value[0]["run"] == "cut"
    done = run_dlcli("resume", "cut", "--json", cwd=runs)
    assert done.code == 0, done.err
    assert "note: 'cut' goes on from step 2 of epoch 6" in done.err
    assert not [word for word in ("damaged", "complete", "not exact") if word in done.err]
    assert (done.value["status"], done.value["exact"], done.value["epochs"]) == ("done", True, 6)
    assert history(runs, "cut") == history(runs, "whole")
    whole = variables(runs, "whole")
    assert variables(runs, "cut") == whole
    assert len(whole) >= 15
    for key in ("metrics", "best", "reason", "verdict", "baseline"):
        said = json.dumps(state_of(runs, "cut")[key]).replace(
            "resume cut", "resume whole"
        )  # a run has a name of its own
        assert json.loads(said) == state_of(runs, "whole")[key]


def spoilt(arrays: Mapping[str, Any], word: str) -> dict[str, Any]:
    """The variables with those of a word set to zero; there has to be one that was not."""
    hit = [name for name in arrays if word in name and arrays[name].any()]
    assert hit, sorted(arrays)
    return {name: array * 0 if name in hit else array for name, array in arrays.items()}


@pytest.mark.parametrize("word", ["seed_generator_state", "momentum", "iteration", "total", "learning_rate", "kernel"])
def test_a_checkpoint_without_any_part_of_the_state_would_be_seen(word: str, runs: Path, run_dlcli: Command) -> None:
    run = Run(runs / "runs" / "cut")
    kept = load_checkpoint(folders(run)[-1])
    save(run, step=kept.step, arrays=spoilt(kept.arrays, word), state=kept.state, keep=9)
    assert run_dlcli("resume", "cut", "-q", cwd=runs).code == 0
    same = history(runs, "cut") == history(runs, "whole") and variables(runs, "cut") == variables(runs, "whole")
    assert not same


@pytest.mark.parametrize("part", ["plateau", "begun"])
def test_a_checkpoint_without_its_rules_or_its_place_would_be_seen(part: str, runs: Path, run_dlcli: Command) -> None:
    run = Run(runs / "runs" / "cut")
    kept = load_checkpoint(folders(run)[-1])
    state = json.loads(json.dumps(kept.state))
    if part == "plateau":
        assert state["plateau"]["watch"]["best"] is not None
        state["plateau"] = {"watch": {"best": None, "best_epoch": 0, "waited": -9}, "cooling": 0}
    else:
        assert state["progress"]["begun"] > 0
        state["progress"]["begun"] = 0
    save(run, step=kept.step, arrays=kept.arrays, state=state, keep=9)
    assert run_dlcli("resume", "cut", "-q", cwd=runs).code == 0
    assert variables(runs, "cut") != variables(runs, "whole")


def test_more_epochs_are_those_of_a_run_that_had_them_from_the_start(runs: Path, run_dlcli: Command) -> None:
    assert run_dlcli("train", "experiment.yaml", "--epochs", 9, "--name", "long", "-q", cwd=runs).code == 0
    more = run_dlcli("resume", "whole", "--epochs", 9, "--json", cwd=runs)
    assert (more.code, more.value["epochs"], more.value["exact"]) == (0, 9, True), more.err
    assert json.loads((runs / "runs" / "whole" / "config.resolved.json").read_bytes())["train"]["epochs"] == 9
    assert history(runs, "whole") == history(runs, "long")
    assert variables(runs, "whole") == variables(runs, "long")
    again = run_dlcli("resume", "whole", "--json", cwd=runs)
    assert "note: 'whole' is complete: all epochs are done" in again.err
    assert (again.code, again.value) == (0, more.value)


def test_early_stopping_stays_the_end_whatever_the_number_of_epochs(
    tmp_path: Path, run_dlcli: Command, write_experiment: Callable[..., Path]
) -> None:
    early = {"train.early_stopping": {"monitor": "val_loss", "patience": 2, "min_delta": 0.5}, "train.epochs": 30}
    config = write_experiment(tmp_path, early)
    assert run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path).code == 0
    before = state_of(tmp_path, "a")
    more = run_dlcli("resume", "a", "--epochs", 60, cwd=tmp_path)
    assert more.code == 0
    assert "note: 'a' is complete: early stopping: val_loss has not improved for 2 epochs" in more.err
    done = read_state(Run(tmp_path / "runs" / "a")).epochs
    behind = run_dlcli("resume", "a", "--epochs", done - 1, "--json", cwd=tmp_path)
    assert (behind.code, behind.error["kind"]) == (2, "epochs_behind")
    assert f"'a' has trained {done} epochs, so it cannot end after {done - 1}" in behind.error["message"]
    assert run_dlcli("resume", "a", "--epochs", done, cwd=tmp_path).code == 0
    assert state_of(tmp_path, "a") == before


def test_a_damaged_checkpoint_is_passed_over_and_named(runs: Path, run_dlcli: Command) -> None:
    newest = folders(Run(runs / "runs" / "cut"))[-1]
    content = (newest / "vars.npz").read_bytes()
    (newest / "vars.npz").write_bytes(content[: len(content) // 2])
    done = run_dlcli("resume", "cut", cwd=runs)
    assert done.code == 0, done.err
    assert f"note: the checkpoint {newest.name} is damaged; an earlier one is used" in done.err
    assert history(runs, "cut") == history(runs, "whole")
    assert variables(runs, "cut") == variables(runs, "whole")


@pytest.mark.parametrize("how", ["damaged", "missing"])
def test_a_run_is_never_begun_again_in_silence(how: str, runs: Path, run_dlcli: Command) -> None:
    run = Run(runs / "runs" / "cut")
    for path in folders(run):
        if how == "missing":
            shutil.rmtree(path)
        else:
            (path / "MANIFEST.json").unlink()
    done = run_dlcli("resume", "cut", "--json", cwd=runs)
    assert (done.code, done.error["name"]) == (5, "artifact")
    assert done.error["message"].startswith(f"every checkpoint of 'cut' is {how}")
    assert history(runs, "cut") == history(runs, "whole")


def test_a_run_that_was_stopped_before_its_first_checkpoint_begins_at_the_beginning(
    runs: Path, run_dlcli: Command
) -> None:
    run = Run(runs / "runs" / "cut")
    shutil.rmtree(run.checkpoints)
    rewrite(run.state, json.dumps({**state_of(runs, "cut"), "status": "created", "resumable": False}))
    done = run_dlcli("resume", "cut", cwd=runs)
    assert done.code == 0, done.err
    assert "note: 'cut' was stopped before its first checkpoint; it begins at the beginning" in done.err
    assert history(runs, "cut") == history(runs, "whole")
    assert variables(runs, "cut") == variables(runs, "whole")


def test_a_changed_configuration_is_refused_with_its_keys_unless_it_is_allowed(runs: Path, run_dlcli: Command) -> None:
    change = ["resume", "cut", "--set", "optimizer.learning_rate=0.5", "--json"]
    refused = run_dlcli(*change, cwd=runs)
    assert (refused.code, refused.error["name"]) == (8, "conflict")
    assert "optimizer.Adam.learning_rate was 0.02 and is 0.5" in refused.error["message"]
    assert "--allow-config-change" in refused.error["hint"]
    allowed = run_dlcli(*change, "--allow-config-change", cwd=runs)
    assert (allowed.code, allowed.value["exact"]) == (0, False), allowed.err
    assert allowed.value["inexact"] == ["optimizer.Adam.learning_rate was 0.02 and is 0.5"]


@pytest.mark.parametrize("file", ["config.yaml", "config.resolved.json"])
def test_an_edited_configuration_of_the_run_is_seen(file: str, runs: Path, run_dlcli: Command) -> None:
    path = runs / "runs" / "cut" / file
    path.write_text(path.read_text().replace("0.02", "0.03"))
    refused = run_dlcli("resume", "cut", "--json", cwd=runs)
    assert (refused.code, refused.error["name"]) == (8, "conflict")
    words = {
        "config.yaml": "config.yaml in the run's folder was edited",
        "config.resolved.json": "was 0.02 and is 0.03",
    }
    assert words[file] in refused.error["message"]
    allowed = run_dlcli("resume", "cut", "--allow-config-change", "--json", cwd=runs)
    assert (allowed.code, allowed.value["exact"]) == (0, False), allowed.err


def test_layers_of_another_shape_cannot_be_gone_on_with(runs: Path, run_dlcli: Command) -> None:
    refused = run_dlcli("resume", "cut", "--set", "layers.0.units=9", "--allow-config-change", "--json", cwd=runs)
    assert (refused.code, refused.error["name"]) == (5, "artifact")
    assert "the checkpoint is of another model: 'dense/kernel' is shape (16, 8) in it" in refused.error["message"]


def test_changed_data_is_refused_unless_it_is_allowed(runs: Path, run_dlcli: Command) -> None:
    import numpy as np

    with np.load(runs / "classes.npz") as file:
        x, y = file["x"], file["y"]
    np.savez(runs / "classes.npz", x=x + 1, y=y)
    refused = run_dlcli("resume", "cut", "--json", cwd=runs)
    assert (refused.code, refused.error["name"]) == (8, "conflict")
    assert refused.error["message"].endswith("classes.npz has changed since 'cut' was started")
    allowed = run_dlcli("resume", "cut", "--allow-data-change", "--json", cwd=runs)
    assert (allowed.code, allowed.value["exact"]) == (0, False), allowed.err
    assert allowed.value["inexact"][0].startswith("the data has changed: ")


def test_another_number_of_steps_has_no_place_to_go_on_from(runs: Path, run_dlcli: Command) -> None:
    change = ["resume", "cut", "--set", "train.batch_size=8", "--allow-config-change", "--json"]
    refused = run_dlcli(*change, cwd=runs)
    assert (refused.code, refused.error["name"]) == (8, "conflict")
    assert refused.error["message"].startswith("an epoch had 6 steps and has ")


def test_other_threads_or_versions_are_recorded_as_not_exact(runs: Path, run_dlcli: Command) -> None:
    path = runs / "runs" / "cut" / "env.json"
    recorded = json.loads(path.read_bytes())
    recorded["versions"]["keras"], recorded["onednn"] = "3.0.0", "0"
    rewrite(path, json.dumps(recorded))
    done = run_dlcli("resume", "cut", "--json", cwd=runs)
    assert (done.code, done.value["exact"]) == (0, False)
    assert [each.split(" was ")[0] for each in done.value["inexact"]] == ["versions.keras", "onednn"]
    assert "note: not exact any more: versions.keras was 3.0.0" in done.err


def test_a_run_goes_on_with_its_threads_and_says_where_that_cannot_be(
    runs: Path, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = runs / "runs" / "cut" / "env.json", list[Any]()
    monkeypatch.setattr("dlcli.training.setup.backend.take_threads", asked.append)
    recorded = json.loads(path.read_bytes())
    rewrite(path, json.dumps({**recorded, "threads": {"inter": 3, "intra": 5}}))
    done = run_dlcli("resume", "cut", "--json", cwd=runs)
    assert asked == [{"inter": 3, "intra": 5}]
    assert done.value["inexact"] == ["threads.inter was 3 and is 0", "threads.intra was 5 and is 0"]


def test_a_run_that_is_being_trained_is_not_gone_on_with(runs: Path, run_dlcli: Command) -> None:
    with Lock(runs / "runs" / "cut"):
        done = run_dlcli("resume", "cut", "--json", cwd=runs)
    assert (done.code, done.error["name"]) == (8, "conflict")
    assert done.error["message"].startswith("the run is in use by process ")


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, int], None]]:
    """`full_disk(first, last)` lets the checkpoints of these numbers (from 1) fail as on a full disk."""
    from dlcli.errors import ResourceError
    from dlcli.training import checkpointing

    real, made = checkpointing.save, [0]

    def fail(first: int, last: int) -> None:
        def counted(*arguments: Any, **options: Any) -> Any:
            made[0] += 1
            if first <= made[0] <= last:
                raise ResourceError("cannot write vars.npz: the disk is full", kind="not_writable")
            return real(*arguments, **options)

        monkeypatch.setattr(checkpointing, "save", counted)

    yield fail
    assert made[0] > 0


def test_a_full_disk_ends_training_with_7_and_the_run_goes_on_later(
    full_disk: Callable[[int, int], None], runs: Path, run_dlcli: Command
) -> None:
    full_disk(4, 4)
    stopped = run_dlcli("train", "experiment.yaml", "--name", "full", "--json", cwd=runs)
    assert (stopped.code, stopped.error["name"]) == (7, "resources")
    assert stopped.error["hint"] == "dlcli resume full"
    state = state_of(runs, "full")
    assert (state["status"], state["exit_code"], state["resumable"]) == ("failed", 7, True)
    assert run_dlcli("resume", "full", "-q", cwd=runs).code == 0
    assert history(runs, "full") == history(runs, "whole")
    assert variables(runs, "full") == variables(runs, "whole")


def test_a_full_disk_is_a_warning_where_that_is_asked_for(
    full_disk: Callable[[int, int], None], runs: Path, run_dlcli: Command
) -> None:
    full_disk(2, 3)
    warns = "train.checkpoint.on_save_error=warn"
    done = run_dlcli("train", "experiment.yaml", "--name", "warned", "--set", warns, cwd=runs)
    assert done.code == 0, done.err
    assert done.err.count("training goes on") == 2
    assert history(runs, "warned") == history(runs, "whole")


@pytest.mark.parametrize(("missing", "code"), [(0, 0), (1, 7)])
def test_there_has_to_be_room_for_two_checkpoints_with_the_moments_of_the_optimizer(
    missing: int,
    code: int,
    tmp_path: Path,
    run_dlcli: Command,
    write_experiment: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dlcli.runs.checkpoint import newest

    keeping = {"train.checkpoint": {"keep_after": 1}}
    tree = {"train.epochs": 1, "optimizer": {"Adam": {"learning_rate": 0.01}}, **keeping}
    config = write_experiment(tmp_path, tree)
    assert run_dlcli("train", config, "--name", "first", "-q", cwd=tmp_path).code == 0
    checkpoint = newest(Run(tmp_path / "runs" / "first"))
    assert checkpoint is not None
    size = sum(array.nbytes for array in checkpoint.arrays.values())
    free = 2 * size - missing
    monkeypatch.setattr("shutil.disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - free, free))
    assert run_dlcli("train", config, "--name", "second", "-q", cwd=tmp_path).code == code


def test_a_disk_without_room_for_two_checkpoints_is_refused_before_training(
    runs: Path, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 999, 999))
    done = run_dlcli("train", "experiment.yaml", "--name", "small", "--json", cwd=runs)
    assert (done.code, done.error["name"]) == (7, "resources")
    assert re.search(r"two checkpoints take 0\.0 MB, and the disk has 0\.0 MB free", done.error["message"])
    assert not (runs / "runs" / "small").exists()


@pytest.mark.nightly
def test_trainings_killed_at_random_instants_end_byte_identical() -> None:
    """A part of the proof, two kinds of ten; `killed_runs.py --kills 220`, which is run nightly, is the whole."""
    program = str(Path(__file__).with_name("killed_runs.py"))
    command = [sys.executable, program, "--kills", "2", "--seed", "7", "--kinds", "0,1", "--workers", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    lines = re.findall(r"^(.+): (\d+) kills in (\d+) trainings, (\d+) things compared each$", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line[0] for line in lines] == ["dropout, noise, batch normalization", "early stopping, plateau"]
    assert sum(int(line[1]) for line in lines) >= 2
    assert all(int(line[3]) > 20 for line in lines)
