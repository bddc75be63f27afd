"""The folder of a run: claimed once, found by name, path or `last`; in the folder of runs, or in that of a group there."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dlcli.errors import ArtifactError, ConflictError, ResourceError
from dlcli.first_line import some_names
from dlcli.runs.atomic import UNREADABLE, read_plain
from dlcli.runs.names import check_name

MOST_TRIES = 100_000  # unseen: nobody has so many runs of a name
USUAL = "runs"
"""The folder of runs where nothing else is said."""
LAST = "last"
"""What the run that was started last is called."""
GROUP = "group.json"
"""What a folder of runs that belong together has in it; no group lies in another."""


@dataclass(frozen=True)
class Run:
    """A run's folder and the paths in it."""

    path: Path

    @property
    def name(self) -> str:
        """What it is called and found by: the name of its folder, GROUP/MEMBER in a group."""
        folder = self.path.parent
        return f"{named_folder(folder).name}/{self.path.name}" if is_group(folder) else self.path.name

    @property
    def flat_name(self) -> str:
        """Its name where it is to be that of one file."""
        return self.name.replace("/", "-")

    @property
    def root(self) -> Path:
        """The folder of runs that it is in; a group of runs is in one too."""
        folder = self.path.parent
        return named_folder(folder).parent if is_group(folder) else folder

    @property
    def words(self) -> list[str]:
        """The words for it in a command to paste."""
        folder = str(self.root)
        return [self.name] if folder == USUAL else [self.name, "--runs", folder]

    def command(self, word: str, *more: str) -> str:
        """A line to paste: the command that takes it, with more words behind it."""
        return shlex.join(["dlcli", word, *self.words, *more])

    @property
    def config(self) -> Path:
        """The configuration as the person wrote it, byte for byte."""
        return self.path / "config.yaml"

    @property
    def resolved(self) -> Path:
        """The configuration as it took effect."""
        return self.path / "config.resolved.json"

    @property
    def environment(self) -> Path:
        """Versions, threads, command line, fingerprints of the data."""
        return self.path / "env.json"

    @property
    def state(self) -> Path:
        return self.path / "run.json"

    @property
    def metrics(self) -> Path:
        """One JSON object an epoch."""
        return self.path / "metrics.jsonl"

    @property
    def model(self) -> Path:
        """The folder of the final model."""
        return self.path / "model"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def log(self) -> Path:
        return self.path / "logs" / "log.txt"

    @property
    def error_log(self) -> Path:
        return self.path / "logs" / "error.txt"

    @classmethod
    def claim(cls, root: Path, name: str, *, rename: bool = True) -> Run:
        """Makes the folder of a new run; a name that is taken becomes name-2, name-3, …

        Raises `UsageError` for an illegal name, `ConflictError` for a taken one where `rename` is false, and
        `ResourceError` where the folder cannot be made.
        """
        return cls(claimed(root, name, make_logs, rename=rename))

    @classmethod
    def find(cls, root: Path, text: str) -> Run:
        """The run of a name, a folder, or `last`, the one started last.

        Raises `ArtifactError` with near names.
        """
        if text == LAST:
            return cls(last(root))
        for path in places_of_name(root, text):
            if is_run(path):
                return cls(named_folder(path))
            if is_group(path):
                members = [f"{text}/{each.name}" for each in runs_in(path)]
                shown = cls(named_folder(path)).command("runs")
                hint = f"{shown} shows them; one of them is {members[-1]}" if members else None
                message = f"'{text}' is a group of {len(members)} runs"
                raise ArtifactError(message, file=path, hint=hint, kind="group_for_run")
        raise nothing_named(root, text)


def places_of_name(root: Path, text: str) -> Iterator[Path]:
    """Where a run or a group of a name may be: in the folder of runs, beside a group that stands for it, or where it says."""
    yield root / text
    yield root / unicodedata.normalize("NFC", text)
    if is_group(root):
        yield named_folder(root).parent / text
    yield Path(text)


def named_folder(path: Path) -> Path:
    """The folder by its own name, however it was reached."""
    return path if path.name not in {"", ".."} else path.resolve()


