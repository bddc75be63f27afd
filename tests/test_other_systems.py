"""What can be said on Linux of Windows and macOS: dlcli imports without what only Unix has, and asks before it uses it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UNIX_MODULES = {
    "curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "spwd", "syslog", "termios", "tty",
}  # fmt: skip
UNIX_NAMES = {
    "os": {
        "WNOHANG", "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC", "chown", "chroot", "fchmod", "fchown",
        "fork", "forkpty", "fwalk", "getegid", "geteuid", "getgid", "getgroups", "getloadavg", "getpgid", "getpgrp",
        "getpriority", "getuid", "killpg", "lchown", "mkfifo", "nice", "openpty", "posix_fadvise", "posix_fallocate",
        "posix_spawn", "pread", "pwrite", "register_at_fork", "sched_getaffinity", "sched_setaffinity", "setpgid", "setsid",
        "statvfs", "sync", "sysconf", "tcgetpgrp", "ttyname", "uname", "wait3", "wait4",
    },
    "signal": {
        "ITIMER_REAL", "SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGTSTP",
        "SIGUSR1", "SIGUSR2", "SIGWINCH", "alarm", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "siginterrupt",
        "sigpending", "sigwait",
    },
}  # fmt: skip
DANGEROUS = {("os", "kill")}
"""`os.kill(process, 0)` asks whether a process is alive on Unix, and ends it on Windows."""

WINDOWS = """
import importlib, importlib.abc, os, pkgutil, signal, subprocess, sys  # subprocess: asks sys.platform, not os

missing, names = {missing!r}, {names!r}

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in missing:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

for name in missing - {{"posix"}}:  # which os itself is made of
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Absent())
for module, gone in (("os", names["os"]), ("signal", names["signal"])):
    for name in gone:
        if hasattr(sys.modules[module], name):
            delattr(sys.modules[module], name)
import dlcli.cli
count = 0
for module in pkgutil.walk_packages(dlcli.__path__, "dlcli."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        count += 1
print(count)
"""


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module of dlcli with its syntax tree."""
    for path in sorted((ROOT / "dlcli").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def at_start(tree: ast.AST) -> Iterator[str]:
    """The modules that a module imports when it is imported itself: outside functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]
        yield from at_start(node)


def unasked(tree: ast.AST) -> Iterator[str]:
    """Names that only Unix has where nothing in the same statement asks whether they are there, and dangerous ones."""
    for statement in ast.walk(tree):
        if not isinstance(statement, ast.stmt) or isinstance(statement, ast.FunctionDef | ast.ClassDef):
            continue
        texts = {node.value for node in ast.walk(statement) if isinstance(node, ast.Constant)}
        for node in ast.walk(statement):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                owner, name = node.value.id, node.attr
                if (owner, name) in DANGEROUS or (name in UNIX_NAMES.get(owner, ()) and name not in texts):
                    yield f"{owner}.{name}"


def test_no_module_imports_what_only_unix_has() -> None:
    imported = {name: set(at_start(tree)) for name, tree in sources()}
    assert len(imported) > 200
    assert {name: names & UNIX_MODULES for name, names in imported.items() if names & UNIX_MODULES} == {}


def test_nothing_that_only_unix_has_is_used_unasked() -> None:
    assert {name: used for name, tree in sources() if (used := sorted(set(unasked(tree))))} == {}


@pytest.mark.parametrize(
    ("code", "imports", "names"),
    [
        ("import fcntl", {"fcntl"}, []),
        ("if True:\n    from resource import getrlimit", {"resource"}, []),
        ("def f():\n    import fcntl", set(), []),
        ("class A:\n    import pwd", {"pwd"}, []),
        ("x = os.sysconf('SC_PAGE_SIZE')", set(), ["os.sysconf"]),
        ("x = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else 1", set(), []),
        ("def f():\n    return signal.SIGHUP", set(), ["signal.SIGHUP"]),
        ("alive = os.kill(1, 0)", set(), ["os.kill"]),
    ],
)
def test_what_is_looked_for_is_seen(code: str, imports: set[str], names: list[str]) -> None:
    tree = ast.parse(code)
    assert set(at_start(tree)) & UNIX_MODULES == imports
    assert sorted(set(unasked(tree))) == names


def on_windows(folder: Path) -> subprocess.CompletedProcess[str]:
    """Imports every module of the package `dlcli` in a folder as if the system had nothing that only Unix has."""
    code = WINDOWS.format(missing=UNIX_MODULES, names=UNIX_NAMES)
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_every_module_imports_without_what_only_unix_has() -> None:
    done = on_windows(ROOT)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == sum(not name.endswith("__main__.py") for name, _ in sources()) - 1


@pytest.mark.parametrize("line", ["import fcntl", "import signal; signal.SIGHUP", "import os; os.register_at_fork"])
def test_a_module_that_needs_unix_would_be_seen(tmp_path: Path, line: str) -> None:
    (tmp_path / "dlcli" / "cli").mkdir(parents=True)
    (tmp_path / "dlcli" / "__init__.py").write_text("")
    (tmp_path / "dlcli" / "cli" / "__init__.py").write_text(line)
    done = on_windows(tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(("ModuleNotFoundError: No module named 'fcntl'", "AttributeError"))
