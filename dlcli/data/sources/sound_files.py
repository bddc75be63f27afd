"""Sound files: what their headers say, and their samples at a rate."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

EXTRA = 'pip install "dlcli[audio]"'


@dataclass(frozen=True)
class Sound:
    """What a header says: samples a second, samples, channels; or what is wrong."""

    rate: int = 0
    frames: int = 0
    channels: int = 0
    fault: str | None = None
    hint: str | None = None


def header(file: str) -> Sound:
    """The header of one file."""
    try:
        size = Path(file).stat().st_size
        if not size:
            return Sound(fault="the file is empty")
        if is_plain_wave(file):
            with wave.open(file, "rb") as sound:
                held = sound.getnframes() * sound.getnchannels() * sound.getsampwidth()
                if held > size:
                    return Sound(fault=f"the file is cut short: it should hold {held:,} bytes of sound")
                found = Sound(sound.getframerate(), sound.getnframes(), sound.getnchannels())
        else:
            library = soundfile()
            if library is None:
                return Sound(fault="reading it needs the package soundfile", hint=EXTRA)
            about = library.info(file)
            found = Sound(int(about.samplerate), int(about.frames), int(about.channels))
    except Exception as error:  # what the libraries raise depends on the byte that is wrong
        return Sound(fault=f"no sound, or damaged: {(str(error).splitlines() or ['no reason given'])[0]}")
    return found if found.frames else Sound(fault="the file holds no sound")


def is_plain_wave(file: str) -> bool:
    """Whether a file is a WAV of whole numbers, which Python itself reads."""
    try:
        with wave.open(file, "rb") as sound:
            return sound.getsampwidth() in {1, 2, 3, 4}
    except (wave.Error, EOFError):
        return False


def soundfile() -> Any:
    """The library for all other files, or None."""
    try:
        import soundfile as library
    except (ImportError, OSError):
        return None
    return library


def samples_of(file: str, *, rate: int, channels: int) -> np.ndarray[Any, Any]:
    """The sound (time, channels) float32 from -1 to 1 at a rate. Raises `DataError` for what cannot be decoded."""
    import numpy as np

    try:
        if is_plain_wave(file):
            values, own = of_wave(file)
        else:
            library = soundfile()
            values, own = library.read(file, dtype="float32", always_2d=True)
    except Exception as error:
        raise DataError(f"it cannot be decoded: {(str(error).splitlines() or [''])[0]}", file=file) from None
    if values.shape[1] != channels:
        values = np.repeat(values.mean(axis=1, keepdims=True), channels, axis=1)
    return resampled(values, own, rate)


def of_wave(file: str) -> tuple[np.ndarray[Any, Any], int]:
    """The samples (time, channels) of a WAV of whole numbers, and its rate."""
    import numpy as np

    with wave.open(file, "rb") as sound:
        width, channels, rate = sound.getsampwidth(), sound.getnchannels(), sound.getframerate()
        content = sound.readframes(sound.getnframes())
    if width == 1:  # 8 bits alone have no sign
        values = (np.frombuffer(content, np.uint8).astype(np.float32) - 128) / 128
    elif width == 3:
        # 24 bits are the upper three bytes of 32.
        wide = np.zeros((len(content) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(content, np.uint8).reshape(-1, 3)
        values = (wide.view("<i4")[:, 0] / 2**31).astype(np.float32)
    else:
        values = (np.frombuffer(content, f"<i{width}") / 2 ** (8 * width - 1)).astype(np.float32)
    return values.reshape(-1, channels), rate


def resampled(values: np.ndarray[Any, Any], old: int, new: int) -> np.ndarray[Any, Any]:
    """A sound (time, channels) at another rate, by cutting or extending its spectrum: nothing above half a rate is left."""
    import numpy as np

    if old == new:
        return values
    length = max(1, round(len(values) * new / old))
    spectrum = np.fft.rfft(values, axis=0)
    kept = min(len(spectrum), length // 2 + 1)
    wide = np.zeros((length // 2 + 1, values.shape[1]), np.complex128)
    wide[:kept] = spectrum[:kept]
    sound: np.ndarray[Any, Any] = np.fft.irfft(wide, n=length, axis=0) * (length / len(values))
    return sound.astype(np.float32)
