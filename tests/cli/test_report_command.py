"""dlcli report: one page on a run however it stands, a comparison of several, from what runs have recorded."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pages import PageRead, read_page

from dlcli.errors import ArtifactError, UsageError
from dlcli.runs import Run, read_state
from dlcli.runs.lock import Lock

pytestmark = pytest.mark.looks

Command = Callable[..., Any]
EVIL = "<b>고양이</b> </script>"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Command, write_experiment: Callable[..., Path]) -> Any:
    """Pictures of two classes with a name that is markup, and a convolution; and the same at another rate."""
    folder = tmp_path_factory.mktemp("report")
    generator = np.random.default_rng(0)
    y = np.arange(120) % 2
    x = generator.normal(size=(120, 6, 6, 1)).astype(np.float32) + y[:, None, None, None]
    np.savez(folder / "pictures.npz", x=x, y=np.array([EVIL, "dog"])[y])
    changes = {
        "data.source": {"npz": {"path": "pictures.npz", "inputs": "x", "target": "y"}},
        "layers": [
            {"Conv2D": {"filters": 2, "kernel_size": 3}},
            "Flatten",
            {"Dense": {"units": 1, "activation": "sigmoid"}},
        ],
        "loss": "binary_crossentropy",
        "metrics": ["accuracy", "auc"],
        "train.epochs": 2,
    }
    config = write_experiment(folder, changes)
    for name, rate in (("a", "0.01"), ("b", "0.02")):
        options = ["--name", name, "--set", f"optimizer.Adam.learning_rate={rate}", "-q"]
        outcome = run_dlcli("train", config, *options, cwd=folder)
        assert outcome.code == 0, outcome.err
    return SimpleNamespace(folder=folder, run=Run(folder / "runs" / "a"))


@pytest.fixture
def copied(trained: Any) -> Any:
    """A copy of the first run, to do harm to."""
    path = trained.folder / "runs" / "c"
    shutil.copytree(trained.run.path, path)
    yield Run(path)
    shutil.rmtree(path)


def page_of(folder: Path, name: str) -> PageRead:
    page = read_page((folder / name).read_text(encoding="utf-8"))
    assert page.faults == []
    return page


def test_a_page_tells_what_evaluate_and_runs_tell(trained: Any, run_dlcli: Command) -> None:
    outcome = run_dlcli("report", "a", "-o", "page.html", "--json", cwd=trained.folder)
    assert (outcome.code, outcome.err) == (0, "")
    assert list(outcome.value) == ["file", "bytes", "parts", "left_out"]
    assert outcome.value["bytes"] == (trained.folder / "page.html").stat().st_size < 2_000_000
    assert {each["missing"] for each in outcome.value["parts"]} == {None}
    parts = [each["part"] for each in outcome.value["parts"]]
    assert parts[:6] == ["summary", "verdict", "curves", "steps", "data", "model"]
    assert parts[6:] == ["evaluation", "ranking", "calibration", "worst", "layers", "origin"]
    page = page_of(trained.folder, "page.html")
    told = run_dlcli("evaluate", "a", "--worst", "12", "--json", cwd=trained.folder).value
    assert f"{told['metrics']['auc']:#.4g}" in page.text
    rows = [f"<dd>{each['row']} (" for each in told["worst"]]
    assert len(rows) == 12
    content = (trained.folder / "page.html").read_text(encoding="utf-8")
    assert all(row in content for row in rows)
    assert EVIL in page.text
    assert "<b>고양이" not in content
    curves = {chart["title"]: chart for chart in page.charts}
    history = [json.loads(line) for line in trained.run.metrics.read_text().splitlines()]
    assert curves["loss"]["lines"][1]["values"] == pytest.approx([e["validation"]["loss"] for e in history], rel=1e-5)
    assert curves["learning rate"]["lines"][0]["values"] == pytest.approx([0.01, 0.01])
    assert {"ROC", "precision-recall", "accuracy", "auc"} < {*curves}
    assert len(page.all("img")) == 2 + 12 + 2 + 1 + 2  # samples, worst, filters, one sample, what they make of it


def test_a_page_names_its_file_where_nobody_does(trained: Any, run_dlcli: Command) -> None:
    outcome = run_dlcli("report", "a", "--no-model", cwd=trained.folder)
    assert (outcome.code, outcome.out) == (0, "a.html\n")
    assert "note: without evaluation: what needs the model was left out (--no-model)\n" in outcome.err
    page = page_of(trained.folder, "a.html")
    assert page.text.count("what needs the model was left out") == 2


def test_a_split_is_measured_that_the_run_has(trained: Any, run_dlcli: Command) -> None:
    outcome = run_dlcli("report", "a", "--split", "validation", "-o", "v.html", cwd=trained.folder)
    assert (outcome.code, outcome.out) == (0, "")
    assert "metrics of the split validation" in page_of(trained.folder, "v.html").text
    wrong = run_dlcli("report", "a", "--split", "valid", "-o", "w.html", "--json", cwd=trained.folder)
    assert (wrong.code, wrong.error["kind"]) == (UsageError.code, "no_such_split")
    assert not (trained.folder / "w.html").exists()


def test_several_runs_are_compared_without_their_models(trained: Any, run_dlcli: Command) -> None:
    outcome = run_dlcli("report", "a", "b", "-o", "two.html", "--json", cwd=trained.folder)
    assert [each["part"] for each in outcome.value["parts"]] == ["comparison", "curves", "verdicts"]
    page = page_of(trained.folder, "two.html")
    assert "optimizer.learning_rate" in page.text
    assert [line["name"] for line in page.charts[0]["lines"]] == ["a", "b"]
    assert page.charts[0]["title"] == "validation loss"
    split = run_dlcli("report", "a", "b", "--split", "test", "--json", cwd=trained.folder)
    assert (split.code, split.error["kind"]) == (UsageError.code, "split_of_several_runs")
    assert run_dlcli("report", "a", "a", cwd=trained.folder).out == "a.html\n"


def in_state(run: Run, **changes: Any) -> None:
    dataclasses.replace(read_state(run), **changes).write(run)


def test_a_run_that_trains_has_a_page_and_needs_no_lock(trained: Any, copied: Run, run_dlcli: Command) -> None:
    in_state(copied, status="running", reason=None, verdict=[], best={}, metrics={})
    shutil.rmtree(copied.model)
    with Lock(copied.path):
        outcome = run_dlcli("report", "c", "-o", "c.html", "--json", cwd=trained.folder)
    missing = {each["part"]: each["missing"] for each in outcome.value["parts"] if each["missing"]}
    assert list(missing) == ["verdict", "evaluation"]
    assert all(reason.startswith("'c' is training (process ") for reason in missing.values())
    page = page_of(trained.folder, "c.html")
    assert "untrained: loss" in page.text
    assert len(page.charts) == 4
    assert "note: without verdict: 'c' is training" in outcome.err
    assert outcome.err.count("(wait until it has ended)") == 2


def test_a_run_that_was_killed_or_diverged_says_so(trained: Any, copied: Run, run_dlcli: Command) -> None:
    in_state(copied, status="running", verdict=[])
    run_dlcli("report", "c", "-o", "c.html", cwd=trained.folder)
    page = page_of(trained.folder, "c.html")
    assert "crashed: 'c' was killed before its end" in page.text
    assert "metrics of the split test" in page.text
    in_state(copied, status="failed", exit_code=6, reason="diverged: the loss became nan in epoch 1")
    shutil.rmtree(copied.model)
    outcome = run_dlcli("report", "c", "-o", "c.html", "--json", cwd=trained.folder)
    missing = {each["part"]: each["missing"] for each in outcome.value["parts"] if each["missing"]}
    assert missing["evaluation"] == "'c' has diverged: the loss became nan in epoch 1, and has no model yet"


def test_data_that_has_changed_leaves_the_rest(trained: Any, run_dlcli: Command) -> None:
    data = trained.folder / "pictures.npz"
    kept = data.read_bytes()
    with np.load(data) as arrays:
        changed = {"x": arrays["x"] + 1, "y": arrays["y"]}
    np.savez(data, **changed)
    try:
        outcome = run_dlcli("report", "a", "-o", "d.html", "--json", cwd=trained.folder)
    finally:
        data.write_bytes(kept)
    missing = {each["part"]: each["missing"] for each in outcome.value["parts"] if each["missing"]}
    assert list(missing) == ["data", "evaluation"]
    assert all("has changed since the training" in reason for reason in missing.values())
    assert "dense" in page_of(trained.folder, "d.html").text


def test_what_cannot_be_read_at_all_is_5_and_writes_no_page(trained: Any, copied: Run, run_dlcli: Command) -> None:
    unknown = run_dlcli("report", "none", "-o", "n.html", "--json", cwd=trained.folder)
    assert (unknown.code, unknown.error["kind"]) == (ArtifactError.code, "no_such_run")
    copied.state.write_text("{")
    damaged = run_dlcli("report", "c", "-o", "n.html", "--json", cwd=trained.folder)
    assert (damaged.code, damaged.error["kind"]) == (ArtifactError.code, "damaged_run")
    assert not (trained.folder / "n.html").exists()


def test_a_link_in_a_run_is_refused(trained: Any, copied: Run, run_dlcli: Command) -> None:
    copied.metrics.unlink()
    copied.metrics.symlink_to(trained.run.metrics)
    outcome = run_dlcli("report", "c", "-o", "n.html", "--json", cwd=trained.folder)
    assert (outcome.code, outcome.error["kind"]) == (10, "link_in_run")


@pytest.mark.parametrize(
    ("output", "kind"),
    [("notes.txt", "file_exists"), ("shelf", "not_writable"), ("none/page.html", "not_writable"), ("-", "bad_output")],
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    output: str, kind: str, trained: Any, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trained.folder / "notes.txt").write_text("mine")
    (trained.folder / "shelf").mkdir(exist_ok=True)
    monkeypatch.setattr("dlcli.actions.report.page_of_runs", lambda *given: pytest.fail("the work was begun"))
    monkeypatch.setattr("dlcli.actions.inspect_data.inspect_data", lambda *given, **named: pytest.fail("begun"))
    for command in (("report", "a", "-o"), ("inspect-data", "iris", "--html")):
        outcome = run_dlcli(*command, output, "--json", cwd=trained.folder)
        assert outcome.error["kind"] == kind, command
    assert (trained.folder / "notes.txt").read_text() == "mine"
    hint = f"name a file in it: {Path('shelf') / 'NAME'}"
    assert (outcome.error["hint"] == hint) == (output == "shelf")


def test_a_page_reads_the_data_once(trained: Any, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli.training.kept import recorded

    read, times = recorded.read_data, list[str]()

    def counted(*given: Any, **named: Any) -> Any:
        times.append("read")
        return read(*given, **named)

    monkeypatch.setattr(recorded, "read_data", counted)
    assert run_dlcli("report", "a", "-o", "once.html", cwd=trained.folder).code == 0
    assert page_of(trained.folder, "once.html").text.count("the 12 samples of test") == 1
    assert times == ["read"]


def test_a_page_that_cannot_be_written_is_7(trained: Any, run_dlcli: Command) -> None:
    outcome = run_dlcli("report", "a", "--no-model", "-o", "no/such/folder.html", "--json", cwd=trained.folder)
    assert (outcome.code, outcome.error["name"]) == (7, "resources")


def test_code_of_a_run_is_run_only_where_that_is_allowed(
    tmp_path: Path, run_dlcli: Command, write_experiment: Callable[..., Path]
) -> None:
    (tmp_path / "half.py").write_text(
        "import keras\nclass Half(keras.layers.Layer):\n    def call(self, x): return x / 2\n"
    )
    layers = ["Half", {"Dense": {"units": 3, "activation": "softmax"}}]
    config = write_experiment(tmp_path, {"plugins": ["half.py"], "layers": layers, "train.epochs": 1})
    assert run_dlcli("train", config, "--name", "p", "--allow-code", "-q", cwd=tmp_path).code == 0
    refused = run_dlcli("report", "p", "--json", cwd=tmp_path)
    missing = {each["part"]: each["hint"] for each in refused.value["parts"] if each["missing"]}
    assert list(missing) == ["data", "model", "evaluation"]
    assert all("--allow-code" in hint for hint in missing.values())
    allowed = run_dlcli("report", "p", "--allow-code", "--json", cwd=tmp_path)
    assert (allowed.code, [each for each in allowed.value["parts"] if each["missing"]]) == (0, [])
