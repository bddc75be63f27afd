"""`validate --build` judges every file, whatever is wrong with the ones before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
REST = "layers: [Dense: 1]\nloss: mse\noptimizer: Adam\ntrain: {epochs: 1}\n"
FILES = {
    "missing.yaml": "data: {source: missing.csv, target: y}\n" + REST,
    "fine.yaml": "data: {source: line}\n" + REST,
    "wrong.yaml": "data: {source: line}\n" + REST.replace("mse", "msee"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_second_file_is_judged_where_the_first_has_no_data(folder: Path, run_dlcli: Run) -> None:
    done = run_dlcli("validate", "--build", "missing.yaml", "fine.yaml", "--json", cwd=folder)
    assert done.code == 4
    assert list(done.value) == ["files"]
    missing, fine = done.value["files"]
    assert (missing["file"], missing["code"], fine["file"], fine["code"]) == ("missing.yaml", 4, "fine.yaml", 0)
    assert [each["message"] for each in missing["problems"]] == [f"there is no file {folder / 'missing.csv'}"]
    assert (fine["problems"], fine["notes"]) == ([], [])


def test_in_words_each_file_has_its_own(folder: Path, run_dlcli: Run) -> None:
    done = run_dlcli("validate", "--build", "missing.yaml", "fine.yaml", cwd=folder)
    assert done.out.startswith(f"error: there is no file {folder / 'missing.csv'}\n")
    assert done.out.endswith("\nfine.yaml: ok\n")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (["fine.yaml"], 0),
        (["missing.yaml"], 4),
        (["wrong.yaml", "fine.yaml"], 3),
        (["missing.yaml", "wrong.yaml", "fine.yaml"], 3),
    ],
)
def test_the_exit_code_is_that_of_the_only_kind_of_error(
    files: list[str], code: int, folder: Path, run_dlcli: Run
) -> None:
    done = run_dlcli("validate", "--build", *files, "--json", cwd=folder)
    assert (done.code, [each["file"] for each in done.value["files"]]) == (code, files)


def test_without_build_no_data_is_read(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    (tmp_path / "e.yaml").write_text(
        "data: {source: nothing.csv, target: y}\nlayers: [Dense: 1]\nloss: mse\noptimizer: Adam\ntrain: {epochs: 1}\n"
    )
    assert run_dlcli("validate", "e.yaml", cwd=tmp_path).code == 0
    assert run_dlcli("validate", "e.yaml", "--build", cwd=tmp_path).code == 4


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (MemoryError("Unable to allocate 95.4 GiB"), 7, "memory does not do: Unable to allocate 95.4 GiB"),
        (ZeroDivisionError("odd"), 1, "a bug in dlcli: ZeroDivisionError: odd"),
    ],
)
def test_what_nobody_expected_of_one_file_loses_no_result_of_another(
    raised: Exception, code: int, message: str, folder: Path, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dlcli.training.kept import starting_weights

    made = starting_weights.set_up_started

    def odd(config: Any, **named: Any) -> Any:
        if config.optimizer.written == "SGD":
            raise raised
        return made(config, **named)

    monkeypatch.setattr(starting_weights, "set_up_started", odd)
    (folder / "odd.yaml").write_text(FILES["fine.yaml"].replace("Adam", "SGD"), encoding="utf-8")
    done = run_dlcli("validate", "--build", "odd.yaml", "fine.yaml", "--json", cwd=folder)
    first, fine = done.value["files"]
    assert (done.code, first["code"], fine["code"]) == (code, code, 0)
    assert [each["message"] for each in first["problems"]] == [message]
