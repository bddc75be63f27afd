"""Checks the connections of a list of layers as it is written: names, cycles, dead ends, inputs that nothing takes.

It reads plain data, so that it can speak also where an entry is wrong itself.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlcli.errors import BlockError, TreePath
from dlcli.layers import WORDS, Entry
from dlcli.layers.from_key import Names, names_in, numbered_output
from dlcli.layers.inner import owner_of
from dlcli.spec import Mistake, did_you_mean, plain


@dataclass
class Output:
    """What an entry puts out: the word that made it, where it stands, and whether something takes it."""

    word: str
    path: TreePath
    name: str | None
    arguments: Any
    taken: bool = False


def connection_mistakes(
    layers: Any, inputs: Sequence[str] | None, *, outputs: Sequence[str] = (), models: Collection[str] = ()
) -> list[Mistake]:
    """What is wrong with the connections of a list of layers in the idiom; paths count from the list.

    `inputs` are the names of the data's inputs, if known; `outputs` those of several targets, each of which a layer bears;
    `models` those of layers that are models, in which layers can be taken.
    """
    if not isinstance(layers, list) or not layers:
        return []
    walk = Walk(inputs, frozenset(given_names(layers)), models)
    last = walk.stack(layers, ())
    mistakes = walk.mistakes
    if outputs:
        mistakes += unmade(outputs, walk.tensors, layers)
    elif last is not None:
        last.taken = True
    for name in outputs:
        if name in walk.tensors:
            walk.tensors[name].taken = True
    if not mistakes:
        mistakes = [dead_end(each) for each in walk.made if not each.taken]
    if not mistakes and inputs is not None and entry_of(layers[0])[1].get("from") is not None:
        mistakes = [unused(name) for name in inputs if name not in walk.inputs_taken]
    return mistakes


def check_connections(
    layers: Sequence[Entry], inputs: Sequence[str], *, outputs: Sequence[str] = (), models: Collection[str] = ()
) -> None:
    """Raises `BlockError` for the first mistake in the connections of layers whose inputs the data has told."""
    for mistake in connection_mistakes(plain(list(layers)), inputs, outputs=outputs, models=models):
        raise BlockError(("layers", *mistake.path), mistake.message, hint=mistake.suggestion, kind=mistake.kind)


@dataclass
class Walk:
    """One pass over a list of layers and the lists inside it."""

    inputs: Sequence[str] | None
    given: frozenset[str]
    models: Collection[str] = ()
    mistakes: list[Mistake] = field(default_factory=list)
    made: list[Output] = field(default_factory=list)
    tensors: ChainMap[str, Output] = field(default_factory=ChainMap)
    inputs_taken: set[str] = field(default_factory=set)

    def stack(self, entries: Any, path: TreePath) -> Output | None:
        """Goes through a list; gives what its last entry puts out."""
        above: Output | None = None
        for position, value in enumerate(entries if isinstance(entries, list) else []):
            word, arguments = entry_of(value)
            place = (*path, position, word)
            takes = arguments.get("from")
            names = list(names_in(takes))
            self.mistakes += wrong_inputs(word, arguments, place)
            for at, name in names:
                self.take(name, (*place, "from", *at), word=word, own=arguments.get("name"))
            if not names and above is not None:
                above.taken = True
            self.inside(word, arguments, place)
            above = self.put(word, arguments, place)
        return above

    def inside(self, word: str, arguments: dict[str, Any], place: TreePath) -> None:
        """The lists that an entry holds; the last output of each is taken by the entry itself."""
        for at, entries in stacks_of(word, arguments):
            tensors, inputs = self.tensors, self.inputs
            declared = {name: Output(word, place, name, None) for name in declared_inputs(word, arguments)}
            if declared:
                self.tensors, self.inputs = ChainMap(dict(declared)), []
            elif names_inside(word) == "apart":
                self.tensors, self.inputs = ChainMap(), []
            elif names_inside(word) == "own":
                self.tensors = tensors.new_child()
            last = self.stack(entries, (*place, *at))
            self.tensors, self.inputs = tensors, inputs
            if last is not None:
                last.taken = True
            if declared and entries and entry_of(entries[0])[1].get("from") is None:
                next(iter(declared.values())).taken = True
            self.mistakes += [unused_in_block(each) for each in declared.values() if not each.taken]

    def take(self, name: str, path: TreePath, *, word: str, own: Any) -> None:
        """Marks what a name stands for as taken."""
        part = numbered_output(name)
        known = name if name in self.tensors or part is None else part[0]
        owner = owner_of(name, self.tensors)
        if known not in self.tensors and owner is not None and self.has_layers(self.tensors[owner].word):
            known = owner
        if known in self.tensors:
            self.tensors[known].taken = True
        elif self.inputs is not None and known in self.inputs:
            self.inputs_taken.add(known)
        elif known == own:
            self.mistakes.append(
                Mistake(f"{word} takes its own output '{name}': a cycle", path, "take a layer above it", kind="cycle")
            )
        elif any(each.name == known for each in self.made):
            message = f"'from' names '{name}', which cannot be reached from here"
            hint = "names inside repeat, block and submodel end with it, and a submodel takes its inputs alone"
            self.mistakes.append(Mistake(message, path, hint, kind="layer_out_of_reach"))
        elif known in self.given:
            message = f"'from' names '{name}', which stands further down; a layer takes what is above it, so there is no cycle"
            self.mistakes.append(
                Mistake(message, path, "move the layer above this one, or take another", kind="layer_further_down")
            )
        elif self.inputs is not None:
            there = [*self.tensors, *self.inputs]
            hint = did_you_mean(name, there) or (
                f"there are: {', '.join(there)}" if there else "name a layer: Dense: {units: 8, name: stem}"
            )
            self.mistakes.append(
                Mistake(
                    f"'from' names '{name}', which is no layer above and no input", path, hint, kind="no_such_layer"
                )
            )

    def has_layers(self, word: str) -> bool:
        """Whether what a word makes has layers inside that can be taken by name: a backbone, or a submodel."""
        return names_inside(word) == "apart" or word in self.models

    def put(self, word: str, arguments: dict[str, Any], place: TreePath) -> Output:
        """Keeps what an entry puts out, under its name if it has one."""
        name = arguments.get("name")
        output = Output(word, place, str(name) if isinstance(name, str) else None, own_arguments(arguments))
        self.made.append(output)
        if output.name is None:
            return output
        if not output.name.strip():
            self.mistakes.append(
                Mistake("a name is empty", (*place, "name"), "write a name, or leave it out", kind="empty_name")
            )
            return output
        first = self.tensors.maps[0].get(output.name)
        if self.inputs is not None and output.name in self.inputs:
            self.mistakes.append(
                Mistake(
                    f"the name '{output.name}' is taken by an input of the data",
                    (*place, "name"),
                    "choose another",
                    kind="name_taken",
                )
            )
        elif first is not None and (first.word, first.arguments) != (word, output.arguments):
            self.mistakes.append(
                Mistake(
                    f"'{output.name}' is the name of another {first.word} above; a layer named twice is one layer",
                    (*place, "name"),
                    "give it another name, or the same arguments to use the same weights again",
                    kind="name_taken",
                )
            )
        self.tensors[output.name] = output
        return output


def declared_inputs(word: str, arguments: dict[str, Any]) -> list[str]:
    """The names that the layers inside a block have for what it takes; none where they have those outside."""
    declared = arguments.get("inputs")
    is_list = isinstance(declared, list) and "inputs" in getattr(group_of(word), "model_fields", {})
    return [str(each) for each in declared or ()] if is_list else []


def wrong_inputs(word: str, arguments: dict[str, Any], place: TreePath) -> list[Mistake]:
    """What is wrong between the inputs that a block declares and what it takes."""
    group, takes, declared = group_of(word), arguments.get("from"), declared_inputs(word, arguments)
    if group is None or "inputs" not in group.model_fields:
        return []
    path = (*place, "from") if takes is not None else place
    written = ", ".join(f"{name}: NAME" for name in declared)
    if isinstance(takes, dict):
        if not declared:
            message = f"{word} declares no inputs, and 'from' gives it some by name"
            hint = "write from: NAME, or inputs: [x, …] in the definition of the block"
            return [Mistake(message, path, hint, kind="unknown_call_argument")]
        missing = [name for name in declared if name not in takes]
        wrong = [
            Mistake(
                f"{word} has no input '{name}'",
                (*path, name),
                did_you_mean(name, declared) or f"it has {', '.join(declared)}",
                at="key",
                kind="unknown_call_argument",
            )
            for name in takes
            if name not in declared
        ]
        if missing and not wrong:
            quoted = ", ".join(f"'{name}'" for name in missing)
            hint = f"write from: {{{written}}}"
            wrong = [Mistake(f"'from' leaves out {quoted}", path, hint, kind="missing_call_argument")]
        return wrong
    count = len(takes) if isinstance(takes, list) else 1
    if not declared or count == len(declared):
        return []
    message = f"{word} has {len(declared)} inputs ({', '.join(declared)}), and takes {count}"
    return [Mistake(message, path, f"write from: {{{written}}}", at="key", kind="missing_call_argument")]


def unused_in_block(declared: Output) -> Mistake:
    """The mistake of an input of a block that no layer in it takes."""
    message = f"no layer of the {declared.word} takes its input '{declared.name}'"
    hint = f"take it with from: {declared.name}, or leave it out of inputs"
    return Mistake(message, declared.path, hint, at="key", kind="input_not_taken")


def group_of(word: str) -> Any:
    """The class of dlcli's own word, or None for another."""
    return WORDS.get(word)


