"""Things of Keras as a person would write them in Python: the class, and the arguments that are no defaults."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

from dlcli.errors import TreePath

Remedy: TypeAlias = Literal["states", "first_weights"]
"""What may stand beside a script where Keras alone comes to something else: what layers learn, or the first weights."""

ROOMS = (
    "layers",
    "losses",
    "metrics",
    "optimizers.schedules",
    "optimizers",
    "initializers",
    "regularizers",
    "constraints",
)
"""The modules of Keras in which classes are looked for; those of the first are written without `keras.`."""
SQUARE = frozenset({"kernel_size", "strides", "pool_size", "dilation_rate", "padding", "cropping", "size"})
"""Arguments that Keras takes as one number for all axes."""
FOLLOWS = {
    "Bidirectional": {"backward_layer"},
    "TextVectorization": {"vocabulary", "idf_weights"},
    "StringLookup": {"vocabulary", "idf_weights"},
    "IntegerLookup": {"vocabulary", "idf_weights"},
    "Normalization": {"mean", "variance"},
    "MultiHeadAttention": {"value_dim", "use_gate", "flash_attention"},
}
"""Arguments that Keras itself derives, or that a layer learns, by class."""
ALWAYS = frozenset({"learning_rate"})
"""Arguments that a reader wants to see, whatever they are."""
OWN = frozenset({"name", "dtype", "trainable", "data_format", "batch_input_shape", "synchronized"})
"""Keys of every layer, said apart or not at all."""


class Unsayable(Exception):
    """There is no plain way to write a thing; says which, why, what to write instead, and where it stands."""

    def __init__(
        self, what: str, why: str, *, hint: str | None = None, path: TreePath = (), remedy: Remedy | None = None
    ) -> None:
        super().__init__(f"{what}: {why}")
        self.what, self.why, self.hint, self.path, self.remedy = what, why, hint, path, remedy
        self.layer: str | None = None
        """The layer that it is a part of."""


@contextmanager
def said_at(path: TreePath) -> Iterator[None]:
    """Tells what cannot be said within it where it stands, if that is not known yet."""
    try:
        yield
    except Unsayable as error:
        error.path = error.path or path
        raise


def room_of(kind: type) -> str:
    """Where a class of Keras is found, as it is written. Raises `Unsayable` for one of somebody else."""
    import keras

    for room in ROOMS:
        module: Any = keras
        for part in room.split("."):
            module = getattr(module, part)
        if getattr(module, kind.__name__, None) is kind:
            return f"layers.{kind.__name__}" if room == "layers" else f"keras.{room}.{kind.__name__}"
    raise Unsayable(kind.__name__, "it is no class of Keras", hint="write a class of Keras")


def constructed(thing: Any, *, given: Mapping[str, str] = {}, named: str | None = None) -> str:
    """The call that makes a thing anew; `given` are arguments in other words, `named` is its name where that is to be written."""
    kind, config = type(thing), dict(thing.get_config())
    room, skipped = room_of(kind), FOLLOWS.get(kind.__name__, set())
    parameters = inspect.signature(kind.__init__).parameters
    wanted = [name for name in parameters if name in config and name not in OWN | skipped]
    required = [name for name in wanted if parameters[name].default is inspect.Parameter.empty]
    parts = [written_value(config[name], name) for name in required]
    plain = not any(parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in required)
    if not plain:
        parts = [f"{name}={part}" for name, part in zip(required, parts, strict=True)]
    for name in wanted:
        if name in given or name in required:
            continue
        value, default = config[name], parameters[name].default
        if name in ALWAYS or not is_default(value, default, name, config):
            parts.append(f"{name}={written_value(value, name)}")
    parts += [f"{name}={text}" for name, text in given.items()]
    if "dtype" in config and room.startswith("layers.") and (policy := other_policy(thing)) is not None:
        parts.append(f"dtype={double_quoted(policy)}")
    if config.get("trainable") is False:
        parts.append("trainable=False")
    if named is not None:
        parts.append(f"name={double_quoted(named)}")
    return f"{room}({', '.join(parts)})"


def other_policy(layer: Any) -> str | None:
    """The type of numbers of a layer, where it is another than that of all."""
    import keras

    name = getattr(getattr(layer, "dtype_policy", None), "name", None)
    return None if name is None or name == keras.config.dtype_policy().name else str(name)


def is_default(value: Any, default: Any, name: str, config: Mapping[str, Any]) -> bool:
    """Whether an argument is what Keras takes where nothing is written."""
    if value is None or value is default:
        return value is default
    if name == "strides" and default is None:
        return bool(value == config.get("pool_size"))
    if name == "activation" and default is None:
        return bool(value == "linear")
    if isinstance(value, dict) and "class_name" in value:
        return isinstance(default, str) and same_thing(value, default)
    if name in SQUARE:
        value, default = one_number(value), one_number(default)
    if isinstance(value, list | tuple) and isinstance(default, list | tuple | int) and default is not True:
        return [*value] == ([default] if isinstance(default, int) else [*default])
    if isinstance(value, float) and isinstance(default, int | float) and not isinstance(default, bool):
        return short_number(value) == short_number(float(default))
    return bool(type(value) is type(default) and value == default)


def same_thing(value: Mapping[str, Any], default: str) -> bool:
    """Whether a serialized thing is what a word of Keras means."""
    import keras

    kinds = {type(found) for room in SHORT if (found := named_thing(getattr(keras, room), default)) is not None}
    settings = {key: each for key, each in value.get("config", {}).items() if key not in {"seed", "dtype", "name"}}
    seeded = value.get("config", {}).get("seed") is not None
    return (
        str(value["class_name"]) in {kind.__name__ for kind in kinds}
        and not seeded
        and settings == default_settings(value)
    )


SHORT = ("initializers", "regularizers", "constraints")
"""The modules of Keras whose things may be written as a word."""


def named_thing(room: Any, word: str) -> Any:
    """The thing of a module of Keras that a word means there; None without one."""
    try:
        return room.get(word)
    except ValueError:
        return None


def default_settings(value: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a serialized thing of its class, where none is written."""
    import keras

    kind = type(keras.saving.deserialize_keras_object(dict(value)))
    try:
        config = kind().get_config()
    except TypeError:
        return {}
    return {key: each for key, each in config.items() if key not in {"seed", "dtype", "name"}}


