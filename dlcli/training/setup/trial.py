"""One batch, tried before anything is trained: what Keras says of layers, loss, metrics and optimizer only when they work.

Each of them is asked by itself, so that what it raises is told at its line, with the argument that is to blame. The model is
left as it was, and what is tried of the others is made for this alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dlcli.blamed_argument import blamed_argument, fact_error, written_argument
from dlcli.config.catalogue.live import written_class
from dlcli.data.schema import TargetSchema
from dlcli.errors import BlockError, DlcliError, TreePath
from dlcli.first_line import reason_of
from dlcli.foreign_error import is_foreign, plugin_error
from dlcli.layers.build_errors import LayerFault, building
from dlcli.layers.graph import Built
from dlcli.layers.operation import KIND as OPERATIONS
from dlcli.layers.operation import operation_output, tensors_of_call
from dlcli.loss import build_metrics, needs
from dlcli.loss.losses import build_loss
from dlcli.loss.target_loss import Head
from dlcli.optimizer import build_optimizer
from dlcli.per_sample import unlike_said
from dlcli.spec import Facts, KerasObject, UnknownFact
from dlcli.training.setup.calls_through import calls_through
from dlcli.training.setup.no_gradient import no_gradient_error
from dlcli.training.setup.weights import Weights

Tensors = Mapping[str, Any]


@dataclass(frozen=True)
class Trial:
    """A compiled model with the heads and targets of its configuration, to be tried on prepared batches."""

    built: Built
    heads: list[Head]
    targets: list[TargetSchema]
    optimizer: KerasObject
    facts: Facts
    weights: Weights | None = None

    def run(self, inputs: Tensors, wanted: Tensors, own: Any = None) -> None:
        """Tries a batch (samples, …) of inputs and targets; `own` (samples,) is what a column weighs its samples with.

        Raises `BlockError` at the place of what does not work.
        """
        import tensorflow as tf

        model = self.built.model
        self.check_weights()
        with unchanged(model.variables):
            with self.locating(), tf.GradientTape() as tape:
                output = model(dict(inputs), training=True)
                total = self.total(output, wanted, own)
            for head, target in zip(self.heads, self.targets, strict=True):
                self.try_metrics(head, target, wanted[target.name], self.of_head(output, head))
            self.try_optimizer(tape, total, lambda: self.no_gradient(inputs, wanted, own))
            with self.locating():
                model(dict(inputs), training=False)
                self.trace(inputs)

    def check_weights(self) -> None:
        """Refuses weights that no gradient can change, at their layer: those that are no floating-point numbers."""
        for layer in self.built.model.layers:
            whole = next((each for each in layer.trainable_variables if "float" not in str(each.dtype)), None)
            if whole is None:
                continue
            place, thing = self.built.places.get(layer.name, ("layers",)), self.built.things.get(layer.name)
            word = layer.name if thing is None else thing.written
            inside = () if thing is None else (word, "dtype") if "dtype" in thing.arguments else (word,)
            raise BlockError(
                (*place, *inside),
                f"{word} cannot have dtype: {whole.dtype}: its weights are whole numbers, and gradients fractions",
                hint="write dtype: float32, or leave it out",
                kind="layer_refuses",
            )

    def total(self, output: Any, wanted: Tensors, own: Any) -> Any:
        """The loss of all heads with what regularization adds."""
        import tensorflow as tf

        penalties = self.penalties()
        losses = [
            head.weight * self.loss_of(head, target, wanted[target.name], self.of_head(output, head), own)
            for head, target in zip(self.heads, self.targets, strict=True)
        ]
        return tf.add_n([tf.cast(each, tf.float32) for each in (*losses, *penalties)])

    def no_gradient(self, inputs: Tensors, wanted: Tensors, own: Any) -> BlockError:
        """The error of a batch of which no gradient arrives at any weight."""

        def total(batch: dict[str, Any]) -> Any:
            return self.total(self.built.model(batch, training=True), wanted, own)

        return no_gradient_error(self.built, dict(inputs), total)

    def trace(self, inputs: Tensors) -> None:
        """Puts the layers into a graph for any number of samples, in which some cannot be that a batch alone does not mind."""
        import tensorflow as tf

        form = {name: tf.TensorSpec((None, *each.shape[1:]), each.dtype) for name, each in inputs.items()}
        run = tf.function(lambda batch: self.built.model(batch, training=True), autograph=False)
        run.get_concrete_function(form)

    def of_head(self, output: Any, head: Head) -> Any:
        """What the model puts out for a head."""
        return output if head.name is None else output[head.name]

    @contextmanager
    def locating(self) -> Iterator[None]:
        """Turns what a layer raises when it is called into an error at its line."""
        with calls_that_raise() as calls:
            try:
                yield
            except DlcliError:
                raise
            except Exception as error:
                own = plugin_error(error)
                if own is not None or not is_foreign(error):
                    raise own or error from error
                self.tell_layer(calls, error)

    def tell_layer(self, calls: Calls, error: Exception) -> None:
        """Raises an error at the innermost layer of the configuration that was being called, or at `layers`.

        Where a layer before has put out another shape than it had said, that one is to blame.
        """
        places = self.built.places
        unlike = [call for call in calls.unlike if call[0].name in places]
        found = next((call for call in [*unlike, *calls.raising] if call[0].name in places), None)
        if found is None:
            raise BlockError(
                ("layers",), f"the layers cannot be run: {reason_of(error)}", kind="layer_refuses"
            ) from error
        layer, arguments, named = found
        thing, taken = self.built.things.get(layer.name), arguments[0] if arguments else None
        if thing is not None and thing.kind == OPERATIONS and len(tensors_of_call(thing, arguments)) > 1:
            taken = list(tensors_of_call(thing, arguments).values())
        word = written_class(type(layer)) if thing is None else thing.written

        def attempt(other: KerasObject) -> Any:
            if other.kind == OPERATIONS:
                return operation_output(other, tensors_of_call(other, arguments), self.facts)
            made = other.build(self.facts)
            output = output_in_its_way(made, arguments, named)
            if unlike:
                check_said_shape(output, said_output(made, *arguments, **named))
            return output

        with building(
            word, taken, places[layer.name], traits=thing.traits if thing else {}, thing=thing, attempt=attempt
        ):
            if unlike:
                check_said_shape(layer(*arguments, **named), output_in_graph(layer))
            raise error

    def penalties(self) -> list[Any]:
        """What regularization adds, layer by layer."""
        found = []
        for layer in self.built.model.layers:
            place, thing = self.built.places.get(layer.name, ("layers",)), self.built.things.get(layer.name)
            if thing is None:
                found += layer.losses
                continue

            def attempt(other: KerasObject, layer: Any = layer) -> Any:
                made = other.build(self.facts)
                made(layer.input)
                return made.losses

            with building(thing.written, layer.input, place, traits=thing.traits, thing=thing, attempt=attempt):
                found += layer.losses
        return found

    def loss_of(self, head: Head, target: TargetSchema, wanted: Any, output: Any, own: Any) -> Any:
        """The loss of a batch, one number, weighed as in training."""
        weight = None if self.weights is None else self.weights.of_target(target, wanted, own)
        beside, hint = compared(wanted, output), places_left(wanted, output)

        def each(loss: KerasObject) -> Any:
            return build_loss(loss, self.facts, void=target.has_void, each=True)(wanted, output)

        if own is not None and len(own.shape) > 1:
            losses = tried(head.loss, head.loss_path, each, beside=beside, hint=hint)
            check_weighable(tuple(own.shape[1:]), tuple(losses.shape[1:]), tuple(output.shape[1:]), head.loss.written)

        def attempt(loss: KerasObject) -> Any:
            value = build_loss(loss, self.facts, void=target.has_void)(wanted, output, sample_weight=weight)
            if len(value.shape):
                raise ValueError(f"it gives {tuple(value.shape)} numbers for a batch, and training needs one")
            return value

        return tried(head.loss, head.loss_path, attempt, beside=beside, hint=hint)

    def try_metrics(self, head: Head, target: TargetSchema, wanted: Any, output: Any) -> None:
        """Lets every metric read a batch, also without a mask, as Keras has it when it makes the metric's variables."""
        import tensorflow as tf

        def attempt(metric: KerasObject) -> Any:
            (made,) = build_metrics(
                [metric],
                head.loss,
                width=output.shape[-1] if len(output.shape) > 1 else 1,
                facts=self.facts,
                classes=target.names_of_units,
                void=target.has_void,
                scale=target.scale,
            )
            made.update_state(wanted, tf.identity(output))
            made.reset_state()
            made.update_state(wanted, output)
            return made.result()

        for position, metric in enumerate(head.metrics):
            place = (*head.metrics_path, position)
            other = "write accuracy" if needs(head.loss) in {"classes", "one_hot"} else "leave it out"
            hint = places_left(wanted, output) or other
            tried(metric, place, attempt, beside=compared(wanted, output), hint=hint)

    def try_optimizer(self, tape: Any, total: Any, none: Callable[[], BlockError]) -> None:
        """Lets an optimizer like that of the configuration make one step. Raises `none` where it has nothing to go by."""
        import tensorflow as tf

        variables = self.built.model.trainable_variables
        if not variables:
            return
        with self.locating():
            gradients = tape.gradient(total, [each.value for each in variables])
        if all(each is None for each in gradients):
            raise none()
        pairs = [
            (tf.zeros(each.shape, each.dtype) if gradient is None else gradient, each)
            for gradient, each in zip(gradients, variables, strict=True)
        ]

        def attempt(optimizer: KerasObject) -> Any:
            made = build_optimizer(optimizer, self.facts)
            made.build(variables)
            made.apply(*map(list, zip(*pairs, strict=True)))

        tried(self.optimizer, ("optimizer",), attempt)


