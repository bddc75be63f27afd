"""Words of texts that never reach a model, by a small vocabulary or a short length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.finding import Setting
from dlcli.training.evidence.layers_seen import DeadSeen, LayersSeen
from dlcli.training.evidence.words_read import WordsRead, larger, left_by_text, left_by_words, pairs_of, words_read
from dlcli.training.verdict import Story, verdict
from dlcli.training.verdict.dead_units import dead_units
from dlcli.training.verdict.underfits import underfits
from dlcli.training.verdict.unread import hardly_read
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]
OFTEN = ["the", "a", "of", "it"]

TEXT = """
data:
  source: t.csv
  target: y
  inputs: {{w: {{columns: w, kind: text}}}}
  prepare: [TextVectorization: {{max_tokens: {tokens}, output_sequence_length: {length}{more}}}]
layers: [Embedding: {{input_dim: {size}, output_dim: 4}}, GlobalAveragePooling1D, {last}]
loss: {loss}
optimizer: adam
train: {{epochs: 1}}
"""
CLASSES = "Dense: {units: 2, activation: softmax}", "sparse_categorical_crossentropy"


def looked_at(
    folder: Path, *, tokens: int = 6, length: int = 10, told_at: int = 3, numbers: bool = False, more: str = ""
) -> Any:
    """Texts of words that come everywhere, and at one place a rare one, of ten of a kind each, that tells the kind."""
    draw = np.random.default_rng(0)
    lines = ["w,y"]
    for row in range(400):
        words = [*draw.choice(OFTEN, 8)]
        words[told_at] = f"{'good' if row % 2 else 'bad'}{chr(97 + row // 2 % 10)}"
        lines.append(f"{' '.join(words)},{row % 2 if numbers else 'nv'[row % 2]}")
    (folder / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    last, loss = ("Dense: 1", "mse") if numbers else CLASSES
    text = TEXT.format(tokens=tokens, length=length, size=max(tokens, 40), last=last, loss=loss, more=more)
    return words_read(experiment_of(folder, text))


@pytest.mark.parametrize("numbers", [False, True])
def test_a_vocabulary_that_leaves_out_what_tells_is_seen(numbers: bool, tmp_path: Path) -> None:
    found = looked_at(tmp_path, numbers=numbers)
    assert found.tokens == (6, 18)  # of 26 ids those of 19 of 20 words
    assert found.unknown == pytest.approx(1 / 8, abs=0.01)
    assert (found.left > 0.8, found.left_of_all < 0.1) == (True, True)
    assert (found.behind, found.length, found.tables) == (0.0, None, ("layers.0",))


def test_of_several_targets_that_is_asked_of_which_unread_words_tell(tmp_path: Path) -> None:
    looked_at(tmp_path)
    lines = (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()
    even = [f"{line},{'pq'[row // 2 % 2]}" for row, line in enumerate(lines[1:])]
    (tmp_path / "t.csv").write_text("\n".join(["w,y,z", *even]) + "\n", encoding="utf-8")
    last = "Dense: {units: 2, activation: softmax, from: mean, name: "
    text = TEXT.format(tokens=6, length=10, size=40, last=f"{last}z}}, {last}y}}", loss="LOSS", more="")
    text = text.replace("target: y", "targets: {z: z, y: y}").replace("Pooling1D,", "Pooling1D: {name: mean},")
    found = words_read(experiment_of(tmp_path, text.replace("LOSS", f"{{z: {CLASSES[1]}, y: {CLASSES[1]}}}")))
    assert found is not None
    assert (found.left > 0.8, found.left_of_all < 0.1) == (True, True)


def test_words_of_others_make_room_for_those_of_the_texts(tell: Tell, tmp_path: Path) -> None:
    found = looked_at(tmp_path, more=", vocabulary: [das, ein, der, es]", tokens=6)
    assert (found.unknown, found.vocabulary, found.needed) == (1.0, ["das", "ein", "der", "es"], 18)
    layers = "[Embedding: {input_dim: 6, output_dim: 4}, GlobalAveragePooling1D, Dense: 1]"
    finding = hardly_read(tell([1.0, 1.0, 1.0], left=1.0, layers=layers, words_read=lambda: found))
    assert finding is not None
    settings = [each for each in finding.advice if isinstance(each, Setting)]
    assert [(each.key.rpartition(".")[2], each.new) for each in settings] == [
        ("vocabulary", None),
        ("max_tokens", 18),
        ("input_dim", 18),
    ]


def test_a_vocabulary_that_holds_all_words_is_as_it_is_to_be(tmp_path: Path) -> None:
    found = looked_at(tmp_path, tokens=200)
    assert (found.tokens, found.length, found.unknown) == (None, None, 0.0)
    assert found.left == found.left_of_all


@pytest.mark.parametrize(("told_at", "tells"), [(5, True), (0, False)])
def test_a_length_that_ends_before_what_tells_is_seen(told_at: int, tells: bool, tmp_path: Path) -> None:
    found = looked_at(tmp_path, tokens=200, length=2, told_at=told_at)
    assert (found.length, found.behind) == ((2, 8), 0.75)
    assert (found.left - found.left_of_all > 0.5) is tells


def test_characters_are_words_of_their_own(tmp_path: Path) -> None:
    found = looked_at(tmp_path, tokens=40, length=80, more=", split: character")
    assert found.unknown == 0.0


@pytest.mark.parametrize(("needed", "found"), [(6, None), (7, (6, 7)), (123, (6, 130))])
def test_a_number_that_would_do_has_two_digits(needed: int, found: Any) -> None:
    assert larger(6, needed) == found
    assert larger(None, needed) is None


def test_one_kind_alone_leaves_all() -> None:
    assert left_by_words(np.ones((8, 2), int), np.zeros(8, int)) == 1.0


def read(
    unknown: float = 0.5, behind: float = 0.0, *, left: float = 0.9, of_all: float = 0.7, tokens: Any = (6, 900)
) -> WordsRead:
    return WordsRead("w", unknown, behind, tokens, (2, 20), "data.prepare.0", ("layers.0",), left, of_all)


LAYERS = "[Embedding: {input_dim: 6, output_dim: 2}, Flatten, Dense: 1]"


@pytest.mark.parametrize(
    ("seen", "kept", "keys"),
    [
        (read(), 0.6, ["data.prepare.0.max_tokens", "layers.0.input_dim"]),
        (read(0.49), 0.6, None),
        (read(), 0.49, None),
        (read(of_all=0.24), 0.49, ["data.prepare.0.max_tokens", "layers.0.input_dim"]),
        (read(of_all=0.25), 0.49, None),
        (read(of_all=0.09), 0.21, ["data.prepare.0.max_tokens", "layers.0.input_dim"]),
        (read(of_all=0.09), 0.19, None),
        (read(of_all=0.76), 0.6, None),
        (read(0.1, 0.5), 0.6, ["data.prepare.0.output_sequence_length"]),
        (read(tokens=None), 0.6, None),
        (None, 0.6, None),
    ],
)
def test_most_words_that_do_not_reach_a_model_are_told_first(
    seen: WordsRead | None, kept: float, keys: list[str] | None, tell: Tell
) -> None:
    told = tell([0.9, 0.8, kept], left=0.7, layers=LAYERS, words_read=lambda: seen)
    found = underfits(told)
    assert (found is not None) is (keys is not None)
    if found is not None:
        assert [each.key for each in found.advice if isinstance(each, Setting)] == keys
        assert [each.joined for each in found.advice if isinstance(each, Setting)] == [False, True][: len(keys or [])]
        assert "of the words of 'w' 50%" in judgement_of_training(found).evidence
        assert verdict(told)[0].code == "underfits"


@pytest.mark.parametrize(
    ("seen", "kept", "told_of"),
    [
        (read(0.1, left=0.8, of_all=0.5), 0.9, True),
        (read(0.09, left=0.9, of_all=0.5), 0.9, False),
        (read(0.1, left=0.79, of_all=0.5), 0.9, False),  # what is read tells something
        (read(0.1, left=0.9, of_all=0.51), 0.9, False),
        (read(0.1, left=0.9, of_all=0.2), 0.89, False),  # the model has learnt something
        (read(0.0, 0.1, left=1.0, of_all=0.2), 1.0, True),
    ],
)
def test_few_words_are_enough_where_they_are_all_that_tell(
    seen: WordsRead, kept: float, told_of: bool, tell: Tell
) -> None:
    told = tell([1.0, 1.0, kept], left=kept, layers=LAYERS, words_read=lambda: seen)
    assert (hardly_read(told) is not None) is told_of


@pytest.mark.parametrize(("texts", "least", "most"), [(400, 0.0, 0.1), (196, 0.6, 2.0)])
def test_pairs_tell_where_words_alone_do_not(texts: int, least: float, most: float) -> None:
    first, second = np.random.default_rng(1).integers(1, 3, (2, texts))
    ids = np.stack([first, second, np.full(texts, 3)], axis=1)
    classes = (first == second).astype(int)
    assert left_by_words(ids, classes) > 0.6
    assert least <= left_by_text(ids, classes) <= most


def test_pairs_have_ids_of_their_own() -> None:
    assert pairs_of(np.array([[1, 2, 1, 2], [2, 1, 0, 1]])).tolist() == [[1, 2, 1], [2, 0, 0]]
    assert not pairs_of(np.zeros((2, 3), int)).any()


@pytest.mark.parametrize(("seen", "before", "told_of"), [(read(), 0, False), (read(), 4, True), (read(0.4), 0, True)])
def test_units_that_died_on_the_way_follow_from_words_that_are_not_read(
    seen: WordsRead, before: int, told_of: bool, tell: Tell
) -> None:
    now, begun = (LayersSeen([], [DeadSeen("dense", 5, dead, "layers.0", True, True)]) for dead in (5, before))
    told = tell([1.0, 1.0, 1.0], left=1.0, words_read=lambda: seen, layers=LAYERS, begun=lambda: begun)
    told = replace(told, looks=replace(told.looks, layers=lambda: now))
    assert (dead_units(told) is not None) is told_of
