"""The idiom in which named things are written: `Flatten`, `Dropout: 0.2` or `Dense: {units: 64}`, read and written again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, ValidationError

from dlcli.spec.block import Spec
from dlcli.spec.fact import Epochs, Fact
from dlcli.spec.keras_object import KerasObject
from dlcli.spec.language import Language
from dlcli.spec.mistake import Mistake, below, describe, did_you_mean, fail


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
    """The fields of a block by their keys, as plain data; those that are `exclude` have no part in a training."""
    fields = type(value).model_fields
    return {field.alias or key: plain(getattr(value, key)) for key, field in fields.items() if not field.exclude}


def unwritten(block: BaseModel, position: str = "") -> Iterator[str]:
    """The positions of the keys of a block, and of the blocks in it, that nobody has written, as `--set` counts: `data.split`."""
    for key, field in type(block).model_fields.items():
        if field.exclude:
            continue
        path = ".".join(filter(None, (position, field.alias or key)))
        if key in block.model_fields_set:
            yield from unwritten_within(getattr(block, key), path)
        else:
            yield path


def unwritten_within(value: Any, position: str) -> Iterator[str]:
    """The same of all blocks in a value; what says itself how it stands is written whole."""
    match value:
        case KerasObject() | Idiomatic():
            return
        case BaseModel():
            yield from unwritten(value, position)
        case list() | tuple():
            for number, item in enumerate(value):
                yield from unwritten_within(item, f"{position}.{number}")
        case Mapping():
            for key, item in value.items():
                yield from unwritten_within(item, f"{position}.{key}")


class Named(Spec):
    """A thing of dlcli's own, written in the idiom; `word` is its name, its first field takes the short form."""

    word: ClassVar[str]


def split_idiom(value: Any, *, expected: str) -> tuple[str, Any]:
    """The name of a thing written in the idiom and what stands behind it; None where nothing does.

    `expected` names the kind in the message ("a layer").
    Raises `ValidationError` for several names and for what is no name.
    """
    if isinstance(value, str):
        return value, None
    if isinstance(value, dict) and len(value) > 1:
        names = ", ".join(f"'{key}'" for key in value)
        fail(
            Mistake(
                f"expected one name with its arguments behind it, found {len(value)} names: {names}",
                suggestion="indent the arguments below the name, or start each thing with '- '",
                kind="several_names",
            )
        )
    if not isinstance(value, dict) or not value:
        fail(Mistake(f"expected {expected}, found {describe(value)}", kind="wrong_type"))
    return next(iter(value.items()))


def read_named(value: Any, language: Language, classes: Mapping[str, type[Any]], *, expected: str) -> Named:
    """One of dlcli's own things in the idiom, of the classes that there are by their word.

    Raises `ValidationError` for a word that is none of them, and for arguments of one that takes none.
    """
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
                kind="unknown_name",
            )
        )
    found: type[Named] = classes[name]
    fields = arguments
    if arguments is None:
        fields = {}
    elif not isinstance(arguments, dict):
        if not found.model_fields:
            fail(Mistake(f"{name} takes no arguments, found {describe(arguments)}", (name,), kind="takes_no_arguments"))
        fields = {next(iter(found.model_fields)): arguments}
    try:
        return found.model_validate(fields, context=language)
    except ValidationError as error:
        raise below(error, name, short=fields is not arguments and arguments is not None) from None
