"""How much memory can be had: the system's, and what limits of a container and of the process leave of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dlcli.data import memory

LIMITED = """
import resource, sys
from dlcli.data.memory import NO_LIMIT, free_memory, process_memory
assert process_memory() == NO_LIMIT
kind = getattr(resource, sys.argv[1])
resource.setrlimit(kind, (3_000_000_000, resource.getrlimit(kind)[1]))
print(process_memory(), free_memory())
"""


def container(folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """The files in which Linux describes a container that uses 700 bytes, 200 of them for files."""
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text("700\n")
    (folder / "memory.stat").write_text("anon 500\nfile 200\n")
    monkeypatch.setattr(memory, "CONTAINER", folder)


@pytest.mark.parametrize(("limit", "left"), [("1000", 500), ("500", 0), ("499", 0), ("max", None)])
def test_a_container_leaves_its_limit_without_what_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, left: int | None
) -> None:
    container(tmp_path, monkeypatch, limit)
    assert memory.free_memory() == left or (left is None and memory.free_memory() > 10**6)


@pytest.mark.parametrize("kind", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_a_limit_of_the_process_leaves_itself_without_what_is_used(kind: str) -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED, kind], capture_output=True, text=True, check=False)
    left, free = map(int, done.stdout.split())
    assert 2_000_000_000 < left < 3_000_000_000 - 10_000_000
    assert 0 <= free <= left


def test_the_system_gives_what_is_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "CONTAINER", tmp_path)
    total, free = psutil.virtual_memory().total, memory.free_memory()
    assert 10**6 < free < total


def test_a_system_that_hides_its_memory_sets_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden() -> None:
        raise FileNotFoundError("/proc/meminfo")

    monkeypatch.setattr(psutil, "virtual_memory", hidden)
    container(tmp_path, monkeypatch, "1000")
    assert memory.system_memory() == memory.NO_LIMIT
    assert memory.free_memory() == 500
