"""What every preparation of dlcli's own has: a word, and a way to become a layer of Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.spec import Named

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np


class OwnPreparation(Named):
    """A preparation that Keras does not have."""

    @property
    def written(self) -> str:
        """Its name as the person wrote it."""
        return self.word

    def fitted(self, batches: Iterable[np.ndarray[Any, Any]]) -> Any:
        """The layer of Keras that it is, learnt from arrays (samples, …). Raises `ValueError` for what it cannot prepare."""
        raise NotImplementedError
