"""Backbones: the models of keras.applications as a layer by name, with weights that were trained before."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcli.errors import ArtifactError, BlockError, TreePath
from dlcli.first_line import first_line
from dlcli.layers.stack import Graph
from dlcli.layers.trainable import KEY, freeze
from dlcli.spec import KerasObject

KIND = "applications"
PUBLIC = "imagenet"


def is_backbone(thing: KerasObject) -> bool:
    """Whether a thing is a model of keras.applications."""
    return thing.kind == KIND


def make_backbone(thing: KerasObject, taken: Any, graph: Graph, path: TreePath) -> Any:
    """The model on inputs like the one that is taken.

    Its shape comes from there unless `input_shape` says otherwise.
    Raises `BlockError` for weights that are no file, `ArtifactError` for weights that cannot be had or read.
    """
    place = (*path, thing.written)
    arguments = {key: value for key, value in thing.arguments.items() if key != KEY}
    weights = arguments.get("weights", PUBLIC)
    if weights not in {None, PUBLIC} and not Path(weights).is_file():
        raise BlockError(
            (*place, "weights"),
            f"there is no file {weights}",
            hint="write weights: imagenet, null or a file",
            kind="missing_file",
        )
    arguments.setdefault("input_shape", list(taken.shape[1:]))
    if "name" in arguments:
        arguments["name"] = graph.free_name(arguments["name"], given=True)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # Keras tells there of a download
            model = replace(thing, arguments=arguments).build(graph.facts)
    except Exception as error:
        # Keras raises a bare Exception for a download that failed; what caused it is an OSError.
        if weights is None or not any(isinstance(each, OSError) for each in (error, error.__context__)):
            raise
        raise unavailable(thing, weights, error) from error
    freeze(model, thing.arguments.get(KEY, True), place)
    return model


def unavailable(thing: KerasObject, weights: str, error: Exception) -> ArtifactError:
    """The error of weights that cannot be downloaded or read."""
    said = first_line(error, most=200)
    if weights == PUBLIC:
        hint = (
            "put them into ~/.keras/models by hand, or write weights: FILE.weights.h5, or weights: null to begin anew"
        )
        return ArtifactError(
            f"the weights '{weights}' of {thing.written} cannot be downloaded: {said}", hint=hint, kind="not_downloaded"
        )
    return ArtifactError(
        f"the weights of {thing.written} cannot be read: {said}", file=Path(weights), kind="unreadable_weights"
    )
