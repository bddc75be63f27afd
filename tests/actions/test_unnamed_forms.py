"""Data whose name does not say how it is read: what is in it tells, and a run reads other data as its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
ROWS = [[row * 7 % 13, row * 5 % 11 / 2, "uv"[row % 3 % 2]] for row in range(60)]
FORMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "blanks": ("{:>8} {:>8}   {}", "", {"separator": "whitespace"}),
    "tabs": ("{}\t{}\t{}", "", {"separator": "\t"}),
    "semicolons": ("{};{};{}", "", {"separator": ";"}),
    "bars": ("{}|{}|{}", "", {"separator": "|"}),
    "commas": ("{},{},{}", "", {"separator": ","}),
    "comments": ("{} {} {}", "# made at noon\n", {"separator": "whitespace", "comment": "#"}),
}


def write(path: Path, form: str, *, header: bool = True) -> None:
    line, head, _ = FORMS[form]
    rows = [["a", "b", "y"], *ROWS] if header else ROWS
    path.write_text(head + "\n".join(line.format(*row) for row in rows) + "\n", encoding="utf-8")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ending", [".txt", ".dat", ".data", ""])
def test_a_table_of_text_is_told_by_what_is_in_it(form: str, ending: str, tmp_path: Path, run_dlcli: Run) -> None:
    write(tmp_path / f"t{ending}", form)
    outcome = run_dlcli("inspect-data", f"t{ending}", "--target", "y", "--json", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    assert [each["name"] for each in outcome.value["columns"]] == ["a", "b"]
    assert "by a look into it" in outcome.value["notes"][0]
    written = run_dlcli("init", f"t{ending}", "-o", "c.yaml", cwd=tmp_path)
    assert written.code == 0, written.err
    again = run_dlcli("inspect-data", "c.yaml", "--json", cwd=tmp_path)
    assert again.code == 0, again.err
    assert sum(each["shape"][0] for each in again.value["tensors"] if each["role"] == "target") == len(ROWS)


def test_a_table_without_header_says_so(tmp_path: Path, run_dlcli: Run) -> None:
    write(tmp_path / "t.data", "commas", header=False)
    outcome = run_dlcli("inspect-data", "t.data", "--target", "column_3", "--json", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    assert sum(each["shape"][0] for each in outcome.value["tensors"] if each["role"] == "target") == len(ROWS)


@pytest.mark.parametrize(
    "text",
    [
        "Once upon a time there was a table.\nIt had no rows at all, none.\nThe end.\n",
        "one word and two\nthree word and four\nfive word and six\n",
        "a b y\n1 2 u\n",
        "1 2 3\n4 5\n6 7 8 9\n",
        "x\n1\n2\n3\n4\n",
        "\0\0\0\0",
        "",
    ],
)
def test_what_is_no_table_is_refused_with_what_to_write(text: str, tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "t.txt").write_text(text, encoding="utf-8")
    error = run_dlcli("inspect-data", "t.txt", "--json", cwd=tmp_path).error
    assert error["kind"] == "unknown_form"
    assert "source: {csv: {path: t.txt, separator: …}}" in error["hint"]


@pytest.mark.parametrize("command", ["init", "inspect-data"])
@pytest.mark.parametrize(
    ("words", "numbers", "is_book"), [(80, 20, True), (79, 21, False), (19, 0, False), (20, 0, True)]
)
def test_running_text_is_named_as_such(
    command: str, words: int, numbers: int, is_book: bool, tmp_path: Path, run_dlcli: Run
) -> None:
    """Text of mostly words, on lines of unlike length: the hint is a block that can be trained."""
    parts = [*(["Word,", "말", "(so)", "it."] * words)[:words], *["12"] * numbers]
    lines = [parts[0], " ".join(parts[1:4]), " ".join(parts[4:])]
    (tmp_path / "t.txt").write_text("\n".join(lines), encoding="utf-8")
    error = run_dlcli(command, "t.txt", *(["--json"] if command == "inspect-data" else []), cwd=tmp_path)
    assert error.code == 2
    said = error.out + error.err
    assert ("source: {text: {path: t.txt, window: 100}}, target: {next: text}" in said) == is_book
    assert ("source: {csv: {path: t.txt, separator" in said) != is_book


@pytest.mark.parametrize(
    ("source", "ending"),
    [
        ({"csv": {"path": "t.txt", "separator": "whitespace"}}, ".txt"),
        ({"csv": {"path": "t.txt", "separator": "whitespace"}}, ".dat"),
        ({"csv": {"path": ["t.txt"], "separator": "whitespace"}}, ".TXT"),
        ({"train": {"csv": {"path": "t.txt", "separator": "whitespace"}}}, ".txt"),
        ({"csv": {"path": "t.tsv", "separator": "whitespace"}}, ".tsv"),
    ],
)
def test_a_run_reads_other_files_as_its_own(
    source: Any, ending: str, tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    for name in ("t.txt", "t.tsv", f"new{ending}"):
        write(tmp_path / name, "blanks")
    changes = {
        "data": {"source": source, "target": "y"},
        "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
        "train.epochs": 1,
    }
    assert run_dlcli("train", write_experiment(tmp_path, changes), cwd=tmp_path).code == 0
    said = run_dlcli("predict", "last", f"new{ending}", "--json", cwd=tmp_path)
    assert said.code == 0, said.err
    assert said.value["samples"] == len(ROWS)
    measured = run_dlcli("evaluate", "last", "--data", f"new{ending}", "--json", cwd=tmp_path)
    assert measured.value["samples"] == len(ROWS)


def pictures(folder: Path, mode: str, count: int = 12, first: int = 0) -> None:
    import numpy as np
    from PIL import Image

    folder.mkdir(parents=True)
    generator = np.random.default_rng(first)
    for number in range(first, first + count):
        values = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        image = Image.fromarray(values if mode == "RGB" else ((values[..., 0] > 99) * 255).astype(np.uint8))
        image.save(folder / f"{number}.{'jpg' if mode == 'RGB' else 'png'}")


@pytest.mark.parametrize("names", [("pictures", "masks"), ("z", "a")])
def test_pictures_and_masks_are_no_two_classes(names: tuple[str, str], tmp_path: Path, run_dlcli: Run) -> None:
    pictures(tmp_path / "p" / names[0], "RGB")
    pictures(tmp_path / "p" / names[1], "L")
    written = run_dlcli("init", "p", "-o", "c.yaml", cwd=tmp_path)
    assert written.code == 0, written.err
    text = (tmp_path / "c.yaml").read_text()
    assert f"source: {{images: {{path: p/{names[0]}, masks: p/{names[1]}}}}}" in text
    assert "pictures and masks" in text
    told = run_dlcli("inspect-data", "p", "--json", cwd=tmp_path).value
    assert {each["name"] for each in told["tensors"]} == {"image", "mask"}
    assert "pictures and masks" in told["notes"][0]
    assert run_dlcli("validate", "c.yaml", cwd=tmp_path).code == 0
    (tmp_path / "sub").mkdir()
    assert run_dlcli("init", "p", "-o", "sub/c.yaml", cwd=tmp_path).code == 0
    assert f"masks: ../p/{names[1]}}}}}" in (tmp_path / "sub" / "c.yaml").read_text()


def test_two_classes_of_pictures_stay_two_classes(tmp_path: Path, run_dlcli: Run) -> None:
    pictures(tmp_path / "other" / "cats", "RGB")
    pictures(tmp_path / "other" / "dogs", "RGB", first=12)
    told = run_dlcli("inspect-data", "other", "--json", cwd=tmp_path).value
    assert {each["name"] for each in told["tensors"]} == {"image", "label"}
    assert told["notes"] == []
    # Of the same names, and nothing tells that one holds masks: many number the files of each class anew.
    pictures(tmp_path / "same" / "cats", "RGB")
    pictures(tmp_path / "same" / "dogs", "RGB")
    told = run_dlcli("inspect-data", "same", "--json", cwd=tmp_path).value
    assert {each["name"] for each in told["tensors"]} == {"image", "label"}
    assert told["notes"] == []


def test_masks_that_are_taken_for_a_class_are_told(tmp_path: Path, run_dlcli: Run) -> None:
    pictures(tmp_path / "p" / "cells", "RGB")
    pictures(tmp_path / "p" / "drawn", "L")
    (tmp_path / "c.yaml").write_text(
        "data: {source: {images: p}}\nlayers: [Flatten, Dense: {units: 1, activation: sigmoid}]\n"
        "loss: binary_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    told = run_dlcli("inspect-data", "c.yaml", "--json", cwd=tmp_path).value
    words = "'drawn' holds masks of the pictures in 'cells', and both are taken for classes"
    assert told["notes"][0].startswith(words)


@pytest.mark.parametrize(
    ("values", "classes", "void"),
    [
        ([0, 50, 100, 150, 255], 4, 255),
        ([0, 1, 2, 255], 3, 255),
        ([0, 128, 255], 3, None),  # white is as likely a class as none
        ([0, 2, 5], 3, None),
        ([0, 2, 4], None, None),
        ([0, 1, 2], None, None),
        ([0, 255], None, None),
    ],
)
def test_few_values_of_masks_are_classes_by_their_names(
    values: list[int], classes: int | None, void: int | None, tmp_path: Path, run_dlcli: Run
) -> None:
    import numpy as np
    from PIL import Image

    generator = np.random.default_rng(1)
    for number in range(24):
        for folder, colours in (("images", 3), ("masks", 0)):
            (tmp_path / "p" / folder).mkdir(parents=True, exist_ok=True)
            pixels = np.array(values, np.uint8)[generator.integers(0, len(values), (8, 8))]
            pixels = pixels if not colours else generator.integers(0, 255, (8, 8, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "p" / folder / f"{number}.png")
    assert run_dlcli("init", "p", "-o", "c.yaml", cwd=tmp_path).code == 0
    text = (tmp_path / "c.yaml").read_text()
    assert ("classes: {" in text, f"void: {void}" in text) == (classes is not None, void is not None)
    assert ("is taken for none" in text) is (void is not None)
    built = run_dlcli("validate", "--build", "c.yaml", cwd=tmp_path)
    assert built.code == 0, built.out
    if classes is not None:
        assert f"Conv2D: {{filters: {classes}, kernel_size: 1, activation: softmax}}" in text
        seen = run_dlcli("inspect-data", "p", "--json", cwd=tmp_path).value
        counts = next(each["classes"] for each in seen["tensors"] if each["role"] == "target")
        assert [*counts] == [str(value) for value in values if value != void]
        assert min(counts.values()) > 0
        assert "few_samples" not in [each["code"] for each in seen["findings"]]
