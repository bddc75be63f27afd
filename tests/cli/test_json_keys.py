"""The JSON that scripts rely on: every key of every command, and errors as one object."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.looks

Run = Callable[..., Any]
TENSOR = [
    "split",
    "role",
    "name",
    "shape",
    "axes",
    "ndim",
    "dtype",
    "bytes",
    "min",
    "max",
    "mean",
    "missing",
    "classes",
]
LAYER = ["name", "class", "input_shape", "output_shape", "parameters", "macs", "bytes", "line", "vectors"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Callable[..., Path]) -> Any:
    """A training with `--json`, and its folder."""
    folder = tmp_path_factory.mktemp("json")
    config = write_experiment(folder, {"train.epochs": 2})
    outcome = run_dlcli("train", config.name, "--name", "a", "--json", cwd=folder)
    assert outcome.code == 0, outcome.err
    return SimpleNamespace(folder=folder, outcome=outcome, value=outcome.value)


def holds(value: dict[str, Any], keys: list[str]) -> bool:
    """Whether an object has all the keys that scripts rely on; more may be added."""
    return set(keys) <= set(value)


def test_train_gives_its_keys_on_standard_output_and_its_epochs_on_standard_error(trained: Any) -> None:
    value = trained.value
    keys = [
        "run",
        "path",
        "status",
        "exact",
        "epochs",
        "best",
        "metrics",
        "baseline",
        "verdict",
        "seconds",
        "samples_per_second",
    ]
    assert holds(value, keys)
    assert (value["run"], value["path"], value["status"], value["exact"], value["epochs"]) == (
        "a",
        "runs/a",
        "done",
        True,
        2,
    )
    assert "epoch" in value["best"]
    assert list(value["metrics"]) == ["train", "validation"]
    assert all(sorted(each) == ["accuracy", "loss"] for each in value["metrics"].values())
    assert holds(value["baseline"], ["method", "split", "metrics"])
    for finding in value["verdict"]:
        assert list(finding)[:4] == ["finding", "since_epoch", "evidence", "advice"]
        assert list(finding)[4:] == ["code", "severity", "where", "facts"]
        assert all(
            list(each) in (["set", "from", "to", "why", "joined"], ["command", "why"]) for each in finding["advice"]
        )
    assert len(value["verdict"]) >= 1
    assert value["seconds"] > 0
    assert value["samples_per_second"] > 0
    assert trained.outcome.out.count("\n") == 1
    assert [line[:9] for line in trained.outcome.err.splitlines()] == [
        "a: 163 pa",
        "* marks a",
        "epoch 1/2",
        "epoch 2/2",
    ]


def test_the_state_of_the_run_holds_what_train_said(trained: Any) -> None:
    state = json.loads((trained.folder / "runs" / "a" / "run.json").read_bytes())
    same = [key for key in trained.value if key not in {"path", "config"}]
    assert {key: state[key] for key in same} == {key: trained.value[key] for key in same}
    assert len(same) >= 10


def test_evaluate_gives_its_keys(trained: Any, run_dlcli: Run) -> None:
    value = run_dlcli("evaluate", "last", "--worst", "2", "--json", cwd=trained.folder).value
    assert list(value) == [
        "run",
        "split",
        "samples",
        "metrics",
        "intervals",
        "classes",
        "confusion",
        "by_class",
        "positive",
        "ranking",
        "calibration",
        "numbers",
        "worst",
        "worse_than",
        "groups",
        "verdict",
        "threshold",
    ]
    areas = ["roc_auc", "average_precision", "roc_auc_interval", "average_precision_interval"]
    assert [list(each) for each in value["ranking"].values()] == [areas] * 3
    assert list(value["calibration"]) == ["target", "about", "bins", "error", "brier"]
    assert (value["numbers"], value["groups"]) == ([], None)
    assert value["verdict"] == trained.value["verdict"]
    assert (value["run"], value["split"], value["samples"], value["classes"]) == ("a", "test", 30, ["0", "1", "2"])
    assert [list(each) for each in value["worst"]] == [["row", "file", "line", "target", "predicted", "loss"]] * 2


def test_predict_gives_its_keys(trained: Any, run_dlcli: Run) -> None:
    value = run_dlcli("predict", "a", "classes.npz", "--json", cwd=trained.folder).value
    assert list(value) == ["run", "samples", "predictions", "unlike"]
    assert (value["run"], value["samples"], len(value["predictions"])) == ("a", 150, 150)
    assert list(value["predictions"][0]) == ["y", "probability 0", "probability 1", "probability 2"]
    written = run_dlcli("predict", "a", "classes.npz", "-o", "p.csv", "--json", cwd=trained.folder).value
    assert written == {"run": "a", "samples": 150, "predictions": "p.csv", "unlike": value["unlike"]}
    assert all(list(each) == ["kind", "name", "count", "first", "seen"] for each in value["unlike"])


def test_inspect_gives_its_keys(trained: Any, run_dlcli: Run) -> None:
    value = run_dlcli("inspect", "experiment.yaml", "--json", cwd=trained.folder).value
    assert holds(value, ["layers", "parameters", "trainable", "macs", "bytes"])
    assert [list(each) for each in value["layers"]] == [LAYER] * 2


def test_inspect_data_gives_its_keys(trained: Any, run_dlcli: Run) -> None:
    value = run_dlcli("inspect-data", "experiment.yaml", "--json", cwd=trained.folder).value
    assert holds(value, ["source", "tensors", "findings"])
    assert [holds(each, TENSOR) for each in value["tensors"]] == [True] * 6
    assert [(each["split"], each["role"]) for each in value["tensors"]] == [
        (split, role) for split in ("train", "validation", "test") for role in ("input", "target")
    ]
    iris = run_dlcli("inspect-data", "iris", "--json", cwd=trained.folder).value
    assert iris["source"] == "iris"
    assert len(iris["findings"]) >= 1
    assert all(
        holds(each, ["finding", "severity", "evidence", "advice", "code", "where", "facts", "settings"])
        for each in iris["findings"]
    )


def test_runs_gives_its_keys(trained: Any, run_dlcli: Run) -> None:
    (row,) = run_dlcli("runs", "--json", cwd=trained.folder).value
    assert holds(row, ["run", "status", "epochs", "seconds", "metrics", "config"])
    assert (row["run"], row["status"], row["epochs"], row["file"]) == ("a", "done", 2, "experiment.yaml")
    assert row["config"] == trained.value["config"]
    assert row["config"]["optimizer"] == {"Adam": {"learning_rate": 0.01}}
    assert row["metrics"] == trained.value["metrics"]


def test_validate_gives_its_keys(trained: Any, run_dlcli: Run) -> None:
    (trained.folder / "bad.yaml").write_text("layers: [Dense: {unit: 3}]\n")
    outcome = run_dlcli("validate", "experiment.yaml", "bad.yaml", "--json", cwd=trained.folder)
    assert outcome.code == 3
    good, bad = outcome.value["files"]
    assert good == {"file": "experiment.yaml", "problems": [], "notes": [], "code": 0}
    assert bad["file"] == "bad.yaml"
    assert all(holds(each, ["line", "column", "path", "message", "suggestion", "kind"]) for each in bad["problems"])
    unknown = next(each for each in bad["problems"] if each["message"] == "unknown argument 'unit' for Dense")
    assert (unknown["line"], unknown["column"], unknown["kind"]) == (1, 18, "unknown_argument")
    assert unknown["suggestion"] == "did you mean 'units'?"


def test_json_lines_gives_one_object_an_epoch_as_it_ends(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    config = write_experiment(tmp_path, {"train.epochs": 3})
    outcome = run_dlcli("train", config, "--json-lines", "-q", cwd=tmp_path)
    lines = [json.loads(line) for line in outcome.out.splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert all(list(line) == ["epoch", "train", "validation", "seconds", "best"] for line in lines)
    assert outcome.err == ""


ERRORS: dict[str, tuple[list[str], int, str, str, str]] = {
    "an option that does not exist": (
        ["train", "experiment.yaml", "--epoch", "3"],
        2,
        "usage",
        "bad_command_line",
        "No such option: --epoch",
    ),
    "a command that does not exist": (["trian"], 2, "usage", "bad_command_line", "No such command 'trian'"),
    "a configuration that does not exist": (
        ["train", "absent.yaml"],
        3,
        "config",
        "missing_file",
        "cannot read the configuration: No such file or directory",
    ),
    "a setting that does not fit": (
        ["train", "experiment.yaml", "--set", "train.epochs=0"],
        3,
        "config",
        "out_of_range",
        "'epochs' must be",
    ),
    "data that does not exist": (
        ["train", "experiment.yaml", "--set", "data.source=absent.csv"],
        4,
        "data",
        "missing_file",
        "",
    ),
    "a run that does not exist": (
        ["evaluate", "absent"],
        5,
        "artifact",
        "no_such_run",
        "there is no run 'absent' in runs",
    ),
    "a taken name": (
        ["train", "experiment.yaml", "--name", "a", "--no-rename"],
        8,
        "conflict",
        "name_taken",
        "there is a run named 'a' already",
    ),
    "a filter that cannot be read": (["runs", "--filter", "?"], 2, "usage", "bad_filter", "cannot read the filter '?'"),
    "a name that does not exist": (["show", "Dens"], 2, "usage", "unknown_name", "nothing is called 'Dens'"),
    "data of no known kind": (["inspect-data", "a.xyz"], 2, "usage", "unknown_form", "cannot tell what 'a.xyz' is"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_one_object_and_words_on_standard_error(name: str, trained: Any, run_dlcli: Run) -> None:
    arguments, code, category, kind, message = ERRORS[name]
    outcome = run_dlcli(*arguments, "--json", cwd=trained.folder)
    assert outcome.code == code, outcome.err
    error = outcome.error
    assert holds(error, ["code", "name", "kind", "message", "file", "line", "column", "hint"])
    assert (error["code"], error["name"], error["kind"]) == (code, category, kind)
    assert [each["kind"] for each in error.get("problems", [])] == [kind] * (code == 3)
    assert error["message"].startswith(message), error["message"]
    assert outcome.err.startswith("error: ")
    assert "Traceback" not in outcome.err
    plain = run_dlcli(*arguments, cwd=trained.folder)
    assert (plain.code, plain.out) == (code, "")


def test_a_bug_is_one_line_with_a_file_that_holds_the_traceback(
    trained: Any, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dlcli.actions.runs

    def broken(root: Path) -> list[Any]:
        raise RuntimeError("one\ntwo")

    monkeypatch.setattr(dlcli.actions.runs, "list_runs", broken)
    outcome = run_dlcli("runs", "--json", cwd=trained.folder)
    assert outcome.code == 1
    assert (outcome.error["name"], outcome.error["kind"]) == ("internal", "bug")
    assert outcome.error["message"] == "a bug in dlcli: RuntimeError: one"
    file = Path(outcome.error["file"])
    assert "RuntimeError: one\ntwo" in file.read_text(encoding="utf-8")
    file.unlink()


def test_a_training_is_shown_with_the_name_of_each_split_the_baseline_and_the_next_command(
    trained: Any, run_dlcli: Run
) -> None:
    outcome = run_dlcli("train", "experiment.yaml", "--name", "shown", "-q", "--epochs", "1", cwd=trained.folder)
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert next(line for line in lines if line.startswith("run")).split(None, 1)[1].startswith("runs/shown  (done: ")
    header = next(line for line in lines if line.startswith("metric"))
    assert header.split() == ["metric", "train", "validation", "majority", "class", "(validation)"]
    assert [line.split()[0] for line in lines if line.startswith(("loss", "accuracy"))] == ["loss", "accuracy"]
    assert lines[-1].split(None, 1) == ["next", "dlcli evaluate shown"]
    assert outcome.err == ""
