"""The schema of a data set: what each input and the target were made of, kept with the model so that raw rows can follow."""

from __future__ import annotations

from typing import Literal

from dlcli.data.times import First, Part
from dlcli.data.windows import Windows
from dlcli.spec import Scale, Spec

SPLITS = ("train", "validation", "test")
"""The splits, in the order in which they are told and dealt."""


class ColumnSchema(Spec):
    """A column of a table as it enters an input."""

    name: str
    kind: Literal["number", "category", "time"]
    categories: list[str] = []
    """The names that the training split held, each an element of the one-hot vector; another name is all zeros."""
    fill: float | str | None = None
    """What stands for an empty cell; None where an empty cell is an error."""
    first: First | None = None
    """Of a column of times whose year is last, whether day or month comes first."""
    parts: list[Part] = []
    """Of a column of times its parts, a pair of features each, the year one; without any it is seconds since 1970."""
    seen: list[float] | None = None
    """The least and the greatest number of the training rows; None of other columns, and where nobody looked."""

    @property
    def width(self) -> int:
        """How many features the column becomes."""
        if self.kind == "category":
            return len(self.categories)
        return sum(1 if part == "year" else 2 for part in self.parts) or 1


class InputSchema(Spec):
    """One input: a group of columns that makes one vector a sample, or one array."""

    name: str
    axes: list[str]
    """The names of the axes, `samples` first."""
    shape: list[int]
    """The shape of one sample."""
    columns: list[ColumnSchema] | None = None
    array: str | None = None
    """The array of the source that an input without columns is; None where it bears the input's name."""
    text: bool = False
    """Whether it is text, one a sample, that a preparation turns into numbers."""
    texts: list[str] | None = None
    """The columns of an input of several texts a sample, which a preparation crosses."""
    fill: float | str | None = None
    """What stands for NaN in an array, or for an empty text; None where it is an error."""
    fills: dict[str, str] = {}
    """What stands for an empty cell of each column of names that a preparation takes as text, where training has learnt it."""
    ends: int = 0
    """How many places are cut off at its end, which serve as target alone."""
    pieces: Literal["character", "whitespace"] | None = None
    """What a running text was cut in; None of other texts."""
    strip: str | None = None
    """The pattern of RE2 whose finds in its texts are blanks."""
    length: int | None = None
    """How many such pieces each of its texts has."""
    padding: float | None = None
    """What stands at the places behind the end of a sample, of samples that are not equally long; None of others."""
    stored: str | None = None
    """Of what type the numbers of pictures are in their files; None of others, whose type says nothing of their range."""
    seen: list[float] | None = None
    """The least and the greatest number of an array in the training rows; None of others, and where nobody looked."""

    @property
    def fields(self) -> list[str]:
        """The columns that it is made of, or its array."""
        if self.columns is not None:
            return [column.name for column in self.columns]
        return self.texts or [self.array or self.name]


class TargetSchema(Spec):
    """A target: a class index, a one-hot vector or numbers."""

    name: str
    encode: Literal["index", "one_hot", "none"]
    classes: list[str] | None = None
    column: str | None = None
    """The field that holds it; None for a vector."""
    columns: list[str] | None = None
    """The columns that make up a vector of numbers or of yes and no; None where it is one column or array."""
    labels: list[str] | None = None
    """The names of which a sample may have several; None of a target that is not split into names."""
    split: str | None = None
    """What stands between the names in a cell."""
    void: list[int | str] = []
    """The labels that stand for none: no class, and left out of loss, metrics and statistics."""
    axes: list[str]
    shape: list[int]
    """The shape of one sample's target; empty for a single value."""
    following: str | None = None
    """The input of which it is what stands one place later; None of another target."""
    text: bool = False
    """Whether it is text, of which a preparation makes ids."""
    strip: str | None = None
    """The pattern of RE2 whose finds in its texts are blanks."""
    between: str = " "
    """What stands between the words of a text."""
    ahead: list[int] | None = None
    """Of a target of several steps ahead these, in the order of its values."""
    absent: bool = False
    """Whether there is none: what the model puts out under this name is its loss, and is compared with nothing."""
    scale: Scale | None = None
    """How it is learnt in other units than its own; None of one that is learnt as it is."""
    shares: bool = False
    """Whether its numbers say how likely a yes is, so that what rounding puts beside 0 and 1 is 0 and 1."""
    padded: bool = False
    """Whether it has places behind the end of a sample, which count nowhere."""
    centre: list[int] | None = None
    """Height and width of the part of a mask, its centre, that is compared with what a model of parts of pictures puts out."""
    vectors: bool = False
    """Whether the data itself holds one-hot vectors, which are taken as they are."""

    @property
    def is_one_hot(self) -> bool:
        """Whether its values are one-hot vectors, whose last axis are the classes."""
        return self.encode == "one_hot" or self.vectors

    @property
    def has_void(self) -> bool:
        """Whether some of its places may have no class: void labels, and padding."""
        return bool(self.void) or (self.padded and self.classes is not None)

    @property
    def names(self) -> list[str]:
        """The fields that it is made of."""
        return [] if self.absent or (self.text and self.following) else self.columns or [self.column or self.name]

    @property
    def positive(self) -> str | None:
        """The second of two classes: the yes of a loss for two."""
        return self.classes[1] if self.classes is not None and len(self.classes) == 2 else None

    @property
    def names_of_units(self) -> list[str] | None:
        """What the values of an answer stand for: classes, labels or the columns of a vector; None where they have no names."""
        return self.each or self.classes

    def of_rows(self, windows: Windows | None) -> TargetSchema:
        """The schema of one row, where a sample is a window of rows with several targets."""
        axes = 0 if windows is None else len(windows.target_shape)
        return self.model_copy(update={"shape": self.shape[axes:], "axes": [self.axes[0], *self.axes[1 + axes :]]})

    @property
    def each(self) -> list[str] | None:
        """The names of values that stand beside each other, any of which may hold: columns, labels, or steps
        ahead; None of others."""
        if self.ahead is not None and self.classes is None:
            return [f"{self.column or self.name}+{steps}" for steps in self.ahead]
        return self.columns or self.labels


class Schema(Spec):
    """All inputs and targets; with `windows` a sample is a window of rows."""

    inputs: list[InputSchema]
    targets: list[TargetSchema]
    windows: Windows | None = None

    @property
    def input_fields(self) -> list[str]:
        """The columns and arrays that the inputs are made of."""
        return [name for each in self.inputs for name in each.fields]

    @property
    def present(self) -> list[TargetSchema]:
        """The targets that the data holds."""
        return [each for each in self.targets if not each.absent]

    def facts(self, *, steps_per_epoch: int) -> dict[str, int]:
        """What a configuration may refer to as `${data.…}`; only the data set knows how many steps an epoch has."""
        facts = {"data.steps_per_epoch": steps_per_epoch}
        for target in self.targets:
            names = target.classes or target.labels
            if names is not None:
                name = "data.classes" if len(self.present) == 1 else f"data.classes.{target.name}"
                facts[name] = len(names)
        features = sum(each.shape[-1] for each in self.inputs if each.shape)
        return {**facts, "data.features": features} if features else facts
