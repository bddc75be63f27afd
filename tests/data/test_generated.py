"""The generated sets are what their words say: their noise is measured, their limits are tried."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dlcli.config.language import Language
from dlcli.data import Data
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError

SAMPLES = 20_000


def arrays(word: str, **options: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Inputs (samples, 1 to 3) and target (samples,) of a set."""
    data = Data.model_validate({"source": {word: {"samples": SAMPLES, **options}}}, context=Language())
    fields = data.source.read(Reading())
    inputs = np.stack([fields.arrays[name][:] for name in fields.inputs], axis=1)
    return inputs, fields.arrays[fields.target or ""][:]


def rest_of_xor(points: np.ndarray[Any, Any], _: Any) -> np.ndarray[Any, Any]:
    return points - np.round(np.clip(points, 0, 1))


def rest_of_line(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return y - (2 * x[:, 0] + 1)


def rest_of_sine(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return y - np.sin(2 * np.pi * x[:, 0])


@pytest.mark.parametrize(
    ("word", "rest", "noise"), [("xor", rest_of_xor, 0.15), ("line", rest_of_line, 0.1), ("sine", rest_of_sine, 0.1)]
)
def test_the_noise_of_a_set_is_what_it_says(word: str, rest: Any, noise: float) -> None:
    assert float(np.std(rest(*arrays(word)))) == pytest.approx(noise, rel=0.03)
    assert float(np.std(rest(*arrays(word, noise=0.0)))) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("word", "noise"), [("moons", 0.1), ("spiral", 0.03), ("paper_balls", 0.01)])
def test_the_default_noise_is_that_written_out(word: str, noise: float) -> None:
    np.testing.assert_array_equal(arrays(word)[0], arrays(word, noise=noise)[0])
    spread = arrays(word)[0] - arrays(word, noise=0.0)[0]
    assert float(np.std(spread)) == pytest.approx(noise, rel=0.03)


@pytest.mark.parametrize(
    ("word", "key", "least", "most"),
    [
        ("spiral", "classes", 2, 20),
        ("paper_balls", "folds", 0, 12),
        ("xor", "samples", 10, None),
        ("xor", "noise", 0, 100),
        ("xor", "seed", 0, 2**32 - 1),
    ],
)
def test_options_have_their_limits(word: str, key: str, least: int, most: int | None) -> None:
    for value in (least, most):
        if value is not None:
            Data.model_validate({"source": {word: {key: value}}}, context=Language())
    for value in (least - 1, most + 1 if most is not None else None):
        if value is not None:
            with pytest.raises(ValidationError):
                Data.model_validate({"source": {word: {key: value}}}, context=Language())


@pytest.mark.parametrize(("files", "prints"), [(100, 100), (101, 1)])
def test_up_to_a_hundred_files_have_a_fingerprint_each(files: int, prints: int, tmp_path: Any) -> None:
    from dlcli.data.fingerprint import fingerprint

    paths = [tmp_path / f"{number}.bin" for number in range(files)]
    for path in paths:
        path.write_bytes(path.name.encode())
    assert len(fingerprint(paths)) == prints


def read(word: str, **keys: Any) -> Any:
    data = Data.model_validate({"source": {word: {"samples": 400}}, **keys}, context=Language())
    return data.load(seed=0, labels="classes")


def test_a_void_number_beside_named_classes_is_none_of_them() -> None:
    dataset = read("masked_words", target={"column": "hidden", "void": -1})
    (schema,) = dataset.schema.targets
    for part in dataset.splits.values():
        plain = dataset.fields.arrays["hidden"][part.rows]
        np.testing.assert_array_equal(part.targets["hidden"][:], plain)
        assert 0.05 < (plain >= 0).mean() < 0.3
        # Each hidden word is the one that stands there in a review; what is left in sight names no class.
        for text, row in zip(part.inputs["text"][:], plain, strict=True):
            words = text.split()
            assert [place for place, word in enumerate(words) if word == "[mask]"] == np.flatnonzero(row >= 0).tolist()
    named = read("masked_words", target={"column": "hidden", "void": [-1, "the"]})
    theirs = dataset.fields.arrays["hidden"][named.splits["train"].rows]
    gone = theirs == schema.classes.index("the")
    assert gone.any()
    np.testing.assert_array_equal(named.splits["train"].targets["hidden"][:], np.where(gone, -1, theirs))


def test_an_error_in_data_that_is_made_names_no_file() -> None:
    with pytest.raises(DataError) as caught:
        read("shapes", target={"column": "mask", "classes": ["1", "2"]})
    assert caught.value.file is None
    assert "is none of the classes: 1, 2" in caught.value.message


def test_numbers_of_a_shipped_table_may_be_names() -> None:
    inputs = {"year": {"columns": ["model_year"], "kind": "text", "prepare": ["StringLookup"]}}
    dataset = Data.model_validate({"source": "autompg", "inputs": inputs}, context=Language()).load(seed=0)
    plain = Data.model_validate({"source": "autompg"}, context=Language()).load(seed=0)
    part = dataset.splits["train"]
    years = plain.fields.arrays["model_year"][part.rows]
    assert part.inputs["year"][:].tolist() == [str(int(each)) for each in years]


def test_several_weeks_ahead_follow_each_other() -> None:
    block = {"source": {"co2": {"window": 10, "horizon": "1..3"}}, "split": {"by": "time"}}
    dataset = Data.model_validate(block, context=Language()).load(seed=0)
    co2 = dataset.fields.arrays["co2"]
    assert len(dataset.splits) == 3
    for part in dataset.splits.values():
        targets = part.targets["co2"][:]
        assert targets.shape == (len(part), 3)
        for row, target in zip(part.rows, targets, strict=True):
            np.testing.assert_allclose(target, co2[row - 2 : row + 1], rtol=1e-6)
