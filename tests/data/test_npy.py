"""Plain NumPy arrays: shards, several inputs, order in memory, and files that are not what their header says."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data, Dataset
from dlcli.data.fields.chunks import ChunkedColumn
from dlcli.data.fingerprint import fingerprint
from dlcli.data.sources.arrays import shared as arrays
from dlcli.data.sources.arrays.npy import Npy
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError, DlcliError, ResourceError, UnsafeError

UNSPLIT = {"validation": 0.0, "test": 0.0}
X = np.arange(24.0).reshape(6, 4)
Y = np.array([0, 1, 0, 1, 0, 1])
PICKLED = "the file holds pickled Python objects, which could run code; dlcli never loads them"


def saved(path: Path, array: Any) -> str:
    np.save(path, array)
    return str(path)


def block(path: Any, target: Any = None, **more: Any) -> dict[str, Any]:
    return {"source": {"npy": {"path": path, "target": target}}, "split": UNSPLIT, **more}


def header(descr: Any, shape: str) -> bytes:
    """The start of a file that claims a type and a shape."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.fixture
def x(tmp_path: Path) -> str:
    return saved(tmp_path / "x.npy", X)


@pytest.fixture
def y(tmp_path: Path) -> str:
    return saved(tmp_path / "y.npy", Y)


@pytest.mark.parametrize("stream", [False, True])
def test_a_field_bears_the_name_of_its_file(stream: bool, x: str, y: str, load: Callable[..., Dataset]) -> None:
    dataset = load(block(x, y, stream=stream))
    train = dataset.splits["train"]
    assert list(train.inputs) == ["x"]
    np.testing.assert_array_equal(train.inputs["x"][:], X)
    assert train.target[:].tolist() == Y.tolist()
    assert dataset.fields.target == "y"


def test_every_file_is_in_the_fingerprint(x: str, y: str, tmp_path: Path, load: Callable[..., Dataset]) -> None:
    other = saved(tmp_path / "other.npy", X)
    files = load(block({"a": [x, other], "b": [other, x]}, [y, y])).fields.files
    assert {each["file"] for each in fingerprint(files)} == {x, other, y}


@pytest.mark.parametrize("stream", [False, True])
def test_shards_follow_each_other_in_the_order_of_their_names(
    stream: bool, tmp_path: Path, load: Callable[..., Dataset]
) -> None:
    for number, part in enumerate(np.split(np.arange(700_000.0).reshape(-1, 2), 7)):
        saved(tmp_path / f"자료-{number}.npy", part)
    label = saved(tmp_path / "label.npy", np.arange(350_000) % 3)
    dataset = load(block(str(tmp_path / "자료-*.npy"), label, stream=stream))
    column = dataset.fields.arrays["자료-0"]
    assert isinstance(column, ChunkedColumn) is stream
    rows = np.array([349_999, 0, 50_000, 49_999, 262_144, 262_143])
    np.testing.assert_array_equal(column[rows], np.stack([rows * 2.0, rows * 2.0 + 1], axis=1))
    np.testing.assert_array_equal(column[:], np.arange(700_000.0).reshape(-1, 2))
    assert dataset.fields.where(50_000) == (str(tmp_path / "자료-1.npy"), None, "row 1")


