"""What `train` may say of devices: which they are, and how several share the work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from dlcli.errors import BlockError
from dlcli.spec import Mistake, describe

DEVICE = re.compile(r"(cpu|gpu):(\d{1,3})")
KINDS = ("auto", "cpu", "gpu")
Distribute = Literal["none", "mirrored", "multi_worker"]


def devices_mistake(value: Any) -> Mistake | None:
    """What is wrong with `devices` as it is written; None where nothing is."""
    if isinstance(value, str) and value in KINDS:
        return None
    if isinstance(value, str) and DEVICE.fullmatch(value):
        return Mistake(
            f"'devices' is a list, found {describe(value)}", suggestion=f"write [{value}]", kind="wrong_type"
        )
    wanted = "auto, cpu, gpu or a list such as [gpu:0, gpu:1]"
    if not isinstance(value, list) or not value:
        found = describe(value)
        return Mistake(f"'devices' must be {wanted}, found {found}", kind="wrong_type")
    for place, each in enumerate(value):
        if not (isinstance(each, str) and DEVICE.fullmatch(each)):
            message = f"a device is cpu:0, cpu:1, gpu:0, …, found {describe(each)}"
            return Mistake(message, (place,), kind="wrong_type")
        if each in value[:place]:
            return Mistake(f"{each} stands twice in 'devices'", (place,), "leave one out", kind="named_twice")
    return devices_of_kinds(value)


def devices_of_kinds(devices: Sequence[str]) -> Mistake | None:
    """What is wrong with a list of devices, each of which can be one."""
    kinds = dict.fromkeys(each.partition(":")[0] for each in devices)
    if len(kinds) > 1:
        message = "'devices' are of one kind: where a processor and a GPU share a batch, the one waits for the other"
        return Mistake(message, suggestion="write those of one kind", kind="devices_of_two_kinds")
    parts = [f"cpu:{number}" for number in range(len(devices))]
    if "cpu" in kinds and sorted(devices) != sorted(parts):
        message = f"the processor is one device, which can be divided into parts: {len(devices)} are {', '.join(parts)}"
        return Mistake(message, suggestion=f"write [{', '.join(parts)}]", kind="parts_of_processor")
    return None


ALONE = {"engine": ("auto",), "xla": ("auto", False)}
"""What keys of `train` may say where several devices share the work, which have a way of their own."""


def sharing_mistakes(train: Mapping[str, Any], accumulates: str | None) -> Iterator[Mistake]:
    """What of `train`, as it is written, does not go with how devices share the work.

    `accumulates` is the name of an optimizer that collects the gradients of several steps.
    """
    devices, way = train.get("devices"), train.get("distribute", "none")
    if way == "none":
        if isinstance(devices, list) and len(devices) > 1:
            message = f"training runs on one device, and 'devices' names {len(devices)}"
            hint = "write distribute: mirrored, or leave all but one out"
            yield Mistake(message, ("train", "devices"), hint, kind="devices_not_distributed")
        return
    for key, words in ALONE.items():
        if train.get(key, "auto") not in words:
            message = f"'{key}' is not for training on several devices, which has a way of its own"
            yield Mistake(message, ("train", key), "leave it out", kind="not_distributed")
    if accumulates is not None:
        message = "gradients of several steps cannot be collected where several devices share a batch"
        path = ("optimizer", accumulates, "gradient_accumulation_steps")
        yield Mistake(message, path, "leave it out, and write a larger batch_size", kind="not_distributed")


def check_begun_here(way: Distribute) -> None:
    """Raises `BlockError` where every machine has to begin a training, and one alone cannot."""
    if way == "multi_worker":
        message = "multi_worker trains one run by dlcli train, given on every machine, also to go on with it"
        hint = "write distribute: none here, with --allow-config-change where a run is gone on with"
        raise BlockError(("train", "distribute"), message, hint=hint, kind="no_cluster")
