"""A functional model as the lines of Python that build it: each call in the order in which its layers were made."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from dlcli.actions.ejected.expressions import Unsayable, constructed, double_quoted, written_value
from dlcli.keras_internals import node_of_tensor, tensors_taken
from dlcli.numbered_names import numbered_names

LEARN = ("Normalization", "TextVectorization", "StringLookup", "IntegerLookup", "Discretization")
"""Layers that learn from data before a training."""


TAKEN = ("x", "layers", "ops", "keras", "np", "tf", "data", "model", "masked", "prepared", "started", "augmented")
"""Names that something else of a script has."""


@dataclass
class Lines:
    """The lines that build one model, whose inputs and outputs are tensors of Keras.

    `made` are the names of its layers in the order in which they were made: with the same seed each draws the same first
    weights only then. `adapts` gives by the name of an input the arrays that a layer on it learns from.
    """

    model: Any
    made: Sequence[str]
    adapts: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By layer the arguments that stand for what it has learnt."""
    backbones: Mapping[str, str] = field(default_factory=dict)
    """By layer the call that makes it, of those that are models of keras.applications."""
    seeded: bool = False
    """Whether layers that draw random numbers are told from which seed."""
    running: str = "x"
    """What a tensor is called that the next call alone takes."""
    refer: dict[int, str] = field(default_factory=dict)
    taken_names: set[str] = field(default_factory=lambda: set(TAKEN))

    def nodes(self) -> list[Any]:
        """The calls that lead to the outputs, each behind those that it takes, in the order of their layers."""
        ordered = [node_of_tensor(each) for each in self.model.inputs]
        seen = {id(node) for node in ordered}

        def visit(node: Any) -> None:
            if id(node) not in seen:
                seen.add(id(node))
                for tensor in taken_by(node):
                    visit(node_of_tensor(tensor))
                ordered.append(node)

        for output in outputs_of(self.model):
            visit(node_of_tensor(output))
        place = {name: number for number, name in enumerate(self.made)}
        keys = dict[int, float]()
        for node in ordered:
            taken = [] if is_input(node) else taken_by(node)
            before = max((keys[id(node_of_tensor(each))] for each in taken), default=-1.0)
            own = place.get(node.operation.name, -1.0)
            keys[id(node)] = max(before, float(own))
        return sorted(ordered, key=lambda node: keys[id(node)])

    def chain(self) -> list[Any] | None:
        """The layers of a model that is a stack of them, each of which takes the one before; None of any other."""
        nodes = self.nodes()
        if len(outputs_of(self.model)) > 1 or (isinstance(self.model.output, dict) and len(self.model.output) > 1):
            return None
        for before, node in pairwise(nodes):
            args, named = node.arguments.args, call_arguments(node)
            stack = len(args) == 1 and not named and args[0] is before.output_tensors[0]
            plain = is_layer(node.operation) and not is_model(node.operation)
            if not stack or not plain or len(before.output_tensors) > 1:
                return None
        layers = [node.operation for node in nodes[1:]]
        return layers if nodes and is_input(nodes[0]) and len(set(map(id, layers))) == len(layers) else None

    def build(self, name: str, *, named: str | None = None) -> Iterator[str]:
        """The lines that make the model, as a variable, and `named` where layers are asked for by name."""
        called = "" if named is None else f", name={double_quoted(named)}"
        layers = self.chain()
        learns = any(type(each).__name__ in LEARN and each.name not in self.states for each in layers or [])
        if layers is not None and not learns:
            yield f"{name} = keras.Sequential(["
            yield f"    {input_text(self.model.inputs[0], named=False)},"
            for layer in layers:
                yield f"    {self.layer_text(layer)},"
            yield f"]{called})"
            return
        nodes = self.nodes()
        for position, node in enumerate(nodes):
            try:
                yield from self.call_lines(node, nodes, position)
            except Unsayable as error:
                error.layer = error.layer or node.operation.name
                raise
        inputs = {key: self.refer[id(each)] for key, each in named_tensors(self.model.input).items()}
        outputs = {key: self.refer[id(each)] for key, each in named_tensors(self.model.output).items()}
        yield f"{name} = keras.Model({of_tensors(inputs)}, {of_tensors(outputs)}{called})"

    def call_lines(self, node: Any, nodes: Sequence[Any], position: int) -> Iterator[str]:
        """The lines of one call, and that of its layer where it learns, is called often, or is a model itself."""
        operation = node.operation
        if is_model(operation) and not hands_on_mask(operation):
            self.layer_name(operation)  # it has the better name than what it puts out
        made = self.variable(node, nodes, position)
        if is_input(node):
            yield f"{made} = {input_text(node.output_tensors[0], named=len(self.model.inputs) > 1)}"
        elif not is_layer(operation):
            yield f"{made} = {self.operation_text(node)}"
        elif hands_on_mask(operation):
            yield f"{made} = masked({', '.join(map(self.value_text, taken_by(node)))})"
        else:
            text = "" if is_model(operation) else self.layer_text(operation)
            first = next(each for each in nodes if each.operation is operation) is node
            often = sum(each.operation is operation for each in nodes) > 1
            learns = type(operation).__name__ in LEARN and operation.name not in self.states
            if often or learns or is_model(operation):
                text = self.layer_name(operation)
                if first and is_model(operation):
                    yield from self.model_within(operation, text)
                elif first:
                    yield f"{text} = {self.layer_text(operation)}"
                if learns:
                    yield self.learning_line(text, node)
            yield f"{made} = {text}({self.arguments_text(node)})"
        for number, tensor in enumerate(node.output_tensors):
            self.refer[id(tensor)] = made if len(node.output_tensors) == 1 else f"{made}[{number}]"

    def model_within(self, model: Any, name: str) -> Iterator[str]:
        """The lines of a model that is a layer of this one."""
        names = [each.name for each in model.layers]
        if model.name in self.backbones:
            yield f"{name} = {self.backbones[model.name]}"
        elif len(names) > MOST_WITHIN:
            why = f"it is a model of {len(names)} layers, which no script writes out"
            raise Unsayable(name, why, hint=f"write its layers without submodel, or at most {MOST_WITHIN} in one")
        else:
            within = Lines(model, [], seeded=self.seeded, running=f"{name}_x", taken_names=self.taken_names)
            yield from within.build(name, named=model.name)
        yield from frozen_lines(model, name)

    def learning_line(self, layer: str, node: Any) -> str:
        """The line that lets a layer learn from the arrays of an input. Raises `Unsayable` of one behind other layers."""
        (taken,) = tensors_taken(node)
        producer = node_of_tensor(taken)
        if not is_input(producer) or producer.operation.name not in self.adapts:
            why = "it learns from what other layers make"
            hint = "write it under data.prepare, as the first there"
            raise Unsayable(type(node.operation).__name__, why, hint=hint, remedy="states")
        return f"{layer}.adapt({self.adapts[producer.operation.name]})"

    def layer_text(self, layer: Any) -> str:
        """The call that makes a layer."""
        own, given = None if is_own_name(layer) else layer.name, dict(self.states.get(layer.name, {}))
        if self.seeded and (seed := seed_of(layer)) is not None:
            given["seed"] = str(seed)
        try:
            return constructed(layer, given=given, named=own)
        except Unsayable as error:
            error.layer = error.layer or layer.name
            raise

    def layer_name(self, layer: Any) -> str:
        """The variable of a layer, the same each time."""
        return self.refer.setdefault(id(layer), self.free(layer.name))

    def variable(self, node: Any, nodes: Sequence[Any], position: int) -> str:
        """What the output of a call is called: `x` where the next call alone takes it, else the name of its layer."""
        takers = [each for each in nodes for taken in taken_by(each) if node_of_tensor(taken) is node]
        last = any(node_of_tensor(each) is node for each in outputs_of(self.model))
        if last and not takers and len(outputs_of(self.model)) == 1:
            return self.running
        following = nodes[position + 1] if position + 1 < len(nodes) else None
        if not last and not is_input(node) and len(takers) == 1 and takers[0] is following:
            return self.running
        return self.free(node.operation.name)

    def free(self, name: str) -> str:
        """A variable after a name that is not taken yet."""
        base = re.sub(r"\W+", "_", name).strip("_").lower() or "layer"
        base = f"layer_{base}" if base[0].isdigit() or keyword.iskeyword(base) else base
        number, wanted = 2, base
        while wanted in self.taken_names:
            wanted, number = f"{base}_{number}", number + 1
        self.taken_names.add(wanted)
        return wanted

    def arguments_text(self, node: Any) -> str:
        """What a layer is called with."""
        parts = [self.value_text(each) for each in node.arguments.args]
        return ", ".join([*parts, *(f"{key}={self.value_text(each)}" for key, each in call_arguments(node).items())])

    def operation_text(self, node: Any) -> str:
        """The call of a function of keras.ops. Raises `Unsayable` of what none stands for."""
        operation, args = node.operation, node.arguments.args
        kind = type(operation).__name__
        if kind == "GetItem":
            return f"{self.value_text(args[0])}[{index_text(args[1])}]"
        name, function = function_of(kind)
        parameters = inspect.signature(function).parameters
        config = {key: each for key, each in operation.get_config().items() if key in parameters}
        named = {**config, **call_arguments(node)}
        texts = [self.value_text(each) for each in args]
        if any(each.kind is each.VAR_POSITIONAL for each in parameters.values()):
            raise Unsayable(kind, "it takes any number of tensors", hint=IN_PLACE)
        for key, value in named.items():
            default = parameters[key].default
            if key != "name" and not (value is default or (type(value) is type(default) and value == default)):
                texts.append(f"{key}={self.value_text(value)}")
        return f"{name}({', '.join(texts)})"

    def value_text(self, value: Any) -> str:
        """An argument: a tensor by its variable, anything else as it is written."""
        if id(value) in self.refer:
            return self.refer[id(value)]
        if isinstance(value, list | tuple):
            inner = ", ".join(map(self.value_text, value))
            return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
        if getattr(value, "_keras_history", None) is not None:
            raise Unsayable("a tensor", "nothing before it makes it")
        if hasattr(value, "tolist") and hasattr(value, "dtype") and getattr(value, "size", 99) <= 32:
            return f"np.array({value.tolist()!r}, {value.dtype.name!r})"
        return written_value(value)


