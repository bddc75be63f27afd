"""Operations answer each sample by itself: those that mix the samples of a batch are refused with what to write.

Axes count the batch as 0. What the arguments tell is refused before Keras is there; the rest by trying it on two samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dlcli.errors import BlockError, TreePath
from dlcli.spec import KerasObject, Mistake

SAMPLES, PLACES = 2, 3
"""How many samples are tried, and how long an axis of any length is then."""
SAME = 1e-4
"""How far, relatively, answers may lie apart that are the same but for rounding."""
INSIDE = "axes count the samples as 0: write 1 for the first axis of a sample, -1 for the last"

Apply = Callable[[Mapping[str, Any]], Any]
"""What an operation makes of tensors by argument."""


def axis_mistakes(thing: KerasObject) -> list[Mistake]:
    """Arguments of an operation that name the axis of the samples, or all axes; paths count from the arguments."""
    mistakes = []
    for key, default in thing.traits["axes"].items():
        value, path = thing.arguments.get(key, default), (key,) if key in thing.arguments else ()
        if value is None:
            message = f"{thing.written} without '{key}' goes over all axes, that of the samples too"
            hint = f"write {key}: -1 for the last axis; the samples are 0"
            mistakes.append(Mistake(message, path, hint, kind="mixes_samples"))
        elif value == 0 or (isinstance(value, list) and 0 in value):
            named = f"with '{key}': 0" if path else f"without '{key}'"
            message = f"{thing.written} {named} goes along the axis of the samples"
            mistakes.append(Mistake(message, path, INSIDE, kind="mixes_samples"))
    return mistakes


def check_samples_apart(
    thing: KerasObject, apply: Apply, tensors: Mapping[str, Any], outputs: Sequence[Any], path: TreePath
) -> None:
    """Raises `BlockError` for an operation that does not answer each sample by itself."""
    whole = [tuple(each.shape) for each in outputs if not each.shape or each.shape[0] is not None]
    if not whole and are_apart(apply, tensors):
        return
    found = f"puts out {whole[0]} for a batch of any size" if whole else "mixes the samples of a batch"
    sizes = next((key for key in ("newshape", "shape") if key in thing.arguments), None)
    hint = (
        INSIDE
        if sizes is None
        else f"the first size of '{sizes}' is that of the batch: write -1, and numbers for all others"
    )
    raise BlockError((*path, thing.written), f"{thing.written} {found}", hint=hint, kind="mixes_samples")


def are_apart(apply: Apply, tensors: Mapping[str, Any]) -> bool:
    """Whether the answer to one sample is the same alone and beside another, as far as it can be tried."""
    import numpy as np

    both = {key: tried(each, samples=SAMPLES) for key, each in tensors.items()}
    first = {key: first_samples(each, 1) for key, each in both.items()}
    try:
        answers, alone = answers_of(apply, both), answers_of(apply, first)
    except Exception:  # values that the function cannot have: a batch of the data will tell
        return True
    return all(
        len(one) == SAMPLES
        and one[:1].shape == other.shape
        and np.allclose(one[:1], other, rtol=SAME, atol=SAME, equal_nan=True)
        for one, other in zip(answers, alone, strict=True)
    )


def keeps_places(apply: Apply, tensors: Mapping[str, Any], output: Any) -> bool:
    """Whether each place of a sequence, the axis behind the samples, is answered by itself, so that a mask passes."""
    import numpy as np

    taken = next(iter(tensors.values()))
    if isinstance(taken, list) or len(taken.shape) < 3 or tuple(output.shape[:2]) != tuple(taken.shape[:2]):
        return False
    values = {key: tried(each, samples=1) for key, each in tensors.items()}
    name = next(iter(values))
    changed = values[name].copy()
    changed[:, -1] = 1 - changed[:, -1]
    try:
        one, other = answers_of(apply, values)[0], answers_of(apply, {**values, name: changed})[0]
    except Exception:  # as above
        return False
    return bool(np.array_equal(one[:, :-1], other[:, :-1], equal_nan=True) and not np.array_equal(one, other))


def tried(tensor: Any, *, samples: int) -> Any:
    """Values (samples, …) of the form of a symbolic tensor, or of a list of them."""
    import numpy as np

    if isinstance(tensor, list):
        return [tried(each, samples=samples) for each in tensor]
    shape = [samples, *(PLACES if size is None else size for size in tensor.shape[1:])]
    numbers = np.random.default_rng(len(shape)).uniform(0.1, 0.9, shape)
    return (numbers.round() if "int" in tensor.dtype or tensor.dtype == "bool" else numbers).astype(tensor.dtype)


def first_samples(values: Any, count: int) -> Any:
    """The first samples of values, or of a list of them."""
    return [first_samples(each, count) for each in values] if isinstance(values, list) else values[:count]


def answers_of(apply: Apply, values: Mapping[str, Any]) -> list[Any]:
    """What an operation makes of values, an array for each output."""
    import keras

    output = apply({key: tensors_like(each) for key, each in values.items()})
    return [keras.ops.convert_to_numpy(each) for each in (output if isinstance(output, list | tuple) else [output])]


def tensors_like(values: Any) -> Any:
    """Arrays as tensors of Keras."""
    import keras

    return [tensors_like(each) for each in values] if isinstance(values, list) else keras.ops.convert_to_tensor(values)
