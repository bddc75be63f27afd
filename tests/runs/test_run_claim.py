"""Names of runs, and the folders that are claimed under them."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from dlcli.errors import ConflictError, ResourceError, UsageError
from dlcli.runs import Run
from dlcli.runs.folder import next_number
from dlcli.runs.names import check_name, safe_name

HINT = "use letters, digits, and . _ - after the first character"
KOREAN = "손글씨-숫자"

LEGAL = [
    ("digits", "digits"),
    ("Digits_2026-07.a", "Digits_2026-07.a"),
    ("a", "a"),
    ("7", "7"),
    ("_x", "_x"),
    ("a" * 100, "a" * 100),
    ("é" * 50, "é" * 50),
    (KOREAN, KOREAN),
    (unicodedata.normalize("NFD", KOREAN), KOREAN),
    (unicodedata.normalize("NFD", "été"), "été"),
    ("हिन्दी", "हिन्दी"),
    ("العربية", "العربية"),
    ("实验", "实验"),
    ("a..b", "a..b"),
    ("last-2", "last-2"),
    ("latest", "latest"),
    ("console", "console"),
    ("com0", "com0"),
    ("com10", "com10"),
    ("x.con", "x.con"),
    ("last.2", "last.2"),
]

ILLEGAL = [
    ("", "a run's name has 1 to 100 bytes, found 0", None),
    ("a" * 101, "a run's name has 1 to 100 bytes, found 101", None),
    ("a" * 300, "a run's name has 1 to 100 bytes, found 300", None),
    ("가" * 34, "a run's name has 1 to 100 bytes, found 102", None),
    ("../../x", "a run's name may not hold '/': '../../x'", HINT),
    ("/tmp/x", "a run's name may not hold '/': '/tmp/x'", HINT),
    ("a/b", "a run's name may not hold '/': 'a/b'", HINT),
    ("a\\b", "a run's name may not hold '\\\\': 'a\\\\b'", HINT),
    ("a\0b", "a run's name may not hold '\\x00': 'a\\x00b'", HINT),
    ("a\nb", "a run's name may not hold '\\n': 'a\\nb'", HINT),
    ("a b", "a run's name may not hold ' ': 'a b'", HINT),
    ("a:b", "a run's name may not hold ':': 'a:b'", HINT),
    ("a*", "a run's name may not hold '*': 'a*'", HINT),
    ("~", "a run's name may not hold '~': '~'", HINT),
    ("$HOME", "a run's name may not hold '$': '$HOME'", HINT),
    ("[/b]", "a run's name may not hold '[': '[/b]'", HINT),
    ("😀", "a run's name may not hold '😀': '😀'", HINT),
    ("a\u202eb", "a run's name may not hold '\\u202e': 'a\\u202eb'", HINT),
    ("a\u200bb", "a run's name may not hold '\\u200b': 'a\\u200bb'", HINT),
    ("a\udcff", "a run's name may not hold '\\udcff': 'a\\udcff'", HINT),
    ("-x", "a run's name may not hold '-' at its start: '-x'", HINT),
    ("--name", "a run's name may not hold '-' at its start: '--name'", HINT),
    (".", "a run's name may not hold '.' at its start: '.'", HINT),
    ("..", "a run's name may not hold '.' at its start: '..'", HINT),
    (".lock", "a run's name may not hold '.' at its start: '.lock'", HINT),
    ("last", "'last' is reserved and cannot name a run", None),
    ("LAST", "'LAST' is reserved and cannot name a run", None),
    ("con", "'con' is reserved and cannot name a run", None),
    ("Nul", "'Nul' is reserved and cannot name a run", None),
    ("prn", "'prn' is reserved and cannot name a run", None),
    ("aux", "'aux' is reserved and cannot name a run", None),
    ("com1", "'com1' is reserved and cannot name a run", None),
    ("LPT9", "'LPT9' is reserved and cannot name a run", None),
    ("con.a.b", "'con.a.b' is reserved and cannot name a run", None),
    ("a.", "a run's name may not hold '.' at its end: 'a.'", HINT),
]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_tables_of_names_are_whole() -> None:
    assert len(LEGAL) == len({name for name, _ in LEGAL}) == 21
    assert len(ILLEGAL) == len({name for name, _, _ in ILLEGAL}) == 35
    assert LEGAL[8][0] != LEGAL[8][1]


@pytest.mark.parametrize(("name", "folder"), LEGAL)
def test_a_legal_name_names_the_folder(root: Path, name: str, folder: str) -> None:
    assert check_name(name) == folder
    assert Run.claim(root, name) == Run(root / folder)
    assert names_in(root) == [folder]
    assert names_in(root / folder) == ["logs"]


@pytest.mark.parametrize(("name", "message", "hint"), ILLEGAL)
def test_an_illegal_name_is_refused_before_anything_is_made(
    root: Path, name: str, message: str, hint: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        Run.claim(root, name)
    assert caught.value.message == message
    assert caught.value.hint == hint
    assert caught.value.code == 2
    assert not root.exists()


def test_both_forms_of_a_korean_name_are_one_name(root: Path) -> None:
    decomposed = unicodedata.normalize("NFD", KOREAN)
    assert decomposed != KOREAN
    assert Run.claim(root, KOREAN).name == KOREAN
    assert Run.claim(root, decomposed).name == f"{KOREAN}-2"
    with pytest.raises(ConflictError):
        Run.claim(root, decomposed, rename=False)
    Run(root / KOREAN).state.write_text("{}")
    assert Run.find(root, decomposed) == Run(root / KOREAN)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("digits.yaml", "digits.yaml"),
        ("configs/my digits", "configs-my-digits"),
        (unicodedata.normalize("NFD", KOREAN), KOREAN),
        ("../..", "run"),
        ("", "run"),
        ("😀", "run"),
        ("--x", "x"),
        ("last", "last-run"),
        ("NUL", "NUL-run"),
        ("con.yaml", "con-run.yaml"),
        ("a" * 300, "a" * 92),
        ("가" * 100, "가" * 30),
        ("a\udcffb", "a-b"),
    ],
)
def test_a_safe_name_is_near_the_text(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_every_safe_name_is_legal_and_leaves_room_for_a_number() -> None:
    dice = random.Random(69)
    alphabet = "abAB019._-/\\ \0\n가각힣\u1100\u1161\u11a8e\u0301\u0327अ\u093f😀\u200d\udcff" + "conlastnul"
    seen = 0
    for _ in range(3000):
        text = "".join(dice.choices(alphabet, k=dice.randrange(60)))
        name = safe_name(text)
        assert check_name(name) == name
        assert len(name.encode()) <= 92 + len("-run")
        seen += 1
    assert seen == 3000


def test_a_taken_name_gets_the_next_free_number(root: Path) -> None:
    Run.claim(root, "a-3")
    names = [Run.claim(root, "a").name for _ in range(4)]
    assert names == ["a", "a-2", "a-4", "a-5"]


def test_a_taken_name_is_a_conflict_where_it_may_not_change(root: Path) -> None:
    Run.claim(root, "a", rename=False)
    with pytest.raises(ConflictError) as caught:
        Run.claim(root, "a", rename=False)
    assert caught.value.message == "there is a run named 'a' already"
    assert caught.value.file == str(root / "a")
    assert caught.value.hint == "give another --name"
    assert caught.value.code == 8
    assert names_in(root) == ["a"]


@pytest.mark.parametrize("target", ["outside", "nowhere"])
def test_a_planted_link_is_a_taken_name_and_nothing_is_made_behind_it(tmp_path: Path, root: Path, target: str) -> None:
    (tmp_path / "outside").mkdir()
    root.mkdir()
    (root / "a").symlink_to(tmp_path / target)
    assert Run.claim(root, "a") == Run(root / "a-2")
    with pytest.raises(ConflictError):
        Run.claim(root, "a", rename=False)
    assert names_in(tmp_path / "outside") == []
    assert not (tmp_path / "nowhere").exists()


def test_a_file_is_a_taken_name(root: Path) -> None:
    root.mkdir()
    (root / "a").write_bytes(b"kept")
    assert Run.claim(root, "a").name == "a-2"
    assert (root / "a").read_bytes() == b"kept"


def test_a_root_that_is_a_file_is_refused(root: Path) -> None:
    root.write_bytes(b"kept")
    with pytest.raises(ResourceError) as caught:
        Run.claim(root, "a")
    assert caught.value.message == f"cannot make the folder of runs {root}: File exists"
    assert caught.value.hint == "choose another with --runs"
    assert caught.value.file == str(root)
    assert caught.value.code == 7
    assert root.read_bytes() == b"kept"


def test_a_root_below_a_file_is_refused(root: Path) -> None:
    root.write_bytes(b"kept")
    with pytest.raises(ResourceError) as caught:
        Run.claim(root / "deeper", "a")
    assert caught.value.message == f"cannot make the folder of runs {root}/deeper: Not a directory"


def test_a_full_disk_leaves_no_empty_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, made = os.mkdir, []

    def mkdir(path: Path, mode: int = 0o777) -> None:
        if Path(path).name == "logs":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        made.append(Path(path).name)
        real(path, mode)

    monkeypatch.setattr(os, "mkdir", mkdir)
    with pytest.raises(ResourceError) as caught:
        Run.claim(root, "a")
    assert caught.value.message == f"cannot make the run {root}/a: No space left on device"
    assert made[-1] == "a"
    assert names_in(root) == []


CLAIM = """
import sys
from pathlib import Path
from dlcli.runs import Run
print("ready", flush=True)
sys.stdin.readline()
for name in sys.argv[2].split(","):
    print(Run.claim(Path(sys.argv[1]), name).name)