def test_what_streams_is_cut_into_pieces_of_four_megabytes(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    x = saved(tmp_path / "x.npy", np.zeros((3000, 1024)))
    y = saved(tmp_path / "y.npy", np.arange(3000) % 2)
    chunks = load(block(x, y, stream=True)).fields.chunks
    assert chunks is not None
    assert chunks.rows == [512] * 5 + [440]


def test_several_inputs_are_named_by_the_mapping(x: str, y: str, load: Callable[..., Dataset]) -> None:
    train = load(block({"left": x, "right": [x]}, y)).splits["train"]
    assert list(train.inputs) == ["left", "right"]
    np.testing.assert_array_equal(train.inputs["right"], X)


@pytest.mark.parametrize("stream", [False, True])
def test_an_array_in_the_order_of_fortran_is_the_same_array(
    stream: bool, y: str, tmp_path: Path, load: Callable[..., Dataset]
) -> None:
    x = saved(tmp_path / "x.npy", np.asfortranarray(X))
    assert b"'fortran_order': True" in Path(x).read_bytes()[:128]
    np.testing.assert_array_equal(load(block(x, y, stream=stream)).splits["train"].inputs["x"][:], X)


@pytest.mark.parametrize("stream", [False, True])
def test_labels_may_be_text_of_different_lengths_in_each_file(
    stream: bool, x: str, tmp_path: Path, load: Callable[..., Dataset]
) -> None:
    names = [saved(tmp_path / "a.npy", ["물", "차"]), saved(tmp_path / "b.npy", ["막걸리", "물", "물", "차"])]
    dataset = load(block(x, names, stream=stream), labels="classes")
    assert dataset.classes == ["막걸리", "물", "차"]
    assert dataset.splits["train"].target[:].tolist() == [1, 2, 0, 1, 1, 2]
    assert dataset.fields.chunks is not None if stream else dataset.fields.chunks is None


@pytest.mark.parametrize("stream", [False, True])
def test_nan_is_found_beside_text_too(
    stream: bool, tmp_path: Path, load: Callable[..., Dataset], refuse: Callable[..., Any]
) -> None:
    damaged = X.copy()
    damaged[4, 1] = np.nan
    x, y = saved(tmp_path / "x.npy", damaged), saved(tmp_path / "y.npy", ["u", "v"] * 3)
    assert refuse(block(x, y, stream=stream)).message == "empty cells: 'x' 1; the first in row 5"
    saved(tmp_path / "x.npy", X)
    assert len(load(block(x, y, stream=stream)).splits["train"]) == 6


@pytest.mark.parametrize("stream", [False, True])
def test_a_header_that_claims_800_gigabytes_is_refused_before_anything_is_allocated(
    stream: bool, tmp_path: Path, refuse: Callable[..., Any]
) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(header("<f8", "(100000000000,)") + bytes(64))
    message = "the file is damaged: it has 192 bytes, fewer than its header says"
    assert refuse(block(str(path), stream=stream)) == (DataError, 4, message, str(path), None, None)


@pytest.mark.parametrize(
    ("descr", "shape", "content", "message"),
    [
        ("<f8", "(10,)", 79, "the file is damaged: it has 207 bytes, fewer than its header says"),
        ("<f8", "(10,)", 81, "the file is damaged: its header says 208 bytes, it has 209"),
        ("<f8", "(10,)", 800, "the file is damaged: its header says 208 bytes, it has 928"),
        ("<f8", "(-1,)", 80, "the file is damaged: negative dimensions are not allowed"),
        ("<f8", "(99999999999999999999,)", 80, "the file is damaged: it has 208 bytes, fewer than its header says"),
        ("<f8", "()", 8, "the file holds a single value; expected samples on the first axis"),
        ("<f8", "(0, 4)", 0, "the array holds no samples"),
        ("<f8", "(5, 0)", 0, "the array 'x' has the shape (5, 0): its samples are empty"),
        ("<c16", "(5,)", 80, "the array 'x' has the type complex128; expected numbers or text"),
        ("|S1", "(1,)", 1, None),
    ],
)
def test_a_header_that_does_not_fit_is_refused(
    descr: str, shape: str, content: int, message: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(header(descr, shape) + bytes(content))
    for stream in (False, True):
        if message is None:  # the crafted header is one that NumPy reads
            assert Npy(path=str(path)).read(Reading(stream=stream)).arrays["x"][:].tolist() == [""]
            continue
        with pytest.raises(DataError) as caught:
            Npy(path=str(path)).read(Reading(stream=stream))
        assert (caught.value.message, caught.value.file) == (message, str(path))


@pytest.mark.parametrize("descr", ["|O", [("a", "|O")]])
@pytest.mark.parametrize("stream", [False, True])
def test_pickled_objects_are_refused_and_never_loaded(
    descr: Any, stream: bool, tmp_path: Path, refuse: Callable[..., Any]
) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(header(descr, "(5,)") + bytes(80))
    hint = "save a plain array: np.save(path, x)"
    assert refuse(block(str(path), stream=stream)) == (UnsafeError, 10, PICKLED, str(path), None, hint)


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_a_trap_does_not_spring(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    trap = np.empty(3, object)
    trap[:] = [Trap(tmp_path / "sprung")] * 3
    np.save(tmp_path / "x.npy", trap)
    assert refuse(block(str(tmp_path / "x.npy"))).kind is UnsafeError
    assert not (tmp_path / "sprung").exists()
    np.load(tmp_path / "x.npy", allow_pickle=True)
    assert (tmp_path / "sprung").exists()  # the trap works


@pytest.mark.parametrize(
    ("other", "held"),
    [
        (np.zeros((3, 5)), "the shape (5,) a sample and the type float64"),
        (np.zeros((3, 4), np.float32), "the shape (4,) a sample and the type float32"),
    ],
)
def test_shards_of_another_form_are_refused(
    other: Any, held: str, x: str, tmp_path: Path, refuse: Callable[..., Any]
) -> None:
    path = saved(tmp_path / "z.npy", other)
    message = f"the array has {held}; expected (4,) and float64 as in x.npy"
    assert refuse(block([x, path])) == (DataError, 4, message, path, None, None)


def test_input_and_target_must_have_as_many_samples(x: str, tmp_path: Path, refuse: Callable[..., Any]) -> None:
    message = "the arrays differ in their number of samples (first axis): x 6, y 5"
    assert refuse(block(x, saved(tmp_path / "y.npy", Y[:5]))) == (DataError, 4, message, x, None, None)


def test_a_missing_array_is_refused_with_what_is_near(x: str, tmp_path: Path, refuse: Callable[..., Any]) -> None:
    wrong = str(tmp_path / "xx.npy")
    assert refuse(block(wrong)) == (DataError, 4, f"there is no file {wrong}", wrong, None, "near it: x.npy")
    folder = "name a file in it, or a glob such as folder/*.csv"
    assert refuse(block(str(tmp_path)))[2:] == (
        *(f"{tmp_path} is a folder, expected a file", str(tmp_path), None, folder),
    )
    assert refuse(block(f"{x}/y.npy")).message == f"there is no folder {x}"


def test_more_than_fits_is_refused_in_memory_and_read_where_it_streams(
    x: str, y: str, monkeypatch: pytest.MonkeyPatch, refuse: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    monkeypatch.setattr(arrays, "free_memory", lambda: 400)
    message = "the arrays take 0.0 GB, more than half of the 0.0 GB of free memory"
    hint = "write data.stream: true to read them piece by piece"
    assert refuse(block(x, y, stream=False)) == (ResourceError, 7, message, x, None, hint)
    assert len(load(block(x, y, stream=True)).splits["train"]) == 6


@pytest.mark.parametrize("stream", [False, True])
def test_a_cut_file_is_refused_wherever_it_is_cut(stream: bool, x: str) -> None:
    content, seen = Path(x).read_bytes(), Counter[str]()
    for end in range(len(content)):
        Path(x).write_bytes(content[:end])
        with pytest.raises(DlcliError) as caught:
            Npy(path=x).read(Reading(stream=stream))
        seen[f"{type(caught.value).__name__} {Path(caught.value.file or '').name}"] += 1
    assert seen == {"DataError x.npy": len(content)}


def test_a_flipped_byte_of_the_header_is_refused_or_changes_no_value(x: str) -> None:
    content, seen = Path(x).read_bytes(), Counter[str]()
    for position in range(128):
        flipped = bytearray(content)
        flipped[position] ^= 0xFF
        Path(x).write_bytes(flipped)
        try:
            found = Npy(path=x).read(Reading()).arrays["x"][:]
        except DlcliError as error:
            seen[type(error).__name__] += 1
        else:
            seen["unharmed" if found.tolist() == X.tolist() else "harmed"] += 1
    assert seen == {"DataError": 128}


def test_a_file_that_shrinks_while_it_is_read_is_an_error_and_no_crash(x: str, y: str) -> None:
    fields = Npy(path=x, target=y).read(Reading(stream=True))
    Path(x).write_bytes(Path(x).read_bytes()[:-8])
    with pytest.raises(DataError, match="fewer than its header says"):
        fields.arrays["x"][np.array([0])]


def test_a_list_of_no_files_is_refused_with_the_configuration(mistakes: Callable[..., Any]) -> None:
    assert mistakes(block([]))
    assert Data.model_validate(block("x.npy"), context=Language()).source.input_names() == ["x"]
