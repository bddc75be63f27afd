"""Augmentation: layers of Keras that change training batches at random, by seed, epoch and step alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlcli.data.preparation.crops import Size, in_centre, sizes_after
from dlcli.data.preparation.precision import SINGLE, precision
from dlcli.data.schema import Schema
from dlcli.errors import BlockError, TreePath
from dlcli.first_line import reason_of
from dlcli.foreign_error import is_foreign
from dlcli.spec import Facts, KerasObject

IMAGE = ["height", "width"]


class Augmentation:
    """The layers, applied to the inputs that are images, or to all inputs where none is.

    Targets that are images too (masks) are moved with the first of them. What is drawn is a function of the seed, the epoch
    and the step within it, so that no state has to be kept.
    """

    def __init__(self, blocks: Sequence[KerasObject], schema: Schema, *, seed: int, facts: Facts) -> None:
        self.blocks, self.seed = blocks, seed
        with precision(SINGLE):
            self.layers = [augmentation_layer(block, number, facts) for number, block in enumerate(blocks)]
        images = [each.name for each in schema.inputs if each.axes[1:3] == IMAGE]
        self.inputs = images or [each.name for each in schema.inputs]
        self.images = bool(images)
        for number, layer in enumerate(self.layers):
            if not images and moves(layer):
                axes = ", ".join(schema.inputs[0].axes)
                raise BlockError(
                    self.place(number),
                    f"{blocks[number].written} changes images, and '{self.inputs[0]}' has the axes {axes}",
                    hint="images have the axes samples, height, width and channels, which may be one",
                    kind="not_images",
                )
        self.one_hot = self.mixed_targets(schema)
        self.masks = [each.name for each in schema.targets if each.axes[1:3] == IMAGE] if images else []

    def place(self, number: int) -> TreePath:
        """Where a layer stands in the configuration."""
        return ("data", "augment", number, self.blocks[number].written)

    def mixed_targets(self, schema: Schema) -> list[str]:
        """The one-hot targets, which a layer that mixes samples mixes as well.

        Raises `BlockError` where labels cannot be mixed, or where others come behind a layer that mixes.
        """
        one_hot = [each.name for each in schema.targets if each.is_one_hot]
        mixing = [number for number, block in enumerate(self.blocks) if block.traits.get("mixes")]
        if not mixing:
            return []
        written = self.blocks[mixing[0]].written
        if len(one_hot) < len(schema.targets):
            raise BlockError(
                self.place(mixing[0]),
                f"{written} mixes samples with their labels, which needs a one-hot target",
                hint="write data.target: {column: …, encode: one_hot} with loss: categorical_crossentropy",
                kind="mixing_needs_one_hot",
            )
        behind = [number for number in range(mixing[0], len(self.blocks)) if number not in mixing]
        if behind:
            raise BlockError(
                self.place(mixing[0]),
                f"{written} mixes samples with their labels, and {self.blocks[behind[0]].written} comes behind it",
                hint=f"write {written} last",
                kind="mixing_not_last",
            )
        return one_hot

    def crops(self, shapes: Mapping[str, Sequence[int]]) -> dict[str, Size]:
        """By input, of which these are the shapes, the height and width that crops leave; nothing of one that stays whole.

        Raises `BlockError` for a crop that cannot be.
        """
        layers = [(self.layers[number], self.place(number)) for number in self.cropping]
        return sizes_after(layers, {name: shapes[name] for name in self.inputs if layers})

    @property
    def cropping(self) -> list[int]:
        """The layers that crop, by number."""
        return [number for number, block in enumerate(self.blocks) if block.traits.get("crops")]

    def crops_of_masks(self, crops: Mapping[str, Size]) -> dict[str, Size]:
        """By target the height and width that crops of inputs leave of it: those of the pictures that it moves with."""
        size = crops.get(self.inputs[0])
        return {} if size is None else dict.fromkeys(self.masks, size)

    def beside(self, number: int) -> list[str | None]:
        """The targets that change with the first images in a layer: masks that move, or labels that are mixed."""
        if self.blocks[number].traits.get("mixes"):
            return [*self.one_hot]
        return [*self.masks] if moves(self.layers[number]) else []

    def __call__(
        self, inputs: Mapping[str, Any], targets: Mapping[str, Any], epoch: Any, step: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """A batch of prepared inputs, and of targets, augmented; `epoch` and `step` count from 0.

        Crops of inputs stand in the centre of pictures of the size before, for it is their centre that the model looks at; those
        of masks are compared as they are.
        Raises `BlockError` at the layer that cannot change a batch, or changes its shape.
        """
        inputs, targets = dict(inputs), dict(targets)
        whole = {name: inputs[name].shape[1:] for name in self.inputs}
        for number, layer in enumerate(self.layers):
            for name in self.inputs:
                own = self.beside(number) if name == self.inputs[0] else []
                before = inputs[name]
                # Each target is moved by a call of its own, which draws the same.
                for beside in own or [None]:
                    self.start(layer, number, epoch, step)
                    inputs[name], moved = self.changed(number, name, before, beside and targets[beside])
                    if beside is not None:
                        targets[beside] = moved
        for name in self.inputs:
            if inputs[name].shape[1:] != whole[name]:
                inputs[name] = in_centre(inputs[name], whole[name])
        return inputs, targets

    def changed(self, number: int, name: str, values: Any, target: Any) -> tuple[Any, Any]:
        """A batch of an input as a layer changes it, and the target (or None) moved with it.

        Raises `BlockError` where the layer refuses the batch or gives another shape.
        """
        shape, written = tuple(values.shape[1:]), self.blocks[number].written
        mixes = bool(self.blocks[number].traits.get("mixes"))
        try:
            made, moved = applied(self.layers[number], values, target, image=self.images, mixes=mixes)
        except Exception as error:
            if not is_foreign(error):
                raise
            message = f"{written} cannot change '{name}' of shape {shape}: {reason_of(error)}"
            raise BlockError(self.place(number), message, kind="layer_refuses") from error
        if tuple(made.shape[1:]) != shape and not self.blocks[number].traits.get("crops"):
            message = f"{written} makes {tuple(made.shape[1:])} of '{name}' of shape {shape}; it has to stay as it is"
            raise BlockError(self.place(number), message, kind="shape_changed")
        return made, moved

    def start(self, layer: Any, number: int, epoch: Any, step: Any) -> None:
        """Starts every generator of a layer from a seed of its own."""
        import tensorflow as tf

        at = tf.cast(epoch, tf.int64) * 1_000_003 + tf.cast(step, tf.int64)
        for place, state in enumerate(states(layer)):
            own = tf.constant(self.seed + 7919 * number + place, tf.int64)
            state.assign(tf.cast(tf.stack([own, at]), state.dtype))


def applied(layer: Any, values: Any, target: Any, *, image: bool, mixes: bool) -> tuple[Any, Any]:
    """What a layer makes of a batch, and of the target (or None) that moves with it, or that it `mixes` with the images."""
    import tensorflow as tf

    given = with_channel(values) if image else values
    if target is None:
        made, moved = layer(given, training=True), None
    else:
        key = "labels" if mixes else "segmentation_masks"
        both = layer({"images": given, key: target if key == "labels" else with_channel(target)}, training=True)
        made, moved = both["images"], tf.cast(both[key], target.dtype)
        moved = moved[..., 0] if len(moved.shape) > len(target.shape) else moved
    return made[..., 0] if len(made.shape) > len(values.shape) else made, moved


def with_channel(values: Any) -> Any:
    """Images (samples, height, width) with an axis of one channel, without which Keras takes them for a single image."""
    import tensorflow as tf

    return values[..., tf.newaxis] if len(values.shape) == 3 else values


def moves(layer: Any) -> bool:
    """Whether a layer is made for images, so that it can move a mask with them."""
    return hasattr(layer, "transform_images") or any(moves(each) for each in getattr(layer, "layers", []))


def augmentation_layer(block: KerasObject, number: int, facts: Facts) -> Any:
    """One layer. Raises `BlockError` at its place."""
    try:
        return block.build(facts)
    except Exception as error:
        if not is_foreign(error):
            raise
        message = f"{block.written}: {reason_of(error)}"
        raise BlockError(("data", "augment", number, block.written), message, kind="layer_refuses") from error


def states(layer: Any) -> list[Any]:
    """The states of the random generators in a layer."""
    return [each for each in layer.variables if tuple(each.shape) == (2,) and "seed" in each.path]
