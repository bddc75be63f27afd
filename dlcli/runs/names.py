"""Names of runs: one folder's name, in any script, that leads nowhere else."""

from __future__ import annotations

import unicodedata

from dlcli.errors import UsageError

LONGEST = 100
RESERVED = frozenset({"last", "con", "prn", "aux", "nul"})


def check_name(name: str) -> str:
    """The name in Unicode's composed form. Raises `UsageError` for what is no name of a run."""
    name = unicodedata.normalize("NFC", name)
    if not name or len(name.encode("utf-8", "surrogatepass")) > LONGEST:
        raise UsageError(f"a run's name has 1 to {LONGEST} bytes, found {len(name.encode('utf-8', 'surrogatepass'))}")
    if name.lower() in RESERVED:
        raise UsageError(f"'{name}' is reserved and cannot name a run")
    wrong = next((each for each in name if not allowed(each)), None)
    if wrong is not None or name[0] in "-.":
        shown = repr(wrong if wrong is not None else name[0])
        place = "" if wrong is not None else " at its start"
        raise UsageError(
            f"a run's name may not hold {shown}{place}: {name!r}",
            hint="use letters, digits, and . _ - after the first character",
        )
    return name


def safe_name(text: str) -> str:
    """A legal name as near to the text as can be."""
    text = unicodedata.normalize("NFC", text)
    name = "".join(each if allowed(each) else "-" for each in text).strip("-.") or "run"
    while len(name.encode()) > LONGEST - 8:
        name = name[:-1]
    return f"{name}-run" if name.lower() in RESERVED else name


def allowed(character: str) -> bool:
    """Whether a character may stand in a name: letters and marks of any script, digits, and `. _ -`."""
    return character in "._-" or unicodedata.category(character)[0] in "LM" or unicodedata.category(character) == "Nd"
