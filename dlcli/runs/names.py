"""Names of runs: one folder's name, in any script, that leads nowhere else."""

from __future__ import annotations

import unicodedata

from dlcli.errors import UsageError

LONGEST = 100
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})
"""What Windows takes for a device, whatever ending follows."""


def check_name(name: str) -> str:
    """The name in Unicode's composed form. Raises `UsageError` for what is no name of a run."""
    name = unicodedata.normalize("NFC", name)
    if not name or len(name.encode("utf-8", "surrogatepass")) > LONGEST:
        raise UsageError(
            f"a run's name has 1 to {LONGEST} bytes, found {len(name.encode('utf-8', 'surrogatepass'))}",
            kind="bad_run_name",
        )
    if is_reserved(name):
        raise UsageError(f"'{name}' is reserved and cannot name a run", kind="bad_run_name")
    wrong = next((each for each in name if not allowed(each)), None)
    if wrong is not None or name[0] in "-." or name[-1] == ".":
        shown = repr(wrong or (name[0] if name[0] in "-." else name[-1]))
        place = "" if wrong is not None else " at its start" if name[0] in "-." else " at its end"
        raise UsageError(
            f"a run's name may not hold {shown}{place}: {name!r}",
            hint="use letters, digits, and . _ - after the first character",
            kind="bad_run_name",
        )
    return name


def safe_name(text: str) -> str:
    """A legal name as near to the text as can be."""
    text = unicodedata.normalize("NFC", text)
    name = "".join(each if allowed(each) else "-" for each in text).strip("-.") or "run"
    while len(name.encode()) > LONGEST - 8:
        name = name[:-1]
    stem, dot, ending = name.partition(".")
    return f"{stem}-run{dot}{ending}" if is_reserved(name) else name


def is_reserved(name: str) -> bool:
    """Whether a name means something else: the run started last, or a device, told by what stands before the first dot."""
    return name.lower() == "last" or name.lower().partition(".")[0] in DEVICES


def allowed(character: str) -> bool:
    """Whether a character may stand in a name: letters and marks of any script, digits, and `. _ -`."""
    return character in "._-" or unicodedata.category(character)[0] in "LM" or unicodedata.category(character) == "Nd"
