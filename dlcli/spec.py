"""Spec, the strict and frozen base of every block of YAML, and the idiom in which named things are written.

A thing is written `Flatten`, `Dropout: 0.2` or `Dense: {units: 64}`. Things of Keras become a `KerasObject`; things of
dlcli's own (sources, …) are `Spec` classes in a union made by `one_of`. Nothing here imports Keras at module level, so a
configuration is checked in a fraction of a second.
"""

from __future__ import annotations

import contextlib
import math
import re
import sys
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, NoReturn, Protocol, TypeAlias, runtime_checkable

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler, ValidationError, ValidationInfo
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from dlcli.errors import TreePath

Facts: TypeAlias = Mapping[str, int]
"""What only the data knows, by the name after `${`: `{"data.classes": 10, "data.steps_per_epoch": 40}`."""


class Spec(BaseModel):
    """A block of YAML: its keys as fields with their meaning beneath, and a method that builds what it describes."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        # A block is compiled when it is first used: most configurations name one source of many.
        defer_build=True,
    )


class Text(str):
    """A string of a configuration in Unicode's composed form, so that two spellings of one Korean name are one.

    As a path it is taken as it was `written`, relative to `folder`.
    """

    folder: Path
    written: str

    def __new__(cls, value: str, folder: Path) -> Text:
        text = super().__new__(cls, unicodedata.normalize("NFC", value))
        text.folder, text.written = folder, value
        return text

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """A copy is plain text: only what stands in the file itself has a folder."""
        return str, (str(self),)


def absolute_path(value: Any) -> Any:
    """Makes a path of the configuration absolute, relative to the file that holds it (not the working directory)."""
    if not isinstance(value, str):
        return value
    path = Path(getattr(value, "written", value))
    # A path of somebody without a home stays as it is; reading it will say that there is nothing.
    with contextlib.suppress(RuntimeError):
        path = path.expanduser()
    return str(getattr(value, "folder", Path.cwd()) / path)


DataPath = Annotated[str, BeforeValidator(absolute_path)]
"""A path to data, absolute after loading; may hold a glob."""


@dataclass(frozen=True)
class Fact:
    """A value that only the data can tell, written `${data.classes}`; `name` is what stands between the braces."""

    name: str

    def resolve(self, facts: Facts) -> int:
        """The fact as a number. Raises `ValueError` for data that has no such fact."""
        if self.name not in facts:
            raise ValueError(f"the data has no '{self.name}'; it has: {', '.join(facts)}")
        return facts[self.name]

    def __str__(self) -> str:
        return f"${{{self.name}}}"


@dataclass(frozen=True)
class Epochs:
    """A count of steps written in epochs: `20 epochs`."""

    count: float

    def resolve(self, facts: Facts) -> int:
        """The count in steps, at least one."""
        return max(1, round(self.count * facts["data.steps_per_epoch"]))

    def __str__(self) -> str:
        return f"{self.count:.9f}".rstrip("0").rstrip(".") + " epochs"


@dataclass(frozen=True)
class KerasObject:
    """A layer, loss, optimizer, … of Keras: its canonical class name and its arguments, already checked.

    `written` is the name as the person wrote it (`mae` for `MeanAbsoluteError`). Arguments may hold further objects,
    and values that only the data can tell. `plugin` is the file of a class that is not Keras's own. `traits` are what the
    catalogue knows of the class beyond its arguments: what a loss needs as target, which way a metric is better, …
    """

    kind: str
    name: str
    written: str
    arguments: Mapping[str, Any]
    plugin: str | None = None
    traits: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def build(self, facts: Facts) -> Any:
        """The Keras object. Raises what Keras raises where an argument is wrong."""
        return self.made_by()(**self.values(facts))

    def made_by(self) -> Any:
        """The class or function that makes it; of a plugin one that has been run."""
        import keras

        if self.plugin is not None:
            return getattr(sys.modules[plugin_module(self.plugin)], self.name)
        module: Any = keras
        for part in ("optimizers", "schedules") if self.kind == "schedules" else (self.kind,):
            module = getattr(module, part)
        return getattr(module, self.name)

    def values(self, facts: Facts) -> dict[str, Any]:
        """The arguments with everything nested in them built."""
        return {key: built(value, facts=facts) for key, value in self.arguments.items()}


@runtime_checkable
class Buildable(Protocol):
    """What an argument can hold that is itself to be built."""

    def build(self, facts: Facts) -> Any:
        """The Keras object."""


def plugin_module(path: str) -> str:
    """The name under which the module of a plugin file is known."""
    return f"plugin_{Path(path).stem}_{zlib.crc32(path.encode()):08x}"


def built(value: Any, *, facts: Facts) -> Any:
    """An argument as Keras takes it: nested objects built, facts of the data filled in."""
    match value:
        case Buildable():
            return value.build(facts)
        case Fact() | Epochs():
            return value.resolve(facts)
        case list():
            return [built(item, facts=facts) for item in value]
        case dict():
            return {key: built(item, facts=facts) for key, item in value.items()}
    return value


@runtime_checkable
class Idiomatic(Protocol):
    """What says itself how it stands in a configuration."""

    def idiom(self) -> Any:
        """The value in the idiom, as plain data."""


def plain(value: Any) -> Any:
    """A block or value as plain data, in the idiom: what reads back as the same."""
    match value:
        case KerasObject():
            return {value.written: plain(value.arguments)}
        case Idiomatic():
            return value.idiom()
        case Named():
            return {value.word: fields_of(value)}
        case BaseModel():
            return fields_of(value)
        case Fact() | Epochs():
            return str(value)
        case list() | tuple():
            return [plain(item) for item in value]
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
    return value


def fields_of(value: BaseModel) -> dict[str, Any]:
    """The fields of a block by their keys, as plain data."""
    fields = type(value).model_fields
    return {field.alias or key: plain(getattr(value, key)) for key, field in fields.items()}


class Catalogue(Protocol):
    """What Keras offers, as far as checking a configuration needs it; given to validation as its context."""

    def read(self, kind: str, value: Any) -> KerasObject:
        """Checks a thing written in the idiom. Raises `pydantic.ValidationError` with every mistake in it."""

    def call_arguments(self, layer: str) -> list[str] | None:
        """The arguments with which a layer is called, or None where they are not known."""


def catalogue_of(information: ValidationInfo) -> Catalogue:
    """The catalogue that a validation was given."""
    catalogue: Catalogue | None = information.context
    assert catalogue is not None, "blocks with things of Keras are validated with a catalogue as context"
    return catalogue


@dataclass(frozen=True)
class Mistake:
    """One mistake found by a validator of ours; `path` leads from the validated value to it.

    `at` says what the caret stands under: the `key`, the `value`, or the `name` of the thing that the value is.
    """

    message: str
    path: TreePath = ()
    suggestion: str | None = None
    see: str | None = None
    at: str = "value"


def fail(*mistakes: Mistake) -> NoReturn:
    """Raises the mistakes as one `ValidationError`, so that all of a file's are reported in one go."""
    raise ValidationError.from_exception_data("dlcli", [detail_of(each) for each in mistakes])


