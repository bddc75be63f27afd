"""Draws the results of commands for a person, from the same values that `--json` gives."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.bars import bars
from dlcli.view.console import printable, supports_unicode
from dlcli.view.tables import duration, number, plain_table, size

Value = Mapping[str, Any]
MOST_ROWS = 60
WIDEST_CONFUSION = 12


def line(console: Console, label: str, text: str, *, style: str = "") -> None:
    """A labelled line; long ones wrap under their beginning."""
    console.print(Text.assemble((f"{label:<10}", "bold"), (printable(text), style)))


def draw_training(console: Console, value: Value) -> None:
    """The end of a training: where it is, how good, how it went, what to try next."""
    console.print()
    line(console, "run", f"{value['path']}  ({value['status']}: {value['reason']})")
    best = value["best"]
    line(
        console,
        "best",
        f"epoch {best['epoch']} of {value['epochs']} by {best['monitor']} {number(best['value'])}"
        + ("; its weights are kept" if best["weights"] == "restored" else ""),
    )
    line(
        console,
        "time",
        f"{duration(value['seconds'])}, {number(round(value['samples_per_second']))} samples/s, engine {value['engine']}",
    )
    console.print()
    console.print(metrics_table(console, value["metrics"], value["baseline"]))
    console.print()
    for finding in value["verdict"]:
        since = f" since epoch {finding['since_epoch']}" if finding["since_epoch"] else ""
        line(console, "verdict", f"{finding['finding']}{since}: {finding['evidence']}")
        for advice in finding["advice"]:
            line(console, "", f"try {advice['set']}: {plain(advice['to'])}  ({advice['why']})")
    line(console, "next", f"dlcli evaluate {shlex.quote(value['run'])}" + runs_option(value["path"]), style="cyan")


def runs_option(path: str) -> str:
    """The option that leads to a run outside the usual folder."""
    folder = os.path.dirname(path)  # noqa: PTH120
    return "" if folder in {"", "runs"} else f" --runs {shlex.quote(folder)}"


def plain(value: Any) -> str:
    """A value as it would be written in YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {plain(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(plain(each) for each in value) + "]"
    return str(value)


def metrics_table(console: Console, metrics: Mapping[str, Mapping[str, float]], baseline: Value) -> Any:
    """A row for each metric and a column for each split, with the trivial baseline beside them."""
    splits = list(metrics)
    columns = ["metric", *splits]
    if baseline:
        columns.append(f"{baseline['method']} ({baseline['split']})")
    names = list(dict.fromkeys(name for values in metrics.values() for name in values))
    rows = []
    for name in names:
        row = [name, *(number(metrics[split].get(name)) for split in splits)]
        rows.append([*row, number(baseline["metrics"].get(name))] if baseline else row)
    return plain_table(columns, rows, right=range(1, len(columns)))


def draw_evaluation(console: Console, value: Value) -> None:
    """Metrics, confusion matrix, scores by class, the worst samples."""
    line(console, "run", f"{value['run']}, {value['split']}: {value['samples']:,} samples")
    console.print()
    console.print(
        plain_table(
            ["metric", value["split"]], [[name, number(each)] for name, each in value["metrics"].items()], right=[1]
        )
    )
    if value["confusion"] is not None:
        draw_classes(console, value)
    if value["worst"]:
        console.print()
        console.print(Text("the worst samples", style="bold"))
        rows = [
            [str(each["row"]), place(each), short(each["target"]), short(each["predicted"]), number(each["loss"])]
            for each in value["worst"]
        ]
        console.print(plain_table(["row", "place", "target", "predicted", "loss"], rows, right=[0, 4]))


def draw_classes(console: Console, value: Value) -> None:
    """The confusion matrix and the scores of each class."""
    classes, matrix = value["classes"], value["confusion"]
    console.print()
    if len(classes) <= WIDEST_CONFUSION:
        console.print(Text("rows: the true class; columns: what the model said", style="dim"))
        rows = [
            [name, *(str(count) if count else "·" if supports_unicode(console.file) else "." for count in row)]
            for name, row in zip(classes, matrix, strict=True)
        ]
        console.print(plain_table(["", *classes], rows, right=range(1, len(classes) + 1)))
        console.print()
    rows = [
        [name, number(each["precision"]), number(each["recall"]), number(each["f1"]), number(each["samples"])]
        for name, each in value["by_class"].items()
    ]
    console.print(plain_table(["class", "precision", "recall", "f1", "samples"], rows, right=[1, 2, 3, 4]))


def place(row: Value) -> str:
    """File and line of a sample."""
    name = os.path.basename(row["file"])  # noqa: PTH119
    return f"{name}:{row['line']}" if row["line"] else name


def short(value: Any) -> str:
    """A target or an answer in a cell."""
    return number(value) if isinstance(value, int | float) else str(value)[:40]


def draw_model(console: Console, value: Value) -> None:
    """The layers with their totals."""
    rows = [
        [
            f"{each['name']} ({each['class']})",
            shape(each["input_shape"]),
            shape(each["output_shape"]),
            f"{each['parameters']:,}",
            f"{each['macs']:,}",
            str(each["line"] or ""),
        ]
        for each in value["layers"]
    ]
    console.print(
        plain_table(["layer", "input", "output", "parameters", "multiply-adds", "line"], rows, right=[3, 4, 5])
    )
    console.print()
    frozen = value["parameters"] - value["trainable"]
    kept = f" ({value['trainable']:,} trainable)" if frozen else ""
    console.print(
        Text(
            f"{value['parameters']:,} parameters{kept}, {size(value['bytes'])}; {value['macs']:,} multiply-adds a sample"
        )
    )


def shape(value: Sequence[Any]) -> str:
    """A shape, or several."""
    if value and isinstance(value[0], list):
        return " + ".join(shape(each) for each in value)
    return (
        "(" + ", ".join("any" if axis is None else str(axis) for axis in value) + ("," if len(value) == 1 else "") + ")"
    )


def draw_data(console: Console, value: Value) -> None:
    """The tensors, the classes and the findings."""
    tensors = value["tensors"]
    rows = [
        [
            each["split"],
            each["role"],
            each["name"],
            shape(each["shape"]),
            " × ".join(each["axes"]) if supports_unicode(console.file) else " x ".join(each["axes"]),
            str(each["ndim"]),
            each["dtype"],
            size(each["bytes"]),
            spread(each),
            number(each["mean"]),
            str(each["missing"]),
        ]
        for each in tensors[:MOST_ROWS]
    ]
    columns = ["split", "role", "name", "shape", "axes", "ndim", "dtype", "bytes", "range", "mean", "missing"]
    while len(columns) > 7 and widths(columns, rows) > console.width:
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    console.print(plain_table(columns, rows, right={5, 7, 9, 10} & set(range(len(columns)))))
    if len(tensors) > MOST_ROWS:
        console.print(Text(f"… and {len(tensors) - MOST_ROWS} more; --json lists them all", style="dim"))
    for each in tensors:
        if each["classes"] and each["split"] in {"train", "all"}:
            console.print()
            console.print(Text(f"classes of '{each['name']}' in {each['split']}", style="bold"))
            console.print(bars(each["classes"], width=min(console.width, 76), unicode=supports_unicode(console.file)))
    console.print()
    if not value["findings"]:
        console.print(Text("no findings"))
    for each in value["findings"]:
        line(console, each["severity"], f"{each['finding']}: {each['evidence']}")
        if each["advice"]:
            line(console, "", each["advice"], style="cyan")


def widths(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """How wide a table is when nothing wraps."""
    return (
        sum(2 + max(len(columns[index]), *(len(row[index]) for row in rows)) for index in range(len(columns)))
        if rows
        else 0
    )


def spread(each: Value) -> str:
    """The range of a tensor."""
    return "–" if each["min"] is None else f"{number(whole(each['min']))} … {number(whole(each['max']))}"


def whole(value: float) -> float | int:
    """A whole number without decimals."""
    return int(value) if math.isfinite(value) and value == int(value) and abs(value) < 1e15 else value


def draw_runs(console: Console, value: Sequence[Value]) -> None:
    """A line for each run; metrics of the validation split where there is one."""
    if not value:
        console.print(Text("no runs"))
        return
    names = list(dict.fromkeys(name for row in value for name in measured(row)))
    rows = [
        [
            row["run"],
            row["status"],
            number(row["epochs"]),
            "–" if row["seconds"] is None else duration(row["seconds"]),
            *(number(measured(row).get(name)) for name in names),
            row["config"],
        ]
        for row in value
    ]
    columns = ["run", "status", "epochs", "time", *names, "config"]
    console.print(plain_table(columns, rows, right=range(2, len(columns) - 1)))


def measured(row: Value) -> dict[str, Any]:
    """The metrics that tell a run's worth, named by split."""
    metrics = row["metrics"]
    if "validation" in metrics:
        return {f"val_{name}": each for name, each in metrics["validation"].items()}
    return dict(metrics.get("train", {}))


def draw_names(console: Console, value: Mapping[str, Sequence[str]]) -> None:
    """Names in one column, so that they can be searched and piped."""
    for names in value.values():
        for name in names:
            console.print(Text(name))


def draw_thing(console: Console, value: Value) -> None:
    """What a thing takes, and how it is written."""
    console.print(Text.assemble((value["name"], "bold"), f" ({value['kind']})"))
    if value["summary"]:
        console.print(Text(value["summary"]))
    if value["refused"]:
        console.print(Text(f"not available in a configuration: {value['refused']}"))
    console.print()
    rows = [
        [
            each["name"],
            "required" if each["required"] else short_default(each["default"]),
            each["meaning"] or each["takes"] or "",
        ]
        for each in value["arguments"]
    ]
    if rows:
        console.print(plain_table(["argument", "default", "takes"], rows))
    else:
        console.print(Text("takes no arguments"))
    if value["example"]:
        console.print()
        console.print(Text(value["example"], style="cyan"))


def short_default(value: Any) -> str:
    """A default in a cell."""
    if value is None:
        return "none"
    text = str(value).lower() if isinstance(value, bool) else plain(value)
    return text if len(text) <= 40 else text[:39] + "…"
