"""Preparations: learnt from the training split alone, what NumPy and scikit-learn make of it, the same at predicting."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data, Dataset
from dlcli.data.fields.chunks import Chunks
from dlcli.data.preparation.fitting import fit_preparation
from dlcli.data.preparation.prepare import prepare
from dlcli.errors import BlockError, DataError

SAMPLES = 120
WORDS = ["cat", "Dog", "새", "run!", "a", "the", "beißen", "x1"]
HEADER = ["length", "width", "area", "word", "code", "size", "text", "kind", "part"]


def rows_of(samples: int = SAMPLES) -> list[list[str]]:
    """A table of numbers that go together, names, codes and texts; a column says which split a row is in."""
    generator = np.random.default_rng(12)
    parts = generator.permutation(["train"] * 80 + ["validation"] * 20 + ["test"] * 20)
    rows = []
    for row in range(samples):
        length, width = generator.normal(50, 12), generator.normal(-3, 0.5)
        area = length * 0.3 + width * 4 + generator.normal(0, 1)
        text = " ".join(generator.choice(WORDS, int(generator.integers(1, 8))))
        rows.append(
            [
                *(f"{value:.4f}" for value in (length, width, area)),
                str(generator.choice(["red", "blue", "green", "파랑"], p=[0.4, 0.3, 0.2, 0.1])),
                str(generator.choice([7, 40, 500, 10001], p=[0.1, 0.4, 0.3, 0.2])),
                str(generator.integers(0, 5)),
                text,
                str(row % 3),
                str(parts[row]),
            ]
        )
    return rows


def write_rows(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, *rows])
    return path


NUMBERS: dict[str, Any] = {"inputs": ["length", "width", "area"]}


def one_input(column: str, *steps: Any, kind: str | None = None) -> dict[str, Any]:
    """A single input of one column."""
    return {"inputs": {"x": {"columns": column, "kind": kind}}, "prepare": list(steps)}


def numbers(*steps: Any) -> dict[str, Any]:
    """Three columns of numbers."""
    return {**NUMBERS, "prepare": list(steps)}


CASES: dict[str, tuple[dict[str, Any], bool]] = {
    "Normalization": (numbers("Normalization"), True),
    "Discretization": (numbers({"Discretization": {"num_bins": 4}}), True),
    "Discretization by boundaries": (numbers({"Discretization": {"bin_boundaries": [-3.0, 0.0, 45.0, 60.0]}}), False),
    "Normalization with its numbers": (numbers({"Normalization": {"mean": 5.0, "variance": 4.0}}), False),
    "Rescaling": (numbers({"Rescaling": {"scale": 0.1, "offset": -2.0}}), False),
    "pca": (numbers("pca"), True),
    "pca with arguments": (numbers({"pca": {"components": 2, "whiten": False}}), True),
    "chain": (numbers("Normalization", {"pca": 2}, {"Rescaling": 3.0}), True),
    "StringLookup": (one_input("word", {"StringLookup": {"output_mode": "one_hot"}}, kind="text"), True),
    "StringLookup with its names": (
        one_input("word", {"StringLookup": {"vocabulary": ["파랑", "red"]}}, kind="text"),
        False,
    ),
    "StringLookup as index": (one_input("word", "StringLookup", kind="text"), True),
    "Hashing": (one_input("word", {"Hashing": {"num_bins": 5}}, kind="text"), False),
    "IntegerLookup": (one_input("code", "IntegerLookup"), True),
    "IntegerLookup as one-hot": (one_input("code", {"IntegerLookup": {"output_mode": "one_hot"}}), True),
    "CategoryEncoding": (one_input("size", {"CategoryEncoding": {"num_tokens": 5, "output_mode": "one_hot"}}), False),
    "TextVectorization": (
        one_input("text", {"TextVectorization": {"max_tokens": 6, "output_sequence_length": 5}}, kind="text"),
        True,
    ),
    "TextVectorization as tf-idf": (
        one_input("text", {"TextVectorization": {"output_mode": "tf_idf"}}, kind="text"),
        True,
    ),
}


@dataclass(frozen=True)
class Prepared:
    """A data set with its preparation."""

    data: Data
    dataset: Dataset
    model: Any

    def __call__(self, split: str = "train") -> np.ndarray[Any, Any]:
        """The only input of a split, prepared."""
        (values,) = prepare(self.model, self.dataset.splits[split].inputs).values()
        return values

    def layer(self, kind: str) -> Any:
        """The layer of a kind."""
        (found,) = [each for each in self.model.layers if type(each).__name__ == kind]
        return found


def fitted(path: Path, block: Mapping[str, Any]) -> Prepared:
    """The preparation of a table."""
    source = {"csv": str(path)} if path.suffix == ".csv" else {"npz": {"path": str(path), "inputs": "x", "target": "y"}}
    split = {"split": {"by": "column:part"}, "target": "kind"} if path.suffix == ".csv" else {}
    data = Data.model_validate({"source": source, **split, **block}, context=Language())
    dataset = data.load(seed=0, labels="classes")
    return Prepared(data, dataset, fit_preparation(data, dataset, facts=dataset.facts(8)).model)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rows(tmp_path_factory.mktemp("prepared") / "table.csv", rows_of())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pictures of whole numbers, 6 × 5 with three channels."""
    generator = np.random.default_rng(3)
    path = tmp_path_factory.mktemp("pictures") / "pictures.npz"
    np.savez(path, x=generator.integers(0, 256, (40, 6, 5, 3)).astype(np.uint8), y=np.arange(40) % 3)
    return path


