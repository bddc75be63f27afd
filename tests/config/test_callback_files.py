"""Callbacks write into the run, under names of their own."""

from __future__ import annotations

import pytest

from dlcli.config import config_of, fitting
from dlcli.errors import ConfigError

BASE = """data: {source: iris}
layers: [Dense: {units: 3, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: Adam
train:
  epochs: 1
  callbacks: [%s]
"""
REFUSED = {
    "run.json": "file_of_the_run",
    "./run.json": "file_of_the_run",
    "Run.JSON": "file_of_the_run",
    "config.resolved.json": "file_of_the_run",
    "metrics.jsonl": "file_of_the_run",
    "model": "file_of_the_run",
    "model/x.csv": "file_of_the_run",
    "checkpoints": "file_of_the_run",
    "logs/log.txt": "file_of_the_run",
    "MANIFEST.json": "file_of_the_run",
    ".lock": "file_of_the_run",
    ".tmp-x": "file_of_the_run",
    "loss.png": "file_of_the_run",
    "../x.csv": "leads_out_of_run",
    "a/../../x.csv": "leads_out_of_run",
    "/etc/x.csv": "leads_out_of_run",
    "gs://b/z.csv": "leads_out_of_run",
    "": "not_a_file_name",
    ".": "not_a_file_name",
    "x" * 201: "name_too_long",
}


def kinds(callbacks: str) -> list[tuple[str, int]]:
    try:
        config_of((BASE % callbacks).encode(), file="a.yaml", settings=[])
    except ConfigError as error:
        return [(each.kind, each.line) for each in error.problems]
    return []


@pytest.fixture(autouse=True)
def everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "is_installed", lambda package: True)


def test_a_callback_without_its_package_is_told_at_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kinds("TensorBoard") == []
    monkeypatch.setattr(fitting, "is_installed", lambda package: package != "tensorboard")
    assert kinds("CSVLogger: {filename: a.csv}") == []
    with pytest.raises(ConfigError) as caught:
        config_of((BASE % "TensorBoard: {histogram_freq: 1}").encode(), file="a.yaml", settings=[])
    (problem,) = caught.value.problems
    assert (problem.kind, problem.line) == ("missing_package", 7)
    assert problem.message == "TensorBoard needs the package tensorboard"
    assert problem.suggestion == 'pip install "dlcli[tensorboard]"'


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_name_that_the_run_uses_or_that_leads_elsewhere_is_refused_at_its_line(name: str) -> None:
    assert kinds(f"CSVLogger: {{filename: '{name}'}}") == [(REFUSED[name], 7)]
    assert kinds(f"TensorBoard: {{log_dir: '{name}'}}") == [(REFUSED[name], 7)]


@pytest.mark.parametrize("name", ["log.csv", "sub/x.csv", "x" * 200, "음료.csv", "metrics.csv", "models/x.csv"])
def test_other_names_are_taken(name: str) -> None:
    assert kinds(f"CSVLogger: {{filename: '{name}'}}") == []


def test_two_callbacks_may_not_write_one_file() -> None:
    assert kinds("CSVLogger: {filename: a.csv}, CSVLogger: {filename: ./A.csv}") == [("file_written_twice", 7)]
    assert kinds("CSVLogger: {filename: a}, TensorBoard: {log_dir: a/b}") == [("file_written_twice", 7)]
    assert kinds("CSVLogger: {filename: a.csv}, CSVLogger: {filename: b.csv}") == []
