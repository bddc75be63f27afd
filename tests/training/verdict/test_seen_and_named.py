"""Samples that augmentation makes others of, places that see little, and classes that validation names otherwise."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.config import load_config
from dlcli.finding import Command, Setting
from dlcli.training.compared import Compared
from dlcli.training.evidence.begun import first_values, with_values
from dlcli.training.evidence.classes_seen import ClassesSeen, mostly_said
from dlcli.training.evidence.inputs_seen import InputSeen
from dlcli.training.evidence.layers_seen import DeadSeen, LayersSeen
from dlcli.training.evidence.rate_trial import RateTrial
from dlcli.training.evidence.sight import Seen, Sight, seen_more, sight
from dlcli.training.evidence.unaugmented import Unaugmented, unaugmented
from dlcli.training.verdict import Story
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.dead_units import dead_units
from dlcli.training.verdict.inputs_far_from_scale import inputs_far_from_scale, times_as_large
from dlcli.training.verdict.splits_differ import splits_differ
from dlcli.training.verdict.still_improving import still_improving
from dlcli.training.verdict.underfits import underfits
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]


def with_data(told: Story, folder: Path, data: str) -> Story:
    """The story with another block of data."""
    (folder / "other.yaml").write_text(
        f"data: {{source: t.csv, target: y, {data}}}\nlayers: [Dense: 1]\nloss: mse\noptimizer: {{Adam: 0.001}}\n"
        "train: {epochs: 4}\n",
        encoding="utf-8",
    )
    return replace(told, config=load_config(str(folder / "other.yaml"))[0])


@pytest.mark.parametrize(
    ("left", "last", "after", "epochs", "seen"),
    [
        (0.3, 0.8, 0.7, 1.0, True),
        (0.29, 0.8, 0.7, 1.0, False),  # training has learnt the samples as they are
        (0.3, 0.8, 0.71, 1.0, False),  # less than a tenth
        (0.3, 0.77, 0.64, 1.0, True),  # 0.04 an epoch before
        (0.3, 0.77, 0.66, 1.0, False),  # less than three times as fast as that
        (0.3, 0.77, 0.64, 2.0, False),
    ],
)
def test_augmentation_that_changes_what_labels_say(
    tell: Tell, tmp_path: Path, left: float, last: float, after: float, epochs: float, seen: bool
) -> None:
    tried = Unaugmented(last, after, 40, epochs)
    losses = [0.95, last + 3 * (0.8 - last) / 0.75, last + 0.01, last + 0.01, last]
    losses[1:4] = [last + 0.12 * (last < 0.8)] * 3
    told = tell(losses, left=left, unaugmented=lambda rate: tried)
    found = underfits(with_data(told, tmp_path, "augment: [{RandomRotation: 0.5}]"))
    assert (found is not None) is seen
    assert underfits(told) is None  # nothing is augmented
    if found is not None:
        (advice,) = found.advice
        assert isinstance(advice, Setting)
        assert (advice.key, advice.new) == ("data.augment", [])
        words = f"30% of the trivial loss is left with 'RandomRotation'; without, validation fell from {last:.4f} to {after:.4f}"
        assert words in str(judgement_of_training(found).evidence)


@pytest.mark.parametrize("after", [0.5, 0.99])
def test_units_that_augmentation_kills_are_no_cause(tell: Tell, tmp_path: Path, after: float) -> None:
    layers = LayersSeen([], [DeadSeen("dense", 64, 60, "layers.0", True, True)])
    tried = Unaugmented(1.0, after, 40, 1.0)
    told = tell([1.0] * 5, left=0.99)
    looks = replace(told.looks, layers=lambda: layers, unaugmented=lambda rate: tried)
    told = with_data(replace(told, looks=looks), tmp_path, "augment: [{RandomErasing: 1.0}]")
    assert (dead_units(told) is None) is (after < 0.9)


SIGHT = Sight("averaged", "pool", 3, 28, "layers", ["Flatten"], ["Conv2D"], ["Conv2D"])


@pytest.mark.parametrize(("left", "reached", "seen"), [(0.3, 0.79, True), (0.29, 0.79, False), (0.3, 0.81, False)])
def test_places_that_see_little_cannot_fit(tell: Tell, left: float, reached: float, seen: bool) -> None:
    told = tell([0.95, 0.9, 0.9], left=left, seen_more=lambda rate: Seen(SIGHT, reached, 40, 0.95))
    found = cannot_fit(told)
    assert (found is not None) is seen
    if found is not None:
        words = "pool makes one number of places that each see 3 of 28; the validation loss is 0.9000, and 0.7900 after 40 steps"
        assert words in str(judgement_of_training(found).evidence)
        skips = replace(SIGHT, why="skipped", places=10)
        found = cannot_fit(tell([0.95, 0.9], left=0.5, seen_more=lambda rate: Seen(skips, 0.5, 40, 0.95)))
        assert found is not None
        words = "pool makes one of each 10 of 28 before anything is learnt of them"
        assert words in str(judgement_of_training(found).evidence)


def pictures(folder: Path, layers: str, *, augment: str = "[]", size: int = 12) -> Any:
    """An experiment on pictures with one bright place, which is to be told left or right."""
    generator = np.random.default_rng(0)
    where = generator.integers(0, size, 240)
    taken = np.zeros((240, size, size, 1), np.float32)
    taken[np.arange(240), generator.integers(0, size, 240), where] = 1.0
    np.savez(folder / "d.npz", x=taken, y=(where >= size // 2).astype(int))
    return experiment_of(
        folder,
        "data: {source: {npz: {path: d.npz, inputs: x, target: y}}, split: {validation: 0.25}, augment: AUGMENT}\n".replace(
            "AUGMENT", augment
        )
        + f"layers: {layers}\nloss: sparse_categorical_crossentropy\noptimizer: {{Adam: 0.01}}\n"
        "train: {epochs: 1, batch_size: 32}\n",
    )


END = "{Dense: {units: 2, activation: softmax}}"


@pytest.mark.parametrize("augment", ["[{RandomFlip: horizontal}]", "[]"])
def test_steps_on_samples_as_they_are_are_tried_and_taken_back(tmp_path: Path, augment: str) -> None:
    experiment = pictures(tmp_path, f"[Flatten, {END}]", augment=augment)
    before = [each.numpy() for each in experiment.model.variables]
    trial = RateTrial(experiment)
    found = unaugmented(trial, 0.05, 20.0)
    if augment == "[]":
        assert found is None
    else:
        assert found is not None
        assert (found.steps, found.epochs) == (120, 24.0)
        assert found.after < 0.5 < found.before
        assert unaugmented(trial, 0.05, 0.0) is None
    for one, two in zip(before, experiment.model.variables, strict=True):
        np.testing.assert_array_equal(one, two.numpy())


CONV = "{Conv2D: {filters: 8, kernel_size: WIDTH, padding: same, activation: relu}}"


@pytest.mark.parametrize(
    ("layers", "seen"),
    [
        (f"[{CONV}, GlobalAveragePooling2D, {END}]".replace("WIDTH", "5"), ("averaged", 5)),
        (f"[{CONV}, GlobalAveragePooling2D, {END}]".replace("WIDTH", "6"), None),
        (f"[{CONV}, Flatten, {END}]".replace("WIDTH", "3"), None),
        (
            f"[{CONV}, {{MaxPooling2D: 2}}, {CONV}, GlobalAveragePooling2D, {END}]".replace("WIDTH", "2"),
            ("averaged", 5),
        ),
        (f"[{CONV}, {{MaxPooling2D: 2}}, {CONV}, GlobalAveragePooling2D, {END}]".replace("WIDTH", "3"), None),
        (f"[{{MaxPooling2D: 5}}, Flatten, {END}]", ("skipped", 5)),
        (f"[{{MaxPooling2D: 4}}, Flatten, {END}]", None),
        (f"[{CONV}, {{MaxPooling2D: 5}}, Flatten, {END}]".replace("WIDTH", "3"), None),  # something has learnt before
        (f"[{{Conv2D: {{filters: 4, kernel_size: 3, strides: 5}}}}, Flatten, {END}]", ("skipped", 5)),
    ],
)
def test_how_much_places_see_is_read_from_a_model(tmp_path: Path, layers: str, seen: tuple[str, int] | None) -> None:
    found = sight(pictures(tmp_path, layers))
    assert (None if found is None else (found.why, found.places)) == seen
    if found is not None and found.why == "skipped":
        assert found.key in {"layers.0.pool_size", "layers.0.strides"}
        assert (found.old in (5, [5, 5]), found.new) == (True, 2)


def test_a_model_that_sees_more_is_tried(tmp_path: Path) -> None:
    experiment = pictures(
        tmp_path,
        "[{Conv2D: {filters: 4, kernel_size: 3, padding: same, name: first}}, "
        "{GlobalAveragePooling2D: {name: body, from: first}}, {Dense: {units: 2, activation: softmax, from: body}}]",
    )
    found = sight(experiment)
    assert found is not None
    assert [next(iter(each)) for each in found.new[1:5]] == ["MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten"]
    assert found.new[1]["MaxPooling2D"] == {"pool_size": 2, "from": "first"}
    assert found.new[4]["Flatten"] == {"name": "body"}
    state = random.getstate()
    tried = seen_more(experiment, found, 0.01, 20.0)
    assert tried is not None
    assert tried.reached < 0.3 < tried.same
    assert random.getstate() == state  # what is drawn next is what would have been
    assert seen_more(experiment, None, 0.01, 20.0) is None


def named(split: str, samples: Sequence[int], mostly: Sequence[tuple[int, int]], right: Sequence[int]) -> ClassesSeen:
    names = [f"c{each}" for each in range(len(samples))]
    return ClassesSeen("y", split, sum(samples), names, samples, samples, right, mostly)


def of_next(often: int, *, samples: int = 20, right: int = 1, same: int = 0) -> ClassesSeen:
    """Five classes of which each is answered as the next one so often, but for some that are answered as the first."""
    mostly = [((each + 1) % 5 if each >= same else 0, often) for each in range(5)]
    return named("validation", [samples] * 5, mostly, [right] * 5)


@pytest.mark.parametrize(
    ("inside", "outside", "last", "seen"),
    [
        (0.9, of_next(12), 1.5, True),
        (0.9, of_next(10), 1.5, False),  # 0.5 is not six tenths of 0.9
        (0.5, of_next(12), 1.5, True),
        (0.45, of_next(12), 1.5, False),  # training does not know its classes
        (0.9, of_next(12, right=6), 1.5, True),
        (0.9, of_next(12, right=7), 1.5, False),  # many are right as they are
        (0.9, of_next(12, same=2), 1.5, True),  # 0 for the first two and for the last: three in five apart
        (0.9, of_next(12), 0.99, False),  # validation is better than one answer for all
        (0.9, of_next(4, samples=6, right=0), 1.5, True),
        (0.9, of_next(4, samples=5, right=0), 1.5, False),  # too few to tell
    ],
)
def test_classes_that_are_named_otherwise(
    tell: Tell, inside: float, outside: ClassesSeen, last: float, seen: bool
) -> None:
    known = named("train", [100] * 5, [(each, int(100 * inside)) for each in range(5)], [int(100 * inside)] * 5)
    told = tell(
        [0.99, 1.2, last],
        train=[0.9, 0.5, 0.2],
        left=0.9,
        ended=lambda split: [known if split == "train" else outside],
    )
    found = splits_differ(replace(told, file="c.yaml"))
    assert (found is not None) is (seen and len({each for each, _ in outside.mostly}) >= 4)
    if found is not None and outside.mostly[0][1] == 12 and inside == 0.9 and outside.right[0] == 1:
        words = (
            "90% of training is answered rightly, 5% of validation; 60% of it would be with other names for its classes"
        )
        assert f"{words}: 'c0' is answered as 'c1' in 60%" in str(judgement_of_training(found).evidence)
        (advice,) = found.advice
        assert isinstance(advice, Command)
        assert "inspect-data" in advice.command


def test_what_is_mostly_said_is_counted() -> None:
    wanted, told = np.array([0, 0, 0, 1, 1, 2]), np.array([1, 1, 0, 2, 2, 2])
    assert mostly_said(wanted, told, 4) == [(1, 2), (2, 2), (2, 1), (3, 0)]


def test_a_model_is_looked_at_as_it_ended(tmp_path: Path) -> None:
    model = pictures(tmp_path, f"[Flatten, {END}]").model
    last, kernel = first_values(model), model.trainable_variables[0]
    kernel.assign(kernel * 0)
    with with_values(model, last):
        assert np.abs(kernel.numpy()).max() > 0
    assert np.abs(kernel.numpy()).max() == 0
    with with_values(model, None):
        assert np.abs(kernel.numpy()).max() == 0


@pytest.mark.parametrize(
    ("prepare", "largest", "key", "new", "times"),
    [
        ("[{Rescaling: 0.00001}]", 0.00255, "data.prepare.0.scale", 0.003922, 392.2),
        ("[{Rescaling: 0.004}]", 0.004, "data.prepare", [], 250.0),
        (
            "[{Rescaling: 0.0039}, {Rescaling: 0.0039}]",
            0.00388,
            "data.prepare",
            [{"Rescaling": {"scale": 0.0039}}],
            1 / 0.0039,
        ),
        ("[{Rescaling: 0.0001}, {Rescaling: 0.004}]", 0.000102, None, None, None),
        ("[{Rescaling: {scale: 0.00001, offset: 0.1}}]", 0.00255, None, None, None),
        ("[Normalization]", 0.004, None, None, None),
    ],
)
def test_a_factor_that_does_not_fit_is_another_one(
    tell: Tell, tmp_path: Path, prepare: str, largest: float, key: str | None, new: Any, times: float | None
) -> None:
    seen = InputSeen("conv2d", "x", "x", largest / 2, largest / 4, largest / 2, 0.0, largest, largest / 4, False)
    told = tell([1.0, 1.0, 1.0], left=0.99, pictures=True, inputs=lambda: [seen])
    found = inputs_far_from_scale(with_data(told, tmp_path, f"prepare: {prepare}"))
    assert found is not None
    settings = [each for each in found.advice if isinstance(each, Setting)]
    assert [each.key for each in settings[:1]] == ([] if key is None else [key])
    if key is not None:
        assert settings[0].new == new
        assert times_as_large(settings[:1]) == pytest.approx(times)


@pytest.mark.parametrize(
    ("prepare", "size", "new"),
    [
        ("[{Rescaling: 0.004}]", 0.004 * 4.9, []),
        ("[{Rescaling: 0.004}]", 0.004 * 5.1, ["Normalization"]),
        ("[{Rescaling: {scale: 0.004, offset: 0.1}}]", 0.004, None),
        ("[Normalization]", 0.004, None),
    ],
)
def test_a_table_is_not_rescaled_like_a_picture(
    tell: Tell, tmp_path: Path, prepare: str, size: float, new: Any
) -> None:
    seen = InputSeen("dense", "x", "x", 0.0, 0.004, size, -0.01, 0.01, 0.004, False)
    told = tell([1.0, 1.0, 1.0], left=0.99, inputs=lambda: [seen])
    found = inputs_far_from_scale(with_data(told, tmp_path, f"prepare: {prepare}"))
    assert found is not None
    settings = [each for each in found.advice if isinstance(each, Setting)]
    assert [(each.key, each.new) for each in settings[:1]] == ([] if new is None else [("data.prepare", new)])
    if new is not None:
        assert times_as_large(settings[:1]) == (None if new else pytest.approx(250))


@pytest.mark.parametrize(
    ("layer", "size", "pictures", "wanted"),
    [
        ("Rescaling: 0.004", 0.004 * 4.9, False, [("layers.0.scale", 1.0)]),
        ("Rescaling: 0.004", 0.004 * 5.1, False, [("data.prepare", ["Normalization"]), ("layers.0.scale", 1.0)]),
        ("Rescaling: {scale: 0.00001}", 0.00255, True, [("layers.0.scale", 0.003922)]),
        (
            "Rescaling: {scale: 0.00001, offset: 1}",
            0.00255,
            True,
            [("data.prepare", [{"Rescaling": {"scale": 392.2}}])],
        ),
    ],
)
def test_a_factor_among_the_layers_is_another_one(
    tell: Tell, layer: str, size: float, pictures: bool, wanted: list[tuple[str, Any]]
) -> None:
    seen = InputSeen("dense", "x", "x", 0.0, 0.004, size, 0.0, 0.00255, 0.004, False)
    told = tell([1.0, 1.0, 1.0], left=0.99, layers=f"[{layer}, Dense: 1]", pictures=pictures, inputs=lambda: [seen])
    found = inputs_far_from_scale(told)
    assert found is not None
    assert [(each.key, each.new) for each in found.advice if isinstance(each, Setting)] == wanted


@pytest.mark.parametrize(("level", "seen"), [(0.71, True), (0.69, False)])
def test_a_little_of_what_is_mostly_left_is_still_improving(tell: Tell, level: float, seen: bool) -> None:
    """In no straight line, and less than 3 % of it."""
    told = tell([*(level + each for each in (0.2, 0.14, 0.145, 0.08, 0.015, 0.016, 0.01)), level])
    told = replace(told, compared=Compared("validation", level, 1.0))
    assert (still_improving(told) is not None) is seen
