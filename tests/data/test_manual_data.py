"""Every example of docs/data.md is read as it stands, from files of the names that it uses."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dlcli.config.language import Language
from dlcli.data import Data
from dlcli.data.sources import SOURCES
from dlcli.data.sources.source import Origin

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
[EXAMPLES, ELSEWHERE] = [block for text in BLOCKS if isinstance(block := yaml.safe_load(text), list)]
[WHOLE] = [block for text in BLOCKS if isinstance(block := yaml.safe_load(text), dict)]
"""Sources that are read here, sources that need the network, and a whole configuration."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from example_files import write_examples

    made = tmp_path_factory.mktemp("examples")
    write_examples(made)
    return made


def test_the_page_shows_every_kind_of_source() -> None:
    text = str(EXAMPLES + ELSEWHERE)
    written = {source.word for source in SOURCES.values() if f"'{source.word}'" in text}
    by_path = {"csv", "parquet", "jsonl", "splits"}
    shipped = {source.word for source in SOURCES.values() if source.origin in {Origin.BUNDLED, Origin.GENERATED}}
    assert written | by_path | shipped <= {source.word for source in SOURCES.values()}
    assert len(written) >= 14
    assert all(f"`{word}`" in PAGE or word in PAGE for word in shipped)


def test_the_examples_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    read = 0
    for example in EXAMPLES:
        data = Data.model_validate(example, context=Language())
        dataset = data.load(seed=0, allow_code=True)
        assert list(dataset.splits) == ["train", "validation", "test"], example
        assert dataset.fields.samples >= 60, example
        read += 1
    assert read == len(EXAMPLES) == 25


def test_the_examples_from_elsewhere_are_understood() -> None:
    words = [Data.model_validate(example, context=Language()).source.word for example in ELSEWHERE]
    assert words == ["keras", "tfds", "huggingface"]


def test_the_whole_configuration_trains(folder: Path, run_dlcli: Callable[..., Any]) -> None:
    path = folder / "people.yaml"
    path.write_text(yaml.safe_dump(WHOLE, allow_unicode=True, sort_keys=False), encoding="utf-8")
    outcome = run_dlcli("train", path, "-q", "--json", cwd=folder)
    assert outcome.code == 0, outcome.err
    assert set(outcome.value["metrics"]["train"]) == {"loss", "drink_loss", "age_loss", "drink_accuracy"}


def test_each_of_several_targets_has_its_number_of_classes(folder: Path, run_dlcli: Callable[..., Any]) -> None:
    path = folder / "people.yaml"
    text = yaml.safe_dump(WHOLE, allow_unicode=True, sort_keys=False)
    assert text.count("units: 3") == 1
    path.write_text(text.replace("units: 3", "units: ${data.classes.drink}"), encoding="utf-8")
    outcome = run_dlcli("inspect", path, "--json", cwd=folder)
    assert outcome.code == 0, outcome.err
    shapes = {layer["name"]: layer["output_shape"] for layer in outcome.value["layers"]}
    assert (shapes["drink"], shapes["age"]) == ([3], [1])
