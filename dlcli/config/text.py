"""From the bytes of a configuration to its text: bounded in size, UTF-8, without characters that YAML refuses."""

from __future__ import annotations

import errno
import re
from pathlib import Path

from dlcli.errors import ConfigError, Problem
from dlcli.first_line import first_line

MOST_BYTES = 2_000_000
LINE_END = re.compile(r"\r\n|\r|\n")
WIDE = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""The byte order marks of other encodings; the longer ones first, because they begin like the shorter."""


def configuration_bytes(path: Path, *, named: bool = False) -> bytes:
    """The bytes of a file, at most one more than a configuration may have: a device has no end. Raises `OSError`.

    A file that is `named` in another may not be a FIFO, which would be waited for; on the command line one is meant.
    """
    try:
        if named and path.is_fifo():
            raise OSError(errno.EINVAL, "it is a FIFO and no file")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except ValueError as error:
        raise OSError(0, first_line(error)) from None


def decode(content: bytes, *, file: str) -> str:
    """The text of a UTF-8 file, with or without BOM. Raises `ConfigError` at the byte that is none of it."""
    if len(content) > MOST_BYTES:
        raise ConfigError(
            [
                Problem(
                    f"the file is too large: a configuration has at most {MOST_BYTES:,} bytes",
                    file,
                    kind="file_too_large",
                )
            ]
        )
    found = encoding_of(content)
    if found is not None:
        message = f"the file is {found.removesuffix('LE').removesuffix('BE')}, expected UTF-8"
        raise ConfigError(
            [Problem(message, file, 1, 1, see=f"iconv -f {found} -t UTF-8 {file}", kind="wrong_encoding")]
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The codec counts from behind the BOM, which is no character of the first line either.
        body, start = error.object, error.start
        before = LINE_END.split(body[:start].decode())
        problem = Problem(
            f"byte 0x{body[start]:02x} is not UTF-8",
            file,
            len(before),
            len(before[-1]) + 1,
            text=LINE_END.split(body.decode("utf-8", "replace"))[len(before) - 1],
            see=f"iconv -f CP949 -t UTF-8 {file}   (Korean Windows; or another encoding)",
            kind="wrong_encoding",
        )
        raise ConfigError([problem]) from None
    for position, character in enumerate(text):
        if unprintable(character):
            before = LINE_END.split(text[:position])
            line = before[-1] + LINE_END.split(text[position:], maxsplit=1)[0]
            shown = "".join("�" if unprintable(each) else each for each in line)
            message = f"the character U+{ord(character):04X} may not stand in a text file"
            raise ConfigError(
                [Problem(message, file, len(before), len(before[-1]) + 1, text=shown, kind="forbidden_character")]
            )
    return text


def encoding_of(content: bytes) -> str | None:
    """The encoding with wide characters that the first bytes tell, or None."""
    for mark, name in WIDE.items():
        if content.startswith(mark):
            return name
    # Without a mark: the first character of a configuration is ASCII, and half of its two bytes is zero.
    first = content[:2]
    if len(first) == 2 and (first[0] == 0) != (first[1] == 0) and len(content) % 2 == 0:
        return "UTF-16BE" if first[0] == 0 else "UTF-16LE"
    return None


def unprintable(character: str) -> bool:
    """Whether YAML refuses the character anywhere in a file."""
    return (
        (character < " " and character not in "\t\n\r")
        or character in "\x7f\ufffe\uffff"
        or ("\x80" <= character < "\xa0" and character != "\x85")
    )
