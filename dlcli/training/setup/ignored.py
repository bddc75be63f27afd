"""The class that a loss ignores is a label: one that does not occur, but would be the index of another class, is told."""

from __future__ import annotations

from dlcli.data import Dataset
from dlcli.data.schema import TargetSchema
from dlcli.data.target_labels import is_void, label_key
from dlcli.errors import BlockError
from dlcli.loss.target_loss import Head


def check_ignored_class(head: Head, target: TargetSchema, dataset: Dataset) -> None:
    """Raises `BlockError` for an `ignore_class` that is no label of its target, and may have been meant as an index."""
    ignored, names = head.loss.arguments.get("ignore_class"), target.classes
    if not isinstance(ignored, int) or not names or target.column is None or not 0 <= ignored < len(names):
        return
    if label_key(ignored) in map(label_key, names):
        return
    if is_void(dataset.column(target.column, dataset.splits["train"].rows), [ignored]).any():
        return
    shown = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
    raise BlockError(
        (*head.loss_path, head.loss.written, "ignore_class"),
        f"'ignore_class' is a label, and {ignored} is none of '{target.name}', whose labels are {shown}",
        hint=f"leave it out, and write void: {names[ignored]} at the target to ignore the class of the index {ignored}",
        kind="no_such_label",
    )
