"""How a WAV says its samples are written is read from its header, not from the words of an error."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.data.sources.folders.sound_files import longer_than_told, wave_format


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2)


def riff(*chunks: bytes) -> io.BytesIO:
    content = b"WAVE" + b"".join(chunks)
    return io.BytesIO(b"RIFF" + struct.pack("<I", len(content)) + content)


@pytest.mark.parametrize("number", [1, 3, 6, 0xFFFE])
def test_the_format_is_found_behind_other_chunks_of_any_length(number: int) -> None:
    form = chunk(b"fmt ", struct.pack("<HHIIHH", number, 1, 8000, 8000, 1, 8))
    assert wave_format(riff(form)) == number
    assert wave_format(riff(chunk(b"LIST", b"odd"), form)) == number


@pytest.mark.parametrize(
    "content", [riff(), riff(chunk(b"data", b"12")), riff(chunk(b"fmt ", b"")), riff(chunk(b"fmt ", b"\1"))]
)
def test_where_it_is_not_said_there_is_none(content: io.BytesIO) -> None:
    assert wave_format(content) is None


@pytest.mark.parametrize(
    ("behind", "length", "told"),
    [(0, None, False), (1, None, True), (40, None, True), (40, 0, False), (40, 0xFFFFFFFF, False)],
)
def test_a_wav_that_goes_on_behind_its_length_is_known(
    behind: int, length: int | None, told: bool, tmp_path: Path
) -> None:
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8))
    whole = bytearray(riff(form, chunk(b"data", bytes(800))).getvalue())
    if length is not None:
        whole[4:8] = struct.pack("<I", length)
    (tmp_path / "a.wav").write_bytes(bytes(whole) + b"x" * behind)
    assert longer_than_told(str(tmp_path / "a.wav")) is told


def test_sounds_with_more_bytes_than_their_headers_tell_are_said(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8))
    for number in range(12):
        path = tmp_path / "s" / "ab"[number % 2] / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        extra = b"x" * 30 if number in (3, 5) else b""
        path.write_bytes(riff(form, chunk(b"data", bytes([number + 100]) * 800)).getvalue() + extra)
    done = run_dlcli("inspect-data", "s", cwd=tmp_path)
    assert done.code == 0, done.err
    note = "2 sounds with more bytes than the header tells, not read (b/3.wav)"
    assert note in " ".join((done.out + done.err).split())
