"""Init writes a configuration that is valid, trains as it is, and beats the trivial baseline."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from dlcli.actions.init import init, template
from dlcli.actions.written import inline_yaml
from dlcli.config import Config, load_config
from dlcli.data.findings import findings

Run = Callable[..., Any]
BUNDLED = [
    *["autompg", "basic_motions", "breast_cancer", "co2", "diabetes", "digits", "iris", "mnist_5k", "penguins", "wine"],
]
FLOWERS = """\
# flowers: 72 train, 15 validation, 15 test samples.
#   dlcli train flowers.yaml
name: flowers
seed: 0

data:                                              # step 1: input data and target
  source: flowers.csv
  target: kind                                     # the last column; --target takes another
  inputs: [length, width]                          # without number: constant, or a count of the rows
  missing: median                                  # empty cells: width 2, filled in predict too
  prepare:                                         # learnt from the training split alone
    - Normalization                                # every feature to mean 0 and variance 1

layers:                                            # step 2: the layers
  - Dense: {units: 16, activation: relu}           # finds patterns
  - Dense: {units: 1, activation: sigmoid}         # the probability of rose

loss: binary_crossentropy                          # step 3: the loss, for two classes

optimizer:                                         # step 4: the optimizer
  Adam: {learning_rate: 1e-3}

metrics: [accuracy]

train:
  epochs: 200                                      # at most
  batch_size: 16
  early_stopping: {monitor: val_loss, patience: 20} # ends when it no longer improves
