"""Where training gives up, what it proposes then, and the room that it asks for: just below and just above each threshold."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dlcli.config.train import EarlyStopping
from dlcli.errors import DivergedError, ResourceError
from dlcli.runs import Run
from dlcli.training.evidence.rate_range import proposed
from dlcli.training.health import Health
from dlcli.training.kept.when_to_save import check_room

pytestmark = pytest.mark.looks

LINE = """\
data: {source: line}
layers: [Dense: 1]
loss: mse
optimizer: {SGD: 0.01}
train: {epochs: 1}
"""


@pytest.fixture
def health(tmp_path: Path) -> Callable[..., Health]:
    """`health(last=1.0, rate=0.01)`: of a training whose last epoch had this loss."""
    from dlcli.config import load_config
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up

    (tmp_path / "c.yaml").write_text(LINE, encoding="utf-8")
    config, _ = load_config(str(tmp_path / "c.yaml"))
    start_keras(seed=config.seed, precision=config.train.precision)
    experiment = set_up(config, read_data(config))
    (tmp_path / "checkpoints").mkdir()

    def make(*, last: float | None, rate: float = 0.01) -> Health:
        experiment.model.optimizer.learning_rate = rate
        entries = [] if last is None else [{"train": {"loss": last}}]
        progress: Any = SimpleNamespace(entries=entries, epoch=len(entries), begun=5)
        return Health(Run(tmp_path), experiment, progress)

    return make


def trivial_loss(health: Health) -> float:
    """The squared error of the mean of the training targets on the validation split."""
    splits, (target,) = health.experiment.splits, health.experiment.dataset.schema.targets
    train, validation = (np.asarray(splits[name].target(target.name), float) for name in ("train", "validation"))
    return float(((validation - train.mean(axis=0)) ** 2).mean())


@pytest.mark.parametrize(("times", "ends"), [(0.99e6, False), (1.01e6, True)])
def test_a_loss_of_a_million_times_that_of_the_trivial_baseline_ends_the_training(
    times: float, ends: bool, health: Callable[..., Health]
) -> None:
    watched = health(last=1.0)
    loss = times * max(trivial_loss(watched), 1.0)
    assert watched.exploded(loss) is ends
    if ends:
        with pytest.raises(DivergedError, match="a million times that of the trivial baseline, and grows"):
            watched.check_epoch(loss, step=1)
        assert health(last=None).exploded(loss) is False  # a first epoch may start anywhere
    else:
        watched.check_epoch(loss, step=1)


@pytest.mark.parametrize(
    ("share", "ends"), [(0.3, False), (0.99, False), (1.0, False), (1.99, False), (2.0, False), (2.01, True)]
)
def test_a_large_loss_has_diverged_only_where_it_grows(share: float, ends: bool, health: Callable[..., Health]) -> None:
    assert health(last=1e12).exploded(share * 1e12) is ends


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_training(loss: float, health: Callable[..., Health]) -> None:
    with pytest.raises(DivergedError, match=f"the loss became {loss} by step 5 of epoch 2"):
        health(last=1.0).check_step(loss)
    health(last=1.0).check_step(1e30)


@pytest.mark.parametrize(("rate", "lower"), [(0.02, "0.002"), (1.0, "0.1"), (1.01, "0.001")])
def test_a_tenth_of_the_rate_is_proposed_unless_it_was_far_too_large(
    rate: float, lower: str, health: Callable[..., Health]
) -> None:
    hint = health(last=1.0, rate=rate).diverged("the loss became nan").hint
    assert hint == f"lower the learning rate: --set optimizer.learning_rate={lower}"


def ramp(lowest: float, *, at: int = 60, points: int = 80) -> tuple[list[float], list[float]]:
    """Rates a decade every ten points; a loss of 1 that falls evenly from point 20 to its lowest, then rises again."""
    rates = [1e-7 * 10 ** (point / 10) for point in range(points)]
    falls = [1 - (1 - lowest) * min(max(point - 20, 0) / max(at - 20, 1), 1.0) for point in range(at + 1)]
    return rates, falls + [lowest + 0.1 * (point - at) for point in range(at + 1, points)]


def test_the_rate_is_at_most_a_tenth_of_the_one_of_the_lowest_loss() -> None:
    rates, losses = ramp(0.2)
    for point in range(52, 61):  # steepest at the end, where the rate is all but too large
        losses[point] = losses[51] - 0.02 * (point - 51) ** 1.5
    assert int(np.argmin(losses)) == 60
    assert rates[60] == pytest.approx(1e-1)
    assert proposed(rates, losses) == 0.01


def test_the_rate_is_that_of_the_steepest_fall() -> None:
    rates, losses = ramp(0.5)
    for point in range(30, 61):
        losses[point] -= 0.3 * min((point - 30) / 8, 1.0)  # eight points from 30 on fall steepest
    assert proposed(rates, losses) == float(f"{rates[38]:.1g}") == 6e-4


@pytest.mark.parametrize(("lowest", "falls"), [(0.981, False), (0.979, True)])
def test_a_loss_that_falls_by_less_than_two_hundredths_proposes_nothing(lowest: float, falls: bool) -> None:
    assert (proposed(*ramp(lowest)) is not None) is falls


@pytest.mark.parametrize(("at", "proposes"), [(7, False), (8, True)])
def test_what_the_first_eight_steps_do_is_noise(at: int, proposes: bool) -> None:
    rates = [1e-5 * 1.1**point for point in range(20)]
    losses = [1.0] * 20
    losses[at] = 0.5
    assert (proposed(rates, losses) is not None) is proposes


@pytest.mark.parametrize(("free", "enough"), [(1_999_999, False), (2_000_000, True)])
def test_the_disk_has_to_have_room_for_two_checkpoints(
    free: int, enough: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=free))
    if enough:
        check_room(Run(tmp_path), 1_000_000)
        return
    with pytest.raises(ResourceError, match=r"^two checkpoints take 2\.0 MB, and the disk has 2\.0 MB free$"):
        check_room(Run(tmp_path), 1_000_000)


@pytest.mark.parametrize(
    ("losses", "contradictory", "code"),
    [
        ([2.0, 0.099], False, None),
        ([2.0, 0.101], False, "memorizes_slowly"),
        ([2.0, 1.79], False, "memorizes_slowly"),
        ([2.0, 1.81], False, "rate_too_low"),
        ([2.0, 1.99, 2.01], False, "rate_too_high"),
        ([2.0, 7.99, 0.099], False, None),
        ([2.0, 8.01, 0.099], False, "rate_too_high"),
        ([2.0, math.nan], False, "rate_too_high"),
        ([2.0, 1.0], True, "cannot_memorize"),
        ([2.0, 0.099], True, None),
    ],
)
def test_one_batch_is_judged_by_how_far_its_loss_came_down(
    losses: list[float], contradictory: bool, code: str | None
) -> None:
    from dlcli.training.check.cannot_memorize import cannot_memorize
    from dlcli.training.check.evidence import Seen
    from dlcli.training.evidence.one_batch import OneBatch

    config: Any = SimpleNamespace(optimizer=SimpleNamespace(arguments={}))
    first: Any = None
    batch = OneBatch(8, len(losses), losses[0], losses[-1], max(losses), contradictory, 0.0)
    tested = 0.003 if code == "rate_too_high" else 0.09
    finding = cannot_memorize(Seen(config, 0.03, first, [], batch, tested=lambda: tested))
    assert (finding.code if finding else None) == code
    if finding is not None and finding.advice:
        assert [(each.key, each.old, each.new) for each in finding.advice] == [
            ("optimizer.learning_rate", 0.03, tested)
        ]
    # A rate that the range test does not find to be another one is not proposed, and not blamed where nothing moves.
    same = cannot_memorize(Seen(config, 0.03, first, [], batch, tested=lambda: 0.03 if tested < 0.03 else 0.089))
    assert (same.code if same else None) == ("cannot_memorize" if code == "rate_too_low" else code)
    assert same is None or not same.advice


def told(rule: Any, train: list[float], validation: list[float], *, trivial: float | None = None) -> Any:
    """What a rule of the verdict says of a training with these losses, early stopping and a Dropout."""
    from dlcli.runs.state import StopReason
    from dlcli.training.verdict import Story

    data = SimpleNamespace(prepares=True)
    block = SimpleNamespace(epochs=len(train), early_stopping=EarlyStopping())
    config: Any = SimpleNamespace(
        data=data, train=block, layers=[], written_layers=list, optimizer=SimpleNamespace(arguments={})
    )
    history: Any = [
        {"learning_rate": 0.01, "train": {"loss": one}, "validation": {"loss": other}}
        for one, other in zip(train, validation, strict=True)
    ]
    metrics = {"train": {"loss": train[-1]}, "validation": {"loss": validation[-1]}}
    baseline = {} if trivial is None else {"method": "mean", "split": "validation", "metrics": {"loss": trivial}}
    return rule(Story(config, history, metrics, baseline, 1, StopReason.ALL_EPOCHS))


@pytest.mark.parametrize(("first", "seen"), [(10.1, False), (9.9, True)])
def test_a_rise_counts_from_two_hundredths_of_the_first_loss_on(first: float, seen: bool) -> None:
    from dlcli.training.verdict.overfits import overfits

    validation = [first, 0.5, 0.5, 0.6, 0.7]  # a rise of 0.2
    assert (told(overfits, [0.9, 0.5, 0.3, 0.2, 0.1], validation) is not None) is seen


@pytest.mark.parametrize(("epochs", "seen"), [(2, False), (3, True)])
def test_a_training_overfits_from_three_epochs_after_its_lowest_loss_on(epochs: int, seen: bool) -> None:
    from dlcli.training.verdict.overfits import overfits

    validation = [0.9, 0.5, 0.6, 0.7, 0.8][: 2 + epochs]
    finding = told(overfits, [0.9, 0.5, 0.3, 0.2, 0.1][: 2 + epochs], validation)
    assert (finding is not None) is seen
    if finding is not None:
        assert finding.facts["since_epoch"] == 3
    assert told(overfits, [0.9, 0.3, 0.2, 0.3], [0.5, 0.6, 0.7, 0.8]).facts["since_epoch"] == 2


def falls_of(**means: float) -> dict[float, list[float]]:
    """Falls of a batch each by rate, which are about a mean and differ by 0.1."""
    return {float(rate[1:].replace("m", "-")): [mean - 0.05, mean + 0.05] * 10 for rate, mean in means.items()}


def test_of_rates_that_lower_the_loss_as_far_the_middle_is_proposed() -> None:
    from dlcli.training.evidence.rate_range import middle

    assert middle(falls_of(_1em4=0.2, _1em3=0.2, _1em2=0.2), least=0.02) == 1e-3
    assert middle(falls_of(_1em4=0.02, _1em3=0.2, _1em2=-9.0), least=0.02) == 1e-3
    # Half as far counts a sixteenth: 10 ** (-2 - 1/17).
    assert middle(falls_of(_1em3=0.1, _1em2=0.2), least=0.02) == float(f"{10 ** (-2 - 1 / 17):.1g}")
    broken = {**falls_of(_1em3=0.2), 1.0: [math.nan] * 20}
    assert middle(broken, least=0.02) == 1e-3


@pytest.mark.parametrize(("fall", "least", "told"), [(0.036, 0.0, True), (0.033, 0.0, False), (0.036, 0.037, False)])
def test_a_fall_that_batches_differ_by_tells_no_rate(fall: float, least: float, told: bool) -> None:
    """The mean of 20 batches that deviate by 0.05 has a deviation of 0.0112, of which three are 0.0335."""
    from dlcli.training.evidence.rate_range import middle

    assert (middle(falls_of(_1em3=fall), least=least) is not None) is told


def test_rates_are_tried_up_to_the_last_at_which_the_loss_is_low() -> None:
    from dlcli.training.evidence.rate_range import beside_end

    rates = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]
    for late, end in ((0.805, 1e-1), (0.825, 1e-2)):  # a tenth of the fall of 0.2 is 0.02
        tried = beside_end(rates, [1.0, 0.9, 0.8, late, 1.2])
        assert tried == pytest.approx([end * 10**decade for decade in (-2, -1.5, -1, -0.5, 0)])