IN_PLACE = "write a layer, or another operation, in its place"
MOST_WITHIN = 40
"""Layers of a model within another that are written out."""


def frozen_lines(model: Any, name: str) -> Iterator[str]:
    """The lines that keep a model within another, or some of its layers, from learning."""
    learning = [bool(layer.trainable) for layer in model.layers]
    if not model.trainable or not any(learning):
        yield f"{name}.trainable = False"
    elif not all(learning):
        names = [layer.name for layer in model.layers if layer.trainable]
        first = model.layers[-len(names)].name
        if names == [layer.name for layer in model.layers[-len(names) :]]:
            yield f"for layer in {name}.layers[:-{len(names)}]:  # all before '{first}'"
            yield "    layer.trainable = False"
        else:
            yield f"for layer in {name}.layers:"
            yield f"    layer.trainable = layer.name in {written_value(names)}"


def seed_of(layer: Any) -> int | None:
    """The seed that a layer draws from; None of one that draws nothing, or takes no seed."""
    generator = getattr(layer, "seed_generator", None)
    if generator is None or "seed" not in inspect.signature(type(layer).__init__).parameters:
        return None
    return int(generator.state.numpy()[0])


MASKED = """

def masked(x, mask):
    \"\"\"The same numbers with a mask, which Keras hands on to the layers behind.\"\"\"
    taken = keras.Input(x.shape[1:])
    return keras.Model(taken, layers.Identity()(taken))(x, mask=mask)

"""
"""What a script needs where operations lose a mask."""


