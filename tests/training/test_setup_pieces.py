"""What is looked at before the first step, piece by piece: shapes, ranges, ids, memory, weights, constant answers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dlcli.config.catalogue import keras_catalogue
from dlcli.errors import BlockError, ConflictError, DataError
from dlcli.training.constant import constant_number, constant_scores, untied, weighted_mean, weighted_median
from dlcli.training.setup.feed import Feed
from dlcli.training.setup.ids import WrongId, wrong_in
from dlcli.training.setup.target_range import beyond_range, range_of
from dlcli.training.setup.trial import LayerFault, check_said_shape


def shaped(*shape: int | None) -> Any:
    return SimpleNamespace(shape=shape)


@pytest.mark.parametrize(
    ("output", "said", "unlike"),
    [
        (shaped(4, 3), shaped(None, 3), False),
        (shaped(4, 3), shaped(4, 2), True),
        (shaped(4, 3, 5), shaped(None, 3), True),
        (shaped(4, 3), shaped(None, 3, 5), True),
        (shaped(4, 3, 5), shaped(None, None, 5), False),
        (shaped(4, None, 5), shaped(None, 3, 6), True),
        (shaped(4, 2, 5), shaped(None, 3, 5), True),
        ("a text", shaped(None, 3), False),
        (shaped(4, 3), None, False),
    ],
)
def test_an_output_of_another_shape_than_was_said_is_a_fault(output: Any, said: Any, unlike: bool) -> None:
    if unlike:
        with pytest.raises(LayerFault, match="it puts out"):
            check_said_shape(output, said)
    else:
        check_said_shape(output, said)


def test_an_output_whose_rank_is_open_is_no_fault() -> None:
    import tensorflow as tf

    check_said_shape(SimpleNamespace(shape=tf.TensorShape(None)), shaped(None, 3))


@pytest.mark.parametrize(
    ("least", "most", "row"),
    [(None, None, None), (0.0, None, 2), (None, 1.0, 1), (0.0, 1.0, 1), (-1.0, 2.0, None), (-0.9, 2.0, 2)],
)
def test_the_first_value_outside_a_range_is_found_and_its_ends_are_inside(
    least: float | None, most: float | None, row: int | None
) -> None:
    target = np.array([[0.0, 1.0], [0.5, 2.0], [-1.0, 0.5]])
    beyond = beyond_range(target, least, most)
    assert (int(np.argmax(beyond)) if beyond.any() else None) == row
    assert (beyond_range(target[:, 0], least, most) == beyond_range(target[:, :1], least, most)).all()


@pytest.mark.parametrize(("value", "is_beyond"), [(1.000001, False), (1.000002, True), (-1e-6, False), (-2e-6, True)])
def test_what_rounding_puts_beside_0_and_1_is_taken(value: float, is_beyond: bool) -> None:
    assert beyond_range(np.array([0.5, value]), 0.0, 1.0).tolist() == [False, is_beyond]
    assert beyond_range(np.array([0.5, value]), 0.0, None).tolist() == [False, value < 0]


@pytest.mark.parametrize(
    ("written", "values", "message"),
    [
        ("AUC", [0.5, 2.0], "AUC reads targets of 0 to 1, and this one is 2 in row 8"),
        ("AUC", [0.5, -0.5], "AUC reads targets of 0 to 1, and this one is -0.5 in row 8"),
        ("AUC", [0.0, 1.0, 1.5], "AUC reads targets of 0 to 1, and this one is 1.5 in row 8"),
        ("poisson", [0.0, 7.0, -3.0], "poisson reads targets of 0 or more, and this one is -3 in row 8"),
    ],
)
def test_the_value_that_cannot_be_read_is_shown_with_its_row(written: str, values: list[float], message: str) -> None:
    from dlcli.training.setup.target_range import Beyond

    kind = "losses" if written == "poisson" else "metrics"
    fields: Any = SimpleNamespace(where=lambda row: ("t.csv", row + 2, f"row {row + 1}"))
    reader = keras_catalogue().read(kind, written)
    beyond = Beyond(reader, np.array([values]), np.array([7]), np.array([True]))
    error = beyond.error(fields, beyond.hint())
    assert (error.message, error.file, error.line) == (message, "t.csv", 9)
    assert error.hint == ("write loss: mse" if kind == "losses" else "write metrics: [mae] or [r2_score]")


@pytest.mark.parametrize(("wrong", "of_data"), [(1, True), (2, False)])
def test_few_values_that_a_loss_cannot_read_are_of_the_data_and_many_of_the_loss(wrong: int, of_data: bool) -> None:
    from dlcli.training.setup.target_range import Beyond

    target = np.where(np.arange(10) < wrong, -1.0, 3.0)
    beyond = Beyond(keras_catalogue().read("losses", "poisson"), target, np.arange(10), target < 0)
    few = "correct such rows, or leave them out; a loss such as mse reads any number"
    assert beyond.hint() == (few if of_data else "write loss: mse")


@pytest.mark.parametrize(
    ("wanted", "devices", "deterministic"),
    [(True, [], True), (True, ["GPU:0"], True), (False, [], False), ("auto", [], True), ("auto", ["GPU:0"], False)],
)
def test_operations_are_deterministic_where_that_is_wanted_or_there_is_a_cpu_alone(
    wanted: str | bool, devices: list[str], deterministic: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tensorflow as tf

    from dlcli.keras_internals import is_deterministic
    from dlcli.training.setup.backend import start_keras

    for before in (True, False):
        start_keras(seed=0, deterministic=before)
        with monkeypatch.context() as patch:
            patch.setattr(tf.config, "get_visible_devices", lambda kind=None: devices)
            start_keras(seed=0, deterministic=wanted)
        assert is_deterministic() is deterministic
    start_keras(seed=0)
    assert is_deterministic()


def test_a_plateau_below_its_least_rate_leaves_the_rate_alone() -> None:
    from dlcli.config.train import ReduceOnPlateau
    from dlcli.training.stopping import Plateau

    block = ReduceOnPlateau(monitor="loss", factor=0.5, patience=1, min_lr=0.01, mode="min")
    for rate, after in ((0.005, 0.005), (0.01, 0.01), (0.015, 0.01), (0.04, 0.02)):
        plateau = Plateau.of(block, directions={})
        assert plateau.rate({"loss": 1.0}, epoch=1, rate=rate) == rate
        assert plateau.rate({"loss": 1.0}, epoch=2, rate=rate) == after


def test_metrics_between_two_read_from_no_to_yes() -> None:
    catalogue = keras_catalogue()
    assert range_of(catalogue.read("metrics", "AUC")) == (0.0, 1.0)
    assert range_of(catalogue.read("losses", "mse")) == (None, None)
    assert range_of(catalogue.read("losses", "poisson"))[0] == 0


def found(ids: Any, *, size: int = 5) -> tuple[int, float, int | None] | None:
    wrong = wrong_in(None, "input_dim", size, np.asarray(ids), np.arange(10, 10 + len(ids)))
    return None if wrong is None else (wrong.row, wrong.value, wrong.largest)


def test_the_worst_id_is_found_with_its_row() -> None:
    assert found([[0, 4], [1, 2]]) is None
    assert found([[0, 4], [5, 2]]) == (11, 5, 5)
    assert found([[9, 4], [5, 2], [7, 10]]) == (12, 10, 10)
    assert found([[0, 9], [0.5, 2]]) == (11, 0.5, None)
    assert found([[0, -1]]) == (10, -1, None)
    assert found(np.zeros((0, 2))) is None
    assert found(np.zeros((2, 0))) is None
    assert found([[0]], size=0) == (10, 0, 0)


@pytest.mark.parametrize(
    ("value", "largest", "words"),
    [
        (-1.0, None, "Embedding takes ids from 0 on, and row 8 holds -1"),
        (0.5, None, "Embedding takes ids, which are whole numbers, and row 8 holds 0.5"),
        (0.0, None, "Embedding takes ids, which are whole numbers, and row 8 holds 0"),
        (9, 9, "the ids that Embedding takes reach 9, and its input_dim is 5"),
    ],
)
def test_an_id_is_told_for_what_it_is(value: float, largest: int | None, words: str) -> None:
    class Embedding:
        """Stands for that of Keras."""

    assert WrongId(Embedding(), "input_dim", 5, 7, value, largest).message == words


@pytest.mark.parametrize(
    ("free", "hint"), [(2400, None), (2399, "write batch_size: 7"), (150, "make the layers smaller")]
)
def test_a_batch_has_to_fit_with_half_of_what_its_layers_put_out(
    free: int, hint: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dlcli.training.setup import experiment

    monkeypatch.setattr(experiment, "activation_bytes", lambda model, traits: 300)
    monkeypatch.setattr(experiment, "free_memory", lambda: free)
    if hint is None:
        experiment.check_activations(None, 16)
        return
    with pytest.raises(BlockError, match=r"so a batch of 16 takes 0\.0 GB, more than the free memory") as caught:
        experiment.check_activations(None, 16)
    assert caught.value.hint == hint
    monkeypatch.setattr(experiment, "free_memory", lambda: 600)
    with pytest.raises(BlockError) as caught:
        experiment.check_activations(None, 16)
    assert caught.value.hint == "write batch_size: 2"


def test_the_shape_of_an_output_is_that_of_its_target() -> None:
    from dlcli.training.setup.experiment import output_shape

    assert output_shape(SimpleNamespace(output=shaped(None, 3)), None) == (3,)
    assert output_shape(SimpleNamespace(output=[shaped(None, 3)]), None) == ()
    assert output_shape(SimpleNamespace(output={"a": shaped(None, 3), "b": shaped(None, 4, 1)}), "b") == (4, 1)


def schema(
    name: str = "y", *, shape: tuple[int, ...] = (), classes: list[str] | None = None, encode: str = "none"
) -> Any:
    from dlcli.data.schema import TargetSchema

    return TargetSchema.model_validate(
        {"name": name, "axes": ["samples"], "shape": [*shape], "classes": classes, "encode": encode}
    )


def feed(target: Any, one: Any, *, wide: bool = False) -> Feed:
    samples: Any = SimpleNamespace(
        rows=np.arange(len(target)), streams=False, inputs={"x": np.zeros((len(target), 1))}, targets={"y": target}
    )
    return Feed(samples, None, [one], wide=frozenset({"y"} if wide else ()))


@pytest.mark.parametrize(
    ("shape", "wide", "target", "result"),
    [
        ((6,), False, (), (6,)),
        ((6, 1), False, (), (6,)),
        ((6,), True, (), (6, 1)),
        ((6, 1), True, (), (6, 1)),
        ((6, 2), True, (2,), (6, 2, 1)),
        ((6, 2), False, (2,), (6, 2)),
        ((6, 2, 1), False, (2,), (6, 2)),
        ((6, 1), False, (1,), (6, 1)),
    ],
)
def test_a_target_has_the_axes_that_its_loss_takes(
    shape: tuple[int, ...], wide: bool, target: tuple[int, ...], result: tuple[int, ...]
) -> None:
    given = feed(np.ones(shape), schema(shape=target), wide=wide)
    assert given.target("y").shape == result
    assert given.take(slice(0, 2))[1]["y"].shape == (2, *result[1:])


@pytest.mark.parametrize(
    ("classes", "encode", "dtype"),
    [(None, "none", "float32"), (["a", "b"], "index", "int64"), (["a", "b"], "one_hot", "float32")],
)
def test_indices_of_classes_are_whole_and_all_else_is_not(classes: list[str] | None, encode: str, dtype: str) -> None:
    given = feed(np.array([0.0, 1.0]), schema(classes=classes, encode=encode))
    assert given.target("y").dtype == dtype
    assert given.first(1).target("y").tolist() == [0]
    assert len(given.first(1)) == 1


def test_a_median_lies_in_the_middle_of_what_does_equally() -> None:
    def median(values: list[float], weights: list[float]) -> float:
        return float(weighted_median(np.array(values)[:, None], np.array(weights)[:, None])[0])

    assert median([3, 1, 2], [1, 1, 1]) == 2
    assert median([4, 1, 2, 3], [1, 1, 1, 1]) == 2.5
    assert median([1, 2, 3], [2, 1, 1]) == 1.5
    assert median([1, 2, 3], [3, 1, 1]) == 1
    assert median([1, 2, 3], [1, 0, 1]) == 2
    assert median([7], [1]) == 7
    rng = np.random.default_rng(0)
    for size in (5, 6, 9, 10):
        values = rng.normal(size=size)
        assert median(list(values), [1] * size) == pytest.approx(float(np.median(values)))
        counts = rng.integers(1, 4, size)
        repeated = np.repeat(values, counts)
        assert median(list(values), list(counts)) == pytest.approx(float(np.median(repeated)))


def test_a_place_that_never_counts_has_the_mean_zero() -> None:
    values, weights = np.array([[1.0, 5.0], [3.0, 7.0]]), np.array([[1.0, 0.0], [3.0, 0.0]])
    np.testing.assert_allclose(weighted_mean(values, weights), [2.5, 0.0])
    np.testing.assert_allclose(weighted_mean(values, None), [2.0, 6.0])
    np.testing.assert_allclose(weighted_mean(values, np.array([1.0, 3.0])), [2.5, 6.5])


def test_a_target_of_zero_counts_as_keras_takes_it() -> None:
    import keras

    catalogue, zeros = keras_catalogue(), np.zeros(4)
    smallest = keras.config.epsilon()
    logarithmic = constant_number(catalogue.read("losses", "msle"), zeros, None)
    assert float(logarithmic) == pytest.approx(smallest, rel=1e-6)
    # A target of 0 weighs 1 / 1e-7: as much as ten of 1e-6 do, and no more than eleven.
    relative, small = catalogue.read("losses", "mape"), 1e-6
    for times, answer in ((9.9, 0.0), (10.1, small)):
        values, weights = np.array([0.0, small]), np.array([1.0, times])
        assert float(constant_number(relative, values, weights)) == answer


@pytest.mark.parametrize(
    ("shares", "scores"), [([0.5, 0.3, 0.2], [0, 0, 0]), ([0.51, 0.3, 0.19], [1, 0, 0]), ([0.2, 0.2, 0.6], [0, 0, 1])]
)
def test_more_than_half_of_the_samples_make_a_class_the_answer_of_a_hinge(
    shares: list[float], scores: list[float]
) -> None:
    answer = constant_scores(np.array(shares))
    np.testing.assert_allclose(answer, scores, atol=1e-5)
    assert np.argsort(-answer, kind="stable").tolist() == np.argsort(-np.array(shares), kind="stable").tolist()


def test_what_is_equally_frequent_stands_in_the_order_of_classes_in_32_bits_too() -> None:
    answer = untied(np.array([0.25, 0.25, 0.5, 0.0, 0.0])).astype(np.float32)
    assert np.argsort(-answer).tolist() == [2, 0, 1, 3, 4]
    assert len(set(answer.tolist())) == 5
    np.testing.assert_allclose(answer, [0.25, 0.25, 0.5, 0.0, 0.0], atol=1e-6)


def test_a_tree_differs_where_a_value_does() -> None:
    from dlcli.training.resume import differences

    def paths(before: Any, after: Any) -> list[str]:
        return [path for path, _, _ in differences(before, after)]

    assert paths({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2]}) == []
    assert paths({"a": 1}, {"b": 1}) == ["a", "b"]
    assert paths({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}) == ["a.b.1.c"]
    assert paths({"a": [1]}, {"a": [1, 2]}) == ["a"]
    assert paths({"a": {}}, {"a": []}) == ["a"]
    assert paths(1, 2) == [""]


@pytest.mark.parametrize(("steps", "place"), [(0, "the end of epoch 4"), (2, "step 2 of epoch 5")])
def test_the_place_of_a_checkpoint_is_told(steps: int, place: str) -> None:
    from dlcli.training.resume import checkpoint_place

    checkpoint: Any = SimpleNamespace(state={"progress": {"begun": steps, "epoch": 4}})
    assert checkpoint_place(checkpoint) == place


def test_what_has_no_part_in_a_step_may_change(tmp_path: Path) -> None:
    from dlcli.runs import Run
    from dlcli.runs.atomic import sha256
    from dlcli.training.resume import changed_settings

    run = Run.claim(tmp_path, "a")
    run.config.write_bytes(b"x")
    before = {
        "train": {"epochs": 1, "checkpoint": {"every": "1 epochs"}, "epochs_more": 1},
        "plugins": ["a"],
        "seed": 0,
    }

    def changed(after: dict[str, Any], *, allow: bool = False, digest: str | None = None) -> list[str]:
        request: Any = SimpleNamespace(run=run, allow_config_change=allow)
        config: Any = SimpleNamespace(plain=lambda: {**before, **after}, phases=[])
        state = {"config": before, "file": digest or sha256(run.config)}
        checkpoint: Any = SimpleNamespace(state=state)
        assert changed_settings(request, config, None) == []
        return changed_settings(request, config, checkpoint)

    train = {"epochs": 9, "checkpoint": {"every": "2 steps"}, "epochs_more": 1}
    assert changed({"train": train, "plugins": ["b"], "name": "other"}) == []
    assert changed({"seed": 1}, allow=True) == ["seed was 0 and is 1"]
    assert changed({}, allow=True, digest="other") == ["config.yaml in the run's folder was edited"]
    for after, digest in (({"seed": 1}, None), ({"train": {**train, "epochs_more": 2}}, None), ({}, "other")):
        with pytest.raises(ConflictError, match="^the configuration of 'a' has changed: "):
            changed(after, digest=digest)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, 0.0, 2.0], None),
        ([0.0, 0.0, 0.0], "the weights 'n' of the training samples are all 0: nothing would be learnt"),
        ([1.0, -1.0, np.nan], "the weight 'n' is -1.0 in row 2; expected 0 or more"),
        ([1.0, 1.0, np.inf], "the weight 'n' is inf in row 3; expected 0 or more"),
        (np.array([1, "a", 2], object), "'n' weighs the samples and must hold numbers, but row 2 is 'a'"),
    ],
)
def test_a_column_weighs_by_numbers_from_zero_on(values: Any, message: str | None) -> None:
    from dlcli.training.setup.weights import sample_weight

    dataset: Any = SimpleNamespace(
        splits={"train": SimpleNamespace(rows=np.arange(3))},
        column=lambda name, rows: np.asarray(values)[rows],
        fields=SimpleNamespace(where=lambda row: ("t.csv", row + 2, f"row {row + 1}")),
        schema=SimpleNamespace(targets=[]),
    )
    if message is None:
        assert sample_weight("n", dataset, "train").tolist() == values
        return
    with pytest.raises(DataError) as caught:
        sample_weight("n", dataset, "train")
    row = next((row for row, value in enumerate(values) if value in {-1.0, np.inf, "a"}), None)
    assert caught.value.message == message
    assert (caught.value.file, caught.value.line) == ("t.csv", None if row is None else row + 2)
