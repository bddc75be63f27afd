"""Which changes of behaviour do a folder's own tests notice? `python tests/mutants.py [FOLDER…] [--count 120] [--seed 0]`.

The program changes the code in one place, runs those tests of the same folder (and of the contracts in BESIDE) that execute
the place, and puts it back. The
places are drawn by the seed from all thresholds, comparisons, flags, defaults and orders; `--constants` takes every numeric
constant instead, once just below and once just above. A change that no test notices is printed with its file and line.

What the tests execute is recorded first, a file of tests at a time and again when the file has changed (`--again` records all
anew, as a change of what calls what in `dlcli` asks for). A test is run in a fork of a process that has imported TensorFlow,
and the change stands in a copy of the tree, so that a try takes seconds.

Left out are the lines that end in `# unseen: WHY`: what they change is time or memory alone, or nothing; the program says how
many changes these were. And left out is the flag `strict` of `zip`, which fails only where the code has a fault already.
"""

from __future__ import annotations

import argparse
import ast
import atexit
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDERS = ("actions", "cli", "config", "data", "layers", "loss", "optimizer", "runs", "spec", "training", "view")
TESTS = {"spec": "config"}
"""Folders whose tests stand in that of another."""
BESIDE = {"data": ["tests/test_rule_contract.py"], "training": ["tests/test_rule_contract.py"]}
"""Files of tests that stand beside the folders, because they hold what members of several folders keep."""
KEPT = Path(tempfile.gettempdir()) / "dlcli-mutants"
"""Where records and copies are kept."""
SECONDS = 240
"""A change with which the tests take longer has been noticed."""
SWAPPED: dict[type[ast.AST], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
}
UNSEEN = b"  # unseen: "
SYMBOLS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
OPPOSITE = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """A change: bytes `start` to `end` of a file become `after`.

    `uses` are the functions (file and qualified name) that it may touch; none where nobody knows, which means all tests.
    """

    file: str
    line: int
    kind: str
    start: int
    end: int
    before: str
    after: str
    uses: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {self.kind}: {self.before} -> {self.after}"


class Source:
    """A module: its text, its tree, and where a node stands in its bytes."""

    def __init__(self, path: Path) -> None:
        self.name = path.relative_to(ROOT).as_posix()
        self.bytes = path.read_bytes()
        self.tree = ast.parse(self.bytes)
        self.starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.unseen = {number for number, line in enumerate(self.bytes.splitlines(), start=1) if UNSEEN in line}

    def place(self, line: int, column: int) -> int:
        """The byte of a line (from 1) and a column in bytes (from 0)."""
        return self.starts[line - 1] + column

    def change(self, node: Any, kind: str, after: str, uses: tuple[str, ...], *, span: Any = None) -> Mutant:
        """A change of a node, or of the bytes of `span`."""
        start = self.place(node.lineno, node.col_offset)
        end = self.place(node.end_lineno, node.end_col_offset)
        start, end = span or (start, end)
        return Mutant(self.name, node.lineno, kind, start, end, self.bytes[start:end].decode(), after, uses)


def mutants_of(source: Source, users: dict[str, set[str]]) -> Iterator[Mutant]:
    """All changes of a module, a place in a function inside another twice."""
    for statement in source.tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            uses = uses_of(statement, users)
            for number in numbers(statement.value):
                yield from neighbours(source, number, "constant", uses)
        if isinstance(statement, ast.ClassDef):
            for field in statement.body:
                if isinstance(field, ast.Assign | ast.AnnAssign) and field.value is not None:
                    yield from of_default(source, field.value, uses_of(field, users))
    for function, name in functions(source.tree):
        own = (f"{source.name}:{name}",)
        for default in [*function.args.defaults, *(each for each in function.args.kw_defaults if each is not None)]:
            yield from of_default(source, default, own)
        for statement in function.body:
            for node in ast.walk(statement):
                yield from of_node(source, node, own)


