"""`trainable` of a backbone: all of it, none, from a layer on, or some layers alone (https://keras.io/guides/transfer_learning/)."""

from __future__ import annotations

from typing import Any

from dlcli.errors import BlockError, TreePath
from dlcli.spec import Mistake, describe, did_you_mean, fail

KEY = "trainable"
FROM = "from"
FORMS = "write true, false, {from: LAYER}, or a list of layers"


def check_trainable(value: Any) -> Any:
    """The value of `trainable`, checked as far as it can be without the model. Raises `pydantic.ValidationError`."""
    if isinstance(value, dict) and list(value) == [FROM] and isinstance(value[FROM], str):
        return {FROM: str(value[FROM])}
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return [str(each) for each in value]
    if value is not None and not isinstance(value, bool):
        fail(
            Mistake(
                f"'{KEY}' must be true or false, or name layers, found {describe(value)}",
                suggestion=FORMS,
                kind="wrong_type",
            )
        )
    return value is None or value


def freeze(model: Any, trainable: Any, place: TreePath) -> None:
    """Lets the layers of a backbone learn that are to; `{from: LAYER}` is that one and all behind it, in the order of `inspect`.

    Layers that stay use the statistics that they have learnt. Raises `BlockError` for a layer that the backbone does not
    have, and where nothing of it would learn.
    """
    if isinstance(trainable, bool):
        model.trainable = trainable
        return
    names = [layer.name for layer in model.layers]
    wanted = [trainable[FROM]] if isinstance(trainable, dict) else trainable
    for at, name in enumerate(wanted):
        if name not in names:
            path = (*place, KEY, FROM if isinstance(trainable, dict) else at)
            hint = did_you_mean(name, names) or f"its last ones are: {', '.join(names[-5:])}"
            raise BlockError(path, f"the backbone has no layer '{name}'", hint=hint, kind="no_such_layer")
    learning = names[names.index(wanted[0]) :] if isinstance(trainable, dict) else wanted
    for layer in model.layers:
        layer.trainable = layer.name in learning
    if not model.trainable_weights:
        named, hint = wanted[0], "write trainable: false where none is to learn"
        behind = f"at '{named}' and behind it" if isinstance(trainable, dict) else f"in {', '.join(map(repr, wanted))}"
        last = next((layer.name for layer in reversed(model.layers) if layer.weights), None)
        hint += f"; its last layer with weights is '{last}'" if last else ""
        message = f"there are no weights {behind}, so that nothing of the backbone would learn"
        raise BlockError((*place, KEY), message, hint=hint, kind="nothing_learns")
