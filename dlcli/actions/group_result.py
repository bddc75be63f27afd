"""What a group of runs has come to: its members, and the mean and deviation of what they reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dlcli.actions.compare import values_of
from dlcli.actions.held_out import kept_held_out
from dlcli.actions.loss_units import has_one_unit, units_apart
from dlcli.actions.member_states import member_of, rows_of
from dlcli.actions.runs import compared_runs
from dlcli.actions.spreads import spreads
from dlcli.runs import Run
from dlcli.runs.groups import ALIKE, Group, GroupKind
from dlcli.runs.samples_file import read_samples
from dlcli.runs.summary import RunSummary
from dlcli.view.group import GroupShown, MemberShown, SpreadShown, own_unit_words
from dlcli.view.many import LineState

CHOOSING = ("train.early_stopping.monitor", "train.until", "train.reduce_on_plateau.monitor")
"""Keys that may let the validation split decide how long, or how, a run is trained."""


def group_result(group: Group, trained: Mapping[str, MemberShown] | None = None) -> GroupShown:
    """What a group has come to; `trained` are the members that this command has trained, by name.

    Raises `ArtifactError` where its record is damaged.
    """
    record = group.read()
    rows = rows_of(group)
    names = list(rows) if record.members is None else record.members
    shown = [member_of(group, name, rows.get(name), (trained or {}).get(name)) for name in names]
    found = [rows[name] for name in names if name in rows]
    done = [row for row in found if row.status == "done"]
    held = kept_held_out(group) if record.kind == GroupKind.FOLDS else None
    metrics = spreads_of(done) if record.kind in ALIKE else {}
    notes = chosen_by_judges(found) if record.kind == GroupKind.FOLDS else []
    apart = units_apart(done)
    if held is not None:
        held = replace(held, metrics={name: each for name, each in held.metrics.items() if has_one_unit(name, apart)})
    if apart and record.kind in ALIKE:
        notes.append(own_unit_words(apart, record.kind))
    return GroupShown(
        group=group.name,
        path=str(group.path),
        kind=record.kind,
        members=shown,
        metrics=metrics,
        out_of_fold=held,
        done=sum(each.state in {LineState.DONE, LineState.SKIPPED} for each in shown),
        pruned=sum(each.state is LineState.PRUNED for each in shown),
        failed=sum(each.state is LineState.FAILED for each in shown),
        left=sum(each.state in {LineState.STOPPED, LineState.LEFT} for each in shown),
        notes=notes,
        table=compared_runs(found) if found else None,
    )


def chosen_by_judges(rows: Sequence[RunSummary]) -> list[str]:
    """What to know of folds whose last or best epoch was chosen by the very part that judges them."""
    said = {str(row.configuration.value(path)) for row in rows for path in CHOOSING}
    if not any("val_" in each for each in said):
        return []
    return [
        "the epoch of each fold is chosen by the part that judges it, which makes its validation a little too good; the test "
        "split has no part in that"
    ]


def spreads_of(rows: Sequence[RunSummary]) -> dict[str, SpreadShown]:
    """The spread of each value that runs reached, by split and name; of one that some lack that of the others. A loss in
    units apart has none.
    """
    if not rows:
        return {}
    reached, apart = [values_of(row, read_samples(Run(row.path))) for row in rows], units_apart(rows)
    names = [name for name in dict.fromkeys(name for values in reached for name in values) if has_one_unit(name, apart)]
    return spreads(Run(rows[0].path), {name: [each[name] for each in reached if name in each] for name in names})
