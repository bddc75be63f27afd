"""What the layers of a trained run see: filters, activations of a sample, its classes apart layer by layer, what counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.layer_outputs import LayerOutput, layer_outputs
from dlcli.actions.layer_states import SAMPLES
from dlcli.actions.layers_apart import Wanted, layer_features, linear_fit, nearest_mean, rows_for, wanted_of
from dlcli.actions.look.activations import activations_of, counted_rows, unit_means
from dlcli.actions.look.counted import (
    Asked,
    answer_asked,
    counted_by_class_map,
    counted_by_gradients,
    input_kind,
)
from dlcli.actions.look.filters import filters_of
from dlcli.actions.look.model_parts import ModelParts, vocabulary_of
from dlcli.actions.look.pictures import check_picture_folder, write_pictures
from dlcli.actions.look.planes import MOST_DRAWN, principal_plane
from dlcli.actions.look.sample import LookedHead, sample_looked, words_by_id
from dlcli.config.catalogue.live import written_class
from dlcli.data import Dataset
from dlcli.data.schema import TargetSchema
from dlcli.errors import UsageError
from dlcli.loss.counting import masks_by_target
from dlcli.progress import counted_off
from dlcli.runs import Run
from dlcli.spec import near
from dlcli.training.engine.measure import Measure, outputs_by_target
from dlcli.training.kept.predictions import Answers
from dlcli.training.kept.trained import Trained, open_trained
from dlcli.training.setup.feed import Feed
from dlcli.view.look import Counted, LayerLooked, Look, Plane, Tiles

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


MOST_PLANES = 30
"""Layers whose points are written as pictures where none is asked for: the last ones."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What is asked to be seen; `sample` counts from 1, `output` is the target whose answers are looked at."""

    layer: str | None = None
    sample: int = 1
    grad_cam: bool = False
    answer: str | None = None
    split: str | None = None
    output: str | None = None


def look(run: Run, asking: Asking, *, folder: Path | None, allow_code: bool) -> Look:
    """Looks at the layers of a run on samples of one of its splits, and writes pictures into a folder.

    Raises `ArtifactError`, `ConflictError` for data that has changed, and `UsageError` for what is asked and not there.
    """
    if folder is not None:
        check_picture_folder(folder)
    with open_trained(run, allow_code=allow_code) as trained:
        dataset = trained.dataset()
        split = split_of(dataset, asking)
        target = target_asked(trained, asking.output)
        feed = trained.feed(dataset.splits[split])
        seen = Looking(trained, dataset, split, feed, target, asking)
        looked = seen.looked(run.name)
    if folder is None:
        return looked
    planes = [plane_of(looked, layer) for layer in looked.layers if layer.points][-MOST_PLANES:]
    only = [looked.plane] if looked.plane is not None and asking.layer is not None else planes
    return replace(looked, written=write_pictures(looked, only, folder))


def split_of(dataset: Dataset, asking: Asking) -> str:
    """The split that is looked at: by default validation, or training where there is none.

    Raises `UsageError` for a split that the run does not have, and a sample that is not in it.
    """
    split = asking.split or ("validation" if "validation" in dataset.splits else "train")
    if split not in dataset.splits:
        message = f"the run has no split '{split}'; it has: {', '.join(dataset.splits)}"
        raise UsageError(message, kind="no_such_split")
    count = len(dataset.splits[split])
    if not 1 <= asking.sample <= count:
        message = f"'{split}' has {count:,} samples, and there is no sample {asking.sample}"
        raise UsageError(message, hint=f"write --sample with a number from 1 to {count}", kind="no_such_sample")
    return split


def target_asked(trained: Trained, name: str | None) -> TargetSchema:
    """The target of a name, by default the first. Raises `UsageError` for another name."""
    names = [each.name for each in trained.schema.targets]
    if name is not None and name not in names:
        likely = near(name, names) or names[0]
        message = f"the model has no output '{name}'; it has: {', '.join(names)}"
        raise UsageError(message, hint=f"write --output {likely}", kind="no_such_output")
    return trained.schema.targets[names.index(name) if name is not None else 0]


