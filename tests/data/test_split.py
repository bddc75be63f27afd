from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data, Dataset
from dlcli.data.split import Split
from dlcli.errors import DataError

NAMES = ["train", "validation", "test"]
TOO_MUCH = "validation {} and test {} together take {} of the samples; at most 0.9, so that some are left for training"
WAYS = "random, stratified, file, time, time:COLUMN, group:COLUMN or column:COLUMN"


def shares(validation: float, test: float, by: str | None = None) -> Split:
    return Split(validation=validation, test=test, by=by)


def parts_of(
    split: Split, samples: int, *, seed: int = 0, classes: Any = None, column: Any = None
) -> dict[str, list[int]]:
    """The rows of every split, which hold each row once and are ascending."""
    rows = split.rows(samples, seed=seed, classes=None if classes is None else np.asarray(classes), column=column)
    found = {name: part.tolist() for name, part in rows.items()}
    assert all(part == sorted(part) and part for part in found.values())
    together = sorted(row for part in found.values() for row in part)
    assert together == list(range(samples))
    return found


def table(write: Callable[..., Path], header: str, rows: list[str]) -> dict[str, Any]:
    return {"source": {"csv": str(write("\n".join([header, *rows]) + "\n"))}, "target": "y"}


@pytest.mark.parametrize(
    ("samples", "validation", "test", "sizes"),
    [
        (100, 0.15, 0.15, [70, 15, 15]),
        (1000, 0.2, 0.1, [700, 200, 100]),
        (10, 0.3, 0.0, [7, 3]),
        (10, 0.0, 0.3, [7, 3]),
        (7, 0.0, 0.0, [7]),
        (11, 0.15, 0.15, [7, 2, 2]),
        (10, 0.45, 0.45, [2, 4, 4]),
        (150, 0.15, 0.15, [106, 22, 22]),
    ],
)
def test_the_shares_are_kept_to_the_nearest_sample(
    samples: int, validation: float, test: float, sizes: list[int]
) -> None:
    found = parts_of(shares(validation, test), samples)
    assert [len(part) for part in found.values()] == sizes
    assert list(found) == [name for name, share in zip(NAMES, (1, validation, test), strict=True) if share]
    stratified = parts_of(shares(validation, test), samples, classes=[number % 2 for number in range(samples)])
    assert [len(part) for part in stratified.values()] == sizes


@pytest.mark.parametrize("classes", [None, [row % 3 for row in range(90)]])
def test_the_same_seed_gives_the_same_rows_and_another_seed_others(classes: list[int] | None) -> None:
    runs = [parts_of(Split(), 90, seed=seed, classes=classes) for seed in (0, 0, 1, 2)]
    assert runs[0] == runs[1]
    assert len({tuple(run["test"]) for run in runs}) == 3


