"""How much a configuration may hold: what is allowed just so, and the next that is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dlcli.config import load_config
from dlcli.config.text import configuration_bytes, decode
from dlcli.config.yaml import read_yaml
from dlcli.errors import ConfigError


def tree_of(text: str) -> Any:
    return read_yaml(text.encode(), file="-", folder=Path()).plain()


def outcome(text: str) -> str | None:
    """What a text is refused for."""
    try:
        tree_of(text)
    except ConfigError as error:
        return error.problems[0].message
    return None


@pytest.mark.parametrize(("lists", "said"), [(63, None), (64, "nested deeper than 64 levels")])
def test_a_text_has_up_to_64_levels_with_that_of_its_keys(lists: int, said: str | None) -> None:
    assert outcome("a: " + "[" * lists + "]" * lists) == said
    name = "&x " + "[" * (lists - 1) + "]" * (lists - 1)
    assert outcome(f"a: {name}\nb: [*x]") == said


@pytest.mark.parametrize(
    ("items", "said"), [(49_998, None), (49_999, "more than 50,000 values, aliases counted as what they stand for")]
)
def test_a_text_has_up_to_fifty_thousand_values_with_the_list_and_the_mapping(items: int, said: str | None) -> None:
    assert outcome("a: [" + "1," * items + "]") == said


@pytest.mark.parametrize(("signs", "is_number"), [(400, True), (401, False)])
def test_a_number_has_up_to_400_signs(signs: int, is_number: bool) -> None:
    value = tree_of("a: 0." + "0" * (signs - 3) + "1")["a"]
    assert isinstance(value, float) is is_number


@pytest.mark.parametrize(("size", "fits"), [(2_000_000, True), (2_000_001, False)])
def test_a_file_has_up_to_two_million_bytes(size: int, fits: bool, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"#" * size)
    content = configuration_bytes(path)
    if fits:
        assert len(decode(content, file="c.yaml")) == size
    else:
        with pytest.raises(ConfigError) as caught:
            decode(content, file="c.yaml")
        assert caught.value.problems[0].message == "the file is too large: a configuration has at most 2,000,000 bytes"


@pytest.mark.parametrize(
    ("key", "most"), [("seed", 2**32 - 1), ("train.batch_size", 1_000_000), ("train.epochs", 10_000_000)]
)
def test_the_largest_number_of_a_key_is_allowed_and_the_next_is_not(
    read: Any, digits: str, key: str, most: int
) -> None:
    config = read(digits, f"{key}={most}").plain()
    for part in key.split("."):
        config = config[part]
    assert config == most
    with pytest.raises(ConfigError) as caught:
        read(digits, f"{key}={most + 1}")
    assert caught.value.problems[0].message.endswith(f"must be at most {most}, found the number {most + 1}")


@pytest.mark.parametrize(("files", "fits"), [(33, True), (34, False)])
def test_up_to_32_files_extend_one_another(files: int, fits: bool, tmp_path: Path, digits: str) -> None:
    (tmp_path / "0.yaml").write_text(digits, encoding="utf-8")
    for number in range(1, files):
        (tmp_path / f"{number}.yaml").write_text(f"extends: {number - 1}.yaml\n", encoding="utf-8")
    last = str(tmp_path / f"{files - 1}.yaml")
    if fits:
        assert load_config(last)[0].name == "digits"
    else:
        with pytest.raises(ConfigError) as caught:
            load_config(last)
        assert caught.value.problems[0].message == "more than 32 files extend one another"
