"""What a run keeps of each sample of the split that judges it, so that runs can be compared without their models."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.errors import ArtifactError
from dlcli.runs.folder import Run
from dlcli.runs.manifest import read_recorded, write_recorded

if TYPE_CHECKING:
    import numpy as np

NAME = "samples.npz"
FORM = "form.json"
ROUNDED = 1e-5
"""So much of their length vectors differ where only their rounding does."""
Projected: TypeAlias = Sequence[float]
"""What stands for all values of a target."""


@dataclass(frozen=True)
class SampleValues:
    """Of each sample of a split (samples,) the value of each metric that is their mean, the loss among them.

    `print_of_split` is the same for the same samples with the same targets in the same order, and for no others. Numbers that
    are learnt at another scale give another one: then `print_of_rows` and the `targets` as `Projected` tell.
    """

    split: str
    print_of_split: str
    values: Mapping[str, np.ndarray[Any, Any]]
    print_of_rows: str = ""
    targets: Mapping[str, Projected] = field(default_factory=dict)
    weights: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    """The weight (samples,) of each sample in the mean, of those metrics that count places, of which a sample has several."""

    def mean(self, name: str) -> float:
        """The value of a metric over all samples."""
        import numpy as np

        return float(np.average(self.values[name], weights=self.weights.get(name)))

    def same_samples(self, other: SampleValues) -> bool:
        """Whether both are of the same samples with the same targets, in whatever unit these are learnt."""
        if self.split != other.split:
            return False
        if self.print_of_split == other.print_of_split:
            return True
        known = (
            bool(self.targets)
            and self.print_of_rows == other.print_of_rows
            and self.targets.keys() == other.targets.keys()
        )
        return known and all(same_numbers(each, other.targets[name]) for name, each in self.targets.items())


def projected(values: np.ndarray[Any, Any]) -> Projected:
    """The length of all values of a target as one vector, and how far it goes in two directions drawn by chance, the same for
    all of a size: what tells two apart where each was rounded in another way."""
    import numpy as np

    flat = np.nan_to_num(values.astype(np.float64)).ravel()
    generator = np.random.default_rng(0)
    signs = (1.0 - 2.0 * generator.integers(2, size=flat.size, dtype=np.int8) for _ in range(2))
    return [float(np.linalg.norm(flat)), *(float(each @ flat) for each in signs)]


def same_numbers(first: Projected, second: Projected) -> bool:
    """Whether two vectors are the same but for the rounding of 32 bits."""
    return all(abs(one - other) <= ROUNDED * max(first[0], second[0]) for one, other in zip(first, second, strict=True))


def save_samples(run: Run, samples: SampleValues) -> None:
    """Writes RUN/samples.npz; what is only yes or no takes a byte a sample, and next to nothing compressed."""
    import numpy as np

    buffer = io.BytesIO()
    form: dict[str, Any] = {"split": samples.split, "print": samples.print_of_split, "names": list(samples.values)}
    form |= {"rows": samples.print_of_rows, "targets": samples.targets, "weights": list(samples.weights)}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(FORM, "w") as member:
            member.write(json.dumps(form, ensure_ascii=False).encode())
        for number, values in enumerate([*samples.values.values(), *samples.weights.values()]):
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
                for number in range(len(form["names"]) + len(form.get("weights", [])))
            ]
        arrays = [each.astype(np.float64) for each in arrays]
        named = dict(zip(form["names"], arrays, strict=False))
        weights = dict(zip(form.get("weights", []), arrays[len(named) :], strict=True))
        return SampleValues(form["split"], form["print"], named, form.get("rows", ""), form.get("targets", {}), weights)
    except (ArtifactError, OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
