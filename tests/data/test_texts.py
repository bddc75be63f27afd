from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_files import class_folders
from pydantic import ValidationError

from dlcli.data import Dataset
from dlcli.data.sources.folders import text as texts
from dlcli.data.sources.folders.text import TextFiles
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, **options: Any) -> Any:
    return TextFiles(path=str(path), **options).read(Reading())


def refused(path: Path, **options: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    assert caught.value.code == 4
    return caught.value


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    texts = ("정말 좋다 {}\n다시 보고 싶다\n", "별로다 {}")
    names = {"좋음": "평 {}.txt", "나쁨": "{}.MD"}
    return class_folders(tmp_path / "영화", names, lambda path, label, number: write(path, texts[label].format(number)))


def test_each_file_is_a_text_with_its_folder_as_label(reviews: Path) -> None:
    fields = read(reviews)
    assert (fields.inputs, fields.target, fields.classes) == (("text",), "label", {"label": ["나쁨", "좋음"]})
    text = fields.arrays["text"]
    assert (text.shape, text.dtype, fields.axes_of("text")) == ((20,), object, ("samples",))
    assert text[:].tolist() == [
        *(f"별로다 {number}" for number in range(10)),
        *(f"정말 좋다 {number}\n다시 보고 싶다\n" for number in range(10)),
    ]
    assert text[np.array([13, 2])].tolist() == ["정말 좋다 3\n다시 보고 싶다\n", "별로다 2"]
    assert fields.where(10)[0] == str(reviews / "좋음" / "평 0.txt")


@pytest.mark.parametrize("stream", [True, False])
def test_texts_become_a_data_set(stream: bool, reviews: Path, load: Callable[..., Dataset]) -> None:
    dataset = load({"source": {"text": str(reviews)}, "stream": stream}, labels="classes")
    [schema] = dataset.schema.inputs
    assert (schema.name, schema.text, dataset.classes) == ("text", True, ["나쁨", "좋음"])
    checked = 0
    for part in dataset.splits.values():
        for text, label in zip(part.inputs["text"][:], part.target[:], strict=True):
            assert text.startswith("정말 좋다" if label else "별로다")
            checked += 1
    assert checked == 20


def test_a_table_names_texts_too(tmp_path: Path) -> None:
    write(tmp_path / "글" / "1.txt", "하나")
    path = write(tmp_path / "t.csv", "stars,file\n5,글/1.txt\n")
    fields = read(path)
    assert (fields.arrays["text"][:].tolist(), fields.arrays["stars"].tolist()) == (["하나"], [5])


def test_bytes_of_another_encoding_are_named_with_file_and_line(reviews: Path) -> None:
    bad = write(reviews / "좋음" / "a.txt", "첫 줄\n".encode() + "둘째 줄\n".encode("cp949"))
    error = refused(reviews)
    assert error.message == "line 2: byte 0xb5 is not UTF-8"
    assert (error.file, error.line) == (str(bad), 2)
    assert error.hint == "write text: {…, encoding: cp949} (Korean Windows), latin-1, …, or errors: replace"
    assert read(reviews, errors="replace").arrays["text"][:][10].startswith("첫 줄\n\ufffd")


def test_all_empty_files_are_listed(reviews: Path) -> None:
    empty = [b"", b"\xef\xbb\xbf", b" \n\t\n"]
    for number in range(14):
        write(reviews / "나쁨" / f"a{number:02}.txt", empty[number % 3])
    write(reviews / "나쁨" / "latin.txt", b"\xff")
    error = refused(reviews)
    assert error.message.splitlines() == [
        "14 text files are empty:",
        *(f"{reviews}/나쁨/a{number:02}.txt" for number in range(10)),
        "… and 4 more",
    ]
    assert (error.file, error.hint) == (f"{reviews}/나쁨/a00.txt", "remove them, or fill them")


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        ("가".encode("utf-16"), "the file is UTF-16", "write text: {…, encoding: utf-16}"),
        ("줄\nab\0c".encode(), "line 2: a zero byte, which text has not", "mend or remove it"),
    ],
)
def test_what_is_no_text_is_named(content: bytes, message: str, hint: str, reviews: Path) -> None:
    path = write(reviews / "나쁨" / "a.txt", content)
    error = refused(reviews)
    assert (error.message, error.file, error.hint) == (message, str(path), hint)
    write(reviews / "나쁨" / "b.txt", content)
    assert refused(reviews).hint == f"{hint}; 1 more file cannot be read"
    write(reviews / "나쁨" / "c.txt", content)
    assert refused(reviews).hint == f"{hint}; 2 more files cannot be read"


