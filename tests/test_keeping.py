"""Recordings of calls: to be heard while the call is on and afterwards, and gone when they are old."""

from __future__ import annotations

import io
import os
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from audio.keeping import Recordings


def pcm(channels: int, seconds: float = 3.0, rate: int = 8000) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """(samples, channels), another value at every moment."""
    count = int(seconds * rate)
    return (np.arange(count * channels).reshape(count, channels) % 30011 - 15000).astype("<i2")


def heard(part: bytes | None) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    assert part is not None
    with wave.open(io.BytesIO(part)) as file:
        assert file.getframerate() == 8000
        frames = file.readframes(file.getnframes())
        return np.frombuffer(frames, "<i2").reshape(-1, file.getnchannels())


def finished(folder: Path) -> None:
    """Wait until the thread has made FLAC of everything."""
    for _ in range(500):
        if not list(folder.glob("*.pcm")) and not list(folder.glob("*.new")):
            return
        time.sleep(0.01)
    raise AssertionError(list(folder.iterdir()))


@pytest.mark.parametrize("channels", [1, 2])
def test_any_part_is_heard_exactly_during_the_call_and_after_it(tmp_path: Path, channels: int) -> None:
    recordings, samples = Recordings(tmp_path), pcm(channels)
    with recordings.begin("call/1 ?", 8000, channels) as recorder:
        for first in range(0, len(samples), 160):
            recorder.write(samples[first : first + 160].tobytes())
        recorder.whole = True
        assert np.array_equal(heard(recordings.part("call/1 ?", 1.0, 2.5)), samples[8000:20000])
    finished(tmp_path)
    assert np.array_equal(heard(recordings.part("call/1 ?", 1.0, 2.5)), samples[8000:20000])
    assert np.array_equal(heard(recordings.part("call/1 ?", 2.9, 99.0)), samples[23200:])
    assert len(heard(recordings.part("call/1 ?", 50.0, 60.0))) == 0
    assert recordings.part("another", 0.0, 1.0) is None


def test_what_a_killed_server_left_is_finished(tmp_path: Path) -> None:
    recordings, samples = Recordings(tmp_path), pcm(2)
    recorder = recordings.begin("cut off", 8000, 2)
    recorder.write(samples.tobytes() + b"\1\2\3")  # killed in the middle of a sample
    recordings.settle(0.0)
    assert list(tmp_path.glob("*.pcm")), "it is still on"
    restarted = Recordings(tmp_path)
    restarted.settle(60.0)
    assert list(tmp_path.glob("*.pcm")), "it may still go on"
    restarted.settle(0.0)
    assert not list(tmp_path.glob("*.pcm"))
    assert np.array_equal(heard(recordings.part("cut off", 0.0, 9.0)), samples)


def test_a_call_that_goes_on_is_one_recording_with_silence_where_nothing_was_recorded(tmp_path: Path) -> None:
    recordings, samples = Recordings(tmp_path), pcm(2)
    with recordings.begin("goes on", 8000, 2) as recorder:
        recorder.write(samples[:8000].tobytes() + b"\1\2\3")
    begins, last = recordings.last("goes on", 8000, 2, 0.25)
    assert begins == 0.75
    assert np.array_equal(np.rint(last.T * 32768).astype(np.int16), samples[6000:8000])
    with recordings.begin("goes on", 8000, 2, at=1.5) as recorder:
        recorder.write(samples[8000:].tobytes())
        recorder.whole = True
    finished(tmp_path)
    whole = np.concatenate([samples[:8000], np.zeros((4000, 2), np.int16), samples[8000:]])
    assert np.array_equal(heard(recordings.part("goes on", 0.0, 99.0))[8003:], whole[8003:])
    assert recordings.last("another", 8000, 2, 1.0)[1].shape == (2, 0)


def test_a_call_without_a_sound_leaves_nothing(tmp_path: Path) -> None:
    with Recordings(tmp_path).begin("empty", 8000, 2) as recorder:
        recorder.whole = True
    finished(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_old_recordings_are_deleted(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    for call in ("old", "new"):
        with recordings.begin(call, 8000, 1) as recorder:
            recorder.write(pcm(1).tobytes())
            recorder.whole = True
        finished(tmp_path)
        if call == "old":
            [file] = tmp_path.glob("*.flac")
            os.utime(file, (0, time.time() - 10 * 86_400))
    assert recordings.expire(7) == 1
    assert recordings.part("old", 0, 1) is None
    assert recordings.part("new", 0, 1) is not None
