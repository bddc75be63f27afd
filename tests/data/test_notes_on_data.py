"""What is said of data that is read as it stands, though it may be meant otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def notes_of(run_dlcli: Run, folder: Path, *arguments: str) -> list[str]:
    outcome = run_dlcli("inspect-data", *arguments, "--json", cwd=folder)
    assert outcome.code == 0, outcome.err
    notes: list[str] = outcome.value["notes"]
    text = run_dlcli("inspect-data", *arguments, cwd=folder).out
    assert text.count("\nnote ") >= len(notes)  # a person sees them too
    return notes


@pytest.mark.parametrize("word", ["NA", "n/a", "null", "NaN", "None", "?", "-", "#N/A", "\u2014"])
@pytest.mark.parametrize("column", ["c", "y"])
def test_a_name_that_mostly_means_an_empty_cell_is_told(word: str, column: str, tmp_path: Path, run_dlcli: Run) -> None:
    names = [word if row % 5 == 0 else "uv"[row % 2] for row in range(60)]
    cells = {"c": ["pq"[row % 3 % 2] for row in range(60)], "y": ["uv"[row % 2] for row in range(60)], column: names}
    rows = "".join(f"{row * 7 % 13},{cells['c'][row]},{cells['y'][row]}\n" for row in range(60))
    (tmp_path / "t.csv").write_text(f"a,c,y\n{rows}", encoding="utf-8")
    (note,) = notes_of(run_dlcli, tmp_path, "t.csv", "--target", "y")
    assert note.startswith(f"column '{column}': '{word}' in 12 rows is a name like any other")
    assert f'write empty: ["{word}"]' in note
    settings = ["--set", f'data.source.empty=["{word}"]', "--set", "data.missing=drop"]
    (left,) = notes_of(run_dlcli, tmp_path, "t.csv", "--target", "y", *settings)
    assert left == "12 rows with empty cells were left out"


@pytest.mark.parametrize("word", ["nay", "nana", "nothing", "no", "NB", "+", "x"])
def test_other_names_are_names(word: str, tmp_path: Path, run_dlcli: Run) -> None:
    rows = "".join(
        f"{row * 7 % 13},{word if row % 5 == 0 else 'pq'[row % 2]},{'uv'[row % 3 % 2]}\n" for row in range(60)
    )
    (tmp_path / "t.csv").write_text(f"a,c,y\n{rows}", encoding="utf-8")
    assert notes_of(run_dlcli, tmp_path, "t.csv", "--target", "y") == []


@pytest.mark.parametrize(("mode", "alpha", "count"), [("RGBA", 255, 0), ("RGBA", 254, 2), ("LA", 0, 2), ("LA", 255, 0)])
def test_pictures_that_hide_something_are_counted(
    mode: str, alpha: int, count: int, tmp_path: Path, run_dlcli: Run
) -> None:
    from PIL import Image

    for number in range(8):
        folder = tmp_path / "p" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        seen = alpha if number < 2 else 255
        colours = (number, 20, 30, seen) if mode == "RGBA" else (number, seen)
        Image.new(mode, (6, 5), colours).save(folder / f"{number}.png")
    notes = notes_of(run_dlcli, tmp_path, "p")
    told = [note for note in notes if "transparency, which is left out, so that what it hides is seen" in note]
    assert [note.split(" ")[0] for note in told] == ([str(count)] if count else [])
    assert notes_of(run_dlcli, tmp_path, "p", "--set", "data.source.channels=4") == []


def test_a_palette_with_transparency_hides_something_too(tmp_path: Path, run_dlcli: Run) -> None:
    from PIL import Image

    for number in range(4):
        folder = tmp_path / "p" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        picture = Image.new("P", (6, 5), number)
        picture.putpalette([10 * value % 256 for value in range(768)])
        picture.save(folder / f"{number}.png", transparency=1)
    (note,) = notes_of(run_dlcli, tmp_path, "p")
    assert note.startswith("1 picture (1.png): transparency")


def test_an_empty_column_is_told_and_left_out(tmp_path: Path, run_dlcli: Run) -> None:
    rows = "".join(f"{row * 7 % 13},,{'' if row == 3 else 1},{'uv'[row % 2]}\n" for row in range(60))
    (tmp_path / "t.csv").write_text(f"a,hollow,c,y\n{rows}", encoding="utf-8")
    for target in ([], ["--target", "y"]):
        outcome = run_dlcli("inspect-data", "t.csv", *target, "--json", cwd=tmp_path)
        assert outcome.code == 0, outcome.err
        found = {each["code"]: each for each in outcome.value["findings"]}
        assert found["empty_columns"]["evidence"] == "'hollow' holds nothing in any row"
    written = run_dlcli("init", "t.csv", cwd=tmp_path)
    assert written.code == 0, written.err
    assert "inputs: [a, c]" in written.out
    assert "# without hollow: no cell holds anything" in written.out
    assert "missing: median" in written.out


@pytest.mark.parametrize(
    ("empty", "policy", "why"),
    [
        ({"a"}, "median", "empty cells: a 1, filled in predict too"),
        ({"y"}, "drop", "empty cells: y 1; no value can stand for it"),
        ({"a", "c", "y"}, "drop", "empty cells: y 1, a 1, c 1; predict then takes whole rows alone"),
    ],
)
def test_init_says_what_is_empty_and_what_predict_does(
    empty: set[str], policy: str, why: str, tmp_path: Path, run_dlcli: Run
) -> None:
    cells = [{"a": row * 7 % 13, "c": row * 5 % 11 / 2, "y": "uv"[row % 2]} for row in range(80)]
    for name in empty:
        cells[4][name] = ""
    rows = "".join(",".join(map(str, row.values())) + "\n" for row in cells)
    (tmp_path / "t.csv").write_text(f"a,c,y\n{rows}", encoding="utf-8")
    written = run_dlcli("init", "t.csv", cwd=tmp_path)
    assert written.code == 0, written.err
    (line,) = [line for line in written.out.splitlines() if line.startswith("  missing:")]
    assert " ".join(line.split()) == f"missing: {policy} # {why}"


def test_void_labels_are_in_no_range_and_no_mean(tmp_path: Path, run_dlcli: Run) -> None:
    import numpy as np

    generator = np.random.default_rng(0)
    masks = generator.integers(0, 3, (20, 4, 4))
    masks[generator.random(masks.shape) < 0.3] = 255
    np.savez(tmp_path / "m.npz", x=generator.random((20, 4, 4, 1)), y=masks)
    settings = ["--set", "data.source.inputs=x", "--set", "data.split={validation: 0, test: 0}"]
    target = "data.target={column: y, classes: [0, 1, 2], void: 255}"
    outcome = run_dlcli("inspect-data", "m.npz", *settings, "--set", target, "--json", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    (seen,) = [each for each in outcome.value["tensors"] if each["role"] == "target"]
    known = masks[masks != 255]
    assert (seen["min"], seen["max"]) == (0, 2)
    assert seen["mean"] == pytest.approx(known.mean())
    assert seen["seen"] == 20
    assert sum(seen["classes"].values()) == len(known)


def test_a_void_label_beside_columns_is_no_bug(tmp_path: Path, run_dlcli: Run) -> None:
    labels = ["void" if row % 7 == 0 else "uv"[row % 2] for row in range(70)]
    rows = "".join(f"{7 if label == 'u' else 3},{row % 5},{label}\n" for row, label in enumerate(labels))
    (tmp_path / "t.csv").write_text(f"a,b,y\n{rows}", encoding="utf-8")
    settings = ["--set", "data.target={column: y, void: void}"]
    outcome = run_dlcli("inspect-data", "t.csv", *settings, "--json", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    (leak,) = [each for each in outcome.value["findings"] if each["code"] == "target_given_away"]
    assert leak["facts"]["ways"] == {"a": "copy"}


@pytest.mark.parametrize(("values", "code"), [(10, "equal_by_chance"), (400, "same_rows")])
def test_equal_rows_of_few_values_are_no_copies(values: int, code: str, tmp_path: Path, run_dlcli: Run) -> None:
    import numpy as np

    generator = np.random.default_rng(0)
    half = generator.integers(0, values, (60, 2))
    rows = "".join(f"{a},{b},{'uv'[int(a + b) % 2]}\n" for a, b in [*half.tolist(), *half.tolist()])
    (tmp_path / "t.csv").write_text(f"a,b,y\n{rows}", encoding="utf-8")
    outcome = run_dlcli("inspect-data", "t.csv", "--target", "y", "--json", cwd=tmp_path)
    found = {each["code"]: each for each in outcome.value["findings"]}
    assert {*found} & {"equal_by_chance", "same_rows", "same_inputs"} == {code}
    assert ("remove the copies" in found[code]["advice"]) is (code == "same_rows")


def test_what_to_write_for_names_of_nothing_depends_on_the_file(tmp_path: Path, run_dlcli: Run) -> None:
    import json

    lines = [json.dumps({"a": row, "c": ["NA", "x", "z"][row % 3], "y": "uv"[row % 2]}) for row in range(60)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (note,) = notes_of(run_dlcli, tmp_path, "t.jsonl", "--target", "y")
    assert note.endswith("leave it empty in the file, or write null")


@pytest.mark.parametrize(("word", "told"), [("NA", True), ("?", True), ("b", False)])
def test_words_for_nothing_are_told_of_a_file_without_a_target(
    word: str, told: bool, tmp_path: Path, run_dlcli: Run
) -> None:
    rows = "".join(f"{word if row < 3 else 'ac'[row % 2]},{row}\n" for row in range(12))
    (tmp_path / "t.csv").write_text("kind,x\n" + rows, encoding="utf-8")
    notes = run_dlcli("inspect-data", "t.csv", "--json", cwd=tmp_path).value["notes"]
    words = f"column 'kind': '{word}' in 3 rows is a name like any other; if it means an empty cell, write empty: [\"{word}\"]"
    assert [note.startswith(words) for note in notes] == [True] * told
