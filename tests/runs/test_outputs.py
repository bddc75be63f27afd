"""What a person asks to be written: files are replaced whole, links are followed, devices and FIFOs written into."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.actions.page_files import check_page
from dlcli.errors import ConflictError, UsageError
from dlcli.runs.atomic import write_output

Run = Callable[..., Any]


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    write_output(tmp_path / "link.txt", b"new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_bytes() == b"new"


def test_a_fifo_stays_and_its_reader_gets_what_is_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read = list[bytes]()
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_output(tmp_path / "pipe", b"page")
    reader.join(10)
    assert read == [b"page"]
    assert (tmp_path / "pipe").is_fifo()


def test_the_hole_of_the_system_stays_a_hole(tmp_path: Path) -> None:
    write_output(Path("/dev/null"), b"gone")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", ["-", ""])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        write_output(Path(name), b"x")
    assert caught.value.kind == "bad_output"


def test_a_page_replaces_pages_alone(tmp_path: Path) -> None:
    for name, content, refused in (
        ("a.yaml", "data: {}", True),
        ("a.html", "<!DOCTYPE html><p>", False),
        ("b.html", "<p>", True),
    ):
        (tmp_path / name).write_text(content)
        if refused:
            with pytest.raises(ConflictError):
                check_page(tmp_path / name)
        else:
            check_page(tmp_path / name)
    check_page(tmp_path / "new.html")


def test_a_folder_that_cannot_be_written_is_told_with_the_option(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "folder").mkdir()
    done = run_dlcli("schema", "-o", "folder", cwd=tmp_path)
    assert (done.code, "--runs" in done.err, f"name a file in it: {Path('folder') / 'NAME'}" in done.err) == (
        7,
        False,
        True,
    )


def test_the_board_is_of_a_folder_of_runs(tmp_path: Path, run_dlcli: Run, record_run: Run) -> None:
    record_run(tmp_path / "runs", "a", number=1)
    done = run_dlcli("board", "runs/a", "--json", cwd=tmp_path)
    assert (done.code, done.error["hint"]) == (2, "dlcli board runs")
    started = run_dlcli("board", "nowhere", "--time-limit", "0.1s", cwd=tmp_path)
    assert (started.code, "there is no folder nowhere yet" in started.err) == (0, True)
