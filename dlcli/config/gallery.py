"""The gallery: configurations to learn from and to begin with, one file each, in a folder for each kind of data."""

from __future__ import annotations

from pathlib import Path

FOLDERS = (Path(__file__).parents[1] / "gallery", Path(__file__).parents[2] / "configs")
"""Where the gallery is: in an installed package, or beside the package in a checkout."""


def templates() -> dict[str, Path]:
    """The files of the gallery by their names."""
    return {path.stem: path for folder in FOLDERS if folder.is_dir() for path in sorted(folder.rglob("*.yaml"))}


def template_named(name: str) -> Path | None:
    """The file of a name, alone or with its folder before it: `lenet5`, `images/lenet5`."""
    found = templates()
    return found.get(name) or next((path for path in found.values() if name_in_gallery(path) == name), None)


def name_in_gallery(path: Path) -> str:
    """The name of a file with its folder, as the README has it."""
    folder = next(each for each in FOLDERS if path.is_relative_to(each))
    return path.relative_to(folder).with_suffix("").as_posix()


def title(template: Path) -> str:
    """What a configuration of the gallery shows: its first line."""
    return template.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
