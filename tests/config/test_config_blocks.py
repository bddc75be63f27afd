"""`blocks` and `block`: layers defined once and used with arguments, with every mistake at its own line."""

from __future__ import annotations

from typing import Any

from dlcli.spec import plain

CONFIG = """\
data: {source: digits}
blocks:
  dense:
    parameters: {units: 64, activation: relu}
    layers:
      - Dense: {units: "${units}", activation: "${activation}", name: "inner ${units}"}
  pair:
    parameters: [width]
    layers:
      - block: {use: dense, units: "${width}"}
      - block: {use: dense, units: "${train.batch_size}", activation: linear}
layers:
  - Flatten
  - block: {use: dense}
  - block: {use: pair, width: 8, name: two, from: image2}
  - Dense: {units: "${data.classes}", activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1, batch_size: 16}
"""
GOOD = CONFIG.replace(", from: image2", "")


def layers_of(config: Any) -> list[Any]:
    found: list[Any] = plain(config.layers)
    return found


def test_a_block_stands_for_its_layers_with_the_arguments_filled_in(read) -> None:
    layers = layers_of(read(GOOD))
    first = layers[1]["block"]
    assert first["layers"] == [{"Dense": {"units": 64, "activation": "relu", "name": "inner 64"}}]
    inner = layers[2]["block"]
    assert (inner["use"], inner["name"]) == ("pair", "two")
    assert [each["block"]["layers"][0]["Dense"] for each in inner["layers"]] == [
        {"units": 8, "activation": "relu", "name": "inner 8"},
        {"units": 16, "activation": "linear", "name": "inner 16"},
    ]
    assert layers[3] == {"Dense": {"units": "${data.classes}", "activation": "softmax"}}


def test_a_setting_reaches_the_definition(read) -> None:
    layers = layers_of(read(GOOD, "blocks.dense.parameters.units=32"))
    assert layers[1]["block"]["layers"][0]["Dense"]["units"] == 32


def test_every_mistake_of_a_block_is_told_at_its_line(problems) -> None:
    text = CONFIG
    changes = {
        "use: dense}": "use: dens}",
        "width: 8": "wdth: 8",
        'units: "${width}"': 'unit: "${width}"',
        "activation: linear": "activation: liner",
        "blocks:": "blocks:\n  empty: {layer: []}\n  itself: {layers: [block: {use: itself}]}",
        "  - Flatten": "  - Flatten\n  - block: {use: itself}",
    }
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    found = [(each.at[0], each.at[2], each.suggestion) for each in problems(text)]
    assert found == [
        (3, "the block 'empty' needs 'layers', a list", "write empty: {layers: [Dense: 8]}"),
        (4, "the block 'itself' uses itself", None),
        (12, "the block 'dense' has no parameter 'unit'", "did you mean 'units'?"),
        (13, "unknown activation 'liner'", "did you mean 'linear'?"),
        (17, "no block is called 'dens'; there are: itself, dense, pair", "did you mean 'dense'?"),
        (18, "the block 'pair' needs 'width'", "write width: …"),
        (18, "the block 'pair' has no parameter 'wdth'", "did you mean 'width'?"),
        (18, "'from' names 'image2', which is no layer above and no input", "did you mean 'image'?"),
    ]


def test_a_block_of_blocks_that_would_explode_is_refused(problem) -> None:
    levels = "".join(
        f"  b{level}: {{layers: [{', '.join([f'block: {{use: b{level - 1}}}'] * 10)}]}}\n" for level in range(1, 9)
    )
    text = GOOD.replace("blocks:\n", "blocks:\n  b0: {layers: [Dense: 8]}\n" + levels).replace(
        "block: {use: dense}", "block: {use: b8}"
    )
    assert problem(text).at[2] == "what the blocks stand for is too large"


def test_blocks_that_are_no_mapping_are_refused(problem) -> None:
    text = "data: {source: digits}\nblocks: [a]\nlayers: [Flatten, {Dense: {units: 10, activation: softmax}}]\n"
    rest = "loss: sparse_categorical_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n"
    assert problem(text + rest).at == (2, 9, "'blocks' must be a mapping by name, found a list")


def test_the_bare_name_of_a_block_is_told_with_its_use(problem) -> None:
    for written in ("dense", "[dense]"):
        found = problem(GOOD.replace("block: {use: dense}\n  - block", f"block: {written}\n  - block"))
        assert found.at == (14, 12, "'dense' is the name of a block, and 'block' needs it as 'use'")
        assert found.suggestion == "write block: {use: dense}"
    assert "of a block" not in problem(GOOD.replace("block: {use: dense}\n  - block", "block: dens\n  - block")).at[2]


def test_a_parameter_is_called_like_no_key_of_a_use(problem) -> None:
    found = problem(GOOD.replace("parameters: [width]", "parameters: [width, use]").replace("width: 8,", "width: 8,"))
    assert found.at[2] == "a parameter of the block 'pair' cannot be called 'use', which is a key of every use"


def test_inputs_of_a_block_have_names_of_their_own(problem, read) -> None:
    text = GOOD.replace("  pair:", "  both: {inputs: [p, P2], layers: [Add: {from: [p, P2]}]}\n  pair:").replace(
        '  - Dense: {units: "${data', '  - block: {use: both, from: [two, two]}\n  - Dense: {units: "${data'
    )
    assert len(read(text).layers) == 5
    found = problem(text.replace("[p, P2], l", "[p, p], l").replace("[p, P2]}", "[p, p]}"))
    assert found.at[2] == "two inputs of the block are called 'p'"
