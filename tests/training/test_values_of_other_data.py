"""Other data is looked at as that of a training is: what its loss cannot read is told with file and line, not measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Command = Callable[..., Any]
RNG = np.random.default_rng(0)
HARD = RNG.integers(0, 2, 60)


def write(folder: Path, rows: Any, names: list[str], loss: str, *, units: int, activation: str) -> None:
    cells = [[f"{a:g}" for a in np.ravel(row)] for row in rows]
    lines = [",".join(["a", *names]), *(f"{at},{','.join(each)}" for at, each in enumerate(cells))]
    (folder / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    target = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
    (folder / "c.yaml").write_text(
        f"data: {{source: t.csv, target: {target}, prepare: [Normalization]}}\n"
        f"layers: [Dense: {{units: {units}, activation: {activation}}}]\nloss: {loss}\noptimizer: Adam\n"
        "train: {epochs: 1}\n",
        encoding="utf-8",
    )


CASES: dict[str, tuple[Any, list[str], str, str, str, str | None]] = {
    "a share beyond 1": (
        RNG.random(60),
        ["y"],
        "binary_crossentropy",
        "sigmoid",
        "1.2",
        "binary_crossentropy reads targets of 0 to 1, and this one is 1.2 in row 3",
    ),
    "a share below 0": (
        RNG.random(60),
        ["y"],
        "binary_crossentropy",
        "sigmoid",
        "-50",
        "binary_crossentropy reads targets of 0 to 1, and this one is -50 in row 3",
    ),
    "what rounding makes": (RNG.random(60), ["y"], "binary_crossentropy", "sigmoid", "1.0000001", None),
    "several labels": (
        np.stack([HARD, 1 - HARD], axis=1),
        ["u", "v"],
        "binary_crossentropy",
        "sigmoid",
        "0,7",
        "binary_crossentropy reads targets of 0 to 1, and this one is 7 in row 3 in 'v'",
    ),
    "a count below 0": (
        RNG.poisson(3, 60),
        ["y"],
        "poisson",
        "softplus",
        "-1",
        "poisson reads targets of 0 or more, and this one is -1 in row 3",
    ),
    "a row of no class": (
        np.eye(3)[RNG.integers(0, 3, 60)],
        ["u", "v", "w"],
        "categorical_crossentropy",
        "softmax",
        "5,5,0",
        "categorical_crossentropy reads a 1 among zeros, or shares of 1, and row 3 is [5, 5, 0]",
    ),
    "a sign that is none": (
        2 * np.stack([HARD, 1 - HARD], axis=1) - 1,
        ["u", "v"],
        "hinge",
        "tanh",
        "-1,0",
        "hinge reads labels of -1 and 1 here, and row 3 holds 0",
    ),
    "any number": (RNG.normal(size=60), ["y"], "mse", "linear", "-50", None),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_loss_cannot_read_in_other_data_is_told(case: str, tmp_path: Path, run_dlcli: Command) -> None:
    rows, names, loss, activation, wrong, message = CASES[case]
    write(tmp_path, rows, names, loss, units=len(names), activation=activation)
    assert run_dlcli("train", "c.yaml", "--name", "r", "-q", cwd=tmp_path).code == 0
    lines = (tmp_path / "t.csv").read_text().splitlines()
    (tmp_path / "e.csv").write_text("\n".join([*lines[:3], f"0,{wrong}", *lines[3:9]]) + "\n", encoding="utf-8")
    done = run_dlcli("evaluate", "r", "--data", "e.csv", "--json", cwd=tmp_path)
    if message is None:
        assert done.code == 0, done.err
        return
    assert (done.code, done.error["message"]) == (4, message)
    assert (Path(done.error["file"]).name, done.error["line"]) == ("e.csv", 4)


def test_rows_of_another_sum_under_a_loss_of_distributions_are_noted(tmp_path: Path, run_dlcli: Command) -> None:
    rows = RNG.dirichlet([1, 1, 1], 60)
    for scale, told in ((1.0, False), (0.5, True)):
        rows[::7] *= scale
        write(tmp_path, rows, ["u", "v", "w"], "kl_divergence", units=3, activation="softmax")
        done = run_dlcli("train", "c.yaml", "--name", f"r{told}", cwd=tmp_path)
        assert done.code == 0, done.err
        words = " ".join((done.out + done.err).split())
        assert ("'target' sums to other than 1 in" in words) == told
        judged = run_dlcli("evaluate", f"r{told}", "--data", "t.csv", cwd=tmp_path)
        words = " ".join((judged.out + judged.err).split())
        assert ("'target' sums to other than 1 in 9 samples of 60 (the first to 0.5)" in words) == told
