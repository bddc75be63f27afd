"""The file of weights that a training starts with: found, checked like every foreign file, and read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.config.starting_weights import ENDINGS, StartingWeights
from dlcli.data.sources.arrays.hdf5 import opened_hdf5
from dlcli.errors import ArtifactError, BlockError
from dlcli.runs import Run
from dlcli.runs.atomic import damage
from dlcli.runs.folder import is_run
from dlcli.runs.places import check_places
from dlcli.runs.standing import no_model, standing_notes
from dlcli.training.kept.model_folder import MODEL
from dlcli.training.kept.untrusted import WEIGHTS, check_model_file, check_weights

if TYPE_CHECKING:
    import numpy as np

PLACE = ("weights", "from")
LAYERS = "layers/"
"""Beneath it files of weights hold the layers of a model."""
Arrays = Mapping[str, "np.ndarray[Any, Any]"]


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights. `notes` are what to know of the run that it is of."""

    path: Path
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeptPart:
    """A part of a model in a file: its name, where the file says it, and its variables by number."""

    name: str | None
    variables: Arrays


def weights_file(block: StartingWeights, *, runs: Path) -> WeightsFile:
    """The file that a block means: itself, or the kept model of a run; `runs` is the folder of runs.

    Raises `BlockError` where there is none, `ArtifactError` for a run that has kept no model or a damaged one.
    """
    path = Path(block.source)
    if path.is_absolute() and not is_run(path):
        if not path.is_file():
            what = "is no run" if path.is_dir() else "is not there"
            hint = (
                f"write a file {' or '.join(f'NAME{each}' for each in ENDINGS)}, the folder of a run, or a run's name"
            )
            raise BlockError(PLACE, f"{path} {what}", hint=hint, kind="missing_file")
        if not path.name.endswith(ENDINGS):
            hint = "save it with Keras as NAME.keras or NAME.weights.h5"
            raise BlockError(PLACE, f"{path.name} is no file of weights that is known", hint=hint, kind="wrong_ending")
        return WeightsFile(path)
    try:
        run = Run(path) if path.is_absolute() else Run.find(runs, block.source)
    except ArtifactError as error:
        hint = f"{error.hint}; or write the path of a file, which counts from the configuration"
        raise BlockError(PLACE, error.message, hint=hint, kind="no_such_run") from None
    check_places(run)
    if not run.model.is_dir():
        raise no_model(run)
    wrong = damage(run.model)
    if wrong:
        raise ArtifactError(f"the model of '{run.name}' is damaged: {wrong[0]}", file=run.model, kind="damaged_model")
    return WeightsFile(run.model / MODEL, tuple(standing_notes(run)))


def kept_parts(path: Path, *, own: Collection[str] = ()) -> dict[str, KeptPart]:
    """The layers of a file of weights and their parts, by their way in it; no code of the file is run.

    `own` are the classes of allowed plugins. Raises `UnsafeError` for a file that holds code or leads elsewhere,
    `ArtifactError` for a damaged one, and for weights that are not finite.
    """
    if path.suffix == ".keras":
        check_model_file(path, own=own)
        with zipfile.ZipFile(path) as archive:
            content = io.BytesIO(archive.read(WEIGHTS) if WEIGHTS in archive.namelist() else b"")
    else:
        content = io.BytesIO(path.read_bytes())
        check_weights(content, path)
    with opened_hdf5(path, content) as file:
        parts = dict[str, KeptPart]()

        def look(way: str, group: Any) -> None:
            # A part is a group that holds a group `vars`, in which its variables have numbers for names.
            if way.startswith(LAYERS) and way.endswith("/vars"):
                name = group.attrs.get("name")
                variables = {key: kept_array(each) for key, each in group.items()}
                parts[way.removesuffix("/vars")] = KeptPart(None if name is None else str(name), variables)

        file.visititems(look)
    check_kept_finite(parts, path)
    return parts


def kept_array(dataset: Any) -> np.ndarray[Any, Any]:
    """A dataset in memory, in the type it had."""
    import ml_dtypes
    import numpy as np

    values: np.ndarray[Any, Any] = np.asarray(dataset)
    return values.view(ml_dtypes.bfloat16) if dataset.attrs.get("dtype") == "bfloat16" else values


def check_kept_finite(parts: Mapping[str, KeptPart], path: Path) -> None:
    """Raises `ArtifactError` for weights with which nothing could be learnt."""
    import numpy as np

    for way, part in parts.items():
        for values in part.variables.values():
            if values.dtype.kind not in "biuOSU" and not np.isfinite(values.astype(np.float32, copy=False)).all():
                raise ArtifactError(
                    f"the weights of '{part.name or way}' in {path.name} are not finite",
                    file=path,
                    hint="start from others",
                    kind="weights_not_finite",
                )
