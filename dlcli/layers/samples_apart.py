"""Operations answer each sample by itself: those that mix the samples of a batch are refused with what to write.

Axes count the batch as 0. What the arguments tell is refused before Keras is there; the rest by trying it on some samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal, TypeAlias

from dlcli.errors import BlockError, TreePath
from dlcli.spec import KerasObject, Mistake

SAMPLES, PLACES = 2, 3
"""How many samples are tried at least, and how long an axis of any length is then."""
MOST_SAMPLES, MOST_NUMBERS = 4096, 1 << 20
"""How many samples, and numbers in them, are tried at most."""
MOST_ALONE = 64
"""How many samples are tried one by one at most."""
LEAST_AND_MOST = 0.1, 0.9
"""Between these lie the numbers that are tried."""
FAR = 7.0
"""How far a number is moved to see where it counts: beyond all others, so that a greatest or least of them moves too."""
SAME = 1e-4
"""How far, relatively, answers may lie apart that are the same but for rounding."""
INSIDE = "axes count the samples as 0: write 1 for the first axis of a sample, -1 for the last"

Passage: TypeAlias = Literal["apart", "mixed", "unread"]
Apply = Callable[[Mapping[str, Any]], Any]
"""What an operation makes of tensors by argument."""
Make = Callable[[KerasObject, Mapping[str, Any]], Any]
"""The same of an operation with whatever arguments."""


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
    thing: KerasObject, make: Make, tensors: Mapping[str, Any], outputs: Sequence[Any], path: TreePath
) -> None:
    """Raises `BlockError` for an operation that does not answer each sample by itself."""
    whole = [tuple(each.shape) for each in outputs if not each.shape or each.shape[0] is not None]
    if not whole and are_apart(partial(make, thing), tensors, samples=samples_to_try(thing, tensors)):
        return
    found = f"puts out {whole[0]} for a batch of any size" if whole else "mixes the samples of a batch"
    sizes = next((key for key in ("newshape", "shape") if key in thing.arguments), None)
    written = next((key for key in thing.traits["call"] if isinstance(thing.arguments.get(key), list)), None)
    hint = INSIDE
    if sizes is not None:
        hint = f"the first size of '{sizes}' is that of the batch: write -1, and numbers for all others"
    elif written is not None:
        hint = hint_on_list(thing, written, make, tensors) or INSIDE
    raise BlockError((*path, thing.written), f"{thing.written} {found}", hint=hint, kind="mixes_samples")


def hint_on_list(thing: KerasObject, key: str, make: Make, tensors: Mapping[str, Any]) -> str | None:
    """What to write in place of a list that falls on the samples, as far as it was tried and keeps them apart."""
    values = thing.arguments[key]
    front = f"the first axis of '{key}' falls on that of the samples"
    fewer = f"{front}: it has as many axes as a sample, or 1 in front"
    one = f"{front}: write one number, and the operation again for each other"
    for written, hint in (
        (values[0], fewer if isinstance(values[0], list) else one),
        (next(numbers_written(values)), one),
    ):
        other = replace(thing, arguments={**thing.arguments, key: written})
        try:
            output = make(other, tensors)
        except Exception:  # it takes no such thing
            continue
        outputs = output if isinstance(output, list | tuple) else [output]
        if any(not each.shape or each.shape[0] is not None for each in outputs):
            continue
        if are_apart(partial(make, other), tensors, samples=samples_to_try(other, tensors)):
            return hint
    return None


def samples_to_try(thing: KerasObject, tensors: Mapping[str, Any]) -> int:
    """How many samples show whether an operation mixes them: more than its greatest number, by which it may shift or cut them.

    A roll by two samples leaves two where they are. As many as an axis is long are told apart from it by nothing.
    """
    reach = math.ceil(max(map(abs, numbers_written(thing.arguments)), default=0.0))
    count = max(SAMPLES, min(SAMPLES + reach, room_for(tensors)))
    axes = axes_of(tensors)
    return next(each for each in range(count, count + len(axes) + 1) if each not in axes)


def numbers_written(written: Any) -> Iterator[float]:
    """The finite numbers in arguments, however deep."""
    inner = written.values() if isinstance(written, Mapping) else written if isinstance(written, list | tuple) else ()
    for each in inner:
        yield from numbers_written(each)
    if isinstance(written, int | float) and math.isfinite(written):
        yield float(written)


def are_apart(apply: Apply, tensors: Mapping[str, Any], *, samples: int) -> bool:
    """Whether the answers to the first, second and last sample are the same alone and beside others, as far as it can be tried.

    The first alone tells little: a sum of all samples so far is its own there. What goes well for one number of samples only,
    as for as many as an axis is long, takes them for places of that axis.
    """
    for count in (samples, *counts_besides(tensors)):
        values = {key: tried(each, samples=count) for key, each in tensors.items()}
        try:
            together = answers_of(apply, values)
        except Exception:
            if count <= MOST_ALONE and all(answers_alone(apply, values, at) for at in range(count)):
                return False
            continue
        return same_alone(apply, values, together)
    return True  # values that the function cannot have: a batch of the data will tell


def same_alone(apply: Apply, values: Mapping[str, Any], together: Sequence[Any]) -> bool:
    """Whether the first, second and last of samples are answered alone as they are together."""
    count = len(flat_tensors(values)[0])
    alone = {at: answers_alone(apply, values, at) for at in (0, 1, -1)}
    if not all(alone.values()):  # it needs the others
        return False
    return all(len(each) == count for each in together) and all(
        all_samples[[at]].shape == own.shape and alike(all_samples[[at]], own)
        for at, answers in alone.items()
        for all_samples, own in zip(together, answers, strict=True)
    )


def alike(one: Any, other: Any) -> bool:
    """Whether arrays hold the same but for rounding."""
    import numpy as np

    if one.dtype.kind not in "biufc":
        return np.array_equal(one, other)
    return np.allclose(one, other, rtol=SAME, atol=SAME, equal_nan=True)


def answers_alone(apply: Apply, values: Mapping[str, Any], at: int) -> list[Any]:
    """What an operation makes of the sample at a place, without the others; nothing where it makes nothing of it."""
    try:
        return answers_of(apply, {key: one_sample(each, at) for key, each in values.items()})
    except Exception:
        return []


def counts_besides(tensors: Mapping[str, Any]) -> list[int]:
    """The numbers of samples that are tried where another does not go: few, and as many as an axis is long."""
    axes = axes_of(tensors)
    few = next(count for count in range(SAMPLES, SAMPLES + len(axes) + 1) if count not in axes)
    return [few, *sorted(size for size in axes if SAMPLES <= size <= room_for(tensors))]


def axes_of(tensors: Mapping[str, Any]) -> set[int]:
    """How long the axes of samples are as they are tried: no such number of samples tells whether one is taken for the other."""
    return {PLACES if size is None else size for each in flat_tensors(tensors) for size in each.shape[1:]}


def room_for(tensors: Mapping[str, Any]) -> int:
    """How many samples are tried at most."""
    sizes = [math.prod(PLACES if size is None else size for size in each.shape[1:]) for each in flat_tensors(tensors)]
    return min(MOST_SAMPLES, MOST_NUMBERS // max(1, *sizes))


def flat_tensors(tensors: Mapping[str, Any]) -> list[Any]:
    """All tensors by argument, those in lists too, in order."""
    return [one for each in tensors.values() for one in (each if isinstance(each, list) else [each])]


def passage_of_places(apply: Apply, tensors: Mapping[str, Any], taken: Any, output: Any, *, at: int = 0) -> Passage:
    """What becomes of the places of a sequence `taken`, the axis behind the samples, in the output of a number.

    `apart`: each is answered by itself. `mixed`: what stands in the last counts elsewhere, or at another place. `unread`: it
    counts nowhere.
    """
    import numpy as np

    values = {key: tried(each, samples=1) for key, each in tensors.items()}
    try:
        one = answers_of(apply, values)[at]
        others = [
            answers_of(apply, {key: last_place_changed(each, values[key], taken, by) for key, each in tensors.items()})[
                at
            ]
            for by in (FAR, -FAR)
        ]
    except Exception:  # as above
        return "mixed"
    if all(np.array_equal(one, other, equal_nan=True) for other in others):
        return "unread"
    same_places = len(taken.shape) >= 2 and tuple(output.shape[:2]) == tuple(taken.shape[:2])
    apart = same_places and all(np.array_equal(one[:, :-1], other[:, :-1], equal_nan=True) for other in others)
    return "apart" if apart else "mixed"


def last_place_changed(tensor: Any, values: Any, taken: Any, by: float) -> Any:
    """Values for a tensor, or for a list of them; of the one that is `taken` the last place differs, numbers by so much."""
    if isinstance(tensor, list):
        return [last_place_changed(one, each, taken, by) for one, each in zip(tensor, values, strict=True)]
    if tensor is not taken:
        return values
    changed = values.copy()
    last = changed[:, -1]
    changed[:, -1] = ~last if last.dtype == bool else last + by if last.dtype.kind == "f" else 1 - last
    return changed


def tried(tensor: Any, *, samples: int) -> Any:
    """Values (samples, …) of the form of a symbolic tensor, or of a list of them."""
    import numpy as np

    if isinstance(tensor, list):
        return [tried(each, samples=samples) for each in tensor]
    shape = [samples, *(PLACES if size is None else size for size in tensor.shape[1:])]
    numbers = np.random.default_rng(len(shape)).random(shape, np.float32)
    numbers *= LEAST_AND_MOST[1] - LEAST_AND_MOST[0]
    numbers += LEAST_AND_MOST[0]
    if tensor.dtype == "string":
        return numbers.astype(str)
    return (numbers.round() if "int" in tensor.dtype or tensor.dtype == "bool" else numbers).astype(
        tensor.dtype, copy=False
    )


def one_sample(values: Any, at: int) -> Any:
    """The sample (1, …) of values, or of a list of them, at a place."""
    return [one_sample(each, at) for each in values] if isinstance(values, list) else values[[at]]


def answers_of(apply: Apply, values: Mapping[str, Any]) -> list[Any]:
    """What an operation makes of values, an array for each output."""
    import keras

    output = apply({key: tensors_like(each) for key, each in values.items()})
    return [keras.ops.convert_to_numpy(each) for each in (output if isinstance(output, list | tuple) else [output])]


def tensors_like(values: Any) -> Any:
    """Arrays as tensors of Keras."""
    import keras

    return [tensors_like(each) for each in values] if isinstance(values, list) else keras.ops.convert_to_tensor(values)
