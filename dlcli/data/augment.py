"""Augmentation: layers of Keras that change training batches at random, by seed, epoch and step alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlcli.data.schema import Schema
from dlcli.errors import BlockError
from dlcli.spec import Facts, KerasObject

IMAGE = ["height", "width"]
MIXING = frozenset({"CutMix", "MixUp"})
"""Layers that mix the labels of samples with their images."""


class Augmentation:
    """The layers, applied to the inputs that are images, or to all inputs where none is.

    A target that is an image too (a mask) is moved with its image. What is drawn is a function of the seed, the epoch and
    the step within it, so that no state has to be kept.
    """

    def __init__(self, blocks: Sequence[KerasObject], schema: Schema, *, seed: int, facts: Facts) -> None:
        self.seed, self.layers = seed, [built(block, number, facts) for number, block in enumerate(blocks)]
        images = [each.name for each in schema.inputs if each.axes[1:3] == IMAGE]
        self.inputs = images or [each.name for each in schema.inputs]
        self.beside = self.moved_target(blocks, schema) if images else None

    def moved_target(self, blocks: Sequence[KerasObject], schema: Schema) -> str | None:
        """The target that changes with the images: a mask, or one-hot classes under a layer that mixes samples."""
        masks = [each.name for each in schema.targets if each.axes[1:3] == IMAGE]
        one_hot = [each.name for each in schema.targets if each.encode == "one_hot"]
        mixing = [number for number, block in enumerate(blocks) if block.name in MIXING]
        if mixing and (not one_hot or len(mixing) < len(blocks)):
            block = blocks[mixing[0]]
            raise BlockError(
                ("data", "augment", mixing[0], block.written),
                f"{block.written} mixes samples with their labels, which needs a one-hot target and no other layer beside it",
                hint="write data.target: {column: …, encode: one_hot} with loss: categorical_crossentropy",
            )
        return next(iter(one_hot if mixing else masks), None)

    def __call__(
        self, inputs: Mapping[str, Any], targets: Mapping[str, Any], epoch: Any, step: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """A batch of prepared inputs, and of targets, augmented; `epoch` and `step` count from 0."""
        import tensorflow as tf

        inputs, targets = dict(inputs), dict(targets)
        for number, layer in enumerate(self.layers):
            for name in self.inputs:
                for place, state in enumerate(states(layer)):
                    # Every generator of every layer starts from a seed of its own.
                    key = [
                        self.seed + 7919 * number + place,
                        tf.cast(epoch, tf.int64) * 1_000_003 + tf.cast(step, tf.int64),
                    ]
                    state.assign(tf.cast(tf.stack([tf.cast(each, tf.int64) for each in key]), state.dtype))
                beside = self.beside if name == self.inputs[0] else None
                if beside is None:
                    inputs[name] = layer(inputs[name], training=True)
                    continue
                target = targets[beside]
                key_of = "labels" if type(layer).__name__ in MIXING else "segmentation_masks"
                given = target if key_of == "labels" else with_channel(target, inputs[name])
                made = layer({"images": inputs[name], key_of: given}, training=True)
                inputs[name] = made["images"]
                targets[beside] = tf.cast(tf.reshape(made[key_of], tf.shape(target)), target.dtype)
        return inputs, targets


def with_channel(mask: Any, image: Any) -> Any:
    """A mask (samples, height, width) with the channel axis that Keras's layers expect."""
    import tensorflow as tf

    return mask[..., tf.newaxis] if len(mask.shape) < len(image.shape) else mask


def built(block: KerasObject, number: int, facts: Facts) -> Any:
    """One layer. Raises `BlockError` at its place."""
    try:
        return block.build(facts)
    except Exception as error:
        message = f"{block.written}: {str(error).splitlines()[0]}"
        raise BlockError(("data", "augment", number, block.written), message) from error


def states(layer: Any) -> list[Any]:
    """The states of the random generators in a layer."""
    return [each for each in layer.variables if tuple(each.shape) == (2,) and "seed" in each.path]
