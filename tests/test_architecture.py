"""The structure of the code: imports, those inside functions too, run without a circle and in the direction of the house."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import dlcli

ROOT = Path(dlcli.__file__).parent


def modules(root: Path) -> dict[str, Path]:
    """The modules of a package by their full names."""
    names = {}
    for path in root.rglob("*.py"):
        parts = path.relative_to(root.parent).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def imports(root: Path) -> dict[str, set[str]]:
    """By module, the modules of the package that it imports anywhere: at the top, in functions, for types alone."""
    known = modules(root)
    graph: dict[str, set[str]] = {name: set() for name in known}
    for name, path in known.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                graph[name] |= {each.name for each in node.names if each.name in known}
            if isinstance(node, ast.ImportFrom) and node.module in known:
                graph[name] |= {
                    inner if (inner := f"{node.module}.{each.name}") in known else node.module for each in node.names
                }
        graph[name].discard(name)
    return graph


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of modules that reach each other: what is left when all that imports nothing left is taken away, twice."""
    left = {name: set(targets) for name, targets in graph.items()}
    for _ in range(2):
        while free := [name for name, targets in left.items() if not targets]:
            left = {name: targets - {*free} for name, targets in left.items() if name not in free}
        left = {name: {other for other, targets in left.items() if name in targets} for name in left}
    groups: list[list[str]] = []
    for name in left:
        group = sorted(other for other in left if other in reached(name, left) and name in reached(other, left))
        if len(group) > 1 and group not in groups:
            groups.append(group)
    return groups


def reached(start: str, graph: Mapping[str, set[str]]) -> set[str]:
    """All that can be reached from a module."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in graph[waiting.pop()] - seen:
            seen.add(name)
            waiting.append(name)
    return seen


def inside_functions(root: Path) -> Iterator[str]:
    """Each import of the package's own modules inside a function: `module: target`."""
    for name, path in modules(root).items():
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == root.name:
                        yield f"{name}: {node.module}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = imports(ROOT)
    assert len(graph) > 200
    assert circles(graph) == []


def test_a_circle_by_an_import_inside_a_function_would_be_seen(tmp_path: Path) -> None:
    package = tmp_path / "house"
    package.mkdir()
    (package / "__init__.py").write_text("from house.one import first\n", encoding="utf-8")
    (package / "one.py").write_text("from house import two\ndef first(): pass\n", encoding="utf-8")
    (package / "two.py").write_text("def second():\n    from house.three import third\n", encoding="utf-8")
    (package / "three.py").write_text("third = 1\n", encoding="utf-8")
    assert circles(imports(package)) == []
    (package / "three.py").write_text("def third():\n    from house.one import first\n", encoding="utf-8")
    assert circles(imports(package)) == [["house.one", "house.three", "house.two"]]


def test_only_commands_and_what_is_heavy_is_imported_inside_functions() -> None:
    """Below the commands an import inside a function hides an arrow; each that is left is there to start light."""
    hidden = {each for each in inside_functions(ROOT) if not each.startswith(("dlcli.cli", "dlcli.__main__"))}
    assert hidden == HIDDEN


HIDDEN = {
    "dlcli.actions.validate: dlcli.training.setup.backend",
    "dlcli.actions.validate: dlcli.training.kept.starting_weights",
    "dlcli.data.sources.samples.bundled: dlcli.data.sources.arrays.npz",
    "dlcli.data.sources.samples.bundled: dlcli.data.sources.tables.csv",
    "dlcli.data.sources.splits: dlcli.data.sources.tables.csv",
    "dlcli.data: dlcli.data.assemble",
}
"""Reading a configuration alone is quick: it needs neither what trains (but for `--build`) nor what reads data."""


def rooms_of_the_map() -> dict[str, str]:
    """The folders and files that the map names, from the package's root, with their words."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]
    rooms: dict[str, str] = {}
    above: list[str] = []
    for line in text.splitlines()[1:]:
        names, _, words = line.strip().partition("   ")
        depth = (len(line) - len(line.lstrip())) // 2
        for name in names.split("  "):
            above[depth - 1 :] = [name.rstrip("/")]
            rooms["/".join(above)] = words.strip()
    return rooms


def test_the_map_shows_every_room_and_no_other() -> None:
    folders = {
        path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_dir() and path.name != "__pycache__"
    }
    files = {path.name for path in ROOT.glob("*.py")}
    rooms = rooms_of_the_map()
    assert set(rooms) == folders | files
    assert all(0 < len(words.split()) <= 7 for words in rooms.values())


def test_every_module_opens_with_one_sentence_that_says_what_it_is() -> None:
    seen = 0
    for name, path in modules(ROOT).items():
        first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
        assert len(first) > 10, name
        assert first.rstrip().endswith((".", "?", ":", "`", ")")), (name, first)
        seen += 1
    assert seen > 250


ALIKE = ("dlcli.view.sentences", "dlcli.cli", "dlcli.actions", "dlcli.training")
"""A rule and its sentence, a command and what it does, have one name: that of their subject."""


def test_a_function_stands_in_one_module_alone() -> None:
    homes: dict[str, list[str]] = {}
    for name, path in modules(ROOT).items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                homes.setdefault(node.name, []).append(name)
    twice = {
        function: names
        for function, names in homes.items()
        if len(names) > 1 and function != "cases" and not (len(names) == 2 and any(n.startswith(ALIKE) for n in names))
    }
    assert twice == {}
    assert len(homes) > 900


def test_modules_and_functions_are_short() -> None:
    lines = {name: path.read_text(encoding="utf-8").count("\n") for name, path in modules(ROOT).items()}
    assert max(lines.values()) <= 400
    assert sorted(lines.values())[len(lines) // 2] < 130
    functions = [
        ((node.end_lineno or 0) - node.lineno + 1, f"{name}.{node.name}")
        for name, path in modules(ROOT).items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [name for length, name in functions if length > 60] == []
    assert sorted(functions)[len(functions) // 2][0] < 10
    assert len(functions) > 1500