@dataclass(frozen=True)
class Looking:
    """A trained run, its samples as the model takes them, and what is asked."""

    trained: Trained
    dataset: Dataset
    split: str
    feed: Feed
    target: TargetSchema
    asking: Asking

    @cached_property
    def parts(self) -> ModelParts:
        """The model with its calls."""
        return ModelParts(self.trained.model, self.trained.schema)

    @property
    def head(self) -> LookedHead:
        """The target with its loss."""
        place = [each.name for each in self.trained.schema.targets].index(self.target.name)
        return LookedHead(self.target, self.trained.config.heads[place].loss)

    @property
    def has_places(self) -> bool:
        """Whether the target says something of each place of a sample."""
        return len(self.target.shape) > int(self.target.is_one_hot)

    def looked(self, run: str) -> Look:
        """All that is asked to be seen."""
        parts, at = self.parts, self.asking.sample - 1
        chosen = None if self.asking.layer is None else parts.place(self.asking.layer)
        inputs, targets = self.feed.take(slice(at, at + 1))
        outputs = layer_outputs(parts.model, parts.calls, inputs)
        output = parts.model({**inputs}, training=False)
        names = [each.name for each in self.trained.schema.targets]
        said = outputs_by_target(output, names)
        answers = self.trained.answers(said)[self.target.name]
        own = None if self.target.absent else targets.get(self.target.name)
        sample = sample_looked(
            self.dataset,
            self.split,
            self.asking.sample,
            self.head,
            own,
            said[self.target.name],
            answers,
            masks_by_target(output, names).get(self.target.name),
        )
        wanted, layers, values = self.layers_looked(parts, outputs)
        tiles = self.tiles(parts, outputs, inputs, chosen)
        looked = Look(
            run=run,
            split=self.split,
            samples=len(self.feed),
            target=None if wanted is None else wanted.name,
            sample=sample,
            layers=layers,
            values=values,
            classes=None if wanted is None else wanted.classes,
            filters=tiles[0],
            activations=tiles[1],
            notes=self.trained.notes,
        )
        drawn = hidden_place(layers, parts.learnt) if chosen is None else chosen
        looked = replace(looked, plane=plane_of(looked, layers[drawn]) if layers[drawn].points else None)
        if not self.asking.grad_cam:
            return looked
        counted, notes = self.counted(parts, inputs, answers, said[self.target.name], chosen)
        return replace(looked, counted=counted, notes=[*looked.notes, *notes])

    def layers_looked(
        self, parts: ModelParts, sample: Sequence[LayerOutput]
    ) -> tuple[Wanted | None, list[LayerLooked], list[float]]:
        """What is wanted of the outputs, each layer with how far it tells that, and what is wanted of each point of a plane."""
        inputs, targets = self.feed.take(slice(0, SAMPLES))
        masks = Measure(parts.model).masks(self.feed.first(SAMPLES)) if self.has_places else {}
        known = None if self.target.absent else targets.get(self.target.name)
        wanted = None if known is None else wanted_of(self.target, known, masks.get(self.target.name))
        by_place = wanted is not None and wanted.by_place
        keep = whole_places if by_place else layer_features
        outputs = layer_outputs(parts.model, parts.calls, inputs, keep=keep)
        looked, values = [], list[float]()
        layers = [*zip(parts.named_calls, outputs, sample, strict=True)]
        for (name, call), every, one in counted_off(layers, "comparing layers with the target", len(layers)):
            means = unit_means(one)
            found = None if wanted is None else rows_for(wanted, every.values, every.mask if by_place else None)
            rows, numbers = found or (None if wanted is not None and by_place else every.values, None)
            plane = None if rows is None or len(rows) < 2 else principal_plane(rows[:MOST_DRAWN])
            told = None if numbers is None or rows is None or len(rows) < 2 else (rows, numbers)
            classes = wanted is not None and wanted.classes is not None
            strongest = int(abs(means).argmax())
            looked.append(
                LayerLooked(
                    layer=name,
                    kind=written_class(type(call.layer)),
                    output_shape=call.outputs[0],
                    nearest_own_mean=nearest_mean(*told) if told and classes else None,
                    linear_fit=linear_fit(*told) if told and not classes else None,
                    explained=[] if plane is None else plane.explained,
                    strongest=strongest,
                    strongest_value=float(means[strongest]),
                    zeros=float((counted_rows(one) == 0).mean()),
                    points=[] if plane is None else plane.points.tolist(),
                )
            )
            if numbers is not None and not values:
                values = [float(each) for each in numbers.reshape(len(numbers), -1)[:MOST_DRAWN, 0]]
        return wanted, looked, values

    def tiles(
        self, parts: ModelParts, outputs: Sequence[LayerOutput], inputs: Mapping[str, Array], chosen: int | None
    ) -> tuple[Tiles | None, Tiles | None]:
        """Filters and activations of the layer that is asked for, or of the first that has filters, or else has learnt."""
        filters = None
        for place in range(len(parts.calls)) if chosen is None else [chosen]:
            filters = self.filters(parts, place)
            if filters is not None:
                break
        shown = chosen if chosen is not None else place if filters is not None else parts.first_learnt()
        is_last = parts.calls[shown].tensors[0] is last_tensor(parts.model, self.target.name)
        classes = self.target.names_of_units if is_last else None
        return filters, activations_of(parts.named_calls[shown][0], outputs[shown], classes)

    def filters(self, parts: ModelParts, place: int) -> Tiles | None:
        """The filters of a call."""
        name, call = parts.named_calls[place]
        drawable = [each.name for each in self.trained.schema.inputs if input_kind(each) == "image"]
        words: Mapping[int, str] = {}
        if parts.traits(place).get("ids"):
            source = parts.leading(place)
            ids = self.feed.take(slice(0, SAMPLES))[0][source[0]]
            words = words_by_id(vocabulary_of(self.trained.preparation, source[0]), ids)
        return filters_of(name, call, parts.pictured(place, drawable), words)

    def counted(
        self, parts: ModelParts, inputs: Mapping[str, Array], answers: Answers | None, said: Array, chosen: int | None
    ) -> tuple[Counted | None, list[str]]:
        """What counted for the answer, and a note where it is not Grad-CAM or cannot be told."""
        at = self.asking.sample - 1
        raw = {name: column[at : at + 1] for name, column in self.dataset.splits[self.split].inputs.items()}
        words = {name: vocabulary_of(self.trained.preparation, name) for name in inputs}
        asked = Asked(raw, inputs, words)
        answer, name = answer_asked(self.target, answers, self.asking.answer, units=said.shape[-1])
        place = parts.last_convolution() if chosen is None else chosen
        if place is not None:
            return counted_by_class_map(parts, asked, answer, name, place), []
        counted = counted_by_gradients(parts, asked, answer, name)
        if counted.inputs:
            return counted, [
                "the model has no convolution over one or two axes to make Grad-CAM at; the gradient times the input says "
                "what counted"
            ]
        return None, [
            "the model has no convolution, and its inputs are ids that no Embedding takes: what counted is not known"
        ]


def whole_places(values: Array, mask: Array | None) -> Array:
    """The output of a layer as it is, because each place has a class of its own."""
    return values


def last_tensor(model: Any, target: str) -> Any:
    """The symbolic output of a target."""
    return model.output[target] if isinstance(model.output, dict) else model.output


def hidden_place(layers: Sequence[LayerLooked], learnt: Sequence[int]) -> int:
    """What the last layer that has learnt takes, which is drawn where none is asked for."""
    drawn = [place for place, each in enumerate(layers) if each.points]
    before = [place for place in drawn if learnt and place < learnt[-1]]
    return before[-1] if before else drawn[-1] if drawn else 0


def plane_of(looked: Look, layer: LayerLooked) -> Plane:
    """The points of a layer with what each is."""
    return Plane(
        layer=layer.layer,
        target=looked.target or "",
        classes=looked.classes,
        points=layer.points,
        values=looked.values[: len(layer.points)],
        explained=layer.explained,
    )
