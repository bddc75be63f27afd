"""How laws are tried: the same examples every time, few of them, and nothing is written beside the tests."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "dlcli-hypothesis")
LAW = settings(
    derandomize=True,
    database=None,
    deadline=None,  # of a loaded machine
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
"""For a law whose example costs milliseconds."""
SLOW_LAW = settings(LAW, max_examples=6)
"""For a law whose example reads a whole configuration."""
