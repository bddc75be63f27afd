"""What looks wrong in the data of a configuration, beside what the configuration does about it."""

from __future__ import annotations

from dataclasses import replace

from dlcli.config import Config
from dlcli.data import Dataset
from dlcli.data.findings import findings
from dlcli.finding import Finding
from dlcli.layers.stack import innermost

MOST, MOST_STREAMED = 20_000, 256
"""So many samples of a split are looked at before a training; of what is read from disk for it few."""


def data_seen(config: Config, dataset: Dataset) -> list[Finding]:
    """The findings about a data set before a training; what the configuration has an answer to is a note."""
    answered = answered_by(config)
    seen = findings(dataset.with_present_targets(), most=MOST_STREAMED if dataset.streams else MOST)
    return [replace(each, severity="note") if each.code in answered else each for each in seen]


def answered_by(config: Config) -> frozenset[str]:
    """The findings that a configuration has an answer to already: what it does about them is what would be advised."""
    answers = {
        "missing_values": config.data.missing != "error",
        "imbalanced_classes": config.train.class_weight is not None,
        "far_from_unit_scale": any({"ids", "scales"} & {*layer.traits} for layer in innermost(config.layers)),
    }
    return frozenset(code for code, is_answered in answers.items() if is_answered)
