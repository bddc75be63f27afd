"""Step 3, the loss and the metrics: what they need as target and prediction, and whether the four steps fit together."""

from __future__ import annotations

from typing import Annotated

from dlcli.loss.metrics import (
    Direction,
    Ends,
    build_metrics,
    direction_of,
    ends_of,
    metric_name,
    metric_values,
    value_names,
)
from dlcli.loss.needs import labels_of, logits, needs, reads_probabilities, reads_scores, smoothing
from dlcli.spec import KerasObject, keras_thing

__all__ = [
    "Direction",
    "Ends",
    "Loss",
    "Metric",
    "build_metrics",
    "direction_of",
    "ends_of",
    "labels_of",
    "logits",
    "metric_name",
    "metric_values",
    "needs",
    "reads_probabilities",
    "reads_scores",
    "smoothing",
    "value_names",
]

Loss = Annotated[KerasObject, keras_thing("losses")]
Metric = Annotated[KerasObject, keras_thing("metrics")]
