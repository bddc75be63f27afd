"""What the values of masks mean: the classes that the configuration names, and those that stand for none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator

from dlcli.data.sources.folders.listing import MOST_SHOWN
from dlcli.data.target_labels import label_key
from dlcli.spec import DataPath, Mistake, Spec, fail

if TYPE_CHECKING:
    import numpy as np

LARGEST = 65_535
"""The largest value of a pixel in 16 bits."""
LARGEST_CLASS = 255
"""The largest index of a class; beside void labels it is theirs."""

Value = Annotated[int, Field(ge=0, le=LARGEST)]


class Masks(Spec):
    """Masks whose values have names."""

    trials: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    path: DataPath
    """A folder with a mask for each image, of the same name with an ending of its own."""
    classes: Annotated[dict[str, str], Field(min_length=2)] | Annotated[list[str], Field(min_length=2)] | None = None
    """The name of each value of a pixel, in the order of the indices: `{1: pet, 2: background}`; values of one name are one
    class. A list names the values 0, 1, …"""
    void: Value | list[Value] | None = None
    """The value, or the values, that stand for no class."""

    @field_validator("classes")
    @classmethod
    def different(cls, classes: Any) -> Any:
        odd = [key for key in classes if not is_value(key)] if isinstance(classes, dict) else []
        if odd:
            fail(
                Mistake(
                    f"'{odd[0]}' is no value of a pixel; they are the whole numbers 0 to {LARGEST}",
                    (odd[0],),
                    at="key",
                    suggestion="write {1: pet, 2: background}",
                    kind="wrong_type",
                )
            )
        names = [*classes.values()] if isinstance(classes, dict) else classes or []
        twice = next((name for name in names if names.count(name) > 1), None)
        if isinstance(classes, list) and twice is not None:
            fail(
                Mistake(
                    f"the class '{twice}' stands twice",
                    suggestion="for values of one class write {value: name, …}",
                    kind="double_class",
                )
            )
        if len({*names}) == 1:
            fail(Mistake(f"'{names[0]}' is the only class: there is nothing to tell apart", kind="single_class"))
        if len({*names}) > LARGEST_CLASS:
            fail(
                Mistake(f"{len({*names})} classes are more than the limit of {LARGEST_CLASS}", kind="too_many_classes")
            )
        return classes

    @model_validator(mode="after")
    def either(self) -> Masks:
        both = [value for value in self.void_values if value in self.names]
        if both:
            fail(
                Mistake(
                    f"{both[0]} is void and the class '{self.names[both[0]]}'",
                    suggestion="leave it out of one of them",
                    kind="void_is_class",
                )
            )
        return self

    @property
    def names(self) -> dict[int, str]:
        """The class of each value that has a name."""
        if isinstance(self.classes, list):
            return dict(enumerate(self.classes))
        return {int(value): name for value, name in (self.classes or {}).items()}

    @property
    def void_values(self) -> list[int]:
        """The values that stand for no class."""
        return self.void if isinstance(self.void, list) else [] if self.void is None else [self.void]


@dataclass(frozen=True)
class Meaning:
    """What the values of pixels mean: `index` (65536,) is that of the class of each, -1 of one that means nothing.

    `void` is the index of what stands for no class; empty where nothing does.
    """

    index: np.ndarray[Any, Any]
    classes: list[str]
    void: list[int]
    notes: list[str]


def without_void(names: Mapping[int, str], void: Collection[int | str]) -> dict[int, str]:
    """The names of the values that are not void, be it by their value or by their name."""
    values, labels = values_of(void), {label_key(each) for each in void if isinstance(each, str)}
    return {value: name for value, name in names.items() if value not in values and label_key(name) not in labels}


def values_of(labels: Collection[int | str]) -> set[int]:
    """The labels that are values of pixels."""
    return {int(key) for key in map(label_key, labels) if is_value(key)}


def is_value(key: str) -> bool:
    """Whether a text is the value of a pixel."""
    return key.isascii() and key.isdigit() and str(int(key)) == key and int(key) <= LARGEST


def named_meaning(names: Mapping[int, str], void: Collection[int | str], seen: Collection[int]) -> Meaning:
    """The meaning of values by their names, in the order written; `seen` are the values that occur."""
    import numpy as np

    index = np.full(LARGEST + 1, -1, np.int16)
    kept = without_void(names, void)
    index[[*({*names} - {*kept} | values_of(void))]] = LARGEST_CLASS
    classes = list(dict.fromkeys(kept.values()))
    for value, name in kept.items():
        index[value] = classes.index(name)
    there = {kept[value] for value in seen if value in kept}
    absent = [name for name in classes if name not in there]
    notes = [f"no pixel of the masks is {some(absent)}"] if absent else []
    return Meaning(index, classes, [LARGEST_CLASS] if (index == LARGEST_CLASS).any() else [], notes)


def numbered_meaning(seen: Sequence[int], void: Collection[int | str]) -> Meaning:
    """The meaning of values that are indices of classes, or two of any; `seen` (ascending) occur and are not void.

    Two values such as 0 and 255 become the classes 0 and 1.
    """
    import numpy as np

    index, notes = np.full(LARGEST + 1, -1, np.int16), []
    index[: LARGEST_CLASS + 1] = np.arange(LARGEST_CLASS + 1)
    highest, nothing = seen[-1], values_of(void)
    if len(seen) == 2 and [*seen] != [0, 1] and not nothing & {0, 1}:
        index[list(seen)] = 0, 1
        notes.append(f"the pixels of the masks are {seen[0]} and {seen[1]}, taken for the classes 0 and 1")
        highest = 1
    elif len(seen) <= highest:
        few = "; to take these alone write masks: {path: …, classes: {VALUE: NAME, …}, void: VALUE}"
        told = f"{len(seen)} of the classes 0 to {highest} occur in the masks: {some([*map(str, seen)])}"
        notes.append(told + (few if 2 * len(seen) <= highest + 1 else ""))
    codes = {value: min(value, LARGEST_CLASS) for value in nothing}
    for value, code in codes.items():
        index[value] = code
    return Meaning(index, [str(each) for each in range(highest + 1)], sorted({*codes.values()}), notes)


def some(names: Sequence[str]) -> str:
    """Some names for a message."""
    return ", ".join(names[:MOST_SHOWN]) + (", …" if len(names) > MOST_SHOWN else "")
