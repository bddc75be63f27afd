"""Rows 13, 14 and 15 of the table of faults: bytes, Unicode, and names of every script."""

from __future__ import annotations

import unicodedata

import pytest

from dlcli.config import load_config
from dlcli.errors import ConfigError
from dlcli.view.problems import problem_text

KOREAN = "  - Dense: {units: 64, activation: relu, name: 숨은층}"


def korean(change):
    return change(("name: digits", "name: 손글씨"), ("  - Dense: {units: 64, activation: relu}", KOREAN))


def test_row_13_utf_8_is_read_with_and_without_bom(read, change):
    text = korean(change).encode()
    assert read(text) == read(b"\xef\xbb\xbf" + text)
    assert read(text).name == "손글씨"


def test_row_13_a_bom_does_not_move_the_columns(problem, digits):
    assert problem("\ufeffnaem: x\n" + digits.replace("name: digits\n", "")).at == (1, 1, "unknown key 'naem'")


def test_row_13_every_line_end_is_read_and_counted(read, problem, change, digits):
    wrong = change(("units: 64", "unit: 64"))
    for line_end in ("\n", "\r\n", "\r"):
        assert read(digits.replace("\n", line_end)).train.epochs == 30
        assert problem(wrong.replace("\n", line_end)).at == (15, 13, "unknown argument 'unit' for Dense")


WIDE = {
    "utf-16": ("UTF-16", "UTF-16"),
    "utf-16-le": ("UTF-16", "UTF-16LE"),
    "utf-16-be": ("UTF-16", "UTF-16BE"),
    "utf-32": ("UTF-32", "UTF-32"),
}


@pytest.mark.parametrize("encoding", WIDE)
def test_row_13_wide_characters_are_refused_with_the_command_that_helps(problem, change, encoding):
    shown, command = WIDE[encoding]
    found = problem(korean(change).encode(encoding))
    assert found.at == (1, 1, f"the file is {shown}, expected UTF-8")
    assert found.see == f"iconv -f {command} -t UTF-8 {found.file}"


def test_row_13_cp949_is_refused_at_its_first_letter_with_the_command_that_helps(problem, digits):
    for line in range(1, 30):
        lines = digits.replace("×", "x").split("\n")
        lines[line - 1] = "# 가 " + lines[line - 1]
        found = problem("\n".join(lines).encode("cp949"))
        assert found.at == (line, 3, "byte 0xb0 is not UTF-8")
        assert found.see == f"iconv -f CP949 -t UTF-8 {found.file}   (Korean Windows; or another encoding)"
        assert found.text.startswith("# �")


def test_row_13_a_wrong_byte_behind_korean_text_has_its_column_in_letters(problem):
    assert problem("이름: 가나다 ".encode() + b"\xff\n").at == (1, 9, "byte 0xff is not UTF-8")
    assert problem(b"\xef\xbb\xbf" + "가: ".encode() + b"\xff").at == (1, 4, "byte 0xff is not UTF-8")
    assert problem(b"a: 1\rb: 2\r\n\xff").at == (3, 1, "byte 0xff is not UTF-8")


def test_row_13_a_torn_letter_at_the_end_is_refused(problem):
    assert problem(b"name: \xed\x95").at == (1, 7, "byte 0xed is not UTF-8")


def test_row_13_control_characters_are_refused_at_their_place(problem, digits):
    seen = 0
    for code in (0x00, 0x07, 0x0B, 0x0C, 0x1B, 0x1C, 0x7F, 0x80, 0x9F, 0xFFFE, 0xFFFF):
        found = problem(digits.replace("Flatten", f"Fla{chr(code)}tten").encode())
        assert found.at == (14, 8, f"the character U+{code:04X} may not stand in a text file")
        assert found.text == "  - Fla�tten"
        seen += 1
    assert seen == 11


