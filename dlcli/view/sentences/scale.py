"""The words for what lies far from unit scale, or far beyond all others."""

from __future__ import annotations

from dlcli.view.console.tables import number
from dlcli.view.sentences.fits import beside_neighbours
from dlcli.view.sentences.sentence import Facts, first_of


def far_values(facts: Facts) -> str:
    shown = [
        f"'{name}' is {number(each['value'])} in row {each['row']:,}"
        f"{more_rows(each['count'] - 1)}, "
        f"where all others lie between {number(each['low'])} and {number(each['high'])}"
        for name, each in facts["columns"].items()
    ]
    return first_of(shown, more="more columns")


def inputs_far_from_scale(facts: Facts) -> str:
    if facts.get("why") == "values":
        return far_values(facts)
    taken = first_of([taken_by_layer(each) for each in facts["inputs"]])
    return f"{taken}; the model {beside_neighbours(facts['beside'])}" if facts.get("beside") else taken


def more_rows(count: int) -> str:
    return f" and far off in {count:,} more" if count else ""


def beside_least(facts: Facts, name: str) -> str:
    least = facts.get("least", {}).get(name)
    return "" if least is None else f", beside numbers that deviate by {number(least)}: of these the loss tells nothing"


def far_title(facts: Facts, what: str) -> str:
    return "values far beyond all others" if facts.get("why") == "values" else f"{what} far from unit scale"


def taken_by_layer(seen: Facts) -> str:
    many = seen.get("features", 1)
    which = f", the farthest of whose {many} features has" if many > 1 else " with"
    spread = f"mean {number(seen['mean'])} and deviation {number(seen['deviation'])}"
    taken = f"{seen['layer']} takes '{seen['input']}'{which} {spread}"
    uneven = seen.get("uneven")
    return f"{taken}, and deviations {number(uneven, digits=2)} times apart" if uneven else taken


def target_far_from_scale(facts: Facts) -> str:
    if facts.get("why") == "values":
        return far_values(facts)
    seen = [
        f"'{name}' has mean {number(facts['means'][name])} and deviation {number(deviation)}{beside_least(facts, name)}"
        for name, deviation in facts["targets"].items()
    ]
    told = first_of(seen, more="more targets")
    if drowned := facts.get("drowned"):
        costs = f"the loss of '{drowned['target']}' is {number(drowned['counts'], digits=2)} of what all cost together"
        return f"{told}; beside it {costs}, and {drowned['left']:.0%} of it is left"
    return f"{told}; the model {beside_neighbours(facts['beside'])}" if facts.get("beside") else told
