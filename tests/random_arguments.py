"""Random things of Keras's catalogue with random arguments on random data: each is right, or wrong at its line.

    python tests/random_arguments.py --count 2000 --seed 1

It is part of `tests/check.py --nightly`; a draw of it is in `training/test_random_arguments.py`. Every case is one layer, loss,
metric, optimizer, schedule, initializer, regularizer, constraint or preparation with arguments from plausible and odd values.
It is built (`validate --build`), and what was found right is trained for two steps, some of it masked or weighed. A failure is
an exit code 1, a mistake without its line, and a training that says no to what the build has found right.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from conftest import Outcome, run

from dlcli.config.catalogue import keras_catalogue

SAMPLES, BATCH = 24, 8
INPUTS: Mapping[str, tuple[int, ...]] = {
    "vector": (6,),
    "single": (1,),
    "ids": (6,),
    "sequence": (7, 3),
    "grey": (8, 8),
    "image": (8, 8, 3),
    "volume": (4, 4, 4, 2),
    "sound": (64,),
}
"""By name the shape of a sample."""
TARGETS = ("classes", "numbers", "several", "yes_no", "labels", "steps", "step_numbers", "text")
"""Several numbers, several yes or no (`labels`), a class or a number for each of the steps of `ids`, names of classes."""
NESTED = {
    "_initializer": "initializers",
    "_regularizer": "regularizers",
    "_constraint": "constraints",
}
"""By the end of an argument's name the kind of the thing that it takes."""
KINDS = {
    "layers": 10,
    "prepare": 2,
    "augment": 2,
    "losses": 3,
    "metrics": 5,
    "optimizers": 2,
    "schedules": 1,
    "initializers": 1,
    "regularizers": 1,
    "constraints": 1,
}
"""How often each kind is drawn."""
OF_CATALOGUE = {"layers": "layers", "prepare": "layers", "augment": "layers"}
"""Where in a configuration things of a kind of the catalogue can stand."""
WEIGHED: tuple[tuple[str, Mapping[str, int]], ...] = (
    ("Dense", {"units": 3}),
    ("LSTM", {"units": 3}),
    ("Conv1D", {"filters": 2, "kernel_size": 2}),
    ("Conv2D", {"filters": 2, "kernel_size": 2}),
)
"""Layers with a kernel, which initializers, regularizers and constraints are tried in."""
DIVERGED, RESOURCES = 6, 7
CHUNK = 200
"""Cases that one process tries."""


@dataclass(frozen=True)
class Case:
    """A configuration as a tree, and in a word what is random in it."""

    kind: str
    word: str
    tree: Mapping[str, Any]


@dataclass
class Figures:
    """What became of the cases: exit codes by kind, and each failure in words."""

    codes: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def built(self) -> int:
        """How many cases were tried."""
        return sum(count for (_, step, _), count in self.codes.items() if step == "build")


