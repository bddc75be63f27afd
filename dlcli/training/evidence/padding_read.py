"""Padding that a layer reads step by step: what it keeps of a sample is then what stands behind its end."""

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
    """The share of the places of all samples that stand behind their end, and the entries of the layers that look up ids.

    Of sequences of numbers there are none; `maskable` says that a mask in front of all layers is one for these alone.
    """

    share: float
    entries: tuple[str, ...]
    numbers: bool = False
    maskable: bool = False


def padding_read(experiment: Experiment) -> PaddingRead | None:
    """What a model reads behind the ends of samples: None of one without a layer that goes step by step, or with masks."""
    import keras
    import numpy as np

    layers = [*leaf_layers(experiment.model)]
    tables = [each for each in layers if isinstance(each, keras.layers.Embedding)]
    steps = any(isinstance(each, keras.layers.RNN | keras.layers.Bidirectional) for each in layers)
    entries = [entry_of(experiment, each) for each in tables if not each.mask_zero]
    if steps and not tables and not any(isinstance(each, keras.layers.Masking) for each in layers):
        return numbers_read(experiment)
    if not steps or not entries or len(entries) < len(tables):
        return None
    feed = experiment.splits["train"]
    inputs, _ = feed.take(spread_samples(len(feed), LOOKED_AT))
    ids = [each for each in map(np.asarray, inputs.values()) if each.ndim == 2 and each.dtype.kind in "iuf"]
    share = max((behind_the_end(each) for each in ids), default=0.0)
    return PaddingRead(share, tuple(each for each in entries if each is not None)) if share else None


def numbers_read(experiment: Experiment) -> PaddingRead | None:
    """What a model without masks reads behind the ends of sequences of numbers: rows of zeros."""
    import numpy as np

    feed = experiment.splits["train"]
    inputs, _ = feed.take(spread_samples(len(feed), LOOKED_AT))
    rows = [(each != 0).any(axis=2) for each in map(np.asarray, inputs.values()) if is_sequence(each)]
    share = max((behind_the_end(each) for each in rows if differ_in_length(each)), default=0.0)
    return PaddingRead(share, (), numbers=True, maskable=len(inputs) == 1) if share else None


def is_sequence(values: np.ndarray[Any, Any]) -> bool:
    """Whether values are those of samples, places and features, as numbers."""
    return values.ndim == 3 and values.dtype.kind == "f"


def differ_in_length(filled: np.ndarray[Any, Any]) -> bool:
    """Whether samples (samples, places) end at different places: what is nowhere else than at the end of all is no padding."""
    import numpy as np

    ends = (np.cumsum(filled[:, ::-1], axis=1) > 0).sum(axis=1)
    return bool(ends.min() < ends.max())


def behind_the_end(ids: np.ndarray[Any, Any]) -> float:
    """The share of the places of ids (samples, places) that are 0 up to the last one."""
    import numpy as np

    return float((np.cumsum(ids[:, ::-1] != 0, axis=1) == 0).mean())
