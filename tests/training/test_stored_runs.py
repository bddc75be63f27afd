"""Runs that earlier versions have written are listed, evaluated, asked, looked at and gone on with; later ones are refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dlcli
from dlcli.config import FORM
from dlcli.runs.folder import GROUP
from dlcli.runs.upgrades import STEPS

Command = Callable[..., Any]
STORED = Path(__file__).parents[1] / "stored"
FORMS = sorted(path.name for path in STORED.iterdir() if path.is_dir())
FILES = ["config.resolved.json", "env.json", "run.json", "model/schema.json"]


def test_every_form_up_to_todays_is_stored() -> None:
    assert [f"form-{number}" for number in range(2)] == FORMS
    assert {len(steps) for steps in STEPS.values()} == {len(FORMS) - 1} == {FORM}
    assert sorted({*STEPS} - {GROUP}) == sorted(Path(name).name for name in FILES)
    assert len(STEPS[GROUP]) == 1  # a group is new with form 1: there is no other to be stored


@pytest.mark.parametrize("name", FILES)
def test_the_forms_say_their_numbers(name: str) -> None:
    numbers = [json.loads((STORED / form / "tiny" / name).read_bytes()).get("schema") for form in FORMS]
    assert numbers == [1 if name == "run.json" else None, 1]


@pytest.fixture(params=FORMS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a stored run among its runs."""
    return copied(request.param, tmp_path)


def copied(form: str, folder: Path) -> Path:
    shutil.copytree(STORED / form, folder / "runs")
    return folder


def test_it_is_listed(folder: Path, run_dlcli: Command) -> None:
    (row,) = run_dlcli("runs", "--json", cwd=folder).value
    assert (row["run"], row["status"], row["epochs"]) == ("tiny", "done", 3)
    assert row["metrics"]["validation"]["accuracy"] == pytest.approx(15 / 22)


def test_it_is_evaluated(folder: Path, run_dlcli: Command) -> None:
    recorded = json.loads((folder / "runs" / "tiny" / "run.json").read_bytes())["metrics"]["validation"]
    done = run_dlcli("evaluate", "tiny", "--split", "validation", "--json", cwd=folder)
    assert done.code == 0, done.err
    assert done.value["metrics"] == pytest.approx(recorded, rel=1e-5)
    assert done.value["samples"] == 22


def test_it_predicts(folder: Path, run_dlcli: Command) -> None:
    (folder / "new.csv").write_text("sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n")
    done = run_dlcli("predict", "tiny", "new.csv", "--json", cwd=folder)
    assert done.code == 0, done.err
    assert done.value["predictions"][0]["species"] == "setosa"


def test_it_is_looked_at(folder: Path, run_dlcli: Command) -> None:
    done = run_dlcli("inspect", "tiny", "--json", cwd=folder)
    assert done.code == 0, done.err
    assert (done.value["parameters"], [row["layer"] for row in done.value["separation"]]) == (67, ["dense", "dense_1"])


def test_it_is_gone_on_with(folder: Path, run_dlcli: Command) -> None:
    done = run_dlcli("resume", "tiny", "--epochs", "4", "--json", "-q", cwd=folder)
    assert done.code == 0, done.err
    assert (done.value["epochs"], done.value["status"], done.value["stop"]) == (4, "done", "all_epochs")
    content = {name: json.loads((folder / "runs" / "tiny" / name).read_bytes()) for name in FILES}
    assert {name: each["schema"] for name, each in content.items() if name != "env.json"} == dict.fromkeys(
        ["config.resolved.json", "run.json", "model/schema.json"], 1
    )