def uses_of(statement: ast.Assign | ast.AnnAssign, users: dict[str, set[str]]) -> tuple[str, ...]:
    """The functions that read what a statement assigns; of a name that only other constants read, none are known."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    names = [each.id for each in ast.walk(target) if isinstance(each, ast.Name)]
    return tuple(sorted({use for name in names for use in users.get(name, set())}))


def users_of(sources: list[Source]) -> dict[str, set[str]]:
    """By the name of a constant or a field, the functions of all modules that read it or call with it."""
    users: dict[str, set[str]] = {}
    for source in sources:
        for function, name in functions(source.tree):
            for node in ast.walk(function):
                read = {ast.Name: "id", ast.Attribute: "attr", ast.keyword: "arg"}.get(type(node))
                if read is not None:
                    users.setdefault(getattr(node, read), set()).add(f"{source.name}:{name}")
    return users


def functions(tree: ast.AST, within: str = "") -> Iterator[tuple[ast.FunctionDef, str]]:
    """All functions of a module with their qualified names, as their code objects have them."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield node, within + node.name
            yield from functions(node, f"{within}{node.name}.<locals>.")
        else:
            yield from functions(node, f"{within}{node.name}." if isinstance(node, ast.ClassDef) else within)


def numbers(node: ast.AST) -> Iterator[ast.Constant]:
    """The numbers that an expression holds."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and type(each.value) in {int, float}:
            yield each


def neighbours(source: Source, number: ast.Constant, kind: str, uses: tuple[str, ...]) -> Iterator[Mutant]:
    """A number a little smaller and a little larger: a whole one by one (a large one by a tenth), another by a tenth."""
    value: Any = number.value
    whole = isinstance(value, int)
    step = max(1, abs(value) // 10) if whole else abs(value) / 10 or 0.1
    for after in (value - step, value + step):
        yield source.change(number, kind, repr(after if whole else float(f"{after:.12g}")), uses)


def of_default(source: Source, node: ast.AST, uses: tuple[str, ...]) -> Iterator[Mutant]:
    """Changes of a default: a flag turned round, a number beside itself."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield source.change(node, "flag", str(not node.value), uses)
    elif isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        yield from neighbours(source, node, "default", uses)


def of_node(source: Source, node: ast.AST, uses: tuple[str, ...]) -> Iterator[Mutant]:
    """Changes of an expression in a function: comparisons, flags, and what comes first."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SWAPPED:
        kind = type(node.ops[0])
        left, right = node.left, node.comparators[0]
        start = source.place(left.end_lineno or 0, left.end_col_offset or 0)
        end = source.place(right.lineno, right.col_offset)
        middle = source.bytes[start:end]
        at = middle.find(SYMBOLS[kind].encode())
        if at >= 0:
            span = (start + at, start + at + len(SYMBOLS[kind]))
            yield source.change(node, "comparison", SWAPPED[kind], uses, span=span)
    elif isinstance(node, ast.BoolOp) and len(node.values) == 2:
        start = source.place(node.values[0].end_lineno or 0, node.values[0].end_col_offset or 0)
        end = source.place(node.values[1].lineno, node.values[1].col_offset)
        word = b"and" if isinstance(node.op, ast.And) else b"or"
        at = source.bytes[start:end].find(word)
        if at >= 0:
            other = "or" if word == b"and" else "and"
            yield source.change(node, "condition", other, uses, span=(start + at, start + at + len(word)))
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        for each in node.keywords if name != "zip" else ():
            if isinstance(each.value, ast.Constant) and isinstance(each.value.value, bool):
                yield source.change(each.value, "flag", str(not each.value.value), uses)
        if name in OPPOSITE:
            yield source.change(node.func, "order", OPPOSITE[name], uses)


def all_mutants(folder: str) -> list[Mutant]:
    """Every change of a folder's code, each once; how many lines leave out is printed."""
    sources = {path: Source(path) for path in sorted((ROOT / "dlcli").rglob("*.py"))}
    users = users_of(list(sources.values()))
    found: dict[tuple[str, int, int, str], Mutant] = {}
    unseen = set()
    for path, source in sources.items():
        for each in mutants_of(source, users) if path.is_relative_to(ROOT / "dlcli" / folder) else ():
            place = (each.file, each.start, each.end, each.after)
            before = found.get(place)
            found[place] = each if before is None else replace(each, uses=tuple({*each.uses, *before.uses}))
            if each.line in source.unseen:
                unseen.add(place)
    if unseen:
        print(f"{folder}: {len(unseen)} of {len(found)} changes left out, which nobody can see", flush=True)
    return [each for place, each in found.items() if place not in unseen]


