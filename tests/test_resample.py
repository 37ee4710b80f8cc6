"""Sound of any rate becomes 16 kHz."""

from __future__ import annotations

import numpy as np
import pytest

from audio.errors import AudioError
from audio.resample import SAMPLE_RATE, Resampler, from_pcm16, to_pcm16


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000])
def test_a_tone_in_uneven_chunks_comes_out_whole_and_without_clicks(rate: int) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate).astype(np.float32) * 0.5
    resampler, pieces, place = Resampler(rate), [], 0
    lengths = np.random.default_rng(1).integers(1, rate // 20, 10_000)
    for length in lengths:
        pieces.append(resampler.feed(tone[place : place + length]))
        place += length
        if place >= len(tone):
            break
    pieces.append(resampler.feed(np.zeros(0, dtype=np.float32), last=True))
    out = np.concatenate(pieces)
    expected = np.sin(2 * np.pi * 440 * np.arange(len(out)) / SAMPLE_RATE) * 0.5
    assert abs(len(out) - 2 * SAMPLE_RATE) <= 1
    inner = slice(SAMPLE_RATE // 10, -SAMPLE_RATE // 10)
    assert np.abs(out - expected)[inner].max() < 1e-3


def test_chunks_give_the_same_samples_as_the_whole() -> None:
    noise = np.random.default_rng(2).standard_normal(8000).astype(np.float32) * 0.1
    whole = Resampler(8000).feed(noise, last=True)
    resampler = Resampler(8000)
    parts = [resampler.feed(noise[place : place + 111]) for place in range(0, 8000, 111)]
    parts.append(resampler.feed(np.zeros(0, dtype=np.float32), last=True))
    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("rate", [0, -8000, 1, 10_000_000])
def test_absurd_rates_are_refused(rate: int) -> None:
    with pytest.raises(AudioError, match="not usable"):
        Resampler(rate)


def test_pcm_goes_there_and_back() -> None:
    samples = np.array([[0.0, 0.5, -1.0], [0.25, -0.25, 32767 / 32768]], dtype=np.float32)
    assert np.array_equal(from_pcm16(to_pcm16(samples), 2), samples)


@pytest.mark.parametrize(("length", "channels"), [(1, 1), (3, 1), (2, 2), (6, 2)])
def test_frames_that_are_no_whole_samples_are_refused(length: int, channels: int) -> None:
    with pytest.raises(AudioError, match="whole 16-bit samples"):
        from_pcm16(bytes(length), channels)
