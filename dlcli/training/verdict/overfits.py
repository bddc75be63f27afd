"""The validation loss has risen while the training loss went on falling."""

from __future__ import annotations

from dlcli.loss.output import layers_in
from dlcli.training.verdict.story import Advice, Finding, Story

RISE = 1.10
MATERIAL = 0.02
"""A rise counts from this share of the first epoch's loss on: near zero every curve wobbles."""
FEWEST = 3


def overfits(story: Story) -> Finding | None:
    """Seen when, some epochs after its lowest point, the validation loss is 10 % above it and the training loss below."""
    validation, train = story.losses("validation"), story.losses("train")
    if len(validation) < FEWEST + 1:
        return None
    lowest = min(range(len(validation)), key=validation.__getitem__)
    later = len(validation) - 1 - lowest
    if later < FEWEST or validation[-1] < RISE * validation[lowest] or train[-1] >= train[lowest]:
        return None
    if validation[-1] - validation[lowest] < MATERIAL * validation[0]:
        return None
    evidence = (
        f"the validation loss rose from {validation[lowest]:.4g} to {validation[-1]:.4g} "
        f"while the training loss fell from {train[lowest]:.4g} to {train[-1]:.4g}"
    )
    advice = []
    if story.config.train.early_stopping is None:
        advice.append(
            Advice(
                "train.early_stopping",
                None,
                {"monitor": "val_loss", "patience": 5},
                "keeps the weights of the best epoch",
            )
        )
    if not any(layer.keras.name == "Dropout" for layer in layers_in(story.config.layers)):
        advice.append(
            Advice("layers", None, {"Dropout": 0.3}, "a Dropout before the last layer makes the model rely on less")
        )
    return Finding("overfits", evidence, since_epoch=lowest + 2, advice=advice)