def changed(folder: Path, name: str, change: dict[str, Any]) -> None:
    """Writes other values into a JSON file of the run, and into the manifest of its model what that makes of the file."""
    path = folder / "runs" / "tiny" / name
    content = json.loads(path.read_bytes())
    for key, value in change.items():
        part = content
        *above, last = key.split(".")
        for each in above:
            part = part[each]
        part[last] = value
    path.write_text(json.dumps(content), encoding="utf-8")
    if path.parent.name == "model":
        manifest = json.loads((path.parent / "MANIFEST.json").read_bytes())
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        manifest[path.name] = {"bytes": path.stat().st_size, "sha256": digest}
        (path.parent / "MANIFEST.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize("name", ["config.resolved.json", "model/schema.json"])
def test_a_form_of_a_later_version_is_refused_and_says_which(name: str, tmp_path: Path, run_dlcli: Command) -> None:
    folder = copied("form-1", tmp_path)
    changed(folder, name, {"schema": 2, "another": True})
    changed(folder, "env.json", {"versions.dlcli": "7.1.0"})
    done = run_dlcli("evaluate", "tiny", "--json", cwd=folder)
    file = Path(name).name
    assert (done.code, done.error["name"]) == (5, "artifact")
    assert done.error["message"] == f"{file} of 'tiny' has form 2, and dlcli {dlcli.__version__} knows forms up to 1"
    assert done.error["hint"] == "it was written by dlcli 7.1.0: use that version, or train it anew"


def test_a_later_environment_is_refused_too(tmp_path: Path, run_dlcli: Command) -> None:
    folder = copied("form-1", tmp_path)
    changed(folder, "env.json", {"schema": 2, "versions": 3})
    done = run_dlcli("evaluate", "tiny", "--json", cwd=folder)
    assert (done.code, done.error["hint"]) == (
        5,
        "it was written by a later dlcli: use that one, or train it anew",
    )


def test_a_later_state_is_an_unreadable_row_and_cannot_be_gone_on_with(tmp_path: Path, run_dlcli: Command) -> None:
    folder = copied("form-1", tmp_path)
    changed(folder, "run.json", {"schema": 2})
    (row,) = run_dlcli("runs", "--json", cwd=folder).value
    assert row["status"] == "unreadable"
    done = run_dlcli("resume", "tiny", "--epochs", "4", "--json", cwd=folder)
    assert (done.code, done.error["message"]) == (
        5,
        f"run.json of 'tiny' has form 2, and dlcli {dlcli.__version__} knows forms up to 1",
    )


@pytest.mark.parametrize("number", ["1", True, -1, 1.0, None])
def test_a_number_that_is_none_is_told(number: Any, tmp_path: Path, run_dlcli: Command) -> None:
    folder = copied("form-1", tmp_path)
    changed(folder, "config.resolved.json", {"schema": number})
    done = run_dlcli("evaluate", "tiny", "--json", cwd=folder)
    assert (done.code, done.error["message"]) == (
        5,
        "config.resolved.json of 'tiny' cannot be read: its 'schema' is no number",
    )


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("config.resolved.json", {"train.another": 1}, "does not know its 'train.another'"),
        ("config.resolved.json", {"train.epochs": "many"}, "its 'train.epochs' has another form"),
        ("model/schema.json", {"another": 1}, "does not know its 'another'"),
        ("model/schema.json", {"inputs": 3}, "its 'inputs' has another form"),
    ],
)
def test_a_key_that_is_not_known_is_no_bug_and_no_message_of_pydantic(
    name: str, change: dict[str, Any], reason: str, tmp_path: Path, run_dlcli: Command
) -> None:
    folder = copied("form-1", tmp_path)
    changed(folder, name, change)
    done = run_dlcli("evaluate", "tiny", "--json", cwd=folder)
    who = f"dlcli {dlcli.__version__} " if reason.startswith("does") else ""
    assert (done.code, done.error["name"]) == (5, "artifact")
    assert done.error["message"] == f"{Path(name).name} of 'tiny' cannot be read: {who}{reason}"
    assert done.error["hint"].startswith("this version did not write it so")


def test_the_configuration_of_a_run_can_be_trained_as_it_is(tmp_path: Path, run_dlcli: Command) -> None:
    folder = copied("form-1", tmp_path)
    assert run_dlcli("validate", "runs/tiny/config.resolved.json", cwd=folder).code == 0
    changed(folder, "config.resolved.json", {"schema": 2})
    refused = run_dlcli("validate", "runs/tiny/config.resolved.json", "--json", cwd=folder)
    assert refused.value["files"][0]["problems"][0]["message"] == "unknown key 'schema'"


DAMAGE: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "data that is no list": (
        "env.json",
        lambda tree: {**tree, "data": "x"},
        "env.json of 'tiny' cannot be read: its 'data' has another form",
    ),
    "data without a checksum": (
        "env.json",
        lambda tree: {**tree, "data": [{"file": 3}]},
        "env.json of 'tiny' cannot be read: its 'data' has another form",
    ),
    "splits that are none": (
        "splits.npz",
        lambda tree: None,
        "splits.npz of 'tiny' is damaged, so how the data was split is not known",
    ),
    "no targets": (
        "model/schema.json",
        lambda tree: {**tree, "targets": []},
        "the model of 'tiny' and its configuration have other targets",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_file_that_was_changed_by_hand_is_an_error_that_names_it(
    case: str, tmp_path: Path, run_dlcli: Command
) -> None:
    name, change, message = DAMAGE[case]
    run = copied(FORMS[-1], tmp_path) / "runs" / "tiny"
    path = run / name
    tree = json.loads(path.read_bytes()) if path.suffix == ".json" else None
    content = json.dumps(change(tree)).encode() if tree is not None else b"xx"
    path.write_bytes(content)
    manifest = run / "model" / "MANIFEST.json"
    if path.parent == manifest.parent:
        digest = hashlib.sha256(content).hexdigest()
        entry = {path.name: {"bytes": len(content), "sha256": digest}}
        manifest.write_text(json.dumps(json.loads(manifest.read_bytes()) | entry), encoding="utf-8")
    failed = run_dlcli("evaluate", "tiny", "--json", cwd=tmp_path)
    assert failed.code == 5, failed.err
    assert failed.error["message"] == message


def test_a_file_that_this_version_would_not_write_so_is_not_blamed_on_another(
    tmp_path: Path, run_dlcli: Command
) -> None:
    run = copied(FORMS[-1], tmp_path) / "runs" / "tiny"
    path = run / "config.resolved.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "schema": 99}), encoding="utf-8")
    failed = run_dlcli("evaluate", "tiny", "--json", cwd=tmp_path)
    assert failed.code == 5
    assert failed.error["hint"] == "this version did not write it so: it has been changed since; train it anew"
