"""The words for findings about data."""

from __future__ import annotations

from dlcli.view.console.shapes import shape
from dlcli.view.console.tables import number
from dlcli.view.sentences.leaks import held_by_training
from dlcli.view.sentences.scale import far_values
from dlcli.view.sentences.sentence import Facts, Sentence, first_of, listed, moved_away


def among(facts: Facts) -> str:
    """How much of the data was looked at, where it was not all."""
    return f" (among {facts['seen']:,} of {facts['samples']:,} samples)" if "seen" in facts else ""


def channels_first(facts: Facts) -> str:
    shapes = [f"'{name}' is channels, height, width: {shape(each)}" for name, each in facts["inputs"].items()]
    return first_of(shapes, more="more inputs")


def constant_columns(facts: Facts) -> str:
    return listed(facts["columns"])


def constant_target(facts: Facts) -> str:
    return first_of([f"'{name}' is {value:g} in every training sample" for name, value in facts["targets"].items()])


def empty_columns(facts: Facts) -> str:
    names = facts["columns"]
    return f"{listed(names)} {'holds' if len(names) == 1 else 'hold'} nothing in any row"


def equal_by_chance(facts: Facts) -> str:
    counts = [f"{count} of {split}" for split, count in facts["splits"].items()]
    have = "has" if [*facts["splits"].values()] == [1] else "have"
    return f"{' and '.join(counts)} {have} the inputs of a training sample; the columns have few values"


def equal_in_32_bits(facts: Facts) -> str:
    counts = [
        f"'{name}' has {each['different']:,} values, {each['left']:,} of them"
        for name, each in facts["columns"].items()
    ]
    holder = "64 bits of a preparation" if facts.get("bits") == 64 else "32 bits of a model"
    return f"{first_of(counts, more='more columns')} in the {holder}"


def far_from_unit_scale(facts: Facts) -> str:
    return "; ".join(
        f"'{each['input']}' goes from {number(each['min'])} to {number(each['max'])} "
        f"(standard deviation {number(each['deviation'])})"
        for each in facts["inputs"]
    )


def few_samples(facts: Facts) -> str:
    return first_of([f"'{each['class']}' {each['samples']} in {each['split']}" for each in facts["classes"]])


def header_like_data(facts: Facts) -> str:
    return f"the columns are called {listed(facts['names'][:5])}{' …' if facts['names'][5:] else ''}, which looks like a row"


def identifier_columns(facts: Facts) -> str:
    return f"{listed(facts['columns'])} {'counts' if len(facts['columns']) == 1 else 'count'} the rows"


def imbalanced_classes(facts: Facts) -> str:
    return "; ".join(
        f"'{each['most']}' has {each['most_count']:,} training {each['unit']}, '{each['least']}' {each['least_count']:,}"
        for each in facts["targets"]
    )


def missing_values(facts: Facts) -> str:
    return first_of([f"'{name}' {count}" for name, count in facts["columns"].items()], more="more columns")


def filling(facts: Facts) -> str:
    """What may stand for empty cells."""
    if facts["targets"]:
        return "drop: a target cannot be filled"
    return "drop or {constant: 0}" if facts["arrays"] else "drop, mean, median, most_frequent or {constant: 0}"


def names_alike(facts: Facts) -> str:
    columns = [f"{listed(groups[0])} of '{name}'" for name, groups in facts["columns"].items()]
    return f"{first_of(columns, more='more columns')} are told apart"


def numbers_as_text(facts: Facts) -> str:
    shown = [f"'{name}' such as '{value}': {facts['instead'][name]}" for name, value in facts["columns"].items()]
    return first_of(shown, more="more columns")


def holes_in_time(facts: Facts) -> str:
    holes = "1 hole" if facts["holes"] == 1 else f"{facts['holes']:,} holes"
    rows = "1 row" if facts["largest"] == 1 else f"{facts['largest']:,} rows"
    of_it = "where" if facts["holes"] == 1 else "the largest where"
    reach = "window reaches" if facts["windows"] == 1 else "windows reach"
    return (
        f"'{facts['column']}' has {holes} among {facts['steps']:,} steps of {facts['step']}, "
        f"the first after row {facts['row']:,} ('{facts['value']}'), {of_it} {rows} are missing; "
        f"{facts['windows']:,} {reach} over one as if nothing were, of {facts['all_windows']:,}"
    )