class Recorder:
    """A plugin of pytest that notes which functions of dlcli each test executes; a shared fixture counts for its whole file."""

    def __init__(self, path: Path, files: dict[str, str]) -> None:
        self.path, self.files = path, files
        self.tests: dict[str, set[str]] = {}
        self.fixtures: dict[str, set[str]] = {}
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()
        self.into: set[str] = set()
        self.codes: dict[int, tuple[Any, str]] = {}

    def profile(self, frame: Any, event: str, _: Any) -> None:
        """Notes a call. It is asked millions of times: each code object is looked at once, and kept so that its id is."""
        if event == "call":
            code = frame.f_code
            known = self.codes.get(id(code))
            if known is None:
                at = code.co_filename.rfind("/dlcli/")
                ours = at >= 0 and "/tests/" not in code.co_filename
                known = (code, f"{code.co_filename[at + 1 :]}:{code.co_qualname}" if ours else "")
                self.codes[id(code)] = known
            if known[1]:
                self.into.add(known[1])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.into = self.fixtures.setdefault(nodeid.split("::")[0], set())
        threading.setprofile(self.profile)
        sys.setprofile(self.profile)

    def pytest_runtest_call(self, item: Any) -> None:
        self.into = self.tests.setdefault(item.nodeid, set())

    def pytest_runtest_teardown(self, item: Any) -> None:
        self.into = self.fixtures.setdefault(item.nodeid.split("::")[0], set())

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.add(report.nodeid)

    def write(self) -> None:
        """Adds to the record what was noted, by file of tests."""
        sys.setprofile(None)
        record = read_record(self.path)
        for name, digest in self.files.items():
            tests = {
                test: sorted(functions)
                for test, functions in self.tests.items()
                if test.split("::")[0] == name and test not in self.failed and self.seconds.get(test, 0.0) < SECONDS / 4
            }
            seconds = {test: self.seconds.get(test, 0.0) for test in tests}
            shared = sorted(self.fixtures.get(name, ()))
            record[name] = {"digest": digest, "tests": tests, "seconds": seconds, "fixtures": shared}
        self.path.write_text(json.dumps(record), encoding="utf-8")


def read_record(path: Path) -> dict[str, Any]:
    """What is recorded so far: by file of tests its digest, and which functions each test executes."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


class Chosen:
    """The tests of a folder that execute what a change touches, the quickest first; all where nobody knows what it touches."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.tests = {
            test: {*functions, *file["fixtures"]}
            for file in record.values()
            for test, functions in file["tests"].items()
        }
        self.seconds = {test: seconds for file in record.values() for test, seconds in file["seconds"].items()}

    def of(self, mutant: Mutant) -> list[str]:
        """Their names."""
        uses = set(mutant.uses)
        names = [name for name, functions in self.tests.items() if not uses or functions & uses]
        if not names:
            # TensorFlow writes functions inside others anew for its graphs, so that nobody sees them called.
            outer = {use.partition(".<locals>.")[0] for use in uses}
            names = [name for name, functions in self.tests.items() if functions & outer]
        return sorted(names, key=lambda name: self.seconds.get(name, 0.0))


def forked(folder: Path, arguments: list[str], *, plugins: list[Any], seconds: float) -> int:
    """The exit code of pytest in a fork of this process, in a folder; 1 where it takes too long."""
    process = os.fork()
    if process == 0:
        os.setpgid(0, 0)
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silent, stream)
        os.chdir(folder)
        sys.path[0:0] = [str(folder), str(folder / "tests")]
        sys.dont_write_bytecode = True
        import pytest

        code = int(pytest.main(["-q", "-p", "no:xdist", "-p", "no:cacheprovider", *arguments], plugins=plugins))
        for plugin in plugins:
            plugin.write()
        os._exit(code)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return 1


def recorded(folder: str, *, again: bool) -> dict[str, Any]:
    """What the tests of a folder execute; files of tests that are new or have changed are run for it."""
    tests = TESTS.get(folder, folder)
    path = KEPT / f"{tests}.record.json"
    paths = [*sorted((ROOT / "tests" / tests).glob("test_*.py")), *(ROOT / name for name in BESIDE.get(tests, ()))]
    digests = {file.relative_to(ROOT).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in paths}
    known = {name: file["digest"] for name, file in read_record(path).items()}
    files = {name: digest for name, digest in digests.items() if again or known.get(name) != digest}
    if files:
        began = time.monotonic()
        forked(copied(0), list(files), plugins=[Recorder(path, files)], seconds=3600)
        print(f"recorded {len(files)} files of tests/{tests} in {time.monotonic() - began:.0f} s", flush=True)
    return {name: file for name, file in read_record(path).items() if name in digests}


