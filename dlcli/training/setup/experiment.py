"""The experiment: data, preparation and compiled model of a configuration, checked to fit together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from dlcli.config import Config
from dlcli.config.catalogue import keras_catalogue
from dlcli.config.catalogue.live import layer_traits
from dlcli.data import Dataset, Schema
from dlcli.data.fields.order import order
from dlcli.data.memory import free_memory
from dlcli.data.preparation.augment import Augmentation
from dlcli.data.preparation.crops import Size
from dlcli.data.preparation.fitting import Fitted, fit_preparation
from dlcli.data.preparation.prepare import prepare
from dlcli.data.schema import TargetSchema
from dlcli.errors import BlockError, ConfigError, DataError
from dlcli.layers.connections import check_connections
from dlcli.layers.graph import Built, build_model
from dlcli.layers.last_layer import last_layer
from dlcli.layers.memory import activation_bytes
from dlcli.loss import build_metrics, labels_of, needs, reads_scores
from dlcli.loss.fit import shape_mistakes
from dlcli.loss.losses import build_loss
from dlcli.loss.model_output import Output, output_of
from dlcli.loss.target_loss import Head
from dlcli.optimizer import build_optimizer
from dlcli.optimizer.one_cycle import EPOCHS
from dlcli.spec import Facts, KerasObject, Mistake, Wanted
from dlcli.training.setup.augmenting import augmentation, masks_cropped
from dlcli.training.setup.backend import chatter_to, keras_loading, start_keras
from dlcli.training.setup.feed import Arrays, Feed
from dlcli.training.setup.ids import check_ids, guard_ids, id_error
from dlcli.training.setup.ignored import check_ignored_class
from dlcli.training.setup.label_sequences import check_label_sequences
from dlcli.training.setup.learning import learning
from dlcli.training.setup.lengths import check_lengths, lacks_places, no_answer_each_place
from dlcli.training.setup.origins import VectorsOrigin, WeightsOrigin
from dlcli.training.setup.passes import Passes
from dlcli.training.setup.phase_plan import PhasePlan, learning_layers, let_learn
from dlcli.training.setup.plugins import refuse_plugins, run_plugins
from dlcli.training.setup.replicas import Replicas
from dlcli.training.setup.scheduled_rate import check_rate
from dlcli.training.setup.streamed_targets import guard_targets
from dlcli.training.setup.target_form import target_form
from dlcli.training.setup.target_range import check_classes_in_splits, check_targets
from dlcli.training.setup.trial import Trial, tried
from dlcli.training.setup.weights import training_weights, weigh
from dlcli.training.setup.words import some_texts, text_facts, with_ids, with_words

if TYPE_CHECKING:
    import numpy as np


STEPS = "data.steps_per_epoch"
"""The fact of how many steps an epoch has."""
TRIED = 8
"""Samples of the batch that is tried before anything is trained."""


@dataclass(frozen=True)
class Experiment:
    """Everything a training needs. `config` and `facts` are those of a phase, the first before its begin; `whole` is the file.

    `plans` are those of all phases, of which most trainings have one.
    `splits` are as the model takes them, and `dataset` has no inputs of its own. `preparation` and `augment` are None where
    nothing is prepared or augmented. `weights` says where the first weights come from, if from elsewhere.
    """

    config: Config
    dataset: Dataset
    splits: Mapping[str, Feed]
    built: Built
    preparation: Any
    augment: Augmentation | None
    facts: Mapping[str, int]
    whole: Config
    plans: Sequence[PhasePlan]
    weights: WeightsOrigin | None = None
    vocabularies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By input or target of text its words, each at its id."""
    texts: Mapping[str, Any] = field(default_factory=dict)
    """By input of text some samples (samples,) of training as they are written, spread over it."""
    vectors: Mapping[str, VectorsOrigin] = field(default_factory=dict)
    """By layer what is known of the vectors that it begins with."""
    phase: int = 0
    build: Callable[..., Built] | None = None
    """Builds a model of the same form once more, where several devices are to share the training."""
    replicas: Replicas | None = None
    """Those devices."""

    @property
    def model(self) -> Any:
        return self.built.model

    @cached_property
    def passes(self) -> Passes:
        """Passes through the model for looks at it."""
        return Passes(self.model)

    def in_phase(self, number: int) -> Experiment:
        """The experiment as a phase has it; the model, which stays the same, begins with a new optimizer."""
        plan = self.plans[number]
        let_learn(self.model, plan.learns)
        compile_model(plan.config, self.model, self.dataset.schema, plan.facts)
        return replace(self, config=plan.config, facts=plan.facts, phase=number)

    def first_rows(self) -> np.ndarray[Any, Any]:
        """The numbers of the training samples (samples,) in the order of the first epoch."""
        import numpy as np

        samples, layout = len(self.splits["train"]), self.dataset.chunks
        return np.concatenate(list(order(samples, seed=self.config.seed, epoch=0, layout=layout)))