def unequal_lengths(facts: Facts) -> str:
    shown = [
        f"'{name}' has {each['shortest']:,} to {each['longest']:,} places a sample, half of the samples up to "
        f"{each['median']:,g}; {each['padding']:.0%} of {each['places']:,} are padding"
        for name, each in facts["inputs"].items()
    ]
    return first_of(shown, more="more inputs")


def overlapping_windows(facts: Facts) -> str:
    shares = [f"{each['shared']:,} of {each['windows']:,} windows of {name}" for name, each in facts["splits"].items()]
    return f"{' and '.join(shares)} {held_by_training(facts)}"


def same_rows(facts: Facts) -> str:
    counts = [f"{count} of {split}" for split, count in facts["splits"].items()]
    are = "is" if [*facts["splits"].values()] == [1] else "are"
    pairs = [f"{copy} is {other}" for copy, other in facts.get("files", [])]
    named = f"; {', '.join(pairs)}{', …' if sum(facts['splits'].values()) > len(pairs) else ''}" if pairs else ""
    return f"{' and '.join(counts)} {are} in the training split too, with the same inputs and target{named}"


def kept_together(facts: Facts) -> str:
    if "files" not in facts:
        return "remove the copies, or keep them together: data.split.by: group:COLUMN"
    return (
        "remove the copies, or keep them together: list the files in a table, with a column that says which belong to one "
        "another, write its path as that of the source, and data.split.by: group:COLUMN"
    )


def same_inputs(facts: Facts) -> str:
    counts = [f"{count} of {split}" for split, count in facts["splits"].items()]
    have = "has" if [*facts["splits"].values()] == [1] else "have"
    return f"{' and '.join(counts)} {have} the inputs of a training sample, but another target"


def sorted_order(facts: Facts) -> str:
    times = "once" if facts["changes"] == 1 else f"{facts['changes']} times"
    return f"the target changes only {times} over {facts['rows']:,} rows"


def splits_apart(facts: Facts) -> str:
    return first_of([f"{moved_away(each)} in {each['split']}" for each in facts["moved"]])


def target_given_away(facts: Facts) -> str:
    ways = facts["ways"]
    columns = {way: [name for name in ways if ways[name] == way] for way in WAYS}
    return "; ".join(
        f"{listed(names)} alone {'tells' if len(names) == 1 else 'tell'} {WAYS[way]}"
        for way, names in columns.items()
        if names
    )


def input_is_a_part(facts: Facts) -> str:
    parts = [
        f"'{name}' is a part of '{facts['target']}': from 0 to it in every training sample, and equal to it in {share:.1%}"
        for name, share in facts["columns"].items()
    ]
    return first_of(parts, more="more columns")


def target_is_a_sum(facts: Facts) -> str:
    everywhere = f"'{facts['target']}' in every training sample"
    if facts["way"] == "quotient":
        first, second = facts["columns"]
        return f"'{first}' divided by '{second}' is {everywhere}{'' if facts['plain'] else ', but for a factor'}"
    made = {"sum": "add up to", "product": "multiply to"}[facts["way"]]
    factors = {"sum": ", each with a factor of its own", "product": ", but for a factor and powers"}[facts["way"]]
    return f"{listed(facts['columns'])} {made} {everywhere}{'' if facts['plain'] else factors}"


def target_far_from_unit_scale(facts: Facts) -> str:
    spreads = [f"'{name}' deviates by {number(deviation)}" for name, deviation in facts["targets"].items()]
    return first_of(spreads, more="more targets")


def times_as_categories(facts: Facts) -> str:
    columns = [f"'{name}' holds {count} times, each a feature of its own" for name, count in facts["columns"].items()]
    return first_of(columns, more="more columns")


