"""No other constant answer costs less than the one of the baseline, under every loss and its arguments."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from siblings import some

from dlcli.config.catalogue import keras_catalogue
from dlcli.data.schema import TargetSchema
from dlcli.loss import logits, needs
from dlcli.training.constant_answer import ConstantAnswer, constant_answer

Array = np.ndarray[Any, Any]
BINARY: list[Any] = [
    "binary_crossentropy",
    {"BinaryCrossentropy": {"label_smoothing": 0.2}},
    {"BinaryCrossentropy": {"from_logits": True, "label_smoothing": 0.2}},
    "binary_focal_crossentropy",
    {"BinaryFocalCrossentropy": {"gamma": 4.0, "from_logits": True}},
    {"BinaryFocalCrossentropy": {"apply_class_balancing": True, "alpha": 0.8, "label_smoothing": 0.1}},
    "squared_hinge",
    "hinge",
    "mse",
    "mae",
    "dice",
    "tversky",
    {"Tversky": {"alpha": 0.9, "beta": 0.1}},
    {"Tversky": {"alpha": 0.01, "beta": 3.0}},
    "kl_divergence",
    "poisson",
]
ONE_HOT: list[Any] = [
    "categorical_crossentropy",
    {"CategoricalCrossentropy": {"label_smoothing": 0.3}},
    {"CategoricalCrossentropy": {"label_smoothing": 0.3, "from_logits": True}},
    "categorical_focal_crossentropy",
    {"CategoricalFocalCrossentropy": {"gamma": 5.0, "from_logits": True}},
    {"CategoricalFocalCrossentropy": {"alpha": [0.1, 0.5, 2.0]}},
    "categorical_hinge",
    "kl_divergence",
    "dice",
    "tversky",
    {"Tversky": {"alpha": 0.9, "beta": 0.1}},
    "mse",
    "cosine_similarity",
]
CLASSES: list[Any] = [
    "sparse_categorical_crossentropy",
    {"SparseCategoricalCrossentropy": {"from_logits": True}},
    "categorical_generalized_cross_entropy",
    {"CategoricalGeneralizedCrossEntropy": {"q": 0.1}},
    {"CategoricalGeneralizedCrossEntropy": {"q": 0.9}},
]
NUMBERS: list[Any] = ["cosine_similarity", "mse", "mae", "huber", {"Huber": {"delta": 0.1}}, "log_cosh"]


def schema_of(encode: str, classes: int | None) -> TargetSchema:
    names = None if classes is None else [str(number) for number in range(classes)]
    return TargetSchema(name="y", encode=encode, classes=names, axes=["samples"], shape=[])  # type: ignore[arg-type]


def costs(loss: Any, target: Array, answers: Array, weights: Array | None = None) -> Array:
    """The loss (answers,) of Keras where each sample gets one of the answers (answers, …)."""
    given = target.astype(np.int64 if needs(loss) == "classes" else np.float32)
    said = np.broadcast_to(answers[:, None], (len(answers), len(target), *answers.shape[1:])).astype(np.float32)
    if loss.traits.get("constant") == "joined":
        built = loss.made_by()(**loss.values({}))
        return np.array([float(built(given, each)) for each in said])
    built = loss.made_by()(**loss.values({}), reduction=None)
    repeated = np.broadcast_to(given, (len(answers), *given.shape)).reshape(-1, *given.shape[1:])
    each = np.asarray(built(repeated, said.reshape(-1, *answers.shape[1:])), np.float64).reshape(len(answers), -1)
    wide = None if weights is None else np.repeat(weights, each.shape[1] // len(target))
    return np.asarray(np.average(each, axis=1, weights=wide))


def costs_least(loss: Any, target: Array, answer: ConstantAnswer, grid: list[Array], weights: Any = None) -> None:
    shown, *others = costs(loss, target, np.stack([answer.values.reshape(grid[0].shape), *grid]), weights)
    assert shown <= min(others) + 1e-4 * abs(min(others)) + 1e-6
    assert max(others) > shown  # the grid tells answers apart


def raw(loss: Any, chance: Array) -> Array:
    if not logits(loss):
        return chance
    clipped = np.clip(chance, 1e-7, 1 - 1e-7)
    return np.asarray(np.log(clipped / (1 - clipped)) if needs(loss) == "binary" else np.log(clipped))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", some(BINARY, 2), ids=str)
@pytest.mark.parametrize("share", [0.07, 0.6])
def test_of_yes_and_no(loss: Any, share: float, weighted: bool) -> None:
    read = keras_catalogue().read("losses", loss)
    target = (np.random.default_rng(1).random((300, 1)) < share).astype(np.float32)
    joined = read.traits["constant"] == "joined"  # a loss of all samples together is weighed as a whole
    weights = np.where(np.arange(300) % 3, 1.0, 4.0) if weighted and not joined else None
    answer = constant_answer(read, schema_of("index", 2), target, (1,), weights=weights)
    points = np.linspace(-1, 1, 81) if "hinge" in read.written else np.linspace(0, 1, 201)
    costs_least(read, target, answer, [raw(read, np.array([each])) for each in points], weights)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", some(ONE_HOT + CLASSES, 2), ids=str)
@pytest.mark.parametrize("counts", [[30, 60, 10], [40, 35, 25], [100, 0, 0]])
def test_of_classes(loss: Any, counts: list[int], weighted: bool) -> None:
    read = keras_catalogue().read("losses", loss)
    labels = np.random.default_rng(2).permutation(np.repeat(np.arange(3), counts))
    joined = read.traits.get("constant") == "joined"
    weights = np.where(np.arange(100) % 3, 1.0, 4.0) if weighted and not joined else None
    sparse = needs(read) == "classes"
    target = labels if sparse else np.eye(3, dtype=np.float32)[labels]
    schema = schema_of("index" if sparse else "one_hot", 3)
    answer = constant_answer(read, schema, target, (3,), weights=weights)
    steps = np.linspace(0, 1, 21)
    pairs = [(a, b, 1 - a - b) for a, b in itertools.product(steps, steps) if a + b <= 1 + 1e-9]
    chances = [np.clip(np.array(each), 0, 1) for each in pairs]
    assert len(chances) == 231
    costs_least(read, target, answer, [raw(read, each) for each in chances], weights)


@pytest.mark.parametrize("loss", ["categorical_focal_crossentropy", "binary_focal_crossentropy", "kl_divergence"])
def test_of_shares(loss: str) -> None:
    read = keras_catalogue().read("losses", loss)
    target = np.random.default_rng(3).dirichlet([1.0, 3.0, 0.5], 200).astype(np.float32)
    binary = needs(read) == "binary"
    target = target[:, :1] if binary else target
    answer = constant_answer(read, schema_of("none", None), target, (target.shape[1],))
    steps = np.linspace(0, 1, 41)
    grid = [np.array([a]) for a in steps]
    if not binary:
        grid = [np.array([a, b, max(0, 1 - a - b)]) for a, b in itertools.product(steps, steps) if a + b <= 1 + 1e-9]
    costs_least(read, target, answer, grid)
    assert answer.method == ("mean" if loss == "kl_divergence" else "best constant")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", NUMBERS, ids=str)
def test_of_vectors(loss: Any, weighted: bool) -> None:
    read = keras_catalogue().read("losses", loss)
    target = np.random.default_rng(4).normal([2, -1], [3, 0.5], (200, 2)).astype(np.float32)
    weights = np.where(np.arange(200) % 3, 1.0, 4.0) if weighted else None
    answer = constant_answer(read, schema_of("none", None), target, (2,), weights=weights)
    steps = np.linspace(-4, 4, 33)
    grid = [np.array([a, b]) for a, b in itertools.product(steps, steps) if a or b]
    assert len(grid) == 1088
    costs_least(read, target, answer, grid[::7], weights)


@pytest.mark.parametrize("loss", ["dice", "tversky", {"Dice": {"axis": [1, 2]}}, "binary_focal_crossentropy", "mse"])
def test_a_mask_has_one_answer_for_all_places(loss: Any) -> None:
    read = keras_catalogue().read("losses", loss)
    target = (np.random.default_rng(5).random((40, 6, 5, 1)) < 0.3).astype(np.float32)
    answer = constant_answer(read, schema_of("none", None), target, (6, 5, 1))
    assert answer.values.size == 1
    whole = np.broadcast_to(answer.values, (6, 5, 1))
    grid = [np.full((6, 5, 1), each) for each in np.linspace(0, 1, 101)]
    costs_least(read, target, ConstantAnswer(whole, ""), grid)


def test_every_loss_with_a_constant_is_tried() -> None:
    tried = {keras_catalogue().read("losses", each).name for each in (*BINARY, *ONE_HOT, *CLASSES, *NUMBERS)}
    alone = {"MeanAbsolutePercentageError", "MeanSquaredLogarithmicError"}  # in test_constant_answers
    known = keras_catalogue().kinds["losses"]
    without = {name for name, each in known.items() if "constant" not in each["traits"]}
    assert without == {"minimize", "CTC", "Circle", "CategoricalHinge"}
    assert tried | alone == {*known} - {"minimize", "CTC", "Circle"}


@pytest.mark.parametrize(
    ("loss", "units"), [("binary_crossentropy", 1), ("sparse_categorical_crossentropy", 2), ("mse", 1)]
)
def test_what_stands_at_places_that_do_not_count_names_no_answer(loss: str, units: int) -> None:
    """Two classes at each step of series of unequal length: what is the majority class under softmax is so under sigmoid."""
    target = np.array([[0, 1, -1], [1, 1, 1], [1, -1, -1]], np.float32)
    counts = (target >= 0).astype(np.float32)
    read = keras_catalogue().read("losses", loss)
    given = target.astype(np.int64) if units == 2 else target
    answer = constant_answer(read, schema_of("index", 2), given, (3, units), weights=counts)
    assert answer.method == ("mean" if loss == "mse" else "majority class")
    np.testing.assert_allclose(answer.values.ravel()[-1], 5 / 6, atol=1e-6)
    whole = constant_answer(read, schema_of("index", 2), given[1:2], (3, units))
    assert whole.method == answer.method
