"""HDF5 files: names in groups, own splits, pieces, and files that lead elsewhere or claim more than they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.data.sources.arrays import shared as arrays
from dlcli.data.sources.arrays.hdf5 import Hdf5
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError, DlcliError, ResourceError, UnsafeError

UNSPLIT = {"validation": 0.0, "test": 0.0}
X = np.arange(24.0).reshape(6, 4)
Y = np.array([0, 1, 0, 1, 0, 1])
Make = Callable[[Callable[[Any], None]], Path]


def block(path: Path, *, stream: bool = False, **arguments: Any) -> dict[str, Any]:
    return {"source": {"hdf5": {"path": str(path), **arguments}}, "split": UNSPLIT, "stream": stream}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """`make(build)`: a file that holds x and y and what `build` adds."""

    def run(build: Callable[[Any], None]) -> Path:
        path = tmp_path / "자료.h5"
        with h5py.File(path, "w") as file:
            file["x"], file["y"] = X, Y
            build(file)
        return path

    return run


def nothing(file: Any) -> None:
    """x and y are enough."""


@pytest.mark.parametrize("ending", ["h5", "hdf5", "hdf", "H5"])
def test_a_file_is_known_by_its_ending(ending: str, make: Make, load: Callable[..., Dataset]) -> None:
    path = make(nothing).rename(make(nothing).with_suffix(f".{ending}"))
    train = load({"source": str(path), "split": UNSPLIT}).splits["train"]
    np.testing.assert_array_equal(train.inputs["x"], X)
    assert train.target[:].tolist() == Y.tolist()


@pytest.mark.parametrize("stream", [False, True])
def test_a_name_may_be_a_way_through_groups(stream: bool, make: Make, load: Callable[..., Dataset]) -> None:
    path = make(lambda file: file.update({"그룹/안/x": X + 1, "그룹/y": 1 - Y}))
    dataset = load(block(path, inputs="그룹/안/x", target="그룹/y", stream=stream))
    train = dataset.splits["train"]
    np.testing.assert_array_equal(train.inputs["그룹/안/x"][:], X + 1)
    assert train.target[:].tolist() == (1 - Y).tolist()


@pytest.mark.parametrize("stream", [False, True])
def test_arrays_named_after_splits_are_splits_of_their_own(
    stream: bool, tmp_path: Path, load: Callable[..., Dataset]
) -> None:
    path = tmp_path / "s.h5"
    with h5py.File(path, "w") as file:
        for number, (split, rows) in enumerate({"train": 6, "val": 2, "test": 3}.items()):
            file[f"x_{split}"], file[f"y_{split}"] = X[:rows] + 100 * number, Y[:rows]
    for names in ({}, {"inputs": "x", "target": "y"}, {"inputs": ["x_train"], "target": "y_train"}):
        dataset = load({**block(path, stream=stream, **names), "split": {}})
        assert {split: len(each) for split, each in dataset.splits.items()} == {"train": 6, "validation": 2, "test": 3}
        assert dataset.splits["test"].inputs["x"][:].tolist() == (X[:3] + 200).tolist()
        assert dataset.splits["validation"].target[:].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (np.array(["물", "차", "술"] * 2, h5py.string_dtype()), ["물", "술", "차"]),
        (np.array([b"u", b"v"] * 3), ["u", "v"]),
        (np.array([each.encode() for each in ["물", "차"] * 3], h5py.string_dtype(length=3)), ["물", "차"]),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_text_is_decoded(text: Any, names: list[str], stream: bool, make: Make, load: Callable[..., Dataset]) -> None:
    dataset = load(block(make(lambda file: file.update({"t": text})), target="t", stream=stream), labels="classes")
    assert dataset.classes == names
    assert dataset.fields.arrays["t"].dtype == object


def test_what_streams_is_read_in_whole_chunks_by_several_threads(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    x = np.random.default_rng(0).normal(size=(30_000, 50))
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=x, chunks=(700, 50), compression="gzip")
        file["y"] = np.arange(30_000) % 2
    fields = Hdf5(path=str(path)).read(Reading(stream=True))
    assert fields.chunks is not None
    assert fields.chunks.rows == [9_800, 9_800, 9_800, 600]
    rows = np.random.default_rng(1).permutation(30_000).reshape(30, 1000)
    with ThreadPoolExecutor(8) as pool:
        for wanted, found in zip(rows, pool.map(fields.arrays["x"].__getitem__, rows), strict=True):
            np.testing.assert_array_equal(found, x[wanted])


def external(file: Any) -> None:
    space = [("/etc/passwd", 0, h5py.h5f.UNLIMITED)]
    file.create_dataset("there", (6,), dtype="u1", external=space)


def virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((6, 4), "f8")
    layout[:] = h5py.VirtualSource("/elsewhere.h5", "x", (6, 4))
    file.create_virtual_dataset("there", layout)


ELSEWHERE: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "a link to another file": (
        lambda file: file.update({"there": h5py.ExternalLink("/etc/passwd", "/")}),
        "'there' is a link to another file, /etc/passwd; dlcli does not follow it",
        "copy the data into this file",
    ),
    "a link in a group": (
        lambda file: file.create_group("a/b").update({"there": h5py.ExternalLink("other.h5", "/x")}),
        "'a/b/there' is a link to another file, other.h5; dlcli does not follow it",
        "copy the data into this file",
    ),
    "storage in another file": (
        external,
        "the data of 'there' lies in other files; dlcli does not follow it",
        "copy the data into this file",
    ),
    "a virtual dataset": (
        virtual,
        "the data of 'there' lies in other files; dlcli does not follow it",
        "copy the data into this file",
    ),
    "links that lead to each other": (
        lambda file: file.update({"there": h5py.SoftLink("/back"), "back": h5py.SoftLink("/there")}),
        "the link 'back' leads back to itself",
        "remove it",
    ),
    "a link to the group it is in": (
        lambda file: file.create_group("a/b").update({"there": h5py.SoftLink("/a")}),
        "the link 'a/b/there' leads back to itself",
        "remove it",
    ),
    "a link to the root": (
        lambda file: file.update({"there": h5py.SoftLink("/")}),
        "the link 'there' leads back to itself",
        "remove it",
    ),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("case", ELSEWHERE)
def test_what_leads_out_of_the_file_or_in_a_circle_is_refused(
    case: str, stream: bool, make: Make, refuse: Callable[..., Any]
) -> None:
    build, message, hint = ELSEWHERE[case]
    path = make(build)
    assert refuse(block(path, stream=stream)) == (UnsafeError, 10, message, str(path), None, hint)


def test_plain_h5py_would_have_read_the_other_file(make: Make) -> None:
    with h5py.File(make(external)) as file:
        assert bytes(file["there"][:]) == Path("/etc/passwd").read_bytes()[:6]


@pytest.mark.parametrize("link", ["/data/real", "data/real", "second", "./data/./real", "/second"])
def test_a_soft_link_within_the_file_is_a_second_name(link: str, make: Make, load: Callable[..., Dataset]) -> None:
    def build(file: Any) -> None:
        file["data/real"], file["second"], file["first"] = X + 5, h5py.SoftLink("/data/real"), h5py.SoftLink(link)
        file["gone"] = h5py.SoftLink("/nowhere")

    train = load(block(make(build), inputs="first")).splits["train"]
    np.testing.assert_array_equal(train.inputs["first"], X + 5)


def test_a_group_that_holds_itself_is_walked_once(make: Make, load: Callable[..., Dataset]) -> None:
    def build(file: Any) -> None:
        file["g/x"] = X
        file["g/again"] = file["g"]

    assert len(load(block(make(build), inputs="g/x")).splits["train"]) == 6


@pytest.mark.parametrize("chunks", [None, (100, 100)])
@pytest.mark.parametrize("stream", [False, True])
def test_a_dataset_that_claims_8_terabytes_is_refused(
    chunks: Any, stream: bool, make: Make, refuse: Callable[..., Any]
) -> None:
    path = make(lambda file: file.create_dataset("z", (10**6, 10**6), dtype="f8", chunks=chunks))
    assert path.stat().st_size < 20_000
    message = "'z' claims 8,000.0 GB, but the file stores 0 bytes of it"
    assert refuse(block(path, stream=stream)) == (ResourceError, 7, message, str(path), None, None)


def test_a_dataset_that_packs_well_is_read(make: Make, load: Callable[..., Dataset]) -> None:
    def build(file: Any) -> None:
        file.create_dataset("z", data=np.zeros((6, 500_000)), chunks=(1, 500_000), compression="gzip")

    path = make(build)
    assert path.stat().st_size < 60_000
    assert load(block(path, inputs="z")).splits["train"].inputs["z"].shape == (6, 500_000)


def test_a_dataset_that_does_not_fit_is_refused_before_it_is_read(
    make: Make, refuse: Callable[..., Any], load: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(lambda file: file.create_dataset("z", data=X, chunks=(1, 4)))
    monkeypatch.setattr(arrays, "free_memory", lambda: 200)
    message = "the arrays take 0.0 GB, more than half of the 0.0 GB of free memory"
    hint = "write data.stream: true to read them piece by piece"
    assert refuse(block(path, inputs="z")) == (ResourceError, 7, message, str(path), None, hint)
    assert len(load(block(path, inputs="z", stream=True)).splits["train"]) == 6
    monkeypatch.setattr(arrays, "free_memory", lambda: 63)
    assert refuse(block(path, inputs="z", stream=True)).hint == "write the file anew with smaller chunks"


def test_pieces_that_were_never_written_are_not_read_as_zeros(make: Make, refuse: Callable[..., Any]) -> None:
    def build(file: Any) -> None:
        file.create_dataset("z", (6, 4), dtype="f8", chunks=(2, 3))[:4] = X[:4]

    path = make(build)
    message = "of 'z' 4 of 6 pieces were written; the others would be read as zeros"
    hint = "was it cut off while it was written? write the file anew"
    assert refuse(block(path, inputs="z")) == (DataError, 4, message, str(path), None, hint)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda file: file.create_dataset("z", (6,), dtype=h5py.vlen_dtype("i4")),
            "'z' holds objects or lists of different lengths; expected numbers or text",
        ),
        (
            lambda file: file.create_dataset("z", (6,), dtype=h5py.ref_dtype),
            "'z' holds objects or lists of different lengths; expected numbers or text",
        ),
        (
            lambda file: file.update({"z": np.zeros(6, [("a", "f4")])}),
            "the array 'z' has the type [('a', '<f4')]; expected numbers or text",
        ),
        (lambda file: file.update({"z": X + 1j}), "the array 'z' has the type complex128; expected numbers or text"),
        (lambda file: file.update({"z": 3.0}), "'z' is a single value; expected samples on the first axis"),
        (
            lambda file: file.update({"z": h5py.Empty("f8")}),
            "'z' is a single value; expected samples on the first axis",
        ),
        (lambda file: file.update({"z": np.array([b"\xff"] * 6)}), "'z' holds bytes that are no UTF-8 text"),
        (
            lambda file: file.update({"z": X[:4]}),
            "the arrays differ in their number of samples (first axis): z 4, y 6",
        ),
        (
            lambda file: file.update({"z": np.zeros((6, 0))}),
            "the array 'z' has the shape (6, 0): its samples are empty",
        ),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_no_array_of_samples_is_refused_by_name(
    build: Callable[[Any], Any], message: str, stream: bool, make: Make, refuse: Callable[..., Any]
) -> None:
    path = make(build)
    refusal = refuse(block(path, inputs="z", stream=stream))
    assert (refusal.kind, refusal.message, refusal.file) == (DataError, message, str(path))


def test_a_name_that_there_is_not_is_refused_with_the_nearest(make: Make, refuse: Callable[..., Any]) -> None:
    path = make(lambda file: file.update({"group/image": X}))
    message = "the file has no array 'group/imag'; it has: group/image, x, y"
    hint = "did you mean 'group/image'?"
    assert refuse(block(path, inputs="group/imag")) == (DataError, 4, message, str(path), None, hint)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(500)])
def test_a_file_that_is_no_hdf5_is_refused(content: bytes, tmp_path: Path, refuse: Callable[..., Any]) -> None:
    path = tmp_path / "x.h5"
    path.write_bytes(content)
    refusal = refuse(block(path))
    assert (refusal.kind, refusal.file) == (DataError, str(path))
    assert refusal.message.startswith("the file is damaged or no HDF5 file: ")


def test_a_file_without_datasets_is_refused(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_group("empty")
    assert refuse(block(tmp_path / "x.h5")).message == "the file holds no datasets"


def test_a_cut_file_is_refused_wherever_it_is_cut(make: Make) -> None:
    path = make(nothing)
    content, seen = path.read_bytes(), Counter[str]()
    ends = range(0, len(content), 11)
    for end in ends:
        path.write_bytes(content[:end])
        with pytest.raises(DataError) as caught:
            Hdf5(path=str(path)).read(Reading())
        seen[caught.value.message.split(":")[0]] += 1
    assert seen == {"the file is damaged or no HDF5 file": len(ends)}


def test_a_flipped_byte_under_checksums_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file.create_dataset("x", data=X, chunks=(2, 4), fletcher32=True)
    content, seen = path.read_bytes(), Counter[str]()
    positions = range(0, len(content), 3)
    for position in positions:
        flipped = bytearray(content)
        flipped[position] ^= 0xFF
        path.write_bytes(flipped)
        try:
            found = Hdf5(path=str(path)).read(Reading()).arrays["x"][:]
        except DlcliError as error:
            seen[f"{type(error).__name__} {Path(error.file or '').name}"] += 1
        else:
            seen["unharmed" if found.tolist() == X.tolist() else "harmed"] += 1
    assert set(seen) <= {"DataError x.h5", "UnsafeError x.h5", "ResourceError x.h5", "unharmed"}
    assert sum(seen.values()) == len(positions)
    assert seen["DataError x.h5"] > 50
