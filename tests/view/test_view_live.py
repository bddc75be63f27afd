from __future__ import annotations

import contextlib
import io
import os
import re
import sys

import pytest
from rich.cells import cell_len
from rich.console import Console

from dlcli.view.console.console import FadingStream, make_console
from dlcli.view.console.tables import duration
from dlcli.view.run_again import loss_curves
from dlcli.view.training.live import EpochLine, LineView, Plan, SilentView, TerminalView, choose_view

SHOWN, HIDDEN = "\x1b[?25h", "\x1b[?25l"


def line(epoch: int, *, best: bool = True, epochs: int = 30, **metrics: float) -> EpochLine:
    return EpochLine(epoch, epochs, {"loss": 2 / epoch, **metrics}, {"loss": 2.5 / epoch, **metrics}, 1e-3, 0.4, best)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def terminal(width: int = 80, height: int = 24) -> Console:
    return Console(file=io.StringIO(), width=width, height=height, force_terminal=True, markup=False, highlight=False)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def first_screen(console: Console) -> list[str]:
    """The lines that stay on a terminal, without what was drawn on its second screen."""
    text = re.sub(r"\x1b\[\?1049h.*?\x1b\[\?1049l", "", written(console), flags=re.DOTALL)
    return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", text).splitlines()


def test_one_line_an_epoch():
    console = make_console(stderr=True, file=io.StringIO())
    with contextlib.closing(LineView(console)) as view:
        view.start(Plan("digits", 30, 10, 320))
        view.step(1, 0.5)
        view.epoch(
            EpochLine(3, 30, {"loss": 0.312, "accuracy": 0.9134}, {"loss": 0.2871, "accuracy": 0.9259}, 1e-3, 0.4, True)
        )
        view.epoch(EpochLine(12, 30, {"loss": 12.34}, {}, None, 75.0, False))
        view.note("[/b] \x1b[31mnote")

    assert written(console).split("\n") == [
        "epoch  3/30  loss 0.3120  accuracy 0.9134  val_loss 0.2871  val_accuracy 0.9259  0.4 s  *",
        "epoch 12/30  loss 12.34   1 min 15 s",
        "[/b] ?[31mnote",
        "",
    ]


def test_lines_have_no_control_characters_even_where_colour_is_forced(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    console = make_console(stderr=True, file=io.StringIO())
    view = choose_view(console, quiet=False)
    assert isinstance(view, LineView)
    with contextlib.closing(view):
        view.start(Plan("digits", 30, 10, 320))
        view.epoch(line(1, **{"[/b]": 1.0}))
    text = console.file.stream.getvalue()
    assert "\x1b" not in text
    assert "[/b]" in text


@pytest.mark.parametrize(
    ("console", "quiet", "kind"),
    [
        (Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "xterm"}), False, TerminalView),
        (Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "xterm"}), True, SilentView),
        (Console(file=io.StringIO(), quiet=True), False, SilentView),
        (Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"}), False, LineView),
        (Console(file=io.StringIO(), _environ={}), False, LineView),
    ],
)
def test_the_view_fits_the_console(console, quiet, kind):
    assert type(choose_view(console, quiet=quiet)) is kind


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (60, 24), (60, 9), (40, 6), (80, 3)])
@pytest.mark.parametrize("count", [0, 1, 2, 30, 300])
def test_the_picture_keeps_within_the_terminal(width, height, count):
    view = TerminalView(terminal(width, height))
    view.start(Plan("[/b] run", 300, 10, 320))
    view.step(3, 0.5)
    for epoch in range(1, count + 1):
        view.epoch(line(epoch, epochs=300, accuracy=0.5, top_k=0.9, 정확도=0.4))
    lines = view._picture().plain.split("\n")
    assert len(lines) <= height - 1
    assert max(map(cell_len, lines)) <= width
    view.close()
    lines = first_screen(view.console)
    assert max([0, *map(cell_len, lines)]) <= width
    assert sum(line.split()[:1] == [str(count)] or line.split()[:2] == ["*", str(count)] for line in lines) == (
        count > 0
    )