"""


def flowers(folder: Path) -> Path:
    rows = "".join(
        f"{row},{row * 7 % 13 / 2},{'' if row in (3, 50) else row * 5 % 11},{['rose', 'lily'][row % 2]}\n"
        for row in range(102)
    )
    (folder / "flowers.csv").write_text(f"number,length,width,kind\n{rows}")
    return folder / "flowers.csv"


def test_a_table_becomes_this_configuration(tmp_path: Path, run_dlcli: Run) -> None:
    flowers(tmp_path)
    outcome = run_dlcli("init", "flowers.csv", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    assert outcome.out == FLOWERS
    shown = run_dlcli("init", "flowers.csv", "-o", "-", cwd=tmp_path)
    assert (shown.code, shown.out) == (0, FLOWERS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flowers.csv"]


def test_the_command_in_its_head_names_the_file_that_is_written(tmp_path: Path, run_dlcli: Run) -> None:
    flowers(tmp_path)
    (tmp_path / "a b").mkdir()
    outcome = run_dlcli("init", "flowers.csv", "-o", "a b/mine.yaml", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    written = (tmp_path / "a b" / "mine.yaml").read_text()
    assert "#   dlcli train 'a b/mine.yaml'\n" in written
    assert "source: ../flowers.csv" in written


def table(folder: Path, columns: list[str], cells: list[list[object]]) -> Path:
    """A table with these column names, as a program that knows CSV writes it."""
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(cells)
    return folder / "t.csv"


def written_for(folder: Path, columns: list[str], cells: list[list[object]]) -> Config:
    """What is written for a table, read back."""
    path = folder / "t.yaml"
    path.write_text(init(str(table(folder, columns, cells)), file=path).text, encoding="utf-8")
    return load_config(str(path))[0]


def test_all_of_many_constant_columns_are_left_out(tmp_path: Path) -> None:
    columns = [*(f"c{number}" for number in range(8)), "a", "b", "y"]
    cells = [[*[1] * 8, row * 7 % 13 / 2, row * 5 % 11 / 2, row % 2] for row in range(100)]
    assert written_for(tmp_path, columns, cells).data.inputs == ["a", "b"]


def test_names_with_apostrophes_are_left_out_whole(tmp_path: Path) -> None:
    cells = [[1, 2, row * 7 % 13 / 2, row % 2] for row in range(100)]
    assert written_for(tmp_path, ["it's", "don't", "x", "y"], cells).data.inputs == ["x"]
    assert "# without don't, it's: constant, or a count of the rows\n" in (tmp_path / "t.yaml").read_text()


ODD = ["a, b", '"q"', "[c]", "k: v", "# n", "- m", "{z}", "'s'", "*p", "&q", "!r", "%t", "@u", "`v", "1", "true", "~"]


def test_names_that_yaml_reads_otherwise_are_read_back_as_they_are(tmp_path: Path) -> None:
    cells = [[*((row * (3 + 2 * at)) % 101 / 2 for at in range(len(ODD))), 3, row % 2] for row in range(100)]
    assert len(ODD) == 17
    assert written_for(tmp_path, [*ODD, "constant", "y"], cells).data.inputs == ODD


def test_an_input_of_sentences_may_have_any_name(tmp_path: Path) -> None:
    cells = [[f"good words and number {row * 7919 % 10007} here", row / 7, row % 2] for row in range(100)]
    config = written_for(tmp_path, ["re, view[1]", "n: m", "y"], cells)
    assert isinstance(config.data.inputs, dict)
    assert [each.columns for each in config.data.inputs.values()] == [["n: m"], "re, view[1]"]


def test_a_target_that_nobody_named_is_said_where_the_text_is_not_seen(tmp_path: Path, run_dlcli: Any) -> None:
    cells = [[row / 7, row % 2, row * 7919 % 10007] for row in range(100)]
    table(tmp_path, ["a", "b", "c"], cells)
    [path] = tmp_path.glob("*.csv")
    guessed = run_dlcli("init", path.name, "-o", "c.yaml", cwd=tmp_path)
    assert guessed.err.splitlines()[1:] == ["target: c, the last column that can be one; --target takes another"]
    named = run_dlcli("init", path.name, "-o", "b.yaml", "--target", "b", cwd=tmp_path)
    own = run_dlcli("init", "iris", "-o", "iris.yaml", cwd=tmp_path)
    for said in (named, own):
        assert (said.code, len(said.err.splitlines())) == (0, 1)
    assert run_dlcli("init", path.name, "-o", "d.yaml", "-q", cwd=tmp_path).err == ""


def test_the_rules_about_data_run_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli.actions import suggestions as draft

    calls = []
    monkeypatch.setattr(draft, "findings", lambda dataset: calls.append(dataset) or findings(dataset))
    init(str(flowers(tmp_path)), file=None)
    assert len(calls) == 1


@pytest.mark.parametrize("name", BUNDLED)
def test_what_is_written_for_a_bundled_set_is_valid(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.yaml"
    path.write_text(init(name, file=path).text)
    config, _ = load_config(str(path))
    assert config.data.source.word == name
    assert len(config.layers) >= 2


@pytest.mark.parametrize("name", BUNDLED)
def test_it_trains_and_beats_the_trivial_baseline(name: str, tmp_path: Path, run_dlcli: Run) -> None:
    assert run_dlcli("init", name, "-o", "a.yaml", cwd=tmp_path).code == 0
    outcome = run_dlcli(
        "train", "a.yaml", "-q", "--json", "--epochs", "2" if name == "mnist_5k" else "15", cwd=tmp_path
    )
    assert outcome.code == 0, outcome.err
    reached, trivial = outcome.value["metrics"]["validation"], outcome.value["baseline"]["metrics"]
    assert reached["loss"] < 0.95 * trivial["loss"], (reached, trivial)


def test_a_file_that_is_there_is_kept_unless_it_is_forced(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "a.yaml").write_text("mine")
    outcome = run_dlcli("init", "iris", "-o", "a.yaml", cwd=tmp_path)
    assert outcome.code == 8
    assert (tmp_path / "a.yaml").read_text() == "mine"
    assert run_dlcli("init", "iris", "-o", "a.yaml", "--force", cwd=tmp_path).code == 0
    assert (tmp_path / "a.yaml").read_text().startswith("# iris:")


def test_a_path_counts_from_the_file_that_is_written(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "deep").mkdir()
    flowers(tmp_path)
    assert run_dlcli("init", "flowers.csv", "-o", "deep/a.yaml", cwd=tmp_path).code == 0
    assert "  source: ../flowers.csv\n" in (tmp_path / "deep" / "a.yaml").read_text()
    assert run_dlcli("inspect-data", "deep/a.yaml", cwd=tmp_path).code == 0


def test_times_split_and_sentences_are_an_input_of_their_own(tmp_path: Path, run_dlcli: Run) -> None:
    rows = "".join(
        f"2024-{1 + row // 28:02d}-{1 + row % 28:02d},{row % 7},this is note number {row},{['좋음', '나쁨'][row % 2]}\n"
        for row in range(200)
    )
    (tmp_path / "날.csv").write_text(f"day,size,note,맛\n{rows}", encoding="utf-8")
    assert run_dlcli("init", "날.csv", "-o", "a.yaml", cwd=tmp_path).code == 0
    text = (tmp_path / "a.yaml").read_text(encoding="utf-8")
    assert "split: {by: time:day}" in text or 'split: {by: "time:day"}' in text
    assert "note: {columns: note, kind: text" in text
    outcome = run_dlcli("train", "a.yaml", "--epochs", "1", "-q", "--json", cwd=tmp_path)
    assert outcome.code == 0, outcome.err


def test_without_a_target_that_can_be_told_it_is_asked_for(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "t.csv").write_text("a,name\n" + "".join(f"{row},person {row}\n" for row in range(50)))
    outcome = run_dlcli("init", "t.csv", "-o", "a.yaml", cwd=tmp_path)
    assert outcome.code == 4
    assert "which column is the target? the data has: a, name" in outcome.err
    assert not (tmp_path / "a.yaml").exists()


def test_the_names_of_the_readme_are_templates(run_dlcli: Run, tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    rows = readme.partition("## The gallery")[2].partition("\n## ")[0].splitlines()
    names = [name for row in rows if row.startswith("| `") for name in re.findall(r"`([^`]+)`", row.split("|")[1])]
    files = sorted((Path(__file__).parents[2] / "configs").rglob("*.yaml"))
    assert len(names) >= 40
    assert {template(name) for name in names} == {file.read_text(encoding="utf-8") for file in files}
    assert run_dlcli("show", "images/lenet5", cwd=tmp_path).out == run_dlcli("show", "lenet5", cwd=tmp_path).out
    assert "did you mean 'images/lenet5'?" in run_dlcli("init", "--template", "images/lenet", cwd=tmp_path).err
    assert run_dlcli("init", "--template", "tables/lenet5", cwd=tmp_path).code == 2


def test_a_template_is_a_file_of_the_gallery(tmp_path: Path, run_dlcli: Run) -> None:
    gallery = Path(__file__).parents[2] / "configs"
    assert template("digits") == (gallery / "digits.yaml").read_text(encoding="utf-8")
    outcome = run_dlcli("init", "--template", "digit", cwd=tmp_path)
    assert outcome.code == 2
    assert "did you mean 'digits'?" in outcome.err
    assert run_dlcli("init", cwd=tmp_path).code == 2


@pytest.mark.parametrize("value", ["no", "1e3", "a: b", "12", "~", "x#y", "null", "[", "", " a", "키"])
def test_awkward_names_read_back_as_they_were(value: str) -> None:
    from dlcli.config.yaml import read_yaml

    text = f"a: [{inline_yaml(value)}]\n"
    assert read_yaml(text.encode(), file="-", folder=Path()).plain() == {"a": [value]}


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("k,kind", "7,{}", "no column is left to learn from beside the target (k: constant, or a count of the rows)"),
        (
            "${q},kind",
            "{0}1,{0}",
            "the column '${q}' cannot be named in a configuration, where ${…} stands for another value",
        ),
    ],
)
def test_a_table_of_which_no_configuration_can_be_written_is_refused(
    tmp_path: Path, run_dlcli: Callable[..., Any], header: str, row: str, message: str
) -> None:
    rows = [row.format("pq"[number % 2]) for number in range(40)]
    if "$" in header:
        rows = [f"{number * number % 17},{'pq'[number % 2]}" for number in range(40)]
        header = "${q},k,kind"
        rows = [each.replace(",", ",5,") for each in rows]
    (tmp_path / "t.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    refused = run_dlcli("init", "t.csv", cwd=tmp_path)
    assert refused.code == 4
    assert message in refused.err


def test_comments_stand_below_each_other_beside_korean_names(tmp_path: Path, run_dlcli: Run) -> None:
    rows = "".join(f"{number / 7},{'가나'[number % 2]}\n" for number in range(40))
    (tmp_path / "꽃.csv").write_text("값,종류\n" + rows, encoding="utf-8")
    outcome = run_dlcli("init", "꽃.csv", cwd=tmp_path)
    starts = [cell_len(line[: line.index(" # ")]) for line in outcome.out.splitlines() if " # " in line]
    assert starts.count(50) == len([start for start in starts if start <= 50]) > 5