def hands_on_mask(operation: Any) -> bool:
    """Whether a layer does nothing but give a tensor the mask that operations have lost."""
    return bool(getattr(operation, "hands_on_mask", False))


def taken_by(node: Any) -> list[Any]:
    """The tensors that a call takes, and the mask where that is what it is for."""
    mask = node.arguments.kwargs.get("mask") if hands_on_mask(node.operation) else None
    return [*tensors_taken(node), *([] if mask is None else [mask])]


def is_model(operation: Any) -> bool:
    """Whether a layer is a model of layers itself."""
    import keras

    return isinstance(operation, keras.Model)


def is_input(node: Any) -> bool:
    """Whether a call is an input of the model."""
    return type(node.operation).__name__ == "InputLayer"


def is_layer(operation: Any) -> bool:
    """Whether a call is that of a layer, and not of a function."""
    import keras

    return isinstance(operation, keras.Layer)


def is_own_name(layer: Any) -> bool:
    """Whether a layer is called as Keras calls one of its class that has no name."""
    (word,) = numbered_names([type(layer).__name__], [None])
    return re.fullmatch(rf"{word}(_[0-9]+)?", layer.name) is not None


def call_arguments(node: Any) -> dict[str, Any]:
    """The named arguments of a call without masks and whether it trains, which Keras itself hands on, and what is nothing."""
    handed = ("training", *(f"{name}mask" for name in ("", "attention_", "query_", "value_", "key_")))
    return {key: each for key, each in node.arguments.kwargs.items() if each is not None and key not in handed}