@pytest.mark.parametrize(
    ("encoding", "mark"), [("cp949", b""), ("utf-16", b""), ("utf-16-le", b"\xff\xfe"), ("utf-8", b"\xef\xbb\xbf")]
)
def test_other_encodings_are_read_and_a_byte_order_mark_is_left_out(encoding: str, mark: bytes, tmp_path: Path) -> None:
    write(tmp_path / "a.txt", mark + "가나다\r\n라".encode(encoding))
    assert read(tmp_path, encoding=encoding).arrays["text"][:].tolist() == ["가나다\r\n라"]


def test_what_is_no_utf_16_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", b"abc")
    assert refused(tmp_path, encoding="utf-16").message.endswith("line 1: byte 0x63 is not UTF-16")


def test_large_data_is_checked_when_it_is_read(reviews: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = write(reviews / "좋음" / "a.txt", "첫 줄\n".encode() + b"\xff")
    monkeypatch.setattr(texts, "MOST_BYTES", 100)
    text = read(reviews).arrays["text"]
    assert len(text[:10]) == 10
    with pytest.raises(DataError) as caught:
        text[:]
    assert (caught.value.message, caught.value.file, caught.value.line) == (
        "line 2: byte 0xff is not UTF-8",
        str(bad),
        2,
    )
    write(reviews / "좋음" / "b.txt", b"")
    assert refused(reviews).message == f"a text file is empty:\n{reviews}/좋음/b.txt"


def test_a_file_that_is_gone_is_named(reviews: Path) -> None:
    text = read(reviews).arrays["text"]
    (reviews / "나쁨" / "3.MD").unlink()
    with pytest.raises(DataError) as caught:
        text[:]
    assert caught.value.message == f"cannot read {reviews / '나쁨/3.MD'}: No such file or directory"


def test_its_memory_is_that_of_the_texts_so_that_large_data_stays_on_disk(tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path / f"{number}.txt", "x" * 100_000)
    assert TextFiles(path=str(tmp_path)).memory() == 20 * (100_000 + 64)
    read(tmp_path)
    tracemalloc.start()
    fields = read(tmp_path)
    assert tracemalloc.get_traced_memory()[0] < 100_000 < fields.arrays["text"][0:2][1].__sizeof__() + 1000
    tracemalloc.stop()


def test_links_and_strays_are_left_out_with_a_note(reviews: Path, tmp_path: Path) -> None:
    write(tmp_path / "secret.txt", "geheim")
    (reviews / "좋음" / "link.txt").symlink_to(tmp_path / "secret.txt")
    write(reviews / "좋음" / "x.json", "{}")
    fields = read(reviews)
    assert (fields.samples, fields.notes) == (
        20,
        (
            "files of other kinds in 영화 were left out: 1 .json",
            "symbolic links were left out: 1; write follow_links: true to follow them",
        ),
    )
    assert read(reviews, follow_links=True).samples == 21


def test_an_empty_class_and_a_folder_without_texts_are_refused(reviews: Path, tmp_path: Path) -> None:
    (reviews / "그저").mkdir()
    assert refused(reviews).message == "the class folder '그저' holds no file that ends in .txt, .md"
    assert refused(reviews / "그저").message == (f"no file in {reviews / '그저'} ends in .txt, .md; found: nothing")


def test_other_data_keeps_encoding_and_classes(reviews: Path, tmp_path: Path, load: Callable[..., Dataset]) -> None:
    schema = load({"source": {"text": str(reviews)}}, labels="classes").schema
    write(tmp_path / "new" / "좋음" / "1.txt", "좋다".encode("cp949"))
    source = TextFiles(path=str(reviews), encoding="cp949").elsewhere(
        TextFiles, {"path": str(tmp_path / "new")}, schema
    )
    fields = source.read(Reading())
    assert (fields.arrays["label"][:].tolist(), fields.arrays["text"][:].tolist()) == ([1], ["좋다"])


def test_options_are_checked_before_anything_is_read() -> None:
    for options in ({"encoding": "utf-9"}, {"errors": "ignore"}, {"size": [1, 1]}):
        with pytest.raises(ValidationError):
            TextFiles.model_validate({"path": "nowhere", **options})
    assert TextFiles(path="nowhere").input_names() == ["text"]
