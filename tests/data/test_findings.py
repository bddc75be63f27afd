"""Each rule about data speaks where its fault is and is silent where it is not; tensors are described as NumPy sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data, Dataset
from dlcli.data.description.tensors import describe_dataset, describe_fields
from dlcli.data.findings import findings
from dlcli.data.findings.constant_columns import constant_columns
from dlcli.data.findings.identifier_columns import identifier_columns
from dlcli.data.findings.leak import target_given_away
from dlcli.data.findings.overlap import overlapping_windows
from dlcli.data.findings.splits_apart import splits_apart
from dlcli.data.sources.source import Reading
from dlcli.finding import Setting
from dlcli.view.sentences import told_of_data

SAMPLES = 200


def table(folder: Path, **columns: object) -> dict[str, object]:
    """A block over a table of unlike numbers with the target `y`, a half of it each class, and the given columns."""
    generator = np.random.default_rng(0)
    cells: dict[str, object] = {
        "a": generator.normal(size=SAMPLES).round(6),
        "b": generator.normal(size=SAMPLES).round(6),
        "y": np.where(np.arange(SAMPLES) % 2, "u", "v"),
        **columns,
    }
    rows = zip(*(np.asarray(each, dtype=object) for each in cells.values()), strict=True)
    text = "\n".join([",".join(cells), *(",".join("" if cell is None else str(cell) for cell in row) for row in rows)])
    path = folder / "table.csv"
    path.write_text(text + "\n", encoding="utf-8")
    return {"source": {"csv": str(path)}, "target": "y"}


def load(block: dict[str, object]) -> Dataset:
    return Data.model_validate(block, context=Language()).load(seed=0)


def found(block: dict[str, object]) -> dict[str, tuple[str, str]]:
    return {each.finding: (each.severity, each.evidence) for each in map(told_of_data, findings(load(block)))}


def test_an_array_that_is_the_same_in_each_sample_is_named(tmp_path: Path) -> None:
    same, other = np.tile([1.0, 2.0], (60, 1)), np.random.default_rng(0).normal(size=(60, 2))
    np.savez(tmp_path / "d.npz", x=same, z=other, y=np.arange(60) % 3)
    data = {"source": {"npz": {"path": str(tmp_path / "d.npz"), "inputs": ["x", "z"], "target": "y"}}}
    finding = constant_columns(load({**data, "inputs": {"x": {"columns": ["x"]}, "z": {"columns": ["z"]}}}))
    assert finding is not None
    assert finding.facts["columns"] == ["x"]


def test_a_sound_table_has_no_finding(tmp_path: Path) -> None:
    assert found(table(tmp_path)) == {}


def test_columns_that_never_change_are_named(tmp_path: Path) -> None:
    block = table(tmp_path, c=np.full(SAMPLES, 3), d=np.full(SAMPLES, "same"))
    assert found(block) == {"constant columns": ("warning", "'c', 'd'")}
    assert constant_columns(load(table(tmp_path, c=np.arange(SAMPLES) % 2))) is None


def test_the_names_are_facts_whatever_is_in_them_and_the_setting_leaves_them_out(tmp_path: Path) -> None:
    names = ["it's", "a 'b' c", *(f"c{number}" for number in range(8))]
    (finding,) = findings(load(table(tmp_path, **dict.fromkeys(names, np.full(SAMPLES, 1)))))
    assert (finding.code, finding.where, finding.facts) == ("constant_columns", None, {"columns": names})
    assert finding.advice == [
        Setting(key="data.inputs", old=["a", "b", *names], new=["a", "b"], why="they cannot help")
    ]


def test_no_setting_would_leave_a_model_without_inputs(tmp_path: Path) -> None:
    dataset = load({**table(tmp_path, c=np.full(SAMPLES, 3)), "inputs": ["c"]})
    finding = constant_columns(dataset)
    assert finding is not None
    assert (finding.where, finding.advice) == ("c", [])


def test_a_column_that_counts_the_rows_is_named(tmp_path: Path) -> None:
    block = table(tmp_path, id=np.arange(7, SAMPLES + 7))
    assert found(block)["identifier columns"] == ("warning", "'id' counts the rows")
    assert identifier_columns(load(table(tmp_path, id=np.arange(SAMPLES)[::-1]))) is None


@pytest.mark.parametrize(("prepare", "expected"), [([], 1), (["Normalization"], 0)])
def test_a_wide_spread_is_told_unless_the_inputs_are_prepared(
    tmp_path: Path, prepare: list[str], expected: int
) -> None:
    wide = np.random.default_rng(1).normal(size=SAMPLES).round(4) * 1000
    seen = found({**table(tmp_path, w=wide), "prepare": prepare})
    assert len(seen) == expected
    assert all(name == "inputs far from unit scale" for name in seen)


def test_a_rare_class_is_told_with_its_split(tmp_path: Path) -> None:
    target = ["u"] * (SAMPLES // 2) + ["v"] * (SAMPLES // 2 - 3) + ["w"] * 3
    order = np.random.default_rng(0).permutation(SAMPLES)
    seen = found(table(tmp_path, y=np.array(target)[order]))
    severity, evidence = seen["a class with few samples in a split"]
    assert severity == "warning"
    assert "'w'" in evidence


@pytest.mark.parametrize(("rare", "told"), [(15, True), (30, False)])
def test_imbalance_is_told_from_ten_to_one_on(tmp_path: Path, rare: int, told: bool) -> None:
    target = np.array(["u"] * (SAMPLES - rare) + ["v"] * rare)[np.random.default_rng(0).permutation(SAMPLES)]
    seen = found(table(tmp_path, y=target))
    assert ("imbalanced classes" in seen) is told
    if told:
        assert seen["imbalanced classes"][1] == "'u' has 130 training samples, 'v' 10"


def test_empty_cells_are_counted_by_column(tmp_path: Path) -> None:
    cells = [None if row % 50 == 0 else row / 100 for row in range(SAMPLES)]
    cells[60:120] = cells[120:60:-1]
    block = {**table(tmp_path, c=cells), "missing": "mean"}
    assert found(block)["empty cells"] == ("note", f"'c' {cells.count(None)}")


def test_a_sample_that_stands_twice_is_found_across_splits(tmp_path: Path) -> None:
    half = np.random.default_rng(2).normal(size=SAMPLES // 2).round(6)
    names = np.where(half > 0, "u", "v")
    block = table(tmp_path, a=np.tile(half, 2), b=np.tile(half, 2) * 2, y=np.tile(names, 2))
    assert "the same inputs with other targets" not in found(block)
    severity, evidence = found(block)["the same samples in two splits"]
    dataset = load(block)
    train = {tuple(row) for row in dataset.splits["train"].inputs["features"].tolist()}
    counts = {
        split: sum(tuple(row) in train for row in dataset.splits[split].inputs["features"].tolist())
        for split in ("validation", "test")
    }
    assert severity == "warning"
    assert (
        evidence == f"{counts['validation']} of validation and {counts['test']} of test are in the training split too, "
        "with the same inputs and target"
    )
    # The same inputs under other names are no copies.
    other = np.concatenate([names, np.where(names == "u", "v", "u")])
    turned = found(table(tmp_path, a=np.tile(half, 2), b=np.tile(half, 2) * 2, y=other))
    assert "the same samples in two splits" not in turned
    assert turned["the same inputs with other targets"][1].endswith(
        "have the inputs of a training sample, but another target"
    )
    assert min(counts.values()) > 0


def test_rows_with_the_same_empty_cells_are_the_same(tmp_path: Path) -> None:
    half = np.arange(SAMPLES) % (SAMPLES // 2)
    columns = {"a": [None if row % 2 else row * 7.5 for row in half], "b": half, "y": ["uv"[row % 2] for row in half]}
    assert "the same samples in two splits" in found({**table(tmp_path, **columns), "missing": "mean"})


def test_names_that_differ_in_blanks_alone_are_told(tmp_path: Path) -> None:
    names = ["north east", "northeast", "south", "west"] * (SAMPLES // 4)
    severity, evidence = found(table(tmp_path, y=names))["names that differ in capitals or blanks alone"]
    assert (severity, evidence) == ("warning", "'north east', 'northeast' of 'y' are told apart")


def test_a_sorted_target_is_told(tmp_path: Path) -> None:
    assert found(table(tmp_path, y=["u"] * 120 + ["v"] * 80))["samples in sorted order"] == (
        "note",
        "the target changes only once over 200 rows",
    )


def test_an_input_that_renames_the_target_gives_it_away(tmp_path: Path) -> None:
    target = np.where(np.random.default_rng(3).random(SAMPLES) < 0.5, "u", "v")
    codes, names = np.where(target == "u", 7, 3), np.where(target == "u", "yes", "nope")
    seen = found(table(tmp_path, y=target, c=codes, d=names))
    assert seen["an input gives the target away"] == (
        "warning",
        "'c', 'd' alone tell the target of every training sample",
    )
    almost = codes.copy()
    almost[:20] = 3
    assert "an input gives the target away" not in found(table(tmp_path, y=target, c=almost))


def test_a_column_in_step_with_a_number_gives_it_away(tmp_path: Path) -> None:
    target = np.random.default_rng(4).normal(size=SAMPLES).round(6)
    block = table(tmp_path, y=target, c=(3 * target + 1).round(6))
    assert "an input gives the target away" in found(block)
    noise = np.random.default_rng(5).normal(size=SAMPLES)
    assert "an input gives the target away" not in found(table(tmp_path, y=target, c=(target + noise).round(6)))


def test_tensors_are_described_as_numpy_sees_them(tmp_path: Path) -> None:
    dataset = load({"source": "digits"})
    described = describe_dataset(dataset)
    assert [(each.split, each.role, each.name) for each in described] == [
        (split, role, name)
        for split in ("train", "validation", "test")
        for role, name in (("input", "image"), ("target", "label"))
    ]
    seen = 0
    for each in described:
        samples = dataset.splits[each.split]
        values = samples.inputs["image"] if each.role == "input" else samples.target
        assert (each.shape, each.ndim, each.dtype) == (list(values.shape), values.ndim, str(values.dtype))
        assert (each.bytes, each.missing) == (values.nbytes, 0)
        assert (each.min, each.max, each.mean) == (values.min(), values.max(), pytest.approx(values.mean()))
        seen += 1
    assert seen == 6
    assert described[0].axes == ["samples", "height", "width"]
    assert described[1].classes == dict(
        zip(map(str, range(10)), np.bincount(dataset.splits["train"].target).tolist(), strict=True)
    )


def test_a_table_without_a_target_is_described_column_by_column(tmp_path: Path) -> None:
    data = Data.model_validate(table(tmp_path, c=[None, *range(SAMPLES - 1)]), context=Language())
    described = {each.name: each for each in describe_fields(data.source.read(Reading()))}
    assert {name: (each.role, each.dtype, each.missing) for name, each in described.items()} == {
        "a": ("column", "float64", 0),
        "b": ("column", "float64", 0),
        "y": ("column", "text", 0),
        "c": ("column", "float64", 1),
    }
    assert (described["c"].min, described["c"].max) == (0.0, SAMPLES - 2)
    assert described["y"].mean is None


@pytest.mark.parametrize(
    ("correlation", "told"), [(0.99985, False), (0.99995, True), (-0.99985, False), (-0.99995, True)]
)
def test_a_number_gives_another_away_from_a_correlation_of_0_9999_on(
    correlation: float, told: bool, tmp_path: Path
) -> None:
    generator = np.random.default_rng(4)
    target, other = np.linalg.qr(generator.normal(size=(SAMPLES, 3)) - [[0.5, 0, 0]])[0].T[1:]
    column = correlation * target + np.sqrt(1 - correlation**2) * other
    finding = target_given_away(load(table(tmp_path, y=target, c=column)))
    assert finding is not None
    assert finding.facts["ways"] == {"c": "copy" if told else "ranks"}


@pytest.mark.parametrize(
    ("noise", "inputs", "ways"),
    [(0.1, ["a", "b", "c"], {"c": "ranks"}), (0.13, ["a", "b", "c"], None), (0.1, ["b", "c"], None)],
)
def test_a_number_gives_another_away_but_for_noise_by_their_ranks(
    noise: float, inputs: list[str], ways: dict[str, str] | None, tmp_path: Path
) -> None:
    from scipy.stats import spearmanr

    generator = np.random.default_rng(1)
    target = generator.normal(size=SAMPLES)
    column = np.exp(target + noise * generator.normal(size=SAMPLES))
    block = {**table(tmp_path, y=target, c=column), "inputs": inputs, "split": {"validation": 0, "test": 0}}
    assert bool(spearmanr(column, target).statistic >= 0.99) is (noise < 0.11)
    finding = target_given_away(load(block))
    assert (None if finding is None else finding.facts["ways"]) == ways


@pytest.mark.parametrize(("samples", "told"), [(9, False), (10, True)])
def test_of_fewer_than_ten_training_samples_nothing_is_said_to_be_given_away(
    samples: int, told: bool, tmp_path: Path
) -> None:
    rows = "".join(f"{row * row},{2 * row * row + 1}\n" for row in range(samples))
    (tmp_path / "t.csv").write_text("c,y\n" + rows, encoding="utf-8")
    block = {"source": str(tmp_path / "t.csv"), "target": "y", "split": {"validation": 0, "test": 0}}
    assert (target_given_away(load(block)) is not None) is told


def test_the_histogram_of_a_column_is_that_of_numpy_from_the_least_to_the_greatest(tmp_path: Path) -> None:
    from dlcli.data.description.columns import input_descriptions

    values = np.random.default_rng(7).exponential(size=SAMPLES).round(6)
    dataset = load({**table(tmp_path, c=values), "inputs": ["c"]})
    [column] = input_descriptions(dataset)
    looked_at = dataset.splits["train"].inputs["features"][:, 0]
    counts = np.histogram(looked_at, bins=len(column.histogram))[0].tolist()
    assert column.histogram == counts
    assert counts[0] > counts[-1]


def all_for_training(folder: Path, **columns: object) -> dict[str, object]:
    """A block whose training split is the whole table."""
    return {**table(folder, **columns), "split": {"validation": 0, "test": 0}}


@pytest.mark.parametrize(("rare", "told"), [(4, True), (5, False)])
def test_a_class_is_rare_with_fewer_than_five_training_samples(rare: int, told: bool, tmp_path: Path) -> None:
    target = np.array(["u", "v"] * 98 + ["u"] * 4)
    target[np.arange(rare) * 37 % 196] = "w"
    seen = found(all_for_training(tmp_path, y=target))
    assert ("a class with few samples in a split" in seen) is told


@pytest.mark.parametrize(("most", "told"), [(99, False), (100, True)])
def test_classes_are_imbalanced_from_ten_times_on(most: int, told: bool, tmp_path: Path) -> None:
    target = np.random.default_rng(0).permutation(["u"] * most + ["v"] * 10 + ["w"] * (SAMPLES - most - 10))
    assert ("imbalanced classes" in found(all_for_training(tmp_path, y=target))) is told


@pytest.mark.parametrize(("size", "told"), [(9.99, False), (10.01, True)])
def test_an_input_is_far_from_unit_scale_from_a_deviation_of_ten_on(size: float, told: bool, tmp_path: Path) -> None:
    from dlcli.data.findings.scale import far_from_unit_scale

    dataset = load({**all_for_training(tmp_path, c=[-size, size] * (SAMPLES // 2)), "inputs": ["c"]})
    finding = far_from_unit_scale(dataset)
    assert (finding is not None) is told
    if finding is not None:
        assert finding.facts["inputs"][0]["deviation"] == pytest.approx(size, rel=1e-5)


@pytest.mark.parametrize(
    ("size", "told"), [(999.0, False), (1001.0, True), (1.01e-3, False), (0.99e-3, True), (0.0, False)]
)
def test_a_target_is_far_from_unit_scale_by_three_orders(size: float, told: bool, tmp_path: Path) -> None:
    from dlcli.data.findings.target_scale import target_far_from_unit_scale

    block = all_for_training(tmp_path, y=[-size, size] * (SAMPLES // 2 - 1) + [0.999 * size, -0.999 * size])
    finding = target_far_from_unit_scale(load({**block, "target": {"column": "y", "encode": "none"}}))
    assert (finding is not None) is told
    if finding is not None:
        assert finding.facts["targets"]["y"] == pytest.approx(size, rel=1e-3)
        [setting] = finding.advice
        assert (setting.key, setting.new) == ("data.target", {"column": "y", "scale": "standard"})


@pytest.mark.parametrize(("rows", "told"), [(9, False), (10, True)])
def test_an_order_is_told_of_ten_rows_on(rows: int, told: bool, tmp_path: Path) -> None:
    from dlcli.data.findings.order import sorted_order

    lines = [f"{row * row % 7},{'u' if row < 5 else 'v'}" for row in range(rows)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y", *lines]) + "\n", encoding="utf-8")
    block = {"source": str(tmp_path / "t.csv"), "target": "y", "split": {"validation": 0, "test": 0}}
    assert (sorted_order(load(block)) is not None) is told


def test_a_column_is_described_by_its_five_most_frequent_names_and_sixteen_bins() -> None:
    from dlcli.data.description.columns import seen

    names = np.array([*"aaaaaabbbbbccccdddeeffg", None], dtype=object)
    described = seen("c", names)
    assert (described.names, described.different) == ({"a": 6, "b": 5, "c": 4, "d": 3, "e": 2}, 7)
    assert described.missing == 1
    assert seen("c", np.arange(32.0)).histogram == [2] * 16


def test_one_number_of_a_vector_is_not_the_target(tmp_path: Path) -> None:
    from dlcli.data.findings.leak import target_given_away

    numbers = np.random.default_rng(4).normal(size=(2, SAMPLES)).round(6)
    block = all_for_training(tmp_path, p=numbers[0], q=numbers[1], c=numbers[0])
    vector = load({**block, "target": {"column": ["p", "q"]}, "inputs": ["a", "c"]})
    assert target_given_away(vector) is None
    assert target_given_away(load({**block, "target": "p", "inputs": ["a", "c"]})) is not None


@pytest.mark.parametrize(
    ("values", "left"),
    [
        (1_700_000_000 + np.arange(SAMPLES), 3),
        (16_777_217 + 2 * np.arange(SAMPLES), 101),
        (16_777_216 + 2 * np.arange(SAMPLES), None),
        (4_512_345.25 + np.arange(SAMPLES) / 100, 5),
        (np.arange(SAMPLES) / 100, None),
        (1e9 + np.arange(SAMPLES) * 1e4 + 0.001 * (np.arange(SAMPLES) % 2), None),
    ],
)
def test_numbers_that_a_model_cannot_tell_apart_are_told(values: Any, left: int | None, tmp_path: Path) -> None:
    from dlcli.data.findings.equal_in_32_bits import equal_in_32_bits

    finding = equal_in_32_bits(load(all_for_training(tmp_path, c=np.random.default_rng(0).permutation(values))))
    assert (None if finding is None else finding.facts["columns"]) == (
        None if left is None else {"c": {"different": SAMPLES, "left": left}}
    )


def test_a_target_that_a_model_cannot_tell_apart_is_told(tmp_path: Path) -> None:
    told = found(all_for_training(tmp_path, y=np.random.default_rng(0).permutation(1e9 + np.arange(SAMPLES) / 4)))
    assert "'y' has 200 values, 2 of them in the 32 bits of a model" in told["numbers that become equal"][1]


SERIES: dict[str, tuple[dict[str, Any], str | None, str, str]] = {
    "one series": ({}, None, "time", "so that the test is later than what was trained on"),
    "a group of one name": ({"g": ["a"] * SAMPLES}, "g", "time", "so that the test is later than what was trained on"),
    "several": ({"g": [row // 20 for row in range(SAMPLES)]}, "g", "group:g", "so that no series is in two splits"),
    "fewer than splits": (
        {"g": [row // 100 for row in range(SAMPLES)]},
        "g",
        "time",
        "so that windows of two splits share",
    ),
    "several with days": (
        {
            "g": [row // 25 for row in range(SAMPLES)],
            "when": [f"2024-01-{row % 25 + 1:02d}" for row in range(SAMPLES)],
        },
        "g",
        "time:when",
        "so that the test is later than what was trained on",
    ),
}


@pytest.mark.parametrize("name", SERIES)
def test_what_keeps_windows_apart_depends_on_how_many_series_there_are(name: str, tmp_path: Path) -> None:
    columns, group, by, why = SERIES[name]
    series = {**table(tmp_path, **columns)}
    source = {"series": {"path": str(tmp_path / "table.csv"), "window": 2, **({"group": group} if group else {})}}
    block = {**series, "source": source, "target": "a", "inputs": ["b", *(["when"] if "when" in columns else [])]}
    if "when" in columns:
        block["inputs"] = {"b": {"columns": "b"}, "when": {"columns": "when", "kind": "time"}}
    (finding,) = [each for each in findings(load(block)) if each.code == "overlapping_windows"]
    assert finding.advice[0].new == by
    assert (told_of_data(finding).advice or "").startswith(f"write data.split.by: {by}, {why}")
    mended = findings(load({**block, "split": {"by": by}}))
    assert "overlapping_windows" not in {each.code for each in mended}
    if by == "time:when":
        splits = load({**block, "split": {"by": by}}).splits
        last, first = (int((splits[part].source_rows % 25).max()) for part in ("train", "validation"))
        assert last < first


@pytest.mark.parametrize(("files", "by"), [(1, "time"), (2, "time"), (3, "file")])
@pytest.mark.parametrize("group", [False, True])
def test_files_of_a_series_are_series_of_their_own(files: int, by: str, group: bool, tmp_path: Path) -> None:
    """With a group of one name in all of them too."""
    generator = np.random.default_rng(1)
    for number in range(files):
        rows = [f"{a},{b},g" for a, b in generator.normal(size=(100, 2)).round(6)]
        (tmp_path / f"{number}.csv").write_text("\n".join(["a,b,g", *rows]), encoding="utf-8")
    series = {"path": str(tmp_path / "*.csv"), "window": 2, **({"group": "g"} if group else {})}
    block = {"source": {"series": series}, "target": "a", "inputs": ["b"]}
    (finding,) = [each for each in findings(load(block)) if each.code == "overlapping_windows"]
    assert (finding.advice[0].new, finding.facts["then"]) == (by, {1: "later", 2: "apart", 3: "whole"}[files])
    assert "overlapping_windows" not in {each.code for each in findings(load({**block, "split": {"by": by}}))}


@pytest.mark.parametrize(("by", "stride", "shared"), [("random", 5, True), ("random", 20, False), ("time", 5, False)])
def test_windows_of_a_running_text_overlap_unless_they_stand_apart(
    by: str, stride: int, shared: bool, tmp_path: Path
) -> None:
    """Each of 400 characters stands in four windows of 20; at a stride of 20, in one alone."""
    (tmp_path / "book.txt").write_text("to be, or not to be " * 20, encoding="utf-8")
    source = {"text": {"path": str(tmp_path / "book.txt"), "window": 19, "stride": stride, "split": "character"}}
    block = {"source": source, "target": {"next": "text"}, "split": {"by": by}}
    dataset = load(block)
    found = overlapping_windows(dataset)
    assert (found is not None) is shared
    if found is not None:
        starts = {name: 5 * samples.rows for name, samples in dataset.splits.items()}
        trained = {start + step for start in starts["train"] for step in range(20)}
        for name in ("validation", "test"):
            told = sum(any(start + step in trained for step in range(20)) for start in starts[name])
            assert found.facts["splits"][name] == {"shared": told, "windows": len(starts[name])}
        assert told_of_data(found).advice == "write data.split.by: time, so that no text stands in two splits"


def test_copies_of_files_are_named_and_kept_together_by_a_table(tmp_path: Path) -> None:
    from PIL import Image

    generator, rows = np.random.default_rng(0), ["file,kind,patient"]
    for number in range(60):
        folder = tmp_path / "photos" / "uv"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(generator.integers(0, 255, (6, 6), dtype=np.uint8))
        for name in (f"{number}.png", f"{number}-copy.png") if number < 20 else (f"{number}.png",):
            picture.save(folder / name)
            rows.append(f"photos/{folder.name}/{name},{folder.name},p{number}")
    (tmp_path / "photos.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    [found] = [
        each for each in findings(load({"source": {"images": str(tmp_path / "photos")}})) if each.code == "same_rows"
    ]
    assert 0 < len(found.facts["files"]) <= 3
    for copy, other in found.facts["files"]:
        assert copy != other
        assert Path(copy).read_bytes() == Path(other).read_bytes()
    advice = told_of_data(found).advice
    assert advice is not None
    assert "list the files in a table" in advice
    together = {"source": {"images": str(tmp_path / "photos.csv")}, "target": "kind", "split": {"by": "group:patient"}}
    assert "same_rows" not in [each.code for each in findings(load(together))]
    by_rows = {**together, "split": {"by": "random"}}
    assert "same_rows" in [each.code for each in findings(load(by_rows))]


@pytest.mark.parametrize(("new", "told"), [(30, True), (29, False)])
def test_names_and_targets_that_training_does_not_hold_are_told(tmp_path: Path, new: int, told: bool) -> None:
    names = ["u", "v"] * 50 + ["u"] * (100 - new) + ["w"] * new
    numbers = [*range(100), *[50] * (100 - new), *[105] * new]  # a twentieth of the range beyond it is still as before
    parts = np.where(np.arange(SAMPLES) < 100, "train", "validation")
    keys = {"split": {"by": "column:part", "test": 0}, "inputs": ["a", "c"], "target": {"column": "y"}}
    finding = splits_apart(load({**table(tmp_path, c=names, y=numbers, part=parts), **keys}))
    assert (finding is not None) is told
    if finding is not None:
        assert [(each["name"], each["role"], each["outside"]) for each in finding.facts["moved"]] == [
            ("c", "input", 0.3),
            ("y", "target", 0.3),
        ]
        evidence = "30% of 'c' (input) is nothing that training held in validation, 30% of 'y' (target) is nothing"
        assert told_of_data(finding).evidence.startswith(evidence)
