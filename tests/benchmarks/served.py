"""How many requests a second `dlcli serve` answers, how long they take, and that none is lost when it loads anew or ends.

    python tests/benchmarks/served.py [--seconds 10] [--connections 24] [--rows 1]

Trains digits and serves it. Connections of one client (asyncio, plain sockets, kept alive) each send one picture of a digit after
the other as JSON and read the answer: at first for some seconds to be timed, then while the run is trained further, whose weights
the server takes, and at last while it is told to end (SIGTERM). What was sent and got no answer, or another than 200, is lost.
The processor's time of server and client for a request says what a machine would do that has nothing else to do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]


@dataclass
class Told:
    """What the connections saw."""

    seconds: list[float] = field(default_factory=list)
    lost: int = 0
    answers: set[bytes] = field(default_factory=set)


async def connection(port: int, requests: list[bytes], told: Told, ended: asyncio.Event) -> None:
    """Sends one request after the other, and connects anew where it is asked to, until nobody listens any more."""
    number = 0
    while not ended.is_set():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return  # nothing was sent
        closes = False
        while not closes and not ended.is_set():
            number += 1
            begun = time.perf_counter()
            same = number % 8 == 0  # now and then the same picture, whose answers tell the weights apart
            writer.write(requests[0 if same else number % len(requests)])
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                body = await reader.readexactly(length)
            except (OSError, asyncio.IncompleteReadError):
                told.lost += 1
                break
            told.seconds.append(time.perf_counter() - begun)
            told.lost += not head.startswith(b"HTTP/1.1 200")
            if same:
                told.answers.add(body)
            closes = b"connection: close" in head.lower()
        writer.close()


async def asked(port: int, requests: list[bytes], connections: int, work: asyncio.Future[object]) -> Told:
    """What the connections see until some work has been done, or nobody listens any more."""
    told, ended = Told(), asyncio.Event()
    running = [asyncio.create_task(connection(port, requests, told, ended)) for _ in range(connections)]
    await work
    ended.set()
    await asyncio.gather(*running)
    return told


def requests_of(port: int, rows: int) -> list[bytes]:
    """Requests of some pictures each."""
    from sklearn.datasets import load_digits

    pictures = load_digits().images.tolist()
    bodies = [
        json.dumps({"rows": [{"image": picture} for picture in pictures[start : start + rows]]}).encode()
        for start in range(0, 64 * rows, rows)
    ]
    head = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: "
    return [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]


def row_of(what: str, told: Told, seconds: float, spent: tuple[float, float] | None = None) -> str:
    """A row of the table; `spent` are the seconds of the processor that server and client took."""
    times = sorted(told.seconds)
    half, late = (1000 * times[int(share * (len(times) - 1))] for share in (0.5, 0.99))
    each = ["", ""] if spent is None else [f"{1000 * part / len(times):.2f} ms" for part in spent]
    cells = [
        what,
        f"{len(times):,}",
        f"{len(times) / seconds:,.0f}",
        f"{half:.1f} ms",
        f"{late:.1f} ms",
        f"{told.lost}",
    ]
    return f"| {' | '.join([*cells, *each])} |"


def spent_by(server: psutil.Process) -> tuple[float, float]:
    """The seconds of the processor that server and client have taken."""
    own = server.cpu_times()
    return own.user + own.system, time.process_time()


async def measured(port: int, server: subprocess.Popen[bytes], folder: Path, arguments: argparse.Namespace) -> None:
    """The three measurements, as rows."""
    loop, requests = asyncio.get_running_loop(), requests_of(port, arguments.rows)
    await asked(port, requests, arguments.connections, asyncio.ensure_future(asyncio.sleep(2)))
    print("| while | requests | a second | half within | 99 % within | lost | processor: server | client |")
    print("|---|---|---|---|---|---|---|---|")
    begun, before = time.monotonic(), spent_by(psutil.Process(server.pid))
    told = await asked(port, requests, arguments.connections, asyncio.ensure_future(asyncio.sleep(arguments.seconds)))
    after = spent_by(psutil.Process(server.pid))
    print(
        row_of("it answers", told, time.monotonic() - begun, (after[0] - before[0], after[1] - before[1])), flush=True
    )
    extending = ["dlcli", "resume", "digits", "--epochs", "12", "-q"]

    def extended() -> None:
        subprocess.run(extending, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(4)

    begun = time.monotonic()
    told = await asked(port, requests, arguments.connections, loop.run_in_executor(None, extended))
    print(row_of("the run is trained further", told, time.monotonic() - begun), flush=True)
    assert len(told.answers) > 1, "the weights that were kept did not answer"

    def end() -> None:
        time.sleep(2)
        os.kill(server.pid, signal.SIGTERM)
        server.wait(60)

    begun = time.monotonic()
    told = await asked(port, requests, arguments.connections, loop.run_in_executor(None, end))
    print(row_of("it is told to end", told, time.monotonic() - begun), flush=True)


def main() -> None:
    """Trains, serves and asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=24)
    parser.add_argument("--rows", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = ["dlcli", "train", str(ROOT / "configs" / "digits.yaml"), "--epochs", "6", "--name", "digits", "-q"]
        subprocess.run(config, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        serving = ["dlcli", "serve", "digits", "--port", "0", "--json"]
        server = subprocess.Popen(serving, cwd=folder, stdout=subprocess.PIPE)
        try:
            assert server.stdout is not None
            port = json.loads(server.stdout.readline())["port"]
            asyncio.run(measured(port, server, folder, arguments))
            assert server.returncode == 128 + signal.SIGTERM
        finally:
            server.kill()


if __name__ == "__main__":
    main()
