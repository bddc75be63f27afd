"""Several targets: what each becomes, how the samples are split, and what is refused before and after reading."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.data.schema import TargetSchema

ROWS = 90
KINDS = ["느티", "소나무", "참나무"]
TARGETS: dict[str, Any] = {
    "kind": "종류",
    "price": "price",
    "signs": {"column": ["dry", "old"]},
    "hot": {"column": "종류", "encode": "one_hot", "classes": ["참나무", "느티", "소나무"]},
}
LABELS = {"kind": "classes", "price": "numbers", "signs": "binary", "hot": "one_hot"}
VALID = """\
data:
  source: trees.csv
  inputs: [height, width]
  targets:
    kind: 종류
    price: price
    signs: {column: [dry, old]}
layers:
  - Dense: {units: 4, activation: relu, name: body}
  - Dense: {units: 3, activation: softmax, name: kind, from: body}
  - Dense: {units: 1, name: price, from: body}
  - Dense: {units: 2, activation: sigmoid, name: signs, from: body}
loss: {kind: sparse_categorical_crossentropy, price: mse, signs: binary_crossentropy}
optimizer: adam
metrics: {kind: [accuracy], price: [mae]}
train: {epochs: 2, early_stopping: {monitor: val_price_mae}}
"""
LOSSES = "{kind: sparse_categorical_crossentropy, price: mse, signs: binary_crossentropy}"
METRICS = "{kind: [accuracy], price: [mae]}"


def table() -> dict[str, list[Any]]:
    """Columns of numbers, names, and yes or no; the kinds stand 20 : 30 : 40."""
    generator = np.random.default_rng(2)
    kinds = generator.permutation(np.repeat([0, 1, 2], [20, 30, 40]))
    return {
        "height": np.round(generator.normal(10, 3, ROWS), 3).tolist(),
        "width": np.round(generator.normal(1, 0.2, ROWS), 3).tolist(),
        "종류": [KINDS[kind] for kind in kinds],
        "price": np.round(generator.normal(100, 20, ROWS), 2).tolist(),
        "dry": generator.integers(0, 2, ROWS).tolist(),
        "old": generator.integers(0, 2, ROWS).tolist(),
    }


def as_text(columns: dict[str, list[Any]]) -> str:
    """A table as comma-separated values."""
    rows = [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    return "\n".join([",".join(columns), *rows]) + "\n"


@pytest.fixture
def block(write: Callable[..., Path]) -> dict[str, Any]:
    """The data block of the table with four targets."""
    return {"source": str(write(as_text(table()), "trees.csv")), "inputs": ["height", "width"], "targets": TARGETS}


def test_each_target_is_what_its_own_loss_needs(block: dict[str, Any], load: Callable[..., Dataset]) -> None:
    columns, dataset = table(), load(block, labels=LABELS)
    samples = 0
    for split in dataset.splits.values():
        own = {name: [values[row] for row in split.rows] for name, values in columns.items()}
        assert list(split.targets) == ["kind", "price", "signs", "hot"]
        assert split.targets["kind"][:].tolist() == [KINDS.index(name) for name in own["종류"]]
        assert split.targets["price"][:].tolist() == np.asarray(own["price"], np.float32).tolist()
        assert split.targets["signs"][:].tolist() == [list(pair) for pair in zip(own["dry"], own["old"], strict=True)]
        order = ["참나무", "느티", "소나무"]
        assert split.targets["hot"][:].tolist() == [[float(each == name) for each in order] for name in own["종류"]]
        samples += len(split)
    assert samples == ROWS
    assert {name: str(values.dtype) for name, values in dataset.splits["train"].targets.items()} == {
        "kind": "int64",
        "price": "float32",
        "signs": "float32",
        "hot": "float32",
    }


def test_each_target_keeps_its_own_name_and_classes(block: dict[str, Any], load: Callable[..., Dataset]) -> None:
    dataset = load(block, labels=LABELS)
    one = ["samples"]
    assert dataset.schema.targets == [
        TargetSchema(name="kind", column="종류", encode="index", classes=KINDS, axes=one, shape=[]),
        TargetSchema(name="price", column="price", encode="none", axes=one, shape=[]),
        TargetSchema(
            name="signs", columns=["dry", "old"], encode="none", axes=["samples", "labels"], shape=[2], shares=True
        ),
        TargetSchema(
            name="hot",
            column="종류",
            encode="one_hot",
            classes=["참나무", "느티", "소나무"],
            axes=["samples", "classes"],
            shape=[3],
        ),
    ]
    facts = dataset.facts(10)
    assert {name: facts[name] for name in facts if "classes" in name} == {
        "data.classes.kind": 3,
        "data.classes.hot": 3,
    }
    only = load({**block, "targets": {"kind": "종류"}}, labels={"kind": "classes"})
    assert only.facts(10)["data.classes"] == 3


def test_the_first_target_of_classes_is_the_one_that_is_stratified(
    block: dict[str, Any], load: Callable[..., Dataset]
) -> None:
    columns = table()
    columns["dry"] = np.random.default_rng(6).permutation([0] * 45 + [1] * 45).tolist()
    columns["old"] = np.random.default_rng(7).permutation([0] * 30 + [1] * 60).tolist()
    Path(block["source"]).write_text(as_text(columns), encoding="utf-8")
    shares = {"dry": 0.5, "old": 60 / 90}
    for first, second in [("dry", "old"), ("old", "dry")]:
        targets = {"price": "price", first: first, second: second}
        labels = {"price": "numbers", first: "binary", second: "binary"}
        far = {"dry": 0, "old": 0}
        for seed in range(12):
            test = load({**block, "targets": targets}, labels=labels, seed=seed).splits["test"]
            assert len(test) == 14
            for name, share in shares.items():
                far[name] += abs(float(test.targets[name][:].sum()) - 14 * share) >= 1
        assert far[first] == 0
        assert far[second] > 2


def test_targets_without_classes_are_split_at_random(block: dict[str, Any], load: Callable[..., Dataset]) -> None:
    numbers = {"price": "price", "signs": {"column": ["dry", "old"]}}
    labels = {"price": "numbers", "signs": "binary"}
    dataset = load({**block, "targets": numbers}, labels=labels)
    mixed = load({**block, "targets": {**numbers, "kind": "종류"}}, labels={**labels, "kind": "classes"})
    rows, stratified = dataset.splits["test"].rows.tolist(), mixed.splits["test"].rows.tolist()
    assert (len(rows), len(stratified), rows == stratified) == (14, 14, False)
    assert rows == load({**block, "split": {"by": "random"}}, labels=LABELS).splits["test"].rows.tolist()


def test_what_is_a_target_is_no_input_by_default(block: dict[str, Any], load: Callable[..., Dataset]) -> None:
    dataset = load({**block, "inputs": None, "targets": {"kind": "종류", "signs": {"column": ["dry", "old"]}}})
    assert [column.name for column in dataset.schema.inputs[0].columns or []] == ["height", "width", "price"]


REFUSED: dict[str, tuple[dict[str, Any], dict[str, str], tuple[str, int | None, str | None]]] = {
    "unknown column": (
        {"kind": "종뉴"},
        {"kind": "classes"},
        ("there is no column '종뉴'; the data has: height, width, 종류, price, dry, old", 1, None),
    ),
    "near column": (
        {"price": "prise"},
        {"price": "numbers"},
        (
            "there is no column 'prise'; the data has: height, width, 종류, price, dry, old",
            1,
            "did you mean 'price'?",
        ),
    ),
    "unknown column of a vector": (
        {"signs": {"column": ["dry", "young"]}},
        {"signs": "binary"},
        ("there is no column 'young'; the data has: height, width, 종류, price, dry, old", 1, None),
    ),
    "text in a vector": (
        {"price": "price", "both": {"column": ["price", "종류"]}},
        {"price": "numbers", "both": "numbers"},
        (
            "the target joins the columns price, 종류, but '종류' holds text ('느티' in row 1)",
            2,
            "write data.targets: {NAME: COLUMN, …} for several targets of their own",
        ),
    ),
    "text under a loss of numbers": (
        {"price": "price", "kind": "종류"},
        {"price": "numbers", "kind": "numbers"},
        (
            "target '종류' is text ('느티' in row 1), but the loss compares numbers",
            2,
            "choose a loss for classes, such as sparse_categorical_crossentropy",
        ),
    ),
    "no column": (
        {"kind": {}},
        {"kind": "classes"},
        (
            "which one is the target? the data has: height, width, 종류, price, dry, old",
            None,
            "write data.target: old, the last column, or another of them",
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_target_that_cannot_be_is_refused(case: str, block: dict[str, Any], refuse: Callable[..., Any]) -> None:
    targets, labels, (message, line, hint) = REFUSED[case]
    refusal = refuse({**block, "targets": targets}, labels=labels)
    assert (refusal.message, refusal.line, refusal.hint) == (message, line, hint)
    assert (refusal.code, refusal.file) == (4, block["source"])


@pytest.mark.parametrize(("cell", "said"), [("2", "2"), ("1.5", "1.5"), ("-1", "-1")])
def test_what_is_neither_yes_nor_no_is_refused_with_its_row(
    cell: str, said: str, block: dict[str, Any], refuse: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    columns = table()
    columns["old"][16] = cell
    columns["old"][40] = cell
    path = Path(block["source"])
    path.write_text(as_text(columns), encoding="utf-8")
    targets = {"kind": "종류", "signs": {"column": ["dry", "old"]}}
    refusal = refuse({**block, "targets": targets}, labels={"kind": "classes", "signs": "binary"})
    assert refusal.message == f"'old' is {said} in row 17; a loss for yes and no needs numbers from 0 to 1"
    assert (refusal.code, refusal.file, refusal.line) == (4, str(path), 18)
    numbers = load({**block, "targets": targets}, labels={"kind": "classes", "signs": "numbers"})
    held = np.concatenate([split.targets["signs"][:] for split in numbers.splits.values()])
    assert np.count_nonzero(held[:, 1] == np.float32(cell)) == 2


def test_there_is_either_a_target_or_targets(block: dict[str, Any], mistakes: Callable[..., Any]) -> None:
    assert mistakes({**block, "target": "price"}) == [
        ("there are both 'target' and 'targets'; write either", "put it into targets")
    ]


WRONG: dict[str, tuple[str, str, list[tuple[int, int, str, str | None]]]] = {
    "loss missing": (
        LOSSES,
        "{kind: sparse_categorical_crossentropy, price: mse}",
        [(13, 7, "the target 'signs' has no loss", None)],
    ),
    "loss of an unknown target": (
        LOSSES,
        LOSSES.replace("price", "prise"),
        [
            (13, 7, "the target 'price' has no loss", None),
            (13, 47, "there is no target 'prise'; there are: kind, price, signs", "did you mean 'price'?"),
        ],
    ),
    "loss that is no mapping": (
        LOSSES,
        "mse",
        [
            (
                13,
                7,
                "there are several targets, so 'loss' is a mapping by target",
                "write {kind: …, price: …, signs: …}",
            )
        ],
    ),
    "metrics that are no mapping": (
        METRICS,
        "[accuracy]",
        [
            (
                15,
                10,
                "there are several targets, so 'metrics' is a mapping by target",
                "write {kind: […], price: […], signs: […]}",
            )
        ],
    ),
    "metrics of an unknown target": (
        METRICS,
        "{knd: [accuracy], price: [mae]}",
        [(15, 11, "there is no target 'knd'; there are: kind, price, signs", "did you mean 'kind'?")],
    ),
    "metrics of one target that are no list": (
        METRICS,
        "{kind: accuracy}",
        [(15, 17, "'metrics' must be a list, found the text 'accuracy'", "write [accuracy]")],
    ),
    "a metric that the loss of its target cannot read": (
        METRICS,
        "{kind: [mae], price: [mae, accuracy]}",
        [(15, 37, "accuracy counts right classes, but mse compares numbers", "write metrics: [mae] or [r2_score]")],
    ),
    "no layer bears the name": (
        "name: signs",
        "name: sign",
        [
            (
                9,
                3,
                "no layer bears the name of the target 'signs'",
                "name the layer that puts it out: Dense: {…, name: signs}",
            )
        ],
    ),
    "activation of one of the outputs": (
        "activation: softmax, name: kind",
        "activation: sigmoid, name: kind",
        [
            (
                10,
                5,
                "sparse_categorical_crossentropy needs probabilities that sum to 1, but Dense ends in sigmoid",
                "write activation: softmax",
            )
        ],
    ),
    "monitor without its target": (
        "val_price_mae",
        "val_mae",
        [
            (
                16,
                46,
                "nothing is called 'val_mae'; there are: loss, kind_loss, kind_accuracy, price_loss, price_mae, "
                "signs_loss, val_loss, val_kind_loss, val_kind_accuracy, val_price_loss, val_price_mae, val_signs_loss",
                "did you mean 'val_price_mae'?",
            )
        ],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_the_file_alone_shows_to_be_wrong_is_told_at_its_line(
    case: str, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    old, new, wanted = WRONG[case]
    assert VALID.count(old) == 1
    config = tmp_path / "trees.yaml"
    config.write_text(VALID, encoding="utf-8")
    assert run_dlcli("validate", config, cwd=tmp_path).code == 0
    config.write_text(VALID.replace(old, new), encoding="utf-8")
    outcome = run_dlcli("validate", config, "--json", cwd=tmp_path)
    assert outcome.code == 3
    [file] = outcome.value["files"]
    told = [(each["line"], each["column"], each["message"], each["suggestion"]) for each in file["problems"]]
    assert sorted(told, key=str) == sorted(wanted, key=str)


def test_targets_and_a_target_are_refused_at_their_line(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    config = tmp_path / "trees.yaml"
    config.write_text(VALID.replace("  targets:", "  target: price\n  targets:"), encoding="utf-8")
    outcome = run_dlcli("validate", config, "--json", cwd=tmp_path)
    assert outcome.code == 3
    first = outcome.value["files"][0]["problems"][0]
    assert (first["line"], first["path"], first["message"]) == (
        6,
        "data.targets",
        "there are both 'target' and 'targets'; write either",
    )


def test_no_metrics_read_as_they_were_written(tmp_path: Path) -> None:
    from dlcli.config import load_config

    block = "data: {source: t.csv, targets: {a: x, b: y}}\nlayers: [Dense: {units: 1, name: a}, Dense: {units: 1, name: b}]\n"
    rest = "loss: {a: mse, b: mse}\noptimizer: Adam\ntrain: {epochs: 1}\n"
    (tmp_path / "t.csv").write_text("x,y,z\n1,2,3\n", encoding="utf-8")
    trees = []
    for metrics in ("", "metrics: []\n"):
        (tmp_path / "c.yaml").write_text(f"{block}{metrics}{rest}", encoding="utf-8")
        trees.append(load_config(str(tmp_path / "c.yaml"))[0].plain())
    assert trees[0] == trees[1]  # what a run has recorded is read again when it goes on
