"""The meeting of workers under loopback, and the lines between them: in threads, without TensorFlow."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from worker_processes import free_ports

from dlcli.errors import ConflictError, DlcliError, ResourceError, UsageError
from dlcli.training.distributed import meeting, team
from dlcli.training.distributed.cluster import Cluster
from dlcli.training.distributed.line import HEAD, Line, LineClosed, as_bytes, read_message
from dlcli.training.distributed.meeting import met, missing, wait_for_workers
from dlcli.training.distributed.team import Peers


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for long."""
    monkeypatch.setenv("DLCLI_WAIT_FOR_WORKERS", "2s")
    monkeypatch.setattr(meeting, "PAUSE", 0.01)


def clusters(count: int) -> list[Cluster]:
    """What each of so many workers knows."""
    ports = free_ports(count)
    return [Cluster([f"127.0.0.1:{port}" for port in ports[:-1]], index, ports[-1]) for index in range(count)]


def side_by_side(*works: Callable[[], Any]) -> list[Any]:
    """What pieces of work give, or raise, side by side."""
    found: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        try:
            found[place] = works[place]()
        except DlcliError as error:
            found[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    return found


def closed(found: list[Any]) -> None:
    for lines in found:
        for line in lines.values() if isinstance(lines, dict) else ():
            line.close()


def test_all_meet_in_any_order_and_have_lines_to_the_chief() -> None:
    chief, *others = clusters(3)
    found = side_by_side(*[lambda each=each: met(each, "job") for each in (*others, chief)])
    assert [sorted(lines) for lines in found] == [[0], [0], [1, 2]]
    assert {line.name for line in found[2].values()} == {chief.name(1), chief.name(2)}
    closed(found)


def test_who_is_missing_is_told_to_all_who_came() -> None:
    chief, first, _ = clusters(3)
    found = side_by_side(lambda: met(chief, "job"), lambda: met(first, "job"))
    for error in found:
        assert isinstance(error, ResourceError)
        assert error.kind == "worker_missing"
        assert error.message == f"worker 2 ({chief.addresses[2]}) did not come within 2s"


def test_a_missing_chief_is_named() -> None:
    _, other = clusters(2)
    with pytest.raises(ResourceError, match=r"worker 0 \(127\.0\.0\.1:\d+\) did not come within 2s"):
        met(other, "job")


def test_a_chief_that_ends_before_all_have_come_is_named() -> None:
    chief, other = clusters(2)

    def leaves() -> None:
        with socket.create_server((chief.host, chief.port)) as server:
            connection, _ = server.accept()
            read_message(connection)
            connection.close()

    found = side_by_side(leaves, lambda: met(other, "job"))
    assert found[1].message == f"{chief.name(0)} has ended before all had come"
    assert found[1].kind == "worker_lost"


def test_a_machine_whose_name_nobody_knows_is_told() -> None:
    cluster = Cluster(["nosuchhost.invalid:1", "127.0.0.1:2"], 1, 3)
    error = missing(cluster, [0], "2s")
    assert error.message.endswith(" did not come within 2s; no machine called nosuchhost.invalid is known here")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"job": "other"}, "has another configuration than the chief"),
        ({"dlcli": "9.9"}, "has another version of dlcli than the chief: 9.9, the chief"),
        ({"workers": 5}, "worker 1 of 5 came twice, or is of another job than these 2"),
        ({"index": 4}, "worker 4 of 2 came twice"),
        ({"index": 0}, "worker 0 of 2 came twice"),
    ],
)
def test_who_does_not_belong_is_told_and_ends_it(
    change: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chief, other = clusters(2)
    usual = meeting.hello
    monkeypatch.setattr(
        meeting, "hello", lambda cluster, job: {**usual(cluster, job), **(change if cluster.index else {})}
    )
    found = side_by_side(lambda: met(chief, "job"), lambda: met(other, "job"))
    for error in found:
        assert isinstance(error, ConflictError)
        assert words in error.message


def test_a_stranger_who_says_nothing_sensible_is_passed_over() -> None:
    chief, other = clusters(2)

    def stranger() -> None:
        while True:
            try:
                with socket.create_connection((chief.host, chief.port)) as connection:
                    connection.sendall(b"GET / HTTP/1.1\r\n\r\n" + bytes(20))
                return
            except ConnectionRefusedError:
                continue

    found = side_by_side(lambda: met(chief, "job"), lambda: (stranger(), met(other, "job"))[1])
    assert [sorted(lines) for lines in found] == [[1], [0]]
    closed(found)


def test_a_port_that_is_taken_is_told() -> None:
    chief, _ = clusters(2)
    words = f"port {chief.port} of 127.0.0.1 cannot be listened at"
    with socket.create_server(("", chief.port)), pytest.raises(ResourceError, match=words):
        met(chief, "job")


@pytest.mark.parametrize("written", ["0s", "soon", "-1s"])
def test_a_wait_that_is_no_time_is_told(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLCLI_WAIT_FOR_WORKERS", written)
    with pytest.raises(UsageError, match="DLCLI_WAIT_FOR_WORKERS is a time"):
        wait_for_workers()


def test_the_usual_wait_is_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLCLI_WAIT_FOR_WORKERS")
    assert wait_for_workers() == (600, "10m")


@pytest.fixture
def ends() -> Iterator[tuple[Line, Line]]:
    """The two ends of a line."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
    lines = Line(ours, "there"), Line(theirs, "here")
    yield lines
    for line in lines:
        line.close()


def test_words_and_arrays_come_as_they_were_sent(ends: tuple[Line, Line]) -> None:
    here, there = ends
    there.listen(lambda line, message: False)
    arrays = {"0": np.arange(6.0).reshape(2, 3), "1": np.array(7, np.uint32), "2": np.zeros((0, 4), np.float16)}
    here.send({"do": "take"}, arrays)
    here.send({"do": "step"})
    words, found = there.receive()
    assert words == {"do": "take"}
    assert list(found) == ["0", "1", "2"]
    for name, values in arrays.items():
        assert found[name].dtype == values.dtype
        np.testing.assert_array_equal(found[name], values)
    assert there.receive() == ({"do": "step"}, {})
    here.close()
    for _ in range(2):
        with pytest.raises(LineClosed):
            there.receive()


@pytest.mark.parametrize(
    "raw", [HEAD.pack(1 << 21, 0), HEAD.pack(2, 0) + b"[]", HEAD.pack(1, 0) + b"{", HEAD.pack(2, 3) + b"{}abc"]
)
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(raw)
        with pytest.raises(ValueError):  # noqa: PT011
            read_message(theirs)


def test_arrays_of_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="[Oo]bject"):
        as_bytes({}, {"0": np.array([{}], object)})


def peers_of(line: Line, index: int = 0) -> Peers:
    return Peers(Cluster(["a:1", "b:2"], index, 9), {1 - index: line})


def test_a_worker_that_is_gone_is_known_and_ends_what_tensorflow_waits_for(
    ends: tuple[Line, Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    aborted: list[str] = []
    monkeypatch.setattr(team, "abort_collectives", aborted.append)
    peers = peers_of(ends[0])
    peers.listen()
    ends[1].close()
    assert peers.noticed.wait(10)
    assert peers.gone == aborted == ["there is gone"]
    with pytest.raises(ResourceError, match="there is gone, so the others cannot go on") as caught:
        peers.say({"do": "step"})
    assert (caught.value.code, caught.value.kind) == (7, "worker_lost")
    with pytest.raises(ResourceError, match="there is gone"):
        peers.answers()


def test_a_worker_that_failed_is_known_with_its_reason(
    ends: tuple[Line, Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team, "abort_collectives", lambda words: None)
    peers = peers_of(ends[0])
    peers.listen()
    ends[1].send({"failed": "cannot go on: a row is bad"})
    assert peers.noticed.wait(10)
    assert peers.gone == ["there cannot go on: a row is bad"]


def test_only_what_tensorflow_raises_of_others_is_a_lost_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    monkeypatch.setattr(team, "NOTICED", 0.0)
    peers = Peers(Cluster(["a:1", "b:2"], 0, 9), {})
    with pytest.raises(ResourceError, match="one of the workers is gone"), peers.together():
        raise tf.errors.UnavailableError(None, None, "Connection reset by peer")
    with pytest.raises(tf.errors.InvalidArgumentError), peers.together():
        raise tf.errors.InvalidArgumentError(None, None, "Incompatible shapes")
    assert not peers.computing
    peers.gone.append("b is gone")
    with pytest.raises(ResourceError, match="b is gone"), peers.together():
        raise tf.errors.InvalidArgumentError(None, None, "Collective ops is aborted")


def test_who_hears_nothing_any_more_has_its_parent_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "abort_collectives", lambda words: None)
    monkeypatch.setattr(team, "STUCK", 0.0)
    for computing in (True, False):
        told = threading.Event()
        peers = Peers(Cluster(["a:1", "b:2"], 0, 9), {}, tell=lambda words, told=told: told.set())
        peers.computing = computing
        peers.without("b is gone")
        assert told.wait(10 if computing else 0.3) is computing


def test_the_others_are_told_how_it_ended(ends: tuple[Line, Line], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "abort_collectives", lambda words: None)
    chief, other = peers_of(ends[0]), peers_of(ends[1], 1)
    other.listen()
    chief.gone.append("c is gone")
    chief.leave({"error": "words", "code": 7})
    assert other.answers()[0][0] == {"do": "end", "gone": ["c is gone"], "error": "words", "code": 7}
    assert (other.gone, other.left) == (["c is gone"], True)
