"""`sample`: a draw from a normal distribution that can be learnt through (Kingma and Welling, https://arxiv.org/abs/1312.6114)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from dlcli.errors import BlockError, TreePath
from dlcli.layers.from_key import From, Name, Names
from dlcli.layers.stack import Entry, Graph
from dlcli.spec import Named


class Sample(Named):
    """Draws mean + exp(log_variance / 2) · noise while training, and is the mean otherwise."""

    word: ClassVar[str] = "sample"
    example: ClassVar[str] = (
        "Dense: {units: 2, name: mean}\n"
        "Dense: {units: 2, name: log_variance}\n"
        "sample: {from: [mean, log_variance], name: code}"
    )
    stacks: ClassVar[tuple[str, ...]] = ()
    names: ClassVar[Names] = "outer"
    ends_inside: ClassVar[bool] = False
    parts: ClassVar[Sequence[tuple[TreePath, Sequence[Entry]]]] = ()

    takes: From
    """The mean and the logarithm of the variance, two layers of one shape."""
    name: Name = None
    """What the draw is called."""

    def connect(self, taken: Any, *, graph: Graph, path: TreePath) -> Any:
        """Puts the draw behind its two layers. Raises `BlockError` for other than two of one shape."""
        import keras

        place = (*path, self.word)
        tensors = taken if isinstance(taken, list) else [taken]
        shapes = [tuple(tensor.shape[1:]) for tensor in tensors]
        if len(tensors) != 2 or shapes[0] != shapes[1]:
            found = " and ".join(map(str, shapes)) if len(tensors) > 1 else "one layer"
            message = f"sample draws from a mean and a log variance of one shape, and takes {found}"
            raise BlockError((*place, "from"), message, hint="write from: [MEAN, LOG_VARIANCE]", kind="layer_refuses")
        mean, log_variance = tensors
        # Without training GaussianNoise leaves its zeros as they are, so that the mean is what comes out.
        noise = keras.layers.GaussianNoise(1.0, name=graph.free_name(f"{self.name or self.word}_noise"))
        ops = keras.ops
        drawn = graph.call(noise, graph.operate(ops.zeros_like, mean, path=path), path, self.word)
        deviation = graph.operate(ops.exp, graph.operate(ops.multiply, log_variance, 0.5, path=path), path=path)
        spread = graph.operate(ops.multiply, deviation, drawn, path=path)
        return graph.operate(ops.add, mean, spread, path=path, name=self.name)