def nothing_named(root: Path, text: str) -> ArtifactError:
    """The error of a name that no run has, with near ones."""
    names = [Run(path).name for path in run_folders(root)]
    near = get_close_matches(text, names, n=3)
    hint = f"near it: {', '.join(near)}" if near else f"there are: {some_names(names) or 'none'}"
    return ArtifactError(f"there is no run '{text}' in {root}", file=root, hint=hint, kind="no_such_run")


def claimed(root: Path, name: str, fill: Callable[[Path], None], *, rename: bool) -> Path:
    """A new folder with what `fill` makes in it; a name that is taken becomes name-2, name-3, …

    Raises what `Run.claim` says.
    """
    name = check_name(name)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(
            f"cannot make the folder of runs {root}: {error.strerror}",
            file=root,
            hint="choose another with --runs",
            kind="not_writable",
        ) from None
    for number in range(1, MOST_TRIES):
        path = root / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
            fill(path)
        except FileExistsError:
            if not rename:
                raise ConflictError(
                    f"there is a run named '{name}' already",
                    file=path,
                    hint="give another --name",
                    kind="name_taken",
                ) from None
            continue
        except OSError as error:
            raise ResourceError(
                f"cannot make the run {path}: {error.strerror}",
                file=path,
                hint="choose another folder with --runs",
                kind="not_writable",
            ) from None
        return path
    raise ConflictError(f"{MOST_TRIES} runs are named '{name}'", kind="name_taken")


def make_logs(path: Path) -> None:
    """Makes the folder of logs; a run without it would take a name for nothing."""
    try:
        (path / "logs").mkdir()
    except OSError:
        with contextlib.suppress(OSError):
            path.rmdir()
        raise


def last(root: Path) -> Path:
    """The folder of the run with the highest number. Raises `ArtifactError` where there is none."""
    folders = run_folders(root)
    if not folders:
        raise ArtifactError(
            f"there is no run in {root}", file=root, hint="dlcli train CONFIG makes one", kind="no_such_run"
        )
    return max(folders, key=lambda path: (number_of(path), path.name))


def run_folders(root: Path) -> list[Path]:
    """All folders of runs, those in groups too, by name; those on their way out have a name with a dot before it."""
    found = list[str]()
    for each in folders_in(root):
        found += [each] if is_run(each) else filter(is_run, folders_in(each)) if is_group(each) else []
    return [Path(each) for each in found]


def group_folders(root: Path) -> list[Path]:
    """All folders of groups, by name."""
    return [Path(each) for each in folders_in(root) if is_group(each)]


def runs_in(path: Path) -> list[Path]:
    """The folders of the runs of a group, in the order in which they were started."""
    return sorted((Path(each) for each in folders_in(path) if is_run(each)), key=lambda each: (number_of(each), each))


def folders_in(path: Path | str) -> list[str]:
    """The folders in a folder by name, without links and those with a dot before their name."""
    try:
        with os.scandir(path) as found:
            return sorted(
                each.path for each in found if not each.name.startswith(".") and each.is_dir(follow_symlinks=False)
            )
    except OSError:
        return []


def is_run(path: Path | str) -> bool:
    """Whether a folder holds a run; what the system cannot even look at holds none."""
    return os.path.exists(f"{path}{os.sep}run.json")  # noqa: PTH110 (a tenth of the time, and there may be thousands)


def is_group(path: Path | str) -> bool:
    """Whether a folder holds runs that belong together."""
    return os.path.exists(f"{path}{os.sep}{GROUP}") and not is_run(path)  # noqa: PTH110 (as above)


def number_of(path: Path) -> int:
    """The number in a run's state: runs are counted, because clocks go back. 0 where it cannot be read."""
    with contextlib.suppress(*UNREADABLE):
        number = json.loads(read_plain(path / "run.json")).get("number", 0)
        return number if isinstance(number, int) else 0
    return 0


def next_number(root: Path) -> int:
    """The number of a new run in a folder of runs, or in that of a group, whose runs are counted with all others."""
    counted = named_folder(root).parent if is_group(root) else root
    return 1 + max((number_of(path) for path in run_folders(counted)), default=0)