def column_of(name: str, part: str) -> list[str]:
    """The cells of a column in the rows of a split."""
    return [row[HEADER.index(name)] for row in rows_of() if row[-1] == part]


def numbers_of(part: str) -> np.ndarray[Any, Any]:
    """The three columns of numbers as they are fed: in 32 bits."""
    return np.column_stack([np.array(column_of(name, part), np.float32) for name in HEADER[:3]])


def test_normalization_is_the_standard_scaler_of_the_training_rows(table: Path) -> None:
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(numbers_of("train").astype(np.float64))
    prepared = fitted(table, CASES["Normalization"][0])
    for part in ("train", "validation", "test"):
        np.testing.assert_allclose(prepared(part), scaler.transform(numbers_of(part)), rtol=1e-4, atol=1e-5)
    everything = StandardScaler().fit(np.concatenate([numbers_of(part) for part in ("train", "validation", "test")]))
    assert np.abs(prepared("test") - everything.transform(numbers_of("test"))).max() > 1e-2


def test_discretization_has_bins_of_about_as_many_training_rows_each(table: Path) -> None:
    prepared = fitted(table, numbers({"Discretization": {"num_bins": 4}}))
    boundaries = np.array(prepared.layer("Discretization").bin_boundaries)
    assert boundaries.shape == (3,)
    every = np.sort(numbers_of("train").ravel())
    np.testing.assert_allclose(boundaries, np.quantile(every, [0.25, 0.5, 0.75]), atol=0.05 * np.ptp(every))
    for part in ("train", "test"):
        np.testing.assert_array_equal(prepared(part), np.digitize(numbers_of(part), boundaries))
    assert np.bincount(prepared().astype(int).ravel()).tolist() == pytest.approx([60] * 4, abs=6)


def test_discretization_by_boundaries_is_that_of_numpy(table: Path) -> None:
    prepared = fitted(table, CASES["Discretization by boundaries"][0])
    wanted = np.digitize(numbers_of("test"), [-3.0, 0.0, 45.0, 60.0])
    np.testing.assert_array_equal(prepared("test"), wanted)
    assert set(np.unique(wanted)) == {0, 1, 2, 3, 4}


def test_what_is_given_is_not_learnt(table: Path) -> None:
    scaled = fitted(table, CASES["Normalization with its numbers"][0])
    np.testing.assert_allclose(scaled("test"), (numbers_of("test") - 5) / 2, rtol=1e-6)
    names = fitted(table, CASES["StringLookup with its names"][0])
    index = {"파랑": 1, "red": 2}
    assert names("test").tolist() == [index.get(name, 0) for name in column_of("word", "test")]


def test_rescaling_is_that_of_numpy(table: Path) -> None:
    prepared = fitted(table, CASES["Rescaling"][0])
    np.testing.assert_allclose(prepared("test"), numbers_of("test") * 0.1 - 2.0, rtol=1e-6, atol=1e-6)


def by_count(cells: list[str], *, text: bool) -> list[str]:
    """Names from the most frequent to the rarest; Keras puts the greater of two first."""
    counts = Counter(cells)
    key: Callable[[str], Any] = str if text else int
    return sorted(sorted(counts, key=key, reverse=True), key=lambda name: -counts[name])


@pytest.mark.parametrize(("layer", "column"), [("StringLookup", "word"), ("IntegerLookup", "code")])
def test_a_lookup_counts_the_training_rows(layer: str, column: str, table: Path, tmp_path: Path) -> None:
    text = layer == "StringLookup"
    known = by_count(column_of(column, "train"), text=text)
    index = {name: number + 1 for number, name in enumerate(known)}
    prepared = fitted(table, one_input(column, layer, kind="text" if text else None))
    for part in ("train", "test"):
        assert prepared(part).ravel().tolist() == [index[name] for name in column_of(column, part)]
    one_hot = fitted(table, CASES[layer if text else f"{layer} as one-hot"][0])
    np.testing.assert_array_equal(one_hot("test"), np.eye(5)[[index[name] for name in column_of(column, "test")]])
    # A name that only the test split has is unknown, whatever its count there.
    rows = rows_of()
    for row in rows:
        if row[-1] == "test":
            row[HEADER.index(column)] = "violet" if text else "999"
    other = fitted(write_rows(tmp_path / "table.csv", rows), one_input(column, layer, kind="text" if text else None))
    assert set(other("test").ravel().tolist()) == {0.0}
    np.testing.assert_array_equal(other(), prepared())


