"""Every configuration of the gallery in every format of `export`: python tests/exports.py [--runs DIR] [NAME …], nightly.

Each is trained for one epoch, unless DIR holds it already, and exported in all formats, checked on real samples. Prints the
table of docs/export.md, and fails where that says otherwise; with names it prints the rows of these alone, and compares nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

from dlcli.actions.export import Asked, compared, export, litert_file, outside
from dlcli.actions.export.apart import run_apart
from dlcli.config import load_config
from dlcli.errors import DlcliError
from dlcli.runs import Run
from dlcli.training.train import Request, train
from dlcli.view.export import difference_text, share_text
from dlcli.view.training.listeners import Listeners

ROOT = Path(__file__).parent.parent
GALLERY = {path.relative_to(ROOT / "configs").as_posix(): path for path in sorted((ROOT / "configs").rglob("*.yaml"))}
OFFLINE = {"images/transfer.yaml": ["layers.backbone.weights=null"]}
"""What stands in for a download."""
FORMATS = ("keras", "saved_model", "onnx", "litert")
"""The columns of the table; how good it is in 8 bits depends on the training, and is printed alone."""
PAGE = ROOT / "docs" / "export.md"
WORDS = {"raw data": "raw", "codes for names": "codes", "prepared data": "prepared", "prepared and raw data": "partly"}
NOT_HELD = "–"


def trained_run(name: str, runs: Path) -> Run:
    """The run of a configuration, trained for an epoch where it is not there."""
    run = Run(runs / name.removesuffix(".yaml").replace("/", "_"))
    if not run.model.is_dir():
        config, content = load_config(str(GALLERY[name]), settings=[*OFFLINE.get(name, []), "train.epochs=1"])
        train(Request(config, content, str(GALLERY[name]), runs, name=run.name), Listeners([]))
    return run


def here(program: Path, *arguments: Path) -> str:
    """What a program prints; what loads TensorFlow anew each time does it in this process, the small runtimes in their own."""
    if program == litert_file.CALIBRATED:
        return run_apart(program, *arguments)  # it may end its process
    folder, *_ = arguments
    if json.loads((folder / "schema.json").read_text("utf-8"))["format"] not in {"keras", "saved_model"}:
        return run_apart(program, *arguments)
    with contextlib.redirect_stdout(io.StringIO()) as printed, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outside.answer_samples(*map(str, arguments))
    return json.dumps({**json.loads(printed.getvalue()), "dlcli": []})


def row_of(name: str, runs: Path, folder: Path) -> dict[str, str]:
    """What each format takes of a configuration, and prints its figures."""
    cells = dict.fromkeys(FORMATS, NOT_HELD)
    try:
        exported = export(trained_run(name, runs), Asked(format="all", quantize=None, folder=folder / name))
    except DlcliError as error:
        print(f"  {name}: {error.message}", flush=True)
        return cells
    for each in exported.artefacts:
        if each.format in cells:
            cells[each.format] = WORDS[each.takes]
        figures = [difference_text(each.difference), share_text(each.agreement), f"{each.seconds * 1e3:.2f} ms"]
        print(f"  {name:32} {each.format:15} {each.bytes:>10,} B  {'  '.join(figures)}  {each.takes}", flush=True)
    for missing in exported.missing:
        print(f"  {name:32} {missing.format:15} {missing.reason}", flush=True)
    return cells


def markdown_row(name: str, cells: Mapping[str, str]) -> str:
    """A row of the table."""
    return f"| {name} | {' | '.join(cells[each] for each in FORMATS)} |"


def rows_of_page() -> list[str]:
    """The rows of the page, without its head."""
    return [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ") and ".yaml" in line]


def main() -> int:
    """Exports all, and says where the page says otherwise."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--runs", type=Path)
    asked = parser.parse_args()
    for module in (compared, litert_file):
        module.run_apart = here
    with tempfile.TemporaryDirectory(prefix="dlcli-exports-") as folder:
        runs = asked.runs or Path(folder) / "runs"
        chosen = [name for name in GALLERY if not asked.names or name in asked.names]
        rows = [markdown_row(name, row_of(name, runs, Path(folder) / "out")) for name in chosen]
    print("\n".join(rows))
    if asked.names:
        return 0
    assert len(rows) == len(GALLERY) == 50
    told = rows_of_page()
    for row in sorted({*rows} ^ {*told}):
        print(f"{'made' if row in rows else 'page'}: {row}")
    return int(rows != told)


if __name__ == "__main__":
    sys.exit(main())
