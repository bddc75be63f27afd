"""The splits of a run on disk: which samples were trained on, watched and kept for the test."""

from __future__ import annotations

import io
import zipfile
import zlib

from dlcli.data import Dataset
from dlcli.errors import ArtifactError, ConflictError
from dlcli.runs import Run
from dlcli.runs.manifest import read_manifest, read_recorded, write_recorded

NAME = "splits.npz"


def save_splits(run: Run, dataset: Dataset) -> None:
    """Writes RUN/splits.npz: by split the rows of its samples in the source, counted from 0."""
    import numpy as np

    buffer = io.BytesIO()
    # As `np.savez_compressed` writes it, but for the level: its 6 takes ten times as long to make the file no smaller.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, samples in dataset.splits.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, samples.rows, allow_pickle=False)
    write_recorded(run, run.path / NAME, buffer.getvalue())


def check_splits(run: Run, dataset: Dataset) -> None:
    """Raises `ConflictError` where the data is split otherwise than it was in training."""
    import numpy as np

    path = run.path / NAME
    if not path.exists() and NAME not in read_manifest(run):
        return
    try:
        with np.load(io.BytesIO(read_recorded(run, path)), allow_pickle=False) as recorded:
            same = set(recorded.files) == set(dataset.splits) and all(
                np.array_equal(recorded[name], samples.rows) for name, samples in dataset.splits.items()
            )
    except (OSError, ValueError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error):
        message = f"{NAME} of '{run.name}' is damaged, so how the data was split is not known"
        raise ArtifactError(message, file=path, hint="train it again", kind="damaged_run") from None
    if not same:
        raise ConflictError(
            f"the data is split otherwise than when '{run.name}' was trained",
            file=path,
            hint="train it again",
            kind="splits_changed",
        )
