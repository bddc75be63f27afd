"""Every check of the project in one command: `python tests/check.py`; `--fix` formats first, `--nightly` adds slow proofs.

Runs ruff (style and imports), mypy (types), import-linter (direction of imports) and pytest, and fails if any fails.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Two workers for two cores; each imports TensorFlow once. Its threads are not limited: that a run is exact under several is
# part of what is tested, and with one thread a worker the gallery takes 72 s of processor instead of 77.
CHECKS = (
    ["ruff", "format", "--check", "."],
    ["ruff", "check", "--output-format=concise", "."],
    ["mypy"],
    ["lint-imports"],
    ["pytest", "-n", "2", "--dist", "worksteal"],
)
NIGHTLY = (
    ["python", "tests/training/killed_runs.py", "--kills", "220"],
    ["python", "tests/mutants.py", "--count", "120"],
    ["pytest", "-m", "nightly"],
    ["pytest", "tests/whole_way.py", "tests/all_operations.py", "tests/gallery_against_fit.py", "tests/ejected.py"],
    ["pytest", "tests/trackers.py", "tests/remote.py"],
    ["python", "tests/training/verdict/table.py"],
    ["python", "tests/training/verdict/made_sick.py", "--follow"],
    ["python", "tests/random_arguments.py", "--count", "2000"],
    ["pytest", "tests/pages_in_browser.py"],
    ["python", "tests/exports.py"],
)
"""What takes too long for every change: hundreds of trainings of ten kinds that are killed and resumed, the code broken in
120 places, to see which no test notices, tests that are marked as nightly, the gallery from the check of a file to its
resumed run, every operation of Keras, the verdict on 165 trainings and on the gallery made sick, MLflow, W&B and the stores of
S3 and Google where they are installed, things of Keras with random arguments, pages in Chromium where it is installed, and the
gallery in every format of `export`."""


def main() -> int:
    """Runs all checks and says at the end which have failed."""
    if "--fix" in sys.argv[1:]:
        for command in (["ruff", "check", "--fix", "--quiet", "."], ["ruff", "format", "."]):
            subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False)
    failed = []
    for name, *arguments in (*CHECKS, *(NIGHTLY if "--nightly" in sys.argv[1:] else ())):
        program = [str(Path(sys.executable).with_name(name))]
        print(f"── {' '.join([name, *arguments])}", flush=True)
        if subprocess.run([*program, *arguments], cwd=ROOT, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
