"""One layer of a preparation: built, taught what it learns from data, and checked for what it cannot do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dlcli.data.preparation.own import OwnPreparation
from dlcli.data.preparation.prepare import adapt
from dlcli.data.schema import InputSchema
from dlcli.spec import Facts, KerasObject

if TYPE_CHECKING:
    import numpy as np


GIVEN = ("bin_boundaries", "mean", "vocabulary")
"""Arguments that say what a layer would learn otherwise."""


def crosses(step: KerasObject | OwnPreparation) -> bool:
    """Whether a preparation makes one number of several names."""
    return isinstance(step, KerasObject) and bool(step.traits.get("crosses"))


def as_cut(step: KerasObject | OwnPreparation, schema: InputSchema) -> KerasObject | OwnPreparation:
    """A preparation of text that the source has cut in pieces: it makes an id of each, unless it says otherwise."""
    if schema.pieces is None or schema.length is None or not makes_ids(step) or not isinstance(step, KerasObject):
        return step
    given = step.arguments.get("output_sequence_length", schema.length - schema.ends)
    length = schema.length if given == schema.length - schema.ends else given
    known = {"split": schema.pieces, **step.arguments, "output_sequence_length": length}
    return replace(step, arguments=known) if step.written == "TextVectorization" else step


def makes_ids(step: KerasObject | OwnPreparation) -> bool:
    """Whether a preparation makes ids of words that it knows."""
    knows = isinstance(step, KerasObject) and step.traits.get("words")
    return bool(knows) and isinstance(step, KerasObject) and step.arguments.get("output_mode", "int") == "int"


def by_character(step: KerasObject | OwnPreparation) -> bool:
    """Whether a preparation makes an id of each character."""
    return isinstance(step, KerasObject) and step.arguments.get("split") == "character"


def is_for_text(step: KerasObject | OwnPreparation) -> bool:
    """Whether a preparation takes text; where there are other inputs too, `data.prepare` applies it to text alone."""
    return isinstance(step, KerasObject) and bool(step.traits.get("text"))


def is_single(step: KerasObject | OwnPreparation) -> bool:
    """Whether a preparation cannot reckon in 64 bits."""
    return isinstance(step, KerasObject) and bool(step.traits.get("single"))


def check_learnt(layer: Any, step: KerasObject | OwnPreparation) -> None:
    """Refuses a layer whose weights only training could teach."""
    if layer.trainable_weights:
        raise ValueError(f"{step.written} learns while the model trains; write it under layers")


def check_boundaries(layer: Any, step: KerasObject | OwnPreparation) -> None:
    """Refuses bins whose boundaries are equal in 32 bits, in which TensorFlow compares them whatever the data has."""
    import numpy as np

    boundaries = np.asarray(getattr(layer, "bin_boundaries", None) or [], np.float64)
    left = np.unique(boundaries.astype(np.float32))
    if len(left) < len(np.unique(boundaries)):
        raise ValueError(
            f"its {len(boundaries)} boundaries from {boundaries[0]:,.15g} on are {len(left)} in the 32 bits it compares in; "
            "write Normalization before it"
        )


def check_encoded(
    layer: Any, step: KerasObject | OwnPreparation, batches: Callable[[], Iterator[np.ndarray[Any, Any]]]
) -> None:
    """Refuses ids (samples, …) beyond the number that a layer encodes, which it would leave out without a word."""
    argument = step.traits.get("ids") if isinstance(step, KerasObject) else None
    if argument is None:
        return
    largest, size = max(int(batch.max()) for batch in batches()), int(getattr(layer, argument))
    if largest >= size:
        raise ValueError(f"the ids reach {largest}, and its {argument} is {size}; write {argument}: {largest + 1}")


def fitted_layer(
    step: KerasObject | OwnPreparation,
    batches: Callable[[], Iterator[np.ndarray[Any, Any]]],
    *,
    facts: Facts,
) -> Any:
    """The layer of a preparation; what it learns is what `batches` hold."""
    if isinstance(step, OwnPreparation):
        return step.fitted(batches())
    layer = step.build(facts)
    if step.traits.get("fixed"):
        layer.trainable = False
    if hasattr(layer, "adapt") and all(step.arguments.get(name) is None for name in GIVEN):
        adapt(layer, batches())
        if step.traits.get("words"):
            return with_words_kept(layer, step, facts)
    return layer


def with_words_kept(layer: Any, step: KerasObject, facts: Facts) -> Any:
    """A layer that has learnt words as one that keeps them in its configuration, where a file of one word a line would not
    give them back: words with the end of a line in them, such as each character of a text."""
    words = [str(each) for each in layer.get_vocabulary()]
    if "\n".join(words).splitlines() == words:
        return layer
    own = [str(each) for each in layer.get_vocabulary(include_special_tokens=False)]
    values = {**step.values(facts), "vocabulary": own}
    if step.arguments.get("output_mode") == "tf_idf":
        lookup = getattr(layer, "_lookup_layer", layer)
        values["idf_weights"] = lookup.idf_weights.numpy()[len(words) - len(own) :].tolist()
    return step.made_by()(**values)


def of_single_values(layer: Any, values: Any) -> Any:
    """A model that gives a layer that encodes its values (samples,) as (samples, 1): Keras takes them for one sample else."""
    import keras

    single = keras.Input((), dtype=values.dtype)
    return keras.Model(single, layer(keras.layers.Reshape((1,))(single)), name=layer.name)


def crossing(layer: Any, schema: InputSchema) -> Any:
    """A model that gives a layer each column of an input (samples, columns) by itself. Raises `ValueError` for one column."""
    import keras

    if schema.texts is None:
        raise ValueError("it crosses several columns of names, which are an input of kind category")
    texts = keras.Input((len(schema.texts),), dtype="string")
    crossed = layer([texts[..., at] for at in range(len(schema.texts))])
    if len(crossed.shape) == 1:
        crossed = keras.ops.expand_dims(crossed, -1)
    return keras.Model(texts, crossed, name=layer.name)
