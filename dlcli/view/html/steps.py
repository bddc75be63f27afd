"""The part with the four steps, as YAML has them."""

from __future__ import annotations

from dlcli.view.html.part import Part, missing_part, part_of_page
from dlcli.view.report import Missing, RunReport
from dlcli.view.training.headline import trained_words
from dlcli.view.verdict import setting_text

TITLE = "The four steps"
NAMES = {
    "data": "1 · Input data and target",
    "layers": "2 · Layers",
    "loss": "3 · Loss",
    "optimizer": "4 · Optimizer",
    "training": "How it is trained",
}


def steps_part(report: RunReport) -> Part:
    """Each step as it took effect, and the file as it was written."""
    if isinstance(report.steps, Missing):
        return missing_part("steps", TITLE, report.steps)
    again = report.again
    steps = [(NAMES[name], text) for name, text in report.steps.steps.items()]
    words = trained_words(again.samples, again.parameters, again.device)
    changed = [f"{path}={setting_text(value)}" for path, value in again.result.set.items()]
    return part_of_page("steps", TITLE, steps=steps, words=words, written=report.steps.written, changed=changed)
