"""The board: who is let in, what its table and curves hold, how pages are made, and how it begins and ends."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pages import read_page

from dlcli.actions.board import answers, folders, made, watched
from dlcli.actions.board.app import Board, board_app
from dlcli.actions.board.guard import Guard
from dlcli.actions.board.made import MadePage, MadePages
from dlcli.actions.board.watched import WatchedRuns
from dlcli.actions.listening import HEADERS, bound_socket
from dlcli.errors import ArtifactError, DataError, ResourceError
from dlcli.runs import Run, history
from dlcli.runs.groups import Group, GroupKind
from dlcli.runs.lock import Lock

pytestmark = pytest.mark.looks

Command = Callable[..., Any]
PORT, TOKEN = 4321, "secret-of-this-board"
FINDING = {"finding": "overfits", "since_epoch": 2, "evidence": "e", "advice": []}


def epochs(count: int, loss: float) -> list[dict[str, Any]]:
    return [
        {
            "epoch": at,
            "step": at,
            "learning_rate": 0.1,
            "train": {"loss": loss / at},
            "validation": {"loss": 2 * loss / at},
        }
        for at in range(1, count + 1)
    ]


@pytest.fixture
def root(tmp_path: Path, record_run: Command) -> Path:
    """Three runs: one with a verdict, one with a Korean name, one that says it trains and does not."""
    folder = tmp_path / "runs"
    metrics = {"validation": {"loss": 0.5, "accuracy": 0.75}}
    ended = {"best": {"epoch": 3, "value": 0.5, "monitor": "val_loss", "weights": "last"}, "seconds": 1.0}
    record_run(folder, "a", number=1, metrics=metrics, epochs=3, history=epochs(3, 1.0), verdict=[FINDING], **ended)
    metrics = {"validation": {"loss": 0.25, "accuracy": 0.5}}
    record_run(folder, "실험", number=2, metrics=metrics, epochs=2, history=epochs(2, 2.0))
    record_run(folder, "c", number=3, status="running", history=epochs(1, 3.0))
    return folder


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def value(self) -> Any:
        return json.loads(self.text)["value"]


@dataclass
class Client:
    """Asks the application as a browser on this machine would, without a network."""

    root: Path
    cookie: bool = True

    def __post_init__(self) -> None:
        self.made = MadePages(self.root.parent, allow_code=False)
        self.board = Board(WatchedRuns(self.root), self.made)
        self.app = board_app(self.board, Guard(PORT, TOKEN))

    async def ask(self, target: str, method: str = "GET", **headers: str) -> Answer:
        path, _, query = target.partition("?")
        given = {"host": f"127.0.0.1:{PORT}", **({"cookie": f"dlcli-board-{PORT}={TOKEN}"} if self.cookie else {})}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": urllib.request.unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "server": ("127.0.0.1", PORT),
            "client": ("127.0.0.1", 5),
        }
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, b"".join(each.get("body", b"") for each in sent[1:]).decode())

    def get(self, target: str, method: str = "GET", **headers: str) -> Answer:
        return asyncio.run(self.ask(target, method, **headers))


@pytest.fixture
def client(root: Path) -> Client:
    return Client(root)


REFUSED = [
    (421, {"host": f"evil.example:{PORT}"}),
    (421, {"host": "127.0.0.1"}),
    (421, {"host": f"127.0.0.1:{PORT + 1}"}),
    (403, {"origin": "http://evil.example"}),
    (403, {"origin": f"http://127.0.0.1:{PORT + 1}"}),
    (403, {"origin": "null"}),
    (403, {"sec_fetch_site": "cross-site"}),
    (403, {"sec_fetch_site": "same-site"}),
    (403, {"cookie": ""}),
    (403, {"cookie": f"dlcli-board-{PORT}={TOKEN[:-1]}"}),
    (403, {"cookie": f"dlcli-board-{PORT + 1}={TOKEN}"}),
    (403, {"cookie": f"dlcli-board-{PORT}={TOKEN}é"}),
]
LET_IN = [
    {},
    {"host": f"localhost:{PORT}"},
    {"origin": f"http://127.0.0.1:{PORT}"},
    {"sec_fetch_site": "same-origin"},
    {"sec_fetch_site": "none"},
]


@pytest.mark.parametrize(("status", "headers"), REFUSED)
@pytest.mark.parametrize("target", ["/", "/runs.json", "/curves.json?run=a", "/run/a", "/ready/a", "/none"])
def test_nobody_else_is_let_in(status: int, headers: dict[str, str], target: str, client: Client) -> None:
    answer = client.get(target, **headers)
    assert answer.status == status
    assert "runs" not in answer.text
    assert "set-cookie" not in answer.headers
    assert {name.title(): answer.headers[name.lower()] for name in HEADERS} == {**HEADERS}
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("headers", LET_IN)
def test_the_page_of_the_board_itself_is_let_in(headers: dict[str, str], client: Client) -> None:
    assert client.get("/runs.json", **headers).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(method: str, client: Client) -> None:
    assert client.get("/runs.json", method).status == 405
    assert client.get("/", "HEAD").status == 200


def test_the_token_becomes_a_cookie_and_leaves_the_address(root: Path) -> None:
    client = Client(root, cookie=False)
    assert client.get("/").status == 403
    answer = client.get(f"/run/a?token={TOKEN}&x=1")
    assert (answer.status, answer.headers["location"]) == (303, "/run/a?x=1")
    assert answer.headers["set-cookie"] == f"dlcli-board-{PORT}={TOKEN}; HttpOnly; Path=/; SameSite=strict"
    assert client.get(f"/?token={TOKEN}x").status == 403
    assert client.get(f"/?token={TOKEN}", sec_fetch_site="cross-site").status == 403
    assert Guard(PORT, TOKEN).address == f"http://127.0.0.1:{PORT}/?token={TOKEN}"


def test_the_page_is_whole_and_asks_nobody_but_the_board(client: Client) -> None:
    page = read_page(client.get("/").text)
    assert page.faults == []
    [policy] = [str(each["content"]) for each in page.all("meta") if "http-equiv" in each]
    assert "connect-src 'self'" in policy
    waiting = read_page(client.get("/run/a").text)
    assert [fault for fault in waiting.faults if fault != "a link to /"] == []
    assert "Data and model are being looked at" in waiting.text
    assert "overfits since epoch 2" in waiting.text
    assert [chart["title"] for chart in waiting.charts] == ["loss", "learning rate"]


def test_the_table_has_the_newest_run_first_with_its_verdict(client: Client) -> None:
    value = client.get("/runs.json").value
    names = [column["name"] for column in value["columns"]]
    assert names[:5] == ["status", "verdict", "epochs", "val_loss", "val_accuracy"]
    assert [column["head"] for column in value["columns"][:5]] == names[:5]
    assert [row["run"] for row in value["rows"]] == ["c", "실험", "a"]
    assert value["rows"][2]["cells"][:5] == ["done", "overfits", "3", "0.5000", "0.7500"]
    assert value["rows"][0]["cells"][:4] == ["crashed", "–", "1", "6.000"]
    assert (value["all"], value["chosen"], value["alive"]) == (3, 3, 0)


def test_a_run_of_another_form_takes_no_other_with_it(root: Path, record_run: Command, client: Client) -> None:
    record_run(root, "d", number=4, verdict=["overfits"])
    record_run(root, "e", number=5, verdict=[{"finding": "healthy"}])
    (root / "a" / "run.json").write_text("{")
    rows = {row["run"]: row["cells"] for row in client.get("/runs.json").value["rows"]}
    assert {run: cells[:2] for run, cells in rows.items()} == {
        "a": ["unreadable", "–"], "실험": ["done", "–"], "c": ["crashed", "–"], "d": ["done", "–"], "e": ["done", "healthy"],
    }  # fmt: skip


def test_the_words_of_runs_filter_and_sort_it(client: Client) -> None:
    def names(query: str) -> list[str]:
        return [row["run"] for row in client.get(f"/runs.json?{query}").value["rows"]]

    assert names("sort=val_loss") == ["실험", "a", "c"]
    assert names("sort=-val_accuracy") == ["a", "실험", "c"]
    assert names(f"filter={quote('val_accuracy>=0.6')}") == ["a"]
    assert names(f"filter=status=done&filter={quote('epochs<3')}&filter=") == ["실험"]
    assert client.get("/runs.json?filter=run~a").value["chosen"] == 1
    wrong = client.get("/runs.json?sort=val_acuracy")
    assert wrong.status == 400
    assert json.loads(wrong.text)["error"]["hint"].startswith("near it: val_accuracy")
    assert client.get("/runs.json?filter=nonsense").status == 400


def test_what_was_tried_stands_before_other_metrics_under_the_last_part_of_its_path(
    tmp_path: Path, record_run: Command
) -> None:
    metrics = {"validation": {"loss": 0.5, "accuracy": 0.75}}
    for number, rate in enumerate((0.1, 0.2), start=1):
        tree = {"optimizer": {"Adam": {"learning_rate": rate}}, "train": {"epochs": 1}}
        record_run(tmp_path / "runs", f"r{number}", number=number, metrics=metrics, epochs=number, tree=tree)
    columns = Client(tmp_path / "runs").get("/runs.json").value["columns"]
    assert [each["name"] for each in columns[:6]] == [
        *("status", "verdict", "epochs", "val_loss"),
        *("optimizer.learning_rate", "val_accuracy"),
    ]
    assert columns[4]["head"] == "learning_rate"


def test_verdicts_are_in_the_order_of_how_severe_they_are(
    tmp_path: Path, record_run: Command, run_dlcli: Command
) -> None:
    severities = {"healthy": "note", "plateau": "note", "overfits": "warning", "diverged": "error", "dead": None}
    for number, (code, severity) in enumerate(severities.items(), start=1):
        finding = {**FINDING, "finding": f"a {code}", "code": code, "severity": severity}
        record_run(tmp_path / "runs", f"r-{code}", number=number, verdict=[finding])
    record_run(tmp_path / "runs", "r-none", number=9)
    asked = Client(tmp_path / "runs").get("/runs.json?sort=-verdict").value
    worst = ["r-diverged", "r-overfits", "r-dead", "r-plateau", "r-healthy"]
    assert [row["run"] for row in asked["rows"]] == [*worst, "r-none"]
    assert [row["cells"][1] for row in asked["rows"]][:2] == ["diverged", "overfits"]
    rows = run_dlcli("runs", "--sort=verdict", "--names", cwd=tmp_path).out.split()
    assert rows == [*reversed(worst), "r-none"]


def test_what_has_not_changed_is_not_sent_again(root: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "FRESH", 0.0)
    first = json.loads(client.get("/runs.json").text)
    assert json.loads(client.get(f"/runs.json?since={first['version']}").text) == {"version": first["version"]}
    with Lock(root / "c"):
        history.append(Run(root / "c"), epochs(2, 3.0)[1])
        second = client.get(f"/runs.json?since={first['version']}").value
    assert second["rows"][0]["alive"]
    assert second["rows"][0]["cells"][:4] == ["running", "–", "2", "3.000"]
    assert second["alive"] == 1


def test_only_runs_that_changed_or_train_are_read_anew(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "FRESH", 0.0)
    read = list[str]()
    summary = watched.run_summary
    monkeypatch.setattr(watched, "run_summary", lambda run: read.append(run.name) or summary(run))
    runs = WatchedRuns(root)
    assert [each.summary.run for each in runs.runs()] == ["a", "실험", "c"]
    assert sorted(read) == ["a", "c", "실험"]
    read.clear()
    runs.runs()
    assert read == []
    history.append(Run(root / "실험"), epochs(3, 1.0)[2])
    runs.runs()
    assert read == ["실험"]
    read.clear()
    with Lock(root / "c"):
        runs.runs()
        runs.runs()
    assert read == []  # that c trains can be seen once one of its files has changed
    shutil.rmtree(root / "a")
    assert [each.summary.run for each in runs.runs()] == ["실험", "c"]


def test_so_many_rows_are_shown(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for most, shown in ((3, 3), (2, 2)):
        monkeypatch.setattr(answers, "MOST_ROWS", most)
        value = client.get("/runs.json").value
        assert (len(value["rows"]), value["listed"], value["chosen"]) == (shown, 3, 3)


def test_a_group_is_a_row_and_hides_none_of_its_runs(root: Path, record_run: Command, client: Client) -> None:
    group = Group.claim(root, "g", GroupKind.SEEDS, words=[], config="c.yaml", content=b"{}\n")
    for number in range(4, 8):
        record_run(group.path, f"seed-{number}", number=number)
    value = client.get("/runs.json").value
    assert (len(value["rows"]), value["listed"], value["chosen"], value["all"]) == (4, 4, 7, 7)


def test_curves_of_several_runs_are_laid_over_each_other(client: Client) -> None:
    value = client.get(f"/curves.json?run=a&run={quote('실험')}&run=none&run=a").value
    [chart] = value["charts"]
    assert chart["title"] == "validation loss"
    assert [(line["name"], line["values"]) for line in chart["lines"]] == [
        ("a", [2, 1, 0.666667]),
        ("실험", [4, 2, None]),
    ]
    assert value["missing"] == ["there is no run 'none'"]
    alone = client.get("/curves.json?run=a").value["charts"]
    assert [chart["title"] for chart in alone] == ["loss", "learning rate"]
    assert client.get("/curves.json").value == {"charts": [], "missing": []}


@pytest.mark.parametrize("name", ["..", ".", "", "%2e%2e", "..%2f..", "a%2f..%2fc", "/etc", "none", ".hidden"])
def test_no_name_leads_out_of_the_folder(name: str, client: Client) -> None:
    assert client.get(f"/run/{name}").status in {404, 307}
    assert client.get(f"/ready/{name}").status in {404, 307}
    assert client.get(f"/curves.json?run={name}").value["charts"] == []


def page_text(answer: Answer) -> str:
    """What a person reads of a page that leads back to the board."""
    assert answer.headers["content-type"].startswith("text/html")
    page = read_page(answer.text)
    assert page.faults == ["a link to /"]
    return page.text


def test_a_page_that_is_not_there_is_a_page_and_the_rest_json(client: Client) -> None:
    missing = client.get("/run/none")
    assert missing.status == 404
    assert "Not here: there is no run 'none'." in page_text(missing)
    evil = client.get(f"/run/{quote('<b>x', safe='')}")
    assert "there is no run '<b>x'" in page_text(evil)
    assert json.loads(client.get("/ready/none").text)["error"]["kind"] == "no_such_run"


def test_links_are_not_followed(tmp_path: Path, root: Path, record_run: Command, client: Client) -> None:
    outside = record_run(tmp_path / "elsewhere", "x", history=epochs(1, 1.0))
    (root / "link").symlink_to(outside.path)
    assert [row["run"] for row in client.get("/runs.json").value["rows"]] == ["c", "실험", "a"]
    assert client.get("/run/link").status == 404
    (root / "a" / "metrics.jsonl").unlink()
    (root / "a" / "metrics.jsonl").symlink_to(outside.metrics)
    refused = client.get("/run/a")
    assert refused.status == 409
    assert "metrics.jsonl" in page_text(refused)
    assert json.loads(client.get("/ready/a").text)["error"]["kind"] == "link_in_run"
    value = client.get("/curves.json?run=a").value
    assert value["charts"] == []
    assert "is a link" in value["missing"][0]


def test_a_run_that_becomes_a_link_is_gone(tmp_path: Path, root: Path) -> None:
    runs = WatchedRuns(root)
    assert runs.run("a").name == "a"
    shutil.move(root / "a", tmp_path / "moved")
    (root / "a").symlink_to(tmp_path / "moved")
    with pytest.raises(ArtifactError):
        runs.run("a")


def test_runs_of_a_group_have_rows_curves_and_pages(root: Path, record_run: Command, client: Client) -> None:
    group = Group.claim(root, "g", GroupKind.SEEDS, words=[], config="c.yaml", content=b"{}\n")
    record_run(group.path, "seed-0", number=7, history=epochs(1, 1.0))
    assert next(row["run"] for row in client.get("/runs.json").value["rows"]) == "g/seed-0"
    assert client.get(f"/curves.json?run={quote('g/seed-0', safe='')}").value["missing"] == []
    for name in ("g/seed-0", quote("g/seed-0", safe="")):
        assert client.get(f"/ready/{name}").text == '{"ready":false}'
    assert client.get("/ready/g").status == 404
    other = record_run(group.path, "seed-1", number=8, status="running", history=epochs(3, 3.0))
    record_run(group.path, "seed-2", number=9, history=epochs(2, 5.0))
    with Lock(other.path):
        client.board.watched.looked = 0.0  # long ago
        first = client.get("/runs.json").value["rows"][0]
        assert (first["run"], first["status"], first["alive"], first["group"]) == ("g", "2 of 3 done", True, True)
    every = client.get(f"/runs.json?filter={quote('run~g/')}").value["rows"]
    assert [(row["run"], row["group"]) for row in every] == [(f"g/seed-{n}", False) for n in (2, 1, 0)]
    [chart] = client.get("/curves.json?run=g&run=a").value["charts"]
    assert [line["name"] for line in chart["lines"]] == ["g", "a"]
    single = [history.read(Run(group.path / f"seed-{n}")) for n in (0, 1, 2)]
    assert chart["lines"][0]["values"][0] == pytest.approx(sum(each[0]["validation"]["loss"] for each in single) / 3)
    shutil.move(group.path, root.parent / "moved")
    group.path.symlink_to(root.parent / "moved")
    assert client.get("/ready/g/seed-0").status == 404


def test_a_page_is_made_once_until_its_run_changes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, gates = list[str](), list[asyncio.Event]()

    async def content_of(self: MadePages, run: Run) -> tuple[str, str | None]:
        calls.append(run.name)
        await gates[0].wait()
        return f"page {len(calls)}", None

    monkeypatch.setattr(MadePages, "content_of", content_of)

    async def story() -> list[str]:
        client = Client(root)
        gates.append(asyncio.Event())
        told = [(await client.ask("/ready/a")).text, (await client.ask("/ready/a")).text]
        gates[0].set()
        await asyncio.gather(*client.made.making.values())
        told += [
            (await client.ask("/ready/a")).text,
            (await client.ask("/run/a")).text,
            (await client.ask("/run/a")).text,
        ]
        history.append(Run(root / "a"), epochs(4, 1.0)[3])
        told.append("waiting" if "being looked at" in (await client.ask("/run/a")).text else "ready")
        await asyncio.gather(*client.made.making.values())
        told.append((await client.ask("/run/a")).text)
        return told

    waits, ready = '{"ready":false}', '{"ready":true}'
    assert asyncio.run(story()) == [waits, waits, ready, "page 1", "page 1", "waiting", "page 2"]
    assert calls == ["a", "a"]


def test_the_page_of_a_run_that_trains_is_made_again_when_it_is_old(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, now = Run(root / "c"), 1000.0
    monkeypatch.setattr(made.time, "monotonic", lambda: now)

    async def kept(age: float) -> bool:
        pages = MadePages(root, allow_code=False)
        pages.ready[run.path] = MadePage([], now - age, "old", None)
        found = pages.page(run) is not None
        await pages.stop()
        return found

    with Lock(run.path):
        assert [asyncio.run(kept(age)) for age in (made.OLD - 1, made.OLD)] == [True, False]
    assert asyncio.run(kept(1)) is False


def test_why_a_page_could_not_be_made_is_told(root: Path) -> None:
    (root / "a" / "metrics.jsonl").write_text("{\n{\n")

    async def story() -> str:
        pages = MadePages(root.parent, allow_code=False)
        assert pages.page(Run(root / "a")) is None
        await asyncio.gather(*pages.making.values())
        page = pages.page(Run(root / "a"))
        assert page is not None
        assert page.fault is not None
        return page.fault

    assert asyncio.run(story()) == "line 1 of the history is damaged"
    assert made.fault_in(b"nonsense") == "the page could not be made"


def test_a_port_that_is_taken_is_a_lack_of_resources(tmp_path: Path, run_dlcli: Command) -> None:
    with bound_socket(0) as taken:
        port = taken.getsockname()[1]
        assert taken.getsockname()[0] == "127.0.0.1"
        with pytest.raises(ResourceError):
            bound_socket(port)
        outcome = run_dlcli("board", "--port", str(port), "--json", cwd=tmp_path)
    assert (outcome.code, outcome.error["kind"]) == (7, "port_taken")


def test_a_time_limit_ends_it_and_a_wrong_one_is_refused(tmp_path: Path, run_dlcli: Command) -> None:
    (tmp_path / "runs").mkdir()
    outcome = run_dlcli("board", "--time-limit", "0.1s", "--json", cwd=tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    assert list(outcome.value) == ["address", "port", "runs"]
    assert outcome.value["address"].startswith(f"http://127.0.0.1:{outcome.value['port']}/?token=")
    assert len(outcome.value["address"].partition("=")[2]) == 32
    wrong = run_dlcli("board", "--time-limit", "soon", "--json", cwd=tmp_path)
    assert (wrong.code, wrong.error["kind"]) == (2, "bad_time_limit")


def test_the_logging_of_the_process_is_left_alone(tmp_path: Path, run_dlcli: Command) -> None:
    closed = []

    class Handler(logging.Handler):
        def close(self) -> None:
            closed.append(self)
            super().close()

    handler = Handler()
    assert run_dlcli("board", "--time-limit", "0.1s", "--json", cwd=tmp_path).code == 0
    assert closed == []
    handler.close()
    assert closed == [handler]


def test_a_missing_package_is_told_with_the_command(
    tmp_path: Path, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    outcome = run_dlcli("board", "--json", cwd=tmp_path)
    assert (outcome.code, outcome.error["kind"]) == (DataError.code, "missing_package")
    assert outcome.error["hint"] == 'pip install "dlcli[serve]"'


@pytest.mark.parametrize(("age", "gone"), [(folders.YOUNG - 5, False), (folders.YOUNG + 5, True)])
def test_a_folder_that_a_killed_board_left_is_removed_and_no_other(
    age: float, gone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("dlcli-board-killed", "dlcli-board-alive", "dlcli-board-bare", "another"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.html").write_text("page")
    (tmp_path / "dlcli-board-link").symlink_to(tmp_path / "another")
    with Lock(tmp_path / "dlcli-board-killed"):
        pass
    old = time.time() - age
    os.utime(tmp_path / "dlcli-board-bare", (old, old))
    with Lock(tmp_path / "dlcli-board-alive"), folders.page_folder() as own:
        left = {path.name for path in tmp_path.iterdir()}
        bare = set() if gone else {"dlcli-board-bare"}
        assert left == {own.name, "dlcli-board-alive", "dlcli-board-link", "another"} | bare
    assert (tmp_path / "another" / "a.html").exists()
    assert not own.exists()


def test_a_killed_board_leaves_a_folder_that_the_next_one_removes(root: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    program = [sys.executable, "-m", "dlcli", "board", str(root), "--time-limit"]
    with subprocess.Popen(
        [*program, "1m"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as first:
        assert first.stdout is not None
        first.stdout.readline()
        first.kill()
    [left] = tmp_path.glob("dlcli-board-*")
    subprocess.run([*program, "0.2s"], env=environment, capture_output=True, check=True)
    assert not left.exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_cleanly(number: signal.Signals, code: int, root: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    # What a shell starts in the background ignores Ctrl-C, and so would what that starts.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from dlcli.cli import program; program()"
    program = [sys.executable, "-c", heard, "board", str(root)]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert [*tmp_path.glob("dlcli-board-*")]
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(), urllib.request.ProxyHandler({}))
        with opener.open(address, timeout=10) as page:
            assert (page.status, "token" in page.url) == (200, False)
        process.send_signal(number)
        _, told = process.communicate(timeout=20)
    assert (process.returncode, told) == (
        code,
        "open this address, which nobody else should have; Ctrl-C ends the board\n",
    )
    assert [*tmp_path.glob("dlcli-board-*")] == []
    assert tempfile.gettempdir() != str(tmp_path)


def test_the_address_is_opened_where_that_is_asked_for(
    tmp_path: Path, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = list[str]()
    monkeypatch.setattr("typer.launch", opened.append)
    for options, count in (([], 0), (["--open"], 1)):
        outcome = run_dlcli("board", "--time-limit", "0.05s", *options, "--json", cwd=tmp_path)
        assert opened == [outcome.value["address"]] * count


@pytest.mark.parametrize("allowed", [True, False])
def test_a_page_is_made_with_the_leave_that_the_board_has(
    allowed: bool, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = list[str]()

    class Ended:
        returncode = 5

        async def communicate(self) -> tuple[bytes, None]:
            return b'{"error": {"message": "no"}}', None

    async def begun(*program: str, **streams: Any) -> Ended:
        called.extend(program)
        return Ended()

    monkeypatch.setattr(asyncio, "create_subprocess_exec", begun)
    pages = MadePages(root.parent, allow_code=allowed)
    assert asyncio.run(pages.content_of(Run(root / "a"))) == ("", "no")
    assert called[1:5] == ["-m", "dlcli", "report", str(root / "a")]
    assert ("--allow-code" in called) is allowed
