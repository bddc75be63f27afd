"""Pieces of work side by side, each in a process of its own that starts warm: begun in order, told as they end."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Any, Generic, TypeVar

from dlcli.errors import ResourceError
from dlcli.signals import WATCHED, heard

Item = TypeVar("Item")
Work = Callable[[Item], tuple[int, Any]]
"""What a process does with its piece, found by name there: gives its exit code and its answer, both of plain values."""

STARTS, PAUSE = 5, 0.2  # unseen: time alone
"""How often a process is started, and the seconds between, in which the fork server may be lost and begun anew."""
SLACK = 60.0
"""Seconds that the start of a process may take."""
WARM = "dlcli.training.many.__main__"


@dataclass(frozen=True)
class Ended(Generic[Item]):
    """A piece of work whose process has ended: with which exit code, or which signal; None is the answer of one without."""

    item: Item
    code: int
    answer: Any
    seconds: float
    killed_by: str | None = None


@dataclass(frozen=True)
class Question:
    """What a process asks on its way; it waits for the answer."""

    value: Any


@dataclass(frozen=True)
class Result:
    """What a process has come to: its exit code and its answer."""

    code: int
    answer: Any


@dataclass
class Living(Generic[Item]):
    """A process that works. The fork server tells when it has ended; of an `orphan`, which has outlived its server, the end of
    what can be heard of it does.
    """

    item: Item
    process: Any
    receiver: Connection
    began: float
    result: Result | None = None
    silent: bool = False
    orphan: bool = False

    @property
    def awaited(self) -> list[Any]:
        """What is ready when there is something to hear of it, or it has ended."""
        heard = [self.receiver] if not self.silent and (self.orphan or self.result is None) else []
        return heard if self.orphan else [self.process.sentinel, *heard]

    def hear(self, asked: Callable[[Item, Any], Any] | None = None) -> None:
        """Takes its result, if there is one; what it asks before is answered by `asked`."""
        try:
            while not self.silent and self.receiver.poll():
                heard = self.receiver.recv()
                if isinstance(heard, Question):
                    self.receiver.send(None if asked is None else asked(self.item, heard.value))
                else:
                    self.result = heard
        except (EOFError, OSError):
            self.silent = True

    def has_ended(self) -> bool:
        """Whether nothing more comes of it."""
        if not self.orphan and wait([self.process.sentinel], 0):
            self.orphan = lives(self.process.pid, since=self.began)
            return not self.orphan
        return self.orphan and self.silent

    def ended(self) -> Ended[Item]:
        """What has come of it, now that it has ended."""
        self.process.join()
        self.hear()
        self.receiver.close()
        code, seconds = self.process.exitcode, time.monotonic() - self.began
        answer = None if self.result is None else self.result.answer
        if self.orphan:  # whose code nobody else has seen
            code = -getattr(signal, "SIGKILL", 9) if self.result is None else self.result.code
        if code < 0:
            return Ended(self.item, 128 - code, answer, seconds, signal_name(-code))
        return Ended(self.item, code, answer, seconds)

    def tell(self, number: int) -> None:
        """Sends it a signal."""
        import psutil

        with contextlib.suppress(psutil.Error, OSError, ValueError):
            psutil.Process(self.process.pid).send_signal(number)


def lives(number: int, *, since: float) -> bool:
    """Whether a process works still; one that has begun later has its number by chance."""
    import psutil

    try:
        process = psutil.Process(number)
        began = time.time() - (time.monotonic() - since)
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.create_time() < began + SLACK)
    except psutil.Error:
        return False


def signal_name(number: int) -> str:
    """What a signal is called."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@dataclass
