"""Recordings of every kind, and files that are none."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from audio.errors import AudioError
from audio.files import RecordingReader
from audio.resample import Samples
from tests.conftest import SampleCall


def write(path: Path, codec: str, rate: int, layout: str, seconds: float = 2.0) -> Samples:
    """A tone on the left, a higher one on the right, encoded by PyAV."""
    channels = 2 if layout == "stereo" else 1
    time = np.arange(int(rate * seconds)) / rate
    tones = np.stack([0.3 * np.sin(2 * np.pi * pitch * time) for pitch in (300, 700)[:channels]]).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(tones, format="fltp", layout=layout)
        frame.sample_rate = rate
        for converted in [
            *av.AudioResampler(stream.format.name, layout, rate).resample(frame),
        ]:
            for packet in stream.encode(converted):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return tones


@pytest.mark.parametrize(
    ("name", "codec", "rate", "layout"),
    [
        ("a.wav", "pcm_s16le", 8000, "stereo"),
        ("a.wav", "pcm_alaw", 8000, "mono"),
        ("a.wav", "pcm_s24le", 48000, "stereo"),
        ("a.flac", "flac", 44100, "mono"),
        ("a.ogg", "libopus", 48000, "stereo"),
        ("a.mp3", "libmp3lame", 16000, "mono"),
    ],
)
def test_formats_rates_and_channels_are_read(tmp_path: Path, name: str, codec: str, rate: int, layout: str) -> None:
    tones = write(tmp_path / name, codec, rate, layout)
    with RecordingReader(tmp_path / name) as reader:
        assert (reader.recording.rate, reader.recording.channels) == (rate, len(tones))
        read = np.concatenate(list(reader.chunks(0.02)), axis=1)
        assert reader.damage is None
    assert read.dtype == np.float32
    assert abs(read.shape[1] - tones.shape[1]) < rate * 0.1
    assert 0.15 < np.sqrt(np.mean(read**2)) < 0.27
    for heard, tone in zip(read, tones, strict=True):
        spectrum = np.abs(np.fft.rfft(heard[:rate]))
        assert abs(int(spectrum.argmax()) - int(np.abs(np.fft.rfft(tone[:rate])).argmax())) <= 2


def test_chunks_have_the_length_asked_for(call: SampleCall) -> None:
    with RecordingReader(call.path) as reader:
        lengths = [chunk.shape[1] for chunk in reader.chunks(0.02)]
    assert set(lengths[:-1]) == {160}
    assert sum(lengths) == call.samples.shape[1]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"nothing\.wav does not exist"):
        RecordingReader(tmp_path / "nothing.wav")


def test_text_named_wav_is_no_audio(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("dear sir")
    with pytest.raises(AudioError, match="not an audio file"):
        RecordingReader(tmp_path / "letter.wav")


def test_an_empty_file_is_no_audio(tmp_path: Path) -> None:
    (tmp_path / "empty.flac").write_bytes(b"")
    with pytest.raises(AudioError, match="no audio"):
        RecordingReader(tmp_path / "empty.flac")


def test_a_recording_without_samples_is_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "short.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
    with pytest.raises(AudioError, match="no audio"), RecordingReader(tmp_path / "short.wav") as reader:
        list(reader.chunks())


def test_a_video_without_sound_holds_no_audio(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "silent.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for packet in stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))):
            container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    with pytest.raises(AudioError, match="holds no audio"):
        RecordingReader(tmp_path / "silent.mp4")


def test_a_wav_that_breaks_off_is_said_to(tmp_path: Path) -> None:
    write(tmp_path / "whole.wav", "pcm_s16le", 8000, "mono")
    whole = (tmp_path / "whole.wav").read_bytes()
    (tmp_path / "half.wav").write_bytes(whole[: len(whole) // 2])
    for name, damaged in (("whole.wav", False), ("half.wav", True)):
        with RecordingReader(tmp_path / name) as reader:
            assert sum(chunk.shape[1] for chunk in reader.chunks()) > 7000
        assert bool(reader.damage) is damaged, name


def test_a_recording_that_breaks_off_gives_what_it_has(tmp_path: Path, call: SampleCall) -> None:
    whole = call.path.read_bytes()
    (tmp_path / "half.flac").write_bytes(whole[: len(whole) // 2])
    with RecordingReader(tmp_path / "half.flac") as reader:
        read = sum(chunk.shape[1] for chunk in reader.chunks())
    assert 0.3 < read / call.samples.shape[1] < 0.7
    assert reader.damage
