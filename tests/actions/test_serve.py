"""Serve: what is sent is answered as predict answers it, what is wrong is told with a status, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette")
from dlcli.actions.listening import bound_socket
from dlcli.actions.serve import protocol, serving
from dlcli.actions.serve.app import Application, Server
from dlcli.actions.serve.guard import ServeGuard
from dlcli.actions.serve.limits import Limits
from dlcli.actions.serve.loaded import LoadedRun
from dlcli.actions.serve.serving import serve_run, served
from dlcli.errors import UsageError
from dlcli.runs import Run

Invoke = Callable[..., Any]
HEADER = ["a", "b", "colour", "kind"]
ROW = {"a": 10, "b": 0.1, "colour": "red"}
BOUNDARY = "xxx"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Invoke, write_experiment: Callable[..., Path]) -> Any:
    """Two runs on a small table with names: the same, but for their seed."""
    folder = tmp_path_factory.mktemp("serve")
    generator = np.random.default_rng(1)
    rows = [
        [f"{generator.normal(10, 5):.3f}", f"{generator.normal(0, 1):.3f}", ["red", "blue"][row % 2], "xyz"[row % 3]]
        for row in range(60)
    ]
    text = "".join(f"{','.join(row)}\n" for row in [HEADER, *rows])
    (folder / "table.csv").write_text(text, encoding="utf-8")
    data = {"source": "table.csv", "target": "kind", "prepare": ["Normalization"]}
    config = write_experiment(folder, {"data": data, "train.epochs": 1})
    for name, seed in (("p", 3), ("other", 4)):
        done = run_dlcli(
            "train", config, "--name", name, "-q", "--set", f"seed={seed}", "--set", "data.split.seed=1", cwd=folder
        )
        if done.code:
            done = run_dlcli("train", config, "--name", name, "-q", "--set", f"seed={seed}", cwd=folder)
        assert done.code == 0, done.err
    said = run_dlcli("predict", "p", "table.csv", cwd=folder).out
    inputs = [{"a": float(a), "b": float(b), "colour": colour} for a, b, colour, _ in rows]
    return SimpleNamespace(folder=folder, rows=inputs, said=list(csv.DictReader(io.StringIO(said))), text=text)


@pytest.fixture(scope="module")
def loaded(trained: Any) -> LoadedRun:
    return LoadedRun(Run(trained.folder / "runs" / "p"), allow_code=False)


@pytest.fixture
def server(loaded: LoadedRun) -> Iterator[Server]:
    made = server_of(loaded)
    yield made
    made.worker.shutdown()


def server_of(loaded: LoadedRun, *, token: str | None = None, host: str = "127.0.0.1", **limits: Any) -> Server:
    return Server(loaded, ServeGuard(host, 80, token), Limits(**limits), lambda words: None)


async def asked(
    server: Server,
    path: str = "/predict",
    content: Any = None,
    *,
    method: str = "",
    headers: Mapping[str, str] = {},
    receive: Any = None,
) -> SimpleNamespace:
    """One request to the application, without a socket."""
    body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
    path, _, query = path.partition("?")
    given = {"host": "127.0.0.1:80", "content-length": str(len(body)), **headers}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
        "method": method or ("POST" if path == "/predict" else "GET"), "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }  # fmt: skip
    sent: list[Any] = []

    async def whole() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await Application(server)(scope, receive or whole, send)
    if not sent:
        return SimpleNamespace(status=None)
    text = b"".join(each.get("body", b"") for each in sent[1:]).decode()
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    value = json.loads(text) if "json" in answered.get("content-type", "") else None
    return SimpleNamespace(status=sent[0]["status"], headers=answered, text=text, value=value)


def ask(*arguments: Any, **named: Any) -> SimpleNamespace:
    return asyncio.run(asked(*arguments, **named))


def form(*files: tuple[str, bytes]) -> tuple[bytes, dict[str, str]]:
    """Files as a browser sends them."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + content
        for name, content in files
    ]
    return b"\r\n".join([*parts, f"--{BOUNDARY}--\r\n".encode()]), {
        "content-type": f"multipart/form-data; boundary={BOUNDARY}"
    }


def chances(rows: list[dict[str, Any]]) -> Any:
    return np.array([[float(row[f"probability {name}"]) for name in "xyz"] for row in rows])


