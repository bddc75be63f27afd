"""Names that a metric cannot have: they stand for something else in the history, or for nothing."""

from __future__ import annotations

import pytest

from dlcli.config.catalogue import keras_catalogue
from dlcli.loss.metric_fit import metric_mistakes
from dlcli.loss.target_loss import Head


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("val_loss", "no metric can be called 'val_loss': val_ stands before the values of the validation split"),
        ("val_right", "no metric can be called 'val_right': val_ stands before the values of the validation split"),
        ("loss", "two values would be called 'loss'"),
        ("learning_rate", "no metric can be called 'learning_rate'"),
        ("", "no metric can be called ''"),
        ("accuracy", "two values would be called 'accuracy'"),
        ("value", None),
        ("loss_of_mine", None),
    ],
)
def test_a_metric_cannot_be_called_what_is_something_else(name: str, message: str | None) -> None:
    catalogue = keras_catalogue()
    loss = catalogue.read("losses", "sparse_categorical_crossentropy")
    named = catalogue.read("metrics", {"SparseTopKCategoricalAccuracy": {"k": 2, "name": name}})
    mistakes = metric_mistakes(Head(None, loss, [catalogue.read("metrics", "accuracy"), named]))
    assert [(each.message, each.path) for each in mistakes] == ([(message, ("metrics", 1))] if message else [])