class Draw:
    """Random values, things and configurations, the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.catalogue = keras_catalogue()
        self.oddity = self.random.choice([0.0, 0.1, 0.4])

    def case(self) -> Case:
        """One configuration."""
        chosen = self.random
        kind = chosen.choices(list(KINDS), list(KINDS.values()))[0]
        source, target = chosen.choice(list(INPUTS)), chosen.choice(TARGETS)
        thing = self.thing(OF_CATALOGUE.get(kind, kind), stands=kind if kind in OF_CATALOGUE else "layers")
        (name,) = thing
        traits = self.catalogue.kinds[OF_CATALOGUE.get(kind, kind)][name]["traits"]
        if chosen.random() < 0.7:
            source = self.fitting(traits, source)
        if target in {"steps", "step_numbers"}:
            source = "ids"
        tree = self.experiment(source, target)
        self.place(kind, thing, tree, source)
        return Case(kind, f"{kind} {json.dumps(thing)} on {source}, {target}", tree)

    def fitting(self, traits: Mapping[str, Any], source: str) -> str:
        """Data that a layer with these traits may take."""
        axes = traits.get("axes", 3 if traits.get("group") == "images" else None)
        return {2: "sequence", 3: "image", 4: "volume"}.get(axes or 0, "ids" if "ids" in traits else source)

    def place(self, kind: str, thing: Mapping[str, Any], tree: dict[str, Any], source: str) -> None:
        """Puts a thing of a kind into a configuration."""
        chosen = self.random
        match kind:
            case "layers":
                tree["layers"] = [*self.before(source), thing, *tree["layers"][-2:]]
            case "prepare" | "augment":
                tree["data"][kind] = [thing]
            case "losses" | "optimizers":
                tree[{"losses": "loss", "optimizers": "optimizer"}[kind]] = thing
            case "metrics":
                tree["metrics"] = [thing]
            case "schedules":
                tree["optimizer"] = {"Adam": {"learning_rate": thing}}
            case _:
                layer, sizes = chosen.choice(WEIGHED)
                tree["layers"] = [{layer: {**sizes, f"kernel_{kind[:-1]}": thing}}, *tree["layers"][-2:]]

    def before(self, source: str) -> list[Any]:
        """Layers in front of the random one."""
        if source == "ids" and self.random.random() < 0.5:
            return [{"Embedding": {"input_dim": 9, "output_dim": 4, "mask_zero": self.random.random() < 0.5}}]
        return []

    def experiment(self, source: str, target: str) -> dict[str, Any]:
        """A configuration that is right as it is."""
        chosen = self.random
        units, activation, losses = {
            "classes": (3, "softmax", ["sparse_categorical_crossentropy"]),
            "text": (3, "softmax", ["sparse_categorical_crossentropy", "categorical_crossentropy"]),
            "numbers": (1, "linear", ["mse", "mae", "Huber"]),
            "several": (2, "linear", ["mse", "mae"]),
            "yes_no": (1, "sigmoid", ["binary_crossentropy", "Hinge", "BinaryFocalCrossentropy"]),
            "labels": (2, "sigmoid", ["binary_crossentropy"]),
            "steps": (3, "softmax", ["sparse_categorical_crossentropy"]),
            "step_numbers": (1, "linear", ["mse", "mae"]),
        }[target]
        steps = target in {"steps", "step_numbers"}
        loss = chosen.choice(losses)
        entries: list[Any] = [{"Dense": {"units": units, "activation": activation}}]
        entries = [{"Identity": {}}, *entries] if steps else [{"Flatten": {}}, *entries]
        if steps:
            embedding = {"input_dim": 9, "output_dim": 4, "mask_zero": chosen.random() < 0.7}
            entries = [{"Embedding": embedding}, *entries]
        encode = "one_hot" if loss == "categorical_crossentropy" else "index"
        field_of = {"column": target, **({"encode": encode} if target == "text" else {})}
        tree: dict[str, Any] = {
            "data": {
                "source": {"npz": {"path": "random.npz", "inputs": source, "target": target}},
                "target": field_of,
            },
            "layers": entries,
            "loss": loss,
            "optimizer": "Adam",
            "train": {"epochs": 1, "batch_size": BATCH},
        }
        if target in {"classes", "text", "yes_no"} and chosen.random() < 0.2:
            tree["train"]["class_weight"] = "balanced"
        if chosen.random() < 0.15:
            tree["data"]["source"]["npz"]["inputs"] = [source, "weights"]
            tree["train"]["sample_weight"] = "weights"
        return tree

    def thing(self, kind: str, *, stands: str = "layers", depth: int = 0) -> dict[str, Any]:
        """A random thing in the idiom."""
        classes = {
            name: entry
            for name, entry in self.catalogue.kinds[kind].items()
            if "refused" not in entry["traits"] and stands in entry["traits"].get("stands", ["layers"])
        }
        name = self.random.choice(list(classes))
        return {name: self.arguments(kind, classes[name], depth)}

    def arguments(self, kind: str, entry: Mapping[str, Any], depth: int) -> dict[str, Any]:
        """Random arguments: the required ones, and some of the others."""
        likely = self.random.choice([0.0, 0.15, 0.3])
        arguments = {}
        for key, about in entry["arguments"].items():
            if key in {"name", "filename", "weights"} or (not about.get("required") and self.random.random() >= likely):
                continue
            arguments[key] = self.value(key, about, depth)
        return arguments

    def value(self, key: str, about: Mapping[str, Any], depth: int) -> Any:
        """A random value of an argument: plausible in most cases, odd in some."""
        chosen = self.random
        kind = about.get("thing") or next((each for end, each in NESTED.items() if key.endswith(end)), None)
        if kind == "activations":
            return chosen.choice(self.catalogue.activations)
        if kind == "schedules" and chosen.random() < 0.6:
            return chosen.choice([0.01, 1, 1e-7])
        if kind in self.catalogue.kinds and depth < 2:
            return self.inner(kind, key, depth)
        if "values" in about and chosen.random() < 0.9:
            return chosen.choice(about["values"])
        return chosen.choice(self.odd(about)) if chosen.random() < self.oddity else self.plausible(key, about)

    def inner(self, kind: str, key: str, depth: int) -> Any:
        """A thing as an argument, or a list of them."""
        stands = "cell" if key in {"cell", "cells"} else "layers"
        inner = self.thing(kind, stands=stands, depth=depth + 1)
        return [inner] if key in {"cells", "layers"} else inner

    def plausible(self, key: str, about: Mapping[str, Any]) -> Any:
        """A value that the argument may well have."""
        chosen, default, types = self.random, about.get("default"), about.get("types", [])
        if isinstance(default, bool) or "boolean" in types:
            return chosen.choice([True, False])
        if "example" in about and chosen.random() < 0.3:
            return yaml.safe_load(about["example"])
        if isinstance(default, int | float) or {"integer", "number"} & {*types}:
            whole = isinstance(default, int) or "number" not in types
            return chosen.choice([1, 2, 3, 4, 8]) if whole else chosen.choice([0.1, 0.5, 0.9, 1.0, 0.0])
        if isinstance(default, list):
            return [chosen.choice([1, 2, 3]) for _ in default]
        if isinstance(default, str):
            return default
        return chosen.choice([1, 2, 3, 0.1, [1], [2, 3], [0.1, 0.4], True])

    def odd(self, about: Mapping[str, Any]) -> Sequence[Any]:
        """Values that few would write."""
        numbers: list[Any] = [0, -1, 1, 1.0, 0.5, 99, 1000000, -0.5, 1e30, 1e-30, 7]
        others: list[Any] = [None, True, "no such", "", [], [0], [1, 2], [-1], [2, 1], [0, 0], [1, 1, 1], [0.5, 0.1]]
        return [*numbers, *others] if self.random.random() < 0.5 else numbers


def write_data(folder: Path) -> None:
    """One file with all inputs and targets."""
    import numpy as np

    generator = np.random.default_rng(5)
    inputs = {name: generator.normal(size=(SAMPLES * 2, *shape)) for name, shape in INPUTS.items()}
    ids = generator.integers(1, 9, size=(SAMPLES * 2, 6))
    ids[:, 4:] = 0  # the end of each is padding
    classes = np.arange(SAMPLES * 2) % 3
    steps = generator.integers(0, 3, size=(SAMPLES * 2, 6))
    np.savez(
        folder / "random.npz",
        **{**inputs, "ids": ids},
        classes=classes,
        text=np.array(["red", "green", "blue"])[classes],
        numbers=generator.normal(size=SAMPLES * 2),
        several=generator.normal(size=(SAMPLES * 2, 2)),
        weights=generator.random(SAMPLES * 2),
        yes_no=classes % 2,
        labels=np.stack([classes % 2, (classes + 1) % 2], axis=1),
        steps=steps,
        step_numbers=generator.normal(size=(SAMPLES * 2, 6, 1)),
    )


def tried(case: Case, folder: Path, figures: Figures) -> None:
    """Builds a case, trains it if that went well, and writes down what became of it."""
    path = folder / "case.yaml"
    path.write_text(json.dumps(case.tree, indent=1), encoding="utf-8")
    built = run("validate", "--build", path, "--json", cwd=folder)
    figures.codes[case.kind, "build", built.code] += 1
    figures.failures += [f"build {built.code}: {case.word}: {why}" for why in wrong(built)]
    if built.code:
        return
    trained = run("train", path, "--json", "-q", cwd=folder)
    shutil.rmtree(folder / "runs", ignore_errors=True)
    figures.codes[case.kind, "train", trained.code] += 1
    if trained.code not in {0, DIVERGED, RESOURCES}:
        figures.failures.append(f"train {trained.code}: {case.word}: {reason(trained)}")


def wrong(built: Outcome) -> Iterator[str]:
    """What is wrong with an answer itself."""
    if built.code not in {0, 3, 4, RESOURCES}:
        yield reason(built)
        return
    if built.code == 3:
        for problem in problems_of(built):
            if not problem.get("line"):
                yield f"no line: {problem['message']}"


def problems_of(built: Outcome) -> list[Mapping[str, Any]]:
    """The problems that `validate --json` shows."""
    problems: list[Mapping[str, Any]] = [each for file in built.value["files"] for each in file["problems"]]
    return problems


def reason(outcome: Outcome) -> str:
    """What a command said of its end."""
    return (outcome.out + outcome.err)[-600:]


def trial(count: int, seed: int, *, folder: Path, first: int = 0) -> Figures:
    """Tries so many cases from the `first` on."""
    figures = Figures()
    write_data(folder)
    for number in range(first, first + count):
        case = Draw(f"{seed}/{number}").case()
        before = len(figures.failures)
        tried(case, folder, figures)
        figures.failures[before:] = [f"#{number} {each}" for each in figures.failures[before:]]
    return figures


def part(first: int, count: int, seed: int) -> Figures:
    """Some of the cases, in a process of their own: Keras keeps a little of each model that it has built."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        return trial(count, seed, folder=Path(folder), first=first)


def main() -> int:
    """Prints what became of the cases by kind, and every failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    figures = Figures()
    fresh = multiprocessing.get_context("spawn")
    for first in range(0, options.count, CHUNK):
        count = min(CHUNK, options.count - first)
        with ProcessPoolExecutor(1, mp_context=fresh) as process:  # one that dies ends the program
            some = process.submit(part, first, count, options.seed).result()
        figures.codes += some.codes
        figures.failures += some.failures
        print(*some.failures, f"{first + count} of {options.count}", sep="\n", flush=True)
    for (kind, step, code), number in sorted(figures.codes.items()):
        print(f"{kind:14} {step:6} exit {code}: {number:5}")
    print(f"{figures.built} cases, {len(figures.failures)} failures")
    return 1 if figures.failures else 0


if __name__ == "__main__":
    sys.exit(main())
