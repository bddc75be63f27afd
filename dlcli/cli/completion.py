"""What a shell completes: runs, configurations, names, settings, columns. Nothing of the language is loaded for it.

`shells.py` has how a shell asks and is answered; each option says what it takes by one of the functions below. None of them
fails: what cannot be read offers nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import typer

from dlcli.cli.data_columns import columns_of
from dlcli.cli.settings_offered import settings_for
from dlcli.layers.names import written_layer_name

CONFIGS, DATA = (".yaml", ".yml"), (".csv", ".tsv", ".jsonl", ".json", ".npz", ".npy", ".parquet", ".ts", ".txt")
LINES = (".txt", ".lines", ".sh")
MOST_FILES, MOST_RUNS_READ = 200, 20
VOCABULARY = Path(__file__).parents[1] / "config" / "reference" / "vocabulary.json"
FIRST = "first word"
SPLITS = ("train", "validation", "test")
FORMATS, NUMBERS = ("all", "keras", "litert", "onnx", "saved_model"), ("dynamic", "float", "int8")
"""What `export` knows: a test holds them against its exporters."""
THRESHOLDS = ("best:f1", "best:accuracy", "best:balanced_accuracy", "0.5")

Offer = Callable[[typer.Context, str], list[str]]
"""What Typer asks: the values for a parameter of a command line that has been read so far, and the word that is begun."""


def offered(values: Callable[[dict[str, Any], str], Iterable[str]]) -> Offer:
    """The values that go on with what is begun."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        with suppress(Exception):
            given = {**ctx.params, FIRST: first_word(ctx)}
            return [value for value in values(given, incomplete) if value.startswith(incomplete)]
        return []

    return complete


def first_word(context: typer.Context) -> str | None:
    """What the command line names first, its configuration or data: also where an option still lacks its value."""
    named = (context.params.get(name) for name in ("config", "data", "what", "configs"))
    found = next((each for each in named if each), None) or next(iter(context.args), None)
    return found[0] if isinstance(found, list | tuple) else found


@cache
def vocabulary() -> dict[str, Any]:
    """The names and keys of the language."""
    content: dict[str, Any] = json.loads(VOCABULARY.read_text(encoding="utf-8"))
    return content


def names_of(kind: str) -> Iterator[str]:
    """The names of one kind."""
    yield from vocabulary()["names"][kind]


def files(incomplete: str, endings: Iterable[str]) -> Iterator[str]:
    """Files of some kinds in the folder of what is begun, and in those below it."""
    folder, wanted = os.path.dirname(incomplete), tuple(endings)  # noqa: PTH120
    count = 0
    for depth in ("*", "*/*", "*/*/*"):
        for path in sorted(Path(folder or ".").glob(depth)):
            shown = os.path.join(folder, path.relative_to(folder or "."))  # noqa: PTH118
            hidden = any(part.startswith((".", "runs")) for part in path.relative_to(folder or ".").parts)
            if count < MOST_FILES and not hidden and path.suffix.lower() in wanted and shown.startswith(incomplete):
                count += 1
                yield shown


def run_names(parameters: dict[str, Any]) -> Iterator[str]:
    """The runs of the folder that is named, and `last`."""
    from dlcli.runs.folder import Run, run_folders

    names = [Run(path).name for path in run_folders(runs_folder(parameters))]
    yield from ["last", *names] if names else []


def group_names(parameters: dict[str, Any]) -> Iterator[str]:
    """The groups of runs of that folder."""
    from dlcli.runs.folder import group_folders

    yield from (path.name for path in group_folders(runs_folder(parameters)))


def runs_folder(parameters: dict[str, Any]) -> Path:
    """The folder of runs that the command line, or the environment, names."""
    return Path(parameters.get("runs") or os.environ.get("DLCLI_RUNS") or "runs")