def set_up_config(config: Config, *, allow_code: bool = False) -> Experiment:
    """The experiment of a configuration from its file on: reads the data, starts Keras, builds and compiles the model."""
    with keras_loading(config.data.source):
        dataset = read_data(config, allow_code=allow_code)
    with config.locating():
        start_keras(seed=config.seed, precision=config.train.precision, devices=config.train.devices)
    return set_up(config, dataset)


def read_data(config: Config, *, allow_code: bool = False, also: Collection[str] = ()) -> Dataset:
    """Step 1 alone: the data set, without TensorFlow. Raises `UnsafeError` for code that may not be run."""
    refuse_plugins(config.plugins, allow_code=allow_code)
    labels = {head.name: wanted_of(config, head) for head in config.heads}
    try:
        with chatter_to(None):  # some sources are read by TensorFlow
            weight = config.train.sample_weight
            return config.data.load(seed=config.seed, labels=labels, weight=weight, allow_code=allow_code, also=also)
    except (BlockError, DataError) as error:
        raise config.at_source(error) from None


def wanted_of(config: Config, head: Head) -> Wanted:
    """What loss and layers say of a target before it is read."""
    ignored = head.loss.arguments.get("ignore_class")
    last = last_layer(config.layers, head.name)
    units = output_of(last.layer, above=last.above, path=last.path).width
    void = (ignored,) if isinstance(ignored, int) else ()
    return Wanted(labels_of(head.loss), void, reads_scores(head.loss), units)


def set_up(config: Config, dataset: Dataset) -> Experiment:
    """Prepares the data, builds and compiles the model for the first phase, and plans all. Keras must have been started.

    Raises `ConfigError` at the line of the block that cannot be built or does not fit.
    """
    whole, config = config, config.phases[0]
    facts = facts_of(config, dataset)
    run_plugins(config.plugins)
    try:
        fitted = fit_preparation(config.data, dataset, facts=facts)
        preparation, dataset = fitted.model, with_words(dataset, fitted, config.heads)
        of_texts = text_facts(dataset, fitted)
        facts = facts_of(config, dataset) | of_texts
        augment = augmentation(config, dataset, facts)
        shapes = prepared_shapes(preparation, dataset)
        outputs = [head.name for head in config.heads if head.name is not None]
        if not config.connected:
            models = keras_catalogue().kinds["applications"]
            check_connections(config.layers, list(shapes), outputs=outputs, models=models)
        crops = {} if augment is None else augment.crops(shapes)
        whole_masks, dataset = masks_cropped(config, dataset, augment, crops)
        padding = {each.name: each.padding for each in dataset.schema.inputs if each.padding is not None}
        learn = learning(preparation, dataset.splits["train"], crops, padding)
        build = model_builder(config, dataset, shapes, crops, learn)
        built = build(config.layers, facts=facts)
        check_lengths(config.heads, dataset.schema, built.model, dataset.fields, [*dataset.splits.values()])
        check_together(config, dataset, built.model)
        wide = wide_targets(config, dataset.schema, built.model)
        splits = {
            name: Feed(samples, preparation, dataset.schema.targets, wide=wide)
            for name, samples in dataset.splits.items()
        }
        splits["train"].whole = whole_masks
        with config.naming(("train", "sample_weight")):
            weigh(splits, config.train.sample_weight, dataset)
        dataset = with_ids(dataset, splits)
        compile_checked(config, built.model, dataset, facts)
        check_ids(built, splits)
        guard_ids(built.model, splits.values(), lambda wrong: whole.located(id_error(built, wrong)))
        check_classes_in_splits(dataset)
        check_targets(config.heads, dataset.schema.targets, dataset.fields, splits.values())
        outputs_told = [told_output(config, head, built.model) for head in config.heads]
        check_label_sequences(config.heads, outputs_told, dataset.schema.targets, dataset.fields, splits.values())
        guard_targets(config.heads, outputs_told, dataset.schema.targets, dataset.fields, splits.values())
        try_batch(config, dataset, built, splits["train"], augment, facts)
        plans = [PhasePlan(config, facts, learning_layers(built.model))]
        for config in whole.phases[1:]:
            facts = facts_of(config, dataset) | of_texts
            other = build(config.layers, facts=facts)
            compile_checked(config, other.model, dataset, facts)
            try_batch(config, dataset, other, splits["train"], augment, facts)
            plans.append(PhasePlan(config, facts, learning_layers(other.model)))
    except BlockError as error:
        raise config.located(error) from error
    first = plans[0]
    # The targets of a series are looked at once more, in the last row of each window.
    columns = {} if dataset.schema.windows is None else {name for each in dataset.schema.targets for name in each.names}
    beside = dataset.without_inputs({*columns, first.config.train.sample_weight})
    experiment = Experiment(first.config, beside, splits, built, preparation, augment, first.facts, whole, plans)
    return replace(with_texts(experiment, fitted, dataset), build=build if whole.train.is_distributed else None)


