"""What Keras offers, and the check of a thing written in the idiom against it, without importing Keras.

Two files beside this one: keras.json is generated (`generate.py`) and holds every class with its arguments;
keras.extra.json is written by hand, and `traits.py` says what stands in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from dlcli.config.catalogue.checks import check_argument, check_argument_range, check_finite_argument, is_ranged
from dlcli.config.catalogue.together import wrong_together
from dlcli.config.catalogue.traits import with_traits
from dlcli.config.catalogue.written_elsewhere import ELSEWHERE, as_in_yaml, name_of_call
from dlcli.config.yaml import read_yaml
from dlcli.data.text_strip import STRIPS, check_strip
from dlcli.layers.backbone import PUBLIC
from dlcli.layers.submodel import Submodel
from dlcli.layers.trainable import KEY as TRAINABLE
from dlcli.layers.trainable import check_trainable
from dlcli.optimizer.one_cycle import OneCycle
from dlcli.spec import (
    Epochs,
    KerasObject,
    Language,
    Mistake,
    absolute_path,
    below,
    describe,
    detail_of,
    details_of,
    did_you_mean,
    fail,
    near,
    read_named,
    split_idiom,
    unquoted,
)

SINGULAR = {
    "layers": "layer",
    "losses": "loss",
    "optimizers": "optimizer",
    "schedules": "schedule",
    "metrics": "metric",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "constraints": "constraint",
    "callbacks": "callback",
    "activations": "activation",
    "applications": "application",
    "operations": "operation",
}
IN_EPOCHS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) epochs?")
LISTS = frozenset({"cell", "cells", "layers"})
"""Arguments that take several things."""


@dataclass(frozen=True)
class KerasCatalogue:
    """The catalogue: `kinds` maps a kind ("layers") to its classes, `activations` lists the activation functions."""

    keras: str
    activations: list[str]
    kinds: Mapping[str, Mapping[str, Any]]

    @cached_property
    def refused(self) -> dict[str, dict[str, str]]:
        """By kind: the classes that a configuration may not use, and why, with the alternative."""
        return {
            kind: {name: entry["traits"]["refused"] for name, entry in classes.items() if "refused" in entry["traits"]}
            for kind, classes in self.kinds.items()
        }

    @cached_property
    def spellings(self) -> dict[str, dict[str, str]]:
        """By kind: every spelling that Keras takes, and the class it means."""
        return {
            kind: {spelling: name for name, entry in classes.items() for spelling in (name, *entry["spellings"])}
            for kind, classes in self.kinds.items()
        }

    def knows(self, name: str) -> bool:
        """Whether any kind has a thing of this name."""
        return any(name in spellings for spellings in self.spellings.values())

    def same(self, one: str, other: str) -> bool:
        """Whether two names are spellings of one class: `adam` and `Adam`."""
        return any(one in names and names[one] == names.get(other) for names in self.spellings.values())

    def arguments_of(self, name: str) -> list[str]:
        """The arguments of everything that has this name."""
        found = [self.kinds[kind][names[name]] for kind, names in self.spellings.items() if name in names]
        return [argument for entry in found for argument in entry["arguments"]]

    def read(self, kind: str, value: Any, *, language: Language | None = None) -> KerasObject:
        """Checks a thing written in the idiom: its name, its arguments and what is nested in them.

        `language` reads what is nested and not Keras's own: a submodel in a wrapper.
        Raises `pydantic.ValidationError` with every mistake.
        """
        written, behind = split_idiom(value, expected=article(SINGULAR[kind]))
        if kind == "layers" and written in self.kinds["applications"]:
            kind = "applications"
        name = self.resolve(kind, written)
        entry = self.kinds[kind][name]
        arguments = self.arguments(written, behind, entry)
        short = behind is not None and not isinstance(behind, dict)
        checked: dict[str, Any] = {}
        mistakes: list[Mistake] = []
        nested: list[ValidationError] = []
        for key, argument in arguments.items():
            if key not in entry["arguments"]:
                mistakes.append(unknown_argument(written, key, entry))
                continue
            try:
                checked[key] = self.argument(kind, key, argument, entry["arguments"][key], language)
            except ValidationError as error:
                nested.append(below(error, written) if short else below(below(error, key), written))
        # A misspelt argument is one mistake: the one it meant is not reported as missing too.
        meant = {argument_meant(key, entry) for key in arguments if key not in entry["arguments"]}
        missing = [
            key
            for key, each in entry["arguments"].items()
            if each.get("required") and key not in arguments and key not in meant
        ]
        if missing:
            quoted = ", ".join(f"'{each}'" for each in missing)
            mistakes.append(
                Mistake(
                    f"{written} needs {quoted}",
                    (written,),
                    see=f"dlcli show {written}",
                    at="key",
                    kind="missing_argument",
                )
            )
        if not mistakes and not nested:
            mistakes += wrong_together(written, checked, known=entry["arguments"])
        if mistakes or nested:
            details = [*map(detail_of, mistakes), *(each for error in nested for each in details_of(error))]
            raise ValidationError.from_exception_data("dlcli", details)
        traits = {**entry["traits"], "usual": self.usual_of(kind, entry, language)}
        return KerasObject(kind, name, written, checked, entry.get("plugin"), traits)

    def usual_of(self, kind: str, entry: Mapping[str, Any], language: Language | None) -> Callable[[str], Any]:
        """What usually stands for an argument of a class that cannot do without it; None for any other."""

        def usual(key: str) -> Any:
            said = entry["arguments"][key]
            if not said.get("required") or "example" not in said:
                return None
            value = read_yaml(f"value: {said['example']}\n".encode(), file="-", folder=Path()).plain()["value"]
            return self.argument(kind, key, value, said, language)

        return usual

    def resolve(self, kind: str, written: str) -> str:
        """The class that a name means. Raises `ValidationError` for a name that is unknown or not available."""
        refused = self.refused[kind]
        if written in refused:
            fail(Mistake(f"{written} is not available: {refused[written]}", at="name", kind="not_available"))
        spellings = self.spellings[kind]
        if written not in spellings:
            offered = [each for each in spellings if each not in refused]
            offered += self.kinds["applications"] if kind == "layers" else []
            see = "dlcli list " + kind
            message = f"unknown {SINGULAR[kind]} '{written}'"
            elsewhere = [
                SINGULAR[other] for other, names in self.spellings.items() if written in names and other != kind
            ]
            if elsewhere:
                message += f"; {written} is {article(elsewhere[0])}"
            hint = self.written_here(kind, written) or did_you_mean(written, offered)
            fail(Mistake(message, suggestion=hint, see=see, at="name", kind="unknown_name"))
        name = spellings[written]
        if name in refused:
            fail(Mistake(f"{written} is not available: {refused[name]}", at="name", kind="not_available"))
        return name

    def written_here(self, kind: str, written: str) -> str | None:
        """How a configuration writes a thing that is written as Python or another library does."""
        spellings, called = self.spellings[kind], name_of_call(written)
        if called in spellings:
            entry = self.kinds[kind][spellings[called]]
            words = as_in_yaml(written, called, entry["arguments"]) or called
            return f"write {words}"
        elsewhere = ELSEWHERE.get(kind, {}).get(called.lower())
        return None if elsewhere is None else f"write {elsewhere}"

    def arguments(self, written: str, behind: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments by name, whatever form they were written in; of an operation what stands above is the first.

        Raises `ValidationError` for arguments of a thing that takes none.
        """
        if behind is None:
            return {}
        if isinstance(behind, dict):
            return behind
        above = entry["traits"].get("call", [])[:1]
        first = next((each for each in entry["arguments"] if each not in above), None)
        if first is None:
            fail(
                Mistake(
                    f"{written} takes no arguments, found {describe(behind)}", (written,), kind="takes_no_arguments"
                )
            )
        return {first: behind}

    def argument(self, kind: str, key: str, value: Any, entry: Mapping[str, Any], language: Language | None) -> Any:
        """One argument, checked; raises the mistakes in it."""
        thing = entry.get("thing")
        if thing is not None and (value is not None or entry.get("required") or thing == "schedules"):
            return self.nested(thing, key, value, entry, language)
        if kind == "applications" and key == TRAINABLE:
            return check_trainable(value)
        if entry.get(STRIPS) and isinstance(value, dict):
            return check_strip(key, value)
        value = counted(key, value, entry) if kind == "schedules" else value
        if isinstance(value, Epochs):
            return value
        check_argument(key, value, entry, kind=kind)
        is_file = entry.get("file") or (kind == "applications" and key == "weights" and value != PUBLIC)
        return absolute_path(value) if is_file and value is not None else as_text(value)

    def call_arguments(self, layer: str) -> list[str] | None:
        """The arguments with which a layer is called, or None where they are not known."""
        call: list[str] | None = self.kinds["layers"].get(layer, {}).get("call")
        return call

    def nested(self, thing: str, key: str, value: Any, entry: Mapping[str, Any], language: Language | None) -> Any:
        """An argument that is itself a thing: a layer in a wrapper, an initializer, a schedule, an activation.

        Raises `ValidationError` for what cannot be read as one.
        """
        if thing == "activations":
            return self.activation(key, value)
        if thing == "schedules" and not isinstance(value, dict):
            if isinstance(value, bool) or not isinstance(value, int | float):
                hint = unquoted(value) if isinstance(value, str) else None
                fail(
                    Mistake(
                        f"'{key}' must be a number or a schedule, found {describe(value)}",
                        suggestion=hint,
                        kind="wrong_type",
                    )
                )
            check_finite_argument(key, value)
            check_argument_range(key, value, entry)
            return float(value)
        if thing == "schedules" and OneCycle.word in value:
            return read_named(value, cast(Language, language), {OneCycle.word: OneCycle}, expected="a schedule")
        if isinstance(value, list) and key in LISTS:
            items: list[Any] = []
            details: list[Any] = []
            for position, item in enumerate(value):
                try:
                    items.append(self.read(thing, item, language=language))
                except ValidationError as error:
                    details += details_of(error, position)
            if details:
                raise ValidationError.from_exception_data("dlcli", details)
            return items
        if thing == "layers" and language is not None and isinstance(value, dict) and Submodel.word in value:
            return language.entry(value)
        return self.read(thing, value, language=language)

    def activation(self, key: str, value: Any) -> str:
        """The name of an activation function. Raises `ValidationError` for another thing or an unknown name."""
        if not isinstance(value, str):
            fail(Mistake(f"'{key}' must be the name of an activation, found {describe(value)}", kind="wrong_type"))
        if value not in self.activations:
            known = did_you_mean(value, self.activations)
            fail(
                Mistake(
                    f"unknown activation '{value}'", suggestion=known, see="dlcli list activations", kind="unknown_name"
                )
            )
        return str(value)