def names_inside(word: str) -> Names:
    """Whose names the layers inside an entry have."""
    group = group_of(word)
    names: Names = "outer" if group is None else group.names
    return names


def stacks_of(word: str, arguments: dict[str, Any]) -> Iterator[tuple[TreePath, Any]]:
    """The lists of layers that an entry holds, with the way to each."""
    group = group_of(word)
    for key in () if group is None else group.stacks:
        value = arguments.get(key)
        if not isinstance(value, list):
            continue
        if key == "paths":
            yield from (((key, number), each) for number, each in enumerate(value))
        else:
            yield (key,), value


def entry_of(value: Any) -> tuple[str, dict[str, Any]]:
    """The word of an entry and its arguments by name, as far as they can be read."""
    if not isinstance(value, dict) or len(value) != 1:
        return str(value) if isinstance(value, str) else "", {}
    word, arguments = next(iter(value.items()))
    if isinstance(arguments, dict):
        return word, arguments
    group = group_of(word)
    return word, {} if group is None else {next(iter(group.model_fields)): arguments}


def way_to(layers: Any, name: str) -> TreePath | None:
    """The way to a layer of this name in a list of layers and the groups in it, or None where there is none."""
    for position, value in enumerate(layers if isinstance(layers, list) else []):
        word, arguments = entry_of(value)
        if arguments.get("name") == name:
            return (position,)
        for at, entries in stacks_of(word, arguments):
            found = way_to(entries, name)
            if found is not None:
                return (position, word, *at, *found)
    return None


