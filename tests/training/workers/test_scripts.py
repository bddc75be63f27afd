"""The scripts for Slurm and Kubernetes in docs/: what they start is what dlcli takes, with stand-ins for srun and kubectl."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dlcli.training.distributed.cluster import cluster_of

ROOT = Path(__file__).parents[3]
SBATCH, JOB = ROOT / "docs" / "slurm" / "train.sbatch", ROOT / "docs" / "kubernetes" / "train.yaml"
SRUN = """#!{python}
# Starts the command once a task, as srun does, and gives the highest exit code.
import os, subprocess, sys
words = sys.argv[1:]
while words[0].startswith("--"):
    words.pop(0)
count = 2
processes = []
for rank in range(count):
    slurm = {{"SLURM_PROCID": str(rank), "SLURM_NTASKS": str(count), "SLURM_JOB_NODELIST": "{nodes}",
              "SLURM_TASKS_PER_NODE": "{tasks}", "SLURM_JOB_ID": "{job}"}}
    processes.append(subprocess.Popen(words, env={{**os.environ, **slurm}}))
sys.exit(max(each.wait() for each in processes))
"""
RECORDS = """#!{python}
# Stands in for dlcli: notes how it was called, by whom, and ends as it is told.
import json, os, sys
index = os.environ.get("SLURM_PROCID") or os.environ.get("JOB_COMPLETION_INDEX")
told = {{key: value for key, value in os.environ.items() if key.startswith(("SLURM_", "TF_CONFIG", "DLCLI_"))}}
open(f"{folder}/called-{{index}}.json", "w").write(json.dumps({{"words": sys.argv[1:], "told": told}}))
sys.exit(int(os.environ.get("ENDS_WITH", "0")))
"""
REQUEUES = '#!/bin/sh\necho "$@" >> {folder}/scontrol.txt\n'


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A folder with programs that stand in for others, first in PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def write_program(folder: Path, name: str, text: str, **facts: Any) -> None:
    (folder / name).write_text(text.format(python=sys.executable, folder=folder, **facts))
    (folder / name).chmod(0o755)


def run_script(bench: Path, *arguments: str, cwd: Path, **environment: str) -> int:
    """The exit code of the script for Slurm, on a cluster that is none."""
    around = {**os.environ, "PATH": f"{bench}:{os.environ['PATH']}", "SLURM_JOB_ID": "70012", **environment}
    return subprocess.run([SBATCH, *arguments], cwd=cwd, env=around, check=False, capture_output=True).returncode


def calls(bench: Path) -> list[dict[str, Any]]:
    """How dlcli was called, by the number of the worker."""
    return [json.loads(path.read_text()) for path in sorted(bench.glob("called-*.json"))]


def check_valid(words: list[str], run_dlcli: Callable[..., Any], cwd: Path) -> None:
    """A command line of `train` names a configuration that is valid with its settings, and trains on several machines."""
    from dlcli.config import load_config

    assert words[0] == "train"
    settings = [words[place + 1] for place, each in enumerate(words) if each == "--set"]
    options = [part for setting in settings for part in ("--set", setting)]
    done = run_dlcli("validate", words[1], *options, cwd=cwd)
    assert done.code == 0, done.out + done.err
    config, _ = load_config(str(cwd / words[1]), settings=settings)
    assert config.train.distribute == "multi_worker"


def test_the_script_for_slurm_starts_a_worker_a_task(bench: Path, run_dlcli: Callable[..., Any]) -> None:
    write_program(bench, "srun", SRUN, nodes="n[7-8]", tasks="1(x2)", job="70012")
    write_program(bench, "dlcli", RECORDS)
    write_program(bench, "scontrol", REQUEUES)
    assert run_script(bench, "configs/digits.yaml", "--epochs", "40", cwd=ROOT) == 0
    called = calls(bench)
    assert len(called) == 2
    for number, each in enumerate(called):
        assert each["words"] == [
            "train",
            "configs/digits.yaml",
            "--epochs",
            "40",
            "--set",
            "train.distribute=multi_worker",
        ]
        check_valid(each["words"], run_dlcli, ROOT)
        cluster = cluster_of(each["told"])
        assert (cluster.addresses, cluster.index) == (["n7:20013", "n8:20014"], number)
        assert each["told"]["DLCLI_RUNS"] == str(ROOT / "runs")
    assert not (bench / "scontrol.txt").exists()


@pytest.mark.parametrize(
    ("code", "before", "queued"),
    [("7", "", True), ("137", "4", True), ("7", "5", False), ("3", "", False), ("143", "", False)],
)
def test_the_job_is_queued_again_where_a_node_was_lost(code: str, before: str, queued: bool, bench: Path) -> None:
    write_program(bench, "srun", SRUN, nodes="n[7-8]", tasks="1(x2)", job="70012")
    write_program(bench, "dlcli", RECORDS)
    write_program(bench, "scontrol", REQUEUES)
    counted = {"SLURM_RESTART_COUNT": before} if before else {}
    assert run_script(bench, "configs/digits.yaml", cwd=ROOT, ENDS_WITH=code, **counted) == int(code)
    told = (bench / "scontrol.txt").read_text() if (bench / "scontrol.txt").exists() else ""
    assert told == ("requeue 70012\n" if queued else "")


def documents() -> dict[str, dict[str, Any]]:
    """What `kubectl apply` would make, by kind."""
    return {each["kind"]: each for each in yaml.safe_load_all(JOB.read_text(encoding="utf-8"))}


def test_the_job_for_kubernetes_starts_a_worker_a_pod(
    bench: Path, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    made = documents()
    job, service = made["Job"], made["Service"]
    name, spec = job["metadata"]["name"], job["spec"]
    assert spec["completionMode"] == "Indexed"
    assert spec["completions"] == spec["parallelism"] == 2
    pod = spec["template"]["spec"]
    # A pod NAME-INDEX is found as NAME-INDEX.SERVICE, before it is ready.
    assert pod["subdomain"] == service["metadata"]["name"]
    assert service["spec"]["clusterIP"] == "None" or service["spec"]["clusterIP"] is None
    assert service["spec"]["publishNotReadyAddresses"]
    assert service["spec"]["selector"] == {"job-name": name}
    (container,) = pod["containers"]
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
    for file, text in made["ConfigMap"]["data"].items():
        (tmp_path / file).write_text(text)
    write_program(bench, "dlcli", RECORDS)
    for number in range(spec["completions"]):
        around = {**os.environ, "PATH": f"{bench}:{os.environ['PATH']}", "JOB_COMPLETION_INDEX": str(number)}
        around |= {"CONFIG_FOLDER": str(tmp_path), "RUNS_FOLDER": str(tmp_path / "runs")}
        subprocess.run([*container["command"], *container["args"]], env=around, check=True)
    called = calls(bench)
    assert len(called) == 2
    for number, each in enumerate(called):
        check_valid(each["words"], run_dlcli, tmp_path)
        cluster = cluster_of(each["told"])
        assert cluster.addresses == [f"{name}-{index}.{name}:2222" for index in range(2)]
        assert cluster.index == number
        assert each["words"][2:] == ["--runs", str(tmp_path / "runs")]


@pytest.mark.nightly
def test_the_script_for_slurm_trains(bench: Path, tmp_path: Path) -> None:
    """Two real workers, on one node that is this machine."""
    write_program(bench, "srun", SRUN, nodes="localhost", tasks="2", job=str(os.getpid()))
    (bench / "dlcli").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dlcli "$@"\n')
    (bench / "dlcli").chmod(0o755)
    file = str(ROOT / "configs" / "digits.yaml")
    assert run_script(bench, file, "--epochs", "2", cwd=tmp_path, DLCLI_WAIT_FOR_WORKERS="2m") == 0
    state = json.loads((tmp_path / "runs" / "digits" / "run.json").read_text())
    assert (state["status"], state["epochs"], state["way"]) == ("done", 2, "each batch is shared by 2 workers")


def test_the_commands_of_the_manual_are_those_of_the_scripts() -> None:
    page = (ROOT / "docs" / "distributed.md").read_text(encoding="utf-8")
    assert "sbatch docs/slurm/train.sbatch configs/digits.yaml --epochs 40" in page
    assert "sbatch docs/slurm/train.sbatch configs/digits.yaml --epochs 40" in SBATCH.read_text(encoding="utf-8")
    assert "kubectl apply -f docs/kubernetes/train.yaml" in page
    assert "kubectl apply -f docs/kubernetes/train.yaml" in JOB.read_text(encoding="utf-8")
