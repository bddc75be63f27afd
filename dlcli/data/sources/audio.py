"""The source `audio`: sounds in a folder by class, or named by a table; each is read when it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from dlcli.data.fields import Fields
from dlcli.data.lazy import Lazy
from dlcli.data.schema import Schema
from dlcli.data.sources.folders import listed
from dlcli.data.sources.image_files import threads
from dlcli.data.sources.sound_files import Sound, header, samples_of
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.errors import DataError
from dlcli.spec import DataPath

if TYPE_CHECKING:
    import numpy as np

SUFFIXES = (".wav", ".flac", ".ogg")
MOST_LISTED = 10


class Audio(SourceBlock):
    """Sounds: a folder with one folder a class, or a table with a column of paths; WAV, and FLAC and OGG with the extra."""

    word: ClassVar[str] = "audio"
    inside: ClassVar[tuple[str, ...]] = SUFFIXES

    path: DataPath
    """The folder, or the table."""
    rate: Annotated[int, Field(ge=100, le=768_000)] | None = None
    """Samples a second to which all are brought; by default the rate that all have."""
    seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None
    """How long every sound is: longer ones are cut, shorter ones end in silence; by default the length that all have."""
    channels: Literal[1, 2] | None = None
    """1 mixes down to one channel; by default as many as all have."""
    column: str | None = None
    """The column of paths in a table; by default the first that holds names of sounds."""
    follow_links: bool = False
    """Whether links to other folders are followed."""

    def read(self, reading: Reading) -> Fields:
        """Sounds as a lazy field `audio` (samples, time, channels) of 32 bits from -1 to 1, with their labels.

        Raises `DataError` with all files that cannot be read, and for sounds of several rates, lengths or channels.
        """
        listing = listed(self.path, SUFFIXES, column=self.column, follow_links=self.follow_links, reading=reading)
        with ThreadPoolExecutor(threads(), "scan") as pool:
            sounds = list(pool.map(header, listing.files, chunksize=64))
        check_all(sounds, listing.files)
        rate = self.rate or common([each.rate for each in sounds], listing.files, "rates in Hz", "rate: {}")
        channels = self.channels or common([each.channels for each in sounds], listing.files, "channels", "channels: 1")
        if self.seconds is None:
            lengths = [round(each.frames * rate / each.rate) for each in sounds]
            length = common(lengths, listing.files, "lengths in samples", f"seconds: {max(lengths) / rate:.3g}")
        else:
            length = max(1, round(self.seconds * rate))
        sound = Sounds(listing.files, rate, length, channels)
        return listing.fields("audio", sound, ("samples", "time", "channels"))

    def input_names(self) -> list[str] | None:
        return ["audio"]

    def elsewhere(self, kind: type[SourceBlock], changes: Mapping[str, Any], schema: Schema) -> SourceBlock:
        length, channels = next(each.shape for each in schema.inputs if (each.array or each.name) == "audio")
        rate = self.rate
        if rate is None:
            listing = listed(self.path, SUFFIXES, column=self.column, follow_links=self.follow_links, reading=Reading())
            rate = header(listing.files[0]).rate
        return self.model_copy(
            update={"path": changes["path"], "rate": rate, "seconds": length / rate, "channels": channels}
        )


def check_all(sounds: Sequence[Sound], files: Sequence[str]) -> None:
    """Raises `DataError` with every file that cannot be read."""
    bad = [row for row, each in enumerate(sounds) if each.fault is not None]
    if bad:
        shown = "\n".join(f"{files[row]}: {sounds[row].fault}" for row in bad[:MOST_LISTED])
        more = f"\n… and {len(bad) - MOST_LISTED} more" if len(bad) > MOST_LISTED else ""
        raise DataError(
            f"{len(bad)} of {len(sounds)} sounds cannot be read:\n{shown}{more}",
            file=files[bad[0]],
            hint=next((sounds[row].hint for row in bad if sounds[row].hint), None) or "remove them",
        )


def common(values: Sequence[int], files: Sequence[str], what: str, write: str) -> int:
    """The value that all sounds have. Raises `DataError` where they differ."""
    counts = Counter(values)
    (most, _), *others = counts.most_common()
    if others:
        shown = ", ".join(f"{value} ({count})" for value, count in counts.most_common(4))
        odd = next(row for row, value in enumerate(values) if value != most)
        raise DataError(
            f"the sounds have {len(counts)} {what}: {shown}",
            file=files[odd],
            hint=f"write audio: {{…, {write.format(most)}}} to bring all to one",
        )
    return most


class Sounds(Lazy):
    """Sounds that are decoded when they are asked for: (samples, time, channels) from -1 to 1."""

    def __init__(self, files: Sequence[str], rate: int, length: int, channels: int) -> None:
        super().__init__((len(files), length, channels), "float32")
        self.files, self.rate = files, rate

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        length, channels = self.shape[1:]
        found = np.zeros((len(rows), length, channels), np.float32)

        def read(position: int) -> None:
            sound = samples_of(self.files[rows[position]], rate=self.rate, channels=channels)[:length]
            found[position, : len(sound)] = sound

        with ThreadPoolExecutor(threads(), "decode") as pool:
            for _ in pool.map(read, range(len(rows))):
                pass
        return found
