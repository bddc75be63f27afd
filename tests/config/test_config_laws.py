"""Laws of configurations: written and read again they are the same, and merging keeps to its order."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from laws import LAW, SLOW_LAW

from dlcli.config import load_config, load_resolved
from dlcli.config.merge import apply_settings, extended, merge
from dlcli.config.tree import Node
from dlcli.config.yaml import read_yaml

RATES = st.floats(1e-6, 1.0)
OPTIMIZERS = st.one_of(
    st.sampled_from(["Adam", "SGD", "RMSprop"]),
    st.fixed_dictionaries({"Adam": RATES}),
    st.fixed_dictionaries({"SGD": st.fixed_dictionaries({"learning_rate": RATES, "momentum": st.floats(0, 0.99)})}),
    st.fixed_dictionaries(
        {"Adam": st.builds(lambda r, n: {"learning_rate": {"CosineDecay": {"initial_learning_rate": r, "decay_steps": n}}},
                           RATES, st.one_of(st.integers(1, 99), st.just("3 epochs")))}
    ),
)  # fmt: skip
LAYERS = st.one_of(
    st.just("Flatten"),
    st.fixed_dictionaries({"Dropout": st.floats(0, 0.9)}),
    st.fixed_dictionaries({"Dense": st.integers(1, 99)}),
    st.fixed_dictionaries(
        {"Dense": st.fixed_dictionaries({"units": st.integers(1, 99), "activation": st.sampled_from(["relu", "tanh"])})}
    ),
    st.fixed_dictionaries({"residual": st.just([{"Dense": 4}, "ReLU"])}),
)
TRAIN = st.fixed_dictionaries(
    {"epochs": st.integers(1, 10**6)},
    optional={
        "batch_size": st.integers(1, 4096),
        "early_stopping": st.fixed_dictionaries({"patience": st.integers(0, 99), "min_delta": st.floats(0, 1)}),
        "checkpoint": st.fixed_dictionaries({"every": st.sampled_from(["2 epochs", "100 steps", "5 minutes"])}),
    },
)
CONFIGS = st.fixed_dictionaries(
    {
        "data": st.fixed_dictionaries(
            {"source": st.just("iris")},
            optional={
                "prepare": st.just(["Normalization"]),
                "split": st.fixed_dictionaries({"validation": st.floats(0.1, 0.4), "test": st.floats(0, 0.4)}),
            },
        ),
        "layers": st.lists(LAYERS, max_size=4).map(
            lambda layers: [{"Dense": 4}, *layers, {"Dense": {"units": "${data.classes}", "activation": "softmax"}}]
        ),
        "loss": st.just("sparse_categorical_crossentropy"),
        "optimizer": OPTIMIZERS,
        "train": TRAIN,
    },
    optional={"seed": st.integers(0, 2**31), "metrics": st.just(["accuracy"]), "name": st.just("한글 name: [1]")},
)


@SLOW_LAW
@given(CONFIGS)
def test_a_configuration_written_out_and_read_again_is_the_same(tmp_path: Path, tree: dict[str, Any]) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(json.dumps(tree), encoding="utf-8")
    config, _ = load_config(str(path))
    plain = config.plain()
    path.write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")
    again, _ = load_config(str(path))
    assert again.plain() == plain
    assert load_resolved(json.loads(json.dumps(plain))).plain() == plain
    for key, value in tree["train"].items():
        if not isinstance(value, dict):
            assert plain["train"][key] == value


KEYS = st.sampled_from(["k1", "k2", "k3", "키 4"])
LEAVES = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.none(),
    st.lists(st.integers(0, 9), max_size=3),
    st.text("ab ", max_size=3),
)
TREES = st.dictionaries(
    KEYS, st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=6)
)


def node_of(tree: Mapping[str, Any]) -> Node:
    return read_yaml(json.dumps(tree).encode(), file="-", folder=Path())


def laid(base: Any, over: Any) -> Any:
    """Mappings joined key by key, anything else replaced."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return {**base, **{key: laid(base[key], value) if key in base else value for key, value in over.items()}}


@LAW
@given(TREES, TREES, TREES)
def test_merging_lays_each_tree_upon_the_one_before(one: Any, two: Any, three: Any) -> None:
    a, b, c = map(node_of, (one, two, three))
    assert merge(a, b).plain() == laid(one, two)
    assert merge(node_of({}), a).plain() == merge(a, node_of({})).plain() == merge(a, a).plain() == one
    assert merge(merge(a, b), b).plain() == merge(a, b).plain()
    assert merge(merge(a, b), c).plain() == laid(laid(one, two), three)


@LAW
@given(TREES, TREES, TREES)
def test_a_file_is_laid_upon_those_it_extends_the_last_of_them_upon_the_others(
    tmp_path: Path, one: Any, two: Any, own: Any
) -> None:
    for name, tree in (("one", one), ("two", two)):
        (tmp_path / f"{name}.yaml").write_text(json.dumps(tree), encoding="utf-8")
    top = json.dumps({**own, "extends": ["one.yaml", "two.yaml"]}).encode()
    found = extended(read_yaml(top, file="top.yaml", folder=tmp_path), file=str(tmp_path / "top.yaml"))
    assert found.plain() == laid(laid(one, two), own)
    alone = json.dumps({**own, "extends": "one.yaml"}).encode()
    found = extended(read_yaml(alone, file="top.yaml", folder=tmp_path), file=str(tmp_path / "top.yaml"))
    assert found.plain() == laid(one, own)


@LAW
@given(TREES, st.lists(KEYS, min_size=1, max_size=3), LEAVES)
def test_a_setting_is_a_merge_of_its_path(tree: Any, path: list[str], value: Any) -> None:
    over: Any = value
    for key in reversed(path):
        over = {key: over}
    cleared = copy.deepcopy(tree)
    inner = cleared
    for key in path[:-1]:  # what stands in the way of the path has no keys of its own
        if not isinstance(inner.get(key), dict):
            inner.pop(key, None)
            break
        inner = inner[key]
    found = apply_settings(node_of(cleared), [f"{'.'.join(path)}={json.dumps(value)}"])
    assert found.plain() == laid(cleared, over)
    twice = [f"{'.'.join(path)}={json.dumps(each)}" for each in ("another", value)]
    assert apply_settings(node_of(cleared), twice).plain() == found.plain()
