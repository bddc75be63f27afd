"""Data at an address: fetched once for each state of it, told apart from what is not there, not allowed or not reached."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pytest

from dlcli.data import remote
from dlcli.data.fingerprint import fingerprint
from dlcli.data.sources.folders.walk import folder_at
from dlcli.data.sources.paths import found_files, here, only_file
from dlcli.errors import ConfigError, DataError, ResourceError
from dlcli.spec.path import ending_of, is_address

TABLE = b"a,b,y\n" + b"".join(b"%d,%d,%s\n" % (row, row * 7 % 11, b"uv"[row % 2 : row % 2 + 1]) for row in range(40))


@dataclass
class Server:
    """A server of HTTP whose answers a test decides."""

    files: dict[str, bytes] = field(default_factory=dict)
    tag: str | None = "1"
    statuses: list[int] = field(default_factory=list)
    """What is answered first, before all is well."""
    headers: dict[str, str] = field(default_factory=dict)
    promised: int = 0
    """Bytes more than are sent."""
    asked: list[str] = field(default_factory=list)
    silent: threading.Event | None = None
    port: int = 0

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def count(self, method: str) -> int:
        return sum(each.startswith(f"{method} ") for each in self.asked)


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server()

    class Answer(BaseHTTPRequestHandler):
        def answer(self, *, body: bool) -> None:
            told.asked.append(f"{self.command} {self.path}")
            if told.silent is not None:
                told.silent.wait()
                return
            content = told.files.get(self.path)
            status = told.statuses.pop(0) if told.statuses else 200 if content is not None else 404
            self.send_response(status)
            self.send_header("Content-Length", str(len(content or b"") + told.promised))
            for name, value in told.headers.items():
                self.send_header(name, value)
            if told.tag is not None:
                self.send_header("ETag", told.tag)
            self.end_headers()
            if body and content is not None:
                self.wfile.write(content)

        def do_GET(self) -> None:
            self.answer(body=True)

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def log_message(self, *_: Any) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    told.port = listening.server_address[1]
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield told
    listening.shutdown()
    listening.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(remote, "PAUSE", 0.0)
    begin_anew()


def begin_anew() -> None:
    """As in a process of its own."""
    remote._fetched.clear()
    remote._origins.clear()


def test_a_file_is_fetched_once_for_each_state(server: Server) -> None:
    server.files["/folder/table.csv"] = TABLE
    address = server.address("/folder/table.csv")
    first = only_file(address)
    assert (first.read_bytes(), first.name) == (TABLE, "table.csv")
    begin_anew()
    assert only_file(address) == first
    assert server.count("GET") == 1
    server.files["/folder/table.csv"], server.tag = TABLE + b"1,2,u\n", "2"
    begin_anew()
    second = only_file(address)
    assert second.read_bytes() == TABLE + b"1,2,u\n"
    assert first.read_bytes() == TABLE  # a training that reads it goes on reading what it began with
    assert server.count("GET") == 2


def test_one_command_reads_one_state(server: Server) -> None:
    server.files["/table.csv"] = TABLE
    first = only_file(server.address("/table.csv"))
    server.tag = "2"
    assert only_file(server.address("/table.csv")) == first


def test_a_server_that_says_nothing_of_a_state_is_asked_each_time(server: Server) -> None:
    server.files["/table.csv"], server.tag = TABLE, None
    first = only_file(server.address("/table.csv"))
    begin_anew()
    assert only_file(server.address("/table.csv")) != first
    assert server.count("GET") == 2


def test_what_is_asked_of_a_server_tells_files_apart(server: Server) -> None:
    server.files.update({"/get/a.csv?part=1": b"a\n1\n", "/get/a.csv?part=2": b"a\n2\n"})
    files = found_files([server.address("/get/a.csv?part=1"), server.address("/get/a.csv?part=2")])
    assert [each.read_bytes() for each in files] == [b"a\n1\n", b"a\n2\n"]


def test_a_fingerprint_names_the_address(server: Server) -> None:
    server.files["/table.csv?raw=1"] = TABLE
    address = server.address("/table.csv?raw=1")
    [told] = fingerprint([only_file(address)])
    assert (told["file"], told["bytes"]) == (address, len(TABLE))


@pytest.mark.parametrize(("statuses", "gets"), [([503, 503], 1), ([500, 502, 503, 504], 1)])
def test_a_server_in_trouble_is_asked_again(server: Server, statuses: list[int], gets: int) -> None:
    server.files["/table.csv"] = TABLE
    server.statuses = statuses
    assert only_file(server.address("/table.csv")).read_bytes() == TABLE
    assert server.count("HEAD") >= 2
    assert server.count("GET") >= gets


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (404, "missing_file", "there is nothing at"),
        (410, "missing_file", "there is nothing at"),
        (401, "forbidden_address", "may not be read"),
        (403, "forbidden_address", "may not be read"),
        (500, "unreachable", "cannot reach"),
    ],
)
def test_what_a_server_refuses_is_told_apart(server: Server, status: int, kind: str, message: str) -> None:
    server.files["/table.csv"] = TABLE
    server.statuses = [status] * 20
    with pytest.raises(DataError, match=message) as caught:
        only_file(server.address("/table.csv"))
    assert caught.value.kind == kind
    assert server.address("/table.csv") in str(caught.value)
    tries = server.count("HEAD")
    assert tries == (remote.TRIES if kind == "unreachable" else 1)
    with pytest.raises(DataError):
        only_file(server.address("/table.csv"))
    assert server.count("HEAD") == tries  # one command asks once


@pytest.mark.parametrize("ending", ["csv", "html"])
def test_a_page_in_place_of_data_is_told(server: Server, ending: str) -> None:
    server.files[f"/data.{ending}"] = b"<html><body>Please log in</body></html>"
    server.headers = {"Content-Type": "text/html; charset=utf-8"}
    address = server.address(f"/data.{ending}")
    if ending == "html":
        assert only_file(address).suffix == ".html"  # a text may be one
        return
    with pytest.raises(DataError, match="a page of HTML in place of data") as caught:
        only_file(address)
    assert caught.value.kind == "page_not_data"


def test_what_breaks_off_is_told_as_that(server: Server) -> None:
    server.files["/table.csv"], server.promised = TABLE, 10
    with pytest.raises(DataError, match="cannot fetch .*: it (sends less|breaks off)"):
        only_file(server.address("/table.csv"))


@pytest.mark.parametrize(
    ("to", "words"), [("/table.csv", "again and again"), ("file:///etc/passwd", "no address of the web")]
)
def test_redirects_that_lead_nowhere_are_told(server: Server, to: str, words: str) -> None:
    server.files["/table.csv"], server.statuses = TABLE, [302] * 200
    server.headers = {"Location": to}
    with pytest.raises(DataError, match=f"cannot fetch .*: it redirects .*{words}"):
        only_file(server.address("/table.csv"))


def test_a_server_that_keeps_silent_is_not_waited_for_for_long(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "SECONDS", 0.2)
    monkeypatch.setattr(remote, "LONGEST", 0.1)
    server.silent = threading.Event()
    try:
        with pytest.raises(DataError, match="cannot fetch .*: it does not answer"):
            only_file(server.address("/table.csv"))
        assert server.count("HEAD") == 1
    finally:
        server.silent.set()


def test_what_somebody_has_cut_in_the_cache_is_fetched_again(server: Server) -> None:
    server.files["/table.csv"] = TABLE
    kept = only_file(server.address("/table.csv"))
    kept.write_bytes(TABLE[:50])
    begin_anew()
    assert only_file(server.address("/table.csv")).read_bytes() == TABLE
    assert server.count("GET") == 2


def test_nobody_listens(server: Server) -> None:
    with pytest.raises(DataError, match="cannot reach") as caught:
        only_file("http://127.0.0.1:9/table.csv")
    assert caught.value.kind == "unreachable"


def test_a_file_that_ends_early_leaves_nothing(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server.files["/table.csv"] = TABLE
    monkeypatch.setattr(remote, "get", lambda *_: (_ for _ in ()).throw(ConnectionResetError("reset by peer")))
    with pytest.raises(DataError, match="reset by peer"):
        only_file(server.address("/table.csv"))
    assert not [*tmp_path.rglob("*.csv")]
    begin_anew()
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert only_file(server.address("/table.csv")).read_bytes() == TABLE


def test_a_folder_that_cannot_be_written(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server.files["/table.csv"] = TABLE
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ResourceError, match="cannot keep what is fetched"):
        only_file(server.address("/table.csv"))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for package, scheme in (("aiohttp", "https"), ("s3fs", "s3"), ("gcsfs", "gs")):
        monkeypatch.setitem(__import__("sys").modules, package, None)
        with pytest.raises(DataError) as caught:
            here(f"{scheme}://host/a.csv")
        assert caught.value.hint == f'pip install "dlcli[{scheme}]"'


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A store with folders, in memory; `tests/remote.py` asks real servers."""
    system = fsspec.filesystem("memory", skip_instance_cache=True)
    system.store.clear()
    monkeypatch.setattr(remote, "file_system", lambda scheme, address: system)
    actual = remote.listing_of

    def listing(found: Any, scheme: str, address: str) -> Any:
        names, folder = actual(found, scheme, address.replace("s3://", "memory://"))
        return {
            f"s3:/{name}" if name.startswith("/") else name: {**each, "mtime": 1} for name, each in names.items()
        }, folder

    monkeypatch.setattr(remote, "listing_of", listing)
    monkeypatch.setattr(
        remote,
        "get",
        lambda found, names, paths, advance: found.get(
            [f"/{remote.remote_path(name)}" for name in names], [str(path) for path in paths]
        ),
    )
    return system