"""


def claimed_by_two(root: Path, names: list[str]) -> tuple[list[str], list[str]]:
    """What two processes get that claim the same names at the same time."""
    command = [sys.executable, "-c", CLAIM, str(root), ",".join(names)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as other:
        for process in (one, other):
            assert process.stdout.readline() == "ready\n"
        for process in (one, other):
            process.stdin.write("\n")
            process.stdin.flush()
        found = one.stdout.read().split(), other.stdout.read().split()
    assert (one.returncode, other.returncode) == (0, 0)
    return found


def test_two_processes_that_claim_fifty_names_at_once_share_no_folder(root: Path) -> None:
    names = [f"n{number}" for number in range(50)]
    one, other = claimed_by_two(root, names)
    assert len(one) == len(other) == 50
    assert sorted(one + other) == sorted([*names, *(f"{name}-2" for name in names)])
    assert names_in(root) == sorted(one + other)


def test_two_processes_that_claim_one_name_fifty_times_share_no_folder(root: Path) -> None:
    one, other = claimed_by_two(root, ["same"] * 50)
    assert sorted(one + other) == sorted(["same", *(f"same-{number}" for number in range(2, 101))])
    assert names_in(root) == sorted(one + other)


def test_the_number_of_a_new_run_is_one_more_than_the_highest(root: Path) -> None:
    assert next_number(root) == 1
    for name, text in [("a", '{"number": 3}'), ("b", '{"number": "9"}'), ("c", "{"), ("d", "[]")]:
        Run.claim(root, name).state.write_text(text)
    Run.claim(root, "e")
    assert next_number(root) == 4
