"""Configurations of the gallery that are well, made sick in one way each: is it said first, and does the advice help?

    python tests/training/verdict/made_sick.py [--part 1] [--jobs 2] [--follow]

Of every pair of a configuration and a way one in `--part` is trained. What a change does not harm is not counted: where the
validation loss that is kept stays within a tenth of all that the configuration gains as it is written. With `--follow` the
settings of each first advice are trained as well, and those named after which validation is worse.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from dlcli.config import load_config
from dlcli.errors import ConfigError

ROOT = Path(__file__).parents[3]
WELL = (
    *("digits", "basics/spiral", "images/autoencoder", "images/keypoints", "series/horizons", "series/motions"),
    *("tables/autompg", "tables/breast_cancer", "tables/iris", "tables/penguins", "tables/two_outputs", "tables/wine"),
    *("text/bidirectional_lstm", "text/several_labels"),
)
HARMED, WORSE = 0.1, 0.02
"""The share of a configuration's gain that a sick one has lost, and of the loss that an advice may cost by chance."""
CALM = frozenset({"healthy", "still_improving", "plateau"})
Tree = dict[str, Any]
MULTIPLYING = ("Dense", "Conv2D", "Conv1D", "GRU", "LSTM")


def layer_of(entry: Any) -> tuple[str, dict[str, Any]] | None:
    """The name and the arguments of an entry that multiplies what it takes, as a mapping; None of others."""
    if not isinstance(entry, dict) or next(iter(entry)) not in MULTIPLYING:
        return None
    [(name, value)] = entry.items()
    if not isinstance(value, dict):
        entry[name] = value = {"filters" if name.startswith("Conv") else "units": value}
    return name, value


def inner(tree: Tree) -> list[dict[str, Any]]:
    """The arguments of all multiplying layers but the last."""
    found = [layer[1] for layer in map(layer_of, tree["layers"]) if layer is not None]
    return found[:-1]


def rate(tree: Tree) -> float:
    [arguments] = tree["optimizer"].values()
    return float(arguments["learning_rate"] if isinstance(arguments, dict) else arguments)


def patiently(tree: Tree, epochs: int) -> None:
    tree["train"].pop("early_stopping", None)
    tree["train"]["epochs"] = epochs


def with_optimizer(**optimizer: Any) -> Callable[[Tree], bool]:
    def change(tree: Tree) -> bool:
        tree["optimizer"] = optimizer
        return True

    return change


def too_fast(tree: Tree) -> bool:
    tree["optimizer"] = {"Adam": min(200 * rate(tree), 1.0)}
    return True


def too_slow(tree: Tree) -> bool:
    tree["optimizer"] = {"Adam": rate(tree) / 500}
    patiently(tree, 15)
    return True


def few_epochs(tree: Tree) -> bool:
    patiently(tree, 3)
    return True


def ends_at_once(tree: Tree) -> bool:
    schedule = {"ExponentialDecay": {"initial_learning_rate": rate(tree), "decay_steps": 5, "decay_rate": 0.5}}
    tree["optimizer"] = {"Adam": {"learning_rate": schedule}}
    patiently(tree, 15)
    return True


def decays(tree: Tree) -> bool:
    tree["optimizer"] = {"AdamW": {"learning_rate": 3 * rate(tree), "weight_decay": 20.0}}
    return True


def coarse(tree: Tree) -> bool:
    tree["train"]["early_stopping"] = {"monitor": "val_loss", "patience": 1, "min_delta": 0.2}
    return True


def drops(tree: Tree) -> bool:
    tree["layers"].insert(len(tree["layers"]) - 1, {"Dropout": 0.95})
    return "from" not in str(tree["layers"])


def every(**arguments: Any) -> Callable[[Tree], bool]:
    """Arguments for all inner layers."""

    def change(tree: Tree) -> bool:
        for each in inner(tree):
            each.update(copy.deepcopy(arguments))
        return bool(inner(tree))

    return change


def narrow(tree: Tree) -> bool:
    units = [each for each in inner(tree) if "units" in each]
    for each in units:
        each["units"] = 1
    return bool(units)


def never_lit(tree: Tree) -> bool:
    lit = [each for each in inner(tree) if each.get("activation") == "relu"]
    for each in lit:
        each["bias_initializer"] = {"Constant": -10.0}
    return bool(lit)


def raw(tree: Tree) -> bool:
    return "Normalization" in (tree["data"].pop("prepare", None) or [])


