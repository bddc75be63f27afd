"""Random bytes and damaged configurations: reading ends in success or in a ConfigError, never in anything else."""

from __future__ import annotations

import random

import pytest

from dlcli.config import Config, load_config
from dlcli.errors import ConfigError
from dlcli.view.problems import error_text

SEED = 20
SIGNS = "{ } [ ] : , - ? ! & * # | > ' % @ ` ~ << ${ ${name} ${data.classes} null true no 0 -1 1e-3 .nan 012 0x1f &a *a"
WORDS = (
    "Dense Flatten Adam SGD digits csv units name from extends data layers loss optimizer metrics train !!str --- ..."
)
TOKENS = [
    *SIGNS.split(),
    *WORDS.split(),
    "\\",
    '"',
    "가",
    "\u1100\u1161",
    "😀",
    "\t",
    "\u2028",
    "\ufeff",
    "\x85",
    "\0",
    "\x1b",
]


def outcome(path):
    """How many problems a file has, 0 for a file that is read; every problem can be shown."""
    refused: ConfigError | None = None
    try:
        config, _ = load_config(str(path))
    except ConfigError as error:
        refused = error
    if refused is None:
        assert isinstance(config, Config)
        assert config.plain()
        return 0
    assert refused.problems
    for problem in refused.problems:
        assert problem.message
        assert "\n" not in problem.message
        assert 0 <= problem.column <= len(problem.text) + 2
    assert error_text(refused, unicode=True, width=80).plain.startswith("error: ")
    return len(refused.problems)


def mutated(text, chance):
    """The text with a few random edits: of characters, of tokens, of lines."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        kind = chance.randrange(7)
        lines = text.split("\n")
        if kind == 0:
            text = text[:at] + text[at + chance.randint(1, 12) :]
        elif kind == 1:
            text = text[:at] + chance.choice(TOKENS) + text[at:]
        elif kind == 2:
            text = text[:at] + chr(chance.choice([chance.randrange(128), chance.randrange(0xD800)])) + text[at + 1 :]
        elif kind == 3:
            del lines[chance.randrange(len(lines))]
            text = "\n".join(lines)
        elif kind == 4:
            line = chance.choice(lines)
            lines.insert(chance.randrange(len(lines)), line)
            text = "\n".join(lines)
        elif kind == 5:
            number = chance.randrange(len(lines))
            lines[number] = " " * chance.randrange(6) + lines[number].lstrip()
            text = "\n".join(lines)
        else:
            words = text.split(" ")
            words[chance.randrange(len(words))] = chance.choice(TOKENS)
            text = " ".join(words)
        text = text or "x"
    return text


def test_mutations_of_a_configuration_are_read_or_refused(write, digits):
    chance = random.Random(SEED)
    found = [outcome(write("config.yaml", mutated(digits, chance))) for _ in range(300)]
    assert len(found) == 300
    # The edits are such that some files can still be read and most cannot.
    assert 20 < found.count(0) < 150
    assert max(found) >= 3


def test_mutations_of_its_bytes_are_read_or_refused(write, digits):
    chance = random.Random(SEED)
    original = digits.encode()
    found = []
    for _ in range(100):
        content = bytearray(original)
        for _ in range(chance.randint(1, 3)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        found.append(outcome(write("config.yaml", bytes(content))))
    assert len(found) == 100
    assert found.count(0) < 90


def test_every_beginning_of_a_configuration_is_refused(write, digits):
    content = digits.encode()
    ends = [*range(0, len(content), 11)]
    refused = sum(outcome(write("config.yaml", content[:end])) > 0 for end in ends)
    # Only what ends within the last line is a whole configuration.
    assert refused >= len(ends) - 5
    assert len(ends) > 70


def test_random_bytes_are_refused(write):
    chance = random.Random(SEED)
    found = [outcome(write("config.yaml", chance.randbytes(chance.randrange(200)))) for _ in range(100)]
    assert min(found) == 1
    assert len(found) == 100


def test_random_tokens_are_refused(write):
    chance = random.Random(SEED)
    seen = 0
    for _ in range(150):
        words = [chance.choice([*TOKENS, "\n", "\n  ", " ", ": "]) for _ in range(chance.randrange(40))]
        seen += outcome(write("config.yaml", "".join(words))) > 0
    assert seen == 150


@pytest.mark.parametrize("kind", ["value", "path", "both"])
def test_random_settings_are_read_or_refused(write, digits, kind):
    chance = random.Random(SEED)
    path = write("config.yaml", digits)
    paths = ["name", "layers.1.units", "optimizer.learning_rate", "data.source", "metrics", "train", "layers", "data"]
    seen = 0
    for _ in range(60):
        where = chance.choice(paths)
        value = chance.choice(["1", "x", "[]", "{}"])
        if kind != "value":
            where = ".".join([where, *chance.choices(TOKENS, k=chance.randrange(3))])
        if kind != "path":
            value = "".join(chance.choices(TOKENS, k=chance.randint(1, 4)))
        setting = where + chance.choice(["=", "+="]) + value
        refused = None
        try:
            load_config(str(path), settings=[setting])
        except ConfigError as error:
            refused = error
        assert refused is None or error_text(refused, unicode=True).plain.startswith("error: ")
        seen += 1
    assert seen == 60