def test_bars_show_epoch_run_time_left_and_samples_per_second():
    clock = Clock()
    view = TerminalView(terminal(), clock=clock)
    view.start(Plan("digits", 4, 10, 320))
    for step in range(1, 6):
        view.step(step, 0.25)
        clock.now += 1.0
    view.step(6, 0.25)

    assert view._picture().plain.split("\n")[:3] == [
        "digits",
        "epoch 1/4  ━━━━━━━━━━━━━━━━━━━━─────────────  6/10  loss 0.2500",
        "run 15 %   ━━━━━────────────────────────────  34 s left  32 samples/s",
    ]
    view.close()


def test_the_table_marks_the_best_epoch_and_leaves_columns_out_from_the_right():
    view = TerminalView(terminal(60))
    view.start(Plan("digits", 30, 10, 320))
    for epoch in range(1, 21):
        view.epoch(line(epoch, best=epoch <= 3, accuracy=0.5, top_k=0.9))

    lines = view._picture().plain.split("\n")
    assert lines[0] == "digits  best val_loss 0.8333 at epoch 3"
    assert lines[3].startswith("elapsed ")
    assert lines[3].endswith("B  learning rate 0.001")
    assert lines[5] == "epoch       loss   val loss   accuracy  val accuracy"
    assert [each[:5] for each in lines[7:11]] == ["  * 3", "   17", "   18", "   19"]
    view.close()


def test_redrawn_at_most_every_tenth_of_a_second():
    clock, console = Clock(), terminal()
    view = TerminalView(console, clock=clock)
    view.start(Plan("digits", 4, 1000, 320))
    begun = len(written(console))
    for step in range(1, 100):
        clock.now += 0.0009
        view.step(step, 0.25)
    assert len(written(console)) == begun
    clock.now += 0.02
    view.step(100, 0.25)
    assert len(written(console)) > begun
    view.close()


def test_the_end_of_an_epoch_is_drawn_at_once():
    console = terminal()
    view = TerminalView(console, clock=Clock())
    view.start(Plan("digits", 4, 10, 320))
    view.epoch(line(1))
    assert "best val_loss 2.500 at epoch 1" in written(console)
    view.close()


def test_the_cursor_comes_back_after_an_error():
    console = terminal()
    with contextlib.suppress(RuntimeError), contextlib.closing(TerminalView(console)) as view:
        view.start(Plan("digits", 4, 10, 320))
        view.epoch(line(1))
        raise RuntimeError
    text = written(console)
    assert text.rindex(SHOWN) > text.rindex(HIDDEN)


def test_closed_it_leaves_table_and_curve_without_bars_and_closes_once():
    console = terminal()
    view = TerminalView(console)
    view.start(Plan("digits", 2, 10, 320))
    for epoch in (1, 2):
        view.epoch(line(epoch, epochs=2))
    view.close()
    text = written(console)
    view.close()
    assert written(console) == text
    final = first_screen(console)
    assert final[0].split() == ["epoch", "loss", "val", "loss", "time", "rate"]
    assert [line.split()[:2] for line in final[2:4]] == [["*", "1"], ["*", "2"]]
    assert "train loss" in final[5]
    assert "▲ best epoch 2" in final[5]
    assert not any("run" in each or "digits" in each for each in final)


def test_a_resumed_run_goes_on_with_its_epochs():
    view = TerminalView(terminal())
    view.start(Plan("digits", 30, 10, 320, earlier=[line(1), line(2)]))
    text = view._picture().plain
    assert "epoch 3/30" in text
    assert "validation loss" in text
    view.close()


def test_a_vanished_terminal_does_not_end_the_training():
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as pipe:
        console = Console(file=FadingStream(pipe), width=80, height=24, force_terminal=True)
        with contextlib.closing(TerminalView(console)) as view:
            view.start(Plan("digits", 3, 10, 320))
            os.close(reader)
            for epoch in (1, 2, 3):
                view.step(10, 1.0)
                view.epoch(line(epoch))
            view.note("x")
        assert console.file.gone is True


def test_ascii_terminals_get_ascii():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    console = Console(
        file=stream, width=80, height=24, force_terminal=True, _environ={"NO_COLOR": "1", "TERM": "xterm"}
    )
    with contextlib.closing(TerminalView(console)) as view:
        view.start(Plan("digits", 3, 10, 320))
        for epoch in (1, 2, 3):
            view.epoch(line(epoch))
    assert b"*** train loss" in stream.buffer.getvalue()