@pytest.mark.parametrize("classes", [None, [row // 20 for row in range(100)]])
def test_the_last_rows_are_never_the_test_split_by_default(classes: list[int] | None) -> None:
    for seed in range(50):
        found = parts_of(Split(), 100, seed=seed, classes=classes)
        assert found["test"] != list(range(85, 100))
        assert min(found["test"]) < 50
        assert min(found["validation"]) < 50
        assert max(found["train"]) > 85


def test_every_row_can_come_into_every_split() -> None:
    seen = {name: set[int]() for name in NAMES}
    for seed in range(100):
        for name, rows in parts_of(Split(), 20, seed=seed).items():
            seen[name] |= set(rows)
    assert seen == {name: set(range(20)) for name in NAMES}


COUNTS = [
    [100, 100],
    [90, 10],
    [997, 3],
    [50, 50, 50],
    [59, 71, 48],
    [7, 11, 13, 17, 19],
    [178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
    [20, 20, 20, 1, 2, 3],
    [1000, 1, 1, 1],
]


@pytest.mark.parametrize("counts", COUNTS)
@pytest.mark.parametrize(("validation", "test"), [(0.15, 0.15), (0.2, 0.1), (0.3, 0.0), (0.1, 0.4)])
def test_a_stratified_split_keeps_the_share_of_every_class_to_the_nearest_sample(
    counts: list[int], validation: float, test: float
) -> None:
    classes = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    wanted = dict(zip(NAMES, (1 - validation - test, validation, test), strict=True))
    for seed in range(5):
        found = parts_of(shares(validation, test, "stratified"), len(classes), seed=seed, classes=classes)
        for name, rows in found.items():
            seen = np.bincount(classes[rows], minlength=len(counts))
            assert np.abs(seen - wanted[name] * np.array(counts)).max() <= 1 + 1e-9, (name, seed)
            assert len(rows) == (
                len(classes) - sum(round(len(classes) * share) for share in (validation, test))
                if name == "train"
                else round(len(classes) * wanted[name])
            )


@pytest.mark.parametrize(
    ("rare", "wanted"), [(1, [1, 0, 0]), (2, [1, 1, 0]), (3, [2, 1, 0]), (4, [3, 0, 1]), (6, [4, 1, 1])]
)
def test_a_rare_class_is_shared_out_by_the_middle_of_its_samples(rare: int, wanted: list[int]) -> None:
    classes = np.repeat([0, 1], [1000, rare])
    for seed in range(10):
        found = parts_of(Split(), 1000 + rare, seed=seed, classes=classes)
        assert [int(classes[rows].sum()) for rows in found.values()] == wanted


def test_a_random_split_does_not_keep_the_shares_of_classes() -> None:
    classes = np.repeat([0, 1], [900, 100])
    deviations = [
        abs(int(classes[parts_of(shares(0.15, 0.15, "random"), 1000, seed=seed, classes=classes)["test"]].sum()) - 15)
        for seed in range(20)
    ]
    assert max(deviations) > 1


def test_classes_are_stratified_by_default_and_numbers_are_not() -> None:
    classes = np.repeat([0, 1], [900, 100])
    for seed in range(10):
        assert classes[parts_of(Split(), 1000, seed=seed, classes=classes)["test"]].sum() == 15
    assert parts_of(Split(), 50, seed=3) == parts_of(Split(by="random"), 50, seed=3)
    assert parts_of(Split(by="random"), 50, seed=3, classes=[0, 1] * 25) == parts_of(Split(), 50, seed=3)


def test_a_stratified_split_of_numbers_is_refused(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    block = table(write, "a,y", [f"{row},{row / 3}" for row in range(20)])
    assert refuse({**block, "split": {"by": "stratified"}}) == (
        *(DataError, 4, "a stratified split needs classes, and the target holds numbers", None, None),
        "write data.split.by: random",
    )


def test_a_split_by_time_keeps_the_latest_for_the_test() -> None:
    times = np.random.default_rng(0).permutation(100) * 3
    found = parts_of(shares(0.2, 0.1, "time:when"), 100, column=times)
    ends = {name: (times[rows].min(), times[rows].max()) for name, rows in found.items()}
    assert ends == {"train": (0, 207), "validation": (210, 267), "test": (270, 297)}
    assert found == parts_of(shares(0.2, 0.1, "time:when"), 100, seed=9, column=times)


def nearest_borders(times: list[int], shares: tuple[float, float]) -> list[int]:
    """How many samples each split has, found by trying every pair of borders at which a time ends."""
    ordered, size = sorted(times), len(times)
    ends = [at for at in range(1, size) if ordered[at] != ordered[at - 1]]
    test = size - round(size * shares[1])
    train = test - round(size * shares[0])
    pairs = [(first, last) for last in ends for first in ends if first < last]
    first, last = min(pairs, key=lambda pair: (abs(pair[1] - test), pair[1], abs(pair[0] - train), pair[0]))
    return [first, last - first, size - last]


@pytest.mark.parametrize("many", [3, 4, 5, 7, 12, 40, 99])
@pytest.mark.parametrize("both", [(0.15, 0.15), (0.3, 0.1), (0.05, 0.05)])
def test_rows_of_one_time_are_in_one_split(many: int, both: tuple[float, float]) -> None:
    times = np.random.default_rng(many).integers(0, many, 200)
    times[:many] = np.arange(many)
    found = parts_of(shares(*both, "time:when"), 200, column=times)
    assert [len(rows) for rows in found.values()] == nearest_borders(times.tolist(), both)
    held = [{*times[rows].tolist()} for rows in found.values()]
    assert max(held[0]) < min(held[1])
    assert max(held[1]) < min(held[2])


def test_one_border_alone_is_moved_too() -> None:
    times = np.repeat([3, 1, 2], [30, 40, 50])
    assert {name: len(rows) for name, rows in parts_of(shares(0, 0.2, "time:t"), 120, column=times).items()} == {
        "train": 90,
        "test": 30,
    }
    assert len(parts_of(shares(0.4, 0, "time:t"), 120, column=times)["validation"]) == 30
    assert len(parts_of(shares(0.6, 0, "time:t"), 120, column=times)["validation"]) == 80


@pytest.mark.parametrize(("many", "words"), [(1, "one time"), (2, "2 times")])
def test_fewer_times_than_splits_are_refused(many: int, words: str) -> None:
    with pytest.raises(DataError) as refused:
        parts_of(shares(0.2, 0.2, "time:year"), 60, column=np.arange(60) % many)
    assert refused.value.kind == "empty_split"
    assert f"the split is by 'year', which holds {words} alone" in refused.value.message
    if many == 2:
        assert len(parts_of(shares(0, 0.2, "time:year"), 60, column=np.arange(60) % many)["test"]) == 30


@pytest.mark.parametrize(
    "times",
    [
        ["2024-01-31", "2023-12-31", "2024-02-01", "2022-06-15"],
        ["2024-01-31 09:30", "2024-01-30 10:30", "2024-01-31 10:00", "2024-01-29 23:59"],
        ["2024-01-31T09:30:00.5", "2024-01-31T09:30:00", "2024-01-31T09:31", "2024-01-30T00:00"],
        ["2024-03", "2024-02", "2024-10", "2023-12"],
        ["2024/01/31", "2024/01/30", "2024/02/01", "2023/12/31"],
        ["09:30", "08:30", "10:00", "00:15"],
        ["2003", "2002", "2004", "2001"],
        ["2003", "2002-12", "2004-01", "2001-05"],
    ],
)
def test_times_as_text_are_put_in_order(
    times: list[str], write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    rows = [f"{time},{row},{row % 2}" for row, time in enumerate(times)]
    block = table(write, "when,a,y", rows)
    dataset = load({**block, "split": {"validation": 0.25, "test": 0.25, "by": "time:when"}})
    assert {name: part.rows.tolist() for name, part in dataset.splits.items()} == {
        "train": [1, 3],
        "validation": [0],
        "test": [2],
    }
    assert [column.name for column in dataset.schema.inputs[0].columns or []] == ["a"]


@pytest.mark.parametrize("odd", ["31.01.2024", "1/31/2024", "2024-1-31", "31 January", "9:30"])
def test_times_as_text_that_do_not_sort_are_refused(
    odd: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    block = table(write, "when,a,y", [f"2024-01-0{row},{row},{row % 2}" for row in range(1, 6)] + [f"{odd},6,0"])
    assert refuse({**block, "split": {"by": "time:when"}}) == (
        *(DataError, 4, f"the split is by the time in column 'when', which holds '{odd}'", None, None),
        "write times as numbers, or the year first and every part with all its digits: 2024-01-31 09:30",
    )


def test_no_group_is_in_two_splits() -> None:
    generator = np.random.default_rng(0)
    for seed in range(20):
        groups = generator.integers(0, 40, 400)
        found = parts_of(shares(0.2, 0.2, "group:who"), 400, seed=seed, column=groups)
        members = {name: set(groups[rows].tolist()) for name, rows in found.items()}
        assert not members["train"] & members["validation"]
        assert not members["train"] & members["test"]
        assert not members["validation"] & members["test"]
        assert abs(len(found["validation"]) - 80) <= 10
        assert abs(len(found["test"]) - 80) <= 10


def test_groups_by_name_are_drawn_from_the_seed() -> None:
    groups = np.array([f"사람 {row % 10}" for row in range(100)], dtype=object)
    runs = [parts_of(Split(by="group:who"), 100, seed=seed, column=groups) for seed in (0, 0, 1, 2, 3)]
    assert runs[0] == runs[1]
    assert len({tuple(run["test"]) for run in runs}) > 1
    assert len(runs[0]["train"]) == 70
    assert {len(runs[0][name]) for name in NAMES[1:]} == {10, 20}


def test_a_group_column_is_no_input_unless_it_is_asked_for(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    block = table(write, "who,a,y", [f"{row % 10},{row},{row % 2}" for row in range(40)])
    block["split"] = {"by": "group:who"}
    assert [column.name for column in load(block).schema.inputs[0].columns or []] == ["a"]
    asked = load({**block, "inputs": ["who", "a"]})
    assert [column.name for column in asked.schema.inputs[0].columns or []] == ["who", "a"]


def test_a_column_says_which_row_is_in_which_split(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    where = ["test", "train", "train", "validation", "train", "test", "validation"]
    block = table(write, "part,a,y", [f"{part},{row},{row % 2}" for row, part in enumerate(where)])
    dataset = load({**block, "split": {"by": "column:part"}})
    assert {name: part.rows.tolist() for name, part in dataset.splits.items()} == {
        "train": [1, 2, 4],
        "validation": [3, 6],
        "test": [0, 5],
    }
    assert [column.name for column in dataset.schema.inputs[0].columns or []] == ["a"]


@pytest.mark.parametrize("word", ["val", "Train", "0", "train "])
def test_a_split_column_with_another_word_is_refused(
    word: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    block = table(write, "part,a,y", ["train,1,u", f"{word},2,v", "test,3,u"])
    message = f"the column of the split holds '{word}'; expected train, validation or test"
    assert refuse({**block, "split": {"by": "column:part"}}) == (
        *(DataError, 4, message, None, None),
        f"name its words: data.split.by: {{column: part, train: [{word}], test: […]}}",
    )


def worded(write: Callable[..., Path], **words: list[str]) -> dict[str, Any]:
    """Twelve rows whose part is a, A or b, split by these words."""
    block = table(write, "part,a,y", [f"{'aAb'[row % 3]},{row},{'uv'[row % 2]}" for row in range(12)])
    return {**block, "split": {"by": {"column": "part", **words}}}


@pytest.mark.parametrize(
    ("words", "empty", "hint"),
    [
        ({"train": ["nothing"], "test": ["a", "A", "b"]}, ("train", "'nothing'"), "it holds A, a, b"),
        ({"train": ["a", "A", "b"], "validation": ["zz", "yy"]}, ("validation", "'zz' or 'yy'"), "it holds A, a, b"),
        ({"train": ["a", "A", "b"], "test": ["B"]}, ("test", "'B'"), "did you mean 'b'?"),
    ],
)
def test_a_split_whose_words_no_row_holds_is_refused(
    words: dict[str, list[str]],
    empty: tuple[str, str],
    hint: str,
    write: Callable[..., Path],
    refuse: Callable[..., Any],
) -> None:
    message = f"the {empty[0]} split would be empty: no row of 'part' holds {empty[1]}"
    assert refuse(worded(write, **words)) == (DataError, 4, message, None, None, hint)


def test_a_split_of_which_one_word_is_held_is_taken(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    dataset = load(worded(write, train=["a", "zz"], validation=["A"], test=["b", "yy"]))
    rows = {name: part.rows.tolist() for name, part in dataset.splits.items()}
    assert rows == {"train": [0, 3, 6, 9], "validation": [1, 4, 7, 10], "test": [2, 5, 8, 11]}


def test_a_word_of_two_splits_is_refused(write: Callable[..., Path], mistakes: Callable[..., Any]) -> None:
    two = "'{}' is a word of both train and {}"
    for words, message in (
        ({"train": ["a", "A"], "test": ["b", "a"]}, two.format("a", "test")),
        ({"train": ["a", 1], "validation": [1.0]}, two.format("1", "validation")),
    ):
        assert (message, "leave it in one of them") in mistakes(worded(write, **words))
    Data.model_validate(worded(write, train=["a", "a"], test=["A", "b"]), context=Language())


@pytest.mark.parametrize("way", ["time", "group", "column"])
@pytest.mark.parametrize("policy", ["error", "mean"])
def test_an_empty_cell_in_the_column_of_the_split_is_refused(
    way: str, policy: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    block = table(write, "part,a,y", ["train,1,u", ",2,v", "test,3,u", ",4,v"])
    refusal = refuse({**block, "split": {"by": f"{way}:part"}, "missing": policy})
    assert refusal == (
        *(DataError, 4, "empty cells: 'part' 2; the first in row 2", block["source"]["csv"], 3),
        "the split needs every cell of it; write data.missing: drop",
    )


def test_a_row_without_a_split_is_dropped_where_empty_cells_are(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    block = table(write, "part,a,y", ["train,1,u", ",2,v", "test,3,u", "train,4,v", "validation,5,v"])
    dataset = load({**block, "split": {"by": "column:part"}, "missing": "drop"})
    assert {name: part.rows.tolist() for name, part in dataset.splits.items()} == {
        "train": [0, 3],
        "validation": [4],
        "test": [2],
    }


@pytest.mark.parametrize("way", ["time", "group", "column"])
def test_a_column_that_is_not_there_cannot_split(
    way: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    block = table(write, "a,y", ["1,u", "2,v"])
    message = "the split is by column 'part', which the data does not have; it has: a, y"
    assert refuse({**block, "split": {"by": f"{way}:part"}})[:3] == (DataError, 4, message)


@pytest.mark.parametrize(
    ("samples", "split", "empty"),
    [
        (1, {}, "validation"),
        (3, {}, "validation"),
        (3, {"validation": 0.4, "test": 0.1}, "test"),
        (2, {"validation": 0.45, "test": 0.45}, "train"),
    ],
)
def test_a_split_that_would_be_empty_is_refused(
    samples: int, split: dict[str, float], empty: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    block = table(write, "a,y", [f"{row},{row / 7 + 0.1}" for row in range(samples)])
    refusal = refuse({**block, "split": split}, labels="numbers")
    assert refusal[1:] == (
        *(
            4,
            f"the {empty} split would be empty: there {'is 1 sample' if samples == 1 else f'are {samples} samples'}",
            None,
            None,
        ),
        "write data.split: {validation: 0, test: 0} or more data",
    )


@pytest.mark.parametrize(
    ("words", "split", "hint"),
    [
        (["train", "validation"], "test", "the column says the split of each row: write data.split.test: 0"),
        (["train", "test"], "validation", "the column says the split of each row: write data.split.validation: 0"),
        (["validation", "test"], "train", "the split of each row is the word in that column; some are to be 'train'"),
    ],
)
def test_a_split_that_no_row_of_its_column_names_is_told_as_that(
    words: list[str], split: str, hint: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    block = table(write, "part,a,y", [f"{words[row % 2]},{row},{row / 7}" for row in range(12)])
    refusal = refuse({**block, "split": {"by": "column:part"}}, labels="numbers")
    assert refusal.message == f"the {split} split would be empty: no row of 'part' holds '{split}'"
    assert (refusal.code, refusal.hint[: len(hint)]) == (4, hint)


def test_fewer_groups_than_splits_are_refused(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    block = table(write, "who,a,y", [f"{row % 2},{row},{row % 2}" for row in range(20)])
    refusal = refuse({**block, "split": {"by": "group:who"}})
    assert (refusal.code, refusal.message) == (4, "the validation split would be empty: there are 20 samples")


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"validation": 0.5, "test": 0.5}, TOO_MUCH.format("0.5", "0.5", "1")),
        ({"validation": 0.85}, TOO_MUCH.format("0.85", "0.15", "1")),
        ({"test": 0.8}, TOO_MUCH.format("0.15", "0.8", "0.95")),
        ({"validation": -0.1}, "Input should be greater than or equal to 0"),
        ({"validation": 1.0}, "Input should be less than 1"),
        ({"test": 15}, "Input should be less than 1"),
        ({"test": "0.15"}, "Input should be a valid number"),
        ({"test": float("nan")}, "Input should be a finite number"),
        ({"by": "date"}, f"'by' must be {WAYS}, found 'date'"),
        ({"by": "time:"}, f"'by' must be {WAYS}, found 'time:'"),
        ({"by": "random:a"}, f"'by' must be {WAYS}, found 'random:a'"),
        ({"train": 0.7}, "Extra inputs are not permitted"),
    ],
)
def test_an_impossible_split_is_refused_before_anything_is_read(
    split: dict[str, Any], message: str, mistakes: Callable[..., Any]
) -> None:
    assert (message, None) in mistakes({"source": "iris", "split": split})


def test_a_column_name_of_a_split_may_hold_a_colon(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    block = table(write, "a:b,a,y", [f"{row},{row},{row % 2}" for row in range(20)])
    dataset = load({**block, "split": {"by": "time:a:b"}})
    assert dataset.splits["test"].rows.tolist() == [17, 18, 19]


def test_the_splits_of_a_data_set_hold_what_their_rows_held(load: Callable[..., Dataset]) -> None:
    dataset = load({"source": "iris"}, seed=5)
    seen = Counter[str]()
    for name, part in dataset.splits.items():
        species = dataset.fields.arrays["species"][part.rows]
        assert [(dataset.classes or [])[index] for index in part.target] == species.tolist()
        lengths = dataset.fields.arrays["petal_length"][part.rows]
        assert part.inputs["features"][:, 2].tolist() == lengths.tolist()
        seen[name] += len(part)
    assert seen == {"train": 106, "validation": 22, "test": 22}


def test_as_many_groups_as_are_needed_fill_every_split() -> None:
    groups = np.repeat(["a", "b", "c", "d"], [60, 58, 57, 61])
    for seed in range(20):
        found = parts_of(shares(0.15, 0.15, "group:who"), len(groups), seed=seed, column=groups)
        assert list(found) == NAMES
        assert len(found["train"]) > len(found["validation"])


def test_the_largest_group_is_dealt_first() -> None:
    groups = np.array(["the largest"] * 50 + [f"g{number}" for number in range(50)])
    for seed in range(20):
        found = parts_of(shares(0.25, 0.25, "group:who"), 100, seed=seed, column=groups)
        assert [len(found[name]) for name in NAMES] == [50, 25, 25]
        assert found["train"] == list(range(50))


@pytest.mark.parametrize("encode", ["index", "one_hot"])
def test_classes_are_stratified_however_they_are_encoded(
    encode: str, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    block = table(write, "a,y", [f"{row},{'u' if row % 5 == 0 else 'v'}" for row in range(200)])
    block |= {"target": {"column": "y", "encode": encode}, "split": {"validation": 0.25, "test": 0.25}}
    dataset = load(block)
    target = dataset.schema.targets[0]
    assert [dataset.class_counts(name, target) for name in NAMES] == [
        {"u": 20, "v": 80},
        {"u": 10, "v": 40},
        {"u": 10, "v": 40},
    ]