def own_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments without the name and what it takes."""
    return {key: value for key, value in arguments.items() if key not in {"name", "from"}}


def given_names(layers: Any) -> Iterator[str]:
    """All names that a list of layers gives."""
    for value in layers if isinstance(layers, list) else []:
        word, arguments = entry_of(value)
        if isinstance(arguments.get("name"), str):
            yield str(arguments["name"])
        for _, entries in stacks_of(word, arguments):
            yield from given_names(entries)


def unmade(outputs: Sequence[str], tensors: ChainMap[str, Output], layers: list[Any]) -> list[Mistake]:
    """Targets whose name no layer bears."""
    word = entry_of(layers[-1])[0]
    return [
        Mistake(
            f"no layer bears the name of the target '{name}'",
            suggestion=f"name the layer that puts it out: {word}: {{…, name: {name}}}",
            kind="no_layer_of_target",
        )
        for name in outputs
        if name not in tensors
    ][:1]


def dead_end(output: Output) -> Mistake:
    """The mistake of an output that nothing takes."""
    hint = "name it and take it with 'from', or leave it out"
    if output.name is not None:
        hint = f"take it with from: {output.name}, or leave it out; Identity: {{name: …}} behind it keeps it under another name"
    return Mistake(f"nothing takes the output of {output.word}", output.path, hint, at="key", kind="output_not_taken")


def unused(name: str) -> Mistake:
    """The mistake of an input that nothing takes."""
    return Mistake(
        f"nothing takes the input '{name}'",
        suggestion=f"take it with from: {name}, or leave it out of data.inputs",
        kind="input_not_taken",
    )


def with_shared(layers: Any, known: dict[tuple[str, str], Any] | None = None) -> Any:
    """The list with the arguments of each shared layer filled in where its name stands again without any.

    The ways of `branches` are a list of such lists.
    """
    known = {} if known is None else known
    if not isinstance(layers, list):
        return layers
    return [with_shared(value, known) if isinstance(value, list) else shared(value, known) for value in layers]


def shared(value: Any, known: dict[tuple[str, str], Any]) -> Any:
    """One entry with what it shares."""
    word, arguments = entry_of(value)
    if not isinstance(value, dict) or not isinstance(value.get(word), dict):
        return value
    inner: dict[tuple[str, str], Any] = known if names_inside(word) == "outer" else {}
    for key in dict.fromkeys(str(at[0]) for at, _ in stacks_of(word, arguments)):
        arguments = {**arguments, key: with_shared(arguments[key], inner)}
    name, own = arguments.get("name"), own_arguments(arguments)
    if isinstance(name, str):
        if not own and (word, name) in known:
            arguments = {**arguments, **known[word, name]}
        known.setdefault((word, name), own)
    return {word: arguments}
