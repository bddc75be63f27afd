"""The team: the workers that train together, and TensorFlow's strategy over them once all have come."""

from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlcli.errors import DlcliError, ResourceError, Stopped
from dlcli.keras_internals import abort_collectives
from dlcli.training.distributed.cluster import Cluster, host_of, port_of
from dlcli.training.distributed.line import Line, LineClosed, Message
from dlcli.training.distributed.meeting import met
from dlcli.training.setup.replicas import Replicas, check_batch

NOTICED = 30.0
"""Seconds that it may take to learn which worker is gone, once TensorFlow says that one is."""
STUCK = 30.0
"""Seconds after which TensorFlow no longer notices that a worker is gone."""
AGAIN = "give the same command on every machine once more: it goes on from the last checkpoint"


@dataclass
class Peers:
    """The other workers, each at the end of a line, of which the chief has one to each and the others one to the chief."""

    cluster: Cluster
    lines: Mapping[int, Line]
    tell: Callable[[str], None] = lambda words: None
    """Told of a worker that is gone where this process hears nothing any more, for whoever can end it."""
    gone: list[str] = field(default_factory=list)
    """What is known of workers that are gone, or could not go on, in words."""
    stopped_by: signal.Signals | None = None
    """The signal by which another worker asks all to end."""
    left: bool = False
    computing: bool = False
    noticed: threading.Event = field(default_factory=threading.Event)

    @property
    def is_chief(self) -> bool:
        """Whether this worker leads."""
        return self.cluster.index == 0

    def listen(self) -> None:
        """Begins to hear what the others say."""
        for line in self.lines.values():
            line.listen(self.heard)

    def heard(self, line: Line, message: Message | None) -> bool:
        """Deals with what cannot wait: a worker that is gone, that has failed, or that was asked to stop."""
        words = {} if message is None else message[0]
        if "stop" in words:
            self.stopped_by = self.stopped_by or signal.Signals(words["stop"])
        elif message is None and not self.left:
            self.without(f"{line.name} is gone")
        elif "failed" in words:
            self.without(f"{line.name} {words['failed']}")
        elif words.get("do") == "end":
            self.left = True
            if words.get("gone"):
                self.without(words["gone"][0])
            return False
        else:
            return False
        return message is not None

    def without(self, words: str) -> None:
        """Goes on without a worker as far as to say so: what TensorFlow waits for ends here."""
        self.gone.append(words)
        self.noticed.set()
        abort_collectives(words)
        watch = threading.Timer(STUCK, lambda: self.tell(words) if self.computing else None)
        watch.daemon = True
        watch.start()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is computed within needs all workers. Raises `ResourceError` where one is gone."""
        import tensorflow as tf

        given_up = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)
        self.computing = True
        try:
            yield
        except tf.errors.OpError as error:
            if isinstance(error, given_up):  # TensorFlow may know before it is known here who it is
                self.noticed.wait(NOTICED)
            elif not self.gone:
                raise
            raise self.lost() from error
        finally:
            self.computing = False

    def say(self, words: Mapping[str, Any], arrays: Mapping[str, Any] | None = None) -> None:
        """Says something to all others. Raises `ResourceError` where one is gone."""
        if self.gone:
            raise self.lost()
        for line in self.lines.values():
            try:
                line.send(words, arrays)
            except LineClosed:
                raise self.lost(line) from None

    def answers(self) -> dict[int, Message]:
        """What each of the others answers. Raises `ResourceError` where one is gone."""
        found = {}
        for index, line in self.lines.items():
            try:
                found[index] = line.receive()
            except LineClosed:
                raise self.lost(line) from None
        return found

    def lost(self, line: Line | None = None) -> ResourceError:
        """The error of a worker that is gone."""
        known = [*self.gone, *([] if line is None else [f"{line.name} is gone"]), "one of the workers is gone"]
        return ResourceError(f"{known[0]}, so the others cannot go on", hint=AGAIN, kind="worker_lost")

    def leave(self, words: Mapping[str, Any]) -> None:
        """Ends what is between the workers; of the chief with a last word."""
        self.left = True
        for line in self.lines.values():
            with contextlib.suppress(LineClosed):
                if self.is_chief:
                    line.send({"do": "end", "gone": self.gone, **words})
            if not self.is_chief:
                line.close()


@dataclass(frozen=True)
class Team(Replicas):
    """The devices of this process among those of all workers."""

    peers: Peers | None = None

    @property
    def words(self) -> str:
        """Who shares a batch."""
        assert self.peers is not None
        return f"each batch is shared by {len(self.peers.cluster.addresses)} workers"

    @property
    def stopped_by(self) -> signal.Signals | None:
        """The signal by which another worker asks all to end."""
        return None if self.peers is None else self.peers.stopped_by


def digest_of(content: bytes, settings: Sequence[str]) -> str:
    """What is trained, as a digest: the file and the settings."""
    return hashlib.sha256(content + json.dumps(list(settings)).encode()).hexdigest()


@contextlib.contextmanager
def gathered(cluster: Cluster, job: str, tell: Callable[[str], None]) -> Iterator[Peers]:
    """The other workers, once all have come; at the end they are told how it went."""
    peers = Peers(cluster, met(cluster, job), tell=tell)
    peers.listen()
    try:
        yield peers
    except Stopped as error:
        peers.leave({"signal": int(error.signal)})
        raise
    except DlcliError as error:
        peers.leave({"error": error.message, "code": error.code})
        raise
    peers.leave({})


def team_of(peers: Peers, batch_size: int) -> Team:
    """The devices of all workers; TensorFlow connects them, and must not have computed anything yet."""
    import tensorflow as tf

    cluster = peers.cluster
    addresses = [f"{host_of(each)}:{port_of(each)}" for each in cluster.addresses]
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": addresses}), task_type="worker", task_id=cluster.index, rpc_layer="grpc"
    )
    with peers.together():
        strategy = tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    devices = [each.rpartition("/device:")[2] for each in strategy.extended.worker_devices]
    check_batch(batch_size, strategy.num_replicas_in_sync)
    first = cluster.index * len(devices)
    inexact = None if strategy.num_replicas_in_sync <= 2 else SUMMED
    return Team(strategy, devices, strategy.num_replicas_in_sync, first, inexact, peers)


SUMMED = "the gradients of more than two workers are added in the order in which they come (train.distribute)"
