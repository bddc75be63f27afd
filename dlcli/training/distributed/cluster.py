"""Who trains together: the machines of a job, as TF_CONFIG or Slurm's variables tell each of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.errors import BlockError
from dlcli.first_line import first_line

PLACE = ("train", "distribute")
FIRST_PORT, PORTS = 20_000, 10_000
"""Where the ports of a job of Slurm begin, by its number, so that two jobs on a machine have others."""
PORT = "DLCLI_PORT"
"""The variable that says at which port of the first worker the others meet it."""
GROUP = re.compile(r"((?:[^,\[\]]|\[[^\]]*\])+)(?:,|$)")
RANGE = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Cluster:
    """The addresses of all workers, the chief's first, which of them this process is, and the port at which they meet."""

    addresses: Sequence[str]
    index: int
    port: int

    @property
    def host(self) -> str:
        """The machine of the chief."""
        return host_of(self.addresses[0])

    def name(self, index: int) -> str:
        """A worker in words."""
        return f"worker {index} ({self.addresses[index]})"


def cluster_of(environment: Mapping[str, str]) -> Cluster:
    """The job that a process is part of. Raises `BlockError` where its environment does not tell."""
    if environment.get("TF_CONFIG"):
        addresses, index = told_by_tensorflow(environment["TF_CONFIG"])
        usual = 1 + max(port_of(each) for each in addresses if host_of(each) == host_of(addresses[0]))
        return Cluster(addresses, index, asked_port(environment, usual))
    if "SLURM_PROCID" in environment:
        return told_by_slurm(environment)
    raise no_cluster("neither TF_CONFIG nor the variables of Slurm (srun) say which machines train together")


def told_by_tensorflow(written: str) -> tuple[list[str], int]:
    """The addresses that TF_CONFIG has, and the place of this process among them."""
    cluster, kind, number = cluster_and_task(written)
    kinds = {each: cluster[each] for each in ("chief", "worker") if each in cluster}
    if kind not in kinds or not 0 <= number < len(kinds[kind]):
        raise no_cluster(f"the task of TF_CONFIG is {kind} {number}, and its cluster has {listed_kinds(cluster)}")
    addresses = [str(each) for some in kinds.values() for each in some]
    for each in addresses:
        if not re.fullmatch(r".+:\d{1,5}", each):
            raise no_cluster(f"'{each}' in TF_CONFIG is no address such as host:2222")
        if addresses.count(each) > 1:
            raise no_cluster(f"two workers of TF_CONFIG have the address {each}")
    return addresses, number + (len(kinds.get("chief", ())) if kind == "worker" else 0)


def cluster_and_task(written: str) -> tuple[Mapping[str, list[Any]], str, int]:
    """The cluster of TF_CONFIG, and of its task the type and the index."""
    try:
        tree = json.loads(written)
    except ValueError as error:
        raise unreadable(f"it is no JSON: {first_line(error)}") from None
    parts = tree if isinstance(tree, dict) else {}
    for key in ("cluster", "task"):
        if not isinstance(parts.get(key), dict):
            raise unreadable(f"its '{key}' is {'no mapping' if key in parts else 'missing'}")
    cluster, task = parts["cluster"], parts["task"]
    for key, value in cluster.items():
        if not isinstance(value, list):
            raise unreadable(f"'{key}' of its cluster is no list of addresses")
    missing = [key for key in ("type", "index") if key not in task]
    if missing:
        raise unreadable(f"'{missing[0]}' of its task is missing")
    index = str(task["index"])
    if isinstance(task["index"], bool) or not re.fullmatch(r"-?\d+", index):
        raise unreadable(f"'index' of its task is no whole number, but {json.dumps(task['index'])}")
    return cluster, str(task["type"]), int(index)


def unreadable(what: str) -> BlockError:
    """The error of a TF_CONFIG that says nothing."""
    example = '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'
    return no_cluster(f"TF_CONFIG cannot be read, {what}; it is written {example}")


def listed_kinds(cluster: Mapping[str, Any]) -> str:
    """How many of each kind a cluster has."""
    return ", ".join(f"{len(some)} of {kind}" for kind, some in cluster.items()) or "nobody"


def told_by_slurm(environment: Mapping[str, str]) -> Cluster:
    """The job step of Slurm that a process is part of: ranks one behind the other on each node."""

    def said(*names: str) -> str:
        found = next((environment[each] for each in names if environment.get(each)), None)
        if found is None:
            raise no_cluster(f"{names[-1]} of Slurm is missing: start with srun")
        return found

    rank, tasks = int(said("SLURM_PROCID")), int(said("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"))
    nodes = list(nodes_of(said("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST")))
    by_node = environment.get("SLURM_STEP_TASKS_PER_NODE") or environment.get("SLURM_TASKS_PER_NODE")
    counts = tasks_of_nodes(by_node) if by_node else [1] * len(nodes)
    hosts = [node for node, count in zip(nodes, counts, strict=False) for _ in range(count)]
    if len(hosts) != tasks or not rank < tasks:
        raise no_cluster(f"Slurm says rank {rank} of {tasks} tasks, and {len(hosts)} on {', '.join(nodes)}")
    if environment.get("SLURM_DISTRIBUTION", "block").startswith("cyclic") and max(counts) > 1:
        raise no_cluster("several tasks a node are dealt out in turns: write --distribution=block")
    port = asked_port(environment, FIRST_PORT + int(environment.get("SLURM_JOB_ID", "0")) % PORTS)
    return Cluster([f"{host}:{port + 1 + number}" for number, host in enumerate(hosts)], rank, port)


def nodes_of(written: str) -> Iterator[str]:
    """The nodes of a list as Slurm writes it: `gpu[01-03,07],login` are five."""
    for group in GROUP.findall(written):
        found = RANGE.search(group)
        if found is None:
            yield group
            continue
        for part in found[1].split(","):
            first, _, last = part.partition("-")
            for number in range(int(first), int(last or first) + 1):
                yield from nodes_of(f"{group[: found.start()]}{number:0{len(first)}d}{group[found.end() :]}")


def tasks_of_nodes(written: str) -> list[int]:
    """How many tasks each node has, as Slurm writes it: `2(x3),1` are four nodes."""
    parts = [re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", each) for each in written.split(",")]
    if None in parts:
        raise no_cluster(f"SLURM_TASKS_PER_NODE cannot be read: {written}")
    return [int(part[1]) for part in parts if part is not None for _ in range(int(part[2] or 1))]


def asked_port(environment: Mapping[str, str], usual: int) -> int:
    """The port at which the workers meet."""
    written = environment.get(PORT) or str(usual)
    if not written.isdecimal() or not 0 < int(written) < 1 << 16:
        raise no_cluster(f"the port {written} is none of 1 to 65535 ({PORT})")
    return int(written)


def host_of(address: str) -> str:
    """The machine of an address."""
    return address.rpartition(":")[0].strip("[]")


def port_of(address: str) -> int:
    """The port of an address."""
    return int(address.rpartition(":")[2])


def no_cluster(message: str) -> BlockError:
    """The error of a process that cannot know with whom it trains."""
    hint = "docs/distributed.md has scripts for Slurm and Kubernetes; on one machine write distribute: mirrored"
    return BlockError(PLACE, message, hint=hint, kind="no_cluster")
