"""What a look into files tells: how a table of text is written, which of two folders holds masks, and what a series is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data.fields.padded import PADDING
from dlcli.data.sources.arrays.ts import Ts, data_lines
from dlcli.data.sources.folders.mask_pairs import pictures_and_masks
from dlcli.data.sources.source import Reading
from dlcli.data.sources.tables import unnamed
from dlcli.data.sources.tables.unnamed import cells_between, looks_like_names, written_table
from dlcli.errors import DataError


def table_of(folder: Path, text: str | bytes) -> dict[str, Any] | None:
    path = folder / "t.dat"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return written_table(path)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("a,b\n1,2\n3,4\n", {"separator": ","}),
        ("a;b\n1;2\n3;4\n", {"separator": ";"}),
        ("a\tb\n1\t2\n3\t4\n", {"separator": "\t"}),
        ("a|b\n1|2\n3|4\n", {"separator": "|"}),
        ("a b\n1  2\n 3 4\n", {"separator": unnamed.WHITESPACE}),
        ("1,2\n3,4\n5,6\n", {"separator": ",", "header": False}),
        ("# from 2024\na,b\n1,2\n3,4\n", {"separator": ",", "comment": "#"}),
        ("% from 2024\n1,2\n3,4\n5,6\n", {"separator": ",", "comment": "%", "header": False}),
        ("a,b\n1,2\n# no comment,here\n", {"separator": ","}),
        ("\ufeffa,b\n1,2\n\n3,4\n", {"separator": ","}),
        ('a,b\n"1,5",2\n"3,5",4\n', {"separator": ","}),
        ("a,b\n1,2\n", None),  # too few rows
        ("a\n1\n2\n3\n", None),  # one column
        ("a,b\n1,2\n3\n", None),  # not as many cells
        ("one two\nthree four\nfive six\n", None),  # sentences of as many words
        ("a,b\nc,d\ne,f\n", {"separator": ","}),
        ("a,b\nc,d\na,f\n", {"separator": ",", "header": False}),
        ("a,a\nc,d\ne,f\n", {"separator": ",", "header": False}),
        ('a,b\n"1"x,2\n3,4\n', None),
        (b"a,b\n\xff,2\n3,4\n", None),
        (b"a,b\n1\x00,2\n3,4\n", None),
        ("", None),
    ],
)
def test_a_table_of_text_is_told_by_its_first_rows(text: str | bytes, form: Any, tmp_path: Path) -> None:
    assert table_of(tmp_path, text) == form


def test_of_a_long_file_whole_lines_of_its_beginning_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unnamed, "LOOKED_AT", 20)
    assert table_of(tmp_path, "a,b\n1,2\n3,4\n5,6\n789") is None  # the last line of the whole file is looked at
    assert table_of(tmp_path, "a,b\n1,2\n3,4\n5,6\n78901,2\n") == {"separator": ","}  # the torn one is not
    assert table_of(tmp_path, "a,b\n1,2\n3,4\n5,6\n789".ljust(20) + "ö") == {"separator": ","}
    monkeypatch.setattr(unnamed, "LINES", 3)
    monkeypatch.setattr(unnamed, "LOOKED_AT", 1000)
    assert table_of(tmp_path, "a,b\n1,2\n3,4\nno table\n") == {"separator": ","}


def test_cells_are_taken_apart_where_all_rows_have_as_many() -> None:
    rows = ["a,b", "1,2", "3,4"]
    assert cells_between(rows, ",") == [["a", "b"], ["1", "2"], ["3", "4"]]
    assert cells_between(rows, ";") is None
    assert cells_between(rows[:2], ",") is None
    assert cells_between([*rows, "5"], ",") is None


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        ([["a", "b"], ["1", "x"]], True),
        ([["1", "b"], ["1", "x"]], False),
        ([["a", "b"], ["c", "d"], ["e", "f"]], True),
        ([["a", "b"], ["c", "d"], ["e", "b"]], False),
        ([["a", "b"], ["b", "a"], ["e", "f"]], True),  # names of another column
        ([["a", "a"], ["c", "d"]], False),
    ],
)
def test_a_first_row_is_names_where_nothing_speaks_against_it(cells: Sequence[Sequence[str]], names: bool) -> None:
    assert looks_like_names(cells) is names


def picture(path: Path, values: Any, *, mode: str = "L") -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.asarray(values, np.uint8)
    Image.fromarray(np.stack([array] * 3, axis=-1) if mode == "RGB" else array).save(path)


def folders(root: Path, first: str, second: str, *, values: tuple[int, int], files: int = 2) -> Path:
    """Two folders of grey pictures of the same names, of so many values each."""
    for name, count in zip((first, second), values, strict=True):
        for number in range(files):
            picture(root / name / f"{number}.png", np.arange(64).reshape(8, 8) % count)
    return root


def pair(root: Path) -> tuple[str, str] | None:
    both = pictures_and_masks(root, (".png", ".jpg"))
    return None if both is None else (both[0].name, both[1].name)


def test_the_folder_of_few_values_holds_the_masks(tmp_path: Path) -> None:
    assert pair(folders(tmp_path / "1", "a", "b", values=(64, 3))) == ("a", "b")
    assert pair(folders(tmp_path / "2", "a", "b", values=(3, 64))) == ("b", "a")
    assert pair(folders(tmp_path / "3", "a", "b", values=(41, 40))) == ("a", "b")
    assert pair(folders(tmp_path / "4", "a", "b", values=(3, 3))) is None
    assert pair(folders(tmp_path / "5", "a", "masks", values=(3, 3))) == ("a", "masks")
    assert pair(folders(tmp_path / "6", "Labels", "x", values=(64, 64))) == ("x", "Labels")
    assert pair(folders(tmp_path / "7", "masks", "labels", values=(64, 64))) is None
    assert pair(folders(tmp_path / "8", "a", "b", values=(64, 3), files=1)) is None
    more = folders(tmp_path / "9", "a", "b", values=(64, 3), files=2)
    (more / ".hidden").mkdir()
    (more / "notes.txt").write_text("x")
    assert pair(more) == ("a", "b")
    (more / "c").mkdir()
    assert pair(more) is None


def test_pictures_of_other_names_or_in_colour_are_no_masks(tmp_path: Path) -> None:
    other = folders(tmp_path / "1", "a", "b", values=(64, 3))
    picture(other / "b" / "x.png", np.zeros((8, 8)))
    assert pair(other) is None
    colour = tmp_path / "2"
    for number in range(2):
        picture(colour / "a" / f"{number}.png", np.zeros((8, 8)), mode="RGB")
        picture(colour / "b" / f"{number}.png", np.arange(64).reshape(8, 8))
    assert pair(colour) is None
    broken = folders(tmp_path / "3", "a", "b", values=(64, 3))
    (broken / "b" / "0.png").write_bytes(b"no picture")
    assert pair(broken) is None
    mixed = folders(tmp_path / "4", "a", "b", values=(64, 3), files=5)
    picture(mixed / "b" / "4.png", np.arange(64).reshape(8, 8))  # the fifth is not looked at
    assert pair(mixed) == ("a", "b")


def series(folder: Path, *lines: str, head: Sequence[str] = ("@classLabel true u v",), **options: Any) -> Any:
    path = folder / "s.ts"
    path.write_text("\n".join([*head, "@data", *lines]) + "\n", encoding="utf-8")
    return Ts(path=str(path), **options).read(Reading())


def test_a_series_is_as_long_as_all_or_filled_up_behind(tmp_path: Path) -> None:
    fields = series(tmp_path, "# none", "1,2,3:u", "", "4,?,6:v")
    np.testing.assert_array_equal(fields.arrays["series"][..., 0], [[1, 2, 3], [4, np.nan, 6]])
    assert (fields.arrays["class"].tolist(), fields.target, fields.notes) == (["u", "v"], "class", ())
    np.testing.assert_array_equal(
        series(tmp_path, "1,2,3:u", "4,5:v").arrays["series"][..., 0], [[1, 2, 3], [4, 5, PADDING]]
    )
    filled = series(tmp_path, "1,2,3:u", "4,5:v", pad=0)
    np.testing.assert_array_equal(filled.arrays["series"][..., 0], [[1, 2, 3], [4, 5, 0]])
    assert filled.notes == ("1 series of fewer than 3 steps are filled up with 0 behind; Masking leaves it out",)
    longer = series(tmp_path, "1,2,3:u", "4,5,6:v", pad=-1, length=4)
    np.testing.assert_array_equal(longer.arrays["series"][..., 0], [[1, 2, 3, -1], [4, 5, 6, -1]])
    assert series(tmp_path, "1,2,3:u", "4,5,6:v", pad=0, length=3).notes == ()
    with pytest.raises(DataError, match="^the series has 3 steps, and all are to have 2$") as caught:
        series(tmp_path, "1,2:u", "4,5,6:v", pad=0, length=2)
    assert caught.value.line == 4


def test_a_series_has_the_channels_of_the_first(tmp_path: Path) -> None:
    fields = series(tmp_path, "1,2:3,4:u", "5,6:7,8:v")
    np.testing.assert_array_equal(fields.arrays["series"], [[[1, 3], [2, 4]], [[5, 7], [6, 8]]])
    with pytest.raises(DataError, match="the series has 1 channels, the first one 2") as caught:
        series(tmp_path, "1,2:3,4:u", "5,6:v", pad=0)
    assert caught.value.hint is None
    with pytest.raises(DataError, match="^the channels have 2, 3 steps$"):
        series(tmp_path, "1,2:3,4,5:u")
    with pytest.raises(DataError, match="^'x' is no number$"):
        series(tmp_path, "1,x:u")
    with pytest.raises(DataError, match="^there are no series below @data$"):
        series(tmp_path, "# none")


def test_the_target_of_a_series_is_a_class_a_number_or_none(tmp_path: Path) -> None:
    numbers = series(tmp_path, "1,2:0.5", "3,4:?", head=["@targetLabel true"])
    np.testing.assert_array_equal(numbers.arrays["target"], [0.5, np.nan])
    with pytest.raises(
        DataError, match=r"^'u' is no number, and @targetLabel says that each series has one$"
    ) as caught:
        series(tmp_path, "1,2:0.5", "3,4:u", head=["@targetLabel true"])
    assert caught.value.line == 4
    none = series(tmp_path, "1,2", "3,4", head=["@classLabel false"])
    assert (list(none.arrays), none.target) == (["series"], None)
    for stamps, refused in (("false", False), ("TRUE", True)):
        head = f"@classLabel true u\n@timestamps {stamps}\n@DATA\n1:u"
        if refused:
            with pytest.raises(DataError, match="say the time of each step"):
                data_lines(head, tmp_path)
        else:
            assert data_lines(head, tmp_path) == ("class", ["u"], 4, ["1:u"])
    with pytest.raises(DataError, match="^there is no line @data$"):
        data_lines("1,2:u", tmp_path)
