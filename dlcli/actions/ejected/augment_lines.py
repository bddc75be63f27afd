"""The lines that change batches of training at random: by seed, epoch and step alone."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.actions.ejected.expressions import Unsayable, constructed, double_quoted, said_at
from dlcli.data.preparation.augment import Augmentation, states
from dlcli.data.schema import Schema


def augment_lines(augment: Augmentation, schema: Schema) -> Iterator[str]:
    """The layers, and the function that applies them to a batch. Raises `Unsayable` at a layer without such lines."""
    for number in range(len(augment.layers)):
        check_layer(augment, number)
    yield ""
    yield "augmentation = ["
    for number, layer in enumerate(augment.layers):
        with said_at(augment.place(number)):
            yield f"    {constructed(layer)},"
    yield "]"
    yield ""
    yield ""
    yield "def started(number, epoch, step):"
    yield '    """A layer that draws by seed, epoch and step alone, so that each batch can be had again."""'
    yield "    for place, state in enumerate(augmentation[number].variables):"
    yield "        state.assign([SEED + 7919 * number + place, epoch * 1_000_003 + step])"
    yield "    return augmentation[number]"
    yield ""
    yield ""
    yield "def augmented(x, y, *weights, epoch, step):"
    yield '    """A batch of training, changed at random."""'
    alone = len(schema.inputs) == 1
    if not alone:
        yield "    x = dict(x)"
    for number in range(len(augment.layers)):
        for name in augment.inputs:
            yield from call_lines(augment, schema, number, name, "x" if alone else f"x[{double_quoted(name)}]")
    yield "    return x, y, *weights"
    yield ""


def check_layer(augment: Augmentation, number: int) -> None:
    """Refuses a layer that crops, that keeps more than what it draws from, or that moves one of several targets."""
    written, path = augment.blocks[number].written, augment.place(number)
    if number in augment.cropping:
        hint = "crop the pictures before, or leave it out"
        raise Unsayable(written, "pictures of another size would have to stand in the centre", hint=hint, path=path)
    layer, beside = augment.layers[number], augment.beside(number)
    if [*map(id, layer.variables)] != [*map(id, states(layer))]:
        raise Unsayable(written, "it has more variables than those it draws from", hint="leave it out", path=path)
    if len(beside) > 1:
        raise Unsayable(written, "it changes several targets with the pictures", hint="leave it out", path=path)


def call_lines(augment: Augmentation, schema: Schema, number: int, name: str, x: str) -> Iterator[str]:
    """The lines of one layer for one input, and for the target that it changes beside."""
    shape = next(each.shape for each in schema.inputs if each.name == name)
    flat = augment.images and len(shape) == 2
    given, call = f"{x}[..., np.newaxis]" if flat else x, f"started({number}, epoch, step)"
    beside = [each for each in augment.beside(number) if each is not None] if name == augment.inputs[0] else []
    if not beside:
        yield f"    {x} = {call}({given}, training=True){'[..., 0]' if flat else ''}"
        return
    target = next(each for each in schema.targets if each.name == beside[0])
    y = "y" if len(schema.targets) == 1 else f"y[{double_quoted(target.name)}]"
    mixes = bool(augment.blocks[number].traits.get("mixes"))
    key = "labels" if mixes else "segmentation_masks"
    narrow = not mixes and len(target.shape) == 2
    if y != "y":
        yield "    y = dict(y)"
    yield f'    both = {call}({{"images": {given}, "{key}": {y}{"[..., np.newaxis]" if narrow else ""}}}, training=True)'
    yield f'    {x} = both["images"]{"[..., 0]" if flat else ""}'
    yield f'    {y} = tf.cast(both["{key}"]{"[..., 0]" if narrow else ""}, {y}.dtype)'