def function_of(kind: str) -> tuple[str, Any]:
    """The function of keras.ops that an operation stands for, as it is written. Raises `Unsayable` without one."""
    import keras

    for room, module in (("ops", keras.ops), ("ops.image", keras.ops.image), ("ops.nn", keras.ops.nn)):
        for name in dir(module):
            if name.replace("_", "").lower() == kind.lower() and inspect.isfunction(getattr(module, name)):
                return f"{room}.{name}", getattr(module, name)
    raise Unsayable(kind, "no function of keras.ops is called so", hint=IN_PLACE)


def index_text(key: Any) -> str:
    """What stands in the brackets behind a tensor."""
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join(
        slice_text(each) if isinstance(each, slice) else "..." if each is Ellipsis else repr(each) for each in parts
    )


def slice_text(part: slice) -> str:
    """A slice with colons."""
    ends = ["" if each is None else str(each) for each in (part.start, part.stop)]
    return ":".join(ends) + ("" if part.step is None else f":{part.step}")


def input_text(tensor: Any, *, named: bool) -> str:
    """The call that makes an input."""
    parts = [written_value(tuple(tensor.shape[1:]))]
    if tensor.dtype != "float32":
        parts.append(f"dtype={double_quoted(tensor.dtype)}")
    if named:
        parts.append(f"name={double_quoted(node_of_tensor(tensor).operation.name)}")
    return f"keras.Input({', '.join(parts)})"


def outputs_of(model: Any) -> list[Any]:
    """The output tensors of a model."""
    return list(named_tensors(model.output).values())


def named_tensors(tensors: Any) -> dict[str, Any]:
    """Tensors by name; one alone has none."""
    return dict(tensors) if isinstance(tensors, dict) else {"": tensors[0] if isinstance(tensors, list) else tensors}


def of_tensors(names: Mapping[str, str]) -> str:
    """Variables as a model takes them: one by itself, several by name."""
    if len(names) == 1:
        return next(iter(names.values()))
    return "{" + ", ".join(f"{double_quoted(key)}: {name}" for key, name in names.items()) + "}"
