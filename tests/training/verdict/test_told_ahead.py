"""Leaks that no column shows: a model that reads its own answer, and windows of validation whose rows training has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.finding import Finding, Setting
from dlcli.training.evidence.looks_ahead import Ahead, LooksAhead, looks_ahead
from dlcli.training.verdict import Story
from dlcli.training.verdict.suspiciously_good import suspiciously_good
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]
GRU = "GRU: {units: 3, return_sequences: true}"
BOTH = f"Bidirectional: {{layer: {{{GRU}}}}}"
LSTM = "LSTM: {units: 3, return_sequences: true}"
SAME = "Conv1D: {filters: 2, kernel_size: 3, padding: same}"
CAUSAL = SAME.replace("same", "causal")
BACK = "SimpleRNN: {units: 2, return_sequences: true, go_backwards: true}"


def attention(more: str = "") -> str:
    return f"MultiHeadAttention: {{num_heads: 1, key_dim: 2, from: {{query: seen, value: seen{more}}}}}"


def series(
    folder: Path,
    layers: list[str],
    *,
    source: str = "horizon: 2, each_step: true",
    target: str = "a",
    inputs: str = "[a]",
) -> Any:
    """The experiment of a model for windows of a series of two columns, as it begins."""
    rows = np.random.default_rng(0).normal(size=(160, 2)).round(3)
    lines = "\n".join(f"{one},{other}" for one, other in rows)
    (folder / "t.csv").write_text(f"a,b\n{lines}\n", encoding="utf-8")
    text = f"""
data:
  source: {{series: {{path: {folder / "t.csv"}, window: 8, {source}}}}}
  inputs: {inputs}
  target: {target}
  split: {{by: time}}
layers:
{"".join(f"  - {each}" + chr(10) for each in layers)}
loss: mse
optimizer: SGD
train: {{epochs: 1}}
"""
    return experiment_of(folder, text)


@pytest.mark.parametrize(
    ("layers", "blamed"),
    [
        ([SAME, SAME, "Dense: 1"], [("layers.0", "padding"), ("layers.1", "padding")]),
        ([CAUSAL, SAME, "Dense: 1"], [("layers.1", "padding")]),
        ([CAUSAL, CAUSAL, "Dense: 1"], None),
        ([BOTH, "Dense: 1"], [("layers.0", "both_ways")]),
        ([GRU, LSTM, "Dense: 1"], None),
        ([BACK, "Dense: 1"], [("layers.0", "backwards")]),
        (
            ["Dense: {units: 2, name: seen}", attention(), "Dense: 1"],
            [("layers.1", "mask")],
        ),
        (["Dense: {units: 2, name: seen}", attention(", use_causal_mask: true"), "Dense: 1"], None),
        (["Flatten", "Dense: 8", "Reshape: {target_shape: [8, 1]}"], [("layers.1", None)]),
        (["MaxPooling1D: {pool_size: 2, strides: 1, padding: same}", "Dense: 1"], [("layers.0", None)]),
        (["GlobalAveragePooling1D", "RepeatVector: 8", "Dense: 1"], []),
        (["residual: {layers: [" + SAME.replace("filters: 2", "filters: 1") + "]}", "Dense: 1"], "padding"),
    ],
)
def test_a_layer_that_looks_ahead_is_found_by_its_answers(tmp_path: Path, layers: list[str], blamed: Any) -> None:
    found = looks_ahead(series(tmp_path, layers))
    if blamed is None:
        assert found is None
    else:
        assert found is not None
        if isinstance(blamed, str):
            assert [each.way for each in found.layers] == [blamed]
        else:
            assert [(each.entry, each.way) for each in found.layers] == blamed


@pytest.mark.parametrize(
    ("source", "target", "columns", "seen"),
    [
        ("horizon: 2, each_step: true", "a", "a, b", True),
        ("horizon: [0, 7], each_step: true", "a", "a", True),
        ("horizon: 8, each_step: true", "a", "a", False),  # it stands in no step of its window
        ("horizon: 0, each_step: true", "a", "b", False),
        ("horizon: 2, each_step: true", "b", "a", False),  # a tagger may look at the whole of it
    ],
)
def test_only_what_stands_in_later_steps_is_given_away(
    tmp_path: Path, source: str, target: str, columns: str, seen: bool
) -> None:
    last = "Dense: 2" if "[" in source else "Dense: 1"
    found = looks_ahead(series(tmp_path, [BOTH, last], source=source, target=target, inputs=f"[{columns}]"))
    assert (found is not None) is seen


@pytest.mark.parametrize(("taken", "seen"), [("b", False), ("a", True)])
def test_a_column_that_is_no_target_may_be_known_ahead(tmp_path: Path, taken: str, seen: bool) -> None:
    """As the hour is: the layer that looks ahead takes the one input, the other goes step by step."""
    layers = [
        BOTH[:-1] + f", from: {taken}, name: wide}}",
        GRU[:-1] + f", from: {'a' if taken == 'b' else 'b'}, name: slow}}",
        "Concatenate: {from: [wide, slow]}",
        "Dense: 1",
    ]
    experiment = series(tmp_path, layers, inputs="{a: {columns: a}, b: {columns: b}}")
    assert (looks_ahead(experiment) is not None) is seen


@pytest.mark.parametrize(
    ("layers", "seen"),
    [([GRU], False), ([BOTH], True), ([attention(", use_causal_mask: true")], False), ([attention()], True)],
)
def test_texts_of_unequal_length_are_changed_where_they_have_words(
    tmp_path: Path, layers: list[str], seen: bool
) -> None:
    words = ["ab cd", "cd ef ab gh", "ef gh ab", "gh ef cd ab ef"] * 15
    (tmp_path / "t.csv").write_text("text\n" + "\n".join(words) + "\n", encoding="utf-8")
    entries = ["Embedding: {input_dim: 6, output_dim: 3, mask_zero: true, name: seen}", *layers]
    text = f"""
