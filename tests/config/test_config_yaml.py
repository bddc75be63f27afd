"""Rows 4, 7, 8, 9, 11 and 12 of the table of faults: the grammar, and what a file may not hold."""

from __future__ import annotations

import itertools
import string

import pytest

DEEP = "nested deeper than 64 levels"
MANY = "more than 50,000 values, aliases counted as what they stand for"
MERGE = "merge keys ('<<') are not allowed"
KEYS = "expected keys: data, layers, loss, optimizer, train"
LETTERS = string.ascii_lowercase


def test_row_4_a_duplicate_key_names_both_lines(problem, digits):
    found = problem(digits + "  epochs: 3\n")
    assert found.at == (30, 3, "duplicate key 'epochs', first written at line 27")
    assert found.suggestion == "keep one of the two"
    assert found.marked == "epochs"


def test_row_4_a_whole_block_written_twice_is_a_duplicate_key(problem, digits):
    found = problem(digits + "optimizer: SGD\n")
    assert found.at == (30, 1, "duplicate key 'optimizer', first written at line 21")


def test_row_4_a_duplicate_in_a_flow_mapping_has_its_column(problem, change):
    found = problem(change(("units: 64", "units: 64, units: 65")))
    assert found.at == (15, 24, "duplicate key 'units', first written at line 15")


def test_row_4_quotes_do_not_make_another_key(problem, digits):
    assert problem(digits + "'seed': 1\n").at == (30, 1, "duplicate key 'seed', first written at line 5")


def test_row_4_every_duplicate_is_told(problems):
    found = problems("a: 1\na: 2\na: 3\nb: {c: 1, c: 2}\n")
    assert [each.at for each in found] == [
        (2, 1, "duplicate key 'a', first written at line 1"),
        (3, 1, "duplicate key 'a', first written at line 2"),
        (4, 11, "duplicate key 'c', first written at line 4"),
    ]


def test_row_4_two_unicode_spellings_of_one_key_are_duplicates(problem):
    found = problem("가: 1\n\u1100\u1161: 2\n")
    assert found.at == (2, 1, "duplicate key '가', first written at line 1")


def bomb(item: str, level: str, levels: int) -> str:
    """Each line stands for nine times the line above."""
    lines = [f"a: &a {item}"]
    for below, letter in itertools.pairwise(LETTERS[: levels + 1]):
        lines.append(f"{letter}: &{letter} {level.format(','.join([f'*{below}'] * 9))}")
    return "\n".join(lines) + "\n"


def test_row_7_a_bomb_of_aliases_is_refused_at_the_alias_that_is_too_much(problem):
    found = problem(bomb("[1,1,1,1,1,1,1,1,1]", "[{}]", 9))
    assert found.at == (5, 23, MANY)
    assert found.marked == "*d"


def test_row_7_a_bomb_of_merge_keys_is_refused_at_every_merge_key(problems):
    found = problems(bomb("{k: 1}", "{{<<: [{}]}}", 4))
    assert [each.at for each in found] == [(line, 8, MERGE) for line in (2, 3, 4, 5)]
    assert {each.see for each in found} == {"extends: base.yaml shares settings between files"}


def test_row_7_a_bomb_in_a_mapping_is_refused(problem):
    text = "a: &a {k: 1}\n" + "".join(
        f"{each}: &{each} {{{', '.join(f'{key}: *{below}' for key in 'klmnopqrs')}}}\n"
        for below, each in itertools.pairwise(LETTERS[:9])
    )
    assert problem(text).message == MANY


def test_row_7_an_alias_is_allowed_and_stands_for_the_same_value(read, digits):
    shared = digits.replace("{monitor: val_loss, patience: 5}", "{patience: &five 5}")
    config = read(shared + "  reduce_on_plateau: {patience: *five}\n")
    assert config.train.reduce_on_plateau.patience == 5


def test_row_7_a_merge_key_in_quotes_is_an_unknown_key(problems):
    found = problems("'<<': {a: 1}\n")
    assert found[-1].at[:2] == (1, 1)
    assert found[-1].message == "unknown key '<<'"


def test_row_7_a_file_of_too_many_values_is_refused(problem, digits):
    found = problem(digits + f"x: [{'1,' * 50_000}]\n")
    assert found.message == MANY
    assert found.at[0] == 30


def test_row_7_a_file_of_too_many_bytes_is_refused(problem, digits):
    found = problem(digits + "#" * 2_000_000)
    assert found.at == (0, 0, "the file is too large: a configuration has at most 2,000,000 bytes")


def test_row_7_a_long_comment_is_no_reason_to_refuse_a_file(read, digits):
    assert read("#" * 100_000 + "\n" + digits).name == "digits"