def values_of_runs(parameters: dict[str, Any]) -> list[str]:
    """What the newest runs can be sorted and chosen by."""
    from dlcli.runs.folder import Run, run_folders
    from dlcli.runs.summary import run_summary

    runs = sorted(map(Run, run_folders(runs_folder(parameters))), key=lambda run: -run.state.stat().st_mtime)
    return sorted(set().union(*(run_summary(run).names() for run in runs[:MOST_RUNS_READ])))


def sorting_values(parameters: dict[str, Any], incomplete: str) -> Iterator[str]:
    """The same, for descending with a minus before it."""
    minus = "-" if incomplete.startswith("-") else ""
    yield from (minus + name for name in values_of_runs(parameters))


def filters_of_runs(parameters: dict[str, Any], incomplete: str) -> Iterator[str]:
    """Values with a comparison behind them; the words of a status."""
    from dlcli.runs.state import STATUSES

    if incomplete.startswith("status"):
        yield from (f"status={status}" for status in STATUSES)
    for name in values_of_runs(parameters):
        yield from (f"{name}{sign}" for sign in ("=", ">=", "<="))


def template_names(incomplete: str) -> Iterator[str]:
    """The names of the gallery; with their folders, as the README has them, once something is begun."""
    yield from names_of("templates")
    yield from vocabulary()["gallery"] if incomplete else ()


def shown_names() -> Iterator[str]:
    """What `show` knows: every name of every kind."""
    yield from sorted({name for names in [*vocabulary()["names"].values(), vocabulary()["gallery"]] for name in names})


def layers_of_run(parameters: dict[str, Any]) -> Iterator[str]:
    """The layers of the model that a run has kept, those inside other models too."""
    from dlcli.runs.folder import Run

    run = Run.find(runs_folder(parameters), parameters.get(FIRST) or parameters.get("run") or "last")
    with ZipFile(run.model / "model.keras") as archive:
        yield from layer_names(json.loads(archive.read("config.json")))


def layer_names(stored: dict[str, Any], before: str = "") -> Iterator[str]:
    """The names of the layers of a stored model, in their order."""
    for layer in stored["config"].get("layers", ()):
        name = before + written_layer_name(layer["config"]["name"])
        if "layers" in layer["config"]:
            yield from layer_names(layer, f"{name}/")
        elif layer["class_name"] != "InputLayer":
            yield name


def last_of_list(parameters: dict[str, Any], incomplete: str) -> Iterator[str]:
    """Names behind the commas of a list."""
    before = incomplete[: incomplete.rfind(",") + 1]
    yield from (before + name for name in values_of_runs(parameters))


config = offered(lambda _, begun: files(begun, CONFIGS))
run = offered(lambda parameters, _: run_names(parameters))
run_or_group = offered(lambda parameters, _: [*run_names(parameters), *group_names(parameters)])
lines = offered(lambda _, begun: files(begun, LINES))
config_or_run = offered(lambda parameters, begun: [*files(begun, CONFIGS), *run_names(parameters)])
data = offered(lambda _, begun: [*files(begun, DATA), *names_of("sources")])
config_or_data = offered(lambda _, begun: [*files(begun, (*CONFIGS, *DATA)), *names_of("sources")])
kind = offered(lambda _, __: vocabulary()["names"])
name = offered(lambda _, __: shown_names())
template = offered(lambda _, begun: template_names(begun))
layer = offered(lambda parameters, _: layers_of_run(parameters))
split = offered(lambda _, __: SPLITS)
export_format = offered(lambda _, __: FORMATS)
export_numbers = offered(lambda _, __: NUMBERS)
threshold = offered(lambda _, __: THRESHOLDS)
setting = offered(lambda parameters, begun: settings_for(parameters[FIRST], begun, vocabulary()))
column = offered(lambda parameters, _: columns_of(parameters[FIRST]))
value = offered(lambda parameters, _: values_of_runs(parameters))
sorting = offered(sorting_values)
values = offered(last_of_list)
filter_ = offered(filters_of_runs)
