"""What is proposed next: the first advice as a command, with what helps together with it alone."""

from __future__ import annotations

import pytest

from dlcli.finding import Advice, Command, Setting
from dlcli.view.sentences import Judgement
from dlcli.view.verdict import next_command

EPOCHS = Setting(key="train.epochs", old=8, new=13, why="it fell", joined=True)
STEPS = Setting(key="optimizer.learning_rate.decay_steps", old="8 epochs", new="13 epochs", why="as long")
OTHER = Setting(key="train.batch_size", old=8, new=16, why="it is another way")


@pytest.mark.parametrize(
    ("advice", "command"),
    [
        (
            [STEPS, EPOCHS],
            "dlcli train c.yaml --set 'optimizer.learning_rate.decay_steps=\"13 epochs\"' --set train.epochs=13",
        ),
        ([OTHER, STEPS], "dlcli train c.yaml --set train.batch_size=16"),
        ([Command(command="dlcli check c.yaml", why="see"), EPOCHS], "dlcli check c.yaml"),
        ([], "dlcli evaluate r"),
    ],
)
def test_the_next_command_takes_what_belongs_together(advice: list[Advice], command: str) -> None:
    judgement = Judgement(
        finding="found",
        since_epoch=None,
        evidence="seen",
        advice=advice,
        code="code",
        severity="warning",
        where=None,
        facts={},
    )
    assert next_command([judgement], run="r", options="", file="c.yaml") == command
