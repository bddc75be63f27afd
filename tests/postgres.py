"""A PostgreSQL of one's own for a test: Debian's programs, an ordinary user, a folder and a port that nobody else has."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ORDINARY = "nobody"
"""Who runs it where the test is run by root, whom PostgreSQL refuses."""


def programs() -> Path | None:
    """The folder of the newest programs, None where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Database:
    """A server that can be stopped and started again."""

    def __init__(self, bin_folder: Path, folder: Path, port: int) -> None:
        self.bin, self.folder, self.port = bin_folder, folder, port

    @property
    def url(self) -> str:
        return f"postgresql://tester@127.0.0.1:{self.port}/postgres"

    def run(self, program: str, *arguments: str) -> None:
        """Runs one of its programs, by an ordinary user."""
        user = ["runuser", "-u", ORDINARY, "--"] if os.getuid() == 0 else []
        command = [*user, str(self.bin / program), *arguments]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

    def make(self) -> None:
        """Makes its files."""
        self.run("initdb", "-D", str(self.folder / "data"), "-U", "tester", "--auth=trust", "--no-sync")

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-o", options, "-l", log, "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stops it, by default as if it had crashed."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")


@contextmanager
def database() -> Iterator[Database]:
    """A database that is gone in the end."""
    bin_folder = programs()
    assert bin_folder is not None
    folder = Path(tempfile.mkdtemp(prefix="dlcli-pg-", dir="/tmp"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, ORDINARY)
        made = Database(bin_folder, folder, free_port())
        made.make()
        made.start()
        try:
            yield made
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
