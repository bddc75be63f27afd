"""Every name that Keras offers is read with its required arguments, in each form; what is refused is refused with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from dlcli.config.catalogue import SINGULAR, article, keras_catalogue
from dlcli.spec import KerasObject, plain

COUNTS = {
    "layers": (142, 7),
    "losses": (23, 0),
    "optimizers": (16, 1),
    "schedules": (6, 0),
    "metrics": (49, 3),
    "initializers": (16, 0),
    "regularizers": (4, 0),
    "constraints": (4, 0),
    "callbacks": (15, 12),
    "applications": (40, 0),
    "operations": (249, 0),
}
"""By kind: how many classes Keras 3.15 has, and how many of them are refused."""


def messages(kind, value):
    with pytest.raises(ValidationError) as caught:
        keras_catalogue().read(kind, value)
    return [(each["ctx"]["message"], each["loc"]) for each in caught.value.errors(include_url=False)]


def names(kind):
    """Every class of a kind that may be used, with its entry."""
    refused = keras_catalogue().refused[kind]
    return [(name, entry) for name, entry in keras_catalogue().kinds[kind].items() if name not in refused]


def required(entry):
    """What a class cannot do without, with the values of its example."""
    return {key: yaml.safe_load(each["example"]) for key, each in entry["arguments"].items() if each.get("required")}


def test_the_catalogue_is_of_the_keras_that_is_installed_with_dlcli():
    assert keras_catalogue().keras.startswith("3.15.")
    assert list(keras_catalogue().kinds) == list(COUNTS)
    assert {*COUNTS, "activations"} == {*SINGULAR}


@pytest.mark.parametrize("kind", COUNTS)
def test_the_classes_are_counted(kind):
    total, refused = COUNTS[kind]
    assert len(keras_catalogue().kinds[kind]) == total
    assert len(names(kind)) == total - refused


@pytest.mark.parametrize("kind", COUNTS)
def test_every_class_is_read_with_its_required_arguments(kind):
    seen = 0
    for name, entry in names(kind):
        arguments = required(entry)
        found = keras_catalogue().read(kind, {name: arguments})
        assert (found.kind, found.name, found.written) == (kind, name, name)
        assert set(found.arguments) == set(arguments)
        assert plain(keras_catalogue().read(kind, plain(found))) == plain(found)
        seen += 1
    assert seen == COUNTS[kind][0] - COUNTS[kind][1]


@pytest.mark.parametrize("kind", COUNTS)
def test_every_class_without_required_arguments_is_read_by_its_name_alone(kind):
    alone = [name for name, entry in names(kind) if not required(entry)]
    for name in alone:
        assert keras_catalogue().read(kind, name) == KerasObject(kind, name, name, {})
    expected = {
        "layers": 66,
        "losses": 23,
        "optimizers": 14,
        "schedules": 0,
        "metrics": 38,
        "initializers": 16,
        "regularizers": 4,
        "constraints": 4,
        "callbacks": 2,
        "applications": 40,
        "operations": 218,
    }
    assert len(alone) == expected[kind]


@pytest.mark.parametrize("kind", COUNTS)
def test_every_class_with_one_required_argument_is_read_in_its_short_form(kind):
    seen = 0
    for name, entry in names(kind):
        arguments = required(entry)
        above = entry["traits"].get("call", [])[:1]
        if arguments and list(arguments) == [each for each in entry["arguments"] if each not in above][:1]:
            [value] = arguments.values()
            if isinstance(value, dict):
                continue
            short = keras_catalogue().read(kind, {name: value})
            assert plain(short) == plain(keras_catalogue().read(kind, {name: arguments}))
            seen += 1
    expected = {"layers": 45, "optimizers": 1, "metrics": 6, "callbacks": 1, "operations": 22}
    assert seen == expected.get(kind, 0)


@pytest.mark.parametrize("kind", COUNTS)
def test_every_spelling_means_its_class(kind):
    refused = keras_catalogue().refused[kind]
    seen = 0
    for name, entry in names(kind):
        for spelling in entry["spellings"]:
            if spelling in refused:
                continue
            found = keras_catalogue().read(kind, {spelling: required(entry)})
            assert (found.name, found.written) == (name, spelling)
            seen += 1
    assert seen == sum(len(entry["spellings"]) for _, entry in names(kind))


@pytest.mark.parametrize("kind", COUNTS)
def test_a_class_that_is_refused_says_why(kind):
    reasons = keras_catalogue().refused[kind]
    for name, reason in reasons.items():
        assert reason
        for value in (name, {name: {}}, {name: 1}):
            assert messages(kind, value) == [(f"{name} is not available: {reason}", ())]
    assert len(reasons) == {"layers": 7, "optimizers": 1, "metrics": 3, "callbacks": 12}.get(kind, 0)


@pytest.mark.parametrize("kind", COUNTS)
def test_every_spelling_of_a_refused_class_is_refused(kind):
    reasons = keras_catalogue().refused[kind]
    for name, reason in reasons.items():
        for spelling in keras_catalogue().kinds[kind].get(name, {"spellings": []})["spellings"]:
            assert messages(kind, spelling) == [(f"{spelling} is not available: {reasons.get(spelling, reason)}", ())]


@pytest.mark.parametrize("kind", COUNTS)
def test_every_missing_argument_is_named(kind):
    seen = 0
    for name, entry in names(kind):
        needed = required(entry)
        if needed:
            quoted = ", ".join(f"'{key}'" for key in needed)
            assert messages(kind, name) == [(f"{name} needs {quoted}", (name,))]
            assert messages(kind, {name: {}}) == [(f"{name} needs {quoted}", (name,))]
            seen += 1
    assert seen == {"layers": 69, "optimizers": 1, "schedules": 6, "metrics": 8, "callbacks": 1, "operations": 31}.get(
        kind, 0
    )


@pytest.mark.parametrize("kind", COUNTS)
def test_no_class_takes_an_unknown_argument(kind):
    for name, entry in names(kind):
        found = messages(kind, {name: {**required(entry), "no_such_argument": 1}})
        assert found == [(f"unknown argument 'no_such_argument' for {name}", (name, "no_such_argument"))]


@pytest.mark.parametrize("kind", COUNTS)
def test_no_plain_argument_takes_a_mapping(kind):
    """Keras makes objects of mappings with a class_name; here only what is known to be a thing may be one."""
    seen = 0
    for name, entry in names(kind):
        for key, argument in entry["arguments"].items():
            if "thing" not in argument:
                value = {**required(entry), key: {"class_name": "Dense", "module": "keras.layers", "config": {}}}
                [(message, place)] = messages(kind, {name: value})
                assert message.startswith(f"'{key}' must be ")
                assert "found a mapping" in message
                assert place == (name, key)
                seen += 1
    assert seen > 0


def test_every_kind_of_thing_is_found_in_the_catalogue():
    things = {
        argument["thing"]
        for classes in keras_catalogue().kinds.values()
        for entry in classes.values()
        for argument in entry["arguments"].values()
        if "thing" in argument
    }
    assert things == {
        "layers",
        "optimizers",
        "schedules",
        "initializers",
        "regularizers",
        "constraints",
        "activations",
    }


def test_every_activation_is_read():
    activations = keras_catalogue().activations
    for name in activations:
        assert keras_catalogue().read("layers", {"Activation": name}).arguments == {"activation": name}
    assert len(activations) == 32


def test_a_name_of_another_kind_says_which():
    for kind, name, other in (
        ("layers", "Adam", "optimizer"),
        ("losses", "accuracy", "metric"),
        ("optimizers", "Dense", "layer"),
        ("metrics", "L2", "regularizer"),
        ("callbacks", "CosineDecay", "schedule"),
    ):
        assert messages(kind, name) == [(f"unknown {SINGULAR[kind]} '{name}'; {name} is {article(other)}", ())]


def test_what_is_no_thing_is_refused():
    for value, words in (
        (3, "the number 3"),
        (None, "nothing"),
        (True, "the boolean true"),
        ([], "an empty list"),
        ({}, "an empty mapping"),
    ):
        assert messages("layers", value) == [(f"expected a layer, found {words}", ())]
    assert messages("layers", {"Flatten": {}, "Dense": {}}) == [
        ("expected one name with its arguments behind it, found 2 names: 'Flatten', 'Dense'", ())
    ]


def test_the_catalogue_is_what_the_installed_keras_offers():
    import dlcli.config.catalogue as catalogue
    from dlcli.config.catalogue.generate import catalogue_text

    assert catalogue_text() == Path(catalogue.__file__).with_name("keras.json").read_text(encoding="utf-8")


def test_an_argument_of_the_call_is_told_where_it_belongs():
    with pytest.raises(ValidationError) as caught:
        keras_catalogue().read(
            "layers", {"MultiHeadAttention": {"num_heads": 1, "key_dim": 2, "use_causal_mask": True}}
        )
    [detail] = caught.value.errors(include_url=False)
    assert detail["msg"] == "unknown argument 'use_causal_mask' for MultiHeadAttention"
    assert detail["ctx"]["suggestion"] == "it belongs to the call: write from: {…, use_causal_mask: …}"