def detail_of(mistake: Mistake) -> InitErrorDetails:
    """A mistake as pydantic keeps it."""
    said = {"message": mistake.message, "suggestion": mistake.suggestion, "see": mistake.see, "at": mistake.at}
    # A message may hold braces of the user's own, so it travels as a value of the template.
    return InitErrorDetails(type=PydanticCustomError("mistake", "{message}", said), loc=mistake.path, input=None)


@dataclass(frozen=True)
class KerasThing:
    """The annotation that makes a field hold a thing of Keras: `Annotated[KerasObject, KerasThing("layers")]`."""

    kind: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self.read)

    def read(self, value: Any, information: ValidationInfo) -> KerasObject:
        """Reads the thing with the catalogue that the validation was given."""
        if isinstance(value, KerasObject):
            return value
        return catalogue_of(information).read(self.kind, value)


def split_idiom(value: Any, *, expected: str) -> tuple[str, Any]:
    """The name of a thing written in the idiom and what stands behind it; None where nothing does.

    `expected` names the kind in the message ("a layer").
    """
    if isinstance(value, str):
        return value, None
    if isinstance(value, dict) and len(value) == 1:
        return next(iter(value.items()))
    if isinstance(value, dict) and value:
        names = ", ".join(f"'{key}'" for key in value)
        fail(
            Mistake(
                f"expected one name with its arguments behind it, found {len(value)} names: {names}",
                suggestion="indent the arguments below the name, or start each thing with '- '",
            )
        )
    fail(Mistake(f"expected {expected}, found {describe(value)}"))