WAYS: Mapping[str, tuple[Callable[[Tree], bool], set[str]]] = {
    "too_fast": (too_fast, {"rate_too_high", "diverged"}),
    "far_too_fast": (with_optimizer(SGD={"learning_rate": 3.0, "momentum": 0.9}), {"rate_too_high", "diverged"}),
    "never_rests": (with_optimizer(SGD={"learning_rate": 0.05, "momentum": 0.999}), {"rate_too_high", "diverged"}),
    "too_slow": (too_slow, {"rate_too_low"}),
    "cut": (with_optimizer(SGD={"learning_rate": 0.05, "clipnorm": 1e-5}), {"rate_too_low"}),
    "few_epochs": (few_epochs, {"still_improving"}),
    "ends_at_once": (ends_at_once, {"schedule_ended"}),
    "decays": (decays, {"underfits"}),
    "coarse": (coarse, {"stopped_too_early"}),
    "drops": (drops, {"underfits"}),
    "costs": (every(kernel_regularizer={"L2": 0.3}), {"underfits"}),
    "frozen": (every(trainable=False), {"underfits", "does_not_learn"}),
    "zeros": (every(kernel_initializer="zeros"), {"dead_units", "vanishing_gradients"}),
    "large": (
        every(kernel_initializer={"RandomNormal": {"stddev": 3.0}}),
        {"exploding_gradients", "diverged", "dead_units"},
    ),
    "narrow": (narrow, {"cannot_fit", "underfits"}),
    "never_lit": (never_lit, {"dead_units"}),
    "raw": (raw, {"inputs_far_from_scale"}),
}


def written(folder: Path, part: int) -> list[str]:
    """The names of all pairs that are to be trained, whose files then are in the folder."""
    names = []
    for at, where in enumerate(WELL):
        tree = yaml.safe_load((ROOT / "configs" / f"{where}.yaml").read_text(encoding="utf-8"))
        ways = {"well": (lambda tree: True, set[str]()), **WAYS}
        for number, (way, (change, _)) in enumerate(ways.items()):
            sick, name = copy.deepcopy(tree), f"{tree['name']}-{way}"
            if (way == "well" or (at + number) % part == 0) and change(sick):
                sick["name"] = name
                (folder / f"{name}.yaml").write_text(yaml.safe_dump(sick, sort_keys=False), encoding="utf-8")
                names += [name] if is_taken(folder / f"{name}.yaml") else []
    return names


def is_taken(path: Path) -> bool:
    """Whether a file can be trained; what is refused before needs no verdict."""
    try:
        load_config(path)
    except ConfigError:
        return False
    return True


def trained(folder: Path, lines: list[str], jobs: int) -> dict[str, Any]:
    """What is known of each run after all lines were trained."""
    (folder / "lines.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "dlcli", "many", "lines.txt", "-q", "-j", str(jobs)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=False)
    runs = sorted((folder / "runs").glob("*/run.json"))
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in runs}


def loss_of(run: Mapping[str, Any]) -> float:
    """The validation loss that is kept; without end where the training broke down."""
    found = run.get("metrics", {}).get("validation", {}).get("loss")
    return float("inf") if found is None else float(found)


def is_harmed(run: Mapping[str, Any], well: Mapping[str, Any]) -> bool:
    gained = well["baseline"]["metrics"]["loss"] - loss_of(well)
    return loss_of(run) > loss_of(well) + HARMED * gained


def follow(folder: Path, runs: Mapping[str, Any], jobs: int) -> None:
    """Trains with the settings of each first advice, and says which made validation worse."""
    lines = []
    for name, run in runs.items():
        settings = [each for each in run["verdict"][0]["advice"] if "set" in each] if run.get("verdict") else []
        words = [word for each in settings for word in ("--set", f"{each['set']}={json.dumps(each['to'])}")]
        if words:
            lines.append(shlex.join([f"{name}.yaml", "--name", f"{name}-followed", *words]))
    found = trained(folder, lines, jobs)
    pairs = [(name, loss_of(run), found.get(f"{name}-followed")) for name, run in runs.items()]
    followed = [(name, before, loss_of(after)) for name, before, after in pairs if after is not None]
    worse = [each for each in followed if each[2] > each[1] + WORSE * abs(each[1])]
    for name, before, after in worse:
        print(f"{name}: {before:.4g} became {after:.4g}")
    print(f"{len(followed)} advices were followed, after {len(worse)} validation was worse")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--follow", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        runs = trained(folder, [f"{name}.yaml" for name in written(folder, asked.part)], asked.jobs)
        sick, missed, alarms = dict[str, Any](), list[str](), list[str]()
        for name, run in runs.items():
            base, _, way = name.partition("-")
            first = run["verdict"][0]["code"] if run.get("verdict") else "none"
            if way == "well":
                alarms += [] if first in CALM else [f"{name}: {first}"]
            elif is_harmed(run, runs[f"{base}-well"]):
                sick[name] = run
                missed += [] if first in WAYS[way][1] else [f"{name}: {first}, {loss_of(run):.4g}"]
        print("\n".join([*missed, *alarms]))
        right = len(sick) - len(missed)
        print(
            f"{len(sick)} sick, of {right} it is said first what was done; {len(WELL)} well, {len(alarms)} false alarms"
        )
        if asked.follow:
            follow(folder, sick, asked.jobs)


if __name__ == "__main__":
    main()