def copied(number: int) -> Path:
    """A copy of the tree for one worker of this process, until it ends."""
    folder = KEPT / f"copy-{os.getpid()}-{number}"
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("dlcli", "tests", "configs", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "constraints.txt"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def tried(mutant: Mutant, names: list[str], folder: Path) -> bool:
    """Whether a test notices the change in the copy of the tree."""
    path = folder / mutant.file
    whole = path.read_bytes()
    path.write_bytes(whole[: mutant.start] + mutant.after.encode() + whole[mutant.end :])
    try:
        return forked(folder, ["-x", *names], plugins=[], seconds=SECONDS) != 0
    finally:
        path.write_bytes(whole)


def drawn(folders: list[str], *, count: int, seed: int) -> list[tuple[str, Mutant]]:
    """So many changes, as many of each folder as its size calls for, at least four."""
    found = {folder: all_mutants(folder) for folder in folders}
    total = sum(len(each) ** 0.5 for each in found.values())
    chosen: list[tuple[str, Mutant]] = []
    for folder, mutants in found.items():
        share = max(4, round(count * len(mutants) ** 0.5 / total))
        generator = random.Random(f"{seed} {folder}")
        chosen += [(folder, each) for each in generator.sample(mutants, min(share, len(mutants)))]
    return chosen


def main() -> int:
    """Tries the changes and prints what was noticed, by folder, and what was not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help=", ".join(FOLDERS))
    parser.add_argument("--count", type=int, default=120, help="how many changes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--constants", action="store_true", help="every numeric constant, just below and just above")
    parser.add_argument("--least", type=int, default=0, metavar="PERCENT", help="fail where fewer are noticed")
    parser.add_argument("--again", action="store_true", help="record what the tests execute anew")
    options = parser.parse_args()
    folders = options.folders or list(FOLDERS)
    KEPT.mkdir(exist_ok=True)
    load_what_is_heavy()
    chosen = {folder: Chosen(recorded(folder, again=options.again)) for folder in folders}
    if options.constants:
        mutants = [(folder, each) for folder in folders for each in all_mutants(folder) if each.kind == "constant"]
    else:
        mutants = drawn(folders, count=options.count, seed=options.seed)
    copies = [copied(number) for number in range(options.jobs)]
    workers = [of_worker(mutants[number :: options.jobs], chosen, copy) for number, copy in enumerate(copies)]
    noticed = dict.fromkeys(folders, 0)
    for worker, copy in zip(workers, copies, strict=True):
        os.waitpid(worker, 0)
        for folder, seen in json.loads((copy / "results.json").read_text(encoding="utf-8")):
            noticed[folder] += seen
    for folder in folders:
        total = sum(name == folder for name, _ in mutants)
        print(f"{folder:<10} {noticed[folder]:>4} of {total:>4}")
    share = sum(noticed.values()) / max(1, len(mutants))
    print(f"{'all':<10} {sum(noticed.values()):>4} of {len(mutants):>4}  {share:.0%}")
    return int(100 * share < options.least)


def of_worker(mutants: list[tuple[str, Mutant]], chosen: dict[str, Chosen], folder: Path) -> int:
    """A fork that tries changes one after the other in its copy of the tree, and keeps there which were noticed."""
    process = os.fork()
    if process:
        return process
    results = []
    for name, mutant in mutants:
        tests = chosen[name].of(mutant)
        seen = bool(tests) and tried(mutant, tests, folder)
        if not seen:
            print(f"not noticed by {len(tests)} tests  {mutant}", flush=True)
        results.append((name, seen))
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    os._exit(0)


def load_what_is_heavy() -> None:
    """Imports the libraries that tests need, so that a fork has them; nothing of dlcli."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path[:] = [each for each in sys.path if Path(each or ".").resolve() != ROOT / "tests"]
    import keras  # noqa: F401
    import matplotlib.figure  # noqa: F401
    import pyarrow  # noqa: F401
    import pytest  # noqa: F401
    import sklearn.datasets  # noqa: F401


if __name__ == "__main__":
    sys.exit(main())