def argument_meant(key: str, entry: Mapping[str, Any]) -> str | None:
    """The argument of a class that a misspelt one means: by its initials (`lr`), or the nearest."""
    by_initials = {"".join(word[:1] for word in name.split("_")): name for name in entry["arguments"] if "_" in name}
    return by_initials.get(key) or near(key, entry["arguments"])


def unknown_argument(written: str, key: str, entry: Mapping[str, Any]) -> Mistake:
    """The mistake of an argument that the class does not have."""
    names, meant = list(entry["arguments"]), argument_meant(key, entry)
    suggestion = None if meant is None else did_you_mean(key if ":" in key or "：" in key else meant, names)
    if key in entry.get("call", ()):
        suggestion = f"it belongs to the call: write from: {{…, {key}: …}}"
    if suggestion is None and len(names) <= 8:
        suggestion = "it takes " + ", ".join(names) if names else "it takes no arguments"
    message = f"unknown argument '{key}' for {written}"
    return Mistake(message, (written, key), suggestion, f"dlcli show {written}", "key", kind="unknown_argument")


def counted(key: str, value: Any, entry: Mapping[str, Any]) -> Any:
    """A count of steps, or a list of them, that may be written in epochs. Raises `ValidationError` for no epochs at all."""
    if isinstance(value, list):
        return [counted(key, item, entry) for item in value]
    if not isinstance(value, str) or not (key.endswith("steps") or key == "boundaries"):
        return value
    found = IN_EPOCHS.fullmatch(value)
    if found is None:
        return value
    if is_ranged(entry) and float(found[1]) == 0:
        fail(Mistake(f"'{key}' must be more than 0 epochs", kind="out_of_range"))
    return Epochs(float(found[1]))


def as_text(value: Any) -> Any:
    """Text without the folder that a path in it would be relative to: Keras is given plain values."""
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return str(value) if isinstance(value, str) else value


def article(noun: str) -> str:
    """The noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


@cache
def keras_catalogue() -> KerasCatalogue:
    """The catalogue, read once."""
    generated, by_hand = (
        json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
        for name in ("keras.json", "keras.extra.json")
    )
    kinds = {kind: {**classes, **own_classes(by_hand.get(kind, {}))} for kind, classes in generated["kinds"].items()}
    return KerasCatalogue(generated["keras"], generated["activations"], with_traits(kinds, by_hand))


def own_classes(lines: Mapping[str, Any]) -> dict[str, Any]:
    """The classes that are none of Keras's, which their lines say in full; they take no arguments."""
    own = {name: line for name, line in lines.items() if "ours" in line}
    return {name: {"spellings": [], "summary": line["summary"], "arguments": {}} for name, line in own.items()}
