"""Random bytes and damaged configurations: reading ends in success or in a ConfigError, never in anything else."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

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


VALUES: list[Any] = [
    *(None, True, -1, 0, 1.5, "x", "", "a.1", [], {}, [1], [[]], {"a": 1}, "residual", "${units}", "${data.classes}"),
    *({"residual": []}, {"block": {"use": "conv"}}, {"block": {"use": ["x"]}}, {"block": 3}, {"submodel": 3}),
    {"Dense": {"units": 3, "name": "x", "from": ["x", 3]}},
    {"branches": {"paths": [3, [], "x"]}},
    {"repeat": {"times": 1000, "layers": [{"repeat": {"times": 1000, "layers": ["ReLU"]}}]}},
    {"TimeDistributed": {"layer": {"submodel": {"layers": 3}}}},
]
KEYS = ["from", "name", "layers", "block", "use", "plugins", "blocks", "targets", "inputs", "몫"]
GALLERY = sorted((Path(__file__).parents[2] / "configs").rglob("*.yaml"))


def places(tree: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything inside a tree."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [way for key, each in entries for way in ((*above, key), *places(each, (*above, key)))]


def mutate(tree: Any, generator: random.Random) -> None:
    """Puts a value where another was, takes one out, or adds a key."""
    *above, last = generator.choice(places(tree))
    here = tree
    for part in above:
        here = here[part]
    value = copy.deepcopy(generator.choice(VALUES))
    action = generator.random()
    if action < 0.2:
        del here[last]
    elif action < 0.4 and isinstance(here, dict):
        here[generator.choice(KEYS)] = value
    else:
        here[last] = value


def test_a_changed_graph_is_valid_or_refused_with_its_lines(tmp_path: Path) -> None:
    generator = random.Random(20)
    valid = refused = 0
    for number in range(600):
        tree = yaml.safe_load(GALLERY[number % len(GALLERY)].read_text(encoding="utf-8"))
        for _ in range(generator.randint(1, 3)):
            mutate(tree, generator)
        path = tmp_path / "mutated.yaml"
        path.write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True), encoding="utf-8")
        try:
            load_config(str(path))
            valid += 1
        except ConfigError as error:
            refused += all(each.message for each in error.problems)
    assert valid + refused == 600
    assert min(valid, refused) > 10
