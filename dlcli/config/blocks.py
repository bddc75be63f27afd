"""Puts the blocks that `blocks` defines where `block: {use: NAME}` uses them, with arguments for their parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dlcli.config.interpolation import REFERENCE
from dlcli.config.tree import Node
from dlcli.config.yaml import MOST_NODES
from dlcli.errors import ConfigError, Problem
from dlcli.spec import describe, did_you_mean

KEPT = frozenset({"use", "name", "from", "inputs", "layers"})
"""What stands in `block` beside the parameters."""
KEYS = ("parameters", "inputs", "layers")
"""What stands in the definition of a block."""


def with_blocks(root: Node) -> tuple[Node, list[Problem]]:
    """The tree with every used block filled in and without `blocks`, and the problems of their definitions and uses."""
    blocks = root.child("blocks")
    filling = Blocks()
    if blocks is not None:
        filling.define(blocks)
    layers = root.child("layers")
    entries = {key: node for key, node in root.value.items() if key != "blocks"}
    if layers is not None:
        entries["layers"] = filling.fill(layers)
    return replace(root, value=entries), filling.problems


@dataclass(frozen=True)
class Definition:
    """A block: its parameters with their defaults (None where it has none), its layers, and the names of its inputs."""

    parameters: Mapping[str, Node | None]
    layers: Node
    inputs: Node | None = None

    def filled(self, layers: Node) -> dict[str, Node]:
        """What a use holds in place of the name of the block."""
        return {"layers": layers} if self.inputs is None else {"inputs": self.inputs, "layers": layers}


@dataclass
class Blocks:
    """The definitions, and one pass over the layers that use them."""

    definitions: dict[str, Definition] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0

    def define(self, blocks: Node) -> None:
        """Reads the definitions."""
        if not isinstance(blocks.value, dict):
            example = 'write blocks: {head: {parameters: {units: 64}, layers: [Dense: "${units}"]}}'
            self.problems.append(
                blocks.mark.problem(
                    f"'blocks' must be a mapping by name, found {describe(blocks.plain())}",
                    suggestion=example,
                    kind="wrong_type",
                )
            )
            return
        for name, node in blocks.value.items():
            definition = self.definition(name, node)
            if definition is not None:
                self.definitions[name] = definition

    def definition(self, name: str, node: Node) -> Definition | None:
        """One definition, or None where it is none."""
        layers = node.child("layers")
        if layers is None or not isinstance(layers.value, list):
            problem = (node.key or node.mark).problem(
                f"the block '{name}' needs 'layers', a list",
                suggestion=f"write {name}: {{layers: [Dense: 8]}}",
                kind="block_without_layers",
            )
            self.problems.append(problem)
            return None
        for key, each in node.value.items():
            if key not in KEYS:
                known = did_you_mean(key, KEYS) or f"there are: {', '.join(KEYS)}"
                self.problems.append(
                    (each.key or each.mark).problem(
                        f"unknown key '{key}' in the block '{name}'", suggestion=known, kind="unknown_key"
                    )
                )
        parameters = self.parameters(name, node.child("parameters"))
        for key, each in parameters.items():
            if key in KEPT:
                message = f"a parameter of the block '{name}' cannot be called '{key}', which is a key of every use"
                mark = (each and (each.key or each.mark)) or (node.key or node.mark)
                self.problems.append(mark.problem(message, suggestion="give it another name", kind="reserved_name"))
        return Definition(parameters, layers, node.child("inputs"))

    def parameters(self, name: str, node: Node | None) -> dict[str, Node | None]:
        """The parameters of a definition: a mapping to defaults, or a list of those that a use must give."""
        if node is None:
            return {}
        if isinstance(node.value, dict):
            return dict(node.value)
        if isinstance(node.value, list) and all(isinstance(each.value, str) for each in node.value):
            return {each.value: None for each in node.value}
        self.problems.append(
            node.mark.problem(
                f"the parameters of '{name}' must be a mapping to defaults, or a list of names", kind="wrong_type"
            )
        )
        return {}

    def fill(self, node: Node, *, inside: tuple[str, ...] = ()) -> Node:
        """A node with the blocks used in it filled in; `inside` are the blocks that led to it.

        Raises `ConfigError` where blocks within blocks stand for too much.
        """
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise ConfigError([node.mark.problem("what the blocks stand for is too large", kind="expands_too_large")])
        if isinstance(node.value, list):
            return replace(node, value=[self.fill(each, inside=inside) for each in node.value])
        if not isinstance(node.value, dict):
            return node
        use = node.value.get("block") if len(node.value) == 1 else None
        if use is not None and (name := self.named_alone(use)) is not None:
            message, hint = (
                f"'{name}' is the name of a block, and 'block' needs it as 'use'",
                f"write block: {{use: {name}}}",
            )
            self.problems.append(use.mark.problem(message, suggestion=hint, kind="wrong_type"))
            use = replace(use, value={"use": Node(name, use.mark)})
        if use is not None and isinstance(use.value, dict) and "use" in use.value:
            return replace(node, value={"block": self.used(use, inside=inside)})
        return replace(node, value={key: self.fill(each, inside=inside) for key, each in node.value.items()})

    def named_alone(self, use: Node) -> str | None:
        """The name of a block that stands in the place of its use: `block: head`, `block: [head]`."""
        value = use.value[0].value if isinstance(use.value, list) and len(use.value) == 1 else use.value
        return value if isinstance(value, str) and value in self.definitions else None

    def used(self, use: Node, *, inside: tuple[str, ...]) -> Node:
        """The use of a block with its layers filled in and its arguments taken out."""
        name = use.value["use"]
        if "layers" in use.value and not self.definitions:
            # A run records each use with its layers; the definitions are gone, and the parameters are in them.
            return replace(use, value={**block_keys(use), "layers": self.fill(use.value["layers"], inside=inside)})
        definition = self.definitions.get(name.value) if isinstance(name.value, str) else None
        if definition is None or name.value in inside:
            words = f"'{name.value}'" if isinstance(name.value, str) else describe(name.plain())
            known = ", ".join(self.definitions) or "none; define it at the top level: blocks: {NAME: {layers: […]}}"
            message = (
                f"the block {words} uses itself" if definition else f"no block is called {words}; there are: {known}"
            )
            hint = None if definition else did_you_mean(str(name.value), self.definitions)
            self.problems.append(
                name.mark.problem(message, suggestion=hint, kind="block_uses_itself" if definition else "no_such_block")
            )
            return replace(use, value={**block_keys(use), "layers": Node([Node("Identity", name.mark)], name.mark)})
        arguments = self.arguments(name.value, definition, use)
        filled = substituted(definition.layers, arguments)
        return replace(
            use, value={**block_keys(use), **definition.filled(self.fill(filled, inside=(*inside, name.value)))}
        )

    def arguments(self, name: str, definition: Definition, use: Node) -> dict[str, Node]:
        """What stands for each parameter in one use."""
        found = {key: node for key, node in definition.parameters.items() if node is not None}
        for key, node in use.value.items():
            if key in definition.parameters:
                found[key] = node
            elif key not in KEPT:
                known = ", ".join(definition.parameters) or "it has none"
                hint = did_you_mean(key, definition.parameters) or f"there are: {known}"
                mark = node.key or node.mark
                self.problems.append(
                    mark.problem(
                        f"the block '{name}' has no parameter '{key}'", suggestion=hint, kind="unknown_parameter"
                    )
                )
        for key in definition.parameters:
            if key not in found:
                mark = use.key or use.mark
                self.problems.append(
                    mark.problem(
                        f"the block '{name}' needs '{key}'", suggestion=f"write {key}: …", kind="missing_parameter"
                    )
                )
                found[key] = Node(None, mark)
        return found


def block_keys(use: Node) -> dict[str, Node]:
    """What of a use is no argument."""
    return {key: node for key, node in use.value.items() if key in KEPT}


def substituted(node: Node, arguments: Mapping[str, Node]) -> Node:
    """A node with the arguments in the place of `${parameter}`; other references stay."""
    if isinstance(node.value, dict):
        return replace(node, value={key: substituted(each, arguments) for key, each in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, value=[substituted(each, arguments) for each in node.value])
    if not isinstance(node.value, str) or "${" not in node.value:
        return node
    whole = REFERENCE.fullmatch(node.value)
    if whole and whole[1].strip() in arguments:
        return arguments[whole[1].strip()].with_key(node.key)

    def written(found: re.Match[str]) -> str:
        inner = arguments.get(found[1].strip())
        return found[0] if inner is None or isinstance(inner.value, dict | list) else str(inner.value)

    return replace(node, value=REFERENCE.sub(written, node.value))
