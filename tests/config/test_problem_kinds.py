"""The kind of a problem: a word that stays when its message is worded anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dlcli.config import Config
from dlcli.errors import ConfigError

WHOLE = """\
data: {source: iris.csv, target: species}
layers: [Dense: 3]
loss: mse
optimizer: adam
train: {epochs: 3}
"""
KINDS = {
    "unknown_key": f"{WHOLE}trian: {{epochs: 3}}",
    "missing_key": WHOLE.replace("loss: mse\n", ""),
    "wrong_type": WHOLE.replace("epochs: 3", "epochs: three"),
    "out_of_range": WHOLE.replace("epochs: 3", "epochs: 0"),
    "wrong_length": WHOLE.replace("[Dense: 3]", "[]"),
    "not_a_choice": WHOLE.replace("epochs: 3", "epochs: 3, engine: fast"),
    "unknown_name": WHOLE.replace("Dense", "Dens"),
    "unknown_argument": WHOLE.replace("Dense: 3", "Dense: {unit: 3, units: 3}"),
    "missing_argument": WHOLE.replace("Dense: 3", "Dense"),
    "not_a_time": WHOLE.replace("epochs: 3", "epochs: 3, time_limit: soon"),
    "unknown_reference": WHOLE.replace("Dense: 3", 'Dense: {units: "${nowhere}"}'),
    "no_such_block": WHOLE.replace("Dense: 3", "block: {use: head}"),
    "duplicate_key": f"{WHOLE}loss: mae",
    "bad_yaml": WHOLE.replace("epochs: 3}", "epochs: 3"),
    "empty_file": "",
    "wrong_encoding": b"\xff\xfe",
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_a_problem(kind: str, read: Callable[..., Config]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(KINDS[kind])
    assert {problem.kind for problem in caught.value.problems} == {kind}
    assert caught.value.kind == kind


@pytest.mark.parametrize("setting", ["train.epochs", "layers.9=Dense", "nothing.here=3"])
def test_the_kind_of_a_setting_that_cannot_be_made(setting: str, read: Callable[..., Config]) -> None:
    kinds = {"train.epochs": "bad_setting", "layers.9=Dense": "no_such_list_item", "nothing.here=3": "unknown_key"}
    with pytest.raises(ConfigError) as caught:
        read(WHOLE, setting)
    assert caught.value.kind == kinds[setting]
