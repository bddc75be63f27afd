"""Whose mistake an error is: what Keras or a plugin raises is told at the line of the configuration, the rest is a bug."""

from __future__ import annotations

import traceback
from types import FrameType

from dlcli.errors import ConfigError, Problem
from dlcli.first_line import named_line
from dlcli.spec import Fact, KerasObject, plugin_module

PLUGIN = plugin_module("").partition("_")[0] + "_"
"""What the names of the modules of plugins begin with."""
FOREIGN = frozenset({"keras", "tensorflow"})
ASKED = frozenset({KerasObject.build.__code__, Fact.resolve.__code__})
"""What calls a class with the arguments that a person wrote, and what asks the data for a fact: they raise for the person."""


def is_foreign(error: BaseException) -> bool:
    """Whether an error came up inside Keras, TensorFlow or a plugin, or where one of their classes was called.

    One that came up in dlcli alone, or in a library that dlcli called by itself, is dlcli's own.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(map(is_theirs, frames)) or (bool(frames) and frames[-1].f_code in ASKED)


def is_theirs(frame: FrameType) -> bool:
    """Whether a frame is of Keras, TensorFlow or a plugin."""
    return module_of(frame).partition(".")[0] in FOREIGN or module_of(frame).startswith(PLUGIN)


def module_of(frame: FrameType) -> str:
    """The name of the module that a frame runs in."""
    return str(frame.f_globals.get("__name__", ""))


def plugin_error(error: BaseException) -> ConfigError | None:
    """The error at the innermost line of a plugin below which this one came up; None where it came up below none."""
    places = [
        (frame, line) for frame, line in traceback.walk_tb(error.__traceback__) if module_of(frame).startswith(PLUGIN)
    ]
    if not places:
        return None
    code, line = places[-1][0].f_code, places[-1][1]
    message = f"{code.co_qualname} raised {named_line(error)}"
    return ConfigError([Problem(message, code.co_filename, line, kind="own_code_raised")])
