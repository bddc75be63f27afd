"""The script: the four steps of an experiment as plain Keras, and the arrays that stand beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlcli.actions.ejected.expressions import Unsayable, constructed, double_quoted, short_number
from dlcli.actions.ejected.loop_lines import kept_lines, plateau_lines, wrapped_line
from dlcli.actions.ejected.model_lines import LEARN, Lines, named_tensors
from dlcli.actions.ejected.own_classes import cycle_of, is_mean_of_output, own_classes
from dlcli.config import Config
from dlcli.config.monitors import directions
from dlcli.data import Dataset
from dlcli.data.preparation.prepare import raw_values
from dlcli.data.schema import TargetSchema
from dlcli.loss import metric_name
from dlcli.loss.target_loss import Head
from dlcli.training.setup.experiment import Experiment, head_metrics
from dlcli.training.setup.weights import training_weights
from dlcli.training.stopping import Plateau, Stopping

if TYPE_CHECKING:
    import numpy as np

SPLITS = ("train", "validation", "test")
EVALUATED = 1024
"""Samples of a batch where nothing is learnt."""


@dataclass
class Script:
    """A script in parts, by step, and the arrays that it reads from `arrays_file`."""

    experiment: Experiment
    dataset: Dataset
    arrays_file: str
    about: str
    learnt: bool = True
    """Whether layers learn from the arrays by `adapt`; otherwise what they have learnt stands beside the script."""
    arrays: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        return self.experiment.config

    @property
    def is_prepared(self) -> bool:
        """Whether anything is done to the inputs before the model; ids of a target of text are made before."""
        model = self.experiment.preparation
        names = self.experiment.splits["train"].inputs
        return model is not None and any(model.output[name] is not model.input[name] for name in names)

    @property
    def splits(self) -> list[str]:
        """The splits that there are."""
        return [split for split in SPLITS if split in self.experiment.splits]

    def set_up(self) -> str:
        """Everything up to the first step of a training: the part that is proved before a script is written."""
        steps = [*self.step_1(), "", *self.step_2(), "", *self.steps_3_and_4()]
        uses = ", ".join(["layers", *(["ops"] if any("ops." in line for line in steps) else [])])
        return "\n".join([*self.head(uses), "", *map(wrapped_line, steps)]) + "\n"

    def text(self) -> str:
        """The whole script."""
        return self.set_up() + "\n" + "\n".join(map(wrapped_line, self.training())) + "\n"

    def head(self, uses: str) -> Iterator[str]:
        """What a reader is told, and what is imported."""
        yield f'"""{self.about}"""'
        yield ""
        yield "import os"
        yield "from pathlib import Path"
        yield ""
        yield 'os.environ["KERAS_BACKEND"] = "tensorflow"'
        yield ""
        yield "import keras"
        yield "import numpy as np"
        yield "import tensorflow as tf"
        yield f"from keras import {uses}"
        yield ""
        yield f"SEED, EPOCHS, BATCH = {self.config.seed}, {self.config.train.epochs}, {self.config.train.batch_size}"
        yield "keras.utils.set_random_seed(SEED)"
        if self.config.train.deterministic is not False:
            yield "tf.config.experimental.enable_op_determinism()  # the same numbers each time, on a CPU"

    def step_1(self) -> Iterator[str]:
        """The arrays of each split, and their preparation."""
        prepared = self.is_prepared
        yield "# Step 1: input data and target"
        counts = ", ".join(f"{len(self.experiment.splits[split]):,} for {split}" for split in self.splits)
        yield f"# {self.arrays_file} holds the samples as they were split: {counts}."
        yield f'data = np.load(Path(__file__).with_name("{self.arrays_file}"))'
        for split in self.splits:
            yield from self.loaded(split, "x", self.inputs_of(split))
            yield from self.loaded(split, "y", {name: self.target_of(split, name) for name in self.targets})
        yield from self.weight_lines()
        if not prepared:
            return
        yield ""
        if any(type(each).__name__ in LEARN for each in self.experiment.preparation.layers):
            yield "# what the layers before the model learn, they learn from the training samples alone"
        yield from self.preparation_lines()
        for split in self.splits:
            yield f"x_{split} = prepared(x_{split})"

    def weight_lines(self) -> Iterator[str]:
        """How much each sample counts in the loss, where not all count the same."""
        import numpy as np

        weights, schemas = training_weights(self.config.train, self.dataset), self.dataset.schema.targets
        if weights is None:
            return
        if len(schemas) > 1 or (weights.column is not None and weights.by_class and schemas[0].shape):
            raise Unsayable("weights of samples", "several targets, or several places, are weighed in two ways")
        (schema,) = schemas
        for split in self.splits if weights.column is not None else ():
            values = self.experiment.splits[split].weights
            assert values is not None
            self.arrays[f"weights_{split}"] = np.asarray(values, np.float32)
            yield f'weights_{split} = data["weights_{split}"]'
        if schema.name in weights.by_class:
            table = [short_number(float(each)) for each in np.asarray(weights.by_class[schema.name], np.float32)]
            narrow = self.target_of("train", schema.name).ndim == 1 + len(schema.shape)
            index = "y_train.argmax(axis=-1)" if schema.is_one_hot else "y_train" if narrow else "y_train[..., 0]"
            before = "weights_train * " if weights.column is not None else ""
            yield f"# how much a sample counts, by its class: {', '.join(schema.classes or [])}"
            yield f'weights_train = {before}np.array([{", ".join(table)}], "float32")[{index}]'

    @property
    def targets(self) -> list[str]:
        """The names of the targets."""
        return [each.name for each in self.dataset.schema.targets]

    def inputs_of(self, split: str) -> Mapping[str, np.ndarray[Any, Any]]:
        """The inputs (samples, …) of a split by name, as they are before any preparation."""
        import numpy as np

        preparation, feed = self.experiment.preparation, self.experiment.splits[split]
        if not self.is_prepared:
            return {name: np.asarray(column[:]) for name, column in feed.inputs.items()}
        raw = self.dataset.splits[split].inputs
        found = {name: raw_values(raw[name][:], preparation.input[name].dtype) for name in feed.inputs}
        return {name: plain_texts(each) if each.dtype == object else np.asarray(each) for name, each in found.items()}

    def target_of(self, split: str, name: str) -> np.ndarray[Any, Any]:
        """A target (samples, …) of a split, as the loss takes it."""
        import numpy as np

        return np.asarray(self.experiment.splits[split].target(name))

    def loaded(self, split: str, kind: str, arrays: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[str]:
        """The line that reads the inputs or targets of a split: one by itself, several by name."""
        key = f"{kind}_{split}"
        if len(arrays) == 1:
            self.arrays[key] = next(iter(arrays.values()))
            yield f'{key} = data["{key}"]'
            return
        self.arrays |= {f"{key}/{name}": values for name, values in arrays.items()}
        names = f"({', '.join(map(double_quoted, arrays))})"
        yield f'{key} = {{name: data[f"{key}/{{name}}"] for name in {names}}}'

    def preparation_lines(self) -> Iterator[str]:
        """The model that prepares, and the function that calls it."""
        model, alone = self.experiment.preparation, len(self.experiment.splits["train"].inputs) == 1
        outputs = {name: model.output[name] for name in self.experiment.splits["train"].inputs}
        inputs = {name: model.input[name] for name in outputs}
        part = ModelPart(inputs, outputs)
        adapts = {name: "x_train" if alone else f'x_train["{name}"]' for name in inputs}
        states = {} if self.learnt else self.states(model)
        yield from Lines(part, [], adapts, states).build("preparation")
        texts = [name for name, each in inputs.items() if each.dtype == "string"]
        yield ""
        yield ""
        yield "def prepared(x):"
        yield '    """Samples as the model takes them."""'
        if alone:
            given = "tf.constant(x)" if texts else "x"
            yield f'    return np.asarray(preparation({given}), "float32")'
        else:
            yield "    made = preparation({name: tf.constant(values) for name, values in x.items()})"
            yield '    return {name: np.asarray(values, "float32") for name, values in made.items()}'
        yield ""
        yield ""

    def states(self, model: Any) -> dict[str, dict[str, str]]:
        """By layer what it has learnt, as arguments that are read from beside the script."""
        import numpy as np

        found: dict[str, dict[str, str]] = {}
        for layer in model.layers:
            kind = type(layer).__name__
            if kind not in LEARN:
                continue
            if kind == "Normalization":
                shape = (-1,) if layer.axis else ()
                learnt = (np.asarray(each).reshape(shape) for each in (layer.mean, layer.variance))
                values = dict(zip(("mean", "variance"), learnt, strict=True))
            elif kind == "Discretization":
                values = {"bin_boundaries": np.asarray(layer.bin_boundaries)}
            else:
                words = [str(each) for each in layer.get_vocabulary(include_special_tokens=False)]
                values = {"vocabulary": np.array(words)}
            self.arrays |= {f"{layer.name}/{key}": each for key, each in values.items()}
            lists = "" if kind == "Normalization" else ".tolist()"
            found[layer.name] = {key: f'data["{layer.name}/{key}"]{lists}' for key in values}
        return found

    def step_2(self) -> Iterator[str]:
        """The layers."""
        yield "# Step 2: the layers"
        yield from Lines(self.experiment.model, [*self.experiment.built.places]).build("model")

    def steps_3_and_4(self) -> Iterator[str]:
        """The loss, the optimizer and the metrics."""
        model, heads = self.experiment.model, self.config.heads
        if any(map(self.holds_void, self.dataset.schema.targets)):
            raise Unsayable("the target", "some places hold no label or are padding, which Keras alone would count")
        made = losses_of(model, heads)
        losses = {
            head.name: "MeanOfOutput()" if is_mean_of_output(head.loss) else constructed(each)
            for head, each in zip(heads, made, strict=True)
        }
        schemas = self.dataset.schema.targets
        metrics = {head.name: self.metric_texts(head, each) for head, each in zip(heads, schemas, strict=True)}
        several = None not in losses
        loss = losses[None] if not several else by_name({str(name): each for name, each in losses.items()})
        counted = metrics[None] if not several else by_name({str(name): each for name, each in metrics.items()})
        yield from own_classes(self.config.optimizer, [head.loss for head in heads], self.experiment.facts)
        cycles = cycle_of(self.config.optimizer) is not None
        optimizer = constructed(model.optimizer, given={"learning_rate": "OneCycle()"} if cycles else {})
        yield "model.compile("
        yield f"    loss={loss},  # step 3: the loss"
        if several and self.config.loss_weights:
            yield f"    loss_weights={ {str(head.name): head.weight for head in heads}!r},"
        yield f"    optimizer={optimizer},  # step 4: the optimizer"
        yield f"    metrics={counted},"
        yield "    jit_compile=False,"
        yield ")"

    def holds_void(self, schema: TargetSchema) -> bool:
        """Whether some places of a target have no label, or are padding."""
        values = self.target_of("train", schema.name)
        return schema.has_void or (values.dtype.kind == "i" and bool((values < 0).any()))

    def metric_texts(self, head: Head, schema: TargetSchema) -> str:
        """The metrics of a head, as a list."""
        made = head_metrics(head, schema, self.experiment.model, self.experiment.facts)
        texts = []
        for thing, metric in zip(head.metrics, made, strict=True):
            if thing.plugin is not None:
                raise Unsayable(thing.written, "it is a class of a plugin")
            function = getattr(metric, "_fn", None)
            if type(metric).__name__ == "MeanMetricWrapper" and function is not None:
                texts.append(f"keras.metrics.{function.__name__}")
                continue
            texts.append(constructed(metric, named=metric_name(thing)))
        return "[" + ", ".join(texts) + "]"

    def training(self) -> Iterator[str]:
        """The epochs, what is kept, and what the test split says in the end."""
        train, stopping = self.config.train, Stopping.of(self.config.train, directions=self.directions)
        validation = "validation" in self.splits
        yield "# How long to train: each epoch takes the samples in an order of its own."
        if stopping.keeps_best:
            yield "best, best_weights, waited = None, None, 0"
        if train.reduce_on_plateau is not None:
            yield "nearest, still = None, 0"
        yield "for epoch in range(EPOCHS):"
        yield f"    order = np.random.default_rng([SEED, epoch]).permutation({self.length('train')})"
        yield f"    batches = tf.data.Dataset.from_tensor_slices({self.batch('train', 'order')}).batch(BATCH)"
        yield "    history = model.fit("
        yield "        batches,"
        yield "        initial_epoch=epoch,"
        yield "        epochs=epoch + 1,"
        yield "        shuffle=False,"
        if validation:
            yield f"        validation_data={self.batch('validation')},"
            yield f"        validation_batch_size={EVALUATED},"
        yield "        verbose=2,"
        yield "    ).history"
        if train.reduce_on_plateau is not None:
            yield from plateau_lines(Plateau.of(train.reduce_on_plateau, directions=self.directions))
        if stopping.keeps_best:
            yield from kept_lines(stopping)
        if stopping.keeps_best:
            yield "model.set_weights(best_weights)"
        for split in self.splits[1:]:
            given = f"{self.evaluated(split)}, batch_size={EVALUATED}, verbose=0, return_dict=True"
            yield f'print("{split}", model.evaluate({given}))'

    @property
    def directions(self) -> Any:
        """Whether more or less of each value is better."""
        return directions(self.config.heads, validation="validation" in self.splits)

    def length(self, split: str) -> str:
        """How many samples a split has."""
        return (
            f"len(x_{split})"
            if len(self.experiment.splits[split].inputs) == 1
            else str(len(self.experiment.splits[split]))
        )

    def batch(self, split: str, rows: str = "") -> str:
        """Inputs, targets and weights of some samples."""
        parts = [self.taken("x", split, rows, len(self.experiment.splits[split].inputs) > 1)]
        parts.append(self.taken("y", split, rows, len(self.targets) > 1))
        if self.weighed(split):
            parts.append(f"weights_{split}[{rows}]" if rows else f"weights_{split}")
        return f"({', '.join(parts)})"

    def evaluated(self, split: str) -> str:
        """What `evaluate` takes of a split."""
        weights = f", sample_weight=weights_{split}" if self.weighed(split) else ""
        return f"x_{split}, y_{split}{weights}"

    def weighed(self, split: str) -> bool:
        """Whether the samples of a split weigh differently."""
        if split == "train":
            return training_weights(self.config.train, self.dataset) is not None
        return self.experiment.splits[split].weights is not None

    def taken(self, kind: str, split: str, rows: str, several: bool) -> str:
        """Arrays of some samples."""
        name = f"{kind}_{split}"
        if not rows:
            return name
        return f"{{name: each[{rows}] for name, each in {name}.items()}}" if several else f"{name}[{rows}]"


@dataclass(frozen=True)
class ModelPart:
    """Some inputs and outputs of a model, as a model of their own."""

    input: Any
    output: Any

    @property
    def inputs(self) -> list[Any]:
        """The input tensors."""
        return list(named_tensors(self.input).values())


def plain_texts(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Texts (samples, …) in a form that needs no pickle."""
    import numpy as np

    return np.array([each.decode() if isinstance(each, bytes) else str(each) for each in values.reshape(-1)]).reshape(
        values.shape
    )


def losses_of(model: Any, heads: Any) -> list[Any]:
    """The losses that a model was compiled with, head by head."""
    given = model.loss
    return [given[head.name] if isinstance(given, dict) else given for head in heads]


def by_name(texts: Mapping[str, str]) -> str:
    """Expressions by name, as a dictionary."""
    return "{" + ", ".join(f"{double_quoted(name)}: {text}" for name, text in texts.items()) + "}"
