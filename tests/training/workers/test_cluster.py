"""Who trains together, as TF_CONFIG and Slurm say it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dlcli.errors import BlockError
from dlcli.training.distributed.cluster import Cluster, cluster_of, nodes_of, tasks_of_nodes


def told(cluster: Any, kind: str = "worker", index: Any = 0, **others: str) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}}), **others}


SLURM = {"SLURM_PROCID": "2", "SLURM_NTASKS": "4", "SLURM_JOB_NODELIST": "n[1-2]", "SLURM_JOB_ID": "70012"}


@pytest.mark.parametrize(
    ("environment", "addresses", "index", "port"),
    [
        (told({"worker": ["a:1", "b:2"]}, index=1), ["a:1", "b:2"], 1, 2),
        (told({"worker": ["a:1", "a:2", "b:9"]}, index=2), ["a:1", "a:2", "b:9"], 2, 3),
        (told({"chief": ["c:5"], "worker": ["a:1"]}), ["c:5", "a:1"], 1, 6),
        (told({"chief": ["c:5"], "worker": ["a:1"]}, "chief"), ["c:5", "a:1"], 0, 6),
        (told({"worker": ["[::1]:7"]}, DLCLI_PORT="99"), ["[::1]:7"], 0, 99),
        (
            {**SLURM, "SLURM_TASKS_PER_NODE": "2(x2)"},
            ["n1:20013", "n1:20014", "n2:20015", "n2:20016"],
            2,
            20012,
        ),
        (
            {**SLURM, "SLURM_TASKS_PER_NODE": "9", "SLURM_STEP_TASKS_PER_NODE": "3,1"},
            ["n1:20013", "n1:20014", "n1:20015", "n2:20016"],
            2,
            20012,
        ),
        (
            {
                **SLURM,
                "SLURM_NTASKS": "9",
                "SLURM_STEP_NUM_TASKS": "3",
                "SLURM_STEP_NODELIST": "x,y,z",
                "DLCLI_PORT": "50",
            },
            ["x:51", "y:52", "z:53"],
            2,
            50,
        ),
    ],
)
def test_the_workers_are_those_of_the_environment(
    environment: dict[str, str], addresses: list[str], index: int, port: int
) -> None:
    assert cluster_of(environment) == Cluster(addresses, index, port)


def test_an_index_in_quotes_is_one() -> None:
    assert cluster_of(told({"worker": ["a:1", "b:2"]}, index="1")).index == 1


def test_tf_config_goes_before_slurm() -> None:
    assert cluster_of({**SLURM, **told({"worker": ["a:1"]})}).addresses == ["a:1"]


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "neither TF_CONFIG nor the variables of Slurm"),
        ({"TF_CONFIG": "{"}, "TF_CONFIG cannot be read, it is no JSON: "),
        ({"TF_CONFIG": "[]"}, "TF_CONFIG cannot be read, its 'cluster' is missing"),
        ({"TF_CONFIG": '{"cluster": {}}'}, "its 'task' is missing"),
        ({"TF_CONFIG": '{"cluster": [], "task": {}}'}, "its 'cluster' is no mapping"),
        ({"TF_CONFIG": '{"cluster": {"worker": "a:1"}, "task": {}}'}, "'worker' of its cluster is no list"),
        ({"TF_CONFIG": '{"cluster": {}, "task": {"type": "worker"}}'}, "'index' of its task is missing"),
        (told({"worker": ["a:1"]}, index="x"), "'index' of its task is no whole number, but \"x\""),
        (told({"worker": ["a:1"]}, index=0.5), "'index' of its task is no whole number, but 0.5"),
        (told({"worker": ["a:1"]}, index=True), "'index' of its task is no whole number, but true"),
        (told({"worker": ["a:1"]}, index=1), "the task of TF_CONFIG is worker 1, and its cluster has 1 of worker"),
        (told({"worker": ["a:1"]}, index=-1), "the task of TF_CONFIG is worker -1"),
        (told({"worker": ["a:1"], "ps": ["p:1"]}, "ps"), "the task of TF_CONFIG is ps 0"),
        (told({"worker": ["a"]}), "'a' in TF_CONFIG is no address"),
        (told({"worker": ["a:1", "a:1"]}), "two workers of TF_CONFIG have the address a:1"),
        (told({"worker": ["a:1"]}, DLCLI_PORT="0"), "the port 0 is none of 1 to 65535"),
        (told({"worker": ["a:1"]}, DLCLI_PORT="70000"), "the port 70000 is none of 1 to 65535"),
        ({"SLURM_PROCID": "0"}, "SLURM_NTASKS of Slurm is missing"),
        ({**SLURM, "SLURM_TASKS_PER_NODE": "1(x2)"}, "rank 2 of 4 tasks, and 2 on n1, n2"),
        ({**SLURM, "SLURM_TASKS_PER_NODE": "two"}, "SLURM_TASKS_PER_NODE cannot be read"),
        ({**SLURM, "SLURM_TASKS_PER_NODE": "2(x2)", "SLURM_DISTRIBUTION": "cyclic"}, "write --distribution=block"),
    ],
)
def test_what_does_not_tell_is_an_error_of_distribute(environment: dict[str, str], words: str) -> None:
    with pytest.raises(BlockError) as caught:
        cluster_of(environment)
    assert words in caught.value.message
    assert (caught.value.path, caught.value.kind) == (("train", "distribute"), "no_cluster")


LISTS = ["node", "a,b", "n[1-3]", "n[01-03,07],login", "gpu[098-101]", "a[1],b[2-2],c"]


@pytest.mark.parametrize("written", LISTS)
def test_lists_of_nodes_are_read_as_tensorflow_reads_them(written: str) -> None:
    from tensorflow.python.distribute.cluster_resolver import slurm_cluster_resolver as theirs

    assert list(nodes_of(written)) == theirs.expand_hostlist(written)


def test_several_ranges_of_a_name_are_all_of_them() -> None:
    assert list(nodes_of("r[1-2]n[08-09]")) == ["r1n08", "r1n09", "r2n08", "r2n09"]


@pytest.mark.parametrize("written", ["1", "2(x3),1", "4,2(x2)"])
def test_tasks_of_nodes_are_read_as_tensorflow_reads_them(written: str) -> None:
    from tensorflow.python.distribute.cluster_resolver import slurm_cluster_resolver as theirs

    assert tasks_of_nodes(written) == theirs.expand_tasks_per_node(written)
