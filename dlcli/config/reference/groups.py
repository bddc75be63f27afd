"""The names of a kind in groups that a person would look for them in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.gallery import FOLDERS, templates
from dlcli.data.sources import SOURCES
from dlcli.data.sources.source import Origin

LAYERS = (
    "dense and embedding",
    "activation",
    "convolution",
    "pooling",
    "recurrent, and over time",
    "attention",
    "normalization",
    "regularization",
    "merging",
    "shape",
    "numbers, names and text",
    "sound",
    "images",
)
"""The groups of layers in the order in which they are listed; the trait `group` of a layer is one of them."""
FAMILY = re.compile(r"ConvNeXt|DenseNet|EfficientNetV2|EfficientNet|Inception|MobileNet|NASNet|ResNet|VGG|Xception")
OPERATIONS = {
    "numpy": "arithmetic and shapes",
    "nn": "of networks",
    "math": "transforms and sequences",
    "linalg": "linear algebra",
    "image": "images",
    "core": "kinds of numbers",
}
"""The groups of operations by the module of Keras that they come from."""
FOR_LABELS = {
    "classes": "for class indices",
    "one_hot": "for one-hot vectors",
    "binary": "for two classes, or several yes-or-no",
    "numbers": "for numbers and others",
    "any": "for targets of their own form",
    "nothing": "without a target",
}
ANY_FORM = "for classes of any form"
ORDER = ("to begin with", *LAYERS, ANY_FORM, *FOR_LABELS.values(), *Origin, *OPERATIONS.values())
"""Groups whose order says something; others stand behind them in the order of the alphabet."""


def layer_group(name: str) -> str:
    """What a layer is for."""
    return str(keras_catalogue().kinds["layers"][name]["traits"]["group"])


def operation_group(name: str) -> str:
    """The part of mathematics that an operation belongs to."""
    module, _ = keras_catalogue().kinds["operations"][name]["traits"]["class"]
    return OPERATIONS[module.rpartition(".")[2]]


def family(name: str) -> str:
    """The family of a backbone."""
    found = FAMILY.match(name)
    return found[0] if found else "other"


def loss_group(name: str) -> str:
    """What a loss needs as target."""
    return FOR_LABELS[keras_catalogue().kinds["losses"][name]["traits"]["target"]]


def metric_group(name: str) -> str:
    """What a metric needs as target; `accuracy` reads what the loss reads."""
    if name == "Accuracy":
        return ANY_FORM
    target = keras_catalogue().kinds["metrics"][name]["traits"]["target"]
    return FOR_LABELS["numbers" if target == "any" else target]


def source_group(word: str) -> str:
    """Where the data of a source comes from."""
    return SOURCES[word].origin


def folder_of(template: str) -> str:
    """The folder of the gallery that a template is in."""
    folder = templates()[template].parent
    return "to begin with" if folder in FOLDERS else folder.name


GROUPS: Mapping[str, Callable[[str], str]] = {
    "layers": layer_group,
    "augmentations": layer_group,
    "preparations": lambda name: layer_group(name) if name in keras_catalogue().kinds["layers"] else "dlcli's own",
    "applications": family,
    "losses": loss_group,
    "operations": operation_group,
    "metrics": metric_group,
    "sources": source_group,
    "templates": folder_of,
}
"""By kind, the group of a name; the other kinds are short."""


def ungrouped(name: str) -> str:
    """The group of what stands in none."""
    return ""


def grouped(kind: str, names: Sequence[str]) -> dict[str, list[str]]:
    """The names of a kind by group, the groups in the order above."""
    group = GROUPS.get(kind, ungrouped)
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(group(name), []).append(name)
    order = {title: place for place, title in enumerate(ORDER)}
    return dict(sorted(found.items(), key=lambda each: order.get(each[0], len(order))))
