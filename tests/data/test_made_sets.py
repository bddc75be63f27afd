"""The sets that are made from a seed hold what their words say: each sample against what it has to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dlcli.config.language import Language
from dlcli.data import Data
from dlcli.data.sources.samples.written_digits import written_digits
from dlcli.data.sources.source import Reading

WORDS = [
    "abstracts",
    "bags",
    "captcha",
    "faces",
    "mackey_glass",
    "masked_words",
    "named_entities",
    "ratings",
    "solids",
    "sums",
    "triplets",
    "word_pairs",
]


def arrays(word: str, **options: Any) -> dict[str, Any]:
    data = Data.model_validate({"source": {word: {"samples": 300, **options}}}, context=Language())
    return {name: values[:] for name, values in data.source.read(Reading()).arrays.items()}


@pytest.mark.parametrize("word", WORDS)
def test_a_set_is_a_function_of_its_seed(word: str) -> None:
    first, again, other = arrays(word), arrays(word), arrays(word, seed=1)
    for name, values in first.items():
        assert len(values) == 300
        np.testing.assert_array_equal(values, again[name])
    assert any(not np.array_equal(values, other[name]) for name, values in first.items())


def test_sums_are_right_and_no_question_stands_twice() -> None:
    made = arrays("sums", digits=1, samples=100)
    assert len({*made["question"]}) == 100
    assert all(eval(question) == int(answer) for question, answer in zip(made["question"], made["answer"], strict=True))
    with pytest.raises(ValidationError, match="there are 100 different additions, and 101 are asked for"):
        arrays("sums", digits=1, samples=101)


def test_each_word_has_its_tag() -> None:
    made = arrays("named_entities")
    kinds: dict[str, set[str]] = {}
    for text, tags in zip(made["text"], made["tags"], strict=True):
        for word, tag in zip(text.split(), tags.split(), strict=True):
            kinds.setdefault(word, set()).add(tag)
    assert kinds["Paris"] == {"person", "place"}
    assert kinds["in"] == {"other"}
    assert set().union(*kinds.values()) == {"person", "place", "firm", "other"}


def test_korean_particles_follow_the_last_sound() -> None:
    seen = 0
    for english, korean in zip(*arrays("word_pairs").values(), strict=True):
        first, *_, last = korean.split()
        assert (first, last) == ("[start]", "[end]")
        for word in korean.split():
            closed = {"이": True, "가": False, "을": True, "를": False}.get(word[-1])
            if closed is not None and len(word) > 1:
                assert bool((ord(word[-2]) - ord("가")) % 28) == closed
                seen += 1
        assert ("not" in english.split()) == ("않습니다" in korean)
    assert seen >= 600


def test_bags_and_triplets_hold_the_digits_that_they_say() -> None:
    pictures, labels = written_digits()
    known = {picture.tobytes(): label for picture, label in zip(pictures, labels, strict=True)}
    bags = arrays("bags", digit=3)
    for bag, label in zip(bags["images"], bags["label"], strict=True):
        assert (3 in [known[picture.tobytes()] for picture in bag]) == bool(label)
    made = arrays("triplets")
    for anchor, like, unlike, label in zip(*made.values(), strict=True):
        assert known[anchor.tobytes()] == known[like.tobytes()] == label != known[unlike.tobytes()]
        assert not np.array_equal(anchor, like)


def test_solids_lie_on_their_surfaces() -> None:
    made = arrays("solids", noise=0, points=200)
    spheres = made["points"][made["label"] == 3]
    distance = np.linalg.norm(spheres, axis=-1)
    assert len(spheres) == 75
    np.testing.assert_allclose(distance, np.broadcast_to(distance[:, :1], distance.shape), rtol=1e-5)
    cubes = made["points"][made["label"] == 1]
    spread = np.linalg.norm(cubes, axis=-1)
    assert (spread.max(axis=1) / spread.min(axis=1) > 1.2).all()


def test_points_of_faces_are_dark_and_captchas_say_their_digits() -> None:
    faces = arrays("faces", noise=0, size=64)
    for picture, points in zip(faces["image"], faces["points"], strict=True):
        rows, columns = (points * 64).round().astype(int).clip(0, 63).T
        assert (picture[rows, columns] == 0).mean() >= 0.6
    captcha = arrays("captcha", longest=3)
    assert {len(text) for text in captcha["text"]} == {2, 3}
    assert captcha["image"].shape == (300, 12, 34)


def test_each_step_of_chaos_follows_from_two_before() -> None:
    x = arrays("mackey_glass")["x"]
    late = x[:-18]
    np.testing.assert_allclose(x[18:], 0.9 * x[17:-1] + 0.2 * late / (1 + late**10), rtol=1e-9)


def test_ratings_are_stars_that_follow_readers_and_books() -> None:
    made = arrays("ratings", samples=5000, readers=20, books=10, noise=0)
    assert {*made["stars"]} == {1, 2, 3, 4, 5}
    by_pair: dict[tuple[str, str], set[float]] = {}
    for reader, book, stars in zip(*made.values(), strict=True):
        by_pair.setdefault((reader, book), set()).add(stars)
    assert len(by_pair) == 200
    assert all(len(stars) == 1 for stars in by_pair.values())


def test_a_text_on_a_subject_lends_three_of_its_words() -> None:
    from dlcli.data.sources.samples.abstracts import WORDS as OF_SUBJECT

    for text, subjects in zip(*arrays("abstracts").values(), strict=True):
        for subject in subjects.split(";"):
            assert sum(word in OF_SUBJECT[subject].split() for word in text.split()) >= 3
        assert len(text.split()) == 12