def words_of(text: str) -> list[str]:
    """Words as Keras's standard way has them: in lower case, without punctuation."""
    return re.sub(r"[!\"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']", "", text.lower()).split()


def test_text_vectorization_counts_the_words_of_the_training_rows(table: Path) -> None:
    prepared = fitted(table, CASES["TextVectorization"][0])
    counts = Counter(word for text in column_of("text", "train") for word in words_of(text))
    vocabulary = prepared.layer("TextVectorization").get_vocabulary()
    assert vocabulary[:2] == ["", "[UNK]"]
    assert [counts[word] for word in vocabulary[2:]] == sorted(counts.values(), reverse=True)[:4]
    for part in ("train", "test"):
        indices = [
            [vocabulary.index(word) if word in vocabulary else 1 for word in words_of(text)]
            for text in column_of("text", part)
        ]
        assert prepared(part).tolist() == [[*each, 0, 0, 0, 0, 0][:5] for each in indices]


def test_category_encoding_is_one_hot(table: Path) -> None:
    prepared = fitted(table, CASES["CategoryEncoding"][0])
    np.testing.assert_array_equal(prepared("test"), np.eye(5)[[int(cell) for cell in column_of("size", "test")]])


def test_pictures_are_resized_and_cropped_as_by_plain_indexing(pictures: Path) -> None:
    raw = np.load(pictures)["x"]
    resized = fitted(pictures, {"prepare": [{"Resizing": {"height": 3, "width": 7, "interpolation": "nearest"}}]})
    rows, columns = np.floor((np.arange(3) + 0.5) * 2).astype(int), np.floor((np.arange(7) + 0.5) * 5 / 7).astype(int)
    wanted = raw[:, rows][:, :, columns]
    own = resized.dataset.splits["test"].rows
    np.testing.assert_array_equal(resized("test"), wanted[own])
    smooth = fitted(pictures, {"prepare": [{"Resizing": {"height": 3, "width": 5}}]})
    np.testing.assert_allclose(smooth("test"), raw.reshape(40, 3, 2, 5, 3).mean(axis=2)[own], atol=1e-4)
    cropped = fitted(pictures, {"prepare": [{"CenterCrop": {"height": 2, "width": 3}}]})
    np.testing.assert_array_equal(cropped("test"), raw[own][:, 2:4, 1:4])


def test_each_step_learns_from_what_those_before_it_make(table: Path, pictures: Path) -> None:
    scaled = fitted(table, numbers({"Rescaling": {"scale": 10.0, "offset": 1.0}}, "Normalization"))
    mean, plain = scaled.layer("Normalization").mean, fitted(table, numbers("Normalization"))
    np.testing.assert_allclose(np.ravel(mean), numbers_of("train").mean(axis=0) * 10 + 1, rtol=1e-5)
    turned = fitted(table, numbers("Normalization", {"Rescaling": {"scale": 10.0, "offset": 1.0}}))
    np.testing.assert_allclose(turned("test"), plain("test") * 10 + 1, rtol=1e-5, atol=1e-5)
    assert np.abs(turned("test") - scaled("test")).max() > 1
    codes = fitted(
        table, one_input("code", "IntegerLookup", {"CategoryEncoding": {"num_tokens": 5, "output_mode": "one_hot"}})
    )
    np.testing.assert_array_equal(codes(), fitted(table, CASES["IntegerLookup as one-hot"][0])())
    channels = fitted(pictures, {"prepare": [{"Rescaling": {"scale": 0.5}}, "Normalization"]})
    train = np.load(pictures)["x"][channels.dataset.splits["train"].rows] * 0.5
    np.testing.assert_allclose(np.ravel(channels.layer("Normalization").mean), train.mean(axis=(0, 1, 2)), rtol=1e-5)