def test_a_folder_and_a_glob(bucket: Any) -> None:
    files = {"cats/1.png": b"1", "cats/2.png": b"2", "dogs/1.png": b"3", "notes.txt": b"4"}
    for name, content in files.items():
        bucket.pipe(f"/bucket/pictures/{name}", content)
    folder = folder_at("s3://bucket/pictures")
    assert folder is not None
    assert {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()} == files
    assert remote.address_of(folder / "cats" / "2.png") == "s3://bucket/pictures/cats/2.png"
    assert [each.read_bytes() for each in found_files("s3://bucket/pictures/*/1.png")] == [b"1", b"3"]
    with pytest.raises(DataError, match="is a folder, expected a file"):
        found_files("s3://bucket/pictures")
    with pytest.raises(DataError, match="means 2 files, expected one"):
        here("s3://bucket/pictures/*/1.png")
    with pytest.raises(DataError, match="there is nothing at"):
        found_files("s3://bucket/pictures/*.jpg")


def test_addresses_are_no_paths() -> None:
    assert [is_address(each) for each in ("https://h/a", "S3://b/a", "gs://b/a", "a.csv", "ftp://h/a", "https:/h")] == [
        *(True, True, True),
        *(False, False, False),
    ]
    assert [ending_of(each) for each in ("https://h/a.CSV?raw=1", "a.Csv", "s3://b/x", "a?.csv")] == [
        *(".csv", ".csv"),
        *("", ".csv"),
    ]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("https://me:word@host/a.csv", "password_in_address"),
        ("https:///a.csv", "bad_address"),
        ("s3://bucket", "bad_address"),
        ("https://[half/a.csv", "bad_address"),
    ],
)
def test_addresses_that_cannot_be(source: str, kind: str, write_experiment: Any, tmp_path: Path) -> None:
    from dlcli.config import load_config

    path = write_experiment(tmp_path, {"data": {"source": {"csv": source}, "target": "y"}})
    with pytest.raises(ConfigError) as caught:
        load_config(str(path))
    assert [each.kind for each in caught.value.problems] == [kind]


def test_a_training_and_what_comes_after(server: Server, write_experiment: Any, run_dlcli: Any, tmp_path: Path) -> None:
    server.files["/table.csv"] = TABLE
    address = server.address("/table.csv")
    data = {"source": address, "inputs": ["a", "b"], "target": "y", "split": {"validation": 0.2}}
    write_experiment(tmp_path, {"data": data}, file="a.yaml")
    (tmp_path / "table.csv").write_bytes(TABLE)
    write_experiment(tmp_path, {"data": {**data, "source": "table.csv"}}, file="b.yaml")
    for name in ("a", "b"):
        done = run_dlcli("train", f"{name}.yaml", "--name", name, cwd=tmp_path)
        assert done.code == 0, done.err
    weights = [(tmp_path / "runs" / name / "metrics.jsonl").read_text().split('"seconds"')[0] for name in ("a", "b")]
    assert weights[0] == weights[1]
    there = run_dlcli("evaluate", "a", "--data", address, "--json", cwd=tmp_path)
    here_too = run_dlcli("evaluate", "b", "--data", "table.csv", "--json", cwd=tmp_path)
    assert there.code == here_too.code == 0, there.err
    assert json.loads(there.out)["metrics"] == json.loads(here_too.out)["metrics"]