def with_texts(experiment: Experiment, fitted: Fitted, dataset: Dataset) -> Experiment:
    """The experiment with what is known of its texts."""
    return replace(experiment, vocabularies=fitted.vocabularies, texts=some_texts(dataset))


def model_builder(
    config: Config,
    dataset: Dataset,
    shapes: Mapping[str, Sequence[int]],
    crops: Mapping[str, Size],
    learn: Callable[[Any, str], None],
) -> Callable[..., Built]:
    """Builds layers with given facts into a model on the shapes of the prepared inputs."""
    return partial(
        build_model,
        inputs=shapes,
        outputs=[head.name for head in config.heads if head.name is not None],
        memory=free_memory(),
        learn=learn,
        crops=crops,
        padding={each.name: each.padding for each in dataset.schema.inputs if each.padding is not None},
        padded={head.name for head, each in zip(config.heads, dataset.schema.targets, strict=True) if each.padded},
    )


def compile_checked(config: Config, model: Any, dataset: Dataset, facts: Mapping[str, int]) -> None:
    """Compiles a model for a phase. Raises `BlockError` for a batch that does not fit, and for two that set the rate."""
    check_activations(model, min(config.train.batch_size, len(dataset.splits["train"])))
    check_rate(config)
    compile_model(config, model, dataset.schema, facts)


def facts_of(config: Config, dataset: Dataset) -> dict[str, int]:
    """What a configuration may ask of its data, and of how long it trains."""
    facts = dataset.facts(config.train.batch_size) | {EPOCHS: config.train.epochs}
    steps = config.train.steps_per_epoch
    return facts if steps is None else {**facts, STEPS: steps}


def prepared_shapes(preparation: Any, dataset: Dataset) -> dict[str, tuple[int, ...]]:
    """The shape of one sample of each input as the model takes it."""
    train = dataset.splits["train"].inputs
    if preparation is None:
        return {name: values.shape[1:] for name, values in train.items()}
    shapes = {name: tuple(preparation.output[name].shape[1:]) for name in train}
    if all(None not in shape for shape in shapes.values()):
        return shapes
    # Only a sample tells how long what a layer such as TextVectorization makes of it is.
    first = prepare(preparation, {name: values[:1] for name, values in train.items()})
    return {name: first[name].shape[1:] for name in train}


def output_shape(model: Any, name: str | None) -> tuple[int | None, ...]:
    """The shape that a model puts out a sample, for one of several targets or the only one."""
    output = model.output if name is None else model.output[name]
    return () if isinstance(output, list | dict) else tuple(output.shape[1:])


def check_activations(model: Any, batch: int) -> None:
    """Refuses a batch whose layer outputs would not fit: a step keeps at least half of them for the gradients."""
    one, free = activation_bytes(model, layer_traits), free_memory()
    if one * batch / 2 > free:
        most = int(free / one)
        each, total = f"{one / 1e6:,.1f} MB", f"{one * batch / 1e9:,.1f} GB"
        message = f"the layers put out {each} for a sample, so a batch of {batch:,} takes {total}"
        hint = f"write batch_size: {most}" if most > 1 else "make the layers smaller"
        raise BlockError(
            ("train", "batch_size"), f"{message}, more than the free memory", hint=hint, kind="out_of_memory"
        )


def check_together(config: Config, dataset: Dataset, model: Any) -> None:
    """Refuses four steps that do not fit, now that all shapes are known."""
    problems = []
    for head, target in zip(config.heads, dataset.schema.targets, strict=True):
        check_ignored_class(head, target, dataset)
        for mistake in mistakes_of_head(config, head, target, model):
            problems += config.located(
                BlockError(mistake.path, mistake.message, hint=mistake.suggestion, kind=mistake.kind)
            ).problems
    if problems:
        raise ConfigError(problems)