def test_the_preparations_of_an_input_come_after_those_of_all(table: Path) -> None:
    block = {
        "inputs": {
            "sides": {"columns": ["length", "width"], "prepare": [{"Rescaling": 100.0}]},
            "area": {"columns": ["area"]},
            "word": {"columns": "word", "kind": "text", "prepare": [{"StringLookup": {"output_mode": "one_hot"}}]},
        },
        "prepare": ["Normalization"],
    }
    prepared = fitted(table, block)
    made = prepare(prepared.model, prepared.dataset.splits["test"].inputs)
    alone = fitted(table, numbers("Normalization"))("test")
    np.testing.assert_allclose(made["sides"], alone[:, :2] * 100, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(made["area"], alone[:, 2:], rtol=1e-6)
    np.testing.assert_array_equal(made["word"], fitted(table, CASES["StringLookup"][0])("test"))


@pytest.mark.parametrize("case", [case for case, (_, learns) in CASES.items() if learns])
def test_nothing_is_learnt_from_the_other_splits(case: str, table: Path, tmp_path: Path) -> None:
    block, _ = CASES[case]
    before = fitted(table, block)
    for part, same in [("test", True), ("validation", True), ("train", False)]:
        rows = rows_of()
        for row in rows:
            if row[-1] == part:
                values = ["900", "77", "-400", "violet", "12345", "1", "completely other words"]
                row[: len(values)] = values if row[7] == "1" else row[: len(values)]
        after = fitted(write_rows(tmp_path / f"{part}.csv", rows), block)
        kept = "validation" if part == "test" else "test"  # a split that was left as it was
        assert np.array_equal(after(kept), before(kept)) is same, part


def centred(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Values whose columns point where their largest value does, so that two can be compared up to sign."""
    turned: np.ndarray[Any, Any] = values * np.sign(values[np.abs(values).argmax(axis=0), range(values.shape[1])])
    return turned


@pytest.mark.parametrize("components", [None, 1, 2, 3])
@pytest.mark.parametrize("whiten", [True, False])
def test_pca_is_that_of_scikit_learn_up_to_sign(components: int | None, whiten: bool, table: Path) -> None:
    from sklearn.decomposition import PCA

    train = numbers_of("train").astype(np.float64)
    theirs = PCA(n_components=components, whiten=whiten, svd_solver="full").fit(train)
    arguments: dict[str, Any] = {"whiten": whiten, **({} if components is None else {"components": components})}
    prepared = fitted(table, numbers({"pca": arguments}))
    # scikit-learn divides by one less than there are samples, Normalization and pca by all of them.
    scale = np.sqrt(len(train) / (len(train) - 1)) if whiten else 1.0
    for part in ("train", "test"):
        wanted = theirs.transform(numbers_of(part).astype(np.float64)) * scale
        assert prepared(part).shape == wanted.shape == (len(numbers_of(part)), components or 3)
        np.testing.assert_allclose(centred(prepared(part)), centred(wanted), rtol=2e-4, atol=2e-5)
    covariance = np.cov(prepared().T.astype(np.float64), bias=True)
    if whiten:
        np.testing.assert_allclose(np.atleast_2d(covariance), np.eye(components or 3), atol=1e-4)
    elif (components or 3) > 1:
        assert np.diag(covariance).tolist() == sorted(np.diag(covariance), reverse=True)
        assert np.diag(covariance)[0] > 10


def test_pca_of_pictures_turns_the_channels(pictures: Path) -> None:
    from sklearn.decomposition import PCA

    prepared = fitted(pictures, {"prepare": [{"pca": {"components": 2, "whiten": False}}]})
    raw = np.load(pictures)["x"].astype(np.float64)
    rows = prepared.dataset.splits
    theirs = PCA(2, svd_solver="full").fit(raw[rows["train"].rows].reshape(-1, 3))
    wanted = theirs.transform(raw[rows["test"].rows].reshape(-1, 3))
    assert prepared("test").shape == (6, 6, 5, 2)
    np.testing.assert_allclose(centred(prepared("test").reshape(-1, 2)), centred(wanted), rtol=1e-3, atol=1e-3)


def test_a_feature_that_never_changes_is_not_blown_up_by_pca(tmp_path: Path) -> None:
    rows = rows_of()
    for row in rows:
        row[1] = "3.25"
        if row[-1] == "test":
            row[1] = "3.5"
    prepared = fitted(write_rows(tmp_path / "table.csv", rows), numbers("pca"))
    assert np.abs(prepared()).max() < 10
    assert np.isfinite(prepared("test")).all()


@pytest.mark.parametrize("case", CASES)
def test_raw_rows_are_prepared_to_the_same_bits_in_any_batches_and_order(
    case: str, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dlcli.actions.new_data import raw_samples
    from dlcli.runs import Run
    from dlcli.training.kept.model_folder import load_model, load_schema, save_model
    from dlcli.training.setup.feed import Feed

    block, _ = CASES[case]
    prepared = fitted(table, block)
    (name,) = prepared.dataset.splits["train"].inputs
    seen = Feed(prepared.dataset.splits["train"], prepared.model, prepared.dataset.schema.targets).take(slice(None))
    trained = seen[0][name]
    run = Run(tmp_path / "run")
    run.path.mkdir()
    save_model(run, any_model(), prepared.model, prepared.dataset.schema)
    saved = load_model(run, load_schema(run))
    raw = [row for row in rows_of() if row[-1] == "train"]
    order = np.random.default_rng(5).permutation(len(raw))
    new = write_rows(tmp_path / "new.csv", [raw[row] for row in order])
    fields = prepared.data.source.model_copy(update={"path": str(new)}).read(reading_of(prepared.dataset))
    raw = raw_samples(fields, saved.schema, with_target=False)
    samples = raw.samples
    assert (len(samples), raw.told) == (80, [])
    sizes = [8192, 1, 7, 80, 79]
    for size in sizes:
        monkeypatch.setattr("dlcli.data.preparation.prepare.BATCH", size)
        np.testing.assert_array_equal(prepare(saved.preparation, samples.inputs)[name], trained[order])
    lazily = replace(samples, inputs={key: OneByOne(column) for key, column in samples.inputs.items()})
    stream = Feed(lazily, saved.preparation, saved.schema.targets)
    assert stream.streams
    rows = np.random.default_rng(6).integers(0, 80, 30)
    np.testing.assert_array_equal(stream.take(rows)[0][name], trained[order][rows])
    assert not np.array_equal(trained[order], trained)


def OneByOne(column: Any) -> Any:  # noqa: N802 (a field like the classes of dlcli.data.fields.lazy)
    """The same field, read when it is asked for."""
    from dlcli.data.fields.lazy import Selected

    return Selected(column, np.arange(len(column)))


def any_model() -> Any:
    """A model to be saved beside a preparation."""
    import keras

    taken = keras.Input((1,))
    return keras.Model(taken, keras.layers.Dense(1)(taken))


def reading_of(dataset: Dataset) -> Any:
    """How other rows are read: names stay names."""
    from dlcli.actions.new_data import text_columns
    from dlcli.data.sources.source import Reading

    return Reading(frozenset(text_columns(dataset.schema)))


@pytest.mark.parametrize("case", ["Normalization", "pca", "IntegerLookup", "TextVectorization", "Discretization"])
def test_what_is_learnt_from_a_stream_is_what_is_learnt_in_memory(
    case: str, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block, _ = CASES[case]
    memory = fitted(table, block)
    streamed = fitted(table, {**block, "stream": True})
    assert (memory.dataset.streams, streamed.dataset.streams) == (False, True)
    np.testing.assert_array_equal(streamed("test"), memory("test"))
    monkeypatch.setattr("dlcli.data.preparation.prepare.BATCH", 9)
    batched = fitted(table, {**block, "stream": True})
    if case == "Discretization":  # it is Keras's own estimate, which depends on the batches
        assert np.mean(batched("test") == memory("test")) > 0.9
    else:
        np.testing.assert_allclose(batched("test"), memory("test"), rtol=1e-4, atol=1e-5)


def test_data_that_cannot_be_read_while_it_is_learnt_from_is_told_as_such(table: Path) -> None:
    prepared = fitted(table, CASES["Normalization"][0])

    def read(number: int, names: Any) -> Any:
        raise DataError("row group 0 is damaged", kind="damaged_file", file="table.parquet")

    train = prepared.dataset.splits["train"]
    broken = Chunks([80], read).column("features", np.float32, (3,))
    splits = {**prepared.dataset.splits, "train": replace(train, inputs={"features": broken})}
    with pytest.raises(DataError) as caught:
        fit_preparation(prepared.data, replace(prepared.dataset, splits=splits), facts={})
    assert (caught.value.message, caught.value.file) == ("row group 0 is damaged", "table.parquet")


@pytest.mark.parametrize("components", [4, 10])
def test_more_components_than_features_are_refused(components: int, table: Path) -> None:
    with pytest.raises(BlockError) as caught:
        fitted(table, numbers("Normalization", {"pca": components}))
    assert caught.value.path == ("data", "prepare", 1, "pca")
    assert caught.value.message == (
        "pca cannot prepare 'features' of shape (3,): there are 3 features, "
        f"so at most 3 components, found {components}"
    )


CONFIG = """\
data:
  source: table.csv
  inputs:
    sides: {columns: [length, width, area]}
  target: kind
  split: {by: "column:part"}
  prepare:
    - Normalization
    - pca: 2
layers:
  - Dense: {units: 3, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: adam
train: {epochs: 1}
"""
TEXT = "    says: {columns: text, kind: text, prepare: [TextVectorization: {max_tokens: 9}]}\n"
WRONG: dict[str, tuple[str, str, tuple[int, int, str, str | None]]] = {
    "too many components": (
        "pca: 2",
        "pca: {components: 5}",
        (
            9,
            7,
            "pca cannot prepare 'sides' of shape (3,): there are 3 features, so at most 3 components, found 5",
            None,
        ),
    ),
    "numbers made of text": (
        "  target: kind\n",
        TEXT.replace("TextVectorization: {max_tokens: 9}", "Rescaling: 2").replace("    says", "    words")
        + "  target: kind\n",
        (
            5,
            50,
            "Rescaling takes numbers, and 'words' is text",
            "text needs TextVectorization before it",
        ),
    ),
    "text where there are numbers": (
        "- Normalization",
        "- StringLookup",
        (
            8,
            7,
            "StringLookup cannot prepare 'sides' of shape (3,): Cast double to string is not supported",
            "make it text: data.inputs: {NAME: {columns: length, kind: text}}",
        ),
    ),
    "text without a length": (
        "  target: kind\n",
        f"{TEXT}  target: kind\n",
        (
            5,
            49,
            "TextVectorization makes 'says' as long as the longest text of a batch; a model needs one length",
            "write TextVectorization: {output_sequence_length: 100}, or another output_mode",
        ),
    ),
    "text without a preparation": (
        "  target: kind\n",
        "    says: {columns: text, kind: text}\n  target: kind\n",
        (
            1,
            1,
            "the input 'says' is text, which layers cannot take",
            "write data.prepare: [TextVectorization: {max_tokens: 10000, output_sequence_length: 100}]",
        ),
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_preparation_that_cannot_be_fitted_is_told_at_its_line(
    case: str, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    old, new, (line, column, message, hint) = WRONG[case]
    assert CONFIG.count(old) == 1
    write_rows(tmp_path / "table.csv", rows_of())
    (tmp_path / "t.yaml").write_text(CONFIG.replace(old, new), encoding="utf-8")
    outcome = run_dlcli("train", "t.yaml", "--json", "-q", cwd=tmp_path)
    assert outcome.code == 3
    [problem] = outcome.error["problems"]
    told = (problem["line"], problem["column"], problem["message"], problem["suggestion"])
    assert told == (line, column, message, hint)


@pytest.mark.parametrize(
    ("written", "column", "message", "hint"),
    [
        ("pca: {components: 0}", 25, "'components' must be at least 1, found the number 0", None),
        ("pca: {component: 2}", 13, "unknown key 'component' in 'data.prepare.1.pca'", None),
        ("pca: {whiten: maybe}", 21, "'whiten' must be true or false, found the text 'maybe'", None),
        ("pcaa", 7, "unknown layer 'pcaa'", "dlcli list layers"),
    ],
)
def test_a_preparation_that_is_written_wrong_is_told_before_anything_is_read(
    written: str, column: int, message: str, hint: str | None, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    (tmp_path / "t.yaml").write_text(CONFIG.replace("pca: 2", written), encoding="utf-8")
    outcome = run_dlcli("validate", "t.yaml", "--json", cwd=tmp_path)
    assert outcome.code == 3
    [problem] = outcome.value["files"][0]["problems"]
    told = (problem["line"], problem["column"], problem["message"], problem["suggestion"])
    assert told == (9, column, message, hint)


def test_a_run_predicts_raw_rows_with_what_it_has_learnt(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    import keras

    text = TEXT.replace("max_tokens: 9", "max_tokens: 9, output_mode: multi_hot")
    write_rows(tmp_path / "table.csv", rows_of())
    (tmp_path / "t.yaml").write_text(CONFIG.replace("  target: kind\n", f"{text}  target: kind\n"), encoding="utf-8")
    outcome = run_dlcli("train", "t.yaml", "--name", "r", "--json", "-q", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    rows = rows_of()[:30]
    write_rows(tmp_path / "new.csv", rows)
    said = []
    for name, chosen in [("new.csv", rows), ("turned.csv", rows[::-1]), ("one.csv", rows[4:5])]:
        write_rows(tmp_path / name, chosen)
        answer = run_dlcli("predict", "r", name, "--json", "-q", cwd=tmp_path)
        assert answer.code == 0, answer.err
        said.append([[each[f"probability {kind}"] for kind in "012"] for each in answer.value["predictions"]])
    np.testing.assert_allclose(said[1][::-1], said[0], rtol=1e-6)
    np.testing.assert_allclose(said[2], said[0][4:5], rtol=1e-6)
    folder = tmp_path / "runs" / "r" / "model"
    model, preparation = (
        keras.saving.load_model(folder / file, compile=False) for file in ("model.keras", "prepare.keras")
    )
    assert json.loads((folder / "schema.json").read_text(encoding="utf-8"))["inputs"][1]["text"] is True
    raw = {"sides": np.array([row[:3] for row in rows], np.float32), "says": np.array([row[6] for row in rows], object)}
    made = {name: np.asarray(values, np.float32) for name, values in prepare(preparation, raw).items()}
    assert {name: values.shape for name, values in made.items()} == {"sides": (30, 2), "says": (30, 9)}
    np.testing.assert_allclose(said[0], np.asarray(model(made)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("spare", "fits"), [(-1, False), (0, True)])
def test_a_preparation_whose_output_does_not_fit_in_memory_is_refused_before_it_is_made(
    spare: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    from dlcli.data.preparation import fitting
    from dlcli.data.schema import InputSchema

    schema = InputSchema(name="x", axes=["samples", "h"], shape=[8])
    dataset: Any = SimpleNamespace(streams=False, splits={"train": range(28), "validation": range(12)})
    path = ("data", "prepare", 0, "CategoryEncoding")
    needed = 4 * 8 * 1_000_000 * (40 + 8)  # 40 samples are kept, and it is tried on 8
    monkeypatch.setattr(fitting, "free_memory", lambda: needed + spare)

    def check() -> None:
        fitting.check_output_fits(path, schema, (8, 1_000_000), dataset=dataset, column=np.zeros((28, 8)), counts=False)

    if fits:
        check()
        return
    with pytest.raises(BlockError) as caught:
        check()
    assert (caught.value.path, caught.value.kind) == (path, "out_of_memory")
    assert caught.value.message == (
        "CategoryEncoding makes 32.0 MB of each sample of 'x', which takes 1.5 GB in all, more than the free memory"
    )


def test_large_outputs_are_made_of_few_samples_at_a_time() -> None:
    from dlcli.data.preparation.prepare import batch_size

    column = np.zeros((10, 4))
    assert [batch_size(column, prepared=size) for size in (0, 1 << 13, (1 << 13) + 1, 1 << 26, 1 << 30)] == [
        8192,
        8192,
        8191,
        1,
        1,
    ]


@pytest.mark.parametrize(("mode", "width"), [("one_hot", 40), ("int", 1)])
def test_names_of_two_columns_are_crossed_as_by_keras_itself(mode: str, width: int, tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    cells = [("abc"[row % 3], "uvwxyz"[row // 3 % 6]) for row in range(40)]
    path = tmp_path / "t.csv"
    path.write_text("a,b,y\n" + "".join(f"{a},{b},{row}\n" for row, (a, b) in enumerate(cells)), encoding="utf-8")
    step = {"HashedCrossing": {"num_bins": 40, "output_mode": mode}}
    inputs = {"both": {"columns": ["a", "b"], "kind": "text", "prepare": [step]}}
    data = Data.model_validate({"source": str(path), "target": "y", "inputs": inputs}, context=Language())
    dataset = data.load(seed=0)
    ((_, made),) = prepare(
        fit_preparation(data, dataset, facts=dataset.facts(8)).model, dataset.splits["train"].inputs
    ).items()
    rows = dataset.splits["train"].rows
    columns = [tf.constant([cells[row][at] for row in rows]) for at in (0, 1)]
    wanted = np.asarray(keras.layers.HashedCrossing(num_bins=40, output_mode=mode)(columns)).reshape(len(rows), -1)
    assert made.shape == (len(rows), width)
    assert len(np.unique(made, axis=0)) > 5
    np.testing.assert_array_equal(made, wanted)


SEVERAL = "it crosses several columns of names, which are an input of kind category"
CROSSED = "{columns: [a, b], kind: category, prepare: [HashedCrossing: {num_bins: 64, output_mode: one_hot}]}"


@pytest.mark.parametrize(
    ("inputs", "message", "hint"),
    [
        (
            {
                "both": {
                    "columns": ["a", "b"],
                    "kind": "text",
                    "prepare": [{"StringLookup": {"output_mode": "one_hot"}}],
                }
            },
            "input 'both' is text and takes one column, found 2; HashedCrossing alone takes several",
            "make each an input of its own: data.inputs: {a: {columns: a, kind: text}, …}",
        ),
        (
            {"both": {"columns": ["a", "b"], "prepare": [{"HashedCrossing": {"num_bins": 9}}]}},
            f"HashedCrossing cannot prepare 'both' of shape (5,): {SEVERAL}",
            f"write data.inputs: {{both: {CROSSED}}}",
        ),
        (
            {"one": {"columns": "a", "kind": "text", "prepare": [{"HashedCrossing": {"num_bins": 9}}]}},
            f"HashedCrossing cannot prepare 'one' of shape (): {SEVERAL}",
            f"write data.inputs: {{both: {CROSSED}}}",
        ),
    ],
)
def test_what_cannot_be_crossed_is_told_with_what_to_write(
    inputs: dict[str, Any], message: str, hint: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "a,b,y\n" + "".join(f"{'abc'[row % 3]},{'uv'[row % 2]},{row}\n" for row in range(30)), encoding="utf-8"
    )
    data = Data.model_validate({"source": str(path), "target": "y", "inputs": inputs}, context=Language())
    dataset = data.load(seed=0)
    with pytest.raises(BlockError) as caught:
        fit_preparation(data, dataset, facts=dataset.facts(8))
    assert caught.value.message == message
    assert caught.value.hint == hint


def sounds(folder: Path, channels: int) -> tuple[Path, np.ndarray[Any, Any]]:
    """Twenty sounds (time, channels) of different loudness in an archive."""
    generator = np.random.default_rng(5)
    x = generator.standard_normal((20, 800, channels)) * 10.0 ** generator.integers(-3, 1, (20, 1, channels))
    np.savez(folder / "sounds.npz", x=x.astype(np.float32), y=np.arange(20) % 2)
    return folder / "sounds.npz", x.astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2])
def test_bands_of_a_sound_with_channels_are_an_image_of_each_channel(channels: int, tmp_path: Path) -> None:
    import keras

    path, x = sounds(tmp_path, channels)
    step = {"fft_length": 128, "sequence_stride": 64, "sampling_rate": 8000, "num_mel_bins": 16}
    prepared = fitted(path, {"prepare": [{"MelSpectrogram": step}]})
    rows = prepared.dataset.splits["train"].rows
    power = keras.layers.MelSpectrogram(**step, power_to_db=False)
    wanted = np.stack([np.asarray(power(x[rows, :, at])) for at in range(channels)], -1)
    decibels = 10 * np.log10(np.maximum(wanted, 1e-10))
    decibels = np.maximum(decibels, decibels.max(axis=(1, 2, 3), keepdims=True) - 80)
    assert prepared().shape == (len(rows), 16, *decibels.shape[2:])
    np.testing.assert_allclose(prepared(), decibels, atol=1e-3)


def test_a_spectrogram_whose_weights_are_fixed_prepares_like_the_transform_of_numpy(tmp_path: Path) -> None:
    path, x = sounds(tmp_path, 1)
    step = {
        "mode": "magnitude",
        "frame_length": 64,
        "frame_step": 32,
        "fft_length": 64,
        "scaling": None,
        "window": "hann",
    }
    prepared = fitted(path, {"prepare": [{"STFTSpectrogram": step}]})
    rows = prepared.dataset.splits["train"].rows
    window = np.hanning(64)
    frames = np.stack([x[rows, start : start + 64, 0] for start in range(0, 800 - 64 + 1, 32)], 1)
    wanted = np.maximum(np.abs(np.fft.rfft(frames * window)), 1e-7**0.5)  # which is how small Keras lets it be
    assert prepared().shape == wanted.shape
    np.testing.assert_allclose(prepared(), wanted, rtol=1e-3, atol=1e-4)
    assert not prepared.layer("STFTSpectrogram").trainable_weights


@pytest.mark.parametrize(("mode", "shape"), [("one_hot", (8,)), ("multi_hot", (8,)), ("int", ())])
def test_hashed_text_has_the_shape_that_it_is_told_to_have(mode: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    path = tmp_path / "t.csv"
    names = ["abc"[row % 3] + str(row % 7) for row in range(40)]
    path.write_text("a,y\n" + "".join(f"{name},{row}\n" for row, name in enumerate(names)), encoding="utf-8")
    step = {"Hashing": {"num_bins": 8, "output_mode": mode}}
    inputs = {"word": {"columns": "a", "kind": "text", "prepare": [step]}}
    data = Data.model_validate({"source": str(path), "target": "y", "inputs": inputs}, context=Language())
    dataset = data.load(seed=0)
    model = fit_preparation(data, dataset, facts=dataset.facts(8)).model
    made = prepare(model, dataset.splits["train"].inputs)["word"]
    wanted = keras.layers.Hashing(num_bins=8)(tf.constant([names[row] for row in dataset.splits["train"].rows]))
    assert tuple(model.output["word"].shape[1:]) == made.shape[1:] == shape
    np.testing.assert_array_equal(made.argmax(axis=1) if shape else made, np.asarray(wanted))


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
def test_single_ids_are_encoded_each_by_itself(mode: str, tmp_path: Path) -> None:
    ids = np.arange(40) * 3 % 5
    np.savez(tmp_path / "a.npz", u=ids, y=np.arange(40.0))
    source = {"npz": {"path": str(tmp_path / "a.npz"), "inputs": "u", "target": "y"}}
    inputs = {"u": {"columns": "u", "prepare": [{"CategoryEncoding": {"num_tokens": 5, "output_mode": mode}}]}}
    data = Data.model_validate({"source": source, "inputs": inputs}, context=Language())
    dataset = data.load(seed=0)
    made = prepare(fit_preparation(data, dataset, facts=dataset.facts(8)).model, dataset.splits["train"].inputs)["u"]
    np.testing.assert_array_equal(made, np.eye(5)[ids[dataset.splits["train"].rows]])


@pytest.mark.parametrize("counts", [False, True])
def test_only_what_counts_categories_takes_an_axis_for_each_number(
    counts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    from dlcli.data.preparation import fitting
    from dlcli.data.schema import InputSchema

    schema = InputSchema(name="wave", axes=["samples", "time", "channels"], shape=[5600, 1])
    dataset: Any = SimpleNamespace(streams=False, splits={"train": range(384)})
    monkeypatch.setattr(fitting, "free_memory", lambda: 100_000_000)

    def check() -> None:
        path = ("data", "prepare", 0, "Reshape")
        fitting.check_output_fits(path, schema, (5600,), dataset=dataset, column=np.zeros((384, 1)), counts=counts)

    if not counts:
        check()  # 384 samples of 22 kB each
        return
    with pytest.raises(BlockError):
        check()
