"""Numbers, sizes and durations as short text."""

from __future__ import annotations

import math
import numbers


def number(value: float | int | None, *, digits: int = 4) -> str:
    """So many significant digits; whole numbers exactly, from 10,000 on with separators; `–` for none.

    Tables and sentences write what was measured by this alone, so that a number looks the same in both.
    """
    if value is None:
        return "–"
    if isinstance(value, numbers.Integral):
        return f"{value:,}" if abs(value) >= 10_000 else str(int(value))
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(float(value))
    if not 1e-4 <= abs(value) < 1e6:
        return f"{value:.{digits - 1}e}"
    separators = "," if abs(value) >= 9999.5 else ""
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:{separators}.0f}"
    return f"{value:#{separators}.{digits}g}".rstrip(".")


def of_metric(name: str, value: float | None) -> float | None:
    """The value of a metric as a table has it: None of one that nothing defines. A loss that is no number is told as such."""
    return None if value is not None and math.isnan(value) and not name.endswith("loss") else value


def byte_size(bytes: int) -> str:
    """A number of bytes in B, kB, MB or GB of a thousand each."""
    # rich.filesize writes "1,000.0 kB" and "0 bytes"; columns of a table want three digits and a short unit.
    if bytes < 1000:
        return f"{bytes} B"
    amount = float(bytes)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.5 or unit == "GB":
            break
    return f"{amount:.1f} {unit}" if amount < 99.95 else f"{amount:.0f} {unit}"


def duration(seconds: float) -> str:
    """A time span: `0.04 s`, `0.8 s`, `12 s`, `3 min 05 s`, `2 h 04 min`; `–` where it is not known."""
    if not math.isfinite(seconds) or seconds < 0:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s" if seconds == 0 or seconds >= 0.095 else f"{seconds:.2f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"