def test_a_diverged_loss_is_shown():
    view = TerminalView(terminal())
    view.start(Plan("digits", 3, 10, 320))
    for epoch, loss in ((1, 1.0), (2, float("inf")), (3, float("nan"))):
        view.epoch(EpochLine(epoch, 3, {"loss": loss}, {"loss": loss}, None, 0.4, epoch == 1))
    text = view._picture().plain
    assert "inf" in text
    assert "nan" in text
    view.close()


def test_silence_is_silent(capsys):
    with contextlib.redirect_stderr(io.StringIO()) as error, contextlib.closing(SilentView()) as view:
        view.start(Plan("digits", 3, 10, 320))
        view.step(1, 1.0)
        view.epoch(line(1))
        view.note("x")
    assert (capsys.readouterr().out, error.getvalue()) == ("", "")


def test_the_time_left_is_that_of_the_last_five_epochs():
    view = TerminalView(terminal())
    seconds = [1000.0, *[100.0] * 20, 10.0, 20.0, 30.0, 40.0, 50.0]
    earlier = [
        EpochLine(epoch, 36, {"loss": 1.0}, {}, None, took, False) for epoch, took in enumerate(seconds, start=1)
    ]
    for count, left in ((26, 10 * 30.0), (25, 11 * 40.0), (2, 34 * 100.0), (1, 35 * 1000.0)):
        view.start(Plan("digits", 36, 10, 320, earlier=earlier[:count]))
        assert f"  {duration(left)} left" in view._picture().plain
        view.close()


@pytest.mark.parametrize(
    ("lines", "rows", "curve"),
    [
        (12, 10, 0), (13, 3, 7), (14, 3, 8), (15, 4, 8), (24, 7, 14), (38, 11, 18), (39, 12, 18), (100, 12, 18),
        (14 + 25, 12, 18), (2, 0, 0), (3, 1, 0), (11, 9, 0),
    ],
)  # fmt: skip
def test_table_and_curve_share_the_lines_of_the_terminal(lines, rows, curve):
    from dlcli.view.training.terminal import room

    assert room(lines) == (rows, curve)


@pytest.mark.parametrize(("width", "bar"), [(80, 80 - 9 - 4 - 34), (50, 4), (52, 5)])
def test_a_bar_takes_what_the_figures_leave(width, bar):
    view = TerminalView(terminal(width), clock=Clock())
    view.start(Plan("digits", 4, 10, 320))
    second = view._picture().plain.split("\n")[1]
    assert second.startswith("epoch 1/4  " + "─" * bar + "  0/10")
    view.close()


@pytest.mark.parametrize(("took", "pause"), [(0.0, 0.1), (0.0005, 0.1), (0.0011, 0.11), (0.5, 50.0)])
def test_drawing_takes_at_most_a_hundredth_of_the_time(took, pause, monkeypatch):
    clock = Clock()
    view = TerminalView(terminal(), clock=clock)
    view.start(Plan("digits", 4, 10, 320))
    monkeypatch.setattr(view._screen, "show", lambda *_: setattr(clock, "now", clock.now + took))
    view._redraw()
    assert view._pause == pytest.approx(pause)
    view.close()


PLAN = Plan(
    "digits", 9, 10, 320, "val_loss", splits={"train": 1257, "validation": 270}, parameters=4810,
    device="CPU", engine="resident (all steps in one loop)",
)  # fmt: skip
HEADLINE = "digits: 4,810 parameters on 1,257 train, 270 validation samples on CPU"
MARKS = "* marks an epoch that is the best so far, by val_loss"


@pytest.mark.parametrize("verbose", [False, True])
def test_the_first_line_says_what_is_trained_on_what(verbose):
    engine = ["engine: resident (all steps in one loop)"] if verbose else []
    lines = make_console(stderr=True, file=io.StringIO())
    LineView(lines, verbose=verbose).start(PLAN)
    assert written(lines).splitlines() == [HEADLINE, *engine, MARKS]
    console = terminal(100)
    with contextlib.closing(TerminalView(console, verbose=verbose)) as view:
        view.start(PLAN)
    assert first_screen(console) == [HEADLINE, *engine, MARKS]


