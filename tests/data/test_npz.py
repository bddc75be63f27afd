from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data, Dataset
from dlcli.data.sources.arrays import shared as arrays
from dlcli.errors import DataError, DlcliError, ResourceError, UnsafeError

UNSPLIT = {"validation": 0.0, "test": 0.0}
X = np.arange(24.0).reshape(6, 4)
Y = np.array([0, 1, 0, 1, 0, 1])


def block(path: Path, **arguments: Any) -> dict[str, Any]:
    return {"source": {"npz": {"path": str(path), **arguments}}, "split": UNSPLIT}


def header(descr: str, shape: str) -> bytes:
    """The start of a `.npy` file that claims a type and a shape."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def with_members(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def npy(array: np.ndarray[Any, Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (("x", "y"), ("x", "y")),
        (("x_train", "y_train"), ("x_train", "y_train")),
        (("image", "label"), ("image", "label")),
        (("Images", "Labels"), ("Images", "Labels")),
        (("inputs", "targets"), ("inputs", "targets")),
    ],
)
def test_arrays_with_the_usual_names_need_no_words(
    names: tuple[str, str], wanted: tuple[str, str], archive: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(archive(**{names[0]: X, names[1]: Y, "more": X[:2]})))
    assert list(dataset.fields.arrays) == list(wanted)
    np.testing.assert_array_equal(dataset.splits["train"].inputs[wanted[0]], X)
    assert dataset.splits["train"].target.tolist() == Y.tolist()


def test_the_arrays_are_those_that_are_named(archive: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = archive(x=X, y=Y, left=X + 1, right=X[:, :2] + 2, answer=1 - Y)
    train = load(block(path, inputs=["left", "right"], target="answer")).splits["train"]
    assert list(train.inputs) == ["left", "right"]
    np.testing.assert_array_equal(train.inputs["right"], X[:, :2] + 2)
    assert train.target.tolist() == (1 - Y).tolist()


@pytest.mark.parametrize(
    ("arguments", "missing", "hint"),
    [
        ({"inputs": "imagee"}, "imagee", "did you mean 'image'?"),
        ({"target": "lable"}, "lable", "did you mean 'label'?"),
        ({"inputs": ["image", "zzz"]}, "zzz", None),
    ],
)
def test_a_missing_array_is_refused_with_the_nearest(
    arguments: dict[str, Any], missing: str, hint: str | None, archive: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = archive(image=X, label=Y)
    message = f"the file has no array '{missing}'; it has: image, label"
    assert refuse(block(path, **arguments)) == (DataError, 4, message, str(path), None, hint)


def test_an_archive_without_usual_names_is_asked_for_them(
    archive: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = archive(p=X, q=Y)
    assert refuse(block(path)) == (
        *(DataError, 4, "which array is the input? the file has: p, q", str(path), None),
        "write npz: {path: …, inputs: NAME, target: NAME}",
    )
    assert refuse(block(path, inputs="p")) == (
        *(DataError, 4, "which one is the target? the data has: p, q", str(path), None),
        "write data.target: q, the last one, or another of them",
    )


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X, Y[:5], "the arrays differ in their number of samples (first axis): x 6, y 5"),
        (np.float64(3), Y, "'x' is a single value; expected samples on the first axis"),
        (X[:0], Y[:0], "the arrays hold no samples"),
    ],
)
def test_arrays_that_do_not_hold_the_same_samples_are_refused(
    x: Any, y: Any, message: str, archive: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = archive(x=x, y=y)
    assert refuse(block(path)) == (DataError, 4, message, str(path), None, None)


def test_a_missing_archive_is_refused_with_what_is_near(
    archive: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    wrong = archive(x=X, y=Y).with_name("dta.npz")
    assert refuse(block(wrong)) == (DataError, 4, f"there is no file {wrong}", str(wrong), None, "near it: data.npz")


def test_a_glob_of_one_archive_is_read_and_of_two_is_refused(
    archive: Callable[..., Path], load: Callable[..., Dataset], refuse: Callable[..., Any]
) -> None:
    path = archive(x=X, y=Y)
    pattern = path.with_name("*.npz")
    assert load(block(pattern)).fields.files == [path]
    path.with_name("another.npz").write_bytes(path.read_bytes())
    message = f"'{pattern}' means 2 files, expected one"
    hint = "name one of them, such as another.npz"
    assert refuse(block(pattern)) == (DataError, 4, message, str(pattern), None, hint)


@pytest.mark.parametrize("array", [np.array(["u", "v"] * 3), np.array([b"u", b"v"] * 3)])
def test_text_is_read_as_names(array: Any, archive: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    dataset = load(block(archive(x=array, y=array)))
    assert dataset.classes == ["u", "v"]
    assert dataset.splits["train"].target.tolist() == Y.tolist()
    assert dataset.splits["train"].inputs["features"].tolist() == [[1, 0], [0, 1]] * 3


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X + 1j, "the array 'x' has the type complex128; expected numbers or text"),
        (np.arange(6).astype("datetime64[s]"), "the array 'x' has the type datetime64[s]; expected numbers or text"),
        (np.zeros(6, [("a", "f4")]), "the array 'x' has the type [('a', '<f4')]; expected numbers or text"),
        (np.array([b"\xff"] * 6), "the array 'x' holds bytes that are no UTF-8 text"),
        (np.array([["u", "v"]] * 6), "'x' holds text; expected numbers"),
    ],
)
def test_an_array_of_another_type_is_refused(
    x: Any, message: str, archive: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = archive(x=x, y=Y)
    assert refuse(block(path)) == (DataError, 4, message, str(path), None, None)


def test_arrays_of_another_type_that_nobody_asked_for_do_no_harm(
    archive: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    assert len(load(block(archive(x=X, y=Y, when=np.arange(3).astype("datetime64[s]")))).splits["train"]) == 6


def test_a_member_that_is_no_array_is_left_alone(
    archive: Callable[..., Path], load: Callable[..., Dataset], refuse: Callable[..., Any]
) -> None:
    path = archive(x=X, y=Y)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("readme.txt", "hello")
    assert list(load(block(path)).fields.arrays) == ["x", "y"]
    assert refuse(block(path, inputs="readme.txt")).message == "the file has no array 'readme.txt'; it has: x, y"


def test_an_archive_without_any_array_is_refused(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", "hello")
    assert refuse(block(path)) == (DataError, 4, "the file holds no arrays", str(path), None, None)


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_pickled_objects_are_refused_and_never_loaded(
    archive: Callable[..., Path], refuse: Callable[..., Any], tmp_path: Path
) -> None:
    trap = np.empty(6, dtype=object)
    trap[:] = [Trap(tmp_path / "sprung")] * 6
    path = archive(x=trap, y=Y)
    assert refuse(block(path)) == (
        *(UnsafeError, 10, "the file holds pickled Python objects, which could run code; dlcli never loads them"),
        *(str(path), None, "save plain arrays: np.savez(path, x=x, y=y)"),
    )
    assert not (tmp_path / "sprung").exists()
    with np.load(path, allow_pickle=True) as file:
        assert len(file["x"]) == 6
    assert (tmp_path / "sprung").exists()  # the trap works


def test_a_pickle_that_nobody_asked_for_is_refused_too(
    archive: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    assert refuse(block(archive(x=X, y=Y, z=np.array([{}], dtype=object)))).kind is UnsafeError


@pytest.mark.parametrize("content", [b"", b"hello", pickle.dumps([1, 2]), npy(X), b"PK\x05\x06" + bytes(17)])
def test_a_file_that_is_no_archive_is_refused(content: bytes, tmp_path: Path, refuse: Callable[..., Any]) -> None:
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    message = "the file is damaged or no NumPy archive: File is not a zip file"
    assert refuse(block(path)) == (DataError, 4, message, str(path), None, None)


@pytest.mark.parametrize(
    ("shape", "bytes_of_it"),
    [
        ("(100000000000000,)", "800,000,000,000,000"),
        ("(1000, 10)", "80,000"),
        ("(4,)", "32"),
        ("(10000000000000000000000000000000,)", "80,000,000,000,000,000,000,000,000,000,000"),
        ("(4294967296, 4294967296)", "147,573,952,589,676,412,928"),
        ("(-1,)", "-8"),
        ("(-8, -1)", "64"),
    ],
)
def test_an_array_that_claims_another_size_than_it_holds_is_refused_before_anything_is_allocated(
    shape: str, bytes_of_it: str, tmp_path: Path, refuse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_members(tmp_path / "data.npz", x=header("<f8", shape) + bytes(64), y=npy(Y))
    monkeypatch.setattr(np, "load", unpack)
    claim = f"claims the shape {shape} of float64, which takes {bytes_of_it} bytes, but holds 64"
    assert refuse(block(path)) == (DataError, 4, f"the file is damaged: 'x.npy' {claim}", str(path), None, None)


def test_an_array_whose_shape_is_no_shape_is_refused(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    path = with_members(tmp_path / "data.npz", x=header("<f8", "('a',)") + bytes(64), y=npy(Y))
    refusal = refuse(block(path))
    assert refusal[:2] == (DataError, 4)
    assert refusal.message.startswith("the file is damaged or no NumPy archive: shape is not valid")


def test_the_crafted_header_is_one_that_numpy_reads(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    path = with_members(tmp_path / "data.npz", x=header("<f8", "(6, 4)") + X.tobytes(), y=npy(Y))
    np.testing.assert_array_equal(load(block(path)).splits["train"].inputs["x"], X)


def unpack(*arguments: Any, **named: Any) -> None:
    raise AssertionError("unpacked")


def test_a_bomb_is_refused_by_its_headers_before_it_is_unpacked(
    tmp_path: Path, refuse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.npz"
    np.savez_compressed(path, x=np.zeros((1000, 4000)), y=np.zeros(1000, np.int64))
    assert path.stat().st_size < 40_000
    monkeypatch.setattr(arrays, "free_memory", lambda: 2 * 32_008_000 - 1)
    monkeypatch.setattr(np, "load", unpack)
    message = "the arrays take 0.0 GB, more than half of the 0.1 GB of free memory"
    hint = "save the arrays as .npy files, which are read piece by piece"
    assert refuse(block(path)) == (ResourceError, 7, message, str(path), None, hint)


def test_arrays_of_half_the_free_memory_are_read(
    archive: Callable[..., Path], load: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "free_memory", lambda: 2 * (X.nbytes + Y.nbytes))
    assert len(load(block(archive(x=X, y=Y))).splits["train"]) == 6


def test_members_that_lead_out_of_the_archive_are_never_written(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    path = tmp_path / "inner" / "data.npz"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in {
            "../../x.npy": npy(X + 1),
            "/tmp/y.npy": npy(Y),
            "x.npy": npy(X),
            "y.npy": npy(Y),
        }.items():
            file.writestr(name, content)
    assert load(block(path)).splits["train"].inputs["x"].tolist() == X.tolist()
    assert sorted(tmp_path.rglob("*")) == [path.parent, path]


def test_a_cut_archive_is_refused_wherever_it_is_cut(archive: Callable[..., Path]) -> None:
    path = archive(x=X[:, 0], y=Y)
    content, seen = path.read_bytes(), Counter[str]()
    data = Data.model_validate(block(path), context=Language())
    for end in range(len(content)):
        path.write_bytes(content[:end])
        with pytest.raises(DataError) as caught:
            data.load(seed=0)
        seen[caught.value.message] += 1
    assert seen == {"the file is damaged or no NumPy archive: File is not a zip file": len(content)}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_flipped_byte_is_refused_or_changes_nothing(save: Callable[..., None], tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    save(path, x=X[:, 0], y=Y)
    content, seen = path.read_bytes(), Counter[str]()
    data = Data.model_validate(block(path), context=Language())
    for position in range(len(content)):
        for mask in (0x01, 0xFF):
            flipped = bytearray(content)
            flipped[position] ^= mask
            path.write_bytes(flipped)
            try:
                arrays = data.load(seed=0).fields.arrays
            except DlcliError as error:
                seen[f"{type(error).__name__} {Path(error.file or '').name}"] += 1
            else:
                same = arrays["x"].tolist() == X[:, 0].tolist() and arrays["y"].tolist() == Y.tolist()
                seen["unharmed" if same else "harmed"] += 1
    assert set(seen) == {"DataError data.npz", "unharmed"}
    assert sum(seen.values()) == 2 * len(content)
    assert seen["DataError data.npz"] > len(content) / 2


def test_a_flipped_byte_of_the_data_is_found_by_its_checksum(
    archive: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = archive(x=X, y=Y)
    content = bytearray(path.read_bytes())
    content[content.index(X.tobytes()) + 20] ^= 1
    path.write_bytes(content)
    message = "the file is damaged or no NumPy archive: Bad CRC-32 for file 'x.npy'"
    assert refuse(block(path)) == (DataError, 4, message, str(path), None, None)
