"""The one way to miss a package: what is rare or heavy is an extra, and who needs it is told what to install."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from dlcli.errors import DataError


def need(module: str, *, extra: str, use: str) -> Any:
    """A library that is not always there. `use` begins the sentence of what cannot be done without it ("reading a workbook").

    Raises `DataError` with the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError):  # a package can be there without the system's library that it wraps
        raise DataError(f"{use} needs the package {module}", hint=installing(extra), kind="missing_package") from None


def expect(module: str, *, extra: str, use: str) -> None:
    """Raises the same for a library that does not stand where Python looks for it; it is not loaded."""
    if not is_installed(module):
        raise DataError(f"{use} needs the package {module}", hint=installing(extra), kind="missing_package")


def has(module: str) -> bool:
    """Whether a library is there."""
    try:
        importlib.import_module(module)
    except (ImportError, OSError):
        return False
    return True


def is_installed(module: str) -> bool:
    """Whether a library stands where Python looks for it; it is not loaded."""
    return importlib.util.find_spec(module) is not None


def installing(extra: str) -> str:
    """The command that installs an extra."""
    return f'pip install "dlcli[{extra}]"'
