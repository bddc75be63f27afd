"""Plugins: the classes in Python files of the person's own, read without running them, named like those of Keras."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dlcli.config.catalogue import SINGULAR, KerasCatalogue, article
from dlcli.config.catalogue.generate import KINDS, LAYER_ARGUMENTS
from dlcli.config.catalogue.traits import COMPUTED, PREFIX, inherited, wrong_traits
from dlcli.config.text import configuration_bytes
from dlcli.config.tree import Mark, Node
from dlcli.errors import Problem
from dlcli.first_line import first_line
from dlcli.spec import absolute_path

BASES = {base: kind for kind, base in KINDS.items()}
"""What a class is, by the class of Keras that it is made from."""
COMMON: Mapping[str, Mapping[str, Any]] = {
    "layers": LAYER_ARGUMENTS,
    "losses": {"name": {"types": ["text"], "default": None}, "reduction": {"types": ["text"], "default": None}},
    "metrics": {"name": {"types": ["text"], "default": None}},
}
"""The arguments that `**kwargs` hands on to the base class."""
TYPES = {
    "int": ["integer"],
    "float": ["number"],
    "bool": ["boolean"],
    "str": ["text"],
    "list": ["list"],
    "tuple": ["list"],
}


def plugin_files(root: Node) -> list[tuple[Path, Mark]]:
    """The files that `plugins` names, each with the place where it does."""
    plugins = root.child("plugins")
    nodes = plugins.value if plugins is not None and isinstance(plugins.value, list) else []
    return [(Path(absolute_path(node.plain())), node.mark) for node in nodes if isinstance(node.value, str)]


def with_plugins(catalogue: KerasCatalogue, files: Sequence[tuple[Path, Mark]]) -> tuple[KerasCatalogue, list[Problem]]:
    """The catalogue with the classes of plugin files, and the problems of these, at the places that name them."""
    reader = Plugins(catalogue)
    for path, mark in files:
        reader.read(path, mark)
    return reader.catalogue, reader.problems


@dataclass
class Plugins:
    """The classes found so far, in a catalogue, and what was wrong."""

    catalogue: KerasCatalogue
    problems: list[Problem] = field(default_factory=list)

    def read(self, path: Path, mark: Mark) -> None:
        """Adds the classes of one file."""
        try:
            tree = ast.parse(configuration_bytes(path, named=True), filename=str(path))
        except OSError as error:
            self.problems.append(
                mark.problem(
                    f"cannot read the plugin {path}: {error.strerror}",
                    kind="missing_file" if isinstance(error, FileNotFoundError) else "unreadable_file",
                )
            )
            return
        except (SyntaxError, ValueError) as error:
            line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            self.problems.append(
                mark.problem(f"{path.name}{line} is not Python: {first_line(error)}", kind="plugin_not_python")
            )
            return
        found, names = 0, imported(tree)
        for statement in tree.body:
            if isinstance(statement, ast.ClassDef) and not statement.name.startswith("_"):
                found += self.add(statement, names, path, mark)
        if not found:
            known = ", ".join(BASES)
            hint = f"make it from one of Keras's: {known}"
            self.problems.append(
                mark.problem(
                    f"{path.name} holds no class that can be named", suggestion=hint, kind="plugin_without_class"
                )
            )

    def add(self, statement: ast.ClassDef, names: Mapping[str, str], path: Path, mark: Mark) -> bool:
        """Adds a class under the kind that its base tells; says whether it has one. `names` are what the file imports."""
        for base in statement.bases:
            first, _, rest = ast.unparse(base).partition(".")
            kind, arguments, above = self.base(".".join(filter(None, [names.get(first, first), rest])).split("."))
            if kind is None:
                continue
            traits = {**inherited(above), **traits_of(statement)}
            for message, hint in wrong_traits(kind, traits_of(statement)):
                self.problems.append(
                    mark.problem(f"{path.name}, {statement.name}: {message}", suggestion=hint, kind="bad_plugin_trait")
                )
            if statement.name in self.catalogue.kinds[kind]:
                word = article(SINGULAR[kind])
                message = f"{path.name} calls a class {statement.name}, which is {word} of Keras or of another plugin"
                self.problems.append(mark.problem(message, suggestion="give it another name", kind="class_name_taken"))
                return True
            entry = {
                "spellings": [],
                "summary": (ast.get_docstring(statement) or "").split("\n\n")[0],
                "arguments": class_arguments(statement, arguments),
                "traits": traits,
                "plugin": str(path),
            }
            kinds = {**self.catalogue.kinds, kind: {**self.catalogue.kinds[kind], statement.name: entry}}
            self.catalogue = replace(self.catalogue, kinds=kinds)
            return True
        return False

    def base(self, parts: list[str]) -> tuple[str | None, Mapping[str, Any], Mapping[str, Any]]:
        """The kind of things that come from a base class (`keras`, `layers`, `Dense`), its arguments and its traits."""
        name = parts[-1]
        if name in BASES:
            return BASES[name], COMMON.get(BASES[name], {}), {}
        # A name such as MeanAbsoluteError is a loss and a metric: the module tells which is meant.
        for kind in sorted(BASES.values(), key=lambda kind: kind not in parts):
            entry = self.catalogue.kinds[kind].get(name)
            if entry is not None:
                return kind, entry["arguments"], entry["traits"]
        return None, {}, {}


def imported(tree: ast.Module) -> dict[str, str]:
    """The names that a file imports, by what they are called in it: `layers` is `keras.layers`."""
    found: dict[str, str] = {}
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            for each in statement.names:
                found[each.asname or each.name] = f"{statement.module}.{each.name}"
        elif isinstance(statement, ast.Import):
            found |= {each.asname: each.name for each in statement.names if each.asname}
    return found


def traits_of(statement: ast.ClassDef) -> dict[str, Any]:
    """The traits that a class gives of itself: its attributes `dlcli_… = …`, COMPUTED for what is no plain value."""
    traits: dict[str, Any] = {}
    for each in statement.body:
        targets = (
            each.targets if isinstance(each, ast.Assign) else [each.target] if isinstance(each, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and target.id.startswith(PREFIX):
                value = each.value if isinstance(each, ast.Assign | ast.AnnAssign) else None
                traits[target.id.removeprefix(PREFIX)] = value.value if isinstance(value, ast.Constant) else COMPUTED
    return traits


def class_arguments(statement: ast.ClassDef, inherited: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a class: those of its `__init__`, and where it has none or hands on `**kwargs`, the inherited ones."""
    for each in statement.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            own = dict(parameters(each.args))
            return (
                {**own, **{name: known for name, known in inherited.items() if name not in own}}
                if each.args.kwarg
                else own
            )
    return dict(inherited)


def parameters(arguments: ast.arguments) -> Iterator[tuple[str, dict[str, Any]]]:
    """The named parameters of a function with their types and defaults, without `self`."""
    positional = [*arguments.posonlyargs, *arguments.args][1:]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + [*arguments.defaults]
    both = [*zip(positional, defaults, strict=True), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    for parameter, default in both:
        annotated = parameter.annotation
        entry: dict[str, Any] = {}
        if isinstance(annotated, ast.Name) and annotated.id in TYPES:
            entry["types"] = TYPES[annotated.id]
        if default is None:
            entry["required"] = True
        else:
            entry["default"] = default.value if isinstance(default, ast.Constant) else ast.unparse(default)
        yield parameter.arg, entry
