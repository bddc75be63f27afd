"""The example of an artefact: a short program that loads it and asks it about one sample, without dlcli."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dlcli.actions.export.described import Described, Taken
from dlcli.actions.export.exporter import Exporter


def example_text(exporter: Exporter, described: Described) -> str:
    """The program."""
    lines = [
        f'"""What the model of {literal(described.run)[1:-1]} says of one sample. Needs: pip install {exporter.install}"""',
        "import json",
        "from pathlib import Path",
        "",
        *exporter.imports,
        "",
        "folder = Path(__file__).parent",
        'schema = json.loads((folder / "schema.json").read_text("utf-8"))',
        *exporter.loading,
        "",
        "",
        "def answers(inputs):",
        *(f"    {each}" for each in exporter.answering),
        "",
        "",
        "sample = {  # one sample: put yours here",
        *(f"    {each}" for each in sample_lines(described.inputs)),
        "}",
        "for name, values in answers(sample).items():",
        "    print(name, values[0].tolist())",
        *classes_lines(described),
    ]
    return "\n".join(lines) + "\n"


def sample_lines(inputs: Sequence[Taken]) -> Iterator[str]:
    """The lines of a sample, an input each, with what it is."""
    for each in inputs:
        yield f"{literal(each.name)}: {array_text(each)},  # {one_line(each)}"


def array_text(taken: Taken) -> str:
    """The array (1, …) of one input as Python has it."""
    value = taken.example
    if taken.kind == "code":
        known = list(taken.names or [])
        value = known.index(value) if value in known else 0
    if taken.kind in {"text", "name"}:
        value = "some text" if value is None else value
    shape = (1, *taken.shape)
    if value is None:
        return f"np.zeros({shape}, {literal(taken.dtype)})"
    numpy_type = f", {literal(taken.dtype)}" if taken.dtype != "string" else ""
    written = literal(value) if isinstance(value, str) else repr(value)
    if shape == (1,):
        return f"np.array([{written}]{numpy_type})"
    return f"np.full({shape}, {written}{numpy_type})"


def one_line(taken: Taken) -> str:
    """What an input is, in a comment."""
    axes = " × ".join(taken.axes[1:])
    names = f": {', '.join(taken.names[:6])}{', …' if len(taken.names) > 6 else ''}" if taken.names else ""
    return " ".join(f"{f'{axes}: ' if axes else ''}{taken.meaning}{names}".split())


def classes_lines(described: Described) -> Iterator[str]:
    """The lines that say the class that is the likeliest, where there are classes."""
    if any(each.says == "classes" and len(each.shape) == 1 for each in described.outputs):
        at = next(n for n, each in enumerate(described.outputs) if each.says == "classes" and len(each.shape) == 1)
        name = literal(described.outputs[at].name)
        yield f'print(schema["outputs"][{at}]["classes"][answers(sample)[{name}][0].argmax()])'


def literal(value: Any) -> str:
    """A text as Python and JSON write it."""
    import json

    return json.dumps(str(value), ensure_ascii=False)
