"""What every exporter has: a word, a file, the forms it can take, how it is written, and how it is used without dlcli."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.export.forms import Form

if TYPE_CHECKING:
    import numpy as np

    from dlcli.actions.export.whole import Whole

Arrays = Mapping[str, "np.ndarray[Any, Any]"]
FLOAT = "float"


@dataclass(frozen=True)
class Writing:
    """What a whole is written with: the file, the form of its numbers, and samples of training by input (samples, …)."""

    path: Path
    variant: str = FLOAT
    representative: Arrays | None = None


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """A format. `write` raises what its libraries raise where they cannot hold an operation."""

    word: str
    """What `--format` calls it."""
    file: str
    """The file, or folder, of the model."""
    forms: Sequence[Form]
    """The forms it can take data in, the one that does most first."""
    write: Callable[[Whole, Writing], Whole]
    """Gives the whole as it was written, whose inputs may be others."""
    opened: Callable[[Path], None]
    """Opens what was written in this process, as far as to see that every operation is there."""
    imports: Sequence[str]
    """The lines that its example imports."""
    loading: Sequence[str]
    """The lines that load it, from `folder`."""
    answering: Sequence[str]
    """The lines of `answers(inputs)`, which takes arrays (samples, …) by name and gives arrays by name."""
    install: str
    """The packages that the example needs."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """The packages that writing and checking need, each with its extra."""
    variants: Sequence[str] = (FLOAT,)
    """How numbers may be kept."""
    dtypes: Mapping[str, str] = field(default_factory=dict)
    """Types that its arrays have under other names."""

    def folder(self, variant: str) -> str:
        """The name of the folder of an artefact."""
        return self.word if variant == FLOAT else f"{self.word}-{variant}"
