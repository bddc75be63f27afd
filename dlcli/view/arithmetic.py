"""Layers as tensor arithmetic: formulas, and the same with the shape of each tensor in its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from dlcli.view.console.console import supports_unicode
from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.json_value import json_name
from dlcli.view.console.labelled import line_width
from dlcli.view.console.layout import GAP
from dlcli.view.console.shapes import shape
from dlcli.view.console.table import Column, Narrow, Table
from dlcli.view.console.wrapping import APART, HANGING, wrapped
from dlcli.view.sentences.arithmetic import remark_words

Shape: TypeAlias = Sequence[int | None]
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
INSIDE = re.compile(r"(?<=[0-9y]), (?=[0-9a][0-9n,)])|(?<=[0-9y]), (?=[0-9]$)")
"""What stands between the axes of a shape."""
PLAIN = {"·": ".", "⊙": "*", "→": "->", "−": "-", "√": "sqrt ", "ᵀ": "^T"}
"""The signs of the formulas in ASCII."""


@dataclass(frozen=True)
class Remark:
    """What is to be known beside a formula: a code, and its facts."""

    code: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One formula: the tensors that come out, how they come about, and the shape of each name, batch included.

    `facts` are the numbers that a convolution or a pooling goes by. `each_step` says that it is done at each step of time.
    """

    result: str
    formula: str
    shapes: Mapping[str, Shape]
    facts: Mapping[str, Any] = field(default_factory=dict)
    remarks: Sequence[Remark] = ()
    each_step: bool = False

    @property
    def arithmetic(self) -> str:
        """The formula with shapes in place of its tensors, and the shape that comes out."""
        inside = NAME.sub(lambda found: shape_in_formula(self.shapes.get(found[0]), found[0]), self.formula)
        outputs = [self.shapes[name] for name in self.result.split(", ")]
        same = len(outputs) > 1 and all(tuple(each) == tuple(outputs[0]) for each in outputs)
        out = f"{len(outputs)} × {shape(outputs[0])}" if same else ", ".join(shape(each) for each in outputs)
        return f"{inside} → {out}"


@dataclass(frozen=True, kw_only=True)
class NamedWeight:
    """A weight of a formula: its name there, that which Keras gives it, and its shape."""

    name: str
    weight: str
    shape: Shape


@dataclass(frozen=True, kw_only=True)
class LayerArithmetic:
    """One call of a layer: its formulas in their order. Shapes begin with the batch; an open axis is None."""

    layer: str
    kind: str = field(metadata=json_name("class"))
    input_shape: Sequence[Any]
    output_shape: Sequence[Any]
    weights: Sequence[NamedWeight]
    steps: Sequence[Step]


@dataclass(frozen=True)
class Arithmetic:
    """All calls of a model, each behind those that it takes."""

    arithmetic: Sequence[LayerArithmetic]


def shape_in_formula(of_name: Shape | None, name: str) -> str:
    """A shape in the place of the name of a tensor; any other name stays."""
    return name if of_name is None else shape(of_name)


def draw_arithmetic(console: Console, arithmetic: Arithmetic) -> None:
    """A row for each formula, and what its signs mean."""
    unicode = supports_unicode(console.file)
    write_table(console, arithmetic_table(arithmetic.arithmetic, width=console.width, unicode=unicode))
    console.print()
    for line in wrapped(plain_signs(SIGNS, unicode=unicode), line_width(console)):
        console.print(Text(line), no_wrap=True, overflow="ignore", crop=False)


SIGNS = "a · b sums over the last axis of a and the first of b; a ⊙ b multiplies element by element; a small shape is broadcast"


def arithmetic_table(layers: Sequence[LayerArithmetic], *, width: int, unicode: bool) -> Table:
    """The layer at its first formula, each formula, and its shapes with what is to be known; below it where room is short."""
    rows: list[list[str]] = []
    for each in layers:
        for number, step in enumerate(each.steps):
            words = [unbroken(step.arithmetic), *(remark_words(one.code, one.facts) for one in step.remarks)]
            cells = (unbroken(f"{step.result} = {step.formula}"), APART.join(words))
            rows.append(["" if number else each.layer, *(plain_signs(cell, unicode=unicode) for cell in cells)])
    layer, longest = Column("layer"), max([len("layer"), *(cell_len(row[0]) for row in rows)])
    beside = [formula_column(head, [row[at] for row in rows]) for at, head in enumerate(HEADS, start=1)]
    if longest + sum(GAP + each.least for each in beside) <= width:
        return Table([layer, *beside], rows)
    joined = [[name, f"{formula}{APART}{shapes}"] for name, formula, shapes in rows]
    return Table([layer, formula_column(HEADS[0], [row[1] for row in joined])], joined)


LEAST = 22
HEADS = ("arithmetic", "with shapes")


def formula_column(name: str, cells: Sequence[str]) -> Column:
    """A column that wraps, and is as wide as the widest of its shapes, where a line goes on with it."""
    words = [word for cell in cells for word in cell.split(" ")]
    return Column(name, narrow=Narrow.WRAP, least=max([LEAST, *(HANGING + cell_len(word) for word in words)]))


def unbroken(text: str) -> str:
    """A text whose shapes are no place to end a line at."""
    return INSIDE.sub(",\N{NO-BREAK SPACE}", text)


def plain_signs(text: str, *, unicode: bool) -> str:
    """A text with the signs that a stream can carry."""
    if unicode:
        return text
    for sign, plain in PLAIN.items():
        text = text.replace(sign, plain)
    return text
