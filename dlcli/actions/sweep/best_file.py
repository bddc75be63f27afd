"""The best configuration of a search as a file that trains as it is: the person's text with the values of the trial in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.config import config_of, tree_of_text
from dlcli.config.merge import apply_settings
from dlcli.config.tree import OPTION, Node
from dlcli.config.yaml import read_document
from dlcli.errors import ConfigError
from dlcli.view.verdict import setting_text


@dataclass(frozen=True)
class Change:
    """A piece of a text that is another: from one place to another, each as it counts from the start."""

    begin: int
    end: int
    text: str


class OtherShapeError(ValueError):
    """A value cannot be put into the text, since this has no place for it."""


def best_text(content: bytes, settings: Sequence[str], *, file: str, heading: Sequence[str]) -> str:
    """The text of a configuration with settings in it, which trains the same from any folder.

    Its comments stay where its values can be changed in place, which is tried by reading it again; otherwise it is written anew.
    """
    wanted = config_of(content, file=file, settings=settings).plain()
    head = "".join(f"# {line}\n" for line in heading)
    try:
        text = head + changed_text(content.decode("utf-8-sig"), settings, file=file)
        if reads_as(text, wanted):
            return text
    except (OtherShapeError, UnicodeDecodeError):
        pass
    return head + "".join(f"{line}\n" for line in block_lines(wanted))


def reads_as(text: str, wanted: Any) -> bool:
    """Whether a text is this configuration, wherever it lies."""
    try:
        return bool(config_of(text.encode(), file="/best.yaml").plain() == wanted)
    except ConfigError:
        return False


def changed_text(text: str, settings: Sequence[str], *, file: str) -> str:
    """The text of a file with settings in it, and its paths of files whole. Raises `OtherShapeError`."""
    before = tree_of_text(text.encode(), file=file).root
    after = apply_settings(before, settings)
    places = Places(text, file)
    bases = read_document(text.encode(), file=file, folder=Path(file).parent.absolute())[0].child("extends")
    of_bases = [] if bases is None else [*places.paths(bases, bases)]
    changes = [*places.changes(before, after), *places.paths(before, after), *of_bases]
    for change in sorted(changes, key=lambda each: -each.begin):
        text = text[: change.begin] + change.text + text[change.end :]
    return text


class Places:
    """Where the values of a text stand."""

    def __init__(self, text: str, file: str) -> None:
        import yaml

        self.text, self.file = text, file
        self.ends: dict[tuple[int, int], tuple[int, int, bool]] = {}
        self.note(yaml.compose(text, Loader=yaml.SafeLoader))

    def note(self, node: Any) -> int:
        """Keeps where a node begins and ends, and whether it stands in braces or brackets; gives its end."""
        import yaml

        end = node.end_mark.index
        if isinstance(node, yaml.CollectionNode):
            pairs = (
                node.value if isinstance(node, yaml.SequenceNode) else [each for pair in node.value for each in pair]
            )
            inner = [self.note(each) for each in pairs]
            if not node.flow_style and inner:
                end = inner[-1]  # what stands behind the last value is a comment or the next key
        flow = bool(getattr(node, "flow_style", False))
        mark = node.start_mark
        self.ends[mark.line + 1, mark.column + 1] = (mark.index, end, flow)
        return int(end)

    def span(self, node: Node) -> tuple[int, int, bool]:
        """Where a value begins and ends, and whether it is in braces. Raises `OtherShapeError` for one of another text."""
        found = self.ends.get((node.mark.line, node.mark.column)) if node.mark.file == self.file else None
        if found is None:
            raise OtherShapeError
        return found

    def changes(self, before: Node, after: Node) -> Iterator[Change]:
        """What settings have made of a value, as changes of its text."""
        if before is after:
            return
        if (
            isinstance(before.value, dict)
            and isinstance(after.value, dict)
            and before.value.keys() <= after.value.keys()
        ):
            for key, node in after.value.items():
                if key in before.value:
                    yield from self.changes(before.value[key], node)
            added = {key: node.plain() for key, node in after.value.items() if key not in before.value}
            if added:
                yield self.insertion(before, added)
        elif isinstance(before.value, list) and isinstance(after.value, list) and len(before.value) == len(after.value):
            for old, new in zip(before.value, after.value, strict=True):
                yield from self.changes(old, new)
        elif before.plain() != after.plain() or after.mark.file.startswith(OPTION):
            begin, end, _ = self.span(before)
            yield Change(begin, end, setting_text(after.plain()))

    def insertion(self, mapping: Node, added: dict[str, Any]) -> Change:
        """New keys before the first of a mapping."""
        begin, _, flow = self.span(mapping)
        if not mapping.value:
            raise OtherShapeError
        if flow:
            return Change(
                begin + 1, begin + 1, "".join(f"{key}: {setting_text(value)}, " for key, value in added.items())
            )
        indent = " " * (mapping.mark.column - 1)
        return Change(begin, begin, "".join(f"{key}: {setting_text(value)}\n{indent}" for key, value in added.items()))

    def paths(self, before: Node, after: Node) -> Iterator[Change]:
        """The texts that name a file beside the configuration, with its folder before them."""
        if isinstance(before.value, dict | list):
            keys = before.value if isinstance(before.value, dict) else range(len(before.value))
            for key in keys:
                below = after.child(key)
                if below is not None:
                    yield from self.paths(before.value[key], below)
        elif (
            before is after and before.mark.file == self.file and isinstance(before.value, str) and names_files(before)
        ):
            begin, end, _ = self.span(before)
            yield Change(begin, end, setting_text(str(before.mark.folder / before.value)))


def names_files(node: Node) -> bool:
    """Whether a text names a file, or a pattern of some, beside its configuration."""
    path = Path(node.value)
    if path.is_absolute() or not node.value.strip() or "\0" in node.value:
        return False
    try:
        return (node.mark.folder / path).exists() or ("*" in node.value and any(node.mark.folder.glob(node.value)))
    except (OSError, ValueError):
        return False


def block_lines(value: Any, indent: str = "") -> Iterator[str]:
    """A configuration as lines of YAML: its blocks one below the other, what is inside an entry of a list in braces."""
    for key, each in value.items():
        if isinstance(each, dict) and each and not indent:
            yield f"{setting_text(key)}:"
            yield from block_lines(each, "  ")
        elif isinstance(each, list) and each and not indent:
            yield f"{setting_text(key)}:"
            yield from (f"  - {setting_text(item)}" for item in each)
        else:
            yield f"{indent}{setting_text(key)}: {setting_text(each)}"
