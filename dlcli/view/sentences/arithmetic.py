"""The words for what is to be known beside the arithmetic of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def remark_words(code: str, facts: Mapping[str, Any]) -> str:
    """A remark in words."""
    return REMARKS[code].format_map(facts) if code != "size" else size_words(facts)


def size_words(facts: Mapping[str, Any]) -> str:
    """How the size of an axis comes about, as one could reckon it."""
    if facts["transposed"]:
        padded = f" {'−' if facts['cut'] > 0 else '+'} {abs(facts['cut'])}" if facts["cut"] else ""
        reckoned = f"({facts['input']} − 1) ⊙ {facts['stride']} + {facts['window']}{padded}"
    else:
        padded = f" + {facts['padding']}" if facts["padding"] else ""
        reckoned = f"({facts['input']}{padded} − {facts['window']}) / {facts['stride']} + 1"
        over = (facts["input"] + facts["padding"] - facts["window"]) % facts["stride"]
        reckoned = f"{reckoned}, rounded down," if over else reckoned
    return f"size: {reckoned} = {facts['output']}"


REMARKS: Mapping[str, str] = {
    "alone": "each channel by itself",
    "batch_statistics": "while training, mean and variance are those of the batch over axes {axes}",
    "begins": "{names} begin as zeros",
    "begins_given": "{names} begin as what is given",
    "backwards": "from the last step to the first",
    "broadcast": "{name} is broadcast over {over}",
    "causal": "a place attends to none behind it",
    "channels_first": "channels stand before the places, and b belongs to them",
    "dilated": "windows leave gaps: the dilation is {rate}",
    "dropped": "while training; m is 0 with the probability {rate}, else 1; afterwards y = x",
    "each_step": "at each of {steps} steps",
    "element_by_element": "element by element",
    "expanded": "Keras puts axes of 1 behind the batch",
    "groups": "{groups} groups of channels, each by itself",
    "heads": "for each of {heads} heads, each of {queries} queries with each of {keys} keys",
    "heads_summed": "summed over heads and what each puts out",
    "last_state": "the state of the last step",
    "masked_average": "places that the mask leaves out do not count",
    "masked_state": "a step that the mask leaves out changes no state",
    "masked_weights": "a place that the mask leaves out has the weight 0",
    "noisy": "while training; m is drawn from a normal distribution with mean {mean} and deviation {deviation}; "
    "afterwards y = x",
    "nothing_padded": "padded places do not count",
    "only_before": "all padding stands in front, so that a place sees none behind it",
    "rows": "each id picks its row of E",
    "same_weights": "the same weights at each step",
    "shared_heads": "{times} heads share each key and value",
    "unwritten": "its arithmetic is not written here",
}
"""By the code of a remark its words."""