data:
  source: {tmp_path / "t.csv"}
  inputs: {{words: {{columns: text, kind: text, prepare: [TextVectorization: {{output_sequence_length: 7}}]}}}}
  target: {{next: words}}
layers:
{"".join(f"  - {each}" + chr(10) for each in entries)}
  - Dense: {{units: 6, activation: softmax}}
loss: sparse_categorical_crossentropy
optimizer: SGD
train: {{epochs: 1}}
"""
    assert (looks_ahead(experiment_of(tmp_path, text)) is not None) is seen


MASK = ("query", "value", "key", "use_causal_mask")


@pytest.mark.parametrize(
    ("layers", "ahead", "settings"),
    [
        ("[Dense: {units: 4, name: seen}, " + attention() + "]", [Ahead("x", "layers.1", "mask", MASK)], [True]),
        (
            "[Dense: {units: 4, name: s}, MultiHeadAttention: {num_heads: 1, key_dim: 2, from: s}]",
            [Ahead("x", "layers.1", "mask", MASK)],
            [{"query": "s", "value": "s", "use_causal_mask": True}],
        ),
        (
            "[Dense: {units: 4, name: s}, Attention: {from: [s, s]}]",
            [Ahead("x", "layers.1", "mask", ("inputs", "mask", "use_causal_mask"))],
            [{"inputs": ["s", "s"], "use_causal_mask": True}],
        ),
        (f"[{SAME}, {SAME}]", [Ahead("x", "layers.0", "padding"), Ahead("y", "layers.1", "padding")], ["causal"] * 2),
        (f"[{SAME}, Flatten]", [Ahead("x", "layers.0", "padding"), Ahead("y", "layers.1")], []),
        (f"[{BOTH}]", [Ahead("x", "layers.0", "both_ways")], [{"GRU": {"units": 3, "return_sequences": True}}]),
        (f"[{BOTH[:-1]}, name: s}}, Add: {{from: [s, s]}}]", [Ahead("x", "layers.0", "both_ways")], []),
        (f"[{BACK}]", [Ahead("x", "layers.0", "backwards")], [False]),
    ],
)
def test_all_layers_that_look_ahead_have_a_setting_or_none_is_advised(
    tell: Tell, layers: str, ahead: list[Ahead], settings: list[Any]
) -> None:
    told = tell([1.2, 1.1], layers=layers, looks_ahead=lambda: LooksAhead("y", ("x",), tuple(ahead)))
    found = suspiciously_good(told)
    assert found is not None
    assert found.where == ahead[0].entry
    assert [each.new for each in found.advice if isinstance(each, Setting)] == settings


def test_it_is_said_in_words_whatever_the_loss(tell: Tell) -> None:
    seen = LooksAhead("next", ("text",), (Ahead("seen", None, "mask"),))
    found = suspiciously_good(tell([1.2, 1.1], looks_ahead=lambda: seen))
    assert found is not None
    said = judgement_of_training(found)
    assert said.finding == "the model reads its answer"
    assert said.evidence == (
        "the answer at a step changes with what stands behind it in 'text': 'seen' (attention without use_causal_mask) "
        "looks ahead, and what stands there is the target"
    )


@pytest.mark.parametrize(
    ("shared", "reached", "seen"), [(50, 0.5, True), (49, 0.1, False), (50, 0.51, False), (100, 0.99, False)]
)
def test_windows_with_rows_of_training_vouch_for_nothing(tell: Tell, shared: int, reached: float, seen: bool) -> None:
    advice = [Setting(key="data.split.by", old=None, new="time", why="the test is later")]
    facts = {"splits": {"validation": {"shared": shared, "windows": 100}, "test": {"shared": 9, "windows": 9}}}
    overlap = Finding(code="overlapping_windows", severity="warning", facts=facts, advice=advice)
    found = suspiciously_good(tell([0.9, reached], data=[overlap], samples={"train": 300, "validation": 100}))
    assert (found is not None) is seen
    if found is not None:
        assert found.advice == advice
        said = judgement_of_training(found)
        assert said.finding == "validation stands in training"
        assert said.evidence.endswith("50 of 100 windows of validation hold rows that training windows hold too")
