"""Labels as people have them: their order, void ones, column vectors, soft ones, -1 and 1, truth values, more units."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.data.target_labels import UNKNOWN, VOID, label_codes, label_key, label_order
from dlcli.errors import DataError
from dlcli.spec import Wanted

Load = Callable[..., Dataset]
UNSPLIT = {"validation": 0.0, "test": 0.0}


def of_array(folder: Path, y: Any, load: Load, *, target: Any = "y", wanted: Any = "classes", **arrays: Any) -> Dataset:
    """The data set of an array of labels."""
    np.savez(folder / "d.npz", x=np.ones((len(y), 2), np.float32), y=np.asarray(y), **arrays)
    source = {"npz": {"path": str(folder / "d.npz"), "inputs": "x", "target": "y"}}
    return load({"source": source, "target": target, "split": UNSPLIT}, labels=wanted)


def of_table(folder: Path, labels: list[Any], load: Load, *, target: Any = "y", wanted: Any = "classes") -> Dataset:
    """The data set of a table of labels."""
    (folder / "d.csv").write_text("a,y\n" + "".join(f"{row}.5,{each}\n" for row, each in enumerate(labels)))
    return load({"source": str(folder / "d.csv"), "target": target, "split": UNSPLIT}, labels=wanted)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["1", "-1", "1"], ["-1", "1"]),
        (["10", "2", "1"], ["1", "2", "10"]),
        (["0.5", "-0.25", "3"], ["-0.25", "0.5", "3"]),
        (["b", "10", "9", "a"], ["9", "10", "a", "b"]),
        (["007", "7", "10"], ["7", "10", "007"]),
        (["no", "yes"], ["no", "yes"]),
        (["12345678901234567891", "12345678901234567890"], ["12345678901234567890", "12345678901234567891"]),
    ],
)
def test_classes_that_are_numbers_stand_in_their_order(
    labels: list[str], classes: list[str], tmp_path: Path, load: Load
) -> None:
    assert sorted(set(labels), key=label_order) == classes
    dataset = of_table(tmp_path, labels * 2, load, target={"column": "y", "encode": "index"})
    assert dataset.classes == classes
    assert [classes[code] for code in dataset.splits["train"].target[:].tolist()] == labels * 2


def test_what_means_the_same_is_the_same_label() -> None:
    assert label_key("1.0") == label_key(1) == label_key("1") == label_key(np.int64(1)) == "1"
    assert label_key("TRUE") == label_key(True) == label_key("true")
    assert len({label_key(each) for each in ("01", "1", "a", "A", "-1", "1e-3")}) == 6
    assert label_key("100") == label_key(100.0)
    codes = label_codes(np.array([1.0, 2.0, 255.0, 7.0]), ["1", "2"], [255])
    assert codes.tolist() == [0, 1, VOID, UNKNOWN]
    assert label_codes(np.array(["b", "?", "a"], object), ["a", "b"], ["?"]).tolist() == [1, VOID, 0]


@pytest.mark.parametrize("classes", [[1, -1], ["1", "-1"], [1.0, "-1"]])
def test_classes_need_no_quotes_and_choose_the_positive_one(classes: list[Any], tmp_path: Path, load: Load) -> None:
    dataset = of_table(tmp_path, [-1, 1, 1], load, target={"column": "y", "classes": classes}, wanted="binary")
    assert dataset.splits["train"].target[:].tolist() == [1, 0, 0]
    assert dataset.schema.targets[0].positive == "-1"
    truths = of_table(
        tmp_path, ["True", "False", "True"], load, target={"column": "y", "classes": [True, False]}, wanted="binary"
    )
    assert truths.splits["train"].target[:].tolist() == [0, 1, 0]


@pytest.mark.parametrize(("wanted", "labels"), [("classes", [0, 1, 2, 1]), ("binary", [0, 1, 1, 0])])
def test_labels_in_a_column_vector_are_labels(wanted: str, labels: list[int], tmp_path: Path, load: Load) -> None:
    column = np.array(labels)[:, None]
    dataset = of_array(tmp_path, column, load, wanted=wanted)
    assert dataset.classes == [str(each) for each in sorted(set(labels))]
    assert dataset.splits["train"].target[:].tolist() == labels
    assert dataset.schema.targets[0].shape == []
    numbers = of_array(tmp_path, column, load, wanted="numbers")
    assert numbers.classes is None
    one_hot = of_array(tmp_path, column, load, target={"column": "y", "encode": "one_hot"}, wanted="classes")
    assert one_hot.splits["train"].target[:].argmax(axis=1).tolist() == labels


def test_masks_with_an_axis_of_one_and_classes_of_their_own(tmp_path: Path, load: Load) -> None:
    masks = np.random.default_rng(0).integers(1, 4, (6, 5, 5, 1))
    dataset = of_array(tmp_path, masks, load, target={"column": "y", "classes": ["1", "2", "3"]})
    assert (dataset.classes, dataset.schema.targets[0].shape) == (["1", "2", "3"], [5, 5])
    np.testing.assert_array_equal(dataset.splits["train"].target[:], masks[..., 0] - 1)
    vectors = of_array(tmp_path, masks, load, target={"column": "y", "encode": "one_hot"}, wanted="one_hot")
    assert vectors.schema.targets[0].shape == [5, 5, 3]
    np.testing.assert_array_equal(vectors.splits["train"].target[:].argmax(axis=-1), masks[..., 0] - 1)
    assert vectors.class_counts("train", vectors.schema.targets[0]) == {
        str(each): int((masks == each).sum()) for each in (1, 2, 3)
    }


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ({"column": "y", "void": 255}, Wanted("classes")),
        ({"column": "y", "void": [255, 9]}, Wanted("classes")),
        ("y", Wanted("classes", void=(255,))),
        ({"column": "y", "void": 255, "encode": "one_hot"}, Wanted("one_hot")),
    ],
)
@pytest.mark.parametrize("shape", [(40,), (40, 1), (40, 3, 3)])
def test_a_void_label_is_no_class_and_counts_nowhere(
    target: Any, wanted: Wanted, shape: tuple[int, ...], tmp_path: Path, load: Load
) -> None:
    y = np.random.default_rng(1).integers(0, 3, shape)
    y.ravel()[::5] = 255
    dataset = of_array(tmp_path, y, load, target=target, wanted=wanted)
    (schema,) = dataset.schema.targets
    assert schema.classes == ["0", "1", "2"]
    assert dataset.class_counts("train", schema) == {str(each): int((y == each).sum()) for each in range(3)}
    encoded = dataset.splits["train"].target[:]
    if schema.encode == "one_hot":
        assert encoded.shape[-1] == 3
        assert (encoded.sum(axis=-1) == 0).sum() == (y == 255).sum()
    else:
        assert (encoded == VOID).sum() == (y == 255).sum()
    refused = Wanted("classes") if schema.encode != "one_hot" else None
    if refused is not None and len(shape) == 1:
        from dlcli.errors import DataError

        with pytest.raises(DataError):
            of_array(tmp_path, y, load, wanted=refused)


VALUES = {"names": ["p", "q", "p", "r"], "numbers": [5, 7, 5, 8], "places": [["p", "q"], ["r", "p"]]}
VALUES["pixels"] = [[5, 7], [8, 5]]


@pytest.mark.parametrize(
    ("held", "encode"),
    [
        *(("names", each) for each in (None, "index", "one_hot")),
        *(("numbers", each) for each in (None, "index", "one_hot")),
        ("places", "index"),
        ("pixels", "index"),
        ("pixels", "one_hot"),
    ],
)
def test_a_target_of_void_labels_alone_is_refused(held: str, encode: str | None, tmp_path: Path, load: Load) -> None:
    labels, is_names = VALUES[held], held in {"names", "places"}
    rows = [json.dumps({"a": row, "y": label}) for row, label in enumerate(labels)]
    (tmp_path / "d.jsonl").write_text("\n".join(rows))

    def loaded(void: list[Any]) -> Dataset:
        target = {"column": "y", "encode": encode, "void": void}
        wanted = "one_hot" if encode == "one_hot" else "classes"
        if held == "pixels":
            return of_array(tmp_path, labels, load, target=target, wanted=wanted)
        block = {"source": str(tmp_path / "d.jsonl"), "target": target, "split": UNSPLIT}
        return load(block, labels=wanted)

    with pytest.raises(DataError) as caught:
        loaded(["p", "q", "r"] if is_names else [5, 7, 8])
    assert (caught.value.kind, caught.value.message) == (
        "only_void",
        "the target 'y' holds no label that counts: all are void",
    )
    if encode is not None:  # one less: two classes are left
        classes = loaded(["r"] if is_names else [8]).schema.targets[0].classes
        assert classes == (["p", "q"] if is_names else ["5", "7"])


def test_soft_labels_are_known_by_values_that_are_not_whole(tmp_path: Path, load: Load) -> None:
    soft = of_array(tmp_path, [0.0, 1 / 3, 2 / 3, 1.0], load, wanted="binary")
    assert soft.classes is None
    np.testing.assert_allclose(soft.splits["train"].target[:], [0, 1 / 3, 2 / 3, 1], rtol=1e-6)
    whole = of_array(tmp_path, [0.0, 1.0, 1.0, 0.0], load, wanted="binary")
    assert whole.classes == ["0", "1"]
    from dlcli.errors import DataError

    with pytest.raises(DataError, match="no whole number"):
        of_array(tmp_path, [0.0, 1.5, 1.0], load, wanted="binary")


def test_minus_one_and_one_stand_as_they_are_for_hinge_losses_alone(tmp_path: Path, load: Load) -> None:
    from dlcli.errors import DataError

    signs = of_array(tmp_path, [-1, 1, 1, -1], load, wanted=Wanted("binary", signs=True))
    assert (signs.classes, signs.splits["train"].target[:].tolist()) == (["-1", "1"], [0, 1, 1, 0])
    with pytest.raises(DataError, match="a loss for two classes needs 0 and 1"):
        of_array(tmp_path, [-1, 1, 1, -1], load, wanted=Wanted("binary"))


def test_true_and_false_are_several_targets_of_one_and_zero(tmp_path: Path, load: Load) -> None:
    (tmp_path / "d.csv").write_text("a,rain,wind\n1.5,True,False\n2.5,False,True\n3.5,True,True\n")
    block = {"source": str(tmp_path / "d.csv"), "inputs": ["a"], "target": ["rain", "wind"], "split": UNSPLIT}
    dataset = load(block, labels="binary")
    assert dataset.splits["train"].target[:].tolist() == [[1, 0], [0, 1], [1, 1]]


@pytest.mark.parametrize(
    ("target", "wanted", "classes"),
    [
        ({"column": "y", "classes": 100}, Wanted("classes"), 100),
        ("y", Wanted("classes", units=8), 8),
        ({"column": "y", "encode": "none"}, Wanted("classes", units=7), 7),
    ],
)
def test_there_may_be_more_classes_than_occur(
    target: Any, wanted: Wanted, classes: int, tmp_path: Path, load: Load
) -> None:
    dataset = of_array(tmp_path, [0, 2, 6, 2], load, target=target, wanted=wanted)
    assert dataset.classes == [str(each) for each in range(classes)]
    assert dataset.splits["train"].target[:].tolist() == [0, 2, 6, 2]
    if wanted.units is not None:
        assert dataset.notes == (f"the layers put out {wanted.units} values, and 3 classes of 'y' occur",)


def test_labels_that_the_layers_have_no_unit_for_are_refused(tmp_path: Path, load: Load) -> None:
    from dlcli.errors import DataError

    with pytest.raises(DataError, match="expected 0 to 2"):
        of_array(tmp_path, [0, 2, 6, 2], load, wanted=Wanted("classes", units=6))
    contiguous = of_array(tmp_path, [0, 1, 2], load, wanted=Wanted("classes", units=3))
    assert contiguous.notes == ()
