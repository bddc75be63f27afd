"""Damages every file of a run in every way: the right error or tolerance, and the checkpoint before stays usable."""

from __future__ import annotations

import json
import pickle
import random
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.errors import ArtifactError
from dlcli.runs import Run, RunState, history, read_state
from dlcli.runs import checkpoint as checkpoints
from dlcli.runs.atomic import MANIFEST, damage, write_manifest
from dlcli.runs.checkpoint import best, load_checkpoint, mark_best, newest, save
from dlcli.runs.folder import number_of
from dlcli.runs.listing import list_runs, run_summary
from dlcli.runs.state import KINDS

STATE = RunState(
    run="trial",
    number=4,
    status="done",
    config="a.yaml",
    started="2026-01-01T00:00:00+00:00",
    epochs=2,
    seconds=1.5,
    metrics={"train": {"loss": 0.25}, "validation": {"loss": 0.5, "accuracy": None}},
)
FILES = ["vars.npz", "state.json", MANIFEST]


def empty(path: Path) -> None:
    path.write_bytes(b"")


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def one_byte_less(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def one_byte_more(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def deleted(path: Path) -> None:
    path.unlink()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def full_folder(path: Path) -> None:
    folder(path)
    (path / "file").write_bytes(b"x")


def link(path: Path) -> None:
    """The same content, but somewhere else."""
    outside = path.parent.parent.parent / "outside"
    path.rename(outside)
    path.symlink_to(outside)


DAMAGES: dict[Callable[[Path], None], str] = {
    empty: "has another size",
    half: "has another size",
    one_byte_less: "has another size",
    one_byte_more: "has another size",
    flipped: "has other content",
    zeros: "has other content",
    deleted: "is missing",
    folder: "is no file",
    full_folder: "is no file",
    link: "is no file",
}
WAYS = list(DAMAGES)


def store(run: Run, step: int) -> Path:
    return save(run, step=step, arrays={"w": np.full(3, float(step)), "b": np.zeros(1)}, state={"s": step}, keep=9)


def with_bit_flipped(content: bytes, place: int, bit: int) -> bytes:
    flipped = bytearray(content)
    flipped[place] ^= 1 << bit
    return bytes(flipped)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_checkpoint_is_refused_and_the_one_before_taken(
    run: Run, name: str, way: Callable[[Path], None]
) -> None:
    store(run, 1)
    path = store(run, 2)
    way(path / name)
    if (name, way) == (MANIFEST, link):
        assert load_checkpoint(path).step == 2, "the manifest's own content is what counts"
        return
    problem = f"{name} {DAMAGES[way]}" if name != MANIFEST else f"{MANIFEST} is missing or unreadable"
    if (name, way) == (MANIFEST, flipped):
        assert len(damage(path)) >= 1
        problem = damage(path)[0]
    assert damage(path) == [problem] or name == MANIFEST
    with pytest.raises(ArtifactError) as caught:
        load_checkpoint(path)
    assert caught.value.message == f"the checkpoint step-0000000002 is damaged: {problem}"
    assert caught.value.file == str(path)
    assert caught.value.code == 5
    found = newest(run)
    assert found is not None
    assert (found.step, found.state) == (1, {"s": 1})


def test_the_ways_of_damage_are_all_there() -> None:
    assert len(FILES) * len(WAYS) == 30


@pytest.mark.parametrize("name", FILES)
def test_a_flip_of_any_byte_of_a_checkpoint_is_found(run: Run, name: str) -> None:
    path = store(run, 1)
    content = (path / name).read_bytes()
    dice = random.Random(61)
    seen = 0
    for place in range(len(content)):
        (path / name).write_bytes(with_bit_flipped(content, place, dice.randrange(8)))
        with pytest.raises(ArtifactError, match=r"^the checkpoint step-0000000001 is damaged: "):
            load_checkpoint(path)
        seen += 1
    assert seen == len(content) > 50
    (path / name).write_bytes(content)
    assert load_checkpoint(path).step == 1


def test_a_file_too_many_is_damage(run: Run) -> None:
    path = store(run, 1)
    (path / "extra").write_bytes(b"")
    (path / "vars.npz").unlink()
    assert damage(path) == ["vars.npz is missing", "extra is not listed in MANIFEST.json"]
    assert newest(run) is None


@pytest.mark.parametrize("text", ["", "null", "[]", "7", '"x"', '{"vars.npz": 1}', '{"vars.npz": {}}', "[" * 100_000])
def test_a_manifest_of_another_form_is_damage(run: Run, text: str) -> None:
    path = store(run, 1)
    (path / MANIFEST).write_text(text)
    assert damage(path) == [f"{MANIFEST} is missing or unreadable"]


def test_a_checkpoint_that_is_a_file_is_damage_and_goes_with_the_old(run: Run) -> None:
    store(run, 1)
    run.checkpoints.joinpath("step-0000000002").write_bytes(b"")
    assert damage(run.checkpoints / "step-0000000002") == [f"{MANIFEST} is missing or unreadable"]
    found = newest(run)
    assert found is not None
    assert found.step == 1
    save(run, step=3, arrays={}, state={}, keep=1)
    assert [path.name for path in run.checkpoints.iterdir()] == ["step-0000000003"]


def test_no_valid_checkpoint_is_none_but_the_folders_tell(run: Run) -> None:
    for step in (1, 2):
        deleted(store(run, step) / "vars.npz")
    assert newest(run) is None
    assert len(checkpoints.folders(run)) == 2


class Trap:
    """Runs when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("sprung"),)


def npz_of_objects(path: Path) -> None:
    np.savez(path, a0=np.array([Trap()], dtype=object), a1=np.zeros(1))


CONTENTS: dict[str, Callable[[Path], Any]] = {
    "no archive": lambda path: (path / "vars.npz").write_bytes(b"PK\3\4 no archive"),
    "nothing": lambda path: (path / "vars.npz").write_bytes(b""),
    "text": lambda path: (path / "vars.npz").write_bytes(b"text"),
    "a pickle": lambda path: (path / "vars.npz").write_bytes(pickle.dumps(Trap())),
    "objects": lambda path: npz_of_objects(path / "vars.npz"),
    "an array too few": lambda path: np.savez(path / "vars.npz", a0=np.zeros(1)),
    "no archive at all": lambda path: (path / "vars.npz").unlink(),
    "no state": lambda path: (path / "state.json").unlink(),
    "a state that is no JSON": lambda path: (path / "state.json").write_bytes(b"\xff{"),
    "a state of another form": lambda path: (path / "state.json").write_text("[1]"),
    "a state without arrays": lambda path: (path / "state.json").write_text('{"step": 1}'),
    "arrays of another form": lambda path: (path / "state.json").write_text('{"step": 1, "arrays": 5, "state": {}}'),
}


@pytest.mark.parametrize("content", CONTENTS)
def test_wrong_content_under_a_right_manifest_is_an_artifact_error(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = store(run, 1)
    CONTENTS[content](path)
    (path / MANIFEST).unlink()
    write_manifest(path)
    assert damage(path) == []
    with pytest.raises(ArtifactError, match=r"^the checkpoint step-0000000001 cannot be read: "):
        load_checkpoint(path)
    assert newest(run) is None
    assert not (tmp_path / "sprung").exists()


def test_the_trap_springs_where_pickles_are_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(Trap()))
    assert (tmp_path / "sprung").exists()


def test_a_checkpoint_that_vanishes_while_it_is_read_is_passed_over(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    store(run, 1)
    path = store(run, 2)
    real = checkpoints.damage

    def damage_then_gone(folder: Path) -> list[str]:
        found = real(folder)
        if folder == path:
            shutil.rmtree(folder)
        return found

    monkeypatch.setattr(checkpoints, "damage", damage_then_gone)
    found = newest(run)
    assert found is not None
    assert found.step == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_damaged_mark_of_the_best_is_no_mark(run: Run, way: Callable[[Path], None]) -> None:
    mark_best(run, step=1)
    way(run.path / "best.json")
    if way in (one_byte_less, link):
        assert best(run) == "step-0000000001", "the content is whole"
    else:
        assert best(run) is None
    store(run, 2)


STATE_ERRORS: dict[Callable[[Path], None], str] = {
    empty: "Expecting value: line 1 column 1 (char 0)",
    zeros: "Expecting value: line 1 column 1 (char 0)",
    deleted: "No such file or directory",
    folder: "Is a directory",
    full_folder: "Is a directory",
}


@pytest.mark.parametrize("way", STATE_ERRORS)
def test_a_damaged_state_is_an_artifact_error_with_the_reason(run: Run, way: Callable[[Path], None]) -> None:
    STATE.write(run)
    way(run.state)
    with pytest.raises(ArtifactError) as caught:
        read_state(run)
    assert caught.value.message == f"run.json of 'trial' cannot be read: {STATE_ERRORS[way]}"
    assert caught.value.file == str(run.state)
    assert run_summary(run).status == "unreadable"
    assert number_of(run.path) == 0


def test_a_state_cut_anywhere_is_an_artifact_error(run: Run) -> None:
    STATE.write(run)
    content = run.state.read_bytes()
    assert content.endswith(b"}\n")
    for length in range(len(content) - 1):
        run.state.write_bytes(content[:length])
        with pytest.raises(ArtifactError):
            read_state(run)
    run.state.write_bytes(content[:-1])  # the same state, and not what was written
    with pytest.raises(ArtifactError, match="is damaged"):
        read_state(run)
    (run.path / MANIFEST).unlink()
    assert read_state(run) == STATE


def test_a_state_with_any_byte_changed_is_read_or_refused_and_always_listed(run: Run, root: Path) -> None:
    STATE.write(run)
    content = run.state.read_bytes()
    dice = random.Random(62)
    refused = 0
    for place in range(len(content)):
        run.state.write_bytes(with_bit_flipped(content, place, dice.randrange(8)))
        try:
            assert isinstance(read_state(run), RunState)
        except ArtifactError:
            refused += 1
        assert len(list_runs(root)) == 1
    assert refused > len(content) // 3


FORMS = [
    ("null", "it is no JSON object"),
    ("[]", "it is no JSON object"),
    ("7", "it is no JSON object"),
    ("{}", "it has no 'run'"),
    ('{"run": "a", "number": 1, "status": "done", "config": ""}', "it has no 'started'"),
    ({"run": None}, "its 'run' has another form"),
    ({"number": "4"}, "its 'number' has another form"),
    ({"number": 4.5}, "its 'number' has another form"),
    ({"status": ["done"]}, "its 'status' has another form"),
    ({"config": {}}, "its 'config' has another form"),
    ({"epochs": None}, "its 'epochs' has another form"),
    ({"seconds": "1.5"}, "its 'seconds' has another form"),
    ({"exact": 1}, "its 'exact' has another form"),
    ({"verdict": {}}, "its 'verdict' has another form"),
    ({"metrics": []}, "its 'metrics' has another form"),
    ({"metrics": None}, "its 'metrics' has another form"),
    ({"metrics": {"train": None}}, "its 'metrics' has another form"),
    ({"metrics": {"train": {"loss": "0.5"}}}, "its 'metrics' has another form"),
    ({"metrics": {"train": {"loss": [0.5]}}}, "its 'metrics' has another form"),
]


@pytest.mark.parametrize(("content", "message"), FORMS)
def test_a_state_of_another_form_is_an_artifact_error(
    run: Run, root: Path, content: str | dict[str, Any], message: str
) -> None:
    STATE.write(run)
    known = json.loads(run.state.read_bytes())
    run.state.write_text(content if isinstance(content, str) else json.dumps(known | content))
    with pytest.raises(ArtifactError) as caught:
        read_state(run)
    assert caught.value.message == f"run.json of 'trial' cannot be read: {message}"
    assert [row.status for row in list_runs(root)] == ["unreadable"]


def test_every_field_of_the_state_is_checked() -> None:
    assert list(KINDS) == [each.name for each in fields(RunState)]
    assert len(KINDS) == 25
    assert len(FORMS) == 19


def test_a_state_comes_back_and_unknown_keys_are_left_out(run: Run) -> None:
    STATE.write(run)
    assert read_state(run) == STATE
    content = json.loads(run.state.read_bytes())
    (run.path / MANIFEST).unlink()
    run.state.write_text(json.dumps({**content, "later": [1]}))
    assert read_state(run) == STATE


def test_a_state_nested_too_deep_is_an_artifact_error(run: Run, root: Path) -> None:
    run.state.write_text("[" * 100_000)
    with pytest.raises(ArtifactError, match=r"^run\.json of 'trial' cannot be read: "):
        read_state(run)
    assert [row.status for row in list_runs(root)] == ["unreadable"]


def test_a_history_with_any_bit_flipped_is_read_or_refused(run: Run) -> None:
    for epoch in (1, 2, 3):
        history.append(run, {"epoch": epoch, "train": {"loss": 0.5}, "validation": {"loss": None}})
    content = run.metrics.read_bytes()
    lines: list[int | None] = []
    for place in range(len(content)):
        for bit in range(8):
            run.metrics.write_bytes(with_bit_flipped(content, place, bit))
            try:
                entries = history.read(run)
            except ArtifactError as error:
                lines.append(error.line)
            else:
                assert len(entries) in (2, 3)
                history.curves(entries, "loss")
    assert len(lines) > len(content) * 3
    assert set(lines) == {1, 2, 3}


@pytest.mark.parametrize(("way", "reason"), [(folder, "Is a directory"), (full_folder, "Is a directory")])
def test_a_history_that_is_a_folder_is_an_artifact_error(run: Run, way: Callable[[Path], None], reason: str) -> None:
    history.append(run, {"epoch": 1})
    way(run.metrics)
    with pytest.raises(ArtifactError) as caught:
        history.read(run)
    assert caught.value.message == f"the history of 'trial' cannot be read: {reason}"
    assert caught.value.file == str(run.metrics)