def describe(value: Any) -> str:
    """A value in words, for messages: `the text 'abc'`, `the number 3`, `a list`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text '{value if len(value) <= 40 else value[:39] + '…'}'"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case Fact():
            return f"{value}, which only the data can tell"
    return f"{value}"


def unquoted(value: str) -> str | None:
    """What to write instead of a number in quotes."""
    try:
        number = float(value)
    except ValueError:
        return None
    return f"write {value.strip()} without quotes" if math.isfinite(number) and value.isascii() else None


class Named(Spec):
    """A thing of dlcli's own, written in the idiom; `word` is its name, its first field takes the short form."""

    word: ClassVar[str]


def one_of(
    choices: Callable[[], Mapping[str, type[Any]]], *, expected: str, short: Callable[[Any], Any] | None = None
) -> BeforeValidator:
    """The annotation of a field that holds one of dlcli's own things.

    `choices` gives the classes by their word, `expected` names the kind in messages, and `short` may turn a special short
    form (a path alone) into the idiom.
    """

    def read(value: Any, information: ValidationInfo) -> Named:
        written = value if isinstance(value, Named) or short is None else short(value)
        return read_named(written, information.context, choices(), expected=expected)

    return BeforeValidator(read)


def read_named(value: Any, context: Any, classes: Mapping[str, type[Any]], *, expected: str) -> Named:
    """One of dlcli's own things in the idiom, of the classes that there are by their word; `context` as in validation."""
    if isinstance(value, Named):
        return value
    name, arguments = split_idiom(value, expected=expected)
    if name not in classes:
        known = ", ".join(sorted(classes))
        fail(
            Mistake(
                f"unknown {expected.split(' ', 1)[1]} '{name}'; there are: {known}",
                suggestion=did_you_mean(name, classes),
                at="name",
            )
        )
    found: type[Named] = classes[name]
    fields = arguments
    if arguments is None:
        fields = {}
    elif not isinstance(arguments, dict):
        if not found.model_fields:
            fail(Mistake(f"{name} takes no arguments, found {describe(arguments)}", (name,)))
        fields = {next(iter(found.model_fields)): arguments}
    try:
        return found.model_validate(fields, context=context)
    except ValidationError as error:
        raise below(error, name, short=fields is not arguments and arguments is not None) from None


def snake_case(name: str) -> str:
    """The name of a class in lower case as Keras writes it: `TopKCategoricalAccuracy`, `top_k_categorical_accuracy`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])|(?<=[A-Z])([A-Z])(?=[a-z])", r"_\1\2", name).lower()


def near(name: str, known: Any) -> str | None:
    """The nearest known name, if one is near."""
    from difflib import get_close_matches

    by_lower: dict[str, list[str]] = {}
    for each in known:
        by_lower.setdefault(str(each).lower(), []).append(str(each))
    found = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    if not found:
        return None
    # Of `Adam` and `adam` the one that is written like the name.
    spellings = by_lower[found[0]]
    return next((each for each in spellings if each[:1].isupper() == name[:1].isupper()), spellings[0])


def did_you_mean(name: str, known: Any) -> str | None:
    """The hint that names the nearest known name, if one is near."""
    meant = near(name, known)
    return None if meant is None else f"did you mean '{meant}'?"


def below(error: ValidationError, name: str, *, short: bool = False) -> ValidationError:
    """The same errors with `name` put before each path; `short` drops the field a short form stands for."""
    return ValidationError.from_exception_data("dlcli", details_of(error, name, short=short))


def details_of(error: ValidationError, *places: str | int, short: bool = False) -> list[InitErrorDetails]:
    """The errors in one, with `places` put before each path, to be raised anew together with others."""
    details = []
    for each in error.errors(include_url=False):
        kind: Any = each["type"]
        if kind == "mistake":
            kind = PydanticCustomError("mistake", "{message}", each["ctx"])
        location = (*places, *(each["loc"][1:] if short else each["loc"]))
        details.append(InitErrorDetails(type=kind, loc=location, input=each["input"], ctx=each.get("ctx", {})))
    return details
