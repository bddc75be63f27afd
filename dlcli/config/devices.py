"""What `train.devices` may say: a kind of device, or a list of some."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dlcli.spec import Mistake, describe

DEVICE = re.compile(r"(cpu|gpu):(\d{1,3})")
KINDS = ("auto", "cpu", "gpu")


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
        found = "an empty list" if value == [] else describe(value)
        return Mistake(f"'devices' must be {wanted}, found {found}", kind="wrong_type")
    for place, each in enumerate(value):
        if not (isinstance(each, str) and DEVICE.fullmatch(each)):
            message = f"a device is cpu:0, cpu:1, gpu:0, …, found {describe(each)}"
            return Mistake(message, (place,), kind="wrong_type")
        if each in value[:place]:
            return Mistake(f"{each} stands twice in 'devices'", (place,), "leave one out", kind="named_twice")
    return mixed_or_parted(value)


def mixed_or_parted(devices: Sequence[str]) -> Mistake | None:
    """What is wrong with a list of devices, each of which can be one."""
    if len(devices) > 1:
        message = f"training runs on one device, and 'devices' names {len(devices)}"
        return Mistake(message, suggestion="leave all but one out", kind="devices_not_distributed")
    if devices[0].startswith("cpu") and devices[0] != "cpu:0":
        return Mistake("the processor is one device", suggestion="write cpu", kind="parts_of_processor")
    return None
