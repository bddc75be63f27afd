"""Where the configuration of a run names a layer of its model."""

from __future__ import annotations

from contextlib import suppress

from dlcli.errors import BlockError, DlcliError
from dlcli.layers.names import written_layer_name
from dlcli.training.kept.trained import Trained
from dlcli.training.setup.experiment import set_up


def line_of_layer(trained: Trained, name: str) -> tuple[str, int | None]:
    """The file of the configuration, and the line of a layer where it can be told."""
    with suppress(DlcliError):
        config = trained.config_with(())
        built = set_up(config, trained.dataset()).built
        # The same layers in the same order, but Keras may number those without a name on.
        names = [written_layer_name(each.name) for each in trained.model.operations]
        place = built.places.get(built.model.operations[names.index(name)].name) if name in names else None
        if place is not None:
            problem = config.located(BlockError(place, name, kind="format_refuses")).problems[0]
            return problem.file, problem.line
    return str(trained.run.config), None
