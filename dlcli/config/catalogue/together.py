"""Do the arguments of one thing fit each other? What Keras says of two of them only when it makes the thing, by their names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeGuard

from dlcli.spec import Epochs, Mistake

ALONE = (("clipnorm", "clipvalue", "global_clipnorm"),)
"""Arguments of which one at most may be given."""
STEPS = ("strides", "dilation_rate")
"""Arguments of which one at most may be more than 1."""
PARTS = (("filters", "groups"),)
"""Arguments of which the first is a multiple of the second."""


def wrong_together(written: str, arguments: Mapping[str, Any], *, known: Collection[str]) -> Iterator[Mistake]:
    """The mistakes of arguments, each right by itself, of a class that has the `known` ones."""
    for names in ALONE:
        given = [name for name in names if arguments.get(name) is not None]
        if len(given) > 1:
            message = f"{written} takes one of {', '.join(given)}, not several"
            yield Mistake(
                message, (written, given[1]), f"leave '{given[1]}' out", at="key", kind="arguments_do_not_fit"
            )
    # A convolution of each channel by itself takes both.
    if "depth_multiplier" not in known and all(largest(arguments.get(name)) > 1 for name in STEPS):
        message = f"{written} cannot skip places both by 'strides' and by 'dilation_rate'"
        yield Mistake(message, (written, STEPS[1]), "let one of them be 1", kind="arguments_do_not_fit")
    for whole, part in PARTS:
        total, parts = arguments.get(whole), arguments.get(part)
        if is_count(total) and is_count(parts) and parts > 0 and total % parts:
            message = f"'{whole}' must be a multiple of '{part}', and {total} is none of {parts}"
            yield Mistake(message, (written, part), kind="arguments_do_not_fit")
    yield from wrong_pieces(written, arguments)


def wrong_pieces(written: str, arguments: Mapping[str, Any]) -> Iterator[Mistake]:
    """The mistakes of a function of pieces: one value more than boundaries, which rise."""
    values, boundaries = arguments.get("values"), arguments.get("boundaries")
    if not isinstance(values, list) or not isinstance(boundaries, list):
        return
    if not boundaries:
        yield Mistake("'boundaries' must hold a step", (written, "boundaries"), kind="arguments_do_not_fit")
    elif len(values) != len(boundaries) + 1:
        message = f"{len(boundaries)} boundaries part {len(boundaries) + 1} values, found {len(values)}"
        yield Mistake(message, (written, "values"), kind="arguments_do_not_fit")
    for kind in (int | float, Epochs):
        steps = [each.count if isinstance(each, Epochs) else each for each in boundaries if isinstance(each, kind)]
        if len(steps) == len(boundaries) and any(b <= a for a, b in pairwise(steps)):
            yield Mistake("'boundaries' must rise", (written, "boundaries"), kind="arguments_do_not_fit")


def largest(value: Any) -> float:
    """The largest number of an argument that is one or a list of them; 1 of another."""
    numbers = value if isinstance(value, list) else [value]
    return max((each for each in numbers if is_count(each)), default=1)


def is_count(value: Any) -> TypeGuard[int]:
    """Whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)
