"""The preparation `pca`: a turn to principal axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from dlcli.data.preparation.moments import Moments
from dlcli.data.preparation.own import OwnPreparation

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np


class Pca(OwnPreparation):
    """A turn to principal axes: centres, rotates so that the axes no longer go together, and scales each to variance 1.

    It acts on the last axis. Source: K. Pearson, On lines and planes of closest fit (1901).
    """

    word: ClassVar[str] = "pca"

    components: Annotated[int, Field(ge=1)] | None = None
    """How many axes are kept, those of the greatest variance; by default all."""
    whiten: bool = True
    """Whether each axis is scaled to variance 1."""

    def fitted(self, batches: Iterable[np.ndarray[Any, Any]]) -> Any:
        """The layer of Keras that turns (…, features) to (…, components), learnt from arrays of that shape.

        It counts in 64 bits, so that the result in 32 bits does not depend on how samples are batched. Raises `ValueError`
        for more components than there are features.
        """
        import keras
        import numpy as np

        mean, covariance = moments(batches)
        components = self.components or len(mean)
        if components > len(mean):
            raise ValueError(f"there are {len(mean)} features, so at most {len(mean)} components, found {components}")
        variances, axes = np.linalg.eigh(covariance)
        variances, axes = variances[::-1][:components], axes[:, ::-1][:, :components]
        # An axis may point either way: its largest part is made positive.
        axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), range(components)])
        if self.whiten:
            axes = axes / np.sqrt(np.maximum(variances, SMALLEST * max(float(variances[0]), SMALLEST)))
        layer = keras.layers.Dense(components, dtype="float64", trainable=False)
        layer.build((None, len(mean)))
        layer.set_weights([axes, -mean @ axes])
        return layer


SMALLEST = 1e-12
"""Share of the greatest variance below which an axis is taken for constant and not blown up."""


def moments(batches: Iterable[np.ndarray[Any, Any]]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Mean (features,) and covariance (features, features) of arrays (…, features), batch by batch in 64 bits."""
    import numpy as np

    seen = Moments(together=True)
    for batch in batches:
        values = np.asarray(batch, np.float64).reshape(-1, batch.shape[-1])
        mean = values.mean(axis=0)
        centred = values - mean
        seen.add(mean, centred.T @ centred, len(values))
    return seen.mean, seen.scatter / seen.count