def test_row_13_a_binary_file_is_refused(problem):
    assert problem(bytes(range(256)) * 4).message == "the file is UTF-16, expected UTF-8"
    assert problem(b"\x89PNG\r\n\x1a\n\x00\x00").at == (1, 1, "byte 0x89 is not UTF-8")
    assert problem(b"PK\x03\x04\x14\x00").at == (1, 3, "the character U+0003 may not stand in a text file")


NAMES = ["손글씨", "手書き", "цифры", "digits😀", "ỹ", "שלום", "a b", "-", "[/b]", "[red]x", "{}", "100%"]


def test_row_14_and_15_names_of_every_script_are_read(read, change):
    for name in NAMES:
        config = read(change(("name: digits", f'name: "{name}"'), ("units: 64", f'units: 64, name: "{name}"')))
        assert config.name == name
        assert config.layers[1].name == name
        assert config.plain()["layers"][1] == {"Dense": {"units": 64, "name": name, "activation": "relu"}}
    assert len(NAMES) == 12


def test_row_14_columns_are_counted_in_letters_behind_korean_and_emoji(problem, change):
    found = problem(change(("units: 64, activation: relu", "name: 😀숨은층, unitz: 64")))
    assert found.at == (15, 25, "unknown argument 'unitz' for Dense")
    assert found.marked == "unitz"


def test_row_14_korean_keys_are_keys(read, digits):
    config = read(digits + "  class_weight: {고양이: 1, 개: 2}\n")
    assert config.train.class_weight == {"고양이": 1.0, "개": 2.0}


def test_row_14_an_unknown_korean_key_is_named(problem, change):
    assert problem(change(("name: digits", "이름: 손글씨"))).at == (4, 1, "unknown key '이름'")


def apart(text):
    return unicodedata.normalize("NFD", text)


def test_row_14_names_match_in_every_unicode_form(read, change):
    assert apart("숨은층") != "숨은층"
    stack = "  - Flatten: {name: 펼침}\n  - Dense: {units: 64, activation: relu, from: " + apart("펼침") + "}"
    config = read(change(("  - Flatten\n  - Dense: {units: 64, activation: relu}", stack)))
    assert config.layers[1].takes == "펼침"


def test_row_14_column_names_are_composed(read, change):
    text = change(
        ("  source: digits\n", f"  source: x.csv\n  target: {apart('종류')}\n  inputs: [{apart('길이')}]\n"),
    )
    config = read(text)
    assert config.data.target == "종류"
    assert config.data.inputs == ["길이"]


def test_row_14_a_path_is_taken_as_it_is_written(read, change, tmp_path):
    config = read(change(("source: digits", f"source: {apart('자료')}.csv")))
    assert config.data.source.path == f"{tmp_path}/{apart('자료')}.csv"


def test_row_14_a_setting_finds_a_name_in_every_unicode_form(read, change):
    for name in ("숨은층", apart("숨은층")):
        assert read(korean(change), f"layers.{name}.units=128").layers[1].keras.arguments["units"] == 128


def test_row_14_a_file_with_a_korean_name_is_read(write, digits):
    path = write("설정/손글씨 😀.yaml", digits)
    assert load_config(str(path))[0].name == "digits"


def test_row_15_markup_in_a_key_is_shown_as_it_is(write, digits):
    path = write("config.yaml", digits + "'[/b]': 1\n'[bold]x[/]': 2\n")
    with pytest.raises(ConfigError) as caught:
        load_config(str(path))
    shown = [problem_text(problem, unicode=True).plain for problem in caught.value.problems]
    assert len(shown) == 2
    assert shown[0].startswith("error: unknown key '[/b]'\n")
    assert "30 │ '[/b]': 1\n" in shown[0]
    assert shown[1].startswith("error: unknown key '[bold]x[/]'\n")


def test_the_bytes_of_the_file_are_given_back(write, digits):
    content = b"\xef\xbb\xbf" + digits.replace("\n", "\r\n").encode()
    assert load_config(str(write("config.yaml", content)))[1] == content
