"""PyYAML, as it is installed, says each phrase that the configuration's grammar knows; of another one its words are passed on."""

from __future__ import annotations

import pytest
import yaml

from dlcli.config import grammar

PROVOKED: dict[str, tuple[str, str]] = {
    "a: \t@x\n": (grammar.NO_TOKEN.pattern, "found character '\\\\t' that cannot start any token"),
    "a: @x\n": (grammar.NO_TOKEN.pattern, "found character '@' that cannot start any token"),
    "a: b: c\n": (grammar.NO_VALUE_HERE, "mapping values are not allowed here"),
    "a: 1\nb\nc: 2\n": (grammar.NO_COLON, "could not find expected ':'"),
    "a: [1, 2\nb: 3\n": (grammar.IN_SEQUENCE, "while parsing a flow sequence"),
    "a: {b: 1\nc: 3\n": (grammar.IN_MAPPING, "while parsing a flow mapping"),
    "a: [1, 2\n": (grammar.END_OF_FILE, "but got '<stream end>'"),
    'a: "b\n': (grammar.NO_QUOTE, "found unexpected end of stream"),
    'a: "b\n---\n': (grammar.NO_QUOTE_BEFORE_DOCUMENT, "found unexpected document separator"),
    'a: "\\p"\n': (grammar.ESCAPE, "found unknown escape character 'p'"),
    "a:\n  - 1\n b: 2\n": (grammar.END_OF_BLOCK, "expected <block end>, but found '<block mapping start>'"),
    " a: 1\nb: 2\n": (grammar.START_OF_DOCUMENT, "expected '<document start>', but found '<block mapping start>'"),
}


def said_of(text: str) -> str:
    """All that PyYAML says of a text that is no YAML."""
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        list(yaml.parse(text))
    return f"{caught.value.problem} / {caught.value.context}"


@pytest.mark.parametrize("text", PROVOKED)
def test_the_installed_pyyaml_says_it(text: str) -> None:
    phrase, words = PROVOKED[text]
    said = said_of(text)
    assert words.replace("\\\\", "\\") in said
    if phrase == grammar.NO_TOKEN.pattern:
        assert grammar.NO_TOKEN.search(said)
    else:
        assert phrase in said


def test_every_phrase_is_provoked() -> None:
    texts = {
        value for name, value in vars(grammar).items() if name.isupper() and isinstance(value, str) and name != "ESCAPE"
    }
    assert {phrase for phrase, _ in PROVOKED.values()} == {*texts, grammar.ESCAPE, grammar.NO_TOKEN.pattern}
    assert len(PROVOKED) == 12


def test_another_phrase_is_passed_on() -> None:
    message = grammar.syntax_wording("something new", "while doing it", line="a: 1", column=0, opened=(0, 0))
    assert message == ("something new while doing it", None, False)
