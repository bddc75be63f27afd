"""Padding that a layer reads step by step: what it keeps of a text is then what stands behind its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import spread_samples
from dlcli.keras_internals import leaf_layers
from dlcli.training.evidence.gradients import entry_of
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np

LOOKED_AT = 200  # unseen: time alone


@dataclass(frozen=True)
class PaddingRead:
    """The share of the places of all samples that stand behind their end, and the entries of the layers that look up ids."""

    share: float
    entries: tuple[str, ...]


def padding_read(experiment: Experiment) -> PaddingRead | None:
    """What a model reads behind the ends of samples: None of one without a layer that goes step by step, or with masks."""
    import keras
    import numpy as np

    layers = [*leaf_layers(experiment.model)]
    tables = [each for each in layers if isinstance(each, keras.layers.Embedding)]
    steps = any(isinstance(each, keras.layers.RNN | keras.layers.Bidirectional) for each in layers)
    entries = [entry_of(experiment, each) for each in tables if not each.mask_zero]
    if not steps or not entries or len(entries) < len(tables):
        return None
    feed = experiment.splits["train"]
    inputs, _ = feed.take(spread_samples(len(feed), LOOKED_AT))
    ids = [each for each in map(np.asarray, inputs.values()) if each.ndim == 2 and each.dtype.kind in "iuf"]
    share = max((behind_the_end(each) for each in ids), default=0.0)
    return PaddingRead(share, tuple(each for each in entries if each is not None)) if share else None


def behind_the_end(ids: np.ndarray[Any, Any]) -> float:
    """The share of the places of ids (samples, places) that are 0 up to the last one."""
    import numpy as np

    return float((np.cumsum(ids[:, ::-1] != 0, axis=1) == 0).mean())
