"""The words for what looks wrong in the weights of a trained model."""

from __future__ import annotations

from dlcli.view.sentences.sentence import Facts, Sentence


def broken_weights(facts: Facts) -> str:
    return f"{facts['not_finite']:,} weights of {facts['layer']} are not finite"


def dead_in_layer(facts: Facts) -> str:
    return f"{facts['dead']} of {facts['units']} units of {facts['layer']} are 0 for every sample"


SENTENCES = {
    "broken_weights": Sentence("broken", broken_weights),
    "dead_units": Sentence("dead", dead_in_layer, "try a lower learning rate, he_normal, or leaky_relu"),
}
