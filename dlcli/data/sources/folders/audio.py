"""The source `audio`: a sound file each, decoded when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Lazy
from dlcli.data.schema import InputSchema
from dlcli.data.sources.folders.file_source import FileSource
from dlcli.data.sources.folders.listing import Listing, NoLibrary, Unreadable
from dlcli.data.sources.folders.parallel import fill_in_parallel, in_parallel
from dlcli.data.sources.folders.sound_files import RATES, decoded_sound, length_at, sound_header
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError
from dlcli.extras import installing

if TYPE_CHECKING:
    import numpy as np

AXES = ("samples", "time", "channels")


class Audio(FileSource):
    """Sounds: a folder with one sub-folder a class, or a table with a column of paths. FLAC and OGG need an extra."""

    word: ClassVar[str] = "audio"
    example: ClassVar[str] = "{audio: {path: sounds/, rate: 16000, seconds: 1}}"
    name: ClassVar[str] = "audio"
    inside: ClassVar[tuple[str, ...]] = (".wav", ".flac", ".ogg")

    rate: Annotated[int, Field(ge=RATES[0], le=RATES[-1])] | None = None
    """Samples a second that all are resampled to; by default the rate that all have."""
    seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None
    """How long each is: longer ones are cut, shorter ones end in silence; by default the length that all have."""
    channels: Literal[1, 2] | None = None
    """1 is the mean of all channels; by default as many as all have."""

    @classmethod
    def write_example(cls, file: Path, number: int) -> None:
        import wave

        with wave.open(str(file), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(number.to_bytes(2, "little") * 100)

    def read(self, reading: Reading) -> Fields:
        """The sounds as a lazy field `audio` (samples, time, channels) of float32 from -1 to 1.

        Raises `DataError` with all files that cannot be read, and for several rates, lengths or numbers of channels.
        """
        listing = self.listing(reading)
        found = scan_sounds(listing, channels=self.channels)
        rate = self.rate or the_only(found.rates, listing, "rates in Hz", "rate: {}")
        channels = self.channels or the_only(found.channels, listing, "numbers of channels", "channels: 1")
        lengths = found.lengths(rate)
        if self.seconds is None:
            length = the_only_length(lengths, rate, listing)
        else:
            length = max(1, round(self.seconds * rate))
        listing.notes.extend(found.notes(rate, lengths, length))
        return listing.fields(self.name, AudioField(listing.files, rate, length, channels), AXES)

    def as_in(self, schema: InputSchema) -> dict[str, Any]:
        length, channels = schema.shape
        # The schema knows no rate; where the configuration names none, that of the training files is the one.
        rate = self.rate or scan_one(self.listing(Reading()))
        return {"rate": rate, "seconds": length / rate, "channels": channels if channels <= 2 else None}


@dataclass
class Scan:
    """What the headers of all sounds say: rates, samples and channels, each (samples,)."""

    rates: np.ndarray[Any, Any]
    frames: np.ndarray[Any, Any]
    channels: np.ndarray[Any, Any]
    misnamed: list[str]
    overlong: list[str] = field(default_factory=list)
    """Those that go on behind what their header tells."""

    def lengths(self, rate: int) -> np.ndarray[Any, Any]:
        """How many samples each sound has at a rate: (sounds,)."""
        lengths: np.ndarray[Any, Any] = length_at(self.frames, self.rates, rate)  # type: ignore[arg-type, assignment]
        return lengths

    def notes(self, rate: int, lengths: np.ndarray[Any, Any], length: int) -> list[str]:
        """What is changed about the sounds when they are read, in words."""
        others, longer, shorter = (
            int((self.rates != rate).sum()),
            int((lengths > length).sum()),
            int((lengths < length).sum()),
        )
        said = [
            (others, f"of another rate, resampled to {rate} Hz"),
            (longer, f"longer than {length / rate:g} s, cut there"),
            (shorter, f"shorter than {length / rate:g} s, with silence at the end"),
            (len(self.misnamed), f"of another format than the name says ({', '.join(self.misnamed[:1])})"),
            (len(self.overlong), f"with more bytes than the header tells, not read ({', '.join(self.overlong[:1])})"),
        ]
        return [f"{count} {'sound' if count == 1 else 'sounds'} {words}" for count, words in said if count]


def scan_sounds(listing: Listing, *, channels: int | None) -> Scan:
    """Looks at the header of every file. Raises `DataError` with all that cannot be read as so many channels."""
    import numpy as np

    facts = np.zeros((3, len(listing.files)), np.int64)
    faults: dict[int, str] = {}
    misnamed: list[str] = []
    overlong: list[str] = []
    missing = False
    for row, seen in enumerate(in_parallel(sound_header, listing.files)):
        if isinstance(seen, Unreadable):
            faults[row], missing = str(seen), missing or isinstance(seen, NoLibrary)
        elif channels == 2 and seen.channels > 2:
            faults[row] = f"{seen.channels} channels, which cannot become 2"
        else:
            facts[:, row] = seen[:3]
            misnamed += [listing.named(row)] * seen.misnamed
            overlong += [listing.named(row)] * seen.longer
    if faults:
        hint = installing("audio") if missing else "mend or remove them"
        head = f"{len(faults)} of {len(listing.files)} sounds cannot be read:"
        raise listing.unreadable(head, faults, hint=hint, kind="missing_package" if missing else "unreadable_file")
    rates, frames, number = facts
    return Scan(rates, frames, number, misnamed, overlong)


def scan_one(listing: Listing) -> int:
    """The rate of the first file. Raises `DataError` where that cannot be read."""
    seen = sound_header(listing.files[0])
    if isinstance(seen, Unreadable):
        hint = "write the rate of the training: audio: {…, rate: 16000}"
        raise DataError(f"its rate is not known: {seen}", file=listing.files[0], hint=hint, kind="unknown_rate")
    return seen.rate


def the_only(values: np.ndarray[Any, Any], listing: Listing, what: str, write: str) -> int:
    """The one value of `values` (sounds,) that all sounds have. Raises `DataError` where they differ, with the commonest."""
    import numpy as np

    different, first, counts = np.unique(values, return_index=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    if len(different) > 1:
        shown = ", ".join(f"{different[each]} ({counts[each]})" for each in order[:5]) + (
            ", …" if len(different) > 5 else ""
        )
        raise DataError(
            f"the sounds have {len(different)} {what}: {shown}",
            file=listing.files[first[order[1]]],
            hint=f"write audio: {{…, {write.format(different[order[0]])}}} to bring all to one",
            kind="sounds_differ",
        )
    return int(different[0])


def the_only_length(lengths: np.ndarray[Any, Any], rate: int, listing: Listing) -> int:
    """The one length of `lengths` (sounds,) that all sounds have.

    Raises `DataError` where they differ, with the shortest and the longest.
    """
    import numpy as np

    different = len(np.unique(lengths))
    shortest, longest = int(lengths.argmin()), int(lengths.argmax())
    seconds = f"seconds: {lengths[longest] / rate:.4g}"
    if different <= FEW:
        return the_only(lengths, listing, "lengths in samples", seconds)
    low, high = f"{lengths[shortest] / rate:.4g} s", f"{lengths[longest] / rate:.4g} s"
    raise DataError(
        f"the sounds have {different} lengths, "
        f"from {low} ({listing.named(shortest)}) to {high} ({listing.named(longest)})",
        file=listing.files[longest],
        hint=f"write audio: {{…, {seconds}}}: longer sounds are cut, shorter ones end in silence",
        kind="several_lengths",
    )


FEW = 4
"""Up to so many different lengths are told each."""


class AudioField(Lazy):
    """Sounds that are decoded when they are asked for: (samples, time, channels) of float32 from -1 to 1."""

    def __init__(self, files: list[str], rate: int, length: int, channels: int) -> None:
        super().__init__((len(files), length, channels), "float32")
        self.files, self.rate = files, rate

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        decoded = np.empty((len(rows), *self.shape[1:]), np.float32)
        fill_in_parallel(decoded, self.decoded, [self.files[row] for row in rows])
        return decoded

    def decoded(self, file: str) -> np.ndarray[Any, Any]:
        """One sound: (time, channels), with silence behind a shorter one. Raises `DataError` where it cannot be read."""
        import numpy as np

        length, channels = self.shape[1:]
        whole = np.zeros((length, channels), np.float32)
        try:
            sound = decoded_sound(file, rate=self.rate, channels=channels, length=length)
        except Unreadable as error:
            raise DataError(str(error), file=file, hint="mend or remove it", kind="unreadable_file") from None
        whole[: len(sound)] = sound
        return whole
