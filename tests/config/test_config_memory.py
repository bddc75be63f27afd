"""Rows 7, 9 and 10 of the table of faults: no file of a few kilobytes takes much memory. Measured in one child process."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

MEASURE = """
import json, resource, sys
from pathlib import Path
from dlcli.config import load_config
from dlcli.errors import ConfigError

def peak():
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes // (1 if sys.platform != "darwin" else 1024)

load_config("digits.yaml")
baseline = peak()
result = {}
for path in sorted(Path().glob("bomb-*.yaml")):
    try:
        load_config(str(path))
        problems = 0
    except ConfigError as error:
        problems = len(error.problems)
    result[path.stem] = [problems, peak() - baseline]
print(json.dumps(result))
"""
LETTERS = "abcdefghij"


def bomb(item, level):
    lines = [f"a: &a {item}"]
    for below, letter in itertools.pairwise(LETTERS):
        lines.append(f"{letter}: &{letter} {level.format(','.join([f'*{below}'] * 9))}")
    return "\n".join(lines) + "\n"


def test_no_bomb_takes_two_hundred_megabytes(write, digits, tmp_path):
    bombs = {
        "aliases": bomb("[1,1,1,1,1,1,1,1,1]", "[{}]"),
        "merge": bomb("{k: 1}", "{{<<: [{}]}}"),
        "deep": "[" * 200_000,
        "deep-mapping": "{a: " * 200_000,
        "digits": "a: " + "9" * 10**6,
        "references": digits
        + "a0: x\n"
        + "".join(f"a{each}: '" + f"${{a{each - 1}}}" * 9 + "'\n" for each in range(1, 12)),
        "lists": digits
        + "a0: [1]\n"
        + "".join(f"a{each}: [" + f"'${{a{each - 1}}}'," * 9 + "]\n" for each in range(1, 12)),
        "alias-list": f"a: &a [{'x,' * 220}]\nb: [{'*a,' * 200}]\n",
        "values": digits + f"x: [{'1,' * 60_000}]\n",
        "comment": "#" * 3_000_000,
        "device": "extends: /dev/zero\n",
        "aliases-of-aliases": "a0: &a0 [1]\n"
        + "".join(f"a{each}: &a{each} [*a{each - 1}]\n" for each in range(1, 600)),
    }
    write("digits.yaml", digits)
    for name, content in bombs.items():
        write(f"bomb-{name}.yaml", content)
    ended = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.returncode == 0, ended.stderr
    measured = json.loads(ended.stdout)
    assert len(measured) == len(bombs) == 12
    assert all(problems > 0 for problems, _ in measured.values()), measured
    assert max(kilobytes for _, kilobytes in measured.values()) < 200 * 1024, measured