def places_left(wanted: Any, output: Any) -> str | None:
    """What to write where the layers answer for each of several places, and the target has one answer a sample."""
    if len(wanted.shape) > 2 or len(output.shape) < 3:
        return None
    return "put Flatten before the first Dense: it takes the places of a sample as one vector"


def check_weighable(
    weights: tuple[int, ...], losses: tuple[int, ...], output: tuple[int | None, ...], word: str
) -> None:
    """Refuses weights of places that a loss does not tell apart; all are the shapes of a sample."""
    if weights == losses[: len(weights)]:
        return
    many = f"{losses} numbers" if losses else "one number"
    apart = weights == output == (*losses, weights[-1])
    raise BlockError(
        ("train", "sample_weight"),
        f"the weights have the shape {weights} a sample, and {word} puts out {many} a sample to be weighed",
        hint=f"give them a number a sample{f', or end in Reshape: {[*output, 1]}: each value is then weighed' if apart else ''}",
        kind="bad_sample_weights",
    )


def compared(wanted: Any, output: Any) -> str:
    """Target and output in words."""
    return f" of a target of shape {tuple(wanted.shape[1:])} and an output of shape {tuple(output.shape[1:])}"


def tried(
    thing: KerasObject,
    path: TreePath,
    attempt: Callable[[KerasObject], Any],
    *,
    beside: str = "",
    hint: str | None = None,
) -> Any:
    """What an attempt with a thing gives. Raises `BlockError` at its argument to blame, or at the thing with a `hint`."""
    try:
        return attempt(thing)
    except DlcliError:
        raise
    except UnknownFact as error:
        raise fact_error(error, thing.written, thing.arguments, path) from None
    except Exception as error:
        own = plugin_error(error)
        if own is not None:
            raise own from error
        if not is_foreign(error) and not isinstance(error, ValueError):
            raise
        way = blamed_argument(thing, attempt)
        what = f" cannot have {written_argument(thing, way)}" if way else f" cannot be computed{beside}"
        raise BlockError(
            (*path, thing.written, *way),
            f"{thing.written}{what}: {reason_of(error)}",
            hint=None if way else hint,
            kind="metric_does_not_fit_output" if thing.kind == "metrics" else "keras_refuses",
        ) from error