def test_rows_in_every_form_are_answered_as_predict_answers_them(trained: Any, server: Server) -> None:
    lines = "".join(f"{json.dumps(row)}\n" for row in trained.rows).encode()
    body, headers = form(("t.csv", trained.text.encode()))
    answers = [
        ask(server, content={"rows": trained.rows}),
        ask(server, content=trained.rows),
        ask(server, content=lines, headers={"content-type": "application/x-ndjson"}),
        ask(server, content=trained.text.encode(), headers={"content-type": "text/csv; charset=utf-8"}),
        ask(server, content=body, headers=headers),
    ]
    for answer in answers:
        assert (answer.status, answer.value["run"]) == (200, "p"), answer.text
        assert [row["kind"] for row in answer.value["predictions"]] == [row["kind"] for row in trained.said]
        np.testing.assert_allclose(chances(answer.value["predictions"]), chances(trained.said), rtol=1e-5)
    alone = ask(server, content=trained.rows[7]).value["predictions"]
    np.testing.assert_allclose(chances(alone), chances(trained.said)[7:8], rtol=1e-5)


@pytest.mark.parametrize(
    ("content", "kind", "status", "word"),
    [
        (b'{"rows": [', "application/json", 400, "bad_json"),
        (b"\xff\xfe", "application/json", 400, "bad_json"),
        (b"[" * 100_000, "application/json", 400, "bad_json"),
        (b"[]", "application/json", 422, "no_rows"),
        (b"[1]", "application/json", 422, "no_rows"),
        (b'{"rows": [{"a": 1, "b": 2}]}', "application/json", 422, "no_such_column"),
        (b'[{"a": 1, "b": 2, "colour": "red"}, {"a": 1}]', "application/json", 422, "no_such_column"),
        (b'{"a": "x", "b": 2, "colour": "red"}', "application/json", 422, "type_differs_from_training"),
        (b'{"a": [1], "b": 2, "colour": "red"}', "application/json", 422, "type_differs_from_training"),
        (b'{"a": null, "b": 2, "colour": "red"}', "application/json", 422, "empty_cells"),
        (b'{"a": 1e999, "b": 2, "colour": "red"}', "application/json", 422, "not_finite"),
        (b'{"a": 1%s, "b": 2, "colour": "red"}' % (b"0" * 400), "application/json", 422, "not_finite"),
        (b'{"a": 1%s, "b": 2, "colour": "red"}' % (b"0" * 5000), "application/json", 422, "not_finite"),
        (b'{"a": 1, "a": 3, "b": 2, "colour": "red"}', "application/json", 400, "bad_json"),
        (b'{"a": 1, "b": 2, "colour": "\\ud800"}', "application/json", 400, "bad_json"),
        (b'{"a": 1, "b": 2, "colour": ["red"]}', "application/json", 422, "type_differs_from_training"),
        (b'[{"a": 1, "b": 2, "colour": "red"}, 5]', "application/json", 422, "no_rows"),
        (b'{"A": 1, "b": 2, "colour": "red"}', "application/json", 422, "no_such_column"),
        (b"a,b,colour\n1,2\n", "text/csv", 422, "ragged_row"),
        (b"a,b,colour\n", "text/csv", 422, "no_rows"),
        (b"x", "image/png", 415, "other_type"),
        (b"x", "multipart/form-data", 400, "bad_form"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_a_status_and_what_to_do(
    content: bytes, kind: str, status: int, word: str, server: Server
) -> None:
    answer = ask(server, content=content, headers={"content-type": kind})
    error = answer.value["error"]
    assert (answer.status, error["kind"]) == (status, word), answer.text
    assert error["message"]
    assert "Traceback" not in answer.text
    assert "/tmp" not in answer.text
    assert "standard input" not in answer.text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[" * 100_000, "it is nested too deep"),
        (b'{"a": 1, "a": 3}', "the key 'a' stands twice"),
        (b'{"a": "\\ud800"}', "half of a letter"),
        (b"\xff", "it is not UTF-8"),
        (b'{"a": 1,\n}', "in line 2, column 1"),
        (b'[{"a": 1, "b": 2, "colour": "red"}, 5]', "row 2 is no object but the number 5"),
        (b'{"A": 1, "b": 2, "colour": "red"}', "rename 'A' to 'a'"),
    ],
)
def test_what_is_wrong_with_json_is_told_as_it_is(content: bytes, told: str, server: Server) -> None:
    error = ask(server, content=content).value["error"]
    assert told in f"{error['message']} {error['hint']}"


def test_letters_beyond_the_first_plane_are_texts(server: Server) -> None:
    assert ask(server, content=b'{"a": 1, "b": 2, "colour": "\\ud83d\\ude00"}').status == 200


def test_what_is_packed_or_comes_too_slowly_or_not_at_all_is_no_bug(loaded: LoadedRun) -> None:
    said = list[str]()
    server = Server(loaded, ServeGuard("127.0.0.1", 80, None), Limits(seconds=0.2), said.append)
    packed = ask(server, content=b"{}", headers={"content-encoding": "gzip"})
    assert (packed.status, packed.value["error"]["kind"]) == (415, "other_type")

    async def slow() -> Any:
        await asyncio.sleep(5)

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    late = ask(server, content=b"{}", receive=slow)
    assert (late.status, late.value["error"]["kind"]) == (408, "took_too_long")
    assert ask(server, content=b"{}", receive=gone).status is None
    assert said == []
    server.worker.shutdown()


def test_requests_that_wait_are_answered_together_each_with_its_own(trained: Any, server: Server) -> None:
    async def all_at_once() -> list[Any]:
        wrong = {**ROW, "a": "many"}
        return await asyncio.gather(
            *(asked(server, content=[row]) for row in trained.rows),
            asked(server, content=[wrong]),
            *(asked(server, content=[row, row]) for row in trained.rows),
        )

    answers = asyncio.run(all_at_once())
    singles, error, pairs = answers[:60], answers[60], answers[61:]
    assert (error.status, error.value["error"]["kind"]) == (422, "type_differs_from_training")
    assert [each.status for each in [*singles, *pairs]] == [200] * 120
    np.testing.assert_allclose(
        np.concatenate([chances(each.value["predictions"]) for each in singles]), chances(trained.said), rtol=1e-5
    )
    np.testing.assert_allclose(
        np.concatenate([chances(each.value["predictions"][1:]) for each in pairs]), chances(trained.said), rtol=1e-5
    )
    assert sum(server.metrics.batches.counts) < 20


def test_what_is_unlike_training_is_told_to_whoever_sent_it(server: Server) -> None:
    async def both() -> list[Any]:
        strange = [{**ROW, "a": 1e6}, {**ROW, "colour": "초록"}]
        return await asyncio.gather(*(asked(server, content=rows) for rows in ([ROW], [ROW], strange, [ROW, ROW])))

    answers = [each.value for each in asyncio.run(both())]
    assert ["unlike" in each for each in answers] == [False, False, True, False]
    told = [(each["kind"], each["name"], each["count"], each["first"]) for each in answers[2]["unlike"]]
    assert told == [("unknown_name", "colour", 1, "초록"), ("outside_range", "a", 1, "1e+06")]


def test_only_who_may_is_answered(loaded: LoadedRun) -> None:
    server = server_of(loaded)
    assert ask(server, "/health", headers={"host": "localhost:80"}).status == 200
    assert ask(server, "/health", headers={"host": "evil.example:80"}).status == 421
    assert ask(server, content=ROW, headers={"origin": "http://evil.example"}).status == 403
    assert ask(server, content=ROW, headers={"sec-fetch-site": "cross-site"}).status == 403
    assert ask(server, content=ROW, headers={"origin": "http://127.0.0.1:80"}).status == 200
    guarded = server_of(loaded, token="s3cret", host="0.0.0.0")
    elsewhere = {"host": "server.example"}
    assert ask(guarded, "/health", headers=elsewhere).status == 200
    refused = ask(guarded, "/metrics", headers=elsewhere)
    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert ask(guarded, content=ROW, headers={**elsewhere, "authorization": "Bearer s3cres"}).status == 401
    assert ask(guarded, content=ROW, headers={**elsewhere, "authorization": "Bearer s3cret"}).status == 200
    entered = ask(guarded, "/?token=s3cret", headers=elsewhere)
    assert (entered.status, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"].partition(";")[0]
    assert cookie.startswith("dlcli-serve-80=")
    assert ask(guarded, "/", headers={**elsewhere, "cookie": cookie}).status == 200
    with pytest.raises(UsageError, match="0.0.0.0 lets other machines ask"):
        serve_run(
            loaded.run, host="0.0.0.0", port=0, token=None, limits=Limits(), allow_code=False, seconds=1,
            tell=lambda _: None, say=lambda _: None,
        )  # fmt: skip


def test_what_is_too_much_is_refused(loaded: LoadedRun) -> None:
    body = json.dumps([ROW]).encode()
    assert ask(server_of(loaded, body=len(body)), content=body).status == 200
    assert ask(server_of(loaded, body=len(body) - 1), content=body).status == 413
    assert ask(server_of(loaded, body=len(body) - 1), content=body, headers={"content-length": "1"}).status == 413
    assert ask(server_of(loaded, rows=2), content=[ROW] * 2).status == 200
    assert ask(server_of(loaded, rows=2), content=[ROW] * 3).value["error"]["kind"] == "too_many_rows"
    full = ask(server_of(loaded, waiting=2), content=[ROW] * 3)
    assert (full.status, full.value["error"]["kind"], full.headers["retry-after"]) == (503, "too_many_waiting", "1")

    async def behind_another() -> Any:
        slow = server_of(loaded, seconds=0.05)
        held = threading.Event()
        slow.worker.submit(held.wait)
        try:
            return await asked(slow, content=ROW)
        finally:
            held.set()

    late = asyncio.run(behind_another())
    assert (late.status, late.value["error"]["kind"]) == (503, "took_too_long")


def test_other_addresses_and_methods_are_told(server: Server) -> None:
    missing = ask(server, "/nowhere")
    assert (missing.status, missing.value["error"]["kind"]) == (404, "no_such_address")
    assert "/predict" in missing.value["error"]["hint"]
    other = ask(server, method="PUT")
    assert (other.status, other.value["error"]["kind"], other.headers["allow"]) == (405, "other_method", "POST")


def test_the_server_describes_itself(server: Server) -> None:
    import jsonschema

    told = ask(server, "/schema").value
    assert [(each["name"], each["kind"]) for each in told["inputs"]] == [
        ("a", "number"), ("b", "number"), ("colour", "category"),
    ]  # fmt: skip
    assert told["inputs"][2]["categories"] == ["blue", "red"]
    assert ask(server, content=told["example"]).status == 200
    described = ask(server, "/openapi.json").value
    rows = described["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    jsonschema.validate({"rows": [told["example"]]}, rows)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"rows": [{"a": 1}]}, rows)
    ask(server, content=[ROW] * 3)
    lines = dict(line.rsplit(" ", 1) for line in ask(server, "/metrics").text.splitlines() if not line.startswith("#"))
    assert lines['dlcli_requests_total{path="/predict",status="200"}'] == "2"
    assert (lines["dlcli_rows_total"], lines['dlcli_batch_rows_bucket{le="2"}']) == ("4", "1")
    assert lines['dlcli_request_seconds_bucket{le="+Inf"}'] == lines["dlcli_request_seconds_count"] == "2"
    page = ask(server, "/")
    assert page.headers["content-type"].startswith("text/html")
    assert "connect-src &#39;self&#39;" in page.text
    assert "&#34;colour&#34;" in page.text


def test_weights_that_the_run_keeps_meanwhile_answer_from_then_on(trained: Any, run_dlcli: Invoke) -> None:
    import shutil

    folder = trained.folder / "runs" / "again"
    shutil.copytree(trained.folder / "runs" / "p", folder)
    loaded = LoadedRun(Run(folder), allow_code=False)
    server = server_of(loaded)
    before = ask(server, content=trained.rows).value["predictions"]
    assert not loaded.has_changed
    folder.joinpath("model").rename(folder / "old")
    assert not loaded.has_changed
    shutil.copytree(folder / "old", folder / "model")
    (folder / "model" / "MANIFEST.json").write_text("{}")
    assert loaded.has_changed
    assert not loaded.load_anew()
    assert not loaded.has_changed
    assert ask(server, content=trained.rows).value["predictions"] == before
    shutil.rmtree(folder / "model")
    shutil.copytree(trained.folder / "runs" / "other", folder, dirs_exist_ok=True)
    assert loaded.has_changed
    assert loaded.load_anew()
    after = ask(server, content=trained.rows).value["predictions"]
    wanted = list(csv.DictReader(io.StringIO(run_dlcli("predict", "other", "table.csv", cwd=trained.folder).out)))
    np.testing.assert_allclose(chances(after), chances(wanted), rtol=1e-5)
    assert np.abs(chances(after) - chances(before)).max() > 1e-3


def test_a_signal_ends_it_once_all_that_was_sent_is_answered(
    loaded: LoadedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "DRAIN", 2.0)  # a busy machine may let a client that has connected wait to send
    listener = bound_socket(0)
    port = int(listener.getsockname()[1])
    server = Server(loaded, ServeGuard("127.0.0.1", port, None), Limits(), lambda words: None)
    answered, lost = list[int](), list[str]()
    body = json.dumps([ROW] * 20)
    request = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()

    def client() -> None:
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", port), timeout=20)
            except OSError:
                return  # it has ended, and nothing was sent
            with connection, connection.makefile("rb") as answers:
                closes = False
                while not closes:
                    connection.sendall(request)
                    status = answers.readline()
                    if not status.startswith(b"HTTP/1.1 200"):
                        lost.append(repr(status))
                        return
                    headers = dict(line.lower().split(b": ", 1) for line in iter(answers.readline, b"\r\n"))
                    answers.read(int(headers[b"content-length"]))
                    answered.append(1)
                    closes = headers.get(b"connection", b"").strip() == b"close"

    clients = [threading.Thread(target=client) for _ in range(4)]

    def begin() -> None:
        for each in clients:
            each.start()

        def end() -> None:
            while len(answered) < 40:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=end).start()

    with pytest.raises(SystemExit) as ended:
        asyncio.run(served(server, listener, 60, begin))
    listener.close()
    for each in clients:
        each.join()
    assert (ended.value.code, lost) == (128 + signal.SIGTERM, [])
    assert len(answered) >= 40


def heard(port: int, *sent: bytes, half: bool = False, before: float = 0.0) -> bytes:
    """All that comes on a connection until it is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for piece in sent:
            with contextlib.suppress(OSError):  # it may be closed by then
                connection.sendall(piece)
            time.sleep(before)
        if half:
            connection.shutdown(socket.SHUT_WR)
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(1 << 16):
                found += piece
    return found


def test_connections_have_limits_and_say_what_is_wrong(loaded: LoadedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 1.0)
    said = list[str]()
    listener = bound_socket(0)
    port = listener.getsockname()[1]
    server = Server(loaded, ServeGuard("127.0.0.1", port, None), Limits(), said.append)
    body = json.dumps({"a": 0.5, "b": 1, "colour": "red"}).encode()
    start = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: %d\r\n" % (port, len(body))
    large = [b"X-%d: %s\r\n" % (number, b"x" * 8000) for number in range(60)]
    asked: dict[str, Callable[[], bytes]] = {
        "whole": lambda: heard(port, start + b"\r\n" + body, half=True),
        "half": lambda: heard(port, start + b"\r\n" + body[:5], half=True),
        "garbage": lambda: heard(port, b"\x00\x01\r\n\r\n"),
        "large": lambda: heard(port, start, *large),
        "late": lambda: heard(port, start),
        "silent": lambda: heard(port),
    }
    told: dict[str, bytes] = {}

    def ask_all() -> None:
        with ThreadPoolExecutor(len(asked)) as pool:
            told.update(zip(asked, pool.map(lambda work: work(), asked.values()), strict=True))

    def begin() -> None:
        threading.Thread(target=ask_all).start()

    asyncio.run(served(server, listener, 4, begin))
    listener.close()
    for _ in range(100):
        if len(told) == len(asked):
            break
        time.sleep(0.1)
    assert b"200 OK" in told["whole"]
    assert b'"predictions"' in told["whole"]
    assert (told["half"], told["late"], told["silent"]) == (b"", b"", b"")
    for name, status, kind in (("garbage", b"400 Bad", "bad_request"), ("large", b"431 Request", "too_large")):
        head, _, content = told[name].partition(b"\r\n\r\n")
        assert status in head, name
        assert json.loads(content)["error"]["kind"] == kind
    assert said == []


def test_pictures_are_answered_by_their_names(
    tmp_path: Path, run_dlcli: Invoke, write_experiment: Callable[..., Path]
) -> None:
    from PIL import Image

    for number in range(24):
        file = tmp_path / "pictures" / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((6, 6, 3), 40 + 120 * (number % 2) + number, np.uint8)).save(file)
    data = {"source": {"images": {"path": "pictures", "size": [6, 6]}}, "split": {"validation": 0.25, "test": 0.25}}
    layers = [{"Rescaling": 0.004}, "Flatten", {"Dense": {"units": 2, "activation": "softmax"}}]
    config = write_experiment(tmp_path, {"data": data, "layers": layers, "train.epochs": 1})
    assert (done := run_dlcli("train", config, "--name", "i", "-q", cwd=tmp_path)).code == 0, done.err
    said = list(csv.DictReader(io.StringIO(run_dlcli("predict", "i", "pictures", cwd=tmp_path).out)))
    server = server_of(LoadedRun(Run(tmp_path / "runs" / "i"), allow_code=False))
    names = ["../../고양이.png", "9.png"]
    pictures = [
        (tmp_path / "pictures" / folder / name).read_bytes() for folder, name in (("a", "4.png"), ("b", "9.png"))
    ]
    body, headers = form(*zip(names, pictures, strict=True))
    answer = ask(server, content=body, headers=headers)
    assert answer.status == 200, answer.text
    rows = answer.value["predictions"]
    assert [row["file"] for row in rows] == ["고양이.png", "9.png"]
    by_file = {Path(row["file"]).name: row for row in said}
    for row, name in zip(rows, ("4.png", "9.png"), strict=True):
        assert abs(row["probability a"] - float(by_file[name]["probability a"])) < 1e-5
    body, headers = form(("broken.png", b"no picture"))
    broken = ask(server, content=body, headers=headers)
    assert (broken.status, "broken.png" in broken.text, "/tmp" in broken.text) == (422, True, False), broken.text
    body, headers = form(("a.exe", b"x"))
    other = ask(server, content=body, headers=headers).value["error"]
    assert (other["kind"], ".png" in other["hint"]) == ("unknown_form", True)


def test_a_folder_for_docker_holds_what_serving_needs_and_no_data(
    trained: Any, tmp_path: Path, run_dlcli: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run_dlcli("export", "p", "--docker", "-o", tmp_path / "out", "--json", cwd=trained.folder).value
    folder = Path(told["folder"])
    assert (folder, told["build"]) == (tmp_path / "out" / "docker", f"docker build -t p {folder}")
    lines = (folder / "Dockerfile").read_text(encoding="utf-8").splitlines()
    versions = json.loads((trained.folder / "runs" / "p" / "env.json").read_bytes())["versions"]
    [installs] = [line for line in lines if line.startswith("RUN pip install")]
    assert all(f'"{name}=={versions[name]}"' in installs for name in ("keras", "tensorflow", "numpy"))
    assert f"FROM python:{'.'.join(versions['python'].split('.')[:2])}-slim" in lines
    assert "COPY --chown=served run /runs/p" in lines
    (command,) = [json.loads(line.removeprefix("CMD ")) for line in lines if line.startswith("CMD ")]
    names = {path.name for path in (folder / "run").rglob("*")}
    assert {"model.keras", "prepare.keras", "schema.json", "config.resolved.json"} <= names
    assert not {"splits.npz", "samples.npz", "log.txt", "table.csv"} & names
    # As in the image, where the folder stands under /runs and the port is free.
    (tmp_path / "runs").mkdir()
    (folder / "run").rename(tmp_path / "runs" / "p")
    placed = [{"/runs": str(tmp_path / "runs"), "8000": "0"}.get(word, word) for word in command]
    assert placed[0] == "dlcli"
    bare = run_dlcli(*placed[1:], "--time-limit", "0.2s", "--json", cwd=tmp_path)
    assert bare.error["kind"] == "host_without_token"
    for token in ("", " "):
        empty = run_dlcli("serve", "p", "--token", token, "--json", cwd=trained.folder)
        assert (empty.code, empty.error["kind"]) == (2, "empty_token")
    monkeypatch.setenv("DLCLI_TOKEN", "s3cret")
    served_there = run_dlcli(*placed[1:], "--time-limit", "0.2s", "--json", cwd=tmp_path)
    assert (served_there.code, served_there.value["run"]) == (0, "p"), served_there.err
    again = run_dlcli("export", "p", "--docker", "-o", tmp_path / "out", cwd=trained.folder)
    assert (again.code, "docker run -p 8000:8000" in again.out) == (0, True)