def test_row_8_an_alias_inside_what_it_names_is_refused(problem):
    assert problem("a: &a [*a]\n").at == (1, 8, "'*a' stands inside what it names, so it would never end")
    assert problem("a: &a {b: [1, *a]}\n").at == (1, 15, "'*a' stands inside what it names, so it would never end")


def test_row_8_an_alias_of_nothing_is_refused(problem):
    assert problem("a: *b\nb: &b 1\n").at == (1, 4, "nothing above is named '&b'")


def test_row_8_an_anchor_on_a_key_can_be_referred_to(problems):
    found = problems("&k seed: 0\nname: *k\n")
    assert {each.message for each in found} == {
        f"'{key}' is missing from the file" for key in ("data", "layers", "loss", "optimizer", "train")
    }


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: " + "[" * 100, (1, 67)),
        ("a: " + "[" * 100 + "]" * 100, (1, 67)),
        ("[" * 1_000, (1, 65)),
        ("[" * 200_000, (1, 65)),
        ("{a: " * 100_000, (1, 257)),
        ("- " * 100_000, (1, 129)),
        ("? " * 100_000, (1, 129)),
        ("".join(" " * level + "a:\n" for level in range(200)), (65, 65)),
    ],
    ids=["list", "closed", "1000", "200000", "mapping", "dashes", "keys", "block"],
)
def test_row_9_deep_nesting_is_refused(problem, text, place):
    assert problem(text).at == (*place, DEEP)


def test_row_9_sixty_four_levels_are_read_and_sixty_five_are_not(problem, digits):
    fits = problem(digits + "x: " + "[" * 63 + "]" * 63 + "\n")
    assert fits.message == "unknown key 'x'"
    assert problem(digits + "x: " + "[" * 64 + "]" * 64 + "\n").at == (30, 67, DEEP)


def test_row_9_aliases_do_not_add_levels_unseen(problem):
    text = "a0: &a0 [1]\n" + "".join(f"a{each}: &a{each} [*a{each - 1}]\n" for each in range(1, 600))
    found = problem(text)
    assert found.at == (63, 12, DEEP)
    assert found.marked == "*a61"


def test_row_11_tags_are_refused_and_nothing_is_imported(problem, change):
    tags = {
        "!!python/object/apply:os.system ['touch tagged']": "!!python/object/apply:os.system",
        "!!python/name:os.system": "!!python/name:os.system",
        "!custom 1": "!custom",
        "!!int '1'": "!!int",
        "! x": "!",
        "!<tag:yaml.org,2002:str> x": "!!str",
    }
    for written, tag in tags.items():
        found = problem(change(("seed: 0", f"seed: {written}")))
        assert found.at == (5, 7, f"tags are not allowed, found '{tag}'")
        assert found.suggestion == "leave the tag out"
    assert len(tags) == 6


def test_row_11_a_tag_on_a_key_or_a_collection_is_refused_too(problems):
    assert [each.at for each in problems("!!str a: !!map {b: !!seq [1]}\n")] == [
        (1, 1, "tags are not allowed, found '!!str'"),
        (1, 10, "tags are not allowed, found '!!map'"),
        (1, 20, "tags are not allowed, found '!!seq'"),
    ]


def test_row_12_an_empty_file_is_refused(problem):
    texts = ["", "\n\n  \n", "# only a comment\n", "---\n", "null\n", "~", "--- # nothing\n...\n"]
    for text in texts:
        found = problem(text)
        assert found.at == (1, 1, "the file is empty")
        assert found.see == "dlcli show config"
    assert len(texts) == 7


TOP_LEVELS = {
    "- a\n- b\n": (1, 1, f"the file holds a list; {KEYS}"),
    "\n\n[a]\n": (3, 1, f"the file holds a list; {KEYS}"),
    "hello\n": (1, 1, f"the file holds a single value; {KEYS}"),
    "3": (1, 1, f"the file holds a single value; {KEYS}"),
    "''": (1, 1, f"the file holds a single value; {KEYS}"),
    "epochs:3": (1, 1, f"the file holds a single value; {KEYS}"),
    "a: 1\n---\nb: 2\n": (2, 1, "a second document starts here; a file holds one experiment"),
    "---\na: 1\n---\n": (3, 1, "a second document starts here; a file holds one experiment"),
    "a: 1\n...\nb: 2\n": (3, 1, "this line does not fit what stands above it"),
}


@pytest.mark.parametrize("text", TOP_LEVELS)
def test_row_12_a_file_is_one_mapping(problem, text):
    assert problem(text).at == TOP_LEVELS[text]


