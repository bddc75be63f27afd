"""The words for what a check says of a configuration."""

from __future__ import annotations

from dlcli.view.console.tables import number
from dlcli.view.sentences.sentence import Facts, Sentence, first_of
from dlcli.view.sentences.verdict import exploding_gradients, vanishing_gradients


def batch(facts: Facts) -> str:
    """What the loss did on one batch."""
    losses = f"the loss went from {number(facts['first'])} to {number(facts['last'])}"
    return f"on {facts['samples']} samples alone {losses} in {facts['steps']} steps"


def beside_constant(facts: Facts) -> str:
    """What the loss did on one batch, and what one answer for all costs where that is less than the first loss."""
    constant = facts.get("constant")
    less = constant is not None and constant < facts["first"]
    return batch(facts) + (f"; one answer for all of them costs {number(constant)}" if less else "")


def can_learn(facts: Facts) -> str:
    learnt = (
        f"{facts['samples']} samples are memorized in {facts['steps']} steps" if facts["memorized"] else batch(facts)
    )
    slowly = (
        ", which is slow: --lr tells whether another rate is quicker" if facts["memorized"] and facts["slowly"] else ""
    )
    return f"{learnt}{slowly}, and gradients arrive at every layer"


def cannot_fit_batch(facts: Facts) -> str:
    if facts["why"] == "linear":
        return f"{batch(facts)}; the model is a linear one"
    low, high = facts["ends"]
    reach = f"{facts['activation']} of {facts['layer']} puts out {low:g} to {high:g}"
    if facts["why"] == "scores":
        return f"{batch(facts)}; {reach}, where even the surest right scores cost {number(facts['floor'])}"
    least, most = facts["targets"]
    return f"{batch(facts)}; {reach}, and '{facts['target']}' goes from {number(least)} to {number(most)}"


def cannot_memorize(facts: Facts) -> str:
    why = "; samples with the same inputs have other targets" if facts.get("why") == "contradictory" else ""
    return f"{beside_constant(facts)}{why}"


def drowned_in_noise(facts: Facts) -> str:
    names = ", ".join(facts["layers"])
    went = f"{facts['steps']} steps on one batch lower the loss from {number(facts['first'])} to {number(facts['quiet'])} without"
    return f"{went} the noise of {names}, and to {number(facts['noisy'])} with it"


def first_loss_not_finite(facts: Facts) -> str:
    return f"the loss of the untrained model is {facts['measured']}: {facts['seen']}; {facts['hint']}"


def first_loss_far(facts: Facts) -> str:
    expected = f"{number(facts['expected'])} ({facts['formula']})"
    return f"the first loss is {number(facts['measured'])}; at chance it would be {expected}"


def no_gradient(facts: Facts) -> str:
    layers = facts["layers"]
    names = ", ".join(layers[:4]) + (", …" if len(layers) > 4 else "")
    behind = facts.get("behind")
    return f"no gradient arrives at {names}: {'what follows' if behind is None else behind} lets nothing through"


def nothing_to_learn(facts: Facts) -> str:
    if not facts["weights"]:
        return "the model has no weights that are trained, so that its loss stays what it is"
    return f"the untrained model answers a batch perfectly: its loss is {number(facts['first'])}"


def steps_too_long(facts: Facts) -> str:
    return f"{batch(facts)}, up to {number(facts['most'])} on the way"


def target_beside_batch(facts: Facts) -> str:
    spreads = [f"'{name}' deviates by {number(deviation)}" for name, deviation in facts["targets"].items()]
    answer = "" if facts["constant"] is None else f", and one answer for all would cost {number(facts['constant'])}"
    return f"{first_of(spreads, more='more targets')}; {batch(facts)}{answer}"


SENTENCES = {
    "can_learn": Sentence("can learn", can_learn),
    "cannot_fit": Sentence("the model cannot fit the data", cannot_fit_batch),
    "cannot_memorize": Sentence("one batch cannot be memorized", cannot_memorize),
    "drowned_in_noise": Sentence(
        "hardly anything is learnt in the noise",
        drowned_in_noise,
        "lower the rate of dropout, or the deviation of noise",
    ),
    "exploding_gradients": Sentence("gradients explode", exploding_gradients),
    "first_loss_far": Sentence("first loss far above chance", first_loss_far),
    "first_loss_not_finite": Sentence(
        "the first loss is no finite number",
        first_loss_not_finite,
    ),
    "memorizes_slowly": Sentence("one batch is not memorized in time", beside_constant),
    "no_gradient": Sentence("layers without a gradient", no_gradient),
    "nothing_to_learn": Sentence("there is nothing to learn", nothing_to_learn),
    "rate_too_high": Sentence("learning rate too high", steps_too_long),
    "rate_too_low": Sentence("learning rate too low", batch),
    "target_far_from_scale": Sentence("target far from unit scale", target_beside_batch),
    "vanishing_gradients": Sentence("gradients vanish", vanishing_gradients),
}
