"""Gives a model the weights that its training is to start with; those of the file and of the model must match."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcli.config import Config
from dlcli.config.starting_weights import StartingWeights
from dlcli.errors import BlockError, ConfigError, TreePath
from dlcli.first_line import some_names
from dlcli.keras_internals import StoredPart, load_parts, stored_parts
from dlcli.layers.names import safe_layer_name, written_layer_name
from dlcli.runs.atomic import sha256
from dlcli.spec import did_you_mean
from dlcli.training.kept.weights_file import LAYERS, Arrays, KeptPart, kept_parts, weights_file
from dlcli.training.kept.word_vectors import with_word_vectors
from dlcli.training.setup.experiment import Experiment, set_up_config
from dlcli.training.setup.origins import WeightsOrigin
from dlcli.training.setup.plugins import plugin_classes

Parts = Mapping[str, KeptPart]
Loaded = Mapping[str, Arrays]
"""The variables of parts by their way in the model."""


def set_up_started(config: Config, *, runs: Path, allow_code: bool) -> Experiment:
    """The experiment of a configuration from its file on, with the weights that it starts with; `runs` is the folder of runs."""
    with config.naming_files():
        return with_starting_weights(set_up_config(config, allow_code=allow_code), runs=runs)


def with_starting_weights(experiment: Experiment, *, runs: Path) -> Experiment:
    """The experiment with the weights that its configuration starts with, if it names any, after vectors of words.

    Raises `ConfigError` with all that do not match, `ArtifactError` and `UnsafeError` for a file that cannot be taken.
    """
    config, experiment = experiment.config, with_word_vectors(experiment)
    if config.weights is None:
        return experiment
    own = plugin_classes(config.plugins)
    try:
        origin, errors = load_starting_weights(config.weights, experiment.model, runs=runs, own=own)
    except BlockError as error:
        raise config.located(error) from error
    if errors:
        raise ConfigError([problem for error in errors for problem in config.located(error).problems])
    return replace(experiment, weights=origin)


def load_starting_weights(
    block: StartingWeights, model: Any, *, runs: Path, own: Collection[str] = ()
) -> tuple[WeightsOrigin, list[BlockError]]:
    """Gives a model its first weights; `runs` is the folder of runs, `own` are the classes of allowed plugins.

    Gives every layer that does not match as an error of its own, and then changes nothing. Raises `BlockError` for a file that
    is not there or has no such layers, `ArtifactError` and `UnsafeError` for one that cannot be taken.
    """
    file = weights_file(block, runs=runs)
    kept = kept_parts(file.path, own=own)
    target = {part.path: part for part in stored_parts(model) if part.path.startswith(LAYERS)}
    ways = {part.name: way for way, part in target.items() if way.count("/") == 1 and part.name is not None}
    pairs, errors = [], list[BlockError]()
    try:
        asked = list(asked_pairs(block, ways, target, kept, file.path))
    except BlockError as error:
        return origin_of(block, file.path, [], 0, file.notes), [error]
    for name, way, there, place in asked:
        try:
            pairs.append((name, way, matching(part_of(target, way), kept_part_of(kept, there), name, file.path, place)))
        except BlockError as error:
            errors.append(error)
    if errors and block.layers is None:
        errors = [all_must_match(errors[0], [written_layer_name(name) for name, *_ in pairs])]
    if not errors:
        for name, way, loaded in pairs:
            load_parts(model.get_layer(name), way, loaded)
    counted = [array for _, _, loaded in pairs for arrays in loaded.values() for array in arrays.values()]
    names = [written_layer_name(name) for name, _, loaded in pairs if any(loaded.values())]
    return origin_of(block, file.path, names, sum(array.size for array in counted), file.notes), errors


def origin_of(
    block: StartingWeights, path: Path, names: Sequence[str], parameters: int, notes: Sequence[str]
) -> WeightsOrigin:
    """What a run records of its first weights."""
    return WeightsOrigin(str(path.absolute()), sha256(path), names, parameters, notes)


def asked_pairs(
    block: StartingWeights, ways: Mapping[str, str], target: Mapping[str, StoredPart], kept: Parts, file: Path
) -> Iterator[tuple[str, str, str, TreePath]]:
    """Each layer that is to get weights: its name, its way in the model, that in the file, and its place.

    Raises `BlockError` for a name that model or file does not have.
    """
    names = {part.name: way for way, part in kept.items() if way.count("/") == 1 and part.name is not None}
    if block.layers is None:
        by_way = {way for way, part in target.items() if part.variables} <= kept.keys()
        for name, way in ways.items():
            if any(part.variables for part in part_of(target, way).values()):
                yield name, way, way if by_way else names.get(name, way), ("weights", "from")
        return
    for position, written in enumerate(block.layers):
        place, name = ("weights", "layers", position), safe_layer_name(written)
        if name not in ways:
            raise unknown_layer(place, "the model", written, ways)
        if not any(part.variables for part in part_of(target, ways[name]).values()):
            raise BlockError(
                place, f"the layer '{written}' has no weights", hint="leave it out", kind="layer_without_weights"
            )
        if not names:
            message = f"{file.name} does not say how its layers are called"
            raise BlockError(place, message, hint="save it as NAME.keras with a later Keras", kind="no_names")
        if name not in names and written not in names:
            raise unknown_layer(place, file.name, written, names)
        yield name, ways[name], names.get(name) or names[written], place


def unknown_layer(place: TreePath, where: str, written: str, known: Collection[str]) -> BlockError:
    """The error of a name that is no layer."""
    names = [written_layer_name(name) for name in known]
    hint = did_you_mean(written, names) or f"there are: {some_names(names)}"
    return BlockError(place, f"{where} has no layer '{written}'", hint=hint, kind="no_such_layer")


def part_of(parts: Mapping[str, StoredPart], way: str) -> dict[str, StoredPart]:
    """A layer and all that is in it, by the way from there."""
    return {each.removeprefix(way): part for each, part in parts.items() if each == way or each.startswith(f"{way}/")}


def kept_part_of(parts: Parts, way: str) -> dict[str, KeptPart]:
    """The same of a file."""
    return {each.removeprefix(way): part for each, part in parts.items() if each == way or each.startswith(f"{way}/")}


def matching(
    wanted: Mapping[str, StoredPart], kept: Mapping[str, KeptPart], name: str, file: Path, place: TreePath
) -> Loaded:
    """The variables of a layer out of a file, by their way in the model. Raises `BlockError` where they do not match."""
    filled = {way: part for way, part in wanted.items() if part.variables}
    way_there = ways_there(filled, {way: part for way, part in kept.items() if part.variables})
    written = written_layer_name(name)
    loaded = {}
    for way, part in filled.items():
        there = kept.get(way_there(way))
        inner = "" if way == "" else f" ({part.name or way.rpartition('/')[2]} in it)"
        shapes = {key: tuple(each.shape) for key, each in part.variables.items()}
        found = {key: tuple(each.shape) for key, each in there.variables.items()} if there is not None else {}
        if found != shapes:
            message = (
                f"the layer '{written}'{inner} has weights of {in_words(shapes)}, and {file.name} {in_words(found)}"
            )
            hint = "make both the same, or name in weights.layers only layers that are"
            raise BlockError(place, message, hint=hint, kind="weights_do_not_match")
        assert there is not None
        loaded[part.path] = there.variables
    return loaded


def ways_there(wanted: Mapping[str, StoredPart], kept: Mapping[str, KeptPart]) -> Callable[[str], str]:
    """Where a part of the model stands in the file: at the same place, or under the same names where places differ.

    Of a backbone that is cut to what is used the file may hold more.
    """
    if wanted.keys() == kept.keys():
        return lambda way: way
    by_name = {part.name: way for way, part in kept.items() if part.name is not None}
    unique = len(by_name) == len(kept)
    return lambda way: by_name.get(wanted[way].name or "", "-") if unique else way


def in_words(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Shapes of variables in words."""
    return ", ".join("(" + ", ".join(map(str, shape)) + ")" for shape in shapes.values()) or "none there"


def all_must_match(error: BlockError, names: Sequence[str]) -> BlockError:
    """The error of a model of which not every layer matches, with those that do."""
    hint = f"write layers: [{', '.join(names)}], which match" if names else "make the layers the same"
    return BlockError(error.path, error.message, hint=hint, kind=error.kind)
