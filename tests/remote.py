"""Stores of S3 and of Google against servers on loopback: `pip install -e '.[test,s3,gs]' 'moto[server,s3]' gcp-storage-emulator`
and `pytest tests/remote.py`.

The stand-ins for the stores are heavy, so that only the nightly run has them.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dlcli.data import remote

TABLE = b"a,b,y\n" + b"".join(b"%d,%d,%s\n" % (row, row * 7 % 11, b"uv"[row % 2 : row % 2 + 1]) for row in range(40))
FILES = {"tables/1.csv": TABLE, "tables/2.csv": TABLE, "tables/notes.txt": b"-"}
SECONDS = 30

Put = Callable[[str, bytes], None]


def free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def served(command: Sequence[str], port: int) -> subprocess.Popen[bytes]:
    """A server that answers."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with closing(socket.socket()) as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.1)
    raise AssertionError(f"nothing answers at {port}")


@pytest.fixture(params=["s3", "gs"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[str, Put]]:
    for package in {"s3": ("moto", "s3fs"), "gs": ("gcp_storage_emulator", "gcsfs")}[request.param]:
        pytest.importorskip(package)
    port = free_port()
    at = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if request.param == "s3":
        process = served([f"{sys.prefix}/bin/moto_server", "-p", str(port)], port)
        for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "y"), ("DEFAULT_REGION", "us-east-1")):
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", at)
        import boto3

        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")

        def put(name: str, content: bytes) -> None:
            client.put_object(Bucket="bucket", Key=name, Body=content)

    else:
        code = (
            "from gcp_storage_emulator.server import create_server; "
            f"create_server('127.0.0.1', {port}, True, 'bucket').run()"
        )
        process = served([sys.executable, "-c", code], port)
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", at)

        def put(name: str, content: bytes) -> None:
            to = f"{at}/upload/storage/v1/b/bucket/o?uploadType=media&name={name.replace('/', '%2F')}"
            headers = {"Content-Type": "text/plain"}
            urllib.request.urlopen(urllib.request.Request(to, data=content, method="POST", headers=headers)).read()

    for name, content in FILES.items():
        put(name, content)
    yield request.param, put
    process.terminate()
    process.wait()


def asked(code: str) -> Any:
    """What a new process finds, which prints JSON."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert not done.stderr, done.stderr
    return json.loads(done.stdout)


FOUND = """
import json
from dlcli.data.remote import address_of
from dlcli.data.sources.folders.walk import folder_at
from dlcli.data.sources.paths import found_files
from dlcli.errors import DataError
def told(address):
    try:
        files = found_files(address)
    except DataError as error:
        return error.kind
    return [[each.name, each.stat().st_size, address_of(each)] for each in files]
def inside(address):
    try:
        return sorted(each.name for each in folder_at(address).iterdir())
    except DataError as error:
        return error.kind
print(json.dumps({{
    "one": told("{0}://bucket/tables/1.csv"),
    "glob": told("{0}://bucket/tables/*.csv"),
    "none": told("{0}://bucket/none.csv"),
    "no_bucket": told("{0}://nobody/none.csv"),
    "folder": told("{0}://bucket/tables"),
    "inside": inside("{0}://bucket/tables"),
}}))
"""


def test_files_globs_and_folders(store: tuple[str, Put]) -> None:
    scheme, put = store
    size = len(TABLE)
    first = asked(FOUND.format(scheme))
    assert first == {
        "one": [["1.csv", size, f"{scheme}://bucket/tables/1.csv"]],
        "glob": [[f"{number}.csv", size, f"{scheme}://bucket/tables/{number}.csv"] for number in (1, 2)],
        "none": "missing_file",
        "no_bucket": "missing_file",
        "folder": "folder_not_file",
        "inside": ["1.csv", "2.csv", "notes.txt"],
    }
    put("tables/1.csv", TABLE + b"1,2,u\n")
    assert asked(FOUND.format(scheme))["one"][0][1] == size + 6


def test_a_training(store: tuple[str, Put], write_experiment: Any, run_dlcli: Any, tmp_path: Path) -> None:
    scheme, put = store
    data = {"source": {"csv": f"{scheme}://bucket/tables/*.csv"}, "inputs": ["a", "b"], "target": "y"}
    write_experiment(tmp_path, {"data": data}, file="a.yaml")
    done = run_dlcli("train", "a.yaml", cwd=tmp_path)
    assert done.code == 0, done.err
    env = json.loads((tmp_path / "runs" / "a" / "env.json").read_text())
    assert [each["file"] for each in env["data"]] == [f"{scheme}://bucket/tables/{number}.csv" for number in (1, 2)]
    put("tables/2.csv", TABLE + b"1,2,u\n")
    remote._fetched.clear()  # as in a process of its own
    again = run_dlcli("resume", "a", "--epochs", "9", cwd=tmp_path)
    assert again.code == 8, again.err


def test_who_may_not_read(store: tuple[str, Put], monkeypatch: pytest.MonkeyPatch) -> None:
    scheme, _ = store
    if scheme == "gs":
        pytest.skip("the stand-in asks nobody who they are")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert asked(FOUND.format(scheme))["one"] == "forbidden_address"
