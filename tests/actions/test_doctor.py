"""dlcli doctor: what it finds, and that each thing that does not work is told with what mends it."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.actions import doctor
from dlcli.errors import ArtifactError
from dlcli.view.doctor import Checked

Command = Callable[..., Any]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No training, and Keras as it is."""
    monkeypatch.setattr(doctor, "keras_checked", lambda: Checked("keras", True, "starts", None))
    monkeypatch.setattr(doctor, "training_checked", lambda: Checked("training", True, "trains", None))


def test_where_everything_works_that_is_what_it_says(tmp_path: Path, run_dlcli: Command) -> None:
    done = run_dlcli("doctor", "--json", cwd=tmp_path)
    assert done.code == 0, done.out
    value = done.value
    assert list(value) == ["versions", "system", "devices", "processors", "threads", "extras", "checks"]
    assert [(each["name"], each["ok"], each["advice"]) for each in value["checks"]] == [
        (name, True, None) for name in ("python", "runs", "keras", "training")
    ]
    for package in ("keras", "tensorflow", "numpy"):
        assert value["versions"][package] == importlib.metadata.version(package)
    assert value["devices"][0] == "CPU:0"
    assert value["checks"][3]["found"].startswith("3 epochs of iris, loss ")
    assert " on 30 samples, in " in value["checks"][3]["found"]
    assert list(tmp_path.iterdir()) == []


def test_the_extras_are_those_of_the_package_with_the_command_for_what_is_missing(
    tmp_path: Path, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch, tried: None
) -> None:
    version = doctor.version_of
    monkeypatch.setattr(doctor, "version_of", lambda name: None if name == "openpyxl" else version(name))
    extras = {each["extra"]: each for each in run_dlcli("doctor", "--json", cwd=tmp_path).value["extras"]}
    declared = set(importlib.metadata.metadata("dlcli").get_all("Provides-Extra") or []) - {"test"}
    assert set(extras) == declared
    assert extras["excel"] == {
        "extra": "excel",
        "packages": {"openpyxl": None},
        "install": 'pip install "dlcli[excel]"',
    }
    assert extras["audio"]["install"] is None
    assert extras["audio"]["packages"]["soundfile"] == importlib.metadata.version("soundfile")
    shown = run_dlcli("doctor", cwd=tmp_path)
    assert shown.code == 0
    assert [line.split("   ")[-1].strip() for line in shown.out.splitlines() if line.startswith("excel")] == [
        'pip install "dlcli[excel]"'
    ]
    assert shown.out.splitlines()[-1] == "result    everything works"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, run_dlcli: Command, tried: None) -> None:
    done = run_dlcli("doctor", "--runs", "/proc/runs", cwd=tmp_path)
    assert done.code == 7
    assert "runs      does not work: /proc cannot be written: " in done.out
    assert "          choose another folder: --runs DIR, or DLCLI_RUNS\n" in done.out
    assert done.out.splitlines()[-1] == "result    does not work: runs"


@pytest.mark.parametrize(("free", "ok"), [(500_000_000, True), (499_999_999, False)])
def test_room_is_part_of_it(free: int, ok: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: type("Usage", (), {"free": free}))
    checked = doctor.folder_checked(tmp_path / "not" / "yet")
    assert checked.ok is ok
    assert "0.5 GB free" in checked.found
    assert (checked.advice is None) is ok


@pytest.mark.parametrize(("minor", "ok"), [(10, False), (11, True), (13, True), (14, False)])
def test_a_python_that_dlcli_is_not_made_for_is_told(minor: int, ok: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Version(tuple[int, ...]):
        minor = 0

    version = Version((3, minor))
    version.minor = minor
    monkeypatch.setattr(doctor.sys, "version_info", version)
    checked = doctor.python_checked()
    assert checked.ok is ok
    assert checked.advice is None if ok else "python3.13 -m venv" in str(checked.advice)


def broken(*arguments: Any, **options: Any) -> Any:
    raise ArtifactError("no such backend", kind="wrong_backend", hint="unset KERAS_BACKEND")


def fails(*arguments: Any, **options: Any) -> Any:
    raise RuntimeError("shared object\nnot found")


@pytest.mark.parametrize(
    ("name", "error", "found", "advice"),
    [
        ("start_keras", broken, "no such backend", "unset KERAS_BACKEND"),
        ("start_keras", fails, "RuntimeError: shared object", "pip install --force-reinstall dlcli"),
        ("train", broken, "no such backend", "unset KERAS_BACKEND"),
        ("train", fails, "RuntimeError: shared object", "please report it with the output of dlcli doctor"),
    ],
)
def test_what_breaks_is_told_and_is_no_bug(
    name: str,
    error: Any,
    found: str,
    advice: str,
    tmp_path: Path,
    run_dlcli: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, name, error)
    done = run_dlcli("doctor", "--json", cwd=tmp_path)
    assert done.code == 7
    last = done.value["checks"][-1]
    assert (last["name"], last["ok"]) == ({"start_keras": "keras", "train": "training"}[name], False)
    assert (last["found"], last["advice"]) == (found, advice)