class Stopping:
    """Hands signals on to the processes that work, and remembers the first: nothing is begun after it.

    The first asks a training to end after its batch, the second ends it where it is, just as without processes of its own.
    """

    signal: signal.Signals | None = None
    living: list[Living[Any]] = field(default_factory=list)

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Tells all of a signal."""
        self.signal = self.signal or signal.Signals(number)
        for each in self.living:
            each.tell(number)


@contextlib.contextmanager
def handed_on() -> Iterator[Stopping]:
    """While it is open signals go to the processes; one that this process was started to ignore (nohup) stays ignored."""
    stopping = Stopping()
    with heard(WATCHED, stopping.receive):
        yield stopping


def worked_through(
    items: Iterable[Item], work: Work[Item], *, side_by_side: int, stopping: Stopping
) -> Iterator[Ended[Item]]:
    """Each piece of work as it ends. The pieces are begun in their order, so many at a time, and none after a signal."""
    waiting = iter(items)
    with workers(work, stopping) as begun:
        while True:
            while len(begun.living) < side_by_side and stopping.signal is None:
                try:
                    item = next(waiting)
                except StopIteration:
                    break
                begun.begin(item)
            if not begun.living:
                return
            yield from begun.ended()


@dataclass(frozen=True)
class Workers(Generic[Item]):
    """Processes that work, each on a piece; what one asks on its way `asked` answers, by its piece."""

    work: Work[Item]
    stopping: Stopping
    asked: Callable[[Item, Any], Any] | None = None
    context: Any = field(default_factory=lambda: warm_processes())

    @property
    def living(self) -> list[Living[Item]]:
        return self.stopping.living

    def begin(self, item: Item) -> None:
        """Starts the process of a piece of work."""
        began = time.monotonic()
        for left in reversed(range(STARTS)):
            receiver, sender = self.context.Pipe()
            process = self.context.Process(target=work_alone, args=(self.work, item, sender))
            try:
                with nothing_heard():
                    process.start()
                break
            except (EOFError, ConnectionError):  # the fork server was killed just now, and may still be seen as living
                if not left:
                    message = "the process from which trainings are begun was killed again and again"
                    raise ResourceError(message, hint="the same command begins it anew", kind="no_process") from None
                time.sleep(PAUSE)
            finally:
                sender.close()
        self.living.append(one := Living(item, process, receiver, began))
        if self.stopping.signal is not None:  # which came while it started
            one.tell(self.stopping.signal)

    def ended(self, within: float | None = None) -> list[Ended[Item]]:
        """The pieces that have ended, once something is heard; nothing where in so many seconds nothing is."""
        wait([one for each in self.living for one in each.awaited], within)
        for each in self.living:
            each.hear(self.asked)
        gone = [each for each in self.living if each.has_ended()]
        for each in gone:
            self.living.remove(each)
        return [each.ended() for each in gone]


@contextlib.contextmanager
def workers(
    work: Work[Item], stopping: Stopping, asked: Callable[[Item, Any], Any] | None = None
) -> Iterator[Workers[Item]]:
    """Workers whose processes are ended when it closes."""
    begun = Workers(work, stopping, asked)
    try:
        yield begun
    finally:
        for each in begun.living:
            each.tell(signal.SIGTERM)
        for each in begun.living:
            each.process.join()
        begun.living.clear()


@contextlib.contextmanager
def nothing_heard() -> Iterator[None]:
    """While it is open signals wait, here and in a process that starts: the fork server goes on not hearing any, since the
    terminal tells all of Ctrl-C, and it has to see the trainings to their end.
    """
    mask = getattr(signal, "pthread_sigmask", None)
    if mask is None:
        yield
        return
    before = mask(signal.SIG_BLOCK, WATCHED)
    try:
        yield
    finally:
        mask(signal.SIG_SETMASK, before)


def hear_alone() -> None:
    """Hears of signals from who started this process alone, who hands on what the terminal tells: twice means at once."""
    leave_group, mask = getattr(os, "setsid", None), getattr(signal, "pthread_sigmask", None)
    if leave_group is not None:
        with contextlib.suppress(OSError):
            leave_group()
    if mask is not None:
        mask(signal.SIG_UNBLOCK, WATCHED)


def warm_processes() -> Any:
    """Where processes come from. Windows cannot fork, and what macOS links into a process may not be used in a fork of it:
    there each imports Keras itself, so that all is the same but the time.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    make_socket_folder()
    # Begun by the fork server's own start, it would unblock Ctrl-C there, which a server must not hear while it imports.
    resource_tracker.ensure_running()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([WARM])  # and not the program: by default it would be imported there too
    return context


SOCKETS = "DLCLI_SOCKETS"
"""By this variable the fork server knows the folder, which it takes away when who began it was killed."""
LONGEST_FOLDER = 75
"""Bytes of the name of a folder in which a socket, whose name may have 107, can lie two folders deeper."""


def make_socket_folder() -> None:
    """Makes the folder of the sockets, which is gone at the end: in /tmp where that of temporary files has too long a name."""
    from multiprocessing.util import get_temp_dir

    usual = tempfile.gettempdir()
    try:
        tempfile.tempdir = usual if len(os.fsencode(usual)) <= LONGEST_FOLDER else "/tmp"
        os.environ[SOCKETS] = get_temp_dir()
    finally:
        tempfile.tempdir = usual


_parent: list[Connection] = []
"""In a process that works the way to who began it."""


def ask_parent(value: Any) -> Any:
    """Asks who began this process, and gives the answer; None where nobody is there any more."""
    for parent in _parent:
        with contextlib.suppress(EOFError, OSError):
            parent.send(Question(value))
            return parent.recv()
    return None


def work_alone(work: Work[Any], item: Any, sender: Connection) -> None:
    """What a process does from its begin to its end, which is as quick as that of `dlcli.cli.program`, and for the same reasons.

    What a plugin prints goes to standard error: standard output is of the results alone.
    """
    gc.set_threshold(100_000)  # as in `dlcli.cli.program`
    with contextlib.suppress(OSError):
        os.dup2(2, 1)
    _parent[:] = [sender]
    try:
        hear_alone()
        end_with_parent()  # by a thread that hears what this one does
        result = Result(*work(item))
    except KeyboardInterrupt:  # before the work could hear of it, or behind it
        result = Result(128 + signal.SIGINT, None)
    with contextlib.suppress(OSError):
        sender.send(result)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(result.code)


def end_with_parent() -> None:
    """Stops the training as SIGTERM does when the process that wanted it is gone, however it went: nobody waits for it."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
