"""How a WAV says its samples are written is read from its header, not from the words of an error."""

from __future__ import annotations

import io
import struct

import pytest

from dlcli.data.sources.folders.sound_files import wave_format


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
