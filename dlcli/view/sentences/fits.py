"""The words for a model that cannot be what its data asks for."""

from __future__ import annotations

from dlcli.view.console.tables import number
from dlcli.view.sentences.sentence import Facts


def cannot_fit(facts: Facts) -> str:
    if facts["why"] == "zeros":
        zeros = f"{facts['loss']} divides by '{facts['target']}', which is 0 in {facts['share']:.0%} of the samples"
        return f"{zeros}: the loss tells of these alone"
    if facts["why"] in {"range", "scores"}:
        low, high = facts["ends"]
        puts_out = f"{facts['activation']} of {facts['layer']} puts out {low:g} to {high:g}"
        if facts["why"] == "scores":
            surest = f"even the surest right ones of '{facts['target']}' cost {number(facts['floor'])}"
            return f"{puts_out}, and as scores of classes {surest}: the loss cannot fall below that"
        least, most = map(number, facts["targets"])
        target = f"'{facts['target']}'{', scaled,' if facts.get('scaled') else ''}"
        return f"{puts_out}, and {target} goes from {least} to {most}: {facts['beyond']:.0%} of it is out of reach"
    if facts["why"] == "silent":
        return silent_answers(facts)
    if facts.get("dead"):
        one = facts["units"] == 1
        few = f"the only {facts['what'][:-1]}" if one else f"all {facts['units']} {facts['what']}"
        are = "is" if one else "are"
        return f"{few} of {facts['layer']} {are} 0 for every sample: nothing passes to what stands behind"
    if facts["why"] in SIGHT:
        return short_sighted(facts)
    model = (
        "a linear model"
        if facts["why"] == "linear"
        else f"a model with {facts['units']} {facts.get('what', 'units')[:-1]}{'s' * (facts['units'] > 1)} in {facts['layer']}"
    )
    return f"{model} {beside_neighbours(facts)}"


def silent_answers(facts: Facts) -> str:
    """That some answers stay at the end of an activation."""
    what = f"of {facts['units']} {'scores' if facts['classes'] else 'numbers'} of '{facts['target']}' {facts['silent']}"
    stay = f"{'stays' if facts['silent'] == 1 else 'stay'} {facts['value']:g} for every sample"
    return f"{what} {stay}, the end of {facts['activation']} of {facts['layer']}"


SIGHT = {
    "averaged": "{layer} makes one number of places that each see {places} of {size}",
    "alone": "from {layer} on the answer at each of {size} places along an axis is of this place alone",
    "skipped": "{layer} makes one of each {places} of {size} before anything is learnt of them",
    "coarse": "from {layer} on each {places} of {size} places along an axis pass as one to the answers at all of them",
    "forgotten": "{layer} answers by the last of {size} steps, and hardly feels the first ones any more",
}
"""What keeps places of a model from seeing what stands in a sample."""


def short_sighted(facts: Facts) -> str:
    """That a model sees too little, beside what one that sees more comes to."""
    seen = SIGHT[facts["why"]].format(**facts)
    if "known" in facts:
        return f"{seen}: it {beside_neighbours(facts)}"
    other = f"{number(facts['other'])} after {facts['steps']} steps with layers that see more"
    other += f", {number(facts['same'])} with these" if "same" in facts else ""
    return f"{seen}; the validation loss is {number(facts['reached'])}, and {other}"


WHO = {
    "nearest": "the nearest samples alone leave",
    "network": "a small network leaves",
    "last_value": "saying the last value again leaves",
}
"""Who knows more than a model."""


def beside_neighbours(facts: Facts) -> str:
    """What is left of the mistakes of one answer for all, beside what others leave."""
    least = f"{WHO[facts.get('by', 'nearest')]} {facts['known']:.0%}"
    return f"leaves {facts['left']:.0%} of what one answer for all gets wrong, where {least}"
