"""The block `weights`: weights that were trained before, with which a training starts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from dlcli.spec import Spec, absolute_path

ENDINGS = (".keras", ".weights.h5")
"""How the name of a file of weights ends."""


NAMED = re.compile(r"[^/\\.][^/\\]*(/[^/\\.][^/\\]*)?")
"""A run's name, or GROUP/MEMBER: no dot before either, which would lead elsewhere."""


def weights_place(value: Any) -> Any:
    """The path made absolute, relative to the file that holds it; a bare word that is no such path is the name of a run, as two
    with a `/` between them are that of a run of a group.
    """
    if not isinstance(value, str):
        return value
    path = Path(absolute_path(value))
    is_word = NAMED.fullmatch(value) is not None and not value.endswith(ENDINGS)
    is_there = path.is_file() or (path / "run.json").is_file()
    return str(value) if is_word and not is_there else str(path)


class StartingWeights(Spec):
    """Weights that were trained before, with which a training starts: all of them, or those of some layers."""

    source: Annotated[str, BeforeValidator(weights_place), Field(min_length=1, alias="from")]
    """A `.keras` or `.weights.h5` file, the folder of a run, or a run's name."""
    layers: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)] | None = None
    """The layers that get theirs, by name; a backbone or submodel counts whole. Without it all layers do."""
