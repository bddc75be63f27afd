"""Step 2, the layers: a list that is a stack, or with `name` and `from` a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import core_schema

from dlcli.spec import KerasObject, Mistake, catalogue_of, fail, split_idiom

__all__ = ["Layer", "Layers"]


@dataclass(frozen=True)
class Layer:
    """One entry of the list: a layer of Keras, and the names of what it takes; None takes the layer above."""

    keras: KerasObject
    takes: tuple[str, ...] | None = None

    @property
    def name(self) -> str | None:
        """The name that the configuration gives it."""
        name = self.keras.arguments.get("name")
        return str(name) if name is not None else None

    def idiom(self) -> Any:
        """The entry as a configuration holds it."""
        from dlcli.spec import plain

        arguments = plain(self.keras.arguments)
        if self.takes is not None:
            arguments = {**arguments, "from": list(self.takes)}
        return {self.keras.written: arguments}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(read_layer)


def read_layer(value: Any, information: ValidationInfo) -> Layer:
    """An entry of the list; `from` is dlcli's own argument and is taken out before Keras's are checked."""
    if isinstance(value, Layer):
        return value
    catalogue = catalogue_of(information)
    name, arguments = split_idiom(value, expected="a layer")
    if not isinstance(arguments, dict) or "from" not in arguments:
        return Layer(catalogue.read("layers", value))
    takes = arguments["from"]
    names = [takes] if isinstance(takes, str) else takes
    if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
        fail(Mistake("'from' must be the name of a layer or an input, or a list of names", (name, "from")))
    layer = catalogue.read("layers", {name: {key: each for key, each in arguments.items() if key != "from"}})
    return Layer(layer, tuple(str(each) for each in names))


Layers = Annotated[list[Layer], Field(min_length=1)]
"""The block: at least one layer, the last one (or several that nothing takes) being the output."""


def connection_mistakes(layers: list[Layer], inputs: list[str] | None, *, outputs: Sequence[str] = ()) -> list[Mistake]:
    """What is wrong with the names in a list of layers.

    `inputs` are the names of the data's inputs, if known, `outputs` those of several targets, each of which a layer bears.
    Names that are used twice, names in `from` that stand for nothing above, and layers whose output nobody takes.
    """
    from dlcli.spec import near

    mistakes: list[Mistake] = []
    first: dict[str, int] = {}
    taken: set[int] = set()
    for position, layer in enumerate(layers):
        word = layer.keras.written
        for name in layer.takes or ():
            if name in first:
                taken.add(first[name])
            elif inputs is None or name not in inputs:
                below = any(each.name == name for each in layers[position:])
                message = f"'from' names '{name}', which " + (
                    "stands further down; a layer takes what is above it" if below else "is no layer above and no input"
                )
                known = [*first, *(inputs or [])]
                if below or inputs is not None:
                    hint = near(name, known) or (
                        f"there are: {', '.join(known)}" if known else "name a layer: Dense: {units: 8, name: stem}"
                    )
                    mistakes.append(Mistake(message, (position, word, "from"), hint))
        if layer.takes is None and position:
            taken.add(position - 1)
        if layer.name is not None:
            if layer.name in first or layer.name in (inputs or []):
                what = f"layer {first[layer.name] + 1} of the list" if layer.name in first else "an input of the data"
                mistakes.append(Mistake(f"the name '{layer.name}' is taken by {what}", (position, word, "name")))
            first.setdefault(layer.name, position)
    absent = [name for name in outputs if name not in first]
    if absent:
        last = layers[-1].keras.written
        hint = f"name the layer that puts it out: {last}: {{…, name: {absent[0]}}}"
        mistakes.append(Mistake(f"no layer bears the name of the target '{absent[0]}'", suggestion=hint))
    for position in range(len(layers) if outputs else len(layers) - 1):
        if position not in taken and not mistakes and layers[position].name not in outputs:
            message = f"nothing takes the output of {layers[position].keras.written}"
            mistakes.append(
                Mistake(
                    message,
                    (position, layers[position].keras.written),
                    "name it and take it with 'from', or leave it out",
                    at="key",
                )
            )
    return mistakes
