"""The list of runs shows of a run that was killed, or failed at its very end, the epochs that it has trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.errors import ResourceError


class Killed(BaseException):
    """What nothing in the program catches, as a kill."""


@pytest.mark.parametrize(
    ("end", "status"), [(Killed(), "crashed"), (ResourceError("no space", kind="no_space"), "failed"), (None, "done")]
)
def test_a_row_shows_the_newest_epoch(
    end: BaseException | None,
    status: str,
    tmp_path: Path,
    run_dlcli: Callable[..., Any],
    write_experiment: Callable[..., Path],
    read_history: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dlcli.training.session import Session

    def ends(session: Session) -> None:
        if end is not None:
            raise end

    monkeypatch.setattr(Session, "save", ends)
    path = write_experiment(tmp_path, {"train.checkpoint": {"every": "1000 epochs"}})
    if isinstance(end, Killed):
        with pytest.raises(Killed):
            run_dlcli("train", path, "-q", "--name", "a", cwd=tmp_path)
    else:
        run_dlcli("train", path, "-q", "--name", "a", cwd=tmp_path)
    (row,) = run_dlcli("runs", "--json", cwd=tmp_path).value
    newest = read_history(tmp_path, "a")[-1]
    # What is killed in this process may hold its lock until Python lets go of it.
    assert row["status"] in {status, "running" if status == "crashed" else status}
    assert row["epochs"] == 3
    if end is not None:
        assert row["metrics"] == {split: newest[split] for split in ("train", "validation")}
    history = tmp_path / "runs" / "a" / "metrics.jsonl"
    history.write_bytes(history.read_bytes()[:-30])  # a kill in the middle of a line
    (torn,) = run_dlcli("runs", "--json", cwd=tmp_path).value
    assert torn["epochs"] >= 2
