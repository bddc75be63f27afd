"""What Keras does not say of its classes and dlcli has to know: keras.extra.json, one line a class, written by hand.

A class has `traits`. A plugin gives the same of its own classes, as class attributes with the prefix `dlcli_`
(`dlcli_target = "classes"`), and inherits those of the class of Keras that it is made from:

    losses    target     what it compares with: classes (indices 0…C-1), one_hot, binary (0 and 1), numbers, any, nothing
              least      of numbers the least that means something;  most: likewise
              reads      what it takes from the model: probabilities, or scores whose sign decides
              constant   the one answer for all samples that costs least: sign of the majority; mean, median,
                         relative_median (1 / target its weight), log_mean, direction (the mean of vectors of the
                         length 1), shares (the mean of what sums to 1); search where none of these is it; joined
                         where a loss is one of all places together
              shapes     how target and output differ: sequences (labels for steps of scores), labels (one for a vector)
              perfect    target: a perfect answer is the target itself and costs something; otherwise it costs nothing
              divides    whether it divides by the target, so that a target of 0 makes it huge
              sums       whether it compares distributions, whose parts sum to 1
              chance     whether it is ln C where each of C answers is as likely as the others
    metrics   target     as of a loss;  least, most, divides: as of a loss
              direction  up: more is better; down: less is better
              reads      what it looks at: values (the default), decisions (the side of a threshold), order, largest (of
                         several), scores (as hinge losses read them)
              instead    what to write where there is no largest of several: another metric, or its `threshold`
              ends       of a loss too: what no value is below, and none above; null for no such
              defined    what it has to see to have a value: yes, both (yes and no), or varies (numbers that differ)
              positive   whether it speaks of one of two classes, and says another number of the other
              equal      whether it counts numbers that are the same to the last bit
              flattens   whether it takes the units of all places as places of their own
              varies     whether it compares how the values of a sample vary, along `axis`, the last by default
              rows       whether it reads rows of values alone: places (samples, …) are rows of their own
              forms      by what the loss compares with, the arguments that say how target and output come
              reported   the name of its values, where Keras's is not the class's name in small letters
    layers    group      what a person would look for it under
              xla        whether XLA makes it faster on a CPU
              macs       how its multiply-adds are counted (layers/macs.py)
              arithmetic how its formulas are written (actions/arithmetic)
              axes       the axes of a sample that it takes, channels included
              width      the argument that says how many values it puts out
              acts       the activation that it is, here and among the operations
              stands     where it can stand, the most natural place first: layers (the default), prepare, augment, cell
              misplaced  why it cannot stand among the layers;  write: what to write instead
              fixed      its weights are what they should be from the beginning, and need not be trained
              single     it reckons in 32 bits alone, also where it prepares numbers of 64
              mixes      it mixes the labels of samples with their images
               adapts     it learns from the data before training; the argument that says what it would learn
               crops      it leaves a part of a picture, of its height and width, drawn while training
               views      it puts out what it takes, in another shape at most
              ids        it takes ids; the argument that says how many there are
              text       it takes text
              scales     it moves and scales numbers
              words      it makes ids of words that it knows
              crosses    it makes one number of several names
              masks      it leaves padding out: true, or the argument that says so
              unmasks    it takes the masks away from what it takes, so that nothing behind it has them
              elements   its mask says which elements count, not which places
              merges     it takes several tensors;  drops: it leaves out values at random while training
              example    what shows it better than its required arguments alone
    operations call      its arguments that are tensors;  needed: those that have to come (both generated)
              axes       its arguments that name axes, with their defaults (generated);  class: its class in a model
              sequence   its tensors are one argument, a list
              constant   whether its numbers do not depend on those that it takes, of which it reads the shape
              shapes     of what its example takes, a sample each; (4, 4) for each tensor that it needs otherwise
              along      tensors that run along one axis of the first, by the argument that names the axis
              whole      whether these are whole numbers, and how many there are
              example    the arguments beside its tensors that show it
    callbacks package    what has to be installed beside Keras, an extra of dlcli of the same name
    schedules remains    the argument that says what is left of the rate at its end, and its default
    all       adds       arguments that dlcli adds and Keras does not see: `file` ones are paths
              ours       what makes it, where it is dlcli's own and none of Keras's;  summary: what it is
              refused    why a configuration may not use it, and what to write instead

An argument has `least`, `above`, `most` and `below` (the range of its numbers), `values` (the words it knows; `any_case` where
Keras takes capitals too), `inline` (Keras would read a file for it, so it must be written out), `unfit` (why it can only be
left as it is, and what to write), `strips` (it takes `{strip: PATTERN}` too) and `example`: under `arguments` for all classes
that have it, under `arguments of KIND` for those of a kind, in the line of a class for that class alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

PREFIX = "dlcli_"
"""Begins a class attribute of a plugin that is a trait."""

COMPUTED = "a computed value"
"""Stands for a trait of a plugin that is no plain value: nothing of a plugin is run to read it."""

WORDS: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "losses": {
        "target": ("classes", "one_hot", "binary", "numbers", "any", "nothing"),
        "reads": ("probabilities", "scores"),
        "constant": (
            "mean",
            "sign",
            "median",
            "relative_median",
            "log_mean",
            "direction",
            "shares",
            "search",
            "joined",
        ),
        "chance": (True, False),
        "divides": (True, False),
        "perfect": ("target",),
        "sums": (True, False),
        "shapes": ("sequences", "labels"),
    },
    "metrics": {
        "target": ("classes", "one_hot", "binary", "numbers", "any"),
        "direction": ("up", "down"),
        "reads": ("values", "decisions", "order", "largest", "scores"),
        "divides": (True, False),
    },
    "layers": {
        "xla": (True, False),
        "macs": (
            "product",
            "einsum",
            "convolution",
            "transposed convolution",
            "recurrent",
            "recurrent convolution",
            "attention",
            "grouped attention",
            "each step",
            "both directions",
            "inside",
        ),
        "merges": (True, False),
        "mixes": (True, False),
        "drops": (True, False),
    },
}
"""By kind, the traits that a plugin can give, and what each can be."""
OF_THE_CLASS_ALONE = frozenset({"refused", "xla", "reported", "example", "stands", "misplaced", "write", "arithmetic"})
"""Traits that a class made from another does not have from it: what it changes may be just that."""


def with_traits(kinds: Mapping[str, Any], by_hand: Mapping[str, Any]) -> dict[str, Any]:
    """The generated classes by kind, each with its traits, and each argument with what is known of it."""
    result: dict[str, Any] = {}
    for kind, classes in kinds.items():
        lines = by_hand.get(kind, {})
        of_arguments = {**by_hand["arguments"], **by_hand.get(f"arguments of {kind}", {})}
        result[kind] = {}
        for name, entry in classes.items():
            traits = {**entry.get("traits", {}), **lines.get(name, {})}
            own = traits.get("arguments", {})
            entry = {**entry, "arguments": {**entry["arguments"], **traits.get("adds", {})}}
            if kind == "operations":
                shown = {key: {"example": json.dumps(value)} for key, value in traits.get("example", {}).items()}
                own = {key: {**shown.get(key, {}), **own.get(key, {})} for key in (*shown, *own)}
            arguments = {
                key: {**argument, **of_name(of_arguments.get(key, {}), argument), **own.get(key, {})}
                if key in of_arguments or key in own
                else argument
                for key, argument in entry["arguments"].items()
            }
            result[kind][name] = {**entry, "arguments": arguments, "traits": traits}
    return result


def of_name(known: Mapping[str, Any], argument: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is known of all arguments of a name, as far as it is true of one: `padding` of ZeroPadding2D is no word."""
    if isinstance(argument.get("default"), int | float | list):
        return {key: value for key, value in known.items() if key != "values"}
    return known


def inherited(traits: Mapping[str, Any]) -> dict[str, Any]:
    """The traits that a class made from another has from it."""
    return {key: value for key, value in traits.items() if key not in OF_THE_CLASS_ALONE}


def wrong_traits(kind: str, traits: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong in the traits that a plugin gives: each as message and what to write."""
    known = WORDS.get(kind, {})
    wrong = []
    for key, value in traits.items():
        if key not in known:
            names = ", ".join(PREFIX + each for each in known) or "none"
            wrong.append((f"unknown attribute '{PREFIX}{key}'", f"there are: {names}"))
        elif value not in known[key]:
            words, given = " or ".join(map(repr, known[key])), value if value is COMPUTED else repr(value)
            message = f"'{PREFIX}{key}' must be {words}, found {given}"
            wrong.append((message, f"write {PREFIX}{key} = {known[key][0]!r}"))
    return wrong
