from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from rich.text import Text

from dlcli.view.console.console import FadingStream, make_console, printable, supports_unicode

FULL = Path("/dev/full")


def ascii_stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)


def test_data_is_never_markup_emoji_code_or_highlighted(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    file = io.StringIO()

    make_console(stderr=True, file=file).print("[/b] :smile: 12 [red]x")

    assert file.getvalue() == "[/b] :smile: 12 [red]x\n"


def test_an_ascii_stream_gets_lookalikes_as_wide_as_the_original():
    stream = ascii_stream()

    make_console(stderr=True, file=stream).print(Text("┌─│█ 한글 … 😀 –"))

    assert stream.buffer.getvalue() == b"+-|# ???? ~ ?? -\n"


def test_without_the_console_the_same_stream_raises():
    with pytest.raises(UnicodeEncodeError):
        ascii_stream().write("┌")


@pytest.mark.parametrize(
    ("encoding", "carries"), [("utf-8", True), ("utf-16", True), ("ascii", False), ("cp949", False), ("latin-1", False)]
)
def test_unicode_is_supported_where_the_encoding_carries_the_drawing(encoding, carries):
    assert supports_unicode(io.TextIOWrapper(io.BytesIO(), encoding=encoding)) is carries


def test_a_stream_without_encoding_supports_unicode():
    assert supports_unicode(io.StringIO()) is True


def test_redirected_lines_are_not_wrapped():
    file = io.StringIO()
    make_console(stderr=False, file=file).print("word " * 60)
    assert file.getvalue().count("\n") == 1


def test_forced_colour_does_not_make_a_pipe_a_terminal_that_is_redrawn(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    console = make_console(stderr=True, file=io.StringIO())
    assert (console.is_terminal, console.is_interactive) == (True, False)


def test_quiet_says_nothing():
    file = io.StringIO()
    make_console(stderr=True, file=file, quiet=True).print("x")
    assert file.getvalue() == ""


def test_printable_text_cannot_control_the_terminal():
    assert printable("a\x1b[31mb\x07\x9b한\u202ec\nd\te") == "a?[31mb??한?c d e"


def test_a_full_device_silences_the_stream_and_not_the_program():
    with FULL.open("w") as full:
        stream = FadingStream(full)
        stream.write("x")
        stream.flush()
        assert stream.gone is True
        assert stream.full is not None
        assert stream.write("more") == 4


def test_without_the_fading_stream_a_full_device_raises():
    full = FULL.open("w")
    full.write("x")
    with pytest.raises(OSError, match="No space left"):
        full.flush()
    with pytest.raises(OSError, match="No space left"):
        full.close()


def test_a_pipe_whose_reader_left_silences_the_stream():
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as pipe:
        console = make_console(stderr=True, file=FadingStream(pipe))
        console.print("read")
        assert os.read(reader, 100) == b"read\n"
        os.close(reader)
        console.print("x")
        console.print("y")
        assert console.file.gone is True


def test_a_closed_stream_is_silent_and_no_terminal():
    file = io.StringIO()
    file.close()
    stream = FadingStream(file)
    assert stream.isatty() is False
    stream.write("x")
    assert stream.gone is True


def test_a_terminal_that_closed_silences_the_stream():
    control, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as screen:
        stream = FadingStream(screen)
        assert stream.isatty() is True
        os.close(control)
        stream.write("x")
        stream.flush()
        assert (stream.gone, stream.isatty()) == (True, False)


def test_characters_an_encoding_lacks_do_not_silence_the_stream():
    inner = ascii_stream()
    stream = FadingStream(inner)
    stream.write("가 \udc80\n")
    assert (stream.gone, inner.buffer.getvalue()) == (False, b"?? ?\n")


PROGRAM = """
import sys
from dlcli.view.console.console import FadingStream
stream = FadingStream(sys.{name})
stream.write("x" * 100000)
stream.flush()
sys.exit(3 if stream.gone else 4)
"""


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_the_exit_code_survives_a_full_device(name):
    with FULL.open("w") as full:
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, name: full}
        done = subprocess.run([sys.executable, "-c", PROGRAM.format(name=name)], **streams, check=False)
    assert done.returncode == 3


def test_the_light_modules_load_nothing_heavy():
    program = (
        "import sys, dlcli.view.console.console, dlcli.view.problems, dlcli.view.console.tables;"
        "print([m for m in ('numpy', 'matplotlib', 'pandas', 'rich.live', 'rich.progress', 'rich.markdown', 'keras',"
        " 'asyncio', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_marks_that_turn_the_direction_of_writing_are_not_written() -> None:
    from dlcli.view.console.console import visible

    turning = [code for code in range(0x2000, 0x2100) if visible(chr(code)) == "?"]
    assert turning == [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]


@pytest.mark.parametrize(
    ("term", "size", "told"),
    [
        ("dumb", (132, 50), (132, 50)),
        ("unknown", (0, 50), (None, 50)),
        ("dumb", (132, 0), (132, None)),
        ("xterm", (132, 50), (None, None)),
    ],
)
def test_a_dumb_terminal_is_as_wide_as_the_system_says(
    term: str,
    size: tuple[int, int],
    told: tuple[int | None, int | None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    from dlcli.view.console.console import size_of_dumb_terminal

    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr("os.get_terminal_size", lambda _: os.terminal_size(size))
    with (tmp_path / "f").open("w") as stream:
        assert size_of_dumb_terminal(stream) == told