WAYS = {
    "copy": "the target of every training sample",
    "threshold": "the classes apart: each class has a range of its own",
    "order": "the target of every training sample: both rise or fall together, without an exception",
    "names": "the classes apart: each name has one class",
    "nearly": "the target of nearly every training sample: a copy, of which a few were changed",
    "ranks": "the target but for noise: both rise or fall together",
    "indicators": "the classes apart together: each is one thing for one class and another for all others",
    "place": "the classes apart: a word at one place, as that of a header, is another for each class",
    "ahead": "what the target is at the horizon: it tells what is to come",
    "window": "the target: it stands in the last row of its own window (horizon: 1 is one step ahead)",
    "named": "the classes apart: the text holds the name of its class",
}
APART = {
    "later": "so that the test is later than what was trained on",
    "apart": "so that windows of two splits share no row",
    "text": "so that no text stands in two splits",
    "whole": "so that no series is in two splits",
}
SENTENCES = {
    "channels_first": Sentence(
        "channels before height and width",
        channels_first,
        "write Permute: {dims: [2, 3, 1]} as the first layer: Keras's layers take channels last",
    ),
    "constant_columns": Sentence(
        "constant columns", constant_columns, "leave them out of data.inputs: they cannot help"
    ),
    "constant_target": Sentence(
        "a target that never changes", constant_target, "look at the column: there is nothing to learn"
    ),
    "empty_columns": Sentence("empty columns", empty_columns, "leave them out of data.inputs"),
    "equal_by_chance": Sentence(
        "equal samples in two splits",
        equal_by_chance,
        "nothing to do, unless they are one thing seen twice: data.split.by: group:COLUMN",
    ),
    "equal_in_32_bits": Sentence(
        "numbers that become equal",
        equal_in_32_bits,
        "subtract what they have in common, or write them in larger units: a model reckons in 32 bits",
    ),
    "far_from_unit_scale": Sentence(
        "inputs far from unit scale",
        far_from_unit_scale,
        "write data.prepare: [Normalization], or Rescaling for images",
    ),
    "far_values": Sentence(
        "values far beyond all others",
        far_values,
        "mend them in the file; where they stand for what is missing, leave their cells empty and write data.missing: median, "
        "or drop",
    ),
    "few_samples": Sentence(
        "a class with few samples in a split", few_samples, "collect more samples of it, or join it with another class"
    ),
    "header_like_data": Sentence(
        "the header looks like data",
        header_like_data,
        "if the file has no header, write csv: {…, header: false}, or its names: [a, b, …]",
    ),
    "identifier_columns": Sentence(
        "identifier columns",
        identifier_columns,
        "leave them out of data.inputs: a model could learn the rows by heart",
    ),
    "holes_in_time": Sentence(
        "holes in time",
        holes_in_time,
        "number the stretches in a column, and name it: series: {…, group: COLUMN}; "
        "or write the missing rows with empty cells, and data.missing: drop",
    ),
    "imbalanced_classes": Sentence(
        "imbalanced classes",
        imbalanced_classes,
        "write train.class_weight: balanced, and watch more than accuracy",
    ),
    "input_is_a_part": Sentence(
        "an input is a part of the target",
        input_is_a_part,
        "leave it out of data.inputs if it is not known when predicting",
    ),
    "missing_values": Sentence(
        "empty cells", missing_values, advised=lambda facts: f"write data.missing: {filling(facts)}"
    ),
    "names_alike": Sentence(
        "names that differ in capitals or blanks alone",
        names_alike,
        "write them alike in the file, or leave them so if they are two things",
    ),
    "numbers_as_text": Sentence(
        "numbers read as names",
        numbers_as_text,
        "write them as plain numbers, or leave them so if they name something",
    ),
    "unequal_lengths": Sentence(
        "samples of unequal length",
        unequal_lengths,
        "padding counts nowhere, but is reckoned with: `length` cuts long ones",
    ),
    "overlapping_windows": Sentence(
        "windows of two splits overlap",
        overlapping_windows,
        advised=lambda facts: f"write data.split.by: {facts['by']}, {APART[facts['then']]}",
    ),
    "same_inputs": Sentence(
        "the same inputs with other targets",
        same_inputs,
        "nothing to remove; if they are one thing seen twice, keep them together: data.split.by: group:COLUMN",
    ),
    "same_rows": Sentence(
        "the same samples in two splits",
        same_rows,
        advised=kept_together,
    ),
    "splits_apart": Sentence(
        "a split lies elsewhere than training",
        splits_apart,
        "what is learnt in training may not hold there: leave such columns out of data.inputs, or split otherwise",
    ),
    "sorted_order": Sentence("samples in sorted order", sorted_order, "nothing to do: dlcli shuffles before it splits"),
    "target_given_away": Sentence(
        "an input gives the target away",
        target_given_away,
        "leave it out of data.inputs if it is not known when predicting",
    ),
    "target_is_a_sum": Sentence(
        "inputs make up the target",
        target_is_a_sum,
        "leave them out of data.inputs if they are not known when predicting",
    ),
    "target_far_from_unit_scale": Sentence(
        "target far from unit scale",
        target_far_from_unit_scale,
        "scale: standard learns it in units of its deviation; losses of shares (mape, msle) take numbers as they are",
    ),
    "times_as_categories": Sentence(
        "times read as names",
        times_as_categories,
        "make it an input of kind time, with parts such as [hour, weekday, month], or leave it out of data.inputs",
    ),
}
