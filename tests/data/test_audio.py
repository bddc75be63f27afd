from __future__ import annotations

import math
import struct
import sys
import tracemalloc
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from example_files import class_folders
from pydantic import ValidationError

from dlcli.data import Dataset
from dlcli.data.sources.folders.audio import Audio
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError


def tone(hertz: float, rate: int, seconds: float = 0.5, amplitude: float = 0.5) -> np.ndarray[Any, Any]:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


def save(path: Path, values: Any, rate: int, width: int = 2) -> Path:
    """A WAV of whole numbers of `width` bytes, of values (time,) or (time, channels) from -1 to 1."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.atleast_2d(np.asarray(values, float).T).T
    whole = np.round(values * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    if width == 1:
        content = (whole + 128).astype(np.uint8).tobytes()
    else:
        content = b"".join(int(each).to_bytes(width, "little", signed=True) for each in whole.ravel())
    with wave.open(str(path), "wb") as sound:
        sound.setparams((values.shape[1], width, rate, 0, "NONE", ""))
        sound.writeframes(content)
    return path


def read(path: Path, **options: Any) -> Any:
    return Audio(path=str(path), **options).read(Reading())


def refused(path: Path, **options: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    assert caught.value.code == 4
    return caught.value


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    names = {"낮음": "음 {}.wav", "높음": "{}.WAV"}
    return class_folders(
        tmp_path / "소리", names, lambda path, label, number: save(path, tone(200 + 800 * label + number, 8000), 8000)
    )


def test_each_file_is_a_sound_with_its_folder_as_label(sounds: Path) -> None:
    fields = read(sounds)
    assert (fields.inputs, fields.target, fields.classes) == (("audio",), "label", {"label": ["낮음", "높음"]})
    audio = fields.arrays["audio"]
    assert (audio.shape, audio.dtype) == ((20, 4000, 1), np.float32)
    assert fields.axes_of("audio") == ("samples", "time", "channels")
    np.testing.assert_allclose(audio[np.array([13, 2])][:, :, 0], [tone(1003, 8000), tone(202, 8000)], atol=4e-5)
    assert (fields.notes, fields.where(0)[0]) == ((), str(sounds / "낮음" / "음 0.wav"))


@pytest.mark.parametrize("stream", [True, False])
def test_sounds_become_a_data_set(stream: bool, sounds: Path, load: Callable[..., Dataset]) -> None:
    dataset = load({"source": {"audio": str(sounds)}, "stream": stream}, labels="classes")
    [schema] = dataset.schema.inputs
    assert (schema.shape, schema.axes) == ([4000, 1], ["samples", "time", "channels"])
    checked = 0
    for part in dataset.splits.values():
        for sound, label in zip(part.inputs["audio"][:], part.target[:], strict=True):
            loudest = int(np.abs(np.fft.rfft(sound[:, 0])).argmax()) * 2
            assert (loudest > 900) == bool(label)
            checked += 1
    assert checked == 20


def test_a_table_names_sounds_too(sounds: Path) -> None:
    (sounds / "t.csv").write_text("file,hertz\n높음/3.WAV,1003\n", encoding="utf-8")
    fields = read(sounds / "t.csv")
    assert (fields.arrays["audio"].shape, fields.arrays["hertz"].tolist(), fields.target) == (
        (1, 4000, 1),
        [1003],
        "hertz",
    )


@pytest.mark.parametrize(("width", "step"), [(1, 1 / 127), (2, 1 / 32767), (3, 1e-6), (4, 1e-7)])
def test_whole_numbers_of_every_width_become_minus_1_to_1(width: int, step: float, tmp_path: Path) -> None:
    values = np.array([0, 0.25, -0.25, 0.999, -1.0, 0.5])
    save(tmp_path / "a.wav", values, 8000, width)
    [sound] = read(tmp_path).arrays["audio"][:]
    np.testing.assert_allclose(sound[:, 0], values, atol=1.5 * step)
    assert (sound.min() >= -1, sound.max() <= 1) == (True, True)


@pytest.mark.parametrize(
    ("name", "subtype", "step"),
    [("a.flac", "PCM_16", 4e-5), ("a.flac", "PCM_24", 1e-6), ("a.wav", "FLOAT", 1e-7), ("a.ogg", "VORBIS", 0.05)],
)
def test_other_formats_are_read_by_the_library(name: str, subtype: str, step: float, tmp_path: Path) -> None:
    values = np.stack([tone(300, 16000), tone(500, 16000)], axis=1)
    soundfile.write(tmp_path / name, values, 16000, subtype=subtype)
    [sound] = read(tmp_path).arrays["audio"][:]
    np.testing.assert_allclose(sound, values, atol=step)


def test_a_wave_of_the_extensible_kind_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(300, 16000), 16000, subtype="PCM_24", format="WAVEX")
    np.testing.assert_allclose(read(tmp_path).arrays["audio"][:][0, :, 0], tone(300, 16000), atol=1e-6)


def test_where_the_library_is_missing_plain_waves_still_work(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "a.flac", tone(300, 8000), 8000)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert read(sounds).arrays["audio"][:].shape == (20, 4000, 1)
    error = refused(tmp_path / "a.flac")
    assert error.message == f"1 of 1 sounds cannot be read:\n{tmp_path}/a.flac: reading it needs the package soundfile"
    assert error.hint == 'pip install "dlcli[audio]"'


@pytest.mark.parametrize(("old", "new"), [(44100, 16000), (8000, 16000), (48000, 44100), (11025, 16000), (16000, 8000)])
def test_another_rate_leaves_a_tone_what_it_was(old: int, new: int, tmp_path: Path) -> None:
    save(tmp_path / "a.wav", tone(440, old), old, 4)
    [sound] = read(tmp_path, rate=new).arrays["audio"][:]
    assert sound.shape == (math.ceil(round(old * 0.5) * new / old), 1)
    wanted = tone(440, new, 0.6)[: len(sound)]
    middle = slice(new // 20, -new // 20)
    np.testing.assert_allclose(sound[middle, 0], wanted[middle], atol=2e-3)


def test_what_the_new_rate_cannot_hold_is_gone_rather_than_folded_back(tmp_path: Path) -> None:
    values = tone(440, 44100) + tone(7000, 44100, amplitude=0.4)  # at 8000 Hz it would be heard at 1000 Hz
    save(tmp_path / "a.wav", values, 44100)
    fields = read(tmp_path, rate=8000)
    assert fields.notes == ("1 sound of another rate, resampled to 8000 Hz",)
    sound = fields.arrays["audio"][:][0, :, 0]
    loud = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) / len(sound) * 4
    hertz = np.fft.rfftfreq(len(sound), 1 / 8000)
    assert loud[np.abs(hertz - 440) < 5].max() == pytest.approx(0.5, abs=0.02)
    assert loud[hertz > 600].max() < 0.003


def test_a_long_sound_that_is_cut_is_resampled_as_if_it_were_whole(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 44100 * 3)
    save(tmp_path / "a.wav", noise, 44100, 4)
    whole = read(tmp_path, rate=16000).arrays["audio"][:]
    cut = read(tmp_path, rate=16000, seconds=1.0).arrays["audio"][:]
    assert (whole.shape, cut.shape) == ((1, 48000, 1), (1, 16000, 1))
    np.testing.assert_allclose(cut, whole[:, :16000], atol=2e-6)


def test_several_rates_are_refused_with_the_commonest(sounds: Path) -> None:
    save(sounds / "낮음" / "x.wav", tone(200, 16000), 16000)
    error = refused(sounds)
    assert error.message == "the sounds have 2 rates in Hz: 8000 (20), 16000 (1)"
    assert (error.hint, error.file) == (
        "write audio: {…, rate: 8000} to bring all to one",
        str(sounds / "낮음" / "x.wav"),
    )
    assert read(sounds, rate=16000).arrays["audio"].shape == (21, 8000, 1)


def test_several_lengths_are_refused_with_the_shortest_and_the_longest(sounds: Path) -> None:
    save(sounds / "높음" / "김.wav", tone(200, 8000, 1.5), 8000)
    error = refused(sounds)
    assert error.message == "the sounds have 2 lengths in samples: 4000 (20), 12000 (1)"
    assert error.hint == "write audio: {…, seconds: 1.5} to bring all to one"
    for number in range(4):
        save(sounds / "낮음" / f"짧음 {number}.wav", tone(200, 8000, 0.25 + number / 100), 8000)
    error = refused(sounds)
    assert error.message == "the sounds have 6 lengths, from 0.25 s (낮음/짧음 0.wav) to 1.5 s (높음/김.wav)"
    assert error.hint == "write audio: {…, seconds: 1.5}: longer sounds are cut, shorter ones end in silence"
    assert error.file == str(sounds / "높음" / "김.wav")


def test_seconds_cut_longer_sounds_and_end_shorter_ones_in_silence(tmp_path: Path) -> None:
    save(tmp_path / "a.wav", np.full(100, 0.5), 1000)
    save(tmp_path / "b.wav", np.full(300, 0.5), 1000)
    save(tmp_path / "c.wav", np.full(200, 0.5), 1000)
    fields = read(tmp_path, seconds=0.2)
    sounds = fields.arrays["audio"][:][:, :, 0]
    np.testing.assert_allclose(sounds[0], [0.5] * 100 + [0.0] * 100, atol=1e-4)
    np.testing.assert_allclose(sounds[1:], 0.5, atol=1e-4)
    assert fields.notes == (
        "1 sound longer than 0.2 s, cut there",
        "1 sound shorter than 0.2 s, with silence at the end",
    )


def test_channels_are_mixed_down_doubled_or_kept(tmp_path: Path) -> None:
    save(tmp_path / "a.wav", np.stack([np.full(50, 0.5), np.full(50, -0.25)], axis=1), 1000)
    assert read(tmp_path).arrays["audio"].shape == (1, 50, 2)
    np.testing.assert_allclose(read(tmp_path, channels=1).arrays["audio"][:], 0.125, atol=1e-4)
    save(tmp_path / "b.wav", np.full(50, 0.75), 1000)
    error = refused(tmp_path)
    assert error.message == "the sounds have 2 numbers of channels: 1 (1), 2 (1)"
    assert error.hint == "write audio: {…, channels: 1} to bring all to one"
    both = read(tmp_path, channels=2).arrays["audio"][:]
    np.testing.assert_allclose(both[:, 7], [[0.5, -0.25], [0.75, 0.75]], atol=1e-4)
    save(tmp_path / "c.wav", np.zeros((50, 6)), 1000)
    assert refused(tmp_path, channels=2).message == (
        f"1 of 3 sounds cannot be read:\n{tmp_path}/c.wav: 6 channels, which cannot become 2"
    )
    assert read(tmp_path, channels=1).arrays["audio"].shape == (3, 50, 1)


def test_all_files_that_cannot_be_read_are_listed(sounds: Path) -> None:
    folder = sounds / "높음"
    whole = (folder / "0.WAV").read_bytes()
    soundfile.write(folder / "flac.flac", np.random.default_rng(0).uniform(-1, 1, 40000), 8000)
    flac = (folder / "flac.flac").read_bytes()
    bad = {
        "a.wav": (b"", "the file is empty"),
        "b.wav": (b"<html>404</html>", "no WAV, FLAC or OGG file"),
        "c.wav": (whole[:20], "damaged: "),
        "d.wav": (whole[:2044], "the file is cut short: it should hold 8,000 bytes of sound"),
        "e.wav": (whole[:40] + struct.pack("<I", 0), "the file holds no sound"),
        "f.wav": (
            whole[:24] + struct.pack("<I", 4_000_000_000) + whole[28:],
            "4000000000 samples a second; expected 100 to 768000",
        ),
        "flac.flac": (flac[: len(flac) // 2], "damaged: "),
        "g.flac": (flac[:30], "damaged: "),
    }
    for name, (content, _) in bad.items():
        (folder / name).write_bytes(content)
    error = refused(sounds)
    head, *lines = error.message.splitlines()
    assert (head, len(lines)) == ("8 of 28 sounds cannot be read:", len(bad))
    found = dict(line.split(": ", 1) for line in lines)
    for name, (_, fault) in bad.items():
        assert found[f"{folder}/{name}"].startswith(fault), name
    assert (error.file, error.hint) == (str(folder / "a.wav"), "mend or remove them")


def test_content_of_another_format_than_the_name_says_is_read_with_a_note(sounds: Path) -> None:
    soundfile.write(sounds / "높음" / "0.WAV", tone(1000, 8000), 8000, format="FLAC")
    fields = read(sounds)
    assert fields.notes == ("1 sound of another format than the name says (높음/0.WAV)",)
    np.testing.assert_allclose(fields.arrays["audio"][10:11][0, :, 0], tone(1000, 8000), atol=4e-5)


def test_samples_that_are_not_finite_are_refused_by_the_file(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.0, np.nan, 1.0]), 8000, subtype="FLOAT")
    audio = read(tmp_path).arrays["audio"]
    with pytest.raises(DataError) as caught:
        audio[:]
    assert (caught.value.message, caught.value.file) == (
        "samples that are not finite",
        str(tmp_path / "a.wav"),
    )


def test_a_file_that_is_gone_or_cut_later_is_named(sounds: Path) -> None:
    audio = read(sounds).arrays["audio"]
    path = sounds / "낮음" / "음 3.wav"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError) as caught:
        audio[:]
    assert caught.value.message == "the file is cut short: it should hold 8,000 bytes of sound"
    path.unlink()
    with pytest.raises(DataError) as caught:
        audio[:]
    assert caught.value.message == "cannot be read: No such file or directory"


def test_random_damage_is_an_error_or_a_sound_and_never_a_crash(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    sound = tone(440, 8000, 0.05)
    contents = []
    for name, options in {"a.wav": {}, "b.flac": {}, "c.ogg": {}, "d.wav": {"subtype": "FLOAT"}}.items():
        soundfile.write(tmp_path / name, sound, 8000, **options)
        contents.append((tmp_path / name).read_bytes())
        (tmp_path / name).unlink()
    outcomes = {"read": 0, "refused": 0}
    for number in range(120):
        content = bytearray(contents[number % 4])
        for place in random.integers(0, min(len(content), 200), 3):
            content[place] = random.integers(0, 256)
        path = tmp_path / f"x.{['wav', 'flac', 'ogg', 'wav'][number % 4]}"
        path.write_bytes(content)
        try:
            values = read(path, rate=8000, seconds=0.05, channels=1).arrays["audio"][:]
            assert (values.shape, bool(np.isfinite(values).all())) == ((1, 400, 1), True)
            outcomes["read"] += 1
        except DataError:
            outcomes["refused"] += 1
        path.unlink()
    assert sum(outcomes.values()) == 120
    assert min(outcomes.values()) > 10


def test_reading_holds_no_samples(tmp_path: Path) -> None:
    for number in range(20):
        save(tmp_path / f"{number}.wav", np.zeros(40_000), 8000, 1)
    read(tmp_path)
    tracemalloc.start()
    fields = read(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 19 < fields.arrays["audio"].nbytes
    tracemalloc.stop()


def test_an_empty_class_and_a_folder_without_sounds_are_refused(sounds: Path) -> None:
    (sounds / "새").mkdir()
    (sounds / "새" / "a.mp3").write_bytes(b"x")
    assert refused(sounds).message == "the class folder '새' holds no file that ends in .wav, .flac, .ogg"
    assert refused(sounds / "새").message == (f"no file in {sounds / '새'} ends in .wav, .flac, .ogg; found: 1 .mp3")


def test_other_data_is_brought_to_the_rate_the_length_and_the_classes_of_the_training(
    sounds: Path, tmp_path: Path, load: Callable[..., Dataset]
) -> None:
    schema = load({"source": {"audio": str(sounds)}}, labels="classes").schema
    save(tmp_path / "new" / "높음" / "1.wav", np.stack([tone(1000, 44100, 2.0)] * 2, axis=1), 44100)
    source = Audio(path=str(sounds)).elsewhere(Audio, {"path": str(tmp_path / "new")}, schema)
    fields = source.read(Reading())
    assert (fields.arrays["audio"].shape, fields.arrays["label"][:].tolist()) == ((1, 4000, 1), [1])
    sound = fields.arrays["audio"][:][0, :, 0]
    np.testing.assert_allclose(sound[400:-400], tone(1000, 8000)[400:-400], atol=3e-3)


def test_options_are_checked_before_anything_is_read() -> None:
    for options in ({"rate": 10}, {"seconds": 0}, {"channels": 3}, {"size": [1, 1]}):
        with pytest.raises(ValidationError):
            Audio.model_validate({"path": "nowhere", **options})
    assert Audio.model_validate({"path": "nowhere", "seconds": 1}).seconds == 1
    assert Audio(path="nowhere").input_names() == ["audio"]
