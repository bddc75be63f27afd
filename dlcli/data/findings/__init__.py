"""What looks wrong in a data set. A rule costs a file here, with `cases` that show it, and a line in RULES."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dlcli.data.dataset import Dataset
from dlcli.data.findings.channels_first import channels_first
from dlcli.data.findings.constant_columns import constant_columns
from dlcli.data.findings.constant_target import constant_target
from dlcli.data.findings.empty_columns import empty_columns
from dlcli.data.findings.equal_by_chance import equal_by_chance
from dlcli.data.findings.equal_in_32_bits import equal_in_32_bits
from dlcli.data.findings.exact_sum import target_is_a_sum
from dlcli.data.findings.far_values import far_values
from dlcli.data.findings.few_samples import few_samples
from dlcli.data.findings.header_like_data import header_like_data
from dlcli.data.findings.holes_in_time import holes_in_time
from dlcli.data.findings.identifier_columns import identifier_columns
from dlcli.data.findings.imbalanced_classes import imbalanced_classes
from dlcli.data.findings.leak import target_given_away
from dlcli.data.findings.missing_values import missing_values
from dlcli.data.findings.names_alike import names_alike
from dlcli.data.findings.numbers_as_text import numbers_as_text
from dlcli.data.findings.order import sorted_order
from dlcli.data.findings.overlap import overlapping_windows
from dlcli.data.findings.part_of_target import input_is_a_part
from dlcli.data.findings.same_inputs import same_inputs
from dlcli.data.findings.same_rows import same_rows
from dlcli.data.findings.scale import far_from_unit_scale
from dlcli.data.findings.splits_apart import splits_apart
from dlcli.data.findings.target_scale import target_far_from_unit_scale
from dlcli.data.findings.times_as_categories import times_as_categories
from dlcli.data.findings.unequal_lengths import unequal_lengths
from dlcli.finding import Finding
from dlcli.progress import counted_off

RULES: tuple[Callable[[Dataset], Finding | None], ...] = (
    channels_first,
    constant_columns,
    constant_target,
    empty_columns,
    equal_by_chance,
    equal_in_32_bits,
    far_from_unit_scale,
    far_values,
    few_samples,
    header_like_data,
    holes_in_time,
    identifier_columns,
    imbalanced_classes,
    input_is_a_part,
    missing_values,
    names_alike,
    numbers_as_text,
    overlapping_windows,
    same_inputs,
    same_rows,
    sorted_order,
    splits_apart,
    target_far_from_unit_scale,
    target_given_away,
    target_is_a_sum,
    times_as_categories,
    unequal_lengths,
)


MOST = 200_000
"""So many samples of a split are looked at."""


def findings(dataset: Dataset, *, most: int = MOST) -> list[Finding]:
    """What the rules have seen, in the order of the rules; of much data in a part of it, `most` samples a split, which
    the facts then say."""
    return findings_of_part(dataset.sample(most), dataset)


def findings_of_part(part: Dataset, dataset: Dataset) -> list[Finding]:
    """The same of a part that was taken of the data already."""
    rules = counted_off(RULES, "looking for what is wrong", len(RULES))
    findings = [finding for rule in rules if (finding := rule(part)) is not None]
    if part is dataset:
        return findings
    counts = {"seen": sum(map(len, part.splits.values())), "samples": sum(map(len, dataset.splits.values()))}
    return [replace(finding, facts={**finding.facts, **counts}) for finding in findings]
