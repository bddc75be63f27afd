"""What the layers of a run see: a sample, how far classes come apart layer by layer, filters, activations, and what counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from dlcli.view.console.json_value import UNSAID, json_name

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Form = Literal["pictures", "curves", "bars", "words"]


@dataclass(frozen=True)
class InputShown:
    """An input of the sample as a person looks at it: image (height, width, …), series (time, features), text, or columns."""

    kind: Literal["image", "series", "text", "columns"]
    caption: str
    values: Any
    names: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class SampleLooked:
    """The sample of the split, counted from 1, with its row and place in the data, what it is, and what the model says."""

    sample: int
    row: int
    file: str | None
    line: int | None
    target: Any
    predicted: Any
    probability: float | None
    inputs: Sequence[InputShown] = field(default=(), metadata=UNSAID)


@dataclass(frozen=True, kw_only=True)
class LayerLooked:
    """A call of a layer: how far its outputs tell the target, what it puts out in two dimensions, and what of the sample.

    `nearest_own_mean` is the share of samples nearest to the mean of their own class, `linear_fit` the R² of a linear fit to a
    target of numbers; None where there is no such. `explained` are the shares of the variance that two dimensions have.
    `strongest` is the unit that answers the sample most, its mean over the places that count furthest from 0.
    """

    layer: str
    kind: str = field(metadata=json_name("class"))
    output_shape: Sequence[int | None]
    nearest_own_mean: float | None
    linear_fit: float | None
    explained: Sequence[float]
    strongest: int | None
    strongest_value: float | None
    zeros: float | None
    """The share of zeros in what it puts out for the sample."""
    points: Sequence[Sequence[float]] = ()
    """Each sample, or each place that counts, in two dimensions (points, 2)."""


@dataclass(frozen=True, kw_only=True)
class Plane:
    """The points of the layer that is drawn, with the class or the number of each."""

    layer: str
    target: str
    classes: Sequence[str] | None
    points: Sequence[Sequence[float]]
    values: Sequence[float]
    explained: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """Filters or activations of a layer, one a unit: pictures (height, width, …), curves (steps, …), bars, or words.

    `units` are their numbers, `names` what these stand for, `values` the mean of each over the places that count; `numbers` all
    of them, where they are few enough.
    """

    layer: str
    form: Form
    units: Sequence[int]
    names: Sequence[str]
    values: Sequence[float]
    about: str
    numbers: Any = None
    arrays: Sequence[Any] = field(default=(), metadata=UNSAID)


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """How much each place or column of an input counted: for a picture (height, width), else (places,) by its names."""

    input: str
    kind: Literal["image", "series", "text", "columns"]
    names: Sequence[str]
    values: Any
    picture: Any = field(default=None, metadata=UNSAID)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What counted for an answer: by Grad-CAM at a layer, or by gradient × input."""

    method: Literal["grad_cam", "gradient_x_input"]
    target: str
    answer: str = field(metadata=json_name("class"))
    layer: str | None
    inputs: Sequence[Attribution]


@dataclass(frozen=True, kw_only=True)
class Look:
    """The keys of `dlcli look --json`."""

    run: str
    split: str
    samples: int
    target: str | None
    sample: SampleLooked
    layers: Sequence[LayerLooked]
    values: Sequence[float] = ()
    """The class index or the number of each of the points of the layers."""
    classes: Sequence[str] | None = None
    filters: Tiles | None = None
    activations: Tiles | None = None
    plane: Plane | None = field(default=None, metadata=UNSAID)
    counted: Counted | None = field(default=None, metadata=json_name("grad_cam"))
    written: Mapping[str, str] = field(default_factory=dict)
    """What was written, by its name the file."""
    notes: Sequence[str] = ()
