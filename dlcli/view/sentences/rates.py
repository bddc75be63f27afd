"""What the verdict says of learning rates: too high, too low, ended."""

from __future__ import annotations

from dlcli.view.console.tables import number
from dlcli.view.sentences.sentence import Facts


def rate_too_high(facts: Facts) -> str:
    train = f"the training loss went from {number(facts['first'])} to {number(facts['last'])}"
    least = (
        f", down to {number(facts['least'])} on the way" if facts["least"] < min(facts["first"], facts["last"]) else ""
    )
    dead = "; units died on the way" if "dead" in facts["signs"] else ""
    stands = {"back": ", and is back where the constant answer is", "above": ", never as low as the constant answer"}
    stands["sure"] = ", and answers on validation are as sure where they are wrong"
    back = next((words for sign, words in stands.items() if sign in facts["signs"]), "")
    tested = "" if facts["proposed"] is None else f"; the range test proposes {facts['proposed']:g}"
    settled = (
        ""
        if facts["lower"] is None
        else f", at which some steps more come to {number(facts['lower'])} and not {number(facts['same'])}"
    )
    return f"{train}{least} at a rate of {facts['rate']:g}{back}{dead}{tested}{settled}"


def rate_too_low(facts: Facts) -> str:
    train = f"the training loss went from {number(facts['first'])} to {number(facts['last'])}"
    tested = "" if facts["proposed"] is None else f"; the range test proposes {facts['proposed']:g}"
    cut = "" if facts["cut"] is None else f", with gradients that are cut to {facts['cut']:g}"
    return f"{train} at a rate of {facts['rate']:g}{cut}{tested}"


def rate_too_low_title(facts: Facts) -> str:
    return "learning rate too low" if facts.get("cut") is None else "steps too short"


def schedule_ended(facts: Facts) -> str:
    rate = f"the learning rate fell from {facts['largest']:.3g} to {facts['rate']:.3g}"
    further = facts.get("further")
    if further is not None:
        same, other = map(number, further)
        return f"{rate}; some steps more at the first of these come to a loss of {other}, and at the last to {same}"
    return f"{rate}, and the training loss stands at {number(facts['last'])}: {facts['left']:.0%} of the trivial loss is left"
