"""What a run keeps of each sample of the split that judges it, so that runs can be compared without their models."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.errors import ArtifactError
from dlcli.runs.folder import Run
from dlcli.runs.manifest import read_recorded, write_recorded

if TYPE_CHECKING:
    import numpy as np

NAME = "samples.npz"
FORM = "form.json"


@dataclass(frozen=True)
class SampleValues:
    """Of each sample of a split (samples,) the value of each metric that is their mean, the loss among them.

    `print_of_split` is the same for the same samples with the same targets in the same order, and for no others.
    """

    split: str
    print_of_split: str
    values: Mapping[str, np.ndarray[Any, Any]]


def save_samples(run: Run, samples: SampleValues) -> None:
    """Writes RUN/samples.npz; what is only yes or no takes a byte a sample, and next to nothing compressed."""
    import numpy as np

    buffer = io.BytesIO()
    form = {"split": samples.split, "print": samples.print_of_split, "names": list(samples.values)}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(FORM, "w") as member:
            member.write(json.dumps(form, ensure_ascii=False).encode())
        for number, values in enumerate(samples.values.values()):
            plain = values.astype(np.float32)
            whole = plain.astype(np.uint8) if np.isin(plain, (0, 1)).all() else plain
            with archive.open(f"{number}.npy", "w") as member:
                np.lib.format.write_array(member, whole, allow_pickle=False)
    write_recorded(run, run.path / NAME, buffer.getvalue())


def read_samples(run: Run) -> SampleValues | None:
    """What `save_samples` wrote; None where nothing was kept or it is damaged."""
    import numpy as np

    try:
        content = io.BytesIO(read_recorded(run, run.path / NAME))
        with zipfile.ZipFile(content) as archive:
            form = json.loads(archive.read(FORM))
            arrays = [
                np.lib.format.read_array(io.BytesIO(archive.read(f"{number}.npy")), allow_pickle=False)
                for number in range(len(form["names"]))
            ]
        named = {name: values.astype(np.float64) for name, values in zip(form["names"], arrays, strict=True)}
        return SampleValues(form["split"], form["print"], named)
    except (ArtifactError, OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