def mistakes_of_head(config: Config, head: Head, target: TargetSchema, model: Any) -> list[Mistake]:
    """Where the shapes of a target and of what a model puts out for it do not fit."""
    output, shape = told_output(config, head, model), output_shape(model, head.name)
    classes = len(target.classes) if target.classes is not None else None
    if lacks_places(target, shape):
        return [no_answer_each_place(target, shape, last_layer(config.layers, head.name).path)]
    return shape_mistakes(output, head, classes=classes, form=target_form(target))


def told_output(config: Config, head: Head, model: Any) -> Output:
    """What a built model puts out for a head, with what the layers tell of it."""
    shape, last = output_shape(model, head.name), last_layer(config.layers, head.name)
    told = output_of(last.layer, above=last.above, path=last.path)
    return replace(told, width=shape[-1] if shape else 1, shape=shape)


def wide_targets(config: Config, schema: Schema, model: Any) -> frozenset[str]:
    """Targets (samples, …) where the model puts out (samples, …, 1): losses take both, some metrics do not."""
    return frozenset(
        target.name
        for head, target in zip(config.heads, schema.targets, strict=True)
        if needs(head.loss) != "classes" and output_shape(model, head.name) == (*target.shape, 1)
    )


def try_batch(
    config: Config, dataset: Dataset, built: Built, train: Feed, augment: Augmentation | None, facts: Mapping[str, int]
) -> None:
    """Tries a few samples, augmented, in the compiled model. Raises `BlockError` at the place of what does not work."""
    import numpy as np

    count = min(TRIED, config.train.batch_size, len(train))
    inputs, targets = batch_of_arrays(*train.uncropped().take(np.arange(count)))
    if augment is not None:
        inputs, targets = augment(inputs, targets, 0, 0)
    weights = training_weights(config.train, dataset)
    own = None if weights is None or weights.column is None else weights.column[:count]
    Trial(built, config.heads, dataset.schema.targets, config.optimizer, facts, weights).run(inputs, targets, own)


def batch_of_arrays(inputs: Arrays, targets: Arrays) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays (samples, …) as tensors of their own."""
    import tensorflow as tf

    def tensors(arrays: Arrays) -> dict[str, Any]:
        return {name: tf.constant(values) for name, values in arrays.items()}

    return tensors(inputs), tensors(targets)


def compile_model(config: Config, model: Any, schema: Schema, facts: Mapping[str, int], *, learns: bool = True) -> None:
    """Gives the model its loss, metrics and, where it is to learn, its optimizer."""
    heads = list(zip(config.heads, schema.targets, strict=True))
    optimizer = built_optimizer(config, facts) if learns else None
    losses = {head.name: built_loss(head, target, facts) for head, target in heads}
    metrics = {head.name: head_metrics(head, target, model, facts) for head, target in heads}
    if None in losses:
        model.compile(loss=losses[None], optimizer=optimizer, metrics=metrics[None], jit_compile=False)
    else:
        weights = {head.name: head.weight for head, _ in heads if config.loss_weights} or None
        model.compile(loss=losses, loss_weights=weights, optimizer=optimizer, metrics=metrics, jit_compile=False)


def built_optimizer(config: Config, facts: Facts) -> Any:
    """The optimizer. Raises `BlockError` at its place."""
    thing = config.optimizer
    return tried(thing, ("optimizer",), lambda other: build_optimizer(other, facts))


def built_loss(head: Head, target: TargetSchema, facts: Facts) -> Any:
    """The loss of a head. Raises `BlockError` at its place."""

    def build(loss: KerasObject) -> Any:
        return build_loss(loss, facts, void=target.has_void)

    return tried(head.loss, head.loss_path, build)


def head_metrics(head: Head, target: TargetSchema, model: Any, facts: Facts) -> list[Any]:
    """The metrics of a head as Keras objects. Raises `BlockError` at the place of one."""
    width = (output_shape(model, head.name) or (1,))[-1] or 1

    def build(metric: KerasObject) -> Any:
        (made,) = build_metrics(
            [metric],
            head.loss,
            width=width,
            facts=facts,
            classes=target.names_of_units,
            void=target.has_void,
            scale=target.scale,
        )
        return made

    return [tried(metric, (*head.metrics_path, position), build) for position, metric in enumerate(head.metrics)]
