"""The scale of a target of numbers: it is learnt in another unit than its own, in which everything is reported."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from dlcli.spec.block import Spec

Kind: TypeAlias = Literal["standard", "log", "log1p", "minmax"]


class Scale(Spec):
    """From a column's own unit to that which is learnt: its logarithm if it is one, less `shift`, by `factor`.

    Both have a number for each column of a vector, or one. `functions` that it is reckoned with are numpy or keras.ops.
    """

    kind: Kind
    shift: list[float]
    factor: list[float]

    @property
    def numbers(self) -> tuple[Any, Any]:
        """Shift and factor (columns,) in 32 bits."""
        import numpy as np

        return np.asarray(self.shift, np.float32), np.asarray(self.factor, np.float32)

    def learnt(self, own: Any, functions: Any) -> Any:
        """Values (…, columns) in own units as they are learnt."""
        if self.kind == "log":
            own = functions.log(own)
        elif self.kind == "log1p":
            own = functions.log1p(own)
        shift, factor = self.numbers
        return (own - shift) / factor

    def own(self, learnt: Any, functions: Any) -> Any:
        """Values (…, columns) as they are learnt in own units."""
        shift, factor = self.numbers
        values = learnt * factor + shift
        if self.kind == "log":
            return functions.exp(values)
        return functions.expm1(values) if self.kind == "log1p" else values
