"""Pieces of the language of layers: the way to a name, what shares weights, and what to write where a shape does not do."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dlcli.config import load_config
from dlcli.errors import BlockError, ConfigError, ResourceError
from dlcli.layers.build_errors import LayerFault, build_error, building, shape_advice, tensors_in, too_large
from dlcli.layers.connections import connection_mistakes, entry_of, way_to, with_shared
from dlcli.layers.memory import TooLarge

CONFIG = """\
data: {source: iris}
layers: LAYERS
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""


@pytest.mark.parametrize(("layers", "fits"), [("[]", False), ("[Dense: {units: 3, activation: softmax}]", True)])
def test_there_is_at_least_one_layer(layers: str, fits: bool, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG.replace("LAYERS", layers), encoding="utf-8")
    if fits:
        load_config(str(tmp_path / "c.yaml"))
        return
    with pytest.raises(ConfigError) as caught:
        load_config(str(tmp_path / "c.yaml"))
    assert [each.line for each in caught.value.problems] == [2]


LAYERS: list[Any] = [
    {"Dense": {"units": 4, "name": "stem"}},
    "Flatten",
    {"residual": [{"Dense": {"units": 4, "name": "inner"}}, {"Dense": 4}]},
    {"branches": {"paths": [[{"Dense": {"units": 2}}], [{"Dense": {"units": 2, "name": "second"}}]]}},
    {"Dense": {"units": 3, "name": "head"}},
]


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("stem", (0,)),
        ("head", (4,)),
        ("inner", (2, "residual", "layers", 0)),
        ("second", (3, "branches", "paths", 1, 0)),
        ("nowhere", None),
    ],
)
def test_a_layer_is_found_by_its_name_at_any_depth(name: str, way: tuple[Any, ...] | None) -> None:
    assert way_to(LAYERS, name) == way
    assert way_to("no list", name) is None


def test_an_entry_is_read_as_far_as_it_can_be() -> None:
    assert entry_of("Flatten") == ("Flatten", {})
    assert entry_of({"Dense": 3}) == ("Dense", {})
    assert entry_of({"Dense": {"units": 3}}) == ("Dense", {"units": 3})
    assert entry_of({"a": 1, "b": 2}) == ("", {})
    assert entry_of(7) == ("", {})
    assert entry_of({"residual": ["ReLU"]}) == ("residual", {"layers": ["ReLU"]})


def test_a_layer_that_stands_again_without_arguments_has_those_of_the_first() -> None:
    first = {"Dense": {"units": 3, "name": "a"}}
    again = {"Dense": {"name": "a", "from": "x"}}
    other = {"Dense": {"name": "b"}}
    assert with_shared([first, again, other, "ReLU", {"Dropout": 0.5}]) == [
        first,
        {"Dense": {"name": "a", "from": "x", "units": 3}},
        other,
        "ReLU",
        {"Dropout": 0.5},
    ]
    assert with_shared([first, {"LSTM": {"name": "a"}}])[1] == {"LSTM": {"name": "a"}}
    inside = {"repeat": {"times": 2, "layers": [{"Dense": {"name": "a"}}]}}
    assert with_shared([first, inside])[1] == inside  # its names are its own
    outer = {"residual": {"layers": [{"Dense": {"name": "a"}}]}}
    assert with_shared([first, outer])[1] == {"residual": {"layers": [first]}}


def messages(layers: Any, inputs: Any = ("x",), **more: Any) -> list[str]:
    return [each.message for each in connection_mistakes(layers, inputs, **more)]


def test_what_nothing_takes_is_told_only_where_all_else_is_right() -> None:
    named = [{"Dense": {"units": 2, "name": "a", "from": "x"}}, {"Dense": {"units": 2, "name": "b", "from": "x"}}]
    assert messages(named) == ["nothing takes the output of Dense"]
    assert messages(named, outputs=["a", "b"]) == []
    assert messages(named, outputs=["a", "c"]) == ["no layer bears the name of the target 'c'"]
    assert messages(named, ("x", "z"), outputs=["a", "b"]) == ["nothing takes the input 'z'"]
    assert messages([{"Dense": 2}], ("x", "z")) == []  # the first layer takes them all
    assert messages(named, None, outputs=["a", "b"]) == []
    assert messages([{"Dense": {"units": 2, "name": "x"}}]) == ["the name 'x' is taken by an input of the data"]
    assert messages([]) == messages("Dense") == []


@pytest.mark.parametrize(
    ("traits", "shape", "words"),
    [
        ({"axes": 3}, (28, 20), "images need a channel axis: put Reshape: {target_shape: [28, 20, 1]} before it"),
        ({"axes": 3}, (28,), "it needs (height, width, channels); the data has one axis a sample"),
        ({"axes": 3}, (28, 20, 3), None),
        ({"axes": 2}, (28,), "it needs (time, features): put Reshape: {target_shape: [28, 1]} before it"),
        ({"axes": 2}, (28, 20), None),
        ({"axes": 2, "macs": "recurrent"}, (28, 20, 3), "it needs (time, features)"),
        ({"axes": 2, "macs": "recurrent"}, (28, 20), None),
        ({}, (28,), None),
    ],
)
def test_a_shape_that_does_not_do_is_told_with_what_to_write(
    traits: dict[str, Any], shape: tuple[int, ...], words: str | None
) -> None:
    assert shape_advice(traits, [shape]) == words


def tensor(*shape: int) -> Any:
    return SimpleNamespace(shape=(None, *shape))


def test_several_tensors_are_told_apart_from_a_shape_that_does_not_do() -> None:
    def hint(taken: Any, traits: dict[str, Any]) -> str | None:
        error = build_error("Dense", taken, ValueError("odd"), ("layers", 0), traits=traits)
        assert isinstance(error, BlockError)
        return error.hint

    two = [tensor(4), tensor(5)]
    assert hint(two, {}) == "'from' took 2 tensors; take one of them: from: NAME.0"
    assert hint(two, {"merges": True}) is None
    assert hint(two, {"axes": 3}) == "it needs (height, width, channels); the data has one axis a sample"
    assert hint(two[:1], {}) is None
    assert hint(tensor(4), {}) is None
    assert len(tensors_in({"a": two, "b": [tensor(3), "no tensor"]})) == 3


class ResourceExhaustedError(Exception):
    """What TensorFlow calls it."""


@pytest.mark.parametrize("error", [MemoryError(), ResourceExhaustedError("OOM")])
def test_a_layer_that_does_not_fit_in_memory_is_no_fault_of_its_shape(error: Exception) -> None:
    told = build_error("Dense", tensor(4), error, ("layers", 0), traits={})
    assert isinstance(told, ResourceError)
    assert str(told.message) == "Dense does not fit in memory"


def test_what_is_raised_while_a_layer_is_made_is_told_at_its_place() -> None:
    def made(error: Exception) -> None:
        with building("Dense", tensor(4), ("layers", 0), traits={}):
            raise error

    with pytest.raises(BlockError, match=r"^Dense cannot take the shape \(4,\): odd$") as caught:
        made(LayerFault("odd"))
    assert caught.value.path == ("layers", 0, "Dense")
    with pytest.raises(ResourceError, match="full"):
        made(ResourceError("full", kind="disk_full"))
    with pytest.raises(ZeroDivisionError):  # a fault of dlcli itself stays one
        made(ZeroDivisionError())
    error = too_large("Dense", TooLarge(2_000_000_000), ("layers", 0))
    assert error.message.startswith(
        "with Dense the model has 2,000,000,000 parameters; training them takes 32 GB, more"
    )
