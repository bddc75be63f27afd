"""The index of a folder with many runs: what it says is what the files say, whatever has happened to them since."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dlcli.runs import Run, index, read_state
from dlcli.runs.listing import list_runs
from dlcli.runs.summary import RunSummary, run_summary

COUNT = 6


@pytest.fixture
def many(root: Path, record_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an index that has settled."""
    monkeypatch.setattr(index, "LEAST", COUNT)
    monkeypatch.setattr(index, "SETTLED", 0)
    for number in range(COUNT):
        metrics = {"train": {"loss": number / 10}, "validation": {"loss": None}}
        tree = {"seed": number, "layers": [{"Dense": {"units": 3 + number % 2}}], "train": {"callbacks": [number]}}
        if number == 1:
            tree["layers"] = []
        record_run(root, f"r{number}", number=number, metrics=metrics, tree=tree, seconds=1.5, reason="손글씨")
    list_runs(root)
    return root


def plainly(root: Path) -> list[RunSummary]:
    """What reading every file gives."""
    return sorted((run_summary(Run(path)) for path in root.iterdir() if path.is_dir()), key=lambda row: row.number)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The runs that are read from now on."""
    read: list[Path] = []

    def noticed(run: Run) -> RunSummary:
        read.append(run.path)
        return run_summary(run)

    monkeypatch.setattr("dlcli.runs.listing.run_summary", noticed)
    return read


def test_rows_of_the_index_are_those_of_the_files(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (many / index.NAME).exists()
    read = counted(monkeypatch)
    assert list_runs(many) == plainly(many)
    assert read == []
    assert len(list_runs(many)) == COUNT


def replaced(run: Run) -> None:
    dataclasses.replace(read_state(run), reason="another").write(run)


def same_length(run: Run) -> None:
    """The same number of bytes, written in place, and the time of change put back."""
    before = run.resolved.stat()
    text = run.resolved.read_text(encoding="utf-8")
    run.resolved.write_text(text.replace('"units": 3', '"units": 9').replace('"units": 4', '"units": 8'))
    os.utime(run.resolved, ns=(before.st_atime_ns, before.st_mtime_ns))


def without_configuration(run: Run) -> None:
    run.resolved.unlink()


def without_manifest(run: Run) -> None:
    (run.path / "MANIFEST.json").write_text("[]")


def another(run: Run) -> None:
    other = run.path.with_name("r0")
    shutil.rmtree(run.path)
    shutil.copytree(other, run.path)


@pytest.mark.parametrize("change", [replaced, same_length, without_configuration, without_manifest, another])
def test_a_run_whose_files_have_changed_is_read_anew(
    change: Callable[[Run], None], many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list_runs(many)
    change(Run(many / "r2"))
    read = counted(monkeypatch)
    now = {row.run: row for row in list_runs(many)}
    assert read == [many / "r2"]
    assert now == {row.run: row for row in plainly(many)}
    assert now["r2"] != before[2]
    assert [now[row.run] for row in before if row.run != "r2"] == [row for row in before if row.run != "r2"]


def test_removed_and_new_runs_are_noticed(many: Path, record_run: Callable[..., Run]) -> None:
    shutil.rmtree(many / "r1")
    record_run(many, "new", number=9)
    assert [row.run for row in list_runs(many)] == ["r0", "r2", "r3", "r4", "r5", "new"]


@pytest.mark.parametrize("status", ["running", "created", "failed", "interrupted"])
def test_a_run_that_is_not_done_is_read_each_time(
    status: str, many: Path, record_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = record_run(many, "alive", number=9, status=status, history=[{"epoch": 1, "train": {"loss": 1.0}}])
    list_runs(many)
    with run.metrics.open("a", encoding="utf-8") as file:
        file.write('{"epoch": 2, "train": {"loss": 0.5}}\n')
    read = counted(monkeypatch)
    row = list_runs(many)[-1]
    assert (row.epochs, row.metrics) == (2, {"train": {"loss": 0.5}})
    assert read == [run.path]


def test_a_file_that_has_only_just_changed_is_not_believed_yet(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "SETTLED", 3_600_000_000_000)
    (many / index.NAME).unlink()
    list_runs(many)
    assert index.read_index(many)[1] == {}
    read = counted(monkeypatch)
    list_runs(many)
    assert len(read) == COUNT


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"sort": "0.0", "runs": {"r0": []}, "shapes": []}', None])
def test_an_index_that_is_none_counts_for_nothing(content: bytes | None, many: Path) -> None:
    (many / index.NAME).unlink()
    if content is None:
        (many / index.NAME).symlink_to("elsewhere")
    else:
        (many / index.NAME).write_bytes(content)
    assert list_runs(many) == plainly(many)


@pytest.mark.parametrize("place", [0, 30, 70, 300, -2])
def test_a_damaged_index_counts_for_nothing(place: int, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = many / index.NAME
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    read = counted(monkeypatch)
    assert list_runs(many) == plainly(many)
    assert len(read) == COUNT


@pytest.mark.parametrize("sort", ["0.0 number", index.SORT])
def test_an_index_of_another_version_counts_for_nothing(sort: str, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trees, entries = index.read_index(many)
    with monkeypatch.context() as patch:
        patch.setattr(index, "SORT", sort)
        index.write_index(many, trees, entries)
    read = counted(monkeypatch)
    assert list_runs(many) == plainly(many)
    assert len(read) == (0 if sort == index.SORT else COUNT)


def test_few_runs_have_no_index(root: Path, record_run: Callable[..., Run]) -> None:
    record_run(root, "a")
    list_runs(root)
    assert not (root / index.NAME).exists()
