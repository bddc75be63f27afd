"""residual, branches, repeat, block, submodel, shared layers and calls by argument, against the same graph in plain Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from dlcli.config.language import Language
from dlcli.errors import BlockError
from dlcli.layers.connections import connection_mistakes, with_shared
from dlcli.layers.stack import Stack
from dlcli.spec import plain

VECTOR = {"x": (4,)}


def entries(layers: Sequence[Any]) -> list[Any]:
    read: list[Any] = TypeAdapter(Stack).validate_python(with_shared(list(layers)), context=Language())
    return read


def build(layers: Sequence[Any], inputs: Mapping[str, tuple[int, ...]] = VECTOR, **named: Any) -> Any:
    from dlcli.layers.connections import check_connections
    from dlcli.layers.graph import build_model
    from dlcli.training.setup.backend import start_keras

    start_keras(seed=0)
    read = entries(layers)
    check_connections(read, list(inputs), outputs=named.get("outputs", ()))
    return build_model(read, inputs, facts={"data.classes": 3}, memory=10**9, **named)


def values(shape: tuple[int, ...], seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(5, *shape)).astype(np.float32)


def test_residual_adds_what_the_layers_make_of_x_to_x() -> None:
    model = build([{"residual": {"layers": [{"Dense": 6}, "ReLU", {"Dense": 4}], "name": "sum"}}, {"Dense": 2}]).model
    first, second, last = (each for each in model.layers if type(each).__name__ == "Dense")
    x = values((4,))
    between = np.asarray(second(np.maximum(first(x), 0))) + x
    np.testing.assert_allclose(model({"x": x}), last(between), atol=1e-6)
    assert [each.name for each in model.layers] == ["x", "dense", "re_lu", "dense_1", "sum", "dense_2"]


def test_a_shortcut_has_layers_of_its_own() -> None:
    model = build(
        [{"residual": {"layers": [{"Dense": 6}], "shortcut": [{"Dense": {"units": 6, "use_bias": False}}]}}]
    ).model
    long, short = (each for each in model.layers if type(each).__name__ == "Dense")
    x = values((4,))
    np.testing.assert_allclose(model({"x": x}), np.asarray(long(x)) + np.asarray(short(x)), atol=1e-6)
    assert short.bias is None


@pytest.mark.parametrize(
    ("shape", "layers", "hint"),
    [
        ((4,), [{"Dense": 6}], "write shortcut: [Dense: 6]"),
        (
            (8, 8, 3),
            [{"Conv2D": {"filters": 5, "kernel_size": 3, "strides": 2, "padding": "same"}}],
            "write shortcut: [Conv2D: {filters: 5, kernel_size: 1, strides: 2}]",
        ),
        (
            (8, 3),
            [{"Conv1D": {"filters": 5, "kernel_size": 3, "padding": "same"}}],
            "write shortcut: [Conv1D: {filters: 5, kernel_size: 1}]",
        ),
        (
            (8, 8, 3),
            [{"Conv2D": {"filters": 3, "kernel_size": 3}}],
            "write padding: same in the layers, which otherwise lose the border",
        ),
        ((8, 8, 3), ["Flatten"], "give both ways the same number of axes"),
    ],
)
def test_two_ways_of_other_shapes_are_refused_with_the_shortcut_to_write(
    shape: tuple[int, ...], layers: list[Any], hint: str
) -> None:
    with pytest.raises(BlockError) as caught:
        build([{"residual": layers}], {"x": shape})
    assert caught.value.path == ("layers", 0, "residual")
    assert caught.value.hint == hint
    assert caught.value.message.startswith("residual cannot add (")


@pytest.mark.parametrize("merge", ["Concatenate", "Add", "Maximum", None])
def test_branches_go_several_ways_over_one_input(merge: str | None) -> None:
    block: dict[str, Any] = {"paths": [[{"Dense": 4}], [], [{"Dense": 6}, {"Dense": 4}]]}
    if merge is not None:
        block["merge"] = merge
    model = build([{"branches": block}]).model
    one, two, three = (model.get_layer(name) for name in ("dense", "dense_1", "dense_2"))
    x = values((4,))
    ways = [np.asarray(one(x)), x, np.asarray(three(two(x)))]
    expected = {
        "Add": lambda: sum(ways),
        "Maximum": lambda: np.maximum.reduce(ways),
    }.get(merge or "", lambda: np.concatenate(ways, axis=1))()
    np.testing.assert_allclose(model({"x": x}), expected, atol=1e-6)


def test_branches_that_do_not_fit_name_their_shapes() -> None:
    with pytest.raises(BlockError) as caught:
        build([{"branches": {"paths": [[{"Dense": 3}], [{"Dense": 4}]], "merge": "Add"}}])
    assert caught.value.path[:4] == ("layers", 0, "branches", "merge")
    assert "(3,), (4,)" in caught.value.message


def test_repeat_makes_weights_of_its_own_each_time_and_names_hold_for_one_time() -> None:
    inner = [{"Dense": {"units": 4, "name": "hidden"}}, {"Add": {"from": ["hidden", "x"]}}]
    built = build([{"repeat": {"times": 3, "layers": inner}}, {"Dense": 1}])
    names = [each.name for each in built.model.layers if type(each).__name__ == "Dense"]
    assert names == ["hidden", "hidden_1", "hidden_2", "dense"]
    assert built.model.count_params() == 3 * 20 + 5
    assert {built.places[name] for name in names[:3]} == {("layers", 0, "repeat", "layers", 0)}


def test_a_layer_that_is_named_twice_is_one_layer() -> None:
    model = build(
        [
            {"Dense": {"units": 3, "name": "tower", "from": "left"}},
            {"Identity": {"name": "one"}},
            {"Dense": {"name": "tower", "from": "right"}},
            {"Subtract": {"from": ["one", "tower"]}},
        ],
        {"left": (4,), "right": (4,)},
    ).model
    assert model.count_params() == 15
    left, right = values((4,)), values((4,), seed=1)
    tower = model.get_layer("tower")
    expected = np.asarray(tower(left)) - np.asarray(tower(right))
    np.testing.assert_allclose(model({"left": left, "right": right}), expected, atol=1e-6)


def test_a_submodel_is_shared_by_its_name_and_frozen_as_a_whole() -> None:
    inner = [{"Dense": 4}, {"residual": [{"Dense": 4}]}]
    model = build(
        [
            {"submodel": {"name": "tower", "trainable": False, "layers": inner, "from": "left"}},
            {"Identity": {"name": "one"}},
            {"submodel": {"name": "tower", "from": "right"}},
            {"Concatenate": {"from": ["one", "tower"]}},
            {"Dense": 1},
        ],
        {"left": (4,), "right": (4,)},
    ).model
    assert model.count_params() == 2 * 20 + 9
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == 9
    tower = model.get_layer("tower")
    left, right = values((4,)), values((4,), seed=1)
    both = np.concatenate([tower(left), tower(right)], axis=1)
    np.testing.assert_allclose(model({"left": left, "right": right}), model.layers[-1](both), atol=1e-6)


def test_a_submodel_stands_inside_a_wrapper() -> None:
    model = build([{"TimeDistributed": {"layer": {"submodel": [{"Dense": 3}, "ReLU"]}}}], {"x": (7, 4)}).model
    dense = model.layers[-1].layer.layers[0]
    x = values((7, 4))
    np.testing.assert_allclose(model({"x": x}), np.maximum(dense(x), 0), atol=1e-6)


def test_wrappers_and_cells_nest() -> None:
    model = build(
        [
            {"Bidirectional": {"layer": {"LSTM": {"units": 3, "return_sequences": True}}}},
            {"RNN": {"cell": [{"GRUCell": 4}, {"LSTMCell": 2}]}},
        ],
        {"x": (7, 4)},
    ).model
    assert model.output_shape == (None, 2)
    assert type(model.layers[-1].cell).__name__ == "StackedRNNCells"


def test_one_of_several_outputs_is_named_by_its_number_and_a_call_by_its_arguments() -> None:
    model = build(
        [
            {"LSTM": {"units": 3, "return_state": True, "name": "encoder", "from": "early"}},
            {
                "LSTM": {
                    "units": 3,
                    "from": {"sequences": "late", "initial_state": ["encoder.1", "encoder.2"]},
                    "name": "decoder",
                }
            },
        ],
        {"early": (7, 4), "late": (5, 4)},
    )
    model = model.model
    early, late = values((7, 4)), values((5, 4), seed=1)
    _, hidden, cell = model.get_layer("encoder")(early)
    expected = model.get_layer("decoder")(late, initial_state=[hidden, cell])
    np.testing.assert_allclose(model({"early": early, "late": late}), expected, atol=1e-6)


def test_a_call_takes_switches() -> None:
    attention = {"num_heads": 2, "key_dim": 4, "from": {"query": "x", "value": "x", "use_causal_mask": True}}
    model = build([{"MultiHeadAttention": attention}], {"x": (5, 4)}).model
    x = values((5, 4))
    changed = x.copy()
    changed[:, 3:] += 1
    one, other = np.asarray(model({"x": x})), np.asarray(model({"x": changed}))
    np.testing.assert_allclose(one[:, :3], other[:, :3], atol=1e-6)  # what comes later is not seen
    assert np.abs(one[:, 3:] - other[:, 3:]).max() > 1e-3


def test_layers_without_a_name_do_not_take_a_given_one() -> None:
    model = build([{"Dense": 4}, {"Dense": 4}, {"Dense": {"units": 4, "name": "dense_1"}}]).model
    assert [each.name for each in model.layers[1:]] == ["dense", "dense_2", "dense_1"]


@pytest.mark.parametrize(
    "layers",
    [
        [{"residual": {"layers": [{"Dense": {"units": 4}}], "shortcut": [], "name": "a", "from": None}}],
        [{"Dense": {"units": 4, "from": ["x"], "name": "b"}}],
        [{"branches": {"paths": [[], ["ReLU"]], "merge": {"Concatenate": {"axis": -1}}, "name": None, "from": "x"}}],
        [{"repeat": {"layers": ["ReLU"], "times": 2, "name": None, "from": None}}],
        [{"MultiHeadAttention": {"num_heads": 1, "key_dim": 2, "from": {"query": "x", "value": "x"}}}],
    ],
)
def test_an_entry_reads_back_from_what_a_run_records(layers: list[Any]) -> None:
    recorded = plain(entries(layers))
    assert plain(entries(recorded)) == recorded


MISTAKES: list[tuple[list[Any], tuple[Any, ...], str]] = [
    (
        [{"Dense": {"units": 1, "from": "y"}}],
        (0, "Dense", "from"),
        "'from' names 'y', which is no layer above and no input",
    ),
    (
        [{"Dense": {"units": 1, "from": "b", "name": "a"}}, {"Dense": {"units": 1, "name": "b"}}],
        (0, "Dense", "from"),
        "'from' names 'b', which stands further down; a layer takes what is above it, so there is no cycle",
    ),
    (
        [{"Dense": {"units": 1, "from": "a", "name": "a"}}],
        (0, "Dense", "from"),
        "Dense takes its own output 'a': a cycle",
    ),
    (
        [{"Dense": {"units": 1, "name": "a"}}, {"Dense": {"units": 2, "name": "a"}}],
        (1, "Dense", "name"),
        "'a' is the name of another Dense above; a layer named twice is one layer",
    ),
    (
        [{"Dense": {"units": 1, "name": "x"}}],
        (0, "Dense", "name"),
        "the name 'x' is taken by an input of the data",
    ),
    ([{"Dense": 3}, {"Dense": {"units": 1, "from": "x"}}], (0, "Dense"), "nothing takes the output of Dense"),
    (
        [{"residual": [{"Dense": 4}, {"ReLU": {"from": "x"}}]}],
        (0, "residual", "layers", 0, "Dense"),
        "nothing takes the output of Dense",
    ),
    (
        [{"branches": {"paths": [[{"Dense": {"units": 4, "from": "z"}}], []]}}],
        (0, "branches", "paths", 0, 0, "Dense", "from"),
        "'from' names 'z', which is no layer above and no input",
    ),
    (
        [{"repeat": {"times": 2, "layers": [{"Dense": {"units": 4, "name": "in"}}]}}, {"ReLU": {"from": "in"}}],
        (1, "ReLU", "from"),
        "'from' names 'in', which cannot be reached from here",
    ),
]


@pytest.mark.parametrize(("layers", "path", "message"), MISTAKES)
def test_a_wrong_connection_is_told_where_it_is_written(layers: list[Any], path: tuple[Any, ...], message: str) -> None:
    found = connection_mistakes(layers, ["x"])
    assert [(each.path, each.message) for each in found] == [(path, message)]


def test_an_input_that_nothing_takes_is_told() -> None:
    found = connection_mistakes([{"Dense": {"units": 1, "from": "x"}}], ["x", "y"])
    assert [each.message for each in found] == ["nothing takes the input 'y'"]
    assert connection_mistakes([{"Dense": {"units": 1}}], ["x", "y"]) == []


def test_good_connections_have_no_mistakes() -> None:
    unet = [
        {"Dense": {"units": 4, "name": "down"}},
        {"residual": {"layers": [{"Dense": {"units": 4, "name": "inside"}}], "name": "sum"}},
        {"Concatenate": {"from": ["down", "sum", "inside"]}},
    ]
    assert connection_mistakes(unet, ["x"]) == []
    assert connection_mistakes(unet, None) == []


@pytest.mark.parametrize(
    ("layers", "path", "message"),
    [
        (
            [{"LSTM": {"units": 3, "return_state": True}}],
            ("layers", 0),
            "LSTM puts out 3 tensors, and the model has one target",
        ),
        (
            [{"residual": [{"LSTM": {"units": 3, "return_state": True}}]}],
            ("layers", 0, "residual"),
            "residual adds two tensors, but one way puts out several",
        ),
        (
            [{"Dense": {"units": 4, "name": "a"}}, {"submodel": [{"Dense": 4}, {"Add": {"from": ["a", "x"]}}]}],
            ("layers", 1, "submodel", "layers", 1, "Add", "from", 0),
            "'from' names 'a', which cannot be reached from here",
        ),
    ],
)
def test_what_no_graph_can_be_is_an_error_at_its_place(layers: list[Any], path: tuple[Any, ...], message: str) -> None:
    with pytest.raises(BlockError) as caught:
        build(layers, {"x": (5, 4)})
    assert (caught.value.path, caught.value.message) == (path, message)


def test_a_group_is_not_called_by_arguments() -> None:
    from pydantic import ValidationError

    with pytest.raises(ValidationError, match="'from' of a group is a name or a list of names"):
        entries([{"repeat": {"times": 2, "layers": ["ReLU"], "from": {"inputs": "x"}}}])


def test_a_name_further_down_is_told_from_one_out_of_reach_whatever_else_is_there() -> None:
    above = {"Dense": {"units": 1, "name": "above"}}
    layers = [above, {"ReLU": {"from": ["above", "below"]}}, {"Dense": {"units": 1, "name": "below"}}]
    [found] = [each.message for each in connection_mistakes(layers, ["x"]) if "'below'" in each.message]
    assert found.startswith("'from' names 'below', which stands further down")


@pytest.mark.parametrize(
    ("last", "way"),
    [
        ({"repeat": {"times": 2, "layers": [{"Dense": 4}, {"Dense": 5}]}}, ("repeat", "layers", 1)),
        ({"submodel": [{"Dense": 4}, {"Dense": 5}]}, ("submodel", "layers", 1)),
        ({"block": {"layers": [{"Dense": 4}, {"Dense": 5}]}}, ("block", "layers", 1)),
    ],
)
def test_the_last_layer_of_a_group_that_ends_inside_is_its_last(last: Any, way: tuple[Any, ...]) -> None:
    from dlcli.layers.last_layer import last_layer

    found = last_layer(entries([{"Dense": 3}, last]))
    assert found.path == ("layers", 1, *way)
    assert found.layer is not None
    assert found.layer.arguments["units"] == 5


@pytest.mark.parametrize(
    "last", [{"residual": [{"Dense": 4}]}, {"branches": {"paths": [[{"Dense": 4}], [{"Dense": 4}]]}}]
)
def test_the_last_layer_of_a_group_that_merges_is_none_of_its_layers(last: Any) -> None:
    from dlcli.layers.last_layer import last_layer

    found = last_layer(entries([{"Dense": 3}, last]))
    assert (found.path, found.layer) == (("layers", 1), None)


@pytest.mark.parametrize(
    ("long", "short", "hint"),
    [
        ((5,), (4,), "write shortcut: [Dense: 5]"),
        ((6, 8), (6, 4), "write shortcut: [Conv1D: {filters: 8, kernel_size: 1}]"),
        ((4, 4, 8), (8, 8, 3), "write shortcut: [Conv2D: {filters: 8, kernel_size: 1, strides: 2}]"),
        ((1, 1, 8), (8, 8, 3), "write shortcut: [Conv2D: {filters: 8, kernel_size: 1, strides: 8}]"),
        ((1, 1, 8), (9, 9, 3), "write padding: same in the layers, which otherwise lose the border"),
        ((6, 6, 8), (8, 8, 8), "write padding: same in the layers, which otherwise lose the border"),
        ((2, 2, 2, 8), (2, 2, 2, 4), "write shortcut: [Conv3D: {filters: 8, kernel_size: 1}]"),
        ((2, 2, 2, 2, 8), (2, 2, 2, 2, 4), "give both ways the same number of axes"),
        ((4, 8), (4,), "give both ways the same number of axes"),
    ],
)
def test_two_ways_of_unlike_shape_are_bridged(long: tuple[int, ...], short: tuple[int, ...], hint: str) -> None:
    from dlcli.layers.residual import bridge

    assert bridge(long, short) == hint


def test_the_layer_above_the_last_counts_only_where_the_last_takes_it() -> None:
    from dlcli.layers.last_layer import last_layer

    stack = [{"Dense": {"units": 4, "name": "a"}}, "ReLU", {"Dense": {"units": 2}}]
    above = last_layer(entries(stack)).above
    assert above is not None
    assert above.name == "ReLU"
    jumping = [*stack[:2], {"Dense": {"units": 2, "from": "a"}}]
    assert last_layer(entries(jumping)).above is None
    assert last_layer(entries(stack), "a").above is None


@pytest.mark.parametrize(("output", "hint"), [(2, None), (3, "it has 3, counted from 0")])
def test_the_outputs_of_a_layer_are_counted_from_0(output: int, hint: str | None) -> None:
    layers = [
        {"LSTM": {"units": 2, "return_state": True, "name": "state"}},
        {"Dense": {"units": 1, "from": f"state.{output}"}},
    ]
    if hint is None:
        assert build(layers, {"x": (5, 4)}).model.output_shape == (None, 1)
        return
    with pytest.raises(BlockError) as caught:
        build(layers, {"x": (5, 4)})
    assert caught.value.hint == hint


def test_a_list_of_one_tensor_is_not_told_to_be_several() -> None:
    conv = {"Conv1D": {"filters": 2, "kernel_size": 3, "from": ["a"]}}
    with pytest.raises(BlockError) as caught:
        build([{"Dense": {"units": 6, "name": "a"}}, conv], {"x": (4,)})
    assert caught.value.hint == "it needs (time, features): put Reshape: {target_shape: [6, 1]} before it"
    conv["Conv1D"]["from"] = ["a", "a"]
    with pytest.raises(BlockError) as caught:
        build([{"Dense": {"units": 6, "name": "a"}}, conv], {"x": (4,)})
    assert caught.value.hint == "'from' took 2 tensors; take one of them: from: NAME.0"


@pytest.mark.parametrize(("times", "fits"), [(1000, True), (1001, False)])
def test_layers_are_repeated_up_to_a_thousand_times(times: int, fits: bool) -> None:
    from pydantic import ValidationError

    repeat = [{"repeat": {"times": times, "layers": ["ReLU"]}}]
    if fits:
        assert plain(entries(repeat))[0]["repeat"]["times"] == times
    else:
        with pytest.raises(ValidationError, match="less than or equal to 1000"):
            entries(repeat)
