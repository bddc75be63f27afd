"""Numbers, sizes and times in the words a person reads."""

from __future__ import annotations

import math

UNITS = ("B", "kB", "MB", "GB", "TB")


def number(value: float | int | None) -> str:
    """Four significant digits; whole numbers with commas; powers of ten only where they are shorter."""
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    size = abs(value)
    if size != 0 and not 1e-4 <= size < 1e6:
        return f"{value:.3e}"
    digits = 4 if size < 1 else max(0, 4 - len(str(int(size))))
    return f"{value:,.{digits}f}"


def size(count: int) -> str:
    """Bytes with a decimal unit."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {UNITS[unit]}" if unit == 0 or value >= 100 else f"{value:.1f} {UNITS[unit]}"


def duration(seconds: float) -> str:
    """`35 ms`, `1.8 s`, `12 s`, `3 min 05 s`, `2 h 04 min`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
