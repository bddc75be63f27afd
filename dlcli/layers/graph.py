"""Builds the list of layers into a Keras model on the shapes of the data."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from dlcli.errors import BlockError, TreePath
from dlcli.keras_internals import give_mask, has_mask, name_operation, producer, symbolic_mask
from dlcli.layers.adapted import things_in, unlearnt
from dlcli.layers.build_errors import building, lacks_channel
from dlcli.layers.called import called
from dlcli.layers.centre import centre_crop
from dlcli.layers.from_key import numbered_output, resolved
from dlcli.layers.inner import inner_names, names_taken, owner_of, with_inner
from dlcli.layers.masks import copied, mask_dropped, name_others, with_arriving_mask, with_mask, with_same_values
from dlcli.layers.masks_behind import with_mask_behind, without_mask
from dlcli.layers.memory import bounded
from dlcli.layers.names import safe_layer_name
from dlcli.layers.stack import Entry, names_given
from dlcli.named_inputs import model_of, named_input
from dlcli.progress import stage
from dlcli.spec import Facts, KerasObject, Mistake, did_you_mean, plain

Learn: TypeAlias = Callable[[Any, str], None]
"""Lets a layer learn from the input of a name."""
FEATURES = 3  # the axes of an input that has features at each place
AUGMENT: TreePath = ("data", "augment")
NUMBERED = re.compile(r"_[0-9]+$")
"""What Keras puts behind the names of layers of one class."""


@dataclass(frozen=True)
class Built:
    """A model, and for its layers by name the place in the configuration that they came from, and what stands there."""

    model: Any
    places: Mapping[str, TreePath]
    notes: Sequence[Mistake] = ()
    """What was added that the configuration does not say, with its place."""
    things: Mapping[str, KerasObject] = field(default_factory=dict)


@stage("building the model")
def build_model(
    layers: Sequence[Entry],
    inputs: Mapping[str, Sequence[int]],
    *,
    facts: Facts,
    outputs: Sequence[str] = (),
    memory: int | None = None,
    learn: Learn | None = None,
    padding: Mapping[str, float] = {},
    padded: Collection[str | None] = (),
    crops: Mapping[str, tuple[int, int]] = {},
) -> Built:
    """The functional model of a list of layers.

    `inputs` gives the shape of one sample of each input by name, `padding` what stands behind the end of those that are not
    equally long; `outputs` names the layers that put out several targets, of which `padded` are not equally long either. `crops`
    are height and width of the centre that layers see of some inputs. `memory` in bytes bounds what training may take; `learn`
    lets a layer that is adapted learn from an input. The connections have been judged (`layers/connections.py`).
    Raises `BlockError` at the layer that cannot be built, or with which the model would no longer fit.
    """
    with bounded(memory):
        taken = list(names_taken(plain(list(layers))))
        graph = Building(inputs, given=frozenset(names_given(layers)), taken=taken, facts=facts, learn=learn)
        graph.memory = memory
        taken_in = dict(graph.tensors)
        graph.mask(padding)
        graph.crop(crops)
        current = graph.stack(layers, graph.first_input(layers[0]), ("layers",))
        made_out = (
            {name: graph.find(name, ("layers",)) for name in outputs} if outputs else only_output(current, layers)
        )
        if isinstance(made_out, dict):
            made_out = {name: graph.masked(each) if name in padded else each for name, each in made_out.items()}
        elif None in padded:
            made_out = graph.masked(made_out)
        made_out = with_arriving_mask(made_out, graph.free_name)
        graph.name_others(made_out)
        model = model_of(taken_in, made_out)
        if model.layers[-1].name not in graph.places:
            graph.places[model.layers[-1].name] = ("layers", len(layers) - 1)
        return Built(model, graph.places, graph.notes, graph.things)


def only_output(output: Any, layers: Sequence[Entry]) -> Any:
    """The output of a model with one target. Raises `BlockError` for a last layer that puts out several tensors."""
    if not isinstance(output, list):
        return output
    word = next(iter(plain(layers[-1])))
    message = f"{word} puts out {len(output)} tensors, and the model has one target"
    raise BlockError(
        ("layers", len(layers) - 1), message, hint="name it, and add Identity: {from: NAME.0}", kind="several_outputs"
    )


class Building:
    """A model that is being built: its tensors and layers by name, and where in the configuration they stand."""

    def __init__(
        self,
        inputs: Mapping[str, Sequence[int]],
        *,
        given: frozenset[str],
        taken: Sequence[str] = (),
        facts: Facts,
        learn: Learn | None = None,
    ) -> None:
        """`given` are the names that the configuration gives, which no other layer may get by chance.

        `taken` are those that stand in some `from`; `whole` will be those of layers whose own output is taken.
        """
        self.taken, self.whole = taken, set[str | None]()
        self.within: dict[str, Sequence[str]] = {}
        self.facts, self.learn = facts, learn
        self.tensors: ChainMap[str, Any] = ChainMap(
            {name: named_input(name, tuple(shape), "float32") for name, shape in inputs.items()}
        )
        self.made: dict[str, Any] = {}
        self.inputs = {id(tensor): name for name, tensor in self.tensors.items()}
        self.raw = {id(tensor): tensor for tensor in self.tensors.values()}
        self.channels: dict[int, Any] = {}
        self.arriving: dict[int, tuple[Any, Any]] = {}
        self.may_be_masked, self.backwards = False, list[tuple[Any, TreePath]]()
        self.notes: list[Mistake] = []
        self.memory: int | None = None
        self.names = set(inputs)
        self.given = given
        self.there: dict[str, Callable[[], Any]] = {}
        self.places: dict[str, TreePath] = {}
        self.operations: list[Any] = []
        self.things: dict[str, KerasObject] = {}

    def mask(self, padding: Mapping[str, float]) -> None:
        """Gives inputs of unequal length a mask, which layers, loss and metrics respect; of ids it is the Embedding's to make."""
        import keras

        for name, value in padding.items():
            taken = self.tensors[name]
            if len(taken.shape) < FEATURES:
                self.there[name] = partial(keras.ops.not_equal, taken, value)
                continue
            layer = keras.layers.Masking(value, name=self.free_name("masking"))
            masked = layer(taken)
            self.places[layer.name] = ("layers", 0)
            self.there[name] = partial(symbolic_mask, masked)
            self.inputs[id(masked)], self.raw[id(masked)], self.tensors[name] = name, masked, masked

    def crop(self, crops: Mapping[str, tuple[int, int]]) -> None:
        """Lets layers see the centre of pictures alone, of which training draws others."""
        for name, size in crops.items():
            taken = self.tensors[name]
            cropped, layers = centre_crop(taken, size, self.free_name)
            self.places |= dict.fromkeys(layers, AUGMENT)
            self.inputs[id(cropped)], self.raw[id(cropped)], self.tensors[name] = name, cropped, cropped
            message = f"the layers see {tuple(cropped.shape[1:])} of '{name}', its centre but in training"
            self.note(Mistake(message, AUGMENT, kind="picture_cropped"))

    def masked(self, output: Any) -> Any:
        """An output of unequal length with the mask of an input of as many places, where layers have dropped or turned it."""
        masks = [mask for name, mask in self.there.items() if self.tensors[name].shape[1] == output.shape[1]]
        turned = [place for mask, place in self.backwards if mask is symbolic_mask(output)]
        if not masks or (has_mask(output) and not turned):
            return output
        self.notes += [mask_dropped(str(word), tuple(path)) for *path, word in turned]
        give_mask(output, masks[0]())
        return with_mask(output, self.free_name)

    def first_input(self, entry: Entry) -> Any:
        """What a first entry without `from` takes: the input, or all inputs concatenated if they are vectors.

        Raises `BlockError` where it cannot be told.
        """
        import keras

        inputs = dict(self.tensors)
        if entry.takes is not None or len(inputs) == 1:
            return next(iter(inputs.values()))
        shapes = {name: tuple(tensor.shape[1:]) for name, tensor in inputs.items()}
        if all(len(shape) == 1 for shape in shapes.values()):
            return keras.layers.Concatenate(name=self.free_name("concatenate"))(list(inputs.values()))
        shown = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        word = next(iter(plain(entry)))
        raise BlockError(
            ("layers", 0),
            f"{word} takes which input? there are: {shown}",
            hint=f"write from: {next(iter(inputs))}",
            kind="input_not_named",
        )

    def stack(self, entries: Sequence[Entry], tensor: Any, path: TreePath) -> Any:
        """What a list of entries makes of a tensor; each takes what stands above it, or what its `from` says."""
        for position, entry in enumerate(entries):
            place = (*path, position)
            taken = tensor if entry.takes is None else self.resolve(entry.takes, place)
            behind = entries[position + 1 : position + 2]
            if entry.name in self.taken or not behind or behind[0].takes is None:
                self.whole.add(entry.name)
            tensor = entry.connect(taken, graph=self, path=place)
            if entry.name is not None:
                self.tensors[entry.name] = tensor
        return tensor

    def resolve(self, takes: Any, path: TreePath) -> Any:
        """The tensors that `from` names."""
        return resolved(takes, lambda name: self.find(name, path))

    def find(self, name: str, path: TreePath) -> Any:
        """The tensor of an input or a layer, or one of several that a layer puts out.

        Raises `BlockError` for a name that is none of these.
        """
        if name in self.tensors:
            return self.tensors[name]
        part = numbered_output(name)
        outputs = self.tensors.get(part[0]) if part else None
        if part and isinstance(outputs, list | tuple) and part[1] < len(outputs):
            return outputs[part[1]]
        owner = owner_of(name, self.within)
        if owner is not None and part is None:
            inner, there = name.removeprefix(f"{owner}."), self.within[owner]
            hint = did_you_mean(inner, there) or f"its last ones are: {', '.join(there[-5:])}"
            raise BlockError(path, f"'{owner}' has no layer '{inner}'", hint=hint, kind="no_such_layer")
        count = len(outputs) if isinstance(outputs, list | tuple) else 1
        hint = f"it has {count}, counted from 0" if outputs is not None else f"there are: {', '.join(self.tensors)}"
        raise BlockError(
            path,
            f"'from' names '{name}', which is no layer above and no output of one",
            hint=hint,
            kind="no_such_layer",
        )

    @contextmanager
    def own_names(
        self, *, apart: bool = False, tensors: Mapping[str, Any] = {}, may_be_masked: bool = False
    ) -> Iterator[None]:
        """While it is open, names are new ones; those outside can be read, unless what is built stands `apart`.

        `tensors` are there from the beginning, and those that come from outside `may_be_masked` while the model runs.
        """
        outside, made, masked = self.tensors, self.made, self.may_be_masked
        self.may_be_masked |= may_be_masked
        self.tensors, self.made = ChainMap() if apart else outside.new_child(), {}
        self.tensors |= tensors
        try:
            yield
        finally:
            self.tensors, self.made, self.may_be_masked = outside, made, masked

    def shared(self, name: str | None, make: Callable[[], Any]) -> Any:
        if name is None:
            return make()
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def inside(self, model: Any, name: str | None) -> Any:
        """A model of this name that puts out the layers in it that are taken too, and its own output first if that is."""
        if name is not None:
            self.within[name] = [layer.name for layer in model.layers]
        inner = self.inner(name)
        return with_inner(model, inner, whole=name in self.whole) if inner else model

    def inner(self, name: str | None) -> list[str]:
        """The layers in a model of this name that are taken."""
        return [each for each in inner_names(name, self.taken) if each in self.within[str(name)]]

    def with_inner_names(self, output: Any, name: str | None) -> Any:
        """What a model puts out itself, if that is taken; its layers can be taken by their names from now on."""
        inner = self.inner(name)
        if not inner:
            return output
        outputs = output if isinstance(output, list) else [output]
        own = outputs[: len(outputs) - len(inner)]
        self.tensors |= {f"{name}.{each}": tensor for each, tensor in zip(inner, outputs[len(own) :], strict=True)}
        return own[0] if len(own) == 1 else own or outputs[-1]

    def free_name(self, name: str, *, given: bool = False) -> str:
        base = name if given else NUMBERED.sub("", name)
        free, number = base, 0
        while free in self.names or (free in self.given and (number or not given)):
            number += 1
            free = f"{base}_{number}"
        self.names.add(free)
        return safe_layer_name(free)

    def note(self, mistake: Mistake, *, once: bool = False) -> None:
        if not once or mistake.message not in {each.message for each in self.notes}:
            self.notes.append(mistake)

    def name_others(self, output: Any) -> None:
        name_others(output, self.operations, self.free_name)

    def with_channel(self, taken: Any, thing: KerasObject, path: TreePath) -> Any:
        """What a layer takes; data in which only the channels are missing, as grey pictures (height, width), with one.

        Only data as it comes in is meant, and what leaves its shape: anything else without the axis is a mistake.
        """
        import keras

        if id(taken) not in self.raw or not lacks_channel(thing.traits, taken.shape[1:]):
            return taken
        if id(taken) not in self.channels:
            layer = keras.layers.Reshape((*taken.shape[1:], 1), name=self.free_name("channel"))
            self.channels[id(taken)] = layer(taken)
            self.places.setdefault(layer.name, path)
            message = f"{thing.written} takes channels too: the shape {tuple(taken.shape[1:])} gets an axis of one"
            self.note(Mistake(message, (*path, thing.written), kind="channel_added"))
        return self.channels[id(taken)]

    def adapt(self, layer: Any, thing: KerasObject, taken: Any, path: TreePath) -> None:
        """Lets a layer learn what it would do nothing without. Raises `BlockError` where it does not take an input."""
        learning = next(filter(unlearnt, things_in(thing)), None)
        if learning is None or self.learn is None:
            return
        name = self.inputs.get(id(taken))
        if name is None or learning is not thing:
            hint = "let it take an input (from: NAME), or write it under data.prepare"
            message = (
                f"{learning.written} learns from the data before training, and takes here what other layers make of it"
            )
            raise BlockError((*path, thing.written), message, hint=hint, kind="misplaced_layer")
        self.learn(layer, name)

    def call(
        self,
        layer: Any,
        taken: Any,
        path: TreePath,
        word: str,
        *,
        traits: Mapping[str, Any] = {},
        thing: KerasObject | None = None,
    ) -> Any:
        """The output of a layer, whose place is kept, and what it was made from."""
        if traits.get("unmasks"):
            taken = copied(taken, self.copy)
        elif isinstance(taken, list) and len(taken) > 1:
            taken = [self.with_arriving_mask(each) for each in taken]

        def attempt(other: KerasObject) -> Any:
            return called(other.build(self.facts), taken, (*path, word))

        with building(word, taken, path, traits=traits, thing=thing, attempt=attempt):
            if thing is not None and layer.name not in self.places:
                self.adapt(layer, thing, taken, path)
            bare = without_mask(taken, path, graph=self, traits=traits)
            output = called(layer, bare, (*path, word))
            output = with_mask_behind(layer, taken, output, (*path, word), graph=self, traits=traits)
        self.places.setdefault(layer.name, path)
        if thing is not None:
            self.things.setdefault(layer.name, thing)
        if id(taken) in self.raw and getattr(output, "shape", None) == taken.shape:
            self.raw[id(output)] = output
        return list(output) if isinstance(output, tuple) else output

    def with_arriving_mask(self, tensor: Any) -> Any:
        """A tensor that has its mask while the model runs too, for layers that make one mask of several."""
        if id(tensor) not in self.arriving:
            # The tensor itself is kept too, so that its number is not given away.
            self.arriving[id(tensor)] = tensor, with_arriving_mask(tensor, self.free_name)
        return self.arriving[id(tensor)][1]

    def copy(self, tensor: Any) -> Any:
        """A tensor of its own, where this one has a mask or may have one while the model runs."""
        masked = self.may_be_masked or has_mask(tensor)
        return with_same_values(self.with_arriving_mask(tensor), self.free_name) if masked else tensor

    def keep(self, output: Any, path: TreePath, *, name: str | None = None, thing: KerasObject | None = None) -> None:
        """Keeps the place of the operation that puts out a tensor, under this name or its own made free."""
        free = self.free_name(producer(output).name) if name is None else self.free_name(name, given=True)
        name_operation(output, free)
        self.places[free] = path
        self.operations.append(producer(output))
        if thing is not None:
            self.things[free] = thing

    def operate(
        self, function: Callable[..., Any], *tensors: Any, path: TreePath, name: str | None = None, **named: Any
    ) -> Any:
        """What a function of keras.ops makes of tensors, kept like that."""
        output = function(*tensors, **named)
        self.keep(output, path, name=name)
        return output
