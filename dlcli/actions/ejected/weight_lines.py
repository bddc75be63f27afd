"""The lines that say how much each sample counts in the loss, where not all count the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dlcli.actions.ejected.expressions import Unsayable, double_quoted, short_number
from dlcli.actions.ejected.sample_texts import SampleTexts, array_names
from dlcli.data.schema import TargetSchema

if TYPE_CHECKING:
    import numpy as np


def weight_lines(samples: SampleTexts, arrays: dict[str, np.ndarray[Any, Any]]) -> Iterator[str]:
    """The weights of each split; those of a column are put beside the script, into `arrays`."""
    weights, schemas = samples.weights, samples.schemas
    if weights is None:
        return
    by_class = weights.by_class
    for split in samples.splits if weights.column is not None else ():
        yield from column_lines(samples, split, arrays)
    for schema in schemas:
        if weights.column is not None and schema.name in by_class and places_of(samples, schema):
            raise Unsayable(
                "weights of samples",
                "several places are weighed in two ways",
                hint="leave one of class_weight and sample_weight out",
                path=("train", "class_weight"),
            )
    if not by_class:
        return
    if len(schemas) == 1:
        (schema,) = schemas
        yield f"# how much a sample counts, by its class: {', '.join(schema.classes or [])}"
        yield f"weights_train = {weighed_text(samples, schema, 'y_train', 'weights_train')}"
        return
    yield "# how much a sample counts in the loss of each target, by its class"
    yield "weights_train = {"
    for schema in schemas:
        key = f"[{double_quoted(schema.name)}]"
        yield f"    {double_quoted(schema.name)}: {weighed_text(samples, schema, f'y_train{key}', f'weights_train{key}')},"
    yield "}"


def column_lines(samples: SampleTexts, split: str, arrays: dict[str, np.ndarray[Any, Any]]) -> Iterator[str]:
    """The line that reads the weights of a split: one array, or the same for each of several targets."""
    import numpy as np

    names, values = [each.name for each in samples.schemas], samples.experiment.splits[split].weights
    assert values is not None
    (key,) = array_names("weights", split, ["samples"])
    arrays[key] = np.asarray(values, np.float32)
    if len(names) == 1:
        yield f'weights_{split} = data["{key}"]'
        return
    yield f"weights_{split} = {{"
    for schema in samples.schemas:
        apart = f"[{', '.join([':', *['np.newaxis'] * places_of(samples, schema)])}]"
        axes = apart if places_of(samples, schema) and values.ndim == 1 else ""
        yield f'    {double_quoted(schema.name)}: data["{key}"]{axes},'
    yield "}"


def weighed_text(samples: SampleTexts, schema: TargetSchema, target: str, column: str) -> str:
    """The weights of the training samples for one target."""
    import numpy as np

    weights = samples.weights
    assert weights is not None
    by_column = weights.column is not None
    if schema.name not in weights.by_class:
        ones = ", ".join([f"len({target})", *["1"] * places_of(samples, schema)])
        return column if by_column else f'np.ones({f"({ones})" if "," in ones else ones}, "float32")'
    table = [short_number(float(each)) for each in np.asarray(weights.by_class[schema.name], np.float32)]
    narrow = samples.target_of("train", schema.name).ndim == 1 + len(schema.shape)
    index = f"{target}.argmax(axis=-1)" if schema.is_one_hot else target if narrow else f"{target}[..., 0]"
    if not schema.is_one_hot and schema.has_void:
        index = f"np.maximum({index}, 0)"
    before = f"{column} * " if by_column else ""
    return f'{before}np.array([{", ".join(table)}], "float32")[{index}]'


def places_of(samples: SampleTexts, schema: TargetSchema) -> int:
    """How many axes of places a target has beside that of the samples, as the weights of Keras count them."""
    values = samples.target_of("train", schema.name)
    if schema.classes is not None and not schema.is_one_hot:
        return len(schema.shape)
    return max(0, values.ndim - 2)
