"""What every rule keeps, of data, of a check and of the verdict: it speaks in the first of its cases alone."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config import Config, load_config
from dlcli.config.language import Language
from dlcli.data import Data, Dataset
from dlcli.data import findings as data
from dlcli.finding import Finding
from dlcli.runs.state import StopReason
from dlcli.training import check, verdict
from dlcli.view.sentences import LISTS, judgement_of_check, judgement_of_training, told_of_data

pytestmark = pytest.mark.looks

SAMPLES = 200
TOLD = {"check": judgement_of_check, "data": told_of_data, "verdict": judgement_of_training}
"""How a finding of a list becomes a sentence."""


def rules_of(package: Any) -> list[Any]:
    """The functions that are the rules of a list."""
    extra = package.LAST if package is verdict else ()
    return [getattr(rule, "sees", rule) for rule in (*package.RULES, *extra)]


RULES = [
    pytest.param(name, rule, id=f"{name} {rule.__name__}")
    for name, package in (("check", check), ("data", data), ("verdict", verdict))
    for rule in rules_of(package)
]
Rule = Callable[[Any], Finding | None]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, write_experiment: Callable[..., Path]) -> Config:
    return load_config(str(write_experiment(tmp_path_factory.mktemp("rules"))))[0]


@pytest.fixture
def build(tmp_path: Path, config: Config) -> Mapping[str, Callable[..., Any]]:
    """What makes the cases of a list: a table as a data set, what a check has seen, the story of a training."""
    return {"check": seen_of(config), "data": table_in(tmp_path), "verdict": story_of(config)}


def table_in(folder: Path) -> Callable[..., Dataset]:
    """`table(c=[…], keys={…})`: unlike numbers `a` and `b`, a target `y` of two classes, and the given columns and keys.

    `table(picture=(8, 8, 3))` instead: pictures of that shape.
    """

    def table(
        *, keys: Mapping[str, Any] = {}, picture: tuple[int, ...] | None = None, **columns: Sequence[Any]
    ) -> Dataset:
        generator = np.random.default_rng(0)
        if picture is not None:
            np.savez(folder / "p.npz", x=generator.random((SAMPLES, *picture)), y=np.arange(SAMPLES) % 2)
            return Data.model_validate({"source": str(folder / "p.npz"), "target": "y"}, context=Language()).load(
                seed=0
            )
        cells: dict[str, Any] = {
            "a": generator.normal(size=SAMPLES).round(6),
            "b": generator.normal(size=SAMPLES).round(6),
            "y": np.where(generator.random(SAMPLES) < 0.5, "u", "v"),
            **columns,
        }
        rows = zip(*cells.values(), strict=True)
        lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
        path = folder / f"{len(list(folder.iterdir()))}.csv"
        path.write_text("\n".join([",".join(cells), *lines]), encoding="utf-8")
        windows = keys.get("windows")
        source = {"series": {"path": str(path), **windows}} if windows else {"csv": str(path)}
        block = {"source": source, "target": "y", **{key: value for key, value in keys.items() if key != "windows"}}
        return Data.model_validate(block, context=Language()).load(seed=0)

    return table


def story_of(config: Config) -> Callable[..., verdict.Story]:
    """`story(validation=[…])`: the losses of each epoch, and the loss of the trivial baseline."""

    def story(
        *,
        validation: Sequence[float],
        train: Sequence[float] | None = None,
        baseline: float | None = 1.0,
        stop: StopReason = StopReason.ALL_EPOCHS,
    ) -> verdict.Story:
        train = train or validation
        history = [
            {"learning_rate": 0.01, "train": {"loss": one}, "validation": {"loss": other}}
            for one, other in zip(train, validation, strict=True)
        ]
        metrics = {"train": {"loss": train[-1]}, "validation": {"loss": validation[-1]}}
        known = {"method": "majority class", "split": "validation", "metrics": {"loss": baseline}}
        best = 1 + list(validation).index(min(validation))
        return verdict.Story(config, history, metrics, {} if baseline is None else known, best, stop)

    return story


def seen_of(config: Config) -> Callable[..., check.Seen]:
    """`seen(gradients=[…])`: the norm of each layer's gradient beside weights of 1, the losses on one batch, the first loss.

    `noise` are the first loss and the last ones with noise and without it.
    """
    from dlcli.training.evidence.first_loss import FirstLoss
    from dlcli.training.evidence.gradients import LayerGradient
    from dlcli.training.evidence.noise import Noise
    from dlcli.training.evidence.one_batch import OneBatch

    def seen(
        *,
        gradients: Sequence[float | None] = (1.0, 1.0),
        losses: Sequence[float] = (2.3, 0.01),
        first: float = 2.3,
        expected: float = 2.3,
        noise: Sequence[float] | None = None,
    ) -> check.Seen:
        layers = [LayerGradient(f"layer_{i}", "Dense", None, norm, 1.0, False) for i, norm in enumerate(gradients)]
        batch = OneBatch(32, len(losses), losses[0], losses[-1], max(losses), False, 0.0)
        heard = None if noise is None else Noise(["dropout"], 60, *noise)
        return check.Seen(config, 0.01, FirstLoss(first, expected, "ln 10", True, {}), layers, batch, heard)

    return seen


def check_cases(name: str, rule: Rule, build: Mapping[str, Callable[..., Any]]) -> None:
    """The first case shows a finding, which has a sentence; of the others, at least one, none does."""
    cases: list[tuple[Any, bool]] = sys.modules[rule.__module__].cases(build[name])
    assert [shown for _, shown in cases] == [True] + [False] * (len(cases) - 1)
    assert len(cases) >= (1 if rule is verdict.healthy.healthy else 2)  # which is asked last, and speaks always
    for case, shown in cases:
        finding = rule(case)
        assert (finding is not None) is shown
        if finding is not None:
            assert finding.code in LISTS[name]
            assert TOLD[name](finding).evidence


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_a_rule_speaks_in_its_first_case_alone(name: str, rule: Rule, build: Mapping[str, Callable[..., Any]]) -> None:
    check_cases(name, rule, build)


@pytest.mark.parametrize("package", [check, data, verdict], ids=lambda package: package.__name__)
def test_the_list_holds_every_rule_once_and_a_file_each(package: Any) -> None:
    modules = [Path(inspect.getfile(rule)).stem for rule in rules_of(package)]
    files = [path for path in Path(package.__file__).parent.glob("*.py") if "\ndef cases(" in path.read_text("utf-8")]
    assert sorted(modules) == sorted(path.stem for path in files)
    names = [rule.__name__ for rule in rules_of(package)]
    assert len({*names}) == len(names)
    assert package is verdict or names == sorted(names)


def test_a_rule_of_the_verdict_is_called_as_what_it_sees_and_explained_by_rules() -> None:
    rules = (*verdict.RULES, *verdict.LAST)
    codes = [rule.code for rule in rules]
    assert codes == [rule.sees.__name__ for rule in rules]
    for number, rule in enumerate(rules):
        assert rule.explained_by <= {*codes[:number]}, rule.code  # what is explained later could not be silent


def mute(dataset: Dataset) -> None:
    """Never speaks."""


def shrill(dataset: Dataset) -> Finding:
    """Always speaks."""
    return Finding(code="constant_columns", severity="note", facts={"columns": ["c"]})


def wordless(dataset: Dataset) -> Finding | None:
    """Has no sentence."""
    constant = all(dataset.column("c", dataset.rows) == 3)
    return Finding(code="nobody_knows", severity="note") if constant else None


@pytest.mark.parametrize("rule", [mute, shrill, wordless])
def test_a_rule_that_breaks_the_contract_is_noticed(
    rule: Rule, build: Mapping[str, Callable[..., Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "__module__", data.constant_columns.__module__)
    with pytest.raises(AssertionError):
        check_cases("data", rule, build)
