"""Groups of runs: claimed, read, found, counted and listed with all other runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.actions.page_files import page_file
from dlcli.errors import ArtifactError, ConflictError, UsageError
from dlcli.runs import Run
from dlcli.runs.folder import next_number, run_folders
from dlcli.runs.groups import Group, GroupKind, GroupRecord, groups_in
from dlcli.runs.listing import list_runs
from dlcli.view.training_result import runs_option

RecordRun = Callable[..., Run]
CONTENT = b"name: digits\n"


def claim(root: Path, name: str = "digits-seeds", **more: Any) -> Group:
    words = ["train", "digits.yaml", "--seeds", "2"]
    return Group.claim(root, name, GroupKind.SEEDS, words=words, config="digits.yaml", content=CONTENT, **more)


@pytest.fixture
def group(root: Path, record_run: RecordRun) -> Group:
    """A run, a group of two, and a run."""
    record_run(root, "alone", number=1)
    group = claim(root, plan={"seeds": [0, 1]})
    for seed in (1, 0):
        record_run(group.path, f"seed-{seed}", number=next_number(group.path))
    record_run(root, "later", number=4)
    return group


def test_a_group_keeps_what_it_was_asked_for(group: Group, root: Path) -> None:
    record = group.read()
    assert (record.kind, record.number, record.config) == ("seeds", 2, "digits.yaml")
    assert record.words == ["train", "digits.yaml", "--seeds", "2"]
    assert record.plan == {"seeds": [0, 1]}
    assert record.created.endswith("+00:00")
    assert group.config.read_bytes() == CONTENT
    assert json.loads(group.record_file.read_bytes())["schema"] == 1
    assert (group.name, group.root) == ("digits-seeds", root)
    assert [(each.name, one.number) for each, one in groups_in(root)] == [("digits-seeds", 2)]


def test_a_taken_name_gets_a_number(group: Group, root: Path) -> None:
    assert claim(root).name == "digits-seeds-2"
    assert claim(root, "alone").name == "alone-2"
    with pytest.raises(ConflictError, match="there is a run named 'digits-seeds' already"):
        claim(root, rename=False)
    with pytest.raises(UsageError, match="is a group of runs, and none lies in another"):
        claim(group.path, "inner")


def test_members_are_runs_of_the_folder(group: Group, root: Path) -> None:
    assert [run.name for run in group.members()] == ["digits-seeds/seed-1", "digits-seeds/seed-0"]
    assert [Run(path).name for path in run_folders(root)] == [
        "alone", "digits-seeds/seed-0", "digits-seeds/seed-1", "later",
    ]  # fmt: skip
    assert [(row.run, row.number) for row in list_runs(root)] == [
        ("alone", 1), ("digits-seeds/seed-1", 2), ("digits-seeds/seed-0", 3), ("later", 4),
    ]  # fmt: skip
    assert [row.run for row in list_runs(group.path)] == ["digits-seeds/seed-1", "digits-seeds/seed-0"]
    assert next_number(root) == next_number(group.path) == 5


def test_a_member_is_found_by_group_and_name(group: Group, root: Path) -> None:
    for text in ("digits-seeds/seed-0", str(group.path / "seed-0")):
        run = Run.find(root, text)
        assert (run.name, run.flat_name, run.root) == ("digits-seeds/seed-0", "digits-seeds-seed-0", root)
    assert Run.find(group.path, "seed-0").path == Run.find(group.path, "digits-seeds/seed-0").path
    assert Run.find(root, "last").name == "later"
    assert Run.find(group.path, "last").name == "digits-seeds/seed-0"
    run = Run.find(root, "digits-seeds/seed-0")
    assert run.words == ["digits-seeds/seed-0", "--runs", str(root)]
    assert runs_option(str(run.path), run.name) == f" --runs {root}"
    assert page_file([run.flat_name]) == Path("digits-seeds-seed-0.html")


def test_a_member_that_stands_in_its_own_folder_has_its_whole_name(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(group.path)
    assert Run.find(Path("runs"), "seed-1").name == "digits-seeds/seed-1"
    monkeypatch.chdir(group.path / "seed-1")
    assert Run.find(Path("runs"), ".").name == "digits-seeds/seed-1"


def test_a_group_is_no_run_and_says_what_it_has(group: Group, root: Path) -> None:
    with pytest.raises(ArtifactError, match="'digits-seeds' is a group of 2 runs") as caught:
        Run.find(root, "digits-seeds")
    assert caught.value.hint == f"dlcli runs digits-seeds --runs {root} shows them; one of them is digits-seeds/seed-0"
    with pytest.raises(ArtifactError, match="there is no run 'digits-seeds/seed-7'") as caught:
        Run.find(root, "digits-seeds/seed-7")
    assert caught.value.hint == "near it: digits-seeds/seed-1, digits-seeds/seed-0"
    assert Group.find(root, "digits-seeds").path == Group.found(root, str(group.path)).path  # type: ignore[union-attr]
    assert Group.found(root, "alone") is None
    with pytest.raises(ArtifactError, match="there is no group of runs 'digits-sedes'") as caught:
        Group.find(root, "digits-sedes")
    assert caught.value.hint == "near it: digits-seeds"


def test_groups_lie_one_level_deep(group: Group, root: Path, record_run: RecordRun) -> None:
    record_run(group.path / "seed-0", "inside", number=9)
    folder = root / "no-group"
    record_run(folder, "member", number=9)
    assert len(list_runs(root)) == 4


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "Expecting property name enclosed in double quotes"),
        ("[]", "it is no JSON object"),
        ('{"kind": "seeds"}', "its 'number' is missing or has another form"),
        ('{"schema": 99}', "has form 99"),
    ],
)
def test_a_damaged_record_is_told_and_its_runs_stay(content: str, fault: str, group: Group, root: Path) -> None:
    group.record_file.write_text(content)
    with pytest.raises(ArtifactError, match=fault):
        group.read()
    assert groups_in(root) == []
    assert len(list_runs(root)) == 4


def test_rows_of_members_come_from_the_index_too(
    root: Path, record_run: RecordRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dlcli.runs import index

    monkeypatch.setattr(index, "LEAST", 2)
    monkeypatch.setattr(index, "SETTLED", -(10**12))
    for name in ("one", "two"):
        group = claim(root, name)
        for number in (1, 2):
            record_run(group.path, f"seed-{number}", number=number, epochs=number if name == "one" else 10 * number)
    first = list_runs(root)
    monkeypatch.setattr("dlcli.runs.listing.run_summary", None)  # nothing is read anew
    again = list_runs(root)
    assert [(row.run, row.epochs) for row in again] == [(row.run, row.epochs) for row in first]
    assert {row.run: row.epochs for row in again} == {
        "one/seed-1": 1, "one/seed-2": 2, "two/seed-1": 10, "two/seed-2": 20,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "storage", "name", "expected"),
    [
        (["sweep", "s.yaml", "--runs", "then"], "then/s-sweep/journal.log", "s-sweep", ["sweep", "s.yaml"]),
        (
            ["sweep", "s.yaml", "--trials", "9"],
            "runs/s-sweep/journal.log",
            "s-sweep",
            ["sweep", "s.yaml", "--trials", "9"],
        ),
        (["sweep", "s.yaml"], "runs/s-sweep/journal.log", "copy", ["sweep", "s.yaml", "--name", "copy"]),
        (["sweep", "s.yaml", "--name", "a"], "runs/a/journal.log", "a", ["sweep", "s.yaml", "--name", "a"]),
        (["sweep", "s.yaml", "--name", "a"], "runs/a/journal.log", "b", ["sweep", "s.yaml", "--name", "b"]),
        (["sweep", "s.yaml"], "postgresql://host/db", "s-sweep", ["sweep", "s.yaml", "--name", "s-sweep"]),
    ],
)
def test_the_words_of_a_search_are_those_for_where_it_lies_now(
    words: list[str], storage: str, name: str, expected: list[str]
) -> None:
    record = GroupRecord("sweep", 1, "2026-01-01T00:00:00+00:00", words, "s.yaml", {"storage": storage})
    assert Group(Path("runs") / name).words_here(record) == expected
    assert Group(Path("there") / name).words_here(record) == [*expected, "--runs", "there"]
    assert record.words == words
