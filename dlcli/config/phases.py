"""`train.phases`: each phase of a training is the file with some settings, put into its tree before anything is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dlcli.config.merge import put
from dlcli.config.setting_path import setting_parts, setting_path
from dlcli.config.tree import Mark, Node
from dlcli.errors import ConfigError, Problem, TreePath
from dlcli.spec import did_you_mean

SETTABLE = (
    "layers.NAME.trainable",
    "optimizer",
    "loss_weights",
    "train.early_stopping",
    "train.reduce_on_plateau",
    "train.batch_size",
)
"""What a phase may set, each with all that is beneath it."""
OWN = (("train", "epochs"), ("train", "phases"))
"""What is another in each phase in any case."""


def phase_nodes(root: Node) -> list[Node]:
    """The phases of a tree as they are written; none where there are no proper ones."""
    train = root.child("train")
    phases = None if train is None else train.child("phases")
    listed = phases.value if phases is not None and isinstance(phases.value, list) else []
    return [each for each in listed if isinstance(each.value, dict)]


def epochs_of(phase: Node) -> int:
    """The epochs of a phase; 0 where it does not say them properly."""
    epochs = phase.child("epochs")
    return epochs.value if epochs is not None and type(epochs.value) is int else 0


def with_first_epochs(root: Node) -> tuple[Node, list[Problem]]:
    """The tree with the epochs of its first phase as those of the training, and the problem of a file that says both.

    What counts the epochs of a phase later is another there: a value that counts all of them would change with the last.
    """
    train = root.child("train")
    if train is None or train.child("phases") is None or train.child("phases").value in (None, []):  # type: ignore[union-attr]
        return root, []
    beside, phases = train.child("epochs"), phase_nodes(root)
    problems = []
    if beside is not None and beside.value is not None:
        problems.append(
            (beside.key or beside.mark).problem(
                "'epochs' stands beside 'phases', which have epochs of their own",
                suggestion="leave it out",
                kind="epochs_beside_phases",
            )
        )
    first = Node(max([1, *map(epochs_of, phases[:1])]), train.mark, train.key)
    return with_train(root, epochs=first), problems


def with_train(root: Node, **values: Node | None) -> Node:
    """The tree with other values in its train block; None takes a key away."""
    train = root.value["train"]
    changed = {key: node for key, node in {**train.value, **values}.items() if node is not None}
    return replace(root, value={**root.value, "train": replace(train, value=changed)})


def phase_root(root: Node, phase: Node) -> Node:
    """The tree of a phase: the file with its settings and epochs, without phases.

    Raises `ConfigError` with all that may not be set.
    """
    problems, tree = list[Problem](), with_train(root, phases=None, epochs=phase.child("epochs"))
    settings = phase.child("set")
    for path, value in settings.value.items() if settings and isinstance(settings.value, dict) else ():
        mark = value.key or value.mark
        parts = setting_parts(path)
        if parts is None or not may_be_set(parts):
            problems.append(not_settable(path, mark))
            continue
        try:
            tree = put(tree, parts, value, option=mark, append=False)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return tree


def may_be_set(parts: list[str]) -> bool:
    """Whether a phase may set what stands at a path."""
    match parts:
        case ["layers", *_, "trainable"] | ["layers", *_, "trainable", "from"]:
            return len(parts) > 2
        case ["optimizer" | "loss_weights", *_]:
            return True
        case ["train", "early_stopping" | "reduce_on_plateau" | "batch_size", *_]:
            return True
    return False


def not_settable(path: str, mark: Mark) -> Problem:
    """The problem of a setting that a phase may not have."""
    near = did_you_mean(path, [*SETTABLE[1:], *(each.partition(".")[2] for each in SETTABLE[3:])])
    hint = f"a phase may set {', '.join(SETTABLE)}"
    return mark.problem(f"'{path}' cannot be set in a phase", suggestion=near or hint, kind="not_settable_in_phase")


def with_total(root: Node, epochs: Node) -> tuple[Node, int | None]:
    """The tree with phases of so many epochs in all, of which the last is longer where that is more than they have.

    Where it is less they stay as they are: training ends after the number that is given beside them.
    """
    phases = phase_nodes(root)
    more = epochs.value - sum(map(epochs_of, phases))
    if more <= 0:
        return root, epochs.value if more else None
    longer = {**phases[-1].value, "epochs": replace(epochs, value=epochs_of(phases[-1]) + more)}
    extended = [*phases[:-1], replace(phases[-1], value=longer)]
    return with_train(root, phases=replace(root.value["train"].value["phases"], value=extended)), None


def completed_settings(base: Mapping[str, Any], phase: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """All that differs in a phase by path, both as plain data: the settings with what `${…}` made of them.

    Also gives the paths among them that a phase may not set.
    """
    changed = {
        path: value
        for path, value in differing(base, phase)
        if path[:2] not in (("train", "epochs"), ("train", "phases"))
    }
    wrong = [setting_path(path) for path in changed if not may_be_set([str(part) for part in path])]
    return {setting_path(path): value for path, value in changed.items()}, wrong


def differing(before: Any, after: Any, path: TreePath = ()) -> Iterator[tuple[TreePath, Any]]:
    """The values that differ, with their paths; keys that are gone make the whole mapping another one."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() <= after.keys():
        for key, value in after.items():
            if key in before:
                yield from differing(before[key], value, (*path, key))
            else:
                yield (*path, key), value
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from differing(*pair, (*path, number))
    elif before != after or type(before) is not type(after):
        yield path, after
