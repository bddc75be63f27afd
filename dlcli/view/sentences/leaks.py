"""The words for a score that is too good to be true."""

from __future__ import annotations

from dlcli.view.sentences.sentence import Facts, first_of, listed


def suspiciously_good(facts: Facts) -> str:
    if facts["leak"] == "looks_ahead":
        return looks_ahead(facts)
    little = f"{facts['left']:.1%} of the trivial {facts['split']} loss is left"
    if facts["leak"] in STANDS_IN_TRAINING:
        if facts["leak"] == "same_rows":
            copies = f"{facts['copies']} of {facts['samples']} validation samples stand in training too"
        else:
            windows = f"{facts['shared']:,} of {facts['windows']:,} windows of validation"
            copies = f"{windows} {held_by_training(facts)}"
        return f"{little}, and {copies}" if facts["left"] < 1 else copies
    if facts["leak"] == "target_is_a_sum":
        return f"{little}, and inputs make up the target: a leak, unless it is made of nothing else"
    if facts["leak"] == "input_is_a_part":
        is_part = "is a part" if len(facts["columns"]) == 1 else "are parts"
        return f"{little}, and {listed([*facts['columns']])} {is_part} of '{facts['target']}'"
    gives = "gives" if len(facts["columns"]) == 1 else "give"
    return f"{little}, and {listed(facts['columns'])} {gives} the target away"


def held_by_training(facts: Facts) -> str:
    """What windows share with those of training."""
    return f"hold {'text' if facts.get('then') == 'text' else 'rows'} that training windows hold too"


STANDS_IN_TRAINING = frozenset({"same_rows", "overlapping_windows"})


def looks_ahead(facts: Facts) -> str:
    names = [f"'{each['layer']}'{WAYS.get(each['way'], '')}" for each in facts["layers"]]
    who = first_of(names) if names else "the model"
    look = "look" if len(names) > 1 else "looks"
    stands = f"the answer at a step changes with what stands behind it in {listed(facts['inputs'])}"
    return f"{stands}: {who} {look} ahead, and what stands there is the target"


WAYS = {
    "mask": " (attention without use_causal_mask)",
    "padding": " (padding: same)",
    "both_ways": " (both ways)",
    "backwards": " (go_backwards)",
}


def suspicious_title(facts: Facts) -> str:
    if facts["leak"] == "looks_ahead":
        return "the model reads its answer"
    good = facts["leak"] not in STANDS_IN_TRAINING or facts["left"] <= 0.15
    return "suspiciously good" if good else "validation stands in training"