def written_value(value: Any, name: str = "") -> str:
    """A value as Python has it."""
    import keras

    if isinstance(value, dict) and "class_name" in value:
        found = keras.saving.deserialize_keras_object(dict(value))
        return constructed(found, named=None) if hasattr(found, "get_config") else repr(found)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{double_quoted(str(key))}: {written_value(each)}" for key, each in value.items()) + "}"
    if hasattr(value, "get_config"):
        return constructed(value)
    if name in SQUARE:
        value = one_number(value)
    if isinstance(value, str):
        return double_quoted(value)
    if isinstance(value, bool) or value is None or isinstance(value, int):
        return repr(value)
    if isinstance(value, float):
        return short_number(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(written_value, value)) + "]"
    if isinstance(value, tuple):
        inner = ", ".join(map(written_value, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, slice):
        return f"slice({value.start!r}, {value.stop!r}, {value.step!r})"
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return written_value(value.item())
    raise Unsayable(type(value).__name__, "it cannot be written as a value", hint="write numbers, texts or lists")


def double_quoted(text: str) -> str:
    """A text in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def short_number(value: float) -> str:
    """A number in as few digits as mean the same in 32 bits, or else in 64."""
    import numpy as np

    short = str(np.float32(value))
    return (
        short
        if np.isfinite(value) and np.float32(float(short)) == np.float32(value) and is_single(value)
        else repr(value)
    )


def written_number(values: Any) -> str:
    """A number of 32 bits, or an array of several."""
    numbers = [short_number(float(each)) for each in values]
    return numbers[0] if len(numbers) == 1 else f'np.array([{", ".join(numbers)}], "float32")'


def is_single(value: float) -> bool:
    """Whether a number is one of 32 bits that was written with fewer digits."""
    import numpy as np

    return float(np.float32(value)) == value or float(str(np.float32(value))) == value


def one_number(value: Any) -> Any:
    """A number for several axes that all have the same; any other value as it is."""
    if isinstance(value, list | tuple) and value:
        parts = [one_number(each) for each in value]
        if all(isinstance(each, int) and each == parts[0] for each in parts):
            return parts[0]
    return value