def test_every_epoch_and_note_stays_in_its_order():
    clock, console = Clock(), terminal()
    view = TerminalView(console, clock=clock)
    view.start(Plan("digits", 30, 10, 320))
    for epoch in range(1, 31):
        clock.now += 0.3
        view.epoch(line(epoch, best=epoch < 5))
        if epoch == 7:
            view.note("note: no checkpoint")
    assert len(first_screen(console)) > 20, "lines wait a second at most"
    view.close()
    lines = first_screen(console)
    assert lines[9] == "note: no checkpoint"
    numbers = [each.replace("*", "").split()[0] for each in [*lines[2:9], *lines[10:33]]]
    assert numbers == [str(epoch) for epoch in range(1, 31)]
    assert [each.lstrip().startswith("*") for each in lines[2:8]] == [True] * 4 + [False] * 2


def test_another_width_writes_the_heads_again():
    clock, console = Clock(), terminal(100)
    view = TerminalView(console, clock=clock)
    view.start(Plan("digits", 30, 10, 320))
    view.epoch(line(1, accuracy=0.5))
    console.width = 60
    view.epoch(line(2, accuracy=0.5))
    view.epoch(line(3, accuracy=0.5))
    view.close()
    heads = [each for each in first_screen(console) if each.startswith("epoch")]
    assert [each.split()[-1] for each in heads] == ["rate", "accuracy"]


def test_what_is_printed_meanwhile_stays_too(monkeypatch):
    console, stream = terminal(), io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdout", stream)
    view = TerminalView(console)
    view.start(Plan("digits", 30, 10, 320))
    print("a callback says: hello")
    print("and then", end="")
    assert sys.stdout.encoding == "utf-8"
    assert sys.stdout.newlines is None
    view.epoch(line(1))
    view.close()
    print("after")
    assert first_screen(console)[0] == "a callback says: hello"
    assert first_screen(console)[-1] == "and then"
    assert stream.getvalue() == "after\n"


def test_the_scale_of_the_curve_stays_as_it_began():
    view = TerminalView(terminal())
    view.start(Plan("digits", 300, 10, 320))
    for epoch in range(1, 200):
        view.epoch(line(epoch))
        if epoch > 1:
            assert "(logarithmic)" in view._picture().plain
    view.epoch(EpochLine(200, 300, {"loss": -1.0}, {"loss": 1.0}, None, 0.4, False))
    assert "(logarithmic)" not in view._picture().plain
    view.epoch(line(201))
    assert "(logarithmic)" not in view._picture().plain
    view.close()


@pytest.mark.parametrize("least", [0.5, 1e-9, 0.0, -0.5])
def test_a_run_is_shown_again_on_the_axis_on_which_it_was_drawn(least: float) -> None:
    losses = [0.9, 0.8, least, 0.7]
    console = terminal()
    view = TerminalView(console)
    view.start(Plan("digits", len(losses), 10, 320))
    for epoch, loss in enumerate(losses, 1):
        view.epoch(EpochLine(epoch, len(losses), {"loss": loss}, {"loss": 1.0}, None, 0.4, False))
    drawn = view._picture().plain
    view.close()
    again = loss_curves(
        {"a": [{"train": {"loss": loss}, "validation": {"loss": 1.0}} for loss in losses]}, console=console
    )
    assert ("(logarithmic)" in drawn) is ("(logarithmic)" in again.plain) is (least > 0)


@pytest.mark.parametrize(
    ("variables", "kind"),
    [({"TERM": "xterm"}, TerminalView), ({"TERM": "linux"}, LineView), ({"TERM": "screen", "STY": "1"}, LineView)],
)
def test_a_terminal_of_one_screen_gets_lines(variables, kind, monkeypatch):
    for name in ("TERM", "STY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    console = Console(file=io.StringIO(), force_terminal=True)
    assert type(choose_view(console, quiet=False)) is kind


def test_json_lines_on_the_same_terminal_are_not_hidden():
    console = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "xterm"})
    assert isinstance(choose_view(console, quiet=False, alone=False), LineView)


def test_only_lines_that_changed_are_drawn_again():
    console = terminal()
    view = TerminalView(console, clock=Clock())
    view.start(PLAN)
    view.step(1, 0.5)
    view._redraw()
    before = len(written(console))
    view._redraw()
    assert "\x1b[2K" not in written(console)[before:]
    view.close()
