"""The script: the four steps of an experiment as plain Keras, and the arrays that stand beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dlcli.actions.ejected.augment_lines import augment_lines
from dlcli.actions.ejected.backbone_texts import backbone_texts
from dlcli.actions.ejected.compile_lines import class_lines, compile_lines
from dlcli.actions.ejected.expressions import double_quoted, said_at
from dlcli.actions.ejected.model_lines import LEARN, MASKED, Lines, hands_on_mask, named_tensors
from dlcli.actions.ejected.sample_texts import SampleTexts, array_names
from dlcli.actions.ejected.training_lines import Training
from dlcli.actions.ejected.weight_lines import weight_lines
from dlcli.actions.ejected.wrapped import wrapped_line
from dlcli.data import Dataset
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np


@dataclass
class Script:
    """A script in parts, by step, and the arrays that it reads from `arrays_file`."""

    experiment: Experiment
    dataset: Dataset
    arrays_file: str
    about: str
    learnt: bool = True
    """Whether layers learn from the arrays by `adapt`; otherwise what they have learnt stands beside the script."""
    first_weights: str | None = None
    """What is said of the first weights where they stand beside the script; None where Keras draws the same."""
    arrays: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    @cached_property
    def samples(self) -> SampleTexts:
        """The splits."""
        return SampleTexts(self.experiment, self.dataset)

    @cached_property
    def set_up(self) -> str:
        """Everything up to the first step of a training: the part that is proved before a script is written."""
        steps = [*self.step_1(), "", *self.step_2(), "", *self.steps_3_and_4()]
        uses = ", ".join(["layers", *(["ops"] if any("ops." in line for line in steps) else [])])
        text = "\n".join([*self.head(uses), "", *map(wrapped_line, steps)]) + "\n"
        return re.sub(r"\n{4,}", "\n\n\n", text)

    @cached_property
    def training(self) -> str:
        """The epochs of all phases."""
        return "\n".join(map(wrapped_line, Training(self.experiment, self.samples).lines())) + "\n"

    @property
    def text(self) -> str:
        """The whole script."""
        return f"{self.set_up}\n{self.training}"

    def head(self, uses: str) -> Iterator[str]:
        """What a reader is told, and what is imported."""
        config = self.experiment.config
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
        yield f"SEED, EPOCHS, BATCH = {config.seed}, {config.train.epochs}, {config.train.batch_size}"
        yield "keras.utils.set_random_seed(SEED)"
        if config.train.precision != "float32":
            yield f"keras.config.set_dtype_policy({double_quoted(config.train.precision)})"
        if config.train.deterministic is not False:
            yield "tf.config.experimental.enable_op_determinism()  # the same numbers each time, on a CPU"

    def step_1(self) -> Iterator[str]:
        """The arrays of each split, and their preparation."""
        samples = self.samples
        yield "# Step 1: input data and target"
        counts = ", ".join(f"{len(self.experiment.splits[split]):,} for {split}" for split in samples.splits)
        yield f"# {self.arrays_file} holds the samples as they were split: {counts}."
        yield f'data = np.load(Path(__file__).with_name("{self.arrays_file}"))'
        for split in samples.splits:
            yield from self.loaded(split, "x", samples.inputs_of(split))
            targets = {each.name: samples.target_of(split, each.name) for each in samples.schemas}
            yield from self.loaded(split, "y", targets)
        yield from weight_lines(samples, self.arrays)
        if samples.is_prepared:
            yield ""
            if any(type(each).__name__ in LEARN for each in self.experiment.preparation.layers):
                yield "# what the layers before the model learn, they learn from the training samples alone"
            with said_at(("data", "prepare")):
                yield from self.preparation_lines()
            for split in samples.splits:
                yield f"x_{split} = prepared(x_{split})"
        if self.experiment.augment is not None:
            yield from augment_lines(self.experiment.augment, self.dataset.schema)

    def loaded(self, split: str, kind: str, arrays: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[str]:
        """The line that reads the inputs or targets of a split: one by itself, several by name."""
        key, names = f"{kind}_{split}", list(arrays)
        self.arrays |= dict(zip(array_names(kind, split, names), arrays.values(), strict=True))
        if len(names) == 1:
            yield f'{key} = data["{key}"]'
            return
        yield f'{key} = {{name: data[f"{key}/{{name}}"] for name in ({", ".join(map(double_quoted, names))})}}'

    def preparation_lines(self) -> Iterator[str]:
        """The model that prepares, and the function that calls it."""
        model, names = self.experiment.preparation, self.samples.inputs
        alone = len(names) == 1
        outputs = {name: model.output[name] for name in names}
        inputs = {name: model.input[name] for name in outputs}
        states = {} if self.learnt else self.states(model)
        yield from Lines(ModelPart(inputs, outputs), [], self.training_arrays, states).build("preparation")
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

    @property
    def training_arrays(self) -> dict[str, str]:
        """By the name of an input what the script calls its training samples, from which a layer on it may learn."""
        names = list(self.samples.inputs)
        return {name: "x_train" if len(names) == 1 else f'x_train["{name}"]' for name in names}

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
        """The layers, and their first weights where Keras does not draw them."""
        made = [*self.experiment.built.places]
        lines = Lines(
            self.experiment.model,
            made,
            self.training_arrays,
            backbones=backbone_texts(self.experiment),
            seeded=self.first_weights is not None,
        )
        yield "# Step 2: the layers"
        if any(map(hands_on_mask, self.experiment.model.layers)):
            yield MASKED
        yield from lines.build("model")
        if self.first_weights is None:
            return
        weights = self.experiment.model.get_weights()
        self.arrays |= {f"first_weights/{number}": values for number, values in enumerate(weights)}
        yield f"# {self.first_weights}"
        yield f'model.set_weights([data[f"first_weights/{{number}}"] for number in range({len(weights)})])'

    def steps_3_and_4(self) -> Iterator[str]:
        """The loss, the optimizer and the metrics."""
        yield from class_lines(self.experiment)
        yield from compile_lines(self.experiment)


@dataclass(frozen=True)
class ModelPart:
    """Some inputs and outputs of a model, as a model of their own."""

    input: Any
    output: Any

    @property
    def inputs(self) -> list[Any]:
        """The input tensors."""
        return list(named_tensors(self.input).values())
