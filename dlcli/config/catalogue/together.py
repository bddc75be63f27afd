"""Do the arguments of one thing fit each other? What Keras says of two of them only when it makes the thing, by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeGuard

from dlcli.spec import Epochs, Mistake

ALONE = (("clipnorm", "clipvalue", "global_clipnorm"),)
"""Arguments of which one at most may be given."""
STEPS = ("strides", "dilation_rate")
"""Arguments of which one at most may be more than 1."""
PARTS = (("filters", "groups"),)
"""Arguments of which the first is a multiple of the second."""


RISING = (("minval", "maxval"), ("min_value", "max_value"), ("x_min", "x_max"))
"""Arguments of which the first is at most the second."""
BOTH = (("mean", "variance"),)
"""Arguments that are given both or not at all."""


def wrong_together(
    written: str, arguments: Mapping[str, Any], *, known: Mapping[str, Mapping[str, Any]]
) -> Iterator[Mistake]:
    """The mistakes of arguments, each right by itself, of a class that has the `known` ones with their defaults."""
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
    yield from wrong_pairs(written, arguments, known)
    yield from wrong_pieces(written, arguments)


def wrong_pairs(
    written: str, arguments: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]
) -> Iterator[Mistake]:
    """The mistakes of ends of a range that are the wrong way round, and of arguments that need each other."""
    for low, high in RISING:
        ends = [arguments.get(name, known[name].get("default")) for name in (low, high) if name in known]
        if len(ends) == 2 and all(map(is_number, ends)) and ends[0] > ends[1]:
            named = high if high in arguments else low
            message = f"'{low}' must be at most '{high}', and {ends[0]} is more than {ends[1]}"
            yield Mistake(message, (written, named), kind="arguments_do_not_fit")
    for pair in BOTH:
        given = [name for name in pair if arguments.get(name) is not None]
        if set(pair) <= set(known) and len(given) == 1:
            (other,) = {*pair} - {*given}
            hint = f"write {other} too, or leave '{given[0]}' out: it is learnt from the data"
            message = f"{written} has {given[0]} without {other}"
            yield Mistake(message, (written, given[0]), hint, at="key", kind="arguments_do_not_fit")


def wrong_pieces(written: str, arguments: Mapping[str, Any]) -> Iterator[Mistake]:
    """The mistakes of a function of pieces: one value more than boundaries, which rise."""
    bins = arguments.get("bin_boundaries")
    if isinstance(bins, list) and (not bins or (all(map(is_number, bins)) and any(b <= a for a, b in pairwise(bins)))):
        message = "'bin_boundaries' must rise" if bins else "'bin_boundaries' must hold a number"
        yield Mistake(message, (written, "bin_boundaries"), kind="arguments_do_not_fit")
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


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_count(value: Any) -> TypeGuard[int]:
    """Whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)
