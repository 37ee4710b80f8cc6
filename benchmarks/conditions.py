"""What becomes of a voice on its way to the hotline: the telephone's band and code, noise around it, lost packets.

Everything is random with a fixed seed: the same voices are always heard the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import soxr
from numpy.typing import NDArray

from audio.resample import SAMPLE_RATE, Samples

TELEPHONE_RATE = 8_000
FRAME = TELEPHONE_RATE // 50
"""Samples in a packet of 20 ms."""
SNR_DB = 10.0
TALKERS = 6
"""Voices in the babble: other clips, all at once."""
LOST = 0.05
"""Share of packets lost ..."""
BURST = 2.0
"""... in bursts of so many on average."""
FADE = 3
"""Lost packets in a row after which the telephone is silent."""
CONDITIONS = {"clean": "clean", "telephone": "telephone", "noise": "noise 10 dB", "loss": "packet loss 5 %"}


def heard(voices: Sequence[Samples], condition: str) -> list[Samples]:
    """The voices (mono at 16 kHz) in a condition, a key of CONDITIONS; each is among the noise of the others."""
    rng = np.random.default_rng(0)
    return [_heard(voice, voices, condition, rng) for voice in voices]


def _heard(voice: Samples, voices: Sequence[Samples], condition: str, rng: np.random.Generator) -> Samples:
    if condition == "clean":
        return voice
    if condition == "noise":
        others = [other for other in voices if other is not voice] or [voice]
        voice = with_noise(voice, others, rng)
    return telephone(voice, SAMPLE_RATE, losses(len(voice), rng) if condition == "loss" else None)


def telephone(samples: Samples, rate: int, lost: NDArray[np.bool_] | None = None) -> Samples:
    """8 kHz and mu-law (G.711) and back to 16 kHz: what a telephone leaves of a voice.

    `lost` tells of each packet of 20 ms whether the network lost it.
    """
    narrow = soxr.resample(samples, rate, TELEPHONE_RATE)
    compressed = np.sign(narrow) * np.log1p(255 * np.clip(np.abs(narrow), 0, 1)) / np.log1p(255)
    coded = np.round(compressed * 127) / 127
    decoded = (np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(255)) / 255).astype(np.float32)
    if lost is not None:
        decoded = concealed(decoded, lost)
    wide: Samples = soxr.resample(decoded, TELEPHONE_RATE, SAMPLE_RATE)
    return wide


def concealed(samples: Samples, lost: NDArray[np.bool_]) -> Samples:
    """A lost packet is the one before once more, fading to silence over FADE packets, as telephones do (8 kHz)."""
    out = samples.copy()
    missing = 0
    for start, gone in zip(range(0, len(out), FRAME), lost, strict=False):
        missing = missing + 1 if gone else 0
        if not gone or start == 0:
            continue
        frame, last = out[start : start + FRAME], samples[start - missing * FRAME :][:FRAME]
        fade = 1 - (missing - 1 + np.arange(FRAME) / FRAME) / FADE
        frame[:] = (last * np.maximum(fade, 0))[: len(frame)] if len(last) == FRAME else 0
    return out


def losses(length: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which packets of a voice of `length` samples get lost, in bursts: a chain of two states (Gilbert's)."""
    leave = 1 / BURST
    enter = leave * LOST / (1 - LOST)
    lost, gone = [], False
    for chance in rng.random(length * 50 // SAMPLE_RATE + 1):
        gone = chance < (1 - leave if gone else enter)
        lost.append(gone)
    return np.array(lost)


def with_noise(samples: Samples, others: Sequence[Samples], rng: np.random.Generator) -> Samples:
    """Pink noise and other people talking, equally loud, together SNR_DB below the speech."""
    pink = _pink(len(samples), rng)
    babble = np.zeros(len(samples), dtype=np.float32)
    for _ in range(TALKERS):
        other = others[int(rng.integers(len(others)))]
        voice = np.resize(np.roll(other, int(rng.integers(len(other)))), len(samples))
        babble += voice / max(1e-6, speech_level(other))
    noise = pink / _rms(pink) + babble / max(1e-6, _rms(babble))
    loudness = speech_level(samples) * 10 ** (-SNR_DB / 20)
    return (samples + noise / _rms(noise) * loudness).astype(np.float32)


def speech_level(samples: Samples) -> float:
    """RMS of what is spoken: of the 20 ms that are within 25 dB of the loudest (cf. ITU-T P.56)."""
    size = SAMPLE_RATE // 50
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    if not len(frames):
        return _rms(samples)
    power = (frames.astype(np.float64) ** 2).mean(axis=1)
    return float(np.sqrt(power[power >= power.max() * 10**-2.5].mean()))


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def _pink(length: int, rng: np.random.Generator) -> Samples:
    """1/f noise from 50 Hz up."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    pitches = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    return np.fft.irfft(spectrum * (pitches > 50) / np.sqrt(np.maximum(pitches, 50)), length).astype(np.float32)
