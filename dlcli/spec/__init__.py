"""The base of every block of YAML: its idiom, its paths, its facts, and how mistakes in it are told.

A thing is written `Flatten`, `Dropout: 0.2` or `Dense: {units: 64}`. Things of Keras become a `KerasObject`; things of
dlcli's own (sources, …) are `Named` blocks. Nothing here imports Keras, so a configuration is checked in a fraction of a
second.
"""

from __future__ import annotations

from dlcli.spec.block import Spec
from dlcli.spec.fact import Epochs, Fact, Facts, UnknownFact
from dlcli.spec.idiom import Idiomatic, Named, fields_of, plain, read_named, split_idiom, unwritten
from dlcli.spec.keras_object import Buildable, KerasObject, built, plugin_module, snake_case
from dlcli.spec.labels import Labels, Wanted
from dlcli.spec.language import DEFINITION, Language, Reader, ShortForm, keras_thing, language_of
from dlcli.spec.mistake import (
    AMBIGUOUS,
    Mistake,
    below,
    describe,
    detail_of,
    details_of,
    did_you_mean,
    fail,
    near,
    unquoted,
    written_otherwise,
)
from dlcli.spec.path import CodePath, DataPath, Text, absolute_path, ending_of, is_address
from dlcli.spec.scale import Scale

__all__ = [
    "AMBIGUOUS",
    "DEFINITION",
    "Buildable",
    "CodePath",
    "DataPath",
    "Epochs",
    "Fact",
    "Facts",
    "Idiomatic",
    "KerasObject",
    "Labels",
    "Language",
    "Mistake",
    "Named",
    "Reader",
    "Scale",
    "ShortForm",
    "Spec",
    "Text",
    "UnknownFact",
    "Wanted",
    "absolute_path",
    "below",
    "built",
    "describe",
    "detail_of",
    "details_of",
    "did_you_mean",
    "ending_of",
    "fail",
    "fields_of",
    "is_address",
    "keras_thing",
    "language_of",
    "near",
    "plain",
    "plugin_module",
    "read_named",
    "snake_case",
    "split_idiom",
    "unquoted",
    "unwritten",
    "written_otherwise",
]