COLUMN = "start every key of the file in the same column"
QUOTES = "put quotes around the text"
INDENT = "indent it like the other lines of its block"
COLON = "put quotes around text that holds ': ', or check the indentation above"
DEEPER = "indent it like the line above, which has a value already"
SINGLE = "write single quotes: in them a backslash is only itself"
GRAMMAR = {
    "a:\n\tb: 1\n": (2, 1, "a tab may not stand here", "indent with spaces instead of tabs"),
    "a: 1\n\tb: 2\n": (2, 1, "a tab may not stand here", "indent with spaces instead of tabs"),
    "a: %x\n": (1, 4, "text may not start with '%'", QUOTES),
    "a: @x\n": (1, 4, "text may not start with '@'", QUOTES),
    "a: `x`\n": (1, 4, "text may not start with '`'", QUOTES),
    "a: b: c\n": (
        1,
        5,
        "a second ':' may not stand on one line",
        "write a: {b: c}, or put quotes around text that holds ': '",
    ),
    "a: b c: d\n": (1, 7, "':' may not stand here", COLON),
    "a: 1\n  b: 2\n": (2, 3, "this line is indented more than the one above", DEEPER),
    "a: 1\nb 2\nc: 3\n": (2, 1, "expected a key with ': ' and a value", None),
    "a: [1, 2\n": (1, 4, "the '[' that opens here is not closed", "write ']' at its end"),
    "a: {b: 1\n": (1, 4, "the '{' that opens here is not closed", "write '}' at its end"),
    "a: {b: ${c}}\n": (
        1,
        9,
        "expected ',' or '}' here, to go on or to close the '{' of line 1",
        'put quotes around it: "${…}"',
    ),
    "a: [1 2}\n": (1, 8, "expected ',' or ']' here, to go on or to close the '[' of line 1", None),
    "a: 'x\n": (1, 4, "the quote that opens here is not closed", None),
    'a: "x\n': (1, 4, "the quote that opens here is not closed", None),
    'a: "C:\\data"\n': (1, 8, "this backslash means nothing inside double quotes", SINGLE),
    'a: "C:\\users"\n': (1, 9, "this backslash means nothing inside double quotes", SINGLE),
    'a: "\\U00110000"\n': (1, 7, "this escape names no character", None),
    'a: "\\Uffffffff"\n': (1, 7, "this escape names no character", None),
    'a: "\\ud800"\n': (1, 4, "the character U+D800 may not stand in a text", None),
    'a: "\\0"\n': (1, 4, "the character U+0000 may not stand in a text", None),
    '"\\0": a\n': (1, 1, "the character U+0000 may not stand in a text", None),
    'a: "x" y\n': (1, 8, "nothing may follow on this line", "put quotes around the whole text"),
    "a:\n    b: 1\n  c: 2\n": (3, 3, "this line does not fit the block that starts at line 1", INDENT),
    "  a: 1\n b: 2\n": (2, 2, "this line does not fit what stands above it", COLUMN),
    "a:\n  - 1\n - 2\n": (3, 2, "this line does not fit the block that starts at line 1", INDENT),
    "? [1, 2]\n: 3\n": (1, 3, "a key must be text, found a list", None),
    "{a: 1}: 2\n": (1, 1, "a key must be text, found a mapping", None),
    "a: &a k\n*a : 2\n": (2, 1, "a key must be text, found an alias", None),
    "%YAML 2.0\n---\na: 1\n": (1, 1, "found incompatible YAML document (version 1.* is required)", None),
    "%YAML 1." + "9" * 5000 + "\n---\na: 1\n": (1, 9, "this version is none of YAML", None),
}


@pytest.mark.parametrize("text", GRAMMAR, ids=range(len(GRAMMAR)))
def test_row_12_a_syntax_error_has_its_place_and_plain_words(problem, text):
    found = problem(text)
    assert (*found.at, found.suggestion) == GRAMMAR[text]


def test_row_12_the_syntax_errors_are_thirty_one():
    assert len(GRAMMAR) == 31


def test_a_caret_reaches_over_the_whole_value_and_not_into_the_comment(problem, change):
    found = problem(change(("loss: sparse_categorical_crossentropy", "loss: [mse, mae]")))
    assert found.at == (19, 7, "expected a loss, found a list")
    assert found.marked == "[mse, mae]"


def test_a_key_without_a_value_holds_nothing(problem, change):
    assert problem(change(("seed: 0", "seed:"))).at == (5, 6, "'seed' must be a whole number, found nothing")


def test_texts_of_several_lines_are_read(read, change):
    assert read(change(("name: digits", "name: |-\n  one\n  two"))).name == "one\ntwo"
    assert read(change(("name: digits", "name: >-\n  one\n  two"))).name == "one two"
