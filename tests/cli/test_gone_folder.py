"""A working directory that was deleted is named, by every command that looks at it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dlcli.cli import main


@pytest.mark.parametrize("words", [["validate", "x.yaml"], ["train", "x.yaml"], ["init", "digits"]])
@pytest.mark.skipif(os.name == "nt", reason="a folder in use cannot be deleted there")
def test_a_deleted_working_directory_is_named(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setattr("sys.argv", ["dlcli", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "the working directory does not exist any more" in capsys.readouterr().err
