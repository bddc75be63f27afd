"""Names and calls as Python and other libraries write them, and how a configuration writes the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

CALL = re.compile(r"(?P<name>[\w.]+)\s*\((?P<arguments>.*)\)", re.DOTALL)
ONE_OF_SEVERAL = "sparse_categorical_crossentropy (one of several classes) or binary_crossentropy (yes or no)"
ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "layers": {
        "linear": "Dense: {units: 10}",
        "fc": "Dense: {units: 10}",
        "fullyconnected": "Dense: {units: 10}",
        "batchnorm": "BatchNormalization",
        "batchnorm1d": "BatchNormalization",
        "batchnorm2d": "BatchNormalization",
        "layernorm": "LayerNormalization",
        "conv": "Conv2D: {filters: 32, kernel_size: 3}",
        "maxpool1d": "MaxPooling1D",
        "maxpool": "MaxPooling2D",
        "maxpool2d": "MaxPooling2D",
        "avgpool2d": "AveragePooling2D",
        "adaptiveavgpool2d": "GlobalAveragePooling2D",
        "dropout2d": "SpatialDropout2D: 0.2",
        "multiheadattention": "MultiHeadAttention",
    },
    "losses": {
        "cross_entropy": ONE_OF_SEVERAL,
        "crossentropy": ONE_OF_SEVERAL,
        "crossentropyloss": ONE_OF_SEVERAL,
        "nll": ONE_OF_SEVERAL,
        "nllloss": ONE_OF_SEVERAL,
        "log_loss": ONE_OF_SEVERAL,
        "logloss": ONE_OF_SEVERAL,
        "softmax": ONE_OF_SEVERAL,
        "bceloss": "binary_crossentropy",
        "bce_loss": "binary_crossentropy",
        "bcewithlogitsloss": "BinaryCrossentropy: {from_logits: true}",
        "mseloss": "mean_squared_error",
        "l2": "mean_squared_error",
        "l1": "mean_absolute_error",
        "l1loss": "mean_absolute_error",
        "smoothl1loss": "Huber",
    },
    "optimizers": {"gradientdescent": "SGD", "gd": "SGD", "momentum": "SGD: {learning_rate: 0.01, momentum: 0.9}"},
    "metrics": {
        "f1": "F1Score: {average: macro}",
        "r2": "R2Score",
        "rmse": "RootMeanSquaredError",
        "roc_auc": "AUC",
    },
}
"""What stands in a configuration for a name of another library, in small letters, by kind."""


def name_of_call(written: str) -> str:
    """The name of a thing that is written as a call."""
    call = CALL.fullmatch(written.strip())
    return written if call is None else call["name"].rpartition(".")[2]


def as_in_yaml(written: str, name: str, arguments: Mapping[str, Any]) -> str | None:
    """A call of Python as a configuration writes it, of a class with these arguments; None of what is no such call."""
    call = CALL.fullmatch(written.strip())
    if call is None:
        return None
    try:
        tree = ast.parse(f"f({call['arguments']})", mode="eval").body
    except (SyntaxError, ValueError):
        return None
    assert isinstance(tree, ast.Call)
    given = dict(zip(arguments, map(yaml_words, tree.args), strict=False))
    given |= {each.arg: yaml_words(each.value) for each in tree.keywords if each.arg is not None}
    return f"{name}: {{{', '.join(f'{key}: {value}' for key, value in given.items())}}}" if given else name


def yaml_words(value: ast.expr) -> str:
    """A value of Python as YAML has it."""
    match value:
        case ast.Constant(value=None):
            return "null"
        case ast.Constant(value=bool() as truth):
            return str(truth).lower()
        case ast.Constant(value=str() as text):
            return text
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return f"[{', '.join(map(yaml_words, items))}]"
    return ast.unparse(value)