@dataclass(frozen=True)
class Calls:
    """Calls of layers with their arguments: those `raising`, the innermost first, and those whose output is `unlike` said."""

    raising: list[tuple[Any, tuple[Any, ...], Mapping[str, Any]]]
    unlike: list[tuple[Any, tuple[Any, ...], Mapping[str, Any]]]


@contextmanager
def unchanged(variables: Sequence[Any]) -> Iterator[None]:
    """Puts variables back when it ends; one that is named twice is put back once."""
    variables = list({id(each): each for each in variables}.values())
    before = [each.numpy() for each in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)


def output_in_its_way(layer: Any, arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """What a layer puts out for the arguments of a call; those of a graph that was traced make another one."""
    import tensorflow as tf

    given = tf.nest.flatten([*arguments, *named.values()])
    if not any(tf.is_symbolic_tensor(each) for each in given):
        return layer(*arguments, **named)
    forms = [tf.TensorSpec(each.shape, each.dtype) if tf.is_symbolic_tensor(each) else each for each in given]
    traced = [each for each in forms if isinstance(each, tf.TensorSpec)]

    def run(*tensors: Any) -> Any:
        left = iter(tensors)
        put = [next(left) if isinstance(each, tf.TensorSpec) else each for each in forms]
        positional = tf.nest.pack_sequence_as([*arguments, *named.values()], put)
        first = len(arguments)
        return layer(*positional[:first], **dict(zip(named, positional[first:], strict=True)))

    return tf.function(run, autograph=False).get_concrete_function(*traced).structured_outputs


def output_in_graph(layer: Any) -> Any:
    """What a layer puts out in the graph of its model; None of one that has several calls, or none."""
    try:
        return layer.output
    except (AttributeError, ValueError):
        return None


def said_output(layer: Any, *arguments: Any, **named: Any) -> Any:
    """What a layer says that it puts out for tensors like these, without computing it."""
    import keras

    def form(value: Any) -> Any:
        return keras.KerasTensor((None, *value.shape[1:]), value.dtype) if hasattr(value, "shape") else value

    forms, named_forms = keras.tree.map_structure(form, (arguments, named))
    return layer(*forms, **named_forms)


def check_said_shape(output: Any, said: Any) -> None:
    """Raises `LayerFault` where a sample of an output has another shape than its layer said: those behind were made for it."""
    unlike = unlike_said(output, said)
    if unlike is not None:
        raise LayerFault(unlike)


@contextmanager
def calls_that_raise() -> Iterator[Calls]:
    """While it is open, the calls of layers and operations that something came out of are listed."""
    calls = Calls([], [])

    def call(original: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        try:
            output = original(layer, *arguments, **named)
        except Exception:
            calls.raising.append((layer, arguments, named))
            raise
        try:
            check_said_shape(output, output_in_graph(layer))
        except LayerFault:
            calls.unlike.append((layer, arguments, named))
        return output

    with calls_through(call):
        yield calls
